//! The thread that owns the journal file. It takes everything that is queued, writes it at once, flushes once, and
//! only then makes sent messages visible and lets their senders go: group commit.
//!
//! Flushing as a thread and not as a task keeps the runtime's threads free of disk waits and lets the last clone of
//! the engine be dropped anywhere. (A paused tokio clock does not know about this thread and may run ahead while a
//! sender waits: tests with paused time use the engine without a journal.)
//!
//! When the disk refuses a write, the torn end is cut off, the senders are told, and the next batch tries again;
//! deletes and moves, which nobody waits for, are kept and written first then.
//! When a flush fails the file cannot be trusted any more (the kernel may have dropped the pages), and every further
//! send fails until the engine is opened again.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::journal::{self, NewJournal, OpenError};
use super::state::Pending;
use super::{Shared, SyncPolicy};

/// A batch is closed at this size, so that the first sender of a flood does not wait for all of it.
const BATCH_BYTES: usize = 4 * 1024 * 1024;
/// How long records that nobody waits for stay unflushed at most, and how often a running compaction is looked at.
const IDLE_FLUSH: Duration = Duration::from_millis(100);

/// What became of records somebody waits for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Outcome {
    Durable,
    /// Written, but the queue of the message has been deleted meanwhile.
    QueueGone,
    NotDurable,
}

pub(super) enum Command {
    /// Records nobody waits for.
    Note(Vec<u8>),
    /// Records somebody waits for whose effect is visible already, so they must be written sooner or later.
    /// Without frames it is a flush.
    Settle {
        frames: Vec<u8>,
        done: oneshot::Sender<Outcome>,
    },
    /// Messages to make visible once they are durable.
    Send {
        frames: Vec<u8>,
        messages: Vec<Pending>,
        done: oneshot::Sender<Outcome>,
    },
}

/// The way to the writer; dropping it writes and flushes what is queued and ends the thread.
pub(super) struct Journal {
    sender: Option<mpsc::Sender<Command>>,
    thread: Option<JoinHandle<()>>,
}

impl Journal {
    pub(super) fn start(
        shared: Arc<Shared>,
        directory: PathBuf,
        opened: NewJournal,
        sync: SyncPolicy,
        compact_above: u64,
    ) -> Result<Journal, OpenError> {
        let (sender, commands) = mpsc::channel();
        let writer = Writer {
            shared,
            directory,
            file: opened.file,
            length: opened.length,
            sync,
            compact_above,
            compact_next: compact_above,
            unwritten: Vec::new(),
            unflushed_since: None,
            broken: false,
            compaction: None,
        };
        let thread = std::thread::Builder::new()
            .name("queue-journal".to_owned())
            .spawn(move || writer.run(&commands))
            .map_err(OpenError::Thread)?;
        Ok(Journal {
            sender: Some(sender),
            thread: Some(thread),
        })
    }

