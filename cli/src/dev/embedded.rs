//! A whole Leadline in one process: the engines, the queues with their dead-letter queues, and every handler, called as
//! Lambda would call it. The tests run their stories on it.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use aws_sdk_sqs::Client as SqsClient;
use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, Message, QueueAttributeName};
use engines::objects::{EmbeddedObjects, PutObject};
use engines::queue::EmbeddedQueues;
use engines::table::EmbeddedTable;
use futures::future::try_join_all;
use lambda_http::{Body, Request, Response};
use platform::Clock;
use queue::{Failure, Queue, Queues};
use table::Table;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::handlers::{Handlers, Tape, Wiring};

/// Name of the table.
const TABLE: &str = "leadline";

/// Messages handed to a handler at once, as in the template; also the most that one receive gives.
const BATCH: usize = 10;

/// The same for `assign`, of which one batch waits for the other: what has piled up is worked on together, since each batch
/// waits for the disk as often as every other, however many leads are in it.
const BATCH_OF_ASSIGN: usize = 50;

/// Batches of one queue that are worked on at the same time. Those of `assign` would only get in each other's way: each takes
/// turns of the same pools, and of two that do at the same time one has to start again.
fn concurrent_batches(queue: Queue) -> usize {
    match queue {
        Queue::Assign => 1,
        Queue::Enrich | Queue::Score | Queue::Deliver => 4,
        // The rows of a file are already sent by several calls at a time; but a small file need not wait for a large one.
        Queue::Files => 2,
    }
}

/// After this time a batch no longer counts among those: it waits for somebody outside, and others need not wait with it.
/// (On AWS another copy of the function takes the next batch.)
const PATIENCE: Duration = Duration::from_millis(250);

/// Batches of one queue at most, waiting or not.
const MAX_BATCHES: usize = 64;

/// How often a message is handed out before it goes to the dead-letter queue. More often than in the template, because here
/// every stop of the process counts as a try for all messages that were being worked on, whatever they are.
const MAX_RECEIVES: u32 = 10;

/// How long a received message stays hidden, in seconds: longer than any handler takes.
const VISIBILITY_SECONDS: u32 = 60;

/// The same for `files`, which works on one file for up to a quarter of an hour.
const VISIBILITY_SECONDS_OF_FILES: u32 = 1_000;

/// How long an uploaded file is kept, in seconds: a week, as on AWS.
const KEEP_FILES_SECONDS: u64 = 7 * 86_400;

/// How long a receive waits for messages, in seconds.
const WAIT_SECONDS: i32 = 20;

/// How often due work is looked for. On AWS the schedule says a minute.
const RECYCLE_INTERVAL: Duration = Duration::from_secs(2);

/// How often it is looked whether a source is silent; it is done in every fifth minute only.
const SILENCE_INTERVAL: Duration = Duration::from_secs(60);

/// How often expired items are removed.
const EXPIRY_INTERVAL: Duration = Duration::from_secs(600);

/// The engines underneath.
#[derive(Clone)]
pub struct Engines {
    /// DynamoDB.
    pub table: EmbeddedTable,
    /// SQS.
    pub queues: EmbeddedQueues,
    /// The bucket for large files, if they are taken.
    pub objects: Option<EmbeddedObjects>,
}

/// A whole Leadline. Clones share everything.
#[derive(Clone)]
pub struct Embedded {
    /// The engines underneath.
    pub engines: Engines,
    /// The table.
    pub table: Table,
    /// The queues as the functions see them.
    pub queues: Queues,
    /// Tells the time.
    pub clock: Clock,
    handlers: Arc<Handlers>,
    sqs: SqsClient,
    tape: Option<Tape>,
}

impl Embedded {
    /// Makes the table and the queues if they are not there, and wires the handlers to them.
    ///
    /// # Errors
    /// When an engine refuses.
    pub async fn open(engines: Engines, wiring: Wiring) -> Result<Self> {
        let mut table = Table::new(engines.table.dynamodb_client(), TABLE);
        if let Some(meter) = &wiring.meter {
            table = table.metered(Arc::clone(meter));
        }
        table
            .create_if_missing()
            .await
            .context("cannot make the table")?;
        let sqs = engines.queues.sqs_client();
        let mut urls = Vec::new();
        for queue in Queue::ALL {
            urls.push((
                queue,
                create_queue(&sqs, queue)
                    .await
                    .with_context(|| format!("cannot make the queue {}", queue.name()))?,
            ));
        }
        redrive(&sqs).await?;
        let queues = Queues::new(sqs.clone(), urls);
        let clock = wiring.clock.clone();
        let tape = wiring.tape.clone();
        let handlers = Handlers::new(&table, &queues, wiring);
        let embedded = Self {
            engines,
            table,
            queues,
            clock,
            handlers: Arc::new(handlers),
            sqs,
            tape,
        };
        // A file may have been stored and nobody told. Of one that is done with a second notice changes nothing.
        if let Some(objects) = &embedded.engines.objects {
            for object in objects.all().await {
                embedded.announce(&object).await?;
            }
        }
        Ok(embedded)
    }

