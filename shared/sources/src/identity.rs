//! Which submission a request is: the same id for every repeat, another for anything else.

use std::collections::BTreeMap;

use domain::id::SubmissionId;
use http::HeaderMap;
use sha2::{Digest, Sha256};

use crate::answers::Draft;
use crate::meaning::Meant;
use crate::refusal::Refusal;
use crate::{Door, Incoming};

/// Longest idempotency key, in bytes.
const MAX_KEY_BYTES: usize = 255;

/// An id and, if only the content and the time tell repeats apart, those of the windows before and after.
#[derive(Clone, Copy)]
pub(crate) struct Identity {
    pub(crate) id: SubmissionId,
    pub(crate) earlier: Option<SubmissionId>,
    pub(crate) later: Option<SubmissionId>,
}

impl Identity {
    fn of_sender(id: SubmissionId) -> Self {
        Self {
            id,
            earlier: None,
            later: None,
        }
    }
}

/// The id by, in this order: the sender's idempotency key; its own id of what it sent; its content within a window.
///
/// `index` is the place of the submission in its request, from 0: one key covers the whole request.
pub(crate) fn of(
    door: &Door<'_>,
    incoming: &Incoming<'_>,
    key: Option<&str>,
    index: usize,
    draft: &Draft,
    meant: &Meant,
) -> Identity {
    let derive = |kind: &str, key: &[u8]| SubmissionId::derive(door.pepper, door.name, kind, key);
    if let Some(key) = key {
        let id = if index == 0 {
            derive("key", key.as_bytes())
        } else {
            derive(&format!("key:{index}"), key.as_bytes())
        };
        return Identity::of_sender(id);
    }
    let content = digest(draft, meant);
    if let Some(external_id) = &meant.external_id {
        let id = if draft.grows {
            // A digest has a fixed length, so the two parts cannot run into each other.
            derive("event", &[&content[..], external_id.as_bytes()].concat())
        } else {
            derive("event", external_id.as_bytes())
        };
        return Identity::of_sender(id);
    }
    let length = i64::from(door.source.repeat_window_minutes);
    if length == 0 {
        // Nothing counts as a repeat: the moment of arrival makes each request its own submission.
        let moment = incoming.received_at.as_nanosecond().to_be_bytes();
        let id = derive(
            "moment",
            &[&content[..], &moment[..], &index.to_be_bytes()[..]].concat(),
        );
        return Identity::of_sender(id);
    }
    let window = incoming
        .received_at
        .as_second()
        .div_euclid(60)
        .div_euclid(length);
    let is_vendors = door.source.vendor.is_some();
    let in_window = |window: i64| derive(&format!("content:{window}"), &content);
    Identity {
        id: in_window(window),
        earlier: Some(in_window(window.saturating_sub(1))),
        later: is_vendors.then(|| in_window(window.saturating_add(1))),
    }
}

/// SHA-256 over names and values, whatever the encoding that they came in. The order of names does not count, the order of
/// values of one name does. What the form's machinery adds does not count: it changes with every page load.
pub(crate) fn digest(draft: &Draft, meant: &Meant) -> [u8; 32] {
    let mut values: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for answer in draft
        .answers
        .iter()
        .filter(|answer| !meant.technical.contains(&answer.name))
    {
        values.entry(&answer.name).or_default().push(&answer.value);
    }
    let mut hasher = Sha256::new();
    let mut add = |text: &str| {
        hasher.update((text.len() as u64).to_be_bytes());
        hasher.update(text.as_bytes());
    };
    for (name, values) in values {
        add(name);
        add(&values.len().to_string());
        values.into_iter().for_each(&mut add);
    }
    add("");
    draft.transcript.iter().for_each(|line| add(line));
    hasher.finalize().into()
}

/// The key of the header `Idempotency-Key`: a string of RFC 8941 in quotes, as the draft wants it, or bare, as most send it.
pub(crate) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let mut values = headers.get_all("idempotency-key").iter();
    let value = match (values.next(), values.next()) {
        (None, _) => return Ok(None),
        (Some(value), None) => value.to_str().map_err(|_| Refusal::IdempotencyKey)?.trim(),
        (Some(_), Some(_)) => return Err(Refusal::IdempotencyKey),
    };
    let key = match value.strip_prefix('"') {
        Some(quoted) => unquoted(quoted).ok_or(Refusal::IdempotencyKey)?,
        None => value.to_owned(),
    };
    let is_usable = !key.is_empty()
        && key.len() <= MAX_KEY_BYTES
        && key.bytes().all(|byte| byte.is_ascii_graphic());
    if is_usable {
        Ok(Some(key))
    } else {
        Err(Refusal::IdempotencyKey)
    }
}

/// What stands before the closing quote, if nothing follows it. RFC 8941, 4.2.5: only quotes and backslashes are escaped.
fn unquoted(quoted: &str) -> Option<String> {
    let mut key = String::new();
    let mut characters = quoted.chars();
    loop {
        match characters.next()? {
            '"' => return characters.next().is_none().then_some(key),
            '\\' => match characters.next()? {
                escaped @ ('"' | '\\') => key.push(escaped),
                _ => return None,
            },
            other => key.push(other),
        }
    }
}
