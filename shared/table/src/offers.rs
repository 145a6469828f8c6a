//! What vendors offered, and what they were answered.
//!
//! An acceptance is one transaction: the answer, the lead itself until the queue has it, one more under each cap on condition
//! that it has room, the person on condition that nobody bought them lately, the scorecard, the entry among due work, and the
//! entry in the ledger. Either all of it is there or nothing: a cap is never exceeded, and never used up by a lead that was not
//! taken.

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::transact_write_items::builders::TransactWriteItemsFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, Put, TransactWriteItem, Update};
use domain::decision::Decision;
use domain::id::{LeadId, PingId, SubmissionId};
use domain::submission::Submission;
use domain::vendor::{Counted, Offer, PersonKey, Pinged};
use jiff::Timestamp;

use crate::due::{ceiling, shard_of};
use crate::scorecards::ScorecardEntry;
use crate::{Appended, Error, Item, LedgerEntry, Table, keys, leads, ledger};

const BODY: &str = "d";
const VERSION: &str = "v";

/// For how long a refusal is kept, in seconds: ninety days, as the ledger, for who compares it with what a vendor says.
const REFUSAL_SECONDS: i64 = 90 * 86_400;

/// For how long the message of an accepted lead is kept, in seconds. The recycler needs it within minutes.
const MESSAGE_SECONDS: i64 = 14 * 86_400;

/// For how long the count of a period is kept after its end, in seconds, for who looks at it.
const COUNT_SECONDS: i64 = 40 * 86_400;

/// An answer as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredOffer {
    /// The answer.
    pub offer: Offer,
    /// How often it was written. Whoever replaces it says which one.
    pub version: u32,
}

/// One more under a cap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapUse {
    /// The vendor, or the vendor's pings: what counts apart has another name.
    pub owner: String,
    /// The cap.
    pub cap: String,
    /// The second at which the period begins.
    pub starts: i64,
    /// When the period ends, if it does.
    pub ends: Option<Timestamp>,
    /// Most in the period.
    pub maximum: u32,
}

/// That a person is bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PersonUse {
    /// Who.
    pub person: PersonKey,
    /// Whoever was bought since then is known; nobody is, without it.
    pub unless_since: Option<Timestamp>,
    /// Whether only what this vendor sold counts.
    pub among_vendor: bool,
    /// Until when it has to be remembered.
    pub keep_until: Timestamp,
}

/// An answer, and all that is written with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Settling<'a> {
    /// The answer.
    pub offer: &'a Offer,
    /// The version of the answer that it replaces; nothing if there is none yet.
    pub replaces: Option<u32>,
    /// Whether it replaces that the lead was held: then it is not counted as held any more.
    pub was_held: bool,
    /// Other names that the same lead may have: nothing may be answered under them.
    pub rivals: &'a [SubmissionId],
    /// The caps that it counts for.
    pub caps: Vec<CapUse>,
    /// The person.
    pub persons: Vec<PersonUse>,
    /// The ping that it quotes, to be used once.
    pub ping: Option<PingId>,
    /// The lead, if it is accepted, and when somebody has to look whether it arrived.
    pub accepted: Option<(&'a Submission, Timestamp)>,
    /// Its entry in the ledger of its source.
    pub ledger: Option<LedgerEntry>,
}

/// That a lead is sent back, and all that is written with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Returning<'a> {
    /// The answer, with the return in it.
    pub offer: &'a Offer,
    /// The version of the answer that it replaces.
    pub replaces: u32,
    /// The lead, its number of decisions, and the one that says so.
    pub lead: Option<(LeadId, u32, &'a [Decision])>,
    /// The caps that it makes room under.
    pub caps: &'a [Counted],
}

/// What came of writing an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// It is written.
    Done,
    /// The lead was answered otherwise meanwhile, or others wrote at the same time: read again.
    Overtaken,
    /// It was answered under this other name.
    Rival(usize),
    /// This cap has no room.
    Full(usize),
    /// This person was bought before.
    Known(usize),
    /// The ping was used for another lead, or is not there.
    PingUsed,
}

