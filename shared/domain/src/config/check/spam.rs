//! What is suspicious at a door.

use super::findings::Findings;
use super::tree::Path;
use crate::config::Spam;

/// Longest time that a form may ask for, in seconds. Whoever takes longer than that to be believed is not asked seriously.
const MAX_FILL_SECONDS: u32 = 600;

/// Checks it.
pub(super) fn check(spam: &Spam, path: &Path, findings: &mut Findings<'_>) {
    check_counts(spam, path, findings);
    for (index, name) in spam.honeypots.iter().enumerate() {
        let path = path.key("honeypots").index(index);
        expect_name(name, &path, findings);
        // Whoever hides one of these hides what a lead is made of.
        if matches!(name.trim(), "email" | "phone") {
            findings.error(
                &path,
                "honeypot_is_needed",
                format!("`{name}` is what a lead is known by: hide a field that nobody needs"),
            );
        }
    }
    if let Some(name) = &spam.opened_at {
        expect_name(name, &path.key("opened_at"), findings);
    }
    if let Some(seconds) = spam.min_fill_seconds {
        let path = path.key("min_fill_seconds");
        match seconds {
            0 => findings.error(&path, "zero", "no form takes 0 seconds: leave it out"),
            1..=MAX_FILL_SECONDS => {}
            _ => findings.error(
                &path,
                "too_large",
                "nobody takes that long for a form: at most 600 seconds",
            ),
        }
    }
}

/// Longest window, in seconds: a day.
const MAX_WINDOW_SECONDS: u32 = 86_400;

/// Most submissions that are told apart in one window: their ids stand in one item.
const MAX_FLOOD: u32 = 100;

fn check_counts(spam: &Spam, path: &Path, findings: &mut Findings<'_>) {
    let mut expect = |path: &Path, number: u32, most: u32| {
        if !(1..=most).contains(&number) {
            findings.error(
                path,
                "out_of_range",
                format!("this is a number from 1 to {most}"),
            );
        }
    };
    if let Some(rate) = &spam.rate {
        let path = path.key("rate");
        expect(&path.key("requests"), rate.requests, 1_000_000);
        expect(&path.key("seconds"), rate.seconds, MAX_WINDOW_SECONDS);
    }
    if let Some(flood) = &spam.flood {
        let path = path.key("flood");
        expect(&path.key("submissions"), flood.submissions, MAX_FLOOD);
        expect(&path.key("minutes"), flood.minutes, MAX_WINDOW_SECONDS / 60);
    }
}

fn expect_name(name: &str, path: &Path, findings: &mut Findings<'_>) {
    if name.trim().is_empty() {
        findings.error(path, "empty_name", "say what the form calls this field");
    }
}
