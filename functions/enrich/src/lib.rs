//! Enrich: finds out who a submission is from, makes or completes the lead, and asks what is known about the company.
//!
//! The story of one submission: fetch its answers if it was only announced → work out the facts → who holds its identity keys → if anybody does, has it been here
//! before → ask the providers, within their deadlines → claim the keys that are free → for somebody who is known, write it
//! into the lead's history, on condition that nobody was faster, and send the lead on to be scored; for somebody new, send
//! the first decision to `assign`, which writes it together with its own. A repeat finds each step done and does only the
//! last again. Who was erased is suppressed: nothing of their submission is kept but that it came. A certificate that proves what was agreed to is claimed later, by a message of its own.
//!
//! It never waits for a provider beyond its deadline, and never lets one keep a lead from going on.

mod announced;
mod captcha;
mod certificate;
mod contract;
mod mail;
mod provider;
mod suppression;
mod visitor;

use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use domain::config::Config;
use domain::decision::{Decision, KeptApart, MergedInto, Outcome, Received, Ruling};
use domain::facts::facts_of;
use domain::field::{Field, Value};
use domain::id::{ErasureId, LeadId, Pepper};
use domain::identity::{
    Claimant, Holder, IdentityKey, Resolution, is_suppressed, keys_of, resolve,
};
use domain::lead::Lead;
use domain::recycling::{arm_at, first_check};
use domain::submission::{Quarantined, Submission};
use jiff::Timestamp;
use platform::{Clock, Secrets, SecretsError};
use queue::{Message, Outgoing, Person, Queue, Queues, SendError};
use table::{
    Appended, Claim, Claimed, ConfigurationCache, Current, History, Record, Table, Waiting,
};

pub use provider::Providers;

use captcha::Verdict;
use mail::Found;

/// How often a submission is decided anew because somebody else wrote first. Each time somebody made progress; more than
/// a few in a row means a flood of one person's submissions, and the queue spreads those better than we do.
const MAX_ROUNDS: usize = 12;

/// Whoever claimed a phone number moments ago without saying more is waited for: between rounds this long, and in all until
/// the submission is this old. Then the lead that should have come never will, and the number decides.
const EARLY_PAUSE: Duration = Duration::from_millis(50);
const EARLY_SECONDS: i64 = 600;

/// After so many seconds it is looked again, when the rounds did not do: `assign`, which writes the lead, has a backlog.
const EARLY_LOOK_AGAIN: i32 = 10;

/// An identity key that somebody holds.
struct Held {
    key: IdentityKey,
    /// Aliases followed.
    lead: LeadId,
    /// Nothing while that lead is on its way.
    history: Option<History>,
    claimant: Claimant,
}

/// What is found under the keys of a submission.
enum Holders {
    /// Who holds them, and which of them nobody can hold any more.
    Known(Vec<Held>, Vec<IdentityKey>),
    /// Its person was erased.
    Erased(ErasureId),
}

/// Everything one invocation needs.
#[derive(Debug, Clone)]
pub struct Enrich {
    /// The table.
    pub table: Table,
    /// Sends to `score` and `assign`.
    pub queues: Queues,
    /// The configuration in force.
    pub configurations: Arc<ConfigurationCache>,
    /// Holds the pepper and providers' keys.
    pub secrets: Secrets,
    /// Tells the time.
    pub clock: Clock,
    /// Asks providers.
    pub providers: Providers,
}

