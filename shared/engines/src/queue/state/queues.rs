//! Queues as a whole: creating, finding, changing, deleting, looking at them, writing them down and rebuilding them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::super::Depth;
use super::super::failure::Failure;
use super::super::record::{MessageRecord, QueueId, QueueRecord, Record, Sequence};
use super::super::settings::{MAX_DELAY_SECONDS, Settings};
use super::{Queue, State};

/// What a journal says is there.
#[derive(Debug, Default)]
pub(in crate::queue) struct Contents {
    pub(in crate::queue) next_sequence: Sequence,
    pub(in crate::queue) next_queue: QueueId,
    pub(in crate::queue) queues: BTreeMap<QueueId, QueueRecord>,
    pub(in crate::queue) messages: BTreeMap<Sequence, MessageRecord>,
}

impl Contents {
    /// Applies the next record of a journal.
    pub(in crate::queue) fn apply(&mut self, record: Record) {
        match record {
            Record::Counters {
                next_sequence,
                next_queue,
            } => {
                self.next_sequence = self.next_sequence.max(next_sequence);
                self.next_queue = self.next_queue.max(next_queue);
            }
            Record::Queue(queue) => {
                self.next_queue = self.next_queue.max(queue.id + 1);
                self.queues.insert(queue.id, queue);
            }
            Record::QueueGone { id } => {
                self.queues.remove(&id);
                self.messages.retain(|_, message| message.queue != id);
            }
            Record::Message(message) => {
                self.next_sequence = self.next_sequence.max(message.sequence + 1);
                self.next_queue = self.next_queue.max(message.queue + 1);
                self.messages.insert(message.sequence, message);
            }
            Record::Deleted { sequences } => {
                for sequence in sequences {
                    self.messages.remove(&sequence);
                }
            }
            Record::Moved {
                sequence,
                queue,
                source,
            } => {
                if let Some(message) = self.messages.get_mut(&sequence) {
                    message.queue = queue;
                    message.source = source;
                    message.receive_count = 0;
                    message.deliver_at_ms = 0;
                }
            }
            Record::Received { counts } => {
                for (sequence, count) in counts {
                    if let Some(message) = self.messages.get_mut(&sequence) {
                        message.receive_count = count;
                    }
                }
            }
        }
    }

    /// Gives a queue to messages whose queue's record was lost to damage, so that nothing accepted is dropped.
    pub(in crate::queue) fn adopt_orphans(&mut self) {
        let orphaned: BTreeSet<QueueId> = self
            .messages
            .values()
            .map(|message| message.queue)
            .filter(|queue_id| !self.queues.contains_key(queue_id))
            .collect();
        for id in orphaned {
            let attributes = Settings::standard().to_json();
            let queue = QueueRecord {
                id,
                created_ms: 0,
                modified_ms: 0,
                name: format!("recovered-{id}"),
                attributes,
            };
            self.queues.insert(id, queue);
        }
    }
}

/// What `GetQueueAttributes` needs beside the settings.
pub(in crate::queue) struct Description {
    pub(in crate::queue) settings: Settings,
    pub(in crate::queue) created_ms: u64,
    pub(in crate::queue) modified_ms: u64,
}

impl State {
    /// Builds the state a journal describes. What was in flight is ready again: its receivers are gone.
    pub(in crate::queue) fn restore(
        contents: Contents,
        opening: u64,
        now: Instant,
        now_ms: u64,
    ) -> State {
        let mut state = State::new(opening, true);
        state.next_sequence = contents.next_sequence.max(1);
        state.next_queue = contents.next_queue.max(1);
        for (id, record) in contents.queues {
            let settings = Settings::from_json(&record.attributes);
            state.names.insert(record.name.clone(), id);
            state.queues.insert(
                id,
                Queue::new(record.name, settings, record.created_ms, record.modified_ms),
            );
        }
        for message in contents.messages.into_values() {
            // A clock that was set back while the engine was closed must not add more than the longest delay.
            let wait_ms = message
                .deliver_at_ms
                .saturating_sub(now_ms)
                .min(MAX_DELAY_SECONDS * 1000);
            let available_at = (wait_ms > 0).then(|| now + Duration::from_millis(wait_ms));
            state.insert(message, available_at);
        }
        state
    }

