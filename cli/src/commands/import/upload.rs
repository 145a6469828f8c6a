//! A large file put into Leadline's store in one piece, where the source takes it so: this machine only reads and sends bytes,
//! and Leadline checks the rows and takes them by itself.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use http_body::{Frame, SizeHint};
use ring::digest::{Context as Digest, SHA256};
use serde_json::{Value, json};

use super::bar::{Bar, Telling};
use super::report::Report;
use super::{Sums, number, patiently};
use crate::client::Client;
use crate::failure::Failure;
use crate::layout::at;
use crate::options::ImportArguments;

/// From this length on a file is put into the store, if the source takes it so: pages of rows are done sooner for less.
pub(super) const UPLOAD_FROM_BYTES: u64 = 8 * 1024 * 1024;

/// Bytes read from the file at once.
const READ_BYTES: usize = 65_536;

/// How long to wait before it is asked again how far a file is.
const PAUSE: Duration = Duration::from_secs(1);

/// After this time without any progress nobody waits any longer: the file goes on by itself.
const PATIENCE: Duration = Duration::from_secs(1_200);

/// Answers to an announcement that mean: send pages instead. There are no uploads here, this source takes none, or what
/// answers is older than uploads are.
const NO_UPLOADS: [u16; 4] = [403, 404, 405, 409];

/// Imports by upload, and prints what came of it. False when this source takes pages only.
pub(super) fn import(
    client: &Client,
    arguments: &ImportArguments,
    secret: &str,
    (file, length): (&mut File, u64),
    report: &mut Report,
    out: &mut impl Write,
) -> Result<bool, Failure> {
    let telling = Telling::fitting(report.as_json);
    let mut said = json!({ "bytes": length, "sha256": digest(file, length, telling)? });
    if arguments.all_or_nothing {
        said["all_or_nothing"] = json!(true);
    }
    if let Some(encoding) = &arguments.encoding {
        said["encoding"] = json!(encoding);
    }
    let said = said.to_string();
    let ask = || patiently(|| client.announce_upload(&arguments.source, &said, secret));
    let mut state = match ask() {
        Ok(answer) => answer.value()?,
        Err(Failure::Refused(refusal)) if NO_UPLOADS.contains(&refusal.status) => {
            return Ok(false);
        }
        Err(failure) => return Err(failure),
    };
    let was_known = number(&state, "sent");
    if let Some(place) = place(&state) {
        for attempt in 1.. {
            file.seek(SeekFrom::Start(0))?;
            let body = Sending {
                file: file.try_clone()?,
                left: length,
                sent: 0,
                bar: Bar::new("Uploading", length, telling),
            };
            match client.put_file(&place.0, &place.1, body, length) {
                Ok(()) => break,
                Err(failure) if attempt < 3 && failure.may_pass() => std::thread::sleep(PAUSE),
                Err(failure) => return Err(failure),
            }
        }
        state = ask()?.value()?;
    }
    let mut bar = Bar::new("Checking", length, telling);
    let mut last = (Value::Null, Instant::now());
    let is_over = |state: &Value| matches!(at(state, "/stage").as_str(), "done" | "refused");
    if !is_over(&state) {
        let upload = at(&state, "/upload");
        bar.say(&format!(
            "{upload}: uploaded; the file is taken also if you stop here, and `leadline batch {upload}` tells how far it is."
        ));
    }
    while !is_over(&state) {
        let progress = json!([state["stage"], state["rows"], state["sent"]]);
        if progress != last.0 {
            last = (progress, Instant::now());
        } else if last.1.elapsed() > PATIENCE {
            bar.clear();
            return Err(still_going(&at(&state, "/upload")));
        }
        match at(&state, "/stage").as_str() {
            "sending" => {
                let sent = number(&state, "sent");
                bar.turn_to("Taking");
                let share = u128::from(length) * u128::from(sent)
                    / u128::from(number(&state, "accepted").max(1));
                bar.show(u64::try_from(share).unwrap_or(length), sent);
            }
            _ => bar.show(0, number(&state, "rows")),
        }
        std::thread::sleep(PAUSE);
        state = ask()?.value()?;
    }
    bar.clear();
    tell(client, arguments, &state, was_known, report, out)?;
    Ok(true)
}

