//! The journal file: reading it back whatever a crash left of it, and replacing it as a whole.
//!
//! One file, `queues.journal`: eight bytes that say what it is, then frames (see [`super::record`]).
//! It is only ever appended to, or replaced: a new file is written beside it, flushed, renamed over it, and the
//! directory is flushed, so that a crash leaves the old file or the new one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::record::{FRAME_MARKER, Record, read_frame};
use super::state::Contents;

/// The last byte is the version of the format.
pub(super) const FILE_HEADER: [u8; 8] = *b"LLQUEUE\x01";

/// Why the journal could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The directory cannot be made.
    #[error("cannot create the queue directory {}", path.display())]
    Directory {
        /// Where.
        path: PathBuf,
        /// What the layer below says.
        #[source]
        source: io::Error,
    },
    /// Another process (or another engine of this one) has it open: two writers would destroy it.
    #[error("the queue directory {} is in use by another process", .0.display())]
    InUse(PathBuf),
    /// The lock cannot be taken.
    #[error("cannot lock the queue directory {}", path.display())]
    Lock {
        /// Where.
        path: PathBuf,
        /// What the layer below says.
        #[source]
        source: io::Error,
    },
    /// The journal cannot be read.
    #[error("cannot read the queue journal {}", path.display())]
    Read {
        /// Where.
        path: PathBuf,
        /// What the layer below says.
        #[source]
        source: io::Error,
    },
    /// It is left untouched.
    #[error("{} is not a queue journal of a version this program knows", .0.display())]
    NotAJournal(PathBuf),
    /// The journal cannot be written.
    #[error("cannot write the queue journal in {}", path.display())]
    Write {
        /// Where.
        path: PathBuf,
        /// What the layer below says.
        #[source]
        source: io::Error,
    },
    /// The operating system gave no thread for the journal.
    #[error("cannot start the thread that writes the queue journal")]
    Thread(#[source] io::Error),
}

pub(super) fn path_in(directory: &Path) -> PathBuf {
    directory.join("queues.journal")
}

fn new_path_in(directory: &Path) -> PathBuf {
    directory.join("queues.journal.new")
}

/// How long opening waits for another engine to let go, and how often it looks: a killed process that is still being
/// taken down, or a child process between its fork and its exec, holds the lock for some milliseconds more.
const LOCK_PATIENCE: Duration = Duration::from_millis(500);
const LOCK_RETRY: Duration = Duration::from_millis(10);

/// Keeps a second engine out until dropped; the operating system releases it even on `kill -9`.
pub(super) fn lock(directory: &Path) -> Result<File, OpenError> {
    let path = directory.join("queues.lock");
    let failed = |source| OpenError::Lock {
        path: path.clone(),
        source,
    };
    let file = private_file()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(failed)?;
    let started = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(fs::TryLockError::WouldBlock) if started.elapsed() < LOCK_PATIENCE => {
                std::thread::sleep(LOCK_RETRY)
            }
            Err(fs::TryLockError::WouldBlock) => {
                return Err(OpenError::InUse(directory.to_owned()));
            }
            Err(fs::TryLockError::Error(source)) => return Err(failed(source)),
        }
    }
}

/// Messages hold personal data: only the owner may read what is created here.
fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Creates the directory (with its parents), readable by the owner only when it is new.
pub(super) fn create_directory(directory: &Path) -> Result<(), OpenError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(directory)
        .map_err(|source| OpenError::Directory {
            path: directory.to_owned(),
            source,
        })
}

/// What a journal file says.
#[derive(Debug, Default)]
pub(super) struct Scan {
    pub(super) contents: Contents,
    pub(super) records: u64,
    /// Bytes that are part of no record: the end a crash tore off, or damage.
    pub(super) unreadable_bytes: u64,
}

/// Reads the journal of a directory; empty when there is none. The file is read as a whole, so this needs memory for
/// the file and for what it says at the same time.
pub(super) fn read(directory: &Path) -> Result<Scan, OpenError> {
    let path = path_in(directory);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Scan::default()),
        Err(source) => return Err(OpenError::Read { path, source }),
    };
    // The header came with the rename that created the file, so it is never torn.
    let frames = bytes
        .strip_prefix(&FILE_HEADER)
        .ok_or(OpenError::NotAJournal(path))?;
    Ok(scan(frames))
}

/// Applies every readable frame. Behind an unreadable stretch it goes on at the next frame that checks out: what lies
/// behind a hole was written by the same unanswered batch or is older than a damaged sector, and is harmless to keep
/// in the first case and precious in the second.
fn scan(frames: &[u8]) -> Scan {
    let mut scan = Scan::default();
    let mut rest = frames;
    while !rest.is_empty() {
        if let Some((record, length)) = read_frame(rest) {
            scan.contents.apply(record);
            scan.records += 1;
            rest = &rest[length..];
            continue;
        }
        let skipped = rest
            .get(1..)
            .and_then(|behind| {
                behind
                    .windows(FRAME_MARKER.len())
                    .position(|window| window == FRAME_MARKER)
            })
            .map_or(rest.len(), |position| position + 1);
        scan.unreadable_bytes += skipped as u64;
        rest = &rest[skipped..];
    }
    scan.contents.adopt_orphans();
    scan
}

/// A complete journal that has not taken its place yet.
pub(super) struct NewJournal {
    pub(super) file: File,
    pub(super) length: u64,
}

/// Writes a journal with these records beside the current one and flushes it; gives up when `cancelled` becomes true.
pub(super) fn write_new(
    directory: &Path,
    records: &[Record],
    cancelled: &AtomicBool,
) -> io::Result<NewJournal> {
    let path = new_path_in(directory);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let file = private_file().create_new(true).append(true).open(&path)?;
    let mut writer = BufWriter::with_capacity(1 << 20, file);
    writer.write_all(&FILE_HEADER)?;
    let mut length = FILE_HEADER.len() as u64;
    let mut frame = Vec::new();
    for record in records {
        if cancelled.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        frame.clear();
        record.append_to(&mut frame);
        writer.write_all(&frame)?;
        length += frame.len() as u64;
    }
    let file = writer
        .into_inner()
        .map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    Ok(NewJournal { file, length })
}

/// Puts the file of [`write_new`] in the place of the current journal, for good once this returns.
pub(super) fn install_new(directory: &Path) -> io::Result<()> {
    fs::rename(new_path_in(directory), path_in(directory))?;
    // Directories can be opened and flushed on Unix only; elsewhere the rename alone has to do.
    #[cfg(unix)]
    File::open(directory)?.sync_all()?;
    Ok(())
}

/// Removes what an unfinished [`write_new`] left; it is overwritten anyway, so failing here matters to nobody.
pub(super) fn discard_new(directory: &Path) {
    let _ = fs::remove_file(new_path_in(directory));
}
