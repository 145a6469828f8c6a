//! What a destination is told: a Standard Webhooks payload.

use std::collections::BTreeMap;

use domain::config::{Config, Notice};
use domain::decision::{Erased, Ruling};
use domain::explain::{Reason, reasons, summary};
use domain::field::{Field, Fields};
use domain::id::DecisionId;
use domain::lead::Lead;
use jiff::Timestamp;
use serde::Serialize;
use table::History;

/// `{"type", "timestamp", "data"}`
#[derive(Debug, Clone, Serialize)]
pub struct Payload {
    /// What happened, such as `lead.assigned`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// When it was decided.
    pub timestamp: Timestamp,
    /// The lead and the decision.
    pub data: Data,
}

/// The lead as it was then, and why.
#[derive(Debug, Clone, Serialize)]
pub struct Data {
    /// The decision's id.
    pub decision: String,
    /// The decision in one sentence.
    pub summary: String,
    /// Its reasons.
    pub reasons: Vec<Reason>,
    /// The lead.
    pub lead: Told,
}

/// A lead as destinations see it.
#[derive(Debug, Clone, Serialize)]
pub struct Told {
    /// The lead's id.
    pub id: String,
    /// Its version.
    pub version: u32,
    /// Its stage.
    pub stage: &'static str,
    /// Its score, once there is one.
    pub score: Option<ToldScore>,
    /// The rep who has it, as the configuration names them.
    pub owner: Option<String>,
    /// The rep's own e-mail address, if the configuration has it.
    pub owner_email: Option<String>,
    /// The pool through which it came.
    pub pool: Option<String>,
    /// When the first response is due.
    pub due_at: Option<Timestamp>,
    /// What is known.
    pub fields: BTreeMap<String, domain::field::Value>,
    /// Consent by purpose.
    pub consent: BTreeMap<String, bool>,
}

/// A score as destinations see it.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct ToldScore {
    /// Both together.
    pub total: i32,
    /// Fit.
    pub fit: i32,
    /// Engagement.
    pub engagement: i32,
}

/// The payload about decision `about` of a history; `None` when there is no such decision or nobody is told of its kind.
/// It depends on nothing that came after that decision, so that each attempt sends the same.
pub fn payload(config: &Config, history: &History, about: u32) -> Option<Payload> {
    let index = usize::try_from(about).ok()?.checked_sub(1)?;
    let decision = history.decisions.get(index)?;
    let notice = notice_of(&decision.ruling)?;
    let lead = Lead::after(history.lead.id, &history.decisions[..=index])?;
    let ruling = match &decision.ruling {
        // Who asked is nobody else's business.
        Ruling::Erased(erased) => &Ruling::Erased(Erased {
            by: None,
            ..erased.clone()
        }),
        ruling => ruling,
    };
    Some(Payload {
        kind: notice.name(),
        timestamp: decision.at,
        data: Data {
            decision: DecisionId {
                lead: lead.id,
                seq: about,
            }
            .to_string(),
            summary: summary(config, ruling),
            reasons: reasons(config, ruling),
            lead: told(config, &lead),
        },
    })
}

fn notice_of(ruling: &Ruling) -> Option<Notice> {
    match ruling {
        Ruling::Assigned(_) => Some(Notice::Assigned),
        Ruling::Unassigned(_) => Some(Notice::Unassigned),
        Ruling::Scored(_) => Some(Notice::StageChanged),
        Ruling::SlaBreached(_) => Some(Notice::SlaBreached),
        Ruling::Erased(_) => Some(Notice::Erased),
        _ => None,
    }
}

fn told(config: &Config, lead: &Lead) -> Told {
    let fields: Fields = lead.fields();
    let owner = lead.owner.as_ref();
    Told {
        id: lead.id.to_string(),
        version: lead.seq,
        stage: lead.stage.name(),
        score: lead.scored.as_ref().map(|scored| ToldScore {
            total: scored.score.total(),
            fit: scored.score.fit,
            engagement: scored.score.engagement,
        }),
        owner: owner.map(|owner| owner.rep.clone()),
        owner_email: owner
            .and_then(|owner| config.reps.get(&owner.rep))
            .and_then(|rep| rep.email.clone()),
        pool: owner.and_then(|owner| owner.pool.clone()),
        due_at: owner
            .and_then(|owner| owner.sla.as_ref())
            .map(|sla| sla.due_at),
        fields: fields
            .into_iter()
            .filter(|(field, _)| *field != Field::SourceKind)
            .map(|(field, value)| (field.to_string(), value))
            .collect(),
        consent: lead
            .consent
            .iter()
            .map(|(purpose, consent)| (purpose.clone(), consent.granted))
            .collect(),
    }
}
