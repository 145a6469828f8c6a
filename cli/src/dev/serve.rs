//! The HTTP side: one port for what are two functions on AWS.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use anyhow::Result;
use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use engines::EmbeddedObjects;
use http_body::Body as _;
use lambda_http::{Body, RequestExt};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::timeout;
use web::{ClientAddress, Problem};

use super::embedded::Embedded;

/// Largest body that is read at all, in bytes: what a function URL takes. Each source's own limit is below.
const MAX_BODY: usize = 6 * 1024 * 1024;

/// How long a body may take to arrive. Whoever sends a byte now and then holds a connection no longer than this.
const BODY_WITHIN: Duration = Duration::from_secs(30);

/// Serves until `stopped`, and lets running requests end.
pub(crate) async fn serve(
    embedded: Embedded,
    listener: TcpListener,
    mut stopped: watch::Receiver<bool>,
) -> Result<()> {
    let app = Router::new()
        .fallback(answer)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(embedded);
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, app)
        .with_graceful_shutdown(async move {
            let _ = stopped.wait_for(|stop| *stop).await;
        })
        .await?;
    Ok(())
}

async fn answer(State(embedded): State<Embedded>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    if EmbeddedObjects::is_for_us(parts.uri.path()) {
        return match embedded.put_file(&parts.uri, &parts.headers, body).await {
            Ok(()) => Response::new(axum::body::Body::empty()),
            Err(refused) => in_words_of_s3(&refused),
        };
    }
    if let Some(ConnectInfo(address)) = parts.extensions.remove::<ConnectInfo<SocketAddr>>() {
        parts.extensions.insert(ClientAddress(address.ip()));
    }
    let bytes = match timeout(BODY_WITHIN, read(body)).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(problem)) => return outgoing(problem.response()),
        Err(_) => {
            let late = Problem::new(
                StatusCode::REQUEST_TIMEOUT,
                "too_slow",
                "The body did not arrive in time.",
            );
            let within = BODY_WITHIN.as_secs();
            let late = late.detail(format!("send all of it within {within} seconds"));
            return outgoing(late.response());
        }
    };
    let path = parts.uri.path().to_owned();
    let request =
        lambda_http::Request::from_parts(parts, Body::Binary(bytes)).with_raw_http_path(&path);
    outgoing(embedded.answer(request, &path).await)
}

/// A whole body.
async fn read(body: axum::body::Body) -> Result<Vec<u8>, Problem> {
    let mut body = pin!(body);
    let mut bytes = Vec::new();
    while let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
        let frame = frame.map_err(|_| {
            let broke_off = Problem::new(
                StatusCode::BAD_REQUEST,
                "broke_off",
                "The body ended before it was complete.",
            );
            broke_off.detail("send as many bytes as Content-Length says, or well-formed chunks")
        })?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if bytes.len() + data.len() > MAX_BODY {
            let too_large = Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "too_large",
                "The body is too large.",
            );
            return Err(too_large.detail(format!("send at most {MAX_BODY} bytes")));
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
}

fn in_words_of_s3(refused: &engines::objects::Refused) -> Response {
    let mut response = Response::new(axum::body::Body::from(refused.xml()));
    *response.status_mut() =
        StatusCode::from_u16(refused.status).unwrap_or(StatusCode::BAD_REQUEST);
    response.headers_mut().insert(
        axum::http::header::CONTENT_TYPE,
        axum::http::HeaderValue::from_static("application/xml"),
    );
    response
}

fn outgoing(response: lambda_http::Response<Body>) -> Response {
    let (parts, body) = response.into_parts();
    let body = match body {
        Body::Text(text) => axum::body::Body::from(text),
        Body::Binary(bytes) => axum::body::Body::from(bytes),
        _ => axum::body::Body::empty(),
    };
    Response::from_parts(parts, body)
}
