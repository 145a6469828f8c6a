//! What follows from a condition: that it never holds, that another one holds too, that two can hold for one lead.
//!
//! Every answer here is sound and none is complete: "no" means that it could not be shown.

use std::collections::{BTreeMap, BTreeSet};

use crate::condition::{All, Any, Condition, Not, Test};
use crate::field::{FLAGS, Field, Fields, NUMBERS, Value};

/// Most comparisons in a condition that is compared with others: more are rare, and the work grows with their square.
const MAX_COMPARISONS: usize = 50;

/// A value as comparisons see it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Atom {
    Text(String),
    Number(i64),
    Flag(bool),
}

/// `value` as a comparison with `field` sees it: two values of a field are the same exactly when their atoms are.
/// `None` where that cannot be said: the fields of the user's own hold values of any type.
fn atom(field: &Field, value: &Value) -> Option<Atom> {
    match field {
        Field::Custom(_) => None,
        _ if NUMBERS.contains(field) => value.as_number().map(Atom::Number),
        _ if FLAGS.contains(field) => value.as_flag().map(Atom::Flag),
        _ => value.as_text().map(|text| Atom::Text(text.to_lowercase())),
    }
}

fn atoms(field: &Field, values: &[Value]) -> Option<BTreeSet<Atom>> {
    values.iter().map(|value| atom(field, value)).collect()
}

/// What the comparisons with one field, all together, leave of it.
#[derive(Debug, Clone, Default)]
struct Range {
    /// The only values that are left, when they can be counted.
    allowed: Option<BTreeSet<Atom>>,
    denied: BTreeSet<Atom>,
    at_least: Option<i64>,
    at_most: Option<i64>,
    /// Some comparison holds only for a known value.
    wants_value: bool,
    /// Some comparison holds only when there is no value.
    wants_none: bool,
    /// There are comparisons that this does not describe.
    has_more: bool,
}

impl Range {
    fn narrow(&mut self, field: &Field, test: &Test) {
        for values in [
            test.is.as_ref().map(std::slice::from_ref),
            test.one_of.as_deref(),
        ]
        .into_iter()
        .flatten()
        {
            self.wants_value = true;
            match atoms(field, values) {
                Some(set) => {
                    let left = match self.allowed.take() {
                        Some(allowed) => allowed.intersection(&set).cloned().collect(),
                        None => set,
                    };
                    self.allowed = Some(left);
                }
                None => self.has_more = true,
            }
        }
        for values in [
            test.is_not.as_ref().map(std::slice::from_ref),
            test.none_of.as_deref(),
        ]
        .into_iter()
        .flatten()
        {
            match atoms(field, values) {
                Some(set) => self.denied.extend(set),
                None => self.has_more = true,
            }
        }
        if let Some(least) = test.at_least {
            self.wants_value = true;
            self.at_least = Some(self.at_least.map_or(least, |known| known.max(least)));
        }
        if let Some(most) = test.at_most {
            self.wants_value = true;
            self.at_most = Some(self.at_most.map_or(most, |known| known.min(most)));
        }
        if test.contains.is_some() || test.has_word.is_some() || test.starts_with.is_some() {
            self.wants_value = true;
            self.has_more = true;
        }
        match test.present {
            Some(true) => self.wants_value = true,
            Some(false) => self.wants_none = true,
            None => {}
        }
    }

    /// The values that are left, when they can be counted.
    fn left(&self) -> Option<BTreeSet<Atom>> {
        let in_bounds = |atom: &Atom| match atom {
            Atom::Number(number) => {
                self.at_least.is_none_or(|least| *number >= least)
                    && self.at_most.is_none_or(|most| *number <= most)
            }
            // Text that is a number may be compared as one.
            _ => true,
        };
        let allowed = self.allowed.as_ref()?;
        Some(
            allowed
                .iter()
                .filter(|atom| !self.denied.contains(atom) && in_bounds(atom))
                .cloned()
                .collect(),
        )
    }

    fn contradiction(&self, field: &Field) -> Option<String> {
        if self.wants_none && self.wants_value {
            return Some(format!(
                "`{field}` would have to be known and unknown at once"
            ));
        }
        if let (Some(least), Some(most)) = (self.at_least, self.at_most)
            && least > most
        {
            return Some(format!(
                "`{field}` would have to be at least {least} and at most {most}"
            ));
        }
        self.left()
            .is_some_and(|left| left.is_empty())
            .then(|| format!("no value of `{field}` is left by its comparisons"))
    }
}

