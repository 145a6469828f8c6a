//! Conditions: a small typed tree over known fields, so that a rule can be checked before it runs and explained after.
//!
//! Not a scripting language on purpose: whatever can be written here can be pointed at by `leadline check`.

use serde::{Deserialize, Serialize};

use crate::field::{FLAGS, Field, Fields, NUMBERS, Value};

/// Deepest nesting that `leadline check` accepts.
pub const MAX_DEPTH: usize = 8;

/// What a rule asks of a lead.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
#[expect(
    clippy::large_enum_variant,
    reason = "most conditions are tests; a box would be one more step for each of them"
)]
pub enum Condition {
    /// Holds when every part holds.
    All(All),
    /// Holds when at least one part holds.
    Any(Any),
    /// Holds when its part does not.
    Not(Not),
    /// Compares one field.
    Test(Test),
}

/// `{ all = [ … ] }`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct All {
    /// The parts.
    pub all: Vec<Condition>,
}

/// `{ any = [ … ] }`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Any {
    /// The parts.
    pub any: Vec<Condition>,
}

/// `{ not = … }`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Not {
    /// The part.
    pub not: Box<Condition>,
}

/// `{ field = "country", one_of = ["DE", "AT"] }`: every comparison that is given must hold.
/// A field that is not known fails every comparison but `present = false`, `none_of` and `is_not`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Test {
    /// The field compared.
    pub field: FieldName,
    /// Equal to this, ignoring case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is: Option<Value>,
    /// Not equal to this, ignoring case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_not: Option<Value>,
    /// Equal to one of these, ignoring case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_of: Option<Vec<Value>>,
    /// Equal to none of these, ignoring case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub none_of: Option<Vec<Value>>,
    /// Contains this text, ignoring case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contains: Option<String>,
    /// Contains one of these as a whole word (`CMO` in "Global CMO", not in "ecmo"), ignoring case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub has_word: Option<Vec<String>>,
    /// Starts with one of these, ignoring case; for postal codes and the like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_with: Option<Vec<String>>,
    /// A number not below this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<i64>,
    /// A number not above this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<i64>,
    /// Whether the field is known at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub present: Option<bool>,
}

/// A field's name as a rule writes it. Kept as text, so that `leadline check` can report an unknown one with its place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FieldName(pub String);

impl FieldName {
    /// The field of that name.
    pub fn field(&self) -> Option<Field> {
        self.0.parse().ok()
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for FieldName {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        Field::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Field::json_schema(generator)
    }
}

impl Condition {
    /// Whether `fields` meet it.
    pub fn holds(&self, fields: &Fields) -> bool {
        match self {
            Condition::All(All { all }) => all.iter().all(|part| part.holds(fields)),
            Condition::Any(Any { any }) => any.iter().any(|part| part.holds(fields)),
            Condition::Not(Not { not }) => !not.holds(fields),
            Condition::Test(test) => test.holds(fields),
        }
    }

    /// The first comparison that fails, in words; `None` when the condition holds. Names fields and the rule's own values, never the lead's.
    pub fn why_not(&self, fields: &Fields) -> Option<String> {
        match self {
            Condition::All(All { all }) => all.iter().find_map(|part| part.why_not(fields)),
            Condition::Any(Any { any }) if any.iter().any(|part| part.holds(fields)) => None,
            Condition::Any(Any { any }) => {
                let reasons: Vec<String> =
                    any.iter().filter_map(|part| part.why_not(fields)).collect();
                Some(reasons.join(", and "))
            }
            Condition::Not(Not { not }) if not.holds(fields) => {
                Some(format!("it is excluded that {}", not.describe()))
            }
            Condition::Not(_) => None,
            Condition::Test(test) => (!test.holds(fields)).then(|| test.describe_failure(fields)),
        }
    }

    /// The condition in words.
    pub fn describe(&self) -> String {
        match self {
            Condition::All(All { all }) => join(all, " and "),
            Condition::Any(Any { any }) => join(any, " or "),
            Condition::Not(Not { not }) => format!("not ({})", not.describe()),
            Condition::Test(test) => test.describe(),
        }
    }

    /// Calls `visit` for every comparison in it, with the way to it (such as `all[1].field`).
    pub fn visit<'a>(&'a self, path: &str, visit: &mut dyn FnMut(&str, &'a Test)) {
        match self {
            Condition::All(All { all }) => {
                for (index, part) in all.iter().enumerate() {
                    part.visit(&format!("{path}.all[{index}]"), visit);
                }
            }
            Condition::Any(Any { any }) => {
                for (index, part) in any.iter().enumerate() {
                    part.visit(&format!("{path}.any[{index}]"), visit);
                }
            }
            Condition::Not(Not { not }) => not.visit(&format!("{path}.not"), visit),
            Condition::Test(test) => visit(path, test),
        }
    }

