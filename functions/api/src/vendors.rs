//! Vendors: their contracts and caps, their scorecards, and what they say they sent.
//!
//! A scorecard is read from the counts that each decision has kept, by day; no lead is read for it.

use std::collections::BTreeMap;

use domain::config::Vendor;
use domain::id::{Pepper, SubmissionId};
use domain::vendor::{Money, PersonKey, cap_now, day_of, digest_key, digest_of};
use futures::future::try_join_all;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use lambda_http::Request;
use lambda_http::http::StatusCode;
use serde_json::Value;
use table::{Counts, StoredOffer};
use web::Problem;

use crate::answers::{
    CapState, Claim, Claims, MoneyAnswer, Received, Scorecard, ScorecardCounts, ScorecardDay,
    VendorState, Vendors,
};
use crate::problems::{field, invalid_fields, table_failed};
use crate::{Answer, Api, object, period};

/// Days of a scorecard, if nobody says which.
const DEFAULT_DAYS: i64 = 30;

/// Most days of one answer.
const MAX_DAYS: i32 = 400;

/// Most claims of one call.
const MAX_CLAIMS: usize = 500;

/// Claims looked up at the same time.
const READS_AT_ONCE: usize = 25;

impl Api {
    /// `GET /v1/vendors`
    pub(crate) async fn list_vendors(&self) -> Answer {
        let now = self.clock.now();
        let current = self.current().await?;
        let mut vendors = Vec::new();
        for (name, vendor) in &current.config.vendors {
            let sources = current
                .config
                .sources
                .iter()
                .filter(|(_, source)| source.vendor.as_deref() == Some(name))
                .map(|(source, _)| source.clone())
                .collect();
            let today = day_of(vendor, now);
            let days = self.table.scorecard(name, today, after(today)).await;
            let days = days.map_err(|error| table_failed(&error))?;
            vendors.push(VendorState {
                name: name.clone(),
                sources,
                caps: self.caps_of(name, vendor, now).await?,
                today: counts(days.get(&today).unwrap_or(&Counts::new())),
            });
        }
        Ok(web::json(StatusCode::OK, &Vendors { vendors }))
    }

    async fn caps_of(
        &self,
        name: &str,
        vendor: &Vendor,
        now: Timestamp,
    ) -> Result<Vec<CapState>, Problem> {
        let mut caps = Vec::with_capacity(vendor.caps.len());
        for cap in &vendor.caps {
            let present = cap_now(vendor, cap, now);
            let used = self
                .table
                .cap_used(name, &cap.name, present.period.starts)
                .await;
            caps.push(CapState {
                name: cap.name.clone(),
                per: cap.per.name(),
                maximum: cap.maximum,
                used: used.map_err(|error| table_failed(&error))?,
                opens_at: present.period.opens_at.map(Into::into),
            });
        }
        Ok(caps)
    }

    /// `GET /v1/vendors/{vendor}/scorecard`
    pub(crate) async fn get_scorecard(&self, name: &str, request: &Request) -> Answer {
        let now = self.clock.now();
        let current = self.current().await?;
        let vendor = current
            .config
            .vendors
            .get(name)
            .ok_or_else(|| Problem::not_found("vendor"))?;
        let (from, to) = range(request, day_of(vendor, now))?;
        let days = self.table.scorecard(name, from, to).await;
        let days = days.map_err(|error| table_failed(&error))?;
        let mut total = Counts::new();
        for (name, count) in days.values().flatten() {
            *total.entry(name.clone()).or_default() += count;
        }
        let scorecard = Scorecard {
            vendor: name.to_owned(),
            timezone: vendor.timezone.clone().unwrap_or_else(|| "UTC".to_owned()),
            from: from.to_string(),
            to: to.to_string(),
            total: counts(&total),
            days: days
                .iter()
                .map(|(day, sums)| ScorecardDay {
                    day: day.to_string(),
                    counts: counts(sums),
                })
                .collect(),
        };
        Ok(web::json(StatusCode::OK, &scorecard))
    }

