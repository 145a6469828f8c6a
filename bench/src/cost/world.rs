//! A Leadline whose every call is counted, and a pump in the place of Lambda: it hands batches of exactly so many
//! messages to the real handlers, one batch at a time, receives and deletes as an event source mapping does, and keeps
//! time by a clock that only waits for what is assumed of AWS.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use aws_sdk_sqs::Client as SqsClient;
use aws_sdk_sqs::types::Message;
use cli::dev::embedded::{self, event_of};
use cli::dev::handlers::{Handlers, Wiring};
use engines::queue::EmbeddedQueues;
use engines::table::EmbeddedTable;
use jiff::{SignedDuration, Timestamp};
use lambda_http::http::{HeaderMap, Request, StatusCode};
use lambda_http::{Body, RequestExt};
use outbound::{Client, Peer, Policy, Response};
use platform::{Clock, ManualClock, Secrets};
use queue::{Queue, Queues};
use table::Table;

use super::prices::Assumptions;
use super::step::Step;
use super::wire::{Ledger, counting};

/// Hidden so long after a receive, in seconds: longer than everything that is waited for in one batch.
const VISIBILITY_SECONDS: &str = "3600";

/// Longer than any measurement.
const CONFIGURATION_SECONDS: i64 = 86_400;

/// Bytes billed for storing an item beside its own.
const STORAGE_OVERHEAD: usize = 100;

/// Token of the API.
const TOKEN: &str = "token-of-the-bench";

/// Monday, 2026-03-02, noon in Berlin.
fn start() -> Result<Timestamp> {
    Ok("2026-03-02T11:00:00Z".parse()?)
}

/// A Leadline with counters.
pub(crate) struct World {
    pub(crate) ledger: Ledger,
    pub(crate) engine: EmbeddedTable,
    pub(crate) clock: ManualClock,
    handlers: Handlers,
    sqs: SqsClient,
    queues: EmbeddedQueues,
    urls: Vec<(Queue, String)>,
    fill: i32,
}

/// Everybody outside: takes every notification.
struct Receiver {
    ledger: Ledger,
    takes: Duration,
}

impl Peer for Receiver {
    fn answer(
        &self,
        request: outbound::Request,
    ) -> Pin<Box<dyn Future<Output = Result<Response, outbound::Error>> + Send>> {
        let takes = self.takes;
        let bytes = request.body.len() as u64;
        self.ledger.add(|spent| {
            spent.out_bytes += bytes;
            spent.out_messages += 1;
            *spent.calls.entry("receiver POST".to_owned()).or_default() += 1;
        });
        Box::pin(async move {
            tokio::time::sleep(takes).await;
            Ok(Response {
                status: StatusCode::NO_CONTENT,
                headers: HeaderMap::new(),
                body: Vec::new(),
                truncated: false,
            })
        })
    }
}

