//! What a vendor says of a lead when it only asks whether it would be bought: a part of it, perhaps with hashes instead of an
//! address and a number.

use domain::field::{Field, Fields, Value};
use domain::id::PingId;

use crate::answers::{Answers, Draft};
use crate::kinds::{self, Reading};
use crate::refusal::{Refusal, Unparseable};
use crate::vocabulary::squashed;
use crate::{Door, Incoming, checks, identity, meaning};

/// What is asked about.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// The ping's id: another one for each request, unless the sender gives an idempotency key.
    pub id: PingId,
    /// What is said of the lead; hashes as `custom.email_sha256` and `custom.phone_sha256`.
    pub fields: Fields,
}

/// How vendors call the hashes of an address and of a number.
const HASHES: [(&str, &str); 2] = [
    ("emailsha256", "email_sha256"),
    ("phonesha256", "phone_sha256"),
];

/// Hexadecimal digits of SHA-256.
const DIGITS: usize = 64;

/// Verifies and reads a ping, in the format in which the source sends leads.
///
/// # Errors
/// As [`crate::receive`].
pub fn asked(door: &Door<'_>, incoming: &Incoming<'_>) -> Result<Asked, Refusal> {
    let kind = kinds::of(door.source.kind);
    if incoming.body.len() > door.source.max_body_bytes {
        return Err(Refusal::TooLarge {
            limit: door.source.max_body_bytes,
        });
    }
    (kind.verify)(door, incoming)?;
    let key = identity::idempotency_key(incoming.headers)?;
    let Reading::Drafts(drafts) = (kind.read)(door, incoming)? else {
        return Err(Unparseable::Empty.into());
    };
    let draft = drafts.into_iter().next().ok_or(Unparseable::Empty)?;
    let mut answers = Answers::default();
    let mut hashes = Fields::new();
    for answer in draft.answers.iter() {
        let name = squashed(&answer.name);
        match HASHES.iter().find(|(known, _)| *known == name) {
            Some((_, field)) => {
                let digest = answer.value.trim().to_ascii_lowercase();
                let is_digest =
                    digest.len() == DIGITS && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
                if !is_digest {
                    return Err(Refusal::Fields(vec![checks::problem(
                        field,
                        "invalid_hash",
                        "this is no SHA-256 in hexadecimal; hash the address in small letters, or the number as +12025550100",
                    )]));
                }
                hashes.insert(Field::Custom((*field).to_owned()), Value::Text(digest));
            }
            None => answers.plain(&answer.name, answer.value.as_str())?,
        }
    }
    let partial = Draft {
        answers,
        ..Draft::default()
    };
    let meant = meaning::of(&partial, door.source, incoming);
    let mut fields =
        checks::check_part(&meant, door.source, door.default_country).map_err(Refusal::Fields)?;
    fields.extend(hashes);
    let id = match key {
        Some(key) => PingId::derive(door.pepper, door.name, key.as_bytes()),
        None => {
            let moment = incoming.received_at.as_nanosecond().to_be_bytes();
            let digest = identity::digest(&partial, &meant);
            PingId::derive(door.pepper, door.name, &[&digest[..], &moment[..]].concat())
        }
    };
    Ok(Asked { id, fields })
}
