//! What a worker does: the operations of `enrich` in their order, each as one step.

use std::sync::{Arc, PoisonError};

use domain::decision::KeyKind;
use domain::field::Fields;
use domain::id::LeadId;
use domain::identity::{Claimant, Holder, resolve};
use domain::lead::Lead;

use super::*;

impl Identity {
    /// An instance without faults.
    pub(crate) fn new(workers: usize, variant: Variant, forms: &[(Form, u8)]) -> Self {
        Self {
            workers,
            forms: forms.to_vec(),
            crashes: 0,
            lost: 0,
            others: 0,
            variant,
            known: Arc::default(),
        }
    }

    /// The same with faults.
    pub(crate) fn with(self, crashes: u8, lost: u8, others: u8) -> Self {
        Self {
            crashes,
            lost,
            others,
            ..self
        }
    }

    pub(super) fn form(&self, submission: u8) -> &Form {
        &self.forms[usize::from(submission)].0
    }

    pub(super) fn is_repaired(&self) -> bool {
        self.variant == Variant::AliasFollowed || self.tells()
    }

    /// Whether a claim tells whose it is.
    fn tells(&self) -> bool {
        self.variant == Variant::Built || self.hands_over()
    }

    fn hands_over(&self) -> bool {
        matches!(
            self.variant,
            Variant::HandedOver | Variant::HandedOverAndForgotten
        )
    }

