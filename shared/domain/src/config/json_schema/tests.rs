use serde_json::Value;

use super::schema;

const WRITTEN: &str = include_str!("../../../../../docs/leadline.schema.json");

#[test]
fn the_schema_in_docs_is_current() {
    let written: Value = serde_json::from_str(WRITTEN).expect("docs/leadline.schema.json is JSON");
    assert!(
        written == schema(),
        "docs/leadline.schema.json is out of date: run `cargo run -p domain --features schema --example schema > docs/leadline.schema.json`"
    );
}

#[test]
fn every_setting_has_a_description() {
    fn visit(name: &str, value: &Value, bare: &mut Vec<String>) {
        let Some(object) = value.as_object() else {
            return;
        };
        for (key, property) in object
            .get("properties")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            if property.get("description").is_none() {
                bare.push(format!("{name}.{key}"));
            }
        }
        for (key, definition) in object
            .get("$defs")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            visit(key, definition, bare);
        }
    }
    let mut bare = Vec::new();
    visit("Config", &schema(), &mut bare);
    assert_eq!(bare, Vec::<String>::new());
}
