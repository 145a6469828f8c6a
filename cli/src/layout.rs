//! How results look on a terminal: aligned, in words, and without anything that a stranger could make a terminal do.

use std::io::{self, Write};

use jiff::Timestamp;
use serde_json::Value;

/// A text for the terminal. Characters that would move its cursor or turn its text around become `�`: names and messages
/// are what strangers typed into a form.
pub(crate) fn clean(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '\n' | '\r' | '\t' => ' ',
            // Marks and overrides of the bidirectional algorithm (Unicode Standard Annex 9).
            '\u{061c}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}' => '\u{fffd}',
            other if other.is_control() => '\u{fffd}',
            other => other,
        })
        .collect()
}

/// A JSON value in one line: texts as they are, tables as `key value, key value`. Nothing for null and what is empty.
pub(crate) fn inline(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => moment(text),
        Value::Array(items) => join(items.iter().map(inline), ", "),
        Value::Object(fields) => join(
            fields.iter().map(|(key, value)| match inline(value) {
                text if text.is_empty() => String::new(),
                text => format!("{} {text}", clean(key)),
            }),
            ", ",
        ),
    }
}

/// The parts that say something.
pub(crate) fn join(parts: impl IntoIterator<Item = String>, separator: &str) -> String {
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join(separator)
}

/// The value at a JSON pointer in one line; empty when there is none.
pub(crate) fn at(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).map(inline).unwrap_or_default()
}

/// `before` and the text, or nothing when there is no text.
pub(crate) fn with(before: &str, text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        format!("{before}{text}")
    }
}

/// A time as people read it, to the second: `2026-03-14 09:26:53 UTC`. Any other text as it is.
fn moment(text: &str) -> String {
    match text.parse::<Timestamp>() {
        Ok(time) => time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        Err(_) => clean(text),
    }
}

/// A number of things: `1 lead`, `2 leads`.
pub(crate) fn count(number: usize, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {thing}{plural}")
}

/// `first_name` as a label: `First name`.
pub(crate) fn label(name: &str) -> String {
    let name = clean(name).replace('_', " ");
    let mut characters = name.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => name,
    }
}

/// Labels and what they stand for, in two columns.
#[derive(Default)]
pub(crate) struct Sheet {
    rows: Vec<[String; 2]>,
}

impl Sheet {
    /// Adds a row, unless there is nothing to say.
    pub(crate) fn row(&mut self, label: &str, text: impl Into<String>) {
        let text = text.into();
        if !text.is_empty() {
            self.rows.push([label.to_owned(), text]);
        }
    }

    /// Adds an empty line, unless there is nothing above it.
    pub(crate) fn gap(&mut self) {
        if self.rows.last().is_some_and(|[label, _]| !label.is_empty()) {
            self.rows.push([String::new(), String::new()]);
        }
    }

    /// Prints it.
    pub(crate) fn print(mut self, out: &mut impl Write) -> io::Result<()> {
        if self.rows.last().is_some_and(|[label, _]| label.is_empty()) {
            self.rows.pop();
        }
        columns(&self.rows, out)
    }
}

/// Prints rows with their columns aligned, two spaces between them and none at the end.
pub(crate) fn columns<const N: usize>(
    rows: &[[String; N]],
    out: &mut impl Write,
) -> io::Result<()> {
    let width = |index: usize| {
        rows.iter()
            .map(|row| row[index].chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths: [usize; N] = std::array::from_fn(width);
    for row in rows {
        let line: Vec<String> = row
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        writeln!(out, "{}", line.join("  ").trim_end())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
