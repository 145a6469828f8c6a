//! Submissions of people who were erased: each ends as `suppressed`, and nothing of it is kept but that it came.

use domain::config::Config;
use domain::decision::{Decision, Outcome};
use domain::id::{ErasureId, Pepper, SubmissionId};
use domain::identity::{Claimant, IdentityKey, claimant_in, keys_in};
use domain::submission::{Quarantined, Submission};
use jiff::Timestamp;
use queue::Outgoing;
use table::{Current, Record};

use crate::{Enrich, Error, MAX_ROUNDS};

impl Enrich {
    /// Ends a submission whose person was erased.
    pub(crate) async fn suppress(
        &self,
        submission: &Submission,
        erasure: ErasureId,
        current: &Current,
        now: Timestamp,
    ) -> Result<Vec<Outgoing>, Error> {
        if submission.bought.is_some() && self.table.accepted_lead(submission.id).await?.is_some() {
            // The door keeps a whole copy of what it accepted of a vendor.
            self.table.empty_accepted(submission.id, now).await?;
        }
        let (id, source) = (submission.id, submission.source.as_str());
        self.end_suppressed(id, source, submission.received_at, erasure, current, now)
            .await
    }

    /// Ends a submission for the quarantine whose person was erased, whether it is there already or not.
    pub(crate) async fn end_quarantined(
        &self,
        quarantined: &Quarantined,
        erasure: ErasureId,
    ) -> Result<Vec<Outgoing>, Error> {
        let now = self.clock.now();
        let current = self.configurations.at(now).await?;
        let current = current.ok_or(Error::NoConfiguration)?;
        let Quarantined {
            id,
            source,
            received_at,
            ..
        } = quarantined;
        if keeps_ledger(&current.config, source) {
            self.table
                .reopen_in_ledger(source, *received_at, *id)
                .await?;
        }
        self.end_suppressed(*id, source, *received_at, erasure, &current, now)
            .await
    }

    /// Records that a submission is suppressed, unless it ended before, and sees to it that no copy of it which is on its way
    /// makes a lead of its name: that one ends before it begins.
    async fn end_suppressed(
        &self,
        id: SubmissionId,
        source: &str,
        received_at: Timestamp,
        erasure: ErasureId,
        current: &Current,
        now: Timestamp,
    ) -> Result<Vec<Outgoing>, Error> {
        let record = Record {
            id,
            source: source.to_owned(),
            received_at,
            outcome: Outcome::Suppressed,
            lead: None,
            repeats: None,
            quarantined: None,
        };
        let end = Decision::erased(erasure, &current.version, now);
        for _ in 0..MAX_ROUNDS {
            if self.table.suppress_submission(&record, &end).await? {
                return Ok(Vec::new());
            }
        }
        Err(Error::Contended)
    }

    /// Whose address or number stands anywhere in what is for the quarantine, as far as it can be read.
    pub(crate) async fn sender_of(
        &self,
        quarantined: &Quarantined,
    ) -> Result<(Vec<IdentityKey>, Claimant), Error> {
        let current = self.configurations.at(self.clock.now()).await?;
        let current = current.ok_or(Error::NoConfiguration)?;
        let pepper = Pepper::new(self.secrets.pepper().await?.expose());
        let country = current.config.default_country.as_deref();
        let texts = quarantined.raw.values().map(String::as_str);
        let keys = keys_in(&pepper, texts, country);
        Ok((keys, claimant_in(&pepper, &quarantined.raw)))
    }
}

fn keeps_ledger(config: &Config, source: &str) -> bool {
    let source = config.sources.get(source);
    source.is_some_and(|source| source.ledger)
}
