//! `source add` and `try`: a source is written into the configuration with what the other system is to be told, and is sent
//! a sample as its sender would send it.

mod lambda_event;

use std::io::Write;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use domain::config::check::check_file;
use domain::config::{Config, Need, Severity, Source, SourceKind};
use serde_json::{Value, json};
use sources::{Sample, Signing, Trial};

use crate::client::Client;
use crate::failure::Failure;
use crate::layout::{at, clean};
use crate::options::{Connection, SourceAddArguments, TryArguments};

/// How long is waited for what becomes of a sample. It takes milliseconds; fetching what was announced takes longer.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is said of a submission of which nothing is known yet.
const ON_ITS_WAY: &str = "on its way";

/// How often is looked.
const PAUSE: Duration = Duration::from_millis(200);

/// `leadline source add`
pub(crate) fn add(
    arguments: &SourceAddArguments,
    connection: &Connection,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let kind = arguments.kind;
    let name = arguments.name.as_deref().unwrap_or(kind.name());
    let file = &arguments.file;
    let text = read(file)?;
    let config = config_of(file, &text)?;
    if config.sources.contains_key(name) {
        return Err(Failure::Unmet {
            code: "source_exists",
            title: format!("{} has a source {name} already.", file.display()),
            detail: Some("Give the new one another name with --name.".to_owned()),
        });
    }
    let mut url = connection.url.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(["v1", "sources", name]);
    }
    let block = sources::configuration(kind, name, url.as_str());
    let changed = with_block(&text, &block);
    // What this command writes must not break what was right before.
    let report = check_file(&changed);
    let is_there = report
        .config
        .as_ref()
        .is_some_and(|config| config.sources.contains_key(name));
    // What only the other system can tell has to be filled in, and `check` says so until it is.
    let place = format!("sources.{name}.public_key");
    let is_to_be_filled_in = kind.needs().public_key == Need::Must
        && report
            .problems
            .iter()
            .all(|problem| problem.severity == Severity::Warning || problem.path == place);
    if !is_there && !is_to_be_filled_in {
        return Err(Failure::Unmet {
            code: "bad_name",
            title: format!("A source cannot be called {}.", clean(name)),
            detail: Some(
                "Use lower-case letters, digits, `-` and `_`, at most 63. Nothing was written."
                    .to_owned(),
            ),
        });
    }
    std::fs::write(file, &changed).map_err(|error| unreadable(file, "be written", &error))?;
    let about = sources::about(kind);
    let steps: Vec<String> = about
        .setup
        .iter()
        .map(|step| step.replace("{url}", url.as_str()).replace("{name}", name))
        .collect();
    let secrets = secret_names(kind, name);
    if connection.json {
        let answer = json!({
            "name": name, "kind": kind.name(), "file": file, "url": url.as_str(), "block": block,
            "secrets": secrets.iter().map(|secret| variable(secret)).collect::<Vec<_>>(), "steps": steps,
            "fill_in": is_to_be_filled_in.then_some(place),
        });
        return Ok(writeln!(out, "{answer:#}")?);
    }
    writeln!(out, "Added to {}:\n", file.display())?;
    for line in block.lines() {
        writeln!(out, "  {line}")?;
    }
    if !secrets.is_empty() {
        writeln!(
            out,
            "\nGive each secret its value: locally as a variable, deployed as a key of the stack's secret."
        )?;
        for secret in &secrets {
            writeln!(out, "  {}  ({secret})", variable(secret))?;
        }
    }
    writeln!(out, "\nIn the other system ({}):", about.title)?;
    for (number, step) in (1..).zip(&steps) {
        writeln!(out, "  {number}. {step}")?;
    }
    if is_to_be_filled_in {
        writeln!(
            out,
            "\nThen put its public key into `public_key`, in place of the `…`; until then `leadline check` refuses the file."
        )?;
    }
    Ok(writeln!(
        out,
        "\nThen run `leadline check`, and `leadline try {name}`."
    )?)
}

