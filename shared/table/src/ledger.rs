//! What was accepted, by source and time: one entry for each submission or batch of a source that keeps a ledger.
//!
//! An entry is written after what it is for is safe in the queue, and before its sender is told so: whoever got a 202 is in
//! it. What became of it is not repeated here; the submission itself says it.

mod hours;

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::id::{BatchId, SubmissionId};
use domain::ledger::Accepted;
use jiff::{SignedDuration, Timestamp};

pub use hours::Progress;

use crate::{Error, Item, ROWS_IN_A_PAGE, Table, keys};

/// Longest time between accepting something and noting it: whoever comes later does not note it any more, and fails. A
/// request ends within thirty seconds, ten on AWS.
pub const NOTED_WITHIN: SignedDuration = SignedDuration::from_secs(40);

/// How many submissions an entry of a batch stands for.
const ROWS: &str = "n";

/// For how long entries are kept, in seconds: ninety days, as batches.
const KEEP_SECONDS: i64 = 90 * 86_400;

/// What marks an entry of a batch.
const BATCH: char = '=';

/// What was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AcceptedThing {
    /// One submission.
    Submission(SubmissionId),
    /// A batch; its rows are kept with it.
    Batch(BatchId),
}

/// An entry of the ledger of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LedgerEntry {
    /// When it was accepted, in seconds since 1970.
    pub second: i64,
    /// What.
    pub thing: AcceptedThing,
    /// How many different submissions a batch has; unknown of those that an earlier version noted.
    pub submissions: Option<u32>,
}

impl LedgerEntry {
    /// An entry for what was accepted at `at`.
    pub fn new(at: Timestamp, thing: AcceptedThing) -> Self {
        Self {
            second: at.as_second().max(0),
            thing,
            submissions: None,
        }
    }

    /// The same for a batch of so many different submissions.
    pub fn of(mut self, submissions: u32) -> Self {
        self.submissions = Some(submissions);
        self
    }

    fn name(&self) -> String {
        match self.thing {
            AcceptedThing::Submission(id) => id.digits(),
            AcceptedThing::Batch(id) => format!("{BATCH}{}", id.digits()),
        }
    }
}

impl Table {
    /// Notes that something was accepted. The same again within the same second changes nothing.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn note_accepted(&self, source: &str, entry: LedgerEntry) -> Result<(), Error> {
        self.put(item(source, entry)).await
    }

    /// The different submissions that an entry stands for.
    ///
    /// # Errors
    /// When the table cannot be read or the batch is damaged.
    pub async fn accepted_by(&self, entry: LedgerEntry) -> Result<Vec<Accepted>, Error> {
        let batch = match entry.thing {
            AcceptedThing::Submission(id) => return Ok(vec![Accepted(entry.second, id)]),
            AcceptedThing::Batch(batch) => batch,
        };
        let mut ids: BTreeSet<SubmissionId> = BTreeSet::new();
        for page in 0.. {
            let rows = self.batch_rows(batch, page).await?;
            ids.extend(rows.iter().filter_map(|row| row.submission));
            if rows.len() < ROWS_IN_A_PAGE {
                break;
            }
        }
        let accepted = ids.into_iter().map(|id| Accepted(entry.second, id));
        Ok(accepted.collect())
    }

    /// The entries of a source from `from` until before `to`, the oldest first; the first `limit` of them.
    ///
    /// # Errors
    /// When the table cannot be read or an entry is damaged.
    pub async fn ledger(
        &self,
        source: &str,
        from: Timestamp,
        to: Timestamp,
        limit: usize,
    ) -> Result<Vec<LedgerEntry>, Error> {
        let bound = |at: Timestamp| keys::ledger(source, at.as_second().max(0), "");
        let query = self
            .query("pk = :pk AND sk BETWEEN :from AND :to", bound(from).pk)
            .expression_attribute_values(":from", AttributeValue::S(bound(from).sk))
            // Every name stands behind a blank one: nothing of the second `to` is included.
            .expression_attribute_values(":to", AttributeValue::S(bound(to).sk))
            .consistent_read(true);
        let entries = self.all(query, Some(limit)).await?;
        entries.iter().map(read).collect()
    }

    /// When a source was heard since `since`, in the order of time; the newest `limit` of them. What was accepted within the
    /// last moments may be missing.
    ///
    /// # Errors
    /// When the table cannot be read or an entry is damaged.
    pub async fn arrivals(
        &self,
        source: &str,
        since: Timestamp,
        limit: usize,
    ) -> Result<Vec<Timestamp>, Error> {
        let since = keys::ledger(source, since.as_second().max(0), "");
        let query = self
            .query("pk = :pk AND sk >= :since", since.pk)
            .expression_attribute_values(":since", AttributeValue::S(since.sk))
            .scan_index_forward(false);
        let mut arrivals = Vec::new();
        for item in self.all(query, Some(limit)).await?.iter().rev() {
            arrivals.extend(Timestamp::from_second(read(item)?.second).ok());
        }
        Ok(arrivals)
    }

    /// The newest entry of a source.
    ///
    /// # Errors
    /// When the table cannot be read or the entry is damaged.
    pub async fn last_accepted(&self, source: &str) -> Result<Option<LedgerEntry>, Error> {
        let query = self
            .query("pk = :pk", keys::ledger(source, 0, "").pk)
            .scan_index_forward(false)
            .limit(1);
        let found = self.page(query).await?;
        found.items().first().map(read).transpose()
    }
}

/// An entry as it is stored.
pub(crate) fn item(source: &str, entry: LedgerEntry) -> Item {
    let mut item = keys::ledger(source, entry.second, &entry.name()).item();
    let expires = entry.second.saturating_add(KEEP_SECONDS);
    item.insert(
        keys::EXPIRES.to_owned(),
        AttributeValue::N(expires.to_string()),
    );
    if let Some(submissions) = entry.submissions {
        let submissions = AttributeValue::N(submissions.to_string());
        item.insert(ROWS.to_owned(), submissions);
    }
    item
}

fn read(item: &Item) -> Result<LedgerEntry, Error> {
    let corrupt = || Error::Corrupt {
        kind: "entry of a ledger",
        problem: "its key is not of the form time#name",
    };
    let Some(AttributeValue::S(sk)) = item.get(keys::SK) else {
        return Err(corrupt());
    };
    let (second, name) = sk.split_once('#').ok_or_else(corrupt)?;
    let bits = |digits: &str| domain::id::decode(digits).map_err(|_| corrupt());
    Ok(LedgerEntry {
        second: second.parse().map_err(|_| corrupt())?,
        thing: match name.strip_prefix(BATCH) {
            Some(digits) => AcceptedThing::Batch(BatchId::from_bits(bits(digits)?)),
            None => AcceptedThing::Submission(SubmissionId::from_bits(bits(name)?)),
        },
        submissions: match item.get(ROWS) {
            Some(AttributeValue::N(text)) => Some(text.parse().map_err(|_| corrupt())?),
            _ => None,
        },
    })
}
