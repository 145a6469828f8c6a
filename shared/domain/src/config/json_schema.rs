//! The JSON Schema of the configuration, for editors and for the reference.

use serde_json::{Value, json};

use super::Config;

/// The JSON Schema (draft 2020-12) of a configuration file.
pub fn schema() -> Value {
    let mut schema = schemars::schema_for!(Config);
    schema.insert("title".to_owned(), json!("Leadline's configuration"));
    schema.to_value()
}

#[cfg(test)]
mod tests;
