//! Collecting problems, and where they are.

use std::collections::BTreeSet;

use super::tree::{Node, Path, Step};
use super::{Problem, Severity};

/// Where the lines of a text begin.
pub(super) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    /// Of `text`.
    pub(super) fn of(text: &'a str) -> Self {
        let starts = std::iter::once(0)
            .chain(
                text.bytes()
                    .enumerate()
                    .filter(|(_, byte)| *byte == b'\n')
                    .map(|(at, _)| at + 1),
            )
            .collect();
        Self { text, starts }
    }

    /// Line and column, both from 1, of the byte at `offset`.
    pub(super) fn place(&self, offset: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|start| *start <= offset).max(1);
        let start = self.starts.get(line - 1).copied().unwrap_or(0);
        let before = self
            .text
            .get(start..offset)
            .map_or(0, |before| before.chars().count());
        (line, before + 1)
    }
}

/// Problems of a configuration, as they are found. Takes ways as the [`super::Config`] counts.
pub(super) struct Findings<'a> {
    lines: &'a Lines<'a>,
    root: &'a Node,
    left_out: &'a BTreeSet<Path>,
    problems: Vec<Problem>,
}

impl<'a> Findings<'a> {
    /// None yet.
    pub(super) fn new(lines: &'a Lines<'a>, root: &'a Node, left_out: &'a BTreeSet<Path>) -> Self {
        Self {
            lines,
            root,
            left_out,
            problems: Vec::new(),
        }
    }

    /// How many there are so far.
    pub(super) fn len(&self) -> usize {
        self.problems.len()
    }

    /// Everything that was found.
    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    /// An error in the value at `path`.
    pub(super) fn error(&mut self, path: &Path, code: &'static str, message: impl Into<String>) {
        self.add(Severity::Error, path, false, code, message.into());
    }

    /// An error in the key at the end of `path`.
    pub(super) fn error_in_key(
        &mut self,
        path: &Path,
        code: &'static str,
        message: impl Into<String>,
    ) {
        self.add(Severity::Error, path, true, code, message.into());
    }

    /// Something about the value at `path` that may not be meant.
    pub(super) fn warning(&mut self, path: &Path, code: &'static str, message: impl Into<String>) {
        self.add(Severity::Warning, path, false, code, message.into());
    }

    fn add(
        &mut self,
        severity: Severity,
        path: &Path,
        in_key: bool,
        code: &'static str,
        message: String,
    ) {
        let path = self.in_file(path);
        let span = if in_key {
            self.root.key_span_of(&path)
        } else {
            self.root.span_of(&path)
        };
        let (line, column) = self.lines.place(span.start);
        self.problems.push(Problem {
            severity,
            line,
            column,
            path: path.to_string(),
            code,
            message,
        });
    }

    /// The names in a section of the file, those of entries included that could not be read: a mention of one is no second
    /// mistake.
    pub(super) fn names(&self, section: &str) -> Vec<&'a str> {
        self.root
            .get(section)
            .map_or(&[][..], Node::entries)
            .iter()
            .map(|entry| entry.key.as_str())
            .collect()
    }

    /// Whether something at or below `path` could not be read, so that nothing follows from its absence.
    pub(super) fn is_incomplete(&self, path: &Path) -> bool {
        let path = self.in_file(path);
        self.left_out
            .iter()
            .any(|left_out| left_out.0.starts_with(&path.0))
    }

    /// `path` as the file counts: with the items of lists that were left out.
    fn in_file(&self, path: &Path) -> Path {
        if self.left_out.is_empty() {
            return path.clone();
        }
        let mut original = Path::root();
        for step in &path.0 {
            original = match step {
                Step::Key(key) => original.key(key),
                Step::Index(index) => {
                    let mut position = 0;
                    let mut kept = *index;
                    while self.left_out.contains(&original.index(position)) || kept > 0 {
                        if !self.left_out.contains(&original.index(position)) {
                            kept -= 1;
                        }
                        position += 1;
                    }
                    original.index(position)
                }
            };
        }
        original
    }

    /// Reports `name` unless it is one of `known`; says which is near.
    pub(super) fn expect_known(
        &mut self,
        path: &Path,
        kind: &str,
        code: &'static str,
        name: &str,
        known: &[&str],
    ) {
        if !known.contains(&name) {
            self.error(
                path,
                code,
                format!(
                    "there is no {kind} `{name}`{}",
                    super::shape::suggestion(name, known)
                ),
            );
        }
    }

    /// Reports a name that is no lower-case slug. Names are parts of keys, addresses and variables.
    pub(super) fn expect_slug(&mut self, path: &Path, kind: &str, name: &str) {
        if !is_slug(name) {
            let message = format!(
                "`{name}` cannot be the name of a {kind}: use 1 to 63 lower-case letters, digits, `-` and `_`, a letter or digit first"
            );
            self.error_in_key(path, "bad_name", message);
        }
    }
}

/// `^[a-z0-9][a-z0-9_-]{0,62}$`
pub(super) fn is_slug(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    name.len() <= 63
        && name.bytes().next().is_some_and(is_plain)
        && name
            .bytes()
            .all(|byte| is_plain(byte) || byte == b'-' || byte == b'_')
}
