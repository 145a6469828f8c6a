//! The queue engine through the real SDK client.

mod compaction;
mod contract;
mod crash;
mod damage;
mod dead_letters;
mod durability;
mod engine;
mod model;
mod refusals;
mod wire;

use std::path::Path;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName, QueueAttributeName};

use super::{EmbeddedQueues, SyncPolicy};

fn open(directory: &Path) -> EmbeddedQueues {
    EmbeddedQueues::open(directory, SyncPolicy::OsCache).unwrap()
}

async fn create(client: &Client, name: &str, attributes: &[(QueueAttributeName, &str)]) -> String {
    let mut request = client.create_queue().queue_name(name);
    for (attribute, value) in attributes {
        request = request.attributes(attribute.clone(), *value);
    }
    request.send().await.unwrap().queue_url.unwrap()
}

async fn arn(client: &Client, url: &str) -> String {
    let answer = client
        .get_queue_attributes()
        .queue_url(url)
        .attribute_names(QueueAttributeName::QueueArn);
    answer.send().await.unwrap().attributes.unwrap()[&QueueAttributeName::QueueArn].clone()
}

/// A work queue whose messages go to a dead-letter queue after `max_receives`. Answers both URLs.
async fn create_with_dead_letters(
    client: &Client,
    name: &str,
    max_receives: u32,
    attributes: &[(QueueAttributeName, &str)],
) -> (String, String) {
    let dead_letters = create(client, &format!("{name}-dlq"), &[]).await;
    let target = arn(client, &dead_letters).await;
    let policy =
        format!(r#"{{"deadLetterTargetArn":"{target}","maxReceiveCount":"{max_receives}"}}"#);
    let mut attributes = attributes.to_vec();
    attributes.push((QueueAttributeName::RedrivePolicy, &policy));
    (create(client, name, &attributes).await, dead_letters)
}

async fn send(client: &Client, url: &str, body: &str) {
    client
        .send_message()
        .queue_url(url)
        .message_body(body)
        .send()
        .await
        .unwrap();
}

async fn receive(client: &Client, url: &str, limit: i32) -> Vec<Message> {
    let answer = client
        .receive_message()
        .queue_url(url)
        .max_number_of_messages(limit)
        .message_system_attribute_names(MessageSystemAttributeName::All)
        .send()
        .await
        .unwrap();
    answer.messages.unwrap_or_default()
}

/// Receives one message, waiting for it up to the longest long poll.
async fn receive_one(client: &Client, url: &str) -> Message {
    let answer = client
        .receive_message()
        .queue_url(url)
        .wait_time_seconds(20)
        .message_system_attribute_names(MessageSystemAttributeName::All)
        .send()
        .await
        .unwrap();
    answer
        .messages
        .unwrap_or_default()
        .pop()
        .expect("a message within 20 seconds")
}

async fn delete(client: &Client, url: &str, message: &Message) {
    let handle = message.receipt_handle().unwrap();
    client
        .delete_message()
        .queue_url(url)
        .receipt_handle(handle)
        .send()
        .await
        .unwrap();
}

async fn change_visibility(client: &Client, url: &str, message: &Message, seconds: i32) {
    let handle = message.receipt_handle().unwrap();
    let request = client
        .change_message_visibility()
        .queue_url(url)
        .receipt_handle(handle);
    request.visibility_timeout(seconds).send().await.unwrap();
}

fn receive_count(message: &Message) -> &str {
    &message.attributes().unwrap()[&MessageSystemAttributeName::ApproximateReceiveCount]
}

fn bodies(messages: &[Message]) -> Vec<&str> {
    messages
        .iter()
        .map(|message| message.body().unwrap())
        .collect()
}
