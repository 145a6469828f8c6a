//! `google-ads`: the webhook of lead form assets.
//!
//! Google signs nothing: the key that was typed in beside the address comes back in every body as `google_key`. It is a
//! secret and is not kept. Ids are 64-bit integers and stay as they were written.

use super::{Kind, Reading};
use crate::about::{About, JSON, sample};
use crate::answers::{Answer, Answers, Draft};
use crate::decode::json::Json;
use crate::proof::{moment, same_secret, usable_secrets};
use crate::refusal::{Refusal, Unauthorized, Unparseable};
use crate::reply::{Answered, Reply};
use crate::{Accepted, Door, Incoming, decode};

pub(super) const KIND: Kind = Kind {
    reply: Some(reply),
    ..Kind::webhook(verify, read)
};

pub(super) const ABOUT: About = About {
    title: "Google Ads lead forms",
    takes: "Takes the webhook of a lead form asset: one lead in each request.",
    setup: &[
        "Google Ads → Assets → Lead form → Export leads → Other data integration options: webhook URL `{url}`.",
        "Type the value of the secret as its key.",
        "Press “Send test data”: it is answered `200` and makes no lead.",
    ],
    proof: "`google_key` in the body is the source's secret.",
    repeats: "`lead_id`, which is unique across all forms.",
    no_lead: "`is_test: true`.",
    answer: "`200 {}`; a refusal is `4xx {\"message\": …}`, which Google does not repeat, and what could not be made durable `503 {\"message\": …}`, which it does.",
    notes: &[
        "`gcl_id` is the lead's `gclid`. Ids of form, campaign, ad group, creative and asset group are kept as `custom.`; questions of your own under their names. Google sends no `utm_` parameters: `defaults = { utm_source = \"google\", utm_medium = \"cpc\" }` says where the leads are from.",
    ],
    samples: &[
        sample!("google-ads/lead.json", JSON, "A lead with a question of its own, and ids that no floating-point number holds."),
        sample!("google-ads/test-data.json", JSON, "What the button for test data sends."),
    ],
    sign: |with, trial| {
        let body = String::from_utf8_lossy(&trial.body);
        let key = serde_json::Value::from(with.secret).to_string();
        trial.body = body
            .replace("\"{secret}\"", &key)
            .into_bytes();
    },
};

const PLACE: &str =
    "the field `google_key` of the body, which Google fills with the key beside the webhook URL";

fn verify(door: &Door<'_>, incoming: &Incoming<'_>) -> Result<(), Refusal> {
    usable_secrets(door)?;
    let missing = Refusal::Unauthorized(Unauthorized::MissingIn { place: PLACE });
    // Whoever cannot write the key does not learn what else is wrong with the body.
    let document = decode::document(incoming.headers, incoming.body).map_err(|_| missing.clone())?;
    let key = document.text_at("google_key").ok_or(missing)?;
    same_secret(door, key.as_bytes(), Unauthorized::WrongIn { place: PLACE })
}

fn read(_: &Door<'_>, incoming: &Incoming<'_>) -> Result<Reading, Refusal> {
    let document = decode::document(incoming.headers, incoming.body)?;
    if matches!(document.get("is_test"), Some(Json::Flag(true))) {
        return Ok(Reading::NotALead {
            why: "test data of Google Ads",
        });
    }
    let Some(id) = document.text_at("lead_id") else {
        return Err(Unparseable::Shape {
            place: "lead_id",
            expected: "the id of the lead",
        }
        .into());
    };
    let mut answers = Answers::default();
    for column in document.get("user_column_data").map_or(&[][..], Json::items) {
        let label = column.text_at("column_name");
        let Some(name) = column.text_at("column_id").or_else(|| label.clone()) else {
            continue;
        };
        answers.push(Answer {
            name,
            label,
            hint: None,
            value: column.text_at("string_value").unwrap_or_default(),
        })?;
    }
    for (name, theirs) in [
        ("gclid", "gcl_id"),
        ("form_id", "form_id"),
        ("campaign_id", "campaign_id"),
        ("adgroup_id", "adgroup_id"),
        ("creative_id", "creative_id"),
        ("asset_group_id", "asset_group_id"),
        ("lead_source", "lead_source"),
        ("lead_stage", "lead_stage"),
    ] {
        if let Some(value) = document.text_at(theirs) {
            answers.plain(name, value)?;
        }
    }
    Ok(Reading::Drafts(vec![Draft {
        answers,
        external_id: Some(id),
        submitted_at: document
            .text_at("lead_submit_time")
            .and_then(|at| moment(&at)),
        ..Draft::default()
    }]))
}

fn reply(_: &Door<'_>, _: &Incoming<'_>, answered: Answered<'_>) -> Option<Reply> {
    let said = |status, message: &str| {
        Some(Reply::json(
            status,
            serde_json::json!({ "message": message }).to_string(),
        ))
    };
    match answered {
        Answered::Accepted(Accepted::Handshake(_)) => None,
        Answered::Accepted(_) | Answered::Offered(_) => Some(Reply::json(200, "{}")),
        Answered::Refused(refusal) => said(refusal.status(), &refusal.to_string()),
        Answered::Unavailable => said(503, "It could not be stored. Send it again."),
    }
}
