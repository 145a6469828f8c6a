//! Decisions: what was decided about a lead, why, under which configuration and when.
//!
//! A lead's history is the list of its decisions and nothing else: the lead itself is what they add up to
//! ([`crate::lead::Lead::after`]). They hold what is needed to make each decision again.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::field::Fields;
use crate::id::{DeliveryId, ErasureId, EventId, LeadId, SubmissionId, VisitorKey};
use crate::identity::IdentityKey;
use crate::submission::{CertificateClaim, Consent};
use crate::vendor::{Bought, Money};

/// One entry of a lead's history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// When it was decided.
    pub at: Timestamp,
    /// The version of the configuration it was decided under.
    pub config: String,
    /// What was decided, and why.
    #[serde(flatten)]
    pub ruling: Ruling,
}

/// What can be decided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Ruling {
    /// A submission became this lead, or was merged into it.
    Received(Received),
    /// A provider was asked about the person's company.
    Enriched(Enriched),
    /// Behaviour was credited.
    Engaged(Engaged),
    /// The score was worked out.
    Scored(Scored),
    /// An owner was chosen.
    Assigned(Assigned),
    /// No owner could be chosen.
    Unassigned(Unassigned),
    /// Sales said what came of it.
    Feedback(Feedback),
    /// The first response did not come in time.
    SlaBreached(SlaBreached),
    /// The lead was taken back, to be given to somebody else or to wait.
    Recycled(Recycled),
    /// A destination took a notification, or will never take it.
    Delivered(Delivered),
    /// Consent was given or withdrawn otherwise than by a submission.
    Consent(ConsentSaid),
    /// The buyer sent it back to its vendor.
    Returned(Returned),
    /// The certificate that proves what a submission's person agreed to was claimed.
    Certified(Certified),
    /// This lead is another one.
    MergedInto(MergedInto),
    /// The person was erased: nothing of what came before is kept.
    Erased(Erased),
    /// What stood here was erased. Only its place in the history is left.
    Emptied(Emptied),
}

impl Ruling {
    /// Its kind, as it is stored and shown.
    pub fn kind(&self) -> &'static str {
        match self {
            Ruling::Received(_) => "received",
            Ruling::Enriched(_) => "enriched",
            Ruling::Engaged(_) => "engaged",
            Ruling::Scored(_) => "scored",
            Ruling::Assigned(_) => "assigned",
            Ruling::Unassigned(_) => "unassigned",
            Ruling::Feedback(_) => "feedback",
            Ruling::SlaBreached(_) => "sla_breached",
            Ruling::Recycled(_) => "recycled",
            Ruling::Delivered(_) => "delivered",
            Ruling::Consent(_) => "consent",
            Ruling::Returned(_) => "returned",
            Ruling::Certified(_) => "certified",
            Ruling::MergedInto(_) => "merged_into",
            Ruling::Erased(_) => "erased",
            Ruling::Emptied(_) => "emptied",
        }
    }
}

/// How a submission ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It made a new lead.
    Created,
    /// It was merged into a lead that was there.
    Merged,
    /// It was a repeat of another submission.
    Duplicate,
    /// It cannot become a lead as it is; a person has to look at it.
    Quarantined,
    /// A person looked at it, and it will never become a lead.
    Rejected,
    /// Its person was erased before it arrived: nothing of it is kept.
    Suppressed,
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Outcome::Created => "created",
            Outcome::Merged => "merged",
            Outcome::Duplicate => "duplicate",
            Outcome::Quarantined => "quarantined",
            Outcome::Rejected => "rejected",
            Outcome::Suppressed => "suppressed",
        })
    }
}

/// What kind of identity a key stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyKind {
    /// The canonical e-mail address.
    Email,
    /// The phone number in E.164.
    Phone,
}

impl fmt::Display for KeyKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            KeyKind::Email => "e-mail",
            KeyKind::Phone => "phone",
        })
    }
}

