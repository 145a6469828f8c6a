//! An engine on a local port, over plain HTTP, for other tools.
//!
//! Nothing is authenticated, so the listener belongs on a loopback address. Web pages are kept out all the same: a
//! browser sends an `Origin` with every POST, also after rebinding a name of its own to this machine, and a request
//! that has one is refused. (dynoxide's own server answers any page's preflight with `*`, which would let every site
//! a developer visits read the leads; that is why it is not used.)

use std::future::Future;
use std::io;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::response::Response;
use axum::routing::post;
use axum::{Router, http};
use http::header::{CONTENT_TYPE, HOST, ORIGIN};
use http::{HeaderMap, HeaderValue, StatusCode};
use tokio::sync::watch;

use crate::connector::{JSON_CONTENT_TYPE, WireAnswer, WireApi, WireCall};

/// DynamoDB takes requests of 16 MB; a full SQS batch stays below that even when JSON escapes every letter.
const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;

/// Why a local endpoint ended early.
#[derive(Debug, thiserror::Error)]
#[error("the local endpoint failed")]
pub struct ServeError(#[source] io::Error);

struct Endpoint<Api> {
    api: Arc<Api>,
    /// Turns true when the endpoint is to end.
    stopping: watch::Receiver<bool>,
}

impl<Api> Clone for Endpoint<Api> {
    fn clone(&self) -> Self {
        Endpoint {
            api: Arc::clone(&self.api),
            stopping: self.stopping.clone(),
        }
    }
}

/// Serves until `shutdown` resolves and the running requests have ended; waiting ones are ended at once.
pub(crate) async fn serve<Api: WireApi>(
    api: Api,
    listener: tokio::net::TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let (stop, stopping) = watch::channel(false);
    let router = Router::new()
        // Some SQS clients post to the URL of the queue, everything else to the root.
        .route("/", post(answer::<Api>))
        .route("/{*path}", post(answer::<Api>))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(Endpoint {
            api: Arc::new(api),
            stopping,
        });
    let announced_shutdown = async move {
        shutdown.await;
        stop.send_replace(true);
    };
    axum::serve(listener, router)
        .with_graceful_shutdown(announced_shutdown)
        .await
        .map_err(ServeError)
}

async fn answer<Api: WireApi>(
    State(endpoint): State<Endpoint<Api>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if headers.contains_key(ORIGIN) {
        return plain(StatusCode::FORBIDDEN);
    }
    let header = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned()
    };
    let call = WireCall {
        target: header("x-amz-target"),
        origin: format!("http://{}", header(HOST.as_str())),
        body: body.into(),
    };
    let mut stopping = endpoint.stopping;
    if !Api::may_wait(&call.target) {
        return into_response(endpoint.api.answer(call).await);
    }
    tokio::select! {
        biased;
        answer = endpoint.api.answer(call) => into_response(answer),
        _ = stopping.wait_for(|stopping| *stopping) => plain(StatusCode::SERVICE_UNAVAILABLE),
    }
}

fn plain(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

fn into_response(answer: WireAnswer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(JSON_CONTENT_TYPE));
    if let Some(query_error) = answer
        .query_error
        .and_then(|value| HeaderValue::try_from(value).ok())
    {
        response
            .headers_mut()
            .insert("x-amzn-query-error", query_error);
    }
    response
}
