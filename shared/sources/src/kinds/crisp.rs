//! `crisp`: Crisp's webhooks about what visitors write and leave.

use super::{Kind, Reading};
use crate::about::{About, JSON, Signing, Trial, sample};
use crate::answers::{Answers, Draft};
use crate::decode::json::Json;
use crate::mentions::{email_in, phone_in};
use crate::moment::moment;
use crate::proof::{Hash, Scheme, Written};
use crate::refusal::{Refusal, Unauthorized, Unparseable};
use crate::{Door, Incoming, decode, proof};

pub(super) const KIND: Kind = Kind {
    waits_for_contact: true,
    ..Kind::webhook(verify, read)
};

pub(super) const ABOUT: About = About {
    title: "Crisp",
    takes: "Takes Crisp's webhooks `message:send` (what a visitor writes), `session:set_email`, `session:set_phone`, `session:set_nickname` and `session:set_data`.",
    setup: &[
        "Crisp Marketplace → your plugin (or Website settings → Advanced → Web hooks): add `{url}` for these events.",
        "Give Leadline the hook's signing secret as `secret`.",
    ],
    proof: "The header `X-Crisp-Signature`: the hex of HMAC-SHA256 over `[TIMESTAMP;BODY]`, where the timestamp is that of the header `X-Crisp-Request-Timestamp` (seconds or milliseconds, 5 minutes either way).",
    repeats: "The session together with what is told of it.",
    no_lead: "What operators write, other events, and what tells neither an address nor a number.",
    answer: "",
    notes: &[
        "Each event tells one thing about a session. An event with an address makes or finds the lead; a name or a message that comes before the address is not kept, unless the event itself holds an address.",
        "Variables of the session (`session:set_data`) are fields like those of a form, once there is an address among them.",
    ],
    samples: &[
        sample!("crisp/set-email.json", JSON, "A visitor leaves an address."),
        sample!("crisp/message.json", JSON, "A visitor writes an address into a message."),
        sample!("crisp/operator.json", JSON, "An operator answers: no lead."),
    ],
    sign,
};

const SCHEME: Scheme = Scheme {
    header: "X-Crisp-Signature",
    prefix: "",
    hash: Hash::Sha256,
    written: Written::Hex,
};

const TIMESTAMP: &str = "X-Crisp-Request-Timestamp";

/// How old a signature may be, in seconds. Crisp names no figure; this is what others ask for.
const TOLERANCE: i64 = 300;

fn sign(with: &Signing<'_>, trial: &mut Trial) {
    let timestamp = with.at.as_millisecond().to_string();
    let message = [b"[", timestamp.as_bytes(), b";", &trial.body, b"]"];
    let signature = proof::signature(&SCHEME, with.secret.as_bytes(), &message);
    trial.header(SCHEME.header, signature);
    trial.header(TIMESTAMP, timestamp);
}

fn verify(door: &Door<'_>, incoming: &Incoming<'_>) -> Result<(), Refusal> {
    proof::usable_secrets(door)?;
    let timestamp = proof::only_text(incoming.headers, TIMESTAMP)?;
    let message = [b"[", timestamp.as_bytes(), b";", incoming.body, b"]"];
    proof::signed(door, incoming, &SCHEME, &message)?;
    let wrong = Refusal::Unauthorized(Unauthorized::Wrong { header: TIMESTAMP });
    let at = moment(timestamp).ok_or(wrong)?;
    proof::fresh(incoming, TIMESTAMP, at, TOLERANCE)
}

fn read(_: &Door<'_>, incoming: &Incoming<'_>) -> Result<Reading, Refusal> {
    let document = decode::document(incoming.headers, incoming.body)?;
    let Some(event) = document.text_at("event") else {
        return Err(Unparseable::Shape {
            place: "event",
            expected: "what happened, such as message:send",
        }
        .into());
    };
    let Some(data) = document.get("data") else {
        return Err(Unparseable::Shape {
            place: "data",
            expected: "an object",
        }
        .into());
    };
    let mut answers = Answers::default();
    match event.as_str() {
        "message:send" if data.text_at("from").as_deref() != Some("operator") => {
            let said = match data.get("content") {
                Some(Json::Text(text)) => Some(text.clone()),
                Some(content) => content.text_at("text"),
                None => None,
            };
            if let Some(said) = said {
                if let Some(email) = email_in(&said) {
                    answers.plain("email", email)?;
                }
                if let Some(phone) = phone_in(&said) {
                    answers.plain("phone", phone)?;
                }
                answers.plain("message", said)?;
            }
            let user = data.get("user");
            if let Some(name) = user.and_then(|user| user.text_at("nickname")) {
                // Crisp calls whoever has no name `visitor` and a number.
                if !is_invented(&name) {
                    answers.plain("full_name", name)?;
                }
            }
        }
        "session:set_email" | "session:set_phone" | "session:set_nickname"
        | "session:set_data" => {
            for (theirs, ours) in [
                ("email", "email"),
                ("phone", "phone"),
                ("nickname", "full_name"),
            ] {
                if let Some(value) = data.text_at(theirs) {
                    answers.plain(ours, value)?;
                }
            }
            if let Some(own) = data.get("data") {
                own.flatten("", &mut answers)?;
            }
        }
        _ => {
            return Ok(Reading::NotALead {
                why: "an event of Crisp in which no visitor says anything",
            });
        }
    }
    answers.plain("channel", "crisp")?;
    Ok(Reading::Drafts(vec![Draft {
        answers,
        external_id: data.text_at("session_id"),
        grows: true,
        submitted_at: document.text_at("timestamp").and_then(|at| moment(&at)),
        ..Draft::default()
    }]))
}

fn is_invented(name: &str) -> bool {
    name.strip_prefix("visitor")
        .is_some_and(|rest| rest.chars().all(|character| character.is_ascii_digit()))
}
