//! Pools: whose turn it is.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::routing::Turns;

use crate::calls::VERSION;
use crate::{Error, Item, Table, codec, keys};

/// Attribute that holds the turns: compressed, since ten that are pending fill more than a write unit else.
const BODY: &str = "d";
impl Table {
    /// The turns of a pool with their version, read consistently. A pool that never gave a lead is at version 0.
    ///
    /// # Errors
    /// When the table cannot be read or the item is damaged.
    pub async fn turns(&self, pool: &str) -> Result<(Turns, u64), Error> {
        match self.get(keys::turns(pool)).await? {
            Some(item) => read_turns(&item),
            None => Ok((Turns::default(), 0)),
        }
    }

    /// Stores the turns of a pool on condition that it is still at `version`. False when somebody else was faster.
    ///
    /// # Errors
    /// When the table cannot be written. The write may have happened nevertheless.
    pub async fn put_turns(&self, pool: &str, turns: &Turns, version: u64) -> Result<bool, Error> {
        let body = codec::encode("pool", turns)?;
        let mut item = keys::turns(pool).item();
        item.insert(BODY.to_owned(), AttributeValue::B(Blob::new(body)));
        self.put_next(item, version).await
    }
}

/// The turns of an item, with their version.
fn read_turns(item: &Item) -> Result<(Turns, u64), Error> {
    let corrupt = |problem| Error::Corrupt {
        kind: "pool",
        problem,
    };
    let Some(AttributeValue::N(version)) = item.get(VERSION) else {
        return Err(corrupt("it has no version"));
    };
    let turns = match item.get(BODY) {
        Some(AttributeValue::B(blob)) => codec::decode("pool", blob.as_ref())?,
        // As it was written before it was compressed.
        Some(AttributeValue::S(body)) => {
            serde_json::from_str(body).map_err(|_| corrupt("its body is not as it was written"))?
        }
        _ => return Err(corrupt("it has no body")),
    };
    let version = version
        .parse()
        .map_err(|_| corrupt("its version is no number"))?;
    Ok((turns, version))
}

#[cfg(test)]
mod tests;
