//! Finds a piece of data in a text whatever was done to it on the way: other case, percent-encoding, base64, escapes of
//! JSON, HTML and Rust, a phone number's digits, and the hashes that anybody could make of it again.

use std::fmt::Write as _;

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE};
use sha2::{Digest, Sha256};

/// What is looked for: the data in every form, and what each form is called.
pub(crate) struct Needles {
    forms: Vec<Form>,
}

struct Form {
    name: String,
    text: String,
    /// Base64 is told apart by case; everything else is not.
    is_exact: bool,
}

impl Needles {
    /// Every form of these, each given with what it is.
    pub(crate) fn of<'a>(data: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut forms = Vec::new();
        for (name, text) in data {
            let mut add = |how: &str, text: String, is_exact: bool| {
                // Shorter ones would be found by chance.
                let text = if is_exact { text } else { text.to_lowercase() };
                let is_known = forms.iter().any(|form: &Form| form.text == text);
                if text.chars().count() >= 6 && !is_known {
                    forms.push(Form {
                        name: format!("{name}, {how}"),
                        text,
                        is_exact,
                    });
                }
            };
            add("as it is", text.to_owned(), false);
            add("without spaces", text.replace(' ', ""), false);
            add("percent-encoded", percent(text, "%20"), false);
            add("as a form", percent(text, "+"), false);
            add(
                "percent-encoded twice",
                percent(&percent(text, "%20"), "%20"),
                false,
            );
            add("escaped for JSON", json_escaped(text), false);
            add("escaped for ASCII", ascii_escaped(text), false);
            add("escaped by Debug", text.escape_debug().to_string(), false);
            add(
                "escaped to ASCII by Debug",
                text.escape_default().to_string(),
                false,
            );
            add(
                "as HTML",
                text.replace('&', "&amp;").replace('"', "&quot;"),
                false,
            );
            add("as hexadecimal", hex(text.as_bytes()), false);
            add("as a list of bytes", bytes_listed(text.as_bytes()), false);
            let digits: String = text.chars().filter(char::is_ascii_digit).collect();
            let is_phone = digits.len() >= 9;
            if is_phone {
                add("digits", digits.clone(), false);
                add("last digits", digits[digits.len() - 7..].to_owned(), false);
            }
            for text in [text.to_owned(), text.to_lowercase()] {
                add("SHA-256", hex(&Sha256::digest(&text)), false);
                add(
                    "SHA-256 in base64",
                    BASE64_STANDARD.encode(Sha256::digest(&text)),
                    true,
                );
                for (offset, core) in base64_cores(&text) {
                    add(&format!("base64 at {offset}"), core, true);
                }
            }
        }
        Self { forms }
    }

    /// What of it is in `text`: how the forms found are called.
    pub(crate) fn found_in(&self, text: &str) -> Vec<&str> {
        let folded = text.to_lowercase();
        let found = self.forms.iter().filter(|form| {
            let haystack = if form.is_exact { text } else { &folded };
            haystack.contains(&form.text)
        });
        found.map(|form| form.name.as_str()).collect()
    }
}

fn percent(text: &str, space: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b' ' => encoded.push_str(space),
            b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => encoded.push(char::from(byte)),
            _ => write!(encoded, "%{byte:02X}").unwrap(),
        }
    }
    encoded
}

fn json_escaped(text: &str) -> String {
    let quoted = serde_json::to_string(text).unwrap();
    quoted[1..quoted.len() - 1].to_owned()
}

/// JSON as writers do it that keep to ASCII.
fn ascii_escaped(text: &str) -> String {
    let mut escaped = String::new();
    for unit in json_escaped(text).encode_utf16() {
        match u8::try_from(unit) {
            Ok(byte) if byte.is_ascii() => escaped.push(char::from(byte)),
            _ => write!(escaped, "\\u{unit:04x}").unwrap(),
        }
    }
    escaped
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn bytes_listed(bytes: &[u8]) -> String {
    let listed: Vec<String> = bytes.iter().map(u8::to_string).collect();
    listed.join(", ")
}

/// The part of a text's base64 that is the same whatever stands around it, for each of the three ways it can be aligned.
fn base64_cores(text: &str) -> Vec<(usize, String)> {
    let mut cores = Vec::new();
    for offset in 0..3 {
        for engine in [BASE64_STANDARD, BASE64_URL_SAFE] {
            let padded = [" ".repeat(offset).as_bytes(), text.as_bytes()].concat();
            let whole_bits = padded.len() * 8 / 6;
            let first = [0, 2, 3][offset];
            let encoded = engine.encode(&padded);
            cores.push((offset, encoded[first..whole_bits].to_owned()));
        }
    }
    cores
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "Zoë \"Q\" Mc/Affert?y >~";

    #[test]
    fn a_piece_of_data_is_found_in_every_form_it_may_take() {
        let needles = Needles::of([("name", NAME), ("phone", "+44 20 7946 0958")]);
        for hidden in [
            NAME.to_owned(),
            NAME.to_uppercase(),
            NAME.to_lowercase(),
            "Zo%C3%AB%20%22Q%22%20Mc%2FAffert%3Fy%20%3E~".to_owned(),
            "zo%c3%ab+%22q%22+mc%2faffert%3fy+%3e~".to_owned(),
            format!("{NAME:?}"),
            serde_json::to_string(NAME).unwrap(),
            "Zo\\u00eb \\\"Q\\\" Mc/Affert?y >~".to_owned(),
            BASE64_STANDARD.encode(format!("a{NAME}")),
            BASE64_STANDARD.encode(format!("ab{NAME}b")),
            BASE64_URL_SAFE.encode(format!("abc{NAME}cd")),
            hex(NAME.as_bytes()),
            format!("{:?}", NAME.as_bytes()),
            hex(&Sha256::digest(NAME)),
            "tel:+442079460958".to_owned(),
            "020 7946-0958, that is 02079460958".to_owned(),
            "9460958".to_owned(),
        ] {
            let text = format!("INFO before{hidden}after");
            assert!(!needles.found_in(&text).is_empty(), "not found: {hidden}");
        }
    }

    #[test]
    fn nothing_is_found_where_nothing_is() {
        let needles = Needles::of([("name", NAME), ("phone", "+44 20 7946 0958")]);
        assert_eq!(
            needles
                .found_in("INFO lead_169ja6zgwzvs2qda0g93qpfm5j 2026-03-02T11:00:00Z Zo Q Mc 0958"),
            Vec::<&str>::new()
        );
    }
}
