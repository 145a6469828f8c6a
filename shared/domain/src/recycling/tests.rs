use super::*;
use crate::config::{RecyclingRule, SlaRule};
use crate::decision::{
    Assigned, Decision, Feedback, FeedbackKind, How, Outcome, Received, Route, SlaClock, Stage,
};
use crate::field::Fields;
use crate::id::{LeadId, SubmissionId};
use std::collections::BTreeMap;

fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + minute * 60).unwrap()
}

fn config() -> Config {
    let rule = |name: &str, reason: &str, wait_days, max_times| RecyclingRule {
        name: name.to_owned(),
        reason: reason.to_owned(),
        wait_days,
        max_times,
    };
    let mut config = Config::default();
    config.slas.insert(
        "fast".to_owned(),
        SlaRule {
            first_response_minutes: 30,
            calendar: None,
        },
    );
    config.recycling.rules = vec![
        rule("no_response", NO_RESPONSE, 0, 2),
        rule("not_now", "not_now", 90, 1),
        rule("others", "*", 0, 1),
    ];
    config
}

fn decision(minute: i64, ruling: Ruling) -> Decision {
    Decision {
        at: at(minute),
        config: "cfg_x".to_owned(),
        ruling,
    }
}

fn received(minute: i64) -> Decision {
    let received = Received {
        submission: SubmissionId::from_bits(1),
        source: "website".to_owned(),
        received_at: at(minute),
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
        check_at: first_check(&config(), at(minute)),
    };
    decision(minute, Ruling::Received(received))
}

fn assigned(minute: i64, round: u32, rep: &str) -> Decision {
    let assigned = Assigned {
        round,
        rep: rep.to_owned(),
        by: Route {
            how: How::Fallback,
            ..Route::default()
        },
        turn: None,
        candidates: Vec::new(),
        sla: Some(SlaClock {
            name: "fast".to_owned(),
            due_at: at(minute + 30),
        }),
    };
    decision(minute, Ruling::Assigned(assigned))
}

fn feedback(minute: i64, kind: FeedbackKind) -> Decision {
    decision(
        minute,
        Ruling::Feedback(Feedback {
            kind,
            reason: None,
            by: None,
            happened_at: at(minute),
        }),
    )
}

fn lead(decisions: &[Decision]) -> Lead {
    Lead::after(LeadId::from_bits(1), decisions).unwrap()
}

#[test]
fn a_lead_that_got_stuck_is_sent_on_after_its_patience_and_not_before() {
    let new = lead(&[received(0)]);
    assert_eq!(due(&config(), &new, at(9)), []);
    assert_eq!(due(&config(), &new, at(10)), [Due::SendOn]);
}

#[test]
fn nobody_responding_is_due_at_the_deadline_and_once() {
    let mut owned = lead(&[received(0), assigned(1, 1, "ada")]);
    assert_eq!(due(&config(), &owned, at(30)), []);
    assert_eq!(due(&config(), &owned, at(31)), [Due::NoResponse]);
    for ruling in breach(&config(), &owned, at(31)) {
        owned.apply(&decision(31, ruling));
    }
    assert_eq!(due(&config(), &owned, at(32)), []);
    assert!(owned.wants_owner(at(32)), "somebody else has to be found");
    assert_eq!(
        due(&config(), &owned, at(41)),
        [Due::SendOn],
        "and is, even if the message gets lost"
    );
}

#[test]
fn a_response_stops_the_clock_and_a_rejection_is_none() {
    for kind in [
        FeedbackKind::Contacted,
        FeedbackKind::Accepted,
        FeedbackKind::Qualified,
        FeedbackKind::Converted,
        FeedbackKind::Disqualified,
    ] {
        let answered = lead(&[received(0), assigned(1, 1, "ada"), feedback(20, kind)]);
        assert_eq!(due(&config(), &answered, at(1_000)), [], "{kind:?}");
    }
    let rejected = lead(&[
        received(0),
        assigned(1, 1, "ada"),
        feedback(20, FeedbackKind::Rejected),
    ]);
    assert_eq!(due(&config(), &rejected, at(31)), [Due::NoResponse]);
}

#[test]
fn the_last_owner_keeps_a_lead_when_the_rule_allows_no_more() {
    let mut owned = lead(&[received(0), assigned(1, 1, "ada")]);
    let mut thens = Vec::new();
    for round in 2..=4 {
        for ruling in breach(&config(), &owned, at(31 * i64::from(round))) {
            if let Ruling::Recycled(recycled) = &ruling {
                thens.push((recycled.times, recycled.then.clone()));
            }
            owned.apply(&decision(31 * i64::from(round), ruling));
        }
        owned.apply(&assigned(31 * i64::from(round), round, "grace"));
    }
    assert_eq!(
        thens,
        [(1, Then::Reassign), (2, Then::Reassign), (3, Then::Keep)]
    );
}

#[test]
fn a_rejection_follows_the_rule_for_its_reason() {
    let mut owned = lead(&[received(0), assigned(1, 1, "ada")]);
    let not_now = send_back(&config(), &owned, "not_now", at(5));
    assert_eq!(
        not_now.then,
        Then::Wait {
            until: at(5 + 90 * 24 * 60)
        }
    );
    assert_eq!(
        send_back(&config(), &owned, "wrong_region", at(5))
            .rule
            .as_deref(),
        Some("others")
    );
    owned.apply(&decision(5, Ruling::Recycled(not_now)));
    assert_eq!(
        (owned.stage, owned.owner.is_none()),
        (Stage::Recycled, true)
    );
    assert_eq!(due(&config(), &owned, at(6)), []);
    assert_eq!(
        due(&config(), &owned, at(5 + 90 * 24 * 60)),
        [Due::CooledOff]
    );
    assert_eq!(
        send_back(&config(), &owned, "not_now", at(7)).then,
        Then::Rest
    );
    assert_eq!(
        send_back(&Config::default(), &owned, "not_now", at(7)).then,
        Then::Rest
    );
}

#[test]
fn one_entry_serves_a_new_lead_until_its_first_deadline() {
    let config = config();
    let new = lead(&[received(0)]);
    let first = arm_at(&config, None, &new, at(0));
    assert_eq!(first, Some(at(10)));
    let owned = lead(&[received(0), assigned(1, 1, "ada")]);
    assert_eq!(
        arm_at(&config, Some(&new), &owned, at(1)),
        None,
        "the first check comes before the deadline"
    );
    assert_eq!(
        arm_at(&config, Some(&new), &owned, at(11)),
        Some(at(31)),
        "the first check is over"
    );
    let answered = lead(&[
        received(0),
        assigned(1, 1, "ada"),
        feedback(2, FeedbackKind::Contacted),
    ]);
    assert_eq!(arm_at(&config, Some(&owned), &answered, at(2)), None);
}
