//! The arithmetic of the ledger: how accepted submissions are counted, and how an hour that is over is kept as counts, so
//! that nobody has to look at each of its submissions again.
//!
//! Counts are only ever made of what the submissions themselves say; what may still change (a submission on its way, one
//! that a person corrects) is kept by name and never as a count. It reads and writes nothing.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::decision::Outcome;
use crate::id::SubmissionId;
use crate::rhythm::Rhythm;

/// Seconds of an hour.
pub const HOUR: i64 = 3_600;

/// Seconds of a minute.
pub const MINUTE: i64 = 60;

/// Most submissions on their way that an hour keeps by name: at some forty bytes each, they stay far below what an item
/// can hold.
pub const MAX_AWAITED: usize = 2_000;

/// What was accepted, and how it ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tally {
    /// Answered with 202.
    #[serde(rename = "a", skip_serializing_if = "is_zero")]
    pub accepted: u64,
    /// Made a new lead.
    #[serde(rename = "c", skip_serializing_if = "is_zero")]
    pub created: u64,
    /// Went into a lead that was there.
    #[serde(rename = "m", skip_serializing_if = "is_zero")]
    pub merged: u64,
    /// Repeated another submission.
    #[serde(rename = "d", skip_serializing_if = "is_zero")]
    pub duplicate: u64,
    /// Wait for a person.
    #[serde(rename = "q", skip_serializing_if = "is_zero")]
    pub quarantined: u64,
    /// Were discarded by a person.
    #[serde(rename = "r", skip_serializing_if = "is_zero")]
    pub rejected: u64,
    /// Came of somebody who was erased.
    #[serde(rename = "s", skip_serializing_if = "is_zero")]
    pub suppressed: u64,
}

impl Tally {
    /// One more that ended so.
    pub fn count(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Created => self.created += 1,
            Outcome::Merged => self.merged += 1,
            Outcome::Duplicate => self.duplicate += 1,
            Outcome::Quarantined => self.quarantined += 1,
            Outcome::Rejected => self.rejected += 1,
            Outcome::Suppressed => self.suppressed += 1,
        }
    }

    /// Those that ended.
    pub fn ended(&self) -> u64 {
        self.created
            + self.merged
            + self.duplicate
            + self.quarantined
            + self.rejected
            + self.suppressed
    }

    /// Adds another one.
    pub fn add(&mut self, other: &Self) {
        self.accepted += other.accepted;
        self.created += other.created;
        self.merged += other.merged;
        self.duplicate += other.duplicate;
        self.quarantined += other.quarantined;
        self.rejected += other.rejected;
        self.suppressed += other.suppressed;
    }
}

/// A submission, as accepted in one second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Accepted(
    /// The second, since 1970.
    pub i64,
    /// Its name.
    pub SubmissionId,
);

/// What a submission's record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// When it was accepted, by its record.
    pub received_at: Timestamp,
    /// How it ended.
    pub outcome: Outcome,
}

/// How one that was accepted in `second` ended, by the record of the submission of that name: nothing while there is none.
/// Accepted in another second than its record says, it came once more.
pub fn fate(second: i64, ended: Option<Ended>) -> Option<Outcome> {
    let ended = ended?;
    Some(if ended.received_at.as_second() == second {
        ended.outcome
    } else {
        Outcome::Duplicate
    })
}

/// One entry of the ledger, looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LookedUp {
    /// What was accepted.
    pub accepted: Accepted,
    /// Whether the same was accepted before in that second, by another entry: then it is a repeat whatever the record says.
    pub is_again: bool,
    /// Its record, if it has ended.
    pub ended: Option<Ended>,
}

