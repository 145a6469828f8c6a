//! `POST /v1/submissions/{submission}/return`: a bought lead goes back to its vendor.

use domain::decision::{Decision, Returned, Ruling, Stage};
use domain::lead::Lead;
use domain::vendor::{Answer as Said, Counted, Offer, Return};
use jiff::{SignedDuration, Timestamp};
use lambda_http::Request;
use lambda_http::http::StatusCode;
use serde_json::{Map, Value};
use table::{Current, Returning, StoredOffer};
use web::Problem;

use crate::answers::{self, MoneyAnswer};
use crate::feedback::{MAX_TEXT, short_text};
use crate::problems::{field, invalid_fields, table_failed, wrong_state};
use crate::submissions::submission_id;
use crate::{Answer, Api, MAX_ROUNDS, object};

/// What somebody wants.
struct Wanted {
    reason: String,
    by: Option<String>,
}

impl Api {
    pub(crate) async fn return_submission(&self, name: &str, request: &Request) -> Answer {
        let now = self.clock.now();
        let id = submission_id(name)?;
        let wanted = read(object(request)?)?;
        let current = self.current().await?;
        let once = self.once(request, &self.pepper().await?, now).await?;
        for _ in 0..MAX_ROUNDS {
            let stored = self.table.offer(id).await;
            let stored = stored
                .map_err(|error| table_failed(&error))?
                .ok_or_else(|| {
                    Problem::not_found("submission")
                        .detail("no vendor was answered about such a submission")
                })?;
            let reason = allowed(&wanted, &stored.offer, &current)?;
            if let Some(done) = &stored.offer.returned {
                if once.is_done || done.reason == reason {
                    self.note_done(&once, now).await?;
                    return Ok(web::json(StatusCode::OK, &answer(&stored.offer)));
                }
                return Err(wrong_state(format!(
                    "the lead was returned already, as {}",
                    done.reason
                )));
            }
            in_time(&stored.offer, &current, now)?;
            if let Some(offer) = self
                .take_back(&stored, reason, &wanted, &current, now)
                .await?
            {
                self.note_done(&once, now).await?;
                return Ok(web::json(StatusCode::OK, &answer(&offer)));
            }
        }
        tracing::warn!(submission = %id, "others kept writing about {id}");
        Err(Problem::unavailable())
    }

    /// Writes the return, with the history of its lead. Nothing when somebody else was faster.
    async fn take_back(
        &self,
        stored: &StoredOffer,
        reason: String,
        wanted: &Wanted,
        current: &Current,
        now: Timestamp,
    ) -> Result<Option<Offer>, Problem> {
        let known = self.table.submission(stored.offer.submission).await;
        let record = known.map_err(|error| table_failed(&error))?.record;
        let Some(record) = record else {
            return Err(wrong_state(
                "the lead is still on its way; return it when it has arrived",
            ));
        };
        let history = match record.lead {
            Some(lead) => Some(self.lead(lead).await?),
            // It was bought, and then kept for a person or found to be a repeat: there is no lead to tell.
            None => None,
        };
        if let Some(history) = &history {
            refuse_customers(&history.lead)?;
        }
        let price = stored.offer.bought().and_then(|bought| bought.price);
        let decisions = [Decision {
            at: now,
            config: current.version.clone(),
            ruling: Ruling::Returned(Returned {
                submission: stored.offer.submission,
                vendor: stored.offer.vendor.clone(),
                reason: reason.clone(),
                by: wanted.by.clone(),
                price,
            }),
        }];
        let mut offer = stored.offer.clone();
        offer.returned = Some(Return {
            reason,
            by: wanted.by.clone(),
            at: now,
        });
        let caps = room_again(&offer, current, now);
        let returning = Returning {
            offer: &offer,
            replaces: stored.version,
            lead: history
                .as_ref()
                .map(|history| (history.lead.id, history.lead.seq, &decisions[..])),
            caps: &caps,
        };
        let is_done = self.table.take_back(&returning).await;
        Ok(is_done
            .map_err(|error| table_failed(&error))?
            .then_some(offer))
    }
}

