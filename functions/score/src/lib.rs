//! Score: credits behaviour and works out how good a lead is and where it stands.
//!
//! The story of one message: read the lead → credit what is new → work out the score → if somebody has to be found for
//! the lead, hand the score on to `assign`, which writes it together with its own decision; else write it here → tell
//! the destinations when the stage changed. A new lead does not come by: `assign` scores it when it writes it.
//!
//! What visitors do is kept until a form says who they are; from then on it is credited like the behaviour of anybody.
//!
//! It decides nothing about owners, and drops no lead: behaviour of somebody unknown, or erased, is the only thing it lets go.

mod visitors;

use std::sync::Arc;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use domain::config::{Config, Notice};
use domain::decision::{Behaviour, Decision, Engaged, Ruling};
use domain::id::LeadId;
use domain::lead::{Lead, last_stage_change};
use domain::recycling::arm_at;
use domain::routing::can_hold;
use domain::scoring;
use jiff::Timestamp;
use platform::Clock;
use queue::{Message, Outgoing, Person, Queue, Queues, SendError};
use table::{Appended, Claim, ConfigurationCache, Current, Table};

/// How often a lead is scored anew because somebody else wrote first.
const MAX_ROUNDS: usize = 12;

/// How long behaviour of somebody unknown waits before it is looked at again, in seconds, by try: an hour in all, and
/// fewer hops than the sixteen after which Lambda takes a message for one in a loop.
const PATIENCE: [i32; 8] = [2, 5, 15, 60, 300, 900, 900, 900];

/// Everything one invocation needs.
#[derive(Debug, Clone)]
pub struct Score {
    /// The table.
    pub table: Table,
    /// Sends to `assign` and `deliver`.
    pub queues: Queues,
    /// The configuration in force.
    pub configurations: Arc<ConfigurationCache>,
    /// Tells the time.
    pub clock: Clock,
}

/// Whom behaviour belongs to.
enum Known {
    /// This lead, or the one that it is now.
    Lead(LeadId),
    /// Nobody so far.
    Nobody,
    /// Somebody who was erased: what they do is let go.
    Erased,
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
    /// Nobody has pushed a configuration yet.
    #[error("there is no configuration yet; push one with `leadline push`")]
    NoConfiguration,
    /// The lead is not in the table, although it was written before the message was sent.
    #[error("the lead {0} is not in the table")]
    NoLead(LeadId),
    /// Too many others write about the same lead at the same time.
    #[error("others kept writing about the lead {0}")]
    Contended(LeadId),
    /// Too much happens in one browser at the same time.
    #[error("others kept writing about the same visitor")]
    ContendedVisitor,
    /// A message that is not for this function.
    #[error("a message of kind {0} is not for score")]
    Misdirected(&'static str),
}

impl Score {
    /// Works through one batch.
    ///
    /// # Errors
    /// Only when the batch cannot be reported on record by record.
    pub async fn handle(&self, event: SqsEvent) -> Result<SqsBatchResponse, queue::Failure> {
        queue::run_batch_and_send(event, &self.queues, |message| self.handle_message(message)).await
    }

    /// Works on one message, and says what is to be sent.
    async fn handle_message(&self, message: Message) -> Result<Vec<Outgoing>, Error> {
        let (person, events, tries) = match message {
            Message::Score { lead, seq } => return self.score(lead, seq, &[]).await,
            Message::Visited { visitor, events } => return self.keep(visitor, events).await,
            Message::Behaviour {
                person,
                events,
                tries,
            } => (person, events, tries),
            other => return Err(Error::Misdirected(other.name())),
        };
        let lead = match self.lead_of(&person).await? {
            Known::Lead(lead) => lead,
            Known::Nobody => return self.wait_for(person, events, tries).await,
            Known::Erased => return Ok(Vec::new()),
        };
        match self.score(lead, 0, &events).await {
            // Their key is claimed and the lead is on its way to an owner, with whom it will be written.
            Err(Error::NoLead(_)) if usize::from(tries) < PATIENCE.len() => {
                self.wait_for(person, events, tries).await
            }
            outcome => outcome,
        }
    }

    /// Keeps behaviour of somebody unknown for a while: the form that makes them known may be on its way.
    async fn wait_for(
        &self,
        person: Person,
        events: Vec<Behaviour>,
        tries: u8,
    ) -> Result<Vec<Outgoing>, Error> {
        let Some(seconds) = PATIENCE.get(usize::from(tries)) else {
            tracing::info!(
                events = events.len(),
                "events of somebody unknown are not credited"
            );
            return Ok(Vec::new());
        };
        let message = Message::Behaviour {
            person,
            events,
            tries: tries + 1,
        };
        self.queues
            .send_later(Queue::Score, &message, *seconds)
            .await?;
        Ok(Vec::new())
    }

