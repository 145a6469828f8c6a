//! The messages.

use domain::decision::{Behaviour, Decision};
use domain::id::{BatchId, LeadId, SubmissionId, VisitorKey};
use domain::submission::{Announced, Quarantined, Submission};
use serde::{Deserialize, Serialize};

/// A message between two functions. The tag ends in a version: messages outlive deployments in queues and dead-letter
/// queues, so a variant is never changed, only joined by a newer one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Message {
    /// To `enrich`: find out who this is.
    #[serde(rename = "submission.v1")]
    Submission {
        /// What was accepted at the door.
        submission: Box<Submission>,
    },
    /// To `enrich`: keep this where a person can look at it.
    #[serde(rename = "quarantined.v1")]
    Quarantined {
        /// What was accepted at the door.
        quarantined: Box<Quarantined>,
    },
    /// To `enrich`: fetch what was only announced, then find out who this is.
    #[serde(rename = "announced.v1")]
    Announced {
        /// What was accepted at the door.
        announced: Box<Announced>,
        /// How often it could not be fetched so far.
        #[serde(default, skip_serializing_if = "is_zero")]
        tries: u8,
    },
    /// To `enrich`: claim the certificate that came with a submission.
    #[serde(rename = "certificate.v1")]
    Certificate {
        /// The submission.
        submission: SubmissionId,
        /// Its source, by its name in the configuration.
        source: String,
        /// How often it could not be claimed so far.
        #[serde(default, skip_serializing_if = "is_zero")]
        tries: u8,
    },
    /// To `enrich`: ask a provider that did not answer before.
    #[serde(rename = "ask_provider.v1")]
    AskProvider {
        /// About whom.
        lead: LeadId,
        /// Whom.
        provider: String,
    },
    /// To `score`: work out the score of a lead that has at least `seq` decisions.
    #[serde(rename = "score.v1")]
    Score {
        /// The lead.
        lead: LeadId,
        /// The decision that makes it necessary.
        seq: u32,
    },
    /// To `score`: credit behaviour to somebody.
    #[serde(rename = "behaviour.v1")]
    Behaviour {
        /// To whom.
        person: Person,
        /// What they did.
        events: Vec<Behaviour>,
        /// How often nobody was known by that name so far.
        #[serde(default, skip_serializing_if = "is_zero")]
        tries: u8,
    },
    /// To `score`: keep what a visitor did, and credit it to the people whose forms were filled in there.
    #[serde(rename = "visited.v1")]
    Visited {
        /// The browser.
        visitor: VisitorKey,
        /// What was done in it.
        events: Vec<Behaviour>,
    },
    /// To `assign`: find an owner.
    #[serde(rename = "assign.v1")]
    Assign {
        /// The lead.
        lead: LeadId,
        /// Its number of decisions when this was sent.
        seq: u32,
        /// Whether the score at that number is not in the history yet: `assign` works it out under the configuration of its
        /// own decision, and writes both together. Messages once held that score itself, which asks for the same.
        #[serde(
            default,
            alias = "scored",
            deserialize_with = "is_asked",
            skip_serializing_if = "std::ops::Not::not"
        )]
        rescore: bool,
    },
    /// To `assign`: find an owner for a lead that is not in the table yet. Its keys are claimed and it is among due work;
    /// its first decisions come along, and `assign` writes them together with its own: one write instead of two.
    /// Like a submission it exists nowhere else, and holds personal data.
    #[serde(rename = "assign.v2")]
    AssignNew {
        /// The lead.
        lead: LeadId,
        /// Its history so far, from the first decision on.
        decisions: Vec<Decision>,
    },
    /// To `deliver`: tell a destination about a decision.
    #[serde(rename = "deliver.v1")]
    Deliver {
        /// The lead.
        lead: LeadId,
        /// The decision's place in its history.
        about: u32,
        /// The destination's name in the configuration.
        destination: String,
    },
    /// To `files`: go on with an uploaded file. That it has come is said by the store that holds it, in words of its own.
    #[serde(rename = "file.v1")]
    File {
        /// The upload.
        upload: BatchId,
    },
}

/// `true`, or anything that is not a plain no.
fn is_asked<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    let given = serde_json::Value::deserialize(deserializer)?;
    Ok(!matches!(
        given,
        serde_json::Value::Null | serde_json::Value::Bool(false)
    ))
}

fn is_zero(tries: &u8) -> bool {
    *tries == 0
}

/// Somebody who is known, named without personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Person {
    /// A lead.
    Lead(LeadId),
    /// Whoever an e-mail address belongs to, by its keyed hash.
    Email(domain::identity::IdentityKey),
}

impl Message {
    /// Its tag.
    pub fn name(&self) -> &'static str {
        match self {
            Message::Submission { .. } => "submission.v1",
            Message::Quarantined { .. } => "quarantined.v1",
            Message::Announced { .. } => "announced.v1",
            Message::Certificate { .. } => "certificate.v1",
            Message::AskProvider { .. } => "ask_provider.v1",
            Message::Score { .. } => "score.v1",
            Message::Behaviour { .. } => "behaviour.v1",
            Message::Visited { .. } => "visited.v1",
            Message::Assign { .. } => "assign.v1",
            Message::AssignNew { .. } => "assign.v2",
            Message::Deliver { .. } => "deliver.v1",
            Message::File { .. } => "file.v1",
        }
    }

    /// What it is about, for logs: a lead's or a submission's id.
    pub fn subject(&self) -> String {
        match self {
            Message::Submission { submission } => submission.id.to_string(),
            Message::Quarantined { quarantined } => quarantined.id.to_string(),
            Message::Announced { announced, .. } => announced.id.to_string(),
            Message::Certificate { submission, .. } => submission.to_string(),
            Message::Behaviour {
                person: Person::Email(_),
                ..
            } => "somebody".to_owned(),
            Message::Visited { visitor, .. } => visitor.to_string(),
            Message::Behaviour {
                person: Person::Lead(lead),
                ..
            }
            | Message::AskProvider { lead, .. }
            | Message::Score { lead, .. }
            | Message::Assign { lead, .. }
            | Message::AssignNew { lead, .. }
            | Message::Deliver { lead, .. } => lead.to_string(),
            Message::File { upload } => upload.to_string(),
        }
    }
}

#[cfg(test)]
mod tests;
