//! ADF in pieces: cut into prospects, each of which is read by itself.
//!
//! Only where a prospect begins and ends is looked for here, outside of comments, CDATA and instructions; what stands around
//! prospects means nothing. So documents that follow each other are one file, and what is not well-formed harms one prospect.

use super::{Content, MAX_ROW_BYTES, Row, TAKES, broken};
use crate::refusal::{Refusal, Unparseable};

/// The element that is a row.
const PROSPECT: &str = "prospect";

/// Longest name of an element that is looked at, in bytes: enough for a prefix of a namespace. A longer one is none of ours.
const MAX_TAG_NAME: usize = 200;

/// Finds the prospects of a file.
#[derive(Default)]
pub(super) struct Prospects {
    /// Line breaks that were passed.
    lines: u64,
    state: State,
    /// Where in the text the last `<` stands.
    tag: usize,
    tag_line: u64,
    /// The prospect that is open.
    open: Option<Open>,
    /// Bytes at the front that were looked at already.
    seen: usize,
    has_rows: bool,
    has_elements: bool,
    /// What the first comment before any element says, and where it begins: some send a document inside one.
    comment: Option<(u64, Vec<u8>)>,
}

struct Open {
    start: usize,
    line: u64,
    /// Whether it is too long to be kept.
    is_long: bool,
}

#[derive(Default)]
enum State {
    #[default]
    Text,
    /// After `<`, as long as it may become a name, a comment, CDATA or an instruction.
    Name(Vec<u8>),
    /// In a tag, after its name.
    Tag {
        is_end: bool,
        is_prospect: bool,
        quote: Option<u8>,
        last: u8,
    },
    /// In a comment, CDATA or an instruction, with what ends it and how much of that was seen.
    Until {
        end: &'static [u8],
        matched: usize,
        is_kept: bool,
    },
}

impl Prospects {
    /// Takes the prospects that are whole off the front of `text`.
    pub(super) fn take(
        &mut self,
        text: &mut String,
        is_end: bool,
        rows: &mut Vec<Row>,
    ) -> Result<(), Refusal> {
        let mut index = self.seen;
        // Every sign that tells something is ASCII; the bytes of other characters are passed over.
        while let Some(byte) = text.as_bytes().get(index).copied() {
            self.step(byte, index, text, rows)?;
            self.lines += u64::from(byte == b'\n');
            index += 1;
        }
        self.forget(text);
        if !is_end {
            return Ok(());
        }
        if self.open.is_some() || !matches!(self.state, State::Text) {
            return Err(self.wrong(
                "is the last, and a prospect, a tag, a comment or CDATA is not closed; send the whole file",
            ));
        }
        if !self.has_rows
            && let Some((line, inner)) = self.comment.take()
        {
            let mut within = Prospects {
                lines: line,
                has_elements: true,
                ..Prospects::default()
            };
            let mut inner = String::from_utf8_lossy(&inner).into_owned();
            return within.take(&mut inner, true, rows);
        }
        if self.has_rows {
            Ok(())
        } else {
            Err(Refusal::UnsupportedContentType { takes: TAKES })
        }
    }

    fn step(
        &mut self,
        byte: u8,
        index: usize,
        text: &str,
        rows: &mut Vec<Row>,
    ) -> Result<(), Refusal> {
        match &mut self.state {
            State::Text => {
                if byte == b'<' {
                    self.begin_tag(index);
                }
            }
            State::Name(name) => {
                let is_over = match name.first() {
                    Some(b'?' | b'!') => false,
                    Some(b'/') if name.len() == 1 => byte == b'>',
                    None => matches!(byte, b'>' | b' ' | b'\t' | b'\r' | b'\n'),
                    Some(_) => matches!(byte, b'>' | b'/' | b' ' | b'\t' | b'\r' | b'\n'),
                };
                if byte == b'<' {
                    self.begin_tag(index);
                } else if is_over {
                    let name = std::mem::take(name);
                    self.name_ended(&name, byte, index, text, rows);
                } else {
                    name.push(byte);
                    self.name_grew()?;
                }
            }
            State::Tag {
                is_end,
                is_prospect,
                quote,
                last,
            } => {
                match (byte, *quote) {
                    // No attribute may hold it, so a quote was left open: the harm ends here.
                    (b'<', _) => {
                        self.begin_tag(index);
                        return Ok(());
                    }
                    (b'>', None) => {
                        let ends = *is_prospect && (*is_end || *last == b'/');
                        self.state = State::Text;
                        if ends {
                            self.end(text, index + 1, rows);
                        }
                        return Ok(());
                    }
                    (b'"' | b'\'', None) => *quote = Some(byte),
                    (_, Some(open)) if byte == open => *quote = None,
                    _ => {}
                }
                *last = byte;
            }
            State::Until {
                end,
                matched,
                is_kept,
            } => {
                if *is_kept
                    && let Some((_, kept)) = &mut self.comment
                    && kept.len() < MAX_ROW_BYTES
                {
                    kept.push(byte);
                }
                let last = end.len() - 1;
                if *matched == last && byte == end[last] {
                    self.state = State::Text;
                } else if byte == end[(*matched).min(last)] {
                    *matched += 1;
                } else {
                    // `]]]>` and `--->` end too: the first signs of an end are the same.
                    let goes_on = *matched == last && byte == end[0];
                    *matched = if goes_on {
                        last
                    } else {
                        usize::from(byte == end[0])
                    };
                }
            }
        }
        Ok(())
    }