/// An hour of a source's ledger of which everything before `until` is counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hour {
    /// Its first second.
    #[serde(rename = "h")]
    pub start: i64,
    /// Which writing of it this is: the next one is written on condition that this is the last.
    #[serde(rename = "v")]
    pub version: u64,
    /// The second up to which, without it, everything is counted.
    #[serde(rename = "u")]
    pub until: i64,
    /// What is settled, by the minute.
    #[serde(rename = "m")]
    pub minutes: BTreeMap<u8, Tally>,
    /// On their way when they were looked at last.
    #[serde(rename = "w", default, skip_serializing_if = "BTreeSet::is_empty")]
    pub awaited: BTreeSet<Accepted>,
    /// Taken out of quarantine by a person, whatever became of them since.
    #[serde(rename = "p", default, skip_serializing_if = "BTreeSet::is_empty")]
    pub reopened: BTreeSet<Accepted>,
    /// How far apart entries came.
    #[serde(rename = "t")]
    pub rhythm: Rhythm,
}

impl Hour {
    /// The hour that `second` is in, with nothing counted yet.
    pub fn of(second: i64) -> Self {
        let start = second.div_euclid(HOUR) * HOUR;
        Self {
            start,
            version: 0,
            until: start,
            minutes: BTreeMap::new(),
            awaited: BTreeSet::new(),
            reopened: BTreeSet::new(),
            rhythm: Rhythm::default(),
        }
    }

    /// The first second that is not in it.
    pub fn end(&self) -> i64 {
        self.start + HOUR
    }

    fn minute(&mut self, second: i64) -> &mut Tally {
        let minute = ((second - self.start) / MINUTE).clamp(0, 59);
        self.minutes.entry(minute as u8).or_default()
    }

    /// Counts everything that was accepted from where it stands until before `until`: all of that, and nothing else.
    /// `arrivals` are the seconds of its entries, in order.
    pub fn count(&mut self, all: &[LookedUp], arrivals: &[i64], until: i64) {
        let since = self.until;
        let mut met: BTreeSet<Accepted> = BTreeSet::new();
        for one in all {
            let second = one.accepted.0;
            self.minute(second).accepted += 1;
            if one.is_again {
                self.minute(second).duplicate += 1;
            } else if self.reopened.contains(&one.accepted) {
                met.insert(one.accepted);
            } else {
                match fate(second, one.ended) {
                    Some(outcome) => self.minute(second).count(outcome),
                    None => {
                        self.awaited.insert(one.accepted);
                    }
                }
            }
        }
        // Corrected by a person, and accepted when the source kept no ledger.
        self.reopened
            .retain(|accepted| !(since..until).contains(&accepted.0) || met.contains(accepted));
        for second in arrivals {
            self.rhythm.arrived(*second);
        }
        self.until = until;
    }

    /// What is not kept as a count: it has to be looked up to know what became of it.
    pub fn open(&self) -> impl Iterator<Item = Accepted> {
        let reopened = self.reopened.iter();
        let reopened = reopened.filter(|accepted| accepted.0 < self.until);
        self.awaited.iter().chain(reopened).copied()
    }

    /// Counts those of the open ones that have ended for good. Whether anything changed.
    pub fn settle(&mut self, known: &BTreeMap<SubmissionId, Ended>) -> bool {
        let before = self.awaited.len() + self.reopened.len();
        let open: Vec<Accepted> = self.open().collect();
        for accepted in open {
            let Some(outcome) = fate(accepted.0, known.get(&accepted.1).copied()) else {
                continue;
            };
            // What a person has taken out of quarantine is there until the correction has gone its way.
            if self.awaited.remove(&accepted)
                || (outcome != Outcome::Quarantined && self.reopened.remove(&accepted))
            {
                self.minute(accepted.0).count(outcome);
            }
        }
        before != self.awaited.len() + self.reopened.len()
    }

    /// Has a quarantined submission looked up from now on rather than counted: a person is about to end its quarantine.
    /// Whether anything changed.
    pub fn reopen(&mut self, accepted: Accepted) -> bool {
        if self.reopened.contains(&accepted) {
            return false;
        }
        if accepted.0 < self.until && !self.awaited.remove(&accepted) {
            let tally = self.minute(accepted.0);
            if tally.quarantined == 0 {
                // It is in no count: the source kept no ledger then.
                return false;
            }
            tally.quarantined -= 1;
        }
        self.reopened.insert(accepted)
    }
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

#[cfg(test)]
mod tests;
