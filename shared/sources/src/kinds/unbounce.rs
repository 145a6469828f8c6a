//! `unbounce`: Unbounce's webhook: a form that holds the answers as JSON in one of its fields.
//!
//! Nothing is signed and there is no id. Every value is a list.

use sha2::{Digest, Sha256};

use super::{Kind, Reading};
use crate::about::{About, URLENCODED, sample, sign_by_parameter};
use crate::answers::{Answers, Draft};
use crate::decode::json::{self, Json};
use crate::proof;
use crate::refusal::{Refusal, Unparseable};
use crate::{Door, Incoming, decode};

pub(super) const KIND: Kind = Kind::webhook(proof::shared_secret, read);

pub(super) const ABOUT: About = About {
    title: "Unbounce",
    takes: "Takes Unbounce's webhook: a form with the answers as JSON in `data.json`.",
    setup: &["Page → Integrations → Webhooks → Add webhook: `{url}?key=SECRET`."],
    proof: "The parameter `key` of the address is the source's secret. Unbounce signs nothing.",
    repeats: "Page, variant, date, time, address of the visitor and e-mail together: Unbounce has no id.",
    no_lead: "",
    answer: "",
    notes: &[
        "Page, page name and variant are kept as `custom.`; campaign parameters come from fields and from the parameters of `page_url`. The visitor's IP address is not kept.",
    ],
    samples: &[sample!("unbounce/lead.txt", URLENCODED, "A submission of a landing page with a campaign.")],
    sign: sign_by_parameter,
};

/// What tells one submission from another.
const MARKS: [&str; 5] = ["page_uuid", "variant", "date_submitted", "time_submitted", "ip_address"];

/// What is beside the answers in `data.json` and stands elsewhere too, or is not to be kept.
const NOT_ANSWERS: [&str; 7] = [
    "ip_address",
    "page_uuid",
    "page_name",
    "page_url",
    "variant",
    "time_submitted",
    "date_submitted",
];

fn read(_: &Door<'_>, incoming: &Incoming<'_>) -> Result<Reading, Refusal> {
    let posted = decode::form(incoming.headers, incoming.body)?;
    let value_of = |name: &str| {
        posted
            .iter()
            .find(|answer| answer.name == name)
            .map(|answer| answer.value.clone())
            .filter(|value| !value.trim().is_empty())
    };
    let Some(data) = value_of("data.json") else {
        return Err(Unparseable::Shape {
            place: "data.json",
            expected: "the answers as JSON",
        }
        .into());
    };
    let data = json::read(&data)?;
    let first_of = |name: &str| -> Option<String> {
        let value = data.get(name)?;
        value
            .scalar()
            .or_else(|| value.items().first().and_then(Json::scalar))
    };
    let mut answers = Answers::default();
    for (name, value) in data.members() {
        if !NOT_ANSWERS.contains(&name.as_str()) {
            value.flatten(name, &mut answers)?;
        }
    }
    for name in ["page_id", "page_name", "page_url", "variant"] {
        if let Some(value) = value_of(name).or_else(|| first_of(name)) {
            answers.plain(name, value)?;
        }
    }
    let mut hasher = Sha256::new();
    let page = value_of("page_id").or_else(|| value_of("page_uuid"));
    let marks = MARKS.iter().map(|name| first_of(name));
    for mark in std::iter::once(page).chain(marks).chain([first_of("email")]) {
        let mark = mark.unwrap_or_default();
        hasher.update((mark.len() as u64).to_be_bytes());
        hasher.update(mark.as_bytes());
    }
    // Without its moment it would be taken for the next one of the same person.
    let has_moment = first_of("date_submitted").is_some() && first_of("time_submitted").is_some();
    let id = has_moment.then(|| proof::hex(&hasher.finalize()[..16]));
    Ok(Reading::Drafts(vec![Draft {
        answers,
        external_id: id,
        ..Draft::default()
    }]))
}
