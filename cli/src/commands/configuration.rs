//! `check`, `push`, `versions`, `rollback` and `schema`.

use std::io::Write;
use std::path::Path;

use domain::config::check::{Report, check_file};
use domain::config::{schema as configuration_schema, version_of};
use serde_json::{Value, json};

use crate::client::Client;
use crate::failure::Failure;
use crate::findings::Finding;
use crate::layout::{at, clean, columns, count};
use crate::options::{Connection, FileArguments, RollbackArguments};

/// `leadline check`
pub(crate) fn check(
    arguments: &FileArguments,
    as_json: bool,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let text = read(&arguments.file)?;
    let report = check_file(&text);
    let findings = findings(&arguments.file, &report);
    if as_json {
        writeln!(out, "{:#}", json!(findings))?;
    } else {
        for finding in &findings {
            finding.print(&text, out)?;
        }
        writeln!(out, "{}", summary(&arguments.file, &report))?;
    }
    if report.has_errors() {
        Err(Failure::Told)
    } else {
        Ok(())
    }
}

/// `leadline push`
pub(crate) fn push(
    arguments: &FileArguments,
    connection: &Connection,
    out: &mut impl Write,
    err: &mut impl Write,
) -> Result<(), Failure> {
    let file = &arguments.file;
    let text = read(file)?;
    let report = check_file(&text);
    if report.has_errors() {
        let findings = findings(file, &report);
        if connection.json {
            let problem = json!({
                "type": "urn:leadline:problem:invalid-configuration",
                "title": "The configuration has errors; it was not pushed.",
                "code": "invalid_configuration",
                "errors": findings,
            });
            writeln!(err, "{problem:#}")?;
        } else {
            for finding in findings {
                finding.print(&text, err)?;
            }
            writeln!(err, "{}", summary(file, &report))?;
            writeln!(err, "Nothing was pushed.")?;
        }
        return Err(Failure::Told);
    }
    let answer = match Client::new(connection)?.put_toml(&["v1", "config"], &text) {
        Ok(answer) => answer,
        Err(failure) => return Err(show_refused(failure, file, &text, connection.json, err)?),
    };
    if connection.json {
        return answer.print(out);
    }
    let value = answer.value()?;
    let warnings = value.get("warnings").and_then(Value::as_array);
    for warning in Finding::read(file, warnings.map_or(&[], Vec::as_slice)) {
        warning.print(&text, err)?;
    }
    let version = at(&value, "/version");
    match value.get("is_new").and_then(Value::as_bool) {
        Some(false) => writeln!(out, "{version} is in force already: nothing changed.")?,
        _ => writeln!(out, "{version} is in force.")?,
    }
    Ok(())
}

/// A Leadline of another version may find what we did not: its errors have lines, too.
fn show_refused(
    failure: Failure,
    file: &Path,
    text: &str,
    as_json: bool,
    err: &mut impl Write,
) -> Result<Failure, Failure> {
    let Failure::Refused(refusal) = &failure else {
        return Ok(failure);
    };
    let findings = Finding::read(file, refusal.errors());
    if as_json || findings.is_empty() || findings.len() < refusal.errors().len() {
        return Ok(failure);
    }
    for finding in findings {
        finding.print(text, err)?;
    }
    refusal.tell_without_errors(err)?;
    Ok(Failure::Told)
}

/// `leadline versions`
pub(crate) fn versions(connection: &Connection, out: &mut impl Write) -> Result<(), Failure> {
    let answer = Client::new(connection)?.get(&["v1", "config", "versions"], &[])?;
    if connection.json {
        return answer.print(out);
    }
    let value = answer.value()?;
    let versions = value.get("versions").and_then(Value::as_array);
    let mut rows = vec![["VERSION", "PUSHED", ""].map(str::to_owned)];
    for version in versions.into_iter().flatten() {
        let is_current = version.get("is_current").and_then(Value::as_bool) == Some(true);
        let mark = if is_current { "in force" } else { "" };
        rows.push([
            at(version, "/version"),
            at(version, "/pushed_at"),
            mark.to_owned(),
        ]);
    }
    if rows.len() == 1 {
        writeln!(
            out,
            "No configuration was pushed yet: `leadline push` does it."
        )?;
        return Ok(());
    }
    Ok(columns(&rows, out)?)
}

/// `leadline rollback`
pub(crate) fn roll_back(
    arguments: &RollbackArguments,
    connection: &Connection,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let body = json!({ "version": arguments.version }).to_string();
    let answer =
        Client::new(connection)?.post(&["v1", "config", "rollback"], "application/json", &body)?;
    if connection.json {
        return answer.print(out);
    }
    Ok(writeln!(out, "{} is in force.", clean(&arguments.version))?)
}

/// `leadline schema`
pub(crate) fn schema(out: &mut impl Write) -> Result<(), Failure> {
    Ok(writeln!(out, "{:#}", configuration_schema())?)
}

fn read(file: &Path) -> Result<String, Failure> {
    let unreadable = |why: String| Failure::Unmet {
        code: "unreadable_file",
        title: format!("{} cannot be read: {why}.", file.display()),
        detail: None,
    };
    let bytes = std::fs::read(file).map_err(|error| unreadable(error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| {
        let line = 1 + error.as_bytes()[..error.utf8_error().valid_up_to()]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count();
        unreadable(format!("line {line} is not UTF-8"))
    })
}

fn findings(file: &Path, report: &Report) -> Vec<Finding> {
    report
        .problems
        .iter()
        .map(|problem| Finding::of(file, problem))
        .collect()
}

/// The last line: how bad it is, and what became of the golden leads.
fn summary(file: &Path, report: &Report) -> String {
    let errors = report
        .problems
        .iter()
        .filter(|problem| problem.severity == domain::config::Severity::Error)
        .count();
    let warnings = report.problems.len() - errors;
    let problems = match (errors, warnings) {
        (0, 0) => "no problems".to_owned(),
        (0, _) => count(warnings, "warning"),
        (_, 0) => count(errors, "error"),
        _ => format!("{}, {}", count(errors, "error"), count(warnings, "warning")),
    };
    let different = report.golden.iter().filter(|result| !result.passed).count();
    let golden = match (report.golden.len(), different) {
        (0, _) if errors > 0 => "; golden leads are run when there are no errors".to_owned(),
        (0, _) => "; there are no golden leads".to_owned(),
        (all, 0) => format!("; {} as expected", count(all, "golden lead")),
        (all, different) => format!(
            "; {different} of {} not as expected",
            count(all, "golden lead")
        ),
    };
    let version = report
        .config
        .as_ref()
        .map(|config| format!(" ({})", version_of(config)))
        .unwrap_or_default();
    format!("{}: {problems}{golden}{version}", file.display())
}
