//! Leads: reading a history, adding to it.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use domain::decision::{Decision, Ruling};
use domain::id::LeadId;
use domain::lead::Lead;

use crate::submissions::{Record, record_item};
use crate::{Error, Item, Table, codec, keys};

/// Attribute that holds the decisions.
const BODY: &str = "d";

/// What an entry holds, for errors.
const DECISIONS: &str = "decisions";

/// Hops from a merged lead to the one it became. More are a mistake.
const MAX_ALIASES: usize = 8;

/// A lead and the decisions it is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    /// The lead.
    pub lead: Lead,
    /// Its decisions, oldest first.
    pub decisions: Vec<Decision>,
}

/// What came of adding to a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    /// It was added.
    Done,
    /// Somebody else added something first. Read the lead again and decide anew.
    Overtaken,
}

impl Table {
    /// The lead called `lead`, read consistently; `None` if nothing was ever decided about it.
    ///
    /// # Errors
    /// When the table cannot be read or an entry is damaged.
    pub async fn lead(&self, lead: LeadId) -> Result<Option<History>, Error> {
        let mut decisions = Vec::new();
        for item in self.entries(lead).await? {
            decisions.extend(body_of(&item)?);
        }
        Ok(Lead::after(lead, &decisions).map(|lead| History { lead, decisions }))
    }

    /// The entries of a history, in order.
    async fn entries(&self, lead: LeadId) -> Result<Vec<Item>, Error> {
        let query = self
            .query(
                "pk = :pk AND begins_with(sk, :e)",
                keys::lead_partition(lead),
            )
            .expression_attribute_values(":e", AttributeValue::S(keys::DECISIONS.to_owned()))
            .consistent_read(true);
        self.all(query, None).await
    }

    /// The lead called `lead`, of which there is nothing as a rule: looked for together with what is looked up beside it, and
    /// read only if there is something.
    ///
    /// # Errors
    /// As [`Table::surviving_lead`].
    pub async fn unlikely_lead(&self, lead: LeadId) -> Result<Option<History>, Error> {
        // Histories begin with their first decision, and nothing of them is ever taken away.
        let first = keys::decisions(lead, 1).item();
        if self.look_up(vec![first]).await?.is_empty() {
            return Ok(None);
        }
        self.surviving_lead(lead).await
    }

    /// The lead called `lead` or, if it was merged, the one that it is now.
    ///
    /// # Errors
    /// As [`Table::lead`], and when aliases lead nowhere.
    pub async fn surviving_lead(&self, lead: LeadId) -> Result<Option<History>, Error> {
        Ok(self.survivor(lead).await?.1)
    }

    /// The name that the aliases of `lead` end with, and the lead of that name; nothing while it is on its way.
    ///
    /// # Errors
    /// As [`Table::surviving_lead`].
    pub async fn survivor(&self, lead: LeadId) -> Result<(LeadId, Option<History>), Error> {
        let mut next = lead;
        for _ in 0..MAX_ALIASES {
            match self.lead(next).await? {
                Some(history) => match history.lead.merged_into {
                    Some(survivor) => next = survivor,
                    None => return Ok((next, Some(history))),
                },
                None => return Ok((next, None)),
            }
        }
        Err(Error::Corrupt {
            kind: "alias",
            problem: "leads are merged in a circle",
        })
    }

    /// Empties every entry of a history that ends with its erasure: what stood there goes, the entry stays, so that whoever read
    /// the history before still finds the next place taken.
    ///
    /// # Errors
    /// When the table cannot be read or written, or an entry is damaged.
    pub async fn empty_history(&self, lead: LeadId) -> Result<(), Error> {
        for mut item in self.entries(lead).await? {
            let decisions = body_of(&item)?;
            let emptied: Vec<Decision> = decisions.iter().map(Decision::emptied).collect();
            if decisions.iter().any(is_erasure) {
                // What comes after it tells who heard of the erasure.
                break;
            }
            if emptied != decisions {
                let body = codec::encode(DECISIONS, &emptied)?;
                item.insert(BODY.to_owned(), AttributeValue::B(Blob::new(body)));
                // Entries never change otherwise, so there is nothing to be overtaken by.
                self.put(item).await?;
            }
        }
        Ok(())
    }