    /// The records of a journal that says what is live and nothing else.
    pub(in crate::queue) fn snapshot(&self) -> Vec<Record> {
        let messages: usize = self.queues.values().map(|queue| queue.messages.len()).sum();
        let mut records = Vec::with_capacity(1 + self.queues.len() + messages);
        records.push(Record::Counters {
            next_sequence: self.next_sequence,
            next_queue: self.next_queue,
        });
        records.extend(
            self.queues
                .iter()
                .map(|(id, queue)| Record::Queue(queue.record(*id))),
        );
        for (id, queue) in &self.queues {
            let in_queue = queue
                .messages
                .iter()
                .map(|(sequence, message)| MessageRecord {
                    queue: *id,
                    sequence: *sequence,
                    source: message.source,
                    receive_count: message.receive_count,
                    deliver_at_ms: message.deliver_at_ms,
                    stored: Arc::clone(&message.stored),
                });
            records.extend(in_queue.map(Record::Message));
        }
        records
    }

    pub(in crate::queue) fn find(&self, name: &str) -> Option<QueueId> {
        self.names.get(name).copied()
    }

    pub(in crate::queue) fn settings(&self, queue_id: QueueId) -> Option<&Settings> {
        self.queues.get(&queue_id).map(|queue| &queue.settings)
    }

    /// Creates a queue, or finds the one of that name when it has the attributes asked for.
    pub(in crate::queue) fn create_queue(
        &mut self,
        name: &str,
        attributes: BTreeMap<String, String>,
        now_ms: u64,
    ) -> Result<(), Failure> {
        if let Some(existing) = self.find(name).and_then(|id| self.queues.get(&id)) {
            let same = existing.settings.with(attributes)?.shown() == existing.settings.shown();
            return if same {
                Ok(())
            } else {
                Err(Failure::queue_name_exists())
            };
        }
        let settings = Settings::parse(attributes)?;
        self.check_redrive_target(&settings)?;
        let id = self.next_queue;
        self.next_queue += 1;
        let queue = Queue::new(name.to_owned(), settings, now_ms, now_ms);
        self.note(Record::Queue(queue.record(id)));
        self.names.insert(name.to_owned(), id);
        self.queues.insert(id, queue);
        Ok(())
    }

    pub(in crate::queue) fn change_settings(
        &mut self,
        queue_id: QueueId,
        changes: BTreeMap<String, String>,
        now_ms: u64,
    ) -> Result<(), Failure> {
        let queue = self
            .queues
            .get(&queue_id)
            .ok_or_else(Failure::queue_does_not_exist)?;
        let settings = queue.settings.with(changes)?;
        self.check_redrive_target(&settings)?;
        let queue = self
            .queues
            .get_mut(&queue_id)
            .ok_or_else(Failure::queue_does_not_exist)?;
        queue.settings = settings;
        queue.modified_ms = now_ms;
        let record = queue.record(queue_id);
        self.note(Record::Queue(record));
        // Another queue may have become a dead-letter queue.
        self.quiet.notify_waiters();
        Ok(())
    }

    fn check_redrive_target(&self, settings: &Settings) -> Result<(), Failure> {
        match &settings.redrive {
            Some(redrive) if self.find(&redrive.target_name).is_none() => {
                Err(Failure::invalid_parameter(
                    "Value for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist.",
                ))
            }
            _ => Ok(()),
        }
    }

