//! Erasure: what is left of decisions when their person was erased.
//!
//! The places of a history stay, so that whoever read it before the erasure still finds the next place taken and cannot write
//! there. What stood in them goes, except what says nothing of the person and others count on: how a submission ended, whose
//! turn it was, and what was bought of whom.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::decision::{
    Assigned, Decision, Emptied, Erased, MergedInto, Received, Returned, Route, Ruling,
};
use crate::field::Fields;
use crate::id::ErasureId;

impl Decision {
    /// The end of a lead that nobody will ever see, since its only submission is suppressed.
    pub fn erased(erasure: ErasureId, config: &str, now: Timestamp) -> Self {
        Self {
            at: now,
            config: config.to_owned(),
            ruling: Ruling::Erased(Erased {
                erasure,
                by: None,
                keys: Vec::new(),
            }),
        }
    }

    /// The decision without anything of its person.
    pub fn emptied(&self) -> Self {
        let ruling = match &self.ruling {
            Ruling::Received(received) => Ruling::Received(Received {
                submission: received.submission,
                source: received.source.clone(),
                received_at: received.received_at,
                outcome: received.outcome,
                matched: Vec::new(),
                kept_apart: Vec::new(),
                stays_with: None,
                fields: Fields::new(),
                facts: Fields::new(),
                consent: BTreeMap::new(),
                external_id: None,
                visitor: None,
                bought: received.bought.clone(),
                check_at: received.check_at,
            }),
            Ruling::Assigned(assigned) => Ruling::Assigned(Assigned {
                round: assigned.round,
                rep: assigned.rep.clone(),
                // A territory and what was passed over tell where somebody lives and works.
                by: Route {
                    how: assigned.by.how,
                    pool: assigned.by.pool.clone(),
                    ..Route::default()
                },
                turn: assigned.turn,
                candidates: Vec::new(),
                sla: None,
            }),
            Ruling::Returned(returned) => Ruling::Returned(Returned {
                by: None,
                ..returned.clone()
            }),
            Ruling::MergedInto(MergedInto { lead }) => {
                Ruling::MergedInto(MergedInto { lead: *lead })
            }
            Ruling::Erased(Erased { .. }) | Ruling::Emptied(Emptied { .. }) => self.ruling.clone(),
            other => Ruling::Emptied(Emptied {
                was: other.kind().to_owned(),
            }),
        };
        Self {
            at: self.at,
            config: self.config.clone(),
            ruling,
        }
    }
}

#[cfg(test)]
mod tests;
