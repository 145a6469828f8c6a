//! What a deployed Leadline has around it: the pollers of the queues, the schedule, somebody who redrives dead letters.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use aws_sdk_sqs::types::Message;
use queue::Queue;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::World;
use super::queues::url;
use crate::broken::Broken;
use crate::dice::Dice;

impl World {
    /// What an event source mapping does.
    pub(super) async fn poll(
        self: Arc<Self>,
        queue: Queue,
        index: usize,
        stopped: watch::Receiver<bool>,
    ) {
        let mut awake = self.awake.subscribe();
        let mut rng = Dice(self.story.seed).at(queue.name(), 1_000_000 + index as u64);
        let mut extra = JoinSet::new();
        loop {
            if awake.wait_for(|awake| *awake).await.is_err() || *stopped.borrow() {
                break;
            }
            sleep(Duration::from_millis(rng.u64(0..50))).await;
            if self.engines.queues.depth(queue.name()).visible == 0 {
                // Cheaper than a long poll, of which hours of simulated time would hold thousands.
                sleep(Duration::from_millis(rng.u64(500..2_500))).await;
                continue;
            }
            let received = self
                .sqs
                .receive_message()
                .queue_url(url(queue.name()))
                .max_number_of_messages(rng.i32(1..=10))
                .send()
                .await;
            let messages = received
                .ok()
                .and_then(|received| received.messages)
                .unwrap_or_default();
            if messages.is_empty() {
                continue;
            }
            if rng.u32(0..100) < self.story.weather.duplicates {
                self.network.note("batches delivered twice");
                let (world, again) = (Arc::clone(&self), messages.clone());
                let (other, wait) = (rng.usize(0..4), rng.u64(0..4_000));
                let under_way = Arc::clone(&self.repeats);
                extra.spawn(async move {
                    let _under_way = under_way;
                    sleep(Duration::from_millis(wait)).await;
                    world.hand_over(queue, other, &again).await;
                });
            }
            self.tape
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .extend(
                    messages
                        .iter()
                        .filter_map(|message| Some((queue, message.body.clone()?))),
                );
            // A repeat within the batch now and then.
            let mut batch = messages.clone();
            if rng.u8(0..20) == 0 {
                let mut twin = messages[0].clone();
                twin.message_id = Some(format!("{}-twin", twin.message_id.unwrap_or_default()));
                batch.push(twin);
                self.network.note("messages doubled within a batch");
            }
            if let Some(failed) = self.hand_over(queue, index, &batch).await {
                for message in &messages {
                    let is_failed = message
                        .message_id
                        .as_ref()
                        .is_some_and(|id| failed.contains(id));
                    let is_kept = is_failed && self.broken != Some(Broken::FailuresForgotten);
                    if is_kept
                        || rng.u32(0..100) < self.story.weather.lost_deletes
                            && self.now() < self.calm()
                    {
                        self.network.note(if is_kept {
                            "records given back"
                        } else {
                            "deletions lost"
                        });
                        continue;
                    }
                    let handle = message.receipt_handle.clone();
                    let _gone = self
                        .sqs
                        .delete_message()
                        .queue_url(url(queue.name()))
                        .set_receipt_handle(handle)
                        .send()
                        .await;
                }
            }
        }
        while extra.join_next().await.is_some() {}
    }

    /// One invocation with a batch: the ids that were given back, or `None` when the function ended on the way.
    pub(super) async fn hand_over(
        &self,
        queue: Queue,
        index: usize,
        messages: &[Message],
    ) -> Option<Vec<String>> {
        let records = messages.iter().map(|message| {
            (
                message.message_id.clone().unwrap_or_default(),
                message.body.clone().unwrap_or_default(),
            )
        });
        let records: Vec<(String, String)> = records.collect();
        let event = event(&records);
        let limit = if matches!(queue, Queue::Enrich | Queue::Deliver) {
            30
        } else {
            20
        };
        let answer = self
            .invoke(queue.name(), index, limit, async |handlers| {
                handlers.invoke(queue, event).await
            })
            .await?;
        let failed = match answer {
            Ok(response) => ids(response),
            Err(_) => records.iter().map(|(id, _)| id.clone()).collect(),
        };
        if let Some(unknown) = failed
            .iter()
            .find(|id| !records.iter().any(|(known, _)| known == *id))
        {
            self.ledger().violations.push(format!(
                "F4: {} gave back {unknown}, which it was not given",
                queue.name()
            ));
        }
        Some(failed)
    }

    /// What the schedule does.
    pub(super) async fn keep_schedule(self: Arc<Self>, mut stopped: watch::Receiver<bool>) {
        let mut rng = Dice(self.story.seed).at("schedule", 0);
        while self.now() < self.calm() {
            tokio::select! {
                _ = stopped.wait_for(|stop| *stop) => return,
                () = sleep(Duration::from_secs(rng.u64(20..90))) => {}
            }
            let _looked = self
                .invoke("recycle", 0, 30, async |handlers| {
                    handlers.recycle().await.map_err(|error| error.to_string())
                })
                .await;
        }
    }

    pub(super) async fn redrive(&self) {
        for queue in Queue::ALL {
            let arn = format!("arn:aws:sqs:us-east-1:000000000000:{}-dlq", queue.name());
            let _moved = self
                .sqs
                .start_message_move_task()
                .source_arn(arn)
                .send()
                .await;
        }
    }
}

fn ids(response: SqsBatchResponse) -> Vec<String> {
    response
        .batch_item_failures
        .into_iter()
        .map(|failure| failure.item_identifier)
        .collect()
}

fn event(records: &[(String, String)]) -> SqsEvent {
    let mut event = SqsEvent::default();
    for (id, body) in records {
        let mut record = SqsMessage::default();
        record.message_id = Some(id.clone());
        record.body = Some(body.clone());
        event.records.push(record);
    }
    event
}
