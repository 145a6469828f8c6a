//! `vendors NAME --claims FILE`: what a vendor says it sent, compared with what was received.
//!
//! A line that cannot be compared never keeps the others from it, and is told with its column and what would be right; what
//! stands in it is not repeated.

mod report;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;

use domain::id::SubmissionId;
use domain::phone::Phone;
use domain::vendor::digest_of;
use serde_json::{Map, Value, json};
use sources::batch::{Content, Reader};

use super::list;
use crate::client::Client;
use crate::failure::Failure;
use crate::layout::{at, clean};
use crate::options::Connection;
use report::Report;

/// Claims of one call.
const CLAIMS_AT_ONCE: usize = 500;

/// Columns of a file of claims, and the member of a claim that each becomes. Those that are hashed here never leave the machine.
const COLUMNS: [(&str, &str); 10] = [
    ("id", "id"),
    ("leadid", "id"),
    ("externalid", "id"),
    ("submission", "submission"),
    ("submissionid", "submission"),
    ("email", "email"),
    ("emailaddress", "email"),
    ("phone", "phone"),
    ("emailsha256", "email_sha256"),
    ("phonesha256", "phone_sha256"),
];

/// What the columns may be called, in words.
const NAMES: &str = "id, submission, email, phone, email_sha256 or phone_sha256";

/// Where something stands in a file. Ordered as the file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    /// The how-manieth lead it is, from 1; the names of columns and blank lines do not count.
    item: u64,
    /// The line on which it begins, from 1.
    line: u64,
}

/// A lead that a line of the file names.
struct ClaimedLead {
    place: Place,
    names: Map<String, Value>,
}

/// A line that cannot be compared.
#[derive(Debug, PartialEq, Eq)]
struct BadLine {
    place: Place,
    /// As the file calls it; `row` where it is the line as a whole.
    column: String,
    /// What is wrong and what would be right.
    message: String,
}

/// Compares a file of what a vendor says it sent. Fails unless all of it was received once and bought.
pub(super) fn compare(
    vendor: &str,
    path: &Path,
    client: &Client,
    connection: &Connection,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let name = clean(&path.display().to_string());
    let bytes = std::fs::read(path)
        .map_err(|error| unreadable(format!("{name} cannot be read: {error}."), None))?;
    let (claims, bad) = read(&bytes, &name)?;
    let mut found = Vec::with_capacity(claims.len());
    for some in claims.chunks(CLAIMS_AT_ONCE) {
        let asked: Vec<&Map<String, Value>> = some.iter().map(|claim| &claim.names).collect();
        let body = json!({ "claims": asked });
        let answer = client.post(
            &["v1", "vendors", vendor, "claims"],
            "application/json",
            &body.to_string(),
        )?;
        found.extend(list(&answer.value()?, "/claims").cloned());
    }
    let report = reported(&claims, &found, bad);
    if connection.json {
        writeln!(out, "{}", report.json())?;
    } else {
        report.show(vendor, out)?;
    }
    if report.is_right() {
        Ok(())
    } else {
        Err(Failure::Told)
    }
}

/// What came of each line. Two lines are one lead if they name it alike, or if the same was received of both.
fn reported(claims: &[ClaimedLead], found: &[Value], bad: Vec<BadLine>) -> Report {
    let lines = claims.iter().map(|claim| claim.place.line);
    let lines: Vec<u64> = lines.chain(bad.iter().map(|bad| bad.place.line)).collect();
    let different: BTreeSet<u64> = lines.iter().copied().collect();
    let mut report = Report {
        bad,
        is_by_item: different.len() < lines.len(),
        ..Report::default()
    };
    let mut first_named: BTreeMap<String, Place> = BTreeMap::new();
    let mut first_received: BTreeMap<String, Place> = BTreeMap::new();
    for (claim, found) in claims.iter().zip(found) {
        let place = claim.place;
        let named = Value::Object(claim.names.clone()).to_string();
        if let Some(first) = first_named.get(&named) {
            report.claimed_twice.push((place, *first));
            continue;
        }
        first_named.insert(named, place);
        let received: Vec<&Value> = list(found, "/received").collect();
        match received.as_slice() {
            [] => report.missing.push(place),
            [one] => {
                let outcome = at(one, "/outcome");
                let first = *first_received
                    .entry(at(one, "/submission"))
                    .or_insert(place);
                if first != place {
                    report.claimed_twice.push((place, first));
                } else if outcome != "accepted" {
                    report.refused.push((place, outcome, at(one, "/reason")));
                } else if !at(one, "/returned").is_empty() {
                    report.returned.push((place, at(one, "/returned")));
                } else {
                    report.right += 1;
                }
            }
            several => {
                let ids = several.iter().map(|one| at(one, "/submission")).collect();
                report.received_twice.push((place, ids));
            }
        }
    }
    report
}

