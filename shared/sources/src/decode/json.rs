//! JSON as it was sent: numbers keep their digits, a key stands once, and nesting is bounded.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::answers::{Answer, Answers, MAX_DEPTH};
use crate::refusal::Unparseable;

/// One value. Objects keep the order of their keys. No `Debug`: it is somebody's data.
#[derive(Clone)]
pub(crate) enum Json {
    Null,
    Flag(bool),
    /// Digits as sent: ids exceed what a floating-point number holds.
    Number(String),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// Reads one document.
pub(crate) fn read(text: &str) -> Result<Json, Unparseable> {
    // The first pass over the whole document checks its syntax; what follows only takes apart what is known to be sound.
    let raw: &RawValue = serde_json::from_str(text).map_err(|error| Unparseable::Json {
        line: error.line(),
        column: error.column(),
    })?;
    take_apart(raw, &mut Vec::new())
}

/// Like [`read`], with control characters inside of texts, which JSON has only escaped, as blanks. The first attempt's error
/// counts: it names the place in what was sent.
pub(crate) fn read_leniently(text: &str) -> Result<Json, Unparseable> {
    match read(text) {
        Err(error @ Unparseable::Json { .. }) if text.contains(is_raw) => {
            // Outside of texts a control character is a blank already, or an error that stays one somewhere else.
            read(&text.replace(is_raw, " ")).map_err(|_| error)
        }
        other => other,
    }
}

fn is_raw(character: char) -> bool {
    character < ' ' && character != '\0'
}

/// Whether it is JSON at all.
pub(crate) fn is_valid(body: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok()
}

/// Keys and values of an object in their order, repeats included.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry::<String, &'de RawValue>()? {
                    members.push(member);
                }
                Ok(members)
            }
        }

        deserializer.deserialize_map(InOrder).map(Members)
    }
}

/// `path` is where the value stands, for errors.
fn take_apart(raw: &RawValue, path: &mut Vec<String>) -> Result<Json, Unparseable> {
    if path.len() > MAX_DEPTH {
        return Err(Unparseable::TooDeep { limit: MAX_DEPTH });
    }
    let text = raw.get().trim_ascii();
    // Syntax is sound, so only a text (or a key) that is no valid Unicode can still fail.
    let no_unicode = |path: &[String]| Unparseable::JsonText { place: shown(path) };
    match text.bytes().next() {
        Some(b'{') => {
            let Members(members) = serde_json::from_str(text).map_err(|_| no_unicode(path))?;
            let mut seen = BTreeSet::new();
            let mut object = Vec::with_capacity(members.len());
            for (key, value) in members {
                path.push(key.clone());
                if !seen.insert(key.clone()) {
                    return Err(Unparseable::DuplicateKey { place: shown(path) });
                }
                object.push((key, take_apart(value, path)?));
                path.pop();
            }
            Ok(Json::Object(object))
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(text).map_err(|_| no_unicode(path))?;
            let mut list = Vec::with_capacity(items.len());
            for (index, item) in items.into_iter().enumerate() {
                path.push(index.to_string());
                list.push(take_apart(item, path)?);
                path.pop();
            }
            Ok(Json::List(list))
        }
        Some(b'"') => serde_json::from_str(text)
            .map(Json::Text)
            .map_err(|_| no_unicode(path)),
        Some(b't') => Ok(Json::Flag(true)),
        Some(b'f') => Ok(Json::Flag(false)),
        Some(b'n') | None => Ok(Json::Null),
        Some(_) => Ok(Json::Number(text.to_owned())),
    }
}

/// A path for an error, short enough to be read.
fn shown(path: &[String]) -> String {
    if path.is_empty() {
        return "the body".to_owned();
    }
    path.join(".").chars().take(80).collect()
}

