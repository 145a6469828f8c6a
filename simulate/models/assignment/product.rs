//! Where the model asks the product's own code: what a history means, and whose turn it is.

use std::collections::BTreeMap;

use domain::decision::{
    Assigned, Candidate, Decision, Engaged, Feedback, FeedbackKind, Outcome, Received, Recycled,
    Route, Ruling, Then, Verdict,
};
use domain::field::Fields;
use domain::id::SubmissionId;
use domain::lead::Lead;
use domain::routing::{Account, Turns};

use super::*;

pub(super) fn view_of(config: &Config, history: &History) -> View {
    let now = moment(0);
    let mut decisions: Vec<(Ruling, u8)> = Vec::new();
    for (entry, place) in history.iter().zip(1u8..) {
        match entry {
            Entry::Free => break,
            Entry::Received => decisions.push((
                Ruling::Received(Received {
                    submission: SubmissionId::from_bits(1),
                    source: String::new(),
                    received_at: now,
                    outcome: Outcome::Created,
                    matched: Vec::new(),
                    kept_apart: Vec::new(),
                    stays_with: None,
                    fields: Fields::new(),
                    facts: Fields::new(),
                    consent: BTreeMap::new(),
                    external_id: None,
                    visitor: None,
                    bought: None,
                    check_at: now,
                }),
                place,
            )),
            Entry::Other => {
                decisions.push((Ruling::Engaged(Engaged { events: Vec::new() }), place));
            }
            Entry::Rejected => {
                decisions.push((feedback(FeedbackKind::Rejected), place));
                let recycled = Recycled {
                    reason: "rejected".to_owned(),
                    rule: None,
                    then: Then::Reassign,
                    times: 1,
                };
                decisions.push((Ruling::Recycled(recycled), place));
            }
            Entry::Disqualified => {
                decisions.push((feedback(FeedbackKind::Disqualified), place));
            }
            Entry::Assigned { round, rep, .. } => decisions.push((
                Ruling::Assigned(Assigned {
                    round: u32::from(*round),
                    rep: name_of(usize::from(*rep)),
                    by: Route::default(),
                    turn: None,
                    candidates: Vec::new(),
                    sla: None,
                }),
                place,
            )),
        }
    }
    let rulings: Vec<Decision> = decisions
        .iter()
        .map(|(ruling, _)| Decision {
            at: now,
            config: String::new(),
            ruling: ruling.clone(),
        })
        .collect();
    let Some(lead) = Lead::after(lead_id(0), &rulings) else {
        return View::default();
    };
    let wants_owner = lead.wants_owner(now);
    let has_lost_owner = lead
        .owner
        .as_ref()
        .is_some_and(|owner| lead.stage.is_scored() && !routing::can_hold(config, &owner.rep));
    let about = lead
        .owner
        .as_ref()
        .and_then(|owner| decisions.get(owner.seq as usize - 1))
        .map_or(0, |(_, place)| *place);
    View {
        needs_owner: wants_owner || has_lost_owner,
        wants_owner,
        is_settled: !lead.stage.is_scored(),
        rounds: lead.rounds as u8,
        had_by: lead.had_by.clone(),
        about,
    }
}

pub(super) fn feedback(kind: FeedbackKind) -> Ruling {
    Ruling::Feedback(Feedback {
        kind,
        reason: None,
        by: None,
        happened_at: moment(0),
    })
}

impl Item {
    pub(super) fn new() -> Self {
        Self {
            version: 0,
            taken: 0,
            credit: [0; 2],
            given: [0; 2],
            last: [0; 2],
            pending: Vec::new(),
        }
    }

    pub(super) fn turns(&self) -> Turns {
        let accounts = (0..2)
            .filter(|rep| self.last[*rep] > 0 || self.credit[*rep] != 0)
            .map(|rep| {
                let account = Account {
                    credit: i64::from(self.credit[rep]),
                    given: u64::from(self.given[rep]),
                    last: u64::from(self.last[rep]),
                    day: String::new(),
                    today: 0,
                };
                (name_of(rep), account)
            })
            .collect();
        let pending = self
            .pending
            .iter()
            .map(|turn| routing::Turn {
                lead: lead_id(turn.lead),
                round: u32::from(turn.round),
                number: u64::from(turn.number),
                rep: name_of(usize::from(turn.rep)),
                at: moment(turn.number),
                candidates: (0..2)
                    .map(|rep| Candidate {
                        rep: name_of(rep),
                        verdict: if turn.took_part[rep] {
                            Verdict::Waiting { credit: 0 }
                        } else {
                            Verdict::Inactive
                        },
                    })
                    .collect(),
            })
            .collect();
        Turns {
            taken: u64::from(self.taken),
            accounts,
            pending,
        }
    }

    pub(super) fn take_over(&mut self, turns: &Turns) {
        self.taken = turns.taken as u8;
        for rep in 0..2 {
            let account = turns
                .accounts
                .get(&name_of(rep))
                .cloned()
                .unwrap_or_default();
            self.credit[rep] = account.credit as i8;
            self.given[rep] = account.given as u8;
            self.last[rep] = account.last as u8;
        }
        self.pending = turns.pending.iter().map(compact).collect();
    }

    pub(super) fn pending_of(&self, lead: u8, round: u8) -> Option<Turn> {
        self.pending
            .iter()
            .find(|turn| (turn.lead, turn.round) == (lead, round))
            .copied()
    }
}

pub(super) fn compact(turn: &routing::Turn) -> Turn {
    let mut took_part = [false; 2];
    for candidate in &turn.candidates {
        took_part[usize::from(rep_of(&candidate.rep))] = matches!(
            candidate.verdict,
            Verdict::Chosen { .. } | Verdict::Waiting { .. }
        );
    }
    Turn {
        lead: (turn.lead.bits() - 1) as u8,
        round: turn.round as u8,
        rep: rep_of(&turn.rep),
        number: turn.at.as_second() as u8,
        took_part,
    }
}
