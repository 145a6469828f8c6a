//! `elementor`: the webhook action of Elementor Pro's forms on WordPress, with simple and with advanced data.
//!
//! Advanced data has up to six values for each field, in PHP's brackets. Ids of fields are free text; their types tell
//! e-mail addresses and phone numbers. There is no id, and nothing is signed.

use std::collections::BTreeMap;

use domain::field::Field;

use super::{Kind, Reading};
use crate::about::{About, JSON, URLENCODED, sample, sign_by_parameter};
use crate::answers::{Answer, Answers, Draft, spoken_name};
use crate::consent::purpose_of;
use crate::refusal::{Refusal, Unparseable};
use crate::vocabulary::{Meaning, meaning_of};
use crate::{Door, Incoming, decode, proof};

pub(super) const KIND: Kind = Kind::webhook(proof::shared_secret, read);

pub(super) const ABOUT: About = About {
    title: "Elementor forms",
    takes: "Takes the action “Webhook” of a form, with and without “Advanced data”, urlencoded or as JSON.",
    setup: &[
        "Form → Actions after submit → Webhook: `{url}?key=SECRET`.",
        "Switch “Advanced data” on, so that the types of fields are sent along.",
    ],
    proof: "The parameter `key` of the address is the source's secret. Elementor signs nothing.",
    repeats: "The content and the window of time in which it came: Elementor has no id.",
    no_lead: "",
    answer: "",
    notes: &[
        "A field is known by its title, its id and its type (`email`, `tel`, `acceptance`). Hidden fields carry campaign parameters. The visitor's IP address and browser are not kept.",
    ],
    samples: &[
        sample!("elementor/advanced.txt", URLENCODED, "Advanced data of a Portuguese form: ids that say nothing, types that do."),
        sample!("elementor/simple.txt", URLENCODED, "Simple data: questions and answers."),
        sample!("elementor/nested.json", JSON, "Advanced data as JSON."),
    ],
    sign: sign_by_parameter,
};

/// Most values of one request: a form of three hundred fields.
const MAX_VALUES: usize = 2_000;

/// Fields that a form has for its looks, or against robots.
const NOT_ANSWERS: [&str; 6] = [
    "step",
    "html",
    "honeypot",
    "recaptcha",
    "recaptcha_v3",
    "password",
];

/// One field of advanced data.
#[derive(Default)]
struct Given {
    title: Option<String>,
    kind: String,
    values: Vec<String>,
    raw_values: Vec<String>,
}

fn read(_: &Door<'_>, incoming: &Incoming<'_>) -> Result<Reading, Refusal> {
    let posted = decode::form_of(incoming.headers, incoming.body, MAX_VALUES)?;
    let is_advanced = posted
        .iter()
        .any(|answer| field_part(&answer.name).is_some_and(|(_, part)| part == "value"));
    let mut answers = Answers::default();
    let mut fields: BTreeMap<&str, Given> = BTreeMap::new();
    for answer in posted.iter() {
        if let Some((id, part)) = field_part(&answer.name).filter(|_| is_advanced) {
            let field = fields.entry(id).or_default();
            match part {
                "title" => field.title = Some(answer.value.clone()),
                "type" => field.kind.clone_from(&answer.value),
                "value" => field.values.push(answer.value.clone()),
                "raw_value" => field.raw_values.push(answer.value.clone()),
                _ => {}
            }
            continue;
        }
        match answer.name.as_str() {
            "form.id" | "form_id" => answers.plain("form_id", answer.value.clone())?,
            "form.name" | "form_name" => answers.plain("form_name", answer.value.clone())?,
            "meta.page_url.value" | "Page URL" => {
                answers.plain("page_url", answer.value.clone())?;
            }
            // Elementor adds these under the names of the site's language; none is an answer.
            "Remote IP" | "User Agent" | "Powered by" | "Date" | "Time" => {}
            meta if meta.starts_with("meta.") => {}
            name => {
                let name = name.strip_prefix("form_fields.").unwrap_or(name);
                answers.plain(&spoken_name(name), answer.value.clone())?;
            }
        }
    }
    for (id, field) in fields {
        add(id, field, &mut answers)?;
    }
    Ok(Reading::Drafts(vec![Draft {
        answers,
        ..Draft::default()
    }]))
}

/// Id and part of `fields.ID.PART`, also where a list has several of them.
fn field_part(name: &str) -> Option<(&str, &str)> {
    let (id, part) = name.strip_prefix("fields.")?.split_once('.')?;
    let part = part.split('.').next()?;
    matches!(part, "id" | "type" | "title" | "value" | "raw_value" | "required")
        .then_some((id, part))
}

fn add(id: &str, field: Given, answers: &mut Answers) -> Result<(), Unparseable> {
    if NOT_ANSWERS.contains(&field.kind.as_str()) {
        return Ok(());
    }
    let title = field.title.filter(|title| !title.trim().is_empty());
    let hint = match field.kind.as_str() {
        "email" => Some(Meaning::Field(Field::Email)),
        "tel" => Some(Meaning::Field(Field::Phone)),
        "acceptance" => Some(Meaning::Consent(
            purpose_of(title.as_deref().unwrap_or_default()).to_owned(),
        )),
        "textarea" => Some(Meaning::Field(Field::Message)),
        _ => None,
    };
    // Ids are made up (`field_38c2e8e`) unless the form's author has chosen them.
    let name = match &title {
        Some(title) if meaning_of(id).is_none() => spoken_name(title),
        _ => spoken_name(id),
    };
    let is_blank = |values: &[String]| values.iter().all(|value| value.trim().is_empty());
    let values = if is_blank(&field.values) {
        field.raw_values
    } else {
        field.values
    };
    for value in values {
        answers.push(Answer {
            name: name.clone(),
            label: title.clone(),
            hint: hint.clone(),
            value,
        })?;
    }
    Ok(())
}
