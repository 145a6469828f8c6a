//! `calendly`: Calendly's webhook subscriptions.
//!
//! A reschedule is a cancellation and a new booking; the booking is the one that counts.

use super::{Kind, Reading};
use crate::about::{About, JSON, sample};
use crate::answers::{Answers, Draft};
use crate::decode::json::Json;
use crate::proof::{self, Hash, Scheme, Written, fresh, moment};
use crate::refusal::{Refusal, Unauthorized, Unparseable};
use crate::{Door, Incoming, decode};

pub(super) const KIND: Kind = Kind::webhook(verify, read);

pub(super) const ABOUT: About = About {
    title: "Calendly",
    takes: "Takes webhook subscriptions, the event `invitee.created`.",
    setup: &[
        "`POST https://api.calendly.com/webhook_subscriptions` with `url` `{url}`, `events` `[\"invitee.created\"]`, your organization, and the value of the secret as `signing_key`.",
    ],
    proof: "The header `Calendly-Webhook-Signature`: `t=` and `v1=`, the hexadecimal HMAC-SHA256 over that time, a dot and the raw body under the signing key, not older than five minutes.",
    repeats: "`payload.uri`.",
    no_lead: "`invitee.canceled` and every other event. Of a reschedule the new booking counts.",
    answer: "",
    notes: &[
        "Questions are fields under their text; campaign parameters come from `tracking`; the number for text reminders is the phone number. The kind of meeting and its time are kept as `custom.`.",
    ],
    samples: &[
        sample!("calendly/created.json", JSON, "A booking with questions and a campaign."),
        sample!("calendly/canceled.json", JSON, "A cancellation: no lead."),
    ],
    sign: |with, trial| {
        let time = with.at.as_second().to_string();
        let message = [time.as_bytes(), b".", &trial.body];
        let signature = proof::signature(&SCHEME, with.secret.as_bytes(), &message);
        trial.header(SCHEME.header, format!("t={time},v1={signature}"));
    },
};

const SCHEME: Scheme = Scheme {
    header: "Calendly-Webhook-Signature",
    prefix: "",
    hash: Hash::Sha256,
    written: Written::Hex,
};

/// How old a signature may be, in seconds.
const WINDOW_SECONDS: i64 = 300;

fn verify(door: &Door<'_>, incoming: &Incoming<'_>) -> Result<(), Refusal> {
    proof::usable_secrets(door)?;
    let wrong = Refusal::Unauthorized(Unauthorized::Wrong {
        header: SCHEME.header,
    });
    let given = proof::only_text(incoming.headers, SCHEME.header)?;
    let part = |name: &str| {
        given
            .split(',')
            .filter_map(|part| part.trim().split_once('='))
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    };
    let (Some(time), Some(signature)) = (part("t"), part("v1")) else {
        return Err(wrong);
    };
    let at = moment(time).ok_or(wrong)?;
    let message = [time.as_bytes(), b".", incoming.body];
    proof::signature_matches(door, &SCHEME, signature.as_bytes(), &message)?;
    fresh(incoming, SCHEME.header, at, WINDOW_SECONDS)
}

fn read(_: &Door<'_>, incoming: &Incoming<'_>) -> Result<Reading, Refusal> {
    let document = decode::document(incoming.headers, incoming.body)?;
    if document.text_at("event").as_deref() != Some("invitee.created") {
        return Ok(Reading::NotALead {
            why: "an event of Calendly that is no new booking",
        });
    }
    let shape = |place, expected| Refusal::from(Unparseable::Shape { place, expected });
    let invitee = document
        .get("payload")
        .ok_or(shape("payload", "the invitee"))?;
    let id = invitee
        .text_at("uri")
        .ok_or(shape("payload.uri", "the address of the invitee"))?;
    let mut answers = Answers::default();
    for name in ["email", "first_name", "last_name", "name"] {
        if let Some(value) = invitee.text_at(name) {
            answers.plain(name, value)?;
        }
    }
    if let Some(phone) = invitee.text_at("text_reminder_number") {
        answers.plain("phone", phone)?;
    }
    for question in invitee
        .get("questions_and_answers")
        .map_or(&[][..], Json::items)
    {
        if let (Some(name), Some(value)) = (question.text_at("question"), question.text_at("answer"))
        {
            answers.spoken(&name, None, value)?;
        }
    }
    for (name, value) in invitee.get("tracking").map_or(&[][..], Json::members) {
        if let Some(value) = value.scalar() {
            answers.plain(name, value)?;
        }
    }
    if let Some(zone) = invitee.text_at("timezone") {
        answers.plain("custom.timezone", zone)?;
    }
    let event = invitee.get("scheduled_event").or_else(|| invitee.get("event"));
    for (name, theirs) in [("custom.meeting", "name"), ("custom.meeting_at", "start_time")] {
        if let Some(value) = event.and_then(|event| event.text_at(theirs)) {
            answers.plain(name, value)?;
        }
    }
    Ok(Reading::Drafts(vec![Draft {
        answers,
        external_id: Some(id),
        submitted_at: invitee
            .text_at("created_at")
            .or_else(|| document.text_at("created_at"))
            .and_then(|at| moment(&at)),
        ..Draft::default()
    }]))
}
