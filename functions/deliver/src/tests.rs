use super::*;

fn now() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

#[test]
fn attempts_follow_the_schedule_and_end_with_it() {
    let waits: Vec<Option<i64>> = (1..=10)
        .map(
            |attempts| match failed(attempts, Some(500), "refused".to_owned(), None, now()) {
                DeliveryStatus::Failed { retry_at, .. } => {
                    Some(retry_at.as_second() - now().as_second())
                }
                _ => None,
            },
        )
        .collect();
    let expected: Vec<Option<i64>> = SCHEDULE.iter().copied().map(Some).chain([None]).collect();
    assert_eq!(waits, expected);
}

#[test]
fn a_receiver_may_ask_for_a_longer_wait_but_for_no_shorter_or_endless_one() {
    for (asked, expected) in [(1, 5), (60, 60), (10_000_000, 86_400), (-5, 5)] {
        let DeliveryStatus::Failed { retry_at, .. } =
            failed(1, Some(429), "refused".to_owned(), Some(asked), now())
        else {
            panic!("it is tried again");
        };
        assert_eq!(
            retry_at.as_second() - now().as_second(),
            expected,
            "{asked}"
        );
    }
}
