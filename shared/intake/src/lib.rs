//! Intake: how what a door has checked becomes safe, the same way whether it came in a request or in an uploaded file.
//!
//! The story of one batch: queue its good rows → note it in the ledger of its source → note it as taken. The last note says
//! that everything of it is safe; whoever does not find it does all of this again under the same ids, which changes nothing.
//!
//! It checks nothing and answers nobody.

use std::collections::BTreeSet;

use domain::id::{BatchId, SubmissionId};
use futures::future::try_join_all;
use jiff::Timestamp;
use platform::Clock;
use queue::{Message, Queue, Queues, SendError};
use sources::Parsed;
use sources::batch::Checked;
use table::{AcceptedThing, Batch, BatchRow, LedgerEntry, NOTED_WITHIN, Table};

/// Calls of the queue at the same time. Each waits for the network most of its time.
const CALLS_AT_ONCE: usize = 8;

/// Messages in one call of the queue: as many as `SendMessageBatch` takes.
const MESSAGES_IN_A_CALL: usize = 10;

/// What makes things safe.
#[derive(Debug, Clone, Copy)]
pub struct Intake<'a> {
    /// Holds the ledger and the batches.
    pub table: &'a Table,
    /// Sends to `enrich`.
    pub queues: &'a Queues,
    /// Tells how long it took.
    pub clock: &'a Clock,
}

/// Why something is not safe, or not known to be.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The table.
    #[error("the table could not be used")]
    Table(#[from] table::Error),
    /// The queue.
    #[error("the submissions could not be queued")]
    Send(#[from] SendError),
    /// Its time may be counted in the ledger already. The next try has a time of its own.
    #[error("it was accepted too slowly to be noted in the ledger, after {seconds} s")]
    TooSlow {
        /// What it took.
        seconds: i64,
    },
}

/// A batch of which every row is checked, and kept under its id.
#[derive(Debug, Clone, Copy)]
pub struct CheckedBatch<'a> {
    /// Its id.
    pub id: BatchId,
    /// Where it comes from.
    pub source: &'a str,
    /// Whether its source has a ledger.
    pub has_ledger: bool,
    /// When it came.
    pub received_at: Timestamp,
    /// What each row became.
    pub rows: &'a [BatchRow],
    /// The good ones, each submission once.
    pub messages: &'a [Message],
}

impl Intake<'_> {
    /// Takes a batch. When this returns all of it is safe.
    ///
    /// # Errors
    /// When it is not known to be. Taking it again is right then, and loses and doubles nothing.
    pub async fn take(&self, batch: CheckedBatch<'_>) -> Result<Batch, Error> {
        self.queue(batch.messages).await?;
        let accepted = batch.rows.iter().filter_map(|row| row.submission);
        if batch.has_ledger {
            let different: BTreeSet<SubmissionId> = accepted.clone().collect();
            let thing = AcceptedThing::Batch(batch.id);
            let entry = LedgerEntry::new(batch.received_at, thing).of(number(different.len()));
            self.note(batch.source, entry, batch.received_at).await?;
        }
        let taken = Batch {
            id: batch.id,
            source: batch.source.to_owned(),
            received_at: batch.received_at,
            rows: number(batch.rows.len()),
            accepted: number(accepted.count()),
        };
        self.table.keep_batch(&taken).await?;
        Ok(taken)
    }

    /// Queues what was accepted, several calls at the same time.
    async fn queue(&self, messages: &[Message]) -> Result<(), Error> {
        let calls: Vec<&[Message]> = messages.chunks(MESSAGES_IN_A_CALL).collect();
        for some in calls.chunks(CALLS_AT_ONCE) {
            let sent = some
                .iter()
                .map(|messages| self.queues.send_all(Queue::Enrich, messages));
            try_join_all(sent).await?;
        }
        Ok(())
    }

    /// Notes in the ledger of a source what came at `at` and is safe in the queue. To be done before its sender is told so.
    ///
    /// # Errors
    /// When the table cannot be written, or it is too late for it.
    pub async fn note(&self, source: &str, entry: LedgerEntry, at: Timestamp) -> Result<(), Error> {
        let taken = self.clock.now().duration_since(at);
        if taken > NOTED_WITHIN {
            return Err(Error::TooSlow {
                seconds: taken.as_secs(),
            });
        }
        Ok(self.table.note_accepted(source, entry).await?)
    }
}

/// The message to `enrich` about something that a door has read.
pub fn message(parsed: Parsed) -> Message {
    match parsed {
        Parsed::Submission(submission) => Message::Submission {
            submission: Box::new(submission),
        },
        Parsed::Quarantined(quarantined) => Message::Quarantined {
            quarantined: Box::new(quarantined),
        },
        // What a vendor is told is wrong is never queued; should it come here, a person looks at it.
        Parsed::Wrong(wrong) => Message::Quarantined {
            quarantined: Box::new(wrong.lead),
        },
        Parsed::Announced(announced) => Message::Announced {
            announced: Box::new(announced),
            tries: 0,
        },
    }
}

/// What is kept of a checked row.
pub fn kept(row: &Checked) -> BatchRow {
    let (submission, problems) = match &row.outcome {
        Ok(parsed) => (Some(parsed.id()), Vec::new()),
        Err(problems) => (None, problems.clone()),
    };
    BatchRow {
        number: u32::try_from(row.number).unwrap_or(u32::MAX),
        line: u32::try_from(row.line).unwrap_or(u32::MAX),
        submission,
        problems,
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
