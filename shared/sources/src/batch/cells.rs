//! CSV as it is found: parted by commas, semicolons, tabs or bars; quoted by `"` or `'`, with the quote doubled or after a
//! backslash; lines ended in any of three ways; `sep=;` in front. RFC 4180 is the part of it that everybody agrees on.

use std::sync::Arc;

use domain::email::Email;

use super::bytes::NO_TEXT;
use super::{Content, MAX_ROW_BYTES, Row, broken};
use crate::answers::MAX_NAME_BYTES;
use crate::refusal::{Refusal, Unparseable};

/// Most columns. Exports of CRMs have hundreds, most of them blank; a submission may fill 200.
const MAX_COLUMNS: usize = 1_000;

/// How often a quote may stay open before the file is given up: each time up to [`MAX_ROW_BYTES`] are read in vain.
const MAX_OPEN_QUOTES: u32 = 200;

/// What cells may be parted by. Of two that stand equally often in the names of columns, the one that prose has less.
const DELIMITERS: [char; 4] = ['\t', ';', '|', ','];

/// How cells are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dialect {
    pub(super) delimiter: char,
    pub(super) quote: char,
}

/// Where reading a CSV file stands.
#[derive(Default)]
pub(super) struct Cells {
    dialect: Option<Dialect>,
    names: Option<Arc<[String]>>,
    /// Lines that are read.
    lines: u64,
    open_quotes: u32,
    /// Whether what comes up to the next line break belongs to a line that is too long.
    skips: bool,
}

/// What stands at the front of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Front {
    /// A whole record, and the bytes it takes.
    Record(Vec<String>, usize),
    /// It goes on in what has not come yet.
    Part,
    /// It ends within a quote.
    OpenQuote,
}

impl Cells {
    /// Takes the records that are whole off the front of `text`.
    pub(super) fn take(
        &mut self,
        text: &mut String,
        is_end: bool,
        rows: &mut Vec<Row>,
    ) -> Result<(), Refusal> {
        let mut done = 0;
        let taken = self.take_from(text, &mut done, is_end, rows);
        text.drain(..done);
        taken
    }

    fn take_from(
        &mut self,
        text: &str,
        done: &mut usize,
        is_end: bool,
        rows: &mut Vec<Row>,
    ) -> Result<(), Refusal> {
        loop {
            let rest = &text[*done..];
            if rest.is_empty() {
                return Ok(());
            }
            if self.skips {
                match first_line(rest, is_end) {
                    Some(length) => {
                        *done += length;
                        self.lines += 1;
                        self.skips = false;
                    }
                    None => *done = text.len(),
                }
                continue;
            }
            let Some(dialect) = self.dialect.or_else(|| dialect_of(rest, is_end)) else {
                return Ok(());
            };
            if self.dialect.is_none() {
                self.dialect = Some(dialect);
                if let Some(length) = directive(rest) {
                    *done += length;
                    self.lines += 1;
                    continue;
                }
            }
            match front(rest, dialect, is_end) {
                Front::Record(cells, length) if length <= MAX_ROW_BYTES => {
                    let line = self.lines + 1;
                    self.lines += lines_in(&rest[..length]);
                    *done += length;
                    self.record(cells, line, rows)?;
                }
                Front::Part if rest.len() <= MAX_ROW_BYTES => return Ok(()),
                Front::Record(_, length) => {
                    let line = self.lines + 1;
                    self.lines += lines_in(&rest[..length]);
                    *done += length;
                    rows.push(too_long(line));
                }
                Front::Part | Front::OpenQuote => self.give_up_line(rest, done, is_end, rows)?,
            }
        }
    }

    /// The first line of `rest` is no row: it is too long, or a quote in it is never closed. The next line is tried.
    fn give_up_line(
        &mut self,
        rest: &str,
        done: &mut usize,
        is_end: bool,
        rows: &mut Vec<Row>,
    ) -> Result<(), Refusal> {
        let line = self.lines + 1;
        if self.names.is_none() {
            return Err(Unparseable::Table {
                line,
                what: "does not hold the names of the columns; begin with one line of names, and close every quote",
            }
            .into());
        }
        self.open_quotes += 1;
        if self.open_quotes > MAX_OPEN_QUOTES {
            return Err(Unparseable::Table {
                line,
                what: "is one of too many with a quote that is not closed; write quotes within cells twice",
            }
            .into());
        }
        match first_line(rest, is_end) {
            Some(length) => {
                *done += length;
                self.lines += 1;
                rows.push(broken(
                    line,
                    "open_quote",
                    "a quote opens in this line and is not closed; close it, or write a quote within a cell twice",
                ));
            }
            None => {
                *done += rest.len();
                self.skips = true;
                rows.push(too_long(line));
            }
        }
        Ok(())
    }

