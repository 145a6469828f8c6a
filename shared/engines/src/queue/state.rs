//! The queues and their live messages: a state machine without clock, disk or tasks.
//! Time comes in as an argument; what the journal must hear goes out through [`State::take_records`].
//!
//! Every operation is logarithmic in the messages waiting, and a message that is gone leaves nothing behind.
//! A message is in one of three places: ready (in the order in which it became so), delayed, or in flight; the last
//! two share one set ordered by the moment they end.
//! A message whose receive count has reached the queue's limit is moved to the dead-letter queue when it would become
//! visible again, not at the next receive as in SQS: a receiver cannot tell the difference, and a message that nobody
//! may get is never reported as waiting.

mod dead_letters;
mod queues;

pub(super) use queues::Contents;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::failure::Failure;
use super::receipt::Receipt;
use super::record::{LIST_LIMIT, MessageRecord, QueueId, Record, Sequence, Stored};
use super::settings::Settings;

/// What a message's frame takes in the journal beside its texts.
const FRAME_OVERHEAD_BYTES: u64 = 73;

pub(super) struct State {
    queues: BTreeMap<QueueId, Queue>,
    names: BTreeMap<String, QueueId>,
    next_sequence: Sequence,
    next_queue: QueueId,
    next_turn: u64,
    /// This opening of the engine, in receipt handles.
    opening: u64,
    next_receipt: u64,
    /// Messages on their way through the journal, not visible yet.
    pending_sends: usize,
    live_bytes: u64,
    /// What happened since the last take; `None` without a journal.
    records: Option<Vec<Record>>,
    /// Woken whenever [`State::is_idle`] may have become true.
    quiet: Arc<Notify>,
}

struct Queue {
    name: String,
    settings: Settings,
    created_ms: u64,
    modified_ms: u64,
    messages: BTreeMap<Sequence, Message>,
    /// Turn to sequence; the lowest turn is handed out first.
    ready: BTreeMap<u64, Sequence>,
    /// Delayed and in-flight messages by the moment they become ready.
    hidden: BTreeSet<(Instant, Sequence)>,
    in_flight: usize,
    /// Woken once per message that becomes ready, and for all when an earlier moment enters `hidden`.
    arrivals: Arc<Notify>,
}

struct Message {
    stored: Arc<Stored>,
    place: Place,
    source: QueueId,
    receive_count: u32,
    first_received_ms: u64,
    /// The ordinal of the latest receipt of this opening; zero for none.
    last_receipt: u64,
    deliver_at_ms: u64,
}

#[derive(Clone, Copy)]
enum Place {
    Ready { turn: u64 },
    Delayed { until: Instant },
    InFlight { until: Instant },
}

/// A message that is being sent: numbered, but not visible before [`State::publish`].
pub(super) struct Pending {
    pub(super) record: MessageRecord,
    /// When it becomes ready; `None` for at once.
    pub(super) available_at: Option<Instant>,
}

/// A message handed out.
pub(super) struct Received {
    pub(super) stored: Arc<Stored>,
    pub(super) receipt_handle: String,
    pub(super) receive_count: u32,
    pub(super) first_received_ms: u64,
    /// The queue it was moved here from.
    pub(super) source_name: Option<String>,
}

impl State {
    pub(super) fn new(opening: u64, journaled: bool) -> State {
        State {
            queues: BTreeMap::new(),
            names: BTreeMap::new(),
            next_sequence: 1,
            next_queue: 1,
            next_turn: 0,
            opening,
            next_receipt: 1,
            pending_sends: 0,
            live_bytes: 0,
            records: journaled.then(Vec::new),
            quiet: Arc::default(),
        }
    }

    pub(super) fn opening(&self) -> u64 {
        self.opening
    }

    /// What the journal has to be told since the last call, in order.
    pub(super) fn take_records(&mut self) -> Vec<Record> {
        self.records
            .as_mut()
            .map(std::mem::take)
            .unwrap_or_default()
    }

    fn note(&mut self, record: Record) {
        if let Some(records) = &mut self.records {
            records.push(record);
        }
    }

    /// The number for the next message, which counts as on its way until published or abandoned.
    pub(super) fn begin_send(&mut self) -> Sequence {
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        self.pending_sends += 1;
        sequence
    }

    /// Makes a sent message visible. False when its queue has been deleted meanwhile.
    pub(super) fn publish(&mut self, pending: Pending) -> bool {
        self.pending_sends -= 1;
        let record = pending.record;
        let (queue_id, sequence) = (record.queue, record.sequence);
        if !self.queues.contains_key(&queue_id) {
            self.note(Record::Deleted {
                sequences: vec![sequence],
            });
            self.quiet.notify_waiters();
            return false;
        }
        self.insert(record, pending.available_at);
        true
    }

    /// Gives up messages that could not be stored.
    pub(super) fn abandon_sends(&mut self, count: usize) {
        self.pending_sends -= count;
        self.quiet.notify_waiters();
    }

