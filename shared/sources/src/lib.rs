//! What each kind of source sends: how it proves itself, what its bytes mean, and whether it wants a particular answer.
//!
//! [`receive`] takes one request to a configured source and makes checked submissions of it, or says why not. It verifies
//! before it parses, reports every bad field at once, and never says in an error what somebody sent.
//!
//! Everything here is a function of the bytes, the headers and the configuration: no clock, no environment, no file, no
//! network, no randomness. What a message means is found by the name of a field, never by its position.
//!
//! A kind of source is one file in `kinds`; `kinds::of` is the only place that lists them.

use domain::config::{Source, SourceKind};
use domain::id::{Pepper, SubmissionId, VisitorKey};
use domain::submission::{Announced, FieldProblem, Quarantined, Submission};
use http::HeaderMap;
use jiff::Timestamp;

mod about;
mod answers;
pub mod batch;
mod checks;
mod consent;
mod decode;
mod evidence;
mod fetched;
mod handshake;
mod identity;
mod kinds;
mod mapping;
mod markup;
mod meaning;
mod mentions;
mod moment;
mod page;
mod ping;
mod proof;
mod refusal;
mod reply;
mod suspicion;
mod vocabulary;

pub use about::{About, Sample, Signing, Trial, configuration};
pub use checks::recheck;
pub use evidence::certificate_of;
pub use fetched::{Question, questions, read_answers, set_aside};
pub use kinds::about;
pub use meaning::is_map_target;
pub use ping::{Asked, asked};
pub use refusal::{Refusal, Unauthorized, Unparseable};
pub use reply::{Answered, Reply, reply};

use answers::Draft;
use kinds::Reading;

/// One request as it came in.
#[derive(Clone, Copy)]
pub struct Incoming<'a> {
    /// Its method, in upper case.
    pub method: &'a str,
    /// What follows the `?` of its address, still percent-encoded.
    pub query: Option<&'a str>,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// Its body, exactly as it was sent: signatures are made over these bytes.
    pub body: &'a [u8],
    /// When it came.
    pub received_at: Timestamp,
}

/// The source that a request is for, with what is needed to read it.
#[derive(Clone, Copy)]
pub struct Door<'a> {
    /// Name of the source in the configuration.
    pub name: &'a str,
    /// What the configuration says of it.
    pub source: &'a Source,
    /// The values of its secret that are valid now: none, one, or two while it is being changed. Blank ones count as none.
    pub secrets: &'a [&'a str],
    /// The values of its handshake's secret that are valid now.
    pub handshake_secrets: &'a [&'a str],
    /// What ids are derived under.
    pub pepper: &'a Pepper,
    /// The configuration's country for phone numbers without a country code. ISO 3166-1 alpha-2.
    pub default_country: Option<&'a str>,
}

/// What a request that was understood holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Accepted {
    /// At least one submission.
    Submissions(Vec<Parsed>),
    /// The sender asked whether this address is ours: this is what it wants to hear.
    Handshake(Reply),
    /// Nothing that could become a lead. It is acknowledged like a submission, so that the sender does not repeat it.
    NotALead {
        /// What it is instead.
        why: &'static str,
    },
}

/// One submission, checked.
#[derive(Debug, Clone, PartialEq)]
pub enum Parsed {
    /// Fit to become a lead.
    Submission(Submission),
    /// Kept for a person to correct: the sender would not understand, or not read, what is wrong with it.
    Quarantined(Quarantined),
    /// Wrong in some fields, from a vendor, who is told so: nothing of it is kept.
    Wrong(Wrong),
    /// Only announced: its answers are to be fetched ([`questions`]), then it becomes one of the others ([`read_answers`]).
    Announced(Announced),
}

/// A lead of a vendor that is wrong in some fields.
#[derive(Debug, Clone, PartialEq)]
pub struct Wrong {
    /// What it says, and what is wrong with it.
    pub lead: Quarantined,
    /// As [`Submission::earlier`].
    pub earlier: Option<SubmissionId>,
    /// As [`Submission::later`].
    pub later: Option<SubmissionId>,
}

impl Parsed {
    /// Its id, the same for every repeat.
    pub fn id(&self) -> SubmissionId {
        match self {
            Parsed::Submission(submission) => submission.id,
            Parsed::Quarantined(quarantined) => quarantined.id,
            Parsed::Wrong(wrong) => wrong.lead.id,
            Parsed::Announced(announced) => announced.id,
        }
    }
}