    /// Puts a file into the bucket, as S3 does: it is stored, and the queue knows of it, before the sender is answered.
    ///
    /// # Errors
    /// What S3 would refuse; also when the file is stored and the queue cannot be told: sent again, it is there once.
    pub async fn put_file(
        &self,
        uri: &http::Uri,
        headers: &http::HeaderMap,
        body: axum::body::Body,
    ) -> Result<(), engines::objects::Refused> {
        const UNAVAILABLE: engines::objects::Refused = engines::objects::Refused {
            status: 503,
            code: "ServiceUnavailable",
            message: "Send it again.",
        };
        let objects = self.engines.objects.as_ref().ok_or(UNAVAILABLE)?;
        let object = objects.put(uri, headers, body).await?;
        self.announce(&object).await.map_err(|error| {
            tracing::error!(
                error = format!("{error:#}"),
                "a file was stored and could not be announced"
            );
            UNAVAILABLE
        })
    }

    /// What S3 tells the queue of a new object.
    async fn announce(&self, object: &PutObject) -> Result<()> {
        let notice = serde_json::json!({ "Records": [{
            "eventVersion": "2.1", "eventSource": "aws:s3", "eventName": "ObjectCreated:Put",
            "s3": {
                "bucket": { "name": engines::objects::BUCKET },
                "object": { "key": object.key, "size": object.bytes },
            },
        }] });
        self.sqs
            .send_message()
            .queue_url(url(Queue::Files.name()))
            .message_body(notice.to_string())
            .send()
            .await?;
        Ok(())
    }

    /// See [`Handlers::answer`].
    pub async fn answer(&self, request: Request, path: &str) -> Response<Body> {
        self.handlers.answer(request, path).await
    }

    /// See [`Handlers::invoke`].
    ///
    /// # Errors
    /// When the function cannot report on the batch record by record.
    pub async fn invoke(&self, queue: Queue, event: SqsEvent) -> Result<SqsBatchResponse, Failure> {
        self.handlers.invoke(queue, event).await
    }

    /// See [`Handlers::recycle`].
    ///
    /// # Errors
    /// See [`recycle::Recycle::run`].
    pub async fn recycle(&self) -> Result<recycle::Run, recycle::Error> {
        self.handlers.recycle().await
    }

    /// See [`Handlers::silent_sources`].
    ///
    /// # Errors
    /// See [`recycle::Recycle::silent_sources`].
    pub async fn silent_sources(&self) -> Result<Option<recycle::Silence>, recycle::Error> {
        self.handlers.silent_sources().await
    }

    /// Starts what on AWS are event source mappings and the schedule. They end when `stopped` says so.
    pub fn start(&self, stopped: &watch::Receiver<bool>) -> JoinSet<()> {
        let mut tasks = self.start_queues(stopped);
        tasks.spawn(self.clone().look_for_due_work(stopped.clone()));
        tasks.spawn(self.clone().remove_expired(stopped.clone()));
        tasks.spawn(self.clone().listen_for_silence(stopped.clone()));
        tasks
    }

