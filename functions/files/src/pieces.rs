//! A file in pieces of rows, always the same: read in ranges, so that no more of it is held than a range, and the rows that
//! it completes.

use std::collections::VecDeque;

use platform::{Objects, ObjectsError};
use sha2::{Digest, Sha256};
use sources::Refusal;
use sources::batch::{Encoding, Format, MAX_ROW_BYTES, Reader, Row};
use table::ROWS_IN_A_PAGE;

/// Rows in a piece: what one item of the table holds the results of.
pub const ROWS_IN_A_PIECE: usize = ROWS_IN_A_PAGE;

/// Bytes read from the store at once.
const RANGE_BYTES: u64 = 1_048_576;

/// Why there is no next piece.
pub(crate) enum Stop {
    /// The store.
    Store(ObjectsError),
    /// What comes is no table of rows.
    Unreadable(Refusal),
    /// The file ended before its length.
    Short,
}

/// See the [module](self).
pub(crate) struct Pieces<'a> {
    objects: &'a Objects,
    key: String,
    length: u64,
    /// Bytes read from the store.
    read: u64,
    range: Vec<u8>,
    /// Bytes of the range that the reader has.
    fed: usize,
    reader: Reader,
    rows: VecDeque<Row>,
    hash: Sha256,
    is_over: bool,
}

impl<'a> Pieces<'a> {
    pub(crate) fn new(
        objects: &'a Objects,
        key: String,
        length: u64,
        encoding: Option<Encoding>,
    ) -> Self {
        Self {
            objects,
            key,
            length,
            read: 0,
            range: Vec::new(),
            fed: 0,
            reader: Reader::new(encoding),
            rows: VecDeque::new(),
            hash: Sha256::new(),
            is_over: false,
        }
    }

    /// The next piece; none at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<Row>>, Stop> {
        while self.rows.len() < ROWS_IN_A_PIECE && !self.is_over {
            self.read_on().await?;
        }
        let length = self.rows.len().min(ROWS_IN_A_PIECE);
        Ok((length > 0).then(|| self.rows.drain(..length).collect()))
    }

    /// How the file is written, once something of it has been read.
    pub(crate) fn format(&self) -> Option<Format> {
        self.reader.format()
    }

    /// The digest of everything that was read, in hexadecimal.
    pub(crate) fn digest(&self) -> String {
        let digest = self.hash.clone().finalize();
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    async fn read_on(&mut self) -> Result<(), Stop> {
        let mut rows = Vec::new();
        if self.fed == self.range.len() {
            let wanted = RANGE_BYTES.min(self.length - self.read);
            self.range = self
                .objects
                .read(&self.key, self.read, wanted)
                .await
                .map_err(Stop::Store)?;
            self.fed = 0;
            if (self.range.len() as u64) < wanted {
                return Err(Stop::Short);
            }
            self.read += self.range.len() as u64;
            self.hash.update(&self.range);
        }
        if self.range.is_empty() {
            self.is_over = true;
            self.reader.finish(&mut rows).map_err(Stop::Unreadable)?;
        } else {
            // Small steps, so that the rows of a whole range are not held beside it.
            let end = self.range.len().min(self.fed + MAX_ROW_BYTES);
            self.reader
                .feed(&self.range[self.fed..end], &mut rows)
                .map_err(Stop::Unreadable)?;
            self.fed = end;
        }
        self.rows.extend(rows);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
