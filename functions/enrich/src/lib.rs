//! Enrich: finds out who a submission is from, makes or completes the lead, and asks what is known about the company.
//!
//! The story of one submission: has it been here before → work out the facts → who holds its identity keys → ask the
//! providers, within their deadlines → claim the keys that are free → write it into the lead's history, on condition that
//! nobody was faster → send the lead on to be scored. A repeat finds each step done and does only the last again.
//!
//! It never waits for a provider beyond its deadline, and never lets one keep a lead from going on.

mod provider;

use std::sync::Arc;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use domain::config::Config;
use domain::decision::{Decision, KeptApart, MergedInto, Outcome, Received, Ruling};
use domain::facts::facts_of;
use domain::field::{Field, Value};
use domain::id::{LeadId, Pepper, SubmissionId};
use domain::identity::{Holder, IdentityKey, Resolution, keys_of, resolve};
use domain::lead::Lead;
use domain::recycling::{arm_at, first_check};
use domain::submission::{Quarantined, Submission};
use jiff::Timestamp;
use platform::{Clock, Secrets, SecretsError};
use queue::{Message, Queue, Queues, SendError};
use table::{Appended, Claimed, ConfigurationCache, Current, History, Record, Table};

pub use provider::Providers;

/// How often a submission is decided anew because somebody else wrote first. Each time somebody made progress; more than
/// a few in a row means a flood of one person's submissions, and the queue spreads those better than we do.
const MAX_ROUNDS: usize = 12;

