use super::*;
use crate::decision::{ConsentSaid, Delivered, Engaged, Enriched, Outcome, Scored};
use crate::submission::Evidence;
use proptest::prelude::*;

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

fn fields(pairs: &[(Field, &str)]) -> Fields {
    pairs
        .iter()
        .map(|(field, text)| (field.clone(), Value::Text((*text).to_owned())))
        .collect()
}

fn received(submission: u128, second: i64, pairs: &[(Field, &str)]) -> Decision {
    let received = Received {
        submission: SubmissionId::from_bits(submission),
        source: "website".to_owned(),
        received_at: at(second),
        outcome: Outcome::Merged,
        matched: Vec::new(),
        kept_apart: Vec::new(),
        stays_with: None,
        fields: fields(pairs),
        facts: Fields::new(),
        consent: BTreeMap::new(),
        external_id: None,
        visitor: None,
        bought: None,
        check_at: at(second + 600),
    };
    decision(second, Ruling::Received(received))
}

fn enriched(second: i64, pairs: &[(Field, &str)]) -> Decision {
    let enriched = Enriched {
        provider: "atlas".to_owned(),
        answer: crate::decision::Answer::Found,
        fields: fields(pairs),
        attempt: 1,
        retry_at: None,
    };
    decision(second, Ruling::Enriched(enriched))
}

fn lead(decisions: &[Decision]) -> Lead {
    Lead::after(LeadId::from_bits(1), decisions).unwrap()
}

fn said(second: i64, granted: bool) -> Decision {
    let said = ConsentSaid {
        purpose: "marketing".to_owned(),
        consent: Consent {
            granted,
            at: at(second),
            text: None,
            evidence: Some(Box::new(Evidence {
                version: Some("2".to_owned()),
                ..Evidence::default()
            })),
        },
        reason: Some("asked by phone".to_owned()),
        by: None,
    };
    decision(second, Ruling::Consent(said))
}

#[test]
fn of_what_was_agreed_to_the_latest_stands_and_at_one_moment_a_no_does() {
    let first = received(1, 0, &[(Field::Email, "a@example.com")]);
    for (said, expected) in [
        ([said(10, true), said(20, false)], false),
        ([said(20, false), said(10, true)], false),
        ([said(10, false), said(20, true)], true),
        ([said(10, true), said(10, false)], false),
        ([said(10, false), said(10, true)], false),
    ] {
        let [one, two] = said;
        let lead = lead(&[first.clone(), one, two]);
        assert_eq!(lead.agreed_to("marketing"), Some(expected));
    }
    assert_eq!(lead(&[first]).agreed_to("marketing"), None);
}

#[test]
fn what_was_said_of_consent_survives_being_stored() {
    let withheld = Ruling::Delivered(Delivered {
        id: DeliveryId::from_bits(1),
        destination: "newsletter".to_owned(),
        about: 2,
        status: DeliveryStatus::Withheld {
            purpose: "marketing".to_owned(),
            refused: true,
        },
    });
    for decision in [said(10, false), decision(20, withheld)] {
        let stored = serde_json::to_string(&decision).unwrap();
        assert_eq!(serde_json::from_str::<Decision>(&stored).unwrap(), decision);
    }
}

#[test]
fn there_is_no_lead_without_a_decision() {
    assert_eq!(Lead::after(LeadId::from_bits(1), []), None);
}

#[test]
fn a_newer_value_stands_and_nothing_is_blanked() {
    let merged = lead(&[
        received(1, 0, &[(Field::City, "Berlin"), (Field::Title, "CMO")]),
        received(2, 10, &[(Field::City, "Hamburg")]),
    ]);
    assert_eq!(
        (merged.text(&Field::City), merged.text(&Field::Title)),
        (Some("Hamburg"), Some("CMO"))
    );
    assert_eq!(
        merged.known[&Field::City].origin,
        Origin::Submission(SubmissionId::from_bits(2))
    );
}

