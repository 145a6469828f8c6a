//! From texts to checked values, every problem at once.

use std::collections::BTreeMap;
use std::str::FromStr;

use domain::config::Source;
use domain::email::Email;
use domain::field::{Field, Fields, Value, parse_flag, parse_number, text_of};
use domain::geo::{Country, Region};
use domain::names::{company_domain_from_url, normalise_name};
use domain::phone::Phone;
use domain::submission::{Consent, FieldProblem, Quarantined, Submission};

use crate::meaning::Meant;
use crate::suspicion;

/// Checks a quarantined submission again, after a person has corrected `raw` in it (field = text; a blank text removes).
/// The id stays, so that it is the same submission.
///
/// # Errors
/// Every problem that is left.
pub fn recheck(
    quarantined: &Quarantined,
    source: &Source,
    default_country: Option<&str>,
) -> Result<Submission, Vec<FieldProblem>> {
    let mut meant = Meant::default();
    let mut unknown = Vec::new();
    for (name, text) in &quarantined.raw {
        if let Some(purpose) = name.strip_prefix("consent.") {
            if let Some(granted) = parse_flag(text) {
                meant.consent.insert(
                    purpose.to_owned(),
                    Consent {
                        granted,
                        at: quarantined.received_at,
                        text: None,
                        evidence: None,
                    },
                );
            }
            continue;
        }
        match Field::from_str(name) {
            Ok(field) if !field.is_fact() => {
                if !text.trim().is_empty() {
                    meant.values.insert(field, text.clone());
                }
            }
            _ => unknown.push(problem(
                name,
                "unknown_field",
                "there is no such field, or it cannot be set; use custom.NAME for your own",
            )),
        }
    }
    let checked = check(&meant, source, default_country);
    match (checked, unknown.is_empty()) {
        (Ok(fields), true) => Ok(Submission {
            id: quarantined.id,
            earlier: None,
            later: None,
            source: quarantined.source.clone(),
            received_at: quarantined.received_at,
            fields,
            facts: Fields::new(),
            consent: meant.consent,
            external_id: None,
            visitor: None,
            captcha: None,
            bought: None,
            released: true,
        }),
        (Ok(_), false) => Err(unknown),
        (Err(problems), _) => {
            unknown.extend(problems);
            Err(unknown)
        }
    }
}

/// Checks everything that was said, fills the source's defaults, and looks for what must be there.
///
/// What a person typed and can correct is a problem when it is wrong: e-mail, phone, texts that are too long. What only
/// describes (country, language, number of employees, …) and cannot be recognised is kept under `custom.` as it is, and
/// attribution that is too long is cut: no lead is lost over those.
pub(crate) fn check(
    meant: &Meant,
    source: &Source,
    default_country: Option<&str>,
) -> Result<Fields, Vec<FieldProblem>> {
    check_with(meant, source, default_country, true)
}

/// The same for a part of a submission: nothing has to be there.
pub(crate) fn check_part(
    meant: &Meant,
    source: &Source,
    default_country: Option<&str>,
) -> Result<Fields, Vec<FieldProblem>> {
    check_with(meant, source, default_country, false)
}

