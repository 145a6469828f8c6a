//! Bytes to answers: urlencoded, multipart and JSON, by content where the content type is missing or lies.

pub(crate) mod charset;
pub(crate) mod header;
pub(crate) mod json;
mod multipart;
mod urlencoded;
pub(crate) mod xml;

use http::HeaderMap;

use crate::answers::{Answers, MAX_FIELDS};
use crate::refusal::{Refusal, Unparseable};
use charset::Charset;
use json::Json;

/// What a form may send.
const FORM_TYPES: &str = "application/x-www-form-urlencoded, multipart/form-data or application/json, in UTF-8, ISO-8859-1 or windows-1252";

/// What a sender of JSON may send.
const JSON_TYPES: &str = "application/json in UTF-8";

/// What a sender of XML may send.
const XML_TYPES: &str = "application/xml or text/xml";

/// What a sender of anything may send.
const ANY_TYPES: &str = "application/json, application/xml, text/xml, application/x-www-form-urlencoded or multipart/form-data, in UTF-8, ISO-8859-1 or windows-1252";

/// How a body is written.
enum Encoding {
    Urlencoded,
    Multipart { boundary: String },
    Json,
}

/// Reads whatever forms send.
pub(crate) fn form(headers: &HeaderMap, body: &[u8]) -> Result<Answers, Refusal> {
    form_of(headers, body, MAX_FIELDS)
}

