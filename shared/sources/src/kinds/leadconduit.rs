//! `leadconduit`: posts in the shape of LeadConduit, which many lead vendors use: a query, a form, JSON or XML.
//!
//! Its vendors know its quirks and rely on them, so these are kept: the query stands before the body, dotted names nest, an
//! outcome says what became of the lead. One is not: `redir_url` would let anybody make this address send people anywhere.

use std::collections::BTreeSet;

use domain::vendor::Answer as Said;
use serde_json::{Value, json};

use super::{Kind, Reading};
use crate::about::{About, JSON, URLENCODED, sample, sign_by_header};
use crate::answers::{Answer, Answers, Draft};
use crate::proof::SECRET_PARAMETER;
use crate::refusal::{Refusal, Unparseable};
use crate::reply::{Answered, Reply};
use crate::{Accepted, Door, Incoming, Parsed, decode, proof};

pub(super) const KIND: Kind = Kind {
    methods: &["POST", "GET"],
    answer_is_read: true,
    reply: Some(reply),
    ..Kind::webhook(proof::secret_or_authorization, read)
};

pub(super) const ABOUT: About = About {
    title: "LeadConduit and vendors of its shape",
    takes: "Takes what LeadConduit's vendors post: a query (`GET` or `POST`), `application/x-www-form-urlencoded`, `multipart/form-data`, `application/json`, `application/xml` or `text/xml`.",
    setup: &[
        "Give the vendor `{url}` and the secret, to be sent as the header `X-Leadline-Secret`; or the address `{url}?key=SECRET`.",
        "Have it read `outcome` and `reason` of the answer.",
    ],
    proof: "The header `X-Leadline-Secret`, the parameter `key` of the address, or `Authorization` with the secret as password or token.",
    repeats: "A field `external_id` (by `map`), else the content, within the source's window.",
    no_lead: "",
    answer: "`201 {\"outcome\": \"success\", \"lead\": {\"id\": \"sub_…\"}}`; `201` with `failure` and a `reason` where fields are wrong; `error` with the status of the refusal where it cannot be read, is not proved, or could not be kept. In XML (`<result>`) for who sends XML or asks for it with `Accept`.",
    notes: &[
        "Parameters of the address stand before fields of the body. Names with dots nest; a name that is both a value and a group (`a` and `a.b`) is refused with `400`. In JSON, raw tabs and line breaks inside texts are taken. Of XML the root's name does not matter, and attributes are fields.",
        "`phone_1`, `address_1`, `postal_code`, `trustedform_cert_url` and `universal_leadid` are understood; `redir_url` is neither followed nor kept.",
        "With `answer_field_errors = false` wrong fields are quarantined, and the outcome is `success`.",
        "With `vendor = \"NAME\"` its contract answers: `success` with a `price`, or `failure` with the reason (a duplicate, a cap that is reached, a criterion that is not met). See [vendors.md](vendors.md).",
    ],
    samples: &[
        sample!("leadconduit/form.txt", URLENCODED, "A form with nested names."),
        sample!("leadconduit/raw-tab.json", JSON, "JSON with a raw tab inside a text."),
        sample!("leadconduit/lead.xml", "text/xml", "XML with attributes."),
        sample!("POST", "utm_source=partner&postal_code=94105", "leadconduit/query-over-body.txt", &[("content-type", URLENCODED)], "A query that stands before the body."),
    ],
    sign: sign_by_header,
};

/// What steers LeadConduit and is no field of a lead, in small letters.
const NOT_OF_THE_PERSON: [&str; 4] = ["redir_url", "callback", "flow_id", "source_id"];

fn read(_: &Door<'_>, incoming: &Incoming<'_>) -> Result<Reading, Refusal> {
    let mut first = Answers::default();
    if let Some(query) = incoming.query {
        decode::query(query, &mut first)?;
    }
    let of_query: BTreeSet<&str> = first.iter().map(|answer| answer.name.as_str()).collect();
    let mut answers = Answers::default();
    if !incoming.body.is_empty() {
        let mut body = Answers::default();
        decode::any(incoming.headers, incoming.body)?.flatten("", &mut body)?;
        for answer in body.iter().filter(|answer| !is_over(&of_query, &answer.name)) {
            take(answer, &mut answers)?;
        }
    } else if first.iter().next().is_none() {
        return Err(Unparseable::Empty.into());
    }
    for answer in first.iter() {
        take(answer, &mut answers)?;
    }
    refuse_conflicts(&answers)?;
    Ok(Reading::Drafts(vec![Draft {
        answers,
        ..Draft::default()
    }]))
}

/// Whether the query says this field, or the group that it is in, or a part of it.
fn is_over(of_query: &BTreeSet<&str>, name: &str) -> bool {
    of_query.iter().any(|known| {
        *known == name || is_within(name, known) || is_within(known, name)
    })
}

