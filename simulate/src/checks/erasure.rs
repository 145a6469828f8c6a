//! Whoever was erased is gone, and stays away: I7.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;
use std::time::Duration;

use domain::id::LeadId;
use queue::Queue;

use super::{End, Item, text};
use crate::senders::Erased;
use crate::story::{By, PEOPLE};
use crate::world::World;

/// Who was reading a lead when it was erased may tell of it once more: as long as `deliver` may run.
const UNDER_WAY: Duration = Duration::from_secs(60);

pub(super) fn erased(world: &World, end: &End, violations: &mut Vec<String>) {
    let erased = world.ledger().erased.clone();
    if erased.is_empty() {
        return;
    }
    same_answers(&erased, violations);
    let places = places(world, end);
    for one in &erased {
        let apart: Vec<&str> = places
            .iter()
            .map(|(_, body)| body.as_str())
            .filter(|body| is_kept_apart(one, body))
            .collect();
        for needle in needles(one) {
            for (place, body) in &places {
                if !body.contains(&needle.text) || (needle.is_name && place.starts_with("waiting"))
                {
                    continue;
                }
                let submission = place.split(['#', ' ']).nth(1).unwrap_or_default();
                let of_it = format!("sub_{submission}");
                if apart
                    .iter()
                    .any(|known| known == body || known.contains(&of_it))
                {
                    world.network.note("an erased number stands in the lead of an address that nobody named (known)");
                } else {
                    violations.push(format!(
                        "I7: person {} was erased by {:?}, and {} is in {place}",
                        one.person, one.by, needle.what
                    ));
                }
            }
        }
    }
    let inbox = world
        .inbox
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    for one in &erased {
        for lead in leads_of(one) {
            let Some(history) = end.surviving(lead) else {
                violations.push(format!(
                    "I7: {lead} was answered as erased, and is not there"
                ));
                continue;
            };
            let Some(known) = &history.lead.erased else {
                violations.push(format!("I7: {lead} was answered as erased, and lives"));
                continue;
            };
            let before = history.decisions.iter().take(known.seq as usize);
            let told = before.filter(|decision| decision.emptied() != **decision);
            if told.count() > 0 {
                violations.push(format!(
                    "I7: {lead} was erased, and its history still tells"
                ));
            }
            for told in &inbox {
                let is_of_it = told.body["data"]["lead"]["id"] == lead.to_string();
                let is_its_end = told.body["type"] == "lead.erased";
                if is_of_it
                    && is_its_end
                    && told.body["data"]["lead"]["fields"] != serde_json::json!({})
                {
                    violations.push(format!(
                        "I7: that {lead} was erased was told with what it was"
                    ));
                }
                if is_of_it && !is_its_end && told.at > one.at + UNDER_WAY {
                    violations.push(format!(
                        "I7: {lead} was erased, and {} told of it later",
                        told.id
                    ));
                }
            }
        }
    }
}

/// The same request is answered the same.
fn same_answers(erased: &[Erased], violations: &mut Vec<String>) {
    let mut answers: BTreeMap<&str, &serde_json::Value> = BTreeMap::new();
    for one in erased {
        let before = answers.insert(&one.asked, &one.answer);
        if before.is_some_and(|before| *before != one.answer) {
            violations.push(format!(
                "I7: the erasure of person {} by {:?} was answered {}, and then {}",
                one.person,
                one.by,
                before.unwrap_or(&serde_json::Value::Null),
                one.answer
            ));
        }
    }
}

struct Needle {
    what: &'static str,
    text: String,
    /// A name alone is no way to find who sent something that cannot be read: it may stand in quarantine.
    is_name: bool,
}

/// What must not be found any more. A number that somebody else has too may be theirs; a name is gone where everything that
/// was ever sent of the person has the address or the number that was named.
fn needles(erased: &Erased) -> Vec<Needle> {
    let person = &PEOPLE[erased.person];
    let is_other = |other: &&crate::story::Person| !other.email.eq_ignore_ascii_case(person.email);
    let is_shared = PEOPLE
        .iter()
        .filter(is_other)
        .any(|other| other.phone == person.phone);
    let names_alone = PEOPLE
        .iter()
        .filter(|other| other.last == person.last)
        .count();
    let needle = |what, text: &str| Needle {
        what,
        text: text.to_lowercase(),
        is_name: what == "the name",
    };
    let mut needles = Vec::new();
    if matches!(erased.by, By::Email | By::Both) {
        needles.push(needle("the address", person.email));
    }
    if matches!(erased.by, By::Phone | By::Both) && !is_shared {
        let digits: String = person
            .phone
            .chars()
            .filter(|sign| *sign == '+' || sign.is_ascii_digit())
            .collect();
        needles.push(needle("the number", person.phone));
        needles.push(needle("the number", &digits));
    }
    if erased.by == By::Both && names_alone == 1 && !is_shared {
        needles.push(needle("the name", person.last));
    }
    needles
}

/// A number alone and an address alone made two leads before a submission named both: it is written to the lead of the address,
/// and says that the number's lead is kept apart. Who erases by the number alone does not reach that one.
fn is_kept_apart(erased: &Erased, body: &str) -> bool {
    erased.by == By::Phone
        && body.contains("\"kept_apart\":[{")
        && leads_of(erased)
            .iter()
            .any(|lead| body.contains(&lead.to_string()))
}

fn leads_of(erased: &Erased) -> BTreeSet<LeadId> {
    let named = erased.answer["leads"].as_array().into_iter().flatten();
    named
        .filter_map(|lead| lead.as_str()?.parse().ok())
        .collect()
}

/// Everything that is kept anywhere, as small letters: each item of the table, each message and each dead letter.
fn places(world: &World, end: &End) -> Vec<(String, String)> {
    let items = end.items.iter().map(|item| {
        let (pk, sk) = (text(item, "pk"), text(item, "sk"));
        let waits = if item.contains_key("quarantined") {
            "waiting "
        } else {
            ""
        };
        let place = format!(
            "{waits}{} {}",
            pk.unwrap_or_default(),
            sk.unwrap_or_default()
        );
        (place, readable(item))
    });
    let queues = Queue::ALL.into_iter().flat_map(|queue| {
        let names = [queue.name().to_owned(), format!("{}-dlq", queue.name())];
        names.into_iter().flat_map(|name| {
            let bodies = world.engines.queues.peek(&name);
            let place = format!("the queue {name}");
            bodies
                .into_iter()
                .map(move |body| (place.clone(), body.to_lowercase()))
        })
    });
    items.chain(queues).collect()
}

fn readable(item: &Item) -> String {
    let values = item.values().map(|value| match value.as_b() {
        Ok(blob) => table::readable(blob.as_ref()).unwrap_or_default(),
        Err(other) => format!("{other:?}"),
    });
    values.collect::<Vec<_>>().join("\n").to_lowercase()
}
