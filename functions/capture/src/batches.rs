//! `POST /v1/sources/{source}/batch`: many submissions in one file.
//!
//! The story of one batch: is the sender who they say → read and check every row → if one bad row is to refuse them all,
//! refuse → note what each row becomes → queue the good ones → note the batch → answer. The note of the batch comes last:
//! whoever finds it knows that everything of it is safe. A repeat does all of it again under the same ids and changes
//! nothing.

use domain::config::Source;
use domain::id::BatchId;
use domain::submission::FieldProblem;
use intake::CheckedBatch;
use lambda_http::http::StatusCode;
use lambda_http::{Body, Request, Response};
use queue::Message;
use serde::Serialize;
use sources::batch::{self, Checked};
use sources::{Door, Incoming};
use table::{BatchRow, Current};
use vendors::Buyer;
use web::{Kind, Problem};

use crate::{Capture, contract_of, exposed, refused, unavailable};

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
    /// Of a source under a contract: how many of the accepted rows were taken before, through whatever door, or by an earlier
    /// row. Other doors learn that only once their rows are looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    taken_before: Option<usize>,
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
        self.answer_of_source(name, "batch", async |current: &Current, source: &Source| {
            self.take_batch(current, name, source, request).await
        })
        .await
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
        let door = Door {
            name,
            source,
            secrets: &exposed(&secrets),
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
        let mut taken_before = None;
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
                taken_before = self.offer_rows(&buyer, contract, &mut rows).await?;
            }
        }
        let kept: Vec<BatchRow> = rows.iter().map(intake::kept).collect();
        let id = BatchId::derive(&pepper, name, &kept.iter().map(named).collect::<Vec<_>>());
        let accepted = kept.iter().filter(|row| row.submission.is_some()).count();
        let mut answer = answer(id, &rows, accepted);
        answer.taken_before = taken_before;
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
        let messages: Vec<Message> = rows
            .into_iter()
            .filter(|row| row.repeats.is_none())
            .filter_map(|row| row.outcome.ok())
            .map(intake::message)
            .collect();
        let batch = CheckedBatch {
            id,
            source: name,
            has_ledger: source.ledger,
            received_at: now,
            rows: &kept,
            messages: &messages,
        };
        let taken = self.intake().take(batch).await;
        let taken = taken.map_err(|error| unavailable(&error))?;
        tracing::info!(source = name, batch = %id, rows = taken.rows, accepted, "{id} of {name} was taken");
        Ok(web::json(StatusCode::ACCEPTED, &answer))
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
        taken_before: None,
        errors,
        errors_left_out: (left_out > 0).then_some(left_out),
        is_known: None,
        all_or_nothing: None,
    }
}
