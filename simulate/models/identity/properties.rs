//! What holds in every state, at the end of every run, or now and then.

use stateright::{Model, Property};

use super::{Entry, IDLE, Identity, NAMES, NOTHING, Record, State, merged_into, survivor, times};

/// Two people who share a phone number are in one lead.
pub(crate) const STRANGERS: &str = "two people who share a phone number stay two";
/// A submission went into a name that is an alias.
pub(crate) const BURIED: &str = "nothing is written behind an alias";
/// The gap that ARCHITECTURE.md names.
pub(crate) const TWO_LEADS: &str =
    "one person has two leads, made before a submission that names both";
/// A key changes hands.
pub(crate) const HANDS: &str = "a key never changes hands";
/// A history loses an entry.
pub(crate) const OVERWRITTEN: &str = "an entry of a history is never overwritten";
/// A submission counts twice.
pub(crate) const ONCE: &str = "a submission is in one history at most, once";
/// A lead is sent on too early.
pub(crate) const EARLY: &str = "no lead is sent on before it is written";
/// A submission gets lost, or has two outcomes.
pub(crate) const ONE_OUTCOME: &str = "at the end every submission has one outcome";
/// Two leads for one e-mail address.
pub(crate) const SAME_EMAIL: &str = "at the end one e-mail address is one lead";

impl Identity {
    pub(super) fn is_drained(state: &State) -> bool {
        let waiting = state.queue.iter().chain(&state.handed);
        waiting.into_iter().all(|copies| *copies == 0)
            && state.workers.iter().all(|worker| *worker == IDLE)
    }

    pub(super) fn submissions(&self) -> std::ops::Range<u8> {
        0..self.forms.len() as u8
    }

    /// How often a submission is in histories, of live leads and of aliases.
    pub(super) fn places(state: &State, submission: u8) -> (usize, usize) {
        let mut places = (0, 0);
        for history in &state.leads {
            match merged_into(history) {
                None => places.0 += times(history, submission),
                Some(_) => places.1 += times(history, submission),
            }
        }
        places
    }

    pub(super) fn live_lead(state: &State, submission: u8) -> Option<usize> {
        state
            .leads
            .iter()
            .position(|history| merged_into(history).is_none() && times(history, submission) > 0)
    }
}

/// Everything that is asked of every state.
pub(super) fn all() -> Vec<Property<Identity>> {
    vec![
        Property::<Identity>::always(HANDS, |_, state| !state.is_stolen),
        Property::<Identity>::always(OVERWRITTEN, |_, state| !state.is_overwritten),
        Property::<Identity>::always(EARLY, |_, state| !state.is_early),
        Property::<Identity>::always(
            "a key leads to one lead, by aliases that end",
            |_, state| {
                state
                    .claims
                    .iter()
                    .flatten()
                    .all(|claim| survivor(state, claim.lead).is_some())
            },
        ),
        Property::<Identity>::always(ONCE, |model, state| {
            model.submissions().all(|submission| {
                let (live, buried) = Identity::places(state, submission);
                live + buried <= 1
            })
        }),
        Property::<Identity>::always(BURIED, |model, state| {
            model
                .submissions()
                .all(|submission| Identity::places(state, submission).1 == 0)
        }),
        Property::<Identity>::always(STRANGERS, |model, state| {
            state.leads.iter().all(|history| {
                let people = |person| {
                    history.iter().any(|entry| {
                        matches!(entry, Entry::Received(submission)
                                if model.form(*submission).person == person
                                    && model.form(*submission).email.is_some())
                    })
                };
                !(people(0) && people(1))
            })
        }),
        Property::<Identity>::always(SAME_EMAIL, |model, state| {
            !Identity::is_drained(state)
                || model.submissions().all(|one| {
                    model.submissions().all(|other| {
                        let same = model.form(one).email.is_some()
                            && model.form(one).email == model.form(other).email;
                        let leads = (
                            Identity::live_lead(state, one),
                            Identity::live_lead(state, other),
                        );
                        !same || leads.0.is_none() || leads.1.is_none() || leads.0 == leads.1
                    })
                })
        }),
        Property::<Identity>::always(
            "at the end every key leads to a lead with a history",
            |_, state| {
                !Identity::is_drained(state)
                    || state.claims.iter().flatten().all(|claim| {
                        survivor(state, claim.lead)
                            .is_some_and(|lead| state.leads[usize::from(lead)] != NOTHING)
                    })
            },
        ),
        Property::<Identity>::always(ONE_OUTCOME, |model, state| {
            !Identity::is_drained(state)
                || model.submissions().all(|submission| {
                    let (live, buried) = Identity::places(state, submission);
                    match model.record(state, submission) {
                        Record::None => false,
                        Record::Lead(_) => live + buried == 1,
                        Record::Duplicate => live + buried == 0,
                    }
                })
        }),
        Property::<Identity>::always("at the end every lead was sent on", |_, state| {
            !Identity::is_drained(state)
                || (0..NAMES).all(|lead| {
                    let history = &state.leads[lead];
                    *history == NOTHING || merged_into(history).is_some() || state.is_sent[lead]
                })
        }),
        Property::<Identity>::always("a run ends only when everything is done", |model, state| {
            let mut actions = Vec::new();
            model.actions(state, &mut actions);
            !actions.is_empty() || Identity::is_drained(state)
        }),
        Property::<Identity>::sometimes(TWO_LEADS, |model, state| {
            Identity::is_drained(state)
                && model.submissions().any(|both| {
                    let form = model.form(both);
                    let names_both = form.email.is_some() && form.has_phone;
                    names_both
                        && model.submissions().any(|other| {
                            model.form(other).person == form.person
                                && Identity::live_lead(state, other)
                                    != Identity::live_lead(state, both)
                                && model.record(state, other) != Record::Duplicate
                                && model.record(state, both) != Record::Duplicate
                        })
                })
        }),
    ]
}
