//! Submissions: what became of them, and correcting those that are quarantined.

use std::collections::{BTreeMap, BTreeSet};

use domain::decision::{Outcome, Ruling};
use domain::explain::reasons;
use domain::field::Fields;
use domain::id::{Pepper, SubmissionId};
use domain::identity::{Claimant, keys_of};
use domain::submission::{FieldProblem, Quarantined};
use futures::future::try_join_all;
use lambda_http::Request;
use lambda_http::http::StatusCode;
use queue::{Message, Queue};
use serde_json::{Map, Value};
use table::{Deed, Record, Step};
use web::Problem;

use crate::answers::{OfferAnswer, Resubmitted, Submission, SubmissionReason, SubmissionStep};
use crate::problems::{self, field, invalid_fields, table_failed, unavailable, wrong_state};
use crate::{Answer, Api, object};

/// Submissions that are looked up one call after the other: five calls of a hundred items. What is more than that is looked
/// up at the same time.
const LOOKED_UP_IN_TURN: usize = 250;

impl Api {
    /// What became of each of these submissions; those that have not ended are left out.
    pub(crate) async fn records(
        &self,
        submissions: impl IntoIterator<Item = SubmissionId>,
    ) -> Result<BTreeMap<SubmissionId, Record>, Problem> {
        // A file may hold one submission twice, and a call may not ask for one item twice.
        let ids: BTreeSet<SubmissionId> = submissions.into_iter().collect();
        let ids: Vec<SubmissionId> = ids.into_iter().collect();
        let parts = ids.chunks(LOOKED_UP_IN_TURN);
        let records = try_join_all(parts.map(|part| self.table.records(part))).await;
        let records = records.map_err(|error| table_failed(&error))?;
        Ok(records.into_iter().flatten().collect())
    }

    pub(crate) async fn get_submission(&self, name: &str) -> Answer {
        let id = submission_id(name)?;
        let known = self.table.submission(id).await;
        match known.map_err(|error| table_failed(&error))?.record {
            Some(record) => self.answer_about(record).await,
            None => self.answer_about_offer(id).await,
        }
    }

    /// A lead of a vendor that was answered, and is not or not yet among the others.
    async fn answer_about_offer(&self, id: SubmissionId) -> Answer {
        let stored = self.table.offer(id).await;
        let Some(stored) = stored.map_err(|error| table_failed(&error))? else {
            return Err(unknown_submission());
        };
        let offer = stored.offer;
        if offer.bought().is_some() || matches!(offer.answer, domain::vendor::Answer::Held) {
            return Err(unknown_submission());
        }
        let answer = Submission {
            id: id.to_string(),
            source: offer.source.clone(),
            received_at: offer.at.into(),
            outcome: Outcome::Rejected.to_string(),
            lead: None,
            repeats: None,
            reasons: refusal(&offer),
            fields: None,
            history: Vec::new(),
            offer: Some(OfferAnswer::from(&offer)),
        };
        Ok(web::json(StatusCode::OK, &answer))
    }

    pub(crate) async fn answer_about(&self, record: Record) -> Answer {
        let current = self.configurations.at(self.clock.now()).await;
        let current = current.map_err(|error| table_failed(&error))?;
        let is_vendors =
            current.is_some_and(|current| current.config.contract_of(&record.source).is_some());
        let offer = if is_vendors {
            let stored = self.table.offer(record.id).await;
            stored
                .map_err(|error| table_failed(&error))?
                .map(|stored| stored.offer)
        } else {
            None
        };
        let mut reasons = self.reasons_of(&record).await?;
        if let (Outcome::Rejected, Some(offer)) = (record.outcome, &offer) {
            reasons.extend(refusal(offer));
        }
        let steps = self.table.steps(record.id).await;
        let steps = steps.map_err(|error| table_failed(&error))?;
        let is_quarantined = record.outcome == Outcome::Quarantined;
        let answer = Submission {
            id: record.id.to_string(),
            source: record.source,
            received_at: record.received_at.into(),
            outcome: record.outcome.to_string(),
            lead: record.lead.map(|lead| lead.to_string()),
            repeats: record.repeats.map(|original| original.to_string()),
            reasons,
            fields: record
                .quarantined
                .filter(|_| is_quarantined)
                .map(|quarantined| quarantined.raw),
            history: steps.into_iter().map(SubmissionStep::from).collect(),
            offer: offer.as_ref().map(OfferAnswer::from),
        };
        Ok(web::json(StatusCode::OK, &answer))
    }

