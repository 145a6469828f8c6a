//! What `template.yaml` says, read from its text: resources, the environment of each function and the rights of its
//! role. It knows the way this one file is written and no YAML beyond that, and stops at what it cannot read.

use std::collections::{BTreeMap, BTreeSet};

/// Every function, in the order of a lead's way.
pub const FUNCTIONS: [&str; 8] = [
    "capture", "enrich", "score", "assign", "deliver", "recycle", "files", "api",
];

/// What the name of a resource stands for where a role names the files in a bucket.
pub const FILES_OF: (&str, &str) = ("!Sub ${", ".Arn}/uploads/*");

/// The file.
pub const TEXT: &str = include_str!("../template.yaml");

/// The text of each resource, by its logical name.
pub fn resources() -> BTreeMap<String, String> {
    sections(between(TEXT, "\nResources:", "\nOutputs:"), 2)
}

/// The text of each parameter, by its name.
pub fn parameters() -> BTreeMap<String, String> {
    sections(between(TEXT, "\nParameters:", "\nConditions:"), 2)
}

/// The logical name of a function, as of the role, queue and log group that are named after it.
pub fn capitalised(name: &str) -> String {
    format!("{}{}", name[..1].to_uppercase(), &name[1..])
}

/// The environment variables of a function as the template writes them, those of all functions included:
/// `LEADLINE_TABLE` is `!Ref Table`.
pub fn environment(function: &str) -> BTreeMap<String, String> {
    let globals = between(TEXT, "\nGlobals:", "\nResources:");
    let own = resources()
        .remove(&capitalised(function))
        .unwrap_or_else(|| panic!("the template has no function {function}"));
    [globals, &own]
        .into_iter()
        .flat_map(|text| {
            let variables = text
                .split_once("Variables:\n")
                .unwrap_or_else(|| panic!("{function} has no environment"))
                .1;
            let depth = indent(variables);
            variables
                .lines()
                .take_while(move |line| line.trim().is_empty() || indent(line) >= depth)
                .filter(|line| !line.trim().is_empty() && !line.trim().starts_with('#'))
                .map(|line| {
                    let (name, value) = line
                        .split_once(": ")
                        .unwrap_or_else(|| panic!("not one variable on one line: {line}"));
                    (name.trim().to_owned(), value.trim().to_owned())
                })
                .collect::<Vec<_>>()
        })
        .collect()
}

/// What the role of a function may do: action and logical name of the resource, as in
/// `("sqs:SendMessage", "ScoreQueue")`.
pub fn rights(function: &str) -> BTreeSet<(String, String)> {
    let name = format!("{}Role", capitalised(function));
    let role = resources()
        .remove(&name)
        .unwrap_or_else(|| panic!("the template has no {name}"));
    let policies = role
        .split_once("Policies:")
        .unwrap_or_else(|| panic!("{name} has no policies"))
        .1;
    for unread in ["Deny", "NotAction", "NotResource", "Condition:"] {
        assert!(
            !policies.contains(unread),
            "{name}: {unread} is not understood"
        );
    }
    let mut rights = BTreeSet::new();
    for statement in policies.split("- Effect: Allow").skip(1) {
        let (actions, resources) = (values(statement, "Action:"), values(statement, "Resource:"));
        assert!(
            !actions.is_empty() && !resources.is_empty(),
            "{name}: a statement cannot be read: {statement}"
        );
        for action in &actions {
            for resource in &resources {
                let of_files = resource
                    .strip_prefix(FILES_OF.0)
                    .and_then(|rest| rest.strip_suffix(FILES_OF.1));
                let named = resource
                    .strip_prefix("!GetAtt ")
                    .and_then(|attribute| Some(attribute.split_once('.')?.0));
                let resource = of_files
                    .or(named)
                    .unwrap_or_else(|| panic!("{name}: {resource} is no resource of the template"));
                rights.insert((action.clone(), resource.to_owned()));
            }
        }
    }
    rights
}

/// The values of a key: one behind it, several in brackets, or a list below it.
fn values(statement: &str, key: &str) -> Vec<String> {
    let mut lines = statement
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .skip_while(|line| !line.trim_start().starts_with(key));
    let Some(first) = lines.next() else {
        return Vec::new();
    };
    let inline = first.trim_start()[key.len()..].trim();
    if inline.is_empty() {
        return lines
            .map_while(|line| line.trim_start().strip_prefix("- "))
            .map(|value| value.trim().to_owned())
            .collect();
    }
    inline
        .trim_start_matches('[')
        .trim_end_matches(']')
        .split(',')
        .map(|value| value.trim().to_owned())
        .collect()
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = text
        .split_once(start)
        .unwrap_or_else(|| panic!("the template has no {start}"));
    rest.split_once(end)
        .unwrap_or_else(|| panic!("the template has no {end} after {start}"))
        .0
}

/// Splits at the keys that stand `depth` spaces in.
fn sections(body: &str, depth: usize) -> BTreeMap<String, String> {
    let mut sections: BTreeMap<String, String> = BTreeMap::new();
    let mut name = String::new();
    for line in body.lines() {
        let is_name =
            indent(line) == depth && line.ends_with(':') && !line.trim_start().starts_with('#');
        if is_name {
            name = line.trim().trim_end_matches(':').to_owned();
        }
        let section = sections.entry(name.clone()).or_default();
        section.push_str(line);
        section.push('\n');
    }
    sections
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}