    fn insert(&mut self, record: MessageRecord, available_at: Option<Instant>) {
        self.live_bytes += frame_bytes(&record.stored);
        let message = Message {
            stored: record.stored,
            place: Place::Ready { turn: u64::MAX },
            source: record.source,
            receive_count: record.receive_count,
            first_received_ms: 0,
            last_receipt: 0,
            deliver_at_ms: record.deliver_at_ms,
        };
        let Some(queue) = self.queues.get_mut(&record.queue) else {
            return;
        };
        queue.messages.insert(record.sequence, message);
        match available_at {
            Some(until) => queue.hide(record.sequence, Place::Delayed { until }),
            None => self.make_ready(record.queue, record.sequence),
        }
    }

    /// Puts a message that is in neither order at the end of the ready ones, or into the dead-letter queue when it
    /// has been received often enough.
    fn make_ready(&mut self, queue_id: QueueId, sequence: Sequence) {
        if let Some(target) = self.dead_letter_target(queue_id, sequence) {
            self.relocate(queue_id, sequence, target, queue_id);
            return;
        }
        let turn = self.next_turn;
        let Some(queue) = self.queues.get_mut(&queue_id) else {
            return;
        };
        let Some(message) = queue.messages.get_mut(&sequence) else {
            return;
        };
        self.next_turn += 1;
        message.place = Place::Ready { turn };
        queue.ready.insert(turn, sequence);
        queue.arrivals.notify_one();
    }

    /// Makes everything ready whose delay or visibility timeout has ended.
    pub(super) fn advance(&mut self, queue_id: QueueId, now: Instant) {
        while let Some(queue) = self.queues.get_mut(&queue_id) {
            let due = queue
                .hidden
                .first()
                .copied()
                .filter(|(until, _)| *until <= now);
            let Some((_, sequence)) = due else { return };
            queue.unplace(sequence);
            self.make_ready(queue_id, sequence);
        }
    }

    /// Hands out up to `limit` messages, hidden from others for `visibility`.
    pub(super) fn receive(
        &mut self,
        queue_id: QueueId,
        limit: usize,
        visibility: Option<Duration>,
        now: Instant,
        now_ms: u64,
    ) -> Vec<Received> {
        self.advance(queue_id, now);
        let mut taken = Vec::new();
        while taken.len() < limit {
            let Some(queue) = self.queues.get_mut(&queue_id) else {
                break;
            };
            let until = now + visibility.unwrap_or(queue.settings.visibility);
            let Some((_, sequence)) = queue.ready.pop_first() else {
                break;
            };
            if let Some(target) = self.dead_letter_target(queue_id, sequence) {
                // The limit was lowered while it waited.
                self.relocate(queue_id, sequence, target, queue_id);
                continue;
            }
            let ordinal = self.next_receipt;
            let Some(queue) = self.queues.get_mut(&queue_id) else {
                break;
            };
            let Some(message) = queue.messages.get_mut(&sequence) else {
                continue;
            };
            self.next_receipt += 1;
            message.receive_count = message.receive_count.saturating_add(1);
            message.last_receipt = ordinal;
            if message.first_received_ms == 0 {
                message.first_received_ms = now_ms;
            }
            let receipt = Receipt {
                queue: queue_id,
                sequence,
                opening: self.opening,
                ordinal,
                tag: message.stored.tag(),
            };
            taken.push((
                sequence,
                message.source,
                Received {
                    stored: Arc::clone(&message.stored),
                    receipt_handle: receipt.to_handle(),
                    receive_count: message.receive_count,
                    first_received_ms: message.first_received_ms,
                    source_name: None,
                },
            ));
            queue.hide(sequence, Place::InFlight { until });
        }
        if !taken.is_empty() {
            let counts = taken
                .iter()
                .map(|(sequence, _, received)| (*sequence, received.receive_count))
                .collect();
            self.note(Record::Received { counts });
        }
        let named = taken.into_iter().map(|(_, source, received)| Received {
            source_name: self.queues.get(&source).map(|queue| queue.name.clone()),
            ..received
        });
        named.collect()
    }

    /// Deletes the message a receipt stands for. As in SQS, a receipt that is no longer the latest one deletes
    /// nothing, and deleting twice is no error.
    pub(super) fn delete(&mut self, queue_id: QueueId, receipt: &Receipt) -> Result<(), Failure> {
        if receipt.queue != queue_id {
            return Err(Failure::receipt_handle_is_invalid());
        }
        if self.is_latest(receipt) {
            self.remove(queue_id, receipt.sequence);
            self.note(Record::Deleted {
                sequences: vec![receipt.sequence],
            });
        }
        Ok(())
    }

    /// Whether a receipt belongs to the latest receive of a live message. After a restart the receive counts are
    /// known but not the receipts, so one of an earlier opening counts until the message is received again.
    fn is_latest(&self, receipt: &Receipt) -> bool {
        let message = self
            .queues
            .get(&receipt.queue)
            .and_then(|queue| queue.messages.get(&receipt.sequence));
        let Some(message) = message else { return false };
        let expected = if receipt.opening == self.opening {
            receipt.ordinal
        } else {
            0
        };
        message.last_receipt == expected && message.stored.tag() == receipt.tag
    }

