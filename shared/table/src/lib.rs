//! The one DynamoDB table: a method per access pattern, and one file that spells keys.
//!
//! A lead is stored as its history and nothing else: every step appends one item of decisions under the next number, on
//! condition that the number is free. That condition is the lead's version check, and the item is the history entry, so
//! a step costs one write. There is no secondary index: what is due is a partition of its own.
//!
//! This crate decides nothing. It never retries beyond what the SDK does, and a failed read is never "not found".

mod batches;
mod calls;
mod claims;
mod codec;
mod configurations;
mod counts;
mod due;
mod error;
mod gather;
mod keys;
mod leads;
mod ledger;
mod meter;
mod offers;
mod pools;
mod providers;
mod quarantine;
mod schema;
mod scorecards;
mod submissions;
mod uploads;
mod visitors;

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};

pub use batches::{Batch, BatchRow, ROWS_IN_A_PAGE};
pub use claims::{Claim, Claimed, Suppression};
pub use codec::readable;
pub use configurations::{
    CONFIGURATION_SECONDS, ConfigurationCache, Current, Pushed, StoredVersion,
};
pub use due::{DueEntry, SHARDS};
pub use error::Error;
use gather::Gathers;
pub use leads::{Appended, History};
pub use ledger::{AcceptedThing, LedgerEntry, NOTED_WITHIN, Progress};
pub use meter::{Meter, Tally};
pub use offers::{CapUse, PersonUse, Returning, Settled, Settling, StoredOffer};
pub use providers::CachedAnswer;
pub use quarantine::{Deed, QUARANTINE_SHARDS, Step, Waiting};
pub use scorecards::{Counts, ScorecardEntry};
pub use submissions::{Known, Record};
pub use uploads::{
    KEPT_ROW_PROBLEMS, Progress as UploadProgress, RowProblem, StoredTally, StoredUpload, Upload,
    UploadStage, UploadTally,
};
pub use visitors::StoredVisitor;

/// The table, ready to be used. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Table {
    client: Client,
    name: Arc<str>,
    meter: Option<Arc<Meter>>,
    gathers: Option<Arc<Gathers>>,
}

type Item = std::collections::HashMap<String, AttributeValue>;

impl Table {
    /// The table called `name`, reached through `client`.
    pub fn new(client: Client, name: &str) -> Self {
        Self {
            client,
            name: name.into(),
            meter: None,
            gathers: None,
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same table with a meter that counts calls and consumed capacity: what a lead costs.
    pub fn metered(mut self, meter: Arc<Meter>) -> Self {
        self.meter = Some(meter);
        self
    }

    fn capacity(&self) -> Option<ReturnConsumedCapacity> {
        self.meter.as_ref().map(|_| ReturnConsumedCapacity::Total)
    }

    fn count_write(
        &self,
        operation: &'static str,
        consumed: Option<&aws_sdk_dynamodb::types::ConsumedCapacity>,
    ) {
        if let Some(meter) = &self.meter {
            meter.write(
                operation,
                consumed
                    .and_then(|consumed| consumed.capacity_units)
                    .unwrap_or(0.0),
            );
        }
    }

    /// A write whose condition did not hold is billed nevertheless, by what stands in its place: one unit for each item of
    /// up to a kilobyte, as nearly all are, and two in a transaction. The answer does not say it.
    fn count_refused(&self, operation: &'static str, units: f64) {
        if let Some(meter) = &self.meter {
            meter.write(operation, units);
        }
    }

    fn count_read(
        &self,
        operation: &'static str,
        consumed: Option<&aws_sdk_dynamodb::types::ConsumedCapacity>,
    ) {
        if let Some(meter) = &self.meter {
            meter.read(
                operation,
                consumed
                    .and_then(|consumed| consumed.capacity_units)
                    .unwrap_or(0.0),
            );
        }
    }
}
