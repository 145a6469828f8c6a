//! What the API answers, as JSON. Written by hand from the domain's types: the wire changes only on purpose.

mod certificates;
mod vendors;

use std::collections::BTreeMap;

use domain::decision::{Decision, Nobody};
use domain::explain::Entry;
use domain::field::{Field, Value};
use domain::lead::{self, Origin};
use jiff::Timestamp;
use serde::Serialize;
use table::{Deed, Step};

pub(crate) use certificates::CertificateClaim;
pub(crate) use vendors::{
    CapState, Claim, Claims, MoneyAnswer, OfferAnswer, Received, Returned, Scorecard,
    ScorecardCounts, ScorecardDay, VendorState, Vendors,
};

/// A moment, as RFC 3339 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Time(Timestamp);

impl From<Timestamp> for Time {
    fn from(at: Timestamp) -> Self {
        Self(at)
    }
}

/// A person as Leadline knows them. What is not known is null.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub(crate) struct Lead {
    /// `lead_…`. For a merged lead, the one that it is now.
    pub(crate) id: String,
    /// Number of decisions in its history.
    pub(crate) version: u32,
    /// Where it stands.
    #[cfg_attr(
        any(test, feature = "schema"),
        schemars(schema_with = "crate::openapi::stage")
    )]
    pub(crate) stage: &'static str,
    /// The last score; null until there is one.
    pub(crate) score: Option<Score>,
    /// The rep who has it, by the name in the configuration.
    pub(crate) owner: Option<String>,
    /// The pool through which the owner got it.
    pub(crate) pool: Option<String>,
    /// The territory that led to the pool.
    pub(crate) territory: Option<String>,
    /// Why nobody could be found at the last attempt.
    #[cfg_attr(
        any(test, feature = "schema"),
        schemars(schema_with = "crate::openapi::unassigned")
    )]
    pub(crate) unassigned: Option<&'static str>,
    /// The first-response clock of the present owner.
    pub(crate) sla: Option<Sla>,
    /// The person.
    pub(crate) contact: Contact,
    /// Their company.
    pub(crate) company: Company,
    /// Where they are, besides the country.
    pub(crate) address: Address,
    /// Language, BCP 47.
    pub(crate) language: Option<String>,
    /// What they wrote, or the transcript of a conversation.
    pub(crate) message: Option<String>,
    /// Consent by purpose, the latest of each.
    pub(crate) consent: BTreeMap<String, Consent>,
    /// Certificates of TrustedForm that were claimed, by their address, and what came of it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) certificates: BTreeMap<String, CertificateClaim>,
    /// Where the person came from: page, referrer, campaign, click ids. Only what is known.
    pub(crate) attribution: BTreeMap<String, Scalar>,
    /// Fields of the user's own, without `custom.`.
    pub(crate) custom: BTreeMap<String, Scalar>,
    /// What Leadline worked out by itself, such as `email_class`.
    pub(crate) facts: BTreeMap<String, Scalar>,
    /// Who said what, by field.
    pub(crate) provenance: BTreeMap<String, Provenance>,
    /// The submissions that it is made of.
    pub(crate) submissions: Vec<String>,
    /// When its first submission was accepted.
    pub(crate) created_at: Time,
    /// When the last decision was taken.
    pub(crate) updated_at: Time,
}

/// The lead after something was noted, and what may not be as it was meant.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub(crate) struct Noted {
    /// The lead, as it is after that.
    #[serde(flatten)]
    pub(crate) lead: Lead,
    /// What may not be as it was meant; it was noted nevertheless.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) warnings: Vec<Warning>,
}

/// What may not be as it was meant.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub(crate) struct Warning {
    /// The field of the body.
    pub(crate) field: &'static str,
    /// Stable code.
    pub(crate) code: &'static str,
    /// What is doubtful and what would be right.
    pub(crate) message: String,
}

/// A person was erased.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub(crate) struct Erasure {
    /// `era_…`, the same whenever it is asked for again.
    pub(crate) erasure: String,
    /// The leads that were theirs. Their names stay, and tell nothing.
    pub(crate) leads: Vec<String>,
    /// How many e-mail addresses and phone numbers are suppressed with it.
    pub(crate) suppressed: usize,
    /// When it was done first.
    pub(crate) at: Time,
    /// What could not be reached, and what would help.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) warnings: Vec<Warning>,
}

