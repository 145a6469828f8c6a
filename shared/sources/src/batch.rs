//! Many submissions in one file: CSV in any usual dialect and encoding, one JSON object on each line, a JSON array, or ADF.
//!
//! [`Reader`] takes the bytes in pieces and gives rows as they become complete, so that a file of any length needs no more
//! memory than its longest row. [`Checker`] makes a submission of each row, or says everything that is wrong with it.
//! [`receive`] does both for a request.
//!
//! A row that cannot be read harms only itself; only a file that is no table at all is refused. Nothing here quotes what a
//! row says.

mod bytes;
mod cells;
mod json;
mod prospects;
mod row;

use std::sync::Arc;

use domain::submission::FieldProblem;
use http::HeaderMap;

use crate::answers::Answers;
use crate::decode;
use crate::refusal::{Refusal, Unparseable};
use crate::{Door, Incoming, proof};
use bytes::{Decoder, NO_TEXT};
use cells::Cells;
use prospects::Prospects;

pub use bytes::Encoding;
pub use row::{Checked, Checker, SenderIds, senderless};

/// Largest batch in one request, in bytes: a mebibyte. A Lambda function takes six at most.
pub const MAX_BYTES: usize = 1_048_576;

/// Most rows in one request: as many as can be queued within the time of one call, ten at a time.
pub const MAX_ROWS: usize = 2_000;

/// Largest file that is taken by upload, in bytes: what S3 takes in one request.
pub const MAX_FILE_BYTES: u64 = 5 * 1024 * 1024 * 1024;

/// Most rows in an uploaded file. Of each with an id of the sender's some tens of bytes are remembered while it is checked.
pub const MAX_FILE_ROWS: u64 = 5_000_000;

/// Longest row, in bytes: what SQS bills as one request, and the default limit of a single submission.
pub const MAX_ROW_BYTES: usize = 65_536;

/// What a batch may be.
const TAKES: &str = "CSV, one JSON object on each line, a JSON array, or ADF with at least one <prospect>; a workbook has to be saved as CSV first";

/// One row of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its number, from 1. The names of columns and blank rows do not count.
    pub number: u64,
    /// The line on which it begins, from 1.
    pub line: u64,
    /// What it holds.
    pub content: Content,
}

/// What a row holds.
#[derive(Clone, PartialEq, Eq)]
pub enum Content {
    /// Cells under names of columns.
    Cells {
        /// The names, shared by all rows.
        names: Arc<[String]>,
        /// The cells; as many as names, or fewer.
        cells: Vec<String>,
    },
    /// A JSON value, as text.
    Json(String),
    /// A prospect of ADF, as the text of its element.
    Prospect(String),
    /// It cannot be read.
    Broken {
        /// The column, where it is known; else `row`.
        field: String,
        /// Stable code.
        code: &'static str,
        /// What is wrong and what would be right.
        message: String,
    },
}

/// Says what kind of content it is, and nothing of what somebody sent.
impl std::fmt::Debug for Content {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Content::Cells { cells, .. } => write!(formatter, "Cells({})", cells.len()),
            Content::Json(text) => write!(formatter, "Json({} bytes)", text.len()),
            Content::Prospect(text) => write!(formatter, "Prospect({} bytes)", text.len()),
            Content::Broken { code, .. } => write!(formatter, "Broken({code})"),
        }
    }
}

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Rows of cells.
    Csv,
    /// One JSON object on each line.
    JsonLines,
    /// One JSON array of objects.
    JsonArray,
    /// Prospects of ADF.
    Adf,
}

/// Reads a file in pieces.
pub struct Reader {
    decoder: Decoder,
    /// Decoded and not yet read.
    pub(crate) text: String,
    form: Option<Form>,
    rows: u64,
}

enum Form {
    Csv(Cells),
    JsonLines(json::Lines),
    JsonArray(json::Array),
    Adf(Prospects),
}

impl Reader {
    /// A reader of a file in the given encoding; without one, it is found out.
    pub fn new(encoding: Option<Encoding>) -> Self {
        Self {
            decoder: Decoder::new(encoding),
            text: String::new(),
            form: None,
            rows: 0,
        }
    }

