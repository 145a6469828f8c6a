//! Answers in the sender's own format, where its kind has one.

use domain::id::SubmissionId;
use domain::submission::FieldProblem;
use domain::vendor::Offer;

use crate::refusal::Refusal;
use crate::{Accepted, Door, Incoming, kinds};

/// An answer of a kind's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Its content type; blank if it has no body.
    pub content_type: &'static str,
    /// Its body.
    pub body: String,
    /// Further headers.
    pub headers: Vec<(&'static str, String)>,
}

impl Reply {
    /// JSON, as it is to be sent.
    pub fn json(status: u16, body: impl Into<String>) -> Self {
        Self::of(status, "application/json", body)
    }

    /// Plain text.
    pub fn text(status: u16, body: impl Into<String>) -> Self {
        Self::of(status, "text/plain; charset=utf-8", body)
    }

    /// Of any type.
    pub fn of(status: u16, content_type: &'static str, body: impl Into<String>) -> Self {
        Self {
            status,
            content_type,
            body: body.into(),
            headers: Vec::new(),
        }
    }
}

/// What is to be answered.
#[derive(Debug, Clone, Copy)]
pub enum Answered<'a> {
    /// It is accepted, and durable.
    Accepted(&'a Accepted),
    /// It is a vendor's, and this is what its contract makes of each lead; nothing for what is only looked at later.
    Offered(&'a [(SubmissionId, Option<Offer>)]),
    /// It is refused.
    Refused(&'a Refusal),
    /// It could not be made durable: the sender is to send it again.
    Unavailable,
}

impl Answered<'_> {
    /// The bad fields of a refusal; none of anything else.
    pub fn problems(&self) -> &[FieldProblem] {
        match self {
            Answered::Refused(Refusal::Fields(problems)) => problems,
            _ => &[],
        }
    }
}

/// The answer that senders of this kind understand; `None` where the one of all sources will do.
pub fn reply(door: &Door<'_>, incoming: &Incoming<'_>, answered: Answered<'_>) -> Option<Reply> {
    if let Answered::Accepted(Accepted::Handshake(reply)) = answered {
        return Some(reply.clone());
    }
    kinds::of(door.source.kind)
        .reply
        .and_then(|reply| reply(door, incoming, answered))
}