/// The file with the block after its last source, or at its end. Everything else stays as it is, comments too.
fn with_block(text: &str, block: &str) -> String {
    let mut is_in_source = false;
    let mut place = text.len();
    let mut found = None;
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        if line.starts_with("[sources.") {
            is_in_source = true;
            found = None;
        } else if is_in_source && line.trim().is_empty() && found.is_none() {
            found = Some(offset);
        }
        offset += line.len();
        if is_in_source {
            place = found.unwrap_or(offset);
        }
    }
    let (before, after) = text.split_at(place);
    let gap = if before.ends_with('\n') || before.is_empty() {
        "\n"
    } else {
        "\n\n"
    };
    format!("{before}{gap}{block}{after}")
}

/// Names of the secrets that a source of this kind and name is given.
fn secret_names(kind: SourceKind, name: &str) -> Vec<String> {
    let needs = kind.needs();
    let is_needed = |need| need == Need::Must;
    let mut names = Vec::new();
    if is_needed(needs.secret) {
        names.push(name.to_owned());
    }
    if is_needed(needs.handshake_secret) {
        names.push(format!("{name}-handshake"));
    }
    if is_needed(needs.answers) {
        names.push(format!("{name}-token"));
    }
    names
}

/// The variable that holds a secret on this machine.
fn variable(secret: &str) -> String {
    let upper: String = secret
        .chars()
        .map(|character| {
            if character.is_ascii_alphanumeric() {
                character.to_ascii_uppercase()
            } else {
                '_'
            }
        })
        .collect();
    format!("LEADLINE_SECRET_{upper}")
}

/// `leadline try`
pub(crate) fn attempt(
    arguments: &TryArguments,
    connection: &Connection,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let text = read(&arguments.file)?;
    let config = config_of(&arguments.file, &text)?;
    let name = arguments.source.as_str();
    let Some(source) = config.sources.get(name) else {
        let known: Vec<&str> = config.sources.keys().map(String::as_str).collect();
        return Err(Failure::Unmet {
            code: "unknown_source",
            title: format!(
                "{} has no source {}.",
                arguments.file.display(),
                clean(name)
            ),
            detail: Some(format!("It has: {}.", known.join(", "))),
        });
    };
    let sample = chosen(source.kind, arguments.sample.as_deref())?;
    let secret = arguments.secret.clone();
    let secret = secret.or_else(|| value_of(source.secret.as_deref()));
    if source.kind.needs().secret == Need::Must && secret.is_none() {
        let named = source.secret.as_deref().unwrap_or(name);
        return Err(Failure::Unmet {
            code: "no_secret",
            title: format!("The sample cannot be signed without the secret {named}."),
            detail: Some(format!(
                "Set {} to its value, or give it with --secret.",
                variable(named)
            )),
        });
    }
    let client = Client::new(connection)?;
    let trial = signed(source, sample, secret.as_deref(), &client.door(name)?);
    if arguments.event {
        let event = lambda_event::of(name, &trial, jiff::Timestamp::now());
        return Ok(writeln!(out, "{event:#}")?);
    }
    let (status, answer, mut named) = client.send_trial(name, &trial)?;
    let outcomes = if (200..300).contains(&status) {
        let answer: Value = serde_json::from_str(&answer).unwrap_or_default();
        let told = named_in(&answer).into_iter();
        named.extend(told.filter(|id| !named.contains(id)).collect::<Vec<_>>());
        outcomes(&client, &named)?
    } else {
        Vec::new()
    };
    if connection.json {
        let told = json!({ "sample": sample.file, "status": status, "answer": answer, "outcomes": outcomes });
        writeln!(out, "{told:#}")?;
    } else {
        writeln!(out, "Sent {} to {name}: {}", sample.file, sample.says)?;
        writeln!(out, "It was answered {status}: {}", clean(answer.trim()))?;
        for outcome in &outcomes {
            tell(outcome, out)?;
        }
        let is_on_its_way = |outcome: &Value| at(outcome, "/submission/outcome") == ON_ITS_WAY;
        if let Some(answers) = source.answers.as_ref()
            && outcomes.iter().any(is_on_its_way)
        {
            writeln!(
                out,
                "What it announced is fetched from the platform with the token {}, and tried for a day: of a sample there is nothing to be fetched.",
                clean(&answers.token)
            )?;
        }
        if outcomes.is_empty() && (200..300).contains(&status) {
            let why = if source.vendor.is_some() {
                "Nothing was bought: the answer says why, by the contract of the source's vendor."
            } else {
                "Nothing came of it: it is no lead, as senders of this kind send things besides leads."
            };
            writeln!(out, "{why}")?;
        }
    }
    if (200..300).contains(&status) {
        Ok(())
    } else {
        Err(Failure::Told)
    }
}

