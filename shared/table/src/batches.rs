//! Batches: what each row of a file became at the door. What became of its submission is found under that.
//!
//! Both items hold no personal data, and are removed after a while: the submissions stay.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::id::{BatchId, SubmissionId};
use domain::submission::FieldProblem;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{Error, Item, Table, codec, keys};

/// Rows in one item: with four problems each they stay well within the 400 KB of an item.
pub const ROWS_IN_A_PAGE: usize = 500;

/// For how long a batch is kept, in seconds: ninety days.
pub(crate) const KEEP_SECONDS: i64 = 90 * 86_400;

const BODY: &str = "d";
const KIND: &str = "batch";

/// A file that was taken, or a piece of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// Derived from its source and its rows.
    pub id: BatchId,
    /// Where it came from.
    pub source: String,
    /// When it was taken first.
    pub received_at: Timestamp,
    /// How many rows it has.
    pub rows: u32,
    /// How many of them were accepted.
    pub accepted: u32,
}

/// What one row became at the door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchRow {
    /// Its number, from 1.
    #[serde(rename = "r")]
    pub number: u32,
    /// The line on which it begins, from 1.
    #[serde(rename = "l")]
    pub line: u32,
    /// The submission that it is, if it was accepted.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub submission: Option<SubmissionId>,
    /// Why it was not.
    #[serde(rename = "e", default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<FieldProblem>,
}

impl Table {
    /// Keeps the rows of a batch. The same again changes nothing.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn keep_batch_rows(
        &self,
        batch: BatchId,
        rows: &[BatchRow],
        now: Timestamp,
    ) -> Result<(), Error> {
        for (page, rows) in (0..).zip(rows.chunks(ROWS_IN_A_PAGE)) {
            let item = item(keys::batch_rows(batch, page), &rows, now)?;
            self.put_new(item).await?;
        }
        Ok(())
    }

    /// Notes a batch, of which everything is durable by now. The same again changes nothing.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn keep_batch(&self, batch: &Batch) -> Result<(), Error> {
        let item = item(keys::batch(batch.id), batch, batch.received_at)?;
        self.put_new(item).await?;
        Ok(())
    }

    /// A batch that was taken.
    ///
    /// # Errors
    /// When the table cannot be read or the entry is damaged.
    pub async fn batch(&self, id: BatchId) -> Result<Option<Batch>, Error> {
        self.read_batch(keys::batch(id)).await
    }

    /// The rows of page `page` of a batch, from 0; none behind the last page.
    ///
    /// # Errors
    /// When the table cannot be read or the entry is damaged.
    pub async fn batch_rows(&self, id: BatchId, page: u32) -> Result<Vec<BatchRow>, Error> {
        let rows = self.read_batch(keys::batch_rows(id, page)).await?;
        Ok(rows.unwrap_or_default())
    }

    async fn read_batch<T: DeserializeOwned>(&self, key: keys::Key) -> Result<Option<T>, Error> {
        let Some(item) = self.get(key).await? else {
            return Ok(None);
        };
        match item.get(BODY) {
            Some(AttributeValue::B(blob)) => codec::decode(KIND, blob.as_ref()).map(Some),
            _ => Err(Error::Corrupt {
                kind: KIND,
                problem: "it has no body",
            }),
        }
    }
}

fn item(key: keys::Key, body: &(impl Serialize + ?Sized), now: Timestamp) -> Result<Item, Error> {
    let body = codec::encode(KIND, body)?;
    if body.len() > 390_000 {
        return Err(Error::TooLarge {
            what: "a page of a batch",
            bytes: body.len(),
        });
    }
    let mut item = key.item();
    item.insert(BODY.to_owned(), AttributeValue::B(Blob::new(body)));
    let expires = now.as_second().saturating_add(KEEP_SECONDS);
    item.insert(
        keys::EXPIRES.to_owned(),
        AttributeValue::N(expires.to_string()),
    );
    Ok(item)
}