/// Why a message has to be tried again.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The table.
    #[error("the table could not be used")]
    Table(#[from] table::Error),
    /// The secrets.
    #[error("a secret could not be read")]
    Secrets(#[from] SecretsError),
    /// What is to be tried later could not be kept for it.
    #[error("a message could not be kept for later")]
    Send(#[from] SendError),
    /// Nobody has pushed a configuration yet.
    #[error("there is no configuration yet; push one with `leadline push`")]
    NoConfiguration,
    /// A vendor's contract could not be carried out.
    #[error("the contract of a vendor could not be carried out")]
    Contract(#[from] vendors::Error),
    /// Too many others write about the same person at the same time.
    #[error("others kept writing about the same person")]
    Contended,
    /// A message that is not for this function.
    #[error("a message of kind {0} is not for enrich")]
    Misdirected(&'static str),
}

impl Enrich {
    /// Works through one batch.
    ///
    /// # Errors
    /// Only when the batch cannot be reported on record by record.
    pub async fn handle(&self, event: SqsEvent) -> Result<SqsBatchResponse, queue::Failure> {
        queue::run_batch_and_send(event, &self.queues, |message| self.handle_message(message)).await
    }

    /// Works on one message, and says what is to be sent.
    async fn handle_message(&self, message: Message) -> Result<Vec<Outgoing>, Error> {
        match message {
            Message::Submission { submission } => self.receive(*submission).await,
            Message::Announced { announced, tries } => self.fetch(*announced, tries).await,
            Message::Certificate {
                submission,
                source,
                tries,
            } => self.certify(submission, &source, tries).await,
            Message::Quarantined { quarantined } => self.quarantine(*quarantined).await,
            Message::AskProvider { lead, provider } => self.ask_again(lead, &provider).await,
            other => Err(Error::Misdirected(other.name())),
        }
    }

    /// Works on a submission, and sees to its certificate, if it has one.
    async fn receive(&self, submission: Submission) -> Result<Vec<Outgoing>, Error> {
        let (id, source) = (submission.id, submission.source.clone());
        let certificate = sources::certificate_of(&submission.consent, &submission.fields);
        let is_certified = certificate.is_some();
        let outgoing = self.find_out_who(submission).await?;
        if is_certified {
            self.certify_later(id, &source, 0).await?;
        }
        Ok(outgoing)
    }

    async fn find_out_who(&self, mut submission: Submission) -> Result<Vec<Outgoing>, Error> {
        let now = self.clock.now();
        let current = self
            .configurations
            .at(now)
            .await?
            .ok_or(Error::NoConfiguration)?;
        submission.facts = facts(&current.config, &submission);
        let pepper = Pepper::new(self.secrets.pepper().await?.expose());
        let keys = keys_of(&pepper, &submission.fields);
        let claimant = Claimant::of(&pepper, &submission.fields, &keys);
        let (mut found, mut closed) = match self.holders(&keys, &claimant).await? {
            Holders::Erased(erasure) => {
                return self.suppress(&submission, erasure, &current, now).await;
            }
            Holders::Known(found, closed) => (found, closed),
        };
        // Keys are claimed before anything is written under the name of their submission. So if nobody holds any of them,
        // neither this submission nor one of the same content has been here, and there is nothing to look up.
        let is_in = |history: &&History| history.lead.submissions.contains(&submission.id);
        let histories = || found.iter().filter_map(|held| held.history.as_ref());
        if let Some(history) = histories().find(is_in) {
            return self.is_there(&submission, history, &current, now).await;
        }
        if (keys.is_empty() || !found.is_empty())
            && let Some(outgoing) = self.been_here(&submission, &current, now).await?
        {
            return Ok(outgoing);
        }
        match self
            .verify_captcha(&submission, &current, &pepper, now)
            .await?
        {
            Verdict::Goes(None) => {}
            Verdict::Goes(Some(fact)) => {
                let fact = Value::Text(fact.to_owned());
                submission.facts.insert(Field::Captcha, fact);
            }
            Verdict::Kept(problem) => {
                let quarantined = Quarantined::suspected(submission, vec![problem]);
                return self.quarantine(quarantined).await;
            }
        }
        match self
            .look_up_mail(&submission, &current, &pepper, now)
            .await?
        {
            Found::Fact(None) => {}
            Found::Fact(Some(fact)) => {
                let fact = Value::Text(fact.to_owned());
                submission.facts.insert(Field::EmailMx, fact);
            }
            Found::Kept(problem) => {
                let quarantined = Quarantined::suspected(submission, vec![problem]);
                return self.quarantine(quarantined).await;
            }
        }
        if !self.buy(&mut submission, &current, &pepper, now).await? {
            return Ok(Vec::new());
        }
        let mut answers = None;
        let mut is_early = false;
        for round in 0..MAX_ROUNDS {
            if round > 0 {
                (found, closed) = match self.holders(&keys, &claimant).await? {
                    Holders::Erased(erasure) => {
                        return self.suppress(&submission, erasure, &current, now).await;
                    }
                    Holders::Known(found, closed) => (found, closed),
                };
            }
            let holders: Vec<Holder<'_>> = found
                .iter()
                .map(|held| Holder {
                    key: held.key.kind,
                    lead: held.lead,
                    known: held.history.as_ref().map(|history| &history.lead),
                    claimant: held.claimant,
                })
                .collect();
            let resolution = resolve(submission.id, &submission.fields, &claimant, &holders);
            let age = now.as_second() - submission.received_at.as_second();
            is_early = resolution.is_early && age < EARLY_SECONDS;
            if is_early {
                tokio::time::sleep(EARLY_PAUSE).await;
                continue;
            }
            let target = match found.iter().find(|held| held.lead == resolution.lead) {
                Some(held) => held.history.clone(),
                // Nobody knows this person. Should a concurrent copy have made the lead, whoever writes it will notice.
                None if found.is_empty() => None,
                // Named after this submission and held by no key that we saw: a concurrent copy may have made it.
                None => self.table.lead(resolution.lead).await?,
            };
            if let Some(history) = &target
                && history.lead.submissions.contains(&submission.id)
            {
                return self.is_there(&submission, history, &current, now).await;
            }
            if target.as_ref().is_some_and(|history| {
                history.lead.merged_into.is_some() || history.lead.erased.is_some()
            }) {
                // Made an alias by a concurrent copy, or erased, at this moment: its keys now say so.
                continue;
            }
            if answers.is_none() {
                // Once per submission, not once per round: others' writes are no reason to ask again.
                let lead = target.as_ref().map(|history| &history.lead);
                answers = Some(
                    self.providers
                        .ask(self, &current, &pepper, lead, &submission, now)
                        .await,
                );
            }
            if resolution.alias_own
                && !self
                    .alias(submission.id.lead(), resolution.lead, &current, now)
                    .await?
            {
                continue;
            }
            if !self
                .claim(&keys, &found, &closed, resolution.lead, &claimant)
                .await?
            {
                continue;
            }
            let before = target.as_ref().map(|history| &history.lead);
            let credited = self
                .visit(&submission, resolution.lead, before, &current, now)
                .await?;
            let rulings: Vec<Ruling> = answers.iter().flatten().cloned().chain(credited).collect();
            let decisions = decide(
                &submission,
                &resolution,
                target.as_ref(),
                &rulings,
                &current,
                now,
            );
            let all = target
                .as_ref()
                .map(|history| history.decisions.as_slice())
                .unwrap_or_default()
                .iter()
                .chain(&decisions);
            let Some(after) = Lead::after(resolution.lead, all) else {
                continue;
            };
            if let Some(at) = arm_at(&current.config, before, &after, now) {
                self.table.arm(resolution.lead, at).await?;
            }
            if target.is_none() && resolution.lead == submission.id.lead() {
                // The first decision of the lead that bears its name is its record, and what `assign` will decide can be
                // written with it: one write for all.
                let message = Message::AssignNew {
                    lead: resolution.lead,
                    decisions,
                };
                return Ok(vec![Outgoing {
                    queue: Queue::Assign,
                    message,
                }]);
            }
            let record = record(
                &submission,
                outcome_for(target.as_ref()),
                Some(resolution.lead),
            );
            let seq = before.map_or(0, |lead| lead.seq);
            let appended = self
                .table
                .append_and_record(resolution.lead, seq, &decisions, &record)
                .await?;
            if appended == Appended::Done {
                return Ok(score(resolution.lead, after.seq));
            }
        }
        if is_early {
            // Not a failure, of which a message has only a few: it waits its turn behind the lead that it belongs to.
            let message = Message::Submission {
                submission: Box::new(submission),
            };
            self.queues
                .send_later(Queue::Enrich, &message, EARLY_LOOK_AGAIN)
                .await?;
            return Ok(Vec::new());
        }
        Err(Error::Contended)
    }

    /// What is to be sent about a submission that is in this lead's history already. A copy that came from another browser
    /// has what was done there credited: whoever wrote the history did not know of it.
    async fn is_there(
        &self,
        submission: &Submission,
        history: &History,
        current: &Current,
        now: Timestamp,
    ) -> Result<Vec<Outgoing>, Error> {
        let lead = &history.lead;
        let mut outgoing = score(lead.id, lead.seq);
        let is_written = history.decisions.iter().any(|decision| {
            matches!(&decision.ruling, Ruling::Received(received) if received.submission == submission.id && received.visitor == submission.visitor)
        });
        if !is_written
            && let Some(Ruling::Engaged(credited)) = self
                .visit(submission, lead.id, Some(lead), current, now)
                .await?
        {
            let message = Message::Behaviour {
                person: Person::Lead(lead.id),
                events: credited.events,
                tries: 0,
            };
            outgoing.push(Outgoing {
                queue: Queue::Score,
                message,
            });
        }
        Ok(outgoing)
    }

    /// What is to be sent when this submission, or one of the same content, has been here before.
    async fn been_here(
        &self,
        submission: &Submission,
        current: &Current,
        now: Timestamp,
    ) -> Result<Option<Vec<Outgoing>>, Error> {
        // A quarantined one that comes as a submission was corrected, or is understood now: it goes on like a new one.
        if let Some(record) = self.table.submission(submission.id).await?.record
            && record.outcome != Outcome::Quarantined
        {
            let again = self.visited(submission, &record, current, now).await?;
            return Ok(Some(again.unwrap_or_else(|| send_on(&record))));
        }
        let Some(original) = self.original_of(submission, &current.config).await? else {
            return Ok(None);
        };
        let repeat = repeat_of(submission, &original);
        self.table.record_submission(&repeat).await?;
        // Also at the browser that a repeat came from something may have been done.
        let again = self.visited(submission, &repeat, current, now).await?;
        Ok(Some(again.unwrap_or_default()))
    }

    /// What is to be sent for a submission that is recorded and came from somebody's browser; nothing for any other.
    async fn visited(
        &self,
        submission: &Submission,
        record: &Record,
        current: &Current,
        now: Timestamp,
    ) -> Result<Option<Vec<Outgoing>>, Error> {
        let Some(lead) = record.lead.filter(|_| submission.visitor.is_some()) else {
            return Ok(None);
        };
        Ok(match self.table.surviving_lead(lead).await? {
            Some(history) => Some(self.is_there(submission, &history, current, now).await?),
            None => None,
        })
    }

    /// What became of the submission that this one repeats, if the same content came in the window before and that is not
    /// long ago, or by another clock in the window after.
    async fn original_of(
        &self,
        submission: &Submission,
        config: &Config,
    ) -> Result<Option<Record>, Error> {
        let window = config
            .sources
            .get(&submission.source)
            .map_or(0, |source| i64::from(source.repeat_window_minutes) * 60);
        let came = submission.received_at.as_second();
        for name in [submission.earlier, submission.later].into_iter().flatten() {
            let record = self.table.submission(name).await?.record;
            // What repeats a quarantined one and can be understood is worth more than that.
            let is_original = |record: &Record| {
                record.outcome != Outcome::Quarantined
                    && came - record.received_at.as_second() < window
            };
            if let Some(original) = record.filter(is_original) {
                return Ok(Some(original));
            }
        }
        Ok(None)
    }

    async fn quarantine(&self, quarantined: Quarantined) -> Result<Vec<Outgoing>, Error> {
        // Before anything of it is written: copies of the table would hold it for weeks.
        let (keys, comes) = self.sender_of(&quarantined).await?;
        if let Some(erasure) = self.table.kept_out(&keys, &comes).await? {
            return self.end_quarantined(&quarantined, erasure).await;
        }
        // Listed first: what waits for a person must never be where nobody finds it.
        let entry = Waiting::new(quarantined.received_at, quarantined.id);
        self.table.list_waiting(entry).await?;
        let record = Record {
            id: quarantined.id,
            source: quarantined.source.clone(),
            received_at: quarantined.received_at,
            outcome: Outcome::Quarantined,
            lead: None,
            repeats: None,
            quarantined: Some(quarantined.clone()),
        };
        self.table.record_submission(&record).await?;
        // And once more: an erasure suppresses first and looks through the quarantine then. So either it finds what was just
        // written, or what it suppressed is found here.
        if let Some(erasure) = self.table.kept_out(&keys, &comes).await? {
            return self.end_quarantined(&quarantined, erasure).await;
        }
        Ok(Vec::new())
    }

    /// Each key that somebody holds, with the lead that it leads to; or that whoever comes with them was erased.
    async fn holders(&self, keys: &[IdentityKey], claimant: &Claimant) -> Result<Holders, Error> {
        let mut found: Vec<Held> = Vec::new();
        let mut closed = Vec::new();
        let mut read: Vec<(LeadId, usize)> = Vec::new();
        for (key, claim) in keys.iter().zip(self.table.claims(keys).await?) {
            let Some(claim) = claim else { continue };
            if let Some(erasure) = claim.keeps_out(key.kind, claimant) {
                return Ok(Holders::Erased(erasure));
            }
            let (holder, claimed_for) = match claim {
                Claim::Held(holder, claimed_for, _) => (holder, claimed_for),
                Claim::Suppressed(..) => {
                    // Somebody else's number too, of whom one was erased: it tells nobody's lead any more.
                    closed.push(*key);
                    continue;
                }
            };
            // As a rule all keys of a person lead to the same lead: it is read once.
            let (lead, history) = match read.iter().find(|(known, _)| *known == holder) {
                Some((_, index)) => (found[*index].lead, found[*index].history.clone()),
                // A name may be an alias of a lead that is on its way: nothing is ever written behind an alias.
                None => self.table.survivor(holder).await?,
            };
            // A key that was claimed for a lead while it was erased, and is not suppressed itself.
            if let Some(end) = history
                .as_ref()
                .and_then(|known| known.lead.erased.as_ref())
            {
                if is_suppressed(key.kind, &claimed_for, claimant) {
                    return Ok(Holders::Erased(end.erased.erasure));
                }
                closed.push(*key);
                continue;
            }
            read.push((holder, found.len()));
            found.push(Held {
                key: *key,
                lead,
                history,
                claimant: claimed_for,
            });
        }
        Ok(Holders::Known(found, closed))
    }

    /// Makes `own` another name of `lead`. False when `own` has become a lead of its own meanwhile.
    async fn alias(
        &self,
        own: LeadId,
        lead: LeadId,
        current: &Current,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let ruling = Ruling::MergedInto(MergedInto { lead });
        let decision = Decision {
            at: now,
            config: current.version.clone(),
            ruling,
        };
        Ok(self.table.append(own, 0, &[decision]).await? == Appended::Done)
    }

    /// Claims the keys that nobody holds. False when somebody else was faster with one.
    async fn claim(
        &self,
        keys: &[IdentityKey],
        found: &[Held],
        closed: &[IdentityKey],
        lead: LeadId,
        claimant: &Claimant,
    ) -> Result<bool, Error> {
        for key in keys {
            let is_taken = closed.contains(key) || found.iter().any(|held| held.key == *key);
            if !is_taken && self.table.claim(*key, lead, claimant).await? != Claimed::Ours {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Asks a provider again that did not answer when the lead came by.
    async fn ask_again(&self, lead: LeadId, provider: &str) -> Result<Vec<Outgoing>, Error> {
        let now = self.clock.now();
        let current = self
            .configurations
            .at(now)
            .await?
            .ok_or(Error::NoConfiguration)?;
        let pepper = Pepper::new(self.secrets.pepper().await?.expose());
        let mut answer: Option<Ruling> = None;
        for _ in 0..MAX_ROUNDS {
            let Some(history) = self.table.surviving_lead(lead).await? else {
                return Ok(Vec::new());
            };
            let Some(retry) = history
                .lead
                .waits
                .provider
                .get(provider)
                .filter(|retry| retry.at <= now)
            else {
                return Ok(Vec::new());
            };
            let ruling = match answer.take() {
                Some(ruling) => ruling,
                None => {
                    self.providers
                        .ask_one(
                            self,
                            &current,
                            &pepper,
                            provider,
                            &history.lead.fields(),
                            retry.attempts,
                            now,
                        )
                        .await
                }
            };
            let decision = Decision {
                at: now,
                config: current.version.clone(),
                ruling: ruling.clone(),
            };
            let mut after = history.lead.clone();
            after.apply(&decision);
            if let Some(at) = arm_at(&current.config, Some(&history.lead), &after, now) {
                self.table.arm(history.lead.id, at).await?;
            }
            if self
                .table
                .append(history.lead.id, history.lead.seq, &[decision])
                .await?
                == Appended::Done
            {
                return Ok(score(history.lead.id, after.seq));
            }
            answer = Some(ruling);
        }
        Err(Error::Contended)
    }
}

/// What is sent for a submission that was written: whether it was sent then is not known, and twice does no harm.
fn send_on(record: &Record) -> Vec<Outgoing> {
    match record.lead {
        Some(lead) if record.outcome != Outcome::Duplicate => score(lead, 1),
        _ => Vec::new(),
    }
}

fn score(lead: LeadId, seq: u32) -> Vec<Outgoing> {
    vec![Outgoing {
        queue: Queue::Score,
        message: Message::Score { lead, seq },
    }]
}

fn outcome_for(target: Option<&History>) -> Outcome {
    match target {
        Some(_) => Outcome::Merged,
        None => Outcome::Created,
    }
}

/// What is recorded of a submission that says what another one did.
fn repeat_of(submission: &Submission, original: &Record) -> Record {
    Record {
        repeats: Some(original.id),
        ..record(submission, Outcome::Duplicate, original.lead)
    }
}

fn record(submission: &Submission, outcome: Outcome, lead: Option<LeadId>) -> Record {
    Record {
        id: submission.id,
        source: submission.source.clone(),
        received_at: submission.received_at,
        outcome,
        lead,
        repeats: None,
        quarantined: None,
    }
}

/// What is decided about a submission: that it became part of `resolution.lead`, and `found`: what providers said, and what
/// is credited of what was done before.
fn decide(
    submission: &Submission,
    resolution: &Resolution,
    target: Option<&History>,
    found: &[Ruling],
    current: &Current,
    now: Timestamp,
) -> Vec<Decision> {
    let outcome = outcome_for(target);
    let received = received(submission, resolution, target, outcome, &current.config);
    std::iter::once(Ruling::Received(received))
        .chain(found.iter().cloned())
        .map(|ruling| Decision {
            at: now,
            config: current.version.clone(),
            ruling,
        })
        .collect()
}

fn received(
    submission: &Submission,
    resolution: &Resolution,
    target: Option<&History>,
    outcome: Outcome,
    config: &Config,
) -> Received {
    let owner = target
        .and_then(|history| history.lead.owner.as_ref())
        .map(|owner| owner.rep.clone());
    Received {
        submission: submission.id,
        source: submission.source.clone(),
        received_at: submission.received_at,
        outcome,
        matched: if target.is_some() {
            resolution.matched.clone()
        } else {
            Vec::new()
        },
        kept_apart: resolution
            .kept_apart
            .iter()
            .map(|(lead, key, because)| KeptApart {
                lead: *lead,
                key: *key,
                because: *because,
            })
            .collect(),
        stays_with: owner.filter(|rep| domain::routing::can_hold(config, rep)),
        fields: submission.fields.clone(),
        facts: submission.facts.clone(),
        consent: submission.consent.clone(),
        external_id: submission.external_id.clone(),
        visitor: submission.visitor,
        bought: submission.bought.clone(),
        check_at: first_check(config, submission.received_at),
    }
}

fn facts(config: &Config, submission: &Submission) -> domain::field::Fields {
    let mut facts = facts_of(&submission.fields);
    facts.insert(Field::Source, Value::Text(submission.source.clone()));
    if let Some(source) = config.sources.get(&submission.source) {
        facts.insert(
            Field::SourceKind,
            Value::Text(source.kind.name().to_owned()),
        );
    }
    facts
}

#[cfg(test)]
mod tests;
