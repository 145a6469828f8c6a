//! `source add`: the block of a source, written behind the others, and what is to be done in the other system.
//!
//! A file in which values are still to be filled in is written to all the same, and they are named; one with any other error is
//! left as it is.

use std::io::Write;

use domain::config::check::{Problem, check_file};
use domain::config::{Need, Severity, SourceKind};
use serde_json::json;

use super::{broken, read, unreadable, variable};
use crate::failure::Failure;
use crate::findings::Finding;
use crate::layout::clean;
use crate::options::{Connection, SourceAddArguments};

/// The code of a value that is still to be filled in.
const PLACEHOLDER: &str = "placeholder";

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
    let before = errors_of(&text);
    if before.iter().any(|error| error.code != PLACEHOLDER) {
        let advice = "Correct them first. Nothing was written.";
        return Err(broken(file, &text, &before, Some(advice)));
    }
    if has_source(&text, name) {
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
    let after = errors_of(&changed);
    let own = format!("sources.{name}.");
    let (to_fill_in, wrong): (Vec<Problem>, Vec<Problem>) = after
        .into_iter()
        .partition(|error| error.code == PLACEHOLDER);
    if !has_source(&changed, name) || wrong.iter().any(|error| !error.path.starts_with(&own)) {
        return Err(Failure::Unmet {
            code: "bad_name",
            title: format!("A source cannot be called {}.", clean(name)),
            detail: Some(
                "Use lower-case letters, digits, `-` and `_`, at most 63. Nothing was written."
                    .to_owned(),
            ),
        });
    }
    if !wrong.is_empty() {
        let advice = "So it would be with the new source. Nothing was written.";
        return Err(broken(file, &changed, &wrong, Some(advice)));
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
        let findings: Vec<Finding> = to_fill_in
            .iter()
            .map(|error| Finding::of(file, error))
            .collect();
        let own = to_fill_in
            .iter()
            .map(|error| &error.path)
            .find(|path| path.starts_with(&own));
        let answer = json!({
            "name": name, "kind": kind.name(), "file": file, "url": url.as_str(), "block": block,
            "secrets": secrets.iter().map(|secret| variable(secret)).collect::<Vec<_>>(), "steps": steps,
            "fill_in": own, "to_fill_in": findings,
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
    if !to_fill_in.is_empty() {
        writeln!(
            out,
            "\nThen fill in what stands as `…`; until then `leadline check` refuses the file:"
        )?;
        for Problem {
            line,
            path,
            message,
            ..
        } in &to_fill_in
        {
            let (path, message) = (clean(path), clean(message));
            writeln!(out, "  line {line}, {path}: {message}")?;
        }
    }
    Ok(writeln!(
        out,
        "\nThen run `leadline check`, and `leadline try {name}`."
    )?)
}

fn errors_of(text: &str) -> Vec<Problem> {
    let problems = check_file(text).problems.into_iter();
    problems
        .filter(|problem| problem.severity == Severity::Error)
        .collect()
}

/// Whether a file that may have errors has a source of this name.
fn has_source(text: &str, name: &str) -> bool {
    let Ok(table) = text.parse::<toml::Table>() else {
        return false;
    };
    let sources = table.get("sources").and_then(toml::Value::as_table);
    sources.is_some_and(|sources| sources.contains_key(name))
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
    let mut names = Vec::new();
    if needs.secret == Need::Must {
        names.push(name.to_owned());
    }
    if needs.handshake_secret == Need::Must {
        names.push(format!("{name}-handshake"));
    }
    if needs.answers != Need::No {
        names.push(format!("{name}-token"));
    }
    names
}

#[cfg(test)]
mod tests;
