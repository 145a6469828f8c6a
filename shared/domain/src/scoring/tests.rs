use super::*;
use crate::condition::{Condition, FieldName, Test};
use crate::config::{EngagementRule, FitRule};
use crate::field::{Field, Value};
use crate::id::EventId;
use jiff::ToSpan;
use proptest::prelude::*;

fn now() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

fn scoring() -> Scoring {
    let rule = |event: &str, points, cap, half_life_days| EngagementRule {
        name: None,
        event: event.to_owned(),
        points,
        cap,
        half_life_days,
    };
    Scoring {
        fit: vec![
            FitRule {
                name: "cmo".to_owned(),
                points: 10,
                when: Condition::Test(Test {
                    field: FieldName("title".to_owned()),
                    has_word: Some(vec!["CMO".to_owned()]),
                    ..Test::default()
                }),
            },
            FitRule {
                name: "invalid_phone".to_owned(),
                points: -15,
                when: Condition::Test(Test {
                    field: FieldName("phone_valid".to_owned()),
                    is: Some(Value::Flag(false)),
                    ..Test::default()
                }),
            },
        ],
        engagement: vec![
            rule("email_opened", 2, Some(10), None),
            rule("pricing_page_visited", 10, None, Some(14)),
            rule("event_attended", 25, None, None),
            rule("unsubscribed", -10, None, None),
        ],
        ..Scoring::default()
    }
}

fn events(kinds: &[(&str, i64)]) -> Vec<Behaviour> {
    kinds
        .iter()
        .enumerate()
        .map(|(index, (kind, days_ago))| Behaviour {
            id: EventId::from_bits(index as u128),
            kind: (*kind).to_owned(),
            at: now() - (days_ago * 24).hours(),
        })
        .collect()
}

fn check(kinds: &[(&str, i64)], previous: Stage, expected: (i32, Stage)) {
    let fields = [(Field::Title, Value::Text("CMO".to_owned()))]
        .into_iter()
        .collect();
    let scored = score(&scoring(), &fields, &events(kinds), previous, 1, now());
    assert_eq!((scored.score.total(), scored.stage), expected, "{kinds:?}");
}

#[test]
fn fit_and_engagement_add_up() {
    check(&[], Stage::Lead, (10, Stage::Lead));
    check(&[("email_opened", 0)], Stage::Lead, (12, Stage::Lead));
    check(
        &[("event_attended", 0), ("pricing_page_visited", 0)],
        Stage::Lead,
        (45, Stage::Mql),
    );
    check(
        &[
            ("event_attended", 0),
            ("event_attended", 0),
            ("event_attended", 0),
        ],
        Stage::Lead,
        (85, Stage::Sql),
    );
    check(
        &[("unsubscribed", 0), ("unsubscribed", 0)],
        Stage::Lead,
        (-10, Stage::Lead),
    );
    check(&[("unheard_of", 0)], Stage::Lead, (10, Stage::Lead));
}

#[test]
fn a_cap_is_applied_and_shown() {
    let scored = score(
        &scoring(),
        &Fields::new(),
        &events(&[("email_opened", 0); 9]),
        Stage::Lead,
        1,
        now(),
    );
    assert_eq!(
        scored.points,
        [Points {
            rule: "email_opened".to_owned(),
            points: 10,
            times: 9,
            uncapped: Some(18)
        }]
    );
}

#[test]
fn an_event_is_worth_half_after_its_half_life() {
    check(
        &[("pricing_page_visited", 14)],
        Stage::Lead,
        (15, Stage::Lead),
    );
    check(
        &[("pricing_page_visited", 28)],
        Stage::Lead,
        (13, Stage::Lead),
    );
    check(
        &[("pricing_page_visited", 700)],
        Stage::Lead,
        (10, Stage::Lead),
    );
    check(
        &[("pricing_page_visited", -3)],
        Stage::Lead,
        (20, Stage::Lead),
    );
}

#[test]
fn a_stage_is_not_lost_to_a_small_fall() {
    // 40 points are needed, 35 keep it.
    check(&[("event_attended", 0)], Stage::Mql, (35, Stage::Mql));
    check(&[("event_attended", 0)], Stage::Lead, (35, Stage::Lead));
    check(
        &[("event_attended", 0), ("unsubscribed", 0)],
        Stage::Mql,
        (25, Stage::Lead),
    );
}

#[test]
fn points_do_not_move_a_lead_out_of_a_stage_that_sales_gave() {
    for stage in [Stage::Opportunity, Stage::Customer, Stage::Disqualified] {
        check(
            &[
                ("event_attended", 0),
                ("event_attended", 0),
                ("event_attended", 0),
            ],
            stage,
            (85, stage),
        );
    }
}

#[test]
fn the_table_of_fading_agrees_with_floating_point() {
    for (index, value) in SIXTY_FOURTHS.iter().enumerate() {
        let exact = (-(index as f64) / 64.0).exp2() * FINE as f64;
        assert!(
            (*value as f64 - exact).abs() <= 1.0,
            "{index}: {value} instead of {exact}"
        );
    }
}

proptest! {
    #[test]
    fn fading_agrees_with_floating_point_to_three_hundred_thousandths(age in 0i64..40_000_000, days in 1u32..400) {
        let at = Timestamp::from_second(now().as_second() - age).unwrap();
        let exact = (-(age as f64) / (f64::from(days) * 86_400.0)).exp2();
        let ours = remaining(at, now(), Some(days)) as f64 / FINE as f64;
        prop_assert!((ours - exact).abs() < 3e-5, "{} instead of {}", ours, exact);
    }

    #[test]
    fn the_order_of_events_does_not_matter(kinds in proptest::collection::vec((0usize..4, 0i64..60), 0..12), seed in any::<u64>()) {
        let names = ["email_opened", "pricing_page_visited", "event_attended", "unsubscribed"];
        let mut listed = events(&kinds.iter().map(|(name, days)| (names[*name], *days)).collect::<Vec<_>>());
        let first = score(&scoring(), &Fields::new(), &listed, Stage::Lead, 1, now());
        if !listed.is_empty() {
            let by = (seed % listed.len() as u64) as usize;
            listed.rotate_left(by);
        }
        prop_assert_eq!(score(&scoring(), &Fields::new(), &listed, Stage::Lead, 1, now()), first);
    }
}
