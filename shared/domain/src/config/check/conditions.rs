//! Conditions: their shape, from the tree, and their sense.

use std::collections::BTreeSet;

use super::findings::Findings;
use super::implication::never_holds;
use super::shape::suggestion;
use super::tree::{Node, Path, Shape};
use crate::condition::{All, Any, Condition, MAX_DEPTH, Not, Test};
use crate::config::SourceKind;
use crate::email::EmailClass;
use crate::field::{Field, Value, nearest};
use crate::geo::Country;

/// What a comparison is given.
pub(super) enum Operand {
    /// Text, a number, or true or false.
    Value,
    /// Several of those.
    Values,
    /// Text.
    Text,
    /// Several texts.
    Texts,
    /// A whole number.
    Number,
    /// True or false.
    Flag,
}

/// The comparisons there are. `every_comparison_is_known_here` compares them with [`Test`].
pub(super) const OPERATORS: [(&str, Operand); 10] = [
    ("is", Operand::Value),
    ("is_not", Operand::Value),
    ("one_of", Operand::Values),
    ("none_of", Operand::Values),
    ("contains", Operand::Text),
    ("has_word", Operand::Texts),
    ("starts_with", Operand::Texts),
    ("at_least", Operand::Number),
    ("at_most", Operand::Number),
    ("present", Operand::Flag),
];

const EXAMPLE: &str = "`{ field = \"country\", one_of = [\"DE\", \"AT\"] }`";

/// Looks at every condition of the file as it is written. Gives the ways to those that are no conditions, to be left out,
/// and what is wrong with them.
pub(super) fn misfits(root: &Node) -> (BTreeSet<Path>, Vec<(Path, String)>) {
    let mut broken = BTreeSet::new();
    let mut found = Vec::new();
    for (path, node) in written_conditions(root) {
        let before = found.len();
        examine(node, &path, &mut found);
        if found.len() > before {
            broken.insert(path);
        }
    }
    (broken, found)
}

/// Every place in which the configuration has a condition.
fn written_conditions(root: &Node) -> Vec<(Path, &Node)> {
    let mut conditions = Vec::new();
    let providers = Path::root().key("enrichment").key("providers");
    for entry in root
        .get("enrichment")
        .and_then(|section| section.get("providers"))
        .map_or(&[][..], Node::entries)
    {
        if let Some(when) = entry.node.get("when") {
            conditions.push((providers.key(&entry.key).key("when"), when));
        }
    }
    let fit = Path::root().key("scoring").key("fit");
    for (index, rule) in root
        .get("scoring")
        .and_then(|section| section.get("fit"))
        .map_or(&[][..], Node::items)
        .iter()
        .enumerate()
    {
        if let Some(when) = rule.get("when") {
            conditions.push((fit.index(index).key("when"), when));
        }
    }
    let territories = Path::root().key("territories");
    for (index, territory) in root
        .get("territories")
        .map_or(&[][..], Node::items)
        .iter()
        .enumerate()
    {
        if let Some(when) = territory.get("when") {
            conditions.push((territories.index(index).key("when"), when));
        }
    }
    for entry in root.get("vendors").map_or(&[][..], Node::entries) {
        let path = Path::root().key("vendors").key(&entry.key);
        for (lists, word) in [
            (&["prices"][..], "when"),
            (&["criteria"][..], "must"),
            (&["caps"][..], "when"),
            (&["ping", "limits"][..], "when"),
        ] {
            let mut path = path.clone();
            let mut node = Some(&entry.node);
            for key in lists {
                path = path.key(key);
                node = node.and_then(|node| node.get(key));
            }
            for (index, item) in node.map_or(&[][..], Node::items).iter().enumerate() {
                if let Some(condition) = item.get(word) {
                    conditions.push((path.index(index).key(word), condition));
                }
            }
        }
    }
    conditions
}

