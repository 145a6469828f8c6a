//! Assign: finds the rep who gets a lead, by territory, pool and a fair turn, and starts the clock for the first response.
//!
//! The story of one batch: read the leads → for each, the score and the way to a pool → take the turns of each pool, all
//! leads of the batch in one conditional write → write owner, score and clock into each lead's history → tell the
//! destinations. A turn is noted in the pool before it is written to the lead, so that a repeat after a crash finds the
//! same rep and charges nobody twice.
//!
//! A new lead comes with its first decisions, which are not in the table yet and are written here, together with the
//! others. If somebody else made the lead meanwhile, its submission goes back to `enrich`, to be merged.
//!
//! It never gives a lead to somebody who cannot take it: a lead without anybody is "unassigned, because", and tried again.

mod turns;
mod unwritten;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use domain::calendar::clock_for;
use domain::config::{Config, Notice};
use domain::decision::{
    Assigned, Candidate, Decision, Nobody, PassedOver, Route, Ruling, Scored, Unassigned,
};
use domain::id::LeadId;
use domain::lead::{Lead, last_stage_change};
use domain::recycling::arm_at;
use domain::routing::{Turn, can_hold, nobody, pools_to_ask, sla_for, territory_for, why_empty};
use domain::scoring;
use futures::FutureExt;
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use platform::Clock;
use queue::{Message, Outgoing, Queue, Queues, read_batch, respond};
use table::{Appended, ConfigurationCache, Current, History, Table};

use turns::{Asker, Confirmed};
use unwritten::{add_credits, left_over, other};

/// How often a lead is looked at anew because somebody else wrote first.
const MAX_ROUNDS: usize = 12;

/// The check that `enrich` armed for a new lead may be looked at by a function whose clock is ahead, which finds no lead and
/// takes the entry away. Up to so many seconds before that moment it is not relied on.
const CLOCK_SKEW_SECONDS: i64 = 60;

/// What came along with the wish for an owner.
#[derive(Debug, Clone, Default)]
struct Luggage {
    /// The number of decisions at which the score was found to be due.
    rescore_at: Option<u32>,
    /// The first decisions of a lead that is not in the table yet.
    unwritten: Vec<Decision>,
}

/// A message: its id, the lead, and what came along.
type Wish = (String, LeadId, Luggage);

/// What is to be sent about a lead, or why it is tried again.
type Outcome = Result<Vec<Outgoing>, Error>;

/// Everything one invocation needs.
#[derive(Debug, Clone)]
pub struct Assign {
    table: Table,
    queues: Queues,
    configurations: Arc<ConfigurationCache>,
    clock: Clock,
    confirmed: Arc<Confirmed>,
}

