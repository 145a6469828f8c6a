//! The period that a caller asks for: `from` and `to` of an address, each a time, a day, or so long ago.
//!
//! It never guesses a zone: whoever asks names the one in which days begin.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use lambda_http::Request;
use web::Problem;

use crate::problems::{self, field, invalid_fields};

/// Longest time ago, in hours: ten years.
const MAX_HOURS: i64 = 10 * 366 * 24;

/// How moments may be written, for whoever wrote one otherwise.
const TIME: &str = "this is a time as RFC 3339 says (2026-03-01T12:00:00Z), a day (2026-03-01), or how long ago (90m, 24h, 7d, 2w)";

/// How days may be written.
const DAY: &str = "this is a day (2026-03-01), or how many days or weeks ago (7d, 2w)";

/// What is wrong with a text that says when.
enum Wrong {
    /// It is written in no way that is understood.
    Shape,
    /// It is longer ago than anybody can mean.
    TooLongAgo,
}

/// What a text says about when.
enum Said {
    Time(Timestamp),
    Day(Date),
    Ago(SignedDuration),
}

/// The moments from which on and until before which is asked; `defaults` gives what is not said, from the `to` that is said.
/// Days begin at midnight in UTC.
///
/// # Errors
/// Everything that is wrong with the parameters.
pub(crate) fn of_times(
    request: &Request,
    now: Timestamp,
    defaults: impl FnOnce(Option<Timestamp>) -> (Timestamp, Timestamp),
) -> Result<(Timestamp, Timestamp), Problem> {
    let midnight = |day: Date| day.to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp());
    let read = |text: &str| match said(text)? {
        Said::Time(at) => Ok(at),
        Said::Day(day) => midnight(day).ok_or(Wrong::Shape),
        Said::Ago(ago) => now.checked_sub(ago).map_err(|_| Wrong::TooLongAgo),
    };
    let (from, to) = read_both(request, read, TIME)?;
    let (default_from, default_to) = defaults(to);
    in_order(from.unwrap_or(default_from), to.unwrap_or(default_to))
}

/// The days from which on and until before which is asked; `defaults` gives what is not said, from the `to` that is said.
/// `today` is the day that it is where the days are counted.
///
/// # Errors
/// Everything that is wrong with the parameters.
pub(crate) fn of_days(
    request: &Request,
    today: Date,
    defaults: impl FnOnce(Option<Date>) -> (Date, Date),
) -> Result<(Date, Date), Problem> {
    let read = |text: &str| match said(text)? {
        // A time would have to be cut to a day, and could be meant in another zone.
        Said::Time(_) => Err(Wrong::Shape),
        Said::Day(day) => Ok(day),
        Said::Ago(ago) if ago.as_hours() % 24 != 0 || ago.as_mins() % 60 != 0 => Err(Wrong::Shape),
        Said::Ago(ago) => today.checked_sub(ago).map_err(|_| Wrong::TooLongAgo),
    };
    let (from, to) = read_both(request, read, DAY)?;
    let (default_from, default_to) = defaults(to);
    in_order(from.unwrap_or(default_from), to.unwrap_or(default_to))
}

fn read_both<T>(
    request: &Request,
    read: impl Fn(&str) -> Result<T, Wrong>,
    shape: &str,
) -> Result<(Option<T>, Option<T>), Problem> {
    let parameters = web::query(request.uri().query())
        .ok_or_else(|| Problem::of(problems::BAD_QUERY).detail("percent-encode it as UTF-8"))?;
    let (mut from, mut to) = (None, None);
    let mut wrong = Vec::new();
    for (name, value) in parameters {
        let wanted = match name.as_str() {
            "from" => &mut from,
            "to" => &mut to,
            other => {
                wrong.push(field(other, "unknown", "there are from and to"));
                continue;
            }
        };
        match read(&value) {
            Ok(at) => *wanted = Some(at),
            Err(Wrong::Shape) => wrong.push(field(&name, "invalid", shape)),
            Err(Wrong::TooLongAgo) => wrong.push(field(
                &name,
                "too_long_ago",
                "this is more than ten years ago: give a later time",
            )),
        }
    }
    if wrong.is_empty() {
        Ok((from, to))
    } else {
        Err(invalid_fields(&wrong))
    }
}

fn in_order<T: PartialOrd>(from: T, to: T) -> Result<(T, T), Problem> {
    if from < to {
        Ok((from, to))
    } else {
        Err(invalid_fields(&[field(
            "from",
            "invalid",
            "from comes before to",
        )]))
    }
}