fn examine(node: &Node, path: &Path, found: &mut Vec<(Path, String)>) {
    let Shape::Table(entries) = &node.shape else {
        found.push((
            path.clone(),
            format!(
                "a condition is a table such as {EXAMPLE}, not {}",
                node.description()
            ),
        ));
        return;
    };
    for word in ["all", "any", "not"] {
        let Some(part) = node.get(word) else {
            continue;
        };
        if let Some(other) = entries.iter().find(|entry| entry.key != word) {
            let message = format!(
                "`{word}` stands alone in its table: put `{}` into one of its parts",
                other.key
            );
            found.push((path.key(&other.key), message));
        }
        match (&part.shape, word) {
            (_, "not") => examine(part, &path.key(word), found),
            (Shape::List(parts), _) => {
                if parts.is_empty() {
                    found.push((
                        path.key(word),
                        format!("`{word}` has no parts: add conditions to it, or remove it"),
                    ));
                }
                for (index, part) in parts.iter().enumerate() {
                    examine(part, &path.key(word).index(index), found);
                }
            }
            _ => found.push((
                path.key(word),
                format!("`{word}` takes a list of conditions: `{word} = [{{ … }}, {{ … }}]`"),
            )),
        }
        return;
    }
    examine_comparison(node, path, found);
}

fn examine_comparison(node: &Node, path: &Path, found: &mut Vec<(Path, String)>) {
    let names: Vec<&str> = OPERATORS
        .iter()
        .map(|(name, _)| *name)
        .chain(["all", "any", "not"])
        .collect();
    let is_misspelt = |key: &str| nearest(key, std::iter::once("field".to_owned())).is_some();
    match node.get("field").map(|field| &field.shape) {
        Some(Shape::Text(_)) => {}
        Some(_) => found.push((path.key("field"), "`field` is the name of a field, in quotes".to_owned())),
        None if node.entries().iter().any(|entry| is_misspelt(&entry.key)) => {}
        None => found.push((path.clone(), format!("this condition names no `field`: a condition is a table such as {EXAMPLE}, or `all`, `any` or `not`"))),
    }
    for entry in node.entries().iter().filter(|entry| entry.key != "field") {
        let path = path.key(&entry.key);
        match OPERATORS.iter().find(|(name, _)| *name == entry.key) {
            None => {
                let hint = if is_misspelt(&entry.key) {
                    "; did you mean `field`?".to_owned()
                } else {
                    suggestion(&entry.key, &names)
                };
                found.push((
                    path,
                    format!("there is no comparison `{}`{hint}", entry.key),
                ));
            }
            Some((name, operand)) => {
                if let Some(message) = operand.misfit(name, &entry.node) {
                    found.push((path, message));
                }
            }
        }
    }
}

impl Operand {
    /// What is wrong with `node` as this.
    fn misfit(&self, name: &str, node: &Node) -> Option<String> {
        let is_value = |node: &Node| {
            matches!(
                node.shape,
                Shape::Text(_) | Shape::Number(_) | Shape::Flag(_)
            )
        };
        let is_text =
            |node: &Node| matches!(&node.shape, Shape::Text(text) if !text.trim().is_empty());
        let is_blank =
            |node: &Node| matches!(&node.shape, Shape::Text(text) if text.trim().is_empty());
        let wanted = match (self, &node.shape) {
            (_, Shape::List(items)) if items.is_empty() => {
                return Some(format!(
                    "`{name}` has an empty list, which nothing is in: fill it, or remove it"
                ));
            }
            (_, Shape::List(items)) if items.iter().any(is_blank) => {
                return Some(format!("`{name}` has an empty text in its list; remove it"));
            }
            (_, Shape::Text(_)) if is_blank(node) => {
                return Some(format!(
                    "`{name}` compares with an empty text; to ask whether a field is known, use `present`"
                ));
            }
            (Operand::Value, _) if is_value(node) => return None,
            (Operand::Value, Shape::List(_)) if name == "is" => {
                return Some("`is` takes one value; for several use `one_of`".to_owned());
            }
            (Operand::Value, Shape::List(_)) => {
                return Some("`is_not` takes one value; for several use `none_of`".to_owned());
            }
            (Operand::Value, _) => "text, a whole number, `true` or `false`",
            (Operand::Values, Shape::List(items)) if items.iter().all(is_value) => return None,
            (Operand::Values, _) => "a list of values: `[\"…\", \"…\"]`",
            (Operand::Text, Shape::Text(_)) => return None,
            (Operand::Text, _) => "text in quotes",
            (Operand::Texts, Shape::List(items)) if items.iter().all(is_text) => return None,
            (Operand::Texts, _) => "a list of texts: `[\"…\", \"…\"]`",
            (Operand::Number, Shape::Number(_)) => return None,
            (Operand::Number, _) => "a whole number, without quotes",
            (Operand::Flag, Shape::Flag(_)) => return None,
            (Operand::Flag, _) => "`true` or `false`, without quotes",
        };
        Some(format!("`{name}` takes {wanted}"))
    }
}

