//! The processor time of the handlers alone: the real ones, called in this process on one thread as Lambda would call them,
//! over the real SDK clients, with the engines in memory.
//!
//! What counts is the time spent inside the futures of the handlers, without the time spent inside the engines. So it is
//! parsing, deciding, encoding, the SDK's serialising and signing, and posting the webhook; it is not receiving and deleting
//! messages, which Lambda's event source mapping does on AWS, and not the table and the queues, which are other machines there.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use cli::dev::embedded::{self, Embedded, Engines, event_of};
use cli::dev::handlers::{Handlers, Wiring};
use engines::queue::EmbeddedQueues;
use engines::table::EmbeddedTable;
use lambda_http::http::Request;
use lambda_http::{Body, RequestExt};
use platform::{Secrets, Settings};
use queue::{Queue, Queues};
use serde::Serialize;
use table::Table;

use super::ledger::{Ledger, Mix};
use super::{person, process, receiver};

const DOOR: &str = "/v1/sources/website";

/// Of all leads, one in so many comes before the count begins: it pays for what is made once in a process.
const WARM_UP: u64 = 5;

/// What the handlers take.
#[derive(Debug, Serialize)]
pub(super) struct Measured {
    leads: u64,
    by_fill: Vec<AtFill>,
}

/// With messages in batches of some size.
#[derive(Debug, Serialize)]
struct AtFill {
    /// Messages in a batch.
    fill: usize,
    /// All handlers together, without the engines.
    handlers_ms_per_lead: f64,
    /// The same by function.
    by_function: BTreeMap<&'static str, f64>,
    /// The engines in memory, called by the handlers.
    engines_ms_per_lead: f64,
    /// How much of the wall time the thread was running, from 0 to 1. All times are cut to it.
    share_of_processor: f64,
}

impl Measured {
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!(
            "{:>5} {:>13} {:>11} | milliseconds of processor time per lead, {} leads",
            "fill", "all handlers", "engines", self.leads
        )];
        for at in &self.by_fill {
            let parts: Vec<String> = at
                .by_function
                .iter()
                .map(|(name, time)| format!("{name} {time:.3}"))
                .collect();
            lines.push(format!(
                "{:>5} {:>13.3} {:>11.3} | {}",
                at.fill,
                at.handlers_ms_per_lead,
                at.engines_ms_per_lead,
                parts.join(", ")
            ));
        }
        lines
    }
}

thread_local! {
    /// Time that this thread has spent inside engines.
    static IN_ENGINES: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// Runs `leads` leads through all handlers, in batches of ten, of three, and one by one.
pub(super) fn measure(leads: u64) -> Result<Measured> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut by_fill = Vec::new();
    for fill in [10, 3, 1] {
        by_fill.push(runtime.block_on(at_fill(leads, fill))?);
    }
    Ok(Measured { leads, by_fill })
}

async fn at_fill(leads: u64, fill: usize) -> Result<AtFill> {
    let ledger = Arc::new(Ledger::new(leads, Mix::default()));
    let receiver = receiver::start(Arc::clone(&ledger)).await?;
    let stage = Stage::new(&receiver).await?;
    let warm_up = leads / WARM_UP;
    let mut spent = Spent::default();
    let (mut begun, mut cpu_before) = (Instant::now(), thread_cpu()?);
    let (mut first, mut counted) = (0, 0);
    while first < leads {
        if counted == 0 && first >= warm_up {
            (begun, cpu_before) = (Instant::now(), thread_cpu()?);
            spent = Spent::default();
        }
        let next = (first + fill as u64).min(leads);
        for person in first..next {
            ledger.schedule(person, ledger.elapsed());
            let answered = stage.handlers.answer(stage.request(person)?, DOOR);
            let response = spent.on("capture", answered).await;
            ensure!(
                response.status() == 202,
                "a lead was answered {}",
                response.status()
            );
            ledger.accept(person, u128::from(person), true);
        }
        for queue in Queue::ALL {
            stage.work(queue, fill, &mut spent).await?;
        }
        if first >= warm_up {
            counted += next - first;
        }
        first = next;
    }
    ensure!(ledger.totals().lost == 0, "some leads have no owner");
    // Others may have been on our processor: wall time is cut to the share that this thread had of it.
    let share =
        ((thread_cpu()? - cpu_before).as_secs_f64() / begun.elapsed().as_secs_f64()).min(1.0);
    let per_lead = |time: Duration| time.as_secs_f64() * 1000.0 * share / counted.max(1) as f64;
    let by_function: BTreeMap<&'static str, f64> = spent
        .by_function
        .iter()
        .map(|(name, time)| (*name, per_lead(*time)))
        .collect();
    Ok(AtFill {
        fill,
        handlers_ms_per_lead: by_function.values().sum(),
        by_function,
        engines_ms_per_lead: per_lead(spent.engines),
        share_of_processor: share,
    })
}

/// Processor time of this thread so far.
fn thread_cpu() -> Result<Duration> {
    // Nanoseconds on the processor, nanoseconds waiting for it, time slices (`Documentation/scheduler/sched-stats.rst` of Linux).
    let text = fs::read_to_string("/proc/thread-self/schedstat")
        .context("this system has no /proc/thread-self/schedstat")?;
    let first = text
        .split_whitespace()
        .next()
        .and_then(|text| text.parse().ok());
    Ok(Duration::from_nanos(
        first.context("/proc is not as expected")?,
    ))
}

/// Time spent by function, without the engines, and in the engines.
#[derive(Default)]
struct Spent {
    by_function: BTreeMap<&'static str, Duration>,
    engines: Duration,
}