fn chosen(kind: SourceKind, wanted: Option<&str>) -> Result<&'static Sample, Failure> {
    let samples = sources::about(kind).samples;
    let found = match wanted {
        None => samples.first(),
        Some(wanted) => samples
            .iter()
            .find(|sample| sample.file == wanted || sample.file.rsplit('/').next() == Some(wanted)),
    };
    found.ok_or_else(|| {
        let known: Vec<&str> = samples.iter().map(|sample| sample.file).collect();
        Failure::Unmet {
            code: "unknown_sample",
            title: "There is no such sample.".to_owned(),
            detail: Some(format!("There are: {}.", known.join(", "))),
        }
    })
}

/// The sample as its sender would send it now.
fn signed(source: &Source, sample: &Sample, secret: Option<&str>, url: &str) -> Trial {
    let handshake_secret = value_of(source.handshake_secret.as_deref()).unwrap_or_default();
    let mut trial = Trial::of(sample);
    let signing = Signing {
        secret: secret.unwrap_or_default(),
        handshake_secret: &handshake_secret,
        url: source.public_url.as_deref().unwrap_or(url),
        at: jiff::Timestamp::now(),
    };
    (sources::about(source.kind).sign)(&signing, &mut trial);
    trial
}

/// The value of a secret, from the variable that `leadline dev` reads it from; the one to use now, if there are two.
fn value_of(secret: Option<&str>) -> Option<String> {
    let value = std::env::var(variable(secret?)).ok()?;
    value.split_whitespace().next().map(str::to_owned)
}

/// The submissions that an answer names.
fn named_in(answer: &Value) -> Vec<String> {
    let ids = answer.get("submissions").and_then(Value::as_array);
    let ids = ids.into_iter().flatten().filter_map(Value::as_str);
    // As vendors of LeadConduit's shape are answered.
    let bought = answer
        .get("outcome")
        .filter(|outcome| *outcome == "success")
        .and_then(|_| answer.pointer("/lead/id")?.as_str())
        .filter(|id| id.starts_with("sub_"));
    ids.chain(bought).map(str::to_owned).collect()
}

/// What becomes of each of these submissions; all of them together are waited for no longer than [`PATIENCE`].
fn outcomes(client: &Client, ids: &[String]) -> Result<Vec<Value>, Failure> {
    let started = Instant::now();
    let mut outcomes = Vec::new();
    for id in ids {
        let submission = loop {
            match client.get(&["v1", "submissions", id], &[]) {
                Ok(found) => {
                    let found = found.value()?;
                    let outcome = at(&found, "/outcome");
                    let is_settled = !outcome.is_empty() && outcome != "in_flight";
                    if is_settled || started.elapsed() > PATIENCE {
                        break found;
                    }
                }
                Err(Failure::Refused(refusal))
                    if refusal.status == 404 && started.elapsed() <= PATIENCE => {}
                Err(Failure::Refused(refusal)) if refusal.status == 404 => {
                    break json!({ "id": id, "outcome": ON_ITS_WAY });
                }
                Err(failure) => return Err(failure),
            }
            thread::sleep(PAUSE);
        };
        let lead = at(&submission, "/lead");
        let lead = if lead.is_empty() {
            Value::Null
        } else {
            client.get(&["v1", "leads", &lead], &[])?.value()?
        };
        outcomes.push(json!({ "submission": submission, "lead": lead }));
    }
    Ok(outcomes)
}

