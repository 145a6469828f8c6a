//! `olark`: Olark's webhook, a form with one field that holds JSON.

use super::{Kind, Reading};
use crate::about::{About, URLENCODED, sample, sign_by_parameter};
use crate::answers::{Answers, Draft};
use crate::decode::json::{self, Json};
use crate::refusal::{Refusal, Unparseable};
use crate::{Door, Incoming, decode, proof};

pub(super) const KIND: Kind = Kind {
    waits_for_contact: true,
    ..Kind::webhook(proof::shared_secret, read)
};

pub(super) const ABOUT: About = About {
    title: "Olark",
    takes: "Takes Olark's webhook, a form whose field `data` holds a conversation or an offline message as JSON.",
    setup: &["Settings → Integrations → Webhooks: `{url}?key=SECRET`, with the secret in place of `SECRET`."],
    proof: "The parameter `key` of the address, or the header `X-Leadline-Secret`. Olark signs nothing.",
    repeats: "The conversation's `id`.",
    no_lead: "Conversations of visitors who left neither an address nor a number.",
    answer: "",
    notes: &[
        "The conversation becomes the message. Custom fields of the visitor are fields like others; the page on which it began, its referrer and campaign are attribution.",
    ],
    samples: &[
        sample!("olark/offline-message.txt", URLENCODED, "A message left while nobody was there."),
        sample!("olark/conversation.txt", URLENCODED, "A conversation with its transcript."),
        sample!("olark/anonymous.txt", URLENCODED, "A conversation with somebody unknown: no lead."),
    ],
    sign: sign_by_parameter,
};

fn read(_: &Door<'_>, incoming: &Incoming<'_>) -> Result<Reading, Refusal> {
    let document = document_of(incoming)?;
    let shape = || Unparseable::Shape {
        place: "data",
        expected: "a conversation of Olark as JSON, with its visitor",
    };
    let visitor = document.get("visitor").ok_or_else(shape)?;
    let mut answers = Answers::default();
    for (theirs, ours) in [
        ("emailAddress", "email"),
        ("phoneNumber", "phone"),
        ("fullName", "full_name"),
        ("organization", "company"),
        ("countryCode", "country"),
        ("region", "region"),
        ("city", "city"),
        ("conversationBeginPage", "page_url"),
        ("referrer", "referrer"),
        ("url", "page_url"),
    ] {
        if let Some(value) = visitor.text_at(theirs) {
            answers.plain(ours, value)?;
        }
    }
    if visitor.text_at("countryCode").is_none()
        && let Some(country) = visitor.text_at("country")
    {
        answers.plain("country", country)?;
    }
    for key in ["campaign", "customFields"] {
        if let Some(own) = visitor.get(key) {
            own.flatten("", &mut answers)?;
        }
    }
    let mut transcript = Vec::new();
    for item in document.items_at("items") {
        let Some(body) = item.text_at("body") else {
            continue;
        };
        match item.text_at("kind").as_deref() {
            Some("OfflineMessage") => answers.plain("message", body)?,
            Some("MessageToOperator") => transcript.push(format!("visitor: {body}")),
            Some("MessageToVisitor") => transcript.push(format!("agent: {body}")),
            _ => {}
        }
    }
    answers.plain("channel", "olark")?;
    Ok(Reading::Drafts(vec![Draft {
        answers,
        transcript,
        external_id: document.text_at("id"),
        ..Draft::default()
    }]))
}

/// The JSON in the field `data`, or the body where a relay has taken it out already.
fn document_of(incoming: &Incoming<'_>) -> Result<Json, Refusal> {
    if decode::looks_like_json(incoming.body) {
        return decode::document(incoming.headers, incoming.body);
    }
    let sent = decode::form(incoming.headers, incoming.body)?;
    let data = sent.iter().find(|answer| answer.name == "data");
    match data {
        Some(data) => Ok(json::read(&data.value)?),
        None => Err(Unparseable::Shape {
            place: "data",
            expected: "a conversation of Olark as JSON",
        }
        .into()),
    }
}