    /// Takes the next piece, and appends the rows that it completes.
    ///
    /// # Errors
    /// When what comes is no batch: nothing after it can be trusted, and no further piece should be fed.
    pub fn feed(&mut self, piece: &[u8], rows: &mut Vec<Row>) -> Result<(), Refusal> {
        // Bounded steps, so that a large piece does not have to be held a second time as text.
        for part in piece.chunks(MAX_ROW_BYTES) {
            self.decoder.decode(part, &mut self.text);
            self.take(false, rows)?;
        }
        Ok(())
    }

    /// Takes the end of the file, and appends what is left.
    ///
    /// # Errors
    /// As [`Reader::feed`]; also when there was nothing, or the file ends in the middle of a JSON array or a prospect.
    pub fn finish(&mut self, rows: &mut Vec<Row>) -> Result<(), Refusal> {
        self.decoder.finish(&mut self.text);
        self.take(true, rows)?;
        match self.form {
            Some(_) => Ok(()),
            None => Err(Unparseable::Empty.into()),
        }
    }

    /// How the file is written, once enough of it has been seen.
    pub fn format(&self) -> Option<Format> {
        self.form.as_ref().map(|form| match form {
            Form::Csv(_) => Format::Csv,
            Form::JsonLines(_) => Format::JsonLines,
            Form::JsonArray(_) => Format::JsonArray,
            Form::Adf(_) => Format::Adf,
        })
    }

    fn take(&mut self, is_end: bool, rows: &mut Vec<Row>) -> Result<(), Refusal> {
        if self.form.is_none() {
            self.form = match self.text.trim_start().chars().next() {
                None => return Ok(()),
                Some('[') => Some(Form::JsonArray(json::Array::default())),
                Some('{') => Some(Form::JsonLines(json::Lines::default())),
                Some('<') => Some(Form::Adf(Prospects::default())),
                // The first bytes of a ZIP archive, which is what workbooks are, and of a PDF.
                Some('P' | '%')
                    if self.text.starts_with("PK\u{3}\u{4}") || self.text.starts_with("%PDF-") =>
                {
                    return Err(Refusal::UnsupportedContentType { takes: TAKES });
                }
                Some(_) => Some(Form::Csv(Cells::default())),
            };
        }
        let first = rows.len();
        match &mut self.form {
            Some(Form::Csv(cells)) => cells.take(&mut self.text, is_end, rows)?,
            Some(Form::JsonLines(lines)) => lines.take(&mut self.text, is_end, rows),
            Some(Form::JsonArray(array)) => array.take(&mut self.text, is_end, rows)?,
            Some(Form::Adf(prospects)) => prospects.take(&mut self.text, is_end, rows)?,
            None => {}
        }
        let encoding = self.decoder.encoding().unwrap_or(Encoding::Utf8);
        for row in &mut rows[first..] {
            self.rows += 1;
            row.number = self.rows;
            if let Some(content) = undecoded(&row.content, encoding) {
                row.content = content;
            }
        }
        Ok(())
    }
}

/// What becomes of a row that holds bytes which are no text in the encoding of the file. Taken without them, a name or an
/// address would be a wrong one.
fn undecoded(content: &Content, encoding: Encoding) -> Option<Content> {
    let is_broken = |text: &str| text.contains(NO_TEXT);
    let fields: Vec<String> = match content {
        Content::Cells { names, cells } => names
            .iter()
            .zip(cells)
            .filter(|(_, cell)| is_broken(cell))
            .map(|(name, _)| name.clone())
            .collect(),
        Content::Json(text) if is_broken(text) => {
            let mut answers = Answers::default();
            if let Ok(document) = decode::json::read(text) {
                // What cannot be taken apart is named as a whole.
                let _ = document.flatten("", &mut answers);
            }
            let broken = answers
                .iter()
                .filter(|answer| is_broken(&answer.value) && !is_broken(&answer.name));
            broken.map(|answer| answer.name.clone()).collect()
        }
        Content::Json(_) | Content::Prospect(_) | Content::Broken { .. } => Vec::new(),
    };
    let is_whole = match content {
        Content::Json(text) | Content::Prospect(text) => !is_broken(text),
        _ => fields.is_empty(),
    };
    if is_whole {
        return None;
    }
    let place = match fields.len() {
        0 => "the row holds".to_owned(),
        _ => format!("{} holds", fields.join(", ")),
    };
    Some(Content::Broken {
        field: fields
            .into_iter()
            .next()
            .unwrap_or_else(|| "row".to_owned()),
        code: "not_in_encoding",
        message: format!(
            "{place} bytes that are no text in {encoding}, as which the file is read; write the whole file in one encoding, and if it is another say which: `charset=` in the content type, or --encoding"
        ),
    })
}

