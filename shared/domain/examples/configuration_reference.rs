//! Prints docs/configuration.md: the introduction from `configuration_introduction.md`, then tables out of the JSON Schema.
//! `cargo run -p domain --features schema --example configuration_reference > docs/configuration.md`

#![expect(clippy::print_stdout, reason = "printing is what this program is for")]

use serde_json::{Map, Value};

const INTRODUCTION: &str = include_str!("configuration_introduction.md");

/// The sections in the order of the file that ships, and how their tables are written there.
const SECTIONS: [(&str, &str); 15] = [
    ("default_country", ""),
    ("sources", "[sources.NAME]"),
    ("vendors", "[vendors.NAME]"),
    ("events", "[events]"),
    ("enrichment", "[enrichment.providers.NAME]"),
    ("scoring", "[scoring]"),
    ("reps", "[reps.NAME]"),
    ("pools", "[pools.NAME]"),
    ("territories", "[[territories]]"),
    ("routing", "[routing]"),
    ("calendars", "[calendars.NAME]"),
    ("slas", "[slas.NAME]"),
    ("recycling", "[recycling]"),
    ("destinations", "[destinations.NAME]"),
    ("golden", "[[golden]]"),
];

fn main() {
    print!("{}", reference());
}

fn reference() -> String {
    let schema = domain::config::schema();
    let mut page = INTRODUCTION.trim_end().to_owned();
    page.push_str("\n\n## Reference\n");
    let root = properties(&schema);
    for (name, header) in SECTIONS {
        if let Some(property) = root.get(name) {
            section(&schema, name, header, property, &mut page);
        }
    }
    page.push_str("\n## Comparisons\n\nAll that are given in one condition must hold. A field that is not known fails every one but `present = false`, `none_of` and `is_not`.\n\n");
    if let Some(test) = definition(&schema, "Test") {
        table(&schema, test, &mut page);
    }
    page.push_str("\n## Fields\n\n");
    page.push_str("Fields of your own are written `custom.NAME`: lower-case letters, digits, `_` and `-`, at most 64.\n");
    page.push_str(
        "Facts are worked out by Leadline; conditions can use them, sources cannot set them.\n\n",
    );
    fields(&mut page);
    page
}

fn section(schema: &Value, name: &str, header: &str, property: &Value, page: &mut String) {
    let title = if header.is_empty() {
        format!("`{name}`")
    } else {
        format!("`{header}`")
    };
    page.push_str(&format!("\n### {title}\n\n{}\n", description(property)));
    let Some(item) = item_of(property).and_then(|name| definition(schema, name)) else {
        return;
    };
    // Where a section only holds a map or lists of tables, these are what is written.
    let mut todo = Vec::new();
    let inner: Vec<(&String, &Value)> = properties(item).iter().collect();
    match inner.as_slice() {
        [(_, only)] if item_of(only).is_some() => {
            if let Some(inner) = item_of(only).and_then(|name| definition(schema, name)) {
                describe(schema, inner, page, &mut todo);
            }
        }
        _ => describe(schema, item, page, &mut todo),
    }
    let mut done: Vec<String> = Vec::new();
    while let Some((key, name)) = todo.pop() {
        if done.contains(&name) {
            continue;
        }
        if let Some(item) = definition(schema, &name) {
            page.push_str(&format!(
                "\n#### `{key}` in `{header}`\n\n{}\n",
                description(item)
            ));
            describe(schema, item, page, &mut todo);
        }
        done.push(name);
    }
}

/// The table of a type, and those of the types in it that are tables, to be shown after it.
fn describe(schema: &Value, item: &Value, page: &mut String, todo: &mut Vec<(String, String)>) {
    page.push('\n');
    table(schema, item, page);
    let mut nested: Vec<(String, String)> = properties(item)
        .iter()
        .filter_map(|(key, property)| Some((key.clone(), item_of(property)?.to_owned())))
        .filter(|(_, name)| {
            definition(schema, name).is_some_and(|item| item.get("properties").is_some())
        })
        .collect();
    nested.reverse();
    todo.append(&mut nested);
}