/// Why a message has to be tried again.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The table.
    #[error("the table could not be used")]
    Table(#[from] table::Error),
    /// Nobody has pushed a configuration yet.
    #[error("there is no configuration yet; push one with `leadline push`")]
    NoConfiguration,
    /// The lead is not in the table, although it was written before the message was sent.
    #[error("the lead {0} is not in the table")]
    NoLead(LeadId),
    /// Too many others write about the same lead or pool at the same time.
    #[error("others kept writing about {0}")]
    Contended(String),
    /// A message that is not for this function.
    #[error("a message of kind {0} is not for assign")]
    Misdirected(&'static str),
    /// A defect of ours, caught so that it harms one record only.
    #[error("working on the lead panicked")]
    Panicked,
}

/// A lead that needs an owner, and what is known of the way to one.
struct Case {
    history: History,
    /// Whether its history is not in the table yet.
    is_unwritten: bool,
    scored: Option<Scored>,
    /// The lead with that score.
    lead: Lead,
    round: u32,
    route: Route,
    pools: Vec<String>,
}

/// What was found when a lead was read.
enum Opened {
    /// It needs somebody. Some messages may be due already.
    Case(Box<Case>, Vec<Outgoing>),
    /// It needs nothing any more, except that these are sent.
    Settled(Vec<Outgoing>),
}

/// What was found for a case.
enum Found {
    Turn(Turn, Route),
    Nobody {
        because: Nobody,
        route: Route,
        candidates: Vec<Candidate>,
    },
}

impl Assign {
    /// An assigner that reads and writes `table` and sends to `deliver` and, what has to be merged, to `enrich`.
    pub fn new(
        table: Table,
        queues: Queues,
        configurations: Arc<ConfigurationCache>,
        clock: Clock,
    ) -> Self {
        Self {
            table,
            queues,
            configurations,
            clock,
            confirmed: Arc::default(),
        }
    }

    /// Works through one batch.
    ///
    /// # Errors
    /// Only when the batch cannot be reported on record by record.
    pub async fn handle(&self, event: SqsEvent) -> Result<SqsBatchResponse, queue::Failure> {
        let records = read_batch(event)?;
        let mut failed: Vec<String> = Vec::new();
        let mut wanted: Vec<Wish> = Vec::new();
        for record in records {
            match record.message {
                Ok(Message::Assign { lead, seq, rescore }) => {
                    let luggage = Luggage {
                        rescore_at: rescore.then_some(seq),
                        unwritten: Vec::new(),
                    };
                    wanted.push((record.id, lead, luggage));
                }
                Ok(Message::AssignNew { lead, decisions }) => {
                    let luggage = Luggage {
                        rescore_at: None,
                        unwritten: decisions,
                    };
                    wanted.push((record.id, lead, luggage));
                }
                Ok(other) => {
                    let error = Error::Misdirected(other.name());
                    tracing::error!(message.id = %record.id, error = %error, "a message is returned");
                    failed.push(record.id);
                }
                Err(_) => failed.push(record.id),
            }
        }
        let mut outgoing = Vec::new();
        let mut senders = Vec::new();
        for (id, lead, outcome) in self.assign_all(wanted).await {
            match outcome {
                Ok(news) => {
                    senders.extend(news.iter().map(|_| (id.clone(), lead)));
                    outgoing.extend(news);
                }
                Err(error) => {
                    tracing::error!(message.id = %id, lead = %lead, error = %platform::chain(&error), "{lead} is tried again");
                    failed.push(id);
                }
            }
        }
        // All news of the batch at once: SQS asks the same for a call with one message as for one with ten.
        let sent = Box::pin(self.queues.send_each(&outgoing)).await;
        for ((id, lead), outcome) in senders.into_iter().zip(sent) {
            if let Err(error) = outcome
                && !failed.contains(&id)
            {
                tracing::error!(message.id = %id, lead = %lead, error = %platform::chain(&error), "the news of {lead} could not be sent; it is tried again");
                failed.push(id);
            }
        }
        Ok(respond(failed))
    }

    async fn assign_all(&self, wanted: Vec<Wish>) -> Vec<(String, LeadId, Outcome)> {
        let now = self.clock.now();
        let current = match self.configurations.at(now).await {
            Ok(Some(current)) => current,
            Ok(None) => {
                return wanted
                    .into_iter()
                    .map(|(id, lead, _)| (id, lead, Err(Error::NoConfiguration)))
                    .collect();
            }
            Err(error) => {
                let text = platform::chain(&error);
                tracing::error!(
                    error = text,
                    "the configuration cannot be read; the whole batch is tried again"
                );
                return wanted
                    .into_iter()
                    .map(|(id, lead, _)| (id, lead, Err(Error::NoConfiguration)))
                    .collect();
            }
        };
        // Several messages about one lead are one question. Of several that bring its first decisions one is enough if they are
        // copies of one submission; another submission, of somebody who helped an unfinished claim, goes back to be merged.
        let mut questions: Vec<(LeadId, Luggage)> = Vec::new();
        let mut asked = Vec::new();
        for (id, lead, luggage) in wanted {
            let mut back = None;
            let question = match questions.iter().position(|(known, _)| *known == lead) {
                Some(index) => {
                    let (_, known) = &mut questions[index];
                    known.rescore_at = known.rescore_at.max(luggage.rescore_at);
                    if known.unwritten.is_empty() {
                        known.unwritten = luggage.unwritten;
                    } else if let Some(other) = other(&known.unwritten, &luggage.unwritten) {
                        back = Some(other);
                    } else {
                        add_credits(&mut known.unwritten, luggage.unwritten);
                    }
                    index
                }
                None => {
                    questions.push((lead, luggage));
                    questions.len() - 1
                }
            };
            asked.push((id, lead, question, back));
        }
        // On the heap: the futures of a whole batch are too large a type to lay out in one piece.
        let mut outcomes: Vec<Option<Outcome>> =
            Box::pin(self.assign_leads(questions, &current, now))
                .await
                .into_iter()
                .map(Some)
                .collect();
        asked
            .into_iter()
            .map(|(id, lead, question, back)| {
                let slot = outcomes.get_mut(question);
                let mut outcome = match slot {
                    Some(Some(Ok(news))) => Ok(news.clone()),
                    Some(slot) => slot
                        .take()
                        .unwrap_or(Err(Error::Contended(lead.to_string()))),
                    None => Err(Error::NoLead(lead)),
                };
                if let Ok(news) = &mut outcome {
                    news.extend(back);
                }
                (id, lead, outcome)
            })
            .collect()
    }

    /// Works on every lead. The outcomes are in the order of `leads`.
    async fn assign_leads(
        &self,
        leads: Vec<(LeadId, Luggage)>,
        current: &Current,
        now: Timestamp,
    ) -> Vec<Outcome> {
        let read = leads.into_iter().map(|(lead, luggage)| {
            // On the heap: what a lead brings along makes these large.
            Box::pin(guarded(self.open(lead, luggage, current, now)))
        });
        let mut outcomes: Vec<Outcome> = Vec::new();
        let mut cases = Vec::new();
        for (index, opened) in join_all(read).await.into_iter().enumerate() {
            outcomes.push(match opened {
                Ok(Opened::Case(case, news)) => {
                    cases.push((index, case));
                    Ok(news)
                }
                Ok(Opened::Settled(news)) => Ok(news),
                Err(error) => Err(error),
            });
        }
        let askers: Vec<Asker<'_>> = cases
            .iter()
            .map(|(_, case)| Asker {
                lead: case.lead.id,
                round: case.round,
                had_by: &case.lead.had_by,
                pools: &case.pools,
            })
            .collect();
        let answers = Box::pin(turns::take(
            &self.table,
            &self.confirmed,
            &current.config,
            &askers,
            now,
        ))
        .await;
        let written = cases
            .iter()
            .zip(answers)
            .map(|((index, case), answer)| async move {
                let outcome = match answer {
                    Ok(answer) => {
                        guarded(self.settle(case, found(case, answer), current, now)).await
                    }
                    Err(error) => Err(error),
                };
                (*index, outcome)
            });
        for (index, outcome) in join_all(written).await {
            match (&mut outcomes[index], outcome) {
                (Ok(news), Ok(more)) => news.extend(more),
                (slot, Err(error)) => *slot = Err(error),
                (Err(_), Ok(_)) => {}
            }
        }
        outcomes
    }

    /// Reads a lead and decides what it needs.
    async fn open(
        &self,
        lead: LeadId,
        luggage: Luggage,
        current: &Current,
        now: Timestamp,
    ) -> Result<Opened, Error> {
        let mut news = Vec::new();
        let stored = if luggage.unwritten.is_empty() {
            self.table.surviving_lead(lead).await?
        } else {
            self.table.unlikely_lead(lead).await?
        };
        let (history, is_unwritten) = match stored {
            Some(history) => {
                news.extend(left_over(&luggage.unwritten, &history.lead));
                (history, false)
            }
            None => {
                let first = Lead::after(lead, &luggage.unwritten).ok_or(Error::NoLead(lead))?;
                let decisions = luggage.unwritten;
                (
                    History {
                        lead: first,
                        decisions,
                    },
                    true,
                )
            }
        };
        if !is_unwritten && !needs_owner(&history.lead, &current.config, now) {
            // It was written; whether everybody was told is not known. Telling twice does no harm.
            news.extend(tell_again(&history, &current.config));
            return Ok(Opened::Settled(news));
        }
        let rescore = luggage.rescore_at == Some(history.lead.seq);
        let case = case(history, is_unwritten, rescore, &current.config, now);
        Ok(Opened::Case(Box::new(case), news))
    }

    /// Writes what was found into the lead's history, and tells.
    async fn settle(
        &self,
        case: &Case,
        found: Found,
        current: &Current,
        now: Timestamp,
    ) -> Outcome {
        let mut history = case.history.clone();
        let mut is_unwritten = case.is_unwritten;
        let mut scored = case.scored.clone();
        let mut news = Vec::new();
        for _ in 0..MAX_ROUNDS {
            let ruling = ruling(&found, case.round, current, now);
            let mut rulings: Vec<Ruling> = scored.take().map(Ruling::Scored).into_iter().collect();
            let is_old_news = matches!((&ruling, history.decisions.last().map(|last| &last.ruling)), (Ruling::Unassigned(new), Some(Ruling::Unassigned(old))) if says_the_same(new, old));
            if !is_old_news {
                rulings.push(ruling);
            }
            let decisions: Vec<Decision> = rulings
                .into_iter()
                .map(|ruling| Decision {
                    at: now,
                    config: current.version.clone(),
                    ruling,
                })
                .collect();
            if decisions.is_empty() {
                return Ok(news);
            }
            let mut after = history.lead.clone();
            decisions.iter().for_each(|decision| after.apply(decision));
            let skew = SignedDuration::from_secs(if is_unwritten { CLOCK_SKEW_SECONDS } else { 0 });
            let latest = now.saturating_add(skew).unwrap_or(now);
            if let Some(at) = arm_at(&current.config, Some(&history.lead), &after, latest) {
                self.table.arm(after.id, at).await?;
            }
            let appended = if is_unwritten {
                let whole: Vec<Decision> = history
                    .decisions
                    .iter()
                    .chain(&decisions)
                    .cloned()
                    .collect();
                self.table.append(after.id, 0, &whole).await?
            } else {
                let seq = history.lead.seq;
                self.table.append(after.id, seq, &decisions).await?
            };
            if appended == Appended::Done {
                if let Found::Turn(turn, route) = &found {
                    self.confirmed
                        .add(route.pool.as_deref().unwrap_or_default(), turn);
                }
                history.decisions.extend(decisions);
                history.lead = after;
                news.extend(tell_again(&history, &current.config));
                return Ok(news);
            }
            let unwritten = if is_unwritten {
                std::mem::take(&mut history.decisions)
            } else {
                Vec::new()
            };
            is_unwritten = false;
            history = self
                .table
                .surviving_lead(case.lead.id)
                .await?
                .ok_or(Error::NoLead(case.lead.id))?;
            news.extend(left_over(&unwritten, &history.lead));
            let is_still_wanted = needs_owner(&history.lead, &current.config, now)
                && history.lead.rounds + 1 == case.round;
            if !is_still_wanted {
                if let Found::Turn(turn, route) = &found {
                    let pool = route.pool.as_deref().unwrap_or_default();
                    // Sales were faster, or the same round came through another pool: nobody needs to be charged here.
                    if !turns::came_true(&history, pool, turn) {
                        turns::give_back(&self.table, &current.config, pool, turn).await?;
                    }
                }
                news.extend(tell_again(&history, &current.config));
                return Ok(news);
            }
            scored = Some(scoring::rate(&current.config, &history.lead, now))
                .filter(|scored| scoring::is_news(&history.lead, scored));
        }
        Err(Error::Contended(case.lead.id.to_string()))
    }
}

/// The news of the last assignment and the last change of stage. Each destination hears them once: `deliver` knows.
fn tell_again(history: &History, config: &Config) -> Vec<Outgoing> {
    let lead = &history.lead;
    if lead.erased.is_some() {
        return Vec::new();
    }
    let pool = lead.owner.as_ref().and_then(|owner| owner.pool.as_deref());
    let mut news = Vec::new();
    news.extend(last_stage_change(&history.decisions).map(|about| (Notice::StageChanged, about)));
    match &lead.owner {
        Some(owner) => news.push((Notice::Assigned, owner.seq)),
        None => {
            let last = history
                .decisions
                .iter()
                .zip(1u32..)
                .filter(|(decision, _)| matches!(decision.ruling, Ruling::Unassigned(_)))
                .last();
            news.extend(last.map(|(_, about)| (Notice::Unassigned, about)));
        }
    }
    news.into_iter()
        .flat_map(|(notice, about)| {
            config
                .destinations_for(notice, pool)
                .into_iter()
                .map(move |destination| (destination, about))
        })
        .map(|(destination, about)| Outgoing {
            queue: Queue::Deliver,
            message: Message::Deliver {
                lead: lead.id,
                about,
                destination: destination.to_owned(),
            },
        })
        .collect()
}

/// Catches a panic, so that it harms one record only.
async fn guarded<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    AssertUnwindSafe(work)
        .catch_unwind()
        .await
        .unwrap_or(Err(Error::Panicked))
}

