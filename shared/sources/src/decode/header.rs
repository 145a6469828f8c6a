//! Values of `Content-Type` and `Content-Disposition`: a word and its parameters.

/// The parameters of a header's value, names in lower case.
#[derive(Default)]
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// The first of this name.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Reads `word; name=value; name="quoted value"`. What does not fit is passed over, and bytes that are not UTF-8 are
/// replaced: a header is a hint, and decides only which error the body gets.
pub(crate) fn read(value: &[u8]) -> (String, Parameters) {
    let value = String::from_utf8_lossy(value);
    let (word, mut rest) = value.split_once(';').unwrap_or((&value, ""));
    let mut parameters = Vec::new();
    while let Some((name, after)) = rest.split_once('=') {
        let name = name.trim_matches([' ', '\t', ';']).to_ascii_lowercase();
        let after = after.trim_start();
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => unquote(quoted),
            None => {
                let (value, next) = after.split_once(';').unwrap_or((after, ""));
                (value.trim().to_owned(), next)
            }
        };
        parameters.push((name, value));
        rest = next;
    }
    (word.trim().to_ascii_lowercase(), Parameters(parameters))
}

/// What stands before the closing quote, and what follows it. A backslash counts only before a quote or another backslash:
/// browsers do not escape, and old ones send paths such as `C:\new.txt`.
fn unquote(quoted: &str) -> (String, &str) {
    let mut value = String::new();
    let mut characters = quoted.char_indices().peekable();
    while let Some((index, character)) = characters.next() {
        match character {
            '"' => return (value, &quoted[index + 1..]),
            '\\' => match characters.next_if(|(_, next)| matches!(next, '"' | '\\')) {
                Some((_, escaped)) => value.push(escaped),
                None => value.push('\\'),
            },
            other => value.push(other),
        }
    }
    (value, "")
}
