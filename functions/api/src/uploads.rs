//! Uploaded files: how far a file is, and what became of its rows, for a bounded number of look-ups whatever its length.
//!
//! Its pieces are batches. What became of a piece is counted once it is settled, and kept as a count, in their order; each
//! call goes on counting where the one before stopped.

use std::collections::BTreeMap;

use domain::id::{BatchId, Pepper};
use lambda_http::http::StatusCode;
use table::{BatchRow, StoredUpload, Upload, UploadStage};
use web::Problem;

use crate::answers;
use crate::batches::{IN_FLIGHT, Page};
use crate::problems::table_failed;
use crate::{Answer, Api};

/// Pieces that one call counts at most: as many look-ups as the largest batch of one request takes.
const PIECES_A_CALL: u32 = 4;

impl Api {
    pub(crate) async fn get_upload(&self, stored: StoredUpload, page: &Page) -> Answer {
        let upload = stored.upload;
        let pepper = self.secrets.pepper().await.map_err(|error| {
            tracing::error!(error = %platform::chain(&error), "the pepper cannot be read");
            Problem::unavailable()
        })?;
        let pepper = Pepper::new(pepper.expose());
        let (outcomes, counted) = self.count(&upload, &pepper).await?;
        let (results, next) = self.rows_on_page(&upload, &pepper, page).await?;
        Ok(web::json(
            StatusCode::OK,
            &answer(upload, outcomes, counted, results, next),
        ))
    }

    /// The outcomes of the pieces that are settled, and how many rows those have.
    async fn count(
        &self,
        upload: &Upload,
        pepper: &Pepper,
    ) -> Result<(BTreeMap<String, usize>, u32), Problem> {
        let mut stored = self
            .table
            .upload_tally(upload.id)
            .await
            .map_err(|error| table_failed(&error))?;
        let before = stored.tally.pieces;
        while stored.tally.pieces < upload.sent.pieces
            && stored.tally.pieces - before < PIECES_A_CALL
        {
            let rows = self.piece(upload.id, pepper, stored.tally.pieces).await?;
            let mut outcomes: BTreeMap<String, u32> = BTreeMap::new();
            for row in self.results(&rows).await? {
                *outcomes.entry(row.outcome).or_default() += 1;
            }
            if outcomes.contains_key(IN_FLIGHT) {
                break;
            }
            stored.tally.pieces += 1;
            stored.tally.rows += u32::try_from(rows.len()).unwrap_or(u32::MAX);
            for (outcome, count) in outcomes {
                *stored.tally.outcomes.entry(outcome).or_default() += count;
            }
        }
        if stored.tally.pieces > before {
            // Whoever counted at the same time counted the same; whoever writes first is kept.
            let kept = self
                .table
                .keep_upload_tally(upload, &stored.tally, stored.version)
                .await;
            kept.map_err(|error| table_failed(&error))?;
        }
        let rows = stored.tally.rows;
        let outcomes = stored.tally.outcomes.into_iter();
        Ok((
            outcomes
                .map(|(outcome, count)| (outcome, count as usize))
                .collect(),
            rows,
        ))
    }

    /// The rows that the page lists, and where the next page begins.
    async fn rows_on_page(
        &self,
        upload: &Upload,
        pepper: &Pepper,
        page: &Page,
    ) -> Result<(Vec<answers::BatchRow>, Option<String>), Problem> {
        let mut wanted: Vec<BatchRow> = Vec::new();
        let in_a_piece = u32::try_from(table::ROWS_IN_A_PAGE).unwrap_or(u32::MAX);
        // Rows are counted from 1 through all pieces, which are all full but for the last.
        let mut number = page.after / in_a_piece;
        // One more than is shown, to know whether there is a next page.
        while wanted.len() <= page.limit && number < upload.checked.pieces {
            let rows = self.piece(upload.id, pepper, number).await?;
            wanted.extend(rows.into_iter().filter(|row| row.number > page.after));
            number += 1;
        }
        let has_more = wanted.len() > page.limit;
        wanted.truncate(page.limit);
        let results = self.results(&wanted).await?;
        let last = results.last().map(|last| last.row.to_string());
        Ok((results, last.filter(|_| has_more)))
    }

    async fn piece(
        &self,
        upload: BatchId,
        pepper: &Pepper,
        number: u32,
    ) -> Result<Vec<BatchRow>, Problem> {
        let rows = self.table.batch_rows(upload.piece(pepper, number), 0).await;
        rows.map_err(|error| table_failed(&error))
    }
}

fn answer(
    upload: Upload,
    outcomes: BTreeMap<String, usize>,
    counted: u32,
    results: Vec<answers::BatchRow>,
    next: Option<String>,
) -> answers::Batch {
    let is_taken = matches!(upload.stage, UploadStage::Sending | UploadStage::Done);
    answers::Batch {
        batch: upload.id.to_string(),
        source: upload.source,
        received_at: upload.asked_at.into(),
        rows: upload.checked.rows,
        accepted: if is_taken { upload.checked.accepted } else { 0 },
        rejected: upload.checked.rows - upload.checked.accepted,
        outcomes,
        results,
        next,
        upload: Some(answers::Upload {
            stage: upload.stage.name().to_owned(),
            name: upload.name,
            bytes: upload.bytes,
            all_or_nothing: upload.all_or_nothing,
            sent: upload.sent.accepted,
            counted,
            refusal: upload.refusal.map(|problem| answers::RowProblem {
                field: problem.field,
                code: problem.code,
                message: problem.message,
            }),
        }),
    }
}
