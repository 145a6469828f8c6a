//! The whole way of a request, through [`receive`], with the samples under `events/sources`.

mod batch;
mod chatbot;
mod fetched;
mod form;
mod identity;
mod machines;
mod meanings;
mod messaging;
mod pings;
mod proofs;
mod properties;
mod refusals;
mod samples;
mod suspicions;
mod typeform;
mod vectors;

use domain::config::{OneOrMany, Source, SourceKind};
use domain::field::{Field, Value};
use domain::id::Pepper;
use domain::submission::{FieldProblem, Quarantined, Submission};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::{Accepted, Door, Incoming, Parsed, Refusal, receive};

/// A sample of a real body, by its path under `events/sources`.
macro_rules! sample {
    ($path:literal) => {
        include_bytes!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../events/sources/",
            $path
        ))
    };
}
use sample;

const NOON: &str = "2026-01-12T12:00:00Z";

/// A request to a source, to be changed by each test.
#[derive(Clone)]
struct Request {
    source: Source,
    secrets: Vec<&'static str>,
    handshake_secrets: Vec<&'static str>,
    method: &'static str,
    query: Option<&'static str>,
    headers: HeaderMap,
    body: Vec<u8>,
    at: &'static str,
    default_country: Option<&'static str>,
}

impl Request {
    fn new(kind: SourceKind, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let request = Self {
            source: Source::of_kind(kind),
            secrets: Vec::new(),
            handshake_secrets: Vec::new(),
            method: "POST",
            query: None,
            headers: HeaderMap::new(),
            body: body.into(),
            at: NOON,
            default_country: Some("US"),
        };
        if content_type.is_empty() {
            request
        } else {
            request.header("content-type", content_type)
        }
    }

    fn form(body: &str) -> Self {
        Self::new(SourceKind::Form, "application/x-www-form-urlencoded", body)
    }

    fn json(body: &str) -> Self {
        Self::new(SourceKind::Form, "application/json", body)
    }

    fn header(mut self, name: &str, value: &str) -> Self {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        self.headers
            .append(name, HeaderValue::from_str(value).unwrap());
        self
    }

    fn map(mut self, field: &str, names: &[&str]) -> Self {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        self.source
            .map
            .insert(field.to_owned(), OneOrMany::Many(names));
        self
    }

    fn at(mut self, at: &'static str) -> Self {
        self.at = at;
        self
    }

    fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    fn incoming(&self) -> Incoming<'_> {
        Incoming {
            method: self.method,
            query: self.query,
            headers: &self.headers,
            body: &self.body,
            received_at: self.at.parse().unwrap(),
        }
    }

    fn open<T>(&self, look: impl FnOnce(&Door<'_>, &Incoming<'_>) -> T) -> T {
        let pepper = Pepper::new("a pepper for tests");
        let door = Door {
            name: "website",
            source: &self.source,
            secrets: &self.secrets,
            handshake_secrets: &self.handshake_secrets,
            pepper: &pepper,
            default_country: self.default_country,
        };
        look(&door, &self.incoming())
    }

    fn receive(&self) -> Result<Accepted, Refusal> {
        self.open(receive)
    }

    /// The one submission that must come out.
    fn submission(&self) -> Submission {
        match self.receive() {
            Ok(Accepted::Submissions(parsed)) if parsed.len() == 1 => {
                match parsed.into_iter().next() {
                    Some(Parsed::Submission(submission)) => submission,
                    other => panic!("not a submission: {other:?}"),
                }
            }
            other => panic!("not one submission: {other:?}"),
        }
    }

    fn quarantined(&self) -> Quarantined {
        match self.receive() {
            Ok(Accepted::Submissions(parsed)) => match parsed.into_iter().next() {
                Some(Parsed::Quarantined(quarantined)) => quarantined,
                other => panic!("not quarantined: {other:?}"),
            },
            other => panic!("not quarantined: {other:?}"),
        }
    }

    fn refusal(&self) -> Refusal {
        match self.receive() {
            Err(refusal) => refusal,
            Ok(accepted) => panic!("accepted: {accepted:?}"),
        }
    }

    /// The field problems that must come out, as `field: code`.
    fn problems(&self) -> Vec<String> {
        match self.refusal() {
            Refusal::Fields(problems) => codes(&problems),
            other => panic!("not refused for its fields: {other}"),
        }
    }
}

fn codes(problems: &[FieldProblem]) -> Vec<String> {
    problems
        .iter()
        .map(|problem| format!("{}: {}", problem.field, problem.code))
        .collect()
}

/// Everything that a submission says, as `field = value`.
fn said(submission: &Submission) -> Vec<String> {
    submission
        .fields
        .iter()
        .map(|(field, value)| format!("{field} = {value}"))
        .collect()
}

fn text(submission: &Submission, field: &str) -> String {
    let field: Field = field.parse().unwrap();
    submission
        .fields
        .get(&field)
        .map(Value::to_string)
        .unwrap_or_default()
}

/// Consent as `purpose: granted (text)`.
fn agreed(submission: &Submission) -> Vec<String> {
    let shown = |(purpose, consent): (&String, &domain::submission::Consent)| {
        format!(
            "{purpose}: {} ({})",
            consent.granted,
            consent.text.as_deref().unwrap_or_default()
        )
    };
    submission.consent.iter().map(shown).collect()
}

#[track_caller]
fn check_fields(submission: &Submission, expected: &[&str]) {
    assert_eq!(said(submission), expected);
}
