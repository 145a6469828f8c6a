//! The wire operations of SQS (awsJson1.0) over the engine, one method each.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::failure::Failure;
use super::messages::shown_message;
use super::receipt::Receipt;
use super::record::QueueId;
use super::requests::{
    ChangeVisibilityRequest, CreateQueueRequest, DeleteRequest, GetAttributesRequest,
    ListQueuesRequest, NameRequest, ReceiveRequest, SendRequest, SetAttributesRequest, UrlRequest,
};
use super::settings::{self, ACCOUNT, MAX_VISIBILITY_SECONDS, MAX_WAIT_SECONDS};
use super::state::State;
use super::traffic::shown_message_id;
use super::writer::Outcome;
use super::{EmbeddedQueues, wall_clock_ms};
use crate::connector::{WireAnswer, WireApi, WireCall};

pub(super) type Answer = Result<Value, Failure>;

impl WireApi for EmbeddedQueues {
    async fn answer(&self, call: WireCall) -> WireAnswer {
        match self.dispatch(&call).await {
            Ok(body) => WireAnswer {
                status: 200,
                body: body.to_string(),
                query_error: None,
            },
            Err(failure) => failure.into(),
        }
    }

    /// A long poll takes messages in the very moment it answers, so giving it up loses none.
    fn may_wait(target: &str) -> bool {
        target == "AmazonSQS.ReceiveMessage"
    }
}

impl EmbeddedQueues {
    async fn dispatch(&self, call: &WireCall) -> Answer {
        let operation = call.target.strip_prefix("AmazonSQS.").unwrap_or_default();
        let body = call.body.as_slice();
        match operation {
            "CreateQueue" => self.create_queue(&call.origin, request(body)?).await,
            "GetQueueUrl" => self.get_queue_url(&call.origin, request(body)?),
            "ListQueues" => self.list_queues(&call.origin, request(body)?),
            "ListDeadLetterSourceQueues" => {
                self.list_dead_letter_sources(&call.origin, request(body)?)
            }
            "GetQueueAttributes" => self.get_queue_attributes(request(body)?),
            "SetQueueAttributes" => self.set_queue_attributes(request(body)?).await,
            "DeleteQueue" => self.delete_queue(request(body)?),
            "PurgeQueue" => self.purge_queue(request(body)?),
            "SendMessage" => self.send_message(request(body)?).await,
            "SendMessageBatch" => self.send_message_batch(request(body)?).await,
            "ReceiveMessage" => self.receive_message(request(body)?).await,
            "DeleteMessage" => self.delete_message(request(body)?),
            "DeleteMessageBatch" => self.delete_message_batch(request(body)?),
            "ChangeMessageVisibility" => self.change_message_visibility(request(body)?),
            "ChangeMessageVisibilityBatch" => self.change_message_visibility_batch(request(body)?),
            "StartMessageMoveTask" => self.start_message_move_task(request(body)?).await,
            "ListMessageMoveTasks" => self.list_message_move_tasks(request(body)?),
            _ => Err(Failure::unknown_operation()),
        }
    }

    async fn create_queue(&self, origin: &str, request: CreateQueueRequest) -> Answer {
        let name = request.queue_name;
        if name.ends_with(".fifo") {
            return Err(Failure::unsupported(
                "The embedded engine has standard queues only.",
            ));
        }
        if !settings::is_valid_name(&name) {
            return Err(Failure::invalid_parameter(
                "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length.",
            ));
        }
        let attributes = request.attributes.unwrap_or_default();
        self.with_state(|state| state.create_queue(&name, attributes, wall_clock_ms()))?;
        self.settled(json!({ "QueueUrl": url_of(origin, &name) }))
            .await
    }

    fn get_queue_url(&self, origin: &str, request: NameRequest) -> Answer {
        let name = request.queue_name;
        self.with_state(|state| state.find(&name))
            .ok_or_else(Failure::queue_does_not_exist)?;
        Ok(json!({ "QueueUrl": url_of(origin, &name) }))
    }