/// Like [`form`], with room for `most` values.
pub(crate) fn form_of(headers: &HeaderMap, body: &[u8], most: usize) -> Result<Answers, Refusal> {
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
    let mut answers = Answers::at_most(most);
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
    let may_be_json = is_json(&essence) || (says_little(&essence) && looks_like_json(body));
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

/// Reads JSON, XML or a form as one document: the names of a form nest by their dots and brackets, XML as
/// [`xml::Element::to_json`] says. In JSON, raw control characters inside of texts are taken for blanks: templates put what
/// people typed between quotes as it is.
pub(crate) fn any(headers: &HeaderMap, body: &[u8]) -> Result<Json, Refusal> {
    let unsupported = Refusal::UnsupportedContentType { takes: ANY_TYPES };
    let Some((essence, parameters)) = content_type(headers) else {
        return Err(unsupported);
    };
    let charset = match parameters.get("charset") {
        None => None,
        Some(label) => Some(Charset::named(label).ok_or(unsupported.clone())?),
    };
    let bare = charset::without_mark(body);
    if bare.is_empty() {
        return Err(Unparseable::Empty.into());
    }
    if is_xml(&essence) || (says_little(&essence) && xml::looks_like_xml(body)) {
        return Ok(xml::read(body, charset)?.to_json());
    }
    let is_urlencoded = is_json(&essence) && !looks_like_json(bare) && looks_urlencoded(bare);
    if (is_json(&essence) && !is_urlencoded) || (says_little(&essence) && looks_like_json(bare)) {
        let text = charset::text(bare, charset.unwrap_or(Charset::Utf8), "the body")?;
        return Ok(json::read_leniently(&text)?);
    }
    let answers = form(headers, body).map_err(|refusal| match refusal {
        Refusal::UnsupportedContentType { .. } => unsupported,
        other => other,
    })?;
    Ok(nested(&answers))
}

/// Like [`document`], with raw control characters inside of texts taken for blanks.
pub(crate) fn lenient_document(headers: &HeaderMap, body: &[u8]) -> Result<Json, Refusal> {
    match document(headers, body) {
        Err(Refusal::Unparseable(Unparseable::Json { .. })) => {
            let text = charset::text(charset::without_mark(body), Charset::Utf8, "the body")?;
            Ok(json::read_leniently(&text)?)
        }
        other => other,
    }
}

/// Reads one document of XML, also under a content type that says nothing, or that of a form.
pub(crate) fn xml_document(headers: &HeaderMap, body: &[u8]) -> Result<xml::Element, Refusal> {
    let unsupported = Refusal::UnsupportedContentType { takes: XML_TYPES };
    let Some((essence, parameters)) = content_type(headers) else {
        return Err(unsupported);
    };
    if body.is_empty() {
        return Err(Unparseable::Empty.into());
    }
    let is_text = essence == "text/html";
    if !is_xml(&essence) && !((says_little(&essence) || is_text) && xml::looks_like_xml(body)) {
        return Err(unsupported);
    }
    let charset = parameters.get("charset").and_then(Charset::named);
    Ok(xml::read(body, charset)?)
}

/// Reads the parameters of an address.
pub(crate) fn query(query: &str, answers: &mut Answers) -> Result<(), Unparseable> {
    urlencoded::read(query.as_bytes(), Charset::Utf8, answers)
}

/// The content type in lower case without its parameters, and these; blank if there is none. Of two, somebody before us may
/// have gone by the other: then there is no telling, and it is nothing.
pub(crate) fn content_type(headers: &HeaderMap) -> Option<(String, header::Parameters)> {
    let mut values = headers.get_all(http::header::CONTENT_TYPE).iter();
    match (values.next(), values.next()) {
        (None, _) => Some(header::read(b"")),
        (Some(value), None) => Some(header::read(value.as_bytes())),
        (Some(_), Some(_)) => None,
    }
}

/// Refuses a body that is packed (`Content-Encoding`, RFC 9110, 8.4): read as it is, it would only be no form and no JSON.
pub(crate) fn unpacked(headers: &HeaderMap) -> Result<(), Refusal> {
    let codings = headers.get_all(http::header::CONTENT_ENCODING);
    let is_none = |coding: &[u8]| {
        let coding = coding.trim_ascii();
        coding.is_empty() || coding.eq_ignore_ascii_case(b"identity")
    };
    let mut all = codings
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    if all.all(is_none) {
        Ok(())
    } else {
        Err(Refusal::Compressed)
    }
}

fn is_json(essence: &str) -> bool {
    essence == "application/json"
        || essence == "text/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn is_xml(essence: &str) -> bool {
    matches!(essence, "application/xml" | "text/xml")
        || (essence.starts_with("application/") && essence.ends_with("+xml"))
}

/// Whether it is what HTTP libraries say when nobody tells them.
fn says_little(essence: &str) -> bool {
    matches!(
        essence,
        "" | "text/plain" | "application/octet-stream" | "application/x-www-form-urlencoded"
    )
}

/// Answers as an object: dots in names nest, a name that comes several times is a list. A name that is a value and a group
/// at once keeps its dots.
fn nested(answers: &Answers) -> Json {
    let mut root = Vec::new();
    for answer in answers.iter() {
        let segments: Vec<&str> = answer.name.split('.').collect();
        if !put(&mut root, &segments, &answer.value) {
            put(&mut root, &[&answer.name], &answer.value);
        }
    }
    Json::Object(root)
}

fn put(object: &mut Vec<(String, Json)>, segments: &[&str], value: &str) -> bool {
    let Some((first, rest)) = segments.split_first() else {
        return false;
    };
    let place = match object.iter().position(|(known, _)| known == first) {
        Some(place) => place,
        None => {
            let empty = if rest.is_empty() {
                Json::Text(value.to_owned())
            } else {
                Json::Object(Vec::new())
            };
            object.push(((*first).to_owned(), empty));
            if rest.is_empty() {
                return true;
            }
            object.len() - 1
        }
    };
    let (_, known) = &mut object[place];
    match known {
        Json::Object(inner) if !rest.is_empty() => put(inner, rest, value),
        Json::List(items) if rest.is_empty() => {
            items.push(Json::Text(value.to_owned()));
            true
        }
        Json::Text(text) if rest.is_empty() => {
            let earlier = Json::Text(std::mem::take(text));
            *known = Json::List(vec![earlier, Json::Text(value.to_owned())]);
            true
        }
        _ => false,
    }
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

pub(crate) fn looks_like_json(body: &[u8]) -> bool {
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

/// Text of which some bytes stand as `%41`; what is no UTF-8 then becomes `�`.
pub(crate) fn percent_decoded(value: &[u8]) -> String {
    let mut plain = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        let digit = |at: usize| {
            let byte = after.get(at)?;
            char::from(*byte).to_digit(16)
        };
        match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                plain.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
                rest = &after[2..];
            }
            _ => plain.push(*first),
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

#[cfg(test)]
mod tests;
