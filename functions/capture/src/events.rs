//! `POST /v1/events`: what people who are known did.

use std::collections::BTreeMap;

use domain::decision::Behaviour;
use domain::email::Email;
use domain::id::{EventId, LeadId, Pepper};
use domain::identity::email_key;
use jiff::Timestamp;
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
}

impl Capture {
    pub(crate) async fn report_events(&self, request: &Request) -> (Response<Body>, Vec<String>) {
        let current = match self.current().await {
            Ok(current) => current,
            Err(problem) => return (problem.response(), Vec::new()),
        };
        let events = &current.config.events;
        let answer = match self.is_trusted(events.secret.as_deref(), request).await {
            Ok(()) => self.take_events(request).await,
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

    async fn take_events(&self, request: &Request) -> Result<Response<Body>, Problem> {
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
        let mut by_person: BTreeMap<String, (Person, Vec<Behaviour>)> = BTreeMap::new();
        let total = report.events.len();
        for (index, event) in report.events.into_iter().enumerate() {
            match read_event(event, &pepper, now) {
                Ok((person, behaviour)) => {
                    let name = match &person {
                        Person::Lead(lead) => lead.to_string(),
                        Person::Email(key) => key.to_string(),
                    };
                    by_person
                        .entry(name)
                        .or_insert_with(|| (person, Vec::new()))
                        .1
                        .push(behaviour);
                }
                Err((code, message)) => {
                    rejected.push(json!({ "index": index, "code": code, "message": message }))
                }
            }
        }
        let accepted = total - rejected.len();
        let messages: Vec<Message> = by_person
            .into_values()
            .map(|(person, events)| Message::Behaviour {
                person,
                events,
                tries: 0,
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
    pepper: &Pepper,
    now: Timestamp,
) -> Result<(Person, Behaviour), Rejection> {
    let event: Event = serde_json::from_value(event).map_err(|_| {
        (
            "malformed",
            "an event is an object; id, type, at, email, lead and visitor are texts",
        )
    })?;
    let kind = event.kind.filter(|kind| is_name(kind)).ok_or((
        "invalid_type",
        "type is a name of 1 to 100 letters, digits, `_`, `-`, `.`",
    ))?;
    let at = match event.at.as_deref() {
        Some(text) => text.parse::<Timestamp>().map_err(|_| {
            (
                "invalid_at",
                "at is a time as RFC 3339 says, such as 2026-03-01T12:00:00Z",
            )
        })?,
        None => now,
    };
    let person = match (event.lead, event.email, event.visitor) {
        (Some(lead), _, _) => Person::Lead(
            lead.parse::<LeadId>()
                .map_err(|_| ("invalid_lead", "lead is an id that starts with lead_"))?,
        ),
        (None, Some(email), _) => {
            let email = Email::parse(&email)
                .map_err(|_| ("invalid_email", "email is an e-mail address"))?;
            Person::Email(email_key(pepper, &email))
        }
        (None, None, Some(_)) => {
            return Err((
                "unknown_visitor",
                "nobody is known by that visitor id; send email or lead",
            ));
        }
        (None, None, None) => return Err(("nobody", "say who did it: send email or lead")),
    };
    let id = match event.id {
        Some(id) if id.is_empty() || id.len() > MAX_NAME => {
            return Err(("invalid_id", "id has 1 to 100 characters"));
        }
        Some(id) => EventId::derive(pepper, &id),
        // Without an id of the sender's, the same thing at the same time is the same event.
        None => EventId::derive(pepper, &format!("{kind}\u{0}{at}")),
    };
    // Nobody does anything in the future: a clock that is ahead must not make an event count for longer.
    Ok((
        person,
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
