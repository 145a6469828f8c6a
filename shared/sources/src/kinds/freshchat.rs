//! `freshchat`: Freshchat's webhook, signed with a private key.

use super::{Kind, Reading};
use crate::about::{About, JSON, Signing, Trial, sample};
use crate::answers::{Answers, Draft};
use crate::decode::json::Json;
use crate::markup::plain_text;
use crate::mentions::{email_in, phone_in};
use crate::moment::moment;
use crate::refusal::{Refusal, Unparseable};
use crate::{Door, Incoming, decode, proof};

pub(super) const KIND: Kind = Kind {
    waits_for_contact: true,
    ..Kind::webhook(verify, read)
};

pub(super) const ABOUT: About = About {
    title: "Freshchat",
    takes: "Takes Freshchat's webhook: messages that people write, and the person where the event tells who it is.",
    setup: &[
        "Admin → Marketplace and integrations → Webhooks: `{url}`.",
        "Copy the public key that is shown there into `public_key`.",
    ],
    proof: "The header `X-Freshchat-Signature`: the base64 of an RSA signature (PKCS #1 v1.5, SHA-256) over the raw body, verified with the public key. There is no timestamp in it. HMAC, which some examples use, is never accepted.",
    repeats: "The message's id.",
    no_lead: "What agents and bots write, other actions, and what tells neither an address nor a number.",
    answer: "",
    notes: &[
        "A message itself does not say who wrote it: an address or a number is taken from what is written (a number needs its country code), or from the event's `user`.",
        "Freshchat waits about 3 seconds.",
    ],
    samples: &[
        sample!("freshchat/message.json", JSON, "Somebody writes an address."),
        sample!("freshchat/agent.json", JSON, "An agent answers: no lead."),
    ],
    sign,
};

const HEADER: &str = "X-Freshchat-Signature";

fn sign(with: &Signing<'_>, trial: &mut Trial) {
    if let Some(signature) = proof::rsa_signature(with.secret, &trial.body) {
        trial.header(HEADER, signature);
    }
}

fn verify(door: &Door<'_>, incoming: &Incoming<'_>) -> Result<(), Refusal> {
    proof::rsa_sha256_base64(door, incoming, HEADER)
}

fn read(_: &Door<'_>, incoming: &Incoming<'_>) -> Result<Reading, Refusal> {
    let document = decode::document(incoming.headers, incoming.body)?;
    let Some(data) = document.get("data") else {
        return Err(Unparseable::Shape {
            place: "data",
            expected: "an object",
        }
        .into());
    };
    let message = data.get("message");
    let actors = [
        message.and_then(|message| message.text_at("actor_type")),
        document
            .get("actor")
            .and_then(|actor| actor.text_at("actor_type")),
    ];
    let actor = actors.into_iter().flatten().next().unwrap_or_default();
    if document.text_at("action").as_deref() != Some("message_create") || actor != "user" {
        return Ok(Reading::NotALead {
            why: "an event of Freshchat in which no user says anything",
        });
    }
    let mut answers = Answers::default();
    if let Some(message) = message {
        let texts = message
            .items_at("message_parts")
            .iter()
            .filter_map(|part| part.get("text")?.text_at("content"))
            .map(|text| plain_text(&text));
        let said = texts.collect::<Vec<String>>().join("\n");
        if let Some(email) = email_in(&said) {
            answers.plain("email", email)?;
        }
        if let Some(phone) = phone_in(&said) {
            answers.plain("phone", phone)?;
        }
        answers.plain("message", said)?;
    }
    let user = data
        .get("user")
        .or_else(|| message.and_then(|message| message.get("user")))
        .or_else(|| data.items_at("users").first());
    if let Some(user) = user {
        add_user(user, &mut answers)?;
    }
    answers.plain("channel", "freshchat")?;
    Ok(Reading::Drafts(vec![Draft {
        answers,
        external_id: message.and_then(|message| message.text_at("id")),
        submitted_at: document.text_at("action_time").and_then(|at| moment(&at)),
        ..Draft::default()
    }]))
}

fn add_user(user: &Json, answers: &mut Answers) -> Result<(), Unparseable> {
    for name in ["email", "phone", "first_name", "last_name"] {
        if let Some(value) = user.text_at(name) {
            answers.plain(name, value)?;
        }
    }
    for property in user.items_at("properties") {
        if let (Some(name), Some(value)) = (property.text_at("name"), property.text_at("value")) {
            answers.plain(&name, value)?;
        }
    }
    Ok(())
}
