use jiff::Timestamp;

use super::*;
use crate::decision::{Answer, Engaged, Enriched, How, Outcome, PassedOver};
use crate::field::{Field, Value};
use crate::id::{ErasureId, LeadId, SubmissionId};
use crate::lead::Lead;
use crate::routing::Turn;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn decision(second: i64, ruling: Ruling) -> Decision {
    Decision {
        at: at(second),
        config: "cfg_x".to_owned(),
        ruling,
    }
}

fn life() -> Vec<Decision> {
    let fields: Fields = [(Field::Email, Value::Text("ada@example.com".to_owned()))].into();
    let received = Received {
        submission: SubmissionId::from_bits(7),
        source: "website".to_owned(),
        received_at: at(0),
        outcome: Outcome::Created,
        matched: Vec::new(),
        kept_apart: Vec::new(),
        stays_with: None,
        fields: fields.clone(),
        facts: Fields::new(),
        consent: BTreeMap::new(),
        external_id: Some("ada-1".to_owned()),
        visitor: None,
        bought: None,
        check_at: at(600),
    };
    let enriched = Enriched {
        provider: "atlas".to_owned(),
        answer: Answer::Found,
        fields,
        attempt: 1,
        retry_at: Some(at(60)),
    };
    let assigned = Assigned {
        round: 1,
        rep: "mia".to_owned(),
        by: Route {
            how: How::Territory,
            territory: Some("dach".to_owned()),
            pool: Some("emea".to_owned()),
            passed_over: vec![PassedOver {
                name: "uk".to_owned(),
                because: "country is DE".to_owned(),
            }],
            empty_pools: Vec::new(),
        },
        turn: Some(3),
        candidates: Vec::new(),
        sla: None,
    };
    vec![
        decision(0, Ruling::Received(received)),
        decision(1, Ruling::Enriched(enriched)),
        decision(1, Ruling::Assigned(assigned)),
        decision(2, Ruling::Engaged(Engaged { events: Vec::new() })),
    ]
}

fn erased() -> Decision {
    let erased = Erased {
        erasure: ErasureId::from_bits(1),
        by: Some("mia".to_owned()),
        keys: Vec::new(),
    };
    decision(9, Ruling::Erased(erased))
}

#[test]
fn what_is_left_keeps_its_places_and_tells_nothing_of_the_person() {
    let emptied: Vec<Decision> = life().iter().map(Decision::emptied).collect();
    let text = serde_json::to_string(&emptied).unwrap();
    for datum in ["ada", "dach", "DE", "atlas"] {
        assert!(!text.contains(datum), "{datum} is in {text}");
    }
    let kinds: Vec<&str> = emptied.iter().map(|one| one.ruling.kind()).collect();
    assert_eq!(kinds, ["received", "emptied", "assigned", "emptied"]);
    let again: Vec<Decision> = emptied.iter().map(Decision::emptied).collect();
    assert_eq!(again, emptied, "a repeat changes nothing");
}

#[test]
fn an_erased_lead_knows_its_number_and_its_submissions_and_waits_for_nothing() {
    let whole: Vec<Decision> = life().into_iter().chain([erased()]).collect();
    let emptied: Vec<Decision> = whole.iter().map(Decision::emptied).collect();
    for decisions in [whole, emptied] {
        let lead = Lead::after(LeadId::from_bits(7), &decisions).unwrap();
        assert_eq!(lead.seq, 5, "whoever writes next takes the sixth place");
        assert!(lead.submissions.contains(&SubmissionId::from_bits(7)));
        assert!(lead.known.is_empty() && lead.owner.is_none());
        assert_eq!(lead.rounds, 1);
        assert!(!lead.wants_owner(at(1_000_000)));
        assert_eq!(lead.next_due(jiff::SignedDuration::from_secs(60)), None);
        let end = lead.erased.unwrap();
        assert_eq!((end.seq, end.at), (5, at(9)));
    }
}

#[test]
fn a_turn_that_came_true_is_still_known_to_have_done_so() {
    let Ruling::Assigned(assigned) = life()[2].emptied().ruling else {
        panic!("it is no assignment any more");
    };
    let turn = Turn {
        number: 3,
        lead: LeadId::from_bits(7),
        round: 1,
        rep: "mia".to_owned(),
        at: at(1),
        candidates: Vec::new(),
    };
    assert!(turn.led_to("emea", &assigned));
}
