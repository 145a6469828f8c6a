//! What the API answered: its JSON as it came, and the same to look into.

use std::io::Write;

use serde_json::Value;

use crate::failure::Failure;

/// An answer that is no refusal.
pub(crate) struct Answer {
    /// Where a browser would be sent.
    pub(crate) location: Option<String>,
    /// The body as it came: JSON, unless there is a location.
    pub(crate) text: String,
}

impl Answer {
    /// The body to look into.
    pub(crate) fn value(&self) -> Result<Value, Failure> {
        serde_json::from_str(&self.text).map_err(|_| Failure::Unmet {
            code: "not_leadline",
            title: "The answer is not JSON.".to_owned(),
            detail: Some("Is --url (or LEADLINE_URL) right?".to_owned()),
        })
    }

    /// Prints the body for programs: the very same JSON, laid out.
    pub(crate) fn print(&self, out: &mut impl Write) -> Result<(), Failure> {
        Ok(writeln!(out, "{}", pretty(&self.text))?)
    }
}

/// Lays out JSON with two spaces for each level. Everything between the white space stays as it is, the order of keys and
/// the digits of numbers too, which reading and writing it again would not keep.
pub(crate) fn pretty(json: &str) -> String {
    let mut text = String::with_capacity(json.len() * 2);
    let mut depth = 0usize;
    let mut characters = json.trim().chars().peekable();
    let new_line = |text: &mut String, depth: usize| {
        text.push('\n');
        text.extend(std::iter::repeat_n("  ", depth));
    };
    while let Some(character) = characters.next() {
        match character {
            '"' => {
                text.push('"');
                while let Some(inner) = characters.next() {
                    text.push(inner);
                    match inner {
                        '"' => break,
                        '\\' => text.extend(characters.next()),
                        _ => {}
                    }
                }
            }
            '{' | '[' => {
                text.push(character);
                while characters
                    .next_if(|next| next.is_ascii_whitespace())
                    .is_some()
                {}
                match characters.next_if(|next| matches!(next, '}' | ']')) {
                    Some(end) => text.push(end),
                    None => {
                        depth += 1;
                        new_line(&mut text, depth);
                    }
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                new_line(&mut text, depth);
                text.push(character);
            }
            ',' => {
                text.push(',');
                new_line(&mut text, depth);
            }
            ':' => text.push_str(": "),
            white if white.is_ascii_whitespace() => {}
            other => text.push(other),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::pretty;

    #[test]
    fn laying_out_keeps_order_and_digits_and_strings() {
        let json = r#"{"z":1.10,"a":[ ],"o":{},"s":"a,\"{b}\\","l":[1,{"x":null}]}"#;
        let expected = r#"{
  "z": 1.10,
  "a": [],
  "o": {},
  "s": "a,\"{b}\\",
  "l": [
    1,
    {
      "x": null
    }
  ]
}"#;
        assert_eq!(pretty(json), expected);
        assert_eq!(pretty(expected), expected);
    }
}
