//! `fillout`: Fillout's webhook. JSON, though the content type may not say so.

use domain::field::Field;

use super::{Kind, Reading};
use crate::about::{About, JSON, sample, sign_by_parameter};
use crate::answers::{Answer, Answers, Draft, spoken_name};
use crate::decode::json::{self, Json};
use crate::proof::{self, moment};
use crate::refusal::{Refusal, Unparseable};
use crate::vocabulary::Meaning;
use crate::{Door, Incoming, decode};

pub(super) const KIND: Kind = Kind::webhook(proof::shared_secret, read);

pub(super) const ABOUT: About = About {
    title: "Fillout",
    takes: "Takes Fillout's webhook. The body is read as JSON whatever the content type says.",
    setup: &["Form → Integrations → Webhook: `{url}?key=SECRET`."],
    proof: "The parameter `key` of the address, or the header `X-Leadline-Secret`, is the source's secret. Fillout signs nothing.",
    repeats: "`submission.submissionId`.",
    no_lead: "",
    answer: "",
    notes: &["Campaign parameters come from `urlParameters`. Calculations are kept as `custom.`."],
    samples: &[
        sample!("fillout/submission.json", JSON, "A submission with parameters of its address."),
        sample!("fillout/as-text.txt", "text/plain;charset=UTF-8", "The same as a JSON text within JSON, as relays pass it on."),
    ],
    sign: sign_by_parameter,
};

fn read(_: &Door<'_>, incoming: &Incoming<'_>) -> Result<Reading, Refusal> {
    let document = match decode::bare_document(incoming.body)? {
        Json::Text(inner) => json::read(&inner)?,
        document => document,
    };
    let Some(submission) = document.get("submission") else {
        return Err(Unparseable::Shape {
            place: "submission",
            expected: "the answers of the form",
        }
        .into());
    };
    let mut answers = Answers::default();
    for place in ["questions", "urlParameters", "calculations"] {
        for field in submission.get(place).map_or(&[][..], Json::items) {
            add(field, &mut answers)?;
        }
    }
    for (name, theirs) in [("form_id", "formId"), ("form_name", "formName")] {
        if let Some(value) = document.text_at(theirs) {
            answers.plain(name, value)?;
        }
    }
    Ok(Reading::Drafts(vec![Draft {
        answers,
        external_id: submission.text_at("submissionId"),
        submitted_at: submission
            .text_at("submissionTime")
            .and_then(|at| moment(&at)),
        ..Draft::default()
    }]))
}

fn add(field: &Json, answers: &mut Answers) -> Result<(), Refusal> {
    let (Some(name), Some(value)) = (
        field.text_at("name").or_else(|| field.text_at("id")),
        field.get("value"),
    ) else {
        return Ok(());
    };
    let hint = match field.text_at("type").as_deref() {
        Some("EmailInput") => Some(Meaning::Field(Field::Email)),
        Some("PhoneNumber") => Some(Meaning::Field(Field::Phone)),
        _ => None,
    };
    let values = match value {
        Json::Object(_) => return Ok(value.flatten(&spoken_name(&name), answers)?),
        Json::List(items) => items
            .iter()
            .filter_map(|item| item.scalar().or_else(|| item.text_at("url")))
            .collect(),
        one => one.scalar().into_iter().collect::<Vec<String>>(),
    };
    for value in values {
        answers.push(Answer {
            name: spoken_name(&name),
            label: None,
            hint: hint.clone(),
            value,
        })?;
    }
    Ok(())
}