fn check_with(
    meant: &Meant,
    source: &Source,
    default_country: Option<&str>,
    is_whole: bool,
) -> Result<Fields, Vec<FieldProblem>> {
    let mut checked = Checked::default();
    let country = meant
        .values
        .get(&Field::Country)
        .and_then(|text| Country::parse(text).ok());
    let phone_country = country
        .map(Country::as_str)
        .or(source.default_country.as_deref())
        .or(default_country);
    for (field, text) in &meant.values {
        checked.take(field, text, country, phone_country);
    }
    let Checked {
        mut fields,
        kept,
        mut problems,
    } = checked;
    for (name, text) in kept {
        let length_allowed = Field::Custom(name.clone()).max_length();
        let cut: String = text.chars().take(length_allowed).collect();
        fields
            .entry(Field::Custom(name))
            .or_insert(Value::Text(cut));
    }

    for (name, value) in &source.defaults {
        if let Ok(field) = Field::from_str(name)
            && !field.is_fact()
        {
            fields.entry(field).or_insert_with(|| value.clone());
        }
    }
    // Where one of the two was given and is wrong, that is the problem to solve.
    let has_contact =
        text_of(&fields, &Field::Email).is_some() || text_of(&fields, &Field::Phone).is_some();
    if is_whole
        && !has_contact
        && !has_problem(&problems, "email")
        && !has_problem(&problems, "phone")
    {
        problems.push(problem(
            "email",
            "contact_required",
            "there is neither an e-mail address nor a phone number; give at least one of them",
        ));
    }
    for name in source.required.iter().filter(|_| is_whole) {
        let Ok(field) = Field::from_str(name) else {
            continue;
        };
        if fields.contains_key(&field) || has_problem(&problems, name) {
            continue;
        }
        problems.push(if meant.values.contains_key(&field) {
            problem(name, "not_recognised", "this field is required, and what it holds is not understood; write it in another way")
        } else {
            problem(name, "required", "this field is required; fill it in")
        });
    }
    if problems.is_empty() {
        return Ok(fields);
    }
    // The form comes back to the person anyway: they may as well look at an address that is most likely mistyped.
    if !has_problem(&problems, "email")
        && let Some(slip) = text_of(&fields, &Field::Email).and_then(suspicion::slip)
    {
        problems.push(slip);
    }
    Err(problems)
}

#[derive(Default)]
struct Checked {
    fields: Fields,
    /// What could not be recognised, by the name under which it is kept.
    kept: BTreeMap<String, String>,
    problems: Vec<FieldProblem>,
}

impl Checked {
    fn take(
        &mut self,
        field: &Field,
        text: &str,
        country: Option<Country>,
        phone_country: Option<&str>,
    ) {
        let text = if *field == Field::Message {
            lines(text)
        } else {
            one_line(text)
        };
        if text.is_empty() {
            return;
        }
        match field {
            Field::Email => match Email::parse(&text) {
                Ok(email) => self.set(field, email.as_str()),
                Err(error) => {
                    // What is no address at all may still show which provider was meant.
                    let advice = match suspicion::slip(&text) {
                        Some(slip) => slip.message,
                        None => "write one address such as name@example.com".to_owned(),
                    };
                    self.refuse(field, error.code(), &format!("{error}; {advice}"));
                }
            },
            Field::Phone => match Phone::parse(&text, phone_country) {
                Ok(phone) => {
                    self.set(field, phone.as_str());
                    // E.164 has no extensions.
                    if let Some(extension) = phone.extension() {
                        self.keep("phone_extension", extension);
                    }
                }
                Err(error) => self.refuse(
                    field,
                    error.code(),
                    &format!("{error}; write it with its country code, such as +1 202 555 0100"),
                ),
            },
            Field::Country => match country {
                Some(country) => self.set(field, country.as_str()),
                None => self.keep("country", &text),
            },
            Field::Region => {
                let region = match country {
                    Some(country) => Region::parse(country, &text),
                    None => Region::from_code(&text),
                };
                match region {
                    Some(region) => self.set(field, region.as_str()),
                    None => self.set_text(field, text),
                }
            }
            Field::CompanyDomain => match company_domain_from_url(&text) {
                Some(domain) => self.set(field, &domain),
                None => self.keep("website", &text),
            },
            Field::Employees | Field::Revenue => match parse_number(&text) {
                Some(number) => {
                    self.fields.insert(field.clone(), Value::Number(number));
                }
                None => self.keep(&field.to_string(), &text),
            },
            Field::Language => match language_tag(&text) {
                Some(tag) => self.set(field, &tag),
                None => self.keep("language", &text),
            },
            Field::Title if is_salutation(&text) => self.keep("salutation", &text),
            Field::PageUrl if !is_address(&text) => self.keep("page", &text),
            Field::FirstName | Field::LastName => self.set_text(field, normalise_name(&text)),
            _ => self.set_text(field, text),
        }
    }

