//! What a worker does: the operations of `assign` in their order, each as one step.

use std::sync::{Arc, PoisonError};

use super::*;

impl Assignment {
    /// An instance without faults, two equal reps and batches of one.
    pub(crate) fn new(workers: usize, variant: Variant, leads: &[u8]) -> Self {
        Self {
            workers,
            leads: leads.to_vec(),
            weights: [1, 1],
            batch: 1,
            is_one_process: false,
            crashes: 0,
            lost: 0,
            rejections: 0,
            disqualifications: 0,
            others: 0,
            may_switch_off: false,
            variant,
            views: Arc::default(),
        }
    }

    pub(super) fn config(&self, is_off: bool) -> Config {
        let rep = |rep: usize| {
            let known = Rep {
                name: name_of(rep),
                email: None,
                active: !(is_off && rep == 0),
                away: Vec::new(),
                timezone: None,
            };
            (name_of(rep), known)
        };
        let members = (0..2)
            .map(|rep| Member {
                rep: name_of(rep),
                weight: self.weights[rep],
                max_per_day: None,
            })
            .collect();
        let pool = Pool {
            members,
            fallback: None,
            sla: None,
        };
        Config {
            reps: (0..2).map(rep).collect(),
            pools: [(POOL.to_owned(), pool)].into_iter().collect(),
            ..Config::default()
        }
    }

    pub(super) fn view(&self, history: &History, is_off: bool) -> View {
        let mut views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
        views
            .entry((*history, is_off))
            .or_insert_with(|| view_of(&self.config(is_off), history))
            .clone()
    }

    /// Place of a turn among what a process remembers.
    pub(super) fn mark(&self, lead: u8, round: u8, number: u8) -> u16 {
        match self.variant {
            Variant::Built => 1 << number,
            _ => 1 << (lead * 3 + round - 1),
        }
    }

    pub(super) fn give_back(&self, item: &mut Item, lead: u8, round: u8, number: u8, is_off: bool) {
        let Some(pending) = item.pending_of(lead, round) else {
            return;
        };
        if self.variant != Variant::Built || pending.number == number {
            let mut turns = item.turns();
            let ours = turns
                .pending
                .iter()
                .find(|turn| turn.lead == lead_id(lead) && turn.round == u32::from(round));
            if let Some(turn) = ours.cloned() {
                routing::give_back(&self.config(is_off), POOL, &mut turns, &turn);
            }
            item.take_over(&turns);
        }
    }

    /// What looking after a pending turn does to it.
    pub(super) fn look_after(&self, item: &mut Item, turn: Turn, history: &History, is_off: bool) {
        let view = self.view(history, is_off);
        let is_numbered = self.variant == Variant::Built;
        // What workers with different configurations agree on: sales settled the lead.
        let is_over = if is_numbered {
            view.is_settled
        } else {
            !view.wants_owner
        };
        let was_assigned = view.rounds >= turn.round;
        let is_kept_for_good =
            was_assigned && (!is_numbered || is_used(history, turn.round, turn.number));
        if is_kept_for_good {
            item.pending
                .retain(|known| (known.lead, known.round) != (turn.lead, turn.round));
        } else if was_assigned || is_over {
            self.give_back(item, turn.lead, turn.round, turn.number, is_off);
        }
    }

    pub(super) fn open(&self, state: &mut State, worker: usize, case: usize) {
        let is_off = state.workers[worker].is_off;
        let at_work = &mut state.workers[worker].cases[case];
        let history = &state.leads[usize::from(at_work.lead)];
        let view = self.view(history, is_off);
        if view.needs_owner {
            at_work.phase = Phase::Ready;
            at_work.seq = count(history);
            at_work.round = view.rounds + 1;
            for (place, rep) in view.had_by.iter().enumerate() {
                at_work.had_by[place] = Some(rep_of(rep));
            }
        } else {
            at_work.about = view.about;
            at_work.phase = tell_or_done(view.about);
        }
    }

