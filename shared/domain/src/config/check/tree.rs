//! The file as a tree in which everything knows its place.

use std::fmt;
use std::ops::Range;

use toml::de::{DeTable, DeValue};

/// The way to something in the file, as the file counts: `territories[2].pool`.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Path(pub(super) Vec<Step>);

/// One step of a way.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// Into a table.
    Key(String),
    /// Into a list, from 0.
    Index(usize),
}

impl Path {
    /// The file itself.
    pub(super) fn root() -> Self {
        Self::default()
    }

    /// Further, into a table.
    pub(super) fn key(&self, key: &str) -> Self {
        let mut steps = self.0.clone();
        steps.push(Step::Key(key.to_owned()));
        Self(steps)
    }

    /// Further, into a list.
    pub(super) fn index(&self, index: usize) -> Self {
        let mut steps = self.0.clone();
        steps.push(Step::Index(index));
        Self(steps)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Index(index) => write!(formatter, "[{index}]")?,
                Step::Key(key) => {
                    if position > 0 {
                        formatter.write_str(".")?;
                    }
                    let is_bare = !key.is_empty()
                        && key.bytes().all(|byte| {
                            byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
                        });
                    if is_bare {
                        formatter.write_str(key)?
                    } else {
                        write!(formatter, "{key:?}")?
                    }
                }
            }
        }
        Ok(())
    }
}

/// A value of the file. Spans are bytes of the text.
#[derive(Debug, Clone)]
pub(super) struct Node {
    /// Where it stands; a table's is its header.
    pub(super) span: Range<usize>,
    /// What it is.
    pub(super) shape: Shape,
}

/// What a value is.
#[derive(Debug, Clone)]
pub(super) enum Shape {
    Text(String),
    Number(i64),
    Flag(bool),
    List(Vec<Node>),
    Table(Vec<Entry>),
    /// TOML has dates of its own; Leadline wants them in quotes.
    Date,
    /// A number with a fraction, or one beyond 64 bits. Nothing in the configuration is one.
    OtherNumber,
}

/// A key and its value.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) key_span: Range<usize>,
    pub(super) node: Node,
}

impl Node {
    /// The tree of a document.
    pub(super) fn of_document(table: &DeTable<'_>) -> Self {
        Self {
            span: 0..0,
            shape: Shape::Table(entries(table)),
        }
    }

    /// A table with nothing in it.
    pub(super) fn empty_table(span: Range<usize>) -> Self {
        Self {
            span,
            shape: Shape::Table(Vec::new()),
        }
    }

    fn of_value(value: &DeValue<'_>, span: Range<usize>) -> Self {
        let shape = match value {
            DeValue::String(text) => Shape::Text(text.to_string()),
            DeValue::Integer(number) => {
                match i64::from_str_radix(number.as_str(), number.radix()) {
                    Ok(number) => Shape::Number(number),
                    Err(_) => Shape::OtherNumber,
                }
            }
            DeValue::Float(_) => Shape::OtherNumber,
            DeValue::Boolean(flag) => Shape::Flag(*flag),
            DeValue::Datetime(_) => Shape::Date,
            DeValue::Array(list) => Shape::List(
                list.iter()
                    .map(|item| Self::of_value(item.get_ref(), item.span()))
                    .collect(),
            ),
            DeValue::Table(table) => Shape::Table(entries(table)),
        };
        Self { span, shape }
    }

    /// What it is, for messages.
    pub(super) fn description(&self) -> &'static str {
        match self.shape {
            Shape::Text(_) => "text",
            Shape::Number(_) => "a number",
            Shape::Flag(_) => "true or false",
            Shape::List(_) => "a list",
            Shape::Table(_) => "a table",
            Shape::Date => "a date without quotes",
            Shape::OtherNumber => "a number that is not whole or is too large",
        }
    }

    /// Its entries, if it is a table.
    pub(super) fn entries(&self) -> &[Entry] {
        match &self.shape {
            Shape::Table(entries) => entries,
            _ => &[],
        }
    }

    /// Its items, if it is a list.
    pub(super) fn items(&self) -> &[Node] {
        match &self.shape {
            Shape::List(items) => items,
            _ => &[],
        }
    }

    /// The value under `key`, if it is a table that has one.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        self.entries()
            .iter()
            .find(|entry| entry.key == key)
            .map(|entry| &entry.node)
    }

    /// The value under `key` of a table, to be changed.
    pub(super) fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        match &mut self.shape {
            Shape::Table(entries) => entries
                .iter_mut()
                .find(|entry| entry.key == key)
                .map(|entry| &mut entry.node),
            _ => None,
        }
    }

    /// Adds an entry to a table.
    pub(super) fn insert(&mut self, key: &str, node: Node) {
        if let Shape::Table(entries) = &mut self.shape {
            entries.push(Entry {
                key: key.to_owned(),
                key_span: node.span.clone(),
                node,
            });
        }
    }

    /// Where the value at `path` stands; of what is not there, where its nearest surroundings stand.
    pub(super) fn span_of(&self, path: &Path) -> Range<usize> {
        let mut node = self;
        for step in &path.0 {
            let next = match step {
                Step::Key(key) => node.get(key),
                Step::Index(index) => node.items().get(*index),
            };
            match next {
                Some(next) => node = next,
                None => break,
            }
        }
        node.span.clone()
    }

    /// Where the key at the end of `path` stands.
    pub(super) fn key_span_of(&self, path: &Path) -> Range<usize> {
        let mut node = self;
        let mut span = self.span.clone();
        for step in &path.0 {
            match step {
                Step::Key(key) => match node.entries().iter().find(|entry| entry.key == *key) {
                    Some(entry) => {
                        span = entry.key_span.clone();
                        node = &entry.node;
                    }
                    None => break,
                },
                Step::Index(index) => match node.items().get(*index) {
                    Some(item) => {
                        span = item.span.clone();
                        node = item;
                    }
                    None => break,
                },
            }
        }
        span
    }
}

fn entries(table: &DeTable<'_>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = table
        .iter()
        .map(|(key, value)| Entry {
            key: key.get_ref().to_string(),
            key_span: key.span(),
            node: Node::of_value(value.get_ref(), value.span()),
        })
        .collect();
    // As the file has them, so that problems come in its order.
    entries.sort_by_key(|entry| entry.key_span.start);
    entries
}
