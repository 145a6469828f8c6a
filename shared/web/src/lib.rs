//! What the two functions that speak HTTP have in common: the list of calls, answers, and problems as RFC 9457 says.
//!
//! It knows no lead and no source.

mod problem;
mod route;

use lambda_http::http::{HeaderValue, StatusCode, header};
use lambda_http::{Body, Response};
use serde::Serialize;
use subtle::ConstantTimeEq;

pub use problem::{Kind, Problem};
pub use route::{API, Call, DOORS, Match, Parameter, Route, find, is_door, query};

/// The address that a request came from, where the process that took it knows: an extension of the request. On Lambda the
/// platform says it instead. Headers are not believed: whoever sends a request writes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub std::net::IpAddr);

/// An answer with a JSON body.
pub fn json(status: StatusCode, body: &impl Serialize) -> Response<Body> {
    // Our own types: there is nothing in them that JSON cannot say.
    let text = serde_json::to_string(body).unwrap_or_else(|_| "{}".to_owned());
    with_body(status, "application/json", text)
}

/// An answer with a body of `content_type`.
pub fn with_body(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Body>,
) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    // Answers are about persons and states: nobody between us and the caller keeps them.
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Whether two secrets are the same, in a time that does not tell where they differ.
pub fn same_secret(given: &str, known: &str) -> bool {
    given.as_bytes().ct_eq(known.as_bytes()).into()
}
