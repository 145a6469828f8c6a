//! `quarantine`: what waits for a person.

use std::io::Write;

use serde_json::{Value, json};

use crate::client::Client;
use crate::commands::submissions::{reason_text, submission};
use crate::failure::Failure;
use crate::layout::{at, clean, columns};
use crate::options::{Connection, DiscardArguments, ListArguments, QuarantineCommand};

/// `leadline quarantine`
pub(crate) fn quarantine(
    command: &QuarantineCommand,
    connection: &Connection,
    out: &mut impl Write,
) -> Result<(), Failure> {
    match command {
        QuarantineCommand::List(arguments) => list(arguments, connection, out),
        QuarantineCommand::Show(arguments) => submission(arguments, connection, out),
        QuarantineCommand::Discard(arguments) => discard(arguments, connection, out),
    }
}

fn list(
    arguments: &ListArguments,
    connection: &Connection,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let mut query = vec![("outcome", "quarantined")];
    query.extend(arguments.source.as_deref().map(|source| ("source", source)));
    query.extend(arguments.after.as_deref().map(|cursor| ("cursor", cursor)));
    let answer = Client::new(connection)?.get(&["v1", "submissions"], &query)?;
    if connection.json {
        return answer.print(out);
    }
    let page = answer.value()?;
    let submissions = page.get("submissions").and_then(Value::as_array);
    let rows = submissions.into_iter().flatten().map(|submission| {
        let reasons = submission.get("reasons").and_then(Value::as_array);
        let reasons: Vec<String> = reasons.into_iter().flatten().map(reason_text).collect();
        [
            at(submission, "/id"),
            at(submission, "/source"),
            at(submission, "/received_at"),
            reasons.join("; "),
        ]
    });
    let rows: Vec<[String; 4]> = rows.collect();
    let next = at(&page, "/next");
    if rows.is_empty() && next.is_empty() {
        return Ok(writeln!(out, "Nothing is in quarantine.")?);
    }
    columns(&rows, out)?;
    writeln!(
        out,
        "\n`leadline quarantine show ID` shows what was sent, `leadline resubmit ID --set FIELD=VALUE` corrects it."
    )?;
    if !next.is_empty() {
        writeln!(
            out,
            "`leadline quarantine list --after {next}` shows older ones."
        )?;
    }
    Ok(())
}

fn discard(
    arguments: &DiscardArguments,
    connection: &Connection,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let body = json!({ "reason": arguments.reason, "by": arguments.by }).to_string();
    let path = ["v1", "submissions", &arguments.id, "discard"];
    let answer = Client::new(connection)?.post(&path, "application/json", &body)?;
    if connection.json {
        return answer.print(out);
    }
    Ok(writeln!(out, "Discarded {}.", clean(&arguments.id))?)
}