    fn begin_tag(&mut self, index: usize) {
        self.tag = index;
        self.tag_line = self.lines + 1;
        self.state = State::Name(Vec::new());
    }

    /// What begins with `<?` or `<!` is known by its first signs; a name that is too long is none that is looked for.
    fn name_grew(&mut self) -> Result<(), Refusal> {
        let State::Name(name) = &self.state else {
            return Ok(());
        };
        let until = |end: &'static [u8]| State::Until {
            end,
            matched: 0,
            is_kept: false,
        };
        match name.as_slice() {
            b"?" => self.state = until(b"?>"),
            b"!--" => {
                let is_kept = !self.has_elements && self.comment.is_none();
                if is_kept {
                    self.comment = Some((self.lines, Vec::new()));
                }
                self.state = State::Until {
                    end: b"-->",
                    matched: 0,
                    is_kept,
                };
            }
            b"![CDATA[" => self.state = until(b"]]>"),
            other if other.first() == Some(&b'!') => {
                if b"!--".starts_with(other) || b"![CDATA[".starts_with(other) {
                    return Ok(());
                }
                if self.open.is_none() {
                    return Err(self.wrong("has a DOCTYPE, which is never taken; leave it out"));
                }
                // Within a prospect it is that prospect's own harm.
                self.state = State::Text;
            }
            other if other.len() > MAX_TAG_NAME => {
                self.state = State::Tag {
                    is_end: false,
                    is_prospect: false,
                    quote: None,
                    last: 0,
                };
            }
            _ => {}
        }
        Ok(())
    }

    /// `byte` is the first behind the name.
    fn name_ended(&mut self, name: &[u8], byte: u8, index: usize, text: &str, rows: &mut Vec<Row>) {
        let (is_end, name) = match name.strip_prefix(b"/") {
            Some(name) => (true, name),
            None => (false, name),
        };
        let local = name.rsplit(|byte| *byte == b':').next().unwrap_or_default();
        let is_prospect = local.eq_ignore_ascii_case(PROSPECT.as_bytes());
        self.has_elements |= !name.is_empty();
        if is_prospect && !is_end {
            if let Some(open) = self.open.take() {
                let message = "this <prospect> is not closed before the next one begins; close it";
                self.push(broken(open.line, "unclosed", message), rows);
            }
            self.open = Some(Open {
                start: self.tag,
                line: self.tag_line,
                is_long: false,
            });
        }
        if byte == b'>' {
            self.state = State::Text;
            if is_prospect && is_end {
                self.end(text, index + 1, rows);
            }
        } else {
            self.state = State::Tag {
                is_end,
                is_prospect,
                quote: None,
                last: byte,
            };
        }
    }

    /// The prospect that is open ends before `after`.
    fn end(&mut self, text: &str, after: usize, rows: &mut Vec<Row>) {
        let Some(open) = self.open.take() else {
            return;
        };
        let content = text.get(open.start..after).filter(|_| !open.is_long);
        let row = match content {
            Some(content) if content.len() <= MAX_ROW_BYTES => Row {
                number: 0,
                line: open.line,
                content: Content::Prospect(content.to_owned()),
            },
            _ => broken(
                open.line,
                "row_too_long",
                format!("this <prospect> is longer than {MAX_ROW_BYTES} bytes; shorten it"),
            ),
        };
        self.push(row, rows);
    }

    fn push(&mut self, row: Row, rows: &mut Vec<Row>) {
        self.has_rows = true;
        rows.push(row);
    }

    /// Leaves in `text` only what may still become part of a row.
    fn forget(&mut self, text: &mut String) {
        if let Some(open) = &mut self.open {
            open.is_long |= text.len() - open.start > MAX_ROW_BYTES;
        }
        let kept = match (&self.open, &self.state) {
            (Some(open), _) if !open.is_long => open.start,
            (_, State::Name(_)) => self.tag,
            _ => text.len(),
        };
        text.drain(..kept);
        self.tag = self.tag.saturating_sub(kept);
        if let Some(open) = &mut self.open {
            open.start = open.start.saturating_sub(kept);
        }
        self.seen = text.len();
    }

    fn wrong(&self, what: &'static str) -> Refusal {
        Unparseable::Table {
            line: self.lines + 1,
            what,
        }
        .into()
    }
}
