//! Vendors: what a contract makes of a lead that is offered, and what the vendor is told.
//!
//! Nothing is counted here. What applies to a lead is worked out; whether a cap still has room, and whether a person is known,
//! is decided by the write that accepts the lead.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::calendar::local_date;
use crate::config::{Cap, Per, ReturnReason, Returns, Vendor};
use crate::field::{Field, Fields};
use crate::id::{Pepper, PingId, SubmissionId};
use crate::submission::FieldProblem;

mod money;
mod period;
mod person;

pub use money::{CURRENCIES, Money, MoneyError, decimals, is_currency};
pub use period::{Period, period};
pub use person::{PersonKey, digest_key, digest_of, persons};

/// What a lead was bought for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bought {
    /// Of whom: the vendor's name in the configuration.
    pub vendor: String,
    /// For how much; nothing if the contract has no price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Money>,
    /// The day of the scorecard on which it is counted: that of the acceptance, in the vendor's time zone.
    pub day: Date,
}

/// A lead that a vendor offered, and what the vendor was told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Offer {
    /// The submission.
    pub submission: SubmissionId,
    /// Whose: the vendor's name in the configuration.
    pub vendor: String,
    /// Through which source.
    pub source: String,
    /// When it was answered.
    pub at: Timestamp,
    /// The day of the scorecard on which it is counted.
    pub day: Date,
    /// The vendor's own id for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The answer.
    #[serde(flatten)]
    pub answer: Answer,
    /// That it was sent back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returned: Option<Return>,
}

/// What a vendor is told about a lead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Answer {
    /// It is bought.
    Accepted {
        /// For how much.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        price: Option<Money>,
        /// The caps that it counts for.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        caps: Vec<Counted>,
    },
    /// The person is known.
    Duplicate {
        /// When they were last heard of.
        known_at: Timestamp,
        /// For how many days a person counts as known.
        days: u32,
    },
    /// It does not meet the contract.
    Rejected {
        /// `invalid_fields`, the name of a criterion, or what is wrong with the ping.
        code: String,
        /// In words.
        reason: String,
        /// Each field that is wrong.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        fields: Vec<FieldProblem>,
    },
    /// A cap is reached.
    Capped {
        /// Its name.
        cap: String,
        /// In words.
        reason: String,
        /// When there is room again; never, if nothing stands here.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        opens_at: Option<Timestamp>,
    },
    /// It is kept for a person to look at; the contract is applied when it is released.
    Held,
}

/// A cap that a lead counts for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// Its name.
    pub cap: String,
    /// The period, by the second at which it begins.
    pub starts: i64,
    /// When the period ends, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<Timestamp>,
}

/// That a lead was sent back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Return {
    /// The code of the reason.
    pub reason: String,
    /// Who says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// For how long an answer other than an acceptance stands, in seconds: as long as a used idempotency key.
const REFUSAL_SECONDS: i64 = 86_400;

impl Answer {
    /// Its name.
    pub fn name(&self) -> &'static str {
        match self {
            Answer::Accepted { .. } => "accepted",
            Answer::Duplicate { .. } => "duplicate",
            Answer::Rejected { .. } => "rejected",
            Answer::Capped { .. } => "capped",
            Answer::Held => "held",
        }
    }

    /// A stable code of the reason; nothing for what is accepted.
    pub fn code(&self) -> Option<&str> {
        match self {
            Answer::Accepted { .. } => None,
            Answer::Duplicate { .. } => Some("duplicate"),
            Answer::Rejected { code, .. } => Some(code),
            Answer::Capped { .. } => Some("capped"),
            Answer::Held => Some("held"),
        }
    }

    /// The reason in words, without values of the lead; nothing for what is accepted.
    pub fn reason(&self) -> Option<String> {
        match self {
            Answer::Accepted { .. } => None,
            Answer::Duplicate { known_at, days } => Some(format!(
                "this person is known, last heard of on {}; a person is bought again {days} days later",
                local_date(None, *known_at)
            )),
            Answer::Rejected { reason, .. } | Answer::Capped { reason, .. } => Some(reason.clone()),
            Answer::Held => Some(
                "it is kept for a person to look at, and is paid for if it is released".to_owned(),
            ),
        }
    }

    /// The caps that it counts for.
    pub fn counted(&self) -> &[Counted] {
        match self {
            Answer::Accepted { caps, .. } => caps,
            _ => &[],
        }
    }
}

