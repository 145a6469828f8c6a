//! `cognito`: Cognito Forms' “Submit Entry Endpoint”.

use super::{Kind, Reading};
use crate::about::{About, JSON, sample, sign_by_parameter};
use crate::answers::{Answers, Draft};
use crate::decode::json::Json;
use crate::proof::{self, moment};
use crate::refusal::{Refusal, Unparseable};
use crate::{Door, Incoming, decode};

pub(super) const KIND: Kind = Kind::webhook(proof::shared_secret, read);

pub(super) const ABOUT: About = About {
    title: "Cognito Forms",
    takes: "Takes the entry that a form posts as JSON.",
    setup: &[
        "Form → Build → Submission settings → Post JSON data to website: Submit Entry Endpoint `{url}?key=SECRET`.",
    ],
    proof: "The parameter `key` of the address is the source's secret. Cognito Forms signs nothing.",
    repeats: "The form's id and the entry's number; the content where they are missing.",
    no_lead: "",
    answer: "",
    notes: &[
        "Names and addresses come in parts. Links to files are good for half an hour at Cognito Forms; they are kept as they are.",
    ],
    samples: &[sample!("cognito/entry.json", JSON, "An entry with a name and an address in parts.")],
    sign: sign_by_parameter,
};

/// What says the same as its parts do, or nothing about the person.
const NOT_ANSWERS: [&str; 12] = [
    "FirstAndLast",
    "Prefix",
    "Suffix",
    "Middle",
    "MiddleInitial",
    "FullAddress",
    "FullInternationalAddress",
    "CountryCode",
    "Latitude",
    "Longitude",
    "StreetAddress",
    "CityStatePostalCode",
];

fn read(_: &Door<'_>, incoming: &Incoming<'_>) -> Result<Reading, Refusal> {
    let document = decode::document(incoming.headers, incoming.body)?;
    let Json::Object(fields) = &document else {
        return Err(Unparseable::Shape {
            place: "the body",
            expected: "one entry",
        }
        .into());
    };
    let mut answers = Answers::default();
    for (name, value) in fields {
        match (name.as_str(), value) {
            ("Form" | "Entry" | "Order" | "Id" | "$version" | "$etag", _) => {}
            ("DateCreated" | "DateUpdated" | "DateSubmitted", _) => {}
            (_, Json::Object(parts)) => {
                for (part, value) in parts {
                    if !NOT_ANSWERS.contains(&part.as_str()) {
                        value.flatten(&format!("{name}.{part}"), &mut answers)?;
                    }
                }
            }
            _ => value.flatten(name, &mut answers)?,
        }
    }
    let form = document.get("Form");
    for (name, theirs) in [("form_id", "Id"), ("form_name", "Name")] {
        if let Some(value) = form.and_then(|form| form.text_at(theirs)) {
            answers.plain(name, value)?;
        }
    }
    let entry = document.get("Entry");
    let number = document
        .text_at("Entry")
        .or_else(|| entry.and_then(|entry| entry.text_at("Number")));
    let id = match (form.and_then(|form| form.text_at("Id")), number) {
        (Some(form), Some(number)) => Some(format!("{form}-{number}")),
        (None, Some(number)) => Some(number),
        _ => document.text_at("Id"),
    };
    let submitted_at = entry
        .and_then(|entry| entry.text_at("DateSubmitted"))
        .or_else(|| document.text_at("DateSubmitted"))
        .or_else(|| document.text_at("DateCreated"))
        .and_then(|at| moment(&at));
    Ok(Reading::Drafts(vec![Draft {
        answers,
        external_id: id,
        submitted_at,
        ..Draft::default()
    }]))
}
