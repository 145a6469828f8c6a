//! Files of vendors: each row goes through the contract like a lead that comes alone, and the report says what became of it.

use std::collections::{BTreeMap, BTreeSet};

use domain::config::VendorAnswer;
use domain::id::SubmissionId;
use domain::submission::FieldProblem;
use domain::vendor::Answer;
use futures::future::try_join_all;
use sources::Parsed;
use sources::batch::Checked;
use vendors::{Buyer, Contract, Offered, WrongLead};
use web::Problem;

use crate::{Capture, unavailable};

/// Rows answered at the same time. More would only get in each other's way at the caps.
const ROWS_AT_ONCE: usize = 8;

impl Capture {
    /// Offers the rows of a file under a contract. Good rows that it refuses are bad from then on, with its reason; those that
    /// it accepts are bought. Bad rows are counted as rejected. Returns how many of the rows that go on were taken before, or by
    /// an earlier row; nothing where the contract answers only later.
    pub(crate) async fn offer_rows(
        &self,
        buyer: &Buyer<'_>,
        contract: Contract<'_>,
        rows: &mut [Checked],
    ) -> Result<Option<usize>, Problem> {
        // The same file has the same rows, in the same places.
        let file: Vec<u8> = rows
            .iter()
            .flat_map(|row| match &row.outcome {
                Ok(parsed) => parsed.id().bits().to_be_bytes().to_vec(),
                Err(problems) => problems
                    .iter()
                    .flat_map(|problem| {
                        format!("{}\u{0}{}\u{0}", problem.field, problem.code).into_bytes()
                    })
                    .collect(),
            })
            .collect();
        let mut taken_before = BTreeSet::new();
        for some in rows.chunks_mut(ROWS_AT_ONCE) {
            let answered = some
                .iter()
                .map(|row| self.offer_row(buyer, contract, row, &file));
            let answered = try_join_all(answered).await?;
            for (row, change) in some.iter_mut().zip(answered) {
                let Some(change) = change else {
                    continue;
                };
                if change.was_taken_before {
                    taken_before.insert(row.number);
                }
                row.outcome = change.outcome;
            }
        }
        copy_to_repeats(rows);
        let is_repeat =
            |row: &&Checked| row.repeats.is_some() || taken_before.contains(&row.number);
        let goes_on = rows.iter().filter(|row| row.outcome.is_ok());
        let is_answered = contract.vendor.answer == VendorAnswer::Sync;
        Ok(is_answered.then(|| goes_on.filter(is_repeat).count()))
    }

    /// What becomes of a row that the contract has something to say about.
    async fn offer_row(
        &self,
        buyer: &Buyer<'_>,
        contract: Contract<'_>,
        row: &Checked,
        file: &[u8],
    ) -> Result<Option<Change>, Problem> {
        let parsed = match &row.outcome {
            // It is what the row before it is.
            Ok(_) if row.repeats.is_some() => return Ok(None),
            Ok(parsed) => parsed,
            Err(problems) => {
                let key = [file, &row.number.to_be_bytes()[..]].concat();
                let id = SubmissionId::derive(buyer.pepper, contract.source, "wrong_row", &key);
                let wrong = WrongLead {
                    id,
                    windows: None,
                    problems,
                };
                let settled = buyer.settle(contract, Offered::Wrong(wrong)).await;
                settled.map_err(|error| unavailable(&error))?;
                return Ok(None);
            }
        };
        let heard = self.offered(buyer, contract, parsed.clone()).await?;
        let was_taken_before = heard.is_repeat;
        let outcome = match (heard.goes_on, heard.offer) {
            (Some(parsed), _) => Ok(parsed),
            (None, Some(offer)) => Err(refusal(&offer.answer)),
            (None, None) => return Ok(None),
        };
        Ok(Some(Change {
            outcome,
            was_taken_before,
        }))
    }

    /// What the contract would say of each good row now. Nothing is counted.
    pub(crate) async fn look_at_rows(
        &self,
        buyer: &Buyer<'_>,
        contract: Contract<'_>,
        rows: &mut [Checked],
    ) -> Result<(), Problem> {
        if contract.vendor.answer == VendorAnswer::Queued {
            return Ok(());
        }
        for some in rows.chunks_mut(ROWS_AT_ONCE) {
            let looks = some.iter().map(async |row| match &row.outcome {
                Ok(Parsed::Submission(submission)) => {
                    vendors::look(buyer, contract, submission).await.map(Some)
                }
                _ => Ok(None),
            });
            let looks = try_join_all(looks).await;
            for (row, answer) in some
                .iter_mut()
                .zip(looks.map_err(|error| unavailable(&error))?)
            {
                if let Some(answer) = answer
                    && !matches!(answer, Answer::Accepted { .. } | Answer::Held)
                {
                    row.outcome = Err(refusal(&answer));
                }
            }
        }
        Ok(())
    }
}

/// What the contract made of a row.
struct Change {
    outcome: Result<Parsed, Vec<FieldProblem>>,
    /// Whether it had been answered so before.
    was_taken_before: bool,
}

/// A row that says the same as one before it becomes what that one became.
fn copy_to_repeats(rows: &mut [Checked]) {
    let refused: BTreeMap<u64, Vec<FieldProblem>> = rows
        .iter()
        .filter_map(|row| Some((row.number, row.outcome.as_ref().err()?.clone())))
        .collect();
    for row in rows.iter_mut() {
        if let Some(problems) = row.repeats.and_then(|first| refused.get(&first)) {
            row.outcome = Err(problems.clone());
        }
    }
}

/// A refusal as a row of the report has it: what is wrong with fields, as whoever posts the same is told it; anything else is
/// said of the row.
fn refusal(answer: &Answer) -> Vec<FieldProblem> {
    let (code, fields) = match answer {
        Answer::Rejected { code, fields, .. } => (code.as_str(), fields.as_slice()),
        other => (other.name(), &[][..]),
    };
    if !fields.is_empty() {
        return fields.to_vec();
    }
    vec![FieldProblem {
        field: "row".to_owned(),
        code: code.to_owned(),
        message: answer.reason().unwrap_or_default(),
    }]
}
