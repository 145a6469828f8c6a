//! The assignment of `assign` as a model: one pool's item, the histories of a few leads, messages, workers and what a
//! process remembers.
//!
//! Whose turn it is, what giving a turn back does, and whether a lead needs an owner is decided by the product's own code
//! (`domain::routing`, `domain::lead`); modelled here is the order of table and queue operations around it, as
//! `functions/assign/src/lib.rs` and `turns.rs` have them. One step is one operation.

mod product;
mod properties;
mod steps;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use domain::config::{Config, Member, Pool, Rep};
use domain::id::LeadId;
use domain::routing::{self, Wanted};
use jiff::{SignedDuration, Timestamp};
use stateright::{Model, Property};

use product::view_of;
pub(crate) use properties::{
    BOUND, CHARGED, EARLY, FAIR, FINISHED, ONE_OWNER, OVERWRITTEN, UNCHARGED, VERSION,
};
use steps::Answer;

/// Most entries in a history.
const LENGTH: usize = 6;

/// Name of the only pool.
const POOL: &str = "pool";

/// How the protocol is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Variant {
    /// As the product did before these models.
    First,
    /// As the product does: each turn has its number, the decision that uses it bears that number, a turn that was not used is
    /// given back by whoever finds it, and an old one whose round has not come only if sales settled the lead.
    Built,
    /// Broken: the pool is written whatever its version is.
    PoolWithoutCondition,
    /// Broken: histories are written whatever is there.
    AppendWithoutCondition,
    /// Broken: the news goes out before the lead is written.
    SendBeforeWrite,
    /// Broken: a repeat does not look for its pending turn.
    TurnNotLookedUp,
    /// Broken: whoever was overtaken writes after what came first, without looking at it.
    OvertakenNotRead,
}

/// An instance.
#[derive(Debug, Clone)]
pub(crate) struct Assignment {
    /// Workers.
    pub(crate) workers: usize,
    /// How often the message of each lead is delivered.
    pub(crate) leads: Vec<u8>,
    /// Weights of the two reps.
    pub(crate) weights: [u32; 2],
    /// Most messages in one batch.
    pub(crate) batch: usize,
    /// Whether the workers are batches of one process, which share what it remembers and die together.
    pub(crate) is_one_process: bool,
    /// How often a worker may crash.
    pub(crate) crashes: u8,
    /// How often an answer may get lost.
    pub(crate) lost: u8,
    /// How often sales may send a lead back.
    pub(crate) rejections: u8,
    /// How often sales may settle a lead for good.
    pub(crate) disqualifications: u8,
    /// How often another function may write into a lead.
    pub(crate) others: u8,
    /// Whether the first rep may be switched off.
    pub(crate) may_switch_off: bool,
    /// How the protocol is followed.
    pub(crate) variant: Variant,
    pub(crate) views: Views,
}

/// What was asked before.
pub(crate) type Views = Arc<Mutex<HashMap<(History, bool), View>>>;

/// One entry of a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Entry {
    Free,
    Received,
    Other,
    Rejected,
    Disqualified,
    Assigned { round: u8, rep: u8, number: u8 },
}

pub(crate) type History = [Entry; LENGTH];

/// What the product's own code says about a history.
#[derive(Debug, Clone, Default)]
pub(crate) struct View {
    needs_owner: bool,
    wants_owner: bool,
    is_settled: bool,
    rounds: u8,
    had_by: Vec<String>,
    /// Place of the decision that gave it to its owner; 0 without one.
    about: u8,
}

/// A pending turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Turn {
    lead: u8,
    round: u8,
    rep: u8,
    /// Which turn of the pool it is. The product notes the time instead.
    number: u8,
    /// Who could have taken it.
    took_part: [bool; 2],
}

/// The pool's item.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Item {
    version: u8,
    taken: u8,
    credit: [i8; 2],
    given: [u8; 2],
    last: [u8; 2],
    pending: Vec<Turn>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Phase {
    Open,
    Ready,
    TellEarly,
    Append,
    Reread,
    GiveBack,
    Tell,
    Done,
}

/// One lead of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Case {
    phase: Phase,
    lead: u8,
    /// Messages of the batch that are about it.
    copies: u8,
    seq: u8,
    round: u8,
    rep: u8,
    number: u8,
    about: u8,
    /// Everybody who had it, in order.
    had_by: [Option<u8>; 3],
}

