//! `whatsapp`: messages that people write to a business number, from Meta's WhatsApp Cloud API.
//!
//! Each message of a person is a submission under its own id (`wamid`); whoever writes again is known by the number. What
//! tells how a message fared, what the business itself wrote, reactions and messages that the API cannot show are no leads.

use std::collections::BTreeSet;

use super::{Kind, Reading};
use crate::about::{About, JSON, Signing, Trial, sample};
use crate::answers::{Answers, Draft};
use crate::decode::json::{self, Json};
use crate::handshake::HUB;
use crate::mentions::email_in;
use crate::moment::moment;
use crate::proof::{Hash, Scheme, Written};
use crate::refusal::{Refusal, Unparseable};
use crate::{Door, Incoming, decode, proof};

pub(super) const KIND: Kind = Kind {
    handshake: Some(HUB),
    waits_for_contact: true,
    ..Kind::webhook(verify, read)
};

pub(super) const ABOUT: About = About {
    title: "WhatsApp",
    takes: "Takes the webhook of Meta's WhatsApp Cloud API, the field `messages`: what people write to your number, their choices, and the answers of Flows.",
    setup: &[
        "Meta for Developers → your app → WhatsApp → Configuration → Webhook: the callback URL is `{url}`.",
        "The verify token is a word of your own; give Leadline the same one as `handshake_secret`.",
        "Give Leadline the app secret (App settings → Basic) as `secret`.",
        "Subscribe to the field `messages`.",
    ],
    proof: "The header `X-Hub-Signature-256`: `sha256=` and the hex of HMAC-SHA256 over the raw body under the app secret.",
    repeats: "The message's id (`wamid.…`).",
    no_lead: "Delivery and read statuses, echoes of what the business wrote, reactions, errors and messages of unsupported types; senders who show no number, until they write an address.",
    answer: "",
    notes: &[
        "The number is that of the sender, the name the one in the profile. Contacts that somebody shares are not taken for the sender.",
        "A click on an ad that opens WhatsApp leaves its page, `custom.ctwa_clid`, `custom.ad_id` (or `custom.post_id`) and `custom.ad_headline`.",
        "Answers of a Flow are fields like those of a form, by the names that the Flow gives them.",
        "Handshake: `GET` with `hub.verify_token`; the challenge is sent back.",
    ],
    samples: &[
        sample!("whatsapp/text.json", JSON, "A message of a person, twice in one request."),
        sample!("whatsapp/ad.json", JSON, "A message after a click on an ad."),
        sample!("whatsapp/flow.json", JSON, "The answers of a Flow."),
        sample!("whatsapp/hidden-number.json", JSON, "Somebody who shows no number and writes an address."),
        sample!("whatsapp/status.json", JSON, "That a message was read: no lead."),
    ],
    sign,
};

/// Meta's signature, of every product.
pub(super) const SCHEME: Scheme = Scheme {
    header: "X-Hub-Signature-256",
    prefix: "sha256=",
    hash: Hash::Sha256,
    written: Written::Hex,
};

pub(super) fn sign(with: &Signing<'_>, trial: &mut Trial) {
    let signature = proof::signature(&SCHEME, with.secret.as_bytes(), &[&trial.body]);
    trial.header(SCHEME.header, signature);
}

pub(super) fn verify(door: &Door<'_>, incoming: &Incoming<'_>) -> Result<(), Refusal> {
    proof::signed(door, incoming, &SCHEME, &[incoming.body])
}

/// Most messages of one request. Meta sends one to a few.
const MAX_MESSAGES: usize = 500;

fn read(_: &Door<'_>, incoming: &Incoming<'_>) -> Result<Reading, Refusal> {
    let document = decode::document(incoming.headers, incoming.body)?;
    if document.text_at("object").as_deref() != Some("whatsapp_business_account") {
        return Err(Unparseable::Shape {
            place: "object",
            expected: "whatsapp_business_account",
        }
        .into());
    }
    let mut drafts = Vec::new();
    let mut seen = BTreeSet::new();
    for entry in document.items_at("entry") {
        for change in entry.items_at("changes") {
            if change.text_at("field").as_deref() != Some("messages") {
                continue;
            }
            let Some(value) = change.get("value") else {
                continue;
            };
            for message in value.items_at("messages") {
                let Some(id) = message.text_at("id") else {
                    continue;
                };
                if !seen.insert(id.clone()) {
                    continue;
                }
                if seen.len() > MAX_MESSAGES {
                    return Err(Unparseable::TooManyRecords {
                        limit: MAX_MESSAGES,
                    }
                    .into());
                }
                if let Some(draft) = draft_of(message, value, id)? {
                    drafts.push(draft);
                }
            }
        }
    }
    if drafts.is_empty() {
        return Ok(Reading::NotALead {
            why: "a status, an echo or a reaction of WhatsApp",
        });
    }
    Ok(Reading::Drafts(drafts))
}

