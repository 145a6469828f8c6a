//! Whoever is told is told what is written, once: I5.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use domain::decision::{DeliveryStatus, Ruling};
use domain::id::DeliveryId;

use super::End;
use crate::world::World;

pub(super) fn notifications(world: &World, end: &End, violations: &mut Vec<String>) {
    let inbox = world
        .inbox
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    let mut contents: BTreeMap<&str, &serde_json::Value> = BTreeMap::new();
    let mut ids: BTreeMap<String, &str> = BTreeMap::new();
    for told in &inbox {
        if !told.was_written {
            violations.push(format!("I5: {} was told before it was written", told.id));
        }
        if let Some(before) = contents.insert(&told.id, &told.body)
            && *before != told.body
        {
            violations.push(format!("I5: {} said different things", told.id));
        }
        let decision = told.body["data"]["decision"].to_string();
        if let Some(before) = ids.insert(decision.clone(), &told.id)
            && before != told.id
        {
            violations.push(format!(
                "I5: decision {decision} was told under {before} and {}",
                told.id
            ));
        }
    }
    for (id, history) in end.known() {
        for (decision, about) in history.decisions.iter().zip(1u32..) {
            let Ruling::Assigned(_) = &decision.ruling else {
                continue;
            };
            let delivery = DeliveryId::derive(*id, about, "crm");
            let superseded = history
                .lead
                .owner
                .as_ref()
                .is_some_and(|owner| owner.seq > about)
                || history.lead.owner.is_none();
            let told = inbox.iter().any(|told| told.id == delivery.to_string());
            let ended = history
                .decisions
                .iter()
                .find_map(|decision| match &decision.ruling {
                    Ruling::Delivered(delivered)
                        if delivered.id == delivery
                            && !matches!(delivered.status, DeliveryStatus::Failed { .. }) =>
                    {
                        Some(&delivered.status)
                    }
                    _ => None,
                });
            match ended {
                None if !superseded => violations.push(format!(
                    "I5: nobody was told of the assignment {about} of {id}"
                )),
                Some(DeliveryStatus::Taken { .. }) if !told => {
                    violations.push(format!("I5: {delivery} is said to be taken and never came"))
                }
                _ => {}
            }
        }
    }
}
