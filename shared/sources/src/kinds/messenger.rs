//! `messenger`: messages to a page on Facebook or an account on Instagram.
//!
//! Meta names people by an id of its own, so somebody is a lead from the first message in which an address or a number is
//! written, or chosen from what Meta offers. What a page itself writes, deliveries and reads are no leads.

use super::whatsapp::{sign, verify};
use super::{Kind, Reading};
use crate::about::{About, JSON, sample};
use crate::answers::{Answers, Draft};
use crate::decode::json::Json;
use crate::handshake::HUB;
use crate::mentions::{email_in, phone_in};
use crate::moment::moment;
use crate::refusal::{Refusal, Unparseable};
use crate::{Door, Incoming, decode};

pub(super) const KIND: Kind = Kind {
    handshake: Some(HUB),
    waits_for_contact: true,
    ..Kind::webhook(verify, read)
};

pub(super) const ABOUT: About = About {
    title: "Messenger and Instagram",
    takes: "Takes the webhook of Meta's Messenger Platform: messages to a page on Facebook or an account on Instagram.",
    setup: &[
        "Meta for Developers → your app → Messenger (or Instagram) → Webhooks: the callback URL is `{url}`.",
        "The verify token is a word of your own; give Leadline the same one as `handshake_secret`.",
        "Give Leadline the app secret (App settings → Basic) as `secret`.",
        "Subscribe the page to `messages`, `messaging_postbacks` and `messaging_referrals`.",
    ],
    proof: "The header `X-Hub-Signature-256`: `sha256=` and the hex of HMAC-SHA256 over the raw body under the app secret.",
    repeats: "The message's id (`mid`); for a button, its sender and moment.",
    no_lead: "Echoes, deliveries, reads and reactions; messages without an e-mail address or a phone number, since Meta tells none; lead ads, for which there is a kind of their own.",
    answer: "",
    notes: &[
        "An address or number is taken from what is written (a number needs its country code) and from the quick replies `user_email` and `user_phone_number`.",
        "The id that Meta gives the person for this page is kept as `custom.messenger_id`; an ad that opened the conversation as `custom.ad_id` and `custom.ref`.",
        "Lead ads arrive at the same address of Meta's but are no conversation: they need a source of their own, and an app of their own or a router before both.",
        "Handshake: `GET` with `hub.verify_token`; the challenge is sent back.",
    ],
    samples: &[
        sample!("messenger/text.json", JSON, "A message in which somebody writes an address, and its echo."),
        sample!("messenger/quick-reply.json", JSON, "An address chosen from what Meta offers, after an ad."),
        sample!("messenger/no-contact.json", JSON, "A message without an address: no lead yet."),
    ],
    sign,
};

/// Most messages of one request. Meta batches up to 1,000 updates, and most are no messages.
const MAX_MESSAGES: usize = 500;

fn read(_: &Door<'_>, incoming: &Incoming<'_>) -> Result<Reading, Refusal> {
    let document = decode::document(incoming.headers, incoming.body)?;
    let product = document.text_at("object").unwrap_or_default();
    let channel = match product.as_str() {
        "page" => "messenger",
        "instagram" => "instagram",
        _ => {
            return Err(Unparseable::Shape {
                place: "object",
                expected: "page or instagram",
            }
            .into());
        }
    };
    let mut drafts = Vec::new();
    for entry in document.items_at("entry") {
        for event in entry
            .items_at("messaging")
            .iter()
            .chain(entry.items_at("standby"))
        {
            if drafts.len() >= MAX_MESSAGES {
                return Err(Unparseable::TooManyRecords {
                    limit: MAX_MESSAGES,
                }
                .into());
            }
            if let Some(draft) = draft_of(event, channel)? {
                drafts.push(draft);
            }
        }
    }
    if drafts.is_empty() {
        return Ok(Reading::NotALead {
            why: "an update of Messenger in which no person says anything",
        });
    }
    Ok(Reading::Drafts(drafts))
}

fn draft_of(event: &Json, channel: &str) -> Result<Option<Draft>, Unparseable> {
    let sender = event.get("sender").and_then(|sender| sender.text_at("id"));
    let Some(sender) = sender else {
        return Ok(None);
    };
    let at = event.text_at("timestamp");
    let message = event.get("message");
    let postback = event.get("postback");
    let is_echo = message
        .and_then(|message| message.text_at("is_echo"))
        .as_deref()
        == Some("true");
    let (said, id) = match (message, postback) {
        (Some(message), _) if !is_echo => (message.text_at("text"), message.text_at("mid")),
        (None, Some(postback)) => (postback.text_at("title"), postback.text_at("mid")),
        _ => return Ok(None),
    };
    let chosen = message
        .and_then(|message| message.get("quick_reply"))
        .and_then(|reply| reply.text_at("payload"));
    let mut answers = Answers::default();
    // What is chosen comes first: it is an address by itself.
    let texts = [chosen.as_deref(), said.as_deref()];
    if let Some(email) = texts.iter().flatten().find_map(|text| email_in(text)) {
        answers.plain("email", email)?;
    }
    if let Some(phone) = texts.iter().flatten().find_map(|text| phone_in(text)) {
        answers.plain("phone", phone)?;
    }
    if let Some(said) = &said {
        answers.plain("message", said.as_str())?;
    }
    let referral = event
        .get("referral")
        .or_else(|| postback.and_then(|postback| postback.get("referral")))
        .or_else(|| message.and_then(|message| message.get("referral")));
    if let Some(referral) = referral {
        for (theirs, ours) in [
            ("ad_id", "ad_id"),
            ("ref", "ref"),
            ("source", "referral_source"),
        ] {
            if let Some(value) = referral.text_at(theirs) {
                answers.plain(ours, value)?;
            }
        }
    }
    answers.plain("messenger_id", sender.as_str())?;
    answers.plain("channel", channel)?;
    let id = id.or_else(|| at.as_ref().map(|at| format!("{sender}:{at}")));
    Ok(Some(Draft {
        answers,
        external_id: id,
        submitted_at: at.and_then(|at| moment(&at)),
        ..Draft::default()
    }))
}
