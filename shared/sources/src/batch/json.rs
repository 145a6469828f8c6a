//! JSON in pieces: cut into values, which are read one by one.

use super::{Content, MAX_ROW_BYTES, Row, broken};
use crate::refusal::{Refusal, Unparseable};

/// One object on each line.
#[derive(Default)]
pub(super) struct Lines {
    read: u64,
    /// Whether what comes up to the next line break belongs to a line that is too long.
    skips: bool,
}

impl Lines {
    /// Takes the lines that are whole off the front of `text`.
    pub(super) fn take(&mut self, text: &mut String, is_end: bool, rows: &mut Vec<Row>) {
        let mut done = 0;
        while done < text.len() {
            let rest = &text[done..];
            let (line, length) = match rest.find('\n') {
                Some(end) => (&rest[..end], end + 1),
                None if is_end => (rest, rest.len()),
                None => {
                    if self.skips {
                        done = text.len();
                    } else if rest.len() > MAX_ROW_BYTES {
                        rows.push(too_long(self.read + 1));
                        self.skips = true;
                        done = text.len();
                    }
                    break;
                }
            };
            self.read += 1;
            let line = line.trim();
            if std::mem::take(&mut self.skips) || line.is_empty() {
                // Told of already, or nothing to tell.
            } else if line.len() > MAX_ROW_BYTES {
                rows.push(too_long(self.read));
            } else {
                rows.push(value(self.read, line));
            }
            done += length;
        }
        text.drain(..done);
    }
}

/// One array of objects.
#[derive(Default)]
pub(super) struct Array {
    /// Line breaks that were passed.
    lines: u64,
    state: State,
    /// Nesting within the value at the front.
    depth: usize,
    is_text: bool,
    is_escaped: bool,
    /// Bytes of the value at the front that were looked at already.
    seen: usize,
    /// Line on which the value at the front begins.
    line: u64,
    /// Whether the value at the front is too long to be kept.
    is_long: bool,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Before,
    /// After the bracket: a value or the end.
    First,
    /// After a comma: a value.
    Next,
    /// In an object, a list or a text, which end by a sign of their own.
    Enclosed,
    /// In a number or a word, which end where something else begins.
    Bare,
    /// After a value: a comma or the end.
    Between,
    After,
}

/// What one byte means.
enum Step {
    Pass,
    Begin,
    /// The value ends with this byte.
    EndWith,
    /// The value ended before this byte, which is looked at again.
    EndBefore,
    Wrong,
}

impl Array {
    /// Takes the values that are whole off the front of `text`.
    pub(super) fn take(
        &mut self,
        text: &mut String,
        is_end: bool,
        rows: &mut Vec<Row>,
    ) -> Result<(), Refusal> {
        let mut start = 0;
        let mut index = self.seen;
        // Every sign that tells something is ASCII; the bytes of other characters are passed over.
        while let Some(byte) = text.as_bytes().get(index).copied() {
            match self.step(byte) {
                Step::Pass => {}
                Step::Begin => {
                    start = index;
                    self.line = self.lines + 1;
                }
                Step::EndWith => self.end(&text[start..=index], rows),
                Step::EndBefore => {
                    self.end(&text[start..index], rows);
                    continue;
                }
                Step::Wrong => {
                    return Err(self.wrong("is not as in a JSON array; part the objects by one comma each, and end with a bracket"));
                }
            }
            self.lines += u64::from(byte == b'\n');
            index += 1;
        }
        let is_within = matches!(self.state, State::Enclosed | State::Bare);
        self.is_long |= is_within && text.len() - start > MAX_ROW_BYTES;
        if is_within && !self.is_long {
            text.drain(..start);
        } else {
            text.clear();
        }
        self.seen = text.len();
        if is_end && self.state != State::After {
            return Err(
                self.wrong("is the last, and the JSON array is not closed; send the whole file")
            );
        }
        Ok(())
    }

    fn step(&mut self, byte: u8) -> Step {
        match self.state {
            State::Enclosed => return self.step_within(byte),
            State::Bare if byte.is_ascii_whitespace() || matches!(byte, b',' | b']') => {
                self.state = State::Between;
                return Step::EndBefore;
            }
            State::Bare => return Step::Pass,
            _ if byte.is_ascii_whitespace() => return Step::Pass,
            _ => {}
        }
        match (self.state, byte) {
            (State::Before, b'[') => self.state = State::First,
            (State::First | State::Between, b']') => self.state = State::After,
            (State::Between, b',') => self.state = State::Next,
            (State::First | State::Next, b'{' | b'[' | b'"') => {
                self.state = State::Enclosed;
                self.depth = usize::from(byte != b'"');
                self.is_text = byte == b'"';
                return Step::Begin;
            }
            (State::First | State::Next, other) if !matches!(other, b',' | b']' | b'}' | b':') => {
                self.state = State::Bare;
                return Step::Begin;
            }
            _ => return Step::Wrong,
        }
        Step::Pass
    }

    fn step_within(&mut self, byte: u8) -> Step {
        if self.is_text {
            if self.is_escaped {
                self.is_escaped = false;
            } else if byte == b'\\' {
                self.is_escaped = true;
            } else if byte == b'"' {
                self.is_text = false;
            }
        } else {
            match byte {
                b'"' => self.is_text = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => self.depth -= 1,
                _ => {}
            }
        }
        if self.depth == 0 && !self.is_text {
            self.state = State::Between;
            return Step::EndWith;
        }
        Step::Pass
    }

    fn end(&mut self, text: &str, rows: &mut Vec<Row>) {
        rows.push(
            if std::mem::take(&mut self.is_long) || text.len() > MAX_ROW_BYTES {
                too_long(self.line)
            } else {
                value(self.line, text)
            },
        );
    }

    fn wrong(&self, what: &'static str) -> Refusal {
        Unparseable::Table {
            line: self.lines + 1,
            what,
        }
        .into()
    }
}

fn value(line: u64, text: &str) -> Row {
    Row {
        number: 0,
        line,
        content: Content::Json(text.to_owned()),
    }
}

fn too_long(line: u64) -> Row {
    let message = format!("the object is longer than {MAX_ROW_BYTES} bytes; shorten it");
    broken(line, "row_too_long", message)
}