/// See [`Ruling::Received`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Received {
    /// The submission.
    pub submission: SubmissionId,
    /// Where it came from.
    pub source: String,
    /// When it was accepted at the door; decides which of two values is the newer.
    pub received_at: Timestamp,
    /// Created or merged.
    pub outcome: Outcome,
    /// The identity keys by which the lead was found; none for a new one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub matched: Vec<KeyKind>,
    /// Leads that share a key with it and are somebody else, with the reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept_apart: Vec<KeptApart>,
    /// The rep who owns the lead and keeps it: an existing owner comes before every territory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stays_with: Option<String>,
    /// What was submitted.
    pub fields: Fields,
    /// Facts worked out without asking anybody.
    #[serde(default, skip_serializing_if = "Fields::is_empty")]
    pub facts: Fields,
    /// Consent by purpose.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub consent: BTreeMap<String, Consent>,
    /// The sender's own id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The browser in which it was filled in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visitor: Option<VisitorKey>,
    /// What it was bought for, if it is a vendor's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bought: Option<Box<Bought>>,
    /// When the recycler looks at the lead, at the latest, if nothing else arms it before.
    pub check_at: Timestamp,
}

/// Another lead that shares a key and was not taken for the same person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptApart {
    /// The other lead.
    pub lead: LeadId,
    /// The key they share.
    pub key: KeyKind,
    /// Why they are two.
    pub because: Apart,
}

/// Why two records that share a key are two people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Apart {
    /// They share a phone number but have different e-mail addresses and names.
    OtherEmail,
    /// The e-mail address belongs to one lead and the phone number to another; the e-mail decides.
    EmailDecides,
}

/// See [`Ruling::Enriched`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Enriched {
    /// Name of the provider in the configuration.
    pub provider: String,
    /// What came of asking.
    pub answer: Answer,
    /// What it said.
    #[serde(default, skip_serializing_if = "Fields::is_empty")]
    pub fields: Fields,
    /// How often it has been asked for this lead, this time included.
    #[serde(default)]
    pub attempt: u32,
    /// When it is asked again, if it did not answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Timestamp>,
}

/// What a provider answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It knew the company.
    Found,
    /// The same, from the cache.
    Cached,
    /// It does not know the company.
    NotFound,
    /// It did not answer before the deadline.
    TimedOut,
    /// It could not be reached, or refused.
    Unreachable,
    /// It answered something that could not be read.
    Nonsense,
}

impl Answer {
    /// Whether asking again may help.
    pub fn is_failure(self) -> bool {
        matches!(
            self,
            Answer::TimedOut | Answer::Unreachable | Answer::Nonsense
        )
    }
}

/// See [`Ruling::Engaged`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Engaged {
    /// The events credited by this decision.
    pub events: Vec<Behaviour>,
}

/// One thing a known person did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Behaviour {
    /// Unique within the lead.
    pub id: EventId,
    /// What it was, such as `email_opened`.
    #[serde(rename = "type")]
    pub kind: String,
    /// When it happened, as its sender says; never later than when it was received.
    pub at: Timestamp,
}

/// See [`Ruling::Scored`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scored {
    /// The score.
    pub score: Score,
    /// The stage that follows from it.
    pub stage: Stage,
    /// What gave points, fit first.
    pub points: Vec<Points>,
    /// How many decisions of the history it considered: those up to this one.
    pub considered: u32,
}

/// Fit and engagement, apart and together. Points are whole numbers and may be negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Score {
    /// How well the person and the company match what we look for.
    pub fit: i32,
    /// How much they did.
    pub engagement: i32,
}

impl Score {
    /// Both together.
    pub fn total(self) -> i32 {
        self.fit.saturating_add(self.engagement)
    }
}

/// One rule's contribution to a score.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Points {
    /// The rule's name in the configuration.
    pub rule: String,
    /// What it gave, after its cap and decay.
    pub points: i32,
    /// How often it applied; 1 for a fit rule.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub times: u32,
    /// What it would have given without its cap, when the cap took something away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uncapped: Option<i32>,
}

fn one() -> u32 {
    1
}

fn is_one(times: &u32) -> bool {
    *times == 1
}

/// Where a lead stands. The order is the order of the funnel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Known, not yet qualified.
    #[default]
    Lead,
    /// Sent back to be looked at again later.
    Recycled,
    /// Marketing qualified.
    Mql,
    /// Product qualified.
    Pql,
    /// Sales qualified.
    Sql,
    /// Sales work on a deal.
    Opportunity,
    /// Bought.
    Customer,
    /// Of no use.
    Disqualified,
}

