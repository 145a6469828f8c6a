//! `POST /v1/leads/{lead}/feedback`: what sales did.

use domain::config::{Config, NO_RESPONSE};
use domain::decision::{Decision, Feedback, FeedbackKind, Ruling, Stage};
use domain::lead::Lead;
use domain::recycling::{arm_at, send_back};
use jiff::{SignedDuration, Timestamp};
use lambda_http::Request;
use lambda_http::http::StatusCode;
use queue::{Message, Queue};
use serde_json::{Map, Value};
use table::{Appended, Current, ScorecardEntry};
use web::Problem;

use crate::leads::lead_id;
use crate::once::REMEMBERED_SECONDS;
use crate::problems::{field, invalid_fields, table_failed, unavailable, wrong_state};
use crate::{Answer, Api, MAX_ROUNDS, answers, object};

/// What sales can say.
pub(crate) const KINDS: [FeedbackKind; 6] = [
    FeedbackKind::Contacted,
    FeedbackKind::Accepted,
    FeedbackKind::Rejected,
    FeedbackKind::Qualified,
    FeedbackKind::Converted,
    FeedbackKind::Disqualified,
];

/// Longest reason or name, in characters. A reason names a rule of the configuration; it is no place for a letter.
pub(crate) const MAX_TEXT: usize = 100;

/// How far ahead of ours a sender's clock may be, in minutes.
pub(crate) const MAX_AHEAD_MINUTES: i64 = 5;

/// Most reps that a warning names.
const MAX_REPS_NAMED: usize = 10;

/// The reason under which a rejection without one is recycled.
const NO_REASON: &str = "rejected";

/// What sales say, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Told {
    kind: FeedbackKind,
    reason: Option<String>,
    by: Option<String>,
    at: Option<Timestamp>,
}

impl Api {
    pub(crate) async fn give_feedback(&self, name: &str, request: &Request) -> Answer {
        let now = self.clock.now();
        let lead = lead_id(name)?;
        let told = read(object(request)?, now)?;
        let current = self.current().await?;
        let once = self.once(request, &self.pepper().await?, now).await?;
        for _ in 0..MAX_ROUNDS {
            let history = self.lead(lead).await?;
            let is_known = once.is_done || is_recorded(&told, &history.decisions, now);
            let after = if is_known {
                Some(history.lead)
            } else {
                self.record(&told, &history.lead, &current, now).await?
            };
            if let Some(after) = after {
                // A repeat does this again: it was written, whether it was sent is not known. Sending twice does no harm.
                self.send_on(&told, &after, now).await?;
                self.note_done(&once, now).await?;
                return Ok(web::json(
                    StatusCode::OK,
                    &answers::Noted {
                        lead: answers::Lead::from(&after),
                        warnings: doubts(told.by.as_deref(), &current.config),
                    },
                ));
            }
        }
        tracing::warn!(lead = %lead, "others kept writing about {lead}");
        Err(Problem::unavailable())
    }

    /// Writes what sales said into the history of a lead. `None` when somebody else was faster.
    async fn record(
        &self,
        told: &Told,
        lead: &Lead,
        current: &Current,
        now: Timestamp,
    ) -> Result<Option<Lead>, Problem> {
        let decisions = decide(told, lead, current, now)?;
        let mut after = lead.clone();
        decisions.iter().for_each(|decision| after.apply(decision));
        if let Some(at) = arm_at(&current.config, Some(lead), &after, now) {
            self.table
                .arm(lead.id, at)
                .await
                .map_err(|error| table_failed(&error))?;
        }
        let appended = self
            .table
            .append_and_tally(lead.id, lead.seq, &decisions, &tallies(told.kind, lead))
            .await
            .map_err(|error| table_failed(&error))?;
        Ok((appended == Appended::Done).then_some(after))
    }

    /// Has somebody else found for a lead that was sent back.
    async fn send_on(&self, told: &Told, lead: &Lead, now: Timestamp) -> Result<(), Problem> {
        if told.kind != FeedbackKind::Rejected || !lead.wants_owner(now) {
            return Ok(());
        }
        let message = Message::Assign {
            lead: lead.id,
            seq: lead.seq,
            rescore: false,
        };
        self.queues
            .send(Queue::Assign, &message)
            .await
            .map_err(|error| unavailable(&error))
    }
}

/// Whoever says something need not be a rep: managers, integrations and partners do too. But what is written like the id
/// of a rep and is none is most likely a slip.
pub(crate) fn doubts(by: Option<&str>, config: &Config) -> Vec<answers::Warning> {
    let is_id = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte))
    };
    match by {
        Some(by) if is_id(by) && !config.reps.contains_key(by) => {
            let reps: Vec<&str> = config
                .reps
                .keys()
                .map(String::as_str)
                .take(MAX_REPS_NAMED)
                .collect();
            vec![answers::Warning {
                field: "by",
                code: "unknown_rep",
                message: format!(
                    "no rep of the configuration has this id (there are {}); write whoever is no rep as a name or an address",
                    reps.join(", ")
                ),
            }]
        }
        _ => Vec::new(),
    }
}

/// What is counted on the scorecards of the vendors whom the lead was bought of: each kind once for each purchase, from then
/// on.
fn tallies(kind: FeedbackKind, lead: &Lead) -> Vec<ScorecardEntry> {
    lead.bought
        .iter()
        .filter(|(_, purchase)| !purchase.is_returned && !purchase.heard.contains(&kind))
        .map(|(submission, purchase)| ScorecardEntry {
            vendor: purchase.bought.vendor.clone(),
            day: purchase.bought.day,
            submission: *submission,
            name: format!("sales:{}", kind.name()),
        })
        .collect()
}

