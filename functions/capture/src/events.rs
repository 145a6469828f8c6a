//! `POST /v1/events`: what people who are known did, and visitors who are not known yet.
//!
//! What a visitor did is kept under a keyed hash of the id that the browser holds, and credited to whoever fills in a form
//! there (`domain::visitor`). The id never says who somebody is.

use std::collections::BTreeMap;

use domain::config::Events;
use domain::decision::Behaviour;
use domain::email::Email;
use domain::id::{EventId, LeadId, Pepper, VisitorKey};
use domain::identity::email_key;
use jiff::{SignedDuration, Timestamp};
use lambda_http::http::StatusCode;
use lambda_http::{Body, Request, Response};
use queue::{Message, Person, Queue};
use serde::Deserialize;
use serde_json::json;
use web::Problem;

use crate::{Capture, unavailable};

/// Most events in one call.
const MAX_EVENTS: usize = 100;

/// Largest body, in bytes: a hundred events of a kilobyte and some more.
const MAX_BYTES: usize = 131_072;

/// Longest type or id of an event, in bytes.
const MAX_NAME: usize = 100;

#[derive(Deserialize)]
struct Report {
    events: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Event {
    id: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    at: Option<String>,
    email: Option<String>,
    lead: Option<String>,
    visitor: Option<String>,
    age_ms: Option<f64>,
    properties: Option<serde_json::Value>,
}

/// Longest time ago that an event may say it happened, in milliseconds: a year.
const MAX_AGE_MS: f64 = 366.0 * 86_400_000.0;

/// The event that a visit to a page is reported as.
const PAGE_VISITED: &str = "page_visited";

/// Whose behaviour it is.
#[derive(Debug, Clone, PartialEq)]
enum Whose {
    Person(Person),
    Visitor(VisitorKey),
}

impl Capture {
    pub(crate) async fn report_events(&self, request: &Request) -> (Response<Body>, Vec<String>) {
        let current = match self.current().await {
            Ok(current) => current,
            Err(problem) => return (problem.response(), Vec::new()),
        };
        let events = &current.config.events;
        let answer = match self.is_trusted(events.secret.as_deref(), request).await {
            Ok(()) => self.take_events(events, request).await,
            Err(problem) => Err(problem),
        };
        (
            answer.unwrap_or_else(Problem::response),
            events.origins.clone(),
        )
    }

    async fn is_trusted(&self, secret: Option<&str>, request: &Request) -> Result<(), Problem> {
        let Some(name) = secret else {
            return Ok(());
        };
        let known = self
            .secrets
            .all(name)
            .await
            .map_err(|error| unavailable(&error))?;
        let given = request
            .headers()
            .get("x-leadline-secret")
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        if known
            .iter()
            .any(|known| web::same_secret(given, known.expose()))
        {
            return Ok(());
        }
        Err(Problem::new(
            StatusCode::UNAUTHORIZED,
            "proof_wrong",
            "The sender did not prove itself.",
        )
        .detail("send the secret of events in the header X-Leadline-Secret"))
    }

    async fn take_events(
        &self,
        config: &Events,
        request: &Request,
    ) -> Result<Response<Body>, Problem> {
        let bytes: &[u8] = request.body().as_ref();
        if bytes.len() > MAX_BYTES {
            let too_large = Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "too_large",
                "The body is larger than this call takes.",
            );
            return Err(too_large.detail(format!("send at most {MAX_BYTES} bytes")));
        }
        let report: Report = serde_json::from_slice(bytes).map_err(|error| {
            let detail = format!(
                "send {{\"events\": [...]}}; the JSON breaks at line {}, column {}",
                error.line(),
                error.column()
            );
            Problem::new(
                StatusCode::BAD_REQUEST,
                "unparseable",
                "The body cannot be read.",
            )
            .detail(detail)
        })?;
        if report.events.is_empty() || report.events.len() > MAX_EVENTS {
            return Err(Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "events_count",
                "The number of events is wrong.",
            )
            .detail(format!("send from 1 to {MAX_EVENTS} events in one call")));
        }
        let pepper = self.pepper().await?;
        let now = self.clock.now();
        let mut rejected = Vec::new();
        let mut by_name: BTreeMap<String, (Whose, Vec<Behaviour>)> = BTreeMap::new();
        let total = report.events.len();
        for (index, event) in report.events.into_iter().enumerate() {
            match read_event(event, config, &pepper, now) {
                Ok((whose, behaviour)) => {
                    let name = match &whose {
                        Whose::Person(Person::Lead(lead)) => lead.to_string(),
                        Whose::Person(Person::Email(key)) => key.to_string(),
                        Whose::Visitor(visitor) => visitor.to_string(),
                    };
                    by_name
                        .entry(name)
                        .or_insert_with(|| (whose, Vec::new()))
                        .1
                        .push(behaviour);
                }
                Err((code, message)) => {
                    rejected.push(json!({ "index": index, "code": code, "message": message }))
                }
            }
        }
        let accepted = total - rejected.len();
        let messages: Vec<Message> = by_name
            .into_values()
            .map(|(whose, events)| match whose {
                Whose::Person(person) => Message::Behaviour {
                    person,
                    events,
                    tries: 0,
                },
                Whose::Visitor(visitor) => Message::Visited { visitor, events },
            })
            .collect();
        self.queues
            .send_all(Queue::Score, &messages)
            .await
            .map_err(|error| unavailable(&error))?;
        Ok(web::json(
            StatusCode::ACCEPTED,
            &json!({ "accepted": accepted, "rejected": rejected }),
        ))
    }
}