/// What a worker has read of the pool and not written yet.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Asking {
    Nothing,
    /// Old pending turns are looked after.
    Look {
        item: Item,
        done: u16,
        open: Vec<Turn>,
    },
    Put {
        item: Item,
        done: u16,
    },
    GiveBack {
        item: Item,
        case: u8,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Worker {
    cases: Vec<Case>,
    asking: Asking,
    /// Whether the first rep is switched off in the configuration that this batch reads.
    is_off: bool,
    has_written: bool,
    /// Turns that this process has seen in their leads' histories.
    confirmed: u16,
}

/// Everything: the table, the queues, the workers, and what may still happen.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct State {
    leads: Vec<History>,
    item: Item,
    queue: Vec<u8>,
    /// Decisions that destinations were told about, by lead, one bit each.
    told: Vec<u8>,
    workers: Vec<Worker>,
    is_off: bool,
    crashes: u8,
    lost: u8,
    rejections: u8,
    disqualifications: u8,
    others: u8,
    is_early: bool,
    is_overwritten: bool,
    has_old_version: bool,
}

/// A step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    /// A worker takes messages, and reads the lead if it is one.
    Take { worker: u8, leads: Vec<u8> },
    /// The next operation about one lead of a batch.
    Do { worker: u8, case: u8 },
    /// The pool is read; this many of the oldest pending turns are older than a minute.
    ReadPool { worker: u8, old: u8 },
    /// The next operation about the pool: a lead behind an old turn is read, or the pool is written.
    DoPool { worker: u8 },
    /// The write or send happens, its answer is lost, and the message fails.
    LoseAnswer { worker: u8, case: Option<u8> },
    /// The write happens, its answer is lost, and the client library writes again.
    WriteTwice { worker: u8, case: Option<u8> },
    /// The process dies.
    Crash { worker: u8 },
    /// Sales send the lead back.
    Reject { lead: u8 },
    /// Sales settle the lead for good.
    Disqualify { lead: u8 },
    /// Another function writes into the lead.
    Other { lead: u8 },
    /// The first rep is switched off, and something happens about the first lead.
    SwitchOff,
}

fn count(history: &History) -> u8 {
    history
        .iter()
        .take_while(|entry| **entry != Entry::Free)
        .count() as u8
}

fn moment(seconds: u8) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(i64::from(seconds))
}

fn lead_id(lead: u8) -> LeadId {
    LeadId::from_bits(u128::from(lead) + 1)
}

fn name_of(rep: usize) -> String {
    ["a", "b"][rep].to_owned()
}

fn rep_of(name: &str) -> u8 {
    u8::from(name == "b")
}

/// Whether the turn of that number is the one in the history.
fn is_used(history: &History, round: u8, number: u8) -> bool {
    history.iter().any(|entry| {
        matches!(entry, Entry::Assigned { round: known, number: used, .. }
            if *known == round && *used == number)
    })
}

