//! Moments as senders write them.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;

/// From here on a number can only be milliseconds: as seconds it would be in the year 5138.
const MILLISECONDS_FROM: i64 = 100_000_000_000;

/// Ways of writing a moment with its offset that RFC 3339 does not allow.
const WITH_OFFSET: [&str; 4] = [
    "%Y-%m-%dT%H:%M:%S%.f%z",
    "%Y-%m-%d %H:%M:%S%.f %z",
    "%a, %d %b %Y %H:%M:%S %z",
    "%a, %d %b %Y %H:%M:%S GMT",
];

/// The moment that a sender wrote: seconds or milliseconds since 1970 (also with a fraction), RFC 3339, with an offset such as
/// `+0000`, the date of a mail, or without an offset, which is then UTC.
pub(crate) fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Some(seconds) = whole_number(text) {
        return if seconds.abs() >= MILLISECONDS_FROM {
            Timestamp::from_millisecond(seconds).ok()
        } else {
            Timestamp::from_second(seconds).ok()
        };
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at);
    }
    for format in WITH_OFFSET {
        let Ok(parsed) = strtime::parse(format, text) else {
            continue;
        };
        let at = parsed.to_timestamp().ok().or_else(|| {
            let local = parsed.to_datetime().ok()?;
            in_utc(local)
        });
        if at.is_some() {
            return at;
        }
    }
    in_utc(text.parse().ok()?)
}

fn in_utc(local: DateTime) -> Option<Timestamp> {
    TimeZone::UTC
        .to_zoned(local)
        .ok()
        .map(|zoned| zoned.timestamp())
}

/// A number without its fraction.
fn whole_number(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_fraction = fraction.bytes().all(|byte| byte.is_ascii_digit());
    whole.parse().ok().filter(|_| is_fraction)
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn every_way_that_senders_write_a_moment_is_read() {
        for (text, expected) in [
            ("1772449800", "2026-03-02T11:10:00Z"),
            ("1772449800000", "2026-03-02T11:10:00Z"),
            ("1772449800.123456", "2026-03-02T11:10:00Z"),
            ("2026-03-02T11:10:00Z", "2026-03-02T11:10:00Z"),
            ("2026-03-02T12:10:00+01:00", "2026-03-02T11:10:00Z"),
            ("2026-03-02T11:10:00+0000", "2026-03-02T11:10:00Z"),
            ("2026-03-02T11:10:00.1230000Z", "2026-03-02T11:10:00.123Z"),
            ("2026-03-02 11:10:00 +0000", "2026-03-02T11:10:00Z"),
            ("2026-03-02 11:10:00", "2026-03-02T11:10:00Z"),
            ("2026-03-02", "2026-03-02T00:00:00Z"),
            ("Mon, 02 Mar 2026 11:10:00 +0000", "2026-03-02T11:10:00Z"),
            ("Mon, 02 Mar 2026 11:10:00 GMT", "2026-03-02T11:10:00Z"),
        ] {
            let at = moment(text).map(|at| at.to_string());
            assert_eq!(at.as_deref(), Some(expected), "{text}");
        }
        for text in [
            "",
            "yesterday",
            "12a",
            "1.2.3",
            "99999999999999999999",
            "2026-13-01",
        ] {
            assert_eq!(moment(text), None, "{text}");
        }
    }
}
