//! A file of invented people, to be imported: always the same for the same numbers.

use std::io::{BufWriter, Write};

use anyhow::{Context, Result};
use clap::Args;
use serde_json::{Map, Value};

use crate::load::person;

/// How many people.
#[derive(Args)]
pub(crate) struct Options {
    /// Rows.
    #[arg(long, default_value_t = 100_000)]
    rows: u64,
    /// Every how-manieth row is wrong; 0 for none.
    #[arg(long, default_value_t = 0)]
    wrong_every: u64,
}

/// Prints them as CSV.
pub(crate) fn run(options: &Options) -> Result<()> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut names: Vec<String> = Vec::new();
    for number in 0..options.rows {
        let person: Map<String, Value> =
            serde_json::from_str(&person::form(number, 0)).context("a person is no JSON object")?;
        if names.is_empty() {
            names = person.keys().cloned().collect();
            writeln!(out, "{}", names.join(","))?;
        }
        let is_wrong = options.wrong_every > 0 && (number + 1) % options.wrong_every == 0;
        let cells = names.iter().map(|name| match &person[name] {
            Value::String(text) if is_wrong && name == "email" => text.replace('@', " at "),
            Value::String(text) => format!("\"{}\"", text.replace('"', "\"\"")),
            other => other.to_string(),
        });
        writeln!(out, "{}", cells.collect::<Vec<_>>().join(","))?;
    }
    Ok(out.flush()?)
}
