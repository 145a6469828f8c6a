//! `POST /v1/leads/{lead}/consent`: what a person agreed to, or took back, otherwise than in a form.

use domain::config::Config;
use domain::decision::{ConsentSaid, Decision, Ruling};
use domain::field::{MAX_TEXT as MAX_CONSENT_TEXT, is_custom_name};
use domain::lead::Lead;
use domain::recycling::arm_at;
use domain::submission::Consent;
use jiff::Timestamp;
use lambda_http::http::StatusCode;
use lambda_http::{Body, Request, Response};
use serde_json::{Map, Value};
use table::Appended;
use web::Problem;

use crate::feedback::{MAX_TEXT, doubts, moment, short_text};
use crate::leads::lead_id;
use crate::problems::{field, invalid_fields, table_failed};
use crate::{Answer, Api, MAX_ROUNDS, answers, object};

/// What was said, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Told {
    purpose: String,
    granted: bool,
    text: Option<String>,
    reason: Option<String>,
    by: Option<String>,
    at: Option<Timestamp>,
}

impl Api {
    pub(crate) async fn note_consent(&self, name: &str, request: &Request) -> Answer {
        let now = self.clock.now();
        let lead = lead_id(name)?;
        let told = read(object(request)?, now)?;
        let current = self.current().await?;
        let once = self.once(request, &self.pepper().await?, now).await?;
        for _ in 0..MAX_ROUNDS {
            let history = self.lead(lead).await?;
            if once.is_done || is_known(&told, &history.lead) {
                self.note_done(&once, now).await?;
                return Ok(noted(&told, &history.lead, &current.config));
            }
            let decision = Decision {
                at: now,
                config: current.version.clone(),
                ruling: Ruling::Consent(ConsentSaid {
                    purpose: told.purpose.clone(),
                    consent: Consent {
                        granted: told.granted,
                        at: told.at.unwrap_or(now),
                        text: told.text.clone(),
                        evidence: None,
                    },
                    reason: told.reason.clone(),
                    by: told.by.clone(),
                }),
            };
            let mut after = history.lead.clone();
            after.apply(&decision);
            if let Some(at) = arm_at(&current.config, Some(&history.lead), &after, now) {
                self.table
                    .arm(history.lead.id, at)
                    .await
                    .map_err(|error| table_failed(&error))?;
            }
            let appended = self
                .table
                .append(history.lead.id, history.lead.seq, &[decision])
                .await
                .map_err(|error| table_failed(&error))?;
            if appended == Appended::Done {
                self.note_done(&once, now).await?;
                return Ok(noted(&told, &after, &current.config));
            }
        }
        tracing::warn!(lead = %lead, "others kept writing about {lead}");
        Err(Problem::unavailable())
    }
}

fn noted(told: &Told, lead: &Lead, config: &Config) -> Response<Body> {
    let mut warnings = doubts(told.by.as_deref(), config);
    warnings.extend(never_agreed(told, lead));
    let noted = answers::Noted {
        lead: answers::Lead::from(lead),
        warnings,
    };
    web::json(StatusCode::OK, &noted)
}

/// A doubt about what is withdrawn and was never agreed to: most likely a slip in its name, and what was meant still stands.
fn never_agreed(told: &Told, lead: &Lead) -> Option<answers::Warning> {
    if told.granted || lead.agreed.contains_key(&told.purpose) {
        return None;
    }
    let standing: Vec<&str> = lead
        .consent
        .iter()
        .filter(|(_, consent)| consent.granted)
        .map(|(purpose, _)| purpose.as_str())
        .collect();
    let what_stands = match standing.as_slice() {
        [] => "they agreed to nothing that is known".to_owned(),
        purposes => format!("they still agree to {}", purposes.join(", ")),
    };
    Some(answers::Warning {
        field: "purpose",
        code: "never_agreed",
        message: format!("they never agreed to {}; {what_stands}", told.purpose),
    })
}

/// Whether this stands already, so that saying it again changes nothing.
fn is_known(told: &Told, lead: &Lead) -> bool {
    lead.consent.get(&told.purpose).is_some_and(|known| {
        known.granted == told.granted
            && told.at.is_none_or(|at| known.at == at)
            && (told.text.is_none() || told.text == known.text)
    })
}

/// Reads a body, every bad field at once.
fn read(body: Map<String, Value>, now: Timestamp) -> Result<Told, Problem> {
    let mut wrong = Vec::new();
    let (mut purpose, mut granted, mut text) = (None, None, None);
    let (mut reason, mut by, mut at) = (None, None, None);
    for (name, value) in &body {
        match name.as_str() {
            "purpose" => match value.as_str().filter(|name| is_custom_name(name)) {
                Some(name) => purpose = Some(name.to_owned()),
                None => wrong.push(field(
                    name,
                    "invalid_purpose",
                    "purpose is lower-case letters, digits, `_` and `-`, such as marketing",
                )),
            },
            "granted" => match value.as_bool() {
                Some(flag) => granted = Some(flag),
                None => wrong.push(field(
                    name,
                    "invalid_flag",
                    "granted is true, or false to withdraw",
                )),
            },
            "text" if value.is_null() => {}
            "text" => match value.as_str().map(str::trim) {
                Some(said) if !said.is_empty() && said.chars().count() <= MAX_CONSENT_TEXT => {
                    text = Some(said.to_owned());
                }
                _ => {
                    let message =
                        format!("text is what was agreed to, 1 to {MAX_CONSENT_TEXT} characters");
                    wrong.push(field(name, "invalid_text", &message));
                }
            },
            "reason" | "by" => match short_text(value) {
                Ok(text) if name == "reason" => reason = text,
                Ok(text) => by = text,
                Err(()) => {
                    let message =
                        format!("{name} is text of 1 to {MAX_TEXT} characters on one line");
                    wrong.push(field(name, "invalid_text", &message));
                }
            },
            "at" => match moment(value, now) {
                Ok(time) => at = time.or(at),
                Err((code, message)) => wrong.push(field(name, code, &message)),
            },
            _ => wrong.push(field(
                name,
                "unknown_field",
                "there is no such field; there are purpose, granted, text, reason, by and at",
            )),
        }
    }
    for name in ["purpose", "granted"] {
        if !body.contains_key(name) {
            wrong.push(field(
                name,
                "required",
                "say what was agreed to or withdrawn",
            ));
        }
    }
    match (purpose, granted) {
        (Some(purpose), Some(granted)) if wrong.is_empty() => Ok(Told {
            purpose,
            granted,
            text,
            reason,
            by,
            at,
        }),
        _ => Err(invalid_fields(&wrong)),
    }
}