impl Model for Assignment {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let mut history = [Entry::Free; LENGTH];
        history[0] = Entry::Received;
        let worker = Worker {
            cases: Vec::new(),
            asking: Asking::Nothing,
            is_off: false,
            has_written: false,
            confirmed: 0,
        };
        vec![State {
            leads: vec![history; self.leads.len()],
            item: Item::new(),
            queue: self.leads.clone(),
            told: vec![0; self.leads.len()],
            workers: vec![worker; self.workers],
            is_off: false,
            crashes: self.crashes,
            lost: self.lost,
            rejections: self.rejections,
            disqualifications: self.disqualifications,
            others: self.others,
            is_early: false,
            is_overwritten: false,
            has_old_version: false,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let waiting: Vec<u8> = (0..self.leads.len() as u8)
            .filter(|lead| state.queue[usize::from(*lead)] > 0)
            .collect();
        let mut last_idle: Option<&Worker> = None;
        for (index, at_work) in state.workers.iter().enumerate() {
            let worker = index as u8;
            let can_crash = at_work.has_written || at_work.confirmed != 0;
            if state.crashes > 0 && can_crash {
                actions.push(Action::Crash { worker });
            }
            if at_work.cases.is_empty() {
                // Two that remember the same and do nothing are alike.
                if last_idle != Some(at_work) {
                    self.takes(state, worker, &waiting, actions);
                }
                last_idle = Some(at_work);
                continue;
            }
            if at_work.asking != Asking::Nothing {
                actions.push(Action::DoPool { worker });
                if state.lost > 0 && !matches!(at_work.asking, Asking::Look { .. }) {
                    actions.push(Action::LoseAnswer { worker, case: None });
                    actions.push(Action::WriteTwice { worker, case: None });
                }
            }
            for (place, case) in at_work.cases.iter().enumerate() {
                let number = place as u8;
                let is_waiting = case.phase == Phase::GiveBack && at_work.asking != Asking::Nothing;
                if matches!(case.phase, Phase::Ready | Phase::Done) || is_waiting {
                    continue;
                }
                actions.push(Action::Do {
                    worker,
                    case: number,
                });
                if state.lost > 0 && matches!(case.phase, Phase::Append | Phase::Tell) {
                    actions.push(Action::LoseAnswer {
                        worker,
                        case: Some(number),
                    });
                }
                if state.lost > 0 && case.phase == Phase::Append {
                    actions.push(Action::WriteTwice {
                        worker,
                        case: Some(number),
                    });
                }
            }
            let asks = at_work.asking == Asking::Nothing
                && at_work.cases.iter().any(|case| case.phase == Phase::Ready)
                && at_work
                    .cases
                    .iter()
                    .all(|case| matches!(case.phase, Phase::Ready | Phase::Done));
            if asks {
                let others = state
                    .item
                    .pending
                    .iter()
                    .filter(|turn| {
                        at_work.confirmed & self.mark(turn.lead, turn.round, turn.number) == 0
                    })
                    .filter(|turn| !at_work.cases.iter().any(|case| case.lead == turn.lead))
                    .count();
                for old in 0..=others as u8 {
                    actions.push(Action::ReadPool { worker, old });
                }
            }
        }
        for lead in 0..self.leads.len() as u8 {
            let history = &state.leads[usize::from(lead)];
            let view = self.view(history, state.is_off);
            if state.rejections > 0 && view.about > 0 && !view.wants_owner && !view.is_settled {
                actions.push(Action::Reject { lead });
            }
            if state.disqualifications > 0 && !view.is_settled {
                actions.push(Action::Disqualify { lead });
            }
            if state.others > 0 {
                actions.push(Action::Other { lead });
            }
        }
        if self.may_switch_off && !state.is_off {
            actions.push(Action::SwitchOff);
        }
    }

    fn next_state(&self, before: &State, action: Action) -> Option<State> {
        let mut state = before.clone();
        match action {
            Action::Take { worker, leads } => self.take(&mut state, usize::from(worker), &leads),
            Action::Do { worker, case } => {
                self.perform(
                    &mut state,
                    usize::from(worker),
                    usize::from(case),
                    Answer::Comes,
                );
            }
            Action::ReadPool { worker, old } => {
                self.read_pool(&mut state, usize::from(worker), usize::from(old));
            }
            Action::DoPool { worker } => {
                self.do_pool(&mut state, usize::from(worker), Answer::Comes);
            }
            Action::LoseAnswer { worker, case } => {
                self.lose(&mut state, usize::from(worker), case, Answer::Lost)?;
            }
            Action::WriteTwice { worker, case } => {
                self.lose(&mut state, usize::from(worker), case, Answer::Twice)?;
            }
            Action::Crash { worker } => {
                state.crashes -= 1;
                for index in 0..state.workers.len() {
                    if self.is_one_process || index == usize::from(worker) {
                        Self::die(&mut state, index);
                    }
                }
            }
            Action::Reject { lead } => {
                state.rejections -= 1;
                Self::write(&mut state, lead, Entry::Rejected);
                state.queue[usize::from(lead)] += 1;
            }
            Action::Disqualify { lead } => {
                state.disqualifications -= 1;
                Self::write(&mut state, lead, Entry::Disqualified);
            }
            Action::Other { lead } => {
                state.others -= 1;
                Self::write(&mut state, lead, Entry::Other);
            }
            Action::SwitchOff => {
                state.is_off = true;
                state.queue[0] += 1;
            }
        }
        for worker in &mut state.workers {
            if worker.asking == Asking::Nothing
                && worker.cases.iter().all(|case| case.phase == Phase::Done)
            {
                worker.cases.clear();
                worker.is_off = false;
                worker.has_written = false;
            }
        }
        // Workers are alike: which of them does something makes no difference.
        state.workers.sort_unstable();
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all()
    }
}
