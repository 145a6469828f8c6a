//! Submissions: what became of each, found by its id.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::decision::{Decision, Outcome, Ruling};
use domain::id::{LeadId, SubmissionId};
use domain::ledger::Ended;
use domain::submission::Quarantined;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Appended, Error, Item, Table, keys, leads};

const BODY: &str = "d";

/// Set while a submission is quarantined: only then may another record replace it.
pub(crate) const QUARANTINED: &str = "quarantined";

/// Digest of the correction that was accepted for a quarantined submission.
const CORRECTION: &str = "correction";

/// Submissions that one BatchGetItem looks up: each may stand in one of two items, and DynamoDB takes a hundred keys.
const SUBMISSIONS_IN_A_CALL: usize = 50;

/// How often keys that were left over are asked for again.
const MAX_ROUNDS: usize = 8;

/// What became of a submission that did not make the lead of its own name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The submission.
    pub id: SubmissionId,
    /// Where it came from.
    pub source: String,
    /// When it was accepted.
    pub received_at: Timestamp,
    /// How it ended.
    pub outcome: Outcome,
    /// The lead it went into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead: Option<LeadId>,
    /// The submission that it repeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeats: Option<SubmissionId>,
    /// What it was, when it is quarantined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantined: Option<Quarantined>,
}

impl Record {
    /// What a ledger has to know of it.
    pub fn ended(&self) -> Ended {
        Ended {
            received_at: self.received_at,
            outcome: self.outcome,
        }
    }
}

/// What is stored under the name of a submission.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// What became of it, if that is settled.
    pub record: Option<Record>,
    /// Whether the lead of its name has a history: made by this submission, or by another one of the same person.
    pub has_namesake: bool,
}

impl Table {
    /// What is known of a submission, read consistently.
    ///
    /// # Errors
    /// When the table cannot be read or an entry is damaged.
    pub async fn submission(&self, id: SubmissionId) -> Result<Known, Error> {
        let query = self
            .query(
                "pk = :pk AND sk BETWEEN :first AND :last",
                keys::submission(id).pk,
            )
            .expression_attribute_values(
                ":first",
                AttributeValue::S(keys::decisions(id.lead(), 1).sk),
            )
            .expression_attribute_values(":last", AttributeValue::S(keys::submission(id).sk))
            .consistent_read(true)
            .limit(2);
        let found = self.page(query).await?;
        let mut known = Known {
            record: None,
            has_namesake: false,
        };
        for item in found.items() {
            match item.get(keys::SK) {
                // Decisions come first in the order of keys: a corrected submission that made its lead leaves its
                // quarantine behind as a record, which counts no more.
                Some(AttributeValue::S(sk)) if *sk == keys::submission(id).sk => {
                    if known.record.is_none() {
                        known.record = Some(read_record(item)?);
                    }
                }
                _ => {
                    known.has_namesake = true;
                    if let Some(record) = created_by(id, item)? {
                        known.record = Some(record);
                    }
                }
            }
        }
        // A lead of many decisions stands before the record in the order of keys: ask for it by name.
        if known.has_namesake && known.record.is_none() {
            known.record = self.record(id).await?;
        }
        Ok(known)
    }

    /// What became of each of many submissions; those that have not ended are left out. Read consistently, a hundred items
    /// a call, one call after the other. Each is to be named once: DynamoDB refuses to read an item twice in one call.
    ///
    /// # Errors
    /// When the table cannot be read or an entry is damaged.
    pub async fn records(
        &self,
        ids: &[SubmissionId],
    ) -> Result<BTreeMap<SubmissionId, Record>, Error> {
        let mut records = BTreeMap::new();
        for some in ids.chunks(SUBMISSIONS_IN_A_CALL) {
            let wanted = some.iter().flat_map(|id| {
                [
                    keys::decisions(id.lead(), 1).item(),
                    keys::submission(*id).item(),
                ]
            });
            let found = self.get_many(wanted.collect(), MAX_ROUNDS).await?;
            let found: HashMap<(&str, &str), &Item> = found
                .iter()
                .filter_map(|item| Some((key_of(item)?, item)))
                .collect();
            for id in some {
                let (first, own) = (keys::decisions(id.lead(), 1), keys::submission(*id));
                let first = found.get(&(first.pk.as_str(), first.sk.as_str()));
                let own = found.get(&(own.pk.as_str(), own.sk.as_str()));
                // As [`Table::submission`] says: that it made its lead stands before what it was once.
                let made = match first {
                    Some(item) => created_by(*id, item)?,
                    None => None,
                };
                let record = match (made, own) {
                    (Some(record), _) => record,
                    (None, Some(item)) => read_record(item)?,
                    (None, None) => continue,
                };
                records.insert(*id, record);
            }
        }
        Ok(records)
    }

    async fn record(&self, id: SubmissionId) -> Result<Option<Record>, Error> {
        let found = self.get(keys::submission(id)).await?;
        found.as_ref().map(read_record).transpose()
    }

