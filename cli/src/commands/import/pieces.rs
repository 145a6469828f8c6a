//! A file in pieces that fit into one request each.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use domain::submission::FieldProblem;
use sources::batch::{Content, Encoding, Reader, Row, SenderIds};

use crate::failure::Failure;

/// Rows in a piece: a request that a small function answers within a second or two.
const ROWS: usize = 500;

/// Bytes in a piece, about: half of what the door takes.
const BYTES: usize = 524_288;

/// Bytes read from the file at once.
const READ_BYTES: usize = 65_536;

/// One row that is sent: where it stands in the file.
pub(super) type Place = (u64, u64);

/// Some rows of the file.
#[derive(Default)]
pub(super) struct Piece {
    /// The rows as text: one JSON object on each line, or prospects of ADF.
    pub(super) body: String,
    pub(super) places: Vec<Place>,
    /// Rows that are not sent, and what is wrong with each.
    pub(super) broken: Vec<(Place, FieldProblem)>,
}

/// The pieces of a file, always the same.
pub(super) struct Pieces<'a> {
    file: &'a mut File,
    reader: Reader,
    rows: VecDeque<Row>,
    ids: SenderIds,
    pub(super) read: u64,
    is_over: bool,
}

impl<'a> Pieces<'a> {
    pub(super) fn new(file: &'a mut File, encoding: Option<Encoding>) -> Result<Self, Failure> {
        file.seek(SeekFrom::Start(0))?;
        Ok(Self {
            file,
            reader: Reader::new(encoding),
            rows: VecDeque::new(),
            ids: SenderIds::default(),
            read: 0,
            is_over: false,
        })
    }

    pub(super) fn next(&mut self) -> Result<Option<Piece>, Failure> {
        let mut piece = Piece::default();
        while piece.places.len() + piece.broken.len() < ROWS && piece.body.len() < BYTES {
            let Some(row) = self.rows.pop_front() else {
                if self.is_over {
                    break;
                }
                self.read_on()?;
                continue;
            };
            let place = (row.number, row.line);
            if let Content::Broken {
                field,
                code,
                message,
            } = row.content
            {
                let code = code.to_owned();
                let problem = FieldProblem {
                    field,
                    code,
                    message,
                };
                piece.broken.push((place, problem));
            } else if let Some(problem) = self.ids.contradicted(&row) {
                piece.broken.push((place, problem));
            } else {
                match row.text() {
                    Ok(line) => {
                        piece.body.push_str(&line);
                        piece.body.push('\n');
                        piece.places.push(place);
                    }
                    Err(problem) => piece.broken.push((place, problem)),
                }
            }
        }
        let is_empty = piece.places.is_empty() && piece.broken.is_empty();
        Ok((!is_empty).then_some(piece))
    }

    fn read_on(&mut self) -> Result<(), Failure> {
        let mut bytes = [0; READ_BYTES];
        let length = self.file.read(&mut bytes)?;
        self.read += length as u64;
        let mut rows = Vec::new();
        let taken = if length == 0 {
            self.is_over = true;
            self.reader.finish(&mut rows)
        } else {
            self.reader.feed(&bytes[..length], &mut rows)
        };
        taken.map_err(|refusal| Failure::Unmet {
            code: refusal.code(),
            title: refusal.sentence().to_owned(),
            detail: Some(format!("{}.", refusal.detail())),
        })?;
        self.rows.extend(rows);
        Ok(())
    }
}