    /// Adds `decisions` to the history of `lead` on condition that it still has exactly `seq` of them.
    ///
    /// # Errors
    /// When the table cannot be written. The write may have happened nevertheless: read again before deciding anew.
    pub async fn append(
        &self,
        lead: LeadId,
        seq: u32,
        decisions: &[Decision],
    ) -> Result<Appended, Error> {
        Ok(if self.put_new(entry(lead, seq, decisions)?).await? {
            Appended::Done
        } else {
            Appended::Overtaken
        })
    }

    /// Adds `decisions` as [`Table::append`] does and, in the same transaction, records what became of a submission: for
    /// the first time, or in place of its quarantine.
    ///
    /// # Errors
    /// As [`Table::append`].
    pub async fn append_and_record(
        &self,
        lead: LeadId,
        seq: u32,
        decisions: &[Decision],
        record: &Record,
    ) -> Result<Appended, Error> {
        let put = |item: Item, condition: &str| {
            Put::builder()
                .table_name(&*self.name)
                .set_item(Some(item))
                .condition_expression(condition)
                .build()
                .map_err(|_| Error::Corrupt {
                    kind: "transaction",
                    problem: "it has no item",
                })
        };
        let result = self
            .client
            .transact_write_items()
            .transact_items(
                TransactWriteItem::builder()
                    .put(put(
                        entry(lead, seq, decisions)?,
                        "attribute_not_exists(pk)",
                    )?)
                    .build(),
            )
            .transact_items(
                TransactWriteItem::builder()
                    .put(put(
                        record_item(record)?,
                        "attribute_not_exists(pk) OR attribute_exists(quarantined)",
                    )?)
                    .build(),
            )
            .set_return_consumed_capacity(self.capacity())
            .send()
            .await;
        match result {
            Ok(done) => {
                self.count_write("TransactWriteItems", done.consumed_capacity().first());
                Ok(Appended::Done)
            }
            Err(error) => {
                // Whatever the reasons are (a condition, a conflict with another transaction), the way out is the same:
                // read again. Throttling is left to the SDK and the queue.
                let overtaken = error.as_service_error().is_some_and(|refused| {
                    refused.is_transaction_canceled_exception() && {
                        let aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::TransactionCanceledException(canceled) = refused else {
                            return false;
                        };
                        canceled.cancellation_reasons().iter().any(|reason| matches!(reason.code(), Some("ConditionalCheckFailed" | "TransactionConflict")))
                    }
                });
                if overtaken {
                    self.count_refused("TransactWriteItems (overtaken)", 4.0);
                    Ok(Appended::Overtaken)
                } else {
                    Err(Error::call("TransactWriteItems", error))
                }
            }
        }
    }
}

fn is_erasure(decision: &Decision) -> bool {
    matches!(decision.ruling, Ruling::Erased(_))
}

pub(crate) fn entry(lead: LeadId, seq: u32, decisions: &[Decision]) -> Result<Item, Error> {
    let body = codec::encode(DECISIONS, decisions)?;
    if body.len() > 390_000 {
        return Err(Error::TooLarge {
            what: "a history entry",
            bytes: body.len(),
        });
    }
    let mut item = keys::decisions(lead, seq + 1).item();
    item.insert(BODY.to_owned(), AttributeValue::B(Blob::new(body)));
    Ok(item)
}

/// The decisions of one entry.
pub(crate) fn body_of(item: &Item) -> Result<Vec<Decision>, Error> {
    match item.get(BODY) {
        Some(AttributeValue::B(blob)) => codec::decode(DECISIONS, blob.as_ref()),
        _ => Err(Error::Corrupt {
            kind: "decisions",
            problem: "the entry has no body",
        }),
    }
}
