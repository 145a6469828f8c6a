//! `POST /v1/sources/{source}/batch`: many submissions in one file.
//!
//! The story of one batch: is the sender who they say → read and check every row → if one bad row is to refuse them all,
//! refuse → note what each row becomes → queue the good ones → note the batch → answer. The note of the batch comes last:
//! whoever finds it knows that everything of it is safe. A repeat does all of it again under the same ids and changes
//! nothing.

use std::collections::BTreeSet;

use domain::config::Source;
use domain::id::{BatchId, SubmissionId};
use domain::submission::FieldProblem;
use futures::future::try_join_all;
use lambda_http::http::StatusCode;
use lambda_http::{Body, Request, Response};
use platform::SecretString;
use queue::{Message, Queue};
use serde::Serialize;
use sources::batch::{self, Checked};
use sources::{Door, Incoming};
use table::{AcceptedThing, Batch, BatchRow, Current, LedgerEntry};
use vendors::Buyer;
use web::{Kind, Problem};

use crate::{Capture, contract_of, message, refused, unavailable};

/// Calls of the queue at the same time. Each waits for the network most of its time.
const CALLS_AT_ONCE: usize = 8;

/// Messages in one call of the queue.
const MESSAGES_IN_A_CALL: usize = 10;

/// Most problems in one answer. All of them are kept with the batch.
const MAX_ERRORS: usize = 1_000;

/// Anybody may send to the source, and its protection is by single submissions.
const UNPROVED: Kind = Kind::new(
    StatusCode::FORBIDDEN,
    "batch_unproved",
    "This source takes files only from a sender who proves itself.",
);

/// What is asked of the door besides the file.
#[derive(Default)]
struct Wish {
    all_or_nothing: Option<bool>,
    only_check: bool,
}

/// What came of a batch.
#[derive(Serialize)]
struct Answer {
    batch: String,
    rows: usize,
    accepted: usize,
    rejected: usize,
    errors: Vec<RowError>,
    /// How many problems are not listed because there are too many.
    #[serde(skip_serializing_if = "Option::is_none")]
    errors_left_out: Option<usize>,
    /// Of a batch that is only checked: whether the same was taken before.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_known: Option<bool>,
    /// Of a batch that is only checked: whether one bad row refuses it, by the source's configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    all_or_nothing: Option<bool>,
}

/// One thing that is wrong with a row.
#[derive(Serialize)]
struct RowError {
    row: u64,
    line: u64,
    field: String,
    code: String,
    message: String,
}

impl Capture {
    /// A batch of one source, and the origins that may read the answer.
    pub(crate) async fn batch_at_source(
        &self,
        name: &str,
        request: &Request,
    ) -> (Response<Body>, Vec<String>) {
        let current = match self.current().await {
            Ok(current) => current,
            Err(problem) => return (problem.response(), Vec::new()),
        };
        let Some(source) = current.config.sources.get(name) else {
            return (Problem::not_found("source").response(), Vec::new());
        };
        let answer = self.take_batch(&current, name, source, request).await;
        let response = answer.unwrap_or_else(|problem| {
            tracing::info!(
                source = name,
                http.status = problem.status,
                code = problem.code,
                "a batch from {name} was refused"
            );
            problem.response()
        });
        (response, source.origins.clone())
    }