fn table(schema: &Value, item: &Value, page: &mut String) {
    let required: Vec<&str> = item
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    page.push_str("| key | value | default | meaning |\n|---|---|---|---|\n");
    let all = properties(item);
    let (first, then): (Vec<_>, Vec<_>) = all
        .iter()
        .partition(|(key, _)| required.contains(&key.as_str()));
    for (key, property) in first.into_iter().chain(then) {
        let default = match property.get("default") {
            _ if required.contains(&key.as_str()) => "required".to_owned(),
            Some(value) if is_small(value) => format!("`{value}`"),
            _ => "–".to_owned(),
        };
        let mut meaning = description(property);
        for (word, what) in words(schema, property) {
            meaning.push_str(&format!("<br>`\"{word}\"`: {what}"));
        }
        page.push_str(&format!(
            "| `{key}` | {} | {default} | {} |\n",
            kind(schema, property),
            meaning.replace('|', "\\|")
        ));
    }
}

/// Whether a default is worth showing: a section full of defaults is not, nor is an empty list.
fn is_small(value: &Value) -> bool {
    match value {
        Value::Array(items) => !items.is_empty(),
        Value::Object(_) | Value::Null => false,
        _ => true,
    }
}

/// What is written as a value, in words.
fn kind(schema: &Value, property: &Value) -> String {
    if let Some(name) = reference_of(property) {
        return named_kind(schema, name);
    }
    if let Some(choices) = property.get("anyOf").and_then(Value::as_array) {
        let kinds: Vec<String> = choices
            .iter()
            .filter(|choice| !is_null(choice))
            .map(|choice| kind(schema, choice))
            .collect();
        return kinds.join(" or ");
    }
    let name = match property.get("type") {
        Some(Value::String(name)) => name.as_str(),
        Some(Value::Array(names)) => names
            .iter()
            .filter_map(Value::as_str)
            .find(|name| *name != "null")
            .unwrap_or_default(),
        _ => "",
    };
    match name {
        "string" => "text".to_owned(),
        "integer" => "whole number".to_owned(),
        "boolean" => "`true` or `false`".to_owned(),
        "array" => format!(
            "list of {}",
            property
                .get("items")
                .map(|items| plural(&kind(schema, items)))
                .unwrap_or_default()
        ),
        "object" => match property.get("additionalProperties") {
            Some(values @ Value::Object(_)) => format!("table: name = {}", kind(schema, values)),
            _ => "table".to_owned(),
        },
        _ => "value".to_owned(),
    }
}

/// Of several, where the word for it is a simple one.
fn plural(kind: &str) -> String {
    match kind {
        "text" | "table" | "word" | "whole number" => format!("{kind}s"),
        other => other.to_owned(),
    }
}

fn named_kind(schema: &Value, name: &str) -> String {
    match name {
        "Condition" => return "[condition](#conditions)".to_owned(),
        "Field" => return "[field](#fields)".to_owned(),
        "Value" => return "text, whole number, `true` or `false`".to_owned(),
        _ => {}
    }
    match definition(schema, name) {
        Some(item) if item.get("oneOf").is_some() => "word".to_owned(),
        Some(item) if item.get("properties").is_some() => "table".to_owned(),
        Some(item) => kind(schema, item),
        None => "value".to_owned(),
    }
}

/// The words of a choice, with what they mean.
fn words<'a>(schema: &'a Value, property: &'a Value) -> Vec<(&'a str, String)> {
    let choices = item_of(property)
        .and_then(|name| definition(schema, name))
        .and_then(|item| item.get("oneOf"))
        .and_then(Value::as_array);
    choices
        .into_iter()
        .flatten()
        .filter_map(|choice| Some((choice.get("const")?.as_str()?, description(choice))))
        .collect()
}

/// The name of the type that a property holds: itself, in a list or as the values of a table.
fn item_of(property: &Value) -> Option<&str> {
    reference_of(property)
        .or_else(|| property.get("items").and_then(item_of))
        .or_else(|| property.get("additionalProperties").and_then(item_of))
        .or_else(|| {
            property
                .get("anyOf")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .find_map(item_of)
        })
}

