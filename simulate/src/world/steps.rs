//! What is done from outside, step by step.

use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use aws_sdk_sqs::types::Message;
use queue::Queue;
use tokio::time::sleep;

use super::World;
use super::queues::url;
use crate::configuration::variant;
use crate::story::{POISON, Step, What};

impl World {
    /// Does one thing from outside.
    pub(super) async fn play(self: Arc<Self>, index: usize, step: Step) {
        sleep(Duration::from_millis(step.at)).await;
        match step.what {
            What::Submit(submit) => self.submit(index, submit).await,
            What::Batch(rows) => self.batch(index, &rows).await,
            What::Announce(people) => self.announce(index, &people).await,
            What::Visit { visitor, kind, id } => self.visit(index, visitor, kind, id).await,
            What::Report { person, kind, id } => self.report(index, person, kind, id).await,
            What::Feedback {
                person,
                kind,
                reason,
            } => self.give_feedback(index, person, kind, reason).await,
            What::Erase { person, by } => self.erase(index, person, by).await,
            What::Offer(offered) => self.offer(index, &offered).await,
            What::OfferFile(rows) => self.offer_file(index, &rows).await,
            What::Return {
                vendor,
                number,
                reason,
            } => self.send_back(index, vendor, number, reason).await,
            What::Configure(number) => {
                let variant = variant(number, &self.story.weather);
                let _pushed = self
                    .table
                    .push_configuration(&variant.config, &variant.text, self.now())
                    .await;
                self.network.note("configurations put in force");
            }
            What::Poison { queue, body } => {
                self.network.note("poison");
                self.put(queue, POISON[body]).await;
            }
            What::Replay { queue, from, count } => {
                let tape: Vec<String> = self
                    .tape
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .iter()
                    .filter(|(known, _)| *known == queue)
                    .map(|(_, body)| body.clone())
                    .collect();
                let again: Vec<Message> = tape
                    .into_iter()
                    .skip(from)
                    .take(count)
                    .enumerate()
                    .map(|(number, body)| {
                        let id = format!("replay-{index}-{number}");
                        Message::builder().message_id(id).body(body).build()
                    })
                    .collect();
                if !again.is_empty() {
                    self.network.note("old messages played again");
                    let failed = self.hand_over(queue, 7, &again).await;
                    // A copy that turned up once more is a message like any other: if it is not done with, it comes back. What
                    // nobody can read was counted when it came first.
                    for message in again {
                        let is_done = failed.as_ref().is_some_and(|failed| {
                            failed.iter().all(|id| message.message_id() != Some(id))
                        });
                        let is_poison = message.body().is_some_and(|body| POISON.contains(&body));
                        if !is_done && !is_poison {
                            self.put(queue, message.body().unwrap_or_default()).await;
                        }
                    }
                }
            }
            What::Redrive => {
                self.network.note("dead-letter queues redriven");
                self.redrive().await;
            }
            What::Restart => {
                self.network.note("restarts of everything");
                let running = std::mem::take(
                    &mut *self.running.lock().unwrap_or_else(PoisonError::into_inner),
                );
                running
                    .iter()
                    .filter_map(Weak::upgrade)
                    .for_each(|invocation| invocation.end.notify_one());
                self.environments
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .clear();
            }
        }
    }

    /// Puts a message into a queue, whatever the weather.
    async fn put(&self, queue: Queue, body: &str) {
        let _sent = self
            .sqs
            .send_message()
            .queue_url(url(queue.name()))
            .message_body(body)
            .send()
            .await;
    }
}
