//! What came of a comparison, by lines of the file.

use std::io::Write;

use serde_json::{Value, json};

use super::BadLine;
use crate::failure::Failure;
use crate::layout::clean;

/// Each line is in one of these.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Report {
    pub(super) right: usize,
    pub(super) bad: Vec<BadLine>,
    pub(super) missing: Vec<u64>,
    /// With the line that names the same lead first.
    pub(super) claimed_twice: Vec<(u64, u64)>,
    pub(super) received_twice: Vec<(u64, Vec<String>)>,
    /// With outcome and reason.
    pub(super) refused: Vec<(u64, String, String)>,
    pub(super) returned: Vec<(u64, String)>,
}

impl Report {
    pub(super) fn is_right(&self) -> bool {
        self.sentences().is_empty()
    }

    pub(super) fn json(&self) -> Value {
        let bad = self
            .bad
            .iter()
            .map(|bad| json!({ "line": bad.line, "column": bad.column, "message": bad.message }));
        let refused = self.refused.iter().map(
            |(line, outcome, reason)| json!({ "line": line, "outcome": outcome, "reason": reason }),
        );
        let twice = self
            .received_twice
            .iter()
            .map(|(line, ids)| json!({ "line": line, "submissions": ids }));
        let claimed = self
            .claimed_twice
            .iter()
            .map(|(line, first)| json!({ "line": line, "first_line": first }));
        let returned = self
            .returned
            .iter()
            .map(|(line, reason)| json!({ "line": line, "reason": reason }));
        json!({
            "bought": self.right,
            "never_received": self.missing,
            "claimed_twice": claimed.collect::<Vec<_>>(),
            "received_twice": twice.collect::<Vec<_>>(),
            "not_bought": refused.collect::<Vec<_>>(),
            "returned": returned.collect::<Vec<_>>(),
            "unreadable": bad.collect::<Vec<_>>(),
        })
    }

    pub(super) fn show(&self, vendor: &str, out: &mut impl Write) -> Result<(), Failure> {
        let sentences = self.sentences();
        writeln!(
            out,
            "{} says it sent {}: {} of them were received once and bought.",
            clean(vendor),
            self.right + sentences.len(),
            self.right
        )?;
        for (line, sentence) in sentences {
            writeln!(out, "line {line}: {sentence}")?;
        }
        Ok(())
    }

    /// What is not as it should be, in the order of the file.
    fn sentences(&self) -> Vec<(u64, String)> {
        let bad = self.bad.iter().map(|bad| match bad.column.as_str() {
            "row" => (bad.line, format!("not compared: {}", bad.message)),
            column => (
                bad.line,
                format!("not compared: column {column}: {}", bad.message),
            ),
        });
        let missing = self
            .missing
            .iter()
            .map(|line| (*line, "never received".to_owned()));
        let claimed = self
            .claimed_twice
            .iter()
            .map(|(line, first)| (*line, format!("the same lead as line {first}")));
        let received = self.received_twice.iter().map(|(line, ids)| {
            (
                *line,
                format!("received more than once: {}", ids.join(", ")),
            )
        });
        let refused = self
            .refused
            .iter()
            .map(|(line, outcome, reason)| (*line, format!("not bought, {outcome}: {reason}")));
        let returned = self
            .returned
            .iter()
            .map(|(line, reason)| (*line, format!("returned, {reason}")));
        let mut sentences: Vec<(u64, String)> = bad
            .chain(missing)
            .chain(claimed)
            .chain(received)
            .chain(refused)
            .chain(returned)
            .collect();
        sentences.sort();
        sentences
    }
}