#[test]
fn what_a_person_says_beats_what_a_provider_says_whenever_it_came() {
    let said = received(1, 0, &[(Field::Company, "Example GmbH")]);
    let found = enriched(
        50,
        &[
            (Field::Company, "Example Holding"),
            (Field::Industry, "Software"),
        ],
    );
    let known = lead(&[said, found]);
    assert_eq!(
        (known.text(&Field::Company), known.text(&Field::Industry)),
        (Some("Example GmbH"), Some("Software"))
    );
}

#[test]
fn attribution_is_that_of_the_first_submission_that_has_any() {
    let first = received(
        1,
        0,
        &[(Field::UtmSource, "google"), (Field::UtmCampaign, "spring")],
    );
    let second = received(
        2,
        10,
        &[(Field::UtmSource, "newsletter"), (Field::UtmTerm, "crm")],
    );
    let known = lead(&[first, second]);
    assert_eq!(
        (known.text(&Field::UtmSource), known.text(&Field::UtmTerm)),
        (Some("google"), None)
    );
}

#[test]
fn an_event_is_credited_once() {
    let event = Behaviour {
        id: EventId::from_bits(7),
        kind: "email_opened".to_owned(),
        at: at(1),
    };
    let engaged = decision(
        2,
        Ruling::Engaged(Engaged {
            events: vec![event.clone(), event],
        }),
    );
    let known = lead(&[received(1, 0, &[]), engaged.clone(), engaged]);
    assert_eq!(known.behaviour.len(), 1);
}

#[test]
fn the_last_change_of_stage_is_found() {
    let scored = |second, stage| {
        decision(
            second,
            Ruling::Scored(Scored {
                score: Score::default(),
                stage,
                points: Vec::new(),
                considered: 1,
            }),
        )
    };
    let decisions = [
        received(1, 0, &[]),
        scored(1, Stage::Lead),
        scored(2, Stage::Mql),
        scored(3, Stage::Mql),
    ];
    assert_eq!(last_stage_change(&decisions[..2]), None);
    assert_eq!(last_stage_change(&decisions[..3]), Some(3));
    assert_eq!(last_stage_change(&decisions), None);
}

/// Submission, second of arrival, and fields by number.
type Part = (u128, i64, Vec<(usize, String)>);

fn submission() -> impl Strategy<Value = Part> {
    (
        1u128..6,
        0i64..100,
        proptest::collection::vec((0usize..4, "[a-z]{1,6}"), 0..5),
    )
}

fn build(parts: &[Part]) -> Vec<Decision> {
    let names = [Field::City, Field::Title, Field::Company, Field::FirstName];
    parts
        .iter()
        .map(|(submission, second, pairs)| {
            let pairs: Vec<(Field, &str)> = pairs
                .iter()
                .map(|(index, text)| (names[*index].clone(), text.as_str()))
                .collect();
            received(*submission, *second, &pairs)
        })
        .collect()
}

proptest! {
    #[test]
    fn merging_is_idempotent(parts in proptest::collection::vec(submission(), 1..6)) {
        let decisions = build(&parts);
        let once = lead(&decisions);
        let twice = lead(&decisions.iter().chain(&decisions).cloned().collect::<Vec<_>>());
        prop_assert_eq!(once.known, twice.known);
        prop_assert_eq!(once.submissions, twice.submissions);
    }

    #[test]
    fn what_is_known_does_not_depend_on_the_order_of_arrival(mut parts in proptest::collection::vec(submission(), 1..6), by in 0usize..6) {
        // A submission has one content: two parts with one id are a repeat.
        let mut seen = std::collections::BTreeSet::new();
        parts.retain(|part| seen.insert(part.0));
        let decisions = build(&parts);
        let mut other = decisions.clone();
        other.rotate_left(by % decisions.len());
        prop_assert_eq!(lead(&decisions).known, lead(&other).known);
    }

    #[test]
    fn a_decision_survives_being_stored(parts in proptest::collection::vec(submission(), 1..4)) {
        for decision in build(&parts) {
            let stored = serde_json::to_string(&decision).unwrap();
            prop_assert_eq!(serde_json::from_str::<Decision>(&stored).unwrap(), decision);
        }
    }
}
