//! `submission`, `resubmit` and `send`.

use std::io::Write;

use serde_json::Value;

use crate::client::Client;
use crate::failure::Failure;
use crate::layout::{Sheet, at, clean, columns, inline, join, with};
use crate::options::{Connection, ResubmitArguments, SendArguments, SubmissionArguments};
use crate::pair::object;

/// `leadline submission`
pub(crate) fn submission(
    arguments: &SubmissionArguments,
    connection: &Connection,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let answer = Client::new(connection)?.get(&["v1", "submissions", &arguments.id], &[])?;
    if connection.json {
        return answer.print(out);
    }
    show(&answer.value()?, out)
}

/// `leadline resubmit`
pub(crate) fn resubmit(
    arguments: &ResubmitArguments,
    connection: &Connection,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let mut patch = object(&arguments.set);
    for field in &arguments.remove {
        // What a merge patch sets to null goes away (RFC 7396).
        patch.insert(field.clone(), Value::Null);
    }
    let body = Value::Object(patch).to_string();
    let path = ["v1", "submissions", &arguments.id, "resubmit"];
    let answer = Client::new(connection)?.post(&path, "application/merge-patch+json", &body)?;
    if connection.json {
        return answer.print(out);
    }
    let id = at(&answer.value()?, "/submission");
    let id = if id.is_empty() {
        clean(&arguments.id)
    } else {
        id
    };
    Ok(writeln!(
        out,
        "Corrected; `leadline submission {id}` tells what became of it."
    )?)
}

/// `leadline send`
pub(crate) fn send(
    arguments: &SendArguments,
    connection: &Connection,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let body = Value::Object(object(&arguments.fields)).to_string();
    let answer =
        Client::new(connection)?.submit(&arguments.source, &body, arguments.secret.as_deref())?;
    if let Some(location) = &answer.location {
        // A browser would be shown that page.
        return Ok(writeln!(
            out,
            "Accepted; a browser is sent to {}.",
            clean(location)
        )?);
    }
    if connection.json {
        return answer.print(out);
    }
    if !tell_accepted(&answer.value()?, out)? {
        // A source of a kind that answers in its own way.
        answer.print(out)?;
    }
    Ok(())
}

/// Names the submissions that were accepted; false when the answer names none.
fn tell_accepted(value: &Value, out: &mut impl Write) -> Result<bool, Failure> {
    let ids = value.get("submissions").and_then(Value::as_array);
    let ids: Vec<&str> = ids
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    for id in &ids {
        let id = clean(id);
        writeln!(
            out,
            "Accepted as {id}; `leadline submission {id}` tells what became of it."
        )?;
    }
    Ok(!ids.is_empty())
}

fn show(submission: &Value, out: &mut impl Write) -> Result<(), Failure> {
    let mut sheet = Sheet::default();
    sheet.row("Submission", at(submission, "/id"));
    sheet.row("Source", at(submission, "/source"));
    sheet.row("Received", at(submission, "/received_at"));
    let outcome = at(submission, "/outcome");
    let is_quarantined = outcome == "quarantined";
    sheet.row("Outcome", outcome);
    sheet.row("Lead", at(submission, "/lead"));
    sheet.row("Repeats", at(submission, "/repeats"));
    sheet.print(out)?;
    let reasons = submission.get("reasons").and_then(Value::as_array);
    for reason in reasons.into_iter().flatten() {
        writeln!(out, "- {}", reason_text(reason))?;
    }
    let fields = submission.get("fields").and_then(Value::as_object);
    if let Some(fields) = fields.filter(|fields| !fields.is_empty()) {
        writeln!(out, "\nWhat was sent:")?;
        let rows: Vec<[String; 2]> = fields
            .iter()
            .map(|(field, value)| [format!("  {}", clean(field)), inline(value)])
            .collect();
        columns(&rows, out)?;
    }
    let history = submission.get("history").and_then(Value::as_array);
    for step in history.into_iter().flatten() {
        let by = with(" by ", &at(step, "/by"));
        let what = join([at(step, "/reason"), at(step, "/fields")], ": ");
        let (when, kind) = (at(step, "/at"), at(step, "/kind"));
        writeln!(out, "{when} {kind}{by}{}", with(": ", &what))?;
    }
    if is_quarantined {
        let id = at(submission, "/id");
        writeln!(
            out,
            "\n`leadline resubmit {id} --set FIELD=VALUE` corrects it; `leadline quarantine discard {id} --reason WHY` ends it."
        )?;
    }
    Ok(())
}

/// `email: this is no e-mail address (invalid_email)`, or as much of it as there is.
pub(crate) fn reason_text(reason: &Value) -> String {
    if !reason.is_object() {
        return inline(reason);
    }
    let text = join([at(reason, "/field"), at(reason, "/message")], ": ");
    let code = at(reason, "/code");
    if code.is_empty() {
        text
    } else {
        format!("{text} ({code})")
    }
}