/// A score. Points are whole numbers and may be negative.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub(crate) struct Score {
    /// Fit and engagement together.
    pub(crate) total: i32,
    /// How well the person and the company match.
    pub(crate) fit: i32,
    /// How much they did.
    pub(crate) engagement: i32,
    /// When it was worked out.
    pub(crate) as_of: Time,
}

/// A first-response clock.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub(crate) struct Sla {
    /// Its name in the configuration.
    pub(crate) name: String,
    /// When the first response is due.
    pub(crate) due_at: Time,
    /// `pending`, `met`, `late` (answered after the deadline) or `breached`.
    #[cfg_attr(any(test, feature = "schema"), schemars(extend("enum" = ["pending", "met", "late", "breached"])))]
    pub(crate) status: &'static str,
    /// When the response came.
    pub(crate) responded_at: Option<Time>,
}

/// A person's own data.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub(crate) struct Contact {
    /// E-mail address, lower case.
    pub(crate) email: Option<String>,
    /// Phone number in E.164.
    pub(crate) phone: Option<String>,
    /// Given name.
    pub(crate) first_name: Option<String>,
    /// Family name.
    pub(crate) last_name: Option<String>,
    /// Job title.
    pub(crate) title: Option<String>,
}

/// A company.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub(crate) struct Company {
    /// Its name.
    pub(crate) name: Option<String>,
    /// Its registrable domain.
    pub(crate) domain: Option<String>,
    /// Industry.
    pub(crate) industry: Option<String>,
    /// Number of employees; of a range, its lower end.
    pub(crate) employees: Option<i64>,
    /// Yearly revenue in whole units of the user's currency.
    pub(crate) revenue: Option<i64>,
    /// Country, ISO 3166-1 alpha-2.
    pub(crate) country: Option<String>,
}

/// A place within a country.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub(crate) struct Address {
    /// State or province, ISO 3166-2 where it is known.
    pub(crate) region: Option<String>,
    /// City.
    pub(crate) city: Option<String>,
    /// Postal code.
    pub(crate) postal_code: Option<String>,
    /// Street address.
    pub(crate) street: Option<String>,
}

/// What a person agreed to, for one purpose.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub(crate) struct Consent {
    /// Given or refused.
    pub(crate) granted: bool,
    /// `given`, `refused`, or `withdrawn`: given before.
    #[cfg_attr(any(test, feature = "schema"), schemars(extend("enum" = ["given", "refused", "withdrawn"])))]
    pub(crate) state: &'static str,
    /// When it was said.
    pub(crate) at: Time,
    /// The text that was agreed to, if it was sent along.
    pub(crate) text: Option<String>,
    /// What else proves it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) evidence: Option<Evidence>,
    /// Where it was withdrawn: what was agreed to before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) agreed: Option<Agreed>,
}

/// What was agreed to, before it was taken back.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub(crate) struct Agreed {
    /// When.
    pub(crate) at: Time,
    /// The text that was agreed to, if it was sent along.
    pub(crate) text: Option<String>,
    /// What else proves it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) evidence: Option<Evidence>,
    /// The submission that said it; null where somebody noted it. All of it is in the lead's history.
    pub(crate) submission: Option<String>,
}

/// What proves that somebody agreed to something, beside the text and the time.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub(crate) struct Evidence {
    /// Version of the text, as the form names it.
    pub(crate) version: Option<String>,
    /// Language of the text.
    pub(crate) language: Option<String>,
    /// The page on which it was said, without its query.
    pub(crate) page: Option<String>,
    /// The network from which it was said: an address of which the last part is left out, or `private`.
    pub(crate) ip_class: Option<String>,
    /// Address of a TrustedForm certificate.
    pub(crate) trustedform: Option<String>,
    /// Jornaya's LeadiD token.
    pub(crate) jornaya: Option<String>,
}

/// Who said something.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub(crate) struct Provenance {
    /// A submission's id, the name of an enrichment provider, or `fact` for what Leadline worked out.
    pub(crate) from: String,
    /// When they did.
    pub(crate) at: Time,
}

/// A value of a field.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(untagged)]
pub(crate) enum Scalar {
    /// Yes or no.
    Flag(bool),
    /// A whole number.
    Number(i64),
    /// Text.
    Text(String),
}

impl From<&Value> for Scalar {
    fn from(value: &Value) -> Self {
        match value {
            Value::Flag(flag) => Scalar::Flag(*flag),
            Value::Number(number) => Scalar::Number(*number),
            Value::Text(text) => Scalar::Text(text.clone()),
        }
    }
}

