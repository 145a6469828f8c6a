//! Periods of caps: hours, days, weeks and months as the clock on the wall of a place shows them.
//!
//! A day in which the clock is changed has 23 or 25 hours, and is one day. An hour that the clock shows twice is two hours.

use jiff::Timestamp;
use jiff::ToSpan;
use jiff::civil::{Date, time};
use jiff::tz::TimeZone;

use crate::config::Per;

/// A period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// The second at which it begins: its name. 0 for the one that never ends.
    pub starts: i64,
    /// When the next one begins; never, for a total.
    pub opens_at: Option<Timestamp>,
}

/// The period that `now` lies in, in the time zone called `zone` (UTC if there is no such zone).
pub fn period(per: Per, zone: &str, now: Timestamp) -> Period {
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let today = now.to_zoned(zone.clone()).date();
    let days = |first: Date, next: Result<Date, jiff::Error>| Period {
        starts: start_of(&zone, first).map_or(0, Timestamp::as_second),
        opens_at: next.ok().and_then(|next| start_of(&zone, next)),
    };
    match per {
        Per::Total => Period {
            starts: 0,
            opens_at: None,
        },
        Per::Hour => hour(&zone, now),
        Per::Day => days(today, today.tomorrow()),
        Per::Week => {
            let past = i64::from(today.weekday().to_monday_zero_offset());
            let monday = today.saturating_sub(past.days());
            days(monday, monday.checked_add(7.days()))
        }
        Per::Month => {
            let first = today.first_of_month();
            days(first, first.checked_add(1.month()))
        }
    }
}

/// From the last full hour of the clock on. It began that long ago, whatever was done to the clock before.
fn hour(zone: &TimeZone, now: Timestamp) -> Period {
    let local = now.to_zoned(zone.clone());
    let past = i64::from(local.minute()) * 60 + i64::from(local.second());
    let starts = now.as_second() - past;
    Period {
        starts,
        opens_at: Timestamp::from_second(starts + 3_600).ok(),
    }
}

/// The first moment of a day. Where the clock jumps over midnight, that is the first moment after the jump.
fn start_of(zone: &TimeZone, day: Date) -> Option<Timestamp> {
    day.to_datetime(time(0, 0, 0, 0))
        .to_zoned(zone.clone())
        .ok()
        .and_then(|midnight| midnight.start_of_day().ok())
        .map(|start| start.timestamp())
}
