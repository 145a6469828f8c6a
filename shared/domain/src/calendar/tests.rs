use super::*;
use std::collections::BTreeMap;

fn berlin() -> Calendar {
    let day = vec!["09:00-12:30".to_owned(), "13:30-17:00".to_owned()];
    Calendar {
        timezone: "Europe/Berlin".to_owned(),
        hours: ["mon", "tue", "wed", "thu", "fri"]
            .into_iter()
            .map(|name| (name.to_owned(), day.clone()))
            .collect(),
        holidays: vec!["2026-12-25".to_owned()],
    }
}

fn check(calendar: &Calendar, start: &str, minutes: i64, expected: &str) {
    let start: Timestamp = start.parse().unwrap();
    let due = deadline(calendar, start, SignedDuration::from_mins(minutes));
    assert_eq!(due.to_string(), expected, "{minutes} minutes from {start}");
}

#[test]
fn only_working_time_counts() {
    let calendar = berlin();
    check(
        &calendar,
        "2026-11-23T08:00:00Z",
        30,
        "2026-11-23T08:30:00Z",
    );
    check(
        &calendar,
        "2026-11-23T03:00:00Z",
        30,
        "2026-11-23T08:30:00Z",
    );
    check(
        &calendar,
        "2026-11-23T11:15:00Z",
        30,
        "2026-11-23T12:45:00Z",
    );
    check(
        &calendar,
        "2026-11-20T15:50:00Z",
        30,
        "2026-11-23T08:20:00Z",
    );
    check(
        &calendar,
        "2026-12-24T15:50:00Z",
        30,
        "2026-12-28T08:20:00Z",
    );
}

#[test]
fn a_deadline_across_the_change_of_the_clocks_counts_real_time() {
    let nights = Calendar {
        timezone: "Europe/Berlin".to_owned(),
        hours: WEEKDAYS
            .iter()
            .map(|day| ((*day).to_owned(), vec!["00:00-24:00".to_owned()]))
            .collect(),
        holidays: Vec::new(),
    };
    // Both nights last an hour more or less than others; an around-the-clock calendar must not notice.
    check(&nights, "2026-10-24T22:00:00Z", 240, "2026-10-25T02:00:00Z");
    check(&nights, "2026-03-28T23:00:00Z", 240, "2026-03-29T03:00:00Z");
}

#[test]
fn a_calendar_without_working_time_falls_back_to_the_clock_on_the_wall() {
    let never = Calendar {
        timezone: "UTC".to_owned(),
        hours: BTreeMap::new(),
        holidays: Vec::new(),
    };
    check(&never, "2026-01-01T00:00:00Z", 60, "2026-01-01T01:00:00Z");
}

#[test]
fn shifts_are_read_strictly() {
    for (text, good) in [
        ("09:00-17:00", true),
        ("9:00-17:00", false),
        ("17:00-09:00", false),
        ("00:00-24:00", true),
        ("09:00", false),
        ("09:00-25:00", false),
    ] {
        assert_eq!(shift(text).is_some(), good, "{text}");
    }
}

#[test]
fn absences_include_their_first_and_last_day() {
    let away = [Away {
        from: "2026-11-01".to_owned(),
        to: "2026-11-03".to_owned(),
    }];
    for (day, expected) in [
        ("2026-10-31", false),
        ("2026-11-01", true),
        ("2026-11-03", true),
        ("2026-11-04", false),
    ] {
        assert_eq!(is_away(&away, day.parse().unwrap()), expected, "{day}");
    }
}