/// Reads a body, every bad field at once.
fn read(body: Map<String, Value>, now: Timestamp) -> Result<Told, Problem> {
    let mut wrong = Vec::new();
    let (mut kind, mut reason, mut by, mut at) = (None, None, None, None);
    for (name, value) in &body {
        match name.as_str() {
            "kind" => {
                kind = KINDS
                    .into_iter()
                    .find(|kind| value.as_str() == Some(kind.name()));
                if kind.is_none() {
                    let names: Vec<&str> = KINDS.iter().map(|kind| kind.name()).collect();
                    wrong.push(field(
                        name,
                        "unknown_kind",
                        &format!("kind is one of {}", names.join(", ")),
                    ));
                }
            }
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
                "there is no such field; there are kind, reason, by and at",
            )),
        }
    }
    if !body.contains_key("kind") {
        wrong.push(field("kind", "required", "say what happened"));
    }
    if kind == Some(FeedbackKind::Rejected) && reason.as_deref() == Some(NO_RESPONSE) {
        let message = format!(
            "{NO_RESPONSE} means that sales did not respond; say why the lead was rejected, such as not_reached"
        );
        wrong.push(field("reason", "reserved", &message));
    }
    match kind {
        Some(kind) if wrong.is_empty() => Ok(Told {
            kind,
            reason,
            by,
            at,
        }),
        _ => Err(invalid_fields(&wrong)),
    }
}

/// The moment that a body says, if it says one; else the code and the message of what is wrong with it.
pub(crate) fn moment(
    value: &Value,
    now: Timestamp,
) -> Result<Option<Timestamp>, (&'static str, String)> {
    if value.is_null() {
        return Ok(None);
    }
    match value
        .as_str()
        .and_then(|text| text.parse::<Timestamp>().ok())
    {
        Some(time) if time > latest(now) => Err((
            "in_the_future",
            format!(
                "at lies in the future, more than the {MAX_AHEAD_MINUTES} minutes by which a clock may be ahead"
            ),
        )),
        Some(time) => Ok(Some(time)),
        None => Err((
            "invalid_time",
            "at is a time as RFC 3339 says, such as 2026-03-01T12:00:00Z".to_owned(),
        )),
    }
}

pub(crate) fn short_text(value: &Value) -> Result<Option<String>, ()> {
    let text = match value {
        Value::Null => return Ok(None),
        Value::String(text) => text.trim(),
        _ => return Err(()),
    };
    let is_short =
        !text.is_empty() && text.chars().count() <= MAX_TEXT && !text.chars().any(char::is_control);
    if is_short {
        Ok(Some(text.to_owned()))
    } else {
        Err(())
    }
}

pub(crate) fn latest(now: Timestamp) -> Timestamp {
    now.saturating_add(SignedDuration::from_mins(MAX_AHEAD_MINUTES))
        .unwrap_or(now)
}

/// Whether this is in the history already.
///
/// With its time, it is the same as one that says the same of the same time. Without, only as the last word of sales
/// within a day about the present assignment: the next owner may well say what the last one did.
fn is_recorded(told: &Told, decisions: &[Decision], now: Timestamp) -> bool {
    for decision in decisions.iter().rev() {
        match (&decision.ruling, told.at) {
            (Ruling::Feedback(known), Some(at))
                if says_the_same(told, known) && known.happened_at == at =>
            {
                return true;
            }
            (Ruling::Feedback(known), None) => {
                let age = now.as_second() - decision.at.as_second();
                return says_the_same(told, known) && age < REMEMBERED_SECONDS;
            }
            (Ruling::Assigned(_), None) => return false,
            _ => {}
        }
    }
    false
}

fn says_the_same(told: &Told, known: &Feedback) -> bool {
    told.kind == known.kind && told.reason == known.reason && told.by == known.by
}

/// What is decided when sales say this of `lead`.
///
/// # Errors
/// `wrong_state` when it makes no sense for this lead.
fn decide(
    told: &Told,
    lead: &Lead,
    current: &Current,
    now: Timestamp,
) -> Result<Vec<Decision>, Problem> {
    if let Some(why) = objection(told.kind, lead) {
        return Err(wrong_state(why));
    }
    let feedback = Feedback {
        kind: told.kind,
        reason: told.reason.clone(),
        by: told.by.clone(),
        happened_at: told.at.unwrap_or(now),
    };
    let mut rulings = vec![Ruling::Feedback(feedback)];
    if told.kind == FeedbackKind::Rejected {
        let reason = told.reason.as_deref().unwrap_or(NO_REASON);
        rulings.push(Ruling::Recycled(send_back(
            &current.config,
            lead,
            reason,
            now,
        )));
    }
    Ok(rulings
        .into_iter()
        .map(|ruling| Decision {
            at: now,
            config: current.version.clone(),
            ruling,
        })
        .collect())
}

/// Why sales cannot say this of `lead`.
fn objection(kind: FeedbackKind, lead: &Lead) -> Option<&'static str> {
    use FeedbackKind::{Accepted, Contacted, Converted, Disqualified, Qualified, Rejected};
    match (kind, lead.stage) {
        (Disqualified, _) => None,
        (_, Stage::Disqualified) => {
            Some("the lead was disqualified; nothing more is expected of it")
        }
        (Accepted | Rejected | Qualified, Stage::Customer) => {
            Some("the lead is a customer already")
        }
        (Rejected, Stage::Opportunity) => {
            Some("there is a deal with the lead; report disqualified when it is lost")
        }
        (Accepted | Rejected, _) if lead.owner.is_none() => {
            Some("nobody has the lead, so nobody can accept or reject it")
        }
        (Rejected, _) if lead.waits.assignment.is_some() => {
            Some("somebody else is being found for the lead already")
        }
        (Contacted | Accepted | Rejected | Qualified | Converted, _) => None,
    }
}
