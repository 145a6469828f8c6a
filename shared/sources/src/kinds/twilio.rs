//! `twilio`: text messages (SMS, MMS, WhatsApp) and calls that come in on a number at Twilio.
//!
//! Twilio signs the address that it calls and every parameter, so the address is the configured one: what arrives here may
//! have been rewritten on its way. It wants TwiML back; an empty answer means that nothing is said.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{Kind, Reading};
use crate::about::{About, Signing, Trial, URLENCODED, sample};
use crate::answers::{Answers, Draft};
use crate::handshake::parameter;
use crate::mentions::email_in;
use crate::proof::{Hash, Scheme, Written};
use crate::refusal::{Refusal, Unauthorized, Unparseable};
use crate::reply::{Answered, Reply};
use crate::{Door, Incoming, decode, proof};

pub(super) const KIND: Kind = Kind {
    waits_for_contact: true,
    reply: Some(reply),
    ..Kind::webhook(verify, read)
};

pub(super) const ABOUT: About = About {
    title: "Twilio",
    takes: "Takes Twilio's webhook for incoming messages (SMS, MMS, WhatsApp) and calls, urlencoded or as JSON.",
    setup: &[
        "Phone Numbers → the number → Messaging → A message comes in: Webhook, `{url}`, HTTP POST.",
        "Give Leadline the account's auth token as `secret`, and exactly this address, without its query, as `public_url`.",
    ],
    proof: "The header `X-Twilio-Signature`: the base64 of HMAC-SHA1 under the auth token over the address as Twilio calls it, followed by every parameter's name and value, sorted by name. A JSON body is covered by the parameter `bodySHA256` of the address instead.",
    repeats: "`MessageSid`, else `SmsSid` or `CallSid`.",
    no_lead: "Status callbacks; `STOP` and its like, which Twilio itself keeps to; messages without a sender's number, such as those from short codes.",
    answer: "`200` with an empty TwiML document, so that nothing is said back. A refusal of the signature is `401`.",
    notes: &[
        "The number is that of the sender, also where it reads `whatsapp:+…`; `ProfileName` is the name. City, state and country that Twilio gives are those of the number and are kept under `custom.`.",
        "Two live auth tokens (primary and secondary) can stand in the secret, separated by a space.",
    ],
    samples: &[
        sample!("twilio/sms.txt", URLENCODED, "A text message."),
        sample!("twilio/whatsapp.txt", URLENCODED, "A message through WhatsApp, with a name."),
        sample!("twilio/stop.txt", URLENCODED, "Somebody opts out: no lead."),
        sample!("twilio/status.txt", URLENCODED, "That a message was delivered: no lead."),
    ],
    sign,
};

const SCHEME: Scheme = Scheme {
    header: "X-Twilio-Signature",
    prefix: "",
    hash: Hash::Sha1,
    written: Written::Base64,
};

/// The answer that says nothing.
const SILENCE: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response/>";

/// The parameter that covers a body which is no form.
const BODY_DIGEST: &str = "bodySHA256";

fn sign(with: &Signing<'_>, trial: &mut Trial) {
    let query = if trial.query.is_empty() {
        String::new()
    } else {
        format!("?{}", trial.query)
    };
    let message = format!("{}{query}{}", with.url, sorted(&trial.body));
    let signature = proof::signature(&SCHEME, with.secret.as_bytes(), &[message.as_bytes()]);
    trial.header(SCHEME.header, signature);
}

fn verify(door: &Door<'_>, incoming: &Incoming<'_>) -> Result<(), Refusal> {
    let mut message = proof::called_url(door, incoming)?;
    match parameter(incoming, BODY_DIGEST) {
        Some(digest) => {
            let made = proof::hex(&Sha256::digest(incoming.body));
            let is_same = made
                .as_bytes()
                .ct_eq(digest.to_ascii_lowercase().as_bytes());
            if !bool::from(is_same) {
                return Err(Refusal::Unauthorized(Unauthorized::WrongIn {
                    place: "the parameter `bodySHA256` of the address",
                }));
            }
        }
        None => message.push_str(&sorted(incoming.body)),
    }
    proof::signed(door, incoming, &SCHEME, &[message.as_bytes()])
}