/// What a part of the transaction is for.
#[derive(Debug, Clone, Copy)]
enum Part {
    Answer,
    Rival(usize),
    Cap(usize),
    Person(usize),
    Ping,
    Other,
}

impl Table {
    /// What a vendor was answered about a submission, read consistently.
    ///
    /// # Errors
    /// When the table cannot be read or the answer is damaged.
    pub async fn offer(&self, submission: SubmissionId) -> Result<Option<StoredOffer>, Error> {
        let found = self.get(keys::offer(submission)).await?;
        found.as_ref().map(read_offer).transpose()
    }

    /// Writes an answer with everything that belongs to it, or nothing.
    ///
    /// # Errors
    /// When the table cannot be written. It may be written nevertheless: read again before deciding anew.
    pub async fn settle(&self, settling: &Settling<'_>) -> Result<Settled, Error> {
        let mut parts = Vec::new();
        let mut request = self.client.transact_write_items();
        let mut add = |part: Part, item: TransactWriteItem| {
            parts.push(part);
            item
        };
        request = request.transact_items(add(Part::Answer, self.answer_part(settling)?));
        for (index, rival) in settling.rivals.iter().enumerate() {
            let part = self.absence_part(*rival)?;
            request = request.transact_items(add(Part::Rival(index), part));
        }
        for (index, cap) in settling.caps.iter().enumerate() {
            request = request.transact_items(add(Part::Cap(index), self.cap_part(cap)?));
        }
        for (index, person) in settling.persons.iter().enumerate() {
            let part = self.person_part(person, settling.offer)?;
            request = request.transact_items(add(Part::Person(index), part));
        }
        if let Some(ping) = settling.ping {
            let part = self.use_of_ping(ping, settling.offer.submission)?;
            request = request.transact_items(add(Part::Ping, part));
        }
        let mut tally = settling.offer.tally();
        if settling.was_held {
            tally.push(("held".to_owned(), -1));
        }
        let (vendor, day) = (&settling.offer.vendor, settling.offer.day);
        let part = self.tally_part(vendor, day, settling.offer.submission, &tally)?;
        request = request.transact_items(add(Part::Other, part));
        if let Some((submission, look_at)) = settling.accepted {
            let message = self.message_part(submission, settling.offer.at)?;
            request = request.transact_items(add(Part::Other, message));
            let lead = submission.id.lead();
            let due = keys::due(shard_of(lead), ceiling(look_at), lead).item();
            request = request.transact_items(add(Part::Other, self.plain_put(due)?));
        }
        if let Some(entry) = settling.ledger {
            let item = ledger::item(&settling.offer.source, entry);
            request = request.transact_items(add(Part::Other, self.plain_put(item)?));
        }
        let refused = self.transact(request, parts.len()).await?;
        Ok(settled(&parts, &refused))
    }

    /// Takes a lead back: the return, the lead's history, the scorecard and the caps, or nothing of it. False when somebody
    /// else wrote first: read again.
    ///
    /// # Errors
    /// As [`Table::settle`].
    pub async fn take_back(&self, returning: &Returning<'_>) -> Result<bool, Error> {
        let offer = returning.offer;
        let settling = Settling {
            offer,
            replaces: Some(returning.replaces),
            was_held: false,
            rivals: &[],
            caps: Vec::new(),
            persons: Vec::new(),
            ping: None,
            accepted: None,
            ledger: None,
        };
        let reason = offer.returned.as_ref().map_or("", |done| &done.reason);
        let tally = offer.return_tally(reason);
        let part = self.tally_part(&offer.vendor, offer.day, offer.submission, &tally)?;
        let mut request = self
            .client
            .transact_write_items()
            .transact_items(self.answer_part(&settling)?)
            .transact_items(part);
        let mut parts = 2;
        if let Some((lead, seq, decisions)) = returning.lead {
            request = request.transact_items(self.entry_part(lead, seq, decisions)?);
            parts += 1;
        }
        for cap in returning.caps {
            let key = keys::cap(&offer.vendor, &cap.cap, cap.starts).item();
            let update = Update::builder()
                .table_name(&*self.name)
                .set_key(Some(key))
                .update_expression("ADD n :less")
                .expression_attribute_values(":less", number(-1));
            request = request.transact_items(built_update(update.build())?);
            parts += 1;
        }
        Ok(self.transact(request, parts).await?.is_empty())
    }

