//! Pieces of the document.

use lambda_http::http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};
use sources::{Refusal, Unauthorized, Unparseable};
use web::Kind;

use crate::{answers, problems};

/// A problem, as RFC 9457 has it. It never repeats what was sent.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub(crate) struct ProblemShape {
    /// Stable URI, `urn:leadline:problem:CODE`. It is a name and leads nowhere.
    #[serde(rename = "type")]
    kind: String,
    /// The fixed sentence for this type.
    title: String,
    /// HTTP status.
    status: u16,
    /// Stable code: the last part of the type.
    code: String,
    /// What exactly is wrong and what would be right.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// Every bad field or, of a configuration, everything that was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<Vec<ProblemError>>,
}

/// One thing that is wrong.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum ProblemError {
    /// A bad field.
    Field(FieldError),
    /// A place in a configuration.
    Configuration(answers::ConfigurationProblem),
}

/// A bad field.
#[derive(Serialize, JsonSchema)]
struct FieldError {
    /// The field or parameter.
    field: String,
    /// What it is, for programs.
    code: String,
    /// What is wrong and what would be right.
    message: String,
}

/// What a source may be refused with, as `sources` says it.
pub(crate) fn refusals() -> Vec<Kind> {
    let refusals = [
        Refusal::MethodNotAllowed {
            allow: "POST".to_owned(),
        },
        Refusal::TooLarge { limit: 0 },
        Refusal::BatchTooLarge { what: "", limit: 0 },
        Refusal::Unauthorized(Unauthorized::NotConfigured),
        Refusal::Unauthorized(Unauthorized::Missing { header: "" }),
        Refusal::Unauthorized(Unauthorized::Wrong { header: "" }),
        Refusal::Unauthorized(Unauthorized::Stale { header: "" }),
        Refusal::IdempotencyKey,
        Refusal::UnsupportedContentType { takes: "" },
        Refusal::Unparseable(Unparseable::Empty),
        Refusal::Fields(Vec::new()),
    ];
    let mut kinds: Vec<Kind> = refusals
        .iter()
        .map(|refusal| {
            let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::BAD_REQUEST);
            Kind::new(status, refusal.code(), refusal.sentence())
        })
        .collect();
    kinds.push(Kind::new(
        StatusCode::TOO_MANY_REQUESTS,
        "rate_limited",
        "This source takes no more requests for now.",
    ));
    kinds
}

/// A batch of which one row is wrong, and all of which was refused for that.
pub(crate) const BATCH_REFUSED: Kind = Kind::new(
    StatusCode::UNPROCESSABLE_ENTITY,
    "batch_refused",
    "Nothing of the batch was taken, because a row of it is wrong.",
);

/// A source that limits requests, floods or robots and has no secret takes no files.
pub(crate) const BATCH_UNPROVED: Kind = Kind::new(
    StatusCode::FORBIDDEN,
    "batch_unproved",
    "This source takes files only from a sender who proves itself.",
);

/// The process has no store of files.
pub(crate) const NO_UPLOADS: Kind = Kind::new(
    StatusCode::NOT_FOUND,
    "no_uploads",
    "This Leadline takes no uploads.",
);

/// Anybody may send to the source.
pub(crate) const UPLOAD_UNPROVED: Kind = Kind::new(
    StatusCode::FORBIDDEN,
    "upload_unproved",
    "Files are uploaded only by a sender who proves itself.",
);

/// More bytes than one request may put into the store.
pub(crate) const FILE_TOO_LARGE: Kind = Kind::new(
    StatusCode::PAYLOAD_TOO_LARGE,
    "file_too_large",
    "The file is larger than an upload takes.",
);

/// The contract of a vendor answers each row at once.
pub(crate) const UPLOAD_UNDER_CONTRACT: Kind = Kind::new(
    StatusCode::CONFLICT,
    "upload_under_contract",
    "Files of a source under a vendor's contract are not uploaded.",
);

/// What whoever does not prove itself is refused with.
pub(crate) fn proof_refusals() -> Vec<Kind> {
    let mut kinds = refusals();
    kinds.retain(|kind| kind.status == StatusCode::UNAUTHORIZED);
    kinds
}

/// The limit of a vendor's pings is reached.
pub(crate) const PING_LIMITED: Kind = Kind::new(
    StatusCode::TOO_MANY_REQUESTS,
    "ping_limited",
    "The contract takes no more pings for now.",
);

/// What a batch may be refused with, besides [`BATCH_REFUSED`]: as a submission, but not for its fields.
pub(crate) fn batch_refusals() -> Vec<Kind> {
    let mut kinds = refusals();
    kinds.retain(|kind| kind.code != "invalid_fields" && kind.code != "too_large");
    kinds
}