    /// How deep it nests; a single comparison is 1.
    pub fn depth(&self) -> usize {
        match self {
            Condition::All(All { all: parts }) | Condition::Any(Any { any: parts }) => {
                1 + parts.iter().map(Condition::depth).max().unwrap_or(0)
            }
            Condition::Not(Not { not }) => 1 + not.depth(),
            Condition::Test(_) => 1,
        }
    }
}

fn join(parts: &[Condition], with: &str) -> String {
    let texts: Vec<String> = parts
        .iter()
        .map(|part| match part {
            Condition::Test(_) => part.describe(),
            nested => format!("({})", nested.describe()),
        })
        .collect();
    texts.join(with)
}

impl Test {
    fn holds(&self, fields: &Fields) -> bool {
        let value = self.field.field().and_then(|field| fields.get(&field));
        let Some(value) = value else {
            let asks_for_a_value = self.is.is_some()
                || self.one_of.is_some()
                || self.contains.is_some()
                || self.has_word.is_some()
                || self.starts_with.is_some()
                || self.at_least.is_some()
                || self.at_most.is_some()
                || self.present == Some(true);
            return !asks_for_a_value;
        };
        self.present != Some(false)
            && self.is.as_ref().is_none_or(|wanted| same(value, wanted))
            && self
                .is_not
                .as_ref()
                .is_none_or(|unwanted| !same(value, unwanted))
            && self
                .one_of
                .as_ref()
                .is_none_or(|wanted| wanted.iter().any(|one| same(value, one)))
            && self
                .none_of
                .as_ref()
                .is_none_or(|unwanted| !unwanted.iter().any(|one| same(value, one)))
            && self
                .contains
                .as_ref()
                .is_none_or(|part| lower(value).contains(&part.to_lowercase()))
            && self.has_word.as_ref().is_none_or(|words| {
                words
                    .iter()
                    .any(|word| has_word(&lower(value), &word.to_lowercase()))
            })
            && self.starts_with.as_ref().is_none_or(|starts| {
                starts
                    .iter()
                    .any(|start| lower(value).starts_with(&start.to_lowercase()))
            })
            && self
                .at_least
                .is_none_or(|least| value.as_number().is_some_and(|number| number >= least))
            && self
                .at_most
                .is_none_or(|most| value.as_number().is_some_and(|number| number <= most))
    }

    /// The comparisons that fail, in words.
    fn describe_failure(&self, fields: &Fields) -> String {
        let value = self.field.field().and_then(|field| fields.get(&field));
        match value {
            None if self.present != Some(false) => format!("{} is not known", self.field.0),
            None => self.describe(),
            Some(value) => {
                let failing: Vec<String> = self
                    .parts()
                    .into_iter()
                    .filter(|part| !(part.holds)(value))
                    .map(|part| part.otherwise)
                    .collect();
                failing.join(" and ")
            }
        }
    }

    /// The comparison in words.
    pub fn describe(&self) -> String {
        self.parts()
            .into_iter()
            .map(|part| part.says)
            .collect::<Vec<_>>()
            .join(" and ")
    }

