//! DynamoDB in the process: the real `aws-sdk-dynamodb` client over `dynoxide`, an implementation of DynamoDB on one
//! SQLite file.
//!
//! # What survives
//!
//! The file is in WAL mode with `PRAGMA synchronous` at `FULL`: a committed transaction has been appended to the `-wal` file
//! and flushed before the commit returns.
//! So an answered write survives `kill -9` and, as far as the disk honours a flush, loss of power.
//! Writes that wait at the same time share a transaction and its flush (`writer`), and a reader sees a write only after
//! that flush: SQLite shows a commit to other connections when it is done.
//! The crash that happens between commit and answer leaves an ambiguous write, as with DynamoDB itself.
//!
//! # Who does the work
//!
//! Requests of the forms that Leadline uses (`plain`) are carried out on dynoxide's rows directly (`rows`), everything
//! else by dynoxide, which is also what first judges every expression.
//! The property `plain_requests_are_answered_as_dynoxide_answers_them` holds the two together.
//!
//! * plain reads: inline on the caller's thread, over a connection of their own. They take some 10 µs.
//! * all writes to a file: on the writer's thread; the caller waits as a task.
//! * everything else, and everything in memory: inline by dynoxide, which is synchronous behind one mutex. Calls go through a
//!   fair asynchronous gate first, so that tasks wait as tasks and do not pin the runtime's threads on that mutex.
//!
//! A write that was started is finished even when its caller gives up waiting.
//!
//! # What DynamoDB does and this does not
//!
//! No throttling, no transaction conflicts (one writer at a time), and expired items stay until
//! [`EmbeddedTable::sweep_expired`] is called: the process that embeds the table decides when.

mod condition;
mod expiry;
mod operations;
mod plain;
mod rows;
#[cfg(test)]
mod tests;
mod writer;

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex as BlockingMutex, PoisonError};

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use dynoxide::{Database, DynoxideError};
use rusqlite::Connection;
use tokio::sync::{Mutex, oneshot};

use crate::connector::{self, WireAnswer, WireApi, WireCall};
use crate::local_http::{self, ServeError};
use plain::Plain;
use writer::{Job, Request, Writer};

/// Pages that the writer keeps, in kilobytes: the inner pages of the trees of some million items, and what is written often.
const WRITER_CACHE: i64 = 32 * 1024;

/// Pages that the reader keeps, in kilobytes. Each commit makes it forget them, so more would not help.
const READER_CACHE: i64 = 2 * 1024;

/// A DynamoDB of one process; see the [module](self) for durability and threads. Clones share one database.
#[derive(Clone)]
pub struct EmbeddedTable {
    database: Database,
    gate: Arc<Mutex<()>>,
    /// Of a database in a file.
    file: Option<Arc<TableFile>>,
}

/// The short ways to a database file.
struct TableFile {
    plain: Arc<Plain>,
    reader: BlockingMutex<Connection>,
    writer: Writer,
}

