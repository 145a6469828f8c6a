//! Scorecards: what a vendor offered, by day. Counts are kept by the decisions themselves, each in the transaction that takes
//! it, so that nothing is counted twice or forgotten, and nobody has to read every lead to know how many there were.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};
use domain::id::SubmissionId;
use jiff::civil::Date;

use crate::offers::{built_update, number};
use crate::{Error, Item, Table, keys};

/// Parts of a day: transactions that change the same item at the same time get in each other's way.
const SHARDS: u128 = 8;

/// Something that is counted on a vendor's scorecard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScorecardEntry {
    /// The vendor.
    pub vendor: String,
    /// The day on which the lead was offered.
    pub day: Date,
    /// The lead.
    pub submission: SubmissionId,
    /// What is counted.
    pub name: String,
}

/// Counts by name.
pub type Counts = BTreeMap<String, i64>;

impl Table {
    /// What a vendor's scorecard counts from the day `from` until before the day `to`, by day.
    ///
    /// # Errors
    /// When the table cannot be read or a count is damaged.
    pub async fn scorecard(
        &self,
        vendor: &str,
        from: Date,
        to: Date,
    ) -> Result<BTreeMap<Date, Counts>, Error> {
        let query = self
            .query(
                "pk = :pk AND sk BETWEEN :from AND :to",
                keys::scorecard_partition(vendor),
            )
            .expression_attribute_values(":from", AttributeValue::S(from.to_string()))
            // A day's items stand behind its date: none of `to` is included.
            .expression_attribute_values(":to", AttributeValue::S(to.to_string()))
            .consistent_read(true);
        let mut days: BTreeMap<Date, Counts> = BTreeMap::new();
        for item in self.all(query, None).await? {
            let (day, counts) = read(&item)?;
            let sum = days.entry(day).or_default();
            for (name, count) in counts {
                *sum.entry(name).or_default() += count;
            }
        }
        Ok(days)
    }

    /// The parts of a transaction that count `entries`, one for each item.
    pub(crate) fn tally_parts(
        &self,
        entries: &[ScorecardEntry],
    ) -> Result<Vec<TransactWriteItem>, Error> {
        let mut items: BTreeMap<(&str, Date, u128), (SubmissionId, Counts)> = BTreeMap::new();
        for entry in entries {
            let shard = entry.submission.bits() % SHARDS;
            let (_, counts) = items
                .entry((&entry.vendor, entry.day, shard))
                .or_insert_with(|| (entry.submission, Counts::new()));
            *counts.entry(entry.name.clone()).or_default() += 1;
        }
        items
            .into_iter()
            .map(|((vendor, day, _), (submission, counts))| {
                let tally: Vec<(String, i64)> = counts.into_iter().collect();
                self.tally_part(vendor, day, submission, &tally)
            })
            .collect()
    }

    /// The part of a transaction that adds `tally` to a vendor's day.
    pub(crate) fn tally_part(
        &self,
        vendor: &str,
        day: Date,
        submission: SubmissionId,
        tally: &[(String, i64)],
    ) -> Result<TransactWriteItem, Error> {
        let shard = submission.bits() % SHARDS;
        let mut update = Update::builder()
            .table_name(&*self.name)
            .set_key(Some(keys::scorecard(vendor, day, shard).item()));
        let mut changes = Vec::with_capacity(tally.len());
        for (index, (name, count)) in tally.iter().enumerate() {
            changes.push(format!("#t{index} :t{index}"));
            update = update
                .expression_attribute_names(format!("#t{index}"), name)
                .expression_attribute_values(format!(":t{index}"), number(*count));
        }
        built_update(
            update
                .update_expression(format!("ADD {}", changes.join(", ")))
                .build(),
        )
    }
}

fn read(item: &Item) -> Result<(Date, Counts), Error> {
    let corrupt = |problem| Error::Corrupt {
        kind: "scorecard",
        problem,
    };
    let day = match item.get(keys::SK) {
        Some(AttributeValue::S(sk)) => sk.split_once('#').and_then(|(day, _)| day.parse().ok()),
        _ => None,
    };
    let day = day.ok_or_else(|| corrupt("its key is not of the form day#part"))?;
    let mut counts = Counts::new();
    for (name, value) in item {
        if let AttributeValue::N(text) = value {
            let count = text
                .parse()
                .map_err(|_| corrupt("a count is no whole number"))?;
            counts.insert(name.clone(), count);
        }
    }
    Ok((day, counts))
}
