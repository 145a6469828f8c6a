//! Whose forms were filled in at a visitor's browser, and what counts for them of what was done there.

use domain::decision::{Engaged, Ruling};
use domain::id::LeadId;
use domain::lead::Lead;
use domain::submission::Submission;
use domain::visitor::FilledForm;
use jiff::{SignedDuration, Timestamp};
use table::Current;

use crate::{Enrich, Error, MAX_ROUNDS};

impl Enrich {
    /// Notes that `submission` was filled in at its visitor's browser and belongs to `lead`, and says what is credited for
    /// what was done there. Nothing for a submission without a visitor, and nothing is read or written then.
    ///
    /// It is noted before the lead is written: an event that comes later finds the form and is credited by `score`.
    pub(crate) async fn visit(
        &self,
        submission: &Submission,
        lead: LeadId,
        known: Option<&Lead>,
        current: &Current,
        now: Timestamp,
    ) -> Result<Option<Ruling>, Error> {
        let Some(key) = submission.visitor else {
            return Ok(None);
        };
        let form = FilledForm::new(
            submission.id,
            lead,
            submission.received_at,
            &submission.fields,
        );
        let kept_for =
            SignedDuration::from_hours(24 * i64::from(current.config.events.visitor_days));
        let expires = now.saturating_add(kept_for).unwrap_or(now);
        for _ in 0..MAX_ROUNDS {
            let mut stored = self.table.visitor(key, now).await?;
            if stored.visitor.filled(&form)
                && !self
                    .table
                    .keep_visitor(key, stored.version, &stored.visitor, expires)
                    .await?
            {
                continue;
            }
            let mut events = stored.visitor.credits(lead);
            events.retain(|event| known.is_none_or(|known| !known.events.contains(&event.id)));
            return Ok((!events.is_empty()).then_some(Ruling::Engaged(Engaged { events })));
        }
        Err(Error::Contended)
    }
}
