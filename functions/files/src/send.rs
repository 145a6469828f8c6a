//! The second reading of a file: each piece is taken as the door takes a batch.

use domain::id::BatchId;
use http::HeaderMap;
use intake::{CheckedBatch, Intake};
use sources::Door;
use sources::batch::{Checker, SenderIds, senderless};
use table::{BatchRow, UploadStage};

use crate::check::door;
use crate::pieces::Stop;
use crate::{Came, Error, Job};

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
            self.stored.upload.sent.add(&rows);
            number += 1;
            if let Some(came) = self.after_piece().await? {
                return Ok(came);
            }
        }
        if self.upload().sent.pieces != self.upload().checked.pieces {
            return Err(Error::Changed);
        }
        self.reach(UploadStage::Done).await
    }

    /// Takes one piece as the door takes a batch.
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
                        messages.push(intake::message(parsed));
                    }
                }
                _ => return Err(Error::Changed),
            }
        }
        let files = self.files;
        let intake = Intake {
            table: &files.table,
            queues: &files.queues,
            clock: &files.clock,
        };
        let batch = CheckedBatch {
            id: batch,
            source: door.name,
            has_ledger: door.source.ledger,
            received_at: now,
            rows,
            messages: &messages,
        };
        intake.take(batch).await?;
        Ok(())
    }
}
