//! `zendesk`: a webhook of Zendesk, with a body of the user's own or an event of Zendesk's.

use jiff::Timestamp;

use super::{Kind, Reading};
use crate::about::{About, JSON, Signing, Trial, sample};
use crate::answers::{Answers, Draft};
use crate::moment::moment;
use crate::proof::{Hash, Scheme, Written};
use crate::refusal::{Refusal, Unauthorized};
use crate::{Door, Incoming, decode, mapping, proof};

pub(super) const KIND: Kind = Kind {
    waits_for_contact: true,
    ..Kind::webhook(verify, read)
};

pub(super) const ABOUT: About = About {
    title: "Zendesk",
    takes: "Takes the body that a trigger or an automation of Zendesk posts, in JSON or as a form, and Zendesk's own events about users (`zen:event-type:user.…`).",
    setup: &[
        "Admin Center → Apps and integrations → Webhooks → Create: the endpoint URL is `{url}`, POST, JSON.",
        "Reveal the signing secret of the webhook, and give it to Leadline as `secret`.",
        "Trigger → Notify active webhook, with a body such as `{\"email\": \"{{ticket.requester.email}}\", \"name\": \"{{ticket.requester.name}}\", \"message\": \"{{ticket.description}}\", \"ticket\": \"{{ticket.id}}\"}`.",
    ],
    proof: "The header `X-Zendesk-Webhook-Signature`: the base64 of HMAC-SHA256 over the header `X-Zendesk-Webhook-Signature-Timestamp` followed by the raw body (5 minutes either way).",
    repeats: "The `id` of an event of Zendesk's; for a body of your own the content, within the source's window. A field that `external_id` is made of (in `map` or `fields`) tells repeats apart at any time.",
    no_lead: "Zendesk's events about anything but users, and what tells neither an address nor a number.",
    answer: "",
    notes: &[
        "Placeholders put what people wrote between quotes as it is; line breaks and tabs in there are taken.",
        "With `fields`, `records` or `only` the body is read as that of a `generic` source.",
    ],
    samples: &[
        sample!("zendesk/trigger.json", JSON, "The body of a trigger."),
        sample!("zendesk/user-created.json", JSON, "Zendesk's event that there is a new user."),
        sample!("zendesk/ticket-event.json", JSON, "An event about a ticket: no lead."),
    ],
    sign,
};

const SCHEME: Scheme = Scheme {
    header: "X-Zendesk-Webhook-Signature",
    prefix: "",
    hash: Hash::Sha256,
    written: Written::Base64,
};

const TIMESTAMP: &str = "X-Zendesk-Webhook-Signature-Timestamp";

/// How old a signature may be, in seconds. Zendesk names no figure; this is what others ask for.
const TOLERANCE: i64 = 300;

/// What the types of Zendesk's own events begin with.
const EVENT: &str = "zen:event-type:";

fn sign(with: &Signing<'_>, trial: &mut Trial) {
    let timestamp = Timestamp::from_second(with.at.as_second())
        .unwrap_or(with.at)
        .to_string();
    let message: [&[u8]; 2] = [timestamp.as_bytes(), &trial.body];
    let signature = proof::signature(&SCHEME, with.secret.as_bytes(), &message);
    trial.header(SCHEME.header, signature);
    trial.header(TIMESTAMP, timestamp);
}

fn verify(door: &Door<'_>, incoming: &Incoming<'_>) -> Result<(), Refusal> {
    proof::usable_secrets(door)?;
    let timestamp = proof::only_text(incoming.headers, TIMESTAMP)?;
    proof::signed(
        door,
        incoming,
        &SCHEME,
        &[timestamp.as_bytes(), incoming.body],
    )?;
    let wrong = Refusal::Unauthorized(Unauthorized::Wrong { header: TIMESTAMP });
    let at = moment(timestamp).ok_or(wrong)?;
    proof::fresh(incoming, TIMESTAMP, at, TOLERANCE)
}

fn read(door: &Door<'_>, incoming: &Incoming<'_>) -> Result<Reading, Refusal> {
    let document = decode::any(incoming.headers, incoming.body)?;
    let event = document.text_at("type").unwrap_or_default();
    let Some(topic) = event.strip_prefix(EVENT) else {
        return mapping::read(&document, None, door.source);
    };
    if mapping::is_configured(door.source) {
        return mapping::read(&document, None, door.source);
    }
    let detail = document
        .get("detail")
        .filter(|_| topic.starts_with("user.") && !topic.ends_with(".deleted"));
    let Some(detail) = detail else {
        return Ok(Reading::NotALead {
            why: "an event of Zendesk about something else than a user",
        });
    };
    if matches!(detail.text_at("role").as_deref(), Some("agent" | "admin")) {
        return Ok(Reading::NotALead {
            why: "an event of Zendesk about a colleague",
        });
    }
    let mut answers = Answers::default();
    for (theirs, ours) in [
        ("email", "email"),
        ("phone", "phone"),
        ("name", "full_name"),
        ("locale", "language"),
        ("notes", "message"),
    ] {
        if let Some(value) = detail.text_at(theirs) {
            answers.plain(ours, value)?;
        }
    }
    if let Some(own) = detail.get("user_fields") {
        own.flatten("", &mut answers)?;
    }
    Ok(Reading::Drafts(vec![Draft {
        answers,
        external_id: document.text_at("id"),
        submitted_at: document.text_at("time").and_then(|at| moment(&at)),
        ..Draft::default()
    }]))
}