    fn list_queues(&self, origin: &str, request: ListQueuesRequest) -> Answer {
        let limit = request.max_results.unwrap_or(1000);
        if !(1..=1000).contains(&limit) {
            return Err(Failure::invalid_parameter(
                "MaxResults must be between 1 and 1000.",
            ));
        }
        let prefix = request.queue_name_prefix.unwrap_or_default();
        // The token is the last name of the page before.
        let after = request.next_token.unwrap_or_default();
        let names: Vec<String> = self.with_state(|state| {
            state
                .names(&prefix, &after)
                .take(limit + 1)
                .map(str::to_owned)
                .collect()
        });
        let page = &names[..names.len().min(limit)];
        let urls: Vec<String> = page.iter().map(|name| url_of(origin, name)).collect();
        let mut answer = json!({ "QueueUrls": urls });
        if names.len() > limit {
            answer["NextToken"] = json!(page.last());
        }
        Ok(answer)
    }

    fn list_dead_letter_sources(&self, origin: &str, request: UrlRequest) -> Answer {
        self.on_queue(&request.queue_url, |state, _, name| {
            let urls: Vec<String> = state
                .sources_of(name)
                .into_iter()
                .map(|source| url_of(origin, source))
                .collect();
            Ok(json!({ "queueUrls": urls }))
        })
    }

    fn get_queue_attributes(&self, request: GetAttributesRequest) -> Answer {
        let wanted = request.attribute_names.unwrap_or_default();
        let mut shown = self.on_queue(&request.queue_url, |state, queue, name| {
            let depth = state.depth(queue, Instant::now());
            let description = state
                .describe(queue)
                .ok_or_else(Failure::queue_does_not_exist)?;
            let mut shown = description.settings.shown();
            let counted = [
                ("ApproximateNumberOfMessages", depth.visible.to_string()),
                (
                    "ApproximateNumberOfMessagesNotVisible",
                    depth.in_flight.to_string(),
                ),
                (
                    "ApproximateNumberOfMessagesDelayed",
                    depth.delayed.to_string(),
                ),
                (
                    "CreatedTimestamp",
                    (description.created_ms / 1000).to_string(),
                ),
                (
                    "LastModifiedTimestamp",
                    (description.modified_ms / 1000).to_string(),
                ),
                ("QueueArn", settings::arn_of(name)),
            ];
            shown.extend(counted.map(|(name, value)| (name.to_owned(), value)));
            Ok(shown)
        })?;
        if !wanted.iter().any(|name| name == "All") {
            shown.retain(|name, _| wanted.contains(name));
        }
        Ok(json!({ "Attributes": shown }))
    }

    async fn set_queue_attributes(&self, request: SetAttributesRequest) -> Answer {
        self.on_queue(&request.queue_url, |state, queue, _| {
            state.change_settings(queue, request.attributes, wall_clock_ms())
        })?;
        self.settled(json!({})).await
    }

    fn delete_queue(&self, request: UrlRequest) -> Answer {
        self.on_queue(&request.queue_url, |state, queue, _| {
            state.delete_queue(queue);
            Ok(json!({}))
        })
    }

    fn purge_queue(&self, request: UrlRequest) -> Answer {
        self.on_queue(&request.queue_url, |state, queue, _| {
            state.purge(queue);
            Ok(json!({}))
        })
    }

    async fn send_message(&self, request: SendRequest) -> Answer {
        let limit = self.max_message_bytes(&request.queue_url)?;
        let checked = request.message.check(limit)?;
        let mut answer = checked.digests();
        let name = settings::name_in_url(&request.queue_url).unwrap_or_default();
        let message_ids = self.send(name, vec![checked.outgoing()]).await?;
        for message_id in message_ids {
            answer.insert("MessageId".to_owned(), json!(shown_message_id(message_id)));
        }
        Ok(Value::Object(answer))
    }

