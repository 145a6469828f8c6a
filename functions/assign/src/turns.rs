//! Taking turns in pools, for a whole batch at once: one conditional write per pool, whatever the number of leads.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::config::Config;
use domain::decision::{Candidate, Ruling};
use domain::id::LeadId;
use domain::routing::{self, Turn, Turns, Wanted};
use jiff::Timestamp;
use table::{History, Table};

use crate::Error;

/// How often the turns of a pool are taken anew because another worker was faster. The wait between two tries grows and
/// differs by lead; with a few workers on one pool two or three tries are usual.
const MAX_TRIES: u32 = 24;

/// A pending turn older than this belongs to a worker that is gone or to a message that waits: it is looked after.
const LOOK_AFTER_SECONDS: i64 = 60;

/// Most pending turns looked after in one go.
const LOOK_AFTER_MOST: usize = 10;

/// Turns that this process has seen written into their leads' histories: they need not be remembered by the pool.
#[derive(Debug, Default)]
pub(crate) struct Confirmed(Mutex<BTreeMap<String, Vec<Turn>>>);

impl Confirmed {
    pub(crate) fn add(&self, pool: &str, turn: &Turn) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(pool.to_owned())
            .or_default()
            .push(turn.clone());
    }

    fn of(&self, pool: &str) -> Vec<Turn> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(pool)
            .cloned()
            .unwrap_or_default()
    }

    fn forget(&self, pool: &str, done: &[Turn]) {
        if let Some(known) = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_mut(pool)
        {
            known.retain(|turn| !done.iter().any(|done| done.is(turn)));
        }
    }
}

/// A lead that asks pools for somebody.
pub(crate) struct Asker<'a> {
    pub(crate) lead: LeadId,
    pub(crate) round: u32,
    pub(crate) had_by: &'a [String],
    pub(crate) pools: &'a [String],
}

/// What the pools said.
#[derive(Default)]
pub(crate) struct Answer {
    /// The pool that had somebody, and who.
    pub(crate) turn: Option<(String, Turn)>,
    /// Pools that had nobody.
    pub(crate) empty: Vec<(String, Vec<Candidate>)>,
}

/// Asks the pools for every asker, the first pool of each first. Each asker gets an answer or an error of its own.
pub(crate) async fn take(
    table: &Table,
    confirmed: &Confirmed,
    config: &Config,
    askers: &[Asker<'_>],
    now: Timestamp,
) -> Vec<Result<Answer, Error>> {
    let mut answers: Vec<Result<Answer, Error>> =
        askers.iter().map(|_| Ok(Answer::default())).collect();
    let deepest = askers
        .iter()
        .map(|asker| asker.pools.len())
        .max()
        .unwrap_or(0);
    for depth in 0..deepest {
        let mut by_pool: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, asker) in askers.iter().enumerate() {
            let is_open = matches!(&answers[index], Ok(answer) if answer.turn.is_none());
            if let Some(pool) = asker.pools.get(depth).filter(|_| is_open) {
                by_pool.entry(pool).or_default().push(index);
            }
        }
        for (pool, indexes) in by_pool {
            let wanted: Vec<Wanted<'_>> = indexes
                .iter()
                .map(|index| Wanted {
                    lead: askers[*index].lead,
                    round: askers[*index].round,
                    had_by: askers[*index].had_by,
                })
                .collect();
            match take_in_pool(table, confirmed, config, pool, &wanted, now).await {
                Ok(taken) => {
                    for (index, outcome) in indexes.into_iter().zip(taken) {
                        if let Ok(answer) = &mut answers[index] {
                            match outcome {
                                Ok(turn) => answer.turn = Some((pool.to_owned(), turn)),
                                Err(candidates) => answer.empty.push((pool.to_owned(), candidates)),
                            }
                        }
                    }
                }
                Err(error) => {
                    let text = platform::chain(&error);
                    for index in indexes {
                        answers[index] = Err(Error::Contended(format!("the pool {pool} ({text})")));
                    }
                }
            }
        }
    }
    answers
}

type Taken = Vec<Result<Turn, Vec<Candidate>>>;