impl Offer {
    /// Whether the same lead gets this answer again at `now`. An acceptance stands for ever; that a cap was reached, until it
    /// opens, and any refusal for a day at most. What is held stands until somebody decides.
    pub fn stands(&self, now: Timestamp) -> bool {
        let age = now.as_second() - self.at.as_second();
        match &self.answer {
            Answer::Accepted { .. } | Answer::Held => true,
            Answer::Capped { opens_at, .. } => {
                age < REFUSAL_SECONDS && opens_at.is_none_or(|opens| now < opens)
            }
            Answer::Duplicate { .. } | Answer::Rejected { .. } => age < REFUSAL_SECONDS,
        }
    }

    /// What the lead was bought for.
    pub fn bought(&self) -> Option<Bought> {
        match &self.answer {
            Answer::Accepted { price, .. } => Some(Bought {
                vendor: self.vendor.clone(),
                price: price.clone(),
                day: self.day,
            }),
            _ => None,
        }
    }

    /// What is added to the scorecard of its day when it is sent back for this reason.
    pub fn return_tally(&self, reason: &str) -> Vec<(String, i64)> {
        let mut tally = vec![
            ("returned".to_owned(), 1),
            (format!("returned:{reason}"), 1),
        ];
        if let Answer::Accepted {
            price: Some(price), ..
        } = &self.answer
        {
            tally.push((format!("refunded:{}", price.currency), price.minor));
        }
        tally
    }

    /// What is added to the scorecard of its day when this is answered for the first time: names of counts and by how much.
    pub fn tally(&self) -> Vec<(String, i64)> {
        let mut tally = vec![(self.answer.name().to_owned(), 1)];
        match &self.answer {
            Answer::Accepted {
                price: Some(price), ..
            } => tally.push((format!("cost:{}", price.currency), price.minor)),
            Answer::Rejected { code, .. } => tally.push((format!("rejected:{code}"), 1)),
            Answer::Capped { cap, .. } => tally.push((format!("capped:{cap}"), 1)),
            _ => {}
        }
        tally
    }
}

/// What applies to a lead under a contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// The price.
    pub price: Option<Money>,
    /// The caps that must have room for it.
    pub caps: Vec<CapNow>,
}

/// A cap in its present period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapNow {
    /// Its name.
    pub name: String,
    /// Most leads in the period.
    pub maximum: u32,
    /// The period.
    pub period: Period,
    /// What is answered when it is reached.
    pub reached: Answer,
}

/// Works out what applies to a lead of which `fields` are known: what was sent, and the facts about it.
///
/// # Errors
/// Why the lead is not wanted at all: every field that is missing, else the first criterion that it does not meet.
pub fn terms(vendor: &Vendor, fields: &Fields, now: Timestamp) -> Result<Terms, Answer> {
    let missing = missing(vendor, |field| fields.contains_key(field));
    if !missing.is_empty() {
        return Err(invalid_fields(missing));
    }
    wanted(vendor, fields)?;
    Ok(Terms {
        price: price(vendor, fields),
        caps: caps(vendor, &vendor.caps, fields, now),
    })
}

/// The same for a part of a lead: only what its fields say is judged.
///
/// # Errors
/// The first criterion that what is known does not meet. One that asks for a field that was not sent is left for later.
pub fn partial_terms(vendor: &Vendor, fields: &Fields, now: Timestamp) -> Result<Terms, Answer> {
    for criterion in &vendor.criteria {
        let mut is_known = true;
        criterion.must.visit("", &mut |_, test| {
            let field = test.field.field();
            is_known &= field.is_some_and(|field| fields.contains_key(&field));
        });
        if is_known && let Some(answer) = unmet(criterion, fields) {
            return Err(answer);
        }
    }
    Ok(Terms {
        price: price(vendor, fields),
        caps: caps(vendor, &vendor.caps, fields, now),
    })
}

