//! The thread through which everything is written to the file: it takes all plain writes that wait, carries them out in one
//! transaction, commits, which flushes once, and only then answers them. So one flush serves many, and nothing is seen by a
//! reader, or answered, before the disk has it.
//!
//! What is not plain is carried out by dynoxide in between, alone, with a flush of its own.
//!
//! When a commit fails, nothing of it has happened and all of its writes are answered so. When it failed because the disk did
//! not take it, no later write is tried until the file is opened again: after a failed flush the kernel may hold for clean
//! what the disk never got.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread::JoinHandle;

use dynoxide::Database;
use rusqlite::{Connection, ErrorCode};
use tokio::sync::oneshot;

use super::expiry;
use super::operations;
use super::plain::{Plain, Writes};
use super::rows::{self, Applied};
use crate::connector::{WireAnswer, WireCall};

/// Writes in one transaction, at most.
const MAX_GROUP: usize = 256;

/// Something for the writer.
pub(super) enum Job {
    /// A request that writes.
    Request(Request),
    /// Remove what has expired; the number of items is answered, or nothing when it failed.
    Sweep(oneshot::Sender<Option<usize>>),
}

/// Something to be written.
pub(super) struct Request {
    pub(super) call: WireCall,
    /// What it is, if it is plain.
    pub(super) writes: Option<Writes>,
    pub(super) done: oneshot::Sender<WireAnswer>,
}

/// The way to the writer; dropping it ends the thread, after what waits has been written.
pub(super) struct Writer {
    sender: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(
        connection: Connection,
        database: Database,
        plain: Arc<Plain>,
    ) -> std::io::Result<Self> {
        let (sender, jobs) = mpsc::channel();
        let work = Work {
            connection,
            database,
            plain,
            is_broken: false,
        };
        let thread = std::thread::Builder::new()
            .name("table-writer".to_owned())
            .spawn(move || work.run(&jobs))?;
        Ok(Self {
            sender: Some(sender),
            thread: Some(thread),
        })
    }

    /// Queues a job. If the thread is gone it is dropped, which whoever waits for it sees.
    pub(super) fn submit(&self, job: Job) {
        if let Some(sender) = &self.sender {
            let _ = sender.send(job);
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.sender = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Work {
    connection: Connection,
    database: Database,
    plain: Arc<Plain>,
    is_broken: bool,
}

impl Work {
    fn run(mut self, jobs: &Receiver<Job>) {
        self.prepare_tables();
        while let Ok(first) = jobs.recv() {
            let mut next = Some(first);
            while let Some(job) = next.take() {
                match job {
                    Job::Sweep(done) => {
                        let _ = done.send(self.sweep());
                    }
                    Job::Request(Request {
                        call,
                        writes: Some(writes),
                        done,
                    }) if self.is_current(&writes) => {
                        next = self.group(Pending { call, done, writes }, jobs);
                    }
                    Job::Request(request) => {
                        self.alone(&request.call, request.writes.as_ref(), request.done);
                    }
                }
            }
        }
    }

    fn is_current(&self, writes: &Writes) -> bool {
        let generation = self.plain.generation();
        writes
            .all()
            .iter()
            .all(|write| write.shape.generation == generation && self.plain.is_known(write.form()))
    }

    /// Commits `first` and all plain writes that wait behind it. The first job that is not plain is handed back.
    fn group(&mut self, first: Pending, jobs: &Receiver<Job>) -> Option<Job> {
        let mut group = vec![first];
        let mut next = None;
        while group.len() < MAX_GROUP {
            match jobs.try_recv() {
                Ok(Job::Request(Request {
                    call,
                    writes: Some(writes),
                    done,
                })) if self.is_current(&writes) => {
                    group.push(Pending { call, done, writes });
                }
                Ok(other) => {
                    next = Some(other);
                    break;
                }
                Err(_) => break,
            }
        }
        match self.commit(&group) {
            Ok(outcomes) => {
                let mut outcomes = outcomes.into_iter();
                for pending in group {
                    let applied: Vec<Applied> =
                        outcomes.by_ref().take(pending.writes.all().len()).collect();
                    let Some(answer) = rows::answer(&pending.writes, applied) else {
                        self.alone(&pending.call, None, pending.done);
                        continue;
                    };
                    // Whoever stopped waiting has still written.
                    let _ = pending.done.send(answer);
                }
            }
            Err(error) => {
                self.note_failure(&error);
                for pending in group {
                    let _ = pending.done.send(operations::internal_failure());
                }
            }
        }
        next
    }

    /// What came of every write of the group, in order.
    fn commit(&self, group: &[Pending]) -> rusqlite::Result<Vec<Applied>> {
        if self.is_broken {
            return Err(rusqlite::Error::InvalidQuery);
        }
        self.connection
            .prepare_cached("BEGIN IMMEDIATE")?
            .execute([])?;
        let written: rusqlite::Result<Vec<Applied>> = group
            .iter()
            .flat_map(|pending| pending.writes.all())
            .map(|write| rows::apply(&self.connection, write))
            .collect();
        let committed = written.and_then(|outcomes| {
            self.connection.prepare_cached("COMMIT")?.execute([])?;
            Ok(outcomes)
        });
        if committed.is_err() && !self.connection.is_autocommit() {
            // The error that is answered is the first one.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        committed
    }

    fn note_failure(&mut self, error: &rusqlite::Error) {
        if self.is_broken {
            return;
        }
        if error.sqlite_error_code() == Some(ErrorCode::SystemIoFailure) {
            self.is_broken = true;
            tracing::error!(%error, "the table's file is unusable, every write fails until it is opened again");
        } else {
            tracing::error!(%error, "the table could not be written, nothing was changed");
        }
    }

    /// Has dynoxide carry out what is not plain here, or has not been seen before.
    fn alone(&self, call: &WireCall, writes: Option<&Writes>, done: oneshot::Sender<WireAnswer>) {
        if self.is_broken {
            let _ = done.send(operations::internal_failure());
            return;
        }
        let operation = operations::name_in_target(&call.target);
        let answer = operations::run(&self.database, operation, &call.body);
        if operations::accepts_form(&answer) {
            for write in writes.into_iter().flat_map(Writes::all) {
                self.plain.learn(write.form());
            }
        }
        if operations::changes_tables(operation) {
            self.plain.forget_tables();
            self.prepare_tables();
        }
        let _ = done.send(answer);
    }

    /// Sees to it that expired items of every table can be found without looking at the others.
    fn prepare_tables(&self) {
        if let Err(error) = expiry::index(&self.connection) {
            tracing::warn!(%error, "an index of what expires could not be made; expired items stay");
        }
    }

    fn sweep(&mut self) -> Option<usize> {
        if self.is_broken {
            return None;
        }
        match expiry::sweep(&self.connection) {
            Ok(removed) => Some(removed),
            Err(error) => {
                self.note_failure(&error);
                None
            }
        }
    }
}

struct Pending {
    call: WireCall,
    done: oneshot::Sender<WireAnswer>,
    writes: Writes,
}
