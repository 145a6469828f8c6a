//! The first reading of a file: every row is checked, and what it becomes is kept, piece by piece.

use domain::config::Source;
use domain::id::Pepper;
use domain::submission::FieldProblem;
use http::HeaderMap;
use sources::Door;
use sources::batch::{Checker, Format, MAX_FILE_ROWS, SenderIds, senderless};
use table::{BatchRow, KEPT_ROW_PROBLEMS, RowProblem, UploadStage};

use crate::pieces::Stop;
use crate::{Came, Error, Job};

impl Job<'_> {
    /// Checks the file from where it is checked to.
    pub(crate) async fn check(&mut self) -> Result<Came, Error> {
        let headers = HeaderMap::new();
        let (name, config) = (self.upload().source.clone(), self.config.clone());
        let Some(source) = config.sources.get(&name) else {
            return self
                .refuse(
                    "source",
                    "no_source",
                    "the source is not in the configuration any more",
                )
                .await;
        };
        let pepper = self.pepper.clone();
        let door = door(&name, source, &pepper, config.default_country.as_deref());
        let incoming = senderless(&headers, self.upload().asked_at);
        let mut pieces = self.pieces();
        let mut earlier = SenderIds::default();
        let mut number = 0;
        loop {
            let piece = match pieces.next().await {
                Ok(Some(piece)) => piece,
                Ok(None) => break,
                Err(Stop::Store(error)) => return Err(error.into()),
                Err(Stop::Unreadable(refusal)) => {
                    let detail = format!("{} {}", refusal.sentence(), refusal.detail());
                    return self.refuse("file", refusal.code(), &detail).await;
                }
                Err(Stop::Short) => return self.refuse_changed().await,
            };
            let batch = self.upload().id.piece(&self.pepper, number);
            let mut checker = Checker::of_piece(&door, &incoming, earlier);
            if number < self.upload().checked.pieces {
                let known = self.files.table.batch_rows(batch, 0).await?;
                for (row, kept) in piece.into_iter().zip(&known) {
                    if kept.submission.is_some() {
                        checker.remember(row);
                    }
                }
                earlier = checker.into_earlier();
                number += 1;
                continue;
            }
            let rows: Vec<BatchRow> = piece
                .into_iter()
                .map(|row| intake::kept(&checker.check(row)))
                .collect();
            earlier = checker.into_earlier();
            let now = self.files.clock.now();
            self.files.table.keep_batch_rows(batch, &rows, now).await?;
            self.count(&rows);
            number += 1;
            if u64::from(self.upload().checked.rows) > MAX_FILE_ROWS {
                let message = format!("a file has at most {MAX_FILE_ROWS} rows; split it");
                return self.refuse("file", "too_many_rows", &message).await;
            }
            if let Some(came) = self.after_piece().await? {
                return Ok(came);
            }
        }
        if pieces.digest() != self.upload().sha256 {
            return self.refuse_changed().await;
        }
        let checked = self.upload().checked;
        if checked.rows == 0 && pieces.format() == Some(Format::Csv) {
            let message = "the file has the names of columns and no row after them";
            return self.refuse("file", "no_rows", message).await;
        }
        let wrong = checked.rows - checked.accepted;
        if self.upload().all_or_nothing && wrong > 0 {
            let message = format!(
                "{wrong} of {} rows are wrong, and one is enough to refuse the file; correct them, or let the good rows go on",
                checked.rows
            );
            return self.refuse("file", "rows_wrong", &message).await;
        }
        self.reach(UploadStage::Sending).await
    }

    /// Adds a piece to what was checked.
    fn count(&mut self, rows: &[BatchRow]) {
        let upload = &mut self.stored.upload;
        upload.checked.add(rows);
        for row in rows {
            for problem in &row.problems {
                upload.n_problems = upload.n_problems.saturating_add(1);
                if upload.problems.len() < KEPT_ROW_PROBLEMS {
                    upload.problems.push(RowProblem {
                        row: row.number,
                        line: row.line,
                        problem: problem.clone(),
                    });
                }
            }
        }
    }

    async fn refuse_changed(&mut self) -> Result<Came, Error> {
        let message = "what was stored is not the file that was announced: its length or its digest is another one";
        self.refuse("file", "not_as_announced", message).await
    }

    /// Nothing of the file is taken.
    async fn refuse(&mut self, field: &str, code: &str, message: &str) -> Result<Came, Error> {
        self.stored.upload.refusal = Some(FieldProblem {
            field: field.to_owned(),
            code: code.to_owned(),
            message: message.to_owned(),
        });
        self.reach(UploadStage::Refused).await
    }
}

/// The door that a file's rows come through: proved when it was announced.
pub(crate) fn door<'a>(
    name: &'a str,
    source: &'a Source,
    pepper: &'a Pepper,
    default_country: Option<&'a str>,
) -> Door<'a> {
    Door {
        name,
        source,
        secrets: &[],
        handshake_secrets: &[],
        pepper,
        default_country,
    }
}
