//! Decisions in words: for the history of the API and for a sales manager who asks why a lead went where it went.
//!
//! Names rules, pools, reps and fields; says nothing that identifies the person.

use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::decision::{
    Answer, Apart, Assigned, ConsentSaid, Decision, Delivered, DeliveryStatus, Enriched, Erased,
    Feedback, How, Nobody, Points, Received, Recycled, Returned, Route, Ruling, Scored, Then,
    Unassigned, Verdict,
};
use crate::id::DecisionId;
use crate::lead::Lead;
use crate::routing::verdict_text;
use crate::submission::{CertificateClaim, ClaimOutcome};

/// One reason of a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Stable code, such as `points` or `passed_over`.
    pub code: String,
    /// The rule, rep, pool, key or field that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Points that it gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<i32>,
    /// A sentence.
    pub text: String,
}

impl Reason {
    fn new(code: &str, subject: Option<&str>, text: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            subject: subject.map(str::to_owned),
            points: None,
            text: text.into(),
        }
    }
}

/// One decision as the API shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// `dec_…`
    pub id: String,
    /// Place in the history, from 1.
    pub seq: u32,
    /// When.
    pub at: jiff::Timestamp,
    /// What kind of decision.
    pub kind: String,
    /// The version of the configuration it was decided under.
    pub config: String,
    /// One sentence.
    pub summary: String,
    /// Why.
    pub reasons: Vec<Reason>,
}

/// How many decisions of a history are not shown, since the person was erased: all before that.
pub fn erased_before(lead: &Lead) -> usize {
    lead.erased
        .as_ref()
        .map_or(0, |erased| erased.seq.saturating_sub(1) as usize)
}

/// The history of a lead as the API shows it. `config` gives reps their names; the decisions stand as they were taken.
pub fn history(config: &Config, lead: &Lead, decisions: &[Decision]) -> Vec<Entry> {
    decisions
        .iter()
        .zip(1u32..)
        .skip(erased_before(lead))
        .map(|(decision, seq)| Entry {
            id: DecisionId { lead: lead.id, seq }.to_string(),
            seq,
            at: decision.at,
            kind: decision.ruling.kind().to_owned(),
            config: decision.config.clone(),
            summary: summary(config, &decision.ruling),
            reasons: reasons(config, &decision.ruling),
        })
        .collect()
}

/// A decision in one sentence.
pub fn summary(config: &Config, ruling: &Ruling) -> String {
    match ruling {
        Ruling::Received(received) => received_summary(received),
        Ruling::Enriched(enriched) => enriched_summary(enriched),
        Ruling::Engaged(engaged) => {
            let kinds: Vec<&str> = engaged
                .events
                .iter()
                .map(|event| event.kind.as_str())
                .collect();
            format!("The person did something: {}.", kinds.join(", "))
        }
        Ruling::Scored(scored) => format!(
            "The score is {} (fit {}, engagement {}); the stage is {}.",
            scored.score.total(),
            scored.score.fit,
            scored.score.engagement,
            scored.stage
        ),
        Ruling::Assigned(assigned) => assigned_summary(config, assigned),
        Ruling::Unassigned(unassigned) => format!(
            "Nobody got the lead, because {}.",
            nobody_text(unassigned.because)
        ),
        Ruling::Feedback(feedback) => feedback_summary(config, feedback),
        Ruling::SlaBreached(breach) => format!(
            "{} did not respond by {}.",
            config.rep_name(&breach.rep),
            short_time(breach.due_at)
        ),
        Ruling::Recycled(recycled) => recycled_summary(recycled),
        Ruling::Delivered(delivered) => delivered_summary(delivered),
        Ruling::Consent(said) => consent_summary(config, said),
        Ruling::Returned(returned) => returned_summary(config, returned),
        Ruling::Certified(certified) => certified_summary(&certified.claim),
        Ruling::MergedInto(merged) => format!("This is the same person as {}.", merged.lead),
        Ruling::Erased(erased) => erased_summary(config, erased),
        Ruling::Emptied(_) => "What was decided here is erased.".to_owned(),
    }
}

fn erased_summary(config: &Config, erased: &Erased) -> String {
    let by = erased
        .by
        .as_deref()
        .map(|by| format!(" by {}", config.rep_name(by)))
        .unwrap_or_default();
    format!(
        "The person was erased{by}: nothing of them is kept, and what comes of them again is suppressed."
    )
}

