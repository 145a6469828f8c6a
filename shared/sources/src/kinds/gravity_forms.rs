//! `gravity-forms`: the Webhooks add-on of Gravity Forms on WordPress.
//!
//! “All fields” is the entry itself, whose answers are named by numbers: `1.3` is the first name of field 1. What a number
//! means is told by its part and by its value, or by the source's `map`.

use domain::email::Email;
use domain::field::Field;

use super::{Kind, Reading};
use crate::about::{About, JSON, sample, sign_by_parameter};
use crate::answers::{Answer, Answers, Draft};
use crate::proof::{self, moment};
use crate::refusal::Refusal;
use crate::vocabulary::Meaning;
use crate::{Door, Incoming, decode};

pub(super) const KIND: Kind = Kind::webhook(proof::shared_secret, read);

pub(super) const ABOUT: About = About {
    title: "Gravity Forms",
    takes: "Takes the Webhooks add-on, as JSON or as a form, with all fields or with selected ones.",
    setup: &[
        "Form → Settings → Webhooks → Add new: request URL `{url}?key=SECRET`, method POST, format JSON.",
        "Request body: select fields, and give them names such as `email` and `company`. All fields will do if `map` says what the numbers mean: `map = { company = \"4\" }`.",
    ],
    proof: "The parameter `key` of the address, or the header `X-Leadline-Secret`, is the source's secret. Nothing is signed.",
    repeats: "Form and number of the entry; the content where they are missing.",
    no_lead: "",
    answer: "",
    notes: &[
        "**Not confirmed** by a description of the add-on's body. Of all fields, e-mail addresses and phone numbers are known by their look, names and addresses by their parts (`1.3`, `1.6`; `5.1`, `5.3`, `5.5`). The visitor's IP address and browser are not kept.",
    ],
    samples: &[
        sample!("gravity-forms/entry.json", JSON, "All fields: the entry, named by numbers."),
        sample!("gravity-forms/selected.json", JSON, "Selected fields."),
    ],
    sign: sign_by_parameter,
};

/// What an entry has besides its answers.
const NOT_ANSWERS: [&str; 20] = [
    "id",
    "form_id",
    "ip",
    "user_agent",
    "date_created",
    "date_updated",
    "is_starred",
    "is_read",
    "is_fulfilled",
    "created_by",
    "post_id",
    "currency",
    "payment_status",
    "payment_date",
    "payment_amount",
    "payment_method",
    "transaction_id",
    "transaction_type",
    "status",
    "source_id",
];

fn read(_: &Door<'_>, incoming: &Incoming<'_>) -> Result<Reading, Refusal> {
    let posted = decode::form(incoming.headers, incoming.body)?;
    let value_of = |name: &str| {
        posted
            .iter()
            .find(|answer| answer.name == name)
            .map(|answer| answer.value.as_str())
            .filter(|value| !value.trim().is_empty())
    };
    let form = value_of("form_id");
    let is_entry = form.is_some() && value_of("date_created").is_some();
    let mut answers = Answers::default();
    for answer in posted.iter() {
        if is_entry && NOT_ANSWERS.contains(&answer.name.as_str()) {
            continue;
        }
        let hint = number(&answer.name).and_then(|(field, part)| {
            let has = |part: &str| posted.iter().any(|other| other.name == format!("{field}.{part}"));
            // Addresses have all of their parts, names have no first and no fifth.
            let is_address = has("1") || has("5");
            hint(part, is_address, &answer.value)
        });
        answers.push(Answer {
            name: answer.name.clone(),
            label: None,
            hint,
            value: answer.value.clone(),
        })?;
    }
    let mut id = None;
    if let (true, Some(form)) = (is_entry, form) {
        answers.plain("custom.form_id", form)?;
        id = value_of("id").map(|entry| format!("{form}-{entry}"));
    }
    Ok(Reading::Drafts(vec![Draft {
        answers,
        external_id: id,
        // In UTC, and it does not say so.
        submitted_at: value_of("date_created")
            .and_then(|at| moment(&format!("{}Z", at.trim().replace(' ', "T")))),
        ..Draft::default()
    }]))
}

/// Field and part of `1.3`; a field without parts has none.
fn number(name: &str) -> Option<(&str, Option<&str>)> {
    let is_number = |text: &str| {
        (1..=6).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    match name.split_once('.') {
        Some((field, part)) => {
            (is_number(field) && is_number(part)).then_some((field, Some(part)))
        }
        None => is_number(name).then_some((name, None)),
    }
}

fn hint(part: Option<&str>, is_address: bool, value: &str) -> Option<Meaning> {
    let field = match (part, is_address) {
        (Some("1"), true) => Field::Street,
        (Some("3"), true) => Field::City,
        (Some("4"), true) => Field::Region,
        (Some("5"), true) => Field::PostalCode,
        (Some("6"), true) => Field::Country,
        (Some("3"), false) => Field::FirstName,
        (Some("6"), false) => Field::LastName,
        (Some(_), _) => return None,
        (None, _) if value.contains('@') && Email::parse(value.trim()).is_ok() => Field::Email,
        (None, _) if looks_like_phone(value) => Field::Phone,
        (None, _) => return None,
    };
    Some(Meaning::Field(field))
}

/// Digits as people write them into a field for phone numbers: with a plus or with marks between them. Bare digits may be
/// anything.
fn looks_like_phone(value: &str) -> bool {
    let value = value.trim();
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let is_written_so = value
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b"+()-./ ".contains(&byte));
    let is_date = value.len() == 10 && digits == 8;
    let has_marks = value.starts_with('+') || value.starts_with('(') || value.contains('-');
    (7..=15).contains(&digits) && is_written_so && has_marks && !is_date
}