/// What one message says; nothing if no person wrote it.
fn draft_of(message: &Json, value: &Json, id: String) -> Result<Option<Draft>, Unparseable> {
    let kind = message.text_at("type").unwrap_or_default();
    if matches!(
        kind.as_str(),
        "reaction" | "unsupported" | "unknown" | "system" | "ephemeral"
    ) || message.get("errors").is_some()
    {
        return Ok(None);
    }
    let from = message
        .text_at("from")
        .or_else(|| message.text_at("from_user_id"))
        .unwrap_or_default();
    let own_number = value
        .get("metadata")
        .and_then(|metadata| metadata.text_at("display_phone_number"))
        .unwrap_or_default();
    if is_number(&from) && digits(&from) == digits(&own_number) {
        return Ok(None);
    }
    let contact = value.items_at("contacts").iter().find(|contact| {
        [contact.text_at("wa_id"), contact.text_at("user_id")].contains(&Some(from.clone()))
    });
    let mut answers = Answers::default();
    if is_number(&from) {
        answers.plain("phone", format!("+{}", digits(&from)))?;
    } else if let Some(number) = contact
        .and_then(|contact| contact.text_at("wa_id"))
        .filter(|number| is_number(number))
    {
        answers.plain("phone", format!("+{}", digits(&number)))?;
    }
    if let Some(contact) = contact {
        let name = contact
            .get("profile")
            .and_then(|profile| profile.text_at("name"));
        if let Some(name) = name {
            answers.plain("full_name", name)?;
        }
        if let Some(user) = contact.text_at("user_id") {
            answers.plain("whatsapp_user_id", user)?;
        }
    }
    let text = text_of(message, &kind, &mut answers)?;
    if let Some(text) = text {
        if let Some(email) = email_in(&text) {
            answers.plain("email", email)?;
        }
        answers.plain("message", text)?;
    }
    if !kind.is_empty() && kind != "text" {
        answers.plain("message_type", kind)?;
    }
    if let Some(referral) = message.get("referral") {
        add_referral(referral, &mut answers)?;
    }
    answers.plain("channel", "whatsapp")?;
    Ok(Some(Draft {
        answers,
        external_id: Some(id),
        submitted_at: message.text_at("timestamp").and_then(|at| moment(&at)),
        ..Draft::default()
    }))
}

/// What was written or chosen. Answers of a Flow are added by themselves.
fn text_of(
    message: &Json,
    kind: &str,
    answers: &mut Answers,
) -> Result<Option<String>, Unparseable> {
    let body = message.get(kind);
    let at = |key: &str| body.and_then(|body| body.text_at(key));
    Ok(match kind {
        "text" => at("body"),
        "button" => at("text"),
        "image" | "video" | "document" => at("caption"),
        "location" => at("name").or_else(|| at("address")),
        "order" => at("text"),
        "interactive" => {
            let Some(body) = body else {
                return Ok(None);
            };
            if let Some(reply) = body.get("nfm_reply") {
                return flow_answers(reply, answers);
            }
            let reply = body.get("button_reply").or_else(|| body.get("list_reply"));
            reply.and_then(|reply| reply.text_at("title"))
        }
        _ => None,
    })
}

/// The answers of a Flow are JSON in a text, and need not be an object.
fn flow_answers(reply: &Json, answers: &mut Answers) -> Result<Option<String>, Unparseable> {
    let Some(text) = reply.text_at("response_json") else {
        return Ok(None);
    };
    match json::read(&text) {
        Ok(Json::Object(members)) => {
            for (name, value) in members {
                // Whoever holds the token can answer in this person's name.
                if name != "flow_token" {
                    value.flatten(&name, answers)?;
                }
            }
            Ok(None)
        }
        Ok(other) => Ok(other.scalar()),
        Err(_) => Ok(Some(text)),
    }
}

/// Where a click came from that opened WhatsApp.
fn add_referral(referral: &Json, answers: &mut Answers) -> Result<(), Unparseable> {
    let is_post = referral.text_at("source_type").as_deref() == Some("post");
    for (theirs, ours) in [
        ("source_url", "page_url"),
        ("source_id", if is_post { "post_id" } else { "ad_id" }),
        ("ctwa_clid", "ctwa_clid"),
        ("headline", "ad_headline"),
    ] {
        if let Some(value) = referral.text_at(theirs) {
            answers.plain(ours, value)?;
        }
    }
    Ok(())
}

fn is_number(text: &str) -> bool {
    let length = digits(text).len();
    (7..=15).contains(&length)
        && text
            .chars()
            .all(|character| character.is_ascii_digit() || "+ -().".contains(character))
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}
