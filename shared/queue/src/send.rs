//! Sending.

use std::collections::BTreeMap;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;

use crate::Message;

/// Entries in one call: SQS's limit.
const MAX_ENTRIES: usize = 10;

/// Bytes in one call: SQS takes 1 MiB; the rest is left for names.
const MAX_BYTES: usize = 1_000_000;

/// Longest delay that SQS offers, in seconds.
const MAX_DELAY_SECONDS: i32 = 900;

/// The queues, by who reads them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Queue {
    /// Read by `enrich`.
    Enrich,
    /// Read by `score`.
    Score,
    /// Read by `assign`.
    Assign,
    /// Read by `deliver`.
    Deliver,
}

impl Queue {
    /// All of them, in the order of a lead's way.
    pub const ALL: [Queue; 4] = [Queue::Enrich, Queue::Score, Queue::Assign, Queue::Deliver];

    /// The name of the function that reads it.
    pub fn name(self) -> &'static str {
        match self {
            Queue::Enrich => "enrich",
            Queue::Score => "score",
            Queue::Assign => "assign",
            Queue::Deliver => "deliver",
        }
    }
}

/// What went wrong with sending. Some messages may have been taken: sending all of them again is safe.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The function was not given the address of the queue.
    #[error("the address of the queue {0} is not configured")]
    NoQueue(&'static str),
    /// A message cannot be written.
    #[error("a message for the queue {0} cannot be written as JSON")]
    Unwritable(&'static str),
    /// SQS refused or could not be reached.
    #[error("the queue {queue} did not take the messages")]
    Call {
        /// The queue.
        queue: &'static str,
        /// What the SDK says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// SQS took some messages and refused others.
    #[error("the queue {queue} refused {refused} of the messages ({code})")]
    Refused {
        /// The queue.
        queue: &'static str,
        /// How many.
        refused: usize,
        /// SQS's code for the first.
        code: String,
    },
}

/// The queues that a function may send to.
#[derive(Debug, Clone)]
pub struct Queues {
    client: Client,
    urls: BTreeMap<Queue, String>,
}

impl Queues {
    /// Queues at the given addresses, reached through `client`.
    pub fn new(client: Client, urls: impl IntoIterator<Item = (Queue, String)>) -> Self {
        Self {
            client,
            urls: urls.into_iter().collect(),
        }
    }

    /// Sends one message. It is durable when this returns.
    ///
    /// # Errors
    /// See [`SendError`].
    pub async fn send(&self, queue: Queue, message: &Message) -> Result<(), SendError> {
        self.send_later(queue, message, 0).await
    }

    /// Sends one message that is read after `delay_seconds` at the earliest (at most 900).
    ///
    /// # Errors
    /// See [`SendError`].
    pub async fn send_later(
        &self,
        queue: Queue,
        message: &Message,
        delay_seconds: i32,
    ) -> Result<(), SendError> {
        let request = self
            .client
            .send_message()
            .queue_url(self.url(queue)?)
            .message_body(write(queue, message)?);
        let request = if delay_seconds > 0 {
            request.delay_seconds(delay_seconds.min(MAX_DELAY_SECONDS))
        } else {
            request
        };
        request.send().await.map_err(|error| SendError::Call {
            queue: queue.name(),
            source: Box::new(error),
        })?;
        Ok(())
    }

    /// Sends several messages, in as few calls as SQS allows. All are durable when this returns.
    ///
    /// # Errors
    /// See [`SendError`].
    pub async fn send_all(&self, queue: Queue, messages: &[Message]) -> Result<(), SendError> {
        if let [message] = messages {
            return self.send(queue, message).await;
        }
        let mut bodies = Vec::with_capacity(messages.len());
        for message in messages {
            bodies.push(write(queue, message)?);
        }
        let mut waiting: Vec<String> = Vec::new();
        let mut bytes = 0;
        for body in bodies {
            if waiting.len() == MAX_ENTRIES || bytes + body.len() > MAX_BYTES {
                self.send_entries(queue, std::mem::take(&mut waiting))
                    .await?;
                bytes = 0;
            }
            bytes += body.len();
            waiting.push(body);
        }
        self.send_entries(queue, waiting).await
    }

    async fn send_entries(&self, queue: Queue, bodies: Vec<String>) -> Result<(), SendError> {
        if bodies.is_empty() {
            return Ok(());
        }
        let mut request = self.client.send_message_batch().queue_url(self.url(queue)?);
        for (index, body) in bodies.into_iter().enumerate() {
            let entry = SendMessageBatchRequestEntry::builder()
                .id(index.to_string())
                .message_body(body)
                .build();
            request = request.entries(entry.map_err(|_| SendError::Unwritable(queue.name()))?);
        }
        let sent = request.send().await.map_err(|error| SendError::Call {
            queue: queue.name(),
            source: Box::new(error),
        })?;
        match sent.failed().first() {
            None => Ok(()),
            Some(first) => Err(SendError::Refused {
                queue: queue.name(),
                refused: sent.failed().len(),
                code: first.code().to_owned(),
            }),
        }
    }

    fn url(&self, queue: Queue) -> Result<&str, SendError> {
        self.urls
            .get(&queue)
            .map(String::as_str)
            .ok_or(SendError::NoQueue(queue.name()))
    }
}

fn write(queue: Queue, message: &Message) -> Result<String, SendError> {
    serde_json::to_string(message).map_err(|_| SendError::Unwritable(queue.name()))
}
