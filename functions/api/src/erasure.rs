//! `POST /v1/erasures`: a person is erased, and stays erased.
//!
//! The story of one erasure: suppress the identity keys that were named → end each lead that they led to, with a last decision
//! under the next number, once all keys of its history are suppressed → empty what holds something of the person elsewhere →
//! empty the entries of the history → tell the destinations. It may die anywhere; asked for again, it goes on:
//!
//! * **Keys first.** From then on nothing new begins: whoever is claiming a key at that moment collides with its condition,
//!   reads again and finds it suppressed. A suppressed key names the lead that it led to, so that a repeat finds it.
//! * **Then the end of the history**, on condition that nobody wrote meanwhile: else there may be keys that were not suppressed.
//!   Whoever read the lead before is overtaken. The decision names the keys, since nothing else will.
//! * **Then what stands elsewhere.** Where that is, the history tells; so it is emptied last. A repeat finds what is left of
//!   both.
//! * **Then the entries.** They stay as husks: a writer who read the history before must still find its place taken.
//! * **Then the news.** Destinations hear it once, however often they are told.

use std::collections::{BTreeMap, BTreeSet};

use domain::decision::{Decision, Erased, KeyKind, Outcome, Received, Ruling};
use domain::email::Email;
use domain::field::{Field, Fields, Value};
use domain::id::{ErasureId, LeadId, Pepper, SubmissionId};
use domain::identity::{
    Claimant, IdentityKey, claimant_in, email_key, keys_in, keys_of, phone_key,
};
use domain::lead::ErasedLead;
use domain::phone::Phone;
use domain::vendor::persons;
use futures::future::try_join_all;
use jiff::{SignedDuration, Timestamp};
use lambda_http::Request;
use lambda_http::http::StatusCode;
use queue::{Message, Queue};
use serde_json::{Map, Value as Json};
use table::{Appended, Claim, Current, History, QUARANTINE_SHARDS, Record, Suppression};
use web::Problem;

use crate::answers;
use crate::feedback::{MAX_TEXT, doubts, short_text};
use crate::problems::{field, invalid_fields, table_failed, unavailable};
use crate::{Answer, Api, MAX_ROUNDS, object};

/// Entries of the quarantine that are read at once: as many as one look-up takes.
const ENTRIES_AT_ONCE: usize = 50;

/// Entries of the quarantine that one erasure looks through. There is no index by person: a submission is in quarantine
/// because it could not be understood.
const MOST_ENTRIES: usize = 20_000;

/// Submissions whose traces are emptied at the same time.
const SUBMISSIONS_AT_ONCE: usize = 20;

/// Who is to be erased, checked.
struct Wanted {
    lead: Option<LeadId>,
    /// What was said of them, to find what vendors' leads are kept under.
    fields: Fields,
    /// The keys of that, the e-mail address first.
    keys: Vec<IdentityKey>,
    by: Option<String>,
}

/// What all steps of an erasure go by.
struct Work<'a> {
    wanted: &'a Wanted,
    pepper: &'a Pepper,
    current: &'a Current,
    erasure: ErasureId,
    now: Timestamp,
}

