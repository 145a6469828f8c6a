//! Due work: which leads have to be looked at, in the order of time.
//!
//! An entry is written before what it is for, and removed after what was due is done: it may stand for nothing, but
//! nothing due is ever without one. The partition is split so that no single one takes more writes than DynamoDB
//! allows a partition (1,000 write units a second).

use aws_sdk_dynamodb::types::AttributeValue;
use domain::id::LeadId;
use jiff::Timestamp;

use crate::gather::inserts::Inserted;
use crate::{Error, Table, keys};

/// Number of parts.
pub const SHARDS: u8 = 8;

/// A lead to be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueEntry {
    /// The lead.
    pub lead: LeadId,
    /// Since when it is due, in whole seconds.
    pub at: Timestamp,
}

impl Table {
    /// Has `lead` looked at from `at` on. A second entry for the same second changes nothing.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn arm(&self, lead: LeadId, at: Timestamp) -> Result<(), Error> {
        let entry = keys::due(shard_of(lead), ceiling(at), lead).item();
        match self.insert(entry).await? {
            Inserted::New | Inserted::Taken => Ok(()),
            Inserted::Alone(entry, _turn) => self.put(entry).await,
        }
    }

    /// The first `limit` entries of a part that are due at `now`, the oldest first.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn due(&self, shard: u8, now: Timestamp, limit: i32) -> Result<Vec<DueEntry>, Error> {
        let query = self
            .query("pk = :pk AND sk < :now", keys::due_partition(shard))
            // `$` is the character after `#`: everything of the second `now` is included.
            .expression_attribute_values(
                ":now",
                AttributeValue::S(format!("{}$", keys::due_moment(now))),
            )
            .consistent_read(true)
            .limit(limit);
        let found = self.page(query).await?;
        let corrupt = || Error::Corrupt {
            kind: "due entry",
            problem: "its key is not of the form time#lead",
        };
        found
            .items()
            .iter()
            .map(|item| {
                let Some(AttributeValue::S(sk)) = item.get(keys::SK) else {
                    return Err(corrupt());
                };
                let (moment, digits) = sk.split_once('#').ok_or_else(corrupt)?;
                let second: i64 = moment.parse().map_err(|_| corrupt())?;
                let at = Timestamp::from_second(second).map_err(|_| corrupt())?;
                let bits = domain::id::decode(digits).map_err(|_| corrupt())?;
                Ok(DueEntry {
                    lead: LeadId::from_bits(bits),
                    at,
                })
            })
            .collect()
    }

    /// Removes an entry: what was due is done.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn disarm(&self, entry: &DueEntry) -> Result<(), Error> {
        let done = self
            .client
            .delete_item()
            .table_name(&*self.name)
            .set_key(Some(
                keys::due(shard_of(entry.lead), entry.at, entry.lead).item(),
            ))
            .set_return_consumed_capacity(self.capacity())
            .send()
            .await
            .map_err(|error| Error::call("DeleteItem", error))?;
        self.count_write("DeleteItem", done.consumed_capacity());
        Ok(())
    }
}

/// The second that an entry for `at` stands at: never before it.
pub(crate) fn ceiling(at: Timestamp) -> Timestamp {
    let second = if at.subsec_nanosecond() > 0 {
        at.as_second() + 1
    } else {
        at.as_second()
    };
    Timestamp::from_second(second).unwrap_or(at)
}

pub(crate) fn shard_of(lead: LeadId) -> u8 {
    // The id is a keyed hash: its low bits are evenly spread.
    (lead.bits() % u128::from(SHARDS)) as u8
}