fn said(text: &str) -> Result<Said, Wrong> {
    let text = text.trim();
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(Said::Time(at));
    }
    // What is longer than a day has a time in it, of which the zone is missing.
    if text.len() == "2026-03-01".len()
        && let Ok(day) = text.parse::<Date>()
    {
        return Ok(Said::Day(day));
    }
    let unit = text.chars().last().ok_or(Wrong::Shape)?;
    let number = &text[..text.len() - unit.len_utf8()];
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Wrong::Shape);
    }
    let unit: i64 = match unit {
        'm' => 1,
        'h' => 60,
        'd' => 24 * 60,
        'w' => 7 * 24 * 60,
        _ => return Err(Wrong::Shape),
    };
    // Digits that are no number are too many.
    let minutes = number.parse().ok();
    let minutes = minutes.and_then(|number: i64| number.checked_mul(unit));
    match minutes.filter(|minutes| *minutes <= MAX_HOURS * 60) {
        Some(minutes) => Ok(Said::Ago(SignedDuration::from_mins(minutes))),
        None => Err(Wrong::TooLongAgo),
    }
}

#[cfg(test)]
mod tests {
    use lambda_http::Body;
    use proptest::prelude::*;

    use super::*;

    fn asking(query: &str) -> Request {
        let mut request = Request::new(Body::Empty);
        *request.uri_mut() = format!("/?{query}").parse().unwrap();
        request
    }

    fn noon() -> Timestamp {
        "2026-03-10T12:00:00Z".parse().unwrap()
    }

    fn times(query: &str) -> Option<(String, String)> {
        let day = SignedDuration::from_hours(24);
        let read = of_times(&asking(query), noon(), |to| {
            let to = to.unwrap_or(noon());
            (to - day, to)
        });
        read.ok()
            .map(|(from, to)| (from.to_string(), to.to_string()))
    }

    fn days(query: &str) -> Option<(String, String)> {
        let read = of_days(&asking(query), "2026-03-10".parse().unwrap(), |_| {
            ("2026-02-01".parse().unwrap(), "2026-03-11".parse().unwrap())
        });
        read.ok()
            .map(|(from, to)| (from.to_string(), to.to_string()))
    }

    fn some(from: &str, to: &str) -> Option<(String, String)> {
        Some((from.to_owned(), to.to_owned()))
    }

    #[test]
    fn a_time_is_said_as_a_time_a_day_in_utc_or_so_long_ago() {
        let noon = "2026-03-10T12:00:00Z";
        for (query, from) in [
            ("", "2026-03-09T12:00:00Z"),
            ("from=2026-03-01T12:00:00Z", "2026-03-01T12:00:00Z"),
            ("from=2026-03-01T12:00:00%2B01:00", "2026-03-01T11:00:00Z"),
            ("from=2026-03-01", "2026-03-01T00:00:00Z"),
            ("from=90m", "2026-03-10T10:30:00Z"),
            ("from=24h", "2026-03-09T12:00:00Z"),
            ("from=7d", "2026-03-03T12:00:00Z"),
            ("from=2w", "2026-02-24T12:00:00Z"),
        ] {
            assert_eq!(times(query), some(from, noon), "{query}");
        }
        assert_eq!(
            times("from=2026-03-01&to=2026-03-02"),
            some("2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z")
        );
        assert_eq!(
            times("to=2026-03-02"),
            some("2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z")
        );
        for query in [
            "from=",
            "from=yesterday",
            "from=2026-03-01T12:00:00",
            "from=2026-13-01",
            "from=7",
            "from=d",
            "from=-7d",
            "from=7y",
            "from=99999999999999999999d",
            "from=9999999w",
            "from=2026-03-02&to=2026-03-01",
            "since=7d",
        ] {
            assert_eq!(times(query), None, "{query}");
        }
    }

    #[test]
    fn what_is_too_long_ago_is_told_apart_from_what_is_not_understood() {
        let code = |query: &str| {
            let read = of_times(&asking(query), noon(), |_| (noon(), noon()));
            let errors = read.err().and_then(|problem| problem.errors);
            errors.map(|errors| errors[0]["code"].as_str().unwrap_or_default().to_owned())
        };
        for (query, expected) in [
            ("from=9999999d", "too_long_ago"),
            ("from=87841h", "too_long_ago"),
            ("from=99999999999999999999d", "too_long_ago"),
            ("to=9223372036854775807w", "too_long_ago"),
            ("from=9999999y", "invalid"),
            ("from=-7d", "invalid"),
        ] {
            assert_eq!(code(query).as_deref(), Some(expected), "{query}");
        }
    }

    #[test]
    fn a_day_is_said_as_a_day_or_whole_days_ago() {
        assert_eq!(days("from=2026-03-01"), some("2026-03-01", "2026-03-11"));
        assert_eq!(days("from=7d"), some("2026-03-03", "2026-03-11"));
        assert_eq!(days("from=2w&to=24h"), some("2026-02-24", "2026-03-09"));
        for query in [
            "from=7h",
            "from=90m",
            "from=2026-03-01T00:00:00Z",
            "from=2026-03-01&to=2026-03-01",
        ] {
            assert_eq!(days(query), None, "{query}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,24}") {
            let _ = said(&text);
        }
    }
}
