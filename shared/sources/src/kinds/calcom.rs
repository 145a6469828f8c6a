//! `calcom`: Cal.com's webhooks, with their own body or one that the user has made up.

use super::{Kind, Reading};
use crate::about::{About, JSON, sample};
use crate::answers::{Answers, Draft};
use crate::decode::json::Json;
use crate::proof::{self, Hash, Scheme, Written, moment};
use crate::refusal::Refusal;
use crate::{Door, Incoming, decode};

pub(super) const KIND: Kind = Kind::webhook(verify, read);

pub(super) const ABOUT: About = About {
    title: "Cal.com",
    takes: "Takes Cal.com's webhooks: bookings and routing forms.",
    setup: &[
        "Settings → Developer → Webhooks → New: subscriber URL `{url}`, and the value of the secret.",
        "Event triggers: Booking created, and, if they are leads to you, Booking requested, Booking rescheduled and Form submitted.",
    ],
    proof: "The header `X-Cal-Signature-256`: the hexadecimal HMAC-SHA256 over the raw body under the secret.",
    repeats: "`payload.uid` together with the trigger; the content for a body without it.",
    no_lead: "Every trigger but `BOOKING_CREATED`, `BOOKING_REQUESTED`, `BOOKING_RESCHEDULED` and `FORM_SUBMITTED`, such as cancellations and the ping.",
    answer: "",
    notes: &[
        "The first attendee is the lead, guests are not. A body of your own (“Custom payload template”) is read like a form's.",
    ],
    samples: &[
        sample!("calcom/created.json", JSON, "A booking."),
        sample!("calcom/cancelled.json", JSON, "A cancellation: no lead."),
        sample!("calcom/template.json", JSON, "A body that the user has made up."),
    ],
    sign: |with, trial| {
        let signature = proof::signature(&SCHEME, with.secret.as_bytes(), &[&trial.body]);
        trial.header(SCHEME.header, signature);
    },
};

const SCHEME: Scheme = Scheme {
    header: "X-Cal-Signature-256",
    prefix: "",
    hash: Hash::Sha256,
    written: Written::Hex,
};

/// Triggers by which somebody wants something of us.
const LEADS: [&str; 4] = [
    "BOOKING_CREATED",
    "BOOKING_REQUESTED",
    "BOOKING_RESCHEDULED",
    "FORM_SUBMITTED",
];

/// Answers that are about the booking or about others, not about the person.
const NOT_ANSWERS: [&str; 4] = ["guests", "location", "rescheduleReason", "title"];

fn verify(door: &Door<'_>, incoming: &Incoming<'_>) -> Result<(), Refusal> {
    proof::signed(door, incoming, &SCHEME, &[incoming.body])
}

fn read(_: &Door<'_>, incoming: &Incoming<'_>) -> Result<Reading, Refusal> {
    let document = decode::document(incoming.headers, incoming.body)?;
    let Some(trigger) = document.text_at("triggerEvent") else {
        let mut answers = Answers::default();
        document.flatten("", &mut answers)?;
        return Ok(Reading::Drafts(vec![Draft {
            answers,
            ..Draft::default()
        }]));
    };
    if !LEADS.contains(&trigger.as_str()) {
        return Ok(Reading::NotALead {
            why: "an event of Cal.com by which nobody asks for anything",
        });
    }
    let booking = document.get("payload").unwrap_or(&document);
    let mut answers = Answers::default();
    for place in ["responses", "userFieldsResponses"] {
        for (key, response) in booking.get(place).map_or(&[][..], Json::members) {
            if !NOT_ANSWERS.contains(&key.as_str()) {
                add(key, response, &mut answers)?;
            }
        }
    }
    let attendee = booking
        .get("attendees")
        .and_then(|attendees| attendees.items().first());
    if let Some(attendee) = attendee {
        for (name, theirs) in [
            ("email", "email"),
            ("name", "name"),
            ("phone", "phoneNumber"),
            ("custom.timezone", "timeZone"),
        ] {
            let is_known = answers.iter().any(|answer| answer.name == name);
            if let Some(value) = attendee.text_at(theirs).filter(|_| !is_known) {
                answers.plain(name, value)?;
            }
        }
        let locale = attendee
            .get("language")
            .and_then(|language| language.text_at("locale"));
        if let Some(locale) = locale {
            answers.plain("language", locale)?;
        }
    }
    for (name, theirs) in [
        ("custom.meeting", "eventTitle"),
        ("custom.meeting_at", "startTime"),
        ("message", "additionalNotes"),
        ("form_id", "formId"),
        ("form_name", "formName"),
    ] {
        if let Some(value) = booking.text_at(theirs) {
            answers.plain(name, value)?;
        }
    }
    let id = booking
        .text_at("uid")
        .or_else(|| booking.text_at("formResponseId"))
        .map(|id| format!("{id} {trigger}"));
    Ok(Reading::Drafts(vec![Draft {
        answers,
        external_id: id,
        submitted_at: document.text_at("createdAt").and_then(|at| moment(&at)),
        ..Draft::default()
    }]))
}

/// `{label, value}`, or a bare value; a value may have parts (`{firstName, lastName}`).
fn add(key: &str, response: &Json, answers: &mut Answers) -> Result<(), Refusal> {
    let label = response.text_at("label");
    let value = match response {
        Json::Object(_) => response.get("value"),
        other => Some(other),
    };
    match value {
        None | Some(Json::Null) => {}
        Some(value) => match value.scalar() {
            Some(text) => answers.spoken(key, label.as_deref(), text)?,
            None if value.get("firstName").is_some() => {
                for (name, theirs) in [("first_name", "firstName"), ("last_name", "lastName")] {
                    if let Some(part) = value.text_at(theirs) {
                        answers.plain(name, part)?;
                    }
                }
            }
            None => value.flatten(key, answers)?,
        },
    }
    Ok(())
}
