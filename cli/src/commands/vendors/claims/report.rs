//! What came of a comparison, by lines of the file; or by its items, where several of them stand on one line.

use std::io::Write;

use serde_json::{Value, json};

use super::{BadLine, Place};
use crate::failure::Failure;
use crate::layout::clean;

/// Each line is in one of these.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Report {
    pub(super) right: usize,
    pub(super) bad: Vec<BadLine>,
    pub(super) missing: Vec<Place>,
    /// With the one that names the same lead first.
    pub(super) claimed_twice: Vec<(Place, Place)>,
    pub(super) received_twice: Vec<(Place, Vec<String>)>,
    /// With outcome and reason.
    pub(super) refused: Vec<(Place, String, String)>,
    pub(super) returned: Vec<(Place, String)>,
    /// Whether a line holds several items, as a JSON array may.
    pub(super) is_by_item: bool,
}

impl Report {
    pub(super) fn is_right(&self) -> bool {
        self.sentences().is_empty()
    }

    pub(super) fn json(&self) -> Value {
        let told = |place: &Place, rest: Value| {
            let mut told = json!({ "line": place.line, "item": place.item });
            if let (Some(told), Value::Object(rest)) = (told.as_object_mut(), rest) {
                told.extend(rest);
            }
            told
        };
        let bad = self.bad.iter().map(|bad| {
            let rest = json!({ "column": bad.column, "message": bad.message });
            told(&bad.place, rest)
        });
        let refused = self.refused.iter().map(|(place, outcome, reason)| {
            told(place, json!({ "outcome": outcome, "reason": reason }))
        });
        let twice = self
            .received_twice
            .iter()
            .map(|(place, ids)| told(place, json!({ "submissions": ids })));
        let claimed = self.claimed_twice.iter().map(|(place, first)| {
            let rest = json!({ "first_line": first.line, "first_item": first.item });
            told(place, rest)
        });
        let returned = self
            .returned
            .iter()
            .map(|(place, reason)| told(place, json!({ "reason": reason })));
        let missing: Vec<u64> = self.missing.iter().map(|place| place.line).collect();
        let missing_items: Vec<u64> = self.missing.iter().map(|place| place.item).collect();
        json!({
            "bought": self.right,
            "never_received": missing,
            "never_received_items": missing_items,
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
        for (place, sentence) in sentences {
            writeln!(out, "{}: {sentence}", self.named(place))?;
        }
        Ok(())
    }

    /// A place as people find it in the file.
    fn named(&self, place: Place) -> String {
        if self.is_by_item {
            format!("item {}", place.item)
        } else {
            format!("line {}", place.line)
        }
    }

    /// What is not as it should be, in the order of the file.
    fn sentences(&self) -> Vec<(Place, String)> {
        let bad = self.bad.iter().map(|bad| match bad.column.as_str() {
            "row" => (bad.place, format!("not compared: {}", bad.message)),
            column => (
                bad.place,
                format!("not compared: column {column}: {}", bad.message),
            ),
        });
        let missing = self
            .missing
            .iter()
            .map(|place| (*place, "never received".to_owned()));
        let claimed = self.claimed_twice.iter().map(|(place, first)| {
            let first = self.named(*first);
            (*place, format!("the same lead as {first}"))
        });
        let received = self.received_twice.iter().map(|(place, ids)| {
            (
                *place,
                format!("received more than once: {}", ids.join(", ")),
            )
        });
        let refused = self
            .refused
            .iter()
            .map(|(place, outcome, reason)| (*place, format!("not bought, {outcome}: {reason}")));
        let returned = self
            .returned
            .iter()
            .map(|(place, reason)| (*place, format!("returned, {reason}")));
        let mut sentences: Vec<(Place, String)> = bad
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
