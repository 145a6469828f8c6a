//! The second reading of a file: each piece is taken as the door takes a batch.

use std::collections::BTreeSet;

use domain::id::{BatchId, SubmissionId};
use futures::future::try_join_all;
use http::HeaderMap;
use queue::{Message, Queue};
use sources::batch::{Checker, SenderIds, senderless};
use sources::{Door, Parsed};
use table::{AcceptedThing, Batch, BatchRow, LedgerEntry, NOTED_WITHIN, UploadStage};

use crate::check::door;
use crate::pieces::Stop;
use crate::{Came, Error, Job, PIECES_BETWEEN_NOTES};

/// Calls of the queue at the same time. Each waits for the network most of its time.
const CALLS_AT_ONCE: usize = 8;

/// Messages in one call of the queue.
const MESSAGES_IN_A_CALL: usize = 10;

impl Job<'_> {
    /// Sends the file from where it is sent to.
    pub(crate) async fn send(&mut self) -> Result<Came, Error> {
        let (name, config) = (self.upload().source.clone(), self.config.clone());
        // It was there when the file was checked, by the same version.
        let source = config.sources.get(&name).ok_or(Error::Changed)?;
        let pepper = self.pepper.clone();
        let door = door(&name, source, &pepper, config.default_country.as_deref());
        let mut pieces = self.pieces();
        let mut number = 0;
        let mut since = 0;
        loop {
            let piece = match pieces.next().await {
                Ok(Some(piece)) => piece,
                Ok(None) => break,
                Err(Stop::Store(error)) => return Err(error.into()),
                Err(Stop::Unreadable(_) | Stop::Short) => return Err(Error::Changed),
            };
            if number < self.upload().sent.pieces {
                number += 1;
                continue;
            }
            let batch = self.upload().id.piece(&self.pepper, number);
            let table = &self.files.table;
            let rows = table.batch_rows(batch, 0).await?;
            if rows.len() != piece.len() {
                return Err(Error::Changed);
            }
            // Of a piece that is known everything is safe.
            if table.batch(batch).await?.is_none() {
                self.take_piece(&door, batch, piece, &rows).await?;
            }
            let sent = &mut self.stored.upload.sent;
            let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
            sent.pieces += 1;
            sent.rows = sent.rows.saturating_add(count(rows.len()));
            let good = rows.iter().filter(|row| row.submission.is_some()).count();
            sent.accepted = sent.accepted.saturating_add(count(good));
            number += 1;
            since += 1;
            let is_over = self.is_out_of_time();
            if since >= PIECES_BETWEEN_NOTES || is_over {
                since = 0;
                if !self.note().await? {
                    return Ok(Came::Overtaken);
                }
            }
            if is_over {
                return Ok(Came::OutOfTime);
            }
        }
        if self.upload().sent.pieces != self.upload().checked.pieces {
            return Err(Error::Changed);
        }
        self.reach(UploadStage::Done).await
    }

    /// Takes one piece: queues its good rows, then notes it in the ledger, then as taken.
    async fn take_piece(
        &self,
        door: &Door<'_>,
        batch: BatchId,
        piece: Vec<sources::batch::Row>,
        rows: &[BatchRow],
    ) -> Result<(), Error> {
        let now = self.files.clock.now();
        let headers = HeaderMap::new();
        let incoming = senderless(&headers, now);
        let mut checker = Checker::of_piece(door, &incoming, SenderIds::default());
        let mut messages = Vec::with_capacity(rows.len());
        for (row, kept) in piece.into_iter().zip(rows) {
            // What an earlier piece contradicts is good by itself, and was found wrong in the first reading.
            let Some(id) = kept.submission else {
                continue;
            };
            let checked = checker.check(row);
            match checked.outcome {
                Ok(parsed) if parsed.id() == id => {
                    if checked.repeats.is_none() {
                        messages.push(message(parsed));
                    }
                }
                _ => return Err(Error::Changed),
            }
        }
        let calls: Vec<&[Message]> = messages.chunks(MESSAGES_IN_A_CALL).collect();
        for some in calls.chunks(CALLS_AT_ONCE) {
            let mut sent = Vec::with_capacity(some.len());
            for messages in some {
                sent.push(self.files.queues.send_all(Queue::Enrich, messages));
            }
            try_join_all(sent).await?;
        }
        let table = &self.files.table;
        if door.source.ledger {
            let taken = self.files.clock.now().duration_since(now);
            if taken > NOTED_WITHIN {
                // That time may be counted already. The next try has a time of its own.
                return Err(Error::TooSlow);
            }
            let different: BTreeSet<SubmissionId> =
                rows.iter().filter_map(|row| row.submission).collect();
            let different = u32::try_from(different.len()).unwrap_or(u32::MAX);
            let entry = LedgerEntry::new(now, AcceptedThing::Batch(batch)).of(different);
            table.note_accepted(door.name, entry).await?;
        }
        let accepted = rows.iter().filter(|row| row.submission.is_some()).count();
        let batch = Batch {
            id: batch,
            source: door.name.to_owned(),
            received_at: now,
            rows: u32::try_from(rows.len()).unwrap_or(u32::MAX),
            accepted: u32::try_from(accepted).unwrap_or(u32::MAX),
        };
        Ok(table.keep_batch(&batch).await?)
    }
}

fn message(parsed: Parsed) -> Message {
    match parsed {
        Parsed::Submission(submission) => Message::Submission {
            submission: Box::new(submission),
        },
        // A row is never announced; and what is wrong never comes here.
        Parsed::Quarantined(quarantined) | Parsed::Wrong(quarantined) => Message::Quarantined {
            quarantined: Box::new(quarantined),
        },
        Parsed::Announced(announced) => Message::Announced {
            announced: Box::new(announced),
            tries: 0,
        },
    }
}