/// The ranges of a condition that is one comparison, or several of which all must hold; `None` for any other.
fn ranges(condition: &Condition) -> Option<BTreeMap<Field, Range>> {
    let mut ranges = BTreeMap::new();
    collect(condition, &mut ranges).then_some(ranges)
}

/// Narrows `ranges` by every comparison that must hold; false if there is more to the condition than those.
fn collect(condition: &Condition, ranges: &mut BTreeMap<Field, Range>) -> bool {
    match condition {
        Condition::Test(test) => match test.field.field() {
            Some(field) => {
                ranges
                    .entry(field.clone())
                    .or_default()
                    .narrow(&field, test);
                true
            }
            None => false,
        },
        Condition::All(All { all }) => {
            let mut is_complete = true;
            for part in all {
                is_complete &= collect(part, ranges);
            }
            is_complete
        }
        Condition::Any(_) | Condition::Not(_) => false,
    }
}

/// Whether every field of the condition is known, and the condition small enough to be compared with others.
pub(super) fn is_comparable(condition: &Condition) -> bool {
    let mut comparisons = 0;
    let mut all_known = true;
    condition.visit("", &mut |_, test| {
        comparisons += 1;
        all_known &= test.field.field().is_some();
    });
    all_known && comparisons <= MAX_COMPARISONS
}

/// Why no lead meets `condition`, if that can be shown.
pub(super) fn never_holds(condition: &Condition) -> Option<String> {
    match condition {
        Condition::Any(Any { any }) => {
            let reasons: Option<Vec<String>> = any.iter().map(never_holds).collect();
            reasons.and_then(|reasons| reasons.into_iter().next())
        }
        Condition::Not(_) => None,
        Condition::All(_) | Condition::Test(_) => {
            let mut ranges = BTreeMap::new();
            collect(condition, &mut ranges);
            let contradiction = ranges
                .iter()
                .find_map(|(field, range)| range.contradiction(field));
            contradiction.or_else(|| match condition {
                Condition::All(All { all }) => all.iter().find_map(never_holds),
                _ => None,
            })
        }
    }
}

/// Whether every lead that meets `left` meets `right`.
pub(super) fn implies(left: &Condition, right: &Condition) -> bool {
    if left == right || never_holds(left).is_some() {
        return true;
    }
    match (left, right) {
        (_, Condition::All(All { all })) => all.iter().all(|part| implies(left, part)),
        (Condition::Any(Any { any }), _) => any.iter().all(|part| implies(part, right)),
        (_, Condition::Any(Any { any })) if any.iter().any(|part| implies(left, part)) => true,
        (Condition::All(All { all }), Condition::Test(test)) => {
            all.iter().any(|part| implies(part, right)) || ranges_imply(left, test)
        }
        (Condition::All(All { all }), _) => all.iter().any(|part| implies(part, right)),
        (Condition::Not(Not { not: left }), Condition::Not(Not { not: right })) => {
            implies(right, left)
        }
        (Condition::Test(left_test), Condition::Test(right_test)) => {
            ranges_imply(left, right_test) || test_implies(left_test, right_test)
        }
        _ => false,
    }
}

/// Whether the ranges of `left` lie within everything that `right` asks.
fn ranges_imply(left: &Condition, right: &Test) -> bool {
    let Some(field) = right.field.field() else {
        return false;
    };
    let mut known = BTreeMap::new();
    // What `left` asks besides only makes it hold less often.
    collect(left, &mut known);
    let Some(known) = known.get(&field) else {
        return false;
    };
    let mut asked = Range::default();
    asked.narrow(&field, right);
    if asked.has_more {
        return false;
    }
    let left_values = known.left();
    let allowed = asked.allowed.is_none()
        || asked.left().is_some_and(|set| {
            left_values
                .as_ref()
                .is_some_and(|left| left.is_subset(&set))
        });
    let denied = asked.denied.iter().all(|value| {
        known.denied.contains(value)
            || known.wants_none
            || left_values
                .as_ref()
                .is_some_and(|left| !left.contains(value))
    });
    let numbers = left_values.as_ref().and_then(|left| {
        left.iter()
            .map(|atom| {
                if let Atom::Number(number) = atom {
                    Some(*number)
                } else {
                    None
                }
            })
            .collect::<Option<Vec<i64>>>()
    });
    let at_least = asked.at_least.is_none_or(|least| {
        known.at_least.is_some_and(|known| known >= least)
            || numbers
                .as_ref()
                .is_some_and(|numbers| numbers.iter().all(|number| *number >= least))
    });
    let at_most = asked.at_most.is_none_or(|most| {
        known.at_most.is_some_and(|known| known <= most)
            || numbers
                .as_ref()
                .is_some_and(|numbers| numbers.iter().all(|number| *number <= most))
    });
    let presence =
        (!asked.wants_value || known.wants_value) && (!asked.wants_none || known.wants_none);
    allowed && denied && at_least && at_most && presence
}