/// An existing owner comes first: nobody is looked for while there is one who can hold the lead and nobody took it away.
fn needs_owner(lead: &Lead, config: &Config, now: Timestamp) -> bool {
    let has_lost_owner = lead
        .owner
        .as_ref()
        .is_some_and(|owner| lead.stage.is_scored() && !can_hold(config, &owner.rep));
    lead.merged_into.is_none() && (lead.wants_owner(now) || has_lost_owner)
}

fn case(
    history: History,
    is_unwritten: bool,
    rescore: bool,
    config: &Config,
    now: Timestamp,
) -> Case {
    let is_scored = history
        .lead
        .scored
        .as_ref()
        .is_some_and(|last| last.considered + 1 >= history.lead.seq);
    let scored = (rescore || !is_scored)
        .then(|| scoring::rate(config, &history.lead, now))
        .filter(|scored| scoring::is_news(&history.lead, scored));
    let mut lead = history.lead.clone();
    if let Some(scored) = &scored {
        lead.stage = scored.stage;
    }
    let route = territory_for(config, &lead.fields());
    let is_qualified = lead.stage >= config.routing.assign_from || lead.rounds > 0;
    let pools = if is_qualified {
        pools_to_ask(config, &route)
            .into_iter()
            .map(str::to_owned)
            .collect()
    } else {
        Vec::new()
    };
    let round = lead.rounds + 1;
    Case {
        history,
        is_unwritten,
        scored,
        lead,
        round,
        route,
        pools,
    }
}

