//! What waits for a person, and what people did with it.
//!
//! An entry of the list is written before what it is for, and removed by whoever finds that it stands for nothing any
//! more: it may be too much, and nothing in quarantine is ever without one. It holds nothing but a name.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::id::SubmissionId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::submissions::{Record, record_item};
use crate::{Error, Item, Table, keys};

/// Number of parts of the list, so that a flood of robots does not meet the limit of one partition.
pub const QUARANTINE_SHARDS: u8 = 8;

const BODY: &str = "d";

/// A submission that was put into quarantine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Waiting {
    /// When it was accepted, in whole seconds.
    pub second: i64,
    /// The submission.
    pub submission: SubmissionId,
}

impl Waiting {
    /// The entry of a submission that was accepted at `at`.
    pub fn new(at: Timestamp, submission: SubmissionId) -> Self {
        Self {
            second: at.as_second().max(0),
            submission,
        }
    }

    fn key(&self) -> keys::Key {
        keys::waiting(shard_of(self.submission), self.second, self.submission)
    }
}

/// What a person did with a submission in quarantine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// When.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub deed: Deed,
    /// Who says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// What can be done with a submission in quarantine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Deed {
    /// It was corrected and submitted again.
    Corrected {
        /// The fields that were changed or taken away.
        fields: Vec<String>,
    },
    /// It will never become a lead.
    Discarded {
        /// Why.
        reason: String,
    },
}

