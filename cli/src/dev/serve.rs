//! The HTTP side: one port for what are two functions on AWS.

use std::net::SocketAddr;

use anyhow::Result;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Request, State};
use axum::response::Response;
use engines::EmbeddedObjects;
use lambda_http::{Body, RequestExt};
use tokio::net::TcpListener;
use tokio::sync::watch;
use web::ClientAddress;

use super::embedded::Embedded;

/// Largest body that is read at all, in bytes: what a function URL takes. Each source's own limit is below.
const MAX_BODY: usize = 6 * 1024 * 1024;

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
    let bytes: Bytes = match axum::body::to_bytes(body, MAX_BODY).await {
        Ok(bytes) => bytes,
        Err(_) => {
            let too_large = web::Problem::new(
                axum::http::StatusCode::PAYLOAD_TOO_LARGE,
                "too_large",
                "The body is too large or broke off.",
            );
            return outgoing(too_large.response());
        }
    };
    let path = parts.uri.path().to_owned();
    let request = lambda_http::Request::from_parts(parts, Body::Binary(bytes.to_vec()))
        .with_raw_http_path(&path);
    outgoing(embedded.answer(request, &path).await)
}

fn in_words_of_s3(refused: &engines::objects::Refused) -> Response {
    let mut response = Response::new(axum::body::Body::from(refused.xml()));
    *response.status_mut() = axum::http::StatusCode::from_u16(refused.status)
        .unwrap_or(axum::http::StatusCode::BAD_REQUEST);
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
