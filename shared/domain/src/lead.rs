//! The lead: one person as we know them, which is what the decisions of its history add up to.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::decision::{
    Behaviour, Decision, DeliveryStatus, Erased, FeedbackKind, Nobody, Points, Received, Recycled,
    Ruling, Score, Stage, Then,
};
use crate::field::{Field, Fields, Value};
use crate::id::{DeliveryId, EventId, LeadId, SubmissionId};
use crate::submission::{CertificateClaim, Consent};
use crate::vendor::Bought;

/// What a person agreed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    /// What was said, with what proves it.
    pub consent: Consent,
    /// The submission that said it; nothing where somebody noted it.
    pub submission: Option<SubmissionId>,
}

/// One person as we know them.
#[derive(Debug, Clone, PartialEq)]
pub struct Lead {
    /// Who.
    pub id: LeadId,
    /// Number of decisions in its history; also the lead's version.
    pub seq: u32,
    /// When its first submission was accepted.
    pub created_at: Timestamp,
    /// When the last decision was taken.
    pub updated_at: Timestamp,
    /// What is known, each with its origin.
    pub known: BTreeMap<Field, Known>,
    /// Consent by purpose, the latest of each.
    pub consent: BTreeMap<String, Consent>,
    /// What was agreed to last, by purpose, also where it was taken back since.
    pub agreed: BTreeMap<String, Agreed>,
    /// Certificates that were claimed, by their address, and what came of it.
    pub certificates: BTreeMap<String, CertificateClaim>,
    /// The submissions that it is made of.
    pub submissions: BTreeSet<SubmissionId>,
    /// What the person did.
    pub behaviour: Vec<Behaviour>,
    /// Ids of [`Lead::behaviour`], to credit each event once.
    pub events: BTreeSet<EventId>,
    /// The last score, and how it came about.
    pub scored: Option<LastScore>,
    /// Where it stands.
    pub stage: Stage,
    /// Who has it, and since when.
    pub owner: Option<Ownership>,
    /// Number of assignments so far.
    pub rounds: u32,
    /// Everybody who ever had it, in order.
    pub had_by: Vec<String>,
    /// Why nobody has it.
    pub unassigned: Option<Nobody>,
    /// How often it was recycled, by reason.
    pub recycled: BTreeMap<String, u32>,
    /// What it waits for.
    pub waits: Waits,
    /// Open notifications.
    pub deliveries: BTreeMap<DeliveryId, OpenDelivery>,
    /// Notifications that ended, taken or given up.
    pub delivered: BTreeSet<DeliveryId>,
    /// What was bought of vendors and became part of it.
    pub bought: BTreeMap<SubmissionId, Purchase>,
    /// The lead that this one is, if it was merged.
    pub merged_into: Option<LeadId>,
    /// That the person was erased: then nothing else is known.
    pub erased: Option<ErasedLead>,
}

/// The end of a lead whose person was erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErasedLead {
    /// Place in the history of the decision that says so.
    pub seq: u32,
    /// When.
    pub at: Timestamp,
    /// What it says.
    pub erased: Erased,
}

/// A submission that was bought of a vendor.
#[derive(Debug, Clone, PartialEq)]
pub struct Purchase {
    /// Of whom, for how much, on which day.
    pub bought: Bought,
    /// What sales has said since it came, each once.
    pub heard: BTreeSet<FeedbackKind>,
    /// Whether it was sent back.
    pub is_returned: bool,
}

/// A value and where it is from.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// The value.
    pub value: Value,
    /// Who said so.
    pub origin: Origin,
    /// When they did.
    pub at: Timestamp,
}

/// Who said it. Later kinds outrank earlier ones: what a person says of themselves beats what others know.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// An enrichment provider, by name.
    Provider(String),
    /// Leadline's own facts.
    Fact,
    /// The person, in a submission.
    Submission(SubmissionId),
}

impl Origin {
    fn rank(&self) -> u8 {
        match self {
            Origin::Provider(_) => 0,
            Origin::Fact => 1,
            Origin::Submission(_) => 2,
        }
    }
}

