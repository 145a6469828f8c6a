//! Recycle: looks after leads on which something is due, once a minute.
//!
//! The story of one run: read what is due, oldest first → for each lead decide what has to happen (nobody responded in
//! time, a cooling-off time is over, it got stuck on its way, a provider or a destination is to be tried again) → write
//! the decision → send → note when to look again → remove the entry. Then count what is over of the ledgers. A run that
//! dies is repeated by the next one.
//! Every fifth minute it also looks whether a source has fallen silent ([`Recycle::silent_sources`]).
//!
//! It never scans the table, and gives a lead to nobody itself: that is `assign`'s.

mod silence;

use std::sync::Arc;
use std::time::Duration;

use domain::config::{Config, Notice};
use domain::decision::{Decision, Recycled, Ruling, Then};
use domain::id::DeliveryId;
use domain::lead::Lead;
use domain::recycling::{Due, breach, due, stuck_after};
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use platform::Clock;
use queue::{Message, Queue, Queues, SendError};
use serde::Serialize;
use table::{Appended, ConfigurationCache, Current, DueEntry, History, Progress, SHARDS, Table};

pub use silence::Silence;

/// Entries read at once. They are worked on at the same time.
const PAGE: i32 = 25;

/// Everything one invocation needs.
#[derive(Debug, Clone)]
pub struct Recycle {
    /// The table.
    pub table: Table,
    /// Sends to every function.
    pub queues: Queues,
    /// The configuration in force.
    pub configurations: Arc<ConfigurationCache>,
    /// Tells the time.
    pub clock: Clock,
}

/// Why a lead has to be looked at again.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The table.
    #[error("the table could not be used")]
    Table(#[from] table::Error),
    /// The queue.
    #[error("the lead could not be sent on")]
    Send(#[from] SendError),
    /// Nobody has pushed a configuration yet.
    #[error("there is no configuration yet; push one with `leadline push`")]
    NoConfiguration,
    /// Somebody else wrote about the lead at the same time: the entry stays for the next run.
    #[error("somebody else wrote first")]
    Overtaken,
}

/// What a run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Run {
    /// Entries that were due.
    pub looked_at: usize,
    /// Entries that stay for the next run.
    pub left: usize,
}

impl Recycle {
    /// Works on everything that is due, for at most `budget`.
    ///
    /// # Errors
    /// When nothing could be read at all. A lead that fails is left for the next run.
    pub async fn run(&self, budget: Duration) -> Result<Run, Error> {
        let started = tokio::time::Instant::now();
        let now = self.clock.now();
        let current = self
            .configurations
            .at(now)
            .await?
            .ok_or(Error::NoConfiguration)?;
        let mut run = Run::default();
        for shard in 0..SHARDS {
            loop {
                let entries = self.table.due(shard, now, PAGE).await?;
                let outcomes = join_all(
                    entries
                        .iter()
                        .map(|entry| self.look_at(entry, &current, now)),
                )
                .await;
                let mut left = 0;
                for (entry, outcome) in entries.iter().zip(outcomes) {
                    if let Err(error) = outcome {
                        left += 1;
                        tracing::warn!(lead = %entry.lead, error = %platform::chain(&error), "{} is looked at again", entry.lead);
                    }
                }
                run.looked_at += entries.len();
                run.left += left;
                // What stays stands first in the next page: going on would only meet it again.
                if entries.len() < PAGE as usize || left > 0 || started.elapsed() >= budget {
                    break;
                }
            }
        }
        self.count_ledgers(&current, now, started, budget).await;
        Ok(run)
    }

    /// Keeps what is over of each ledger as counts. Comes last, and may fail: nobody waits for it, and what is not counted
    /// is looked up by whoever asks.
    async fn count_ledgers(
        &self,
        current: &Current,
        now: Timestamp,
        started: tokio::time::Instant,
        budget: Duration,
    ) {
        let sources = current.config.sources.iter();
        for (name, _) in sources.filter(|(_, source)| source.ledger) {
            while started.elapsed() < budget {
                match self.table.count_ledger(name, now).await {
                    Ok(Progress::Counted) => {}
                    Ok(Progress::UpToDate) => break,
                    Err(error) => {
                        tracing::error!(source = name, error = %platform::chain(&error), "the ledger of {name} could not be counted; it is tried again");
                        break;
                    }
                }
            }
        }
    }

    async fn look_at(
        &self,
        entry: &DueEntry,
        current: &Current,
        now: Timestamp,
    ) -> Result<(), Error> {
        let Some(history) = self.table.lead(entry.lead).await? else {
            self.send_bought(entry, current, now).await?;
            // Entries are written before what they are for. If that never comes, there is nothing to look after.
            return Ok(self.table.disarm(entry).await?);
        };
        if history.lead.erased.is_none() {
            self.tell_of_breach(&history, &current.config).await?;
            self.tell_of_owner(&history.lead, &current.config).await?;
        }
        let mut lead = history.lead;
        for due in due(&current.config, &lead, now) {
            match due {
                Due::NoResponse => lead = self.recycle(lead, current, now).await?,
                Due::SendOn => {
                    self.queues
                        .send(
                            Queue::Score,
                            &Message::Score {
                                lead: lead.id,
                                seq: lead.seq,
                            },
                        )
                        .await?
                }
                Due::CooledOff => {
                    self.queues
                        .send(
                            Queue::Assign,
                            &Message::Assign {
                                lead: lead.id,
                                seq: lead.seq,
                                rescore: false,
                            },
                        )
                        .await?
                }
                Due::AskProvider(provider) => {
                    self.queues
                        .send(
                            Queue::Enrich,
                            &Message::AskProvider {
                                lead: lead.id,
                                provider,
                            },
                        )
                        .await?
                }
                Due::Redeliver(id) => {
                    if let Some(open) = lead.deliveries.get(&id) {
                        let message = Message::Deliver {
                            lead: lead.id,
                            about: open.about,
                            destination: open.destination.clone(),
                        };
                        self.queues.send(Queue::Deliver, &message).await?;
                    }
                }
            }
        }
        if let Some(next) = next_look(&current.config, &lead, now) {
            self.table.arm(lead.id, next).await?;
        }
        Ok(self.table.disarm(entry).await?)
    }