impl Spent {
    /// Awaits `work` and counts the time in it for `function`.
    async fn on<T>(&mut self, function: &'static str, work: impl Future<Output = T>) -> T {
        let before = IN_ENGINES.get();
        let (result, busy) = Timed::new(work).await;
        let engines = IN_ENGINES.get() - before;
        self.engines += engines;
        *self.by_function.entry(function).or_default() += busy.saturating_sub(engines);
        result
    }
}

/// A future that counts the time spent polling it, which is not the time that it waits.
struct Timed<F> {
    inner: Pin<Box<F>>,
    busy: Duration,
}

impl<F: Future> Timed<F> {
    fn new(inner: F) -> Self {
        Self {
            inner: Box::pin(inner),
            busy: Duration::ZERO,
        }
    }
}

impl<F: Future> Future for Timed<F> {
    type Output = (F::Output, Duration);

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let begun = Instant::now();
        let polled = self.inner.as_mut().poll(context);
        self.busy += begun.elapsed();
        polled.map(|output| (output, self.busy))
    }
}

/// The handlers over clients whose engines are timed, and a client of the queues that is not.
struct Stage {
    handlers: Handlers,
    embedded: Embedded,
    sqs: aws_sdk_sqs::Client,
}

impl Stage {
    async fn new(receiver: &str) -> Result<Self> {
        let engines = Engines {
            table: EmbeddedTable::memory()?,
            queues: EmbeddedQueues::memory(),
            objects: None,
        };
        let secrets = || {
            Secrets::fixed([
                ("pepper", "pepper-of-the-bench"),
                ("crm", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
            ])
        };
        let wiring = || {
            let mut wiring = Wiring::new(secrets(), process::TOKEN.to_owned());
            // As on AWS.
            wiring.configuration_seconds = table::CONFIGURATION_SECONDS;
            wiring
        };
        // Makes the table and the queues.
        let embedded = Embedded::open(engines.clone(), wiring()).await?;
        let text = process::configuration(receiver, 1_440)?;
        let config = domain::config::check::check_file(&text)
            .config
            .context("the configuration of the bench is not valid")?;
        let now = embedded.clock.now();
        embedded
            .table
            .push_configuration(&config, &text, now)
            .await?;
        let settings = settings()?;
        let table = Table::new(timed_dynamodb(&engines, &settings), "leadline");
        let urls = Queue::ALL.map(|queue| (queue, url(queue)));
        let queues = Queues::new(timed_sqs(&engines, &settings), urls);
        Ok(Self {
            handlers: Handlers::new(&table, &queues, wiring()),
            sqs: engines.queues.sqs_client(),
            embedded,
        })
    }

    fn request(&self, person: u64) -> Result<lambda_http::Request> {
        let body = Body::from(person::form(person, 0));
        let request = Request::post(DOOR)
            .header("content-type", "application/json")
            .body(body)?;
        Ok(request.with_raw_http_path(DOOR))
    }

    /// Works through a queue in batches of `fill`, as an event source mapping does.
    async fn work(&self, queue: Queue, fill: usize, spent: &mut Spent) -> Result<()> {
        while self.embedded.engines.queues.depth(queue.name()).visible > 0 {
            let received = self
                .sqs
                .receive_message()
                .queue_url(url(queue))
                .max_number_of_messages(fill as i32)
                .send()
                .await?;
            let messages = received.messages.unwrap_or_default();
            let invoked = self.handlers.invoke(queue, event_of(&messages));
            let response = spent.on(queue.name(), invoked).await?;
            ensure!(
                response.batch_item_failures.is_empty(),
                "{} failed",
                queue.name()
            );
            embedded::delete(&self.sqs, &url(queue), &messages).await?;
        }
        Ok(())
    }
}

fn url(queue: Queue) -> String {
    format!("http://sqs.local/000000000000/{}", queue.name())
}

/// As `platform` makes its clients, on the engine in place of the network.
fn timed_dynamodb(engines: &Engines, settings: &Settings) -> aws_sdk_dynamodb::Client {
    let config = platform::dynamodb_config(settings)
        .http_client(timed(engines.table.http_client()))
        .build();
    aws_sdk_dynamodb::Client::from_conf(config)
}

fn timed_sqs(engines: &Engines, settings: &Settings) -> aws_sdk_sqs::Client {
    let config = platform::sqs_config(settings)
        .http_client(timed(engines.queues.http_client()))
        .build();
    aws_sdk_sqs::Client::from_conf(config)
}

fn settings() -> Result<Settings> {
    Ok(Settings::parse(|name| match name {
        "LEADLINE_TABLE" | "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => {
            Some("bench".to_owned())
        }
        "AWS_REGION" => Some("us-east-1".to_owned()),
        _ => None,
    })?)
}

fn timed(client: SharedHttpClient) -> SharedHttpClient {
    SharedHttpClient::new(TimedClient(client))
}

#[derive(Debug)]
struct TimedClient(SharedHttpClient);

impl HttpClient for TimedClient {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(TimedConnector(self.0.http_connector(settings, components)))
    }
}

#[derive(Debug)]
struct TimedConnector(SharedHttpConnector);

impl HttpConnector for TimedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let begun = Instant::now();
        let answer = self.0.call(request);
        add_to_engines(begun.elapsed());
        HttpConnectorFuture::new(async move {
            let (answer, busy) = Timed::new(answer).await;
            add_to_engines(busy);
            answer
        })
    }
}

fn add_to_engines(time: Duration) {
    IN_ENGINES.set(IN_ENGINES.get() + time);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_lead_gets_an_owner_and_every_function_its_time() {
        let at = at_fill(20, 3).await.unwrap();
        // Which others a lead passes is the pipeline's affair.
        for function in ["capture", "enrich", "assign", "deliver"] {
            assert!(at.by_function.contains_key(function), "{function}");
        }
        assert!(at.by_function.values().all(|time| *time > 0.0));
    }
}
