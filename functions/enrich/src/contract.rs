//! The contract of a vendor that is answered later, or whose lead was released from quarantine: carried out here, since the
//! door did not.

use domain::decision::Outcome;
use domain::id::Pepper;
use domain::submission::Submission;
use jiff::Timestamp;
use table::{Current, Record};
use vendors::{Buyer, Contract, Offered};

use crate::{Enrich, Error, record, repeat_of};

impl Enrich {
    /// Whether a submission goes on: always, unless it is a vendor's whose contract refuses it. That is its end, and recorded.
    pub(crate) async fn buy(
        &self,
        submission: &mut Submission,
        current: &Current,
        pepper: &Pepper,
        now: Timestamp,
    ) -> Result<bool, Error> {
        if submission.bought.is_some() {
            return Ok(true);
        }
        let Some((name, vendor)) = current.config.contract_of(&submission.source) else {
            return Ok(true);
        };
        // Whatever ended is not offered again, however late its message comes once more.
        match self.table.submission(submission.id).await?.record {
            Some(Record {
                outcome: Outcome::Rejected | Outcome::Suppressed,
                ..
            }) => return Ok(false),
            Some(Record {
                outcome: Outcome::Created | Outcome::Merged | Outcome::Duplicate,
                ..
            }) => return Ok(true),
            Some(_) | None => {}
        }
        let buyer = Buyer {
            table: &self.table,
            config: &current.config,
            pepper,
            now,
        };
        let source = submission.source.clone();
        let contract = Contract {
            name,
            vendor,
            source: &source,
        };
        let answered = buyer.settle(contract, Offered::Fit(submission)).await?;
        if answered.offer.submission != submission.id {
            // The same content was answered under another name. While that one is on its way, this one waits.
            let original = self.table.submission(answered.offer.submission).await?;
            let original = original.record.ok_or(Error::Contended)?;
            let repeat = repeat_of(submission, &original);
            self.table.record_submission(&repeat).await?;
            return Ok(false);
        }
        if let Some(bought) = answered.offer.bought() {
            submission.bought = Some(Box::new(bought));
            return Ok(true);
        }
        tracing::info!(
            submission = %submission.id,
            vendor = name,
            outcome = answered.offer.answer.name(),
            "{} is not bought of {name}", submission.id
        );
        let refused = record(submission, Outcome::Rejected, None);
        self.table.record_end(&refused).await?;
        Ok(false)
    }
}