/// The code of the reason, if the contract allows it and the lead was bought at all.
fn allowed(wanted: &Wanted, offer: &Offer, current: &Current) -> Result<String, Problem> {
    if !matches!(offer.answer, Said::Accepted { .. }) {
        return Err(wrong_state(format!(
            "the lead was not bought: its vendor was answered {}",
            offer.answer.name()
        )));
    }
    let returns = current
        .config
        .vendors
        .get(&offer.vendor)
        .and_then(|vendor| vendor.returns.as_ref())
        .ok_or_else(|| {
            wrong_state(format!(
                "nothing can be returned to {}: its contract has no `returns`",
                offer.vendor
            ))
        })?;
    match returns.reason(&wanted.reason) {
        Some(reason) => Ok(reason.code.clone()),
        None => {
            let codes: Vec<&str> = returns
                .reasons
                .iter()
                .map(|reason| reason.code.as_str())
                .collect();
            let message = format!(
                "the contract with {} allows {}",
                offer.vendor,
                codes.join(", ")
            );
            Err(invalid_fields(&[field(
                "reason",
                "reason_not_allowed",
                &message,
            )]))
        }
    }
}

fn in_time(offer: &Offer, current: &Current, now: Timestamp) -> Result<(), Problem> {
    let days = current
        .config
        .vendors
        .get(&offer.vendor)
        .and_then(|vendor| vendor.returns.as_ref())
        .map_or(0, |returns| returns.days);
    let until = offer
        .at
        .saturating_add(SignedDuration::from_hours(24 * i64::from(days)))
        .unwrap_or(offer.at);
    if now > until {
        return Err(wrong_state(format!(
            "the lead could be returned until {until}, {days} days after it was bought"
        )));
    }
    Ok(())
}

fn refuse_customers(lead: &Lead) -> Result<(), Problem> {
    match lead.stage {
        Stage::Opportunity | Stage::Customer => Err(wrong_state(
            "sales have a deal with the lead; report disqualified first if that came to nothing",
        )),
        _ => Ok(()),
    }
}

/// The caps that have room again: those whose period has not ended.
fn room_again(offer: &Offer, current: &Current, now: Timestamp) -> Vec<Counted> {
    let gives_back = current
        .config
        .vendors
        .get(&offer.vendor)
        .and_then(|vendor| vendor.returns.as_ref())
        .is_some_and(|returns| returns.gives_back_cap);
    let counted = offer.answer.counted().iter();
    counted
        .filter(|cap| gives_back && cap.ends.is_none_or(|ends| now < ends))
        .cloned()
        .collect()
}

fn answer(offer: &Offer) -> answers::Returned {
    let done = offer.returned.as_ref();
    answers::Returned {
        submission: offer.submission.to_string(),
        vendor: offer.vendor.clone(),
        reason: done.map(|done| done.reason.clone()).unwrap_or_default(),
        by: done.and_then(|done| done.by.clone()),
        returned_at: done.map_or(offer.at, |done| done.at).into(),
        refunded: offer
            .bought()
            .and_then(|bought| bought.price)
            .as_ref()
            .map(MoneyAnswer::from),
    }
}

/// Reads a body, every bad field at once.
fn read(body: Map<String, Value>) -> Result<Wanted, Problem> {
    let mut wrong = Vec::new();
    let (mut reason, mut by) = (None, None);
    for (name, value) in &body {
        match (name.as_str(), short_text(value)) {
            ("reason", Ok(text)) => reason = text,
            ("by", Ok(text)) => by = text,
            ("reason" | "by", Err(())) => {
                let message = format!("{name} is text of 1 to {MAX_TEXT} characters on one line");
                wrong.push(field(name, "invalid_text", &message));
            }
            _ => wrong.push(field(
                name,
                "unknown_field",
                "there is no such field; there are reason and by",
            )),
        }
    }
    if reason.is_none() && wrong.is_empty() {
        wrong.push(field(
            "reason",
            "required",
            "say why, by one of the reasons of the contract",
        ));
    }
    match reason {
        Some(reason) if wrong.is_empty() => Ok(Wanted { reason, by }),
        _ => Err(invalid_fields(&wrong)),
    }
}
