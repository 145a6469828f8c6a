//! Sending and receiving: the two operations that wait.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::failure::Failure;
use super::record::{MessageRecord, Record, Stored};
use super::state::{Pending, Received};
use super::writer::{Command, Outcome, outcome_of};
use super::{EmbeddedQueues, wall_clock_ms};

/// A message that passed every check.
pub(super) struct Outgoing {
    pub(super) body: String,
    /// Attributes as JSON; empty when none.
    pub(super) extras: String,
    /// Overrides the queue's delay.
    pub(super) delay: Option<Duration>,
}

impl EmbeddedQueues {
    /// Sends messages to one queue, together: afterwards all are durable or none was accepted. Answers their ids.
    pub(super) async fn send(
        &self,
        queue_name: &str,
        messages: Vec<Outgoing>,
    ) -> Result<Vec<u128>, Failure> {
        let now = Instant::now();
        let now_ms = wall_clock_ms();
        let count = messages.len();
        let pending: Vec<Pending> = self.with_state(|state| {
            let queue = state
                .find(queue_name)
                .ok_or_else(Failure::queue_does_not_exist)?;
            let queue_delay = state
                .settings(queue)
                .map_or(Duration::ZERO, |settings| settings.delay);
            let number = |message: Outgoing| {
                let sequence = state.begin_send();
                let delay = message.delay.unwrap_or(queue_delay);
                let delayed = !delay.is_zero();
                let stored = Stored {
                    message_id: message_id(state.opening(), sequence),
                    sent_ms: now_ms,
                    body: message.body,
                    extras: message.extras,
                };
                let record = MessageRecord {
                    queue,
                    sequence,
                    source: 0,
                    receive_count: 0,
                    // At most 15 minutes.
                    deliver_at_ms: if delayed {
                        now_ms + delay.as_millis() as u64
                    } else {
                        0
                    },
                    stored: Arc::new(stored),
                };
                Pending {
                    record,
                    available_at: delayed.then(|| now + delay),
                }
            };
            Ok(messages.into_iter().map(number).collect())
        })?;
        let message_ids = pending
            .iter()
            .map(|pending| pending.record.stored.message_id)
            .collect();
        let Some(journal) = &self.engine.journal else {
            let published = self.with_state(|state| {
                let publish = |message| state.publish(message);
                pending
                    .into_iter()
                    .map(publish)
                    .filter(|published| *published)
                    .count()
            });
            return if published == count {
                Ok(message_ids)
            } else {
                Err(Failure::queue_does_not_exist())
            };
        };
        let mut frames = Vec::new();
        for message in &pending {
            Record::Message(message.record.clone()).append_to(&mut frames);
        }
        let (done, waiting) = oneshot::channel();
        journal.submit(Command::Send {
            frames,
            messages: pending,
            done,
        });
        match outcome_of(waiting).await {
            Outcome::Durable => Ok(message_ids),
            Outcome::QueueGone => Err(Failure::queue_does_not_exist()),
            Outcome::NotDurable => Err(Failure::not_durable()),
        }
    }

    /// Receives up to `limit` messages, waiting for the first at most `wait` (the queue's own when `None`).
    /// Messages are taken in the same instant in which they are returned, so a caller that gives up loses none.
    pub(super) async fn receive(
        &self,
        queue_name: &str,
        limit: usize,
        visibility: Option<Duration>,
        wait: Option<Duration>,
    ) -> Result<Vec<Received>, Failure> {
        let found = self.with_state(|state| {
            let queue = state.find(queue_name)?;
            Some((queue, state.arrivals(queue)?, state.settings(queue)?.wait))
        });
        let (queue, arrivals, queue_wait) = found.ok_or_else(Failure::queue_does_not_exist)?;
        let deadline = Instant::now() + wait.unwrap_or(queue_wait);
        loop {
            // Listening starts before looking, so that nothing is missed in between.
            let arrival = arrivals.notified();
            tokio::pin!(arrival);
            arrival.as_mut().enable();
            let now = Instant::now();
            let (taken, next_moment) = self.with_state(|state| {
                state
                    .settings(queue)
                    .ok_or_else(Failure::queue_does_not_exist)?;
                let taken = state.receive(queue, limit, visibility, now, wall_clock_ms());
                Ok((taken, state.next_moment(queue)))
            })?;
            if !taken.is_empty() || now >= deadline {
                return Ok(taken);
            }
            let look_again = next_moment.map_or(deadline, |moment| moment.min(deadline));
            tokio::select! {
                () = arrival => {}
                () = tokio::time::sleep_until(look_again) => {}
            }
        }
    }
}

/// An id nobody else gives out, in the form of a random UUID (version 4, RFC 9562).
fn message_id(opening: u64, sequence: u64) -> u128 {
    let mut seed = [0; 16];
    seed[..8].copy_from_slice(&opening.to_le_bytes());
    seed[8..].copy_from_slice(&sequence.to_le_bytes());
    let mixed = u128::from_be_bytes(md5::compute(seed).0);
    let without_version = mixed & !(0xf << 76) & !(0b11 << 62);
    without_version | (0x4 << 76) | (0b10 << 62)
}

/// `xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx`.
pub(super) fn shown_message_id(message_id: u128) -> String {
    let digits = format!("{message_id:032x}");
    format!(
        "{}-{}-{}-{}-{}",
        &digits[..8],
        &digits[8..12],
        &digits[12..16],
        &digits[16..20],
        &digits[20..]
    )
}
