//! `import` and `batch`: files of submissions, sent in pieces that fit into one request each; large ones in one piece, where
//! the source takes that ([`upload`]).
//!
//! The whole file is checked first, piece by piece, by the Leadline that will take it; then the pieces that it does not know
//! yet are sent. So an import that broke off goes on where it stopped, and one that is done changes nothing, without a
//! note of it on this machine. Memory does not grow with the file, except for some tens of bytes for each row with an id of the
//! sender's.

mod bar;
mod pieces;
mod report;
pub(crate) mod upload;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::time::Duration;

use domain::submission::FieldProblem;
use serde_json::Value;
use sources::batch::Encoding;

use crate::answer::Answer;
use crate::client::{BatchCall, Client};
use crate::failure::Failure;
use crate::layout::{Sheet, at, clean, columns, count};
use crate::options::{BatchArguments, Connection, ImportArguments};
use bar::{Bar, Telling};
use pieces::Pieces;
use report::Report;

/// How long to wait before a piece is sent again that could not be taken.
const PAUSES: [Duration; 5] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
    Duration::from_secs(16),
];

/// What came of an import.
#[derive(Default)]
struct Sums {
    rows: u64,
    good: u64,
    wrong: u64,
    /// Accepted in this run, and not `known`.
    sent: u64,
    /// Those of `sent` of which the door cannot say whether they came before in another file or through another door.
    unsure: u64,
    /// Good when they were checked, and refused when they were sent: a vendor's cap was reached meanwhile.
    refused: u64,
    /// Taken before, in whatever way.
    known: u64,
    /// Whether one bad row refuses the file.
    is_strict: bool,
}

impl Sums {
    /// How a check ends, and an import that took nothing for one bad row: well only if no row is wrong.
    fn ending_of_check(&self) -> Result<(), Failure> {
        if self.wrong > 0 {
            Err(Failure::Told)
        } else {
            Ok(())
        }
    }

    /// How an import ends that got through its file: well unless every row was refused.
    fn ending(&self) -> Result<(), Failure> {
        if self.wrong + self.refused > 0 && self.sent + self.known == 0 {
            Err(Failure::Told)
        } else {
            Ok(())
        }
    }

    /// What a door says of the good rows of a piece that it took.
    fn add_accepted(&mut self, answer: &Value) {
        let accepted = number(answer, "accepted");
        match answer.get("taken_before").and_then(Value::as_u64) {
            Some(taken_before) => {
                self.known += taken_before;
                self.sent += accepted.saturating_sub(taken_before);
            }
            None => {
                self.sent += accepted;
                self.unsure += accepted;
            }
        }
    }
}

/// `leadline import`
pub(crate) fn import(
    arguments: &ImportArguments,
    connection: &Connection,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let client = Client::new(connection)?;
    let encoding = encoding(arguments)?;
    let mut file = open(&arguments.file)?;
    let length = file.seek(SeekFrom::End(0))?;
    let mut report = Report::new(arguments, connection.json)?;
    if let Some(secret) = arguments.secret.as_deref()
        && length >= upload::UPLOAD_FROM_BYTES
        && !arguments.check
        && !arguments.pages
        && upload::import(
            &client,
            arguments,
            secret,
            (&mut file, length),
            &mut report,
            out,
        )?
    {
        return Ok(());
    }
    let telling = Telling::fitting(connection.json);
    let mut sums = Sums::default();
    let mut known = Vec::new();
    let call = |body: &str, only_check: bool, is_strict: bool| {
        let call = BatchCall {
            source: &arguments.source,
            body,
            only_check,
            all_or_nothing: is_strict,
            secret: arguments.secret.as_deref(),
        };
        patiently(|| client.submit_batch(&call))
    };

    let mut bar = Bar::new("Checking", length, telling);
    let mut pieces = Pieces::new(&mut file, encoding)?;
    while let Some(piece) = pieces.next()? {
        sums.rows += (piece.places.len() + piece.broken.len()) as u64;
        sums.wrong += piece.broken.len() as u64;
        bar.clear();
        for (place, problem) in &piece.broken {
            let FieldProblem {
                field,
                code,
                message,
            } = problem;
            report.add(*place, field, code, message, out)?;
        }
        if piece.places.is_empty() {
            continue;
        }
        let answer = call(&piece.body, true, false)?.value()?;
        let told = report.add_all(&answer, &piece.places, &BTreeSet::new(), out)?;
        sums.good += number(&answer, "accepted");
        sums.wrong += number(&answer, "rejected");
        sums.is_strict |= answer.get("all_or_nothing") == Some(&Value::Bool(true));
        let is_known = answer.get("is_known") == Some(&Value::Bool(true));
        known.push((is_known.then(|| number(&answer, "accepted")), told));
        bar.show(pieces.read, sums.rows);
    }
    bar.clear();
    drop(pieces);
    if sums.rows == 0 {
        return Err(Failure::Unmet {
            code: "no_rows",
            title: "The file has no rows.".to_owned(),
            detail: Some(
                "Begin with one line of the names of the columns, and let a line for each person follow."
                    .to_owned(),
            ),
        });
    }
    sums.is_strict |= arguments.all_or_nothing;
    let is_refused = sums.is_strict && sums.wrong > 0;
    if arguments.check || is_refused {
        report.end(out)?;
        report.sum_up(&sums, &[], out)?;
        return sums.ending_of_check();
    }

    let mut batches = Vec::new();
    let mut bar = Bar::new("Sending", length, telling);
    let mut pieces = Pieces::new(&mut file, encoding)?;
    let mut known = known.into_iter();
    while let Some(piece) = pieces.next()? {
        if piece.places.is_empty() {
            continue;
        }
        let (taken, told) = known.next().unwrap_or_default();
        if let Some(accepted) = taken {
            sums.known += accepted;
        } else {
            let answer = call(&piece.body, false, false)?.value()?;
            bar.clear();
            let refused = report.add_all(&answer, &piece.places, &told, out)?;
            sums.refused += refused.len() as u64;
            sums.add_accepted(&answer);
            let batch = at(&answer, "/batch");
            if batches.is_empty() && pieces.read < length {
                bar.say(&format!(
                    "{batch}: its {} are taken; if you stop here, the same command goes on where it stopped.",
                    count(number(&answer, "accepted") as usize, "row")
                ));
            }
            batches.push(batch);
        }
        bar.show(pieces.read, sums.known + sums.sent);
    }
    bar.clear();
    report.end(out)?;
    report.sum_up(&sums, &batches, out)?;
    sums.ending()
}