/// The last score of a lead.
#[derive(Debug, Clone, PartialEq)]
pub struct LastScore {
    /// The score.
    pub score: Score,
    /// When it was worked out.
    pub at: Timestamp,
    /// What gave points.
    pub points: Vec<Points>,
    /// The version of the configuration it was worked out under.
    pub config: String,
    /// How many decisions it considered.
    pub considered: u32,
}

/// Who has a lead.
#[derive(Debug, Clone, PartialEq)]
pub struct Ownership {
    /// The rep.
    pub rep: String,
    /// The pool through which it came, if it did.
    pub pool: Option<String>,
    /// The territory that led there, if one did.
    pub territory: Option<String>,
    /// The how-manieth assignment.
    pub round: u32,
    /// Place in the history of the decision that gave it.
    pub seq: u32,
    /// Since when.
    pub at: Timestamp,
    /// The first-response clock, if there is one.
    pub sla: Option<Sla>,
}

/// A first-response clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sla {
    /// Name of the SLA in the configuration.
    pub name: String,
    /// When the response is due.
    pub due_at: Timestamp,
    /// When it came.
    pub responded_at: Option<Timestamp>,
    /// Whether the deadline passed without one and that was noticed.
    pub breached: bool,
}

impl Sla {
    /// `pending`, `met`, `late` (answered after the deadline) or `breached`.
    pub fn status(&self) -> &'static str {
        match (self.responded_at, self.breached) {
            (Some(at), _) if at <= self.due_at => "met",
            (Some(_), _) => "late",
            (None, true) => "breached",
            (None, false) => "pending",
        }
    }
}

/// Things a lead may wait for. Each is looked after by the recycler.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Waits {
    /// A new assignment is wanted now: a round that has not come yet.
    pub assignment: Option<Timestamp>,
    /// The cooling-off time after recycling ends then.
    pub cooling_until: Option<Timestamp>,
    /// A provider is asked again then: name, attempts so far, time.
    pub provider: BTreeMap<String, ProviderRetry>,
    /// An entry in the index of due work exists for this time, at the latest.
    pub check_at: Option<Timestamp>,
}

/// A provider that did not answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderRetry {
    /// Attempts so far.
    pub attempts: u32,
    /// Next attempt.
    pub at: Timestamp,
}

/// A notification that failed and is tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenDelivery {
    /// Destination.
    pub destination: String,
    /// The decision it tells about.
    pub about: u32,
    /// Attempts so far.
    pub attempts: u32,
    /// Next attempt.
    pub retry_at: Timestamp,
}

impl OpenDelivery {
    /// When the recycler sees to the next attempt. The first two waits are short enough for the queue to keep the message
    /// itself; then the recycler only steps in when that message got lost.
    pub fn looked_after_at(&self) -> Timestamp {
        let grace = if self.attempts <= 2 { 60 } else { 0 };
        self.retry_at
            .saturating_add(SignedDuration::from_secs(grace))
            .unwrap_or(self.retry_at)
    }
}