impl World {
    /// A Leadline with the configuration that ships and one webhook, whose functions get `fill` messages at once.
    pub(crate) async fn new(fill: i32, assumed: &Assumptions) -> Result<Self> {
        let ledger = Ledger::default();
        let engine = EmbeddedTable::memory()?;
        let queues = EmbeddedQueues::memory();
        let dynamodb = aws_sdk_dynamodb::Client::from_conf(
            engine
                .dynamodb_client()
                .config()
                .to_builder()
                .http_client(counting(
                    engine.http_client(),
                    ledger.clone(),
                    Duration::from_millis(assumed.dynamodb_call_ms),
                ))
                .build(),
        );
        let sqs = SqsClient::from_conf(
            queues
                .sqs_client()
                .config()
                .to_builder()
                .http_client(counting(
                    queues.http_client(),
                    ledger.clone(),
                    Duration::from_millis(assumed.sqs_call_ms),
                ))
                .build(),
        );
        let table = Table::new(dynamodb, "leadline");
        table.create_if_missing().await?;
        let mut urls = Vec::new();
        for queue in Queue::ALL {
            let made = sqs
                .create_queue()
                .queue_name(queue.name())
                .attributes(
                    aws_sdk_sqs::types::QueueAttributeName::VisibilityTimeout,
                    VISIBILITY_SECONDS,
                )
                .send()
                .await?;
            urls.push((queue, made.queue_url.context("the engine gave no address")?));
        }
        let (clock, manual) = Clock::manual(start()?);
        let secrets = Secrets::fixed([
            ("pepper", "pepper-of-the-bench"),
            ("crm", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        ]);
        let mut wiring = Wiring::new(secrets, TOKEN.to_owned());
        wiring.clock = clock;
        // Read once, as in a function that is warm: how often the configuration is asked for depends on time and not on
        // the number of leads, and is stated apart.
        wiring.configuration_seconds = CONFIGURATION_SECONDS;
        wiring.outbound = Client::in_process(
            Policy::allowing(Vec::new()),
            Receiver {
                ledger: ledger.clone(),
                takes: Duration::from_millis(assumed.receiver_ms),
            },
        );
        let handlers = Handlers::new(&table, &Queues::new(sqs.clone(), urls.clone()), wiring);
        let text = configuration();
        let config = domain::config::check::check_file(&text)
            .config
            .context("the configuration has problems")?;
        table.push_configuration(&config, &text, start()?).await?;
        Ok(Self {
            ledger,
            engine,
            clock: manual,
            handlers,
            sqs,
            queues,
            urls,
            fill,
        })
    }

    /// Lets time pass.
    pub(crate) fn pass(&self, minutes: i64) {
        self.clock.advance(SignedDuration::from_mins(minutes));
    }

    /// Posts something to a door, and sees it taken.
    pub(crate) async fn post(&self, target: &str, kind: &str, body: String) -> Result<()> {
        let request = Request::post(target)
            .header("content-type", kind)
            .body(Body::from(body))?;
        self.ledger.enter(Step::Capture);
        let begun = self.begin();
        let answer = self
            .handlers
            .answer(request.with_raw_http_path(target), target)
            .await;
        self.end(begun, 1);
        let bytes: &[u8] = answer.body().as_ref();
        self.ledger.add(|spent| {
            spent.out_bytes += bytes.len() as u64;
            spent.out_messages += 1;
        });
        ensure!(
            answer.status().is_success(),
            "{target} answered {}: {}",
            answer.status(),
            String::from_utf8_lossy(bytes)
        );
        Ok(())
    }

    /// Sales say that they called, through the API. Not counted.
    pub(crate) async fn contacted(&self, email: &str) -> Result<()> {
        let found = self
            .ask("GET", &format!("/v1/leads?email={email}"), Body::Empty)
            .await?;
        let lead = found["leads"][0]["id"]
            .as_str()
            .context("the lead is not found")?
            .to_owned();
        let feedback = serde_json::json!({ "kind": "contacted", "by": "jonas" }).to_string();
        self.ask(
            "POST",
            &format!("/v1/leads/{lead}/feedback"),
            Body::from(feedback),
        )
        .await?;
        Ok(())
    }

    /// Asks something beside what is counted.
    async fn ask(&self, method: &str, target: &str, body: Body) -> Result<serde_json::Value> {
        let request = Request::builder()
            .method(method)
            .uri(target)
            .header("authorization", format!("Bearer {TOKEN}"))
            .header("content-type", "application/json")
            .body(body)?;
        self.ledger.leave();
        let path = request.uri().path().to_owned();
        let answer = self
            .handlers
            .answer(request.with_raw_http_path(&path), &path)
            .await;
        let bytes: &[u8] = answer.body().as_ref();
        ensure!(
            answer.status().is_success(),
            "{target} answered {}: {}",
            answer.status(),
            String::from_utf8_lossy(bytes)
        );
        Ok(serde_json::from_slice(bytes).unwrap_or_default())
    }

    /// Bytes in the table as storage is billed: each item and a hundred bytes.
    pub(crate) async fn stored_bytes(&self) -> Result<f64> {
        let client = self.engine.dynamodb_client();
        let mut bytes = 0;
        let mut items = client
            .scan()
            .table_name("leadline")
            .into_paginator()
            .items()
            .send();
        while let Some(item) = items.try_next().await? {
            bytes += STORAGE_OVERHEAD
                + item
                    .iter()
                    .map(|(name, value)| name.len() + attribute_bytes(value))
                    .sum::<usize>();
        }
        Ok(bytes as f64)
    }

    /// Looks for due work once.
    pub(crate) async fn look(&self) -> Result<()> {
        self.ledger.enter(Step::Recycle);
        let begun = self.begin();
        let run = self.handlers.recycle().await?;
        self.end(begun, run.looked_at as u64);
        ensure!(run.left == 0, "{} entries were left", run.left);
        Ok(())
    }

    /// Works until all queues are empty, each queue to its end before the next one, so that batches are full.
    pub(crate) async fn settle(&self) -> Result<()> {
        loop {
            let mut worked = false;
            for (queue, url) in &self.urls {
                loop {
                    let messages = self.receive(*queue, url).await?;
                    if messages.is_empty() {
                        break;
                    }
                    worked = true;
                    self.invoke(*queue, url, messages).await?;
                }
            }
            if !worked {
                return Ok(());
            }
        }
    }

    async fn receive(&self, queue: Queue, url: &str) -> Result<Vec<Message>> {
        // An empty receive is an idle poll; those are stated apart.
        if self.queues.depth(queue.name()).visible == 0 {
            return Ok(Vec::new());
        }
        self.ledger.enter(Step::reading(queue));
        let received = self
            .sqs
            .receive_message()
            .queue_url(url)
            .max_number_of_messages(self.fill)
            .send()
            .await?;
        Ok(received.messages.unwrap_or_default())
    }

    async fn invoke(&self, queue: Queue, url: &str, messages: Vec<Message>) -> Result<()> {
        let event = event_of(&messages);
        let begun = self.begin();
        let response = self.handlers.invoke(queue, event).await?;
        self.end(begun, messages.len() as u64);
        if let Some(failed) = response.batch_item_failures.first() {
            bail!("{} gave {} back", queue.name(), failed.item_identifier);
        }
        embedded::delete(&self.sqs, url, &messages).await
    }

    fn begin(&self) -> (Instant, tokio::time::Instant) {
        self.ledger.take_engine_time();
        (Instant::now(), tokio::time::Instant::now())
    }

    fn end(&self, (real, assumed): (Instant, tokio::time::Instant), records: u64) {
        let worked = real
            .elapsed()
            .saturating_sub(self.ledger.take_engine_time());
        let waited = assumed.elapsed();
        self.ledger.add(|spent| {
            spent.invocations += 1;
            spent.records += records;
            spent.cpu_us.push(worked.as_secs_f64() * 1e6);
            spent.waited_ms += waited.as_secs_f64() * 1e3;
        });
    }
}

fn attribute_bytes(value: &aws_sdk_dynamodb::types::AttributeValue) -> usize {
    use aws_sdk_dynamodb::types::AttributeValue::{B, Bs, N, S};
    match value {
        S(text) => text.len(),
        N(digits) => digits.len().div_ceil(2) + 1,
        B(blob) => blob.as_ref().len(),
        Bs(blobs) => blobs.iter().map(|blob| blob.as_ref().len()).sum(),
        _ => 1,
    }
}

/// The configuration that ships, with one webhook as in production; the log is for looking at one's own machine.
fn configuration() -> String {
    let shipped = domain::config::DEFAULT.replace(
        "[destinations.log]\n",
        "[destinations.log]\nactive = false\n",
    );
    format!(
        "{shipped}\n[destinations.crm]\nkind = \"webhook\"\nurl = \"https://crm.example.com/hook\"\nsecret = \"crm\"\n\
         notify = [\"lead.assigned\", \"lead.unassigned\", \"lead.stage_changed\", \"lead.sla_breached\"]\n"
    )
}
