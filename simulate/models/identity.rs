//! The identity claim of `enrich` as a model: submissions, identity keys, leads, aliases, records of submissions.
//!
//! Who a submission belongs to is decided by the product's own `domain::identity::resolve`; modelled here is the order of
//! table and queue operations around it, as `functions/enrich/src/lib.rs` has them, and of the first write of a lead, which
//! `functions/assign/src/lib.rs` makes for it. One step is one operation.

mod properties;
mod steps;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use domain::decision::{Decision, KeyKind, Outcome, Received, Ruling};
use domain::field::{Field, Fields, Value};
use domain::id::SubmissionId;
use domain::lead::Lead;
use stateright::{Model, Property};

pub(crate) use properties::{
    BURIED, EARLY, HANDS, ONCE, ONE_OUTCOME, OVERWRITTEN, SAME_EMAIL, STRANGERS, TWO_LEADS,
};

/// Most submissions of an instance; a lead is named after one.
pub(crate) const NAMES: usize = 3;

/// Identity keys of an instance: two e-mail addresses and a phone number.
const KEYS: usize = 3;

/// Place of the phone number among the keys.
const PHONE: usize = 2;

/// Most entries in a history.
const LENGTH: usize = 6;

/// Rounds of one delivery. The product has twelve; here three, so that giving up is explored as well.
const ROUNDS: u8 = 3;

/// What is submitted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Form {
    /// The e-mail address, as a key.
    pub(crate) email: Option<u8>,
    /// Whether it has the phone number.
    pub(crate) has_phone: bool,
    /// Whose name it bears.
    pub(crate) person: u8,
    /// The submission with the same content in the window before.
    pub(crate) earlier: Option<u8>,
}

/// How the protocol is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Variant {
    /// As the product did before these models.
    First,
    /// Half of what was mended: what is found behind an alias is the name where the alias ends, and never an alias.
    AliasFollowed,
    /// Besides, a claim of the phone number tells the claimant's e-mail key.
    Built,
    /// As the product does: besides, the first decisions of a lead go unwritten to `assign`, which writes them or, if
    /// somebody was faster, sends the submission back.
    HandedOver,
    /// Broken: `assign` takes the lead that it finds for the one that it was to write.
    HandedOverAndForgotten,
    /// Broken: keys are claimed whoever holds them.
    ClaimWithoutCondition,
    /// Broken: histories are written whatever is there.
    AppendWithoutCondition,
    /// Broken: the lead is sent on before it is written.
    SendBeforeWrite,
    /// Broken: a repeat does not look whether the lead has the submission already.
    RepeatNotLookedUp,
}

/// An instance.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    /// Workers.
    pub(crate) workers: usize,
    /// The submissions, and how often the message of each is delivered.
    pub(crate) forms: Vec<(Form, u8)>,
    /// How often a worker may crash.
    pub(crate) crashes: u8,
    /// How often an answer may get lost, so that the client library writes again.
    pub(crate) lost: u8,
    /// How often another function may write into a lead.
    pub(crate) others: u8,
    /// How the protocol is followed.
    pub(crate) variant: Variant,
    known: Decided,
}

/// What was decided before, by submission and what was seen of its keys: the lead, and whether an alias is needed.
type Decided = Arc<Mutex<HashMap<(u8, [Seen; 2]), (u8, bool)>>>;

/// One entry of a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Entry {
    Free,
    Received(u8),
    MergedInto(u8),
    Other,
}

type History = [Entry; LENGTH];

const NOTHING: History = [Entry::Free; LENGTH];

