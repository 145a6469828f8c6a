//! SQS in the process: the real `aws-sdk-sqs` client over queues of our own that lose no accepted message.
//!
//! # Why our own
//!
//! The one crate that offers SQS behind the SDK, `winterbaume-sqs`, is made for tests: it keeps everything in memory
//! only, never forgets the receipt handles of deleted messages, finds a message by walking a list, and long-polls by
//! sleeping 100 ms at a time.
//! Leadline promises that `kill -9` loses no accepted lead, so here `SendMessage` answers only after the message is
//! in a journal file on disk; and it runs for months, so a deleted message leaves nothing in memory.
//! That crate still serves as the second opinion of our tests: one suite runs against both.
//!
//! # What survives
//!
//! | what | answered when | after `kill -9` | after loss of power |
//! |---|---|---|---|
//! | sent message, created or changed queue | on disk ([`SyncPolicy::Full`]) | kept | kept |
//! | the same with [`SyncPolicy::OsCache`] | written to the operating system | kept | the last seconds may be lost |
//! | delete, purge, move to or from a dead-letter queue | at once; written within microseconds, flushed with the next send or within 100 ms | kept if written, else undone | kept if flushed, else undone |
//! | receive count | the same | the same | the same |
//! | visibility timeout | – | message is ready again | ready again |
//! | delay of a message | with the message | the rest of it, by the wall clock, at most 15 minutes | the same |
//!
//! An undone delete or move means that a message is delivered again, which consumers of a standard queue must bear
//! anyway; [`EmbeddedQueues::flush`] waits until nothing can be undone any more.
//! Receive counts are written down although nothing waits for them, so that a message which kills the process each
//! time still ends in the dead-letter queue.
//! Concurrent senders share one flush (group commit).
//!
//! # What SQS does and this does not
//!
//! FIFO queues (refused), tags and permissions (unknown operations), expiry: `MessageRetentionPeriod` is shown but no
//! message is ever dropped for its age. Redrive from a dead-letter queue is done when `StartMessageMoveTask` answers,
//! at full speed whatever rate was asked for, and messages keep their ids.
//! Order is first in, first out, but a redelivered message goes to the end, and nobody should rely on either.

mod attributes;
mod batch;
mod failure;
mod journal;
mod messages;
mod moves;
mod operations;
mod receipt;
mod record;
mod requests;
mod settings;
mod state;
#[cfg(test)]
mod tests;
mod traffic;
mod writer;

use std::fs::File;
use std::future::Future;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use tokio::sync::oneshot;
use tokio::time::Instant;

pub use journal::OpenError;

use crate::connector;
use crate::local_http::{self, ServeError};
use state::State;
use writer::{Command, Journal, Outcome, outcome_of};

/// Dead bytes in the journal below which it is not compacted.
const COMPACT_ABOVE_BYTES: u64 = 4 * 1024 * 1024;

/// When a record counts as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SyncPolicy {
    /// When the disk has it: survives loss of power.
    #[default]
    Full,
    /// When the operating system has it: survives the end of the process, not of the machine. For disks on which a
    /// flush takes too long, and for tests.
    OsCache,
}

/// How many messages a queue holds, by place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Depth {
    /// Ready to be received.
    pub visible: usize,
    /// Received, neither deleted nor timed out.
    pub in_flight: usize,
    /// Not ready for the first time yet.
    pub delayed: usize,
}

impl Depth {
    /// All messages of the queue.
    pub fn total(&self) -> usize {
        self.visible + self.in_flight + self.delayed
    }
}

/// What opening found in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Recovery {
    /// Records read.
    pub records: u64,
    /// Live messages.
    pub messages: usize,
    /// Bytes that belonged to no whole record. After a crash some at the end are normal: a record that was being
    /// written and had not been answered.
    pub unreadable_bytes: u64,
}

/// The queues could not be made durable: the journal does not take records.
#[derive(Debug, thiserror::Error)]
#[error("the queue journal does not take records")]
pub struct NotDurable;

/// The queues of one process; see the [module](self). Clones, and the clients made from them, share one engine, which
/// closes (writing and flushing what is left, a short blocking wait) when the last of them is dropped.
#[derive(Clone)]
pub struct EmbeddedQueues {
    engine: Arc<Engine>,
}

struct Engine {
    shared: Arc<Shared>,
    /// Before the lock: the journal must be closed before another engine may open it.
    journal: Option<Journal>,
    _lock: Option<File>,
    recovery: Recovery,
    moves: Mutex<moves::MoveTasks>,
}

struct Shared {
    state: Mutex<State>,
}

impl EmbeddedQueues {
    /// Opens or creates the queues of a directory, which is created when absent and locked while open.
    /// The journal is read, whatever a crash left of its end, and compacted.
    pub fn open(directory: &Path, sync: SyncPolicy) -> Result<Self, OpenError> {
        Self::open_compacting_above(directory, sync, COMPACT_ABOVE_BYTES)
    }