async fn take_in_pool(
    table: &Table,
    confirmed: &Confirmed,
    config: &Config,
    pool: &str,
    wanted: &[Wanted<'_>],
    now: Timestamp,
) -> Result<Taken, Error> {
    for attempt in 0..MAX_TRIES {
        let (stored, version) = table.turns(pool).await?;
        let mut turns = stored.clone();
        let done = confirmed.of(pool);
        turns
            .pending
            .retain(|turn| !done.iter().any(|done| done.is(turn)));
        look_after(table, config, pool, &mut turns, wanted, now).await?;
        let taken: Taken = wanted
            .iter()
            .map(|wanted| routing::take_turn(config, pool, &mut turns, *wanted, now))
            .collect();
        // Nothing to remember: everybody was refused, or had a turn pending already.
        if turns.taken == stored.taken || table.put_turns(pool, &turns, version).await? {
            if turns.taken != stored.taken {
                confirmed.forget(pool, &done);
            }
            return Ok(taken);
        }
        pause(attempt, wanted).await;
    }
    Err(Error::Contended(format!("the pool {pool}")))
}

/// Drops pending turns that are in their leads' histories, and takes back those whose lead needs nobody any more.
async fn look_after(
    table: &Table,
    config: &Config,
    pool: &str,
    turns: &mut Turns,
    wanted: &[Wanted<'_>],
    now: Timestamp,
) -> Result<(), Error> {
    let old: Vec<Turn> = turns
        .pending
        .iter()
        .filter(|turn| now.as_second() - turn.at.as_second() >= LOOK_AFTER_SECONDS)
        .filter(|turn| !wanted.iter().any(|wanted| wanted.lead == turn.lead))
        .take(LOOK_AFTER_MOST)
        .cloned()
        .collect();
    for turn in old {
        let Some(history) = table.lead(turn.lead).await? else {
            continue;
        };
        // While nothing says otherwise somebody may still be about to write it, also for a lead whose owner was lost.
        let is_over = history.lead.merged_into.is_some() || history.lead.erased.is_some();
        let is_settled = !history.lead.stage.is_scored() || is_over;
        if came_true(&history, pool, &turn) {
            turns.pending.retain(|pending| !pending.is(&turn));
        } else if history.lead.rounds >= turn.round || is_settled {
            routing::give_back(config, pool, turns, &turn);
        }
    }
    Ok(())
}

/// Whether a lead's history holds the assignment that a turn was taken for. The same round may have come of another turn: of
/// a worker that read the pool at another moment, or of another pool after a change of the configuration.
pub(crate) fn came_true(history: &History, pool: &str, turn: &Turn) -> bool {
    history
        .decisions
        .iter()
        .any(|decision| match &decision.ruling {
            Ruling::Assigned(assigned) => turn.led_to(pool, assigned),
            _ => false,
        })
}

/// Takes a turn back whose lead needs nobody after all.
pub(crate) async fn give_back(
    table: &Table,
    config: &Config,
    pool: &str,
    turn: &Turn,
) -> Result<(), Error> {
    for attempt in 0..MAX_TRIES {
        let (stored, version) = table.turns(pool).await?;
        let mut turns = stored.clone();
        routing::give_back(config, pool, &mut turns, turn);
        if turns == stored || table.put_turns(pool, &turns, version).await? {
            return Ok(());
        }
        pause(
            attempt,
            &[Wanted {
                lead: turn.lead,
                round: turn.round,
                had_by: &[],
            }],
        )
        .await;
    }
    Err(Error::Contended(format!("the pool {pool}")))
}

/// Waits before the next try: up to 2, 4, 8, … 64 ms, spread by what the batch is about, so that workers do not stay in step.
async fn pause(attempt: u32, wanted: &[Wanted<'_>]) {
    let most = 2u64 << attempt.min(5);
    let spread = wanted
        .first()
        .map_or(0, |wanted| (wanted.lead.bits() >> (attempt % 64)) as u64);
    tokio::time::sleep(Duration::from_millis(1 + spread % most)).await;
}