    /// A quarantined submission again, with a correction. It keeps its id and goes the way of any submission.
    pub(crate) async fn resubmit(&self, name: &str, request: &Request) -> Answer {
        let now = self.clock.now();
        let id = submission_id(name)?;
        let patch = object(request)?;
        let pepper = self.pepper().await?;
        let once = self.once(request, &pepper, now).await?;
        let answer = || {
            web::json(
                StatusCode::ACCEPTED,
                &Resubmitted {
                    submission: id.to_string(),
                },
            )
        };
        if once.is_done {
            return Ok(answer());
        }
        let record = self.record_of(id).await?;
        let Some(quarantined) = record
            .quarantined
            .as_ref()
            .filter(|_| record.outcome == Outcome::Quarantined)
        else {
            return Err(wrong_state(format!(
                "the submission is {}; only a quarantined one can be corrected",
                record.outcome
            )));
        };
        let corrected = Quarantined {
            raw: patched(&quarantined.raw, patch)?,
            ..quarantined.clone()
        };
        let current = self.current().await?;
        let mut changed: Vec<String> = Vec::new();
        for name in quarantined.raw.keys().chain(corrected.raw.keys()) {
            if quarantined.raw.get(name) != corrected.raw.get(name) && !changed.contains(name) {
                changed.push(name.clone());
            }
        }
        let source = current.config.sources.get(&corrected.source);
        let source =
            source.ok_or_else(|| wrong_state("its source is not in the configuration any more"))?;
        let submission = sources::recheck(
            &corrected,
            source,
            current.config.default_country.as_deref(),
        )
        .map_err(|problems| invalid_fields(&problems))?;

        self.refuse_suppressed(&submission.fields, &pepper).await?;

        // Two corrections on their way at once could claim the identities of two people for one lead.
        let fields = corrected
            .raw
            .iter()
            .flat_map(|(name, text)| [name.as_bytes(), text.as_bytes()]);
        let digest: Vec<&[u8]> = std::iter::once(b"correction".as_slice())
            .chain(fields)
            .collect();
        let digest = pepper.hash(&digest);
        self.reopen_in_ledger(&record).await?;
        let accepted = self
            .table
            .accept_correction(&record, digest)
            .await
            .map_err(|error| table_failed(&error))?;
        if !accepted {
            return Err(wrong_state(
                "another correction of the submission is on its way; look at what becomes of it",
            ));
        }
        let step = Step {
            at: now,
            deed: Deed::Corrected { fields: changed },
            by: None,
        };
        self.table
            .note_step(id, digest, &step)
            .await
            .map_err(|error| table_failed(&error))?;
        let message = Message::Submission {
            submission: Box::new(submission),
        };
        self.queues
            .send(Queue::Enrich, &message)
            .await
            .map_err(|error| unavailable(&error))?;
        self.note_done(&once, now).await?;
        Ok(answer())
    }

    /// Refuses to have something go on whose person was erased. Should that be at this moment, `enrich` finds it.
    async fn refuse_suppressed(&self, fields: &Fields, pepper: &Pepper) -> Result<(), Problem> {
        let keys = keys_of(pepper, fields);
        let comes = Claimant::of(pepper, fields, &keys);
        let erased = self.table.kept_out(&keys, &comes).await;
        if erased.map_err(|error| table_failed(&error))?.is_some() {
            return Err(Problem::of(problems::SUPPRESSED)
                .detail("whoever this is of was erased, and stays erased; discard it"));
        }
        Ok(())
    }

    /// Before its quarantine ends: what the ledger of its source has counted is to be looked up from now on.
    pub(crate) async fn reopen_in_ledger(&self, record: &Record) -> Result<(), Problem> {
        let current = self.current().await?;
        let source = current.config.sources.get(&record.source);
        if source.is_none_or(|source| !source.ledger) {
            return Ok(());
        }
        self.table
            .reopen_in_ledger(&record.source, record.received_at, record.id)
            .await
            .map_err(|error| table_failed(&error))
    }

