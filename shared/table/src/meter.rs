//! A meter for what the table costs.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Counts calls and consumed capacity, by operation.
#[derive(Debug, Default)]
pub struct Meter(Mutex<BTreeMap<&'static str, Tally>>);

/// What one operation has cost so far.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Tally {
    /// Number of calls.
    pub calls: u64,
    /// Write units (WRU): 1 for each started KB of an item written, twice that in a transaction.
    pub write_units: f64,
    /// Read units (RRU): 1 for each started 4 KB read consistently, half of that otherwise.
    pub read_units: f64,
}

impl Meter {
    pub(crate) fn write(&self, operation: &'static str, units: f64) {
        self.add(
            operation,
            Tally {
                calls: 1,
                write_units: units,
                read_units: 0.0,
            },
        );
    }

    pub(crate) fn read(&self, operation: &'static str, units: f64) {
        self.add(
            operation,
            Tally {
                calls: 1,
                write_units: 0.0,
                read_units: units,
            },
        );
    }

    fn add(&self, operation: &'static str, more: Tally) {
        let mut tallies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let tally = tallies.entry(operation).or_default();
        tally.calls += more.calls;
        tally.write_units += more.write_units;
        tally.read_units += more.read_units;
    }

    /// What was counted since the last call, by operation.
    pub fn take(&self) -> BTreeMap<&'static str, Tally> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