    async fn lead_of(&self, person: &Person) -> Result<Known, Error> {
        Ok(match person {
            Person::Lead(lead) => match self.table.lead(*lead).await? {
                Some(history) => Known::Lead(history.lead.id),
                None => Known::Nobody,
            },
            Person::Email(key) => match self.table.claims(&[*key]).await?.pop().flatten() {
                Some(Claim::Held(lead, ..)) => Known::Lead(lead),
                Some(Claim::Suppressed(..)) => Known::Erased,
                None => Known::Nobody,
            },
        })
    }

    /// Scores a lead, crediting `events` that it does not have yet. `seq` is the decision that made it necessary.
    async fn score(
        &self,
        lead: LeadId,
        seq: u32,
        events: &[Behaviour],
    ) -> Result<Vec<Outgoing>, Error> {
        let now = self.clock.now();
        let current = self
            .configurations
            .at(now)
            .await?
            .ok_or(Error::NoConfiguration)?;
        for _ in 0..MAX_ROUNDS {
            let Some(history) = self.table.surviving_lead(lead).await? else {
                // Behaviour may name a lead whose first decision is on its way.
                return Err(Error::NoLead(lead));
            };
            let known = &history.lead;
            if known.erased.is_some() {
                // What they do is not kept, and there is nothing to be scored.
                return Ok(Vec::new());
            }
            let engaged = new_events(known, events, &current, now);
            let is_scored = known
                .scored
                .as_ref()
                .is_some_and(|scored| scored.considered >= seq);
            if engaged.is_none() && is_scored {
                // It was written; whether everybody was told is not known. Telling twice does no harm.
                let mut news = match last_stage_change(&history.decisions) {
                    Some(about) => tell(known, about, &current.config),
                    None => Vec::new(),
                };
                news.extend(forward(known, false, &current, now));
                return Ok(news);
            }
            let mut scored_lead = known.clone();
            engaged
                .iter()
                .for_each(|decision| scored_lead.apply(decision));
            if engaged.is_none() && wants_assignment(known, &current.config, now) {
                return Ok(forward(known, true, &current, now).into_iter().collect());
            }
            let scored = scoring::rate(&current.config, &scored_lead, now);

            let stage_changed = scored.stage != known.stage;
            let is_news = scoring::is_news(known, &scored);
            let mut decisions: Vec<Decision> = engaged.into_iter().collect();
            if is_news {
                decisions.push(Decision {
                    at: now,
                    config: current.version.clone(),
                    ruling: Ruling::Scored(scored),
                });
            }
            if decisions.is_empty() {
                return Ok(Vec::new());
            }
            let mut after = known.clone();
            decisions.iter().for_each(|decision| after.apply(decision));
            if let Some(at) = arm_at(&current.config, Some(known), &after, now) {
                self.table.arm(known.id, at).await?;
            }
            if self.table.append(known.id, known.seq, &decisions).await? == Appended::Done {
                let mut news = Vec::new();
                if stage_changed {
                    news = tell(&after, after.seq, &current.config);
                }
                news.extend(forward(&after, false, &current, now));
                return Ok(news);
            }
        }
        Err(Error::Contended(lead))
    }
}

/// Sends a lead on to get an owner, if it needs one.
fn forward(lead: &Lead, rescore: bool, current: &Current, now: Timestamp) -> Option<Outgoing> {
    wants_assignment(lead, &current.config, now).then_some(Outgoing {
        queue: Queue::Assign,
        message: Message::Assign {
            lead: lead.id,
            seq: lead.seq,
            rescore,
        },
    })
}

fn wants_assignment(lead: &Lead, config: &Config, now: Timestamp) -> bool {
    let has_lost_owner = lead
        .owner
        .as_ref()
        .is_some_and(|owner| lead.stage.is_scored() && !can_hold(config, &owner.rep));
    lead.wants_owner(now) || has_lost_owner
}

fn tell(lead: &Lead, about: u32, config: &Config) -> Vec<Outgoing> {
    let pool = lead.owner.as_ref().and_then(|owner| owner.pool.as_deref());
    config
        .destinations_for(Notice::StageChanged, pool)
        .into_iter()
        .map(|destination| Outgoing {
            queue: Queue::Deliver,
            message: Message::Deliver {
                lead: lead.id,
                about,
                destination: destination.to_owned(),
            },
        })
        .collect()
}

fn new_events(
    lead: &Lead,
    events: &[Behaviour],
    current: &Current,
    now: Timestamp,
) -> Option<Decision> {
    let mut seen = lead.events.clone();
    let new: Vec<Behaviour> = events
        .iter()
        .filter(|event| seen.insert(event.id))
        .cloned()
        .collect();
    (!new.is_empty()).then(|| Decision {
        at: now,
        config: current.version.clone(),
        ruling: Ruling::Engaged(Engaged { events: new }),
    })
}