    /// Queues a command. When the thread is gone the command is dropped, which its waiter sees.
    pub(super) fn submit(&self, command: Command) {
        if let Some(sender) = &self.sender {
            let _ = sender.send(command);
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.sender = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Waits for a submitted command.
pub(super) async fn outcome_of(done: oneshot::Receiver<Outcome>) -> Outcome {
    done.await.unwrap_or(Outcome::NotDurable)
}

struct Writer {
    shared: Arc<Shared>,
    directory: PathBuf,
    file: File,
    /// Bytes of the file that are whole frames.
    length: u64,
    sync: SyncPolicy,
    /// Dead bytes below which compaction is not worth it.
    compact_above: u64,
    /// Dead bytes at which to compact next; raised after a failure.
    compact_next: u64,
    /// Records nobody waits for that a failing disk has not taken yet.
    unwritten: Vec<u8>,
    /// Since when something is written but not flushed.
    unflushed_since: Option<Instant>,
    broken: bool,
    compaction: Option<Compaction>,
}

struct Compaction {
    thread: JoinHandle<io::Result<NewJournal>>,
    cancelled: Arc<AtomicBool>,
    /// The length of the journal when the snapshot was taken; what is behind must be copied over.
    journal_length: u64,
}

#[derive(Default)]
struct Batch {
    /// Everything, in order.
    frames: Vec<u8>,
    /// The part that is kept when the write fails.
    kept: Vec<u8>,
    settled: Vec<oneshot::Sender<Outcome>>,
    sends: Vec<(Vec<Pending>, oneshot::Sender<Outcome>)>,
}

impl Batch {
    fn add(&mut self, command: Command) {
        match command {
            Command::Note(frames) => {
                self.frames.extend_from_slice(&frames);
                self.kept.extend_from_slice(&frames);
            }
            Command::Settle { frames, done } => {
                self.frames.extend_from_slice(&frames);
                self.kept.extend_from_slice(&frames);
                self.settled.push(done);
            }
            Command::Send {
                frames,
                messages,
                done,
            } => {
                self.frames.extend_from_slice(&frames);
                self.sends.push((messages, done));
            }
        }
    }
}

impl Writer {
    fn run(mut self, commands: &Receiver<Command>) {
        loop {
            let first = if self.unflushed_since.is_some() || self.compaction.is_some() {
                match commands.recv_timeout(IDLE_FLUSH) {
                    Ok(command) => Some(command),
                    Err(RecvTimeoutError::Timeout) => None,
                    Err(RecvTimeoutError::Disconnected) => break,
                }
            } else {
                match commands.recv() {
                    Ok(command) => Some(command),
                    Err(mpsc::RecvError) => break,
                }
            };
            if let Some(first) = first {
                let mut batch = Batch::default();
                batch.add(first);
                while batch.frames.len() < BATCH_BYTES {
                    match commands.try_recv() {
                        Ok(command) => batch.add(command),
                        Err(_) => break,
                    }
                }
                self.commit(batch);
            }
            if self
                .unflushed_since
                .is_some_and(|since| since.elapsed() >= IDLE_FLUSH)
            {
                self.flush();
            }
            self.tend_compaction();
        }
        // Closing: what nobody waited for goes to disk too.
        self.commit(Batch::default());
        self.flush();
        if let Some(compaction) = self.compaction.take() {
            compaction.cancelled.store(true, Ordering::Relaxed);
            let _ = compaction.thread.join();
            journal::discard_new(&self.directory);
        }
    }

    fn commit(&mut self, batch: Batch) {
        let waited_for = !batch.settled.is_empty() || !batch.sends.is_empty();
        let mut frames = std::mem::take(&mut self.unwritten);
        let previously_kept = frames.len();
        frames.extend_from_slice(&batch.frames);
        let mut durable = self.write(&frames);
        if !durable {
            frames.truncate(previously_kept);
            frames.extend_from_slice(&batch.kept);
            self.unwritten = frames;
        } else if waited_for {
            durable = self.flush();
        }
        if !batch.sends.is_empty() {
            self.release_sends(batch.sends, durable);
        }
        let outcome = if durable {
            Outcome::Durable
        } else {
            Outcome::NotDurable
        };
        for done in batch.settled {
            let _ = done.send(outcome);
        }
    }

    /// Makes sent messages visible, or forgets them, and tells their senders.
    fn release_sends(
        &mut self,
        sends: Vec<(Vec<Pending>, oneshot::Sender<Outcome>)>,
        durable: bool,
    ) {
        let mut answers = Vec::with_capacity(sends.len());
        let mut state = self
            .shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for (messages, done) in sends {
            let outcome = if durable {
                let mut outcome = Outcome::Durable;
                for message in messages {
                    if !state.publish(message) {
                        outcome = Outcome::QueueGone;
                    }
                }
                outcome
            } else {
                state.abandon_sends(messages.len());
                Outcome::NotDurable
            };
            answers.push((outcome, done));
        }
        for record in state.take_records() {
            record.append_to(&mut self.unwritten);
        }
        drop(state);
        for (outcome, done) in answers {
            // A sender that stopped waiting has still sent.
            let _ = done.send(outcome);
        }
    }

    /// Appends to the file; afterwards it ends with a whole frame again, whatever happened.
    fn write(&mut self, frames: &[u8]) -> bool {
        if self.broken {
            return false;
        }
        if frames.is_empty() {
            return true;
        }
        match self.file.write_all(frames) {
            Ok(()) => {
                self.length += frames.len() as u64;
                self.unflushed_since.get_or_insert_with(Instant::now);
                true
            }
            Err(error) => {
                tracing::error!(%error, "the queue journal could not be written, nothing was accepted");
                if let Err(error) = self.file.set_len(self.length) {
                    self.give_up("its torn end could not be cut off", &error);
                }
                false
            }
        }
    }

    fn flush(&mut self) -> bool {
        if self.broken {
            return false;
        }
        if self.unflushed_since.is_some()
            && self.sync == SyncPolicy::Full
            && let Err(error) = self.file.sync_data()
        {
            self.give_up("it could not be flushed", &error);
            return false;
        }
        self.unflushed_since = None;
        true
    }

    fn give_up(&mut self, reason: &str, error: &io::Error) {
        tracing::error!(%error, reason, "the queue journal is unusable, every send fails until it is opened again");
        self.broken = true;
        self.unflushed_since = None;
    }

    /// Starts a compaction when it pays, and finishes a running one when its file is complete.
    fn tend_compaction(&mut self) {
        if self.broken {
            return;
        }
        if let Some(compaction) = self
            .compaction
            .take_if(|compaction| compaction.thread.is_finished())
        {
            self.finish_compaction(compaction);
        }
        if self.compaction.is_some() {
            return;
        }
        let state = self
            .shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let live = state.live_bytes();
        let dead = self.length.saturating_sub(live);
        if dead <= live || dead <= self.compact_next {
            return;
        }
        // The snapshot may be ahead of the journal by records that are queued; they are written behind
        // `journal_length`, and reading them again changes nothing. It is never behind.
        let records = state.snapshot();
        drop(state);
        let cancelled = Arc::new(AtomicBool::new(false));
        let (directory, cancel) = (self.directory.clone(), Arc::clone(&cancelled));
        let spawned = std::thread::Builder::new()
            .name("queue-compaction".to_owned())
            .spawn(move || journal::write_new(&directory, &records, &cancel));
        match spawned {
            Ok(thread) => {
                self.compaction = Some(Compaction {
                    thread,
                    cancelled,
                    journal_length: self.length,
                });
            }
            Err(error) => self.postpone_compaction(&error, dead),
        }
    }

    fn finish_compaction(&mut self, compaction: Compaction) {
        let written = match compaction.thread.join() {
            Ok(written) => written,
            Err(_) => Err(io::Error::other("the compacting thread panicked")),
        };
        let caught_up = written.and_then(|mut new| {
            let copied = copy_tail(
                &self.directory,
                compaction.journal_length,
                self.length,
                &mut new.file,
            )?;
            new.length += copied;
            new.file.sync_data()?;
            Ok(new)
        });
        match caught_up {
            Ok(new) => {
                if let Err(error) = journal::install_new(&self.directory) {
                    // Which of the two files a crash would leave is unknown now.
                    self.give_up("its replacement could not be installed", &error);
                    return;
                }
                tracing::debug!(
                    before_bytes = self.length,
                    after_bytes = new.length,
                    "compacted the queue journal"
                );
                self.file = new.file;
                self.length = new.length;
                self.unflushed_since = None;
                self.compact_next = self.compact_above;
            }
            Err(error) => self.postpone_compaction(&error, self.length),
        }
    }

    /// The old journal stays in use; try again when twice as much would be saved.
    fn postpone_compaction(&mut self, error: &io::Error, dead: u64) {
        tracing::warn!(%error, "the queue journal could not be compacted, it goes on growing for now");
        journal::discard_new(&self.directory);
        self.compact_next = dead.saturating_mul(2);
    }
}

/// Appends `from..to` of the current journal to the new one.
fn copy_tail(directory: &Path, from: u64, to: u64, new: &mut File) -> io::Result<u64> {
    let mut current = File::open(journal::path_in(directory))?;
    current.seek(SeekFrom::Start(from))?;
    let copied = io::copy(&mut current.take(to - from), new)?;
    if copied != to - from {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(copied)
}