/// What a worker knows of one of its keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Seen {
    Unread,
    Free,
    /// It leads to `first`, and by aliases to `at`, which was not read yet.
    Held {
        first: u8,
        at: u8,
        by: u8,
    },
    /// It leads to a lead without decisions.
    Unmade {
        lead: u8,
        by: u8,
    },
    Known {
        lead: u8,
        history: History,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Phase {
    Idle,
    NoteRepeat,
    Holders,
    Target,
    Alias,
    Claim,
    SendEarly,
    Write,
    Send,
    /// `enrich` sends the first decisions to `assign`.
    HandOver,
    /// They are sent, and the message of the submission is not yet deleted.
    HandedOver,
    /// `assign` has read that there is no lead yet.
    WriteFirst,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Worker {
    phase: Phase,
    /// Whether it works for `assign`; a lead that is handed over is named after its submission.
    is_of_assign: bool,
    submission: u8,
    round: u8,
    /// Whether this delivery has written anything; a crash before that leaves no trace.
    has_written: bool,
    seen: [Seen; 2],
    lead: u8,
    needs_alias: bool,
    /// Keys still to be claimed, by place.
    unclaimed: [bool; 2],
    target: History,
}

const IDLE: Worker = Worker {
    phase: Phase::Idle,
    is_of_assign: false,
    submission: 0,
    round: 0,
    has_written: false,
    seen: [Seen::Unread; 2],
    lead: 0,
    needs_alias: false,
    unclaimed: [false; 2],
    target: NOTHING,
};

/// What became of a submission, beside the history of the lead that bears its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Record {
    None,
    Lead(u8),
    Duplicate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Claim {
    lead: u8,
    /// Who wrote it; told by the proposed variant only.
    by: u8,
}

/// Everything: the table, the queue, the workers, and what may still go wrong.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct State {
    claims: [Option<Claim>; KEYS],
    leads: [History; NAMES],
    records: [Record; NAMES],
    queue: [u8; NAMES],
    /// First decisions on their way to `assign`, by lead.
    handed: [u8; NAMES],
    workers: Vec<Worker>,
    /// Leads that were sent on since they last received something.
    is_sent: [bool; NAMES],
    crashes: u8,
    lost: u8,
    others: u8,
    /// A key changed hands.
    is_stolen: bool,
    /// An entry of a history was overwritten.
    is_overwritten: bool,
    /// A lead was sent on before the submission was in it.
    is_early: bool,
}

/// A step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// A worker takes the message of a submission and reads what is known of it.
    Take { submission: u8 },
    /// A worker of `assign` takes the first decisions of a lead and reads what is there.
    Open { lead: u8 },
    /// The next operation.
    Do { worker: u8 },
    /// Of the keys, the one at this place is read.
    ReadKey { worker: u8, place: u8 },
    /// The write happens, its answer is lost, and the client library writes again.
    WriteTwice { worker: u8 },
    /// The worker dies; its message comes back.
    Crash { worker: u8 },
    /// Another function writes into a lead.
    Other { lead: u8 },
}

fn count(history: &History) -> usize {
    history
        .iter()
        .take_while(|entry| **entry != Entry::Free)
        .count()
}

fn merged_into(history: &History) -> Option<u8> {
    history.iter().rev().find_map(|entry| match entry {
        Entry::MergedInto(lead) => Some(*lead),
        _ => None,
    })
}

fn times(history: &History, submission: u8) -> usize {
    history
        .iter()
        .filter(|entry| **entry == Entry::Received(submission))
        .count()
}

fn survivor(state: &State, lead: u8) -> Option<u8> {
    let mut at = lead;
    for _ in 0..=NAMES {
        match merged_into(&state.leads[usize::from(at)]) {
            Some(next) => at = next,
            None => return Some(at),
        }
    }
    None
}

impl Form {
    /// Its keys in the order in which they are claimed.
    fn keys(&self) -> impl Iterator<Item = (KeyKind, usize)> {
        let email = self.email.map(|email| (KeyKind::Email, usize::from(email)));
        let phone = self.has_phone.then_some((KeyKind::Phone, PHONE));
        email.into_iter().chain(phone)
    }

    fn fields(&self, email: bool, rest: bool) -> Fields {
        const NAMES: [(&str, &str); 2] = [("Ada", "Lovelace"), ("Grace", "Hopper")];
        let (first, last) = NAMES[usize::from(self.person)];
        let address = self
            .email
            .filter(|_| email)
            .map(|email| (Field::Email, format!("person{email}@example.com")));
        let phone = (rest && self.has_phone).then(|| (Field::Phone, "+12025550101".to_owned()));
        let names = [
            (Field::FirstName, first.to_owned()),
            (Field::LastName, last.to_owned()),
        ];
        address
            .into_iter()
            .chain(phone)
            .chain(names.into_iter().filter(|_| rest))
            .map(|(field, text)| (field, Value::Text(text)))
            .collect()
    }
}

fn id(name: u8) -> SubmissionId {
    SubmissionId::from_bits(u128::from(name) + 1)
}