impl Api {
    pub(crate) async fn erase(&self, request: &Request) -> Answer {
        let now = self.clock.now();
        let pepper = self.pepper().await?;
        let current = self.current().await?;
        let country = current.config.default_country.as_deref();
        let wanted = read(object(request)?, &pepper, country)?;
        // The key must not stand for another person. Under its own it is done again, which answers the same.
        let _once = self.once(request, &pepper, now).await?;
        let work = Work {
            wanted: &wanted,
            pepper: &pepper,
            current: &current,
            erasure: self.name_of(&wanted, &pepper).await?,
            now,
        };
        let mut leads: Vec<LeadId> = wanted.lead.into_iter().collect();
        let mut first_suppressed: Option<Suppression> = None;
        for key in &wanted.keys {
            let claimant = Claimant::of(&pepper, &wanted.fields, &wanted.keys);
            let suppression = self.suppress_named(&work, *key, claimant).await?;
            first_suppressed.get_or_insert(suppression);
            leads.extend(suppression.lead);
        }
        let mut ended: Vec<(LeadId, ErasedLead)> = Vec::new();
        for lead in leads {
            let (lead, end, before) = self.end_lead(&work, lead).await?;
            if let Some(history) = before {
                self.empty_surroundings(&work, &history).await?;
            }
            if ended.iter().all(|(known, _)| *known != lead) {
                ended.push((lead, end));
            }
        }
        self.empty_accepted(&work, &wanted.fields).await?;
        let mut keys: BTreeSet<IdentityKey> = wanted.keys.iter().copied().collect();
        keys.extend(
            ended
                .iter()
                .flat_map(|(_, end)| end.erased.keys.iter().copied()),
        );
        let is_all = self.empty_quarantine(&work, &keys).await?;
        for (lead, _) in &ended {
            let emptied = self.table.empty_history(*lead).await;
            emptied.map_err(|error| table_failed(&error))?;
        }
        self.tell_erased(&ended, &current).await?;
        // As it stands in the table: of two requests at once one was first, and both answer what that one wrote.
        let first = ended.first().map(|(_, end)| (end.erased.erasure, end.at));
        let by_key = first_suppressed.map(|first| (first.erasure, first.at));
        let (erasure, at) = first.or(by_key).unwrap_or((work.erasure, now));
        tracing::info!(
            erasure = %erasure,
            leads = ended.len(),
            keys = keys.len(),
            "a person was erased"
        );
        let mut warnings = doubts(wanted.by.as_deref(), &current.config);
        if !is_all {
            warnings.push(answers::Warning {
                field: "quarantine",
                code: "too_long",
                message: format!(
                    "only the oldest {MOST_ENTRIES} submissions in quarantine were looked through; discard what nobody needs, and ask again"
                ),
            });
        }
        let erasure = answers::Erasure {
            erasure: erasure.to_string(),
            leads: ended.iter().map(|(lead, _)| lead.to_string()).collect(),
            suppressed: keys.len(),
            at: at.into(),
            warnings,
        };
        Ok(web::json(StatusCode::OK, &erasure))
    }

    /// What the erasure is called: as the one before of the same person, else after the first lead that is found, else after
    /// the first key.
    async fn name_of(&self, wanted: &Wanted, pepper: &Pepper) -> Result<ErasureId, Problem> {
        let claims = self.table.claims(&wanted.keys).await;
        let claims = claims.map_err(|error| table_failed(&error))?;
        let mut names = Vec::new();
        if let Some(lead) = wanted.lead {
            // Before anything is done: an id with a slip in it erases nobody.
            self.lead_or_erased(lead).await?;
            names.push(self.name_by(lead, pepper).await?);
        }
        for claim in claims.into_iter().flatten() {
            names.push(match claim {
                Claim::Suppressed(known, _) => known.erasure,
                Claim::Held(lead, ..) => self.name_by(lead, pepper).await?,
            });
        }
        let by_key = wanted.keys.first();
        Ok(names.first().copied().unwrap_or_else(|| {
            let subject = by_key.map(ToString::to_string).unwrap_or_default();
            ErasureId::derive(pepper, &subject)
        }))
    }

    async fn name_by(&self, lead: LeadId, pepper: &Pepper) -> Result<ErasureId, Problem> {
        let found = self.table.survivor(lead).await;
        let (lead, history) = found.map_err(|error| table_failed(&error))?;
        let end = history.and_then(|history| history.lead.erased);
        Ok(end.map_or_else(
            || ErasureId::derive(pepper, &lead.to_string()),
            |end| end.erased.erasure,
        ))
    }

    /// Suppresses a key that was named, whoever it leads to.
    async fn suppress_named(
        &self,
        work: &Work<'_>,
        key: IdentityKey,
        named: Claimant,
    ) -> Result<Suppression, Problem> {
        for _ in 0..MAX_ROUNDS {
            let read = self.claim_of(key).await?;
            let (lead, claimant) = match read {
                Some(Claim::Suppressed(known, _)) => return Ok(known),
                Some(Claim::Held(lead, claimant, _)) => (Some(lead), claimant),
                None => (None, named),
            };
            let suppression = Suppression {
                erasure: work.erasure,
                at: work.now,
                lead,
                claimant,
            };
            if self.suppress(key, read.as_ref(), &suppression).await? {
                return Ok(suppression);
            }
        }
        Err(contended())
    }

