//! The network between the real SDK clients and the embedded engines: decides by the seed what becomes of each call.
//!
//! It knows the wire protocol of both services and nothing about leads. What the engines do not do by themselves
//! (throttling, conflicts, failures, lost answers, batches in part, stale reads) is added here.

mod protocol;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

use self::protocol::{
    Answer, add_failed, answer, in_conflict, is_consistent, is_dynamodb, kinds, leave_out,
    no_answer, operation_of, refusal, refuse_statements, throttled,
};
use crate::broken::Broken;
use crate::dice::Dice;
use crate::fault::{Coverage, Fault, Happened};
use crate::story::Faults;

tokio::task_local! {
    /// The invocation that the running code belongs to; nothing outside of one.
    pub(crate) static INVOCATION: Arc<Invocation>;
}

/// One invocation of a function.
#[derive(Debug)]
pub(crate) struct Invocation {
    pub(crate) function: &'static str,
    /// Rung when the function is to end where it stands.
    pub(crate) end: Notify,
}

/// What all calls of a run share.
pub(crate) struct Network {
    dice: Dice,
    broken: Option<Broken>,
    state: Mutex<State>,
}

struct State {
    faults: Faults,
    /// Nothing goes wrong from then on.
    calm_at: Instant,
    calls: BTreeMap<&'static str, u64>,
    happened: Vec<Happened>,
    coverage: Coverage,
    /// Answers that consistent eyes would not see any more: by request, with the partition's last write.
    remembered: BTreeMap<String, String>,
    /// Sums up everything that happened, in order: two runs of one seed must agree.
    trace: u64,
}

/// What becomes of a call.
pub(crate) struct Fate {
    pub(crate) fault: Option<Fault>,
    pub(crate) rng: fastrand::Rng,
    pub(crate) invocation: Option<Arc<Invocation>>,
}

impl Network {
    pub(crate) fn new(
        seed: u64,
        faults: Faults,
        calm_at: Instant,
        broken: Option<Broken>,
    ) -> Arc<Self> {
        Arc::new(Self {
            dice: Dice(seed),
            broken,
            state: Mutex::new(State {
                faults,
                calm_at,
                calls: BTreeMap::new(),
                happened: Vec::new(),
                coverage: Coverage::default(),
                remembered: BTreeMap::new(),
                trace: 0,
            }),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Throws for one call of the running invocation.
    pub(crate) fn fate(&self, operation: &str, kinds: &[Fault]) -> Fate {
        let invocation = INVOCATION.try_with(Arc::clone).ok();
        let Some(function) = invocation.as_ref().map(|invocation| invocation.function) else {
            return Fate {
                fault: None,
                rng: fastrand::Rng::with_seed(0),
                invocation,
            };
        };
        let mut state = self.state();
        let counter = state.calls.entry(function).or_default();
        *counter += 1;
        let nth = *counter;
        let mut rng = self.dice.at(function, nth);
        let is_calm = Instant::now() >= state.calm_at;
        let (Faults::Drawn(risk) | Faults::Listed(risk, _)) = &state.faults;
        // Drawn also where a list decides, so that everything else about the call stays as it was.
        let drawn =
            (!is_calm && rng.u32(0..1_000) < *risk).then(|| kinds[rng.usize(0..kinds.len())]);
        let fault = drawn.filter(|_| match &state.faults {
            Faults::Drawn(_) => true,
            Faults::Listed(_, listed) => listed
                .iter()
                .any(|(name, number, _)| name == function && *number == nth),
        });
        if let Some(fault) = fault {
            state.happened.push(Happened {
                function,
                nth,
                operation: operation.to_owned(),
                fault,
            });
            *state
                .coverage
                .faults
                .entry((fault, operation.to_owned()))
                .or_default() += 1;
        }
        let code = fault.map_or(0, |fault| fault as u64 + 1);
        let sum = state.trace
            ^ nth.wrapping_mul(0x9e37_79b9_7f4a_7c15)
            ^ code
            ^ (operation.len() as u64) << 32
            ^ (function.len() as u64) << 48;
        state.trace = sum.rotate_left(7).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        Fate {
            fault,
            rng,
            invocation,
        }
    }

    pub(crate) fn note(&self, event: &'static str) {
        self.state().coverage.note(event);
    }

    /// What happened: the faults in order, how often each, and the sum over everything.
    pub(crate) fn close(&self) -> (Vec<Happened>, Coverage, u64) {
        let mut state = self.state();
        (
            std::mem::take(&mut state.happened),
            std::mem::take(&mut state.coverage),
            state.trace,
        )
    }
}

impl Fate {
    /// Usual time on the way, and now and then a long one.
    pub(crate) async fn travel(&mut self) {
        let millis = if self.rng.u8(0..32) == 0 {
            self.rng.u64(20..400)
        } else {
            self.rng.u64(1..8)
        };
        sleep(Duration::from_millis(millis)).await;
    }

    /// Ends the function: whoever waits for this call never hears of it.
    pub(crate) async fn end(&self) {
        if let Some(invocation) = &self.invocation {
            invocation.end.notify_one();
        }
        std::future::pending::<()>().await;
    }
}

/// The client under the SDK: `engine` behind `network`.
pub(crate) fn http_client(engine: SharedHttpClient, network: Arc<Network>) -> SharedHttpClient {
    SharedHttpClient::new(Wire { engine, network })
}

struct Wire {
    engine: SharedHttpClient,
    network: Arc<Network>,
}

impl fmt::Debug for Wire {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("simulated network")
    }
}

impl HttpClient for Wire {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Line {
            engine: self.engine.http_connector(settings, components),
            network: Arc::clone(&self.network),
        })
    }
}