impl From<&lead::Lead> for Lead {
    fn from(lead: &lead::Lead) -> Self {
        let text = |field: Field| lead.known.get(&field).map(|known| known.value.to_string());
        let number = |field: Field| {
            lead.known
                .get(&field)
                .and_then(|known| known.value.as_number())
        };
        let mut attribution = BTreeMap::new();
        let mut custom = BTreeMap::new();
        let mut facts = BTreeMap::new();
        for (field, known) in &lead.known {
            let value = Scalar::from(&known.value);
            match field {
                Field::Custom(name) => custom.insert(name.clone(), value),
                field if field.is_attribution() => attribution.insert(field.to_string(), value),
                field if field.is_fact() => facts.insert(field.to_string(), value),
                _ => None,
            };
        }
        let owner = lead.owner.as_ref();
        Self {
            id: lead.id.to_string(),
            version: lead.seq,
            stage: lead.stage.name(),
            score: lead.scored.as_ref().map(|scored| Score {
                total: scored.score.total(),
                fit: scored.score.fit,
                engagement: scored.score.engagement,
                as_of: scored.at.into(),
            }),
            owner: owner.map(|owner| owner.rep.clone()),
            pool: owner.and_then(|owner| owner.pool.clone()),
            territory: owner.and_then(|owner| owner.territory.clone()),
            unassigned: lead.unassigned.map(nobody),
            sla: owner.and_then(|owner| owner.sla.as_ref()).map(|sla| Sla {
                name: sla.name.clone(),
                due_at: sla.due_at.into(),
                status: sla.status(),
                responded_at: sla.responded_at.map(Time::from),
            }),
            contact: Contact {
                email: text(Field::Email),
                phone: text(Field::Phone),
                first_name: text(Field::FirstName),
                last_name: text(Field::LastName),
                title: text(Field::Title),
            },
            company: Company {
                name: text(Field::Company),
                domain: text(Field::CompanyDomain),
                industry: text(Field::Industry),
                employees: number(Field::Employees),
                revenue: number(Field::Revenue),
                country: text(Field::Country),
            },
            address: Address {
                region: text(Field::Region),
                city: text(Field::City),
                postal_code: text(Field::PostalCode),
                street: text(Field::Street),
            },
            language: text(Field::Language),
            message: text(Field::Message),
            consent: lead
                .consent
                .iter()
                .map(|(purpose, consent)| {
                    (
                        purpose.clone(),
                        consent_of(consent, lead.agreed.get(purpose)),
                    )
                })
                .collect(),
            certificates: lead
                .certificates
                .iter()
                .map(|(address, claim)| (address.clone(), claim.into()))
                .collect(),
            attribution,
            custom,
            facts,
            provenance: lead
                .known
                .iter()
                .map(|(field, known)| (field.to_string(), provenance(known)))
                .collect(),
            submissions: lead.submissions.iter().map(ToString::to_string).collect(),
            created_at: lead.created_at.into(),
            updated_at: lead.updated_at.into(),
        }
    }
}

fn consent_of(consent: &domain::submission::Consent, agreed: Option<&lead::Agreed>) -> Consent {
    // Taken back: what was agreed to, and by what that is proved, still tells why somebody was contacted until then.
    let taken_back = agreed.filter(|_| !consent.granted);
    Consent {
        granted: consent.granted,
        state: match (consent.granted, taken_back) {
            (true, _) => "given",
            (false, Some(_)) => "withdrawn",
            (false, None) => "refused",
        },
        at: consent.at.into(),
        text: consent.text.clone(),
        evidence: evidence_of(consent),
        agreed: taken_back.map(|agreed| Agreed {
            at: agreed.consent.at.into(),
            text: agreed.consent.text.clone(),
            evidence: evidence_of(&agreed.consent),
            submission: agreed.submission.map(|id| id.to_string()),
        }),
    }
}

fn evidence_of(consent: &domain::submission::Consent) -> Option<Evidence> {
    consent.evidence.as_deref().map(|known| Evidence {
        version: known.version.clone(),
        language: known.language.clone(),
        page: known.page.clone(),
        ip_class: known.ip_class.clone(),
        trustedform: known.trustedform.clone(),
        jornaya: known.jornaya.clone(),
    })
}

