//! Vendors: carries out a contract. Asks the table what is known of a lead that is offered, has `domain::vendor` decide, and
//! writes the answer together with everything that it uses up.
//!
//! The story of one lead: was it answered before → what the contract says of it → is the person known → one transaction that
//! accepts it, or finds that a cap is full or that somebody else was faster → the answer. The door does this at once, `enrich`
//! for what is answered later or was released from quarantine.
//!
//! It sends nothing: what was accepted is in the table, and whoever called sends it on.

mod ask;

use std::time::Duration;

use domain::config::{Among, Config, Vendor};
use domain::decision::Ruling;
use domain::facts::facts_of;
use domain::field::{Field, Fields, Value};
use domain::id::{Pepper, PingId, SubmissionId};
use domain::identity::{Claimant, keys_of};
use domain::recycling::first_check;
use domain::submission::{FieldProblem, Submission};
use domain::vendor::{
    Answer, CapNow, Counted, Offer, Terms, bad_ping, day_of, invalid_fields, persons, suppressed,
    terms, unknown_ping,
};
use jiff::{SignedDuration, Timestamp};
use table::{AcceptedThing, CapUse, LedgerEntry, PersonUse, Settled, Settling, StoredOffer, Table};

pub use ask::{Asked, ask, look};

/// How often an answer is tried to be written. Those who write about the same cap at the same time get in each other's way,
/// and each time one of them gets through.
const MAX_ROUNDS: u32 = 40;

/// Between two rounds, at least; up to eight times as long, by submission, so that those who collided do not meet again.
const PAUSE: Duration = Duration::from_millis(4);

/// For how many days at least it is remembered that a person was bought, for comparisons with a vendor's own list.
const REMEMBERED_DAYS: u32 = 90;

/// Why a lead could not be answered. It is to be offered again.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The table.
    #[error("the table could not be used")]
    Table(#[from] table::Error),
    /// Too many others write about the same cap at the same time.
    #[error("others kept writing about the same cap")]
    Contended,
}

/// What a contract is carried out with.
#[derive(Debug, Clone, Copy)]
pub struct Buyer<'a> {
    /// The table.
    pub table: &'a Table,
    /// The configuration in force.
    pub config: &'a Config,
    /// What hashes are made under.
    pub pepper: &'a Pepper,
    /// Now.
    pub now: Timestamp,
}

/// The contract that a lead is offered under.
#[derive(Debug, Clone, Copy)]
pub struct Contract<'a> {
    /// The vendor's name.
    pub name: &'a str,
    /// What was agreed.
    pub vendor: &'a Vendor,
    /// The source that it came through.
    pub source: &'a str,
}

/// How far apart the clocks of two copies of a function are thought to be at most, in seconds. Lambda's differ by far less.
const CLOCKS_APART: i64 = 600;

/// What a lead is called in the windows beside its own, of which only its content and the time tell repeats apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Windows {
    /// In the one before.
    pub earlier: SubmissionId,
    /// In the one after.
    pub later: Option<SubmissionId>,
    /// When it came.
    pub received_at: Timestamp,
}

/// A lead that is wrong in some fields.
#[derive(Debug, Clone, Copy)]
pub struct WrongLead<'a> {
    /// Its name.
    pub id: SubmissionId,
    /// Its other names, if it may have any.
    pub windows: Option<Windows>,
    /// What is wrong.
    pub problems: &'a [FieldProblem],
}