struct Line {
    engine: SharedHttpConnector,
    network: Arc<Network>,
}

impl fmt::Debug for Line {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("simulated line")
    }
}

impl HttpConnector for Line {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        let operation = operation_of(&request);
        if let Some(broken) = self.network.broken {
            broken.meddle(&operation, &mut request);
        }
        let fate = self.network.fate(&operation, kinds(&operation, &request));
        let function = fate
            .invocation
            .as_ref()
            .map_or("", |invocation| invocation.function);
        let (engine, network) = (self.engine.clone(), Arc::clone(&self.network));
        let broken = self.network.broken;
        let is_unawaited =
            broken.is_some_and(|broken| broken.is_unawaited(function, &operation, &request));
        let is_forgotten = broken.is_some_and(|broken| broken.is_forgotten(&operation, &request));
        let is_ignored = broken.is_some_and(|broken| broken.is_ignored(function, &operation));
        let is_parted = broken.is_some_and(|broken| broken.parts(&operation));
        HttpConnectorFuture::new(async move {
            if is_parted {
                return refuse_statements(&request);
            }
            if is_forgotten {
                return answer(200, &json!({}), "");
            }
            if is_unawaited {
                return unawaited(engine, request, fate);
            }
            let carried = carry(engine, network, operation, request, fate).await;
            match carried {
                Ok(response) if response.status().is_success() => Ok(response),
                _ if is_ignored => answer(200, &json!({ "MessageId": "none" }), ""),
                other => other,
            }
        })
    }
}

/// Carries one call to the engine and back, or not.
async fn carry(
    engine: SharedHttpConnector,
    network: Arc<Network>,
    operation: String,
    mut request: HttpRequest,
    mut fate: Fate,
) -> Result<HttpResponse, ConnectorError> {
    fate.travel().await;
    let is_dynamodb = is_dynamodb(&operation);
    match fate.fault {
        None => {}
        Some(Fault::Lost) => {
            sleep(Duration::from_millis(fate.rng.u64(1..4_000))).await;
            return Err(no_answer());
        }
        Some(Fault::Late) => {
            let wait = Duration::from_millis(fate.rng.u64(100..20_000));
            tokio::spawn(async move {
                sleep(wait).await;
                // Nobody hears of the answer.
                let _unheard = engine.call(request).await;
            });
            sleep(Duration::from_secs(60)).await;
            return Err(no_answer());
        }
        Some(Fault::CrashBefore) => fate.end().await,
        Some(Fault::Throttled) => return throttled(is_dynamodb, &mut fate.rng),
        Some(Fault::Broken) => {
            // Half of these have done it all the same.
            if fate.rng.bool() {
                engine.call(request).await?;
            }
            return refusal(
                500,
                if is_dynamodb {
                    "com.amazonaws.dynamodb.v20120810#InternalServerError"
                } else {
                    "InternalFailure"
                },
                "InternalFailure;Receiver",
            );
        }
        Some(Fault::Conflict) => return in_conflict(&operation, &request, &mut fate.rng),
        _ => {}
    }
    if fate.fault == Some(Fault::Partial) && operation == "BatchGetItem" {
        let body: Value = request
            .body()
            .bytes()
            .and_then(|bytes| serde_json::from_slice(bytes).ok())
            .unwrap_or_default();
        return answer(
            200,
            &json!({ "Responses": {}, "UnprocessedKeys": body["RequestItems"] }),
            "",
        );
    }
    let left_out = if fate.fault == Some(Fault::Partial) {
        leave_out(&operation, &mut request, &mut fate.rng)
    } else {
        None
    };
    if fate.fault == Some(Fault::Slow) {
        sleep(Duration::from_millis(fate.rng.u64(500..2_900))).await;
    }
    let may_be_stale =
        matches!(operation.as_str(), "GetItem" | "Query") && !is_consistent(&request);
    // As a document and not as text: the SDK writes a map in an order of its own each time.
    let question = may_be_stale.then(|| {
        let bytes = request.body().bytes().unwrap_or_default();
        let asked: Value = serde_json::from_slice(bytes).unwrap_or_default();
        asked.to_string()
    });
    let mut response = engine.call(request).await?;
    if let Some(question) = question {
        let fresh =
            String::from_utf8_lossy(response.body().bytes().unwrap_or_default()).into_owned();
        let before = network.state().remembered.insert(question.clone(), fresh);
        if let (Some(Fault::Stale), Some(before)) = (fate.fault, before) {
            network.state().remembered.insert(question, before.clone());
            *response.body_mut() = SdkBody::from(before);
        }
    }
    if let Some(left_out) = left_out {
        add_failed(&mut response, left_out);
    }
    network.note("calls");
    fate.travel().await;
    match fate.fault {
        Some(Fault::ReplyLost) => {
            sleep(Duration::from_millis(fate.rng.u64(1..4_000))).await;
            Err(no_answer())
        }
        Some(Fault::CrashAfter) => {
            fate.end().await;
            Err(no_answer())
        }
        _ => Ok(response),
    }
}

/// For a variant that is broken on purpose: says yes, and carries the call out later, unless the function ends before.
fn unawaited(engine: SharedHttpConnector, request: HttpRequest, mut fate: Fate) -> Answer {
    let wait = Duration::from_millis(fate.rng.u64(1..2_000));
    let is_lost = matches!(
        fate.fault,
        Some(Fault::CrashBefore | Fault::CrashAfter | Fault::Lost)
    );
    tokio::spawn(async move {
        sleep(wait).await;
        if !is_lost {
            let _unheard = engine.call(request).await;
        }
    });
    answer(200, &json!({}), "")
}
