//! The kinds of sources: one file each. This is the only place that lists them.

mod chatbot;
mod form;
mod typeform;

use domain::config::SourceKind;

use crate::answers::Draft;
use crate::refusal::Refusal;
use crate::{Door, Incoming};

/// What a kind of source does differently from others.
pub(crate) struct Kind {
    /// The method that it takes.
    pub(crate) method: &'static str,
    /// Whether somebody who can correct a field reads the answer. Where nobody does, a refusal would lose the lead.
    pub(crate) answer_is_read: bool,
    /// Whether the request comes from who it says. Sees the raw bytes, before anything is read from them.
    pub(crate) verify: fn(&Door<'_>, &Incoming<'_>) -> Result<(), Refusal>,
    /// What the request holds.
    pub(crate) read: fn(&Incoming<'_>) -> Result<Reading, Refusal>,
}

/// What a request holds.
pub(crate) enum Reading {
    /// At least one draft of a submission.
    Drafts(Vec<Draft>),
    /// Nothing that could become a lead.
    NotALead {
        /// What it is instead.
        why: &'static str,
    },
}

/// What is known of a kind.
pub(crate) const fn of(kind: SourceKind) -> Kind {
    match kind {
        SourceKind::Form => form::KIND,
        SourceKind::Typeform => typeform::KIND,
        SourceKind::Chatbot => chatbot::KIND,
    }
}