/// Longest id of a sender that is kept, in characters. Repeats are told apart by the whole of it.
const MAX_EXTERNAL_ID: usize = 255;

/// Verifies and reads one request, or answers a handshake.
///
/// The order is: method, size, proof of the sender, `Idempotency-Key`, content. So an unproved sender learns nothing about
/// what it sent.
///
/// # Errors
/// [`Refusal`], whose [`Refusal::status`] is the answer unless the kind has one of its own ([`reply`]). Bad fields are
/// [`Parsed::Wrong`] where a vendor is told, and [`Refusal::Fields`] only if a person reads the answer (the source's `answer_field_errors`, and a kind whose answers are
/// read); else the submission is quarantined.
pub fn receive(door: &Door<'_>, incoming: &Incoming<'_>) -> Result<Accepted, Refusal> {
    let kind = kinds::of(door.source.kind);
    if incoming.body.len() > door.source.max_body_bytes {
        return Err(Refusal::TooLarge {
            limit: door.source.max_body_bytes,
        });
    }
    if is_handshake(door.source.kind, incoming)
        && let Some(handshake) = &kind.handshake
    {
        return (handshake.answer)(door, incoming).map(Accepted::Handshake);
    }
    if !kind.methods.contains(&incoming.method) {
        return Err(Refusal::MethodNotAllowed {
            allow: kind.methods_taken(),
        });
    }
    (kind.verify)(door, incoming)?;
    decode::unpacked(incoming.headers)?;
    let idempotency_key = identity::idempotency_key(incoming.headers)?;
    match (kind.read)(door, incoming)? {
        Reading::Drafts(drafts) => {
            of_drafts(door, incoming, &kind, idempotency_key.as_deref(), &drafts)
        }
        Reading::Announced(announcements) => Ok(Accepted::Submissions(of_announcements(
            door,
            incoming,
            idempotency_key.as_deref(),
            announcements,
        ))),
        Reading::NotALead { why } => Ok(Accepted::NotALead { why }),
    }
}

/// Whether a request to a source of this kind is the sender's question whether this address is ours. For `OPTIONS`, which
/// browsers send too, this tells the two apart.
pub fn is_handshake(kind: SourceKind, incoming: &Incoming<'_>) -> bool {
    kinds::of(kind).handshake.is_some_and(|handshake| {
        handshake.methods.contains(&incoming.method) && (handshake.asks)(incoming)
    })
}

fn of_drafts(
    door: &Door<'_>,
    incoming: &Incoming<'_>,
    kind: &kinds::Kind,
    idempotency_key: Option<&str>,
    drafts: &[Draft],
) -> Result<Accepted, Refusal> {
    // Of several, those that are right are not refused for the others.
    let answers_person =
        door.source.answer_field_errors && kind.answer_is_read && drafts.len() == 1;
    let answers_vendor = door.source.answer_field_errors && door.source.vendor.is_some();
    let mut parsed = Vec::with_capacity(drafts.len());
    let mut problems = Vec::new();
    for (index, draft) in drafts.iter().enumerate() {
        let meant = meaning::of(draft, door.source, incoming);
        if kind.waits_for_contact && !meant.has_contact() && draft.unreadable.is_none() {
            continue;
        }
        let identity = identity::of(door, incoming, idempotency_key, index, draft, &meant);
        if let Some(problem) = &draft.unreadable {
            parsed.push(Parsed::Quarantined(Quarantined {
                id: identity.id,
                source: door.name.to_owned(),
                received_at: incoming.received_at,
                problems: vec![problem.clone()],
                raw: meant.raw(),
            }));
            continue;
        }
        match judged(door, incoming, identity, draft, meant) {
            Judged::Fit(one) => parsed.push(one),
            Judged::Wrong(_, Parsed::Quarantined(lead)) if answers_vendor => {
                parsed.push(Parsed::Wrong(Wrong {
                    lead,
                    earlier: identity.earlier,
                    later: identity.later,
                }));
            }
            Judged::Wrong(found, _) if answers_person => problems.extend(found),
            Judged::Wrong(_, one) => parsed.push(one),
        }
    }
    if problems.is_empty() && parsed.is_empty() {
        return Ok(Accepted::NotALead {
            why: "somebody of whom neither an address nor a number is known yet",
        });
    }
    if problems.is_empty() {
        Ok(Accepted::Submissions(parsed))
    } else {
        Err(Refusal::Fields(problems))
    }
}