    pub(super) fn read_pool(&self, state: &mut State, worker: usize, old: usize) {
        let mut item = state.item.clone();
        let done = state.workers[worker].confirmed;
        item.pending
            .retain(|turn| done & self.mark(turn.lead, turn.round, turn.number) == 0);
        let cases = &mut state.workers[worker].cases;
        let ready = |case: &&Case| case.phase == Phase::Ready;
        let has_all = cases
            .iter()
            .filter(ready)
            .all(|case| item.pending_of(case.lead, case.round).is_some());
        if has_all && self.variant != Variant::TurnNotLookedUp {
            // Nothing is written, so whatever is looked after here is forgotten.
            for case in cases.iter_mut().filter(|case| case.phase == Phase::Ready) {
                if let Some(turn) = item.pending_of(case.lead, case.round) {
                    self.settle(case, turn);
                }
            }
            return;
        }
        let open: Vec<Turn> = item
            .pending
            .iter()
            .filter(|turn| {
                !cases
                    .iter()
                    .filter(ready)
                    .any(|case| case.lead == turn.lead)
            })
            .take(old)
            .copied()
            .collect();
        if open.is_empty() {
            self.take_turns(&mut state.workers[worker], item, done);
        } else {
            state.workers[worker].asking = Asking::Look { item, done, open };
        }
    }

    pub(super) fn settle(&self, case: &mut Case, turn: Turn) {
        case.rep = turn.rep;
        case.number = turn.number;
        case.phase = if self.variant == Variant::SendBeforeWrite {
            Phase::TellEarly
        } else {
            Phase::Append
        };
    }

    /// Works out the item with a turn for every lead of the batch.
    pub(super) fn take_turns(&self, worker: &mut Worker, mut item: Item, done: u16) {
        let config = self.config(worker.is_off);
        let mut turns = item.turns();
        for case in worker
            .cases
            .iter_mut()
            .filter(|case| case.phase == Phase::Ready)
        {
            if self.variant == Variant::TurnNotLookedUp {
                turns.pending.retain(|turn| turn.lead != lead_id(case.lead));
            }
            let had_by: Vec<String> = case
                .had_by
                .iter()
                .flatten()
                .map(|rep| name_of(usize::from(*rep)))
                .collect();
            let wanted = Wanted {
                lead: lead_id(case.lead),
                round: u32::from(case.round),
                had_by: &had_by,
            };
            let now = moment(turns.taken as u8 + 1);
            let Ok(turn) = routing::take_turn(&config, POOL, &mut turns, wanted, now) else {
                panic!("every instance has somebody for every lead");
            };
            case.rep = rep_of(&turn.rep);
            case.number = turn.at.as_second() as u8;
        }
        item.take_over(&turns);
        worker.asking = Asking::Put { item, done };
    }

    /// The pool is written. False when somebody else was faster.
    pub(super) fn put(&self, state: &mut State, mut item: Item) -> bool {
        let is_first = state.item.version == item.version;
        if !is_first && self.variant != Variant::PoolWithoutCondition {
            return false;
        }
        item.version += 1;
        state.has_old_version |= item.version <= state.item.version;
        state.item = item;
        true
    }

    pub(super) fn do_pool(&self, state: &mut State, worker: usize, outcome: Answer) {
        let asking = std::mem::replace(&mut state.workers[worker].asking, Asking::Nothing);
        match asking {
            Asking::Nothing => {}
            Asking::Look {
                mut item,
                done,
                mut open,
            } => {
                let turn = open.remove(0);
                let history = state.leads[usize::from(turn.lead)];
                let is_off = state.workers[worker].is_off;
                self.look_after(&mut item, turn, &history, is_off);
                if open.is_empty() {
                    self.take_turns(&mut state.workers[worker], item, done);
                } else {
                    state.workers[worker].asking = Asking::Look { item, done, open };
                }
            }
            Asking::Put { item, done } => {
                let turns: Vec<Turn> = item.pending.clone();
                let is_done = self.put(state, item);
                let at_work = &mut state.workers[worker];
                at_work.has_written |= is_done;
                let mut returned = Vec::new();
                for case in at_work
                    .cases
                    .iter_mut()
                    .filter(|case| case.phase == Phase::Ready)
                {
                    let turn = turns
                        .iter()
                        .find(|turn| (turn.lead, turn.round) == (case.lead, case.round));
                    match (outcome, turn) {
                        (Answer::Comes, Some(turn)) if is_done => self.settle(case, *turn),
                        (Answer::Lost, _) => {
                            returned.push((case.lead, case.copies));
                            case.phase = Phase::Done;
                        }
                        _ => {
                            case.rep = 0;
                            case.number = 0;
                        }
                    }
                }
                if is_done && outcome == Answer::Comes {
                    at_work.confirmed &= !done;
                    self.share(state, worker);
                }
                for (lead, copies) in returned {
                    state.queue[usize::from(lead)] += copies;
                }
            }
            Asking::GiveBack { item, case } => {
                let is_done = self.put(state, item);
                state.workers[worker].has_written |= is_done;
                let at_work = &mut state.workers[worker].cases[usize::from(case)];
                match outcome {
                    Answer::Comes if is_done => at_work.phase = tell_or_done(at_work.about),
                    Answer::Lost => {
                        at_work.phase = Phase::Done;
                        state.queue[usize::from(at_work.lead)] += at_work.copies;
                    }
                    _ => {}
                }
            }
        }
    }

