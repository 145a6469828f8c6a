//! A submission: one accepted payload, parsed once into checked values.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::field::Fields;
use crate::id::{SubmissionId, VisitorKey};
use crate::vendor::Bought;

/// What one delivery of a source says about one person, checked and ready to be resolved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Submission {
    /// Derived from the source and what identifies the payload, so that a repeat has the same id.
    pub id: SubmissionId,
    /// The id it would have had in the window before, when it is identified by its content only: a repeat
    /// across the border of two windows is found under it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier: Option<SubmissionId>,
    /// The id it would have in the window after, for the same reason: another clock may be there already. Only what a vendor
    /// sends has it, of whom nothing may be bought twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub later: Option<SubmissionId>,
    /// Name of the source in the configuration.
    pub source: String,
    /// When it was accepted.
    pub received_at: Timestamp,
    /// What the person or the vendor said.
    pub fields: Fields,
    /// What Leadline worked out from that without asking anybody.
    #[serde(default, skip_serializing_if = "Fields::is_empty")]
    pub facts: Fields,
    /// Consent by purpose.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub consent: BTreeMap<String, Consent>,
    /// The sender's own id for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The browser in which it was filled in, if the form says so. It never says who the person is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visitor: Option<VisitorKey>,
    /// The token of the captcha, to be verified once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub captcha: Option<String>,
    /// What it was bought for, once a vendor's contract has taken it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bought: Option<Box<Bought>>,
    /// A person has looked at it and let it go on: nothing is suspected of it any more.
    #[serde(default, skip_serializing_if = "is_false")]
    pub released: bool,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// What a person agreed to, for one purpose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// Given or refused.
    pub granted: bool,
    /// When it was said.
    pub at: Timestamp,
    /// The text that was agreed to, if it was sent along.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// What else proves it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Box<Evidence>>,
}

/// What proves that somebody agreed to something, beside the text and the time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Version of the text, as the form names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Language of the text, BCP 47.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The page on which it was said, without its query.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// The network from which it was said: an address of which the last part is left out, such as `203.0.113.0/24`, or
    /// `private`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip_class: Option<String>,
    /// Address of a TrustedForm certificate, at `cert.trustedform.com` and nowhere else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trustedform: Option<String>,
    /// Jornaya's LeadiD token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jornaya: Option<String>,
}

/// What came of claiming a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateClaim {
    /// When.
    pub at: Timestamp,
    /// What came of it.
    pub outcome: ClaimOutcome,
    /// Until when it is kept for us.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Whether the e-mail address is the one that was typed in on the page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_matches: Option<bool>,
    /// The same of the phone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_matches: Option<bool>,
    /// Address of the certificate with personal data hidden, to be shown to others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub masked: Option<String>,
}

impl CertificateClaim {
    /// One of which nothing else is known.
    pub fn without_answer(at: Timestamp, outcome: ClaimOutcome) -> Self {
        Self {
            at,
            outcome,
            expires_at: None,
            email_matches: None,
            phone_matches: None,
            masked: None,
        }
    }
}

/// How a claim ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimOutcome {
    /// The witness keeps it for us.
    Retained,
    /// The witness found that it does not fit, as when neither address nor phone number are those of the certificate.
    Failed,
    /// The witness has no such certificate, or no longer.
    Gone,
    /// The witness does not take the claim.
    Refused,
    /// Somebody else came with the same certificate before: it was not claimed again.
    Reused,
    /// There was no answer for a day.
    Unanswered,
}

impl ClaimOutcome {
    /// The stable name, as it is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            ClaimOutcome::Retained => "retained",
            ClaimOutcome::Failed => "failed",
            ClaimOutcome::Gone => "gone",
            ClaimOutcome::Refused => "refused",
            ClaimOutcome::Reused => "reused",
            ClaimOutcome::Unanswered => "unanswered",
        }
    }
}

impl Evidence {
    /// Whether it proves nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A submission that cannot become a lead as it is: kept with its reasons until a person corrects or discards it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Quarantined {
    /// Derived like any submission's id.
    pub id: SubmissionId,
    /// Name of the source in the configuration.
    pub source: String,
    /// When it was accepted.
    pub received_at: Timestamp,
    /// Why it is here.
    pub problems: Vec<FieldProblem>,
    /// What was sent, as our field or `custom.NAME` = text, unchecked; what a correction is applied to.
    pub raw: BTreeMap<String, String>,
}

/// A submission whose sender has only announced it: what the person said is fetched by these ids. It is accepted, and ends
/// like any other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announced {
    /// Derived like any submission's id.
    pub id: SubmissionId,
    /// Name of the source in the configuration.
    pub source: String,
    /// When it was accepted.
    pub received_at: Timestamp,
    /// The sender's own id for it.
    pub external_id: String,
    /// What else was announced, by the sender's names: ids of form, campaign and the like. Never personal data.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ids: BTreeMap<String, String>,
}

impl Quarantined {
    /// A submission that was fit to become a lead, and is kept for a person to look at because of `problems`.
    pub fn suspected(submission: Submission, problems: Vec<FieldProblem>) -> Self {
        let fields = submission
            .fields
            .iter()
            .map(|(field, value)| (field.to_string(), value.to_string()));
        let consent = submission
            .consent
            .iter()
            .map(|(purpose, consent)| (format!("consent.{purpose}"), consent.granted.to_string()));
        Self {
            id: submission.id,
            source: submission.source.clone(),
            received_at: submission.received_at,
            problems,
            raw: fields.chain(consent).collect(),
        }
    }
}

/// What is wrong with one field. Says nothing of what was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldProblem {
    /// Our field, or the sender's where it has no other name.
    pub field: String,
    /// Stable code, such as `invalid_email`, `required`, `too_long`.
    pub code: String,
    /// A sentence that says what is wrong and what would be right.
    pub message: String,
}