    fn record(
        &mut self,
        mut cells: Vec<String>,
        line: u64,
        rows: &mut Vec<Row>,
    ) -> Result<(), Refusal> {
        if cells.iter().all(|cell| cell.trim().is_empty()) {
            return Ok(());
        }
        let Some(names) = &self.names else {
            self.names = Some(names_of(cells, line)?);
            return Ok(());
        };
        while cells.len() > names.len() && cells.last().is_some_and(|cell| cell.trim().is_empty()) {
            cells.pop();
        }
        if cells.len() > names.len() {
            let message = format!(
                "the row has {} cells and there are {} columns; put quotes around cells that hold the delimiter",
                cells.len(),
                names.len()
            );
            rows.push(broken(line, "too_many_cells", message));
            return Ok(());
        }
        rows.push(Row {
            number: 0,
            line,
            content: Content::Cells {
                names: Arc::clone(names),
                cells,
            },
        });
        Ok(())
    }
}

fn too_long(line: u64) -> Row {
    let message = format!("the row is longer than {MAX_ROW_BYTES} bytes; shorten it");
    broken(line, "row_too_long", message)
}

/// The first record as names of columns.
fn names_of(cells: Vec<String>, line: u64) -> Result<Arc<[String]>, Refusal> {
    let wrong = |what| Refusal::from(Unparseable::Table { line, what });
    if cells.len() > MAX_COLUMNS {
        return Err(wrong(
            "has more than 1000 columns; leave out those that are blank",
        ));
    }
    if cells.iter().any(|name| name.contains(NO_TEXT)) {
        return Err(wrong(
            "holds bytes that are no text in the encoding of the file; say which encoding it is, by `charset=` in the content type or --encoding",
        ));
    }
    let is_binary = |character: char| character.is_control() && !character.is_whitespace();
    if cells.iter().any(|name| name.contains(is_binary)) {
        return Err(wrong(
            "holds control characters, which are in no name of a column; unpack the file if it is compressed, or export it as CSV, JSON lines or ADF",
        ));
    }
    // Nobody calls a column by an address.
    if cells.iter().any(|cell| Email::parse(cell.trim()).is_ok()) {
        return Err(wrong(
            "holds somebody's data where the names of the columns should stand; put a line of names in front",
        ));
    }
    let names = cells.into_iter().enumerate().map(|(index, name)| {
        let name = name.trim();
        if name.is_empty() {
            return format!("column_{}", index + 1);
        }
        // Questions stand here in full.
        let mut end = name.len().min(MAX_NAME_BYTES);
        while !name.is_char_boundary(end) {
            end -= 1;
        }
        name[..end].to_owned()
    });
    Ok(names.collect())
}

/// The dialect of a file, from its first line; nothing as long as that has not come.
fn dialect_of(text: &str, is_end: bool) -> Option<Dialect> {
    let length = match first_line(text, is_end) {
        Some(length) => length,
        None if text.len() > MAX_ROW_BYTES => text.len(),
        None => return None,
    };
    let line = text[..length].trim_end_matches(['\r', '\n']);
    if let Some(delimiter) = declared(line) {
        return Some(Dialect {
            delimiter,
            quote: '"',
        });
    }
    let single = line.starts_with('\'') && line.matches('\'').count() >= 2;
    let quote = if single { '\'' } else { '"' };
    let mut counts = [0; DELIMITERS.len()];
    let mut is_quoted = false;
    for character in line.chars() {
        if character == quote {
            is_quoted = !is_quoted;
        }
        if !is_quoted && let Some(index) = DELIMITERS.iter().position(|known| *known == character) {
            counts[index] += 1;
        }
    }
    let mut best = DELIMITERS.len() - 1;
    for (index, count) in counts.iter().enumerate() {
        let is_earlier = index < best && *count == counts[best] && *count > 0;
        if *count > counts[best] || is_earlier {
            best = index;
        }
    }
    Some(Dialect {
        delimiter: DELIMITERS[best],
        quote,
    })
}

