//! Working time: when a first response is due, and on which day it is for whom.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::config::{Away, Calendar, Config, SlaRule};
use crate::decision::SlaClock;

/// Days searched for working time. A calendar without any in a year has none; `leadline check` refuses it.
const HORIZON_DAYS: u32 = 366;

/// When the first response is due for an assignment at `start` under the SLA `name`; nothing if there is no such SLA.
pub fn clock_for(config: &Config, name: Option<&str>, start: Timestamp) -> Option<SlaClock> {
    let name = name?;
    let rule = config.slas.get(name)?;
    Some(SlaClock {
        name: name.to_owned(),
        due_at: due_at(config, rule, start),
    })
}

fn due_at(config: &Config, rule: &SlaRule, start: Timestamp) -> Timestamp {
    let allowed = SignedDuration::from_mins(i64::from(rule.first_response_minutes));
    let calendar = rule
        .calendar
        .as_ref()
        .and_then(|name| config.calendars.get(name));
    match calendar {
        Some(calendar) => deadline(calendar, start, allowed),
        None => start.saturating_add(allowed).unwrap_or(Timestamp::MAX),
    }
}

/// The moment at which `allowed` of working time has passed since `start`. Changes to and from summer time are counted as
/// the time that really passes.
pub fn deadline(calendar: &Calendar, start: Timestamp, allowed: SignedDuration) -> Timestamp {
    let zone = TimeZone::get(&calendar.timezone).unwrap_or(TimeZone::UTC);
    let mut left = allowed;
    let mut day = start.to_zoned(zone.clone()).date();
    for _ in 0..HORIZON_DAYS {
        for (opens, closes) in shifts(calendar, day) {
            let (Ok(opens), Ok(closes)) = (
                zone.to_ambiguous_zoned(day.to_datetime(opens)).compatible(),
                close_of(&zone, day, closes),
            ) else {
                continue;
            };
            let from = opens.timestamp().max(start);
            let works = closes.duration_since(from);
            if works <= SignedDuration::ZERO {
                continue;
            }
            if works >= left {
                return from.saturating_add(left).unwrap_or(Timestamp::MAX);
            }
            left -= works;
        }
        match day.tomorrow() {
            Ok(tomorrow) => day = tomorrow,
            Err(_) => break,
        }
    }
    start.saturating_add(allowed).unwrap_or(Timestamp::MAX)
}

fn close_of(zone: &TimeZone, day: Date, closes: Time) -> Result<Timestamp, jiff::Error> {
    // "24:00" is written as midnight, which is the next day's.
    let moment = if closes == Time::midnight() {
        day.tomorrow()?.to_datetime(closes)
    } else {
        day.to_datetime(closes)
    };
    Ok(zone.to_ambiguous_zoned(moment).compatible()?.timestamp())
}

fn shifts(calendar: &Calendar, day: Date) -> Vec<(Time, Time)> {
    if calendar
        .holidays
        .iter()
        .any(|holiday| holiday.parse::<Date>().is_ok_and(|date| date == day))
    {
        return Vec::new();
    }
    let mut shifts: Vec<(Time, Time)> = calendar
        .hours
        .get(weekday_name(day.weekday()))
        .into_iter()
        .flatten()
        .filter_map(|text| shift(text))
        .collect();
    shifts.sort();
    shifts
}

/// Reads `09:00-17:30`; `24:00` ends a day. `None` when it is not of that form or ends before it begins.
pub fn shift(text: &str) -> Option<(Time, Time)> {
    let (opens, closes) = text.split_once('-')?;
    let (opens, closes) = (time(opens)?, time(closes)?);
    (opens < closes || closes == Time::midnight()).then_some((opens, closes))
}

fn time(text: &str) -> Option<Time> {
    let (hour, minute) = text.trim().split_once(':')?;
    if hour.len() != 2 || minute.len() != 2 {
        return None;
    }
    let (hour, minute): (i8, i8) = (hour.parse().ok()?, minute.parse().ok()?);
    if (hour, minute) == (24, 0) {
        return Some(Time::midnight());
    }
    Time::new(hour, minute, 0, 0).ok()
}

/// `mon` to `sun`.
pub const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

fn weekday_name(weekday: Weekday) -> &'static str {
    let index = usize::try_from(weekday.to_monday_zero_offset()).unwrap_or(0);
    WEEKDAYS.get(index).copied().unwrap_or("mon")
}

/// The date it is at `now` in the time zone called `timezone`; UTC without one.
pub fn local_date(timezone: Option<&str>, now: Timestamp) -> Date {
    let zone = timezone
        .and_then(|name| TimeZone::get(name).ok())
        .unwrap_or(TimeZone::UTC);
    now.to_zoned(zone).date()
}

/// Whether `day` lies in one of the absences.
pub fn is_away(away: &[Away], day: Date) -> bool {
    away.iter().any(
        |absence| match (absence.from.parse::<Date>(), absence.to.parse::<Date>()) {
            (Ok(from), Ok(to)) => from <= day && day <= to,
            _ => false,
        },
    )
}

#[cfg(test)]
mod tests;