/// What is made of one draft.
enum Judged {
    /// A submission, or a suspicious one in quarantine, which its sender is not told.
    Fit(Parsed),
    /// What is wrong with it, and what it is if nobody can be told: a submission in quarantine.
    Wrong(Vec<FieldProblem>, Parsed),
}

fn judged(
    door: &Door<'_>,
    incoming: &Incoming<'_>,
    identity: identity::Identity,
    draft: &Draft,
    meant: meaning::Meant,
) -> Judged {
    let quarantined = |problems, meant: &meaning::Meant| {
        Parsed::Quarantined(Quarantined {
            id: identity.id,
            source: door.name.to_owned(),
            received_at: incoming.received_at,
            problems,
            raw: meant.raw(),
        })
    };
    let checked = checks::check(&meant, door.source, door.default_country).and_then(|fields| {
        let unwanted = suspicion::to_be_corrected(&fields, door.source);
        if unwanted.is_empty() {
            Ok(fields)
        } else {
            Err(unwanted)
        }
    });
    match checked {
        Ok(mut fields) => {
            evidence::keep_once(&mut fields, &meant.consent);
            let suspicions = suspicion::of(draft, &fields, door.source, incoming);
            if !suspicions.is_empty() {
                return Judged::Fit(quarantined(suspicions, &meant));
            }
            Judged::Fit(Parsed::Submission(Submission {
                id: identity.id,
                earlier: identity.earlier,
                later: identity.later,
                source: door.name.to_owned(),
                received_at: incoming.received_at,
                fields,
                facts: domain::field::Fields::new(),
                consent: meant.consent,
                external_id: meant.external_id.as_deref().map(kept_id),
                visitor: meant
                    .visitor
                    .as_deref()
                    .and_then(|id| VisitorKey::of(door.pepper, id)),
                captcha: suspicion::captcha_token(draft, door.source),
                bought: None,
                released: false,
            }))
        }
        Err(found) => {
            let one = quarantined(found.clone(), &meant);
            Judged::Wrong(found, one)
        }
    }
}

fn of_announcements(
    door: &Door<'_>,
    incoming: &Incoming<'_>,
    idempotency_key: Option<&str>,
    announcements: Vec<fetched::Announcement>,
) -> Vec<Parsed> {
    let announced = |(index, announcement): (usize, fetched::Announcement)| {
        let draft = Draft {
            external_id: Some(announcement.external_id.clone()),
            ..Draft::default()
        };
        let meant = meaning::of(&draft, door.source, incoming);
        let identity = identity::of(door, incoming, idempotency_key, index, &draft, &meant);
        Parsed::Announced(Announced {
            id: identity.id,
            source: door.name.to_owned(),
            received_at: incoming.received_at,
            external_id: kept_id(&announcement.external_id),
            ids: announcement.ids,
        })
    };
    announcements
        .into_iter()
        .enumerate()
        .map(announced)
        .collect()
}

fn kept_id(id: &str) -> String {
    id.chars().take(MAX_EXTERNAL_ID).collect()
}

/// Whether a browser posted a plain HTML form, so that a person will look at the answer as a page: the content type is one
/// that only forms have, and the browser says that it navigates (`Sec-Fetch-Mode`) or, if it is too old to say, that it
/// wants HTML. Scripts get JSON. Whether the source has a page to send the person to is not looked at.
pub fn wants_redirect(door: &Door<'_>, incoming: &Incoming<'_>) -> bool {
    let text = |name: &str| {
        incoming
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_ascii_lowercase()
    };
    let content_type = text("content-type");
    let is_form = content_type.starts_with("application/x-www-form-urlencoded")
        || content_type.starts_with("multipart/form-data");
    let navigates = match text("sec-fetch-mode").as_str() {
        "" => text("accept").contains("text/html"),
        mode => mode == "navigate",
    };
    door.source.kind == SourceKind::Form && incoming.method == "POST" && is_form && navigates
}

#[cfg(test)]
mod tests;