/// The caps among `caps` that count a lead, each in its present period.
pub fn caps(vendor: &Vendor, caps: &[Cap], fields: &Fields, now: Timestamp) -> Vec<CapNow> {
    caps.iter()
        .filter(|cap| cap.when.as_ref().is_none_or(|when| when.holds(fields)))
        .map(|cap| cap_now(vendor, cap, now))
        .collect()
}

/// A cap in the period that it is at `now`.
pub fn cap_now(vendor: &Vendor, cap: &Cap, now: Timestamp) -> CapNow {
    let zone = zone_of(vendor, cap);
    let period = period(cap.per, zone, now);
    let opens = match period.opens_at {
        Some(at) => format!("opens {}", local_time(zone, at)),
        None => "does not open again".to_owned(),
    };
    let span = match cap.per {
        Per::Total => "in all".to_owned(),
        per => format!("per {}", per.name()),
    };
    let said = format!(
        "cap '{}' of {} {span} reached, {opens}",
        cap.name, cap.maximum
    );
    let reason = match &cap.reason {
        Some(reason) => format!("{reason} ({said})"),
        None => said,
    };
    CapNow {
        name: cap.name.clone(),
        maximum: cap.maximum,
        period,
        reached: Answer::Capped {
            cap: cap.name.clone(),
            reason,
            opens_at: period.opens_at,
        },
    }
}

/// The time zone in which the periods of a cap begin.
pub fn zone_of<'a>(vendor: &'a Vendor, cap: &'a Cap) -> &'a str {
    cap.timezone
        .as_deref()
        .or(vendor.timezone.as_deref())
        .unwrap_or("UTC")
}

/// The day of a vendor's scorecard that it is at `now`.
pub fn day_of(vendor: &Vendor, now: Timestamp) -> Date {
    local_date(vendor.timezone.as_deref(), now)
}

/// A refusal for fields that are missing or wrong, all of them.
pub fn invalid_fields(fields: Vec<FieldProblem>) -> Answer {
    let reasons: Vec<String> = fields
        .iter()
        .map(|problem| format!("{}: {}", problem.field, problem.message))
        .collect();
    Answer::Rejected {
        code: "invalid_fields".to_owned(),
        reason: reasons.join("; "),
        fields,
    }
}

/// A refusal for what is wrong with the ping that a lead quotes.
pub fn bad_ping(code: &str, reason: &str) -> Answer {
    Answer::Rejected {
        code: code.to_owned(),
        reason: reason.to_owned(),
        fields: Vec::new(),
    }
}

/// Everything that is wrong with a lead which is wrong in some fields: those, and what the contract asks for and it does not
/// have, so that its vendor corrects both at once. `given` are the names of fields that it has or that are filled in for it.
pub fn all_wrong(
    vendor: &Vendor,
    problems: &[FieldProblem],
    given: &BTreeSet<&str>,
) -> Vec<FieldProblem> {
    let is_given = |field: &Field| {
        let name = field.to_string();
        // What follows from other fields follows once those are right.
        field.is_fact()
            || given.contains(name.as_str())
            || problems.iter().any(|problem| problem.field == name)
    };
    let mut all = problems.to_vec();
    all.extend(missing(vendor, is_given));
    all
}

fn missing(vendor: &Vendor, is_there: impl Fn(&Field) -> bool) -> Vec<FieldProblem> {
    vendor
        .required
        .iter()
        .filter(|name| name.parse::<Field>().is_ok_and(|field| !is_there(&field)))
        .map(|name| FieldProblem {
            field: name.clone(),
            code: "required".to_owned(),
            message: "the contract requires this field; send it".to_owned(),
        })
        .collect()
}