    /// Batches of one process remember the same.
    pub(super) fn share(&self, state: &mut State, worker: usize) {
        if self.is_one_process {
            let confirmed = state.workers[worker].confirmed;
            for other in &mut state.workers {
                other.confirmed = confirmed;
            }
        }
    }

    pub(super) fn append(&self, state: &mut State, worker: usize, case: usize, outcome: Answer) {
        let mut at_work = state.workers[worker].cases[case];
        let history = &mut state.leads[usize::from(at_work.lead)];
        let place = usize::from(at_work.seq);
        let is_free = history[place] == Entry::Free;
        if !is_free && self.variant != Variant::AppendWithoutCondition {
            at_work.phase = Phase::Reread;
            state.workers[worker].cases[case] = at_work;
            return;
        }
        state.is_overwritten |= !is_free;
        history[place] = Entry::Assigned {
            round: at_work.round,
            rep: at_work.rep,
            number: at_work.number,
        };
        state.workers[worker].has_written = true;
        match outcome {
            Answer::Comes => {
                state.workers[worker].confirmed |=
                    self.mark(at_work.lead, at_work.round, at_work.number);
                at_work.about = at_work.seq + 1;
                at_work.phase = Phase::Tell;
                self.share(state, worker);
            }
            Answer::Twice => at_work.phase = Phase::Reread,
            Answer::Lost => {
                at_work.phase = Phase::Done;
                state.queue[usize::from(at_work.lead)] += at_work.copies;
            }
        }
        state.workers[worker].cases[case] = at_work;
    }

    pub(super) fn reread(&self, state: &mut State, worker: usize, case: usize) {
        let is_off = state.workers[worker].is_off;
        let at_work = &mut state.workers[worker].cases[case];
        let history = &state.leads[usize::from(at_work.lead)];
        let view = self.view(history, is_off);
        at_work.about = view.about;
        let is_unused =
            self.variant == Variant::Built && !is_used(history, at_work.round, at_work.number);
        let is_wanted = view.needs_owner && view.rounds + 1 == at_work.round;
        if is_wanted || self.variant == Variant::OvertakenNotRead {
            at_work.seq = count(history);
            at_work.phase = Phase::Append;
        } else if view.rounds < at_work.round || is_unused {
            at_work.phase = Phase::GiveBack;
        } else {
            at_work.phase = tell_or_done(view.about);
        }
    }

    pub(super) fn read_to_give_back(&self, state: &mut State, worker: usize, case: usize) {
        let is_off = state.workers[worker].is_off;
        let at_work = state.workers[worker].cases[case];
        let mut item = state.item.clone();
        self.give_back(
            &mut item,
            at_work.lead,
            at_work.round,
            at_work.number,
            is_off,
        );
        if item == state.item {
            state.workers[worker].cases[case].phase = tell_or_done(at_work.about);
        } else {
            state.workers[worker].asking = Asking::GiveBack {
                item,
                case: case as u8,
            };
        }
    }

