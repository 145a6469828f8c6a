//! Paths into a document: a small part of JSONPath.

use std::fmt;
use std::str::FromStr;

/// Longest path, in bytes.
pub(super) const MAX_LENGTH: usize = 300;

/// Most steps of a path. A document has 16 levels, and each is a key and perhaps a selection.
const MAX_STEPS: usize = 32;

/// Where something stands in a document.
///
/// ```text
/// person.email                     a key in a key
/// $.type                           from the document itself, where `records` says that a lead is only a part of it
/// answers[0]   answers[*].value    one of a list, all of it
/// answers[?name=email].value       those of a list that have this under a key; `[?field.ref='a]b']` for what is awkward
/// ["first.name"]                   a key with dots or brackets in it
/// ```
///
/// Selecting from what is no list takes it for a list of one: XML cannot tell a list of one from a value.
#[derive(Clone, PartialEq, Eq)]
pub struct JsonPath {
    text: String,
    is_from_root: bool,
    steps: Vec<Step>,
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// What an object has under this key.
    Key(String),
    /// The item of a list at this place, from 0.
    Index(usize),
    /// Every item of a list.
    All,
    /// Every item of a list that has this text at the end of these keys.
    Where {
        /// Keys, one in the other.
        keys: Vec<String>,
        /// The text.
        value: String,
    },
}

/// A path that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "this is no path: {what} at character {at}; write it like `person.email`, `answers[0]`, `answers[*].value` or `answers[?name=email].value`"
)]
pub struct BadPath {
    what: &'static str,
    at: usize,
}

impl JsonPath {
    /// Its steps, in order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Whether it begins at the document, even where a lead is only a part of that.
    pub fn is_from_root(&self) -> bool {
        self.is_from_root
    }
}

impl fmt::Display for JsonPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl fmt::Debug for JsonPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "JsonPath({})", self.text)
    }
}

impl FromStr for JsonPath {
    type Err = BadPath;

    fn from_str(text: &str) -> Result<Self, BadPath> {
        if text.trim().is_empty() {
            return Err(BadPath {
                what: "nothing is written",
                at: 1,
            });
        }
        if text.len() > MAX_LENGTH {
            return Err(BadPath {
                what: "it is longer than 300 bytes",
                at: MAX_LENGTH,
            });
        }
        let mut rest = Rest { text, at: 0 };
        let is_from_root = rest.take('$');
        if is_from_root && !rest.is_at_end() && !rest.take('.') && !rest.is_at('[') {
            return Err(rest.wrong("a `.` or `[` has to follow `$`"));
        }
        let mut steps = Vec::new();
        while !rest.is_at_end() {
            let step = if rest.take('[') {
                let step = rest.selection()?;
                if !rest.take(']') {
                    return Err(rest.wrong("a `]` is missing"));
                }
                step
            } else {
                Step::Key(rest.key()?)
            };
            steps.push(step);
            if steps.len() > MAX_STEPS {
                return Err(rest.wrong("it has more than 32 steps"));
            }
            if rest.is_at_end() {
                break;
            }
            if rest.take('.') {
                if rest.is_at_end() {
                    return Err(rest.wrong("a key is missing"));
                }
            } else if !rest.is_at('[') {
                return Err(rest.wrong("a `.` or `[` is missing"));
            }
        }
        Ok(Self {
            text: text.to_owned(),
            is_from_root,
            steps,
        })
    }
}

/// What is not read yet.
struct Rest<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Rest<'a> {
    fn left(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn is_at_end(&self) -> bool {
        self.at == self.text.len()
    }

    fn is_at(&self, character: char) -> bool {
        self.left().starts_with(character)
    }

    fn take(&mut self, character: char) -> bool {
        let is_there = self.is_at(character);
        if is_there {
            self.at += character.len_utf8();
        }
        is_there
    }

    /// Everything up to one of these, or to the end.
    fn until(&mut self, ends: &[char]) -> &'a str {
        let left = self.left();
        let piece = &left[..left.find(ends).unwrap_or(left.len())];
        self.at += piece.len();
        piece
    }

    fn wrong(&self, what: &'static str) -> BadPath {
        BadPath {
            what,
            at: self.text[..self.at].chars().count() + 1,
        }
    }

    fn key(&mut self) -> Result<String, BadPath> {
        let key = self.until(&['.', '[', ']']).trim();
        if key.is_empty() {
            return Err(self.wrong("a key is missing"));
        }
        Ok(key.to_owned())
    }

    /// What stands in quotes, if a quote comes next. There is nothing to escape: the other quote is there for that.
    fn quoted(&mut self) -> Result<Option<String>, BadPath> {
        for quote in ['"', '\''] {
            if self.take(quote) {
                let inner = self.until(&[quote]).to_owned();
                if !self.take(quote) {
                    return Err(self.wrong("a closing quote is missing"));
                }
                return Ok(Some(inner));
            }
        }
        Ok(None)
    }

    /// What stands between `[` and `]`.
    fn selection(&mut self) -> Result<Step, BadPath> {
        if let Some(key) = self.quoted()? {
            return Ok(Step::Key(key));
        }
        if self.take('*') {
            return Ok(Step::All);
        }
        if !self.take('?') {
            let digits = self.until(&[']']);
            let is_number = !digits.is_empty()
                && digits.len() <= 6
                && digits.bytes().all(|byte| byte.is_ascii_digit());
            return match digits.parse() {
                Ok(index) if is_number => Ok(Step::Index(index)),
                _ => {
                    Err(self
                        .wrong("in brackets stands a number, `*`, `?key=value` or a key in quotes"))
                }
            };
        }
        let mut keys = Vec::new();
        loop {
            let key = match self.quoted()? {
                Some(key) => key,
                None => self.until(&['.', '=', ']']).trim().to_owned(),
            };
            if key.is_empty() {
                return Err(self.wrong("the key to compare is missing"));
            }
            keys.push(key);
            if keys.len() > MAX_STEPS {
                return Err(self.wrong("it has more than 32 steps"));
            }
            if self.take('=') {
                break;
            }
            if !self.take('.') {
                return Err(self.wrong("a `=` is missing after the key to compare"));
            }
        }
        let value = match self.quoted()? {
            Some(value) => value,
            None => self.until(&[']']).trim().to_owned(),
        };
        Ok(Step::Where { keys, value })
    }
}
