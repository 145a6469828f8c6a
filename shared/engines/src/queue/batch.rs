//! The batch operations: each entry succeeds or fails for itself.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use super::EmbeddedQueues;
use super::failure::Failure;
use super::messages::SentMessage;
use super::operations::{Answer, change_visibility_of_one, delete_one};
use super::settings::{self, MAX_MESSAGE_BYTES};
use super::traffic::shown_message_id;

/// SQS quotas: at most ten entries in a batch.
const MAX_ENTRIES: usize = 10;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct BatchRequest<Entry> {
    queue_url: String,
    #[serde(default = "Vec::new")]
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SendEntry {
    id: String,
    #[serde(flatten)]
    message: SentMessage,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DeleteEntry {
    id: String,
    receipt_handle: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ChangeVisibilityEntry {
    id: String,
    receipt_handle: String,
    #[serde(default)]
    visibility_timeout: i64,
}

impl EmbeddedQueues {
    /// The good entries are sent together and become durable with one flush. When that fails the whole request does,
    /// as nothing of it was accepted.
    pub(super) async fn send_message_batch(&self, request: BatchRequest<SendEntry>) -> Answer {
        check_ids(request.entries.iter().map(|entry| entry.id.as_str()))?;
        let limit = self.max_message_bytes(&request.queue_url)?;
        let (mut results, mut outgoing, mut failed) = (Vec::new(), Vec::new(), Vec::new());
        let mut batch_bytes = 0;
        for entry in request.entries {
            match entry.message.check(limit) {
                Ok(message) => {
                    batch_bytes += message.size_bytes() as u64;
                    let mut result = message.digests();
                    result.insert("Id".to_owned(), json!(entry.id));
                    results.push(result);
                    outgoing.push(message.outgoing());
                }
                Err(failure) => failed.push(failure.as_batch_entry(&entry.id)),
            }
        }
        if batch_bytes > MAX_MESSAGE_BYTES {
            return Err(Failure::batch_too_long());
        }
        if !outgoing.is_empty() {
            let name = settings::name_in_url(&request.queue_url).unwrap_or_default();
            let message_ids = self.send(name, outgoing).await?;
            for (result, message_id) in results.iter_mut().zip(message_ids) {
                result.insert("MessageId".to_owned(), json!(shown_message_id(message_id)));
            }
        }
        Ok(batch_answer(
            results.into_iter().map(Value::Object).collect(),
            failed,
        ))
    }

    pub(super) fn delete_message_batch(&self, request: BatchRequest<DeleteEntry>) -> Answer {
        check_ids(request.entries.iter().map(|entry| entry.id.as_str()))?;
        self.on_queue(&request.queue_url, |state, queue, _| {
            let (mut done, mut failed) = (Vec::new(), Vec::new());
            for entry in &request.entries {
                match delete_one(state, queue, &entry.receipt_handle) {
                    Ok(()) => done.push(json!({ "Id": entry.id })),
                    Err(failure) => failed.push(failure.as_batch_entry(&entry.id)),
                }
            }
            Ok(batch_answer(done, failed))
        })
    }

    pub(super) fn change_message_visibility_batch(
        &self,
        request: BatchRequest<ChangeVisibilityEntry>,
    ) -> Answer {
        check_ids(request.entries.iter().map(|entry| entry.id.as_str()))?;
        self.on_queue(&request.queue_url, |state, queue, _| {
            let (mut done, mut failed) = (Vec::new(), Vec::new());
            for entry in &request.entries {
                match change_visibility_of_one(
                    state,
                    queue,
                    &entry.receipt_handle,
                    entry.visibility_timeout,
                ) {
                    Ok(()) => done.push(json!({ "Id": entry.id })),
                    Err(failure) => failed.push(failure.as_batch_entry(&entry.id)),
                }
            }
            Ok(batch_answer(done, failed))
        })
    }
}

/// Both lists are always there: SDKs require them in the answer.
fn batch_answer(successful: Vec<Value>, failed: Vec<Value>) -> Value {
    json!({ "Successful": successful, "Failed": failed })
}

fn check_ids<'entry>(ids: impl Iterator<Item = &'entry str>) -> Result<(), Failure> {
    let ids: Vec<&str> = ids.collect();
    if ids.is_empty() {
        return Err(Failure::empty_batch());
    }
    if ids.len() > MAX_ENTRIES {
        return Err(Failure::too_many_entries());
    }
    if !ids.iter().all(|id| settings::is_valid_name(id)) {
        return Err(Failure::invalid_batch_id());
    }
    if ids.iter().collect::<BTreeSet<_>>().len() != ids.len() {
        return Err(Failure::batch_ids_not_distinct());
    }
    Ok(())
}