fn received_summary(received: &Received) -> String {
    if received.matched.is_empty() {
        format!("A submission from {} made this lead.", received.source)
    } else {
        let keys: Vec<String> = received
            .matched
            .iter()
            .map(|key| format!("the same {key}"))
            .collect();
        format!(
            "A submission from {} was merged into this lead: {}.",
            received.source,
            keys.join(" and ")
        )
    }
}

fn enriched_summary(enriched: &Enriched) -> String {
    let provider = &enriched.provider;
    match enriched.answer {
        Answer::Found => format!(
            "{provider} knew the company and gave {}.",
            count(enriched.fields.len(), "field")
        ),
        Answer::Cached => format!(
            "{provider} had been asked about the company before and gave {}.",
            count(enriched.fields.len(), "field")
        ),
        Answer::NotFound => format!("{provider} does not know the company."),
        Answer::TimedOut => format!("{provider} did not answer in time{}", again(enriched)),
        Answer::Unreachable => format!("{provider} could not be asked{}", again(enriched)),
        Answer::Nonsense => format!(
            "{provider} gave an answer that cannot be read{}",
            again(enriched)
        ),
    }
}

fn again(enriched: &Enriched) -> String {
    match enriched.retry_at {
        Some(at) => format!(
            "; the lead went on without, and it is asked again at {}.",
            short_time(at)
        ),
        None => "; the lead went on without.".to_owned(),
    }
}

fn assigned_summary(config: &Config, assigned: &Assigned) -> String {
    let rep = config.rep_name(&assigned.rep);
    let due = assigned
        .sla
        .as_ref()
        .map(|clock| {
            format!(
                " The first response is due by {}.",
                short_time(clock.due_at)
            )
        })
        .unwrap_or_default();
    let pool = assigned.by.pool.as_deref().unwrap_or("no pool");
    match (&assigned.by.how, &assigned.by.territory) {
        (How::Territory, Some(territory)) => format!(
            "{rep} got the lead: territory {territory} sends it to the pool {pool}, where it was {rep}'s turn.{due}"
        ),
        (How::ExistingOwner, _) => format!("{rep} keeps the lead as its owner.{due}"),
        _ => format!(
            "{rep} got the lead: no territory could take it, so it went to the pool {pool}, where it was {rep}'s turn.{due}"
        ),
    }
}

fn feedback_summary(config: &Config, feedback: &Feedback) -> String {
    let by = feedback
        .by
        .as_deref()
        .map_or_else(|| "Sales".to_owned(), |by| config.rep_name(by).to_owned());
    let reason = feedback
        .reason
        .as_deref()
        .map(|reason| format!(" ({reason})"))
        .unwrap_or_default();
    format!("{by} reported: {}{reason}.", feedback.kind.name())
}

fn recycled_summary(recycled: &Recycled) -> String {
    let why = if recycled.reason == crate::config::NO_RESPONSE {
        "nobody responded in time".to_owned()
    } else {
        format!("it came back: {}", recycled.reason)
    };
    match &recycled.then {
        Then::Reassign => format!("The lead goes to somebody else, because {why}."),
        Then::Wait { until } => format!(
            "The lead waits until {} before somebody else gets it, because {why}.",
            short_time(*until)
        ),
        Then::Rest => format!("The lead rests, because {why} and its rule allows no more."),
        Then::Keep => format!(
            "The lead stays with its owner, although {why}: its rule allows no more changes."
        ),
    }
}

fn delivered_summary(delivered: &Delivered) -> String {
    let to = &delivered.destination;
    match &delivered.status {
        DeliveryStatus::Taken { attempts: 1 } => format!("{to} was told."),
        DeliveryStatus::Taken { attempts } => format!("{to} was told, at attempt {attempts}."),
        DeliveryStatus::Failed { code, retry_at, .. } => format!(
            "{to} could not be told ({code}); the next attempt is at {}.",
            short_time(*retry_at)
        ),
        DeliveryStatus::GivenUp { attempts, code, .. } => format!(
            "{to} could not be told after {} ({code}).",
            count(*attempts as usize, "attempt")
        ),
        DeliveryStatus::Disabled => format!("{to} is switched off or gone: nothing was sent."),
        DeliveryStatus::Withheld { purpose, refused } => format!(
            "{to} was not told, because {}.",
            withheld_text(purpose, *refused)
        ),
    }
}

