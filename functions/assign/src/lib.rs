//! Assign: finds the rep who gets a lead, by territory, pool and a fair turn, and starts the clock for the first response.
//!
//! The story of one batch: read the leads → for each, the score and the way to a pool → take the turns of each pool, all
//! leads of the batch in one conditional write → write owner, score and clock into each lead's history → tell the
//! destinations. A turn is noted in the pool before it is written to the lead, so that a repeat after a crash finds the
//! same rep and charges nobody twice.
//!
//! It never gives a lead to somebody who cannot take it: a lead without anybody is "unassigned, because", and tried again.

mod turns;

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
use queue::{Message, Queue, Queues, SendError, read_batch, respond};
use table::{Appended, ConfigurationCache, Current, History, Table};

use turns::{Asker, Confirmed};

/// How often a lead is looked at anew because somebody else wrote first.
const MAX_ROUNDS: usize = 12;

/// The score that `score` worked out, with the number of decisions it saw.
type Rated = (u32, Scored);

/// A message: its id, the lead, and the score that came along.
type Wish = (String, LeadId, Option<Rated>);

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
    /// The queue.
    #[error("the news could not be sent on")]
    Send(#[from] SendError),
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
    scored: Option<Scored>,
    /// The lead with that score.
    lead: Lead,
    round: u32,
    route: Route,
    pools: Vec<String>,
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
    /// An assigner that reads and writes `table` and sends to `deliver`.
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
                Ok(Message::Assign { lead, seq, scored }) => {
                    wanted.push((record.id, lead, scored.map(|scored| (seq, scored))))
                }
                Ok(other) => {
                    let error = Error::Misdirected(other.name());
                    tracing::error!(message.id = %record.id, error = %error, "a message is returned");
                    failed.push(record.id);
                }
                Err(_) => failed.push(record.id),
            }
        }
        for (id, lead, outcome) in self.assign_all(wanted).await {
            if let Err(error) = outcome {
                tracing::error!(message.id = %id, lead = %lead, error = %platform::chain(&error), "{lead} is tried again");
                failed.push(id);
            }
        }
        Ok(respond(failed))
    }

    async fn assign_all(&self, wanted: Vec<Wish>) -> Vec<(String, LeadId, Result<(), Error>)> {
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
        // Several messages about one lead are one question.
        let mut leads: Vec<(LeadId, Option<Rated>)> = Vec::new();
        for (_, lead, scored) in &wanted {
            match leads.iter_mut().find(|(known, _)| known == lead) {
                Some((_, known)) => *known = known.take().or_else(|| scored.clone()),
                None => leads.push((*lead, scored.clone())),
            }
        }
        // On the heap: the futures of a whole batch are too large a type to lay out in one piece.
        let outcomes = Box::pin(self.assign_leads(leads, &current, now)).await;
        let mut reported = Vec::new();
        let mut outcomes: Vec<(LeadId, Option<Result<(), Error>>)> = outcomes
            .into_iter()
            .map(|(lead, outcome)| (lead, Some(outcome)))
            .collect();
        for (id, lead, _) in wanted {
            let outcome = outcomes.iter_mut().find(|(known, _)| *known == lead);
            let result = match outcome {
                Some((_, slot)) => match slot {
                    Some(Ok(())) => Ok(()),
                    _ => slot
                        .take()
                        .unwrap_or(Err(Error::Contended(lead.to_string()))),
                },
                None => Err(Error::NoLead(lead)),
            };
            reported.push((id, lead, result));
        }
        reported
    }

    async fn assign_leads(
        &self,
        leads: Vec<(LeadId, Option<Rated>)>,
        current: &Current,
        now: Timestamp,
    ) -> Vec<(LeadId, Result<(), Error>)> {
        let read = leads.into_iter().map(|(lead, scored)| async move {
            (lead, guarded(self.open(lead, scored, current, now)).await)
        });
        let mut outcomes = Vec::new();
        let mut cases = Vec::new();
        for (lead, opened) in join_all(read).await {
            match opened {
                Ok(Some(case)) => cases.push((lead, case)),
                Ok(None) => outcomes.push((lead, Ok(()))),
                Err(error) => outcomes.push((lead, Err(error))),
            }
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
            .map(|((lead, case), answer)| async move {
                let outcome = match answer {
                    Ok(answer) => {
                        guarded(self.settle(case, found(case, answer), current, now)).await
                    }
                    Err(error) => Err(error),
                };
                (*lead, outcome)
            });
        outcomes.extend(join_all(written).await);
        outcomes
    }

    /// Reads a lead and decides what it needs; `None` when it needs nothing any more.
    async fn open(
        &self,
        lead: LeadId,
        scored: Option<Rated>,
        current: &Current,
        now: Timestamp,
    ) -> Result<Option<Case>, Error> {
        let history = self
            .table
            .surviving_lead(lead)
            .await?
            .ok_or(Error::NoLead(lead))?;
        if !needs_owner(&history.lead, &current.config, now) {
            // It was written; whether everybody was told is not known. Telling twice does no harm.
            self.tell_again(&history, &current.config).await?;
            return Ok(None);
        }
        let scored = scored
            .filter(|(seq, _)| *seq == history.lead.seq)
            .map(|(_, scored)| scored);
        Ok(Some(case(history, scored, &current.config, now)))
    }

    /// Writes what was found into the lead's history, and tells.
    async fn settle(
        &self,
        case: &Case,
        found: Found,
        current: &Current,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut history = case.history.clone();
        let mut scored = case.scored.clone();
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
                return Ok(());
            }
            let mut after = history.lead.clone();
            decisions.iter().for_each(|decision| after.apply(decision));
            if let Some(at) = arm_at(&current.config, Some(&history.lead), &after, now) {
                self.table.arm(after.id, at).await?;
            }
            if self
                .table
                .append(after.id, history.lead.seq, &decisions)
                .await?
                == Appended::Done
            {
                if let Found::Turn(turn, route) = &found {
                    self.confirmed.add(
                        route.pool.as_deref().unwrap_or_default(),
                        turn.lead,
                        turn.round,
                    );
                }
                history.decisions.extend(decisions);
                history.lead = after;
                return self.tell_again(&history, &current.config).await;
            }
            history = self
                .table
                .surviving_lead(case.lead.id)
                .await?
                .ok_or(Error::NoLead(case.lead.id))?;
            let is_still_wanted = needs_owner(&history.lead, &current.config, now)
                && history.lead.rounds + 1 == case.round;
            if !is_still_wanted {
                if let Found::Turn(turn, route) = &found
                    && history.lead.rounds < case.round
                {
                    // Sales or an erasure was faster: nobody needs to be charged.
                    turns::give_back(
                        &self.table,
                        &current.config,
                        route.pool.as_deref().unwrap_or_default(),
                        turn,
                    )
                    .await?;
                }
                return self.tell_again(&history, &current.config).await;
            }
            scored = Some(scoring::rate(&current.config, &history.lead, now));
        }
        Err(Error::Contended(case.lead.id.to_string()))
    }

    /// Tells the destinations about the last assignment and the last change of stage. Each of them hears it once: `deliver` knows.
    async fn tell_again(&self, history: &History, config: &Config) -> Result<(), Error> {
        let lead = &history.lead;
        let pool = lead.owner.as_ref().and_then(|owner| owner.pool.as_deref());
        let mut news = Vec::new();
        news.extend(
            last_stage_change(&history.decisions).map(|about| (Notice::StageChanged, about)),
        );
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
        let messages: Vec<Message> = news
            .into_iter()
            .flat_map(|(notice, about)| {
                config
                    .destinations_for(notice, pool)
                    .into_iter()
                    .map(move |destination| (destination, about))
            })
            .map(|(destination, about)| Message::Deliver {
                lead: lead.id,
                about,
                destination: destination.to_owned(),
            })
            .collect();
        self.queues.send_all(Queue::Deliver, &messages).await?;
        Ok(())
    }
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

fn case(history: History, scored: Option<Scored>, config: &Config, now: Timestamp) -> Case {
    let is_scored = history
        .lead
        .scored
        .as_ref()
        .is_some_and(|last| last.considered + 1 >= history.lead.seq);
    let scored = scored.or_else(|| (!is_scored).then(|| scoring::rate(config, &history.lead, now)));
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
