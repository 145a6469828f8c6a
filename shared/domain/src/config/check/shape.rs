//! From the tree to the types, finding every place where they do not fit.
//!
//! Deserialising stops at the first mistake. So what is wrong is noted, left out, and the rest is tried again, until it
//! fits: one bad source does not hide a bad pool.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, Expected, IntoDeserializer, MapAccess, SeqAccess, Unexpected,
    Visitor,
};
use serde::{Deserialize, forward_to_deserialize_any};

use super::tree::{Entry, Node, Path, Shape, Step};
use crate::field::nearest;

/// Something that does not fit, and where.
#[derive(Debug)]
pub(super) struct Misfit {
    /// The way to it.
    pub(super) path: Path,
    /// What is wrong.
    pub(super) kind: MisfitKind,
}

/// What is wrong.
#[derive(Debug)]
pub(super) enum MisfitKind {
    /// A key that means nothing there. The path ends in it.
    UnknownKey {
        /// Those that mean something.
        known: &'static [&'static str],
    },
    /// A key that has to be there. The path is that of the table.
    Missing(&'static str),
    /// A word that is none of a choice.
    UnknownWord {
        /// What is written.
        word: String,
        /// The choice.
        known: &'static [&'static str],
    },
    /// A value of another type.
    Type(String),
}

impl Misfit {
    /// The stable code.
    pub(super) fn code(&self) -> &'static str {
        match self.kind {
            MisfitKind::UnknownKey { .. } => "unknown_key",
            MisfitKind::Missing(_) => "missing_key",
            MisfitKind::UnknownWord { .. } => "unknown_value",
            MisfitKind::Type(_) => "wrong_type",
        }
    }

    /// What is wrong and what to do.
    pub(super) fn message(&self) -> String {
        match &self.kind {
            MisfitKind::UnknownKey { known } => {
                let key = match self.path.0.last() {
                    Some(Step::Key(key)) => key.as_str(),
                    _ => "",
                };
                format!("unknown key `{key}`{}", suggestion(key, known))
            }
            MisfitKind::Missing(key) => format!("`{key}` is missing: add it"),
            MisfitKind::UnknownWord { word, known } => {
                format!("unknown value `{word}`{}", suggestion(word, known))
            }
            MisfitKind::Type(message) => message.clone(),
        }
    }
}

/// `; did you mean …?`, or what there is to choose from.
pub(super) fn suggestion(word: &str, known: &[&str]) -> String {
    match nearest(word, known.iter().map(|name| (*name).to_owned())) {
        Some(hint) => format!("; did you mean `{hint}`?"),
        None if known.is_empty() => "; remove it".to_owned(),
        None => format!(
            "; known are {}",
            known
                .iter()
                .map(|name| format!("`{name}`"))
                .collect::<Vec<_>>()
                .join(", ")
        ),
    }
}

/// What could be read.
pub(super) struct Fitted<T> {
    /// The part that fits, if enough does.
    pub(super) value: Option<T>,
    /// Everything that was left out, ways as the file counts.
    pub(super) left_out: BTreeSet<Path>,
    /// What is wrong.
    pub(super) misfits: Vec<Misfit>,
}

/// Most misfits looked for: whoever has more has one cause for most of them.
const MAX_MISFITS: usize = 100;

/// Reads `root`, without what is already known to be wrong (`left_out`).
pub(super) fn fit<'de, T: Deserialize<'de>>(
    root: &'de Node,
    mut left_out: BTreeSet<Path>,
) -> Fitted<T> {
    let mut misfits = Vec::new();
    while misfits.len() < MAX_MISFITS {
        let place = Place {
            node: root,
            path: Path::root(),
            left_out: &left_out,
        };
        let misfit = match T::deserialize(place) {
            Ok(value) => {
                return Fitted {
                    value: Some(value),
                    left_out,
                    misfits,
                };
            }
            Err(Mismatch { path, kind }) => Misfit {
                path: Path(path.into_iter().rev().collect()),
                kind,
            },
        };
        // A key that is missing because it was left out has been reported; without it, its table cannot be kept either.
        let is_reported = matches!(misfit.kind, MisfitKind::Missing(key) if left_out.contains(&misfit.path.key(key)));
        let is_new = left_out.insert(misfit.path.clone());
        let is_root = misfit.path.0.is_empty();
        if !is_reported {
            misfits.push(misfit);
        }
        if !is_new || is_root {
            break;
        }
    }
    Fitted {
        value: None,
        left_out,
        misfits,
    }
}

/// A node on its way into a type.
struct Place<'de, 'out> {
    node: &'de Node,
    path: Path,
    left_out: &'out BTreeSet<Path>,
}

/// An error of deserialising; steps from the inside out.
#[derive(Debug)]
struct Mismatch {
    path: Vec<Step>,
    kind: MisfitKind,
}

impl Mismatch {
    fn new(kind: MisfitKind) -> Self {
        Self {
            path: Vec::new(),
            kind,
        }
    }

    fn within(mut self, step: Step) -> Self {
        self.path.push(step);
        self
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("does not fit")
    }
}

impl std::error::Error for Mismatch {}