    /// The same without the schedule: due work is looked for only when [`Embedded::recycle`] is called.
    pub fn start_queues(&self, stopped: &watch::Receiver<bool>) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        for queue in Queue::ALL {
            tasks.spawn(self.clone().poll(queue, stopped.clone()));
        }
        tasks
    }

    /// Waits until nothing is on its way: all queues are empty.
    pub async fn wait_idle(&self) {
        self.engines.queues.wait_idle().await;
    }

    /// Makes sure that everything is on disk.
    ///
    /// # Errors
    /// When it is not.
    pub async fn flush(&self) -> Result<()> {
        Ok(self.engines.queues.flush().await?)
    }

    async fn poll(self, queue: Queue, mut stopped: watch::Receiver<bool>) {
        let slots = Arc::new(Semaphore::new(concurrent_batches(queue)));
        let all = Arc::new(Semaphore::new(MAX_BATCHES.max(concurrent_batches(queue))));
        let mut running = JoinSet::new();
        loop {
            let Ok(place) = Arc::clone(&all).acquire_owned().await else {
                return;
            };
            let Ok(slot) = Arc::clone(&slots).acquire_owned().await else {
                return;
            };
            let messages = tokio::select! {
                _ = stopped.wait_for(|stop| *stop) => break,
                received = self.receive(queue) => received,
            };
            while running.try_join_next().is_some() {}
            match messages {
                Ok(messages) if messages.is_empty() => {}
                Ok(messages) => {
                    let embedded = self.clone();
                    running.spawn(async move {
                        let slot = slot;
                        let mut work = std::pin::pin!(embedded.work(queue, messages));
                        if matches!(queue, Queue::Assign | Queue::Files) {
                            work.await;
                        } else if timeout(PATIENCE, &mut work).await.is_err() {
                            drop(slot);
                            work.await;
                        }
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::error!(
                        queue = queue.name(),
                        error = format!("{error:#}"),
                        "the queue {} cannot be read",
                        queue.name()
                    );
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
        while running.join_next().await.is_some() {}
    }

    /// The next batch; waits for its first message, and never for a second.
    async fn receive(&self, queue: Queue) -> Result<Vec<Message>> {
        let most = match queue {
            Queue::Assign => BATCH_OF_ASSIGN,
            Queue::Enrich | Queue::Score | Queue::Deliver => BATCH,
            // As in the template: the next file need not wait for this one.
            Queue::Files => 1,
        };
        let at_once = most.min(BATCH);
        let mut messages = self.receive_some(queue, at_once, WAIT_SECONDS).await?;
        let mut is_full = messages.len() == at_once;
        while is_full && messages.len() < most {
            // What was received before is worked on all the same.
            let Ok(more) = self.receive_some(queue, at_once, 0).await else {
                break;
            };
            is_full = more.len() == at_once;
            messages.extend(more);
        }
        Ok(messages)
    }

    async fn receive_some(
        &self,
        queue: Queue,
        most: usize,
        wait_seconds: i32,
    ) -> Result<Vec<Message>> {
        let received = self
            .sqs
            .receive_message()
            .queue_url(url(queue.name()))
            .max_number_of_messages(i32::try_from(most)?)
            .wait_time_seconds(wait_seconds)
            .message_system_attribute_names(
                aws_sdk_sqs::types::MessageSystemAttributeName::ApproximateReceiveCount,
            )
            .send()
            .await?;
        Ok(received.messages.unwrap_or_default())
    }

    /// Hands messages to their handler and deletes those that it is done with. The others are seen again soon.
    async fn work(&self, queue: Queue, messages: Vec<Message>) {
        if let Some(tape) = &self.tape {
            let bodies = messages
                .iter()
                .filter_map(|message| message.body.clone())
                .map(|body| (queue, body));
            tape.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .extend(bodies);
        }
        let event = event_of(&messages);
        let failed: Vec<String> = match self.invoke(queue, event).await {
            Ok(response) => response
                .batch_item_failures
                .into_iter()
                .map(|failure| failure.item_identifier)
                .collect(),
            Err(error) => {
                tracing::error!(queue = queue.name(), error = %platform::chain(&error), "a batch is returned");
                messages
                    .iter()
                    .filter_map(|message| message.message_id.clone())
                    .collect()
            }
        };
        let (again, done): (Vec<&Message>, Vec<&Message>) = messages.iter().partition(|message| {
            message
                .message_id
                .as_ref()
                .is_some_and(|id| failed.contains(id))
        });
        if let Err(error) = delete(&self.sqs, &url(queue.name()), done).await {
            // They are worked on once more, which changes nothing.
            tracing::warn!(
                queue = queue.name(),
                error = format!("{error:#}"),
                "done messages could not be deleted"
            );
        }
        for message in again {
            self.see_again_soon(queue, message).await;
        }
    }

    /// A second, then two, four, …: a hiccup is over sooner than the visibility timeout.
    async fn see_again_soon(&self, queue: Queue, message: &Message) {
        let seconds = 1 << receive_count(message).saturating_sub(1).min(5);
        let changed = self
            .sqs
            .change_message_visibility()
            .queue_url(url(queue.name()))
            .set_receipt_handle(message.receipt_handle.clone())
            .visibility_timeout(seconds)
            .send()
            .await;
        if let Err(error) = changed {
            tracing::warn!(queue = queue.name(), error = %platform::chain(&error), "a failed message is only seen again after its visibility timeout");
        }
    }

    async fn look_for_due_work(self, mut stopped: watch::Receiver<bool>) {
        loop {
            tokio::select! {
                _ = stopped.wait_for(|stop| *stop) => return,
                () = tokio::time::sleep(RECYCLE_INTERVAL) => {}
            }
            if let Err(error) = self.recycle().await {
                tracing::error!(error = %platform::chain(&error), "due work could not be looked for");
            }
        }
    }

    /// Once a minute, as on AWS, where it is part of the same run as due work.
    async fn listen_for_silence(self, mut stopped: watch::Receiver<bool>) {
        loop {
            tokio::select! {
                _ = stopped.wait_for(|stop| *stop) => return,
                () = tokio::time::sleep(SILENCE_INTERVAL) => {}
            }
            if let Err(error) = self.silent_sources().await {
                tracing::error!(error = %platform::chain(&error), "it could not be looked whether a source is silent");
            }
        }
    }

    /// What DynamoDB does by itself: items whose time is over are removed.
    async fn remove_expired(self, mut stopped: watch::Receiver<bool>) {
        loop {
            tokio::select! {
                _ = stopped.wait_for(|stop| *stop) => return,
                () = tokio::time::sleep(EXPIRY_INTERVAL) => {}
            }
            if self.engines.table.sweep_expired().await.is_none() {
                tracing::warn!("expired items could not be removed");
            }
            if let Some(objects) = &self.engines.objects {
                objects.sweep_older_than(KEEP_FILES_SECONDS).await;
            }
        }
    }
}

fn receive_count(message: &Message) -> u32 {
    use aws_sdk_sqs::types::MessageSystemAttributeName::ApproximateReceiveCount;
    message
        .attributes()
        .and_then(|attributes| attributes.get(&ApproximateReceiveCount))
        .and_then(|count| count.parse().ok())
        .unwrap_or(1)
}

/// Messages as Lambda would hand them over.
pub fn event_of(messages: &[Message]) -> SqsEvent {
    let mut event = SqsEvent::default();
    event.records = messages
        .iter()
        .map(|message| {
            let mut record = SqsMessage::default();
            record.message_id = message.message_id.clone();
            record.body = message.body.clone();
            record
        })
        .collect();
    event
}

/// Deletes messages that are done with, at most ten at a time.
///
/// # Errors
/// When the queue cannot be reached; nothing is deleted then.
pub async fn delete(
    sqs: &SqsClient,
    queue_url: &str,
    done: impl IntoIterator<Item = &Message>,
) -> Result<()> {
    let mut entries = Vec::new();
    for (index, message) in done.into_iter().enumerate() {
        let entry = DeleteMessageBatchRequestEntry::builder()
            .id(index.to_string())
            .set_receipt_handle(message.receipt_handle.clone());
        entries.push(entry.build()?);
    }
    let calls = entries.chunks(BATCH).map(|entries| {
        sqs.delete_message_batch()
            .queue_url(queue_url)
            .set_entries(Some(entries.to_vec()))
            .send()
    });
    try_join_all(calls).await?;
    Ok(())
}

fn url(name: &str) -> String {
    format!("http://sqs.local/000000000000/{name}")
}

/// Name of the dead-letter queue of a queue.
pub fn dead_letter_queue(queue: Queue) -> String {
    format!("{}-dlq", queue.name())
}

/// Gives every message of the dead-letter queues another chance: a start is when whatever kept it from being done may have
/// been mended, and after a crash there may be messages that did nothing but be there.
async fn redrive(sqs: &SqsClient) -> Result<()> {
    for queue in Queue::ALL {
        let arn = arn_of(sqs, &url(&dead_letter_queue(queue))).await?;
        let moved = sqs.start_message_move_task().source_arn(arn).send().await;
        moved.with_context(|| {
            format!(
                "cannot give the messages of {} another chance",
                dead_letter_queue(queue)
            )
        })?;
    }
    Ok(())
}

async fn arn_of(sqs: &SqsClient, url: &str) -> Result<String> {
    let attributes = sqs
        .get_queue_attributes()
        .queue_url(url)
        .attribute_names(QueueAttributeName::QueueArn)
        .send()
        .await?;
    let arn = attributes
        .attributes()
        .and_then(|attributes| attributes.get(&QueueAttributeName::QueueArn));
    Ok(arn.context("the engine gave no ARN")?.clone())
}

async fn create_queue(sqs: &SqsClient, queue: Queue) -> Result<String> {
    let dead_letters = sqs
        .create_queue()
        .queue_name(dead_letter_queue(queue))
        .send()
        .await?;
    let dead_letters_url = dead_letters
        .queue_url
        .context("the engine gave no address")?;
    let arn = arn_of(sqs, &dead_letters_url).await?;
    let visibility = match queue {
        Queue::Files => VISIBILITY_SECONDS_OF_FILES,
        Queue::Enrich | Queue::Score | Queue::Assign | Queue::Deliver => VISIBILITY_SECONDS,
    };
    let redrive = serde_json::json!({ "deadLetterTargetArn": arn, "maxReceiveCount": MAX_RECEIVES.to_string() });
    let created = sqs
        .create_queue()
        .queue_name(queue.name())
        .attributes(
            QueueAttributeName::VisibilityTimeout,
            visibility.to_string(),
        )
        .attributes(QueueAttributeName::RedrivePolicy, redrive.to_string())
        .send()
        .await?;
    created.queue_url.context("the engine gave no address")
}