    /// Ends a lead: suppresses the keys of its history, and writes that it was erased. Which lead it is now, how it ended, and
    /// its history.
    async fn end_lead(
        &self,
        work: &Work<'_>,
        lead: LeadId,
    ) -> Result<(LeadId, ErasedLead, Option<History>), Problem> {
        for _ in 0..MAX_ROUNDS {
            let found = self.table.survivor(lead).await;
            let (name, history) = found.map_err(|error| table_failed(&error))?;
            if let Some(history) = &history
                && let Some(end) = &history.lead.erased
            {
                return Ok((name, end.clone(), Some(history.clone())));
            }
            let mut keys: BTreeSet<IdentityKey> = BTreeSet::new();
            // Without a history it is claimed and on its way to being written: whoever writes it is overtaken by this.
            if let Some(history) = &history {
                keys.extend(self.suppress_all(work, name, history).await?);
            }
            keys.extend(self.suppress_claimed(work, name).await?);
            let erased = Erased {
                erasure: work.erasure,
                by: work.wanted.by.clone(),
                keys: keys.into_iter().collect(),
            };
            let decision = Decision {
                at: work.now,
                config: work.current.version.clone(),
                ruling: Ruling::Erased(erased.clone()),
            };
            let seq = history.as_ref().map_or(0, |history| history.lead.seq);
            let appended = self.table.append(name, seq, &[decision]).await;
            if appended.map_err(|error| table_failed(&error))? == Appended::Done {
                let end = ErasedLead {
                    seq: seq + 1,
                    at: work.now,
                    erased,
                };
                return Ok((name, end, history));
            }
        }
        Err(contended())
    }

    /// Suppresses every key that a lead's history holds, and says which. A number that leads to somebody else stays theirs,
    /// since they share it and did not ask; it keeps out who comes with it under a name of this lead.
    async fn suppress_all(
        &self,
        work: &Work<'_>,
        name: LeadId,
        history: &History,
    ) -> Result<Vec<IdentityKey>, Problem> {
        let mut claimants: BTreeMap<IdentityKey, (Claimant, BTreeSet<u128>)> = BTreeMap::new();
        for received in received(history) {
            let keys = keys_of(work.pepper, &received.fields);
            let claimant = Claimant::of(work.pepper, &received.fields, &keys);
            for key in keys {
                let (known, names) = claimants.entry(key).or_insert((claimant, BTreeSet::new()));
                names.extend(claimant.name);
                // Who says more of themselves is told from others the better.
                if known.email.is_none() || known.name.is_none() {
                    *known = claimant;
                }
            }
        }
        let mut suppressed = Vec::new();
        for (key, (claimant, names)) in claimants {
            let is_theirs = self.suppress_unless_others(work, name, key, claimant);
            if is_theirs.await? || self.bar(work, key, &names).await? {
                suppressed.push(key);
            }
        }
        Ok(suppressed)
    }

    /// The keys that were named and led to this lead, and the e-mail address that the phone number was claimed with: the
    /// submission that claimed both may be on its way, and is told by no history.
    async fn suppress_claimed(
        &self,
        work: &Work<'_>,
        name: LeadId,
    ) -> Result<Vec<IdentityKey>, Problem> {
        let mut suppressed = Vec::new();
        for key in &work.wanted.keys {
            let Some(Claim::Suppressed(known, _)) = self.claim_of(*key).await? else {
                continue;
            };
            let Some(lead) = known.lead else { continue };
            if self.is_now(lead, name).await? {
                suppressed.push(*key);
                if let Some(email) = known.claimant.email
                    && self
                        .suppress_unless_others(work, name, email, known.claimant)
                        .await?
                {
                    suppressed.push(email);
                }
            }
        }
        Ok(suppressed)
    }

