//! Scores follow from what was known, and behaviour is credited once to whom it belongs: I6 and I10.

use std::collections::BTreeSet;

use domain::decision::Ruling;
use domain::id::{EventId, Pepper, VisitorKey};
use domain::scoring;

use super::{End, emails_of};
use crate::senders::VISITORS;
use crate::story::{PEOPLE, What};
use crate::world::{PEPPER, World};

pub(super) fn scores(end: &End, violations: &mut Vec<String>) {
    for (id, history) in end.known() {
        for (seq, before, decision, config) in end.steps(*id, history) {
            let (Ruling::Scored(scored), Some(config), Some(before)) =
                (&decision.ruling, config, before)
            else {
                continue;
            };
            let again = scoring::rate(config, &before, decision.at);
            if again.score != scored.score || again.points != scored.points {
                violations.push(format!(
                    "I6: decision {seq} of {id} says {:?}, and {:?} follows from what was known",
                    scored.score, again.score
                ));
            }
        }
    }
}

/// What visitors did is kept, and credited to everybody whom it counts for; the ids of all of it.
pub(super) async fn visitors(
    world: &World,
    end: &End,
    violations: &mut Vec<String>,
) -> BTreeSet<EventId> {
    let visited = world.ledger().visited.clone();
    let pepper = Pepper::new(PEPPER);
    let mut ids = BTreeSet::new();
    for (index, browser) in VISITORS.iter().enumerate() {
        let Some(key) = VisitorKey::of(&pepper, browser) else {
            continue;
        };
        let kept = match world.table.visitor(key, world.now()).await {
            Ok(stored) => stored.visitor,
            Err(error) => {
                violations.push(format!("I10: {key} cannot be read: {error}"));
                continue;
            }
        };
        let accepted = visited.iter().filter(|(who, _, _)| *who == index).count();
        // What counted for nobody but somebody who was erased is gone.
        let is_right = if is_erasing(world) {
            kept.events.len() <= accepted
        } else {
            kept.events.len() == accepted
        };
        if !is_right {
            violations.push(format!(
                "I10: {accepted} events of {key} were accepted, and {} are kept",
                kept.events.len()
            ));
        }
        for event in &kept.events {
            ids.insert(event.id);
            for lead in kept.people_of(event) {
                let credited = end.surviving(lead);
                if credited.is_some_and(|history| history.lead.erased.is_some()) {
                    continue;
                }
                if credited.is_none_or(|history| !history.lead.events.contains(&event.id)) {
                    violations.push(format!(
                        "I10: {} of {key} is not credited to {lead}",
                        event.id
                    ));
                }
            }
        }
        // Nobody gets what was done in a browser where they filled in nothing.
        for (id, history) in end.known() {
            let is_known_there = kept.forms.iter().any(|form| {
                end.surviving(form.lead)
                    .is_some_and(|known| known.lead.id == *id)
            });
            let has_some = kept
                .events
                .iter()
                .any(|event| history.lead.events.contains(&event.id));
            if has_some && !is_known_there {
                violations.push(format!(
                    "I10: {id} has what was done by {key}, where they filled in nothing"
                ));
            }
        }
    }
    ids
}

pub(super) fn behaviour(
    world: &World,
    end: &End,
    of_visitors: &BTreeSet<EventId>,
    violations: &mut Vec<String>,
) {
    let ledger = world.ledger();
    for (id, history) in end.known() {
        let mut seen = BTreeSet::new();
        for event in &history.lead.behaviour {
            if !seen.insert(event.id) {
                violations.push(format!("I10: {} is credited twice to {id}", event.id));
            }
        }
        let mut credited = 0;
        for decision in &history.decisions {
            if let Ruling::Engaged(engaged) = &decision.ruling {
                credited += engaged.events.len();
            }
        }
        if credited != seen.len() {
            violations.push(format!(
                "I10: {id} has {} events and {credited} credits",
                seen.len()
            ));
        }
    }
    // Whoever became known by e-mail within the hour that events wait has all of them.
    for (id, history) in end.known() {
        let emails: BTreeSet<String> = emails_of(history).into_keys().collect();
        let accepted: BTreeSet<(usize, u32, &str)> = ledger
            .reported
            .iter()
            .filter(|(who, _, _)| emails.contains(&PEOPLE[*who].email.to_lowercase()))
            .map(|(who, number, kind)| (*who, *number, kind.as_str()))
            .collect();
        let credited = history.lead.events.difference(of_visitors).count();
        // Of a browser where somebody was erased, less is kept than was credited to others.
        let is_right = if is_erasing(world) {
            credited >= accepted.len()
        } else {
            credited == accepted.len()
        };
        if !is_right {
            violations.push(format!(
                "I10: {} events of {id} were accepted, and {credited} are credited",
                accepted.len()
            ));
        }
    }
}

fn is_erasing(world: &World) -> bool {
    let mut steps = world.story.steps.iter();
    steps.any(|step| matches!(step.what, What::Erase { .. }))
}
