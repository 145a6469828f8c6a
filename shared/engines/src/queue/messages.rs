//! A message on its way in, checked, and on its way out, shown.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::attributes::{Attributes, Extras, digest, has_only_allowed_characters, selected};
use super::failure::Failure;
use super::operations::optional_seconds;
use super::settings::{self, MAX_DELAY_SECONDS};
use super::state::Received;
use super::traffic::{Outgoing, shown_message_id};

/// What is the same in `SendMessage` and in an entry of `SendMessageBatch`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SentMessage {
    message_body: Option<String>,
    delay_seconds: Option<i64>,
    message_attributes: Option<Attributes>,
    message_system_attributes: Option<Attributes>,
    message_group_id: Option<String>,
}

/// A message to send that passed every check.
pub(super) struct CheckedMessage {
    body: String,
    extras: Extras,
    delay: Option<Duration>,
}

impl SentMessage {
    pub(super) fn check(self, max_bytes: usize) -> Result<CheckedMessage, Failure> {
        let body = self.message_body.filter(|body| !body.is_empty());
        let body = body.ok_or_else(|| Failure::missing_parameter("MessageBody"))?;
        let delay = optional_seconds("DelaySeconds", self.delay_seconds, MAX_DELAY_SECONDS)?;
        let extras = Extras {
            message_attributes: self.message_attributes.unwrap_or_default(),
            message_system_attributes: self.message_system_attributes.unwrap_or_default(),
            message_group_id: self.message_group_id,
        };
        extras.check()?;
        if !has_only_allowed_characters(&body) {
            return Err(Failure::invalid_message_contents());
        }
        let message = CheckedMessage {
            body,
            extras,
            delay,
        };
        if message.size_bytes() > max_bytes {
            return Err(Failure::invalid_parameter(format!(
                "One or more parameters are invalid. Reason: Message must be shorter than {max_bytes} bytes."
            )));
        }
        Ok(message)
    }
}

impl CheckedMessage {
    /// Bytes of body and attributes, as limits count them.
    pub(super) fn size_bytes(&self) -> usize {
        self.body.len() + self.extras.size_bytes()
    }

    pub(super) fn outgoing(self) -> Outgoing {
        Outgoing {
            extras: self.extras.to_json(),
            body: self.body,
            delay: self.delay,
        }
    }

    /// The digests by which a sender checks what arrived.
    pub(super) fn digests(&self) -> Map<String, Value> {
        let mut digests = Map::new();
        digests.insert("MD5OfMessageBody".to_owned(), json!(md5_of(&self.body)));
        if let Some(digest) = digest(&self.extras.message_attributes) {
            digests.insert("MD5OfMessageAttributes".to_owned(), json!(digest));
        }
        if let Some(digest) = digest(&self.extras.message_system_attributes) {
            digests.insert("MD5OfMessageSystemAttributes".to_owned(), json!(digest));
        }
        digests
    }
}

/// A received message with the attributes that were asked for.
pub(super) fn shown_message(
    received: &Received,
    system_names: &[String],
    attribute_names: &[String],
) -> Value {
    let stored = &received.stored;
    let extras = Extras::from_json(&stored.extras);
    let mut message = json!({
        "MessageId": shown_message_id(stored.message_id),
        "ReceiptHandle": received.receipt_handle,
        "MD5OfBody": md5_of(&stored.body),
        "Body": stored.body,
    });
    let mut system = BTreeMap::from([
        ("SenderId", "embedded".to_owned()),
        ("SentTimestamp", stored.sent_ms.to_string()),
        (
            "ApproximateReceiveCount",
            received.receive_count.to_string(),
        ),
        (
            "ApproximateFirstReceiveTimestamp",
            received.first_received_ms.to_string(),
        ),
    ]);
    if let Some(group) = extras.message_group_id {
        system.insert("MessageGroupId", group);
    }
    if let Some(source) = &received.source_name {
        system.insert("DeadLetterQueueSourceArn", settings::arn_of(source));
    }
    let trace = extras
        .message_system_attributes
        .get("AWSTraceHeader")
        .and_then(|value| value.string_value.clone());
    if let Some(trace) = trace {
        system.insert("AWSTraceHeader", trace);
    }
    system.retain(|name, _| {
        system_names
            .iter()
            .any(|wanted| wanted == "All" || wanted == name)
    });
    if !system.is_empty() {
        message["Attributes"] = json!(system);
    }
    let attributes = selected(extras.message_attributes, attribute_names);
    if let Some(digest) = digest(&attributes) {
        message["MD5OfMessageAttributes"] = json!(digest);
        message["MessageAttributes"] = json!(attributes);
    }
    message
}

fn md5_of(body: &str) -> String {
    format!("{:x}", md5::compute(body))
}
