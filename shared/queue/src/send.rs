//! Sending.

use std::collections::BTreeMap;
use std::sync::Arc;

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
    /// Read by `files`. The store of uploaded files puts its notices here, too.
    Files,
}

impl Queue {
    /// All of them, in the order of a lead's way; then the one beside it.
    pub const ALL: [Queue; 5] = [
        Queue::Enrich,
        Queue::Score,
        Queue::Assign,
        Queue::Deliver,
        Queue::Files,
    ];

    /// Those on the way of a lead.
    pub const OF_LEADS: [Queue; 4] = [Queue::Enrich, Queue::Score, Queue::Assign, Queue::Deliver];

    /// The name of the function that reads it.
    pub fn name(self) -> &'static str {
        match self {
            Queue::Enrich => "enrich",
            Queue::Score => "score",
            Queue::Assign => "assign",
            Queue::Deliver => "deliver",
            Queue::Files => "files",
        }
    }
}

/// A message that is to be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Outgoing {
    /// Where to.
    pub queue: Queue,
    /// What.
    pub message: Message,
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
        /// What the SDK says; of all messages of one call.
        #[source]
        source: Arc<dyn std::error::Error + Send + Sync>,
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
        self.send_body(queue, write(queue, message)?, delay_seconds)
            .await
    }

    async fn send_body(
        &self,
        queue: Queue,
        body: String,
        delay_seconds: i32,
    ) -> Result<(), SendError> {
        let request = self
            .client
            .send_message()
            .queue_url(self.url(queue)?)
            .message_body(body);
        let request = if delay_seconds > 0 {
            request.delay_seconds(delay_seconds.min(MAX_DELAY_SECONDS))
        } else {
            request
        };
        request.send().await.map_err(|error| SendError::Call {
            queue: queue.name(),
            source: Arc::new(error),
        })?;
        Ok(())
    }

    /// Sends several messages, in as few calls as SQS allows. All are durable when this returns.
    ///
    /// # Errors
    /// See [`SendError`].
    pub async fn send_all(&self, queue: Queue, messages: &[Message]) -> Result<(), SendError> {
        let bodies = messages
            .iter()
            .map(|message| write(queue, message))
            .collect::<Result<Vec<String>, SendError>>()?;
        let all: Vec<(usize, String)> = bodies.into_iter().enumerate().collect();
        for (_, outcome) in self.send_bodies(queue, all).await {
            outcome?;
        }
        Ok(())
    }

    /// Sends what several records of a batch want sent, in as few calls as SQS allows. Says of each message, in the order
    /// given, whether it is durable: a record whose message was refused is tried again, and the others are not.
    pub async fn send_each(&self, outgoing: &[Outgoing]) -> Vec<Result<(), SendError>> {
        let mut outcomes: Vec<Result<(), SendError>> = outgoing.iter().map(|_| Ok(())).collect();
        for queue in Queue::ALL {
            let mut bodies = Vec::new();
            for (index, wanted) in outgoing.iter().enumerate() {
                if wanted.queue == queue {
                    match write(queue, &wanted.message) {
                        Ok(body) => bodies.push((index, body)),
                        Err(error) => outcomes[index] = Err(error),
                    }
                }
            }
            for (index, outcome) in self.send_bodies(queue, bodies).await {
                outcomes[index] = outcome;
            }
        }
        outcomes
    }

    /// Sends bodies, each with a number of the caller's, in calls as full as SQS takes them.
    async fn send_bodies(
        &self,
        queue: Queue,
        bodies: Vec<(usize, String)>,
    ) -> Vec<(usize, Result<(), SendError>)> {
        let mut outcomes = Vec::with_capacity(bodies.len());
        let mut waiting: Vec<(usize, String)> = Vec::new();
        let mut bytes = 0;
        for (index, body) in bodies {
            if waiting.len() == MAX_ENTRIES || bytes + body.len() > MAX_BYTES {
                outcomes.extend(self.send_call(queue, std::mem::take(&mut waiting)).await);
                bytes = 0;
            }
            bytes += body.len();
            waiting.push((index, body));
        }
        outcomes.extend(self.send_call(queue, waiting).await);
        outcomes
    }

    /// One call.
    async fn send_call(
        &self,
        queue: Queue,
        mut bodies: Vec<(usize, String)>,
    ) -> Vec<(usize, Result<(), SendError>)> {
        if bodies.len() > 1 {
            return self.send_entries(queue, bodies).await;
        }
        match bodies.pop() {
            Some((index, body)) => vec![(index, self.send_body(queue, body, 0).await)],
            None => Vec::new(),
        }
    }

    async fn send_entries(
        &self,
        queue: Queue,
        bodies: Vec<(usize, String)>,
    ) -> Vec<(usize, Result<(), SendError>)> {
        let indexes: Vec<usize> = bodies.iter().map(|(index, _)| *index).collect();
        let all_failed = |source: Arc<dyn std::error::Error + Send + Sync>| {
            let failed = |index: &usize| {
                let source = Arc::clone(&source);
                let queue = queue.name();
                (*index, Err(SendError::Call { queue, source }))
            };
            indexes.iter().map(failed).collect()
        };
        let url = match self.url(queue) {
            Ok(url) => url,
            Err(error) => return all_failed(Arc::new(error)),
        };
        let mut request = self.client.send_message_batch().queue_url(url);
        for (index, body) in bodies {
            let entry = SendMessageBatchRequestEntry::builder()
                .id(index.to_string())
                .message_body(body)
                .build();
            match entry {
                Ok(entry) => request = request.entries(entry),
                Err(error) => return all_failed(Arc::new(error)),
            }
        }
        let sent = match request.send().await {
            Ok(sent) => sent,
            Err(error) => return all_failed(Arc::new(error)),
        };
        // Only what is named as taken is taken.
        let refused = sent.failed().len();
        let outcome = |index: usize| {
            let id = index.to_string();
            if sent.successful().iter().any(|entry| entry.id() == id) {
                return Ok(());
            }
            let named = sent.failed().iter().find(|entry| entry.id() == id);
            Err(SendError::Refused {
                queue: queue.name(),
                refused,
                code: named
                    .map_or("not answered", |entry| entry.code())
                    .to_owned(),
            })
        };
        indexes
            .into_iter()
            .map(|index| (index, outcome(index)))
            .collect()
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
