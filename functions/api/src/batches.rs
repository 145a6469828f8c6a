//! Batches: what became of each row of a file.

use std::collections::BTreeMap;

use domain::id::BatchId;
use lambda_http::Request;
use lambda_http::http::StatusCode;
use table::{Batch, BatchRow, ROWS_IN_A_PAGE, Record};
use web::Problem;

use crate::answers;
use crate::problems::{self, field, invalid_fields, table_failed};
use crate::{Answer, Api};

/// The outcome of a row that is accepted and not settled.
pub(crate) const IN_FLIGHT: &str = "in_flight";

/// Rows on one page of the answer, if nobody asks for another number; and the most that can be asked for.
const DEFAULT_ROWS: usize = 100;
const MAX_ROWS: usize = 1_000;

/// Which rows are shown.
pub(crate) struct Page {
    pub(crate) after: u32,
    pub(crate) limit: usize,
}

impl Api {
    pub(crate) async fn get_batch(&self, name: &str, request: &Request) -> Answer {
        let id: BatchId = name.parse().map_err(|_| {
            Problem::not_found("batch").detail("a batch's id is bat_ and 26 characters")
        })?;
        let page = page(request)?;
        let found = self.table.batch(id).await;
        let Some(batch) = found.map_err(|error| table_failed(&error))? else {
            let upload = self.table.upload(id).await;
            return match upload.map_err(|error| table_failed(&error))? {
                Some(upload) => self.get_upload(upload, &page).await,
                None => Err(Problem::not_found("batch")
                    .detail("batches are kept for 90 days; their submissions stay")),
            };
        };
        let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
        let mut results: Vec<answers::BatchRow> = Vec::new();
        let mut next = None;
        let pages = (batch.rows as usize).div_ceil(ROWS_IN_A_PAGE);
        for number in 0..u32::try_from(pages).unwrap_or(u32::MAX) {
            let rows = self.table.batch_rows(id, number).await;
            let rows = rows.map_err(|error| table_failed(&error))?;
            for result in self.results(&rows).await? {
                *outcomes.entry(result.outcome.clone()).or_default() += 1;
                if result.row <= page.after {
                    continue;
                }
                if results.len() < page.limit {
                    results.push(result);
                } else if next.is_none() {
                    next = results.last().map(|last| last.row.to_string());
                }
            }
        }
        Ok(web::json(
            StatusCode::OK,
            &answer(batch, outcomes, results, next),
        ))
    }

    /// What became of each of these rows, in their order.
    pub(crate) async fn results(
        &self,
        rows: &[BatchRow],
    ) -> Result<Vec<answers::BatchRow>, Problem> {
        let submissions = rows.iter().filter_map(|row| row.submission);
        let records = self.records(submissions).await?;
        let results = rows.iter().map(|row| {
            let record = row.submission.and_then(|id| records.get(&id));
            result(row, record)
        });
        Ok(results.collect())
    }
}

fn result(row: &BatchRow, record: Option<&Record>) -> answers::BatchRow {
    let outcome = match (row.submission, record) {
        (None, _) => "rejected".to_owned(),
        (Some(_), None) => IN_FLIGHT.to_owned(),
        (Some(_), Some(record)) => record.outcome.to_string(),
    };
    let errors = row.problems.iter();
    answers::BatchRow {
        row: row.number,
        line: row.line,
        submission: row.submission.map(|id| id.to_string()),
        outcome,
        lead: record
            .and_then(|record| record.lead)
            .map(|lead| lead.to_string()),
        errors: errors
            .map(|problem| answers::RowProblem {
                field: problem.field.clone(),
                code: problem.code.clone(),
                message: problem.message.clone(),
            })
            .collect(),
    }
}

fn answer(
    batch: Batch,
    outcomes: BTreeMap<String, usize>,
    results: Vec<answers::BatchRow>,
    next: Option<String>,
) -> answers::Batch {
    answers::Batch {
        batch: batch.id.to_string(),
        source: batch.source,
        received_at: batch.received_at.into(),
        rows: batch.rows,
        accepted: batch.accepted,
        rejected: batch.rows.saturating_sub(batch.accepted),
        outcomes,
        results,
        next,
        upload: None,
    }
}

fn page(request: &Request) -> Result<Page, Problem> {
    let parameters = web::query(request.uri().query())
        .ok_or_else(|| Problem::of(problems::BAD_QUERY).detail("percent-encode it as UTF-8"))?;
    let mut page = Page {
        after: 0,
        limit: DEFAULT_ROWS,
    };
    let mut wrong = Vec::new();
    for (name, value) in parameters {
        match (name.as_str(), value.parse::<u32>()) {
            ("cursor", Ok(after)) => page.after = after,
            ("limit", Ok(limit)) if (1..=MAX_ROWS).contains(&(limit as usize)) => {
                page.limit = limit as usize;
            }
            ("cursor", _) => wrong.push(field(
                "cursor",
                "invalid",
                "give the cursor as `next` had it",
            )),
            ("limit", _) => wrong.push(field(
                "limit",
                "invalid",
                "limit is a number from 1 to 1000",
            )),
            (other, _) => wrong.push(field(other, "unknown", "there are cursor and limit")),
        }
    }
    if wrong.is_empty() {
        Ok(page)
    } else {
        Err(invalid_fields(&wrong))
    }
}