fn tell(outcome: &Value, out: &mut impl Write) -> Result<(), Failure> {
    let id = at(outcome, "/submission/id");
    match at(outcome, "/submission/outcome").as_str() {
        "created" => writeln!(out, "{id} made a new lead.")?,
        "merged" => writeln!(out, "{id} completed a lead that was known.")?,
        "duplicate" => writeln!(out, "{id} repeats what had been sent before.")?,
        "quarantined" => writeln!(
            out,
            "{id} was set aside; `leadline submission {id}` says why."
        )?,
        other => writeln!(
            out,
            "{id} is {other}; `leadline submission {id}` tells more later."
        )?,
    }
    let lead = at(outcome, "/lead/id");
    if lead.is_empty() {
        return Ok(());
    }
    let owner = at(outcome, "/lead/owner");
    let stage = at(outcome, "/lead/stage");
    let total = at(outcome, "/lead/score/total");
    let with = if owner.is_empty() {
        "nobody has it yet".to_owned()
    } else {
        format!("{owner} has it")
    };
    Ok(writeln!(
        out,
        "{lead} is in stage {stage} with {total} points, and {with}; `leadline explain {lead}` says why."
    )?)
}

fn read(file: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(file).map_err(|error| unreadable(file, "be read", &error))
}

fn unreadable(file: &Path, what: &str, error: &std::io::Error) -> Failure {
    Failure::Unmet {
        code: "file",
        title: format!("{} cannot {what}: {error}.", file.display()),
        detail: None,
    }
}

fn config_of(file: &Path, text: &str) -> Result<Config, Failure> {
    let report = check_file(text);
    report.config.ok_or_else(|| Failure::Unmet {
        code: "invalid_configuration",
        title: format!("{} has errors.", file.display()),
        detail: Some("`leadline check` shows them with their lines.".to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_can_be_added_to_the_file_that_ships_and_nothing_else_changes() {
        let before = check_file(domain::config::DEFAULT).config.unwrap();
        for kind in SourceKind::ALL {
            let block = sources::configuration(
                *kind,
                "added",
                "https://leads.example.com/v1/sources/added",
            );
            let changed = with_block(domain::config::DEFAULT, &block);
            let lines = |text: &str| -> Vec<String> {
                let lines = text.lines().filter(|line| !line.is_empty());
                lines.map(str::to_owned).collect()
            };
            assert!(
                lines(&changed.replacen(&block, "", 1)) == lines(domain::config::DEFAULT),
                "{kind:?} changes something else in the file"
            );
            if kind.needs().public_key == Need::Must {
                let problems = check_file(&changed).problems;
                let found: Vec<(&str, &str)> = problems
                    .iter()
                    .map(|problem| (problem.code, problem.path.as_str()))
                    .collect();
                assert_eq!(found, [("placeholder", "sources.added.public_key")]);
                continue;
            }
            let mut after = check_file(&changed).config.unwrap();
            let added = after.sources.remove("added").unwrap();
            assert_eq!(added.kind, *kind);
            assert_eq!(after, before);
        }
    }

    #[test]
    fn a_block_goes_behind_the_last_source_and_into_a_file_that_has_none() {
        let block = "[sources.b]\nkind = \"form\"\n";
        assert_eq!(
            with_block("[sources.a]\nkind = \"form\"\n\n# Next.\n[events]\n", block),
            format!("[sources.a]\nkind = \"form\"\n\n{block}\n# Next.\n[events]\n")
        );
        assert_eq!(
            with_block("[events]", block),
            format!("[events]\n\n{block}")
        );
        assert_eq!(
            with_block("[sources.a]\nkind = \"form\"", block),
            format!("[sources.a]\nkind = \"form\"\n\n{block}")
        );
    }
}
