//! `tiktok`: lead generation ads, as far as their format is known.
//!
//! No description of the webhook's body could be confirmed. What is read is what integrations are seen to send: an id and a
//! list of named answers, wherever in the document they stand. So nothing here refuses a shape that it does not know.

use super::{Kind, Reading};
use crate::about::{About, JSON, sample, sign_by_parameter};
use crate::answers::{Answers, Draft};
use crate::proof::{self, moment};
use crate::refusal::Refusal;
use crate::{Door, Incoming, decode};

pub(super) const KIND: Kind = Kind::webhook(proof::shared_secret, read);

pub(super) const ABOUT: About = About {
    title: "TikTok lead generation",
    takes: "Takes JSON with an id and a list of answers, as integrations pass TikTok's leads on.",
    setup: &[
        "In the integration (Zapier, Make, LeadsBridge, or your own) post each lead as JSON to `{url}?key=SECRET`.",
    ],
    proof: "The header `X-Leadline-Secret`, or the parameter `key` of the address, is the source's secret.",
    repeats: "`lead_id`, else the content.",
    no_lead: "",
    answer: "",
    notes: &[
        "**Not confirmed:** TikTok's own description of the body was not found. Answers are taken from `data.field_data`, `field_data`, `answers` or `fields`; without any of these, from everything. A signature of TikTok's own is not looked at.",
    ],
    samples: &[sample!("tiktok/lead.json", JSON, "A lead as integrations pass it on.")],
    sign: sign_by_parameter,
};

/// Where answers stand.
const ANSWERS: [&str; 4] = ["field_data", "answers", "fields", "questions"];

/// When the person sent it.
const TIMES: [&str; 3] = ["create_time", "created_time", "submit_time"];

fn read(_: &Door<'_>, incoming: &Incoming<'_>) -> Result<Reading, Refusal> {
    let document = decode::document(incoming.headers, incoming.body)?;
    let lead = document.get("data").unwrap_or(&document);
    let mut answers = Answers::default();
    let listed = ANSWERS.iter().find_map(|name| lead.get(name));
    match listed {
        Some(listed) => {
            listed.flatten("", &mut answers)?;
            for (name, value) in lead.members() {
                if let Some(text) = value.scalar()
                    && name != "lead_id"
                    && !TIMES.contains(&name.as_str())
                {
                    answers.plain(name, text)?;
                }
            }
        }
        None => lead.flatten("", &mut answers)?,
    }
    if let Some(advertiser) = document.text_at("advertiser_id") {
        answers.plain("advertiser_id", advertiser)?;
    }
    let submitted_at = TIMES
        .iter()
        .find_map(|name| lead.text_at(name))
        .and_then(|at| moment(&at));
    Ok(Reading::Drafts(vec![Draft {
        answers,
        external_id: lead.text_at("lead_id").or_else(|| document.text_at("lead_id")),
        submitted_at,
        ..Draft::default()
    }]))
}