/// Looks for conditions that read well and make no sense.
pub(super) fn check(condition: &Condition, path: &Path, findings: &mut Findings<'_>) {
    let depth = condition.depth();
    if depth > MAX_DEPTH {
        findings.error(
            path,
            "too_deep",
            format!(
                "this condition nests {depth} deep; at most {MAX_DEPTH} is allowed: split the rule"
            ),
        );
    }
    let before = findings.len();
    check_comparisons(condition, path, findings);
    // One reason is enough: a comparison that is wrong in itself needs no second word.
    if findings.len() == before
        && let Some(reason) = never_holds(condition)
    {
        findings.error(
            path,
            "never_holds",
            format!("no lead can meet this condition: {reason}"),
        );
    }
}

fn check_comparisons(condition: &Condition, path: &Path, findings: &mut Findings<'_>) {
    match condition {
        Condition::All(All { all: parts }) => check_parts(parts, &path.key("all"), findings),
        Condition::Any(Any { any: parts }) => check_parts(parts, &path.key("any"), findings),
        Condition::Not(Not { not }) => check_comparisons(not, &path.key("not"), findings),
        Condition::Test(test) => check_test(test, path, findings),
    }
}

fn check_parts(parts: &[Condition], path: &Path, findings: &mut Findings<'_>) {
    for (index, part) in parts.iter().enumerate() {
        check_comparisons(part, &path.index(index), findings);
    }
}

fn check_test(test: &Test, path: &Path, findings: &mut Findings<'_>) {
    let field = match test.field.0.parse::<Field>() {
        Ok(field) => field,
        Err(unknown) => {
            findings.error(
                &path.key("field"),
                "unknown_field",
                format!("{unknown}{}", fields_hint(unknown.hint.is_none())),
            );
            return;
        }
    };
    if test.is_empty() {
        findings.error(path, "empty_condition", format!("this compares `{field}` with nothing: add `is`, `one_of`, `at_least`, `present` or the like"));
    }
    for problem in test.type_problems() {
        findings.error(path, "wrong_comparison", problem);
    }
    check_words(test, &field, path, findings);
}

/// Fields whose values are a known set of words.
fn check_words(test: &Test, field: &Field, path: &Path, findings: &mut Findings<'_>) {
    let known: Vec<&str> = match field {
        Field::EmailClass => [
            EmailClass::Company,
            EmailClass::Free,
            EmailClass::Disposable,
            EmailClass::Relay,
        ]
        .map(EmailClass::as_str)
        .to_vec(),
        Field::Source => findings.names("sources"),
        Field::SourceKind => SourceKind::ALL.iter().map(|kind| kind.name()).collect(),
        Field::Country | Field::PhoneCountry => Vec::new(),
        _ => return,
    };
    let mut values: Vec<(Path, &Value)> = Vec::new();
    values.extend(test.is.iter().map(|value| (path.key("is"), value)));
    values.extend(test.is_not.iter().map(|value| (path.key("is_not"), value)));
    for (key, list) in [("one_of", &test.one_of), ("none_of", &test.none_of)] {
        values.extend(
            list.iter()
                .flatten()
                .enumerate()
                .map(|(index, value)| (path.key(key).index(index), value)),
        );
    }
    for (path, value) in values {
        let word = value.to_string();
        if matches!(field, Field::Country | Field::PhoneCountry) {
            if Country::from_alpha2(&word).is_none() {
                let hint = Country::parse(&word)
                    .map(|country| format!(": `{}`", country.as_str()))
                    .unwrap_or_default();
                findings.error(
                    &path,
                    "unknown_country",
                    format!("`{word}` is no country; use two letters as in ISO 3166-1{hint}"),
                );
            }
        } else if !known.iter().any(|name| name.eq_ignore_ascii_case(&word)) {
            findings.error(
                &path,
                "unknown_value",
                format!("`{field}` is never `{word}`{}", suggestion(&word, &known)),
            );
        }
    }
}

/// Where the fields are listed, for those whose slip was not near to any.
pub(super) fn fields_hint(wanted: bool) -> &'static str {
    if wanted {
        "; fields of your own are written `custom.NAME`, the others are listed in docs/configuration.md"
    } else {
        ""
    }
}
