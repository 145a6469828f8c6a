//! One row for every check: what is added to the good configuration, and what is found.

mod conditions;
mod doors;
mod people;
mod rules;
mod vendors;

use super::{GOOD, Severity, good_but, problems};

/// What `addition`, put behind the good configuration, is found to be: codes and paths, in the order of the file.
#[track_caller]
fn finds(addition: &str, expected: &[(&str, &str)]) {
    let text = format!("{GOOD}\n{addition}\n");
    let found = problems(&text);
    let codes: Vec<(&str, &str)> = found
        .iter()
        .map(|problem| (problem.code, problem.path.as_str()))
        .collect();
    assert_eq!(codes, expected, "{addition}\n{found:#?}");
    for problem in &found {
        assert!(
            problem.line > GOOD.lines().count(),
            "{problem:?} points into the good part"
        );
        let is_warning = WARNINGS.contains(&problem.code);
        assert_eq!(
            problem.severity == Severity::Warning,
            is_warning,
            "{problem:?}"
        );
    }
}

/// The same, with a part of the good configuration replaced.
#[track_caller]
fn finds_instead(from: &str, to: &str, expected: &[(&str, &str)]) {
    let text = good_but(from, to);
    let found = problems(&text);
    let codes: Vec<(&str, &str)> = found
        .iter()
        .map(|problem| (problem.code, problem.path.as_str()))
        .collect();
    assert_eq!(codes, expected, "{to}\n{found:#?}");
}

/// Codes of problems that refuse nothing.
const WARNINGS: [&str; 18] = [
    "answered_later",
    "empty_pool",
    "never_applies",
    "never_reached",
    "no_answers",
    "no_fallback",
    "no_fields",
    "no_notices",
    "no_points",
    "no_response_rule",
    "overlapping_territories",
    "ping_of_queued",
    "plain_http",
    "unknown_event",
    "unused_pool",
    "unused_rep",
    "unused_setting",
    "unused_vendor",
];