/// A lead that is offered.
#[derive(Debug, Clone, Copy)]
pub enum Offered<'a> {
    /// Fit to become a lead.
    Fit(&'a Submission),
    /// Wrong in some fields.
    Wrong(WrongLead<'a>),
    /// Kept for a person to look at.
    Suspicious(SubmissionId),
}

impl Offered<'_> {
    fn id(&self) -> SubmissionId {
        match self {
            Offered::Fit(submission) => submission.id,
            Offered::Wrong(wrong) => wrong.id,
            Offered::Suspicious(id) => *id,
        }
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    /// What was answered.
    pub offer: Offer,
    /// Whether it was answered before.
    pub is_repeat: bool,
}

/// Under which name a lead was answered.
enum Named {
    /// Its own.
    Itself(Box<Answered>),
    /// This one.
    Rival(SubmissionId),
}

impl Buyer<'_> {
    /// Answers a lead that a vendor offers. The same lead again gets the same answer and uses up nothing: if only its content
    /// and the time tell what it is, also when it came under another name in the window before or after
    /// (`offer.submission` says so).
    ///
    /// # Errors
    /// When it could not be answered; then nothing is used up that the same lead would not find again.
    pub async fn settle(
        &self,
        contract: Contract<'_>,
        offered: Offered<'_>,
    ) -> Result<Answered, Error> {
        let (mut id, mut rivals) = self.names(contract, offered).await?;
        // A lead has three names at most, and one of them is answered first.
        for _ in 0..2 {
            let renamed = match offered {
                Offered::Fit(submission) if submission.id != id => Some(Submission {
                    id,
                    ..submission.clone()
                }),
                Offered::Fit(_) | Offered::Wrong(_) | Offered::Suspicious(_) => None,
            };
            let offered = match (offered, &renamed) {
                (Offered::Fit(_), Some(renamed)) => Offered::Fit(renamed),
                (Offered::Wrong(wrong), _) => Offered::Wrong(WrongLead { id, ..wrong }),
                (offered, _) => offered,
            };
            // In a box, since what calls this has large futures of its own.
            let named = Box::pin(self.settle_as(contract, offered, &rivals)).await?;
            match named {
                Named::Itself(answered) => return Ok(*answered),
                Named::Rival(rival) => {
                    id = rival;
                    rivals.clear();
                }
            }
        }
        Err(Error::Contended)
    }

    /// The name under which a lead is answered: the one that it had in the window before, if it was answered under it no
    /// longer ago than a window is. And the names under which it may be answered at the same moment: near the border of two
    /// windows, other clocks may be on the other side of it.
    async fn names(
        &self,
        contract: Contract<'_>,
        offered: Offered<'_>,
    ) -> Result<(SubmissionId, Vec<SubmissionId>), Error> {
        let id = offered.id();
        let windows = match offered {
            Offered::Fit(submission) => submission.earlier.map(|earlier| Windows {
                earlier,
                later: submission.later,
                received_at: submission.received_at,
            }),
            Offered::Wrong(wrong) => wrong.windows,
            Offered::Suspicious(_) => None,
        };
        let mut rivals = Vec::new();
        let source = self.config.sources.get(contract.source);
        let length = source.map_or(0, |source| i64::from(source.repeat_window_minutes) * 60);
        let (Some(windows), 1..) = (windows, length) else {
            return Ok((id, rivals));
        };
        let came = windows.received_at.as_second();
        let within = came.rem_euclid(length);
        if length - within <= CLOCKS_APART {
            rivals.extend(windows.later);
        }
        match self.table.offer(windows.earlier).await? {
            Some(stored)
                if came - stored.offer.at.as_second() < length
                    && !matches!(stored.offer.answer, Answer::Held) =>
            {
                return Ok((windows.earlier, Vec::new()));
            }
            // Long ago; or held for a person, who decides about that one alone.
            Some(_) => {}
            None if within <= CLOCKS_APART => rivals.push(windows.earlier),
            None => {}
        }
        Ok((id, rivals))
    }

    async fn settle_as(
        &self,
        contract: Contract<'_>,
        offered: Offered<'_>,
        rivals: &[SubmissionId],
    ) -> Result<Named, Error> {
        let mut refused: Option<Answer> = None;
        for round in 0..MAX_ROUNDS {
            self.wait(offered.id(), round).await;
            let stored = self.table.offer(offered.id()).await?;
            if let Some(stored) = &stored
                && self.still_stands(&stored.offer, offered)
            {
                return Ok(Named::Itself(Box::new(Answered {
                    offer: stored.offer.clone(),
                    is_repeat: true,
                })));
            }
            // Once it is answered, it has its name.
            let rivals = if stored.is_none() { rivals } else { &[] };
            let (settled, offer, caps) = match refused.take() {
                Some(answer) => {
                    self.refuse(contract, offered, answer, rivals, &stored)
                        .await?
                }
                None => self.decide(contract, offered, rivals, &stored).await?,
            };
            match settled {
                Settled::Done => {
                    return Ok(Named::Itself(Box::new(Answered {
                        offer,
                        is_repeat: false,
                    })));
                }
                Settled::Overtaken => {}
                Settled::Rival(index) => {
                    if let Some(rival) = rivals.get(index) {
                        return Ok(Named::Rival(*rival));
                    }
                }
                Settled::Full(index) => refused = caps.get(index).map(|cap| cap.reached.clone()),
                Settled::Known(_) => refused = self.known(contract, offered).await?,
                Settled::PingUsed => {
                    refused = Some(bad_ping(
                        "ping_used",
                        "the ping that the lead quotes was used for another one; ping again",
                    ));
                }
            }
        }
        Err(Error::Contended)
    }

    /// Whether somebody who offers a lead again hears this again. What was held is decided once it is released.
    fn still_stands(&self, offer: &Offer, offered: Offered<'_>) -> bool {
        match offer.answer {
            Answer::Held => !matches!(offered, Offered::Fit(_)),
            // Under the vendor's own id it may have been corrected: it is judged again, and if nothing changed the answer is
            // the same.
            Answer::Rejected { .. } | Answer::Duplicate { .. } => false,
            Answer::Accepted { .. } | Answer::Capped { .. } => offer.stands(self.now),
        }
    }

    /// Works out the answer and writes it.
    async fn decide(
        &self,
        contract: Contract<'_>,
        offered: Offered<'_>,
        rivals: &[SubmissionId],
        stored: &Option<StoredOffer>,
    ) -> Result<(Settled, Offer, Vec<CapNow>), Error> {
        let refuse = async |answer| self.refuse(contract, offered, answer, rivals, stored).await;
        let submission = match offered {
            Offered::Fit(submission) => submission,
            Offered::Wrong(wrong) => {
                let answer = invalid_fields(wrong.problems.to_vec());
                return refuse(answer).await;
            }
            Offered::Suspicious(_) => return refuse(Answer::Held).await,
        };
        let fields = self.judged_fields(contract.source, &submission.fields);
        let mut agreed = match terms(contract.vendor, &fields, self.now) {
            Ok(agreed) => agreed,
            Err(answer) => return refuse(answer).await,
        };
        let ping = match self.pinged(contract, submission, &mut agreed).await? {
            Ok(ping) => ping,
            Err(answer) => return refuse(answer).await,
        };
        if let Some(answer) = self
            .known_lead(contract, &submission.fields, Some(submission.id))
            .await?
        {
            return refuse(answer).await;
        }
        let answer = Answer::Accepted {
            price: agreed.price.clone(),
            caps: agreed
                .caps
                .iter()
                .map(|cap| Counted {
                    cap: cap.name.clone(),
                    starts: cap.period.starts,
                    ends: cap.period.opens_at,
                })
                .collect(),
        };
        let offer = self.offer(contract, offered, answer, stored);
        let mut bought = submission.clone();
        bought.bought = offer.bought().map(Box::new);
        let keeps_ledger = self
            .config
            .sources
            .get(contract.source)
            .is_some_and(|source| source.ledger)
            // What is answered later is in the ledger since it was accepted at the door.
            && contract.vendor.answer == domain::config::VendorAnswer::Sync
            && !submission.released;
        let settling = Settling {
            offer: &offer,
            replaces: stored.as_ref().map(|stored| stored.version),
            was_held: held_before(stored).is_some(),
            rivals,
            caps: uses(contract.name, &agreed.caps),
            persons: self.person_uses(contract, &submission.fields),
            ping,
            accepted: Some((&bought, first_check(self.config, submission.received_at))),
            ledger: keeps_ledger.then(|| {
                LedgerEntry::new(
                    submission.received_at,
                    AcceptedThing::Submission(submission.id),
                )
            }),
        };
        let settled = self.table.settle(&settling).await?;
        Ok((settled, offer, agreed.caps))
    }

    async fn refuse(
        &self,
        contract: Contract<'_>,
        offered: Offered<'_>,
        answer: Answer,
        rivals: &[SubmissionId],
        stored: &Option<StoredOffer>,
    ) -> Result<(Settled, Offer, Vec<CapNow>), Error> {
        if let Some(StoredOffer { offer, .. }) = stored
            && offer.stands(self.now)
            && says_the_same(&offer.answer, &answer)
        {
            // Written and counted before.
            return Ok((Settled::Done, offer.clone(), Vec::new()));
        }
        let offer = self.offer(contract, offered, answer, stored);
        let settling = Settling {
            offer: &offer,
            replaces: stored.as_ref().map(|stored| stored.version),
            was_held: held_before(stored).is_some(),
            rivals,
            caps: Vec::new(),
            persons: Vec::new(),
            ping: None,
            accepted: None,
            ledger: None,
        };
        let settled = self.table.settle(&settling).await?;
        Ok((settled, offer, Vec::new()))
    }

    fn offer(
        &self,
        contract: Contract<'_>,
        offered: Offered<'_>,
        answer: Answer,
        stored: &Option<StoredOffer>,
    ) -> Offer {
        // What was held was offered on the day on which it came.
        let held = held_before(stored);
        Offer {
            submission: offered.id(),
            vendor: contract.name.to_owned(),
            source: contract.source.to_owned(),
            at: self.now,
            day: held.map_or_else(|| day_of(contract.vendor, self.now), |held| held.day),
            external_id: match offered {
                Offered::Fit(submission) => submission.external_id.clone(),
                Offered::Wrong(..) | Offered::Suspicious(_) => None,
            },
            answer,
            returned: None,
        }
    }

    /// What conditions of a contract may ask for: what was sent, and what follows from it without asking anybody.
    pub(crate) fn judged_fields(&self, source: &str, sent: &Fields) -> Fields {
        let mut fields = facts_of(sent);
        fields.insert(Field::Source, Value::Text(source.to_owned()));
        if let Some(source) = self.config.sources.get(source) {
            let kind = source.kind.name().to_owned();
            fields.insert(Field::SourceKind, Value::Text(kind));
        }
        for (field, value) in sent {
            fields.insert(field.clone(), value.clone());
        }
        fields
    }

    /// The ping that a lead quotes, whose price then holds; or why it cannot.
    async fn pinged(
        &self,
        contract: Contract<'_>,
        submission: &Submission,
        agreed: &mut Terms,
    ) -> Result<Result<Option<PingId>, Answer>, Error> {
        let quoted = submission.fields.get(&quoted_ping()).map(Value::to_string);
        let quoted = match (quoted, &contract.vendor.ping) {
            (Some(quoted), Some(_)) => quoted,
            (None, Some(rules)) if rules.required && !submission.released => {
                return Ok(Err(bad_ping(
                    "ping_required",
                    "the contract wants a ping first; send its id as `ping_id`",
                )));
            }
            _ => return Ok(Ok(None)),
        };
        let Ok(id) = quoted.trim().parse::<PingId>() else {
            return Ok(Err(unknown_ping()));
        };
        let Some(pinged) = self.table.ping(id).await? else {
            return Ok(Err(unknown_ping()));
        };
        if let Some(answer) =
            pinged.objection(self.pepper, contract.name, &submission.fields, self.now)
        {
            return Ok(Err(answer));
        }
        agreed.price = pinged.price;
        Ok(Ok(Some(id)))
    }

    /// That the person is known as a lead already, by any source.
    pub(crate) async fn known_lead(
        &self,
        contract: Contract<'_>,
        fields: &Fields,
        except: Option<SubmissionId>,
    ) -> Result<Option<Answer>, Error> {
        let Some(duplicates) = contract
            .vendor
            .duplicates
            .as_ref()
            .filter(|duplicates| duplicates.among == Among::All)
        else {
            return Ok(None);
        };
        let since = days_before(self.now, duplicates.days);
        let keys = keys_of(self.pepper, fields);
        let comes = Claimant::of(self.pepper, fields, &keys);
        let mut leads = Vec::new();
        for (key, claim) in keys.iter().zip(self.table.claims(&keys).await?) {
            let Some(claim) = claim else { continue };
            // Looked up already, so it costs nothing to say it here. Without this comparison the lead is bought, and `enrich`
            // suppresses it.
            if claim.keeps_out(key.kind, &comes).is_some() {
                return Ok(Some(suppressed()));
            }
            leads.extend(claim.lead());
        }
        leads.sort();
        leads.dedup();
        let mut last: Option<Timestamp> = None;
        for lead in leads {
            let Some(history) = self.table.surviving_lead(lead).await? else {
                continue;
            };
            let others = history
                .decisions
                .iter()
                .filter_map(|decision| match &decision.ruling {
                    Ruling::Received(received) if Some(received.submission) != except => {
                        Some(received.received_at)
                    }
                    _ => None,
                });
            last = last.max(others.max());
        }
        Ok(last
            .filter(|at| *at >= since)
            .map(|known_at| Answer::Duplicate {
                known_at,
                days: duplicates.days,
            }))
    }

    /// That the person was bought already.
    async fn known(
        &self,
        contract: Contract<'_>,
        offered: Offered<'_>,
    ) -> Result<Option<Answer>, Error> {
        let Offered::Fit(submission) = offered else {
            return Ok(None);
        };
        self.known_person(contract, &submission.fields, Some(submission.id))
            .await
    }

    pub(crate) async fn known_person(
        &self,
        contract: Contract<'_>,
        fields: &Fields,
        except: Option<SubmissionId>,
    ) -> Result<Option<Answer>, Error> {
        let Some(duplicates) = &contract.vendor.duplicates else {
            return Ok(None);
        };
        let vendor = (duplicates.among == Among::Vendor).then_some(contract.name);
        let since = days_before(self.now, duplicates.days);
        let mut last: Option<Timestamp> = None;
        for person in persons(self.pepper, fields) {
            let bought = self.table.bought(person, vendor).await?;
            let bought = bought.filter(|(at, who)| *at >= since && Some(*who) != except);
            last = last.max(bought.map(|(at, _)| at));
        }
        Ok(last.map(|known_at| Answer::Duplicate {
            known_at,
            days: duplicates.days,
        }))
    }

    fn person_uses(&self, contract: Contract<'_>, fields: &Fields) -> Vec<PersonUse> {
        let duplicates = contract.vendor.duplicates.as_ref();
        let longest = self
            .config
            .vendors
            .values()
            .filter_map(|vendor| vendor.duplicates.as_ref())
            .map(|duplicates| duplicates.days)
            .max()
            .unwrap_or(0);
        let days = longest.max(REMEMBERED_DAYS) + 1;
        let keep = SignedDuration::from_hours(24 * i64::from(days));
        persons(self.pepper, fields)
            .into_iter()
            .map(|person| PersonUse {
                person,
                unless_since: duplicates.map(|duplicates| days_before(self.now, duplicates.days)),
                among_vendor: duplicates
                    .is_some_and(|duplicates| duplicates.among == Among::Vendor),
                keep_until: self.now.saturating_add(keep).unwrap_or(self.now),
            })
            .collect()
    }

    /// Lets those who collided go on at different times.
    async fn wait(&self, submission: SubmissionId, round: u32) {
        if round > 0 {
            let spread = (submission.bits() >> (3 * (round % 32))) as u32 & 7;
            tokio::time::sleep(PAUSE * (spread + 1)).await;
        }
    }
}

/// Whether two refusals are the same. Of a person who is known, whenever they were last heard of.
fn says_the_same(known: &Answer, answer: &Answer) -> bool {
    match (known, answer) {
        (Answer::Duplicate { .. }, Answer::Duplicate { .. }) => true,
        _ => known == answer,
    }
}

/// The answer that it was held, if that is what stands.
fn held_before(stored: &Option<StoredOffer>) -> Option<&Offer> {
    let offer = &stored.as_ref()?.offer;
    matches!(offer.answer, Answer::Held).then_some(offer)
}

/// The field in which a lead quotes its ping.
pub fn quoted_ping() -> Field {
    Field::Custom("ping_id".to_owned())
}

pub(crate) fn uses(owner: &str, caps: &[CapNow]) -> Vec<CapUse> {
    caps.iter()
        .map(|cap| CapUse {
            owner: owner.to_owned(),
            cap: cap.name.clone(),
            starts: cap.period.starts,
            ends: cap.period.opens_at,
            maximum: cap.maximum,
        })
        .collect()
}

fn days_before(now: Timestamp, days: u32) -> Timestamp {
    now.saturating_sub(SignedDuration::from_hours(24 * i64::from(days)))
        .unwrap_or(now)
}
