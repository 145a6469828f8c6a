//! DynamoDB in the process: the real `aws-sdk-dynamodb` client over `dynoxide`, an implementation of DynamoDB on one
//! SQLite file.
//!
//! # What survives
//!
//! dynoxide opens its file in WAL mode and leaves SQLite's `PRAGMA synchronous` at the compiled-in default, which is
//! `FULL`: each committed write is appended to the `-wal` file and flushed before the call answers (seen in a system
//! call trace: one `fsync` per PutItem).
//! So an answered write survives `kill -9` and, as far as the disk honours a flush, loss of power.
//! Only dynoxide's bulk-loading mode changes that (`OFF` while it is on, `NORMAL` for the rest of the process after
//! it, which keeps `kill -9` safe but may lose the last writes with the power); nothing here turns it on.
//! The crash that happens between commit and answer leaves an ambiguous write, as with DynamoDB itself.
//!
//! # Which thread does the work
//!
//! dynoxide is synchronous behind one mutex, for reads and writes alike.
//! Calls go through a fair asynchronous gate of their own first, so that tasks wait as tasks: without it, every
//! concurrent call would pin one runtime thread on that mutex, and on a two-core machine two writers waiting for the
//! disk would stop the HTTP server too.
//! Whoever is through the gate runs as follows:
//!
//! * reads, and everything in memory: inline. They take 10 to 30 µs (release build), no more than the hop to another
//!   thread would.
//! * writes to a file: on a blocking thread. They wait for the disk (0.1 to 10 ms), during which an inline call would
//!   keep a runtime thread from serving anyone else; the hop is small against that.
//!
//! A write that was started is finished even when its caller gives up waiting.
//!
//! # What DynamoDB does and this does not
//!
//! No throttling, no transaction conflicts (one writer at a time), and expired items stay until
//! [`dynoxide::Database::sweep_ttl`] is called: the process that embeds the table decides when.

mod operations;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::retry::RetryConfig;
use dynoxide::{Database, DynoxideError};
use tokio::sync::Mutex;

use crate::connector::{self, WireAnswer, WireApi, WireCall};
use crate::local_http::{self, ServeError};

/// A DynamoDB of one process; see the [module](self) for durability and threads. Clones share one database.
#[derive(Clone)]
pub struct EmbeddedTable {
    database: Database,
    waits_for_disk: bool,
    gate: Arc<Mutex<()>>,
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
        Ok(Self {
            database,
            waits_for_disk: true,
            gate: Arc::default(),
        })
    }

    /// A database that is gone with the last clone.
    pub fn memory() -> Result<Self, OpenTableError> {
        let database = Database::memory().map_err(OpenTableError::Memory)?;
        Ok(Self {
            database,
            waits_for_disk: false,
            gate: Arc::default(),
        })
    }

    /// The database itself, for what has no wire operation: TTL sweeps, statistics, backups.
    /// Its calls block and pass the gate by.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// The HTTP layer for an SDK configuration of one's own.
    pub fn http_client(&self) -> SharedHttpClient {
        connector::http_client(self.clone())
    }

    /// A ready client: fixed credentials, one attempt per call (nothing here is transient, so a retry would only
    /// repeat a fault), no stalled-stream protection (nothing streams).
    pub fn dynamodb_client(&self) -> aws_sdk_dynamodb::Client {
        use aws_sdk_dynamodb::config::{
            BehaviorVersion, Config, Region, StalledStreamProtectionConfig,
        };
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static(connector::REGION))
            .credentials_provider(connector::placeholder_credentials())
            .retry_config(RetryConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .http_client(self.http_client())
            .build();
        aws_sdk_dynamodb::Client::from_conf(config)
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

impl WireApi for EmbeddedTable {
    async fn answer(&self, call: WireCall) -> WireAnswer {
        let operation = operations::name_in_target(&call.target);
        let turn = Arc::clone(&self.gate).lock_owned().await;
        if !self.waits_for_disk || operations::only_reads(operation) {
            return operations::run(&self.database, operation, &call.body);
        }
        let database = self.database.clone();
        let finished = tokio::task::spawn_blocking(move || {
            // The turn ends with the work, not with the caller's patience.
            let _turn = turn;
            let operation = operations::name_in_target(&call.target);
            operations::run(&database, operation, &call.body)
        });
        match finished.await {
            Ok(answer) => answer,
            // The database call panicked, or the runtime is shutting down.
            Err(_) => operations::internal_failure(),
        }
    }
}