    fn set(&mut self, field: &Field, text: &str) {
        if let Some(value) = Value::text(text) {
            self.fields.insert(field.clone(), value);
        }
    }

    fn set_text(&mut self, field: &Field, text: String) {
        let limit = field.max_length();
        if text.chars().count() <= limit {
            self.set(field, &text);
        } else if field.is_attribution() {
            self.set(field, &text.chars().take(limit).collect::<String>());
        } else {
            self.refuse(
                field,
                "too_long",
                &format!("this text is too long; shorten it to {limit} characters"),
            );
        }
    }

    fn keep(&mut self, name: &str, text: &str) {
        self.kept.insert(name.to_owned(), text.to_owned());
    }

    fn refuse(&mut self, field: &Field, code: &str, message: &str) {
        self.problems
            .push(problem(&field.to_string(), code, message));
    }
}

fn has_problem(problems: &[FieldProblem], field: &str) -> bool {
    problems.iter().any(|problem| problem.field == field)
}

pub(crate) fn problem(field: &str, code: &str, message: &str) -> FieldProblem {
    FieldProblem {
        field: field.to_owned(),
        code: code.to_owned(),
        message: message.to_owned(),
    }
}

/// Without control characters, line breaks as one `\n`.
fn lines(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.chars()
        .filter(|character| !character.is_control() || matches!(character, '\n' | '\t'))
        .collect::<String>()
        .trim()
        .to_owned()
}

/// Without control characters, in one line.
fn one_line(text: &str) -> String {
    let spaced: String = text
        .chars()
        .map(|character| {
            if matches!(character, '\n' | '\r' | '\t') {
                ' '
            } else {
                character
            }
        })
        .collect();
    spaced
        .chars()
        .filter(|character| !character.is_control())
        .collect::<String>()
        .trim()
        .to_owned()
}

/// A tag of BCP 47 in its usual case, from `de`, `de_AT.UTF-8`, `en-US,en;q=0.9`. Names of languages are not tags.
pub(crate) fn language_tag(text: &str) -> Option<String> {
    let first = text
        .split([',', ';', '.', '@'])
        .next()?
        .trim()
        .replace('_', "-");
    let mut subtags = first.split('-');
    let language = subtags.next()?.to_ascii_lowercase();
    if !(2..=3).contains(&language.len()) || !language.bytes().all(|byte| byte.is_ascii_lowercase())
    {
        return None;
    }
    let mut tag = language;
    for subtag in subtags {
        if !(1..=8).contains(&subtag.len())
            || !subtag.bytes().all(|byte| byte.is_ascii_alphanumeric())
        {
            return None;
        }
        tag.push('-');
        match subtag.len() {
            2 => tag.push_str(&subtag.to_ascii_uppercase()),
            4 if subtag.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
                tag.push_str(&subtag[..1].to_ascii_uppercase());
                tag.push_str(&subtag[1..].to_ascii_lowercase());
            }
            _ => tag.push_str(&subtag.to_ascii_lowercase()),
        }
    }
    // RFC 5646, 4.4.1 advises room for 35 characters.
    (tag.len() <= 35).then_some(tag)
}

/// Forms ask for the salutation under `title`, too.
fn is_salutation(text: &str) -> bool {
    const SALUTATIONS: &[&str] = &[
        "mr", "mrs", "ms", "miss", "mx", "dr", "prof", "sir", "madam", "herr", "frau", "divers",
        "m", "mme", "mlle", "monsieur", "madame", "sr", "sra", "senor", "señor", "señora",
        "senora", "sig", "signor", "signora", "dhr", "mevr", "mw",
    ];
    let lower = text.to_lowercase();
    SALUTATIONS.contains(&lower.trim_end_matches('.'))
}

fn is_address(text: &str) -> bool {
    let lower = text.get(..8).unwrap_or(text).to_ascii_lowercase();
    lower.starts_with("http://")
        || lower.starts_with("https://")
        || lower.starts_with('/')
        || text.contains('.')
}