    pub(crate) async fn record_of(&self, id: SubmissionId) -> Result<Record, Problem> {
        let known = self
            .table
            .submission(id)
            .await
            .map_err(|error| table_failed(&error))?;
        known.record.ok_or_else(unknown_submission)
    }

    async fn reasons_of(&self, record: &Record) -> Result<Vec<SubmissionReason>, Problem> {
        if let Some(quarantined) = &record.quarantined {
            return Ok(quarantined.problems.iter().map(problem_as_reason).collect());
        }
        if let Some(original) = record.repeats {
            let message = format!("it repeats {original}");
            return Ok(vec![SubmissionReason {
                code: "repeat".to_owned(),
                field: None,
                subject: Some(original.to_string()),
                message,
            }]);
        }
        let said = |code: &str, message: &str| {
            vec![SubmissionReason {
                code: code.to_owned(),
                field: None,
                subject: None,
                message: message.to_owned(),
            }]
        };
        if record.outcome == Outcome::Suppressed {
            return Ok(said(
                "suppressed",
                "its person was erased; nothing of it is kept",
            ));
        }
        let Some(lead) = record.lead else {
            return Ok(Vec::new());
        };
        let history = self.lead_or_erased(lead).await?;
        if history.lead.erased.is_some() {
            return Ok(said("erased", "the person of its lead was erased since"));
        }
        let current = self
            .configurations
            .at(self.clock.now())
            .await
            .map_err(|error| table_failed(&error))?;
        let none = domain::config::Config::default();
        let config = current.as_ref().map_or(&none, |current| &current.config);
        let received = history
            .decisions
            .iter()
            .find(|decision| match &decision.ruling {
                Ruling::Received(received) => received.submission == record.id,
                _ => false,
            });
        let reasons = received
            .map(|decision| reasons(config, &decision.ruling))
            .unwrap_or_default();
        Ok(reasons
            .into_iter()
            .map(|reason| SubmissionReason {
                code: reason.code,
                field: None,
                subject: reason.subject,
                message: reason.text,
            })
            .collect())
    }
}

fn unknown_submission() -> Problem {
    Problem::not_found("submission").detail("nothing became of such a submission yet; one that was accepted just now may still be on its way")
}

/// Why a vendor's lead was refused, field by field where fields are wrong.
fn refusal(offer: &domain::vendor::Offer) -> Vec<SubmissionReason> {
    if let domain::vendor::Answer::Rejected { fields, .. } = &offer.answer
        && !fields.is_empty()
    {
        return fields.iter().map(problem_as_reason).collect();
    }
    let reason = offer.answer.code().zip(offer.answer.reason());
    reason
        .map(|(code, reason)| SubmissionReason {
            code: code.to_owned(),
            field: None,
            subject: Some(offer.vendor.clone()),
            message: format!("refused: {reason}"),
        })
        .into_iter()
        .collect()
}

pub(crate) fn submission_id(name: &str) -> Result<SubmissionId, Problem> {
    name.parse().map_err(|_| {
        Problem::not_found("submission").detail("a submission's id is sub_ and 26 characters")
    })
}

pub(crate) fn problem_as_reason(problem: &FieldProblem) -> SubmissionReason {
    SubmissionReason {
        code: problem.code.clone(),
        field: Some(problem.field.clone()),
        subject: None,
        message: problem.message.clone(),
    }
}

/// A JSON merge patch (RFC 7396) over fields that are all text: null takes a field away, anything else replaces it.
fn patched(
    raw: &BTreeMap<String, String>,
    patch: Map<String, Value>,
) -> Result<BTreeMap<String, String>, Problem> {
    let mut patched = raw.clone();
    let mut wrong = Vec::new();
    for (name, value) in patch {
        let text = match value {
            Value::Null => {
                patched.remove(&name);
                continue;
            }
            Value::String(text) => text,
            // As a form would have sent it.
            Value::Number(number) => number.to_string(),
            Value::Bool(flag) => flag.to_string(),
            Value::Array(_) | Value::Object(_) => {
                wrong.push(field(
                    &name,
                    "not_text",
                    "a field is text, a number, true, false, or null to take it away",
                ));
                continue;
            }
        };
        patched.insert(name, text);
    }
    if wrong.is_empty() {
        Ok(patched)
    } else {
        Err(invalid_fields(&wrong))
    }
}
