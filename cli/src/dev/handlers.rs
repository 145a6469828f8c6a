//! Every handler of Leadline, wired as the functions' `main.rs` wire them, and called as Lambda would call them. It knows
//! no engine: the table and the queues come in, so that the process, the tests and the simulation share this wiring.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use api::{Api, Token};
use assign::Assign;
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use capture::Capture;
use deliver::{Deliver, Receivers};
use enrich::{Enrich, Providers};
use files::Files;
use lambda_http::{Body, Request, Response};
use outbound::{Client as OutboundClient, MailDomains, Policy};
use platform::{Clock, Objects, Secrets};
use queue::{Failure, Queue, Queues};
use recycle::Recycle;
use score::Score;
use table::{ConfigurationCache, Meter, Table};

/// Time one look may take.
const RECYCLE_BUDGET: Duration = Duration::from_secs(30);

/// Time that one invocation of `files` may take, as on AWS.
const FILES_BUDGET: Duration = Duration::from_secs(840);

/// What a Leadline needs from outside.
#[derive(Clone)]
pub struct Wiring {
    /// Pepper and other secrets.
    pub secrets: Secrets,
    /// Token of the API.
    pub token: String,
    /// Tells the time.
    pub clock: Clock,
    /// Calls providers and receivers; by default those on public networks and on this machine.
    pub outbound: OutboundClient,
    /// Says which domains take mail; by default the system's name servers.
    pub mail: MailDomains,
    /// Counts what the table costs.
    pub meter: Option<Arc<Meter>>,
    /// How long a configuration serves before the one in force is asked for, in seconds.
    pub configuration_seconds: i64,
    /// Where large files are put; without it none are taken.
    pub objects: Option<Objects>,
    /// Keeps every message that is handed to a handler, to be played again.
    pub tape: Option<Tape>,
}

/// Messages in the order in which they were handed to handlers.
pub type Tape = Arc<Mutex<Vec<(Queue, String)>>>;

impl Wiring {
    /// For one process on its own: the system's clock, and receivers on this machine allowed.
    pub fn new(secrets: Secrets, token: String) -> Self {
        let loopback = ["127.0.0.0/8", "::1/128"]
            .into_iter()
            .filter_map(|network| network.parse().ok());
        Self {
            secrets,
            token,
            clock: Clock::system(),
            outbound: OutboundClient::new(Policy::allowing(loopback.collect())),
            mail: MailDomains::system(),
            meter: None,
            configuration_seconds: 1,
            objects: None,
            tape: None,
        }
    }
}

/// Every handler, wired to one table and its queues.
pub struct Handlers {
    capture: Capture,
    enrich: Enrich,
    score: Score,
    assign: Assign,
    recycle: Recycle,
    deliver: Deliver,
    files: Option<Files>,
    api: Api,
}

impl Handlers {
    /// Wires all of them. They share one cache of the configuration, as they share a process.
    pub fn new(table: &Table, queues: &Queues, wiring: Wiring) -> Self {
        let configurations = Arc::new(ConfigurationCache::new(
            table.clone(),
            wiring.configuration_seconds,
        ));
        let (client, clock, secrets) = (wiring.outbound, wiring.clock, wiring.secrets);
        Self {
            capture: Capture {
                table: table.clone(),
                queues: queues.clone(),
                configurations: Arc::clone(&configurations),
                secrets: secrets.clone(),
                clock: clock.clone(),
                uploads: wiring.objects.clone(),
                over_limit: capture::OverLimit::default(),
            },
            enrich: Enrich {
                table: table.gathering(),
                queues: queues.clone(),
                configurations: Arc::clone(&configurations),
                secrets: secrets.clone(),
                clock: clock.clone(),
                providers: Providers::with_mail(client.clone(), wiring.mail),
            },
            score: Score {
                table: table.clone(),
                queues: queues.clone(),
                configurations: Arc::clone(&configurations),
                clock: clock.clone(),
            },
            assign: Assign::new(
                table.gathering(),
                queues.clone(),
                Arc::clone(&configurations),
                clock.clone(),
            ),
            recycle: Recycle {
                table: table.clone(),
                queues: queues.clone(),
                configurations: Arc::clone(&configurations),
                clock: clock.clone(),
            },
            deliver: Deliver {
                table: table.gathering(),
                queues: queues.clone(),
                configurations: Arc::clone(&configurations),
                secrets: secrets.clone(),
                clock: clock.clone(),
                client,
                receivers: Receivers::default(),
            },
            files: wiring.objects.map(|objects| Files {
                table: table.clone(),
                queues: queues.clone(),
                objects,
                secrets: secrets.clone(),
                clock: clock.clone(),
            }),
            api: Api {
                table: table.clone(),
                queues: queues.clone(),
                configurations,
                secrets,
                token: Token::fixed(wiring.token),
                clock: clock.clone(),
            },
        }
    }

    /// Answers a request: what `capture` takes goes there, everything else to `api`.
    pub async fn answer(&self, request: Request, path: &str) -> Response<Body> {
        if web::is_door(path) {
            self.capture.handle(request).await
        } else {
            self.api.handle(request).await
        }
    }

    /// Hands a batch to the function that reads `queue`.
    ///
    /// # Errors
    /// When the function cannot report on the batch record by record.
    pub async fn invoke(&self, queue: Queue, event: SqsEvent) -> Result<SqsBatchResponse, Failure> {
        match queue {
            Queue::Enrich => self.enrich.handle(event).await,
            Queue::Score => self.score.handle(event).await,
            Queue::Assign => self.assign.handle(event).await,
            Queue::Deliver => self.deliver.handle(event).await,
            Queue::Files => match &self.files {
                Some(files) => files.handle(event, FILES_BUDGET).await,
                None => Err(Failure),
            },
        }
    }

    /// Looks whether a source has fallen silent, which is logged.
    ///
    /// # Errors
    /// See [`Recycle::silent_sources`].
    pub async fn silent_sources(&self) -> Result<Option<recycle::Silence>, recycle::Error> {
        self.recycle.silent_sources().await
    }

    /// Looks for due work once.
    ///
    /// # Errors
    /// See [`Recycle::run`].
    pub async fn recycle(&self) -> Result<recycle::Run, recycle::Error> {
        self.recycle.run(RECYCLE_BUDGET).await
    }
}