impl Stage {
    /// Whether the score alone may move a lead out of it.
    pub fn is_scored(self) -> bool {
        matches!(
            self,
            Stage::Lead | Stage::Recycled | Stage::Mql | Stage::Pql | Stage::Sql
        )
    }

    /// Its name as it is stored and shown.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Lead => "lead",
            Stage::Recycled => "recycled",
            Stage::Mql => "mql",
            Stage::Pql => "pql",
            Stage::Sql => "sql",
            Stage::Opportunity => "opportunity",
            Stage::Customer => "customer",
            Stage::Disqualified => "disqualified",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Stage::Mql => "MQL",
            Stage::Pql => "PQL",
            Stage::Sql => "SQL",
            other => other.name(),
        })
    }
}

/// See [`Ruling::Assigned`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assigned {
    /// The how-manieth assignment of this lead, from 1.
    pub round: u32,
    /// The rep who got it.
    pub rep: String,
    /// How the rep was found.
    pub by: Route,
    /// The turn of the pool that led to it; unknown in histories of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<u64>,
    /// Everybody who was considered for this turn, the chosen one included.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<Candidate>,
    /// The first-response deadline that started with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sla: Option<SlaClock>,
}

/// The way from a lead to a pool.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Route {
    /// Why this way.
    pub how: How,
    /// The territory whose condition held, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub territory: Option<String>,
    /// The pool, if one was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<String>,
    /// Territories that come earlier in the order and did not hold, with the first reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passed_over: Vec<PassedOver>,
    /// Pools that were asked before and had nobody, with the reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub empty_pools: Vec<PassedOver>,
}

/// What led to a pool or a rep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// A territory's condition held.
    #[default]
    Territory,
    /// No territory held, or the territory's pool had nobody: the fallback pool.
    Fallback,
    /// The lead has an owner who can take it.
    ExistingOwner,
}

/// Something that was considered and not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PassedOver {
    /// Its name in the configuration.
    pub name: String,
    /// Why not.
    pub because: String,
}

/// A rep in a turn of a pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// The rep.
    pub rep: String,
    /// What was found.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// Whether a rep could take a lead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// It is this rep's turn. `credit` is what the rep had before being charged for the turn.
    Chosen {
        /// Credit in the weighted round robin.
        credit: i64,
    },
    /// Could have taken it; somebody else's turn came first.
    Waiting {
        /// Credit in the weighted round robin.
        credit: i64,
    },
    /// Switched off in the configuration.
    Inactive,
    /// Away on that day.
    Away,
    /// Has had the most leads for that day.
    Full {
        /// The limit.
        max_per_day: u32,
    },
    /// Had this lead before.
    HadIt,
    /// Weight 0.
    NoWeight,
}

/// A running first-response clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlaClock {
    /// Name of the SLA in the configuration.
    pub name: String,
    /// When the first response is due.
    pub due_at: Timestamp,
}

/// See [`Ruling::Unassigned`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unassigned {
    /// The how-manieth assignment it would have been.
    pub round: u32,
    /// Why nobody could be chosen.
    pub because: Nobody,
    /// The way that was tried.
    pub by: Route,
    /// Everybody who was considered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<Candidate>,
    /// When it is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Timestamp>,
}

/// Why a lead has no owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Nobody {
    /// No territory holds and there is no fallback pool.
    NoTerritory,
    /// A pool was found, and nobody in it or in its fallback can take the lead.
    NobodyEligible,
    /// The lead's stage is below the one from which leads are assigned.
    NotYetQualified,
    /// Everybody who could take it has had it.
    EverybodyHadIt,
}

/// See [`Ruling::Feedback`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feedback {
    /// What happened.
    #[serde(rename = "feedback")]
    pub kind: FeedbackKind,
    /// Why, in the words of the configuration's recycling rules or free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// When it happened, as they say.
    pub happened_at: Timestamp,
}

/// What sales can say about a lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedbackKind {
    /// The rep got in touch.
    Contacted,
    /// The rep takes it.
    Accepted,
    /// The rep sends it back.
    Rejected,
    /// There is a deal.
    Qualified,
    /// They bought.
    Converted,
    /// Of no use to anybody.
    Disqualified,
}