fn provenance(known: &lead::Known) -> Provenance {
    let from = match &known.origin {
        Origin::Provider(name) => name.clone(),
        Origin::Fact => "fact".to_owned(),
        Origin::Submission(id) => id.to_string(),
    };
    Provenance {
        from,
        at: known.at.into(),
    }
}

pub(crate) fn nobody(because: Nobody) -> &'static str {
    match because {
        Nobody::NoTerritory => "no_territory",
        Nobody::NobodyEligible => "nobody_eligible",
        Nobody::NotYetQualified => "not_yet_qualified",
        Nobody::EverybodyHadIt => "everybody_had_it",
    }
}

/// A page of leads.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub(crate) struct Leads {
    /// The leads, those of the e-mail address first.
    pub(crate) leads: Vec<Lead>,
    /// Cursor of the next page. One address and one number belong to two leads at most, so this is null.
    pub(crate) next: Option<String>,
}

/// Every decision about a lead.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub(crate) struct History {
    /// The lead.
    pub(crate) lead: String,
    /// Its decisions, oldest first.
    pub(crate) history: Vec<HistoryEntry>,
}

/// One decision.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub(crate) struct HistoryEntry {
    /// `dec_…`
    pub(crate) id: String,
    /// Place in the history, from 1.
    pub(crate) seq: u32,
    /// When.
    pub(crate) at: Time,
    /// What kind of decision, such as `received`, `scored`, `assigned`.
    pub(crate) kind: String,
    /// The version of the configuration it was decided under.
    pub(crate) config: String,
    /// One sentence.
    pub(crate) summary: String,
    /// Why, with what was considered and passed over.
    pub(crate) reasons: Vec<Reason>,
    /// The decision itself, as it is stored: enough to make it again. Its members depend on `kind`, and new ones may come.
    pub(crate) details: serde_json::Map<String, serde_json::Value>,
}

/// One reason of a decision.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub(crate) struct Reason {
    /// Stable code, such as `points` or `passed_over`.
    pub(crate) code: String,
    /// The rule, rep, pool, key or field that it is about.
    pub(crate) subject: Option<String>,
    /// Points that it gave.
    pub(crate) points: Option<i32>,
    /// A sentence.
    pub(crate) text: String,
}

impl HistoryEntry {
    /// A decision as the history shows it.
    pub(crate) fn new(entry: Entry, decision: &Decision) -> Self {
        let mut details = match serde_json::to_value(&decision.ruling) {
            Ok(serde_json::Value::Object(details)) => details,
            _ => serde_json::Map::new(),
        };
        details.remove("kind");
        let reasons = entry.reasons.into_iter();
        Self {
            id: entry.id,
            seq: entry.seq,
            at: entry.at.into(),
            kind: entry.kind,
            config: entry.config,
            summary: entry.summary,
            reasons: reasons
                .map(|reason| Reason {
                    code: reason.code,
                    subject: reason.subject,
                    points: reason.points,
                    text: reason.text,
                })
                .collect(),
            details,
        }
    }
}

/// Why a lead is where it is.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub(crate) struct Explanation {
    /// The lead.
    pub(crate) lead: String,
    /// What stands now, then how it came about.
    pub(crate) sentences: Vec<String>,
}

/// What became of a submission.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub(crate) struct Submission {
    /// `sub_…`
    pub(crate) id: String,
    /// The source it came from.
    pub(crate) source: String,
    /// When it was accepted.
    pub(crate) received_at: Time,
    /// How it ended.
    #[cfg_attr(
        any(test, feature = "schema"),
        schemars(schema_with = "crate::openapi::outcome")
    )]
    pub(crate) outcome: String,
    /// The lead it went into; null when it is quarantined.
    pub(crate) lead: Option<String>,
    /// The submission that it repeats.
    pub(crate) repeats: Option<String>,
    /// Why it ended so; for a quarantined one, what is wrong with it.
    pub(crate) reasons: Vec<SubmissionReason>,
    /// Of a quarantined one, what was sent, as our field = text: what a correction is applied to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fields: Option<BTreeMap<String, String>>,
    /// What people did with it while it was in quarantine, the first first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) history: Vec<SubmissionStep>,
    /// Of a vendor's, what was answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) offer: Option<OfferAnswer>,
}

/// Submissions.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub(crate) struct Submissions {
    /// The submissions, newest first.
    pub(crate) submissions: Vec<Submission>,
    /// Cursor of the next page; null on the last.
    pub(crate) next: Option<String>,
}