    fn open_compacting_above(
        directory: &Path,
        sync: SyncPolicy,
        compact_above: u64,
    ) -> Result<Self, OpenError> {
        journal::create_directory(directory)?;
        let lock = journal::lock(directory)?;
        let scan = journal::read(directory)?;
        let recovery = Recovery {
            records: scan.records,
            messages: scan.contents.messages.len(),
            unreadable_bytes: scan.unreadable_bytes,
        };
        if recovery.unreadable_bytes > 0 {
            tracing::warn!(
                unreadable_bytes = recovery.unreadable_bytes,
                "the queue journal held unreadable bytes"
            );
        }
        let mut state = State::restore(
            scan.contents,
            random_number(),
            Instant::now(),
            wall_clock_ms(),
        );
        let written = journal::write_new(directory, &state.snapshot(), &AtomicBool::new(false))
            .and_then(|new| journal::install_new(directory).map(|()| new));
        let opened = written.map_err(|source| OpenError::Write {
            path: directory.to_owned(),
            source,
        })?;
        // The snapshot says it all already.
        state.take_records();
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
        });
        let journal = Journal::start(
            Arc::clone(&shared),
            directory.to_owned(),
            opened,
            sync,
            compact_above,
        )?;
        let (journal, lock) = (Some(journal), Some(lock));
        Ok(Self {
            engine: Arc::new(Engine {
                shared,
                journal,
                _lock: lock,
                recovery,
                moves: Mutex::default(),
            }),
        })
    }

    /// Queues without a journal, gone with the last clone. For tests; works with a paused tokio clock.
    pub fn memory() -> Self {
        let shared = Arc::new(Shared {
            state: Mutex::new(State::new(random_number(), false)),
        });
        let (recovery, moves) = (Recovery::default(), Mutex::default());
        Self {
            engine: Arc::new(Engine {
                shared,
                journal: None,
                _lock: None,
                recovery,
                moves,
            }),
        }
    }

    /// What opening found.
    pub fn recovery(&self) -> Recovery {
        self.engine.recovery
    }

    /// The HTTP layer for an SDK configuration of one's own.
    pub fn http_client(&self) -> SharedHttpClient {
        connector::http_client(self.clone())
    }

    /// A ready client: see `connector::in_process` for how it differs from one of the network.
    pub fn sqs_client(&self) -> aws_sdk_sqs::Client {
        in_process::client(self.http_client())
    }

    /// Serves the SQS wire API (the JSON protocol) over plain HTTP until `shutdown` resolves and the running requests
    /// have ended; waiting long polls are ended at once. Nothing is authenticated: bind to a loopback address only.
    /// Requests of web pages are refused. Queue URLs then read `http://HOST:PORT/000000000000/NAME`, after the host the caller used.
    pub async fn serve(
        &self,
        listener: tokio::net::TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), ServeError> {
        local_http::serve(self.clone(), listener, shutdown).await
    }

    /// How many messages a queue holds; none when there is no such queue.
    pub fn depth(&self, queue_name: &str) -> Depth {
        self.with_state(|state| match state.find(queue_name) {
            Some(queue) => state.depth(queue, Instant::now()),
            None => Depth::default(),
        })
    }

    /// The bodies of all messages of a queue, in the order they were sent, whatever their place; nothing is received
    /// by looking.
    pub fn peek(&self, queue_name: &str) -> Vec<String> {
        self.with_state(|state| {
            state
                .find(queue_name)
                .map(|queue| state.bodies(queue))
                .unwrap_or_default()
        })
    }

    /// Whether there is nothing left to do: every queue that is nobody's dead-letter queue is empty, with nothing in
    /// flight, delayed or just being sent.
    pub fn idle(&self) -> bool {
        self.with_state(|state| state.is_idle(Instant::now()))
    }

    /// Waits until [`EmbeddedQueues::idle`].
    pub async fn wait_idle(&self) {
        let quiet = self.with_state(|state| state.quiet());
        loop {
            // Listening starts before looking, so that nothing is missed in between.
            let changed = quiet.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let (idle, next) = self
                .with_state(|state| (state.is_idle(Instant::now()), state.next_working_moment()));
            if idle {
                return;
            }
            match next {
                Some(moment) => {
                    tokio::select! {
                        () = changed => {}
                        () = tokio::time::sleep_until(moment) => {}
                    }
                }
                None => changed.await,
            }
        }
    }

    /// Waits until everything that has been answered (deletes too) is stored as [`SyncPolicy`] says.
    pub async fn flush(&self) -> Result<(), NotDurable> {
        match self.settle(Vec::new()).await {
            Outcome::Durable | Outcome::QueueGone => Ok(()),
            Outcome::NotDurable => Err(NotDurable),
        }
    }

    /// Runs one step of the state machine and queues what it noted, in that order under one lock.
    fn with_state<T>(&self, step: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self
            .engine
            .shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let result = step(&mut state);
        let records = state.take_records();
        if let Some(journal) = &self.engine.journal
            && !records.is_empty()
        {
            let mut frames = Vec::new();
            for record in records {
                record.append_to(&mut frames);
            }
            journal.submit(Command::Note(frames));
        }
        result
    }

    /// Waits until the journal has everything queued so far, and `frames`.
    async fn settle(&self, frames: Vec<u8>) -> Outcome {
        let Some(journal) = &self.engine.journal else {
            return Outcome::Durable;
        };
        let (done, waiting) = oneshot::channel();
        journal.submit(Command::Settle { frames, done });
        outcome_of(waiting).await
    }
}

// Addresses of queues begin with it.
connector::in_process!(aws_sdk_sqs, "https://sqs.us-east-1.amazonaws.com");

/// Milliseconds since the Unix epoch, for what is shown to receivers and for the rest of a delay after a restart.
fn wall_clock_ms() -> u64 {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or(Duration::ZERO);
    u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX)
}

/// A number no other opening has, from the randomness the standard library seeds its hash maps with.
fn random_number() -> u64 {
    let mut hasher = RandomState::new().build_hasher();
    hasher.write_u64(wall_clock_ms());
    hasher.finish()
}
