//! The wire under the SDK clients: counts every call of every service by what it says, takes as long as a call on AWS
//! is assumed to take, and asks DynamoDB what each call consumed, whether the caller wanted to know or not.
//!
//! It changes no answer, and knows nothing of leads.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use serde_json::Value;

use super::step::{Spent, Step};
use super::units;

/// Bytes that SQS bills as one request.
const SQS_CHUNK: usize = 65_536;

/// What was spent, by step. Clones share one ledger.
#[derive(Clone, Default)]
pub(crate) struct Ledger(Arc<Mutex<Book>>);

#[derive(Default)]
struct Book {
    step: Option<Step>,
    by_step: BTreeMap<Step, Spent>,
    /// Time that the engines took inside a handler, which is not the handler's.
    engine: Duration,
}

impl Ledger {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What follows is spent by `step`, until somebody else enters.
    pub(crate) fn enter(&self, step: Step) {
        self.book().step = Some(step);
    }

    /// What follows is not counted.
    pub(crate) fn leave(&self) {
        self.book().step = None;
    }

    /// Adds to what the current step has spent. Before the first step nothing is counted.
    pub(crate) fn add(&self, more: impl FnOnce(&mut Spent)) {
        let mut book = self.book();
        if let Some(step) = book.step {
            more(book.by_step.entry(step).or_default());
        }
    }

    /// Time spent in the engines since the last call.
    pub(crate) fn take_engine_time(&self) -> Duration {
        std::mem::take(&mut self.book().engine)
    }

    /// What was spent since the last call.
    pub(crate) fn take(&self) -> BTreeMap<Step, Spent> {
        std::mem::take(&mut self.book().by_step)
    }
}

/// An HTTP client that counts and then does as `inner` does, `call` later.
pub(crate) fn counting(
    inner: SharedHttpClient,
    ledger: Ledger,
    call: Duration,
) -> SharedHttpClient {
    SharedHttpClient::new(Counting {
        inner,
        ledger,
        call,
    })
}

struct Counting {
    inner: SharedHttpClient,
    ledger: Ledger,
    call: Duration,
}

impl std::fmt::Debug for Counting {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("counting client")
    }
}

impl HttpClient for Counting {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector {
            inner: self.inner.http_connector(settings, components),
            ledger: self.ledger.clone(),
            call: self.call,
        })
    }
}

struct Connector {
    inner: SharedHttpConnector,
    ledger: Ledger,
    call: Duration,
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("counting connector")
    }
}

impl HttpConnector for Connector {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        let target = request
            .headers()
            .get("x-amz-target")
            .unwrap_or_default()
            .to_owned();
        let (service, operation) = target
            .split_once('.')
            .unwrap_or(("unknown", target.as_str()));
        let is_table = service.starts_with("DynamoDB");
        let operation = operation.to_owned();
        let mut asked = request
            .body()
            .bytes()
            .and_then(|bytes| serde_json::from_slice::<Value>(bytes).ok())
            .unwrap_or(Value::Null);
        let sent = request.body().bytes().map_or(0, <[u8]>::len);
        if is_table && units::reports_capacity(&operation) {
            asked["ReturnConsumedCapacity"] = Value::from("TOTAL");
            *request.body_mut() = SdkBody::from(asked.to_string());
        }
        let inner = self.inner.clone();
        let ledger = self.ledger.clone();
        let call = self.call;
        HttpConnectorFuture::new(async move {
            tokio::time::sleep(call).await;
            let answer = timed(inner.call(request), &ledger).await?;
            count(&ledger, is_table, operation, &asked, sent, &answer);
            Ok(answer)
        })
    }
}

/// Waits for the engine and remembers how long it worked.
async fn timed(
    work: impl Future<Output = Result<HttpResponse, ConnectorError>>,
    ledger: &Ledger,
) -> Result<HttpResponse, ConnectorError> {
    let mut work = pin!(work);
    std::future::poll_fn(|context| {
        let started = Instant::now();
        let polled = work.as_mut().poll(context);
        ledger.book().engine += started.elapsed();
        match polled {
            Poll::Ready(answer) => Poll::Ready(answer),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

fn count(
    ledger: &Ledger,
    is_table: bool,
    operation: String,
    asked: &Value,
    sent: usize,
    answer: &HttpResponse,
) {
    let bytes = answer.body().bytes().unwrap_or_default();
    if is_table {
        let said: Value = serde_json::from_slice(bytes).unwrap_or(Value::Null);
        let consumed = units::consumed(&operation, asked, &said, answer.status().is_success());
        ledger.add(|spent| {
            spent.write_units += consumed.write_units;
            spent.read_units += consumed.read_units;
            spent.largest_item = spent
                .largest_item
                .max(units::written_bytes(&operation, asked));
            let name = if answer.status().is_success() {
                operation
            } else {
                format!("{operation} (refused)")
            };
            *spent.calls.entry(format!("DynamoDB {name}")).or_default() += 1;
        });
    } else {
        let carried = sent.max(bytes.len());
        ledger.add(|spent| {
            spent.sqs_requests += carried.div_ceil(SQS_CHUNK).max(1) as u64;
            *spent.calls.entry(format!("SQS {operation}")).or_default() += 1;
        });
    }
}