    fn remove(&mut self, queue_id: QueueId, sequence: Sequence) {
        let Some(queue) = self.queues.get_mut(&queue_id) else {
            return;
        };
        queue.unplace(sequence);
        if let Some(message) = queue.messages.remove(&sequence) {
            self.live_bytes -= frame_bytes(&message.stored);
        }
        if queue.messages.is_empty() {
            self.quiet.notify_waiters();
        }
    }

    /// Hides an in-flight message for another while from now on; zero makes it ready.
    pub(super) fn change_visibility(
        &mut self,
        queue_id: QueueId,
        receipt: &Receipt,
        visibility: Duration,
        now: Instant,
    ) -> Result<(), Failure> {
        if receipt.queue != queue_id {
            return Err(Failure::receipt_handle_is_invalid());
        }
        self.advance(queue_id, now);
        let is_latest = self.is_latest(receipt);
        let Some(queue) = self.queues.get_mut(&queue_id) else {
            return Err(Failure::queue_does_not_exist());
        };
        let in_flight = matches!(
            queue.messages.get(&receipt.sequence),
            Some(Message {
                place: Place::InFlight { .. },
                ..
            })
        );
        if !is_latest || !in_flight {
            return Err(Failure::message_not_in_flight());
        }
        queue.unplace(receipt.sequence);
        if visibility.is_zero() {
            self.make_ready(queue_id, receipt.sequence);
        } else {
            queue.hide(
                receipt.sequence,
                Place::InFlight {
                    until: now + visibility,
                },
            );
        }
        Ok(())
    }

    /// Deletes every message of a queue, wherever it is.
    pub(super) fn purge(&mut self, queue_id: QueueId) {
        let Some(queue) = self.queues.get_mut(&queue_id) else {
            return;
        };
        let messages = std::mem::take(&mut queue.messages);
        queue.ready.clear();
        queue.hidden.clear();
        queue.in_flight = 0;
        self.live_bytes -= messages
            .values()
            .map(|message| frame_bytes(&message.stored))
            .sum::<u64>();
        let sequences: Vec<Sequence> = messages.into_keys().collect();
        for some in sequences.chunks(LIST_LIMIT) {
            self.note(Record::Deleted {
                sequences: some.to_vec(),
            });
        }
        self.quiet.notify_waiters();
    }

    /// The turn the next ready message gets; those waiting now are below it.
    pub(super) fn turn_limit(&self) -> u64 {
        self.next_turn
    }

    /// The next moment at which a hidden message of the queue becomes ready.
    pub(super) fn next_moment(&self, queue_id: QueueId) -> Option<Instant> {
        self.queues
            .get(&queue_id)?
            .hidden
            .first()
            .map(|(until, _)| *until)
    }

    pub(super) fn arrivals(&self, queue_id: QueueId) -> Option<Arc<Notify>> {
        self.queues
            .get(&queue_id)
            .map(|queue| Arc::clone(&queue.arrivals))
    }

    pub(super) fn quiet(&self) -> Arc<Notify> {
        Arc::clone(&self.quiet)
    }

    /// Bytes of frames a compacted journal would hold.
    pub(super) fn live_bytes(&self) -> u64 {
        self.live_bytes
    }
}

impl Queue {
    /// Puts a message that is in neither order among the hidden ones.
    fn hide(&mut self, sequence: Sequence, place: Place) {
        let until = match place {
            Place::Ready { .. } => return,
            Place::Delayed { until } => until,
            Place::InFlight { until } => {
                self.in_flight += 1;
                until
            }
        };
        let Some(message) = self.messages.get_mut(&sequence) else {
            return;
        };
        message.place = place;
        self.hidden.insert((until, sequence));
        if self
            .hidden
            .first()
            .is_some_and(|(_, first)| *first == sequence)
        {
            // Whoever waits for a later moment has to look again.
            self.arrivals.notify_waiters();
        }
    }

    /// Takes a message out of the order it is in.
    fn unplace(&mut self, sequence: Sequence) {
        let Some(message) = self.messages.get(&sequence) else {
            return;
        };
        match message.place {
            Place::Ready { turn } => {
                self.ready.remove(&turn);
            }
            Place::Delayed { until } => {
                self.hidden.remove(&(until, sequence));
            }
            Place::InFlight { until } => {
                if self.hidden.remove(&(until, sequence)) {
                    self.in_flight -= 1;
                }
            }
        }
    }
}

impl Stored {
    /// The part of the message id that receipt handles repeat.
    fn tag(&self) -> u32 {
        // The low half-word is meant.
        self.message_id as u32
    }
}

fn frame_bytes(stored: &Stored) -> u64 {
    FRAME_OVERHEAD_BYTES + stored.body.len() as u64 + stored.extras.len() as u64
}
