//! `jotform`: Jotform's webhook: a multipart form with one field that holds everything as JSON.
//!
//! Jotform signs nothing. Names and phones come in parts. Beside the answers there is much of the form's machinery.

use domain::field::Field;

use super::{Kind, Reading};
use crate::about::{About, URLENCODED, sample, sign_by_parameter};
use crate::answers::{Answer, Answers, Draft};
use crate::decode::json::{self, Json};
use crate::proof;
use crate::refusal::Refusal;
use crate::vocabulary::Meaning;
use crate::{Door, Incoming, decode};

pub(super) const KIND: Kind = Kind::webhook(proof::shared_secret, read);

pub(super) const ABOUT: About = About {
    title: "Jotform",
    takes: "Takes Jotform's webhook: `multipart/form-data` (or urlencoded, as relays pass it on) with the answers as JSON in `rawRequest`.",
    setup: &["Form → Settings → Integrations → Webhooks: `{url}?key=SECRET`."],
    proof: "The parameter `key` of the address is the source's secret. Jotform signs nothing.",
    repeats: "`submissionID`.",
    no_lead: "",
    answer: "",
    notes: &[
        "The name of a field is that of its unique name (`q5_celPhone` is `celPhone`). Names, phone numbers, dates and times that come in parts are put together.",
    ],
    samples: &[
        sample!(
            "jotform/submission.txt",
            "multipart/form-data; boundary=----LeadlineSampleBoundaryJ0t",
            "A submission with a name, a phone number and an address in parts."
        ),
        sample!("jotform/relayed.txt", URLENCODED, "The same kind of thing as a relay passes it on."),
    ],
    sign: sign_by_parameter,
};

/// What Jotform adds to the answers in `rawRequest`.
const MACHINERY: [&str; 14] = [
    "slug",
    "jsExecutionTracker",
    "submitSource",
    "submitDate",
    "buildDate",
    "uploadServerUrl",
    "eventObserver",
    "event_id",
    "path",
    "temp_upload",
    "file_server",
    "timeToSubmit",
    "validatedNewRequiredFieldIDs",
    "target_env",
];

/// What stands around it that is no answer. `ip` is personal data that nobody asked the person for.
const ENVELOPE: [&str; 16] = [
    "formID",
    "submissionID",
    "webhookURL",
    "ip",
    "formTitle",
    "pretty",
    "username",
    "rawRequest",
    "type",
    "action",
    "customParams",
    "product",
    "parent",
    "isSilent",
    "unread",
    "appID",
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
    let mut answers = Answers::default();
    match value_of("rawRequest") {
        Some(raw) => {
            for (key, value) in json::read(&raw)?.members() {
                if !MACHINERY.contains(&key.as_str()) {
                    add(unique_name(key), value, &mut answers)?;
                }
            }
        }
        None => {
            for answer in posted.iter() {
                let is_machinery = ENVELOPE.contains(&answer.name.as_str())
                    || MACHINERY.contains(&answer.name.as_str());
                if !is_machinery {
                    answers.plain(unique_name(&answer.name), answer.value.clone())?;
                }
            }
        }
    }
    for (name, theirs) in [("form_id", "formID"), ("form_name", "formTitle")] {
        if let Some(value) = value_of(theirs) {
            answers.plain(name, value)?;
        }
    }
    Ok(Reading::Drafts(vec![Draft {
        answers,
        external_id: value_of("submissionID"),
        ..Draft::default()
    }]))
}

/// `celPhone` of `q5_celPhone`.
fn unique_name(key: &str) -> &str {
    key.strip_prefix('q')
        .and_then(|rest| rest.split_once('_'))
        .filter(|(number, name)| {
            !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) && !name.is_empty()
        })
        .map_or(key, |(_, name)| name)
}

fn add(name: &str, value: &Json, answers: &mut Answers) -> Result<(), Refusal> {
    let parts = |keys: &[&str], between: &str| {
        let parts: Vec<String> = keys.iter().filter_map(|key| value.text_at(key)).collect();
        (!parts.is_empty()).then(|| parts.join(between))
    };
    let one = if value.get("year").is_some() && value.get("month").is_some() {
        parts(&["year", "month", "day"], "-")
    } else if value.get("area").is_some() || value.get("full").is_some() {
        let number = parts(&["full"], "").or_else(|| parts(&["country", "area", "phone"], " "));
        return Ok(answers.push(Answer {
            name: name.to_owned(),
            label: None,
            hint: Some(Meaning::Field(Field::Phone)),
            value: number.unwrap_or_default(),
        })?);
    } else if value.get("timeInput").is_some() || value.get("hourSelect").is_some() {
        parts(&["timeInput", "ampm"], " ")
            .filter(|_| value.text_at("timeInput").is_some())
            .or_else(|| parts(&["hourSelect", "minuteSelect"], ":"))
    } else {
        value.flatten(name, answers)?;
        return Ok(());
    };
    Ok(answers.plain(name, one.unwrap_or_default())?)
}
