//! Pings: whether a lead would be bought, and for how much. Nothing is reserved; the price of the answer holds for a while.

use domain::field::Fields;
use domain::id::PingId;
use domain::submission::Submission;
use domain::vendor::{Answer, Counted, Pinged, Terms, cap_now, caps, partial_terms, terms};
use jiff::{SignedDuration, Timestamp};
use table::Settled;

use crate::{Buyer, Contract, Error, uses};

/// What a ping is answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// What a lead like this would be answered now.
    pub answer: Answer,
    /// The ping to be quoted, if the lead would be bought.
    pub ping: Option<PingId>,
    /// Until when it may be quoted.
    pub expires_at: Option<Timestamp>,
    /// Whether it was not looked at, because the limit of pings is reached.
    pub is_over_limit: bool,
}

/// Answers a vendor that asks about a lead of which it says `fields`, under the id `ping`.
///
/// # Errors
/// When it could not be answered.
pub async fn ask(
    buyer: &Buyer<'_>,
    contract: Contract<'_>,
    ping: PingId,
    fields: &Fields,
) -> Result<Option<Asked>, Error> {
    let Some(rules) = &contract.vendor.ping else {
        return Ok(None);
    };
    let judged = buyer.judged_fields(contract.source, fields);
    let agreed = partial_terms(contract.vendor, &judged, buyer.now);
    let answer = match agreed {
        Ok(agreed) => preview(buyer, contract, fields, agreed).await?,
        Err(answer) => answer,
    };
    let price = match &answer {
        Answer::Accepted { price, .. } => Some(price.clone()),
        _ => None,
    };
    let lives = SignedDuration::from_secs(i64::from(rules.seconds));
    let pinged = price.map(|price| Pinged {
        id: ping,
        vendor: contract.name.to_owned(),
        expires_at: buyer.now.saturating_add(lives).unwrap_or(buyer.now),
        price,
        said: Pinged::said(buyer.pepper, fields),
    });
    let limits = caps(contract.vendor, &rules.limits, &judged, buyer.now);
    let counted = uses(&format!("{}.ping", contract.name), &limits);
    for round in 0..crate::MAX_ROUNDS {
        buyer
            .wait(domain::id::SubmissionId::from_bits(ping.bits()), round)
            .await;
        match buyer.table.keep_ping(pinged.as_ref(), &counted).await? {
            Settled::Full(index) => {
                let reached = limits.get(index).map(|limit| limit.reached.clone());
                let limit = rules.limits.first();
                let fallback =
                    || limit.map(|limit| cap_now(contract.vendor, limit, buyer.now).reached);
                return Ok(reached.or_else(fallback).map(|answer| Asked {
                    answer,
                    ping: None,
                    expires_at: None,
                    is_over_limit: true,
                }));
            }
            Settled::Done => {
                return Ok(Some(Asked {
                    answer,
                    ping: pinged.as_ref().map(|pinged| pinged.id),
                    expires_at: pinged.as_ref().map(|pinged| pinged.expires_at),
                    is_over_limit: false,
                }));
            }
            _ => {}
        }
    }
    Err(Error::Contended)
}

/// What a whole lead would be answered now. Nothing is counted or kept.
///
/// # Errors
/// When the table cannot be read.
pub async fn look(
    buyer: &Buyer<'_>,
    contract: Contract<'_>,
    submission: &Submission,
) -> Result<Answer, Error> {
    if let Some(stored) = buyer.table.offer(submission.id).await?
        && stored.offer.stands(buyer.now)
    {
        return Ok(stored.offer.answer);
    }
    let judged = buyer.judged_fields(contract.source, &submission.fields);
    match terms(contract.vendor, &judged, buyer.now) {
        Ok(agreed) => preview(buyer, contract, &submission.fields, agreed).await,
        Err(answer) => Ok(answer),
    }
}

async fn preview(
    buyer: &Buyer<'_>,
    contract: Contract<'_>,
    fields: &Fields,
    agreed: Terms,
) -> Result<Answer, Error> {
    if let Some(answer) = buyer.known_person(contract, fields, None).await? {
        return Ok(answer);
    }
    if let Some(answer) = buyer.known_lead(contract, fields, None).await? {
        return Ok(answer);
    }
    let mut counted = Vec::with_capacity(agreed.caps.len());
    for cap in &agreed.caps {
        let used = buyer
            .table
            .cap_used(contract.name, &cap.name, cap.period.starts)
            .await?;
        if used >= u64::from(cap.maximum) {
            return Ok(cap.reached.clone());
        }
        counted.push(Counted {
            cap: cap.name.clone(),
            starts: cap.period.starts,
            ends: cap.period.opens_at,
        });
    }
    Ok(Answer::Accepted {
        price: agreed.price,
        caps: counted,
    })
}