/// What came of it, row by row and in sum.
fn tell(
    client: &Client,
    arguments: &ImportArguments,
    state: &Value,
    was_known: u64,
    report: &mut Report,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let upload = at(state, "/upload");
    let left_out = number(state, "errors_left_out") > 0;
    if left_out && arguments.report.is_some() {
        all_problems(client, &upload, report, out)?;
    } else {
        add(state, report, out)?;
    }
    report.end(out)?;
    let is_done = at(state, "/stage") == "done";
    let sent = number(state, "sent").saturating_sub(was_known);
    let sums = Sums {
        rows: number(state, "rows"),
        good: number(state, "accepted"),
        wrong: number(state, "rejected"),
        sent,
        unsure: sent,
        known: was_known,
        is_strict: state.get("all_or_nothing") == Some(&Value::Bool(true)),
        ..Sums::default()
    };
    if let Some(refusal) = state.get("refusal").filter(|_| !is_done)
        && at(refusal, "/code") != "rows_wrong"
    {
        return Err(Failure::Unmet {
            code: "file_refused",
            title: "Nothing of the file was taken.".to_owned(),
            detail: Some(at(refusal, "/message")),
        });
    }
    let batches: Vec<String> = is_done.then_some(upload).into_iter().collect();
    report.sum_up(&sums, &batches, out)?;
    if is_done {
        sums.ending()
    } else {
        Err(Failure::Told)
    }
}

/// The problems that an answer lists.
fn add(state: &Value, report: &mut Report, out: &mut impl Write) -> Result<(), Failure> {
    let errors = state.get("errors").and_then(Value::as_array);
    for error in errors.into_iter().flatten() {
        let place = (number(error, "row"), number(error, "line"));
        let [field, code, message] = ["/field", "/code", "/message"].map(|name| at(error, name));
        report.add(place, &field, &code, &message, out)?;
    }
    Ok(())
}

/// All problems of a file, from the list of its rows.
fn all_problems(
    client: &Client,
    upload: &str,
    report: &mut Report,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let mut cursor = "0".to_owned();
    loop {
        let query = [("cursor", cursor.as_str()), ("limit", "1000")];
        let page = patiently(|| client.get(&["v1", "batches", upload], &query))?.value()?;
        let rows = page.get("results").and_then(Value::as_array);
        for row in rows.into_iter().flatten() {
            let place = (number(row, "row"), number(row, "line"));
            let errors = row.get("errors").and_then(Value::as_array);
            for error in errors.into_iter().flatten() {
                let [field, code, message] =
                    ["/field", "/code", "/message"].map(|name| at(error, name));
                report.add(place, &field, &code, &message, out)?;
            }
        }
        match at(&page, "/next") {
            next if next.is_empty() => return Ok(()),
            next => cursor = next,
        }
    }
}

/// Where to put the file, and with which headers.
fn place(state: &Value) -> Option<(String, Vec<(String, String)>)> {
    let url = state.get("url")?.as_str()?.to_owned();
    let headers = state.get("headers")?.as_object()?;
    let headers = headers
        .iter()
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
    Some((url, headers.collect()))
}

fn still_going(upload: &str) -> Failure {
    Failure::Unmet {
        code: "still_going",
        title: "The file is stored and has not moved for a while.".to_owned(),
        detail: Some(format!(
            "It goes on by itself; `leadline batch {upload}` tells how far it is, and the same import shows what came of it."
        )),
    }
}

/// The SHA-256 of a file, in hexadecimal.
fn digest(file: &mut File, length: u64, telling: Telling) -> Result<String, Failure> {
    file.seek(SeekFrom::Start(0))?;
    let mut bar = Bar::new("Reading", length, telling);
    let mut digest = Digest::new(&SHA256);
    let mut bytes = [0; READ_BYTES];
    let mut read = 0;
    loop {
        let more = file.read(&mut bytes)?;
        if more == 0 {
            break;
        }
        digest.update(&bytes[..more]);
        read += more as u64;
        bar.show(read, 0);
    }
    bar.clear();
    let digest = digest.finish();
    Ok(digest
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

/// A file on its way, read as it is sent.
pub(crate) struct Sending {
    file: File,
    left: u64,
    sent: u64,
    bar: Bar,
}

impl http_body::Body for Sending {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        let mut bytes = vec![0; READ_BYTES];
        // Nothing else waits in this process while a disk is read.
        let more = match self.file.read(&mut bytes) {
            Ok(more) => more,
            Err(error) => return Poll::Ready(Some(Err(error))),
        };
        if more == 0 {
            self.bar.clear();
            return Poll::Ready(None);
        }
        bytes.truncate(more);
        self.left = self.left.saturating_sub(more as u64);
        self.sent += more as u64;
        let sent = self.sent;
        self.bar.show(sent, 0);
        Poll::Ready(Some(Ok(Frame::data(Bytes::from(bytes)))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