/// What somebody did with a submission in quarantine.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub(crate) struct SubmissionStep {
    /// When.
    pub(crate) at: Time,
    /// `corrected` or `discarded`.
    #[cfg_attr(any(test, feature = "schema"), schemars(extend("enum" = ["corrected", "discarded"])))]
    pub(crate) kind: &'static str,
    /// Who says so.
    pub(crate) by: Option<String>,
    /// Why it was discarded.
    pub(crate) reason: Option<String>,
    /// The fields that were corrected.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) fields: Vec<String>,
}

impl From<Step> for SubmissionStep {
    fn from(step: Step) -> Self {
        let (kind, reason, fields) = match step.deed {
            Deed::Corrected { fields } => ("corrected", None, fields),
            Deed::Discarded { reason } => ("discarded", Some(reason), Vec::new()),
        };
        Self {
            at: step.at.into(),
            kind,
            by: step.by,
            reason,
            fields,
        }
    }
}

/// Why a submission ended as it did.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub(crate) struct SubmissionReason {
    /// Stable code, such as `invalid_email`, `same`, `repeat`.
    pub(crate) code: String,
    /// The field that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) field: Option<String>,
    /// What else it is about: a key, a lead, a submission.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) subject: Option<String>,
    /// A sentence.
    pub(crate) message: String,
}

/// What became of a batch.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub(crate) struct Batch {
    /// `bat_…`
    pub(crate) batch: String,
    /// The source it came from.
    pub(crate) source: String,
    /// When it was taken first.
    pub(crate) received_at: Time,
    /// How many rows it has.
    pub(crate) rows: u32,
    /// How many of them were accepted.
    pub(crate) accepted: u32,
    /// How many of them were not.
    pub(crate) rejected: u32,
    /// How many rows ended how: the outcomes of submissions, `in_flight` and `rejected`. Of an uploaded file, those of its
    /// first rows, as many as `upload.counted` says.
    pub(crate) outcomes: BTreeMap<String, usize>,
    /// Rows, in their order.
    pub(crate) results: Vec<BatchRow>,
    /// Cursor of the next page of rows; null on the last.
    pub(crate) next: Option<String>,
    /// Of a file that was uploaded: how far it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) upload: Option<Upload>,
}

/// How far an uploaded file is.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub(crate) struct Upload {
    /// `waiting` for the file, `checking` its rows, `refused`, `sending` the good ones, or `done`: all of them are queued.
    pub(crate) stage: String,
    /// What its sender calls it.
    pub(crate) name: Option<String>,
    /// Its length.
    pub(crate) bytes: u64,
    /// Whether one bad row refuses all of it.
    pub(crate) all_or_nothing: bool,
    /// Good rows that are queued.
    pub(crate) sent: u32,
    /// Rows that `outcomes` counts: each call goes on counting, piece by piece, as far as pieces are settled.
    pub(crate) counted: u32,
    /// Why nothing of it was taken, when it was refused.
    pub(crate) refusal: Option<RowProblem>,
}

/// What became of a row.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub(crate) struct BatchRow {
    /// Its number, from 1; the names of columns and blank rows do not count.
    pub(crate) row: u32,
    /// The line of the file on which it begins, from 1.
    pub(crate) line: u32,
    /// The submission that it is; null when it was rejected.
    pub(crate) submission: Option<String>,
    /// How it ended: as submissions do, `in_flight` when that is not settled yet, or `rejected` at the door.
    pub(crate) outcome: String,
    /// The lead it went into.
    pub(crate) lead: Option<String>,
    /// What was wrong with it, when it was rejected.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) errors: Vec<RowProblem>,
}

/// One thing that was wrong with a row.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub(crate) struct RowProblem {
    /// The field, or `row` for the row as a whole.
    pub(crate) field: String,
    /// Stable code, such as `invalid_email`.
    pub(crate) code: String,
    /// What is wrong and what would be right.
    pub(crate) message: String,
}

/// Every source of the configuration.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub(crate) struct Sources {
    /// The sources, by name.
    pub(crate) sources: Vec<SourceState>,
}

/// How a source is doing.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub(crate) struct SourceState {
    /// Its name in the configuration.
    pub(crate) name: String,
    /// What it sends.
    pub(crate) kind: String,
    /// Whether it keeps a ledger; without one, nothing below is known.
    pub(crate) ledger: bool,
    /// When something of it was accepted last.
    pub(crate) last_seen: Option<Time>,
    /// Whether it has been quiet for longer than ever in the last week, by half.
    pub(crate) is_silent: bool,
    /// What became of the last 24 hours; null without a ledger.
    pub(crate) last_day: Option<Tally>,
}

