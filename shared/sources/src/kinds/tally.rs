//! `tally`: Tally's webhook.
//!
//! Signed over the bytes as Tally wrote them. A choice is a list of ids of options; their texts stand beside.

use domain::field::Field;

use super::{Kind, Reading};
use crate::about::{About, JSON, sample};
use crate::answers::{Answer, Answers, Draft, spoken_name};
use crate::consent::{agreement, purpose_of};
use crate::decode::json::Json;
use crate::proof::{self, Hash, Scheme, Written, moment};
use crate::refusal::{Refusal, Unparseable};
use crate::vocabulary::Meaning;
use crate::{Door, Incoming, decode};

pub(super) const KIND: Kind = Kind::webhook(verify, read);

pub(super) const ABOUT: About = About {
    title: "Tally",
    takes: "Takes Tally's webhook, the event `FORM_RESPONSE`.",
    setup: &[
        "Form → Integrations → Webhooks → Connect: endpoint `{url}`.",
        "Add a signing secret, and give Leadline the same one.",
    ],
    proof: "The header `Tally-Signature`: the base64 of HMAC-SHA256 over the raw body under the signing secret.",
    repeats: "`data.responseId`.",
    no_lead: "Events other than `FORM_RESPONSE`.",
    answer: "",
    notes: &[
        "Answers are named by their question. Choices are the texts of the options. A checkbox with one option that says yes to something (“I agree …”) is consent. Hidden fields carry campaign parameters.",
    ],
    samples: &[sample!("tally/response.json", JSON, "A response with choices, a consent and hidden fields.")],
    sign: |with, trial| {
        let signature = proof::signature(&SCHEME, with.secret.as_bytes(), &[&trial.body]);
        trial.header(SCHEME.header, signature);
    },
};

const SCHEME: Scheme = Scheme {
    header: "Tally-Signature",
    prefix: "",
    hash: Hash::Sha256,
    written: Written::Base64,
};

fn verify(door: &Door<'_>, incoming: &Incoming<'_>) -> Result<(), Refusal> {
    proof::signed(door, incoming, &SCHEME, &[incoming.body])
}

fn read(_: &Door<'_>, incoming: &Incoming<'_>) -> Result<Reading, Refusal> {
    let document = decode::document(incoming.headers, incoming.body)?;
    if document.text_at("eventType").as_deref() != Some("FORM_RESPONSE") {
        return Ok(Reading::NotALead {
            why: "an event of Tally that is no response",
        });
    }
    let shape = |place, expected| Refusal::from(Unparseable::Shape { place, expected });
    let data = document
        .get("data")
        .ok_or(shape("data", "the response"))?;
    let id = data
        .text_at("responseId")
        .or_else(|| data.text_at("submissionId"))
        .ok_or(shape("data.responseId", "the id of the response"))?;
    let fields = data.get("fields").map_or(&[][..], Json::items);
    let mut answers = Answers::default();
    for field in fields {
        add(field, fields, &mut answers)?;
    }
    for (name, theirs) in [("form_id", "formId"), ("form_name", "formName")] {
        if let Some(value) = data.text_at(theirs) {
            answers.plain(name, value)?;
        }
    }
    Ok(Reading::Drafts(vec![Draft {
        answers,
        external_id: Some(id),
        submitted_at: data
            .text_at("createdAt")
            .or_else(|| document.text_at("createdAt"))
            .and_then(|at| moment(&at)),
        ..Draft::default()
    }]))
}

fn add(field: &Json, fields: &[Json], answers: &mut Answers) -> Result<(), Unparseable> {
    let key = field.text_at("key").unwrap_or_default();
    let kind = field.text_at("type").unwrap_or_default();
    let Some(value) = field.get("value") else {
        return Ok(());
    };
    // Beside the list of chosen options, each option of checkboxes comes again as a field of its own, yes or no.
    let is_again = matches!(value, Json::Flag(_))
        && fields.iter().any(|other| {
            other.text_at("key").is_some_and(|other| {
                key.strip_prefix(other.as_str())
                    .is_some_and(|rest| rest.starts_with('_'))
            })
        });
    if is_again {
        return Ok(());
    }
    let options = field.get("options").map_or(&[][..], Json::items);
    let text_of = |id: &str| {
        options
            .iter()
            .find(|option| option.text_at("id").as_deref() == Some(id))
            .and_then(|option| option.text_at("text"))
    };
    let chosen = |item: &Json| match item.scalar() {
        Some(id) => Some(text_of(&id).unwrap_or(id)),
        // A file: where it lies.
        None => item.text_at("url"),
    };
    let values: Vec<String> = match value {
        Json::List(items) => items.iter().filter_map(chosen).collect(),
        Json::Object(_) => return value.flatten(&spoken_name(&key), answers),
        one => chosen(one).into_iter().collect(),
    };
    let hint = match kind.as_str() {
        "INPUT_EMAIL" => Some(Meaning::Field(Field::Email)),
        "INPUT_PHONE_NUMBER" | "INPUT_PHONE" => Some(Meaning::Field(Field::Phone)),
        "CHECKBOXES" if options.len() == 1 => options[0]
            .text_at("text")
            .filter(|text| agreement(text) == Some(true))
            .map(|text| Meaning::Consent(purpose_of(&text).to_owned())),
        _ => None,
    };
    let label = field.text_at("label");
    let name = label.as_deref().map_or_else(|| spoken_name(&key), spoken_name);
    for value in values {
        answers.push(Answer {
            name: name.clone(),
            label: label.clone(),
            hint: hint.clone(),
            value,
        })?;
    }
    Ok(())
}
