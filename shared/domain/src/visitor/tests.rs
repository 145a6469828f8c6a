use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::field::{Field, Value};
use crate::id::EventId;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

fn event(number: u128, second: i64) -> Behaviour {
    Behaviour {
        id: EventId::from_bits(number),
        kind: "page_visited".to_owned(),
        at: at(second),
    }
}

fn form(number: u128, lead: u128, second: i64) -> FilledForm {
    let fields: Fields = BTreeMap::from([(Field::Email, Value::Text("a@example.com".to_owned()))]);
    FilledForm::new(
        SubmissionId::from_bits(number),
        LeadId::from_bits(lead),
        at(second),
        &fields,
    )
}

fn seconds(visitor: &Visitor, lead: u128) -> Vec<i64> {
    visitor
        .credits(LeadId::from_bits(lead))
        .iter()
        .map(|event| event.at.as_second() - 1_700_000_000)
        .collect()
}

const FOREVER: Timestamp = Timestamp::UNIX_EPOCH;

#[test]
fn what_was_done_before_and_after_the_form_counts_for_who_filled_it_in() {
    let mut visitor = Visitor::default();
    assert!(visitor.saw(&[event(1, 10), event(2, 20)], FOREVER));
    assert!(seconds(&visitor, 7).is_empty());
    assert!(visitor.filled(&form(1, 7, 30)));
    assert!(visitor.saw(&[event(3, 40)], FOREVER));
    assert_eq!(seconds(&visitor, 7), [10, 20, 40]);
}

#[test]
fn a_second_person_at_the_same_device_gets_only_what_came_after_the_first_persons_form() {
    let mut visitor = Visitor::default();
    visitor.saw(&[event(1, 10), event(2, 40), event(3, 60)], FOREVER);
    visitor.filled(&form(1, 7, 30));
    visitor.filled(&form(2, 8, 50));
    assert_eq!(seconds(&visitor, 7), [10, 40]);
    assert_eq!(seconds(&visitor, 8), [40, 60]);
    // The first one comes back.
    visitor.filled(&form(3, 7, 70));
    visitor.saw(&[event(4, 80)], FOREVER);
    assert_eq!(seconds(&visitor, 7), [10, 40, 60, 80]);
    assert_eq!(seconds(&visitor, 8), [40, 60]);
}

#[test]
fn repeats_change_nothing() {
    let mut visitor = Visitor::default();
    assert!(visitor.saw(&[event(1, 10), event(1, 10)], FOREVER));
    assert!(!visitor.saw(&[event(1, 10)], FOREVER));
    assert!(visitor.filled(&form(1, 7, 30)));
    assert!(!visitor.filled(&form(1, 7, 30)));
    assert_eq!(visitor.events.len(), 1);
}

#[test]
fn a_submission_that_turned_out_to_be_somebody_elses_moves_with_what_it_earned() {
    let mut visitor = Visitor::default();
    visitor.saw(&[event(1, 10)], FOREVER);
    visitor.filled(&form(1, 7, 30));
    visitor.filled(&form(1, 8, 30));
    assert!(seconds(&visitor, 7).is_empty());
    assert_eq!(seconds(&visitor, 8), [10]);
}

#[test]
fn what_is_too_old_or_too_much_is_let_go() {
    let mut visitor = Visitor::default();
    assert!(!visitor.saw(&[event(1, 10)], at(11)));
    let many: Vec<Behaviour> = (0..150)
        .map(|number| event(number, number as i64))
        .collect();
    visitor.saw(&many, FOREVER);
    assert_eq!(visitor.events.len(), MAX_EVENTS);
    assert_eq!(visitor.events[0].at, at(50));
    assert!(
        !visitor.saw(&[event(999, 3)], FOREVER),
        "older than all that is kept"
    );
    for number in 0..20u128 {
        visitor.filled(&form(number, 100 + number, 1_000 + number as i64));
    }
    assert_eq!(visitor.forms.len(), MAX_FORMS);
    // The next person must not get what an earlier one's form has settled.
    assert!(!visitor.saw(&[event(1_000, 1_000)], FOREVER));
    assert!(visitor.events.is_empty());
}