impl FeedbackKind {
    /// Whether it is a first response: it stops the SLA clock.
    pub fn is_response(self) -> bool {
        !matches!(self, FeedbackKind::Rejected)
    }

    /// Its name as it is stored and shown.
    pub fn name(self) -> &'static str {
        match self {
            FeedbackKind::Contacted => "contacted",
            FeedbackKind::Accepted => "accepted",
            FeedbackKind::Rejected => "rejected",
            FeedbackKind::Qualified => "qualified",
            FeedbackKind::Converted => "converted",
            FeedbackKind::Disqualified => "disqualified",
        }
    }
}

/// See [`Ruling::SlaBreached`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlaBreached {
    /// The assignment whose clock ran out.
    pub round: u32,
    /// The rep who had it.
    pub rep: String,
    /// When the response was due.
    pub due_at: Timestamp,
}

/// See [`Ruling::Recycled`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recycled {
    /// Why: `no_response`, or the reason that sales gave.
    pub reason: String,
    /// The rule of the configuration that says what follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// What follows.
    #[serde(flatten)]
    pub then: Then,
    /// The how-manieth time under this reason, from 1.
    pub times: u32,
}

/// What follows on taking a lead back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "then", rename_all = "snake_case")]
pub enum Then {
    /// To another rep, now.
    Reassign,
    /// To another rep, later.
    Wait {
        /// When.
        until: Timestamp,
    },
    /// It has been recycled as often as the rule allows: nobody gets it by itself any more.
    Rest,
    /// Stays with its owner; the breach is only recorded.
    Keep,
}

/// See [`Ruling::Delivered`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivered {
    /// The notification's stable id.
    pub id: DeliveryId,
    /// The destination's name in the configuration.
    pub destination: String,
    /// The decision that it tells about.
    pub about: u32,
    /// How it ended.
    #[serde(flatten)]
    pub status: DeliveryStatus,
}

/// How a notification stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum DeliveryStatus {
    /// The destination took it.
    Taken {
        /// How many attempts it needed.
        attempts: u32,
    },
    /// It failed and is tried again.
    Failed {
        /// How many attempts there were.
        attempts: u32,
        /// HTTP status, if there was an answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        http: Option<u16>,
        /// Code of the failure, such as `deadline`.
        code: String,
        /// When it is tried again.
        retry_at: Timestamp,
    },
    /// It failed for the last time.
    GivenUp {
        /// How many attempts there were.
        attempts: u32,
        /// HTTP status, if there was an answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        http: Option<u16>,
        /// Code of the failure.
        code: String,
    },
    /// The destination is gone (410) or switched off; nothing was sent.
    Disabled,
    /// The person did not agree to what the destination is for; nothing was sent.
    Withheld {
        /// The purpose.
        purpose: String,
        /// Whether they refused it or took it back; else they never said anything.
        refused: bool,
    },
}

/// See [`Ruling::Consent`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentSaid {
    /// For what.
    pub purpose: String,
    /// What was said, and when.
    pub consent: Consent,
    /// Why, as it was reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who reported it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// See [`Ruling::Certified`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certified {
    /// The submission that it came with.
    pub submission: SubmissionId,
    /// Its address.
    pub certificate: String,
    /// What came of claiming it.
    pub claim: CertificateClaim,
}

/// See [`Ruling::MergedInto`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergedInto {
    /// The lead that this one is.
    pub lead: LeadId,
}

/// See [`Ruling::Returned`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Returned {
    /// The submission that is sent back.
    pub submission: SubmissionId,
    /// To whom.
    pub vendor: String,
    /// Why: the code of one of the reasons of the contract.
    pub reason: String,
    /// Who says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The price that is not owed any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Money>,
}

/// See [`Ruling::Erased`]. Says who asked for it and when, and nothing of whom it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erased {
    /// The erasure.
    pub erasure: ErasureId,
    /// Who asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The identity keys that the lead had, which are suppressed: keyed hashes, by which a repeat goes on when nothing else
    /// is left to go by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<IdentityKey>,
}

/// See [`Ruling::Emptied`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Emptied {
    /// What kind of decision it was.
    pub was: String,
}
