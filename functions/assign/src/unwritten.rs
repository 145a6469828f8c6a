//! The first decisions of a lead that is not in the table yet, and what becomes of them when somebody else made it first.

use std::collections::BTreeSet;

use domain::decision::{Behaviour, Decision, Received, Ruling};
use domain::id::EventId;
use domain::lead::Lead;
use domain::submission::Submission;
use queue::{Message, Outgoing, Person, Queue};

/// What of `unwritten` is not in the lead that is there already. Its submission goes to `enrich` to be merged: somebody
/// else made the lead, or the name became an alias meanwhile. What was done at its visitor's browser goes to `score`: of
/// several copies of one submission, which may have been sent from several browsers or without any, only one goes on. If the
/// person was erased meanwhile, both find that.
pub(crate) fn left_over(unwritten: &[Decision], lead: &Lead) -> Vec<Outgoing> {
    let Some(received) = received_in(unwritten) else {
        return Vec::new();
    };
    let mut outgoing = Vec::new();
    if !lead.submissions.contains(&received.submission) {
        outgoing.push(to_enrich(received));
    }
    let events: Vec<Behaviour> = credits(unwritten)
        .filter(|event| !lead.events.contains(&event.id))
        .cloned()
        .collect();
    if !events.is_empty() {
        outgoing.push(Outgoing {
            queue: Queue::Score,
            message: Message::Behaviour {
                person: Person::Lead(lead.id),
                events,
                tries: 0,
            },
        });
    }
    outgoing
}

/// The submission of `unwritten`, to be merged by `enrich`, if it is another one than that of `first`.
pub(crate) fn other(first: &[Decision], unwritten: &[Decision]) -> Option<Outgoing> {
    let (first, other) = (received_in(first)?, received_in(unwritten)?);
    (first.submission != other.submission).then(|| to_enrich(other))
}

/// What a lead's first decisions begin with.
fn received_in(decisions: &[Decision]) -> Option<&Received> {
    match &decisions.first()?.ruling {
        Ruling::Received(received) => Some(received),
        _ => None,
    }
}

fn to_enrich(received: &Received) -> Outgoing {
    Outgoing {
        queue: Queue::Enrich,
        message: Message::Submission {
            submission: Box::new(submission_of(received)),
        },
    }
}

/// The behaviour that decisions credit.
fn credits(decisions: &[Decision]) -> impl Iterator<Item = &Behaviour> {
    decisions
        .iter()
        .filter_map(|decision| match &decision.ruling {
            Ruling::Engaged(engaged) => Some(&engaged.events),
            _ => None,
        })
        .flatten()
}

/// Adds to a lead's first decisions what a copy of them credits besides.
pub(crate) fn add_credits(first: &mut Vec<Decision>, copy: Vec<Decision>) {
    let mut known: BTreeSet<EventId> = credits(first).map(|event| event.id).collect();
    for mut decision in copy {
        if let Ruling::Engaged(engaged) = &mut decision.ruling {
            engaged.events.retain(|event| known.insert(event.id));
            if !engaged.events.is_empty() {
                first.push(decision);
            }
        }
    }
}

/// The submission from which a lead was to be made. What enrich worked out of it is worked out anew.
fn submission_of(received: &Received) -> Submission {
    Submission {
        id: received.submission,
        earlier: None,
        later: None,
        source: received.source.clone(),
        received_at: received.received_at,
        fields: received.fields.clone(),
        facts: received.facts.clone(),
        consent: received.consent.clone(),
        external_id: received.external_id.clone(),
        visitor: received.visitor,
        // It was verified before the lead was sent here.
        captcha: None,
        bought: received.bought.clone(),
        released: true,
    }
}
