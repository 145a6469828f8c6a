//! `field=value` arguments.

use std::str::FromStr;

use serde_json::{Map, Value};

/// A field and its value, both as text: sources understand numbers as forms write them. Not `Debug`: it may be personal.
#[derive(Clone, PartialEq, Eq)]
pub struct Pair {
    /// The field.
    pub field: String,
    /// Its value.
    pub value: String,
}

impl FromStr for Pair {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((field, value)) if !field.trim().is_empty() => Ok(Self {
                field: field.trim().to_owned(),
                value: value.to_owned(),
            }),
            _ => Err("write it as field=value, such as email=ada@example.com"),
        }
    }
}

/// The pairs as one JSON object. Of a field that was given twice, the last value counts, as with options.
pub(crate) fn object(pairs: &[Pair]) -> Map<String, Value> {
    pairs
        .iter()
        .map(|pair| (pair.field.clone(), Value::String(pair.value.clone())))
        .collect()
}
