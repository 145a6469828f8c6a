//! What makes a submission suspicious, and what a source does not want although it is well-formed.
//!
//! A suspicion never refuses anything: the submission is kept for a person to look at, and the sender gets the answer that
//! everybody gets, so that a robot learns nothing. Reasons name fields and never say what was in them.

use domain::config::{Source, Treatment};
use domain::email::{Email, EmailClass, suggest_domain};
use domain::field::{Field, Fields, Value, text_of};
use domain::submission::FieldProblem;
use jiff::Timestamp;

use crate::Incoming;
use crate::answers::{Answers, Draft};

/// What form builders call fields that people do not see. Nothing else is ever called so.
const HONEYPOTS: &[&str] = &[
    "_gotcha",
    "_honey",
    "_honeypot",
    "_hp",
    "ak_hp_textarea",
    "b_honeypot",
    "bot-field",
    "bot_field",
    "honey",
    "honeypot",
    "wpforms.hp",
    "wpforms[hp]",
];

/// In which field `leadline.js` says how long the form was open, in milliseconds.
pub(crate) const FILL_FIELD: &str = "leadline_ms";

/// Code of a submission without the captcha that its form shows.
pub(crate) const CAPTCHA_MISSING: &str = "captcha_missing";

/// Longest token of a captcha, in bytes. Turnstile's have at most 2,048; reCAPTCHA's and hCaptcha's may be longer.
const MAX_TOKEN_BYTES: usize = 8_192;

/// Fields of one line that nobody puts a link into.
const NAMES: &[Field] = &[Field::FirstName, Field::LastName];

/// Fields that hold addresses of pages, as they should.
const ADDRESSES: &[Field] = &[Field::CompanyDomain, Field::PageUrl, Field::Referrer];

/// Whether `name` is a field that people do not see in the forms of `source`.
pub(crate) fn is_honeypot(source: &Source, name: &str) -> bool {
    let name = name.trim();
    HONEYPOTS
        .iter()
        .copied()
        .chain(source.spam.honeypots.iter().map(|name| name.trim()))
        .any(|known| known.eq_ignore_ascii_case(name))
}

/// Whether `name` is a field in which the forms of `source` say since when or for how long they were open.
pub(crate) fn is_clock(source: &Source, name: &str) -> bool {
    let opened_at = source.spam.opened_at.as_deref().map(str::trim);
    name.eq_ignore_ascii_case(FILL_FIELD)
        || opened_at.is_some_and(|known| known.eq_ignore_ascii_case(name.trim()))
}

/// Everything that speaks against a submission.
pub(crate) fn of(
    draft: &Draft,
    fields: &Fields,
    source: &Source,
    incoming: &Incoming<'_>,
) -> Vec<FieldProblem> {
    let mut found = Vec::new();
    let spam = &source.spam;
    for answer in draft.answers.iter() {
        let is_new = !found.iter().any(|known: &FieldProblem| {
            known.code == "honeypot_filled" && known.field == answer.name
        });
        if is_new && is_honeypot(source, &answer.name) && !answer.value.trim().is_empty() {
            found.push(suspicion(
                &answer.name,
                "honeypot_filled",
                "people do not see this field, and it was filled in; resubmit it as it is if a person did so, or leave it here",
            ));
        }
    }
    if let Some(least) = spam.min_fill_seconds
        && let Some((name, seconds)) = seconds_open(&draft.answers, source, incoming.received_at)
        && seconds < i64::from(least)
    {
        found.push(suspicion(
            &name,
            "filled_too_fast",
            &format!(
                "the form was sent less than {least} seconds after it was opened; resubmit it as it is if a person did so"
            ),
        ));
    }
    if let Some(captcha) = &spam.captcha
        && captcha_token(draft, source).is_none()
    {
        found.push(suspicion(
            captcha.kind.field(),
            CAPTCHA_MISSING,
            "the form shows a captcha, and nobody solved it; resubmit it as it is if a person sent it",
        ));
    }
    if let Some(most) = spam.max_links {
        found.extend(too_many_links(fields, most));
    }
    found.extend(
        unwanted(fields, source)
            .into_iter()
            .filter(|(treatment, _)| *treatment == Treatment::Quarantine)
            .map(|(_, problem)| problem),
    );
    found
}

/// The token of the captcha, if there is one that can be verified.
pub(crate) fn captcha_token(draft: &Draft, source: &Source) -> Option<String> {
    let field = source.spam.captcha.as_ref()?.kind.field();
    draft
        .answers
        .iter()
        .filter(|answer| answer.name.eq_ignore_ascii_case(field))
        .map(|answer| answer.value.trim())
        .find(|token| !token.is_empty() && token.len() <= MAX_TOKEN_BYTES)
        .map(str::to_owned)
}