/// Every name and value, without anything between them, sorted.
fn sorted(body: &[u8]) -> String {
    let mut parameters: Vec<_> = url::form_urlencoded::parse(body).collect();
    parameters.sort();
    // Of what stands twice in the same way, Twilio's libraries take one.
    parameters.dedup();
    parameters
        .into_iter()
        .flat_map(|(name, value)| [name, value])
        .collect()
}

fn read(_: &Door<'_>, incoming: &Incoming<'_>) -> Result<Reading, Refusal> {
    let sent = decode::form(incoming.headers, incoming.body)?;
    let at = |name: &str| {
        sent.iter()
            .find(|answer| answer.name == name && !answer.value.trim().is_empty())
            .map(|answer| answer.value.trim())
    };
    let id = at("MessageSid")
        .or(at("SmsSid"))
        .or(at("SmsMessageSid"))
        .or(at("CallSid"));
    let Some(id) = id else {
        return Err(Unparseable::Shape {
            place: "MessageSid",
            expected: "the id of a message or call",
        }
        .into());
    };
    let status = at("MessageStatus").or(at("SmsStatus"));
    if status.is_some_and(|status| !matches!(status, "received" | "receiving")) {
        return Ok(Reading::NotALead {
            why: "what became of a message of ours at Twilio",
        });
    }
    let said = at("Body").or(at("TranscriptionText")).or(at("SpeechResult"));
    if is_opt_out(at("OptOutType"), said) {
        return Ok(Reading::NotALead {
            why: "somebody who opted out, which Twilio itself keeps to",
        });
    }
    let mut answers = Answers::default();
    let from = at("From").unwrap_or_default();
    let (channel, number) = from.split_once(':').unwrap_or(("", from));
    // Short codes and names of senders are no numbers that anybody can call.
    if number.starts_with('+') {
        answers.plain("phone", number)?;
    }
    if let Some(name) = at("ProfileName").or(at("CallerName")) {
        answers.plain("full_name", name)?;
    }
    if let Some(said) = said {
        if let Some(email) = email_in(said) {
            answers.plain("email", email)?;
        }
        answers.plain("message", said)?;
    }
    let channel = match (channel, at("CallSid")) {
        ("", Some(_)) => "call",
        ("", None) => "sms",
        (other, _) => other,
    };
    answers.plain("channel", channel)?;
    for (theirs, ours) in [
        ("To", "to_number"),
        ("FromCity", "number_city"),
        ("FromState", "number_state"),
        ("FromCountry", "number_country"),
        ("ReferralCtwaClid", "ctwa_clid"),
        ("ReferralSourceId", "ad_id"),
        ("ReferralHeadline", "ad_headline"),
        ("ReferralSourceUrl", "page_url"),
    ] {
        if let Some(value) = at(theirs) {
            answers.plain(ours, value)?;
        }
    }
    Ok(Reading::Drafts(vec![Draft {
        answers,
        external_id: Some(id.to_owned()),
        ..Draft::default()
    }]))
}

/// The words to which Twilio reacts by itself, alone in a message.
fn is_opt_out(kind: Option<&str>, said: Option<&str>) -> bool {
    const WORDS: [&str; 8] = [
        "stop",
        "stopall",
        "unsubscribe",
        "cancel",
        "end",
        "quit",
        "revoke",
        "optout",
    ];
    kind == Some("STOP")
        || said.is_some_and(|said| {
            let said = said.trim_end_matches(['.', '!']).to_ascii_lowercase();
            WORDS.contains(&said.as_str())
        })
}

fn reply(_: &Door<'_>, _: &Incoming<'_>, answered: Answered<'_>) -> Option<Reply> {
    match answered {
        Answered::Accepted(_) | Answered::Offered(_) => Some(Reply::of(200, "text/xml; charset=utf-8", SILENCE)),
        Answered::Refused(_) | Answered::Unavailable => None,
    }
}