fn withheld_text(purpose: &str, refused: bool) -> String {
    if refused {
        format!("the person refused {purpose} or took their consent back")
    } else {
        format!("the person never agreed to {purpose}")
    }
}

fn consent_summary(config: &Config, said: &ConsentSaid) -> String {
    let what = if said.consent.granted {
        "agreed to"
    } else {
        "withdrew their consent to"
    };
    let by = said
        .by
        .as_deref()
        .map(|by| format!(", as {} reported", config.rep_name(by)))
        .unwrap_or_default();
    format!("The person {what} {}{by}.", said.purpose)
}

fn returned_summary(config: &Config, returned: &Returned) -> String {
    let by = returned
        .by
        .as_deref()
        .map(|by| format!(" by {}", config.rep_name(by)))
        .unwrap_or_default();
    let price = returned
        .price
        .as_ref()
        .map(|price| format!("; {price} are not owed any more"))
        .unwrap_or_default();
    format!(
        "The lead was returned to {}{by} ({}){price}.",
        returned.vendor, returned.reason
    )
}

fn certified_summary(claim: &CertificateClaim) -> String {
    match (claim.outcome, claim.expires_at) {
        (ClaimOutcome::Retained, Some(until)) => format!(
            "TrustedForm keeps the certificate of what was agreed to until {}.",
            short_time(until)
        ),
        (ClaimOutcome::Retained, None) => {
            "TrustedForm keeps the certificate of what was agreed to.".to_owned()
        }
        (ClaimOutcome::Failed, _) => {
            "TrustedForm finds that the certificate does not fit this person.".to_owned()
        }
        (ClaimOutcome::Gone, _) => {
            "TrustedForm has no such certificate, or no longer: there is no proof of what was agreed to."
                .to_owned()
        }
        (ClaimOutcome::Refused, _) => "TrustedForm does not take the claim of the certificate.".to_owned(),
        (ClaimOutcome::Reused, _) => {
            "Somebody else came with the same certificate before: it proves nothing of this person."
                .to_owned()
        }
        (ClaimOutcome::Unanswered, _) => {
            "The certificate could not be claimed for a day, and may be gone.".to_owned()
        }
    }
}

fn matches_of(claim: &CertificateClaim) -> Vec<Reason> {
    let matches = [
        ("e-mail address", "email", claim.email_matches),
        ("phone number", "phone", claim.phone_matches),
    ];
    let told = matches.into_iter().filter_map(|(what, field, matches)| {
        let text = if matches? {
            format!("the {what} is the one that was typed in on the page")
        } else {
            format!("the {what} is not the one that was typed in on the page")
        };
        Some(Reason::new("match", Some(field), text))
    });
    told.collect()
}

fn nobody_text(because: Nobody) -> &'static str {
    match because {
        Nobody::NoTerritory => "no territory takes it and there is no fallback pool",
        Nobody::NobodyEligible => "nobody in the pools that take it can have it now",
        Nobody::NotYetQualified => "its stage is below the one from which leads are assigned",
        Nobody::EverybodyHadIt => "everybody who could take it had it just before",
    }
}

fn count(number: usize, what: &str) -> String {
    if number == 1 {
        format!("1 {what}")
    } else {
        format!("{number} {what}s")
    }
}