/// What a source had accepted, and what became of all of it.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub(crate) struct Ledger {
    /// The source.
    pub(crate) source: String,
    /// From when on.
    pub(crate) from: Time,
    /// Until before when.
    pub(crate) to: Time,
    /// Hours in which something was accepted, the first first.
    pub(crate) hours: Vec<LedgerHour>,
    /// All of them together.
    pub(crate) total: Tally,
    /// Accepted, less every outcome and what is on its way: 0, or something is wrong with Leadline.
    pub(crate) difference: i64,
    /// How many of those on their way were not looked at, because more came in the last minutes than one answer looks up:
    /// some of them have ended, and will be counted as what they became within minutes.
    pub(crate) unchecked: u64,
    /// Submissions on their way for more than half an hour, the first hundred: look for them in the dead-letter queues.
    pub(crate) overdue: Vec<String>,
}

/// One hour of a ledger.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub(crate) struct LedgerHour {
    /// Its start.
    pub(crate) hour: Time,
    /// What was accepted in it, and what became of that.
    #[serde(flatten)]
    pub(crate) tally: Tally,
}

/// What was accepted, and what became of it.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub(crate) struct Tally {
    /// Answered with 202.
    pub(crate) accepted: u64,
    /// Made a new lead.
    pub(crate) created: u64,
    /// Went into a lead that was there.
    pub(crate) merged: u64,
    /// Repeated another submission.
    pub(crate) duplicate: u64,
    /// Wait for a person.
    pub(crate) quarantined: u64,
    /// Were discarded by a person.
    pub(crate) rejected: u64,
    /// Came of people who were erased.
    pub(crate) suppressed: u64,
    /// Are on their way.
    pub(crate) in_flight: u64,
}

impl Tally {
    /// What is accounted for by nothing.
    pub(crate) fn difference(&self) -> i64 {
        let leads = self.created + self.merged;
        let others = self.duplicate + self.quarantined + self.rejected + self.suppressed;
        let ended = leads + others;
        self.accepted as i64 - (ended + self.in_flight) as i64
    }
}

/// A corrected submission is on its way again.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub(crate) struct Resubmitted {
    /// `sub_…`, the same as before. What becomes of it is found under it.
    pub(crate) submission: String,
}

/// A configuration was stored.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub(crate) struct Pushed {
    /// Its version, now in force.
    pub(crate) version: String,
    /// False when it was in force already.
    pub(crate) is_new: bool,
    /// What may not be as it was meant.
    pub(crate) warnings: Vec<ConfigurationProblem>,
}

/// Something wrong with a configuration.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub(crate) struct ConfigurationProblem {
    /// The line, from 1.
    pub(crate) line: usize,
    /// The column in characters, from 1.
    pub(crate) column: usize,
    /// The way to it, such as `territories[2].pool`; empty for the file as a whole.
    pub(crate) path: String,
    /// What it is, for programs.
    pub(crate) code: &'static str,
    /// What is wrong and what to do.
    pub(crate) message: String,
    /// An error keeps the configuration from being stored; a warning does not.
    #[cfg_attr(any(test, feature = "schema"), schemars(extend("enum" = ["error", "warning"])))]
    pub(crate) severity: &'static str,
}

impl From<domain::config::Problem> for ConfigurationProblem {
    fn from(problem: domain::config::Problem) -> Self {
        Self {
            line: problem.line,
            column: problem.column,
            path: problem.path,
            code: problem.code,
            message: problem.message,
            severity: problem.severity.name(),
        }
    }
}

/// Every version of the configuration.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub(crate) struct Versions {
    /// The versions, newest first.
    pub(crate) versions: Vec<Version>,
}

/// A version of the configuration.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub(crate) struct Version {
    /// `cfg_…`
    pub(crate) version: String,
    /// When it was pushed first.
    pub(crate) pushed_at: Time,
    /// Whether it is in force.
    pub(crate) is_current: bool,
}

/// The version that is in force now.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub(crate) struct InForce {
    /// `cfg_…`
    pub(crate) version: String,
}

/// Whether it is up.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub(crate) struct Health {
    /// `ok`.
    pub(crate) status: &'static str,
    /// The version of the configuration in force; null before the first push.
    pub(crate) config: Option<String>,
}