/// Everything one invocation needs.
#[derive(Debug, Clone)]
pub struct Enrich {
    /// The table.
    pub table: Table,
    /// Sends to `score`.
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
    /// The queue.
    #[error("the lead could not be sent on")]
    Send(#[from] SendError),
    /// The secrets.
    #[error("a secret could not be read")]
    Secrets(#[from] SecretsError),
    /// Nobody has pushed a configuration yet.
    #[error("there is no configuration yet; push one with `leadline push`")]
    NoConfiguration,
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
        queue::run_batch(event, |message| self.handle_message(message)).await
    }

    async fn handle_message(&self, message: Message) -> Result<(), Error> {
        match message {
            Message::Submission { submission } => self.receive(*submission).await,
            Message::Quarantined { quarantined } => self.quarantine(*quarantined).await,
            Message::AskProvider { lead, provider } => self.ask_again(lead, &provider).await,
            other => Err(Error::Misdirected(other.name())),
        }
    }

    async fn receive(&self, mut submission: Submission) -> Result<(), Error> {
        let now = self.clock.now();
        let current = self
            .configurations
            .at(now)
            .await?
            .ok_or(Error::NoConfiguration)?;
        // A quarantined one that comes as a submission was corrected, or is understood now: it goes on like a new one.
        if let Some(record) = self.table.submission(submission.id).await?.record
            && record.outcome != Outcome::Quarantined
        {
            return self.send_on(&record).await;
        }
        if let Some(original) = self.original_of(&submission, &current.config).await? {
            return self.note_repeat(&submission, original).await;
        }

        submission.facts = facts(&current.config, &submission);
        let pepper = Pepper::new(self.secrets.pepper().await?.expose());
        let keys = keys_of(&pepper, &submission.fields);
        let mut answers = None;
        for _ in 0..MAX_ROUNDS {
            let found = self.holders(&keys).await?;
            let holders: Vec<Holder<'_>> = found
                .iter()
                .map(|(key, lead, history)| Holder {
                    key: key.kind,
                    lead: *lead,
                    known: history.as_ref().map(|history| &history.lead),
                })
                .collect();
            let resolution = resolve(submission.id, &submission.fields, &holders);
            let target = found
                .iter()
                .find(|(_, lead, _)| *lead == resolution.lead)
                .and_then(|(_, _, history)| history.clone());
            let target = match target {
                Some(history) => Some(history),
                // Named after this submission and held by no key that we saw: a concurrent copy may have made it.
                None => self.table.lead(resolution.lead).await?,
            };
            if let Some(history) = &target
                && history.lead.submissions.contains(&submission.id)
            {
                return self.send(resolution.lead, history.lead.seq).await;
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
            if !self.claim(&keys, &found, resolution.lead).await? {
                continue;
            }
            let written = self
                .write(
                    &submission,
                    &resolution,
                    target.as_ref(),
                    answers.as_deref().unwrap_or_default(),
                    &current,
                    now,
                )
                .await?;
            if let Some(seq) = written {
                return self.send(resolution.lead, seq).await;
            }
        }
        Err(Error::Contended)
    }

    /// The submission that this one repeats, if the same content came in the window before and that is not long ago.
    async fn original_of(
        &self,
        submission: &Submission,
        config: &Config,
    ) -> Result<Option<SubmissionId>, Error> {
        let Some(earlier) = submission.earlier else {
            return Ok(None);
        };
        let window = config
            .sources
            .get(&submission.source)
            .map_or(0, |source| i64::from(source.repeat_window_minutes) * 60);
        let record = self.table.submission(earlier).await?.record;
        // What repeats a quarantined one and can be understood is worth more than that.
        let record = record.filter(|record| record.outcome != Outcome::Quarantined);
        let is_repeat = record.is_some_and(|record| {
            submission.received_at.as_second() - record.received_at.as_second() < window
        });
        Ok(is_repeat.then_some(earlier))
    }

    async fn note_repeat(
        &self,
        submission: &Submission,
        original: SubmissionId,
    ) -> Result<(), Error> {
        let record = Record {
            id: submission.id,
            source: submission.source.clone(),
            received_at: submission.received_at,
            outcome: Outcome::Duplicate,
            lead: self
                .table
                .submission(original)
                .await?
                .record
                .and_then(|record| record.lead),
            repeats: Some(original),
            quarantined: None,
        };
        self.table.record_submission(&record).await?;
        Ok(())
    }

    async fn quarantine(&self, quarantined: Quarantined) -> Result<(), Error> {
        let record = Record {
            id: quarantined.id,
            source: quarantined.source.clone(),
            received_at: quarantined.received_at,
            outcome: Outcome::Quarantined,
            lead: None,
            repeats: None,
            quarantined: Some(quarantined),
        };
        self.table.record_submission(&record).await?;
        Ok(())
    }

    /// Each key that somebody holds, with the lead that it leads to.
    async fn holders(
        &self,
        keys: &[IdentityKey],
    ) -> Result<Vec<(IdentityKey, LeadId, Option<History>)>, Error> {
        let mut found = Vec::new();
        for (key, holder) in keys.iter().zip(self.table.holders(keys).await?) {
            let Some(holder) = holder else {
                continue;
            };
            let (lead, history) = match self.table.surviving_lead(holder).await? {
                Some(history) => (history.lead.id, Some(history)),
                None => (holder, None),
            };
            found.push((*key, lead, history));
        }
        Ok(found)
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
        found: &[(IdentityKey, LeadId, Option<History>)],
        lead: LeadId,
    ) -> Result<bool, Error> {
        for key in keys {
            let is_held = found.iter().any(|(held, _, _)| held == key);
            if !is_held && self.table.claim(*key, lead).await? != Claimed::Ours {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Writes the submission into the lead's history. `None` when somebody else was faster.
    async fn write(
        &self,
        submission: &Submission,
        resolution: &Resolution,
        target: Option<&History>,
        answers: &[Ruling],
        current: &Current,
        now: Timestamp,
    ) -> Result<Option<u32>, Error> {
        let outcome = if target.is_some() {
            Outcome::Merged
        } else {
            Outcome::Created
        };
        let received = received(submission, resolution, target, outcome, &current.config);
        let rulings = std::iter::once(Ruling::Received(received)).chain(answers.iter().cloned());
        let decisions: Vec<Decision> = rulings
            .map(|ruling| Decision {
                at: now,
                config: current.version.clone(),
                ruling,
            })
            .collect();

        let before = target.map(|history| &history.lead);
        let all = target
            .map(|history| history.decisions.as_slice())
            .unwrap_or_default()
            .iter()
            .chain(&decisions);
        let Some(after) = Lead::after(resolution.lead, all) else {
            return Ok(None);
        };
        if let Some(at) = arm_at(&current.config, before, &after, now) {
            self.table.arm(resolution.lead, at).await?;
        }
        let seq = before.map_or(0, |lead| lead.seq);
        let appended = if target.is_none() && resolution.lead == submission.id.lead() {
            // The first decision of the lead that bears its name is its record: one write for both.
            self.table.append(resolution.lead, seq, &decisions).await?
        } else {
            let record = Record {
                id: submission.id,
                source: submission.source.clone(),
                received_at: submission.received_at,
                outcome,
                lead: Some(resolution.lead),
                repeats: None,
                quarantined: None,
            };
            self.table
                .append_and_record(resolution.lead, seq, &decisions, &record)
                .await?
        };
        Ok((appended == Appended::Done).then_some(after.seq))
    }

    /// Asks a provider again that did not answer when the lead came by.
    async fn ask_again(&self, lead: LeadId, provider: &str) -> Result<(), Error> {
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
                return Ok(());
            };
            let Some(retry) = history
                .lead
                .waits
                .provider
                .get(provider)
                .filter(|retry| retry.at <= now)
            else {
                return Ok(());
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
                return self.send(history.lead.id, after.seq).await;
            }
            answer = Some(ruling);
        }
        Err(Error::Contended)
    }

    async fn send_on(&self, record: &Record) -> Result<(), Error> {
        match record.lead {
            // It was written; whether it was sent is not known. Sending twice does no harm.
            Some(lead) if record.outcome != Outcome::Duplicate => self.send(lead, 1).await,
            _ => Ok(()),
        }
    }

    async fn send(&self, lead: LeadId, seq: u32) -> Result<(), Error> {
        self.queues
            .send(Queue::Score, &Message::Score { lead, seq })
            .await?;
        Ok(())
    }
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
