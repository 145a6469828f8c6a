//! Working through a batch: every record on its own, and exactly the failed ones reported.
//!
//! Bodies are parsed here, record by record: the event type that parses them all at once would let one unreadable body
//! fail its whole batch. A panic is caught per record for the same reason.
//!
//! What records want sent is sent together, since SQS asks the same for a call with one message as for one with ten.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use futures::future::join_all;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use tokio::time::{Instant, timeout_at};

use crate::{Message, Outgoing, Queues};

/// How long what one record wants sent may wait for what others of its batch want sent. Records of a batch are worked on
/// at the same time and are done within a few milliseconds of each other, unless one waits for somebody outside.
const PATIENCE: Duration = Duration::from_millis(50);

/// A record of a batch.
#[derive(Debug)]
pub struct Received {
    /// SQS's id of the message: what a failure is reported under.
    pub id: String,
    /// The message, or why it cannot be read.
    pub message: Result<Message, serde_json::Error>,
}

/// A batch that cannot even be reported on record by record: SQS has to give all of it again.
#[derive(Debug, thiserror::Error)]
#[error("a record of the batch has no message id; the whole batch is returned")]
pub struct Failure;

/// The records of a batch.
///
/// # Errors
/// [`Failure`] when a record has no id. Reporting an empty id would mean the same to SQS.
pub fn read_batch(event: SqsEvent) -> Result<Vec<Received>, Failure> {
    event
        .records
        .into_iter()
        .map(|record| {
            let id = record.message_id.filter(|id| !id.is_empty()).ok_or(Failure)?;
            let message = serde_json::from_str(record.body.as_deref().unwrap_or_default());
            if let Err(error) = &message {
                // Only where it broke: the text itself may hold personal data.
                tracing::error!(message.id = %id, line = error.line(), column = error.column(), category = ?error.classify(), "a message cannot be read");
            }
            Ok(Received { id, message })
        })
        .collect()
}

/// The answer that gives exactly the records with these ids back to SQS.
pub fn respond(failed: Vec<String>) -> SqsBatchResponse {
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = failed
        .into_iter()
        .map(|id| {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = id;
            failure
        })
        .collect();
    response
}

/// Works through a batch, all records at the same time, and reports those that failed or panicked.
///
/// # Errors
/// See [`read_batch`].
pub async fn run_batch<F, E>(
    event: SqsEvent,
    handle: impl Fn(Message) -> F,
) -> Result<SqsBatchResponse, Failure>
where
    F: Future<Output = Result<(), E>>,
    E: std::error::Error,
{
    let records = read_batch(event)?;
    let done = join_all(
        records
            .into_iter()
            .map(|record| async { (record.id.clone(), attempt(record, &handle).await.is_some()) }),
    )
    .await;
    let failed = done.into_iter().filter(|(_, is_done)| !is_done);
    Ok(respond(failed.map(|(id, _)| id).collect()))
}

/// As [`run_batch`], for records that end in messages: these are sent in as few calls as SQS allows, and a record is done
/// when all its messages are durable.
///
/// # Errors
/// See [`read_batch`].
pub async fn run_batch_and_send<F, E>(
    event: SqsEvent,
    queues: &Queues,
    handle: impl Fn(Message) -> F,
) -> Result<SqsBatchResponse, Failure>
where
    F: Future<Output = Result<Vec<Outgoing>, E>>,
    E: std::error::Error,
{
    let records = read_batch(event)?;
    let ids: Vec<String> = records.iter().map(|record| record.id.clone()).collect();
    let mut is_failed = vec![false; ids.len()];
    let handle = &handle;
    let mut running: FuturesUnordered<_> = records
        .into_iter()
        .enumerate()
        // On the heap: the futures of a whole batch are too deep a type to lay out in one piece.
        .map(|(index, record)| Box::pin(async move { (index, attempt(record, handle).await) }))
        .collect();
    let mut waiting: Vec<(usize, Outgoing)> = Vec::new();
    let mut since: Option<Instant> = None;
    loop {
        let next = match since {
            // While something is being sent the others rest; that is as long as one call.
            Some(since) => timeout_at(since + PATIENCE, running.next()).await,
            None => Ok(running.next().await),
        };
        match next {
            Ok(Some((index, Some(outgoing)))) => {
                waiting.extend(outgoing.into_iter().map(|message| (index, message)));
                if !waiting.is_empty() && since.is_none() {
                    since = Some(Instant::now());
                }
            }
            Ok(Some((index, None))) => is_failed[index] = true,
            Ok(None) => break,
            Err(_) => {
                send(queues, std::mem::take(&mut waiting), &ids, &mut is_failed).await;
                since = None;
            }
        }
    }
    send(queues, waiting, &ids, &mut is_failed).await;
    let failed = ids
        .into_iter()
        .zip(is_failed)
        .filter(|(_, is_failed)| *is_failed);
    Ok(respond(failed.map(|(id, _)| id).collect()))
}

/// Sends what is waiting, and marks the records whose messages were not taken.
async fn send(
    queues: &Queues,
    waiting: Vec<(usize, Outgoing)>,
    ids: &[String],
    is_failed: &mut [bool],
) {
    let (indexes, outgoing): (Vec<usize>, Vec<Outgoing>) = waiting.into_iter().unzip();
    // On the heap, as above.
    let outcomes = Box::pin(queues.send_each(&outgoing)).await;
    for ((index, wanted), outcome) in indexes.into_iter().zip(&outgoing).zip(outcomes) {
        if let Err(error) = outcome {
            let (kind, subject) = (wanted.message.name(), wanted.message.subject());
            tracing::error!(message.id = %ids[index], message.kind = kind, subject, error = %chain(&error), "{subject} could not be sent on; it is tried again");
            is_failed[index] = true;
        }
    }
}

/// Works on one record; `None` when it failed or panicked, which is logged here.
async fn attempt<F, T, E>(record: Received, handle: &impl Fn(Message) -> F) -> Option<T>
where
    F: Future<Output = Result<T, E>>,
    E: std::error::Error,
{
    let message = record.message.ok()?;
    let (name, subject) = (message.name(), message.subject());
    let outcome = AssertUnwindSafe(async { handle(message).await })
        .catch_unwind()
        .await;
    match outcome {
        Ok(Ok(done)) => Some(done),
        Ok(Err(error)) => {
            tracing::error!(message.id = %record.id, message.kind = name, subject, error = %chain(&error), "{subject} is tried again");
            None
        }
        Err(_) => {
            tracing::error!(message.id = %record.id, message.kind = name, subject, "working on {subject} panicked; it is tried again");
            None
        }
    }
}

/// An error with its causes, once each.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests;