    /// `POST /v1/vendors/{vendor}/claims`
    pub(crate) async fn compare_claims(&self, name: &str, request: &Request) -> Answer {
        let current = self.current().await?;
        if !current.config.vendors.contains_key(name) {
            return Err(Problem::not_found("vendor"));
        }
        let sources: Vec<&str> = current
            .config
            .sources
            .iter()
            .filter(|(_, source)| source.vendor.as_deref() == Some(name))
            .map(|(source, _)| source.as_str())
            .collect();
        let claims = read_claims(object(request)?)?;
        let pepper = self.pepper().await?;
        let mut answered = Vec::with_capacity(claims.len());
        for some in claims.chunks(READS_AT_ONCE) {
            let looked_up = some
                .iter()
                .map(|claim| self.received(name, &sources, claim, &pepper));
            answered.extend(try_join_all(looked_up).await?);
        }
        Ok(web::json(StatusCode::OK, &Claims { claims: answered }))
    }

    /// What was received of a lead that a vendor says it sent.
    async fn received(
        &self,
        vendor: &str,
        sources: &[&str],
        claim: &Claimed,
        pepper: &Pepper,
    ) -> Result<Claim, Problem> {
        let mut ids: Vec<SubmissionId> = claim.submission.into_iter().collect();
        if let Some(id) = &claim.id {
            for source in sources {
                for kind in ["event", "key"] {
                    ids.push(SubmissionId::derive(pepper, source, kind, id.as_bytes()));
                }
            }
        }
        for (kind, digest) in &claim.digests {
            let person: PersonKey = digest_key(pepper, kind, digest);
            let bought = self.table.bought(person, Some(vendor)).await;
            ids.extend(
                bought
                    .map_err(|error| table_failed(&error))?
                    .map(|(_, id)| id),
            );
        }
        ids.sort();
        ids.dedup();
        let mut received = Vec::new();
        for id in ids {
            let stored = self.table.offer(id).await;
            let stored = stored.map_err(|error| table_failed(&error))?;
            received.extend(
                stored
                    .filter(|stored| stored.offer.vendor == vendor)
                    .map(of),
            );
        }
        Ok(Claim { received })
    }
}

fn of(stored: StoredOffer) -> Received {
    let offer = stored.offer;
    Received {
        submission: offer.submission.to_string(),
        source: offer.source.clone(),
        at: offer.at.into(),
        outcome: offer.answer.name(),
        reason: offer.answer.reason(),
        returned: offer.returned.map(|done| done.reason),
    }
}

/// The counts of a scorecard, as they are told.
pub(crate) fn counts(sums: &Counts) -> ScorecardCounts {
    let count = |name: &str| sums.get(name).copied().unwrap_or(0).max(0) as u64;
    let by = |prefix: &str| -> BTreeMap<String, u64> {
        let named = sums.iter().filter_map(|(name, count)| {
            let rest = name.strip_prefix(prefix)?.strip_prefix(':')?;
            Some((rest.to_owned(), (*count).max(0) as u64))
        });
        named.filter(|(_, count)| *count > 0).collect()
    };
    let money = |prefix: &str| -> BTreeMap<String, i64> {
        let named = sums.iter().filter_map(|(name, count)| {
            let currency = name.strip_prefix(prefix)?.strip_prefix(':')?;
            Some((currency.to_owned(), *count))
        });
        named.collect()
    };
    let refunded = money("refunded");
    let mut owed = money("cost");
    let cost = owed.clone();
    for (currency, minor) in &refunded {
        *owed.entry(currency.clone()).or_default() -= minor;
    }
    let kept = count("accepted").saturating_sub(count("returned"));
    let sales = by("sales");
    let qualified = sales.get("qualified").copied().unwrap_or(0);
    ScorecardCounts {
        offered: ["accepted", "duplicate", "rejected", "capped", "held"]
            .map(count)
            .iter()
            .sum(),
        accepted: count("accepted"),
        duplicate: count("duplicate"),
        rejected: count("rejected"),
        rejected_by: by("rejected"),
        capped: count("capped"),
        capped_by: by("capped"),
        held: count("held"),
        returned: count("returned"),
        returned_by: by("returned"),
        cost: amounts(&cost, 1),
        refunded: amounts(&refunded, 1),
        owed: amounts(&owed, 1),
        owed_per_kept: amounts(&owed, kept),
        owed_per_qualified: amounts(&owed, qualified),
        sales,
    }
}