/// Keys under which lists of fields name a field, and hold its question and its value.
const NAME_KEYS: [&str; 4] = ["name", "key", "field", "id"];
const LABEL_KEYS: [&str; 2] = ["label", "title"];
const VALUE_KEYS: [&str; 3] = ["value", "values", "answer"];

impl Json {
    /// What an object has under `key`.
    pub(crate) fn get(&self, key: &str) -> Option<&Json> {
        match self {
            Json::Object(members) => members
                .iter()
                .find(|(known, _)| known == key)
                .map(|(_, value)| value),
            _ => None,
        }
    }

    /// The items of a list; none of anything else.
    pub(crate) fn items(&self) -> &[Json] {
        match self {
            Json::List(items) => items,
            _ => &[],
        }
    }

    /// The items of the list under `key`; none of anything else.
    pub(crate) fn items_at(&self, key: &str) -> &[Json] {
        self.get(key).map_or(&[], Json::items)
    }

    /// The members of an object; none of anything else.
    pub(crate) fn members(&self) -> &[(String, Json)] {
        match self {
            Json::Object(members) => members,
            _ => &[],
        }
    }

    /// A text, a number or a flag as text.
    pub(crate) fn scalar(&self) -> Option<String> {
        match self {
            Json::Text(text) => Some(text.clone()),
            Json::Number(digits) => Some(digits.clone()),
            Json::Flag(flag) => Some(flag.to_string()),
            Json::Null | Json::List(_) | Json::Object(_) => None,
        }
    }

    /// The scalar under `key`, unless it is blank.
    pub(crate) fn text_at(&self, key: &str) -> Option<String> {
        self.get(key)?
            .scalar()
            .filter(|text| !text.trim().is_empty())
    }

    /// Every scalar as an answer. Keys are joined by dots, a list of scalars is an answer that comes several times, and a
    /// list of `{name, value}` names its fields itself.
    pub(crate) fn flatten(&self, path: &str, answers: &mut Answers) -> Result<(), Unparseable> {
        match self {
            Json::Object(members) => {
                for (key, value) in members {
                    value.flatten(&joined(path, key), answers)?;
                }
            }
            Json::List(items)
                if !items.is_empty()
                    && items.iter().all(|item| item.as_named_field().is_some()) =>
            {
                for (name, label, value) in items.iter().filter_map(Json::as_named_field) {
                    value.as_answers(&name, label.as_deref(), answers)?;
                }
            }
            Json::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    match item.scalar() {
                        Some(value) => answers.plain(path, value)?,
                        None => item.flatten(&joined(path, &index.to_string()), answers)?,
                    }
                }
            }
            Json::Null => answers.plain(path, "")?,
            scalar => answers.plain(path, scalar.scalar().unwrap_or_default())?,
        }
        Ok(())
    }

    /// Name, label and value of `{"name": "email", "value": "…"}` and its variants.
    fn as_named_field(&self) -> Option<(String, Option<String>, &Json)> {
        let label = LABEL_KEYS.iter().find_map(|key| self.text_at(key));
        let name = NAME_KEYS
            .iter()
            .find_map(|key| self.text_at(key))
            .or_else(|| label.clone())?;
        let value = VALUE_KEYS.iter().find_map(|key| self.get(key))?;
        Some((name, label, value))
    }

    fn as_answers(
        &self,
        name: &str,
        label: Option<&str>,
        answers: &mut Answers,
    ) -> Result<(), Unparseable> {
        let values: Vec<String> = match self {
            Json::Null => vec![String::new()],
            Json::List(items) if items.iter().all(|item| item.scalar().is_some()) => {
                items.iter().filter_map(Json::scalar).collect()
            }
            other => match other.scalar() {
                Some(value) => vec![value],
                None => return other.flatten(name, answers),
            },
        };
        for value in values {
            answers.push(Answer {
                name: name.to_owned(),
                label: label.map(str::to_owned),
                hint: None,
                value,
            })?;
        }
        Ok(())
    }
}

fn joined(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}