fn is_within(name: &str, group: &str) -> bool {
    name.strip_prefix(group)
        .is_some_and(|rest| rest.starts_with('.'))
}

fn take(answer: &Answer, answers: &mut Answers) -> Result<(), Unparseable> {
    let name = answer.name.to_ascii_lowercase();
    if name == SECRET_PARAMETER || NOT_OF_THE_PERSON.contains(&name.as_str()) {
        return Ok(());
    }
    answers.plain(&answer.name, answer.value.as_str())
}

/// A name cannot be a value and a group of others.
fn refuse_conflicts(answers: &Answers) -> Result<(), Refusal> {
    let names: BTreeSet<&str> = answers.iter().map(|answer| answer.name.as_str()).collect();
    for name in &names {
        for (at, _) in name.match_indices('.') {
            if names.contains(&name[..at]) {
                return Err(Unparseable::Conflict {
                    place: name.chars().take(80).collect(),
                }
                .into());
            }
        }
    }
    Ok(())
}

fn reply(_: &Door<'_>, incoming: &Incoming<'_>, answered: Answered<'_>) -> Option<Reply> {
    let mut price = None;
    let (status, outcome, reason, id) = match answered {
        Answered::Offered(offers) => {
            let (id, offer) = offers.first()?;
            let id = Some(id.to_string());
            match offer {
                // What is looked at later is taken.
                None => (201, "success", None, id),
                Some(offer) => {
                    let is_taken =
                        matches!(offer.answer, Said::Accepted { .. } | Said::Held);
                    if let Said::Accepted { price: Some(agreed), .. } = &offer.answer {
                        price = Some(agreed.decimal());
                    }
                    let outcome = if is_taken { "success" } else { "failure" };
                    (201, outcome, offer.answer.reason(), id)
                }
            }
        }
        Answered::Accepted(Accepted::Submissions(parsed)) => {
            let id = parsed.first().map(Parsed::id).map(|id| id.to_string());
            (201, "success", None, id)
        }
        Answered::Accepted(_) => return None,
        Answered::Refused(Refusal::Fields(problems)) => {
            let reasons: Vec<String> = problems
                .iter()
                .map(|problem| format!("{}: {}", problem.field, problem.message))
                .collect();
            (201, "failure", Some(reasons.join("; ")), None)
        }
        Answered::Refused(refusal) => {
            let reason = format!("{} {}", refusal.sentence(), refusal.detail());
            (refusal.status(), "error", Some(reason), None)
        }
        Answered::Unavailable => {
            let reason = "The lead could not be kept; send it again in a minute.";
            (503, "error", Some(reason.to_owned()), None)
        }
    };
    let mut reply = if wants_xml(incoming) {
        Reply::of(
            status,
            "application/xml; charset=utf-8",
            in_xml(outcome, reason.as_deref(), id.as_deref(), price.as_deref()),
        )
    } else {
        Reply::json(status, in_json(outcome, reason, id, price.as_deref()).to_string())
    };
    match answered {
        Answered::Refused(Refusal::MethodNotAllowed { allow }) => {
            reply.headers.push(("allow", allow.clone()));
        }
        Answered::Unavailable => reply.headers.push(("retry-after", "60".to_owned())),
        _ => {}
    }
    Some(reply)
}

fn in_json(
    outcome: &str,
    reason: Option<String>,
    id: Option<String>,
    price: Option<&str>,
) -> Value {
    let mut body = json!({ "outcome": outcome });
    if let Some(reason) = reason {
        body["reason"] = reason.into();
    }
    if let Some(id) = id {
        body["lead"] = json!({ "id": id });
    }
    // A number, as LeadConduit reads it.
    if let Some(price) = price.and_then(|price| serde_json::from_str::<Value>(price).ok()) {
        body["price"] = price;
    }
    body
}

fn in_xml(outcome: &str, reason: Option<&str>, id: Option<&str>, price: Option<&str>) -> String {
    let escaped = |text: &str| {
        text.replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
    };
    let reason = reason
        .map(|reason| format!("<reason>{}</reason>", escaped(reason)))
        .unwrap_or_default();
    let lead = id
        .map(|id| format!("<lead><id>{}</id></lead>", escaped(id)))
        .unwrap_or_default();
    let price = price
        .map(|price| format!("<price>{price}</price>"))
        .unwrap_or_default();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<result><outcome>{outcome}</outcome>{reason}{lead}{price}</result>"
    )
}

/// What `Accept` names first of the two; else what was sent.
fn wants_xml(incoming: &Incoming<'_>) -> bool {
    let text = |name: http::HeaderName| {
        incoming
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_ascii_lowercase()
    };
    let accept = text(http::header::ACCEPT);
    match (accept.find("json"), accept.find("xml")) {
        (Some(json), Some(xml)) => xml < json,
        (None, Some(_)) => !accept.contains("html"),
        (Some(_), None) => false,
        (None, None) => text(http::header::CONTENT_TYPE).contains("xml"),
    }
}