/// Why the database file could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenTableError {
    /// dynoxide takes its path as text.
    #[error("the path of the database file {} is not valid UTF-8", .0.display())]
    PathNotText(PathBuf),
    /// Not a database, written by a newer version, not writable, …
    #[error("cannot open the database file {}", path.display())]
    Database {
        /// Where.
        path: PathBuf,
        /// What the layer below says.
        #[source]
        source: DynoxideError,
    },
    /// The file could not be opened a second time.
    #[error("cannot open the database file {} once more", path.display())]
    Connection {
        /// Where.
        path: PathBuf,
        /// What SQLite says.
        #[source]
        source: rusqlite::Error,
    },
    /// The system gives no thread.
    #[error("cannot start the thread that writes the table")]
    Thread(#[source] std::io::Error),
    /// An in-memory database could not be set up.
    #[error("cannot set up a database in memory")]
    Memory(#[source] DynoxideError),
}

impl EmbeddedTable {
    /// Opens or creates the database file. Its directory must exist; `-wal` and `-shm` files appear beside it.
    pub fn open(path: &Path) -> Result<Self, OpenTableError> {
        let text = path
            .to_str()
            .ok_or_else(|| OpenTableError::PathNotText(path.to_owned()))?;
        let database = Database::new(text).map_err(|source| OpenTableError::Database {
            path: path.to_owned(),
            source,
        })?;
        let connect = |cache| {
            rows::connect(text, cache).map_err(|source| OpenTableError::Connection {
                path: path.to_owned(),
                source,
            })
        };
        let plain = Arc::new(Plain::default());
        let writer = Writer::start(connect(WRITER_CACHE)?, database.clone(), Arc::clone(&plain))
            .map_err(OpenTableError::Thread)?;
        let file = TableFile {
            plain,
            reader: BlockingMutex::new(connect(READER_CACHE)?),
            writer,
        };
        Ok(Self {
            database,
            gate: Arc::default(),
            file: Some(Arc::new(file)),
        })
    }

    /// A database that is gone with the last clone.
    pub fn memory() -> Result<Self, OpenTableError> {
        let database = Database::memory().map_err(OpenTableError::Memory)?;
        Ok(Self {
            database,
            gate: Arc::default(),
            file: None,
        })
    }

    /// Removes the items whose time to live is over; how many these were, or nothing when it failed.
    pub async fn sweep_expired(&self) -> Option<usize> {
        let Some(file) = &self.file else {
            let _turn = self.gate.lock().await;
            return self.database.sweep_ttl().ok();
        };
        let (done, waiting) = oneshot::channel();
        file.writer.submit(Job::Sweep(done));
        waiting.await.ok().flatten()
    }

    /// The database itself, for what has no wire operation: statistics, backups.
    /// Its calls block and pass the gate by.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// The HTTP layer for an SDK configuration of one's own.
    pub fn http_client(&self) -> SharedHttpClient {
        connector::http_client(self.clone())
    }

    /// A ready client: see `connector::in_process` for how it differs from one of the network.
    pub fn dynamodb_client(&self) -> aws_sdk_dynamodb::Client {
        in_process::client(self.http_client())
    }

    /// Serves the DynamoDB wire API to other tools on `listener` until `shutdown` resolves and the running requests
    /// have ended. Nothing is authenticated: bind to a loopback address only. Requests of web pages are refused.
    pub async fn serve(
        &self,
        listener: tokio::net::TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), ServeError> {
        local_http::serve(self.clone(), listener, shutdown).await
    }
}

connector::in_process!(aws_sdk_dynamodb, "http://dynamodb.local");

impl WireApi for EmbeddedTable {
    async fn answer(&self, call: WireCall) -> WireAnswer {
        let operation = operations::name_in_target(&call.target);
        let Some(file) = &self.file else {
            let _turn = self.gate.lock().await;
            return operations::run(&self.database, operation, &call.body);
        };
        if operations::only_reads(operation) {
            let read = file.plain.read(&self.database, operation, &call.body);
            if let Some(read) = &read
                && file.plain.is_known(read.form())
                && let Some(answer) = file.read(read)
            {
                return answer;
            }
            let _turn = self.gate.lock().await;
            let answer = operations::run(&self.database, operation, &call.body);
            if let Some(read) = read
                && operations::accepts_form(&answer)
            {
                file.plain.learn(read.form());
            }
            return answer;
        }
        let writes = file.plain.write(&self.database, operation, &call.body);
        let (done, waiting) = oneshot::channel();
        file.writer
            .submit(Job::Request(Request { call, writes, done }));
        // Nobody answers when the thread is gone: the database call panicked.
        waiting
            .await
            .unwrap_or_else(|_| operations::internal_failure())
    }
}

impl TableFile {
    /// Carries out a plain read; `None` when dynoxide has to.
    fn read(&self, read: &plain::Read) -> Option<WireAnswer> {
        let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        let body = rows::read(&reader, read).ok()??;
        Some(WireAnswer {
            status: 200,
            body,
            query_error: None,
        })
    }
}