    async fn take_batch(
        &self,
        current: &Current,
        name: &str,
        source: &Source,
        request: &Request,
    ) -> Result<Response<Body>, Problem> {
        let wish = wish(request)?;
        let spam = &source.spam;
        let is_guarded = spam.rate.is_some() || spam.flood.is_some() || spam.captcha.is_some();
        if is_guarded && source.secret.is_none() {
            return Err(Problem::of(UNPROVED).detail(
                "it limits requests, floods or robots, and a file of anybody would go around that: give the source a `secret`, or take files at a source of their own",
            ));
        }
        let pepper = self.pepper().await?;
        let secrets = self.secrets_of(source.secret.as_deref()).await?;
        let values: Vec<&str> = secrets.iter().map(SecretString::expose).collect();
        let door = Door {
            name,
            source,
            secrets: &values,
            handshake_secrets: &[],
            pepper: &pepper,
            default_country: current.config.default_country.as_deref(),
        };
        let now = self.clock.now();
        let incoming = Incoming {
            method: request.method().as_str(),
            query: None,
            headers: request.headers(),
            body: request.body().as_ref(),
            received_at: now,
        };
        let mut rows = batch::receive(&door, &incoming).map_err(|refusal| refused(&refusal))?;
        let contract = contract_of(current, name);
        let all_or_nothing = wish.all_or_nothing.unwrap_or(source.all_or_nothing);
        // What the contract says of good rows is asked only where they are taken: it uses up caps.
        let has_bad_row = rows.iter().any(|row| row.outcome.is_err());
        if let Some(contract) = contract {
            let buyer = Buyer {
                table: &self.table,
                config: &current.config,
                pepper: &pepper,
                now,
            };
            if wish.only_check {
                self.look_at_rows(&buyer, contract, &mut rows).await?;
            } else if !(all_or_nothing && has_bad_row) {
                self.check_idempotency(name, &pepper, request).await?;
                self.offer_rows(&buyer, contract, &mut rows).await?;
            }
        }
        let kept: Vec<BatchRow> = rows.iter().map(kept).collect();
        let id = BatchId::derive(&pepper, name, &kept.iter().map(named).collect::<Vec<_>>());
        let accepted = kept.iter().filter(|row| row.submission.is_some()).count();
        let mut answer = answer(id, &rows, accepted);
        if wish.only_check {
            let known = self
                .table
                .batch(id)
                .await
                .map_err(|error| unavailable(&error))?;
            answer.is_known = Some(known.is_some());
            answer.all_or_nothing = Some(all_or_nothing);
            return Ok(web::json(StatusCode::OK, &answer));
        }
        if all_or_nothing && has_bad_row {
            let rejected = rows.len() - accepted;
            return Err(Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "batch_refused",
                "Nothing of the batch was taken, because a row of it is wrong.",
            )
            .detail(format!("{rejected} of {} rows are wrong; see errors, correct them, and send the whole batch again", rows.len()))
            .errors(&answer.errors));
        }
        if contract.is_none() {
            self.check_idempotency(name, &pepper, request).await?;
        }
        self.table
            .keep_batch_rows(id, &kept, now)
            .await
            .map_err(|error| unavailable(&error))?;
        self.queue_rows(rows).await?;
        if source.ledger {
            let different: BTreeSet<SubmissionId> =
                kept.iter().filter_map(|row| row.submission).collect();
            let different = u32::try_from(different.len()).unwrap_or(u32::MAX);
            let entry = LedgerEntry::new(now, AcceptedThing::Batch(id)).of(different);
            self.note(name, entry, now).await?;
        }
        let batch = Batch {
            id,
            source: name.to_owned(),
            received_at: now,
            rows: u32::try_from(kept.len()).unwrap_or(u32::MAX),
            accepted: u32::try_from(accepted).unwrap_or(u32::MAX),
        };
        self.table
            .keep_batch(&batch)
            .await
            .map_err(|error| unavailable(&error))?;
        tracing::info!(source = name, batch = %id, rows = batch.rows, accepted, "{id} of {name} was taken");
        Ok(web::json(StatusCode::ACCEPTED, &answer))
    }

    /// Queues the good rows, each submission once.
    async fn queue_rows(&self, rows: Vec<Checked>) -> Result<(), Problem> {
        let messages: Vec<Message> = rows
            .into_iter()
            .filter(|row| row.repeats.is_none())
            .filter_map(|row| row.outcome.ok())
            .map(message)
            .collect();
        let calls: Vec<&[Message]> = messages.chunks(MESSAGES_IN_A_CALL).collect();
        for some in calls.chunks(CALLS_AT_ONCE) {
            let mut sent = Vec::with_capacity(some.len());
            for messages in some {
                sent.push(self.queues.send_all(Queue::Enrich, messages));
            }
            try_join_all(sent)
                .await
                .map_err(|error| unavailable(&error))?;
        }
        Ok(())
    }
}

fn wish(request: &Request) -> Result<Wish, Problem> {
    let wrong = |name: &str| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "bad_query",
            "The query cannot be read.",
        )
        .detail(format!("{name} is true or false"))
    };
    let mut wish = Wish::default();
    for (name, value) in web::query(request.uri().query()).unwrap_or_default() {
        let flag = match value.as_str() {
            "true" | "1" | "" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        };
        // Other parameters may belong to whoever forwards the file.
        match name.as_str() {
            "all_or_nothing" => {
                wish.all_or_nothing = Some(flag.ok_or_else(|| wrong("all_or_nothing"))?)
            }
            "check" => wish.only_check = flag.ok_or_else(|| wrong("check"))?,
            _ => {}
        }
    }
    Ok(wish)
}

fn kept(row: &Checked) -> BatchRow {
    let (submission, problems) = match &row.outcome {
        Ok(parsed) => (Some(parsed.id()), Vec::new()),
        Err(problems) => (None, problems.clone()),
    };
    BatchRow {
        number: u32::try_from(row.number).unwrap_or(u32::MAX),
        line: u32::try_from(row.line).unwrap_or(u32::MAX),
        submission,
        problems,
    }
}

/// What makes a row of a batch this row: its submission, or everything that is wrong with it. That a file was sent under
/// other rules, or with other lines between its rows, makes it another batch of the same submissions.
fn named(row: &BatchRow) -> Vec<u8> {
    let place = [row.number.to_be_bytes(), row.line.to_be_bytes()].concat();
    match row.submission {
        Some(id) => [place, id.bits().to_be_bytes().to_vec()].concat(),
        None => {
            let problems = row.problems.iter();
            let problems: Vec<String> = problems
                .map(|FieldProblem { field, code, .. }| format!("\u{0}{field}\u{0}{code}"))
                .collect();
            [place, problems.concat().into_bytes()].concat()
        }
    }
}

fn answer(id: BatchId, rows: &[Checked], accepted: usize) -> Answer {
    let mut errors: Vec<RowError> = rows
        .iter()
        .flat_map(|row| {
            let problems = row.outcome.as_ref().err().into_iter().flatten();
            problems.map(|problem| RowError {
                row: row.number,
                line: row.line,
                field: problem.field.clone(),
                code: problem.code.clone(),
                message: problem.message.clone(),
            })
        })
        .collect();
    let left_out = errors.len().saturating_sub(MAX_ERRORS);
    errors.truncate(MAX_ERRORS);
    Answer {
        batch: id.to_string(),
        rows: rows.len(),
        accepted,
        rejected: rows.len() - accepted,
        errors,
        errors_left_out: (left_out > 0).then_some(left_out),
        is_known: None,
        all_or_nothing: None,
    }
}