impl Lead {
    /// The lead that `decisions` add up to; `None` when there are none.
    ///
    /// Order of two submissions does not matter for what is known: of two values the one of higher rank stands, then the
    /// newer one by the time it was accepted at the door.
    pub fn after<'a>(
        id: LeadId,
        decisions: impl IntoIterator<Item = &'a Decision>,
    ) -> Option<Self> {
        let mut decisions = decisions.into_iter();
        let first = decisions.next()?;
        let mut lead = Self::empty(id, first.at);
        lead.apply(first);
        for decision in decisions {
            lead.apply(decision);
        }
        Some(lead)
    }

    fn empty(id: LeadId, at: Timestamp) -> Self {
        Self {
            id,
            seq: 0,
            created_at: at,
            updated_at: at,
            known: BTreeMap::new(),
            consent: BTreeMap::new(),
            agreed: BTreeMap::new(),
            certificates: BTreeMap::new(),
            submissions: BTreeSet::new(),
            behaviour: Vec::new(),
            events: BTreeSet::new(),
            scored: None,
            stage: Stage::Lead,
            owner: None,
            rounds: 0,
            had_by: Vec::new(),
            unassigned: None,
            recycled: BTreeMap::new(),
            waits: Waits::default(),
            deliveries: BTreeMap::new(),
            delivered: BTreeSet::new(),
            bought: BTreeMap::new(),
            merged_into: None,
            erased: None,
        }
    }

    /// Forgets the person. What is left says that there was a lead, of which submissions it was made, and what was bought of
    /// whom: bills are kept.
    fn erase(&mut self, erased: &Erased, at: Timestamp) {
        let known = std::mem::replace(self, Self::empty(self.id, self.created_at));
        self.seq = known.seq;
        self.updated_at = known.updated_at;
        self.submissions = known.submissions;
        self.bought = known.bought;
        self.rounds = known.rounds;
        self.erased = Some(ErasedLead {
            seq: known.seq,
            at,
            erased: erased.clone(),
        });
    }

    /// Adds one decision.
    pub fn apply(&mut self, decision: &Decision) {
        self.seq += 1;
        self.updated_at = self.updated_at.max(decision.at);
        let at = decision.at;
        match &decision.ruling {
            Ruling::Received(received) => self.receive(received),
            Ruling::Enriched(enriched) => {
                for (field, value) in &enriched.fields {
                    self.learn(
                        field,
                        value,
                        Origin::Provider(enriched.provider.clone()),
                        at,
                    );
                }
                match enriched.retry_at {
                    Some(retry_at) if enriched.answer.is_failure() => {
                        let retry = ProviderRetry {
                            attempts: enriched.attempt,
                            at: retry_at,
                        };
                        self.waits.provider.insert(enriched.provider.clone(), retry);
                    }
                    _ => {
                        self.waits.provider.remove(&enriched.provider);
                    }
                }
            }
            Ruling::Engaged(engaged) => {
                for event in &engaged.events {
                    if self.events.insert(event.id) {
                        self.behaviour.push(event.clone());
                    }
                }
            }
            Ruling::Scored(scored) => {
                self.stage = scored.stage;
                self.scored = Some(LastScore {
                    score: scored.score,
                    at,
                    points: scored.points.clone(),
                    config: decision.config.clone(),
                    considered: scored.considered,
                });
            }
            Ruling::Assigned(assigned) => {
                self.rounds = assigned.round;
                self.unassigned = None;
                self.waits.assignment = None;
                self.waits.cooling_until = None;
                self.had_by.push(assigned.rep.clone());
                self.owner = Some(Ownership {
                    rep: assigned.rep.clone(),
                    pool: assigned.by.pool.clone(),
                    territory: assigned.by.territory.clone(),
                    round: assigned.round,
                    seq: self.seq,
                    at,
                    sla: assigned.sla.as_ref().map(|clock| Sla {
                        name: clock.name.clone(),
                        due_at: clock.due_at,
                        responded_at: None,
                        breached: false,
                    }),
                });
            }
            Ruling::Unassigned(unassigned) => {
                self.unassigned = Some(unassigned.because);
                self.waits.assignment = unassigned.retry_at;
                self.waits.cooling_until = None;
            }
            Ruling::Feedback(feedback) => {
                for purchase in self.bought.values_mut() {
                    purchase.heard.insert(feedback.kind);
                }
                self.hear(feedback.kind, at);
            }
            Ruling::SlaBreached(breach) => {
                if let Some(sla) = self
                    .owner
                    .as_mut()
                    .filter(|owner| owner.round == breach.round)
                    .and_then(|owner| owner.sla.as_mut())
                {
                    sla.breached = true;
                }
            }
            Ruling::Recycled(recycled) => self.recycle(recycled, at),
            Ruling::Delivered(delivered) => match &delivered.status {
                DeliveryStatus::Failed {
                    attempts, retry_at, ..
                } => {
                    let open = OpenDelivery {
                        destination: delivered.destination.clone(),
                        about: delivered.about,
                        attempts: *attempts,
                        retry_at: *retry_at,
                    };
                    self.deliveries.insert(delivered.id, open);
                }
                DeliveryStatus::Taken { .. }
                | DeliveryStatus::GivenUp { .. }
                | DeliveryStatus::Disabled
                | DeliveryStatus::Withheld { .. } => {
                    self.deliveries.remove(&delivered.id);
                    self.delivered.insert(delivered.id);
                }
            },
            Ruling::Consent(said) => self.agree(&said.purpose, &said.consent, None),
            Ruling::Returned(returned) => self.give_back(returned.submission),
            Ruling::Certified(certified) => {
                self.certificates
                    .insert(certified.certificate.clone(), certified.claim.clone());
            }
            Ruling::MergedInto(merged) => self.merged_into = Some(merged.lead),
            Ruling::Erased(erased) => self.erase(erased, at),
            Ruling::Emptied(_) => {}
        }
    }

    fn receive(&mut self, received: &Received) {
        if self.submissions.is_empty() {
            self.created_at = received.received_at;
            self.waits.assignment = Some(received.received_at);
        } else {
            self.created_at = self.created_at.min(received.received_at);
            let rests = self.owner.is_none()
                && self.waits.cooling_until.is_none()
                && self.waits.assignment.is_none();
            if rests && self.stage.is_scored() {
                // Somebody who was given up on has come back by themselves: they want to be talked to.
                self.waits.assignment = Some(received.received_at);
            }
        }
        if !self.submissions.insert(received.submission) {
            return;
        }
        if let Some(bought) = &received.bought {
            let purchase = Purchase {
                bought: (**bought).clone(),
                heard: BTreeSet::new(),
                is_returned: false,
            };
            self.bought.insert(received.submission, purchase);
        }
        let at = received.received_at;
        let has_attribution = self.known.keys().any(Field::is_attribution);
        for (field, value) in &received.fields {
            // Where a person came from is told by the first submission that tells it; one campaign's tags are never mixed with another's.
            if field.is_attribution() && has_attribution {
                continue;
            }
            self.learn(field, value, Origin::Submission(received.submission), at);
        }
        for (field, value) in &received.facts {
            self.learn(field, value, Origin::Fact, at);
        }
        for (purpose, consent) in &received.consent {
            self.agree(purpose, consent, Some(received.submission));
        }
        self.waits.check_at = Some(
            self.waits
                .check_at
                .map_or(received.check_at, |known| known.min(received.check_at)),
        );
    }

    /// Of what was said about a purpose the latest stands, whatever the order of arrival; at the same moment a no does.
    fn agree(&mut self, purpose: &str, consent: &Consent, submission: Option<SubmissionId>) {
        if consent.granted {
            let is_older = self.agreed.get(purpose).is_some_and(|known| {
                (known.consent.at, known.submission) > (consent.at, submission)
            });
            if !is_older {
                let consent = consent.clone();
                let agreed = Agreed {
                    consent,
                    submission,
                };
                self.agreed.insert(purpose.to_owned(), agreed);
            }
        }
        let stands = self.consent.get(purpose).is_some_and(|known| {
            known.at > consent.at || (known.at == consent.at && !known.granted && consent.granted)
        });
        if !stands {
            self.consent.insert(purpose.to_owned(), consent.clone());
        }
    }

    fn learn(&mut self, field: &Field, value: &Value, origin: Origin, at: Timestamp) {
        let stands = self.known.get(field).is_some_and(|known| {
            let known_order = (known.origin.rank(), known.at, &known.origin);
            known_order > (origin.rank(), at, &origin)
        });
        if !stands {
            self.known.insert(
                field.clone(),
                Known {
                    value: value.clone(),
                    origin,
                    at,
                },
            );
        }
    }

    /// A lead of which everything was sent back is of no use to sales; one that somebody else told us of too stays.
    fn give_back(&mut self, submission: SubmissionId) {
        if let Some(purchase) = self.bought.get_mut(&submission) {
            purchase.is_returned = true;
        }
        let is_all_returned = self.submissions.iter().all(|submission| {
            self.bought
                .get(submission)
                .is_some_and(|purchase| purchase.is_returned)
        });
        if is_all_returned {
            self.stage = Stage::Disqualified;
            self.waits = Waits::default();
        }
    }

    fn hear(&mut self, kind: FeedbackKind, at: Timestamp) {
        if kind.is_response()
            && let Some(sla) = self.owner.as_mut().and_then(|owner| owner.sla.as_mut())
            && sla.responded_at.is_none()
        {
            sla.responded_at = Some(at);
        }
        match kind {
            FeedbackKind::Qualified => self.stage = self.stage.max(Stage::Opportunity),
            FeedbackKind::Converted => self.stage = Stage::Customer,
            FeedbackKind::Disqualified => {
                self.stage = Stage::Disqualified;
                self.waits = Waits::default();
            }
            FeedbackKind::Contacted | FeedbackKind::Accepted | FeedbackKind::Rejected => {}
        }
    }

    fn recycle(&mut self, recycled: &Recycled, at: Timestamp) {
        self.recycled
            .insert(recycled.reason.clone(), recycled.times);
        match &recycled.then {
            Then::Reassign => self.waits.assignment = Some(at),
            Then::Wait { until } => {
                self.stage = Stage::Recycled;
                self.owner = None;
                self.waits.cooling_until = Some(*until);
            }
            Then::Rest => {
                self.stage = Stage::Recycled;
                self.owner = None;
                self.waits.assignment = None;
                self.waits.cooling_until = None;
            }
            Then::Keep => {}
        }
    }

    /// What is known, without its origins: what rules look at.
    pub fn fields(&self) -> Fields {
        self.known
            .iter()
            .map(|(field, known)| (field.clone(), known.value.clone()))
            .collect()
    }

    /// Whether the person agreed to `purpose`; `None` when they never said anything about it.
    pub fn agreed_to(&self, purpose: &str) -> Option<bool> {
        self.consent.get(purpose).map(|consent| consent.granted)
    }

    /// The text of one field.
    pub fn text(&self, field: &Field) -> Option<&str> {
        self.known
            .get(field)
            .and_then(|known| known.value.as_text())
    }

    /// Whether somebody has to be found for it at `now`: it is new, nobody could take it before, it was taken back, or its
    /// cooling-off time is over.
    pub fn wants_owner(&self, now: Timestamp) -> bool {
        let is_over = self.merged_into.is_some() || self.erased.is_some();
        if is_over || !self.stage.is_scored() {
            return false;
        }
        match self.waits.cooling_until {
            Some(until) => until <= now,
            None => {
                self.waits.assignment.is_some()
                    || (self.owner.is_none() && self.unassigned.is_some())
            }
        }
    }

    /// The earliest thing it waits for; `None` when it waits for nothing.
    pub fn next_due(&self, stuck_after: SignedDuration) -> Option<Timestamp> {
        self.due_times(stuck_after).into_iter().min()
    }

    /// The times of everything it waits for, in no order; some may have passed.
    pub fn due_times(&self, stuck_after: SignedDuration) -> Vec<Timestamp> {
        if self.merged_into.is_some() {
            return Vec::new();
        }
        let is_open = self.stage.is_scored() && self.waits.cooling_until.is_none();
        let stuck = self.waits.assignment.filter(|_| is_open).map(|since| {
            if self.unassigned.is_some() {
                since
            } else {
                since.saturating_add(stuck_after).unwrap_or(since)
            }
        });
        let response = self
            .owner
            .as_ref()
            .and_then(|owner| owner.sla.as_ref())
            .filter(|sla| self.stage.is_scored() && sla.responded_at.is_none() && !sla.breached)
            .map(|sla| sla.due_at);
        let providers = self.waits.provider.values().map(|retry| retry.at);
        let deliveries = self.deliveries.values().map(OpenDelivery::looked_after_at);
        [stuck, self.waits.cooling_until, response]
            .into_iter()
            .flatten()
            .chain(providers)
            .chain(deliveries)
            .collect()
    }
}

/// The place in a history of the last score that changed the stage; `None` when the last score did not.
pub fn last_stage_change(decisions: &[Decision]) -> Option<u32> {
    let mut stage = Stage::Lead;
    let mut last = None;
    for (decision, seq) in decisions.iter().zip(1u32..) {
        match &decision.ruling {
            Ruling::Scored(scored) => {
                last = (scored.stage != stage).then_some(seq);
                stage = scored.stage;
            }
            Ruling::Recycled(recycled)
                if matches!(recycled.then, Then::Wait { .. } | Then::Rest) =>
            {
                stage = Stage::Recycled
            }
            _ => {}
        }
    }
    last
}

#[cfg(test)]
mod tests;
