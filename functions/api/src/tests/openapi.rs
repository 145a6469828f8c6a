//! The document and the interface say the same.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};
use web::{API, DOORS};

use crate::OPENAPI;
use crate::openapi::document;

#[test]
fn the_committed_document_is_the_generated_one() {
    let committed: Value = serde_json::from_str(OPENAPI).unwrap();
    assert!(
        committed == document(),
        "run: cargo run -p api --features schema --example openapi > docs/openapi.json"
    );
}

#[test]
fn every_route_is_in_it_with_a_summary_and_its_parameters() {
    let document = document();
    let mut ids = BTreeSet::new();
    for route in DOORS.iter().chain(API) {
        let operation = &document["paths"][route.path][route.method.to_lowercase()];
        assert_eq!(
            operation["summary"], route.summary,
            "{} {}",
            route.method, route.path
        );
        assert_eq!(
            operation["security"] == json!([{ "token": [] }]),
            route.needs_token
        );
        assert_eq!(
            operation["responses"].get("401").is_some(),
            route.needs_token
                || route.path.starts_with("/v1/sources/{source}") && route.method == "POST"
                || route.path == "/v1/events"
        );
        for part in route
            .path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        {
            let parameters = operation["parameters"].as_array().unwrap();
            assert!(
                parameters
                    .iter()
                    .any(|parameter| parameter["name"] == part && parameter["in"] == "path"),
                "{}",
                route.path
            );
        }
        ids.insert((
            operation["operationId"].as_str().unwrap().to_owned(),
            route.path,
        ));
    }
    let names: BTreeSet<&str> = ids.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(names.len(), ids.len(), "operation ids are unique");
    let listed: usize = document["paths"]
        .as_object()
        .unwrap()
        .values()
        .map(|path| path.as_object().unwrap().len())
        .sum();
    assert_eq!(listed, ids.len(), "nothing is in it that is not routed");
}

#[test]
fn every_reference_leads_somewhere() {
    fn walk(document: &Value, value: &Value, seen: &mut usize) {
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    if let ("$ref", Some(target)) = (name.as_str(), member.as_str()) {
                        let pointer = target.strip_prefix('#').unwrap();
                        assert!(document.pointer(pointer).is_some(), "{target}");
                        *seen += 1;
                    }
                    walk(document, member, seen);
                }
            }
            Value::Array(members) => members
                .iter()
                .for_each(|member| walk(document, member, seen)),
            _ => {}
        }
    }
    let document = document();
    let mut seen = 0;
    walk(&document, &document, &mut seen);
    assert!(seen > 50);
}

/// The first text after each `opening` in the source: the code of a problem that is made there.
fn codes_in(folder: &Path, opening: &str, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            codes_in(&path, opening, found);
        } else if path.extension().is_some_and(|extension| extension == "rs")
            && !path.ends_with("tests.rs")
        {
            let text = std::fs::read_to_string(&path).unwrap();
            let codes = text
                .split(opening)
                .skip(1)
                .filter_map(|after| after.split('"').nth(1));
            found.extend(
                codes
                    .filter(|code| {
                        code.bytes()
                            .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
                    })
                    .map(str::to_owned),
            );
        }
    }
}

#[test]
fn every_type_of_problem_that_is_made_anywhere_is_in_it() {
    let functions = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut used = BTreeSet::new();
    codes_in(&functions.join("capture/src"), "Problem::new(", &mut used);
    codes_in(&functions.join("api/src"), "Problem::new(", &mut used);
    codes_in(&functions.join("api/src"), "Kind::new(", &mut used);
    codes_in(
        &functions.join("../shared/web/src"),
        "Kind::new(",
        &mut used,
    );
    assert!(
        used.contains("wrong_state") && used.contains("events_count") && used.contains("not_found"),
        "{used:?}"
    );
    let document = document();
    let listed = document["components"]["examples"].as_object().unwrap();
    let missing: Vec<&String> = used
        .iter()
        .filter(|code| !listed.contains_key(*code))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn the_examples_of_bodies_fit_their_schemas() {
    let document = document();
    let mut checked = 0;
    for path in document["paths"].as_object().unwrap().values() {
        for operation in path.as_object().unwrap().values() {
            let Some(content) = operation["requestBody"]["content"].as_object() else {
                continue;
            };
            for media in content
                .values()
                .filter(|media| media.get("example").is_some())
            {
                assert_eq!(misfit(&document, &media["schema"], &media["example"]), None);
                checked += 1;
            }
        }
    }
    assert_eq!(checked, 13);
}

#[test]
fn what_does_not_fit_is_noticed() {
    let document = document();
    for (value, expected) in [
        (json!({ "status": "ok", "config": null }), None),
        (json!({ "status": "ok" }), Some("config is missing")),
        (
            json!({ "status": "ok", "config": 1 }),
            Some("config: no such type"),
        ),
        (
            json!({ "status": "ok", "config": null, "more": 1 }),
            Some("more is not described"),
        ),
    ] {
        assert_eq!(
            misfit(
                &document,
                &document["components"]["schemas"]["Health"],
                &value
            )
            .as_deref(),
            expected
        );
    }
}

/// That `value` is as the document's schema called `name` says.
pub(crate) fn assert_fits(name: &str, value: &Value) {
    let document: Value = serde_json::from_str(OPENAPI).unwrap();
    let schema = &document["components"]["schemas"][name];
    assert!(schema.is_object(), "there is no schema {name}");
    assert_eq!(misfit(&document, schema, value), None, "{name}");
}

/// What is wrong with `value`, by the part of JSON Schema that the document uses. Stricter in one thing: what is not
/// described must not be there.
fn misfit(document: &Value, schema: &Value, value: &Value) -> Option<String> {
    if let Some(target) = schema["$ref"].as_str() {
        return misfit(
            document,
            document.pointer(target.strip_prefix('#')?)?,
            value,
        );
    }
    if let Some(choices) = schema["anyOf"].as_array() {
        let fits = choices
            .iter()
            .any(|choice| misfit(document, choice, value).is_none());
        return (!fits).then(|| "no choice fits".to_owned());
    }
    if let Some(allowed) = schema["enum"].as_array()
        && !allowed.contains(value)
    {
        return Some(format!("{value} is not among {allowed:?}"));
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(name) => vec![name],
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => return None,
    };
    let found: &[&str] = match value {
        Value::Null => &["null"],
        Value::Bool(_) => &["boolean"],
        Value::Number(number) if number.is_i64() || number.is_u64() => &["integer", "number"],
        Value::Number(_) => &["number"],
        Value::String(_) => &["string"],
        Value::Array(_) => &["array"],
        Value::Object(_) => &["object"],
    };
    if !found.iter().any(|name| types.contains(name)) {
        return Some("no such type".to_owned());
    }
    match value {
        Value::Array(members) => members
            .iter()
            .find_map(|member| misfit(document, &schema["items"], member)),
        Value::Object(members) => {
            let required = schema["required"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str);
            if let Some(missing) = required
                .into_iter()
                .find(|name| !members.contains_key(*name))
            {
                return Some(format!("{missing} is missing"));
            }
            members.iter().find_map(|(name, member)| {
                match (
                    schema["properties"].get(name),
                    &schema["additionalProperties"],
                ) {
                    (Some(described), _) => {
                        misfit(document, described, member).map(|why| format!("{name}: {why}"))
                    }
                    (None, Value::Bool(true)) => None,
                    (None, more @ Value::Object(_)) => {
                        misfit(document, more, member).map(|why| format!("{name}: {why}"))
                    }
                    _ => Some(format!("{name} is not described")),
                }
            })
        }
        _ => None,
    }
}