    /// Whether a lead is `name` now, aliases followed.
    async fn is_now(&self, lead: LeadId, name: LeadId) -> Result<bool, Problem> {
        if lead == name {
            return Ok(true);
        }
        let found = self.table.survivor(lead).await;
        Ok(found.map_err(|error| table_failed(&error))?.0 == name)
    }

    /// Suppresses a key, unless it leads to another lead than `name`.
    async fn suppress_unless_others(
        &self,
        work: &Work<'_>,
        name: LeadId,
        key: IdentityKey,
        claimant: Claimant,
    ) -> Result<bool, Problem> {
        for _ in 0..MAX_ROUNDS {
            let read = self.claim_of(key).await?;
            match read {
                Some(Claim::Suppressed(..)) => return Ok(true),
                Some(Claim::Held(lead, ..)) if !self.is_now(lead, name).await? => {
                    return Ok(false);
                }
                Some(Claim::Held(..)) | None => {}
            }
            let suppression = Suppression {
                erasure: work.erasure,
                at: work.now,
                lead: Some(name),
                claimant,
            };
            if self.suppress(key, read.as_ref(), &suppression).await? {
                return Ok(true);
            }
        }
        Err(contended())
    }

    /// Keeps people of these names out of a key that leads to somebody else. False when there are none to keep out.
    async fn bar(
        &self,
        work: &Work<'_>,
        key: IdentityKey,
        names: &BTreeSet<u128>,
    ) -> Result<bool, Problem> {
        for name in names {
            let mut is_done = false;
            for _ in 0..MAX_ROUNDS {
                let read = self.claim_of(key).await?;
                is_done = match read {
                    Some(read @ Claim::Held(..)) => {
                        let done = self.table.bar(key, &read, *name, work.erasure).await;
                        done.map_err(|error| table_failed(&error))?
                    }
                    // Suppressed meanwhile, for whoever had it.
                    _ => true,
                };
                if is_done {
                    break;
                }
            }
            if !is_done {
                return Err(contended());
            }
        }
        Ok(!names.is_empty())
    }

    async fn claim_of(&self, key: IdentityKey) -> Result<Option<Claim>, Problem> {
        let claims = self.table.claims(&[key]).await;
        let claims = claims.map_err(|error| table_failed(&error))?;
        Ok(claims.into_iter().next().flatten())
    }

    async fn suppress(
        &self,
        key: IdentityKey,
        read: Option<&Claim>,
        suppression: &Suppression,
    ) -> Result<bool, Problem> {
        let done = self.table.suppress(key, read, suppression).await;
        done.map_err(|error| table_failed(&error))
    }

    /// Empties what the submissions of a lead left elsewhere: their quarantine, what was kept of them for a vendor, and what
    /// was done in their browsers.
    async fn empty_surroundings(&self, work: &Work<'_>, history: &History) -> Result<(), Problem> {
        let all: Vec<&Received> = received(history).collect();
        // Somebody who came very often is to be done with within the time of one call.
        for some in all.chunks(SUBMISSIONS_AT_ONCE) {
            let emptied = some
                .iter()
                .map(|received| self.empty_traces(work, history.lead.id, received));
            try_join_all(emptied).await?;
        }
        Ok(())
    }

    async fn empty_traces(
        &self,
        work: &Work<'_>,
        lead: LeadId,
        received: &Received,
    ) -> Result<(), Problem> {
        let id = received.submission;
        let emptied = self.table.empty_submission(id).await;
        emptied.map_err(|error| table_failed(&error))?;
        if received.bought.is_some() {
            self.empty_copy(id, work.now).await?;
        }
        self.empty_accepted(work, &received.fields).await?;
        self.forget_visits(work, lead, received).await
    }

    /// Empties what is kept of a person's leads that a vendor sold and that are still on their way.
    async fn empty_accepted(&self, work: &Work<'_>, fields: &Fields) -> Result<(), Problem> {
        if work.current.config.vendors.is_empty() {
            return Ok(());
        }
        for person in persons(work.pepper, fields) {
            let through = self.table.bought_through(person).await;
            for id in through.map_err(|error| table_failed(&error))? {
                self.empty_copy(id, work.now).await?;
            }
        }
        Ok(())
    }

