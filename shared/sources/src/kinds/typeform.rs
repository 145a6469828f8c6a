//! `typeform`: Typeform's webhook.
//!
//! Signed: `Typeform-Signature: sha256=` and the base64 of HMAC-SHA256 over the raw body under the webhook's secret.
//! Nothing unsigned is read. A response is known by its `token`, so that Typeform's repeats (which have a new `event_id`)
//! are repeats here. Typeform does not show answers to anybody and switches a webhook off that answers with errors, so
//! that a response with bad fields is quarantined.

use domain::field::Field;
use jiff::Timestamp;

use super::{Kind, Reading};
use crate::about::{About, JSON, sample};
use crate::answers::{Answer, Answers, Draft};
use crate::consent::purpose_of;
use crate::decode::json::Json;
use crate::proof::{Hash, Scheme, Written};
use crate::refusal::{Refusal, Unparseable};
use crate::vocabulary::Meaning;
use crate::{Door, Incoming, decode, proof};

pub(super) const KIND: Kind = Kind::webhook(verify, read);

pub(super) const ABOUT: About = About {
    title: "Typeform",
    takes: "Takes Typeform's webhook, the event `form_response`.",
    setup: &[
        "Form → Connect → Webhooks → Add a webhook: `{url}`.",
        "Edit the webhook, set a secret, and give Leadline the same one.",
        "Switch it on, and send a test request.",
    ],
    proof: "The header `Typeform-Signature`: `sha256=` and the base64 of HMAC-SHA256 over the raw body under the webhook's secret.",
    repeats: "The response's `token`, so that Typeform's own repeats are repeats here at any time.",
    no_lead: "Events other than `form_response`, such as partial responses.",
    answer: "",
    notes: &[
        "Answers are named by the `ref` of their field, else by the question. Hidden fields and variables are fields like others. A legal question is consent.",
        "Bad fields are quarantined, since nobody reads the answer and Typeform switches off webhooks that are refused.",
        include_str!("typeform/examples.md"),
    ],
    samples: &[
        sample!("typeform/form-response.json", JSON, "A response with every type of answer."),
        sample!("typeform/partial-response.json", JSON, "A response that was not finished: no lead."),
    ],
    sign: |with, trial| {
        let signature = proof::signature(&SCHEME, with.secret.as_bytes(), &[&trial.body]);
        trial.header(SCHEME.header, signature);
    },
};

const SCHEME: Scheme = Scheme {
    header: "Typeform-Signature",
    prefix: "sha256=",
    hash: Hash::Sha256,
    written: Written::Base64,
};

fn verify(door: &Door<'_>, incoming: &Incoming<'_>) -> Result<(), Refusal> {
    proof::signed(door, incoming, &SCHEME, &[incoming.body])
}

fn read(_: &Door<'_>, incoming: &Incoming<'_>) -> Result<Reading, Refusal> {
    let document = decode::document(incoming.headers, incoming.body)?;
    let event_type = document.text_at("event_type").unwrap_or_default();
    if event_type.is_empty() {
        return Err(Unparseable::Shape {
            place: "event_type",
            expected: "the kind of event, such as form_response",
        }
        .into());
    }
    if event_type != "form_response" {
        return Ok(Reading::NotALead {
            why: "an event of Typeform that is no finished response",
        });
    }
    let response = document
        .get("form_response")
        .filter(|response| matches!(response, Json::Object(_)));
    let Some(response) = response else {
        return Err(Unparseable::Shape {
            place: "form_response",
            expected: "an object",
        }
        .into());
    };
    let Some(token) = response.text_at("token") else {
        return Err(Unparseable::Shape {
            place: "form_response.token",
            expected: "the id of the response",
        }
        .into());
    };

    let questions = response
        .get("definition")
        .and_then(|definition| definition.get("fields"))
        .map_or(&[][..], Json::items);
    let mut answers = Answers::default();
    for answer in response.get("answers").map_or(&[][..], Json::items) {
        add_answer(answer, questions, &mut answers)?;
    }
    if let Some(hidden) = response.get("hidden") {
        hidden.flatten("", &mut answers)?;
    }
    for variable in response.get("variables").map_or(&[][..], Json::items) {
        let value = variable
            .text_at("type")
            .and_then(|kind| variable.text_at(&kind));
        if let (Some(name), Some(value)) = (variable.text_at("key"), value) {
            answers.plain(&name, value)?;
        }
    }
    if let Some(form) = response.text_at("form_id") {
        answers.plain("form_id", form)?;
    }
    Ok(Reading::Drafts(vec![Draft {
        answers,
        external_id: Some(token),
        submitted_at: response
            .text_at("submitted_at")
            .and_then(|at| at.parse::<Timestamp>().ok()),
        ..Draft::default()
    }]))
}

/// Adds one answer under the reference that the form's author can choose, with its question from the definition.
fn add_answer(answer: &Json, questions: &[Json], answers: &mut Answers) -> Result<(), Unparseable> {
    let field = answer.get("field");
    let id = field.and_then(|field| field.text_at("id"));
    let question = questions
        .iter()
        .find(|question| id.is_some() && question.text_at("id") == id);
    let of_field = |key: &str| {
        field
            .and_then(|field| field.text_at(key))
            .or_else(|| question.and_then(|question| question.text_at(key)))
    };
    let label = question
        .and_then(|question| question.text_at("title"))
        .map(|title| title.replace(['*', '_'], ""));
    let Some(name) = of_field("ref")
        .or_else(|| label.clone().filter(|label| label.len() <= 100))
        .or(id)
    else {
        return Err(Unparseable::Shape {
            place: "form_response.answers",
            expected: "answers that each name their field",
        });
    };
    let kind = answer.text_at("type").unwrap_or_default();
    let hint = match (kind.as_str(), of_field("type").as_deref()) {
        ("boolean", Some("legal")) => Some(Meaning::Consent(
            purpose_of(label.as_deref().unwrap_or_default()).to_owned(),
        )),
        ("email", _) => Some(Meaning::Field(Field::Email)),
        ("phone_number", _) => Some(Meaning::Field(Field::Phone)),
        ("url", Some("website")) => Some(Meaning::Field(Field::CompanyDomain)),
        _ => None,
    };
    for value in values_of(answer, &kind) {
        answers.push(Answer {
            name: name.clone(),
            label: label.clone(),
            hint: hint.clone(),
            value,
        })?;
    }
    Ok(())
}

/// The texts of an answer: they stand under a key named like its type.
fn values_of(answer: &Json, kind: &str) -> Vec<String> {
    let Some(value) = answer.get(kind) else {
        return Vec::new();
    };
    if let Some(text) = value.scalar() {
        return vec![text];
    }
    match kind {
        // Of a payment only what was paid: the rest is about a card.
        "payment" => value.text_at("amount").into_iter().collect(),
        _ => {
            let one = value.text_at("label");
            let several = value
                .get("labels")
                .map_or(&[][..], Json::items)
                .iter()
                .filter_map(Json::scalar);
            let other = value.text_at("other");
            let listed = value.items().iter().filter_map(Json::scalar);
            one.into_iter()
                .chain(several)
                .chain(other)
                .chain(listed)
                .collect()
        }
    }
}