fn unreadable(title: String, detail: Option<String>) -> Failure {
    Failure::Unmet {
        code: "unreadable_file",
        title,
        detail,
    }
}

/// The leads that a file names, and the lines that name none.
fn read(bytes: &[u8], name: &str) -> Result<(Vec<ClaimedLead>, Vec<BadLine>), Failure> {
    let mut stream = Reader::new(None);
    let mut rows = Vec::new();
    let broken = |refusal: sources::Refusal| {
        unreadable(
            format!("{name} cannot be read: {}.", refusal.detail()),
            None,
        )
    };
    stream.feed(bytes, &mut rows).map_err(broken)?;
    stream.finish(&mut rows).map_err(broken)?;
    let names_a_lead = |names: &[String]| names.iter().any(|name| member_of(name).is_some());
    for row in &rows {
        if let Content::Cells { names, .. } = &row.content
            && !names_a_lead(names)
        {
            return Err(unreadable(
                format!("None of the columns of {name} names a lead."),
                Some(format!(
                    "The first line has the names of the columns; call one of them {NAMES}."
                )),
            ));
        }
    }
    let (mut claims, mut bad) = (Vec::with_capacity(rows.len()), Vec::new());
    for row in rows {
        let place = Place {
            item: row.number,
            line: row.line,
        };
        let wrong = |column: &str, message: &str| BadLine {
            place,
            column: clean(column),
            message: message.to_owned(),
        };
        let text = match row.text() {
            Ok(text) => text,
            Err(problem) => {
                bad.push(wrong(&problem.field, &problem.message));
                continue;
            }
        };
        let Ok(said) = serde_json::from_str::<Map<String, Value>>(&text) else {
            let message = format!("this is no lead: write an object with {NAMES}");
            bad.push(wrong("row", &message));
            continue;
        };
        match names_of(&said) {
            Ok(names) if names.is_empty() => {
                let message = format!("this names no lead: fill in {NAMES}");
                bad.push(wrong("row", &message));
            }
            Ok(names) => claims.push(ClaimedLead { place, names }),
            Err((column, message)) => bad.push(wrong(column, message)),
        }
    }
    Ok((claims, bad))
}

/// The member of a claim that a column becomes, if it is one that names leads.
fn member_of(column: &str) -> Option<&'static str> {
    let plain: String = column
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|character| character.to_ascii_lowercase())
        .collect();
    let (_, member) = COLUMNS.iter().find(|(known, _)| *known == plain)?;
    Some(member)
}

/// What a line says a lead is called. Addresses and numbers are hashed. Fails with the column and what would be right there.
fn names_of(said: &Map<String, Value>) -> Result<Map<String, Value>, (&str, &'static str)> {
    let mut names = Map::new();
    for (column, value) in said {
        let column = column.as_str();
        let Some(member) = member_of(column) else {
            continue;
        };
        let first = match value {
            Value::Array(values) => values.first(),
            other => Some(other),
        };
        let text = match first {
            Some(Value::String(text)) => text.trim().to_owned(),
            Some(Value::Number(number)) => number.to_string(),
            _ => continue,
        };
        if text.is_empty() {
            continue;
        }
        let is_digest = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let (member, text) = match member {
            "email" if !text.contains('@') => {
                return Err((column, "this is no e-mail address: write it as it was sent"));
            }
            "email" => ("email_sha256", digest_of(&text)),
            "phone" => match Phone::parse(&text, None) {
                Ok(phone) => ("phone_sha256", digest_of(phone.as_str())),
                Err(_) => {
                    return Err((
                        column,
                        "this is no phone number with its country code: write it as +1 202 555 0100",
                    ));
                }
            },
            "email_sha256" | "phone_sha256" if !is_digest => {
                return Err((
                    column,
                    "this is no SHA-256: 64 hexadecimal digits, of the address in small letters or of the number as +12025550100",
                ));
            }
            "submission" if text.parse::<SubmissionId>().is_err() => {
                return Err((
                    column,
                    "this is no id of a submission: write it as its vendor was answered, sub_ and 26 signs",
                ));
            }
            member => (member, text),
        };
        names.insert(member.to_owned(), json!(text));
    }
    Ok(names)
}

#[cfg(test)]
mod tests;