/// What the pools' answers mean for a case.
fn found(case: &Case, answer: turns::Answer) -> Found {
    let mut route = case.route.clone();
    route.empty_pools = answer
        .empty
        .iter()
        .map(|(pool, candidates)| PassedOver {
            name: pool.clone(),
            because: why_empty(candidates),
        })
        .collect();
    match answer.turn {
        Some((pool, turn)) => {
            if route.pool.as_deref() != Some(pool.as_str()) {
                route.how = domain::decision::How::Fallback;
            }
            route.pool = Some(pool);
            Found::Turn(turn, route)
        }
        None => {
            let candidates: Vec<Candidate> = answer
                .empty
                .into_iter()
                .flat_map(|(_, candidates)| candidates)
                .collect();
            let because = if case.pools.is_empty() && route.pool.is_some() {
                Nobody::NotYetQualified
            } else {
                nobody(!case.pools.is_empty(), &candidates)
            };
            Found::Nobody {
                because,
                route,
                candidates,
            }
        }
    }
}

fn ruling(found: &Found, round: u32, current: &Current, now: Timestamp) -> Ruling {
    match found {
        Found::Turn(turn, route) => Ruling::Assigned(Assigned {
            round,
            rep: turn.rep.clone(),
            by: route.clone(),
            turn: Some(turn.number),
            candidates: turn.candidates.clone(),
            sla: clock_for(&current.config, sla_for(&current.config, route), now),
        }),
        Found::Nobody {
            because,
            route,
            candidates,
        } => {
            let wait = SignedDuration::from_mins(i64::from(current.config.routing.retry_minutes));
            // A lead that is not qualified yet is assigned when its score rises, not when time passes.
            let retry_at = now
                .saturating_add(wait)
                .ok()
                .filter(|_| *because != Nobody::NotYetQualified);
            Ruling::Unassigned(Unassigned {
                round,
                because: *because,
                by: route.clone(),
                candidates: candidates.clone(),
                retry_at,
            })
        }
    }
}

fn says_the_same(new: &Unassigned, old: &Unassigned) -> bool {
    (new.round, new.because, &new.by, &new.candidates)
        == (old.round, old.because, &old.by, &old.candidates)
}

#[cfg(test)]
mod tests;