    async fn empty_copy(&self, id: SubmissionId, now: Timestamp) -> Result<(), Problem> {
        let kept = self.table.accepted_lead(id).await;
        if kept.map_err(|error| table_failed(&error))?.is_none() {
            return Ok(());
        }
        let emptied = self.table.empty_accepted(id, now).await;
        emptied.map_err(|error| table_failed(&error))
    }

    async fn forget_visits(
        &self,
        work: &Work<'_>,
        lead: LeadId,
        received: &Received,
    ) -> Result<(), Problem> {
        let Some(key) = received.visitor else {
            return Ok(());
        };
        let days = i64::from(work.current.config.events.visitor_days);
        let kept_for = SignedDuration::from_hours(24 * days);
        let expires = work.now.saturating_add(kept_for).unwrap_or(work.now);
        for _ in 0..MAX_ROUNDS {
            let stored = self.table.visitor(key, work.now).await;
            let mut stored = stored.map_err(|error| table_failed(&error))?;
            if !stored.visitor.forget(lead) {
                return Ok(());
            }
            let kept = self
                .table
                .keep_visitor(key, stored.version, &stored.visitor, expires)
                .await;
            if kept.map_err(|error| table_failed(&error))? {
                return Ok(());
            }
        }
        Err(contended())
    }

    /// Ends the quarantine of everything in which one of these keys can be read. False when there is more than one call looks
    /// through.
    async fn empty_quarantine(
        &self,
        work: &Work<'_>,
        keys: &BTreeSet<IdentityKey>,
    ) -> Result<bool, Problem> {
        let wanted: Vec<IdentityKey> = keys.iter().copied().collect();
        let claims = self.table.claims(&wanted).await;
        let claims = claims.map_err(|error| table_failed(&error))?;
        let claims: BTreeMap<IdentityKey, Claim> = wanted
            .into_iter()
            .zip(claims)
            .filter_map(|(key, claim)| Some((key, claim?)))
            .collect();
        let mut looked_at = 0;
        for shard in 0..QUARANTINE_SHARDS {
            let mut after = None;
            loop {
                let entries = self.table.waiting_in(shard, after, ENTRIES_AT_ONCE).await;
                let entries = entries.map_err(|error| table_failed(&error))?;
                let records = self.records(entries.iter().map(|entry| entry.submission));
                let records = records.await?;
                for entry in &entries {
                    let record = records.get(&entry.submission);
                    let is_theirs = record.is_some_and(|record| is_of(work, &claims, record));
                    if let Some(record) = record.filter(|_| is_theirs) {
                        self.end_quarantine(work, record).await?;
                        let unlisted = self.table.unlist_waiting(*entry).await;
                        unlisted.map_err(|error| table_failed(&error))?;
                    }
                }
                looked_at += entries.len();
                if entries.len() < ENTRIES_AT_ONCE {
                    break;
                }
                if looked_at >= MOST_ENTRIES {
                    return Ok(false);
                }
                after = entries.last().copied();
            }
        }
        Ok(true)
    }

    async fn end_quarantine(&self, work: &Work<'_>, record: &Record) -> Result<(), Problem> {
        self.reopen_in_ledger(record).await?;
        let suppressed = Record {
            outcome: Outcome::Suppressed,
            quarantined: None,
            ..record.clone()
        };
        let end = Decision::erased(work.erasure, &work.current.version, work.now);
        for _ in 0..MAX_ROUNDS {
            let done = self.table.suppress_submission(&suppressed, &end).await;
            if done.map_err(|error| table_failed(&error))? {
                let emptied = self.table.empty_submission(record.id).await;
                return emptied.map_err(|error| table_failed(&error));
            }
        }
        Err(contended())
    }

    /// Tells the destinations that want to know which leads are gone. Nobody ever heard of one that was not written.
    async fn tell_erased(
        &self,
        ended: &[(LeadId, ErasedLead)],
        current: &Current,
    ) -> Result<(), Problem> {
        let messages: Vec<Message> = ended
            .iter()
            .filter(|(_, end)| end.seq > 1)
            .flat_map(|(lead, end)| {
                let destinations = current.config.destinations_for_erasure().into_iter();
                destinations.map(|destination| Message::Deliver {
                    lead: *lead,
                    about: end.seq,
                    destination: destination.to_owned(),
                })
            })
            .collect();
        self.queues
            .send_all(Queue::Deliver, &messages)
            .await
            .map_err(|error| unavailable(&error))
    }
}

