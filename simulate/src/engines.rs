//! The embedded engines under a simulated world: in memory, where a run is the same each time, or on files as
//! `leadline dev` uses them, where every write really goes through the journal and the database.

use std::fmt;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use engines::queue::SyncPolicy;
use engines::{EmbeddedQueues, EmbeddedTable};

/// Where the engines keep what they are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// In memory.
    Memory,
    /// In files of a temporary directory.
    Files,
}

/// Both engines.
pub(crate) struct Engines {
    pub(crate) table: EmbeddedTable,
    pub(crate) queues: EmbeddedQueues,
    place: Place,
    /// Gone with the engines.
    _directory: Option<tempfile::TempDir>,
}

impl Engines {
    pub(crate) fn open(place: Place) -> anyhow::Result<Self> {
        match place {
            Place::Memory => Ok(Self {
                table: EmbeddedTable::memory()?,
                queues: EmbeddedQueues::memory(),
                place,
                _directory: None,
            }),
            Place::Files => {
                let directory = tempfile::tempdir()?;
                Ok(Self {
                    table: EmbeddedTable::open(&directory.path().join("table.sqlite"))?,
                    queues: EmbeddedQueues::open(
                        &directory.path().join("queues"),
                        SyncPolicy::OsCache,
                    )?,
                    place,
                    _directory: Some(directory),
                })
            }
        }
    }

    /// The way to the table.
    pub(crate) fn to_table(&self) -> SharedHttpClient {
        self.still(self.table.http_client())
    }

    /// The way to the queues.
    pub(crate) fn to_queues(&self) -> SharedHttpClient {
        self.still(self.queues.http_client())
    }

    fn still(&self, engine: SharedHttpClient) -> SharedHttpClient {
        match self.place {
            Place::Memory => engine,
            Place::Files => SharedHttpClient::new(Still(engine)),
        }
    }
}

/// Lets the paused time stand still while an engine works on threads of its own; else the time would leap over the wait,
/// and every write on disk would look like one that took too long.
#[derive(Debug)]
struct Still(SharedHttpClient);

impl HttpClient for Still {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(StillLine(self.0.http_connector(settings, components)))
    }
}

struct StillLine(SharedHttpConnector);

impl fmt::Debug for StillLine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("line to an engine")
    }
}

impl HttpConnector for StillLine {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let engine = self.0.clone();
        // A long poll waits for time to pass.
        let may_wait = request
            .headers()
            .get("x-amz-target")
            .is_some_and(|target| target.ends_with("ReceiveMessage"));
        HttpConnectorFuture::new(async move {
            let (done, waiting) = std::sync::mpsc::channel::<()>();
            if !may_wait {
                // Paused time does not leap while a blocking task runs.
                tokio::task::spawn_blocking(move || waiting.recv());
            }
            let answer = engine.call(request).await;
            drop(done);
            answer
        })
    }
}