    /// Adds `decisions` to the history of `lead` as [`Table::append`] does, and `tallies` to scorecards, together or not at
    /// all. Without tallies it is that append.
    ///
    /// # Errors
    /// As [`Table::append`].
    pub async fn append_and_tally(
        &self,
        lead: LeadId,
        seq: u32,
        decisions: &[Decision],
        tallies: &[ScorecardEntry],
    ) -> Result<Appended, Error> {
        if tallies.is_empty() {
            return self.append(lead, seq, decisions).await;
        }
        let mut request = self
            .client
            .transact_write_items()
            .transact_items(self.entry_part(lead, seq, decisions)?);
        let mut parts = 1;
        for part in self.tally_parts(tallies)? {
            request = request.transact_items(part);
            parts += 1;
        }
        Ok(if self.transact(request, parts).await?.is_empty() {
            Appended::Done
        } else {
            Appended::Overtaken
        })
    }

    fn entry_part(
        &self,
        lead: LeadId,
        seq: u32,
        decisions: &[Decision],
    ) -> Result<TransactWriteItem, Error> {
        let put = Put::builder()
            .table_name(&*self.name)
            .set_item(Some(leads::entry(lead, seq, decisions)?))
            .condition_expression("attribute_not_exists(pk)");
        built_put(put.build())
    }

    /// Carries out a transaction. For each part that kept it from happening its place and why; none if it happened.
    pub(crate) async fn transact(
        &self,
        request: TransactWriteItemsFluentBuilder,
        parts: usize,
    ) -> Result<Vec<(usize, String)>, Error> {
        let result = request
            .set_return_consumed_capacity(self.capacity())
            .send()
            .await;
        match result {
            Ok(done) => {
                self.count_write("TransactWriteItems", done.consumed_capacity().first());
                Ok(Vec::new())
            }
            Err(error) => {
                let Some(TransactWriteItemsError::TransactionCanceledException(canceled)) =
                    error.as_service_error()
                else {
                    return Err(Error::call("TransactWriteItems", error));
                };
                let refused: Vec<(usize, String)> = canceled
                    .cancellation_reasons()
                    .iter()
                    .enumerate()
                    .filter_map(|(index, reason)| Some((index, reason.code()?.to_owned())))
                    .filter(|(_, code)| {
                        matches!(
                            code.as_str(),
                            "ConditionalCheckFailed" | "TransactionConflict"
                        )
                    })
                    .collect();
                if refused.is_empty() {
                    // Throttling and the like is left to the caller's own repetition.
                    return Err(Error::call("TransactWriteItems", error));
                }
                self.count_refused("TransactWriteItems (overtaken)", 2.0 * parts as f64);
                Ok(refused)
            }
        }
    }

    fn answer_part(&self, settling: &Settling<'_>) -> Result<TransactWriteItem, Error> {
        let offer = settling.offer;
        let mut item = keys::offer(offer.submission).item();
        item.insert(BODY.to_owned(), json(offer, "answer to a vendor")?);
        let version = settling.replaces.unwrap_or(0) + 1;
        item.insert(VERSION.to_owned(), number(i64::from(version)));
        if offer.bought().is_none() && !matches!(offer.answer, domain::vendor::Answer::Held) {
            let expires = offer.at.as_second().saturating_add(REFUSAL_SECONDS);
            item.insert(keys::EXPIRES.to_owned(), number(expires));
        }
        let put = Put::builder()
            .table_name(&*self.name)
            .set_item(Some(item))
            .condition_expression(match settling.replaces {
                None => "attribute_not_exists(pk)",
                Some(_) => "v = :v",
            });
        let put = match settling.replaces {
            None => put,
            Some(version) => put.expression_attribute_values(":v", number(i64::from(version))),
        };
        built_put(put.build())
    }

