//! `chatbot`: a conversation that a bot hands over as plain JSON.
//!
//! ```json
//! {
//!   "conversation_id": "c-17",
//!   "variables": { "email": "ada@example.com", "company": "Example Ltd" },
//!   "transcript": [ { "from": "bot", "text": "How can I help?" }, { "from": "visitor", "text": "A quote, please." } ],
//!   "channel": "website", "language": "en", "page_url": "https://www.example.com/pricing"
//! }
//! ```
//!
//! Variables (also under `attributes`, `lead`, `contact`, `visitor`, `user`) are understood like the fields of a form, and so
//! is everything else beside them. The same hand-off again is a repeat at any time. The same conversation with anything
//! changed is a submission of its own: it tells more of the same person, and is merged with what is known.

use super::{Kind, Reading};
use crate::about::{About, JSON, sample, sign_by_header};
use crate::answers::{Answers, Draft};
use crate::decode::json::Json;
use crate::refusal::{Refusal, Unparseable};
use crate::{Door, Incoming, decode, proof};

pub(super) const KIND: Kind = Kind {
    answer_is_read: true,
    ..Kind::webhook(proof::optional_secret, read)
};

pub(super) const ABOUT: About = About {
    title: "Chatbot",
    takes: "Takes one JSON object: a conversation's id, what the bot found out, and what was said. For bots that call an address of your own with a body of your own.",
    setup: &["Have the bot post JSON to `{url}` when it hands over."],
    proof: "None unless the source has a `secret`; then the header `X-Leadline-Secret`, or the parameter `key` of the address, must be its value.",
    repeats: "The conversation's id together with the content. The same hand-off is a repeat at any time; the same conversation with anything changed is a submission of its own, and is merged with what is known.",
    no_lead: "",
    answer: "",
    notes: &[
        "The id may also be called `conversationId`, `session_id`, `chat_id` or `id`; the variables may stand under `attributes`, `lead`, `contact`, `visitor`, `user`, `customer`, `fields` or `answers`, or beside everything else; the transcript may be called `messages` or `history` and be a list or a text.",
        "The transcript becomes part of the lead's message, as far back from its end as there is room.",
        include_str!("chatbot/examples.md"),
    ],
    samples: &[sample!("chatbot/handoff.json", JSON, "A conversation that is handed over, with its transcript.")],
    sign: sign_by_header,
};

/// Where bots put the id of a conversation; the first that is there counts.
const ID_KEYS: [&str; 8] = [
    "conversation_id",
    "conversationId",
    "conversation",
    "session_id",
    "sessionId",
    "chat_id",
    "chatId",
    "id",
];

/// Where they put what they asked for.
const VARIABLE_KEYS: [&str; 9] = [
    "variables",
    "attributes",
    "lead",
    "contact",
    "visitor",
    "user",
    "customer",
    "fields",
    "answers",
];

/// Where they put what was said.
const TRANSCRIPT_KEYS: [&str; 4] = ["transcript", "messages", "history", "conversation"];

/// Longest name of a speaker in the transcript, in characters.
const MAX_SPEAKER: usize = 40;

fn read(_: &Door<'_>, incoming: &Incoming<'_>) -> Result<Reading, Refusal> {
    let document = decode::document(incoming.headers, incoming.body)?;
    if !matches!(document, Json::Object(_)) {
        return Err(Unparseable::Shape {
            place: "the body",
            expected: "one JSON object with variables and a transcript",
        }
        .into());
    }
    let id = ID_KEYS
        .iter()
        .find_map(|key| document.text_at(key).map(|id| (*key, id)));
    let mut answers = Answers::default();
    let mut transcript = Vec::new();
    for (key, value) in document.members() {
        let is_id = id.as_ref().is_some_and(|(id_key, _)| id_key == key);
        if is_id {
            continue;
        }
        if TRANSCRIPT_KEYS.contains(&key.as_str()) && !matches!(value, Json::Object(_)) {
            add_lines(value, &mut transcript)?;
        } else if VARIABLE_KEYS.contains(&key.as_str()) && !matches!(value, Json::Text(_)) {
            value.flatten("", &mut answers)?;
        } else {
            value.flatten(key, &mut answers)?;
        }
    }
    Ok(Reading::Drafts(vec![Draft {
        answers,
        transcript,
        external_id: id.map(|(_, id)| id),
        grows: true,
        ..Draft::default()
    }]))
}

/// Adds what was said, oldest first, as `speaker: text`. Messages without text (pictures, events) are passed over.
fn add_lines(transcript: &Json, lines: &mut Vec<String>) -> Result<(), Unparseable> {
    if let Some(text) = transcript.scalar() {
        lines.extend(text.lines().map(str::to_owned));
    }
    for message in transcript.items() {
        let text = message.scalar().or_else(|| {
            ["text", "message", "content", "body"]
                .iter()
                .find_map(|key| message.text_at(key))
        });
        let Some(text) = text
            .map(|text| text.trim().to_owned())
            .filter(|text| !text.is_empty())
        else {
            continue;
        };
        let speaker = ["from", "role", "sender", "author", "name"]
            .iter()
            .find_map(|key| message.text_at(key));
        lines.push(match speaker {
            Some(speaker) => format!(
                "{}: {text}",
                speaker.trim().chars().take(MAX_SPEAKER).collect::<String>()
            ),
            None => text,
        });
    }
    match lines.iter().position(|line| line.contains('\0')) {
        Some(index) => Err(Unparseable::Nul {
            position: index + 1,
        }),
        None => Ok(()),
    }
}
