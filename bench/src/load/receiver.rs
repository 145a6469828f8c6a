//! The receiver of a run: takes the webhooks that tell who has a lead, and notes each in the ledger. It answers 204 to
//! everything, and checks no signature: it is asked by the process that it started.

use std::sync::Arc;

use anyhow::Result;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use tokio::net::TcpListener;

use super::ledger::Ledger;
use super::person;

/// What is read of a payload. Everything else in it is passed over.
#[derive(Deserialize)]
struct Payload {
    #[serde(rename = "type")]
    kind: String,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    lead: Told,
}

#[derive(Deserialize)]
struct Told {
    owner: Option<String>,
    pool: Option<String>,
    fields: Fields,
}

#[derive(Deserialize)]
struct Fields {
    email: Option<String>,
}

/// Serves in the background for the rest of the process; the address is returned.
pub(super) async fn start(ledger: Arc<Ledger>) -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/hook", listener.local_addr()?);
    let app = Router::new().fallback(hear).with_state(ledger);
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, app).await {
            super::report::warn(&format!("the receiver of webhooks ended: {error}"));
        }
    });
    Ok(url)
}

async fn hear(State(ledger): State<Arc<Ledger>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let id = headers
        .get("webhook-id")
        .and_then(|value| value.to_str().ok());
    let payload: Option<Payload> = serde_json::from_slice(&body).ok();
    if let (Some(id), Some(payload)) = (id, payload)
        && payload.kind == "lead.assigned"
        && let (Some(rep), Some(pool)) = (payload.data.lead.owner, payload.data.lead.pool)
        && let Some(email) = payload.data.lead.fields.email
        && let Some(person) = person::number_of(&email)
    {
        ledger.tell(person, id, &pool, &rep);
    }
    StatusCode::NO_CONTENT
}
