//! Into dead-letter queues and out of them again.

use super::super::record::{QueueId, Record, Sequence};
use super::State;

/// What one step of a move out of a dead-letter queue did.
pub(in crate::queue) struct MovedBack {
    pub(in crate::queue) moved: u64,
    /// Messages without a queue to go to.
    pub(in crate::queue) left: u64,
    /// Where the next step starts; `None` after the last.
    pub(in crate::queue) next_turn: Option<u64>,
}

impl State {
    pub(super) fn dead_letter_target(
        &self,
        queue_id: QueueId,
        sequence: Sequence,
    ) -> Option<QueueId> {
        let queue = self.queues.get(&queue_id)?;
        let redrive = queue.settings.redrive.as_ref()?;
        let message = queue.messages.get(&sequence)?;
        if message.receive_count < redrive.max_receive_count {
            return None;
        }
        // Without its dead-letter queue a message stays where it is: better again than never.
        self.names
            .get(&redrive.target_name)
            .copied()
            .filter(|target| *target != queue_id)
    }

    /// Moves a message that is in neither order of its queue to the ready ones of another, as if it were new there.
    pub(super) fn relocate(
        &mut self,
        from: QueueId,
        sequence: Sequence,
        to: QueueId,
        source: QueueId,
    ) {
        let Some(mut message) = self
            .queues
            .get_mut(&from)
            .and_then(|queue| queue.messages.remove(&sequence))
        else {
            return;
        };
        message.source = source;
        message.receive_count = 0;
        message.first_received_ms = 0;
        message.last_receipt = 0;
        message.deliver_at_ms = 0;
        if let Some(queue) = self.queues.get_mut(&to) {
            queue.messages.insert(sequence, message);
        }
        self.note(Record::Moved {
            sequence,
            queue: to,
            source,
        });
        self.make_ready(to, sequence);
        self.quiet.notify_waiters();
    }

    /// Takes ready messages out of a dead-letter queue, in order: up to `limit` of those with a turn in
    /// `from_turn..before_turn`, each to `destination` or else to the queue it came from.
    pub(in crate::queue) fn move_back(
        &mut self,
        queue_id: QueueId,
        destination: Option<QueueId>,
        from_turn: u64,
        before_turn: u64,
        limit: usize,
    ) -> MovedBack {
        let mut result = MovedBack {
            moved: 0,
            left: 0,
            next_turn: None,
        };
        let Some(queue) = self.queues.get(&queue_id) else {
            return result;
        };
        let some: Vec<(u64, Sequence)> = queue
            .ready
            .range(from_turn..before_turn)
            .take(limit)
            .map(|(turn, sequence)| (*turn, *sequence))
            .collect();
        result.next_turn = some.last().map(|(turn, _)| turn + 1);
        for (turn, sequence) in some {
            let Some(queue) = self.queues.get_mut(&queue_id) else {
                break;
            };
            let source = queue
                .messages
                .get(&sequence)
                .map_or(0, |message| message.source);
            let target = destination.unwrap_or(source);
            if !self.queues.contains_key(&target) {
                result.left += 1;
                continue;
            }
            if let Some(queue) = self.queues.get_mut(&queue_id) {
                queue.ready.remove(&turn);
            }
            self.relocate(queue_id, sequence, target, 0);
            result.moved += 1;
        }
        result
    }
}