/// A row that cannot be read, before it is counted.
fn broken(line: u64, code: &'static str, message: impl Into<String>) -> Row {
    Row {
        number: 0,
        line,
        content: Content::Broken {
            field: "row".to_owned(),
            code,
            message: message.into(),
        },
    }
}

/// Verifies, reads and checks a whole batch.
///
/// The sender proves itself by the secret of the source in `X-Leadline-Secret`, whatever its kind: a file is no webhook,
/// and nobody signs it. A source without a secret takes batches as it takes submissions.
///
/// # Errors
/// [`Refusal`] when nothing of the batch can be taken.
pub fn receive(door: &Door<'_>, incoming: &Incoming<'_>) -> Result<Vec<Checked>, Refusal> {
    if incoming.method != "POST" {
        return Err(Refusal::MethodNotAllowed {
            allow: "POST".to_owned(),
        });
    }
    if incoming.body.len() > MAX_BYTES {
        return Err(Refusal::BatchTooLarge {
            what: "bytes",
            limit: MAX_BYTES,
        });
    }
    proof::optional_secret(door, incoming)?;
    decode::unpacked(incoming.headers)?;
    let mut rows = Vec::new();
    let mut reader = Reader::new(encoding_of(incoming.headers)?);
    reader.feed(incoming.body, &mut rows)?;
    reader.finish(&mut rows)?;
    // An array without an object says itself that there is nothing.
    if rows.is_empty() && reader.format() == Some(Format::Csv) {
        return Err(Unparseable::Table {
            line: 1,
            what: "is followed by no row; begin with one line of the names of the columns and let a line for each person follow, or send one JSON object on each line",
        }
        .into());
    }
    if rows.len() > MAX_ROWS {
        return Err(Refusal::BatchTooLarge {
            what: "rows",
            limit: MAX_ROWS,
        });
    }
    let mut checker = Checker::new(door, incoming);
    Ok(rows.into_iter().map(|row| checker.check(row)).collect())
}

/// Whether the sender of a file that is still to come proves itself, as it does for a batch: by the secret of the source in
/// `X-Leadline-Secret`.
///
/// # Errors
/// When it does not; also when the source has no secret, since anybody could then fill the store of files.
pub fn prove_uploader(door: &Door<'_>, incoming: &Incoming<'_>) -> Result<(), Refusal> {
    proof::shared_secret(door, incoming)
}

/// The encoding that the content type names. What kind of content it names is not asked: tools send files under whatever
/// type they know, and the content tells for itself. Only what says that something else is wrapped around it is refused.
fn encoding_of(headers: &HeaderMap) -> Result<Option<Encoding>, Refusal> {
    let unsupported = Refusal::UnsupportedContentType { takes: TAKES };
    let (essence, parameters) = decode::content_type(headers).ok_or(unsupported.clone())?;
    if essence.starts_with("multipart/") {
        return Err(unsupported);
    }
    match parameters.get("charset") {
        None => Ok(None),
        Some(label) => Encoding::named(label).map(Some).ok_or(unsupported),
    }
}

fn problem(field: &str, code: &str, message: impl Into<String>) -> FieldProblem {
    FieldProblem {
        field: field.to_owned(),
        code: code.to_owned(),
        message: message.into(),
    }
}