/// The reasons of a decision, with what was considered and passed over.
pub fn reasons(config: &Config, ruling: &Ruling) -> Vec<Reason> {
    match ruling {
        Ruling::Received(received) => received_reasons(config, received),
        Ruling::Enriched(enriched) => enriched
            .fields
            .keys()
            .map(|field| {
                Reason::new(
                    "field",
                    Some(&field.to_string()),
                    format!("{field} is from {}", enriched.provider),
                )
            })
            .collect(),
        Ruling::Engaged(engaged) => engaged
            .events
            .iter()
            .map(|event| {
                Reason::new(
                    "event",
                    Some(&event.kind),
                    format!("{} at {}", event.kind, event.at),
                )
            })
            .collect(),
        Ruling::Scored(scored) => scored_reasons(scored),
        Ruling::Assigned(Assigned { by, candidates, .. })
        | Ruling::Unassigned(Unassigned { by, candidates, .. }) => {
            let mut reasons = route_reasons(by);
            reasons.extend(candidates.iter().map(|candidate| {
                let code = match candidate.verdict {
                    Verdict::Chosen { .. } => "chosen",
                    _ => "passed_over",
                };
                let text = format!(
                    "{} {}",
                    config.rep_name(&candidate.rep),
                    verdict_text(&candidate.verdict)
                );
                Reason::new(code, Some(&candidate.rep), text)
            }));
            reasons
        }
        Ruling::Feedback(feedback) => feedback
            .reason
            .iter()
            .map(|reason| Reason::new("reason", Some(reason), reason.clone()))
            .collect(),
        Ruling::SlaBreached(breach) => vec![Reason::new(
            "overdue",
            Some(&breach.rep),
            format!("a response was due by {}", short_time(breach.due_at)),
        )],
        Ruling::Recycled(recycled) => {
            let rule = recycled.rule.as_deref();
            let text = match rule {
                Some(rule) => format!(
                    "the rule {rule} applies to {}, for the {} time",
                    recycled.reason,
                    ordinal(recycled.times)
                ),
                None => format!("no rule says what follows on {}", recycled.reason),
            };
            vec![Reason::new("rule", rule, text)]
        }
        Ruling::Delivered(delivered) => {
            let mut reasons = vec![Reason::new(
                "delivery",
                Some(&delivered.destination),
                format!("notification {}", delivered.id),
            )];
            if let DeliveryStatus::Withheld { purpose, refused } = &delivered.status {
                reasons.push(Reason::new(
                    "no_consent",
                    Some(purpose),
                    withheld_text(purpose, *refused),
                ));
            }
            reasons
        }
        Ruling::Consent(said) => said
            .reason
            .iter()
            .map(|reason| Reason::new("reason", Some(&said.purpose), reason.clone()))
            .collect(),
        Ruling::Returned(returned) => vec![Reason::new(
            "reason",
            Some(&returned.reason),
            returned.reason.clone(),
        )],
        Ruling::Certified(certified) => matches_of(&certified.claim),
        Ruling::MergedInto(merged) => vec![Reason::new(
            "alias",
            Some(&merged.lead.to_string()),
            "two names were claimed for one person",
        )],
        Ruling::Erased(erased) => vec![Reason::new(
            "erasure",
            Some(&erased.erasure.to_string()),
            format!("erasure {}", erased.erasure),
        )],
        Ruling::Emptied(_) => Vec::new(),
    }
}

fn received_reasons(config: &Config, received: &Received) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if received.matched.is_empty() {
        reasons.push(Reason::new(
            "new",
            None,
            "nobody with this e-mail address or phone number was known",
        ));
    }
    for key in &received.matched {
        reasons.push(Reason::new(
            "same",
            Some(&key.to_string()),
            format!("the {key} is that of this lead"),
        ));
    }
    if let Some(bought) = &received.bought {
        let price = match &bought.price {
            Some(price) => format!(" for {price}"),
            None => String::new(),
        };
        reasons.push(Reason::new(
            "bought",
            Some(&bought.vendor),
            format!("it was bought of {}{price}", bought.vendor),
        ));
    }
    if let Some(owner) = &received.stays_with {
        reasons.push(Reason::new(
            "existing_owner",
            Some(owner),
            format!("{} owns it and keeps it", config.rep_name(owner)),
        ));
    }
    for apart in &received.kept_apart {
        let why = match apart.because {
            Apart::OtherEmail => "has another e-mail address and another name",
            Apart::EmailDecides => "is not the lead of this e-mail address, which decides",
        };
        reasons.push(Reason::new(
            "kept_apart",
            Some(&apart.lead.to_string()),
            format!("{} has the same {} and {why}", apart.lead, apart.key),
        ));
    }
    for (field, value) in &received.facts {
        // A fact about a mailbox or a number may be told, except where it would name the mailbox's owner's company.
        if matches!(
            field,
            crate::field::Field::EmailClass
                | crate::field::Field::EmailRole
                | crate::field::Field::PhoneValid
                | crate::field::Field::PhoneKind
                | crate::field::Field::PhoneCountry
                | crate::field::Field::Captcha
                | crate::field::Field::EmailMx
        ) {
            reasons.push(Reason::new(
                "fact",
                Some(&field.to_string()),
                format!("{field} is {value}"),
            ));
        }
    }
    reasons
}

