//! Working through a batch: every record on its own, and exactly the failed ones reported.
//!
//! Bodies are parsed here, record by record: the event type that parses them all at once would let one unreadable body
//! fail its whole batch. A panic is caught per record for the same reason.

use std::future::Future;
use std::panic::AssertUnwindSafe;

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use futures::FutureExt;
use futures::future::join_all;

use crate::Message;

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
    let handle = &handle;
    let done = join_all(records.into_iter().map(|record| async move {
        let Ok(message) = record.message else {
            return Some(record.id);
        };
        let (name, subject) = (message.name(), message.subject());
        let outcome = AssertUnwindSafe(async { handle(message).await }).catch_unwind().await;
        match outcome {
            Ok(Ok(())) => None,
            Ok(Err(error)) => {
                tracing::error!(message.id = %record.id, message.kind = name, subject, error = %chain(&error), "{subject} is tried again");
                Some(record.id)
            }
            Err(_) => {
                tracing::error!(message.id = %record.id, message.kind = name, subject, "working on {subject} panicked; it is tried again");
                Some(record.id)
            }
        }
    }))
    .await;
    Ok(respond(done.into_iter().flatten().collect()))
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
