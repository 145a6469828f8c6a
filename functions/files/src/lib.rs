//! Files: takes large files of submissions that were uploaded, checks each whole, and sends its good rows on.
//!
//! The story of one file: the store says that it has come → read it in ranges, check every row and keep what each becomes,
//! in pieces of 500 → if one bad row is to refuse them all, stop → read it again, and take each piece exactly as the door
//! takes a batch: queue its good rows, note it in the ledger, note the piece as taken. What is done is noted every few
//! pieces, and when the time of an invocation is over the next one goes on from there.
//!
//! Each step says the same whoever does it, and however often: a piece has the same id, rows and submissions in every
//! invocation, since all of them read the same bytes by the same version of the configuration. So a notice that comes
//! twice, a crash, and two invocations at the same file change nothing. It never deletes a file: the store's own rule does.

mod check;
mod notice;
mod pieces;
mod send;

use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use domain::config::Config;
use domain::id::{BatchId, Pepper};
use jiff::{SignedDuration, Timestamp};
use platform::{Clock, Objects, ObjectsError, Secrets, SecretsError};
use queue::{Failure, Message, Queue, Queues, SendError};
use table::{StoredUpload, Table, Upload, UploadStage};

use pieces::Pieces;
use sources::batch::Encoding;

pub use notice::{Notice, object_key};
pub use pieces::ROWS_IN_A_PIECE;

/// What is kept free of an invocation's time, so that what was begun can end and be noted.
const SPARE: Duration = Duration::from_secs(30);

/// Pieces after which it is noted how far a file is.
const PIECES_BETWEEN_NOTES: u32 = 20;

/// Everything one invocation needs.
#[derive(Debug, Clone)]
pub struct Files {
    /// The table.
    pub table: Table,
    /// Sends to `enrich`, and to itself when its time is over.
    pub queues: Queues,
    /// Where the files are.
    pub objects: Objects,
    /// Holds the pepper.
    pub secrets: Secrets,
    /// Tells the time.
    pub clock: Clock,
}

