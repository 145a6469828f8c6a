//! Visitors: what browsers did, kept for a while, each in one item that changes under its version.
//!
//! Events and the form that makes somebody of a visitor may come at the same moment, from different functions. Since both
//! change this one item on condition that nobody else did meanwhile, each event is either there when the form comes, or
//! finds the form when it comes: none is lost between the two.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::id::VisitorKey;
use domain::visitor::Visitor;
use jiff::Timestamp;

use crate::calls::VERSION;
use crate::{Error, Item, Table, codec, keys};

const BODY: &str = "d";
/// What it holds, for errors.
const VISITOR: &str = "visitor";

/// A visitor as it is stored.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StoredVisitor {
    /// What is known; nothing when its time is over.
    pub visitor: Visitor,
    /// How often it was written.
    pub version: u64,
}

impl Table {
    /// What is known of a visitor at `now`, read consistently.
    ///
    /// # Errors
    /// When the table cannot be read or the item is damaged.
    pub async fn visitor(&self, key: VisitorKey, now: Timestamp) -> Result<StoredVisitor, Error> {
        let found = self.get(keys::visitor(key)).await?;
        found.map_or_else(|| Ok(StoredVisitor::default()), |item| stored(&item, now))
    }

    /// Keeps what is known of a visitor until `expires`, on condition that it still has the version that was read. False
    /// when somebody else was faster: read it again.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn keep_visitor(
        &self,
        key: VisitorKey,
        read: u64,
        visitor: &Visitor,
        expires: Timestamp,
    ) -> Result<bool, Error> {
        let number = |number: String| AttributeValue::N(number);
        let mut item = keys::visitor(key).item();
        let body = codec::encode(VISITOR, visitor)?;
        item.insert(BODY.to_owned(), AttributeValue::B(Blob::new(body)));
        item.insert(
            keys::EXPIRES.to_owned(),
            number(expires.as_second().to_string()),
        );
        self.put_next_or_gone(item, read).await
    }
}

fn stored(item: &Item, now: Timestamp) -> Result<StoredVisitor, Error> {
    let corrupt = |problem| Error::Corrupt {
        kind: VISITOR,
        problem,
    };
    let number = |name: &str| match item.get(name) {
        Some(AttributeValue::N(text)) => text.parse::<i64>().ok(),
        _ => None,
    };
    let version = number(VERSION)
        .and_then(|version| u64::try_from(version).ok())
        .ok_or_else(|| corrupt("it has no version"))?;
    // DynamoDB takes items away some time after they expire; until then they are there and count no more.
    if number(keys::EXPIRES).is_none_or(|expires| expires < now.as_second()) {
        return Ok(StoredVisitor {
            visitor: Visitor::default(),
            version,
        });
    }
    match item.get(BODY) {
        Some(AttributeValue::B(blob)) => Ok(StoredVisitor {
            visitor: codec::decode(VISITOR, blob.as_ref())?,
            version,
        }),
        _ => Err(corrupt("it has no body")),
    }
}