fn reference_of(property: &Value) -> Option<&str> {
    property.get("$ref")?.as_str()?.strip_prefix("#/$defs/")
}

fn is_null(choice: &Value) -> bool {
    choice.get("type").and_then(Value::as_str) == Some("null")
}

fn definition<'a>(schema: &'a Value, name: &str) -> Option<&'a Value> {
    schema.get("$defs")?.get(name)
}

fn properties(item: &Value) -> &Map<String, Value> {
    static NONE: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
    item.get("properties")
        .and_then(Value::as_object)
        .unwrap_or(&NONE)
}

/// What the documentation of a type says, in one line.
fn description(item: &Value) -> String {
    item.get("description")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

fn fields(page: &mut String) {
    use domain::field::Field;
    let list = |wanted: &dyn Fn(&Field) -> bool| {
        Field::KNOWN
            .iter()
            .filter(|field| wanted(field))
            .map(|field| format!("`{field}`"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    page.push_str("| fields | |\n|---|---|\n");
    page.push_str(&format!(
        "| person and company | {} |\n",
        list(&|field| !field.is_fact() && !field.is_attribution())
    ));
    page.push_str(&format!(
        "| attribution, of the first submission that has any | {} |\n",
        list(&|field| field.is_attribution())
    ));
    page.push_str(&format!("| facts | {} |\n", list(&|field| field.is_fact())));
    page.push_str(
        "\nA number may be written as forms write it: `1,250`, `1.250`, `50-100` (its lower end), `500+`, `10k`, `$1.5M`, `2,5 Mio`, `1.0E7`.\n\
         Numbers are whole: what is left behind the point is cut off.\n\
         What is no number (`0x10`, `many`, below zero) is kept as `custom.…`.\n",
    );
}

#[cfg(test)]
mod tests {
    use super::{SECTIONS, properties, reference};

    const WRITTEN: &str = include_str!("../../../docs/configuration.md");

    #[test]
    fn the_reference_in_docs_is_current() {
        assert!(
            WRITTEN == reference(),
            "docs/configuration.md is out of date: run `cargo run -p domain --features schema --example configuration_reference > docs/configuration.md`"
        );
    }

    #[test]
    fn every_section_is_in_the_reference() {
        let schema = domain::config::schema();
        let mut known: Vec<&str> = properties(&schema).keys().map(String::as_str).collect();
        let mut listed: Vec<&str> = SECTIONS.iter().map(|(name, _)| *name).collect();
        known.sort_unstable();
        listed.sort_unstable();
        assert_eq!(known, listed);
    }

    #[test]
    fn every_setting_is_in_the_reference() {
        let schema = domain::config::schema();
        let page = reference();
        for (name, definition) in schema["$defs"]
            .as_object()
            .expect("the schema has definitions")
        {
            for key in properties(definition).keys() {
                // As a setting, in a header, or (parts of conditions and secrets) in the introduction.
                let spellings = [format!("`{key}`"), format!(".{key}."), format!("{key} = ")];
                assert!(
                    spellings.iter().any(|spelling| page.contains(spelling)),
                    "`{key}` of {name} is not in the reference"
                );
            }
        }
    }

    #[test]
    fn the_examples_of_the_introduction_are_right() {
        let examples: Vec<&str> = WRITTEN
            .split("```toml\n")
            .skip(1)
            .filter_map(|rest| rest.split("```").next())
            .collect();
        assert!(examples.len() >= 4, "only {} examples", examples.len());
        for example in examples {
            // Together with the default, whose names they use; what is in both is theirs.
            let mut text = String::new();
            for line in domain::config::DEFAULT
                .lines()
                .take_while(|line| !line.starts_with("# ── Golden"))
            {
                text.push_str(line);
                text.push('\n');
            }
            text.push_str(example);
            let report = domain::config::check::check_file(&text);
            let problems: Vec<_> = report
                .problems
                .iter()
                .filter(|problem| problem.code != "unreachable_territory")
                .collect();
            assert!(problems.is_empty(), "{example}\n{problems:#?}");
        }
    }
}
