use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn submission(number: u8) -> SubmissionId {
    SubmissionId::from_bits(u128::from(number) + 1)
}

/// What may happen to the submissions of an hour.
#[derive(Debug, Clone)]
enum Step {
    /// The one of that number is accepted, so many seconds after the one before.
    Accept(u8, u8),
    /// It ends, if it has not.
    End(u8, Outcome),
    /// A person corrects or discards it, if it is quarantined: it is reopened, then ends.
    Judge(u8, Outcome),
    /// A person is about to, and does nothing.
    Reopen(u8),
    /// Everything until now is counted.
    Count,
    /// The open ones are looked at.
    Settle,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let outcome = prop_oneof![
        Just(Outcome::Created),
        Just(Outcome::Merged),
        Just(Outcome::Duplicate),
        Just(Outcome::Quarantined)
    ];
    let ended = prop_oneof![
        Just(Outcome::Created),
        Just(Outcome::Merged),
        Just(Outcome::Rejected)
    ];
    let step = prop_oneof![
        4 => (0u8..12, 0u8..40).prop_map(|(who, wait)| Step::Accept(who, wait)),
        4 => (0u8..12, outcome).prop_map(|(who, outcome)| Step::End(who, outcome)),
        2 => (0u8..12, ended).prop_map(|(who, outcome)| Step::Judge(who, outcome)),
        1 => (0u8..12).prop_map(Step::Reopen),
        2 => Just(Step::Count),
        1 => Just(Step::Settle),
    ];
    proptest::collection::vec(step, 0..60)
}

/// What the entries and the records say when each is looked up.
fn one_by_one(entries: &[Accepted], records: &BTreeMap<SubmissionId, Ended>) -> (Tally, u64) {
    let (mut tally, mut in_flight) = (Tally::default(), 0);
    for Accepted(second, id) in entries {
        tally.accepted += 1;
        match fate(*second, records.get(id).copied()) {
            Some(outcome) => tally.count(outcome),
            None => in_flight += 1,
        }
    }
    (tally, in_flight)
}

fn kept(hour: &Hour, rest: &[Accepted], records: &BTreeMap<SubmissionId, Ended>) -> (Tally, u64) {
    let (mut tally, mut in_flight) = one_by_one(rest, records);
    for minute in hour.minutes.values() {
        tally.add(minute);
    }
    for Accepted(second, id) in hour.open() {
        match fate(second, records.get(&id).copied()) {
            Some(outcome) => tally.count(outcome),
            None => in_flight += 1,
        }
    }
    (tally, in_flight)
}

proptest! {
    #[test]
    fn an_hour_of_counts_says_what_its_submissions_say_one_by_one(steps in steps()) {
        let mut hour = Hour::of(0);
        let mut now = 0i64;
        let mut entries: Vec<Accepted> = Vec::new();
        let mut records: BTreeMap<SubmissionId, Ended> = BTreeMap::new();
        for step in steps {
            match step {
                Step::Accept(who, wait) => {
                    now = (now + i64::from(wait)).min(HOUR - 1);
                    let accepted = Accepted(now, submission(who));
                    if !entries.contains(&accepted) && now >= hour.until {
                        entries.push(accepted);
                    }
                }
                Step::End(who, outcome) => {
                    let first = entries.iter().find(|accepted| accepted.1 == submission(who));
                    if let Some(accepted) = first {
                        let received_at = Timestamp::from_second(accepted.0).unwrap();
                        records.entry(accepted.1).or_insert(Ended { received_at, outcome });
                    }
                }
                Step::Judge(who, outcome) => {
                    if let Some(record) = records.get_mut(&submission(who))
                        && record.outcome == Outcome::Quarantined
                    {
                        hour.reopen(Accepted(record.received_at.as_second(), submission(who)));
                        record.outcome = outcome;
                    }
                }
                Step::Reopen(who) => {
                    if let Some(record) = records.get(&submission(who))
                        && record.outcome == Outcome::Quarantined
                    {
                        hour.reopen(Accepted(record.received_at.as_second(), submission(who)));
                    }
                }
                Step::Count => {
                    let until = now + 1;
                    let new: Vec<Accepted> = entries.iter().copied()
                        .filter(|accepted| accepted.0 >= hour.until).collect();
                    let all: Vec<LookedUp> = new.iter().map(|accepted| LookedUp {
                        accepted: *accepted,
                        is_again: false,
                        ended: records.get(&accepted.1).copied(),
                    }).collect();
                    let arrivals: Vec<i64> = new.iter().map(|accepted| accepted.0).collect();
                    hour.count(&all, &arrivals, until.max(hour.until));
                }
                Step::Settle => {
                    hour.settle(&records);
                    prop_assert!(!hour.settle(&records), "settling twice changes nothing");
                }
            }
            let rest: Vec<Accepted> = entries.iter().copied()
                .filter(|accepted| accepted.0 >= hour.until).collect();
            prop_assert_eq!(kept(&hour, &rest, &records), one_by_one(&entries, &records));
            let text = serde_json::to_string(&hour).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Hour>(&text).unwrap(), &hour);
        }
    }
}

#[test]
fn what_was_corrected_and_never_noted_is_in_no_count() {
    let stranger = Accepted(70, submission(1));
    let mut hour = Hour::of(0);
    assert!(hour.reopen(stranger), "it may be noted and not counted yet");
    hour.count(&[], &[], 120);
    assert_eq!(hour.open().count(), 0);
    assert!(
        !hour.reopen(stranger),
        "everything of that minute is counted"
    );
    assert_eq!(hour.open().count(), 0);
}

#[test]
fn the_same_twice_in_a_second_is_one_and_a_repeat() {
    let accepted = Accepted(5, submission(1));
    let received_at = Timestamp::from_second(5).unwrap();
    let ended = Some(Ended {
        received_at,
        outcome: Outcome::Created,
    });
    let one = |is_again| LookedUp {
        accepted,
        is_again,
        ended,
    };
    let mut hour = Hour::of(5);
    hour.count(&[one(false), one(true)], &[5, 5], 6);
    let tally = hour.minutes[&0];
    assert_eq!((tally.accepted, tally.created, tally.duplicate), (2, 1, 1));
}