/// The submissions of a lead.
fn received(history: &History) -> impl Iterator<Item = &Received> {
    history
        .decisions
        .iter()
        .filter_map(|decision| match &decision.ruling {
            Ruling::Received(received) => Some(received),
            _ => None,
        })
}

/// Whether a submission in quarantine is of somebody with one of these keys.
fn is_of(work: &Work<'_>, claims: &BTreeMap<IdentityKey, Claim>, record: &Record) -> bool {
    let Some(quarantined) = record
        .quarantined
        .as_ref()
        .filter(|_| record.outcome == Outcome::Quarantined)
    else {
        return false;
    };
    let country = work.current.config.default_country.as_deref();
    let texts = quarantined.raw.values().map(String::as_str);
    let comes = claimant_in(work.pepper, &quarantined.raw);
    keys_in(work.pepper, texts, country).iter().any(|key| {
        let claim = claims.get(key);
        claim.is_some_and(|claim| claim.keeps_out(key.kind, &comes).is_some())
    })
}

fn contended() -> Problem {
    tracing::warn!("others kept writing about somebody who is to be erased");
    Problem::unavailable()
}

/// Reads a body, every bad field at once.
fn read(
    body: Map<String, Json>,
    pepper: &Pepper,
    country: Option<&str>,
) -> Result<Wanted, Problem> {
    let mut wrong = Vec::new();
    let mut wanted = Wanted {
        lead: None,
        fields: Fields::new(),
        keys: Vec::new(),
        by: None,
    };
    for (name, value) in &body {
        let text = value.as_str().unwrap_or_default();
        match name.as_str() {
            "lead" | "email" | "phone" | "by" if value.is_null() => {}
            "lead" | "email" | "phone" if !value.is_string() => {
                wrong.push(field(name, "invalid_text", "send one text in quotes"));
            }
            "lead" => match text.parse() {
                Ok(lead) => wanted.lead = Some(lead),
                Err(_) => wrong.push(field(
                    name,
                    "invalid_lead",
                    "a lead's id is lead_ and 26 characters",
                )),
            },
            "email" => match Email::parse(text) {
                Ok(email) => {
                    wanted.keys.push(email_key(pepper, &email));
                    let text = Value::Text(text.to_owned());
                    wanted.fields.insert(Field::Email, text);
                }
                Err(error) => wrong.push(field(
                    name,
                    error.code(),
                    &format!("{error}; give one address such as name@example.com"),
                )),
            },
            "phone" => match Phone::parse(text, country) {
                Ok(phone) => {
                    wanted.keys.push(phone_key(pepper, phone.as_str()));
                    let text = Value::Text(phone.as_str().to_owned());
                    wanted.fields.insert(Field::Phone, text);
                }
                Err(error) => wrong.push(field(
                    name,
                    error.code(),
                    &format!(
                        "{error}; give one number with its country code, such as +12025550100"
                    ),
                )),
            },
            "by" => match short_text(value) {
                Ok(text) => wanted.by = text,
                Err(()) => {
                    let message = format!("by is text of 1 to {MAX_TEXT} characters on one line");
                    wrong.push(field(name, "invalid_text", &message));
                }
            },
            _ => wrong.push(field(
                name,
                "unknown_field",
                "there is no such field; there are lead, email, phone and by",
            )),
        }
    }
    if wrong.is_empty() && wanted.lead.is_none() && wanted.keys.is_empty() {
        wrong.push(field(
            "lead",
            "required",
            "say who is to be erased: by lead, by email, by phone, or by email and phone",
        ));
    }
    wanted.keys.sort_by_key(|key| key.kind != KeyKind::Email);
    if wrong.is_empty() {
        Ok(wanted)
    } else {
        Err(invalid_fields(&wrong))
    }
}
