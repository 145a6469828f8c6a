//! `webflow`: Webflow's webhook `form_submission`, in its present and its former shape.
//!
//! Webhooks that an app made are signed with their time; those that were made in the dashboard are not, and give the
//! secret in the address. Values can be numbers, phone numbers among them.

use domain::field::Field;

use super::{Kind, Reading};
use crate::about::{About, JSON, sample};
use crate::answers::{Answer, Answers, Draft, spoken_name};
use crate::decode::json::Json;
use crate::proof::{self, Hash, Scheme, Written, fresh, moment};
use crate::refusal::{Refusal, Unauthorized, Unparseable};
use crate::vocabulary::Meaning;
use crate::{Door, Incoming, decode};

pub(super) const KIND: Kind = Kind::webhook(verify, read);

pub(super) const ABOUT: About = About {
    title: "Webflow",
    takes: "Takes the webhook `form_submission`, of version 2 and of version 1.",
    setup: &[
        "Made in the dashboard (Site settings → Apps & integrations → Webhooks → Form submission): `{url}?key=SECRET`.",
        "Made by an app or by the API: `{url}`, and the secret is the app's client secret, or the webhook's own `secretKey`.",
    ],
    proof: "The header `x-webflow-signature`: the hexadecimal HMAC-SHA256 over `x-webflow-timestamp`, a colon and the raw body, not older than five minutes. Without that header, the parameter `key` of the address is the secret.",
    repeats: "`payload.id`, or `_id` in version 1.",
    no_lead: "Triggers other than `form_submission`.",
    answer: "",
    notes: &[],
    samples: &[
        sample!("webflow/v2.json", JSON, "Version 2, with a phone number that is a number."),
        sample!("webflow/v1.json", JSON, "Version 1."),
    ],
    sign: |with, trial| {
        let time = with.at.as_millisecond().to_string();
        let message = [time.as_bytes(), b":", &trial.body];
        let signature = proof::signature(&SCHEME, with.secret.as_bytes(), &message);
        trial.header(SCHEME.header, signature);
        trial.header(TIME_HEADER, time);
    },
};

const SCHEME: Scheme = Scheme {
    header: "x-webflow-signature",
    prefix: "",
    hash: Hash::Sha256,
    written: Written::Hex,
};

const TIME_HEADER: &str = "x-webflow-timestamp";

/// How old a signature may be, in seconds.
const WINDOW_SECONDS: i64 = 300;

fn verify(door: &Door<'_>, incoming: &Incoming<'_>) -> Result<(), Refusal> {
    if !incoming.headers.contains_key(SCHEME.header) {
        return proof::shared_secret(door, incoming);
    }
    proof::usable_secrets(door)?;
    let time = proof::only_text(incoming.headers, TIME_HEADER)?;
    let at = moment(time).ok_or(Refusal::Unauthorized(Unauthorized::Wrong {
        header: TIME_HEADER,
    }))?;
    let message = [time.as_bytes(), b":", incoming.body];
    proof::signed(door, incoming, &SCHEME, &message)?;
    fresh(incoming, TIME_HEADER, at, WINDOW_SECONDS)
}

fn read(_: &Door<'_>, incoming: &Incoming<'_>) -> Result<Reading, Refusal> {
    let document = decode::document(incoming.headers, incoming.body)?;
    if document
        .text_at("triggerType")
        .is_some_and(|trigger| trigger != "form_submission")
    {
        return Ok(Reading::NotALead {
            why: "an event of Webflow that is no form",
        });
    }
    let submission = document.get("payload").unwrap_or(&document);
    let Some(Json::Object(fields)) = submission.get("data") else {
        return Err(Unparseable::Shape {
            place: "payload.data",
            expected: "the fields of the form",
        }
        .into());
    };
    let schema = submission.get("schema").map_or(&[][..], Json::items);
    let mut answers = Answers::default();
    for (label, value) in fields {
        let kind = schema
            .iter()
            .find(|field| field.text_at("fieldName").as_deref() == Some(label))
            .and_then(|field| field.text_at("fieldType"))
            .unwrap_or_default();
        let hint = match kind.to_ascii_lowercase() {
            kind if kind.contains("email") => Some(Meaning::Field(Field::Email)),
            kind if kind.contains("phone") || kind.contains("tel") => {
                Some(Meaning::Field(Field::Phone))
            }
            _ => None,
        };
        match value.scalar() {
            Some(value) => answers.push(Answer {
                name: spoken_name(label),
                label: None,
                hint,
                value,
            })?,
            None => value.flatten(&spoken_name(label), &mut answers)?,
        }
    }
    for (name, theirs) in [
        ("form_id", "formId"),
        ("form_name", "name"),
        ("page_url", "pageUrl"),
        ("page_id", "pageId"),
        ("site_id", "siteId"),
    ] {
        if let Some(value) = submission.text_at(theirs) {
            answers.plain(name, value)?;
        }
    }
    let first = |keys: &[&str]| keys.iter().find_map(|key| submission.text_at(key));
    Ok(Reading::Drafts(vec![Draft {
        answers,
        external_id: first(&["id", "_id"]),
        submitted_at: first(&["submittedAt", "d"]).and_then(|at| moment(&at)),
        ..Draft::default()
    }]))
}