fn lead_of(name: u8, received: &[(u8, Fields)]) -> Option<Lead> {
    let decisions: Vec<Decision> = received
        .iter()
        .map(|(submission, fields)| {
            let at = jiff::Timestamp::UNIX_EPOCH
                + jiff::SignedDuration::from_secs(i64::from(*submission));
            Decision {
                at,
                config: String::new(),
                ruling: Ruling::Received(Received {
                    submission: id(*submission),
                    source: "website".to_owned(),
                    received_at: at,
                    outcome: Outcome::Created,
                    matched: Vec::new(),
                    kept_apart: Vec::new(),
                    stays_with: None,
                    fields: fields.clone(),
                    facts: Fields::new(),
                    consent: BTreeMap::new(),
                    external_id: None,
                    visitor: None,
                    bought: None,
                    check_at: at,
                }),
            }
        })
        .collect();
    Lead::after(id(name).lead(), &decisions)
}

impl Model for Identity {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let mut queue = [0; NAMES];
        for (waiting, (_, copies)) in queue.iter_mut().zip(&self.forms) {
            *waiting = *copies;
        }
        vec![State {
            claims: [None; KEYS],
            leads: [NOTHING; NAMES],
            records: [Record::None; NAMES],
            queue,
            handed: [0; NAMES],
            workers: vec![IDLE; self.workers],
            is_sent: [false; NAMES],
            crashes: self.crashes,
            lost: self.lost,
            others: self.others,
            is_stolen: false,
            is_overwritten: false,
            is_early: false,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.workers.contains(&IDLE) {
            for submission in self.submissions() {
                if state.queue[usize::from(submission)] > 0 {
                    actions.push(Action::Take { submission });
                }
                if state.handed[usize::from(submission)] > 0 {
                    actions.push(Action::Open { lead: submission });
                }
            }
        }
        for (index, worker) in state.workers.iter().enumerate() {
            let number = index as u8;
            if *worker == IDLE {
                continue;
            }
            let keys = self.form(worker.submission).keys().count();
            let unread: Vec<usize> = (0..keys)
                .filter(|place| worker.seen[*place] == Seen::Unread)
                .collect();
            if worker.phase == Phase::Holders && !unread.is_empty() {
                for place in unread {
                    actions.push(Action::ReadKey {
                        worker: number,
                        place: place as u8,
                    });
                }
            } else {
                actions.push(Action::Do { worker: number });
            }
            if state.lost > 0
                && matches!(
                    worker.phase,
                    Phase::Alias | Phase::Write | Phase::WriteFirst
                )
            {
                actions.push(Action::WriteTwice { worker: number });
            }
            if state.crashes > 0 && worker.has_written {
                actions.push(Action::Crash { worker: number });
            }
        }
        if state.others > 0 {
            for lead in self.submissions() {
                let history = &state.leads[usize::from(lead)];
                if *history != NOTHING && merged_into(history).is_none() {
                    actions.push(Action::Other { lead });
                }
            }
        }
    }

    fn next_state(&self, before: &State, action: Action) -> Option<State> {
        let mut state = before.clone();
        match action {
            Action::Take { submission } => {
                let worker = state.workers.iter().position(|worker| *worker == IDLE)?;
                self.take(&mut state, worker, submission);
            }
            Action::Open { lead } => {
                let worker = state.workers.iter().position(|worker| *worker == IDLE)?;
                state.handed[usize::from(lead)] -= 1;
                self.open(&mut state, worker, lead);
            }
            Action::Do { worker } => self.perform(&mut state, usize::from(worker)),
            Action::ReadKey { worker, place } => {
                self.read_key(&mut state, usize::from(worker), usize::from(place));
            }
            Action::WriteTwice { worker } => {
                let index = usize::from(worker);
                // The transaction bears a token that the client library repeats: its second try is answered like the first.
                let has_happened = match state.workers[index].phase {
                    Phase::Alias => self.alias(&mut state, index, true),
                    Phase::WriteFirst => self.write_first(&mut state, index, true),
                    _ => self.write(&mut state, index, true),
                };
                if !has_happened {
                    return None;
                }
                state.lost -= 1;
            }
            Action::Crash { worker } => {
                let dead = state.workers[usize::from(worker)];
                let queue = if dead.is_of_assign {
                    &mut state.handed
                } else {
                    &mut state.queue
                };
                queue[usize::from(dead.submission)] += 1;
                state.workers[usize::from(worker)] = IDLE;
                state.crashes -= 1;
            }
            Action::Other { lead } => {
                let history = &mut state.leads[usize::from(lead)];
                let seq = count(history);
                history[seq] = Entry::Other;
                state.others -= 1;
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