/// Whether `left` implies `right` by comparisons of parts of text, the only ones in `right`.
fn test_implies(left: &Test, right: &Test) -> bool {
    let same_field = left.field.field().is_some() && left.field == right.field;
    let only_text = Test {
        contains: None,
        has_word: None,
        starts_with: None,
        ..right.clone()
    }
    .is_empty();
    if !same_field || !only_text {
        return false;
    }
    let lower = |texts: &[String]| -> Vec<String> {
        texts.iter().map(|text| text.to_lowercase()).collect()
    };
    let contains = right.contains.as_ref().is_none_or(|part| {
        left.contains
            .as_ref()
            .is_some_and(|known| known.to_lowercase().contains(&part.to_lowercase()))
    });
    let has_word = right.has_word.as_deref().is_none_or(|words| {
        let words = lower(words);
        left.has_word
            .as_deref()
            .is_some_and(|known| lower(known).iter().all(|word| words.contains(word)))
    });
    let starts_with = right.starts_with.as_deref().is_none_or(|starts| {
        let starts = lower(starts);
        left.starts_with.as_deref().is_some_and(|known| {
            lower(known)
                .iter()
                .all(|known| starts.iter().any(|start| known.starts_with(start.as_str())))
        })
    });
    contains && has_word && starts_with
}

/// Whether every lead that meets `condition` meets one of `earlier`, taking the values it allows one by one if need be.
pub(super) fn is_covered(condition: &Condition, earlier: &[&Condition]) -> bool {
    if earlier.iter().any(|other| implies(condition, other)) {
        return true;
    }
    let Condition::Test(test) = condition else {
        return false;
    };
    let Some(values) = test.one_of.as_ref().filter(|values| values.len() > 1) else {
        return false;
    };
    values.iter().all(|value| {
        let single = Condition::Test(Test {
            one_of: Some(vec![value.clone()]),
            ..test.clone()
        });
        earlier.iter().any(|other| implies(&single, other))
    })
}

/// A lead, in words, that meets both conditions, where both ask about the same fields and neither is a part of the other.
pub(super) fn overlap(left: &Condition, right: &Condition) -> Option<String> {
    let (left_ranges, right_ranges) = (ranges(left)?, ranges(right)?);
    let same_fields = left_ranges.keys().eq(right_ranges.keys());
    if !same_fields || implies(left, right) || implies(right, left) {
        return None;
    }
    let both = Condition::All(All {
        all: vec![left.clone(), right.clone()],
    });
    let mut witness = Fields::new();
    for (field, range) in ranges(&both)? {
        let value = match range.left() {
            Some(left) => left.into_iter().next()?,
            // A bound, or the nearest number to it that is not denied.
            None => {
                let start = range.at_least.or(range.at_most)?;
                let step = if range.at_least.is_some() { 1 } else { -1 };
                let candidates = (0..64).map(|offset: i64| start.saturating_add(offset * step));
                Atom::Number(
                    candidates
                        .into_iter()
                        .find(|number| !range.denied.contains(&Atom::Number(*number)))?,
                )
            }
        };
        let value = match value {
            // Countries and the like read best as they are written in rules.
            Atom::Text(text)
                if matches!(field, Field::Country | Field::PhoneCountry | Field::Region) =>
            {
                Value::Text(text.to_uppercase())
            }
            Atom::Text(text) => Value::Text(text),
            Atom::Number(number) => Value::Number(number),
            Atom::Flag(flag) => Value::Flag(flag),
        };
        witness.insert(field, value);
    }
    // Whatever was worked out above, this is the proof.
    both.holds(&witness).then(|| {
        witness
            .iter()
            .map(|(field, value)| format!("`{field}` is {value}"))
            .collect::<Vec<_>>()
            .join(" and ")
    })
}