    /// Deletes a queue with its messages; waiting receivers learn of it at once.
    pub(in crate::queue) fn delete_queue(&mut self, queue_id: QueueId) {
        self.purge(queue_id);
        if let Some(queue) = self.queues.remove(&queue_id) {
            self.names.remove(&queue.name);
            queue.arrivals.notify_waiters();
            self.note(Record::QueueGone { id: queue_id });
        }
        self.quiet.notify_waiters();
    }

    pub(in crate::queue) fn describe(&self, queue_id: QueueId) -> Option<Description> {
        self.queues.get(&queue_id).map(|queue| Description {
            settings: queue.settings.clone(),
            created_ms: queue.created_ms,
            modified_ms: queue.modified_ms,
        })
    }

    /// The names that start with `prefix` and come after `after`, in order.
    pub(in crate::queue) fn names(&self, prefix: &str, after: &str) -> impl Iterator<Item = &str> {
        let names = self
            .names
            .keys()
            .filter(move |name| name.starts_with(prefix) && name.as_str() > after);
        names.map(String::as_str)
    }

    /// The queues whose redrive policy points at the named one.
    pub(in crate::queue) fn sources_of(&self, name: &str) -> Vec<&str> {
        let points_there = |queue: &&Queue| {
            queue
                .settings
                .redrive
                .as_ref()
                .is_some_and(|redrive| redrive.target_name == name)
        };
        self.queues
            .values()
            .filter(points_there)
            .map(|queue| queue.name.as_str())
            .collect()
    }

    pub(in crate::queue) fn depth(&mut self, queue_id: QueueId, now: Instant) -> Depth {
        self.advance(queue_id, now);
        self.queues
            .get(&queue_id)
            .map_or_else(Depth::default, |queue| Depth {
                visible: queue.ready.len(),
                in_flight: queue.in_flight,
                delayed: queue.hidden.len() - queue.in_flight,
            })
    }

    pub(in crate::queue) fn bodies(&self, queue_id: QueueId) -> Vec<String> {
        let messages = self
            .queues
            .get(&queue_id)
            .map(|queue| queue.messages.values());
        messages
            .into_iter()
            .flatten()
            .map(|message| message.stored.body.clone())
            .collect()
    }

    /// Whether no message is on its way or in a queue that is not a dead-letter queue.
    pub(in crate::queue) fn is_idle(&mut self, now: Instant) -> bool {
        for queue_id in self.working_queues() {
            self.advance(queue_id, now);
        }
        self.pending_sends == 0
            && self.working_queues().iter().all(|id| {
                self.queues
                    .get(id)
                    .is_none_or(|queue| queue.messages.is_empty())
            })
    }

    /// The next moment at which time alone may change [`State::is_idle`].
    pub(in crate::queue) fn next_working_moment(&self) -> Option<Instant> {
        self.working_queues()
            .into_iter()
            .filter_map(|id| self.next_moment(id))
            .min()
    }

    /// The queues that are nobody's dead-letter queue.
    fn working_queues(&self) -> Vec<QueueId> {
        let dead_letter_names: BTreeSet<&str> = self
            .queues
            .values()
            .filter_map(|queue| queue.settings.redrive.as_ref())
            .map(|redrive| redrive.target_name.as_str())
            .collect();
        let working = self
            .queues
            .iter()
            .filter(|(_, queue)| !dead_letter_names.contains(queue.name.as_str()));
        working.map(|(id, _)| *id).collect()
    }
}

impl Queue {
    fn new(name: String, settings: Settings, created_ms: u64, modified_ms: u64) -> Queue {
        Queue {
            name,
            settings,
            created_ms,
            modified_ms,
            messages: BTreeMap::new(),
            ready: BTreeMap::new(),
            hidden: BTreeSet::new(),
            in_flight: 0,
            arrivals: Arc::default(),
        }
    }

    fn record(&self, id: QueueId) -> QueueRecord {
        QueueRecord {
            id,
            created_ms: self.created_ms,
            modified_ms: self.modified_ms,
            name: self.name.clone(),
            attributes: self.settings.to_json(),
        }
    }
}