    fn absence_part(&self, submission: SubmissionId) -> Result<TransactWriteItem, Error> {
        let check = ConditionCheck::builder()
            .table_name(&*self.name)
            .set_key(Some(keys::offer(submission).item()))
            .condition_expression("attribute_not_exists(pk)")
            .build()
            .map_err(|_| Error::Corrupt {
                kind: "request",
                problem: "a condition is incomplete",
            })?;
        Ok(TransactWriteItem::builder().condition_check(check).build())
    }

    fn message_part(
        &self,
        submission: &Submission,
        at: Timestamp,
    ) -> Result<TransactWriteItem, Error> {
        let mut item = keys::offered_message(submission.id).item();
        item.insert(BODY.to_owned(), json(submission, "accepted lead")?);
        let expires = at.as_second().saturating_add(MESSAGE_SECONDS);
        item.insert(keys::EXPIRES.to_owned(), number(expires));
        self.plain_put(item)
    }

    fn plain_put(&self, item: Item) -> Result<TransactWriteItem, Error> {
        built_put(
            Put::builder()
                .table_name(&*self.name)
                .set_item(Some(item))
                .build(),
        )
    }

    fn cap_part(&self, cap: &CapUse) -> Result<TransactWriteItem, Error> {
        let key = keys::cap(&cap.owner, &cap.cap, cap.starts).item();
        let mut update = Update::builder()
            .table_name(&*self.name)
            .set_key(Some(key))
            .condition_expression("attribute_not_exists(n) OR n < :most")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":most", number(i64::from(cap.maximum)));
        update = match cap.ends {
            Some(ends) => update
                .update_expression("ADD n :one SET expires = :expires")
                .expression_attribute_values(
                    ":expires",
                    number(ends.as_second().saturating_add(COUNT_SECONDS)),
                ),
            None => update.update_expression("ADD n :one"),
        };
        // What may never be counted is never counted, even where nothing is counted yet.
        if cap.maximum == 0 {
            update = update.condition_expression("n < :most");
        }
        built_update(update.build())
    }

    fn person_part(&self, person: &PersonUse, offer: &Offer) -> Result<TransactWriteItem, Error> {
        let digits = AttributeValue::S(offer.submission.digits());
        let mut update = Update::builder()
            .table_name(&*self.name)
            .set_key(Some(keys::person(person.person).item()))
            .update_expression(
                "SET #last = :now, #who = :who, #own = :now, #ownwho = :who, expires = :expires",
            )
            .expression_attribute_names("#last", LAST)
            .expression_attribute_names("#who", WHO)
            .expression_attribute_names("#own", own(LAST, &offer.vendor))
            .expression_attribute_names("#ownwho", own(WHO, &offer.vendor))
            .expression_attribute_values(":now", number(offer.at.as_second()))
            .expression_attribute_values(":who", digits)
            .expression_attribute_values(":expires", number(person.keep_until.as_second()));
        if let Some(since) = person.unless_since {
            update = update
                .condition_expression(if person.among_vendor {
                    "attribute_not_exists(#own) OR #own < :since OR #ownwho = :who"
                } else {
                    "attribute_not_exists(#last) OR #last < :since OR #who = :who"
                })
                .expression_attribute_values(":since", number(since.as_second()));
        }
        built_update(update.build())
    }

    fn use_of_ping(
        &self,
        ping: PingId,
        submission: SubmissionId,
    ) -> Result<TransactWriteItem, Error> {
        let update = Update::builder()
            .table_name(&*self.name)
            .set_key(Some(keys::ping(ping).item()))
            .update_expression("SET who = :who")
            .condition_expression(
                "attribute_exists(pk) AND (attribute_not_exists(who) OR who = :who)",
            )
            .expression_attribute_values(":who", AttributeValue::S(submission.digits()));
        built_update(update.build())
    }

    /// When a person was bought, by anybody or by `vendor`, and through which submission; nothing if never, or too long ago to
    /// be remembered.
    ///
    /// # Errors
    /// When the table cannot be read or the entry is damaged.
    pub async fn bought(
        &self,
        person: PersonKey,
        vendor: Option<&str>,
    ) -> Result<Option<(Timestamp, SubmissionId)>, Error> {
        let Some(item) = self.get(keys::person(person)).await? else {
            return Ok(None);
        };
        let (last, who) = match vendor {
            Some(vendor) => (own(LAST, vendor), own(WHO, vendor)),
            None => (LAST.to_owned(), WHO.to_owned()),
        };
        let corrupt = || Error::Corrupt {
            kind: "bought person",
            problem: "it says no time and no submission",
        };
        match (item.get(&last), item.get(&who)) {
            (Some(AttributeValue::N(second)), Some(AttributeValue::S(digits))) => {
                let second = second.parse().map_err(|_| corrupt())?;
                let at = Timestamp::from_second(second).map_err(|_| corrupt())?;
                let bits = domain::id::decode(digits).map_err(|_| corrupt())?;
                Ok(Some((at, SubmissionId::from_bits(bits))))
            }
            (None, _) => Ok(None),
            _ => Err(corrupt()),
        }
    }

    /// How much of a cap is used in the period that begins at the second `starts`.
    ///
    /// # Errors
    /// When the table cannot be read or the count is damaged.
    pub async fn cap_used(&self, owner: &str, cap: &str, starts: i64) -> Result<u64, Error> {
        let found = self.get(keys::cap(owner, cap, starts)).await?;
        match found.as_ref().and_then(|item| item.get("n")) {
            None => Ok(0),
            Some(AttributeValue::N(text)) => text.parse().map_err(|_| Error::Corrupt {
                kind: "count of a cap",
                problem: "it is no number",
            }),
            Some(_) => Err(Error::Corrupt {
                kind: "count of a cap",
                problem: "it is no number",
            }),
        }
    }

    /// An accepted lead as it was taken from its vendor, while somebody may have to send it on.
    ///
    /// # Errors
    /// When the table cannot be read or the lead is damaged.
    pub async fn accepted_lead(&self, id: SubmissionId) -> Result<Option<Submission>, Error> {
        let found = self.get(keys::offered_message(id)).await?;
        found
            .as_ref()
            // Without a body its person was erased.
            .filter(|item| item.contains_key(BODY))
            .map(|item| from_json(item, "accepted lead"))
            .transpose()
    }

    /// Empties an accepted lead that waits to be sent on. The place stays until it expires.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn empty_accepted(&self, id: SubmissionId, now: Timestamp) -> Result<(), Error> {
        let mut item = keys::offered_message(id).item();
        let expires = now.as_second().saturating_add(MESSAGE_SECONDS);
        item.insert(keys::EXPIRES.to_owned(), number(expires));
        self.put(item).await
    }

    /// The submissions through which a person was bought, of each vendor the last one.
    ///
    /// # Errors
    /// When the table cannot be read or the entry is damaged.
    pub async fn bought_through(&self, person: PersonKey) -> Result<Vec<SubmissionId>, Error> {
        let Some(item) = self.get(keys::person(person)).await? else {
            return Ok(Vec::new());
        };
        let mut found = Vec::new();
        for (name, value) in &item {
            if name == WHO || name.starts_with(&own(WHO, "")) {
                let digits = value.as_s().ok();
                let bits = digits.and_then(|digits| domain::id::decode(digits).ok());
                let bits = bits.ok_or(Error::Corrupt {
                    kind: "bought person",
                    problem: "it names no submission",
                })?;
                found.push(SubmissionId::from_bits(bits));
            }
        }
        found.sort();
        found.dedup();
        Ok(found)
    }

    /// Keeps a ping and counts it under the limits. The place of the limit that has no room, if one has none.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn keep_ping(
        &self,
        pinged: Option<&Pinged>,
        limits: &[CapUse],
    ) -> Result<Settled, Error> {
        let mut request = self.client.transact_write_items();
        let mut parts = Vec::new();
        for (index, limit) in limits.iter().enumerate() {
            parts.push(Part::Cap(index));
            request = request.transact_items(self.cap_part(limit)?);
        }
        if let Some(pinged) = pinged {
            parts.push(Part::Other);
            let mut item = keys::ping(pinged.id).item();
            item.insert(BODY.to_owned(), json(pinged, "ping")?);
            let expires = pinged.expires_at.as_second().saturating_add(3_600);
            item.insert(keys::EXPIRES.to_owned(), number(expires));
            request = request.transact_items(self.plain_put(item)?);
        }
        let refused = self.transact(request, parts.len()).await?;
        Ok(settled(&parts, &refused))
    }

    /// A ping.
    ///
    /// # Errors
    /// When the table cannot be read or the ping is damaged.
    pub async fn ping(&self, id: PingId) -> Result<Option<Pinged>, Error> {
        let found = self.get(keys::ping(id)).await?;
        found
            .as_ref()
            .map(|item| from_json(item, "ping"))
            .transpose()
    }
}