/// What `sep=;` declares, as spreadsheets write it into the first line.
fn declared(line: &str) -> Option<char> {
    let rest = line.trim().trim_matches('"');
    let mut characters = rest
        .strip_prefix("sep=")
        .or(rest.strip_prefix("SEP="))?
        .chars();
    let delimiter = characters.next()?;
    (characters.next().is_none() && !delimiter.is_alphanumeric()).then_some(delimiter)
}

/// Bytes of a first line that declares the delimiter.
fn directive(text: &str) -> Option<usize> {
    let length = first_line(text, true)?;
    declared(text[..length].trim_end_matches(['\r', '\n'])).map(|_| length)
}

/// Bytes of the first line with its end; nothing while that has not come. A `\r` at the very end may be half of one.
fn first_line(text: &str, is_end: bool) -> Option<usize> {
    let bytes = text.as_bytes();
    let Some(end) = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
        return is_end.then_some(bytes.len());
    };
    match (bytes[end], bytes.get(end + 1)) {
        (b'\r', Some(b'\n')) => Some(end + 2),
        (b'\r', None) if !is_end => None,
        _ => Some(end + 1),
    }
}

/// Lines that end in `text`; one that ends with the file counts too.
fn lines_in(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let ends = bytes.iter().enumerate().filter(|(index, byte)| {
        **byte == b'\n' || (**byte == b'\r' && bytes.get(index + 1) != Some(&b'\n'))
    });
    let ended = bytes.ends_with(b"\n") || bytes.ends_with(b"\r");
    ends.count() as u64 + u64::from(!ended)
}

/// Reads the record at the front of `text`.
pub(super) fn front(text: &str, dialect: Dialect, is_end: bool) -> Front {
    let Dialect { delimiter, quote } = dialect;
    let mut cells = Vec::new();
    let mut cell = String::new();
    let mut characters = text.char_indices().peekable();
    let mut is_quoted = false;
    // Whether the cell was quoted: spaces after its closing quote are not part of it.
    let mut was_quoted = false;
    while let Some((index, character)) = characters.next() {
        let next = characters.peek().map(|(_, next)| *next);
        if is_quoted {
            if character == quote {
                match next {
                    Some(next) if next == quote => {
                        cell.push(quote);
                        characters.next();
                    }
                    // The other half of a doubled quote may be in the next piece.
                    None if !is_end => return Front::Part,
                    _ => is_quoted = false,
                }
            } else if character == '\\' && next == Some(quote) {
                match is_escape(&text[index + 1 + quote.len_utf8()..], dialect, is_end) {
                    Some(true) => {
                        cell.push(quote);
                        characters.next();
                    }
                    Some(false) => cell.push('\\'),
                    None => return Front::Part,
                }
            } else {
                cell.push(character);
            }
            continue;
        }
        if character == delimiter {
            cells.push(std::mem::take(&mut cell));
            was_quoted = false;
        } else if matches!(character, '\n' | '\r') {
            let mut end = index + 1;
            if character == '\r' {
                match next {
                    Some('\n') => end += 1,
                    None if !is_end => return Front::Part,
                    _ => {}
                }
            }
            cells.push(cell);
            return Front::Record(cells, end);
        } else if character == quote && !was_quoted && cell.trim().is_empty() {
            cell.clear();
            is_quoted = true;
            was_quoted = true;
        } else if !(was_quoted && character == ' ') {
            cell.push(character);
        }
    }
    match (is_quoted, is_end) {
        (_, false) => Front::Part,
        (true, true) => Front::OpenQuote,
        (false, true) => {
            cells.push(cell);
            Front::Record(cells, text.len())
        }
    }
}

/// Whether a backslash before a quote makes the quote part of the cell, by what follows the quote. By RFC 4180 it never
/// does, so a quote that would end the cell there ends it. Nothing while that has not come.
fn is_escape(after: &str, dialect: Dialect, is_end: bool) -> Option<bool> {
    let ends_cell = |next: Option<char>| match next {
        None => is_end.then_some(true),
        Some(next) => Some(next == dialect.delimiter || matches!(next, '\n' | '\r')),
    };
    let mut characters = after.chars();
    match characters.next() {
        // `\""` at the end of a cell: an escaped quote, and the one that closes.
        Some(next) if next == dialect.quote => ends_cell(characters.next()),
        next => ends_cell(next).map(|ends| !ends),
    }
}

#[cfg(test)]
mod tests;