    /// Each comparison that is given: what it says, what is said when it fails, and whether a value meets it.
    fn parts(&self) -> Vec<Part<'_>> {
        let name = &self.field.0;
        let mut parts = Vec::new();
        if let Some(wanted) = &self.is {
            parts.push(Part::new(
                format!("{name} is {wanted}"),
                format!("{name} is not {wanted}"),
                move |value| same(value, wanted),
            ));
        }
        if let Some(unwanted) = &self.is_not {
            parts.push(Part::new(
                format!("{name} is not {unwanted}"),
                format!("{name} is {unwanted}"),
                move |value| !same(value, unwanted),
            ));
        }
        if let Some(wanted) = &self.one_of {
            let list = list(wanted);
            parts.push(Part::new(
                format!("{name} is one of {list}"),
                format!("{name} is none of {list}"),
                move |value| wanted.iter().any(|one| same(value, one)),
            ));
        }
        if let Some(unwanted) = &self.none_of {
            let list = list(unwanted);
            parts.push(Part::new(
                format!("{name} is none of {list}"),
                format!("{name} is one of {list}"),
                move |value| !unwanted.iter().any(|one| same(value, one)),
            ));
        }
        if let Some(text) = &self.contains {
            parts.push(Part::new(
                format!("{name} contains {text}"),
                format!("{name} does not contain {text}"),
                move |value| lower(value).contains(&text.to_lowercase()),
            ));
        }
        if let Some(words) = &self.has_word {
            let list = list(words);
            let holds = move |value: &Value| {
                words
                    .iter()
                    .any(|word| has_word(&lower(value), &word.to_lowercase()))
            };
            parts.push(Part::new(
                format!("{name} has the word {list}"),
                format!("{name} does not have the word {list}"),
                holds,
            ));
        }
        if let Some(starts) = &self.starts_with {
            let list = list(starts);
            let holds = move |value: &Value| {
                starts
                    .iter()
                    .any(|start| lower(value).starts_with(&start.to_lowercase()))
            };
            parts.push(Part::new(
                format!("{name} starts with {list}"),
                format!("{name} does not start with {list}"),
                holds,
            ));
        }
        if let Some(least) = self.at_least {
            let holds =
                move |value: &Value| value.as_number().is_some_and(|number| number >= least);
            parts.push(Part::new(
                format!("{name} is at least {least}"),
                format!("{name} is below {least}"),
                holds,
            ));
        }
        if let Some(most) = self.at_most {
            let holds = move |value: &Value| value.as_number().is_some_and(|number| number <= most);
            parts.push(Part::new(
                format!("{name} is at most {most}"),
                format!("{name} is above {most}"),
                holds,
            ));
        }
        match self.present {
            Some(true) => parts.push(Part::new(
                format!("{name} is known"),
                format!("{name} is not known"),
                |_| true,
            )),
            Some(false) => parts.push(Part::new(
                format!("{name} is not known"),
                format!("{name} is known"),
                |_| false,
            )),
            None => {}
        }
        parts
    }

    /// Whether it compares anything at all.
    pub fn is_empty(&self) -> bool {
        self.describe().is_empty()
    }

    /// Comparisons that make no sense for the field's type, in words.
    pub fn type_problems(&self) -> Vec<String> {
        let Some(field) = self.field.field() else {
            return Vec::new();
        };
        let mut problems = Vec::new();
        let is_number = NUMBERS.contains(&field);
        let is_custom = matches!(field, Field::Custom(_));
        if (self.at_least.is_some() || self.at_most.is_some()) && !is_number && !is_custom {
            problems.push(format!(
                "`{field}` is no number; `at_least` and `at_most` compare numbers"
            ));
        }
        if is_number
            && (self.contains.is_some() || self.has_word.is_some() || self.starts_with.is_some())
        {
            problems.push(format!(
                "`{field}` is a number; use `at_least`, `at_most`, `is` or `one_of`"
            ));
        }
        if let (Some(least), Some(most)) = (self.at_least, self.at_most)
            && least > most
        {
            problems.push(format!("no number is at least {least} and at most {most}"));
        }
        if FLAGS.contains(&field) {
            let values = self
                .is
                .iter()
                .chain(&self.is_not)
                .chain(self.one_of.iter().flatten());
            for value in values {
                if value.as_flag().is_none() {
                    problems.push(format!("`{field}` is true or false, not `{value}`"));
                }
            }
        }
        problems
    }
}

/// Values of a list that are named in words before it is cut short: reasons are stored with every decision.
const NAMED_VALUES: usize = 6;

/// One comparison of a [`Test`].
struct Part<'a> {
    says: String,
    otherwise: String,
    holds: Box<dyn Fn(&Value) -> bool + 'a>,
}

impl<'a> Part<'a> {
    fn new(says: String, otherwise: String, holds: impl Fn(&Value) -> bool + 'a) -> Self {
        Self {
            says,
            otherwise,
            holds: Box::new(holds),
        }
    }
}

fn list<T: ToString>(values: &[T]) -> String {
    let named: Vec<String> = values.iter().take(NAMED_VALUES).map(T::to_string).collect();
    match values.len().saturating_sub(NAMED_VALUES) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

fn lower(value: &Value) -> String {
    value.to_string().to_lowercase()
}

fn same(value: &Value, wanted: &Value) -> bool {
    match (value, wanted) {
        (Value::Text(left), Value::Text(right)) => left.to_lowercase() == right.to_lowercase(),
        (Value::Flag(left), right) => right.as_flag() == Some(*left),
        (Value::Number(left), right) => right.as_number() == Some(*left),
        (left, Value::Flag(right)) => left.as_flag() == Some(*right),
        (left, Value::Number(right)) => left.as_number() == Some(*right),
    }
}

/// Whether `word` stands in `text` with no letter or digit directly before or after it. Both lower case.
fn has_word(text: &str, word: &str) -> bool {
    !word.is_empty()
        && text.match_indices(word).any(|(start, found)| {
            let before = text[..start].chars().next_back();
            let after = text[start + found.len()..].chars().next();
            !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
        })
}

#[cfg(test)]
mod tests;