impl serde::de::Error for Mismatch {
    fn custom<T: fmt::Display>(message: T) -> Self {
        let message = message.to_string();
        // What serde says of an enum that is told apart by its shape is its name.
        let expected = match message.rsplit(' ').next() {
            Some("Value") => "text, a whole number, `true` or `false`",
            Some("Amount") => {
                "an amount such as `\"45.00\"`, or a whole number in the smallest unit"
            }
            Some("OneOrMany") => "text, or a list of texts",
            Some("HeaderValue") => "text, or `{ secret = \"NAME\", prefix = \"…\" }`",
            Some("Condition") => "a condition such as `{ field = \"country\", is = \"DE\" }`",
            _ => return Self::new(MisfitKind::Type(message)),
        };
        Self::new(MisfitKind::Type(format!("this must be {expected}")))
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(MisfitKind::Type(format!(
            "this must be {}",
            in_words(&expected.to_string())
        )))
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(MisfitKind::Type(format!(
            "this must be {}",
            in_words(&expected.to_string())
        )))
    }

    fn unknown_variant(word: &str, known: &'static [&'static str]) -> Self {
        Self::new(MisfitKind::UnknownWord {
            word: word.to_owned(),
            known,
        })
    }

    fn unknown_field(field: &str, known: &'static [&'static str]) -> Self {
        Self::new(MisfitKind::UnknownKey { known }).within(Step::Key(field.to_owned()))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(MisfitKind::Missing(field))
    }
}

/// What serde expects, as somebody who writes TOML says it.
fn in_words(expected: &str) -> String {
    match expected {
        "u32" => "a whole number from 0 to 4,294,967,295".to_owned(),
        "usize" => "a whole number, 0 or more".to_owned(),
        "i32" => "a whole number from -2,147,483,648 to 2,147,483,647".to_owned(),
        "i64" => "a whole number".to_owned(),
        "a boolean" => "`true` or `false`, without quotes".to_owned(),
        "a string" | "string" | "string or map" => "text in quotes".to_owned(),
        "a sequence" => "a list: `[…]`".to_owned(),
        "a map" => "a table".to_owned(),
        other if other.starts_with("struct ") => "a table".to_owned(),
        other if other.contains("enum ") => {
            "one of the words that are known here, in quotes".to_owned()
        }
        other => other.to_owned(),
    }
}

impl<'de> Deserializer<'de> for Place<'de, '_> {
    type Error = Mismatch;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        match &self.node.shape {
            Shape::Text(text) => visitor.visit_borrowed_str(text),
            Shape::Number(number) => visitor.visit_i64(*number),
            Shape::Flag(flag) => visitor.visit_bool(*flag),
            Shape::List(items) => visitor.visit_seq(Items {
                items,
                next: 0,
                path: self.path,
                left_out: self.left_out,
            }),
            Shape::Table(entries) => visitor.visit_map(Entries {
                entries: entries.iter(),
                current: None,
                path: self.path,
                left_out: self.left_out,
            }),
            Shape::Date => Err(Mismatch::new(MisfitKind::Type(
                "a date stands in quotes here: \"2026-12-24\"".to_owned(),
            ))),
            Shape::OtherNumber => Err(Mismatch::new(MisfitKind::Type(
                "numbers are whole here, and fit into 64 bits; an amount of money with decimals stands in quotes: \"45.00\"".to_owned(),
            ))),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        match &self.node.shape {
            // A derived struct would take a list, in the order of its fields. Nobody means that.
            Shape::List(_) => Err(Mismatch::new(MisfitKind::Type(
                "this must be a table".to_owned(),
            ))),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        match &self.node.shape {
            Shape::Text(text) => {
                let word: StrDeserializer<'_, Mismatch> = text.as_str().into_deserializer();
                word.deserialize_enum(name, known, visitor)
            }
            _ => {
                let known: Vec<String> = known.iter().map(|word| format!("\"{word}\"")).collect();
                Err(Mismatch::new(MisfitKind::Type(format!(
                    "this must be one of {}",
                    known.join(", ")
                ))))
            }
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

struct Items<'de, 'out> {
    items: &'de [Node],
    next: usize,
    path: Path,
    left_out: &'out BTreeSet<Path>,
}

impl<'de> SeqAccess<'de> for Items<'de, '_> {
    type Error = Mismatch;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Mismatch> {
        while let Some(node) = self.items.get(self.next) {
            let index = self.next;
            self.next += 1;
            let path = self.path.index(index);
            if !self.left_out.contains(&path) {
                let place = Place {
                    node,
                    path,
                    left_out: self.left_out,
                };
                let item = seed
                    .deserialize(place)
                    .map_err(|error| error.within(Step::Index(index)));
                return item.map(Some);
            }
        }
        Ok(None)
    }
}

struct Entries<'de, 'out> {
    entries: std::slice::Iter<'de, Entry>,
    current: Option<&'de Entry>,
    path: Path,
    left_out: &'out BTreeSet<Path>,
}

impl<'de> MapAccess<'de> for Entries<'de, '_> {
    type Error = Mismatch;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Mismatch> {
        for entry in self.entries.by_ref() {
            if !self.left_out.contains(&self.path.key(&entry.key)) {
                self.current = Some(entry);
                let key: StrDeserializer<'de, Mismatch> = entry.key.as_str().into_deserializer();
                return seed.deserialize(key).map(Some);
            }
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Mismatch> {
        let Some(entry) = self.current.take() else {
            return Err(serde::de::Error::custom(
                "a value was asked for before its key",
            ));
        };
        let place = Place {
            node: &entry.node,
            path: self.path.key(&entry.key),
            left_out: self.left_out,
        };
        seed.deserialize(place)
            .map_err(|error| error.within(Step::Key(entry.key.clone())))
    }
}
