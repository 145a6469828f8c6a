//! `cloudevents`: events as CloudEvents 1.0 carries them over HTTP: binary, structured, in batches.
//!
//! The content type decides the mode. An event's `source` and `id` together are unique, so they tell repeats apart.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue};

use super::{Handshake, Kind, Reading};
use crate::about::{About, JSON, sample, sign_by_header};
use crate::answers::Draft;
use crate::decode::json::Json;
use crate::moment::moment;
use crate::refusal::{Refusal, Unparseable};
use crate::reply::Reply;
use crate::{Door, Incoming, decode, mapping, proof};

pub(super) const KIND: Kind = Kind {
    handshake: Some(Handshake {
        methods: &["OPTIONS"],
        asks: |incoming| incoming.headers.contains_key(REQUEST_ORIGIN),
        answer: allow,
    }),
    waits_for_contact: true,
    ..Kind::webhook(proof::secret_or_authorization, read)
};

pub(super) const ABOUT: About = About {
    title: "CloudEvents",
    takes: "Takes CloudEvents 1.0 in the HTTP binding: binary, structured (`application/cloudevents+json`) and in batches (`application/cloudevents-batch+json`). Data may be JSON, a form or XML.",
    setup: &[
        "Have the broker (Azure Event Grid, Knative, Google Eventarc, …) deliver to `{url}`.",
        "Give it the secret as `X-Leadline-Secret`, as `Authorization: Bearer …`, or in the address as `?key=…`.",
    ],
    proof: "The header `X-Leadline-Secret`, the parameter `key` of the address, or `Authorization` with the secret as password or token. CloudEvents itself signs nothing.",
    repeats: "The event's `source` and `id` together.",
    no_lead: "An empty batch, what `only` does not let in, and what tells neither an address nor a number.",
    answer: "",
    notes: &[
        "A lead is what the event carries as data; `fields`, `records` and `only` read it as those of a `generic` source, and a path from the root sees the event: `only = { path = \"$.type\", is = \"com.example.lead.created\" }`.",
        "The validation that brokers do first (`OPTIONS` with `WebHook-Request-Origin`) is answered: that origin may send, at any rate. It lets nobody in, since each event has to give the secret. `WebHook-Request-Callback` is never called.",
    ],
    samples: &[
        sample!("cloudevents/structured.json", "application/cloudevents+json; charset=utf-8", "A structured event."),
        sample!("POST", "", "cloudevents/binary.json", &[
            ("content-type", JSON),
            ("ce-specversion", "1.0"),
            ("ce-type", "com.example.lead.created"),
            ("ce-source", "/forms/contact"),
            ("ce-id", "B%20-17"),
            ("ce-time", "2026-03-02T10:59:30Z"),
        ], "A binary event: its attributes are headers."),
        sample!("cloudevents/batch.json", "application/cloudevents-batch+json", "A batch of two, one with its data in base64."),
        sample!("cloudevents/empty-batch.json", "application/cloudevents-batch+json", "An empty batch: no lead."),
    ],
    sign: sign_by_header,
};

const REQUEST_ORIGIN: &str = "WebHook-Request-Origin";

/// Longest origin that is sent back, in bytes: a host name has 253.
const MAX_ORIGIN: usize = 300;

