//! Answers that a sender only announces: what to ask the platform for, and what its answers say.
//!
//! Nothing is fetched here. Whoever fetches adds the token, and hands in the bodies as they came.

use std::collections::BTreeMap;

use domain::config::{AnswersApi, SourceKind};
use domain::submission::{Announced, FieldProblem, Quarantined};
use http::HeaderMap;

use crate::answers::Draft;
use crate::decode;
use crate::decode::json::Json;
use crate::identity::Identity;
use crate::refusal::Unparseable;
use crate::vocabulary::custom_name;
use crate::{Door, Incoming, Judged, Parsed, judged, kinds, meaning};

/// What a kind reads from a request that only announces.
pub(crate) struct Announcement {
    /// The sender's own id of what it announces.
    pub(crate) external_id: String,
    /// What else it says, by its own names; never personal data.
    pub(crate) ids: BTreeMap<String, String>,
}

/// How a kind fetches what was announced.
pub(crate) struct Fetch {
    /// The platform's usual address, up to where paths begin.
    pub(crate) url: &'static str,
    /// What it is asked, under that address, in the order in which the answers are read.
    pub(crate) ask: fn(&AnswersApi, &Announced) -> Vec<Asked>,
    /// What its answers say, one document for each question.
    pub(crate) read: fn(&Announced, &[Json]) -> Result<Fetched, Unparseable>,
}

/// What a platform's answers are.
pub(crate) enum Fetched {
    /// What a person said.
    Draft(Draft),
    /// The platform's own test, which only its answers give away.
    Test {
        /// A sentence that says so.
        why: &'static str,
    },
}

/// One question of a kind.
pub(crate) struct Asked {
    /// Path and query, from the slash on.
    pub(crate) path: String,
    /// Headers besides `accept` and the token.
    pub(crate) headers: Vec<(&'static str, String)>,
}

/// One request to a platform. The token is to be added as `Authorization: Bearer`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Where.
    pub url: String,
    /// Headers besides `accept` and the token.
    pub headers: Vec<(&'static str, String)>,
}

/// What the platform has to be asked for what was announced; nothing if `kind` announces nothing.
pub fn questions(kind: SourceKind, api: &AnswersApi, announced: &Announced) -> Vec<Question> {
    let Some(fetch) = kinds::of(kind).fetch else {
        return Vec::new();
    };
    let base = api
        .url
        .as_deref()
        .unwrap_or(fetch.url)
        .trim_end_matches('/');
    (fetch.ask)(api, announced)
        .into_iter()
        .map(|asked| Question {
            url: format!("{base}{}", asked.path),
            headers: asked.headers,
        })
        .collect()
}

/// What the platform answered, one body for each of [`questions`], as a submission, or for a person to correct.
///
/// # Errors
/// The body that cannot be read, as a whole: the platform may do better next time.
pub fn read_answers(
    door: &Door<'_>,
    announced: &Announced,
    bodies: &[Vec<u8>],
) -> Result<Parsed, Unparseable> {
    let Some(fetch) = kinds::of(door.source.kind).fetch else {
        return Err(Unparseable::Shape {
            place: "the kind of the source",
            expected: "one that announces leads: somebody has changed it",
        });
    };
    let documents = bodies
        .iter()
        .map(|body| decode::bare_document(body))
        .collect::<Result<Vec<Json>, Unparseable>>()?;
    let mut draft = match (fetch.read)(announced, &documents)? {
        Fetched::Draft(draft) => draft,
        Fetched::Test { why } => {
            return Ok(Parsed::Quarantined(set_aside(announced, "test_lead", why)));
        }
    };
    draft.external_id = Some(announced.external_id.clone());
    for (name, value) in &announced.ids {
        if draft.answers.iter().all(|answer| answer.name != *name) {
            draft.answers.plain(name, value.clone())?;
        }
    }
    let headers = HeaderMap::new();
    // When it came is when the announcement came, whenever the answers were fetched.
    let incoming = Incoming {
        method: "GET",
        query: None,
        headers: &headers,
        body: &[],
        received_at: announced.received_at,
    };
    let meant = meaning::of(&draft, door.source, &incoming);
    let identity = Identity {
        id: announced.id,
        earlier: None,
        later: None,
    };
    Ok(match judged(door, &incoming, identity, &draft, meant) {
        Judged::Fit(parsed) | Judged::Wrong(_, parsed) => parsed,
    })
}

/// A submission whose answers are not to be had, for a person to look at: it shows what was announced.
pub fn set_aside(announced: &Announced, code: &str, why: &str) -> Quarantined {
    let ids = announced
        .ids
        .iter()
        .map(|(name, id)| (format!("custom.{}", custom_name(name)), id.clone()));
    let own = (
        "custom.announced_id".to_owned(),
        announced.external_id.clone(),
    );
    Quarantined {
        id: announced.id,
        source: announced.source.clone(),
        received_at: announced.received_at,
        problems: vec![FieldProblem {
            field: "answers".to_owned(),
            code: code.to_owned(),
            message: why.to_owned(),
        }],
        raw: ids.chain([own]).collect(),
    }
}