/// `leadline batch`
pub(crate) fn batch(
    arguments: &BatchArguments,
    connection: &Connection,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let cursor = arguments.after.to_string();
    let query = [("cursor", cursor.as_str()), ("limit", "1000")];
    let answer = Client::new(connection)?.get(&["v1", "batches", &arguments.id], &query)?;
    if connection.json {
        return answer.print(out);
    }
    let batch = answer.value()?;
    let mut sheet = Sheet::default();
    for (label, pointer) in [
        ("Batch", "/batch"),
        ("Source", "/source"),
        ("Received", "/received_at"),
        ("Stage", "/upload/stage"),
        ("Refused", "/upload/refusal/message"),
        ("Rows", "/rows"),
        ("Sent", "/upload/sent"),
        ("Counted", "/upload/counted"),
        ("Outcomes", "/outcomes"),
    ] {
        sheet.row(label, at(&batch, pointer));
    }
    sheet.print(out)?;
    let rows = batch.get("results").and_then(Value::as_array);
    let rows = rows.into_iter().flatten().map(|row| {
        let errors = row.get("errors").and_then(Value::as_array);
        let errors = errors
            .into_iter()
            .flatten()
            .map(|error| format!("{}: {}", at(error, "/field"), at(error, "/message")));
        let what: Vec<String> = match at(row, "/submission") {
            id if id.is_empty() => errors.collect(),
            id => vec![id, at(row, "/lead")],
        };
        [at(row, "/row"), at(row, "/outcome"), what.join("  ")]
    });
    let rows: Vec<[String; 3]> = rows.collect();
    if !rows.is_empty() {
        writeln!(out)?;
        columns(&rows, out)?;
    }
    match at(&batch, "/next") {
        next if next.is_empty() => Ok(()),
        next => Ok(writeln!(
            out,
            "\n`leadline batch {} --after {next}` shows more rows.",
            at(&batch, "/batch")
        )?),
    }
}

fn encoding(arguments: &ImportArguments) -> Result<Option<Encoding>, Failure> {
    let Some(label) = &arguments.encoding else {
        return Ok(None);
    };
    match Encoding::named(label) {
        Some(encoding) => Ok(Some(encoding)),
        None => Err(Failure::Unmet {
            code: "unknown_encoding",
            title: "There is no such encoding here.".to_owned(),
            detail: Some(
                "Use utf-8, utf-16le, utf-16be or windows-1252; without --encoding it is found out."
                    .to_owned(),
            ),
        }),
    }
}

/// The file; what comes through a pipe is kept in a file without a name, since it is read twice.
fn open(name: &str) -> Result<File, Failure> {
    if name != "-" {
        if std::path::Path::new(name).is_dir() {
            return Err(Failure::Unmet {
                code: "unreadable_file",
                title: format!("{} is a directory.", clean(name)),
                detail: Some("Import its files one by one.".to_owned()),
            });
        }
        return File::open(name).map_err(|error| Failure::Unmet {
            code: "unreadable_file",
            title: format!("{} cannot be read: {error}.", clean(name)),
            detail: None,
        });
    }
    let mut file = tempfile::tempfile()?;
    io::copy(&mut io::stdin().lock(), &mut file)?;
    Ok(file)
}

/// Tries again what Leadline could not do just now.
fn patiently(call: impl Fn() -> Result<Answer, Failure>) -> Result<Answer, Failure> {
    for pause in PAUSES {
        match call() {
            Err(failure) if failure.may_pass() => std::thread::sleep(pause),
            done => return done,
        }
    }
    call()
}

fn number(answer: &Value, name: &str) -> u64 {
    answer.get(name).and_then(Value::as_u64).unwrap_or(0)
}
