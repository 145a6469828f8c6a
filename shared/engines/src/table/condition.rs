//! Conditions of plain writes: `attribute_exists`, `attribute_not_exists`, `=` and `<` on top-level attributes, joined by
//! AND, OR and parentheses. Whatever else an expression may say is not read here, and left to dynoxide.

use std::collections::HashMap;

use dynoxide::{AttributeValue, Item};

/// A condition that was understood.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Condition {
    Exists(String),
    Missing(String),
    Equal(String, AttributeValue),
    Less(String, AttributeValue),
    All(Vec<Condition>),
    Any(Vec<Condition>),
}

/// What the placeholders of an expression stand for.
#[derive(Clone, Copy)]
pub(super) struct Placeholders<'a> {
    pub(super) names: Option<&'a HashMap<String, String>>,
    pub(super) values: Option<&'a HashMap<String, AttributeValue>>,
}

/// The words and signs of an expression.
pub(super) struct Tokens<'a> {
    rest: &'a str,
    placeholders: Placeholders<'a>,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(expression: &'a str, placeholders: Placeholders<'a>) -> Self {
        Self {
            rest: expression.trim_start(),
            placeholders,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next word or sign, left where it is.
    fn peek(&self) -> &'a str {
        let is_word =
            |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '#' | ':');
        let length = match self.rest.chars().next() {
            None => 0,
            Some(first) if is_word(first) => self
                .rest
                .find(|letter| !is_word(letter))
                .unwrap_or(self.rest.len()),
            Some('<' | '>') if self.rest[1..].starts_with(['=', '>']) => 2,
            Some(first) => first.len_utf8(),
        };
        &self.rest[..length]
    }

    pub(super) fn next(&mut self) -> &'a str {
        let token = self.peek();
        self.rest = self.rest[token.len()..].trim_start();
        token
    }

    /// Takes `token` if it is next. Words in any case, as in expressions.
    pub(super) fn take(&mut self, token: &str) -> bool {
        let is_next = self.peek().eq_ignore_ascii_case(token);
        if is_next {
            self.next();
        }
        is_next
    }

    /// The name of an attribute, written out or as a placeholder.
    pub(super) fn name(&mut self) -> Option<String> {
        let token = self.next();
        if token.starts_with('#') {
            return self.placeholders.names?.get(token).cloned();
        }
        let is_name = token.starts_with(|letter: char| letter.is_ascii_alphabetic());
        is_name.then(|| token.to_owned())
    }

    /// The value of a placeholder.
    pub(super) fn value(&mut self) -> Option<&'a AttributeValue> {
        let token = self.next();
        self.placeholders
            .values?
            .get(token)
            .filter(|_| token.starts_with(':'))
    }
}

impl Condition {
    /// Reads an expression; `None` when it says anything that is not known here.
    pub(super) fn parse(expression: &str, placeholders: Placeholders<'_>) -> Option<Condition> {
        let mut tokens = Tokens::new(expression, placeholders);
        let condition = any(&mut tokens, 0)?;
        tokens.is_empty().then_some(condition)
    }

    /// Whether it holds for what is stored; `None` when that cannot be said here.
    pub(super) fn holds(&self, stored: Option<&Item>) -> Option<bool> {
        let found = |name: &String| stored.and_then(|item| item.get(name));
        match self {
            Condition::Exists(name) => Some(found(name).is_some()),
            Condition::Missing(name) => Some(found(name).is_none()),
            Condition::Equal(name, value) => match found(name) {
                None => Some(false),
                Some(stored) => Some(compared(stored, value)? == Some(std::cmp::Ordering::Equal)),
            },
            Condition::Less(name, value) => match found(name) {
                None => Some(false),
                Some(stored) => Some(compared(stored, value)? == Some(std::cmp::Ordering::Less)),
            },
            Condition::All(parts) => {
                for part in parts {
                    if !part.holds(stored)? {
                        return Some(false);
                    }
                }
                Some(true)
            }
            Condition::Any(parts) => {
                for part in parts {
                    if part.holds(stored)? {
                        return Some(true);
                    }
                }
                Some(false)
            }
        }
    }
}

/// How two values stand to each other: `Some(None)` for values of different kinds, `None` for kinds not compared here.
fn compared(left: &AttributeValue, right: &AttributeValue) -> Option<Option<std::cmp::Ordering>> {
    match (left, right) {
        (AttributeValue::S(left), AttributeValue::S(right)) => {
            Some(Some(left.as_bytes().cmp(right.as_bytes())))
        }
        (AttributeValue::N(left), AttributeValue::N(right)) => {
            Some(Some(whole_number(left)?.cmp(&whole_number(right)?)))
        }
        (AttributeValue::S(_), AttributeValue::N(_))
        | (AttributeValue::N(_), AttributeValue::S(_)) => Some(None),
        _ => None,
    }
}

/// A whole number as people write it: no sign but a minus, no leading zero, no exponent.
pub(super) fn whole_number(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_plain = (1..=18).contains(&digits.len())
        && digits.bytes().all(|digit| digit.is_ascii_digit())
        && (!digits.starts_with('0') || text == "0");
    is_plain.then(|| text.parse().ok())?
}

/// Parentheses within parentheses that are read.
const MAX_DEPTH: u8 = 8;

fn any(tokens: &mut Tokens<'_>, depth: u8) -> Option<Condition> {
    let mut parts = vec![all(tokens, depth)?];
    while tokens.take("OR") {
        parts.push(all(tokens, depth)?);
    }
    Some(if parts.len() == 1 {
        parts.remove(0)
    } else {
        Condition::Any(parts)
    })
}

fn all(tokens: &mut Tokens<'_>, depth: u8) -> Option<Condition> {
    let mut parts = vec![one(tokens, depth)?];
    while tokens.take("AND") {
        parts.push(one(tokens, depth)?);
    }
    Some(if parts.len() == 1 {
        parts.remove(0)
    } else {
        Condition::All(parts)
    })
}

fn one(tokens: &mut Tokens<'_>, depth: u8) -> Option<Condition> {
    if tokens.take("(") {
        let inner = if depth < MAX_DEPTH {
            any(tokens, depth + 1)?
        } else {
            return None;
        };
        return tokens.take(")").then_some(inner);
    }
    for (function, make) in [
        (
            "attribute_exists",
            Condition::Exists as fn(String) -> Condition,
        ),
        ("attribute_not_exists", Condition::Missing),
    ] {
        // Names of functions are in lower case only.
        if tokens.peek() == function {
            tokens.next();
            let name = if tokens.take("(") {
                tokens.name()?
            } else {
                return None;
            };
            return tokens.take(")").then(|| make(name));
        }
    }
    let name = tokens.name()?;
    match tokens.next() {
        "=" => Some(Condition::Equal(name, tokens.value()?.clone())),
        "<" => Some(Condition::Less(name, tokens.value()?.clone())),
        _ => None,
    }
}