impl Table {
    /// Puts a submission on the list of those that wait for a person. A second time changes nothing.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn list_waiting(&self, entry: Waiting) -> Result<(), Error> {
        self.put(entry.key().item()).await
    }

    /// Takes an entry off the list that stands for nothing any more.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn unlist_waiting(&self, entry: Waiting) -> Result<(), Error> {
        let done = self
            .client
            .delete_item()
            .table_name(&*self.name)
            .set_key(Some(entry.key().item()))
            .set_return_consumed_capacity(self.capacity())
            .send()
            .await
            .map_err(|error| Error::call("DeleteItem", error))?;
        self.count_write("DeleteItem", done.consumed_capacity());
        Ok(())
    }

    /// The newest `limit` entries that are older than `before`, the newest first.
    ///
    /// # Errors
    /// When the table cannot be read or an entry is damaged.
    pub async fn waiting(
        &self,
        before: Option<Waiting>,
        limit: usize,
    ) -> Result<Vec<Waiting>, Error> {
        let mut found = Vec::new();
        for shard in 0..QUARANTINE_SHARDS {
            // Keys are digits, letters and `#`, all of which come before `~`.
            let end = match before {
                Some(entry) => keys::waiting(shard, entry.second, entry.submission).sk,
                None => "~".to_owned(),
            };
            let query = self
                .query("pk = :pk AND sk < :end", keys::waiting_partition(shard))
                .expression_attribute_values(":end", AttributeValue::S(end))
                .scan_index_forward(false)
                .limit(i32::try_from(limit).unwrap_or(i32::MAX));
            let page = self.page(query).await?;
            for item in page.items() {
                found.push(read_entry(item)?);
            }
        }
        found.sort_by(|one, other| other.cmp(one));
        found.truncate(limit);
        Ok(found)
    }

    /// Up to `limit` entries of a part of the list that come after `after`, the oldest first, read consistently: whatever was
    /// listed before is there.
    ///
    /// # Errors
    /// When the table cannot be read or an entry is damaged.
    pub async fn waiting_in(
        &self,
        shard: u8,
        after: Option<Waiting>,
        limit: usize,
    ) -> Result<Vec<Waiting>, Error> {
        let start = match after {
            Some(entry) => keys::waiting(shard, entry.second, entry.submission).sk,
            None => "0".to_owned(),
        };
        let query = self
            .query("pk = :pk AND sk > :start", keys::waiting_partition(shard))
            .expression_attribute_values(":start", AttributeValue::S(start))
            .consistent_read(true);
        let items = self.all(query, Some(limit)).await?;
        items.iter().map(read_entry).collect()
    }

    /// Empties what people wrote down about a submission in quarantine: that they did something stays, what they wrote goes.
    ///
    /// # Errors
    /// When the table cannot be read or written.
    pub(crate) async fn empty_steps(&self, submission: SubmissionId) -> Result<(), Error> {
        for mut item in self.step_items(submission).await? {
            let step = step_of(&item)?;
            let Deed::Discarded { reason } = &step.deed else {
                continue;
            };
            if reason.is_empty() {
                continue;
            }
            let emptied = Step {
                deed: Deed::Discarded {
                    reason: String::new(),
                },
                ..step
            };
            item.insert(BODY.to_owned(), AttributeValue::S(written(&emptied)?));
            self.put(item).await?;
        }
        Ok(())
    }

    /// Ends the quarantine of a submission for good: `record` says how. False when it is not quarantined any more, or a
    /// correction of it is on its way.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn end_quarantine(&self, record: &Record) -> Result<bool, Error> {
        self.put_if(
            record_item(record)?,
            "attribute_exists(quarantined) AND attribute_not_exists(correction)",
        )
        .await
    }

    /// Notes what somebody did with a submission. The same `digest` again changes nothing.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn note_step(
        &self,
        submission: SubmissionId,
        digest: u128,
        step: &Step,
    ) -> Result<(), Error> {
        let mut item = keys::step(submission, digest).item();
        item.insert(BODY.to_owned(), AttributeValue::S(written(step)?));
        self.put_new(item).await?;
        Ok(())
    }

    /// What people did with a submission, the first first.
    ///
    /// # Errors
    /// When the table cannot be read or a step is damaged.
    pub async fn steps(&self, submission: SubmissionId) -> Result<Vec<Step>, Error> {
        let items = self.step_items(submission).await?;
        let mut steps = items.iter().map(step_of).collect::<Result<Vec<_>, _>>()?;
        steps.sort_by_key(|step: &Step| step.at);
        Ok(steps)
    }

    async fn step_items(&self, submission: SubmissionId) -> Result<Vec<Item>, Error> {
        let query = self
            .query(
                "pk = :pk AND begins_with(sk, :steps)",
                keys::submission(submission).pk,
            )
            .expression_attribute_values(":steps", AttributeValue::S(keys::STEPS.to_owned()))
            .consistent_read(true);
        self.all(query, None).await
    }
}

fn written(step: &Step) -> Result<String, Error> {
    serde_json::to_string(step).map_err(|_| Error::Corrupt {
        kind: "step",
        problem: "it cannot be written as JSON",
    })
}

fn step_of(item: &Item) -> Result<Step, Error> {
    let step = match item.get(BODY) {
        Some(AttributeValue::S(body)) => serde_json::from_str(body).ok(),
        _ => None,
    };
    step.ok_or(Error::Corrupt {
        kind: "step",
        problem: "its body is not as it was written",
    })
}

fn read_entry(item: &Item) -> Result<Waiting, Error> {
    let corrupt = || Error::Corrupt {
        kind: "entry of the quarantine",
        problem: "its key is not of the form time#submission",
    };
    let Some(AttributeValue::S(sk)) = item.get(keys::SK) else {
        return Err(corrupt());
    };
    let (second, digits) = sk.split_once('#').ok_or_else(corrupt)?;
    let bits = domain::id::decode(digits).map_err(|_| corrupt())?;
    Ok(Waiting {
        second: second.parse().map_err(|_| corrupt())?,
        submission: SubmissionId::from_bits(bits),
    })
}

fn shard_of(submission: SubmissionId) -> u8 {
    // The id is a keyed hash: its low bits are evenly spread.
    (submission.bits() % u128::from(QUARANTINE_SHARDS)) as u8
}
