//! A vendor's scorecard says what was answered, sent back and said by sales, and what it costs: I15.

use std::collections::{BTreeMap, BTreeSet};

use domain::decision::Ruling;
use domain::id::SubmissionId;
use domain::vendor::Money;
use serde_json::Value;

use super::End;
use super::vendors::{Kept, Offers};
use crate::contracts::VENDORS;
use crate::world::World;

/// A vendor's scorecard says what was answered, sent back and said by sales, and what it costs.
pub(super) async fn scorecards(
    world: &World,
    end: &End,
    offers: &Offers,
    violations: &mut Vec<String>,
) {
    for vendor in VENDORS {
        let Some(told) = world.scorecard(vendor).await else {
            violations.push(format!("I15: the scorecard of {vendor} cannot be read"));
            continue;
        };
        let of_vendor = || offers.values().filter(|kept| kept.offer.vendor == vendor);
        let mut expect = |name: &str, expected: Value| {
            let found = told.pointer(name).cloned().unwrap_or_default();
            if found != expected {
                violations.push(format!(
                    "I15: {name} of {vendor} is {found}, and {expected} follows from the answers"
                ));
            }
        };
        let offered: i64 = of_vendor().map(|kept| kept.written).sum();
        let bought = of_vendor().filter(|kept| kept.is_bought());
        let returned = of_vendor().filter(|kept| kept.offer.returned.is_some());
        expect("/offered", offered.into());
        expect("/accepted", bought.clone().count().into());
        expect("/returned", returned.clone().count().into());
        let (cost, refunded) = (sums(bought), sums(returned));
        let mut owed = cost.clone();
        for (currency, minor) in &refunded {
            *owed.entry(currency.clone()).or_default() -= minor;
        }
        expect("/cost", money(&cost));
        expect("/refunded", money(&refunded));
        expect("/owed", money(&owed));
        // Of erased leads the scorecard is all that is left of what sales said.
        if world.ledger().erased.is_empty() {
            expect(
                "/sales",
                serde_json::to_value(sales(end, vendor)).unwrap_or_default(),
            );
        }
        for outcome in ["duplicate", "rejected", "capped", "held"] {
            // What was answered anew later may have been any of these before.
            let sure = of_vendor().filter(|kept| kept.offer.answer.name() == outcome);
            let (at_least, counted) = (sure.count() as u64, told[outcome].as_u64().unwrap_or(0));
            let anew: i64 = of_vendor().map(|kept| kept.written - 1).sum();
            if counted < at_least || counted > at_least + anew.unsigned_abs() {
                violations.push(format!(
                    "I15: {counted} leads of {vendor} are counted as {outcome}; {at_least} ended so, and {anew} were answered anew"
                ));
            }
        }
    }
}

fn sums<'a>(offers: impl Iterator<Item = &'a Kept>) -> BTreeMap<String, i64> {
    let mut sums = BTreeMap::new();
    for price in offers.filter_map(|kept| kept.offer.bought()?.price) {
        *sums.entry(price.currency).or_default() += price.minor;
    }
    sums
}

fn money(sums: &BTreeMap<String, i64>) -> Value {
    let amount = |(currency, minor): (&String, &i64)| {
        let money = Money {
            minor: *minor,
            currency: currency.clone(),
        };
        serde_json::json!({ "amount": money.decimal(), "currency": currency })
    };
    sums.iter().map(amount).collect()
}

/// What sales said of a vendor's leads that were not returned by then: each kind once for each lead.
fn sales(end: &End, vendor: &str) -> BTreeMap<String, u64> {
    let mut sales = BTreeMap::new();
    for (_, history) in end.live() {
        let mut open: BTreeMap<SubmissionId, BTreeSet<&str>> = BTreeMap::new();
        for decision in &history.decisions {
            match &decision.ruling {
                Ruling::Received(received)
                    if received
                        .bought
                        .as_ref()
                        .is_some_and(|bought| bought.vendor == vendor) =>
                {
                    open.insert(received.submission, BTreeSet::new());
                }
                Ruling::Returned(returned) => {
                    open.remove(&returned.submission);
                }
                Ruling::Feedback(feedback) => {
                    for heard in open.values_mut() {
                        if heard.insert(feedback.kind.name()) {
                            *sales.entry(feedback.kind.name().to_owned()).or_default() += 1;
                        }
                    }
                }
                _ => {}
            }
        }
    }
    sales
}
