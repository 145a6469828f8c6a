//! `GET /leadline.js`: the script that pages load.
//!
//! It is part of the program, so that a page never runs another version than the one that understands it. Browsers keep it
//! for an hour, and then ask whether it is still the same.

use lambda_http::http::{HeaderValue, StatusCode, header};
use lambda_http::{Body, Request, Response};

/// The script. It is read by people, too: it is small enough not to be squeezed.
const SCRIPT: &str = include_str!("../assets/leadline.js");

/// Names this version of it: FNV-1a, 64 bits. Nothing is protected by it.
const ETAG: u64 = {
    let bytes = SCRIPT.as_bytes();
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut index = 0;
    while index < bytes.len() {
        hash = (hash ^ bytes[index] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        index += 1;
    }
    hash
};

/// An hour, and another day while a newer one is fetched.
const CACHING: &str = "public, max-age=3600, stale-while-revalidate=86400";

/// The script, or that the one that the browser has is still right.
pub(crate) fn answer(request: &Request) -> Response<Body> {
    let etag = format!("\"{ETAG:016x}\"");
    let is_known = request
        .headers()
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|known| known.trim().trim_start_matches("W/"))
        .any(|known| known == etag || known == "*");
    let mut response = if is_known {
        let mut response = Response::new(Body::Empty);
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        web::with_body(StatusCode::OK, "text/javascript; charset=utf-8", SCRIPT)
    };
    let headers = response.headers_mut();
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        headers.insert(header::ETAG, etag);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(CACHING));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        "cross-origin-resource-policy",
        HeaderValue::from_static("cross-origin"),
    );
    response
}