fn wanted(vendor: &Vendor, fields: &Fields) -> Result<(), Answer> {
    match vendor
        .criteria
        .iter()
        .find_map(|criterion| unmet(criterion, fields))
    {
        Some(answer) => Err(answer),
        None => Ok(()),
    }
}

fn unmet(criterion: &crate::config::Criterion, fields: &Fields) -> Option<Answer> {
    let failed = criterion.must.why_not(fields)?;
    Some(Answer::Rejected {
        code: criterion.name.clone(),
        reason: criterion.reason.clone().unwrap_or(failed),
        fields: Vec::new(),
    })
}

fn price(vendor: &Vendor, fields: &Fields) -> Option<Money> {
    let amount = vendor
        .prices
        .iter()
        .find(|rule| rule.when.holds(fields))
        .map(|rule| &rule.price)
        .or(vendor.price.as_ref())?;
    Money::read(amount, vendor.currency.as_deref()?).ok()
}

/// `2026-03-03 00:00 Europe/Berlin`
fn local_time(zone: &str, at: Timestamp) -> String {
    let known = jiff::tz::TimeZone::get(zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let local = at.to_zoned(known).datetime();
    format!(
        "{} {:02}:{:02} {zone}",
        local.date(),
        local.hour(),
        local.minute()
    )
}

impl Returns {
    /// The reason that somebody means: by its code or its label, whatever the case, spaces and punctuation.
    pub fn reason(&self, text: &str) -> Option<&ReturnReason> {
        let plain = |text: &str| -> String {
            text.chars()
                .filter(|character| character.is_alphanumeric())
                .flat_map(char::to_lowercase)
                .collect()
        };
        let wanted = plain(text);
        self.reasons.iter().find(|reason| {
            plain(&reason.code) == wanted
                || reason
                    .label
                    .as_deref()
                    .is_some_and(|label| plain(label) == wanted)
        })
    }
}

/// A ping that was answered with an offer to buy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pinged {
    /// Its id.
    pub id: PingId,
    /// Of whom.
    pub vendor: String,
    /// Until when its price holds.
    pub expires_at: Timestamp,
    /// The price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Money>,
    /// A keyed hash of each field that was sent: the lead that quotes the ping must say the same. No value is kept.
    pub said: std::collections::BTreeMap<String, String>,
}

impl Pinged {
    /// Keyed hashes of `fields`, by name.
    pub fn said(pepper: &Pepper, fields: &Fields) -> std::collections::BTreeMap<String, String> {
        fields
            .iter()
            .map(|(field, value)| {
                let (field, value) = (field.to_string(), value.to_string().to_lowercase());
                let hash = pepper.hash(&[b"ping", field.as_bytes(), value.as_bytes()]);
                (field, crate::id::encode(hash))
            })
            .collect()
    }

    /// Why a lead of `vendor` with `fields` cannot quote it at `now`.
    pub fn objection(
        &self,
        pepper: &Pepper,
        vendor: &str,
        fields: &Fields,
        now: Timestamp,
    ) -> Option<Answer> {
        if self.vendor != vendor {
            return Some(unknown_ping());
        }
        if now > self.expires_at {
            return Some(bad_ping(
                "ping_expired",
                "the ping that the lead quotes has expired; ping again",
            ));
        }
        let said = Self::said(pepper, fields);
        let other = self
            .said
            .iter()
            .find(|(field, hash)| said.get(*field) != Some(*hash))?;
        Some(bad_ping(
            "ping_differs",
            &format!(
                "the lead says something else than its ping did: {}",
                other.0
            ),
        ))
    }
}

/// The refusal of a lead whose person was erased. It says no more than that: what else is known is nobody's business.
pub fn suppressed() -> Answer {
    Answer::Rejected {
        code: "suppressed".to_owned(),
        reason: "leads of this person are not taken".to_owned(),
        fields: Vec::new(),
    }
}

/// The answer to a lead that quotes a ping which is not known.
pub fn unknown_ping() -> Answer {
    bad_ping(
        "ping_unknown",
        "there is no such ping of this vendor; ping again",
    )
}

#[cfg(test)]
mod tests;
