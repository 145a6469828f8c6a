//! What holds in every state, at the end of every run, or now and then.

use stateright::{Model, Property};

use super::{Assignment, Entry, State};

/// A rep is charged for a lead that somebody else, or nobody, got.
pub(crate) const CHARGED: &str = "at the end every rep was charged once for each lead it got";
/// A rep is not charged for a lead.
pub(crate) const UNCHARGED: &str = "at the end no rep has a lead that it was not charged for";
/// Two turns or more are lost.
pub(crate) const BOUND: &str = "at the end at most one turn too many was charged";
/// Two owners in one round.
pub(crate) const ONE_OWNER: &str = "a lead has one owner in each round";
/// A history loses an entry.
pub(crate) const OVERWRITTEN: &str = "an entry of a history is never overwritten";
/// The pool goes back.
pub(crate) const VERSION: &str = "the version of the pool only rises";
/// News before the write.
pub(crate) const EARLY: &str = "no destination is told before the lead is written";
/// The model gets somewhere.
pub(crate) const FINISHED: &str = "everything is done";
/// Leads are spread unevenly.
pub(crate) const FAIR: &str = "no rep is a lead and a half away from the fair share";

impl Assignment {
    pub(super) fn is_drained(state: &State) -> bool {
        state.queue.iter().all(|copies| *copies == 0)
            && state.workers.iter().all(|worker| worker.cases.is_empty())
    }

    /// Leads given to each rep, by the histories.
    pub(super) fn assigned(state: &State) -> [i32; 2] {
        let mut assigned = [0; 2];
        for entry in state.leads.iter().flatten() {
            if let Entry::Assigned { rep, .. } = entry {
                assigned[usize::from(*rep)] += 1;
            }
        }
        assigned
    }

    /// Leads that each rep was charged for, once all that is pending has been looked after.
    pub(super) fn charged(&self, state: &State) -> [i32; 2] {
        let mut item = state.item.clone();
        for turn in state.item.pending.clone() {
            let history = state.leads[usize::from(turn.lead)];
            self.look_after(&mut item, turn, &history, state.is_off);
        }
        item.given.map(i32::from)
    }

    /// How far the charges are from what was assigned, over both reps.
    pub(super) fn miscount(&self, state: &State) -> [i32; 2] {
        let (charged, assigned) = (self.charged(state), Self::assigned(state));
        [charged[0] - assigned[0], charged[1] - assigned[1]]
    }
}

/// Everything that is asked of every state.
pub(super) fn all() -> Vec<Property<Assignment>> {
    vec![
        Property::<Assignment>::always(ONE_OWNER, |_, state| {
            state.leads.iter().all(|history| {
                let mut round = 0;
                history.iter().all(|entry| match entry {
                    Entry::Assigned { round: next, .. } => {
                        round += 1;
                        *next == round
                    }
                    _ => true,
                })
            })
        }),
        Property::<Assignment>::always(OVERWRITTEN, |_, state| !state.is_overwritten),
        Property::<Assignment>::always(VERSION, |_, state| !state.has_old_version),
        Property::<Assignment>::always(EARLY, |_, state| !state.is_early),
        Property::<Assignment>::always("credits add up to nothing", |_, state| {
            state.item.credit.iter().sum::<i8>() == 0
        }),
        Property::<Assignment>::always(
            "no lead has two pending turns for one round",
            |_, state| {
                let pending = &state.item.pending;
                pending.iter().all(|turn| {
                    pending
                        .iter()
                        .filter(|other| (other.lead, other.round) == (turn.lead, turn.round))
                        .count()
                        == 1
                })
            },
        ),
        Property::<Assignment>::always(FAIR, |model, state| {
            let is_plain =
                model.rejections == 0 && model.disqualifications == 0 && !model.may_switch_off;
            let (one, other) = (model.weights[0] as i32, model.weights[1] as i32);
            // Twice the distance times the sum of weights, to stay with whole numbers.
            let is_fair = |leads: [i32; 2]| {
                let all = leads[0] + leads[1];
                2 * (leads[0] * (one + other) - all * one).abs() < 3 * (one + other)
            };
            !is_plain
                || (is_fair(state.item.given.map(i32::from))
                    && (!Assignment::is_drained(state) || is_fair(Assignment::assigned(state))))
        }),
        Property::<Assignment>::always(CHARGED, |model, state| {
            !Assignment::is_drained(state) || model.miscount(state).iter().all(|off| *off <= 0)
        }),
        Property::<Assignment>::always(UNCHARGED, |model, state| {
            !Assignment::is_drained(state) || model.miscount(state).iter().all(|off| *off >= 0)
        }),
        Property::<Assignment>::always(BOUND, |model, state| {
            !Assignment::is_drained(state) || model.miscount(state).iter().sum::<i32>() <= 1
        }),
        Property::<Assignment>::always(
            "at the end a lead has an owner who was told of, or sales settled it",
            |model, state| {
                !Assignment::is_drained(state)
                    || state.leads.iter().zip(&state.told).all(|(history, told)| {
                        let view = model.view(history, false);
                        view.is_settled
                            || (!view.wants_owner
                                && view.about > 0
                                && told & (1 << view.about) != 0)
                    })
            },
        ),
        Property::<Assignment>::always(
            "a run ends only when everything is done",
            |model, state| {
                let mut actions = Vec::new();
                model.actions(state, &mut actions);
                !actions.is_empty() || Assignment::is_drained(state)
            },
        ),
        Property::<Assignment>::sometimes(FINISHED, |_, state| Assignment::is_drained(state)),
    ]
}
