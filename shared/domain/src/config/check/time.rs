//! Calendars and SLAs.

use super::findings::Findings;
use super::people::{expect_date, expect_timezone};
use super::shape::suggestion;
use super::tree::Path;
use crate::calendar::{WEEKDAYS, shift};
use crate::config::{Calendar, Config};

/// Longest first response, in minutes of working time: a year around the clock. A calendar is searched no further.
const MAX_RESPONSE_MINUTES: u32 = 525_600;

/// Checks them.
pub(super) fn check(config: &Config, findings: &mut Findings<'_>) {
    for (name, calendar) in &config.calendars {
        let path = Path::root().key("calendars").key(name);
        findings.expect_slug(&path, "calendar", name);
        check_calendar(calendar, &path, findings);
    }
    let calendars = findings.names("calendars");
    for (name, sla) in &config.slas {
        let path = Path::root().key("slas").key(name);
        findings.expect_slug(&path, "SLA", name);
        let minutes = path.key("first_response_minutes");
        match sla.first_response_minutes {
            0 => findings.error(
                &minutes,
                "zero",
                "nobody can respond in 0 minutes: 1 or more",
            ),
            1..=MAX_RESPONSE_MINUTES => {}
            _ => findings.error(
                &minutes,
                "too_long",
                format!(
                    "a first response is due within {MAX_RESPONSE_MINUTES} minutes (a year) at most"
                ),
            ),
        }
        if let Some(calendar) = &sla.calendar {
            findings.expect_known(
                &path.key("calendar"),
                "calendar",
                "unknown_calendar",
                calendar,
                &calendars,
            );
        }
    }
}

fn check_calendar(calendar: &Calendar, path: &Path, findings: &mut Findings<'_>) {
    expect_timezone(&calendar.timezone, &path.key("timezone"), findings);
    for (index, holiday) in calendar.holidays.iter().enumerate() {
        expect_date(holiday, &path.key("holidays").index(index), findings);
    }
    let hours = path.key("hours");
    for (day, shifts) in &calendar.hours {
        let path = hours.key(day);
        if !WEEKDAYS.contains(&day.as_str()) {
            findings.error_in_key(
                &path,
                "unknown_weekday",
                format!("there is no weekday `{day}`{}", suggestion(day, &WEEKDAYS)),
            );
        }
        check_day(shifts, &path, findings);
    }
    if calendar.hours.values().all(Vec::is_empty) && !findings.is_incomplete(&hours) {
        findings.error(
            &hours,
            "no_hours",
            "nobody ever works in this calendar: add hours such as `mon = [\"09:00-17:00\"]`",
        );
    }
}

fn check_day(shifts: &[String], path: &Path, findings: &mut Findings<'_>) {
    let mut end = 0;
    for (index, text) in shifts.iter().enumerate() {
        let path = path.index(index);
        let Some((opens, closes)) = shift(text) else {
            let message = format!(
                "`{text}` are no hours: write them as \"09:00-17:30\", the earlier time first; \"24:00\" ends a day"
            );
            findings.error(&path, "bad_hours", message);
            continue;
        };
        let minute =
            |time: jiff::civil::Time| i32::from(time.hour()) * 60 + i32::from(time.minute());
        // Midnight ends a day here.
        let (opens, closes) = (
            minute(opens),
            if minute(closes) == 0 {
                24 * 60
            } else {
                minute(closes)
            },
        );
        if opens < end {
            findings.error(&path, "hours_order", format!("`{text}` begins before the hours before it end: put them in order, without overlap"));
        }
        end = end.max(closes);
    }
}
