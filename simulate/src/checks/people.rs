//! Every accepted submission ends once, and each person is one lead: I1 and I2.

use std::collections::{BTreeMap, BTreeSet};

use domain::decision::{Outcome, Ruling};
use domain::field::{Field, text_of};
use domain::id::{LeadId, SubmissionId};

use super::{End, emails_of, text};
use crate::world::World;

pub(super) async fn submissions(world: &World, end: &End, violations: &mut Vec<String>) {
    let accepted = world.ledger().accepted.clone();
    let mut places: BTreeMap<SubmissionId, Vec<LeadId>> = BTreeMap::new();
    for (lead, history) in end.live() {
        for decision in &history.decisions {
            if let Ruling::Received(received) = &decision.ruling {
                places.entry(received.submission).or_default().push(*lead);
            }
        }
    }
    for (submission, leads) in &places {
        if leads.len() > 1 {
            violations.push(format!("I1: {submission} is in the histories {leads:?}"));
        }
    }
    for id in &accepted {
        let Ok(submission) = id.parse::<SubmissionId>() else {
            violations.push(format!("I1: a door answered with {id}, which is no id"));
            continue;
        };
        let record = match world.table.submission(submission).await {
            Ok(known) => known.record,
            Err(error) => {
                violations.push(format!("I1: {submission} cannot be read: {error}"));
                continue;
            }
        };
        match record {
            None => violations.push(format!("I1: {submission} was accepted and has no outcome")),
            Some(record) => match record.outcome {
                Outcome::Created | Outcome::Merged if !places.contains_key(&submission) => {
                    violations.push(format!(
                        "I1: {submission} was {} and is in no lead's history",
                        record.outcome
                    ));
                }
                Outcome::Created | Outcome::Merged => {
                    let said = record
                        .lead
                        .and_then(|lead| end.surviving(lead))
                        .map(|history| history.lead.id);
                    if said != places[&submission].first().copied() {
                        violations.push(format!(
                            "I1: {submission} is said to be in {said:?} and is in {:?}",
                            places[&submission]
                        ));
                    }
                }
                Outcome::Duplicate
                | Outcome::Quarantined
                | Outcome::Rejected
                | Outcome::Suppressed => {
                    if places.contains_key(&submission) {
                        violations.push(format!(
                            "I1: {submission} was {} and is in a lead's history",
                            record.outcome
                        ));
                    }
                }
            },
        }
    }
}

pub(super) fn identities(world: &World, end: &End, violations: &mut Vec<String>) {
    let mut by_email: BTreeMap<String, BTreeSet<LeadId>> = BTreeMap::new();
    for (lead, history) in end.known() {
        let emails = emails_of(history);
        let names: BTreeSet<&String> = emails.values().flatten().collect();
        // Known, and shown by the models: two people who find a lead that is known by their common number alone, at the
        // same moment, are taken for one.
        let began_with_a_number = history.decisions.iter().any(|decision| matches!(&decision.ruling, Ruling::Received(received) if text_of(&received.fields, &Field::Email).is_none()));
        if emails.len() > 1 && names.len() > 1 && began_with_a_number {
            world
                .network
                .note("two people taken for one by a number alone (known)");
        } else if emails.len() > 1 && names.len() > 1 {
            violations.push(format!(
                "I2: {lead} is {} people of different names and addresses",
                names.len()
            ));
        }
        for email in emails.into_keys() {
            by_email.entry(email).or_default().insert(*lead);
        }
    }
    for (email, leads) in by_email {
        if leads.len() > 1 {
            violations.push(format!(
                "I2: {} leads hold submissions of {email}: {leads:?}",
                leads.len()
            ));
        }
    }
    for item in &end.items {
        let pk = text(item, "pk").unwrap_or_default();
        if pk.starts_with("K#") {
            if item.contains_key("suppressed") {
                continue;
            }
            let lead = text(item, "lead").and_then(|text| text.parse::<LeadId>().ok());
            if lead.and_then(|lead| end.surviving(lead)).is_none() {
                violations.push(format!(
                    "I2: the identity key {pk} leads to {lead:?}, which is not there"
                ));
            }
        }
    }
}
