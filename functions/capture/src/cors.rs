//! Which pages may post here from a browser and read the answer.

use lambda_http::http::{HeaderValue, StatusCode, header};
use lambda_http::{Body, Request, Response};

/// Headers that pages may send.
const HEADERS: &str = "content-type, idempotency-key, x-leadline-secret";

/// How long a browser may remember a preflight, in seconds. Chromium keeps none longer than two hours.
const MAX_AGE: &str = "7200";

/// Adds what a browser needs to hand the answer to a page of `origin`, if `origins` allow it.
pub(crate) fn allow(
    mut response: Response<Body>,
    origin: Option<&HeaderValue>,
    origins: &[String],
) -> Response<Body> {
    if origins.is_empty() {
        return response;
    }
    response
        .headers_mut()
        .insert(header::VARY, HeaderValue::from_static("origin"));
    if let Some(allowed) = allowed(origin, origins) {
        response
            .headers_mut()
            .insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
    }
    response
}

/// Says which methods a call has, to whoever asks by `OPTIONS`.
pub(crate) fn allowing(mut response: Response<Body>, methods: &[&str]) -> Response<Body> {
    if let Ok(methods) = HeaderValue::from_str(&format!("{}, OPTIONS", methods.join(", "))) {
        response.headers_mut().insert(header::ALLOW, methods);
    }
    response
}

/// Answers a browser that asks before it posts.
pub(crate) fn preflight(request: &Request, origins: &[String]) -> Response<Body> {
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = StatusCode::NO_CONTENT;
    let origin = request.headers().get(header::ORIGIN);
    let headers = response.headers_mut();
    if allowed(origin, origins).is_some() {
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_METHODS,
            HeaderValue::from_static("POST"),
        );
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            HeaderValue::from_static(HEADERS),
        );
        headers.insert(
            header::ACCESS_CONTROL_MAX_AGE,
            HeaderValue::from_static(MAX_AGE),
        );
    }
    allow(response, origin, origins)
}

fn allowed(origin: Option<&HeaderValue>, origins: &[String]) -> Option<HeaderValue> {
    let origin = origin?;
    let text = origin.to_str().ok()?;
    if origins.iter().any(|allowed| allowed == "*") {
        return Some(HeaderValue::from_static("*"));
    }
    origins
        .iter()
        .any(|allowed| allowed.eq_ignore_ascii_case(text))
        .then(|| origin.clone())
}
