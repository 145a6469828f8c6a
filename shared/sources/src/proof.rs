//! Proof of the sender: secrets and signatures, compared in constant time, failing closed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use crate::refusal::{Refusal, Unauthorized};
use crate::{Door, Incoming};

/// The header in which a sender gives the secret of a source that has one.
const SECRET_HEADER: &str = "X-Leadline-Secret";

/// For sources whose secret is optional: without one configured anybody may send, with one the header must match it.
pub(crate) fn optional_secret(door: &Door<'_>, incoming: &Incoming<'_>) -> Result<(), Refusal> {
    if door.source.secret.is_none() {
        return Ok(());
    }
    let secrets = usable_secrets(door)?;
    let given = Sha256::digest(only_value(incoming.headers, SECRET_HEADER)?);
    // Digests are compared, so that the time tells nothing of the length either; and all of them, whichever matches.
    let mut matches = Choice::from(0);
    for secret in secrets {
        matches |= Sha256::digest(secret.as_bytes()).ct_eq(&given);
    }
    if bool::from(matches) {
        Ok(())
    } else {
        Err(Refusal::Unauthorized(Unauthorized::Wrong {
            header: SECRET_HEADER,
        }))
    }
}

/// For senders that sign: `header` holds `prefix` and the base64 of HMAC-SHA256 over the raw body.
pub(crate) fn hmac_sha256_base64(
    door: &Door<'_>,
    incoming: &Incoming<'_>,
    header: &'static str,
    prefix: &str,
) -> Result<(), Refusal> {
    if door.source.secret.is_none() {
        return Err(Refusal::Unauthorized(Unauthorized::NotConfigured));
    }
    let secrets = usable_secrets(door)?;
    let wrong = Refusal::Unauthorized(Unauthorized::Wrong { header });
    let Some(encoded) = only_value(incoming.headers, header)?.strip_prefix(prefix.as_bytes())
    else {
        return Err(wrong);
    };
    let Ok(signature) = STANDARD.decode(encoded) else {
        return Err(wrong);
    };
    let mut matches = false;
    for secret in secrets {
        // HMAC takes keys of any length, so this constructor cannot fail; if it could, nothing would match.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
            continue;
        };
        mac.update(incoming.body);
        matches |= mac.verify_slice(&signature).is_ok();
    }
    if matches { Ok(()) } else { Err(wrong) }
}

/// The secrets that can prove anything. A blank one proves nothing: everybody knows it.
fn usable_secrets<'a>(door: &Door<'a>) -> Result<Vec<&'a str>, Refusal> {
    let usable: Vec<&str> = door
        .secrets
        .iter()
        .copied()
        .filter(|secret| !secret.trim().is_empty())
        .collect();
    if usable.is_empty() {
        Err(Refusal::Unauthorized(Unauthorized::NotConfigured))
    } else {
        Ok(usable)
    }
}

/// The bytes of a header that may come only once: of two, somebody else might check the other.
fn only_value<'a>(headers: &'a HeaderMap, header: &'static str) -> Result<&'a [u8], Refusal> {
    let mut values = headers.get_all(header).iter();
    match (values.next(), values.next()) {
        (None, _) => Err(Refusal::Unauthorized(Unauthorized::Missing { header })),
        (Some(value), None) => Ok(value.as_bytes()),
        (Some(_), Some(_)) => Err(Refusal::Unauthorized(Unauthorized::Wrong { header })),
    }
}
