//! Where objects are kept: files in one directory, or memory.
//!
//! A body is written beside its place, flushed, and only then renamed: a reader, and whoever starts after a crash, finds a
//! whole object or none.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use axum::body::{Body, Bytes, HttpBody};
use sha2::{Digest, Sha256};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

use super::{PutObject, Refused};

/// Ends the name of a file that is still being written.
const UNFINISHED: &str = ".part";

/// Stands for a slash in names of files; no name of an object has it.
const SLASH: &str = "+";

/// Why the directory of objects cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the directory {} of uploaded files cannot be used", path.display())]
pub struct OpenObjectsError {
    path: PathBuf,
    #[source]
    source: io::Error,
}

/// When an object was put, and what it is.
type Held = (SystemTime, Arc<Vec<u8>>);

/// A body that is to become an object.
pub(super) struct Incoming {
    pub(super) length: u64,
    pub(super) digest: [u8; 32],
    pub(super) body: Body,
}

/// See the [module](self).
pub(super) enum Store {
    Directory { path: PathBuf, next: AtomicU64 },
    Memory(Mutex<BTreeMap<String, Held>>),
}

fn failed(error: &io::Error) -> Refused {
    tracing::error!(%error, "a file could not be stored or read");
    Refused::new(503, "ServiceUnavailable", "The disk failed; try again.")
}

fn missing() -> Refused {
    Refused::new(404, "NoSuchKey", "There is no such object.")
}

impl Store {
    pub(super) fn memory() -> Self {
        Store::Memory(Mutex::default())
    }

    pub(super) fn open(path: &Path) -> Result<Self, OpenObjectsError> {
        let wrong = |source| OpenObjectsError {
            path: path.to_owned(),
            source,
        };
        use std::os::unix::fs::DirBuilderExt;
        // It will hold people's data: nobody else on this machine may look in.
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true).mode(0o700);
        builder.create(path).map_err(wrong)?;
        for entry in fs::read_dir(path).map_err(wrong)? {
            let entry = entry.map_err(wrong)?;
            // Nobody was told that these are here.
            if entry.file_name().to_string_lossy().ends_with(UNFINISHED) {
                fs::remove_file(entry.path()).map_err(wrong)?;
            }
        }
        Ok(Store::Directory {
            path: path.to_owned(),
            next: AtomicU64::new(0),
        })
    }

    pub(super) async fn put(&self, key: &str, incoming: Incoming) -> Result<(), Refused> {
        match self {
            Store::Memory(objects) => {
                let mut bytes = Vec::new();
                let mut body = Checked::new(incoming);
                while let Some(more) = body.next().await? {
                    bytes.extend_from_slice(&more);
                }
                body.verify()?;
                let mut objects = objects.lock().unwrap_or_else(PoisonError::into_inner);
                objects.insert(key.to_owned(), (SystemTime::now(), Arc::new(bytes)));
                Ok(())
            }
            Store::Directory { path, next } => {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let place = path.join(file_name(key));
                let beside = path.join(format!("{}.{number}{UNFINISHED}", file_name(key)));
                let written = write(&beside, incoming).await;
                let done = match written {
                    Ok(()) => settle(&beside, &place, path)
                        .await
                        .map_err(|error| failed(&error)),
                    Err(refused) => Err(refused),
                };
                if done.is_err() {
                    // If this fails as well, the next start removes it.
                    let _ = tokio::fs::remove_file(&beside).await;
                }
                done
            }
        }
    }

    /// Bytes `from` to `to` of an object, and how many it has.
    pub(super) async fn read(
        &self,
        key: &str,
        from: u64,
        to: u64,
    ) -> Result<(Vec<u8>, u64), Refused> {
        match self {
            Store::Memory(objects) => {
                let object = {
                    let objects = objects.lock().unwrap_or_else(PoisonError::into_inner);
                    objects.get(key).map(|(_, bytes)| Arc::clone(bytes))
                };
                let object = object.ok_or_else(missing)?;
                let index = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(object.len());
                let (from, end) = (index(from), index(to.saturating_add(1)));
                Ok((object[from..end].to_vec(), object.len() as u64))
            }
            Store::Directory { path, .. } => {
                let mut file = match File::open(path.join(file_name(key))).await {
                    Ok(file) => file,
                    Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(missing()),
                    Err(error) => return Err(failed(&error)),
                };
                let read = async {
                    let length = file.metadata().await?.len();
                    file.seek(io::SeekFrom::Start(from)).await?;
                    let mut bytes = Vec::new();
                    let wanted = to.saturating_sub(from).saturating_add(1);
                    (&mut file).take(wanted).read_to_end(&mut bytes).await?;
                    Ok((bytes, length))
                };
                read.await.map_err(|error: io::Error| failed(&error))
            }
        }
    }

    pub(super) async fn all(&self) -> Vec<PutObject> {
        match self {
            Store::Memory(objects) => {
                let objects = objects.lock().unwrap_or_else(PoisonError::into_inner);
                let object = |(key, (_, bytes)): (&String, &Held)| PutObject {
                    key: key.clone(),
                    bytes: bytes.len() as u64,
                };
                objects.iter().map(object).collect()
            }
            Store::Directory { path, .. } => {
                let mut all: Vec<PutObject> = finished(path)
                    .into_iter()
                    .map(|(key, bytes, _)| PutObject { key, bytes })
                    .collect();
                all.sort_by(|one, other| one.key.cmp(&other.key));
                all
            }
        }
    }

    pub(super) async fn sweep_older_than(&self, seconds: u64) -> usize {
        let age = Duration::from_secs(seconds);
        let is_old = |put: SystemTime| put.elapsed().is_ok_and(|elapsed| elapsed > age);
        match self {
            Store::Memory(objects) => {
                let mut objects = objects.lock().unwrap_or_else(PoisonError::into_inner);
                let before = objects.len();
                objects.retain(|_, (put, _)| !is_old(*put));
                before - objects.len()
            }
            Store::Directory { path, .. } => {
                let mut removed = 0;
                for (key, _, put) in finished(path) {
                    if is_old(put) {
                        match tokio::fs::remove_file(path.join(file_name(&key))).await {
                            Ok(()) => removed += 1,
                            Err(error) => {
                                tracing::warn!(%error, "an uploaded file could not be removed");
                            }
                        }
                    }
                }
                removed
            }
        }
    }
}