/// Allows deliveries, as section 4 of the specification of HTTP webhooks for CloudEvents asks.
fn allow(_: &Door<'_>, incoming: &Incoming<'_>) -> Result<Reply, Refusal> {
    let origin = proof::only_text(incoming.headers, REQUEST_ORIGIN)?.trim();
    let is_plain = !origin.is_empty()
        && origin.len() <= MAX_ORIGIN
        && origin
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._:/*".contains(&byte));
    if !is_plain {
        return Err(Unparseable::Shape {
            place: "the header WebHook-Request-Origin",
            expected: "the name of a host",
        }
        .into());
    }
    let mut reply = Reply::of(200, "", "");
    reply.headers = vec![
        ("allow", "POST, OPTIONS".to_owned()),
        ("webhook-allowed-origin", origin.to_owned()),
        ("webhook-allowed-rate", "*".to_owned()),
    ];
    Ok(reply)
}

fn read(door: &Door<'_>, incoming: &Incoming<'_>) -> Result<Reading, Refusal> {
    let content_type = incoming
        .headers
        .get(http::header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let format = |prefix: &str| {
        let rest = content_type.strip_prefix(prefix)?;
        Some(rest.split(';').next().unwrap_or_default().trim().to_owned())
    };
    if let Some(format) = format("application/cloudevents-batch") {
        let events = in_json(&format, incoming)?;
        let Json::List(events) = events else {
            return Err(shape("the body", "a JSON array of events"));
        };
        if events.len() > mapping::MAX_RECORDS {
            return Err(Unparseable::TooManyRecords {
                limit: mapping::MAX_RECORDS,
            }
            .into());
        }
        let mut drafts = Vec::new();
        let mut first = None;
        let is_alone = events.len() == 1;
        for (index, event) in events.into_iter().enumerate() {
            match of_event(event.clone(), None, door) {
                Ok(found) => drafts.extend(found),
                Err(why) if is_alone => return Err(why),
                Err(why) => {
                    drafts.push(mapping::unreadable(index, &event, &why));
                    first.get_or_insert(why);
                }
            }
        }
        let is_none_readable = drafts.iter().all(|draft| draft.unreadable.is_some());
        return match first {
            Some(why) if is_none_readable => Err(why),
            _ => Ok(some_of(drafts)),
        };
    }
    if let Some(format) = format("application/cloudevents") {
        let event = in_json(&format, incoming)?;
        return Ok(some_of(of_event(event, None, door)?));
    }
    let event = Json::Object(attributes_of(incoming.headers));
    let data = if incoming.body.is_empty() {
        Json::Null
    } else {
        // The attributes are checked first, so that whoever sends no event at all is told so.
        known(&event)?;
        decode::any(incoming.headers, incoming.body)?
    };
    Ok(some_of(of_event(event, Some(data), door)?))
}

fn some_of(drafts: Vec<Draft>) -> Reading {
    if drafts.is_empty() {
        Reading::NotALead {
            why: "no event that tells of a lead",
        }
    } else {
        Reading::Drafts(drafts)
    }
}

fn shape(place: &'static str, expected: &'static str) -> Refusal {
    Unparseable::Shape { place, expected }.into()
}

fn in_json(format: &str, incoming: &Incoming<'_>) -> Result<Json, Refusal> {
    match format {
        "" | "+json" => Ok(decode::bare_document(incoming.body)?),
        _ => Err(Refusal::UnsupportedContentType {
            takes: "events in JSON (application/cloudevents+json), in batches of JSON, or in the binary mode",
        }),
    }
}

/// The attributes of an event in the binary mode: headers that begin with `ce-`, percent-decoded.
fn attributes_of(headers: &HeaderMap) -> Vec<(String, Json)> {
    let mut attributes = Vec::new();
    for name in headers.keys() {
        let (Some(attribute), Some(value)) = (name.as_str().strip_prefix("ce-"), headers.get(name))
        else {
            continue;
        };
        let value = decode::percent_decoded(value.as_bytes());
        attributes.push((attribute.to_owned(), Json::Text(value)));
    }
    let content_type = headers
        .get(http::header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    if let Some(content_type) = content_type {
        let value = Json::Text(content_type.to_owned());
        attributes.push(("datacontenttype".to_owned(), value));
    }
    attributes
}

/// `source` and `id` of an event that has what every event must have.
fn known(event: &Json) -> Result<(String, String), Refusal> {
    let version = event.text_at("specversion").unwrap_or_default();
    if !version.starts_with("1.") {
        return Err(shape("specversion", "1.0"));
    }
    let required = |place| {
        event
            .text_at(place)
            .ok_or_else(|| shape(place, "there, and not blank"))
    };
    required("type")?;
    Ok((required("source")?, required("id")?))
}

/// The leads of one event: `data` in the binary mode, else what stands in the event.
fn of_event(event: Json, data: Option<Json>, door: &Door<'_>) -> Result<Vec<Draft>, Refusal> {
    let (source, id) = known(&event)?;
    let at = event.text_at("time").and_then(|time| moment(&time));
    let data = match (data, event.text_at("data_base64")) {
        (Some(data), _) => Some(data),
        (None, Some(encoded)) => Some(of_base64(&encoded, &event)?),
        (None, None) => None,
    };
    let event = match (event, data) {
        (Json::Object(mut members), Some(data)) => {
            members.retain(|(name, _)| name != "data_base64" && name != "data");
            members.push(("data".to_owned(), data));
            Json::Object(members)
        }
        (event, _) => event,
    };
    let data = match event.get("data") {
        Some(data @ (Json::Object(_) | Json::List(_))) => data,
        // Data that is a text, a number or missing tells of nobody.
        _ => return Ok(Vec::new()),
    };
    let mut reading = mapping::read(&event, Some(data), door.source)?;
    mapping::identify(&mut reading, &format!("{source} {id}"));
    let Reading::Drafts(mut drafts) = reading else {
        return Ok(Vec::new());
    };
    for draft in &mut drafts {
        draft.submitted_at = draft.submitted_at.or(at);
    }
    Ok(drafts)
}

/// Data of a type that a form may have; of any other type nothing is known.
fn of_base64(encoded: &str, event: &Json) -> Result<Json, Refusal> {
    let bytes = STANDARD
        .decode(encoded.trim())
        .map_err(|_| shape("data_base64", "base64"))?;
    let mut headers = HeaderMap::new();
    let content_type = event.text_at("datacontenttype");
    if let Some(value) = content_type.and_then(|text| HeaderValue::from_str(&text).ok()) {
        headers.insert(http::header::CONTENT_TYPE, value);
    }
    match decode::any(&headers, &bytes) {
        Ok(data) => Ok(data),
        Err(Refusal::UnsupportedContentType { .. }) => Ok(Json::Null),
        Err(other) => Err(other),
    }
}