type Rejection = (&'static str, &'static str);

fn read_event(
    event: serde_json::Value,
    config: &Events,
    pepper: &Pepper,
    now: Timestamp,
) -> Result<(Whose, Behaviour), Rejection> {
    let event: Event = serde_json::from_value(event).map_err(|_| {
        (
            "malformed",
            "an event is an object; id, type, at, email, lead and visitor are texts, age_ms is a number",
        )
    })?;
    let kind = event.kind.filter(|kind| is_name(kind)).ok_or((
        "invalid_type",
        "type is a name of 1 to 100 letters, digits, `_`, `-`, `.`",
    ))?;
    let at = match (event.at.as_deref(), event.age_ms) {
        (Some(text), _) => text.parse::<Timestamp>().map_err(|_| {
            (
                "invalid_at",
                "at is a time as RFC 3339 says, such as 2026-03-01T12:00:00Z",
            )
        })?,
        // By our clock: those of visitors are wrong by hours.
        (None, Some(age)) => Some(age)
            .filter(|age| age.is_finite() && *age < MAX_AGE_MS)
            .and_then(|age| {
                now.checked_sub(SignedDuration::from_millis(age.max(0.0) as i64))
                    .ok()
            })
            .ok_or((
                "invalid_age",
                "age_ms says how many milliseconds ago it happened, at most a year",
            ))?,
        (None, None) => now,
    };
    let path = event
        .properties
        .as_ref()
        .and_then(|properties| properties.get("path"))
        .and_then(serde_json::Value::as_str);
    let kind = match path {
        Some(path) if kind == PAGE_VISITED => {
            config.page_type(path).map(str::to_owned).unwrap_or(kind)
        }
        _ => kind,
    };
    let whose = match (event.lead, event.email, event.visitor) {
        (Some(lead), _, _) => {
            Whose::Person(Person::Lead(lead.parse::<LeadId>().map_err(|_| {
                ("invalid_lead", "lead is an id that starts with lead_")
            })?))
        }
        (None, Some(email), _) => {
            let email = Email::parse(&email)
                .map_err(|_| ("invalid_email", "email is an e-mail address"))?;
            Whose::Person(Person::Email(email_key(pepper, &email)))
        }
        (None, None, Some(visitor)) => Whose::Visitor(VisitorKey::of(pepper, &visitor).ok_or((
            "invalid_visitor",
            "visitor is an id of 1 to 128 visible ASCII characters",
        ))?),
        (None, None, None) => {
            return Err(("nobody", "say who did it: send email, lead or visitor"));
        }
    };
    // Two browsers may count their events alike.
    let scope = match &whose {
        Whose::Person(_) => String::new(),
        Whose::Visitor(visitor) => format!("{visitor}\u{0}"),
    };
    let id = match event.id {
        Some(id) if id.is_empty() || id.len() > MAX_NAME => {
            return Err(("invalid_id", "id has 1 to 100 characters"));
        }
        Some(id) => EventId::derive(pepper, &format!("{scope}{id}")),
        // Without an id of the sender's, the same thing at the same time is the same event.
        None => EventId::derive(pepper, &format!("{scope}{kind}\u{0}{at}")),
    };
    // Nobody does anything in the future: a clock that is ahead must not make an event count for longer.
    Ok((
        whose,
        Behaviour {
            id,
            kind,
            at: at.min(now),
        },
    ))
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= MAX_NAME
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}

#[cfg(test)]
mod tests;