/// Amounts by currency, each parted among so many, rounded to the smallest unit; none among none.
fn amounts(sums: &BTreeMap<String, i64>, among: u64) -> Vec<MoneyAnswer> {
    let Some(among) = i64::try_from(among).ok().filter(|among| *among > 0) else {
        return Vec::new();
    };
    sums.iter()
        .map(|(currency, minor)| {
            MoneyAnswer::from(&Money {
                minor: (minor + among / 2).div_euclid(among),
                currency: currency.clone(),
            })
        })
        .collect()
}

fn after(day: Date) -> Date {
    day.saturating_add(1.day())
}

/// The days that are asked for, until before the second; the last thirty if none are, today included.
fn range(request: &Request, today: Date) -> Result<(Date, Date), Problem> {
    let (from, to) = period::of_days(request, today, |to| {
        let to = to.unwrap_or_else(|| after(today));
        (to.saturating_sub(DEFAULT_DAYS.days()), to)
    })?;
    let days = from.until(to).map_or(i32::MAX, |span| span.get_days());
    if days > MAX_DAYS {
        let message = "ask for at most 400 days at once";
        return Err(invalid_fields(&[field("from", "too_long", message)]));
    }
    Ok((from, to))
}

/// A lead that a vendor says it sent.
#[derive(Default)]
struct Claimed {
    submission: Option<SubmissionId>,
    id: Option<String>,
    digests: Vec<(&'static str, String)>,
}

fn read_claims(body: serde_json::Map<String, Value>) -> Result<Vec<Claimed>, Problem> {
    let list = match body.get("claims") {
        Some(Value::Array(list)) if !list.is_empty() && list.len() <= MAX_CLAIMS => list,
        _ => {
            let message = format!("claims is a list of 1 to {MAX_CLAIMS} leads");
            return Err(invalid_fields(&[field("claims", "invalid", &message)]));
        }
    };
    let mut claims = Vec::with_capacity(list.len());
    let mut wrong = Vec::new();
    for (index, one) in list.iter().enumerate() {
        match read_claim(one) {
            Some(claim) => claims.push(claim),
            None => wrong.push(field(
                &format!("claims.{index}"),
                "invalid",
                "a claim names the lead by id, submission, email_sha256 or phone_sha256",
            )),
        }
    }
    if wrong.is_empty() {
        Ok(claims)
    } else {
        Err(invalid_fields(&wrong))
    }
}

fn read_claim(value: &Value) -> Option<Claimed> {
    let mut claim = Claimed::default();
    for (name, value) in value.as_object()? {
        let text = value.as_str()?.trim();
        match name.as_str() {
            "submission" => claim.submission = Some(text.parse().ok()?),
            "id" if !text.is_empty() => claim.id = Some(text.to_owned()),
            "email_sha256" => claim.digests.push(("email", text.to_ascii_lowercase())),
            "phone_sha256" => claim.digests.push(("phone", text.to_ascii_lowercase())),
            // Who does not want to hash: it is hashed here, and kept nowhere.
            "email" => claim.digests.push(("email", digest_of(text))),
            _ => return None,
        }
    }
    let is_named = claim.submission.is_some() || claim.id.is_some() || !claim.digests.is_empty();
    is_named.then_some(claim)
}
