//! `source add` and `try`: a source is written into the configuration with what the other system is to be told, and is sent
//! a sample as its sender would send it.

mod add;
mod lambda_event;

pub(crate) use add::add;

use std::io::Write;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use domain::config::check::{Problem, check_file};
use domain::config::{Config, Need, Severity, Source, SourceKind};
use serde_json::{Value, json};
use sources::{Sample, Signing, Trial};

use crate::client::Client;
use crate::failure::Failure;
use crate::findings::Finding;
use crate::layout::{at, clean};
use crate::options::{Connection, TryArguments};

/// How long is waited for what becomes of a sample. It takes milliseconds; fetching what was announced takes longer.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is said of a submission of which nothing is known yet.
const ON_ITS_WAY: &str = "on its way";

/// How often is looked.
const PAUSE: Duration = Duration::from_millis(200);

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
        if outcomes.iter().any(is_on_its_way) {
            tell_why_on_its_way(name, source, out)?;
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

/// What was only announced is not there before it was fetched.
fn tell_why_on_its_way(name: &str, source: &Source, out: &mut impl Write) -> Result<(), Failure> {
    match &source.answers {
        Some(answers) => writeln!(
            out,
            "What it announced is fetched from the platform with the token {}, and tried for a day: of a sample there is nothing to be fetched.",
            clean(&answers.token)
        )?,
        None if source.kind.needs().answers != Need::No => writeln!(
            out,
            "What it announced cannot be fetched, since the source has no `answers`: add `answers = {{ token = \"{name}-token\" }}` to it."
        )?,
        None => {}
    }
    Ok(())
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
    report
        .config
        .ok_or_else(|| broken(file, text, &report.problems, None))
}

/// What is wrong with a configuration, error by error.
fn broken(file: &Path, text: &str, problems: &[Problem], detail: Option<&str>) -> Failure {
    let errors = problems
        .iter()
        .filter(|problem| problem.severity == Severity::Error);
    Failure::Configuration {
        title: format!("{} has errors.", file.display()),
        detail: detail.map(str::to_owned),
        findings: errors.map(|error| Finding::of(file, error)).collect(),
        text: text.to_owned(),
    }
}