    async fn receive_message(&self, request: ReceiveRequest) -> Answer {
        let limit = within(
            "MaxNumberOfMessages",
            request.max_number_of_messages.unwrap_or(1),
            1,
            10,
        )?;
        let visibility = optional_seconds(
            "VisibilityTimeout",
            request.visibility_timeout,
            MAX_VISIBILITY_SECONDS,
        )?;
        let wait = optional_seconds(
            "WaitTimeSeconds",
            request.wait_time_seconds,
            MAX_WAIT_SECONDS,
        )?;
        let mut system_names = request.attribute_names.unwrap_or_default();
        system_names.extend(request.message_system_attribute_names.unwrap_or_default());
        let attribute_names = request.message_attribute_names.unwrap_or_default();
        let name =
            settings::name_in_url(&request.queue_url).ok_or_else(Failure::queue_does_not_exist)?;
        // At most ten.
        let received = self.receive(name, limit as usize, visibility, wait).await?;
        let messages: Vec<Value> = received
            .iter()
            .map(|message| shown_message(message, &system_names, &attribute_names))
            .collect();
        Ok(if messages.is_empty() {
            json!({})
        } else {
            json!({ "Messages": messages })
        })
    }

    fn delete_message(&self, request: DeleteRequest) -> Answer {
        self.on_queue(&request.queue_url, |state, queue, _| {
            delete_one(state, queue, &request.receipt_handle)?;
            Ok(json!({}))
        })
    }

    fn change_message_visibility(&self, request: ChangeVisibilityRequest) -> Answer {
        self.on_queue(&request.queue_url, |state, queue, _| {
            change_visibility_of_one(
                state,
                queue,
                &request.receipt_handle,
                request.visibility_timeout,
            )?;
            Ok(json!({}))
        })
    }

    /// Runs a step on the queue a URL names.
    pub(super) fn on_queue<T>(
        &self,
        queue_url: &str,
        step: impl FnOnce(&mut State, QueueId, &str) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let name = settings::name_in_url(queue_url).ok_or_else(Failure::queue_does_not_exist)?;
        self.with_state(|state| {
            let queue = state.find(name).ok_or_else(Failure::queue_does_not_exist)?;
            step(state, queue, name)
        })
    }

    pub(super) fn max_message_bytes(&self, queue_url: &str) -> Result<usize, Failure> {
        self.on_queue(queue_url, |state, queue, _| {
            state
                .settings(queue)
                .map(|settings| settings.max_message_bytes)
                .ok_or_else(Failure::queue_does_not_exist)
        })
    }

    async fn settled(&self, answer: Value) -> Answer {
        match self.settle(Vec::new()).await {
            Outcome::Durable | Outcome::QueueGone => Ok(answer),
            Outcome::NotDurable => Err(Failure::not_durable()),
        }
    }
}

pub(super) fn delete_one(state: &mut State, queue: QueueId, handle: &str) -> Result<(), Failure> {
    let receipt = Receipt::from_handle(handle).ok_or_else(Failure::receipt_handle_is_invalid)?;
    state.delete(queue, &receipt)
}

pub(super) fn change_visibility_of_one(
    state: &mut State,
    queue: QueueId,
    handle: &str,
    seconds: i64,
) -> Result<(), Failure> {
    let seconds = within("VisibilityTimeout", seconds, 0, MAX_VISIBILITY_SECONDS)?;
    let receipt = Receipt::from_handle(handle).ok_or_else(Failure::receipt_handle_is_invalid)?;
    state.change_visibility(
        queue,
        &receipt,
        Duration::from_secs(seconds),
        Instant::now(),
    )
}

fn request<Request: DeserializeOwned>(body: &[u8]) -> Result<Request, Failure> {
    serde_json::from_slice(body).map_err(|_| Failure::unreadable_request())
}

fn url_of(origin: &str, name: &str) -> String {
    format!("{origin}/{ACCOUNT}/{name}")
}

pub(super) fn within(name: &str, value: i64, least: u64, most: u64) -> Result<u64, Failure> {
    u64::try_from(value).ok().filter(|value| (least..=most).contains(value)).ok_or_else(|| {
        Failure::invalid_parameter(format!(
            "Value {value} for parameter {name} is invalid. Reason: Must be between {least} and {most}, if provided."
        ))
    })
}

pub(super) fn optional_seconds(
    name: &str,
    value: Option<i64>,
    most: u64,
) -> Result<Option<Duration>, Failure> {
    value
        .map(|value| within(name, value, 0, most).map(Duration::from_secs))
        .transpose()
}