/// What a report of events may be refused with.
pub(crate) fn event_refusals() -> Vec<Kind> {
    vec![
        Kind::new(
            StatusCode::UNAUTHORIZED,
            "proof_wrong",
            "The sender did not prove itself.",
        ),
        Kind::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "events_count",
            "The number of events is wrong.",
        ),
        problems::TOO_LARGE,
        problems::UNPARSEABLE,
    ]
}

/// Every type of problem, once each by its code.
pub(crate) fn kinds() -> Vec<Kind> {
    let mut kinds: Vec<Kind> = Vec::new();
    for kind in Kind::COMMON
        .iter()
        .chain(problems::ALL)
        .chain(&refusals())
        .chain(&event_refusals())
        .chain(&[
            BATCH_REFUSED,
            BATCH_UNPROVED,
            NO_UPLOADS,
            UPLOAD_UNPROVED,
            UPLOAD_UNDER_CONTRACT,
            FILE_TOO_LARGE,
            PING_LIMITED,
        ])
    {
        if kinds.iter().all(|known| known.code != kind.code) {
            kinds.push(*kind);
        }
    }
    kinds
}

pub(crate) fn example(kind: &Kind) -> Value {
    json!({
        "summary": kind.title,
        "value": { "type": kind.uri(), "title": kind.title, "status": kind.status.as_u16(), "code": kind.code }
    })
}

/// The answers of a call by status, problems of the same status together.
pub(crate) fn responses(success: Vec<(&'static str, Value)>, problems: &[Kind]) -> Value {
    let mut responses: Map<String, Value> = success
        .into_iter()
        .map(|(status, answer)| (status.to_owned(), answer))
        .collect();
    for kind in problems {
        let status = kind.status.as_u16().to_string();
        let response = responses.entry(status).or_insert_with(|| {
            let schema = json!({ "$ref": "#/components/schemas/Problem" });
            let mut response =
                json!({ "description": "", "content": media("application/problem+json", schema) });
            if let Some(headers) = headers(kind.status) {
                response["headers"] = headers;
            }
            response
        });
        let examples = &mut response["content"]["application/problem+json"]["examples"];
        if examples.get(kind.code).is_some() {
            continue;
        }
        examples[kind.code] = json!({ "$ref": format!("#/components/examples/{}", kind.code) });
        let before = response["description"].as_str().unwrap_or_default();
        let joined = format!("{before} `{}`: {}", kind.code, kind.title);
        response["description"] = json!(joined.trim());
    }
    Value::Object(responses)
}

fn headers(status: StatusCode) -> Option<Value> {
    let (name, description) = match status {
        StatusCode::UNAUTHORIZED => ("WWW-Authenticate", "How to prove oneself."),
        StatusCode::METHOD_NOT_ALLOWED => ("Allow", "The methods that there are."),
        StatusCode::SERVICE_UNAVAILABLE => ("Retry-After", "Seconds to wait."),
        _ => return None,
    };
    Some(json!({ name: { "description": description, "schema": { "type": "string" } } }))
}

pub(crate) fn media(content_type: &str, schema: impl Into<Value>) -> Value {
    json!({ content_type: { "schema": schema.into() } })
}

/// What sources send: whatever their forms and platforms say. Nothing more can be promised of it.
pub(crate) fn door_bodies() -> Value {
    let free = |description: &str| json!({ "schema": { "type": "object", "additionalProperties": true, "description": description } });
    json!({
        "required": true,
        "content": {
            "application/x-www-form-urlencoded": free("The fields of a form, under the form's own names."),
            "multipart/form-data": free("The fields of a form, under the form's own names. Files are not kept."),
            "application/json": free("The fields of a form, flat or nested; a chatbot's handover; a platform's webhook, signed as it signs.")
        }
    })
}

/// Files of submissions.
/// The content tells what it is, whatever the content type says, and rows that cannot be read are reported one by one:
/// there is nothing that a schema could rule out.
pub(crate) fn batch_bodies() -> Value {
    let text = |description: &str, example: &str| json!({ "schema": { "description": description }, "example": example });
    json!({
        "required": true,
        "content": {
            "text/csv": text("A line with the names of the columns, then one row for each submission.", "email,first_name,last_name\nada@example.com,Ada,Example\n"),
            "application/x-ndjson": text("One JSON object on each line.", "{\"email\": \"ada@example.com\", \"first_name\": \"Ada\"}\n"),
            "application/json": {
                "schema": { "description": "An array of objects, one for each submission." },
                "example": [{ "email": "ada@example.com", "first_name": "Ada" }]
            }
        }
    })
}

pub(crate) fn path_parameter(name: &str, description: &str) -> Value {
    json!({ "name": name, "in": "path", "required": true, "description": description, "schema": { "type": "string" } })
}

pub(crate) fn query_parameter(name: &str, description: &str) -> Value {
    json!({ "name": name, "in": "query", "description": description, "schema": { "type": "string" } })
}

pub(crate) fn header(name: &str, description: &str) -> Value {
    json!({ "name": name, "in": "header", "description": description, "schema": { "type": "string" } })
}
