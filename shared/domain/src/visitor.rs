//! A visitor: what one browser did before, while and after people filled in forms in it.
//!
//! A visitor is a browser and not a person, and never says who somebody is: two people who share a device stay two. What
//! happened in the browser counts for whoever filled in a form there last, and for whoever does so next.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::decision::Behaviour;
use crate::field::Fields;
use crate::id::{LeadId, Pepper, SubmissionId, VisitorKey};

/// Most events that are kept of one visitor: the newest. Whoever reads more than that before the first form has shown
/// enough, and an item of that size still costs few write units.
pub const MAX_EVENTS: usize = 100;

/// Most forms of one visitor that are kept apart: the newest.
const MAX_FORMS: usize = 12;

/// Most names of fields that are remembered as answered.
const MAX_ANSWERED: usize = 64;

/// Longest id of a visitor, in bytes.
const MAX_ID_BYTES: usize = 128;

/// Shortest id whose holder is told which questions were answered in the browser: shorter ones can be guessed. 22
/// characters of base 64 are 128 bits.
const MIN_SECRET_BYTES: usize = 22;

impl VisitorKey {
    /// The key of the id that a browser holds; `None` when that is no id of 1 to 128 visible ASCII characters.
    pub fn of(pepper: &Pepper, id: &str) -> Option<Self> {
        let id = id.trim();
        let is_usable = !id.is_empty()
            && id.len() <= MAX_ID_BYTES
            && id.bytes().all(|byte| byte.is_ascii_graphic());
        is_usable.then(|| Self::from_bits(pepper.hash(&[b"visitor", id.as_bytes()])))
    }
}

/// Whether nobody can guess this id, so that whoever has it is the browser itself.
pub fn is_secret(id: &str) -> bool {
    let distinct: BTreeSet<u8> = id.trim().bytes().collect();
    id.trim().len() >= MIN_SECRET_BYTES && distinct.len() >= 6
}

/// What one browser did, and whose forms were filled in there. Holds no personal data.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Visitor {
    /// What was done, oldest first.
    #[serde(default)]
    pub events: Vec<Behaviour>,
    /// Forms, oldest first.
    #[serde(default)]
    pub forms: Vec<FilledForm>,
    /// What happened until then is settled: the form that it led to is not kept any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_until: Option<Timestamp>,
}

/// A form that was filled in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FilledForm {
    /// What was sent with it.
    pub submission: SubmissionId,
    /// Whose it is.
    pub lead: LeadId,
    /// When it was accepted.
    pub at: Timestamp,
    /// Names of the fields that were filled in.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub answered: BTreeSet<String>,
}

impl FilledForm {
    /// The form that came as `submission` and belongs to `lead`.
    pub fn new(submission: SubmissionId, lead: LeadId, at: Timestamp, fields: &Fields) -> Self {
        Self {
            submission,
            lead,
            at,
            answered: fields
                .keys()
                .take(MAX_ANSWERED)
                .map(ToString::to_string)
                .collect(),
        }
    }
}

impl Visitor {
    /// Adds what was done at `keep_from` or later, each event once. False when nothing of it is new.
    pub fn saw(&mut self, events: &[Behaviour], keep_from: Timestamp) -> bool {
        let known: BTreeSet<_> = self.events.iter().map(|event| event.id).collect();
        let floor = self
            .settled_until
            .map_or(keep_from, |until| until.max(keep_from));
        let mut new: Vec<Behaviour> = events
            .iter()
            .filter(|event| event.at >= floor && !known.contains(&event.id))
            .cloned()
            .collect();
        new.sort_by_key(|event| event.id);
        new.dedup_by_key(|event| event.id);
        if new.is_empty() {
            return false;
        }
        let before = self.events.clone();
        self.events.extend(new);
        self.events.sort_by_key(|event| (event.at, event.id));
        self.events.retain(|event| event.at >= keep_from);
        let surplus = self.events.len().saturating_sub(MAX_EVENTS);
        self.events.drain(..surplus);
        self.events != before
    }

    /// Adds a form. The same submission again replaces itself: it may belong to somebody else than was thought. False when
    /// nothing changes.
    pub fn filled(&mut self, form: &FilledForm) -> bool {
        let before = self.clone();
        self.forms
            .retain(|known| known.submission != form.submission || known.lead == form.lead);
        let is_known = |known: &FilledForm| known.submission == form.submission;
        if !self.forms.iter().any(is_known) {
            self.forms.push(form.clone());
        }
        self.forms.sort_by_key(|form| (form.at, form.submission));
        while self.forms.len() > MAX_FORMS {
            let oldest = self.forms.remove(0);
            self.settled_until = self.settled_until.max(Some(oldest.at));
            self.events.retain(|event| event.at > oldest.at);
        }
        *self != before
    }

    /// Forgets a person who was erased: what counts for nobody else, and what they answered. That there was a form stays, so
    /// that what was done before it never counts for whoever came before. False when nothing changes.
    pub fn forget(&mut self, lead: LeadId) -> bool {
        let whole = self.clone();
        self.events.retain(|event| {
            let people = whole.people_of(event);
            people.is_empty() || people.iter().any(|person| *person != lead)
        });
        for form in self.forms.iter_mut().filter(|form| form.lead == lead) {
            form.answered.clear();
        }
        *self != whole
    }

    /// Who an event counts for: the person of the last form before it, and that of the first form after it.
    pub fn people_of(&self, event: &Behaviour) -> Vec<LeadId> {
        let before = self.forms.iter().rev().find(|form| form.at <= event.at);
        let after = self.forms.iter().find(|form| form.at > event.at);
        let mut people: Vec<LeadId> = before
            .into_iter()
            .chain(after)
            .map(|form| form.lead)
            .collect();
        people.dedup();
        people
    }

    /// What counts for `lead`, oldest first.
    pub fn credits(&self, lead: LeadId) -> Vec<Behaviour> {
        self.events
            .iter()
            .filter(|event| self.people_of(event).contains(&lead))
            .cloned()
            .collect()
    }

    /// Names of the fields that the person of the last form filled in here, in one form or another.
    pub fn answered(&self) -> BTreeSet<&str> {
        let person = self.forms.last().map(|form| form.lead);
        self.forms
            .iter()
            .filter(|form| Some(form.lead) == person)
            .flat_map(|form| form.answered.iter().map(String::as_str))
            .collect()
    }
}

#[cfg(test)]
mod tests;
