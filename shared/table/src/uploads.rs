//! Uploaded files: what was announced of a file, and how far it is. One item, changed under its version.
//!
//! The pieces that a file is taken in are batches like any other. Holds no personal data but what a sender put into the
//! file's name, and is removed after a while.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::id::BatchId;
use domain::submission::FieldProblem;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::batches::{BatchRow, KEEP_SECONDS};
use crate::calls::VERSION;
use crate::{Error, Item, Table, codec, keys};

const BODY: &str = "d";
const KIND: &str = "upload";

/// Most problems of rows that are kept with the file itself, so that whoever sent it hears of them without the API's token.
/// All of them are kept with the pieces.
pub const KEPT_ROW_PROBLEMS: usize = 100;

/// Where an uploaded file stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UploadStage {
    /// It was announced and has not come.
    Waiting,
    /// It has come, and its rows are checked.
    Checking,
    /// Nothing of it was taken. It stays so.
    Refused,
    /// It was checked whole, and its good rows go on.
    Sending,
    /// Everything of it is safe in the queue.
    Done,
}

impl UploadStage {
    /// As it is said to callers.
    pub const fn name(self) -> &'static str {
        match self {
            UploadStage::Waiting => "waiting",
            UploadStage::Checking => "checking",
            UploadStage::Refused => "refused",
            UploadStage::Sending => "sending",
            UploadStage::Done => "done",
        }
    }
}

/// How far a file was checked, or sent: always after a whole piece. What it says follows from the file, the rules and the
/// number of pieces alone, so whoever comes to the same piece has the same counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Pieces that are done with.
    pub pieces: u32,
    /// Rows in them.
    pub rows: u32,
    /// Good rows in them.
    pub accepted: u32,
}

impl Progress {
    /// One piece further, by what its rows became.
    pub fn add(&mut self, piece: &[BatchRow]) {
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let good = piece.iter().filter(|row| row.submission.is_some()).count();
        self.pieces = self.pieces.saturating_add(1);
        self.rows = self.rows.saturating_add(count(piece.len()));
        self.accepted = self.accepted.saturating_add(count(good));
    }
}

/// Something that is wrong with a row of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowProblem {
    /// The row, from 1.
    pub row: u32,
    /// The line on which it begins, from 1.
    pub line: u32,
    /// What is wrong.
    pub problem: FieldProblem,
}

/// A file that a sender was given an address for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// Derived from its source, its digest and the rules.
    pub id: BatchId,
    /// Where it came from.
    pub source: String,
    /// The configuration by which all of it is read.
    pub config: String,
    /// Its length.
    pub bytes: u64,
    /// The SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// What its sender calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The encoding that its sender says it is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// Whether one bad row refuses all of it.
    pub all_or_nothing: bool,
    /// When it was announced first.
    pub asked_at: Timestamp,
    /// When anything of this was written last.
    pub touched_at: Timestamp,
    /// Where it stands.
    pub stage: UploadStage,
    /// How far it is checked.
    #[serde(default)]
    pub checked: Progress,
    /// How far it is sent.
    #[serde(default)]
    pub sent: Progress,
    /// Why nothing of it was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<FieldProblem>,
    /// The first problems of its rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<RowProblem>,
    /// How many problems its rows have in all.
    #[serde(default)]
    pub n_problems: u32,
}

impl Upload {
    /// A file of `bytes` bytes with this digest, to be read by a version of the configuration, that a source announces at
    /// `now`. Nothing is known of its rows yet.
    pub fn announced(
        id: BatchId,
        source: &str,
        config: &str,
        (bytes, sha256): (u64, &[u8; 32]),
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            source: source.to_owned(),
            config: config.to_owned(),
            bytes,
            sha256: sha256.iter().map(|byte| format!("{byte:02x}")).collect(),
            name: None,
            encoding: None,
            all_or_nothing: false,
            asked_at: now,
            touched_at: now,
            stage: UploadStage::Waiting,
            checked: Progress::default(),
            sent: Progress::default(),
            refusal: None,
            problems: Vec::new(),
            n_problems: 0,
        }
    }
}

/// An uploaded file as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredUpload {
    /// The file.
    pub upload: Upload,
    /// How often it was written.
    pub version: u64,
}

/// What became of the first rows of an uploaded file: of whole pieces, all of which is settled.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadTally {
    /// Pieces that are counted.
    pub pieces: u32,
    /// Rows in them.
    pub rows: u32,
    /// Rows by their outcome.
    pub outcomes: BTreeMap<String, u32>,
}

/// Such counts as they are stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredTally {
    /// The counts.
    pub tally: UploadTally,
    /// How often they were written.
    pub version: u64,
}

impl Table {
    /// What became of the first rows of an uploaded file, as far as that was counted.
    ///
    /// # Errors
    /// When the table cannot be read or the item is damaged.
    pub async fn upload_tally(&self, id: BatchId) -> Result<StoredTally, Error> {
        let Some(item) = self.get(keys::upload_tally(id)).await? else {
            return Ok(StoredTally::default());
        };
        let (tally, version) = stored(&item)?;
        Ok(StoredTally { tally, version })
    }

    /// Keeps such counts as long as the file's, on condition that nobody else wrote them meanwhile. False when somebody did.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn keep_upload_tally(
        &self,
        upload: &Upload,
        tally: &UploadTally,
        read: u64,
    ) -> Result<bool, Error> {
        let key = keys::upload_tally(upload.id);
        self.keep(key, tally, upload.touched_at, read).await
    }

    /// An uploaded file, read consistently.
    ///
    /// # Errors
    /// When the table cannot be read or the item is damaged.
    pub async fn upload(&self, id: BatchId) -> Result<Option<StoredUpload>, Error> {
        let found = self.get(keys::upload(id)).await?;
        let Some(item) = found else {
            return Ok(None);
        };
        let (upload, version) = stored(&item)?;
        Ok(Some(StoredUpload { upload, version }))
    }

    /// Writes how a file stands, on condition that it still has the version that was read (0: that it is not there). False
    /// when somebody else was faster.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn keep_upload(&self, upload: &Upload, read: u64) -> Result<bool, Error> {
        let key = keys::upload(upload.id);
        self.keep(key, upload, upload.touched_at, read).await
    }

    async fn keep(
        &self,
        key: keys::Key,
        body: &impl Serialize,
        at: Timestamp,
        read: u64,
    ) -> Result<bool, Error> {
        let mut item = key.item();
        let body = codec::encode(KIND, body)?;
        item.insert(BODY.to_owned(), AttributeValue::B(Blob::new(body)));
        let expires = at.as_second().saturating_add(KEEP_SECONDS);
        item.insert(
            keys::EXPIRES.to_owned(),
            AttributeValue::N(expires.to_string()),
        );
        self.put_next_or_gone(item, read).await
    }
}

/// What an item holds, and how often it was written.
fn stored<T: DeserializeOwned>(item: &Item) -> Result<(T, u64), Error> {
    let corrupt = |problem| Error::Corrupt {
        kind: KIND,
        problem,
    };
    let version = match item.get(VERSION) {
        Some(AttributeValue::N(text)) => text.parse().ok(),
        _ => None,
    };
    let version = version.ok_or_else(|| corrupt("it has no version"))?;
    match item.get(BODY) {
        Some(AttributeValue::B(blob)) => Ok((codec::decode(KIND, blob.as_ref())?, version)),
        _ => Err(corrupt("it has no body")),
    }
}
