//! Everybody outside: a receiver of notifications and a provider of company facts, as unreliable as the seed says. The
//! receiver looks into the table the moment it is told something, to see whether that was written before.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::decision::Ruling;
use domain::id::LeadId;
use outbound::{Error, HeaderMap, Peer, Request, Response, StatusCode};
use serde_json::Value;
use table::Table;
use tokio::time::{Instant, sleep};

use crate::broken::Broken;
use crate::fault::{Fault, OF_OUTSIDE};
use crate::senders::announced_answers;
use crate::wire::Network;

/// One notification as the receiver saw it.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    /// `webhook-id`.
    pub(crate) id: String,
    pub(crate) body: Value,
    /// What it tells about was in the lead's history when it came.
    pub(crate) was_written: bool,
    /// When it came.
    pub(crate) at: Instant,
}

/// The receiver's memory.
pub(crate) type Inbox = Arc<Mutex<Vec<Told>>>;

/// Everybody outside.
pub(crate) struct Outside {
    pub(crate) network: Arc<Network>,
    pub(crate) inbox: Inbox,
    /// The table itself, past all faults.
    pub(crate) table: Table,
    pub(crate) broken: Option<Broken>,
}

impl Peer for Outside {
    fn answer(
        &self,
        request: Request,
    ) -> Pin<Box<dyn Future<Output = Result<Response, Error>> + Send>> {
        let is_hook = request.url.ends_with("/hook");
        let kinds = if is_hook {
            &OF_OUTSIDE[..]
        } else {
            &OF_OUTSIDE[..OF_OUTSIDE.len() - 1]
        };
        let mut fate = self
            .network
            .fate(if is_hook { "webhook" } else { "provider" }, kinds);
        let (inbox, table, broken) = (Arc::clone(&self.inbox), self.table.clone(), self.broken);
        Box::pin(async move {
            fate.travel().await;
            match fate.fault {
                Some(Fault::Lost) => {
                    sleep(Duration::from_secs(60)).await;
                    return Err(unreachable());
                }
                Some(Fault::CrashBefore) => fate.end().await,
                Some(Fault::Refused) => return Ok(response(503, b"")),
                Some(Fault::TooMany) => {
                    let mut response = response(429, b"");
                    response
                        .headers
                        .insert("retry-after", http::HeaderValue::from_static("7"));
                    return Ok(response);
                }
                Some(Fault::Gone) => return Ok(response(410, b"")),
                Some(Fault::Nonsense) if !is_hook => {
                    return Ok(response(200, b"<html>it works</html>"));
                }
                Some(Fault::Slow) => sleep(Duration::from_millis(fate.rng.u64(500..4_000))).await,
                _ => {}
            }
            if is_hook {
                let told = read(&request, &table, broken, &mut fate.rng).await;
                inbox
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(told);
            }
            match fate.fault {
                Some(Fault::ReplyLost) => {
                    sleep(Duration::from_secs(60)).await;
                    Err(unreachable())
                }
                Some(Fault::CrashAfter) => {
                    fate.end().await;
                    Err(unreachable())
                }
                Some(Fault::Nonsense) => Ok(response(302, b"elsewhere")),
                _ if is_hook => Ok(response(204, b"")),
                _ if request.url.contains("//graph.") => {
                    let path = request.url.split('?').next().unwrap_or_default();
                    let id = path.rsplit('/').next().unwrap_or_default();
                    Ok(response(200, announced_answers(id).as_bytes()))
                }
                _ => Ok(response(200, br#"{"name":"Brightwater","category":{"industry":"Software"},"metrics":{"employees":80}}"#)),
            }
        })
    }
}

fn unreachable() -> Error {
    Error::Setup {
        reason: "the simulated network gave up".to_owned(),
    }
}

fn response(status: u16, body: &[u8]) -> Response {
    Response {
        status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        headers: HeaderMap::new(),
        body: body.to_vec(),
        truncated: false,
    }
}

async fn read(
    request: &Request,
    table: &Table,
    broken: Option<Broken>,
    rng: &mut fastrand::Rng,
) -> Told {
    let header = |name: &str| {
        request
            .headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.clone())
            .unwrap_or_default()
    };
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let mut id = header("webhook-id");
    if broken == Some(Broken::IdPerAttempt) {
        id = format!("{id}-{}", rng.u32(..));
    }
    let was_written = is_written(&body, table).await;
    Told {
        id,
        body,
        was_written,
        at: Instant::now(),
    }
}

/// Whether the history holds what the notification says: for an assignment, that rep at that place.
async fn is_written(body: &Value, table: &Table) -> bool {
    let lead = body["data"]["lead"]["id"]
        .as_str()
        .and_then(|text| text.parse::<LeadId>().ok());
    let Some(lead) = lead else {
        return false;
    };
    let Ok(Some(history)) = table.lead(lead).await else {
        return false;
    };
    let version = body["data"]["lead"]["version"].as_u64().unwrap_or(u64::MAX);
    let decision = usize::try_from(version)
        .ok()
        .and_then(|version| history.decisions.get(version.wrapping_sub(1)));
    match (
        body["type"].as_str(),
        decision.map(|decision| &decision.ruling),
    ) {
        (Some("lead.assigned"), Some(Ruling::Assigned(assigned))) => {
            body["data"]["lead"]["owner"] == assigned.rep.as_str()
        }
        (Some("lead.unassigned"), Some(Ruling::Unassigned(_))) => true,
        (Some("lead.stage_changed"), Some(Ruling::Scored(scored))) => {
            body["data"]["lead"]["stage"] == scored.stage.name()
        }
        (Some("lead.sla_breached"), Some(Ruling::SlaBreached(_))) => true,
        (Some("lead.erased"), Some(Ruling::Erased(_))) => true,
        // Written, and emptied while it was on its way. How late it may be, I7 says.
        (Some(kind), Some(_)) => kind != "lead.erased" && history.lead.erased.is_some(),
        _ => false,
    }
}
