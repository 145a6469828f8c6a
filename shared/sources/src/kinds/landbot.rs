//! `landbot`: the message hook of a channel at Landbot, or a webhook block of a bot.
//!
//! Every message arrives, also those of the bot itself, each with all that the bot knows of the person. So a message of
//! somebody else than the person says nothing new, and is a repeat of what was known.

use super::{Kind, Reading};
use crate::about::{About, JSON, sample, sign_by_header};
use crate::answers::{Answers, Draft};
use crate::decode::json::Json;
use crate::mentions::email_in;
use crate::refusal::{Refusal, Unparseable};
use crate::{Door, Incoming, decode, proof};

pub(super) const KIND: Kind = Kind {
    waits_for_contact: true,
    ..Kind::webhook(proof::secret_or_authorization, read)
};

pub(super) const ABOUT: About = About {
    title: "Landbot",
    takes: "Takes the messages of Landbot's message hook, and the JSON of a webhook block of your own making.",
    setup: &[
        "Message hook: Channel → Message Hooks → add `{url}` with the secret as its token.",
        "Webhook block: POST to `{url}` with the header `X-Leadline-Secret`, and a JSON body of the variables that you collected.",
    ],
    proof: "`Authorization: Token …`, the header `X-Leadline-Secret`, or the parameter `key` of the address. Landbot signs nothing; its header for tokens is not confirmed by its documentation, the other two are yours to set.",
    repeats: "The customer together with what is known and what the customer said.",
    no_lead: "Messages of customers of whom neither address nor number is known yet.",
    answer: "",
    notes: &[
        "Every variable that the bot captured is a field like those of a form.",
        "That the hook wraps messages in `messages` is not confirmed; both shapes are taken.",
    ],
    samples: &[
        sample!("landbot/message.json", JSON, "A customer's message, with the variables of the bot."),
        sample!("landbot/block.json", JSON, "A webhook block with a body of one's own."),
        sample!("landbot/stranger.json", JSON, "A message of the bot to somebody unknown: no lead."),
    ],
    sign: sign_by_header,
};

/// Of the customer, what is about Landbot and not about the person.
const NOT_OF_THE_PERSON: [&str; 8] = [
    "id",
    "agent_id",
    "archived",
    "opt_in",
    "register_date",
    "last_message",
    "unread",
    "channel_id",
];

/// Most messages of one request.
const MAX_MESSAGES: usize = 100;

fn read(_: &Door<'_>, incoming: &Incoming<'_>) -> Result<Reading, Refusal> {
    let document = decode::lenient_document(incoming.headers, incoming.body)?;
    let messages = match document.get("messages") {
        Some(Json::List(messages)) => messages.as_slice(),
        _ => std::slice::from_ref(&document),
    };
    if messages.len() > MAX_MESSAGES {
        return Err(Unparseable::TooManyRecords {
            limit: MAX_MESSAGES,
        }
        .into());
    }
    let mut drafts = Vec::new();
    for message in messages {
        drafts.push(match message.get("customer") {
            Some(customer) => of_message(message, customer)?,
            None => of_block(message)?,
        });
    }
    if drafts.is_empty() {
        return Ok(Reading::NotALead {
            why: "no message at all",
        });
    }
    Ok(Reading::Drafts(drafts))
}

fn of_message(message: &Json, customer: &Json) -> Result<Draft, Unparseable> {
    let mut answers = Answers::default();
    for (name, value) in customer.members() {
        if NOT_OF_THE_PERSON.contains(&name.as_str()) {
            continue;
        }
        let name = match name.as_str() {
            "url" => "page_url",
            "name" => "full_name",
            other => other,
        };
        value.flatten(name, &mut answers)?;
    }
    let speaker = message
        .get("sender")
        .and_then(|sender| sender.text_at("type"));
    let said = message.get("data").and_then(|data| data.text_at("body"));
    if let Some(said) = said.filter(|_| speaker.as_deref() == Some("customer")) {
        if customer.text_at("email").is_none()
            && let Some(email) = email_in(&said)
        {
            answers.plain("email", email)?;
        }
        answers.plain("message", said)?;
    }
    let channel = message
        .get("channel")
        .and_then(|channel| channel.text_at("name"));
    if let Some(channel) = channel {
        answers.plain("channel", channel)?;
    }
    Ok(Draft {
        answers,
        external_id: customer.text_at("id"),
        grows: true,
        ..Draft::default()
    })
}

/// A body of one's own: every name in it is a field.
fn of_block(body: &Json) -> Result<Draft, Refusal> {
    if !matches!(body, Json::Object(_)) {
        return Err(Unparseable::Shape {
            place: "the body",
            expected: "a message of Landbot, or an object of variables",
        }
        .into());
    }
    let mut answers = Answers::default();
    body.flatten("", &mut answers)?;
    Ok(Draft {
        answers,
        ..Draft::default()
    })
}
