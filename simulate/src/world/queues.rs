//! The queues of a world.

use aws_sdk_sqs::Client as SqsClient;
use aws_sdk_sqs::types::QueueAttributeName;
use queue::Queue;
use serde_json::json;

/// As in the template.
const MAX_RECEIVES: u32 = 5;

pub(super) fn url(name: &str) -> String {
    format!("http://sqs.local/000000000000/{name}")
}

pub(super) async fn create_queue(
    sqs: &SqsClient,
    queue: Queue,
    visibility: u32,
) -> anyhow::Result<String> {
    let dead_letters = format!("{}-dlq", queue.name());
    sqs.create_queue().queue_name(&dead_letters).send().await?;
    let policy = json!({ "deadLetterTargetArn": format!("arn:aws:sqs:us-east-1:000000000000:{dead_letters}"), "maxReceiveCount": MAX_RECEIVES.to_string() });
    let created = sqs
        .create_queue()
        .queue_name(queue.name())
        .attributes(
            QueueAttributeName::VisibilityTimeout,
            visibility.to_string(),
        )
        .attributes(QueueAttributeName::RedrivePolicy, policy.to_string())
        .send()
        .await?;
    Ok(created.queue_url.unwrap_or_default())
}