    pub(super) fn tell(&self, state: &mut State, worker: usize, case: usize, outcome: Answer) {
        let at_work = &mut state.workers[worker].cases[case];
        let lead = usize::from(at_work.lead);
        let about = if at_work.phase == Phase::TellEarly {
            at_work.seq + 1
        } else {
            at_work.about
        };
        let told = state.leads[lead][usize::from(about) - 1];
        state.is_early |= !matches!(told, Entry::Assigned { .. });
        state.told[lead] |= 1 << about;
        match (outcome, at_work.phase) {
            (Answer::Lost, _) => {
                state.queue[lead] += at_work.copies;
                at_work.phase = Phase::Done;
            }
            (_, Phase::TellEarly) => at_work.phase = Phase::Append,
            _ => at_work.phase = Phase::Done,
        }
    }

    pub(super) fn perform(&self, state: &mut State, worker: usize, case: usize, outcome: Answer) {
        match state.workers[worker].cases[case].phase {
            Phase::Open => self.open(state, worker, case),
            Phase::Append => self.append(state, worker, case, outcome),
            Phase::Reread => self.reread(state, worker, case),
            Phase::GiveBack => self.read_to_give_back(state, worker, case),
            Phase::Tell | Phase::TellEarly => self.tell(state, worker, case, outcome),
            Phase::Ready | Phase::Done => {}
        }
    }

    pub(super) fn takes(
        &self,
        state: &State,
        worker: u8,
        waiting: &[u8],
        actions: &mut Vec<Action>,
    ) {
        for (place, lead) in waiting.iter().enumerate() {
            actions.push(Action::Take {
                worker,
                leads: vec![*lead],
            });
            if self.batch == 1 {
                continue;
            }
            if state.queue[usize::from(*lead)] > 1 {
                actions.push(Action::Take {
                    worker,
                    leads: vec![*lead, *lead],
                });
            }
            for other in waiting.iter().skip(place + 1) {
                actions.push(Action::Take {
                    worker,
                    leads: vec![*lead, *other],
                });
            }
        }
    }

    pub(super) fn take(&self, state: &mut State, worker: usize, leads: &[u8]) {
        let is_off = state.is_off;
        let mut cases: Vec<Case> = Vec::new();
        for lead in leads {
            state.queue[usize::from(*lead)] -= 1;
            match cases.iter_mut().find(|case| case.lead == *lead) {
                Some(case) => case.copies += 1,
                None => cases.push(Case {
                    phase: Phase::Open,
                    lead: *lead,
                    copies: 1,
                    seq: 0,
                    round: 0,
                    rep: 0,
                    number: 0,
                    about: 0,
                    had_by: [None; 3],
                }),
            }
        }
        let is_single = cases.len() == 1;
        state.workers[worker].cases = cases;
        state.workers[worker].is_off = is_off;
        if is_single {
            self.open(state, worker, 0);
        }
    }

    /// The operation happens and its answer is lost. `None` when nothing would have been written.
    pub(super) fn lose(
        &self,
        state: &mut State,
        worker: usize,
        case: Option<u8>,
        outcome: Answer,
    ) -> Option<()> {
        let (leads, version, told) = (state.leads.clone(), state.item.version, state.told.clone());
        match case {
            Some(case) => self.perform(state, worker, usize::from(case), outcome),
            None => self.do_pool(state, worker, outcome),
        }
        state.lost -= 1;
        let has_happened = leads != state.leads || version != state.item.version;
        // Told again of the same, the message comes back all the same.
        (has_happened || told != state.told).then_some(())
    }

    pub(super) fn die(state: &mut State, worker: usize) {
        for case in std::mem::take(&mut state.workers[worker].cases) {
            state.queue[usize::from(case.lead)] += case.copies;
        }
        let at_work = &mut state.workers[worker];
        at_work.asking = Asking::Nothing;
        at_work.is_off = false;
        at_work.has_written = false;
        at_work.confirmed = 0;
    }

    /// Somebody else's step: a read and a write on condition, which succeeds only if nothing came between.
    pub(super) fn write(state: &mut State, lead: u8, entry: Entry) {
        let history = &mut state.leads[usize::from(lead)];
        let place = usize::from(count(history));
        history[place] = entry;
    }
}

/// What becomes of the answer to a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Comes,
    /// It is lost, and the message fails.
    Lost,
    /// It is lost, and the client library writes again.
    Twice,
}

pub(super) fn tell_or_done(about: u8) -> Phase {
    if about == 0 { Phase::Done } else { Phase::Tell }
}