/// Second at which a person was last bought.
const LAST: &str = "last";
/// Through which submission.
const WHO: &str = "who";

/// The same, of one vendor.
fn own(name: &str, vendor: &str) -> String {
    format!("{name}:{vendor}")
}

/// What the refused parts mean. The answer comes first: whoever answered before has counted before, too.
fn settled(parts: &[Part], refused: &[(usize, String)]) -> Settled {
    if refused.is_empty() {
        return Settled::Done;
    }
    let mut found = Settled::Overtaken;
    for (index, code) in refused {
        if code != "ConditionalCheckFailed" {
            continue;
        }
        match parts.get(*index) {
            Some(Part::Answer) => return Settled::Overtaken,
            // What was said under the other name holds, whatever else speaks against this one.
            Some(Part::Rival(rival)) => return Settled::Rival(*rival),
            Some(Part::Cap(cap)) if found == Settled::Overtaken => found = Settled::Full(*cap),
            // That a person is known says more than that there is no room for them.
            Some(Part::Person(person)) => found = Settled::Known(*person),
            Some(Part::Ping) if !matches!(found, Settled::Known(_)) => found = Settled::PingUsed,
            _ => {}
        }
    }
    found
}

pub(crate) fn number(number: i64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

fn json<T: serde::Serialize>(value: &T, kind: &'static str) -> Result<AttributeValue, Error> {
    serde_json::to_string(value)
        .map(AttributeValue::S)
        .map_err(|_| Error::Corrupt {
            kind,
            problem: "it cannot be written as JSON",
        })
}

fn from_json<T: serde::de::DeserializeOwned>(item: &Item, kind: &'static str) -> Result<T, Error> {
    match item.get(BODY) {
        Some(AttributeValue::S(body)) => serde_json::from_str(body).ok(),
        _ => None,
    }
    .ok_or(Error::Corrupt {
        kind,
        problem: "its body is not as it was written",
    })
}

fn read_offer(item: &Item) -> Result<StoredOffer, Error> {
    let offer = from_json(item, "answer to a vendor")?;
    let version = match item.get(VERSION) {
        Some(AttributeValue::N(text)) => text.parse().ok(),
        _ => None,
    };
    Ok(StoredOffer {
        offer,
        version: version.ok_or(Error::Corrupt {
            kind: "answer to a vendor",
            problem: "it has no version",
        })?,
    })
}

fn incomplete<T>(_: T) -> Error {
    Error::Corrupt {
        kind: "transaction",
        problem: "a part of it is incomplete",
    }
}

fn built_put(
    put: Result<Put, aws_sdk_dynamodb::error::BuildError>,
) -> Result<TransactWriteItem, Error> {
    let put = put.map_err(incomplete)?;
    Ok(TransactWriteItem::builder().put(put).build())
}

pub(crate) fn built_update(
    update: Result<Update, aws_sdk_dynamodb::error::BuildError>,
) -> Result<TransactWriteItem, Error> {
    let update = update.map_err(incomplete)?;
    Ok(TransactWriteItem::builder().update(update).build())
}