fn scored_reasons(scored: &Scored) -> Vec<Reason> {
    scored
        .points
        .iter()
        .map(|given| Reason {
            code: "points".to_owned(),
            subject: Some(given.rule.clone()),
            points: Some(given.points),
            text: points_text(given),
        })
        .collect()
}

fn points_text(given: &Points) -> String {
    let times = if given.times > 1 {
        format!(" for {} times", given.times)
    } else {
        String::new()
    };
    let cap = given
        .uncapped
        .map(|uncapped| format!(", capped from {uncapped:+}"))
        .unwrap_or_default();
    format!("{}: {:+}{times}{cap}", given.rule, given.points)
}

fn route_reasons(route: &Route) -> Vec<Reason> {
    let mut reasons: Vec<Reason> = route
        .passed_over
        .iter()
        .map(|passed| {
            Reason::new(
                "passed_over",
                Some(&passed.name),
                format!("territory {}: {}", passed.name, passed.because),
            )
        })
        .collect();
    if let Some(territory) = &route.territory {
        reasons.push(Reason::new(
            "territory",
            Some(territory),
            format!("territory {territory} takes it"),
        ));
    }
    for empty in &route.empty_pools {
        reasons.push(Reason::new(
            "empty_pool",
            Some(&empty.name),
            format!("pool {} had nobody: {}", empty.name, empty.because),
        ));
    }
    if let Some(pool) = &route.pool {
        let text = match route.how {
            How::Fallback => format!("pool {pool} takes what nobody else does"),
            _ => format!("pool {pool} was asked"),
        };
        reasons.push(Reason::new("pool", Some(pool), text));
    }
    reasons
}

fn ordinal(number: u32) -> String {
    let suffix = match (number % 10, number % 100) {
        (1, rest) if rest != 11 => "st",
        (2, rest) if rest != 12 => "nd",
        (3, rest) if rest != 13 => "rd",
        _ => "th",
    };
    format!("{number}{suffix}")
}

/// Why a lead is where it is, in sentences for a person: what stands now first, then how it came about.
pub fn story(config: &Config, lead: &Lead, decisions: &[Decision]) -> Vec<String> {
    let mut sentences = vec![standing(config, lead)];
    for (decision, seq) in decisions.iter().zip(1u32..).skip(erased_before(lead)) {
        let mut line = format!(
            "{}. {} {}",
            seq,
            short_time(decision.at),
            summary(config, &decision.ruling)
        );
        let reasons: Vec<String> = reasons(config, &decision.ruling)
            .into_iter()
            .map(|reason| reason.text)
            .collect();
        if !reasons.is_empty() {
            line.push_str(&format!(" ({})", reasons.join("; ")));
        }
        sentences.push(line);
    }
    sentences
}

fn standing(config: &Config, lead: &Lead) -> String {
    if let Some(erased) = &lead.erased {
        return format!(
            "{} was erased at {}: nobody has it, and nothing is due.",
            lead.id,
            short_time(erased.at)
        );
    }
    let score = lead
        .scored
        .as_ref()
        .map(|scored| format!(" with a score of {}", scored.score.total()))
        .unwrap_or_default();
    let owner = match (&lead.owner, lead.unassigned) {
        (Some(owner), _) => {
            let response = owner
                .sla
                .as_ref()
                .map_or_else(String::new, |sla| match sla.status() {
                    "pending" => {
                        format!("; the first response is due by {}", short_time(sla.due_at))
                    }
                    "met" => "; the first response came in time".to_owned(),
                    "late" => "; the first response came too late".to_owned(),
                    _ => "; the first response did not come in time".to_owned(),
                });
            format!(
                "{} has it since {}{response}",
                config.rep_name(&owner.rep),
                short_time(owner.at)
            )
        }
        (None, Some(because)) => format!("nobody has it, because {}", nobody_text(because)),
        (None, None) if lead.waits.cooling_until.is_some() => {
            "it waits to be given to somebody else".to_owned()
        }
        (None, None) if lead.stage == crate::decision::Stage::Recycled => "it rests".to_owned(),
        (None, None) => "it is on its way to somebody".to_owned(),
    };
    format!("{} is at stage {}{score}: {owner}.", lead.id, lead.stage)
}

fn short_time(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}