    /// Sends on what was accepted of a vendor, if the door died before the queue had it: the acceptance is in the table, and
    /// counts.
    async fn send_bought(
        &self,
        entry: &DueEntry,
        current: &Current,
        now: Timestamp,
    ) -> Result<(), Error> {
        let id = entry.lead.namesake();
        let Some(submission) = self.table.accepted_lead(id).await? else {
            return Ok(());
        };
        if self.table.submission(id).await?.record.is_some() {
            return Ok(());
        }
        let message = Message::Submission {
            submission: Box::new(submission),
        };
        self.queues.send(Queue::Enrich, &message).await?;
        let again = now
            .saturating_add(stuck_after(&current.config))
            .unwrap_or(now);
        self.table.arm(entry.lead, again).await?;
        Ok(())
    }

    /// Tells about the last breach whoever has not heard of it: a run may have died between writing and sending.
    async fn tell_of_breach(&self, history: &History, config: &Config) -> Result<(), Error> {
        let breaches = history
            .decisions
            .iter()
            .zip(1u32..)
            .filter(|(decision, _)| matches!(decision.ruling, Ruling::SlaBreached(_)));
        match breaches.last() {
            Some((_, about)) => {
                self.send(Notice::SlaBreached, &history.lead, about, config)
                    .await
            }
            None => Ok(()),
        }
    }

    /// Tells of the owner whoever has not heard of it by now. As a rule the message that led to the assignment comes again
    /// until everybody was told; not if a copy of it was done before, when there was nothing to do yet, and was deleted.
    async fn tell_of_owner(&self, lead: &Lead, config: &Config) -> Result<(), Error> {
        match &lead.owner {
            Some(owner) => self.send(Notice::Assigned, lead, owner.seq, config).await,
            None => Ok(()),
        }
    }

    /// Sends a notice to each destination that wants it, and of which nothing says that it heard of it or is about to.
    async fn send(
        &self,
        notice: Notice,
        lead: &Lead,
        about: u32,
        config: &Config,
    ) -> Result<(), Error> {
        let pool = lead.owner.as_ref().and_then(|owner| owner.pool.as_deref());
        let messages: Vec<Message> = config
            .destinations_for(notice, pool)
            .into_iter()
            .filter(|destination| {
                let id = DeliveryId::derive(lead.id, about, destination);
                !lead.delivered.contains(&id) && !lead.deliveries.contains_key(&id)
            })
            .map(|destination| Message::Deliver {
                lead: lead.id,
                about,
                destination: destination.to_owned(),
            })
            .collect();
        self.queues.send_all(Queue::Deliver, &messages).await?;
        Ok(())
    }

    /// Takes a lead from a rep who did not respond.
    async fn recycle(&self, lead: Lead, current: &Current, now: Timestamp) -> Result<Lead, Error> {
        let rulings = breach(&current.config, &lead, now);
        let is_reassigned = rulings.iter().any(|ruling| {
            matches!(
                ruling,
                Ruling::Recycled(Recycled {
                    then: Then::Reassign,
                    ..
                })
            )
        });
        let decisions: Vec<Decision> = rulings
            .into_iter()
            .map(|ruling| Decision {
                at: now,
                config: current.version.clone(),
                ruling,
            })
            .collect();
        let mut after = lead.clone();
        decisions.iter().for_each(|decision| after.apply(decision));
        if self.table.append(lead.id, lead.seq, &decisions).await? == Appended::Overtaken {
            return Err(Error::Overtaken);
        }
        let about = lead.seq + 1;
        self.send(Notice::SlaBreached, &after, about, &current.config)
            .await?;
        if is_reassigned {
            self.queues
                .send(
                    Queue::Assign,
                    &Message::Assign {
                        lead: lead.id,
                        seq: after.seq,
                        rescore: false,
                    },
                )
                .await?;
        }
        Ok(after)
    }
}

/// When a lead has to be looked at again: when the next thing is due; for what was just sent on, a while later, in case
/// that gets lost.
fn next_look(config: &Config, lead: &Lead, now: Timestamp) -> Option<Timestamp> {
    let retry = SignedDuration::from_mins(i64::from(config.routing.retry_minutes));
    let patience = if lead.unassigned.is_some() {
        stuck_after(config).max(retry)
    } else {
        stuck_after(config)
    };
    let later = now.saturating_add(patience).unwrap_or(now);
    lead.due_times(stuck_after(config))
        .into_iter()
        .map(|at| if at <= now { later } else { at })
        .min()
}

/// The time a run may take: what is left until `deadline`, less a margin to finish the page that is being worked on.
pub fn budget(deadline: std::time::SystemTime) -> Duration {
    let left = deadline
        .duration_since(std::time::SystemTime::now())
        .unwrap_or_default();
    left.saturating_sub(Duration::from_secs(5))
}