#[test]
fn what_was_answered_is_that_of_the_last_person() {
    let mut visitor = Visitor::default();
    assert!(visitor.answered().is_empty());
    visitor.filled(&form(1, 7, 30));
    let mut more = form(2, 7, 40);
    more.answered.insert("title".to_owned());
    visitor.filled(&more);
    assert_eq!(Vec::from_iter(visitor.answered()), ["email", "title"]);
    visitor.filled(&form(3, 8, 50));
    assert_eq!(visitor.answered().len(), 1);
}

#[test]
fn an_id_is_short_visible_text_and_a_secret_one_is_long() {
    let pepper = Pepper::new("pepper");
    assert!(VisitorKey::of(&pepper, "v1").is_some());
    assert_eq!(
        VisitorKey::of(&pepper, " v1 "),
        VisitorKey::of(&pepper, "v1")
    );
    for bad in ["", "a b", "ä", &"x".repeat(129)] {
        assert_eq!(VisitorKey::of(&pepper, bad), None, "{bad}");
    }
    assert!(is_secret("5f2b9c0e8d7a41f6b3c2d1e0f9a8b7c6"));
    assert!(!is_secret("v1"));
    assert!(!is_secret(&"a".repeat(32)));
}

proptest! {
    /// Whatever the order in which events and forms arrive, each person gets the same.
    #[test]
    fn the_order_of_arrival_does_not_matter(
        events in proptest::collection::vec((0u128..50, 0i64..100), 0..30),
        forms in proptest::collection::vec((0u128..4, 0i64..100), 0..6),
        order in proptest::collection::vec(any::<u16>(), 36),
    ) {
        enum Step { Event(Behaviour), Form(FilledForm) }
        // An event has one time: of two with one id the first is meant.
        let mut by_id = BTreeMap::new();
        for (number, second) in events {
            by_id.entry(number).or_insert(second);
        }
        let mut steps: Vec<Step> = by_id.into_iter().map(|(number, second)| Step::Event(event(number, second))).collect();
        steps.extend(forms.into_iter().enumerate().map(|(index, (lead, second))| Step::Form(form(index as u128, lead, second))));
        let play = |steps: &[&Step]| {
            let mut visitor = Visitor::default();
            for step in steps {
                match step {
                    Step::Event(event) => { visitor.saw(std::slice::from_ref(event), FOREVER); }
                    Step::Form(form) => { visitor.filled(form); }
                }
            }
            (0..4u128).map(|lead| seconds(&visitor, lead)).collect::<Vec<_>>()
        };
        let straight: Vec<&Step> = steps.iter().collect();
        let mut shuffled: Vec<(u16, &Step)> = steps.iter().enumerate().map(|(index, step)| (order[index % order.len()], step)).collect();
        shuffled.sort_by_key(|(key, _)| *key);
        let shuffled: Vec<&Step> = shuffled.into_iter().map(|(_, step)| step).collect();
        prop_assert_eq!(play(&straight), play(&shuffled));
    }
}

#[test]
fn who_is_erased_leaves_nothing_of_theirs_and_takes_nothing_from_others() {
    let mut visitor = Visitor::default();
    visitor.saw(
        &[
            event(1, 10),
            event(2, 25),
            event(3, 40),
            event(4, 60),
            event(5, 80),
        ],
        FOREVER,
    );
    visitor.filled(&form(1, 7, 20));
    visitor.filled(&form(2, 8, 30));
    visitor.filled(&form(3, 8, 50));
    visitor.filled(&form(4, 9, 70));
    let (before, after) = (seconds(&visitor, 7), seconds(&visitor, 9));
    assert!(visitor.forget(LeadId::from_bits(8)));
    assert_eq!(seconds(&visitor, 7), before);
    assert_eq!(seconds(&visitor, 9), after);
    assert_eq!(seconds(&visitor, 8), [25, 60], "shared with the others");
    assert!(!visitor.forget(LeadId::from_bits(8)), "nothing is left");
    visitor.forget(LeadId::from_bits(9));
    assert!(visitor.answered().is_empty());
}