    /// What the product's own code decides: the lead, and whether the own name becomes an alias.
    pub(super) fn decide(&self, submission: u8, seen: [Seen; 2]) -> (u8, bool) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        *known.entry((submission, seen)).or_insert_with(|| {
            let form = self.form(submission);
            let found: Vec<(KeyKind, u8, Option<Lead>)> = form
                .keys()
                .zip(seen)
                .filter_map(|((kind, _), seen)| match seen {
                    Seen::Known { lead, history } => {
                        let received: Vec<(u8, Fields)> = history
                            .iter()
                            .filter_map(|entry| match entry {
                                Entry::Received(other) => {
                                    Some((*other, self.form(*other).fields(true, true)))
                                }
                                _ => None,
                            })
                            .collect();
                        Some((kind, lead, lead_of(lead, &received)))
                    }
                    Seen::Unmade { lead, by } => {
                        let tells = self.tells()
                            && kind == KeyKind::Phone
                            && lead != submission
                            && self.form(by).email.is_some();
                        let claimant = tells
                            .then(|| lead_of(lead, &[(by, self.form(by).fields(true, false))]))
                            .flatten();
                        Some((kind, lead, claimant))
                    }
                    _ => None,
                })
                .collect();
            let holders: Vec<Holder<'_>> = found
                .iter()
                .map(|(key, lead, known)| Holder {
                    key: *key,
                    lead: id(*lead).lead(),
                    known: known.as_ref(),
                    // What a claim tells is `known` here, in the variant where it does.
                    claimant: Claimant::default(),
                })
                .collect();
            let resolution = resolve(
                id(submission),
                &form.fields(true, true),
                &Claimant::default(),
                &holders,
            );
            let lead = (0..NAMES as u8)
                .find(|name| id(*name).lead() == resolution.lead)
                .unwrap_or(submission);
            debug_assert_eq!(resolution.lead, LeadId::from_bits(u128::from(lead) + 1));
            (lead, resolution.alias_own)
        })
    }

    /// What `Table::submission` reads. Its second read, made when a lead of that name hides the record, is one with the
    /// first: a record comes and stays.
    pub(super) fn record(&self, state: &State, submission: u8) -> Record {
        let name = usize::from(submission);
        if state.leads[name][0] == Entry::Received(submission) {
            return Record::Lead(submission);
        }
        state.records[name]
    }

    pub(super) fn take(&self, state: &mut State, worker: usize, submission: u8) {
        state.queue[usize::from(submission)] -= 1;
        let mut taken = Worker {
            submission,
            phase: Phase::Holders,
            ..IDLE
        };
        let known = match self.variant {
            Variant::RepeatNotLookedUp => Record::None,
            _ => self.record(state, submission),
        };
        match known {
            Record::Lead(lead) => {
                taken.phase = Phase::Send;
                taken.lead = lead;
            }
            Record::Duplicate => taken = IDLE,
            Record::None => {
                if let Some(earlier) = self.form(submission).earlier
                    && self.record(state, earlier) != Record::None
                {
                    taken.phase = Phase::NoteRepeat;
                }
            }
        }
        state.workers[worker] = taken;
    }

    pub(super) fn next_round(&self, state: &mut State, worker: usize) {
        let before = state.workers[worker];
        if before.round + 1 == ROUNDS {
            state.queue[usize::from(before.submission)] += 1;
            state.workers[worker] = IDLE;
            return;
        }
        state.workers[worker] = Worker {
            phase: Phase::Holders,
            submission: before.submission,
            round: before.round + 1,
            has_written: before.has_written,
            ..IDLE
        };
    }

    pub(super) fn read_key(&self, state: &mut State, worker: usize, place: usize) {
        let at_work = &mut state.workers[worker];
        let Some((_, key)) = self.form(at_work.submission).keys().nth(place) else {
            return;
        };
        at_work.seen[place] = match state.claims[key] {
            None => Seen::Free,
            Some(claim) => Seen::Held {
                first: claim.lead,
                at: claim.lead,
                by: claim.by,
            },
        };
        self.look_on(state, worker);
    }

    /// Reads the next lead behind a key.
    pub(super) fn follow(&self, state: &mut State, worker: usize) {
        let mut at_work = state.workers[worker];
        for seen in &mut at_work.seen {
            if let Seen::Held { first, at, by } = *seen {
                let history = state.leads[usize::from(at)];
                *seen = match merged_into(&history) {
                    Some(next) => Seen::Held {
                        first,
                        at: next,
                        by,
                    },
                    None if history == NOTHING => Seen::Unmade {
                        lead: if self.is_repaired() { at } else { first },
                        by,
                    },
                    None => Seen::Known { lead: at, history },
                };
                break;
            }
        }
        state.workers[worker] = at_work;
        self.look_on(state, worker);
    }

    /// Resolves when every key was read and followed.
    pub(super) fn look_on(&self, state: &mut State, worker: usize) {
        let at_work = state.workers[worker];
        let keys = self.form(at_work.submission).keys().count();
        let is_open = at_work
            .seen
            .iter()
            .take(keys)
            .any(|seen| matches!(seen, Seen::Unread | Seen::Held { .. }));
        if is_open {
            return;
        }
        let (lead, needs_alias) = self.decide(at_work.submission, at_work.seen);
        let target = at_work.seen.iter().find_map(|seen| match seen {
            Seen::Known {
                lead: known,
                history,
            } if *known == lead => Some(*history),
            _ => None,
        });
        let mut unclaimed = [false; 2];
        for (place, seen) in at_work.seen.iter().take(keys).enumerate() {
            unclaimed[place] = *seen == Seen::Free;
        }
        state.workers[worker] = Worker {
            phase: Phase::Target,
            seen: [Seen::Unread; 2],
            lead,
            needs_alias,
            unclaimed,
            ..at_work
        };
        if let Some(target) = target {
            self.go_on(state, worker, target);
        }
    }

    /// Goes on when the history of the lead is known.
    pub(super) fn go_on(&self, state: &mut State, worker: usize, target: History) {
        let at_work = &mut state.workers[worker];
        let is_done = times(&target, at_work.submission) > 0;
        if is_done && self.variant != Variant::RepeatNotLookedUp {
            *at_work = Worker {
                phase: Phase::Send,
                submission: at_work.submission,
                lead: at_work.lead,
                has_written: at_work.has_written,
                ..IDLE
            };
            return;
        }
        if self.is_repaired() && merged_into(&target).is_some() {
            return self.next_round(state, worker);
        }
        at_work.target = target;
        at_work.phase = Phase::Claim;
        if at_work.needs_alias {
            at_work.phase = Phase::Alias;
        } else {
            self.claims_done(state, worker);
        }
    }

    pub(super) fn claims_done(&self, state: &mut State, worker: usize) {
        let at_work = &mut state.workers[worker];
        if at_work.unclaimed.contains(&true) {
            at_work.phase = Phase::Claim;
        } else if self.variant == Variant::SendBeforeWrite {
            at_work.phase = Phase::SendEarly;
        } else if self.hands_over()
            && at_work.target == NOTHING
            && at_work.lead == at_work.submission
        {
            at_work.phase = Phase::HandOver;
        } else {
            at_work.phase = Phase::Write;
        }
    }

    pub(super) fn alias(&self, state: &mut State, worker: usize, twice: bool) -> bool {
        let at_work = &mut state.workers[worker];
        let own = usize::from(at_work.submission);
        let is_free = state.leads[own] == NOTHING;
        if is_free {
            state.leads[own][0] = Entry::MergedInto(at_work.lead);
            at_work.has_written = true;
            at_work.needs_alias = false;
        }
        if is_free && !twice {
            self.claims_done(state, worker);
        } else {
            self.next_round(state, worker);
        }
        is_free
    }

    pub(super) fn claim(&self, state: &mut State, worker: usize) {
        let at_work = &mut state.workers[worker];
        let Some(place) = at_work.unclaimed.iter().position(|open| *open) else {
            return;
        };
        let Some((_, key)) = self.form(at_work.submission).keys().nth(place) else {
            return;
        };
        let lead = at_work.lead;
        let is_free = state.claims[key].is_none_or(|claim| claim.lead == lead);
        if !is_free && self.variant != Variant::ClaimWithoutCondition {
            return self.next_round(state, worker);
        }
        let by = if self.tells() { at_work.submission } else { 0 };
        state.is_stolen |= !is_free;
        state.claims[key] = Some(Claim { lead, by });
        at_work.has_written = true;
        at_work.unclaimed[place] = false;
        self.claims_done(state, worker);
    }

    pub(super) fn write(&self, state: &mut State, worker: usize, twice: bool) -> bool {
        let at_work = state.workers[worker];
        let (lead, name) = (usize::from(at_work.lead), usize::from(at_work.submission));
        let seq = count(&at_work.target);
        let is_plain = at_work.target == NOTHING && at_work.lead == at_work.submission;
        let is_free = state.leads[lead][seq] == Entry::Free;
        let is_allowed = is_free || self.variant == Variant::AppendWithoutCondition;
        let fits = is_allowed
            && (is_plain
                || state.records[name] == Record::None
                || self.variant == Variant::RepeatNotLookedUp);
        if fits {
            state.is_overwritten |= !is_free;
            state.leads[lead][seq] = Entry::Received(at_work.submission);
            state.is_sent[lead] = false;
            if !is_plain {
                state.records[name] = Record::Lead(at_work.lead);
            }
            state.workers[worker].has_written = true;
        }
        if fits && !twice {
            state.workers[worker] = Worker {
                phase: Phase::Send,
                submission: at_work.submission,
                lead: at_work.lead,
                has_written: true,
                ..IDLE
            };
        } else {
            self.next_round(state, worker);
        }
        fits && is_plain
    }

    /// `assign` reads the lead whose first decisions it was given, behind aliases.
    pub(super) fn open(&self, state: &mut State, worker: usize, lead: u8) {
        let taken = Worker {
            is_of_assign: true,
            submission: lead,
            lead,
            ..IDLE
        };
        let Some(there) = survivor(state, lead) else {
            state.handed[usize::from(lead)] += 1;
            return;
        };
        let history = state.leads[usize::from(there)];
        if history == NOTHING {
            state.workers[worker] = if there == lead {
                Worker {
                    phase: Phase::WriteFirst,
                    ..taken
                }
            } else {
                // An alias whose lead is not made yet: an error, and the message comes again.
                state.handed[usize::from(lead)] += 1;
                IDLE
            };
            return;
        }
        let is_in = times(&history, lead) > 0;
        if !is_in && self.variant != Variant::HandedOverAndForgotten {
            state.queue[usize::from(lead)] += 1;
        }
        if is_in {
            state.workers[worker] = Worker {
                phase: Phase::Send,
                lead: there,
                ..taken
            };
        } else {
            // The lead that is there is looked after all the same.
            state.is_sent[usize::from(there)] = true;
            state.workers[worker] = IDLE;
        }
    }

    /// `assign` writes the first decisions on condition that there are none.
    pub(super) fn write_first(&self, state: &mut State, worker: usize, twice: bool) -> bool {
        let at_work = state.workers[worker];
        let lead = usize::from(at_work.lead);
        let is_free = state.leads[lead] == NOTHING;
        if is_free {
            state.leads[lead][0] = Entry::Received(at_work.submission);
            state.is_sent[lead] = false;
        }
        if is_free && !twice {
            state.workers[worker] = Worker {
                phase: Phase::Send,
                has_written: true,
                ..at_work
            };
        } else {
            self.open(state, worker, at_work.lead);
            state.workers[worker].has_written |= is_free;
        }
        is_free
    }

    pub(super) fn send(&self, state: &mut State, worker: usize) {
        let at_work = state.workers[worker];
        let is_written = state
            .leads
            .iter()
            .any(|history| times(history, at_work.submission) > 0);
        state.is_early |= !is_written;
        if let Some(lead) = survivor(state, at_work.lead) {
            state.is_sent[usize::from(lead)] = true;
        }
    }

    pub(super) fn perform(&self, state: &mut State, worker: usize) {
        match state.workers[worker].phase {
            Phase::Idle => {}
            Phase::NoteRepeat => {
                let name = usize::from(state.workers[worker].submission);
                if state.records[name] == Record::None {
                    state.records[name] = Record::Duplicate;
                }
                state.workers[worker] = IDLE;
            }
            Phase::Holders => self.follow(state, worker),
            Phase::Target => {
                let target = state.leads[usize::from(state.workers[worker].lead)];
                self.go_on(state, worker, target);
            }
            Phase::Alias => {
                self.alias(state, worker, false);
            }
            Phase::Claim => self.claim(state, worker),
            Phase::SendEarly => {
                self.send(state, worker);
                state.workers[worker].phase = Phase::Write;
            }
            Phase::Write => {
                self.write(state, worker, false);
            }
            Phase::Send => {
                self.send(state, worker);
                state.workers[worker] = IDLE;
            }
            Phase::HandOver => {
                let at_work = &mut state.workers[worker];
                at_work.phase = Phase::HandedOver;
                at_work.has_written = true;
                state.handed[usize::from(at_work.submission)] += 1;
            }
            Phase::HandedOver => state.workers[worker] = IDLE,
            Phase::WriteFirst => {
                self.write_first(state, worker, false);
            }
        }
    }
}
