//! The one DynamoDB table: a method per access pattern, and one file that spells keys.
//!
//! A lead is stored as its history and nothing else: every step appends one item of decisions under the next number, on
//! condition that the number is free. That condition is the lead's version check, and the item is the history entry, so
//! a step costs one write. There is no secondary index: what is due is a partition of its own.
//!
//! This crate decides nothing. It never retries beyond what the SDK does, and a failed read is never "not found".

mod batches;
mod claims;
mod codec;
mod configurations;
mod counts;
mod due;
mod error;
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
mod visitors;

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};

pub use batches::{Batch, BatchRow, ROWS_IN_A_PAGE};
pub use claims::Claimed;
pub use configurations::{
    CONFIGURATION_SECONDS, ConfigurationCache, Current, Pushed, StoredVersion,
};
pub use due::{DueEntry, SHARDS};
pub use error::Error;
pub use leads::{Appended, History};
pub use ledger::{AcceptedThing, LedgerEntry, NOTED_WITHIN, Progress};
pub use meter::{Meter, Tally};
pub use offers::{CapUse, PersonUse, Returning, Settled, Settling, StoredOffer};
pub use providers::CachedAnswer;
pub use quarantine::{Deed, Step, Waiting};
pub use scorecards::{Counts, ScorecardEntry};
pub use submissions::{Known, Record};
pub use visitors::StoredVisitor;

/// The table, ready to be used. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Table {
    client: Client,
    name: Arc<str>,
    meter: Option<Arc<Meter>>,
}

type Item = std::collections::HashMap<String, AttributeValue>;

impl Table {
    /// The table called `name`, reached through `client`.
    pub fn new(client: Client, name: &str) -> Self {
        Self {
            client,
            name: name.into(),
            meter: None,
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

    /// One item as it is now.
    fn get(&self, key: keys::Key) -> impl Future<Output = Result<Option<Item>, Error>> {
        self.get_with(key, true)
    }

    /// One item as it was a moment ago at least, for half the price: where a stale answer does no harm.
    fn get_eventually(&self, key: keys::Key) -> impl Future<Output = Result<Option<Item>, Error>> {
        self.get_with(key, false)
    }

    async fn get_with(&self, key: keys::Key, consistently: bool) -> Result<Option<Item>, Error> {
        let found = self
            .client
            .get_item()
            .table_name(&*self.name)
            .consistent_read(consistently)
            .set_key(Some(key.item()))
            .set_return_consumed_capacity(self.capacity())
            .send()
            .await
            .map_err(|error| Error::call("GetItem", error))?;
        self.count_read("GetItem", found.consumed_capacity());
        Ok(found.item)
    }

    /// Puts an item in place of whatever is there.
    async fn put(&self, item: Item) -> Result<(), Error> {
        let done = self
            .client
            .put_item()
            .table_name(&*self.name)
            .set_item(Some(item))
            .set_return_consumed_capacity(self.capacity())
            .send()
            .await
            .map_err(|error| Error::call("PutItem", error))?;
        self.count_write("PutItem", done.consumed_capacity());
        Ok(())
    }

    /// Carries out a conditional put. False when the condition did not hold; nothing was written then.
    async fn put_on_condition(&self, request: PutItemFluentBuilder) -> Result<bool, Error> {
        match request.send().await {
            Ok(done) => {
                self.count_write("PutItem", done.consumed_capacity());
                Ok(true)
            }
            Err(SdkError::ServiceError(refused))
                if matches!(
                    refused.err(),
                    PutItemError::ConditionalCheckFailedException(_)
                ) =>
            {
                self.count_refused("PutItem (overtaken)", 1.0);
                Ok(false)
            }
            Err(error) => Err(Error::call("PutItem", error)),
        }
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