    /// Records what became of a submission, once: a second record changes nothing.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn record_submission(&self, record: &Record) -> Result<(), Error> {
        self.put_new(record_item(record)?).await?;
        Ok(())
    }

    /// Records that a submission ended as `record` says: for the first time, or in place of its quarantine.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn record_end(&self, record: &Record) -> Result<(), Error> {
        self.put_if(
            record_item(record)?,
            "attribute_not_exists(pk) OR attribute_exists(quarantined)",
        )
        .await?;
        Ok(())
    }

    /// Records that a submission is suppressed, as `record` says, unless it ended before. In the same transaction `end` is
    /// written as the first decision of the lead of its own name, if there is none: no copy of the submission that is still on
    /// its way can make that lead then. False when somebody else wrote about it first: try again.
    ///
    /// # Errors
    /// When the table cannot be read or written, or an item is damaged.
    pub async fn suppress_submission(
        &self,
        record: &Record,
        end: &Decision,
    ) -> Result<bool, Error> {
        let known = self.submission(record.id).await?;
        let has_ended = known
            .record
            .is_some_and(|record| record.outcome != Outcome::Quarantined);
        if has_ended {
            return Ok(true);
        }
        if known.has_namesake {
            self.record_end(record).await?;
            return Ok(true);
        }
        let appended = self
            .append_and_record(record.id.lead(), 0, std::slice::from_ref(end), record)
            .await?;
        Ok(appended == Appended::Done)
    }

    /// Empties what is kept of a submission besides its lead: what it was when it was in quarantine, and what people wrote
    /// down about it there.
    ///
    /// # Errors
    /// When the table cannot be read or written, or an item is damaged.
    pub async fn empty_submission(&self, id: SubmissionId) -> Result<(), Error> {
        if let Some(record) = self.record(id).await?
            && let Some(quarantined) = &record.quarantined
            && !quarantined.raw.is_empty()
            && record.outcome != Outcome::Quarantined
        {
            let emptied = Record {
                quarantined: None,
                ..record
            };
            self.put(record_item(&emptied)?).await?;
        }
        self.empty_steps(id).await
    }

    /// Accepts a correction of a quarantined submission, by its digest. False when the submission is not quarantined any
    /// more or another correction was accepted before: of two corrections only one may make a lead.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn accept_correction(
        &self,
        record: &Record,
        correction: u128,
    ) -> Result<bool, Error> {
        let correction = AttributeValue::S(domain::id::encode(correction));
        let mut item = record_item(record)?;
        item.insert(CORRECTION.to_owned(), correction.clone());
        let request = self
            .conditional_put(item)
            .condition_expression("attribute_exists(quarantined) AND (attribute_not_exists(correction) OR correction = :correction)")
            .expression_attribute_values(":correction", correction);
        self.put_on_condition(request).await
    }

    /// Whether an idempotency key is noted as used at `now`, whatever for.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn is_idempotency_key_used(&self, key: u128, now: Timestamp) -> Result<bool, Error> {
        let found = self.get(keys::idempotency(key)).await?;
        let expires = match found.as_ref().and_then(|item| item.get(keys::EXPIRES)) {
            Some(AttributeValue::N(text)) => text.parse::<i64>().unwrap_or(0),
            _ => return Ok(false),
        };
        Ok(now.as_second() <= expires)
    }

    /// Notes that an idempotency key was used for the content with this digest.
    ///
    /// Returns false when it was used before for something else. The note is kept for `keep_seconds`.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn use_idempotency_key(
        &self,
        key: u128,
        content: u128,
        now: Timestamp,
        keep_seconds: i64,
    ) -> Result<bool, Error> {
        let mut item = keys::idempotency(key).item();
        let content = AttributeValue::S(domain::id::encode(content));
        let expires = now.as_second().saturating_add(keep_seconds);
        item.insert("content".to_owned(), content.clone());
        item.insert(
            keys::EXPIRES.to_owned(),
            AttributeValue::N(expires.to_string()),
        );
        let request = self
            .conditional_put(item)
            .condition_expression(
                "attribute_not_exists(pk) OR content = :content OR expires < :now",
            )
            .expression_attribute_values(":content", content)
            .expression_attribute_values(":now", AttributeValue::N(now.as_second().to_string()));
        self.put_on_condition(request).await
    }
}

fn key_of(item: &Item) -> Option<(&str, &str)> {
    match (item.get(keys::PK)?, item.get(keys::SK)?) {
        (AttributeValue::S(pk), AttributeValue::S(sk)) => Some((pk, sk)),
        _ => None,
    }
}

pub(crate) fn record_item(record: &Record) -> Result<Item, Error> {
    let body = serde_json::to_string(record).map_err(|_| Error::Corrupt {
        kind: "submission",
        problem: "it cannot be written as JSON",
    })?;
    let mut item = keys::submission(record.id).item();
    item.insert(BODY.to_owned(), AttributeValue::S(body));
    if record.outcome == Outcome::Quarantined {
        item.insert(QUARANTINED.to_owned(), AttributeValue::Bool(true));
    }
    Ok(item)
}

fn read_record(item: &Item) -> Result<Record, Error> {
    let corrupt = |problem| Error::Corrupt {
        kind: "submission",
        problem,
    };
    let Some(AttributeValue::S(body)) = item.get(BODY) else {
        return Err(corrupt("it has no body"));
    };
    serde_json::from_str(body).map_err(|_| corrupt("its body is not as it was written"))
}

/// The record of a submission that made the lead of its own name: it is the first decision of that lead.
fn created_by(id: SubmissionId, item: &Item) -> Result<Option<Record>, Error> {
    let decisions = leads::body_of(item)?;
    let Some(Ruling::Received(received)) = decisions.first().map(|decision| &decision.ruling)
    else {
        return Ok(None);
    };
    Ok((received.submission == id).then(|| Record {
        id,
        source: received.source.clone(),
        received_at: received.received_at,
        outcome: received.outcome,
        lead: Some(id.lead()),
        repeats: None,
        quarantined: None,
    }))
}
