mod default_file;
mod mistakes;
mod places;
mod soundness;

use super::{Problem, Severity, read};

/// A small configuration without any problem. Tests add to it, or replace parts of it.
const GOOD: &str = r#"
[sources.website]
kind = "form"

[reps.ana]
name = "Ana"
[reps.ben]
name = "Ben"

[pools.emea]
members = [{ rep = "ana" }]
[pools.apac]
members = [{ rep = "ben" }]
fallback = "emea"

[routing]
fallback_pool = "apac"
"#;

/// Every problem of a configuration.
fn problems(text: &str) -> Vec<Problem> {
    match read(text) {
        Ok(checked) => checked.warnings,
        Err(problems) => {
            assert!(
                problems
                    .iter()
                    .any(|problem| problem.severity == Severity::Error),
                "refused without an error"
            );
            problems
        }
    }
}

/// [`GOOD`] with `from` replaced by `to`, which must be in it.
fn good_but(from: &str, to: &str) -> String {
    assert!(
        GOOD.contains(from),
        "`{from}` is not in the good configuration"
    );
    GOOD.replacen(from, to, 1)
}

/// The line, from 1, in which `needle` first stands.
fn line_of(text: &str, needle: &str) -> usize {
    1 + text
        .lines()
        .position(|line| line.contains(needle))
        .unwrap_or_else(|| panic!("`{needle}` is not in the text"))
}