/// What the source asks its senders to correct, although it is well-formed.
pub(crate) fn to_be_corrected(fields: &Fields, source: &Source) -> Vec<FieldProblem> {
    unwanted(fields, source)
        .into_iter()
        .filter(|(treatment, _)| *treatment == Treatment::Refuse)
        .map(|(_, problem)| problem)
        .collect()
}

/// What an address that is most likely a slip of the finger should be. For forms that come back to a person anyway.
pub(crate) fn slip(address: &str) -> Option<FieldProblem> {
    let domain = address.rsplit_once('@')?.1;
    let meant = suggest_domain(domain.trim())?;
    Some(suspicion(
        "email",
        "email_mistyped",
        &format!("did you mean an address at {meant}?"),
    ))
}

fn unwanted(fields: &Fields, source: &Source) -> Vec<(Treatment, FieldProblem)> {
    let Some(email) = text_of(fields, &Field::Email).and_then(|text| Email::parse(text).ok())
    else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let spam = &source.spam;
    let slip = slip(email.as_str());
    if let Some(problem) = &slip
        && spam.mistyped != Treatment::Accept
    {
        found.push((spam.mistyped, problem.clone()));
    }
    // Squatters' slips of great providers are on the list of throw-away domains: the suggestion is what helps the person.
    let is_answered = slip.is_some() && spam.mistyped == Treatment::Refuse;
    if email.class() == EmailClass::Disposable && !is_answered {
        found.push((
            spam.disposable,
            suspicion(
                "email",
                "email_disposable",
                "this is a throw-away address; write the address that you read",
            ),
        ));
    }
    if email.is_role() {
        found.push((
            spam.role,
            suspicion(
                "email",
                "email_role",
                "this address is a department's; write the address of a person",
            ),
        ));
    }
    found
}

fn too_many_links(fields: &Fields, most: u32) -> Vec<FieldProblem> {
    let mut found = Vec::new();
    let mut total = 0;
    let mut fullest: Option<(usize, String)> = None;
    for (field, value) in fields {
        let Value::Text(text) = value else {
            continue;
        };
        if ADDRESSES.contains(field) || field.is_attribution() {
            continue;
        }
        let links = links_in(text);
        if links > 0 && NAMES.contains(field) {
            found.push(suspicion(
                &field.to_string(),
                "link_in_name",
                "a name holds a link; resubmit it as it is if this is a person",
            ));
        }
        total += links;
        if links > 0 && fullest.as_ref().is_none_or(|(known, _)| links > *known) {
            fullest = Some((links, field.to_string()));
        }
    }
    if let Some((_, field)) = fullest
        && total > most as usize
    {
        found.push(suspicion(
            &field,
            "too_many_links",
            &format!("{total} links were written, and this source takes {most}; resubmit it as it is if it is wanted"),
        ));
    }
    found
}

/// Links as people and robots write them: with a scheme, or starting with `www.`.
fn links_in(text: &str) -> usize {
    let lower = text.to_ascii_lowercase();
    let with_scheme = lower.matches("http://").count() + lower.matches("https://").count();
    let bare = lower
        .match_indices("www.")
        .filter(|(at, _)| {
            let before = lower[..*at].chars().next_back();
            before.is_none_or(|character| character != '/' && !character.is_alphanumeric())
        })
        .count();
    with_scheme + bare
}

/// For how many seconds the form was open, and which field says so.
fn seconds_open(
    answers: &Answers,
    source: &Source,
    received_at: Timestamp,
) -> Option<(String, i64)> {
    let mut shortest: Option<(String, i64)> = None;
    for answer in answers
        .iter()
        .filter(|answer| is_clock(source, &answer.name))
    {
        let seconds = if answer.name.eq_ignore_ascii_case(FILL_FIELD) {
            answer
                .value
                .trim()
                .parse::<i64>()
                .ok()
                .map(|milliseconds| milliseconds.div_euclid(1_000))
        } else {
            moment(answer.value.trim())
                .map(|opened| received_at.as_second().saturating_sub(opened))
                // A page that was opened in the future was opened by a clock that is wrong, which proves nothing.
                .filter(|seconds| *seconds >= 0)
        };
        if let Some(seconds) = seconds
            && shortest.as_ref().is_none_or(|(_, known)| seconds < *known)
        {
            shortest = Some((answer.name.clone(), seconds));
        }
    }
    shortest
}

/// A time in seconds since 1970, from RFC 3339, seconds or milliseconds.
fn moment(text: &str) -> Option<i64> {
    if let Ok(number) = text.parse::<i64>() {
        // What would be the year 5138 in seconds is milliseconds.
        let is_milliseconds = number.abs() >= 100_000_000_000;
        return Some(if is_milliseconds {
            number.div_euclid(1_000)
        } else {
            number
        });
    }
    text.parse::<Timestamp>().ok().map(Timestamp::as_second)
}

fn suspicion(field: &str, code: &str, message: &str) -> FieldProblem {
    FieldProblem {
        field: field.to_owned(),
        code: code.to_owned(),
        message: message.to_owned(),
    }
}
