//! Bytes to answers: urlencoded, multipart and JSON, by content where the content type is missing or lies.

mod charset;
mod header;
pub(crate) mod json;
mod multipart;
mod urlencoded;

use http::HeaderMap;

use crate::answers::Answers;
use crate::refusal::{Refusal, Unparseable};
use charset::Charset;
use json::Json;

/// What a form may send.
const FORM_TYPES: &str = "application/x-www-form-urlencoded, multipart/form-data or application/json, in UTF-8, ISO-8859-1 or windows-1252";

/// What a sender of JSON may send.
const JSON_TYPES: &str = "application/json in UTF-8";

/// How a body is written.
enum Encoding {
    Urlencoded,
    Multipart { boundary: String },
    Json,
}

/// Reads whatever forms send.
pub(crate) fn form(headers: &HeaderMap, body: &[u8]) -> Result<Answers, Refusal> {
    let unsupported = Refusal::UnsupportedContentType { takes: FORM_TYPES };
    let Some((essence, parameters)) = content_type(headers) else {
        return Err(unsupported);
    };
    let charset = match parameters.get("charset") {
        None => Charset::Utf8,
        Some(label) => Charset::named(label).ok_or(unsupported.clone())?,
    };
    let body = charset::without_mark(body);
    if body.is_empty() {
        return Err(Unparseable::Empty.into());
    }
    let encoding = match essence.as_str() {
        // Some senders post JSON under the type that their HTTP library sets by default. No form has a name that starts
        // like this and goes on as valid JSON.
        "application/x-www-form-urlencoded" if looks_like_json(body) && json::is_valid(body) => {
            Encoding::Json
        }
        "application/x-www-form-urlencoded" => Encoding::Urlencoded,
        "multipart/form-data" => Encoding::Multipart {
            boundary: parameters
                .get("boundary")
                .map(str::to_owned)
                .ok_or(Unparseable::Boundary)?,
        },
        // No type at all, or one that says nothing: `sendBeacon` and `fetch` without CORS can only say text/plain.
        "" | "text/plain" | "application/octet-stream" => by_content(body).ok_or(unsupported)?,
        essence if is_json(essence) && !looks_like_json(body) && looks_urlencoded(body) => {
            Encoding::Urlencoded
        }
        essence if is_json(essence) => Encoding::Json,
        _ => return Err(unsupported),
    };
    let mut answers = Answers::default();
    match encoding {
        Encoding::Urlencoded => urlencoded::read(body, charset, &mut answers)?,
        Encoding::Multipart { boundary } => {
            multipart::read(body, &boundary, charset, &mut answers)?
        }
        Encoding::Json => {
            let document = json::read(&charset::text(body, charset, "the body")?)?;
            // Automation tools wrap what they send in a list of one.
            let one = match &document {
                Json::List(items) if items.len() == 1 => &items[0],
                other => other,
            };
            if !matches!(one, Json::Object(_)) {
                return Err(Unparseable::Shape {
                    place: "the body",
                    expected: "one JSON object of fields",
                }
                .into());
            }
            one.flatten("", &mut answers)?;
        }
    }
    Ok(answers)
}

/// Reads one JSON document, whatever the content type says as long as it is not one of something else.
pub(crate) fn document(headers: &HeaderMap, body: &[u8]) -> Result<Json, Refusal> {
    let unsupported = Refusal::UnsupportedContentType { takes: JSON_TYPES };
    let Some((essence, parameters)) = content_type(headers) else {
        return Err(unsupported);
    };
    // RFC 8259 knows no other charset, so a sender that names one is wrong about its own bytes or not sending JSON.
    if parameters
        .get("charset")
        .is_some_and(|label| Charset::named(label) != Some(Charset::Utf8))
    {
        return Err(unsupported);
    }
    let body = charset::without_mark(body);
    if body.is_empty() {
        return Err(Unparseable::Empty.into());
    }
    let says_little = matches!(
        essence.as_str(),
        "" | "text/plain" | "application/octet-stream" | "application/x-www-form-urlencoded"
    );
    let may_be_json = is_json(&essence) || (says_little && looks_like_json(body));
    if !may_be_json {
        return Err(unsupported);
    }
    Ok(json::read(&charset::text(
        body,
        Charset::Utf8,
        "the body",
    )?)?)
}

/// Reads one JSON document of which nothing is known but its bytes.
pub(crate) fn bare_document(body: &[u8]) -> Result<Json, Unparseable> {
    let body = charset::without_mark(body);
    if body.is_empty() {
        return Err(Unparseable::Empty);
    }
    json::read(&charset::text(body, Charset::Utf8, "the body")?)
}

/// The content type in lower case without its parameters, and these; blank if there is none. Of two, somebody before us may
/// have gone by the other: then there is no telling, and it is nothing.
fn content_type(headers: &HeaderMap) -> Option<(String, header::Parameters)> {
    let mut values = headers.get_all(http::header::CONTENT_TYPE).iter();
    match (values.next(), values.next()) {
        (None, _) => Some(header::read(b"")),
        (Some(value), None) => Some(header::read(value.as_bytes())),
        (Some(_), Some(_)) => None,
    }
}

fn is_json(essence: &str) -> bool {
    essence == "application/json"
        || essence == "text/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn by_content(body: &[u8]) -> Option<Encoding> {
    if looks_like_json(body) {
        return Some(Encoding::Json);
    }
    if let Some(boundary) = multipart::boundary_of(body) {
        return Some(Encoding::Multipart { boundary });
    }
    looks_urlencoded(body).then_some(Encoding::Urlencoded)
}

fn looks_like_json(body: &[u8]) -> bool {
    matches!(body.trim_ascii_start().first(), Some(b'{' | b'['))
}

/// Whether it could be a form: a name and an equals sign, and nothing that a browser would have escaped.
fn looks_urlencoded(body: &[u8]) -> bool {
    body.contains(&b'=')
        && body
            .trim_ascii()
            .iter()
            .all(|byte| byte.is_ascii_graphic() && *byte != b'"')
}

/// A name as forms write it, with dots: `a[b][c]` is `a.b.c`, and `a[]` is `a`, which comes several times.
/// Names whose brackets do not pair stay as they are.
fn dotted(name: &str) -> String {
    let name = name.trim();
    let Some((first, mut rest)) = name.split_once('[') else {
        return name.to_owned();
    };
    let mut segments = vec![first];
    loop {
        let Some((segment, after)) = rest.split_once(']') else {
            return name.to_owned();
        };
        segments.push(segment);
        if after.is_empty() {
            break;
        }
        let Some(next) = after.strip_prefix('[') else {
            return name.to_owned();
        };
        rest = next;
    }
    segments.retain(|segment| !segment.is_empty());
    segments.join(".")
}

#[cfg(test)]
mod tests;