/// Why a file has to be gone on with later.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The table.
    #[error("the table could not be used")]
    Table(#[from] table::Error),
    /// What is left to do could not be queued.
    #[error("the rest of the file could not be queued")]
    Send(#[from] SendError),
    /// A piece is not known to be safe.
    #[error("a piece could not be taken")]
    Intake(#[from] intake::Error),
    /// The store.
    #[error("the file could not be read")]
    Objects(#[from] ObjectsError),
    /// The pepper.
    #[error("the pepper could not be read")]
    Secrets(#[from] SecretsError),
    /// The configuration that the file was announced under is not in the table.
    #[error("there is no configuration {0}, by which the file is to be read")]
    NoConfiguration(String),
    /// The file is longer or shorter, or says something else, than when it was checked.
    #[error("the file is not what was checked")]
    Changed,
}

/// How far one invocation came with a file.
enum Came {
    /// To the end of what it was at.
    Through,
    /// To the end of its time.
    OutOfTime,
    /// Somebody else is further.
    Overtaken,
}

/// What all steps of one file need.
struct Job<'a> {
    files: &'a Files,
    pepper: Pepper,
    config: Config,
    stored: StoredUpload,
    until: Timestamp,
    /// Pieces since it was noted how the file stands.
    unnoted: u32,
}

/// The time that is left for work until `deadline`, in milliseconds of Unix time, as Lambda tells it.
pub fn time_left(deadline: u64) -> Duration {
    let now = u64::try_from(Timestamp::now().as_millisecond()).unwrap_or(0);
    Duration::from_millis(deadline.saturating_sub(now)).saturating_sub(SPARE)
}

impl Files {
    /// Works through one batch of notices, as far as `budget` goes. A file that is not through then goes on in a message to
    /// this function itself.
    ///
    /// # Errors
    /// Only when the batch cannot be reported on record by record.
    pub async fn handle(
        &self,
        event: SqsEvent,
        budget: Duration,
    ) -> Result<SqsBatchResponse, Failure> {
        let budget = SignedDuration::try_from(budget).unwrap_or(SignedDuration::ZERO);
        let now = self.clock.now();
        let until = now.checked_add(budget).unwrap_or(now);
        let mut failed = Vec::new();
        for record in event.records {
            let id = record
                .message_id
                .filter(|id| !id.is_empty())
                .ok_or(Failure)?;
            let body = record.body.unwrap_or_default();
            if !self.heed(&id, &body, until).await {
                failed.push(id);
            }
        }
        Ok(queue::respond(failed))
    }

    /// Does what one message says; whether that is done.
    async fn heed(&self, message: &str, body: &str, until: Timestamp) -> bool {
        let uploads = match Notice::read(body) {
            Ok(Notice::Uploads(uploads)) => uploads,
            Ok(Notice::Nothing) => return true,
            Err(problem) => {
                tracing::error!(message.id = message, problem, "a notice cannot be read");
                return false;
            }
        };
        let mut is_done = true;
        for upload in uploads {
            if let Err(error) = self.go_on(upload, until).await {
                tracing::error!(message.id = message, upload = %upload, error = %platform::chain(&error), "{upload} is tried again");
                is_done = false;
            }
        }
        is_done
    }

    /// Goes on with a file until it is through, or the time is over.
    async fn go_on(&self, id: BatchId, until: Timestamp) -> Result<(), Error> {
        let Some(stored) = self.table.upload(id).await? else {
            // Its note is kept for longer than the file: somebody put it there by other ways.
            tracing::warn!(upload = %id, "{id} was never announced, and is left alone");
            return Ok(());
        };
        let version = stored.upload.config.clone();
        let config = self.table.configuration(&version).await?;
        let mut job = Job {
            files: self,
            pepper: Pepper::new(self.secrets.pepper().await?.expose()),
            config: config.ok_or(Error::NoConfiguration(version))?,
            stored,
            until,
            unnoted: 0,
        };
        loop {
            let came = match job.upload().stage {
                UploadStage::Waiting => job.begin().await,
                UploadStage::Checking => job.check().await,
                UploadStage::Sending => job.send().await,
                UploadStage::Refused | UploadStage::Done => return Ok(()),
            };
            match came {
                Ok(Came::Through) => {}
                Ok(Came::Overtaken) => {
                    tracing::info!(upload = %id, "somebody else is further with {id}");
                    return Ok(());
                }
                Ok(Came::OutOfTime) => {
                    let next = Message::File { upload: id };
                    self.queues.send(Queue::Files, &next).await?;
                    let upload = job.upload();
                    tracing::info!(upload = %id, stage = upload.stage.name(), checked = upload.checked.rows, sent = upload.sent.rows, "{id} goes on in the next invocation");
                    return Ok(());
                }
                Err(Error::Objects(ObjectsError::Missing)) => {
                    return job.wait_again().await;
                }
                Err(error) => return Err(error),
            }
        }
    }
}

impl<'a> Job<'a> {
    /// The pieces of the file, from its beginning.
    fn pieces(&self) -> Pieces<'a> {
        let upload = self.upload();
        let encoding = upload.encoding.as_deref().and_then(Encoding::named);
        let objects = &self.files.objects;
        Pieces::new(objects, object_key(upload.id), upload.bytes, encoding)
    }

    fn upload(&self) -> &Upload {
        &self.stored.upload
    }

    /// After each piece: notes from time to time how the file stands, and says why to stop here, if there is a reason.
    async fn after_piece(&mut self) -> Result<Option<Came>, Error> {
        self.unnoted += 1;
        let is_over = self.files.clock.now() >= self.until;
        if (self.unnoted >= PIECES_BETWEEN_NOTES || is_over) && !self.note().await? {
            return Ok(Some(Came::Overtaken));
        }
        Ok(is_over.then_some(Came::OutOfTime))
    }

    /// Writes how the file stands; false when somebody else wrote meanwhile.
    async fn note(&mut self) -> Result<bool, Error> {
        self.stored.upload.touched_at = self.files.clock.now();
        let kept = self
            .files
            .table
            .keep_upload(&self.stored.upload, self.stored.version)
            .await?;
        self.stored.version += 1;
        self.unnoted = 0;
        Ok(kept)
    }

    /// Notes that the file stands at `stage` now.
    async fn reach(&mut self, stage: UploadStage) -> Result<Came, Error> {
        self.stored.upload.stage = stage;
        if !self.note().await? {
            return Ok(Came::Overtaken);
        }
        let upload = self.upload();
        let (id, rows, accepted) = (upload.id, upload.checked.rows, upload.checked.accepted);
        tracing::info!(source = upload.source, upload = %id, stage = stage.name(), rows, accepted, "{id} of {} is {}", upload.source, stage.name());
        Ok(Came::Through)
    }

    /// The file has come.
    async fn begin(&mut self) -> Result<Came, Error> {
        self.reach(UploadStage::Checking).await
    }

    /// The file is gone, before it was read to the end: whoever sends it again is given another address, and what was done
    /// of it stays done.
    async fn wait_again(&mut self) -> Result<(), Error> {
        tracing::error!(upload = %self.upload().id, "{} is not in the store any more; it has to be sent again", self.upload().id);
        self.stored.upload.stage = UploadStage::Waiting;
        self.note().await?;
        Ok(())
    }
}