fn file_name(key: &str) -> String {
    key.replace('/', SLASH)
}

/// Whole objects of a directory: name, length, when they were put.
fn finished(path: &Path) -> Vec<(String, u64, SystemTime)> {
    let Ok(entries) = fs::read_dir(path) else {
        return Vec::new();
    };
    let entries = entries.filter_map(Result::ok).filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        let about = entry.metadata().ok()?;
        let is_object = about.is_file() && !name.ends_with(UNFINISHED);
        is_object.then(|| {
            let put = about.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            (name.replace(SLASH, "/"), about.len(), put)
        })
    });
    entries.collect()
}

async fn write(beside: &Path, incoming: Incoming) -> Result<(), Refused> {
    let mut options = tokio::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(beside).await.map_err(|error| failed(&error))?;
    let mut body = Checked::new(incoming);
    while let Some(more) = body.next().await? {
        file.write_all(&more)
            .await
            .map_err(|error| failed(&error))?;
    }
    body.verify()?;
    file.flush().await.map_err(|error| failed(&error))?;
    file.sync_all().await.map_err(|error| failed(&error))
}

/// Puts a file that is written into its place, and makes sure that it is found there.
async fn settle(beside: &Path, place: &Path, directory: &Path) -> io::Result<()> {
    tokio::fs::rename(beside, place).await?;
    File::open(directory).await?.sync_all().await
}

/// A body that is counted and digested as it comes.
struct Checked {
    length: u64,
    digest: [u8; 32],
    body: Body,
    read: u64,
    hash: Sha256,
}

impl Checked {
    fn new(incoming: Incoming) -> Self {
        Self {
            length: incoming.length,
            digest: incoming.digest,
            body: incoming.body,
            read: 0,
            hash: Sha256::new(),
        }
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Refused> {
        const INCOMPLETE: Refused = Refused::new(
            400,
            "IncompleteBody",
            "The body is not as long as its Content-Length says.",
        );
        loop {
            let frame =
                std::future::poll_fn(|context| Pin::new(&mut self.body).poll_frame(context));
            let Some(frame) = frame.await else {
                return if self.read == self.length {
                    Ok(None)
                } else {
                    Err(INCOMPLETE)
                };
            };
            // Trailers say nothing here.
            let Ok(more) = frame.map_err(|_| INCOMPLETE)?.into_data() else {
                continue;
            };
            self.read += more.len() as u64;
            if self.read > self.length {
                return Err(INCOMPLETE);
            }
            self.hash.update(&more);
            return Ok(Some(more));
        }
    }

    fn verify(self) -> Result<(), Refused> {
        if self.hash.finalize()[..] == self.digest {
            Ok(())
        } else {
            Err(Refused::new(
                400,
                "BadDigest",
                "The body has another SHA-256 than was announced.",
            ))
        }
    }
}
