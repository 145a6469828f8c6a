//! Proof of the sender: secrets and signatures, compared in constant time, failing closed.
//!
//! Signatures are checked over the bytes as they came. Time is that of the request, never a clock's.

mod public_key;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};
use ring::hmac;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use crate::refusal::{Refusal, Unauthorized};
use crate::{Door, Incoming};

pub(crate) use public_key::{rsa_sha256_base64, rsa_signature};

/// The header in which a sender gives the secret of a source that has one.
pub(crate) const SECRET_HEADER: &str = "X-Leadline-Secret";

/// The parameter of the address in which a sender gives it that can set no header.
pub(crate) const SECRET_PARAMETER: &str = "key";

/// What HMAC is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha256,
    /// Only where a vendor has nothing newer. As HMAC it is not broken.
    Sha1,
}

/// How a signature is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    Hex,
    Base64,
}

/// A header that holds a signature.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scheme {
    /// Its name.
    pub(crate) header: &'static str,
    /// What stands before the signature, such as `sha256=`.
    pub(crate) prefix: &'static str,
    /// What HMAC is made with.
    pub(crate) hash: Hash,
    /// How it is written.
    pub(crate) written: Written,
}

/// For sources whose secret is optional: without one configured anybody may send, with one the request must give it.
pub(crate) fn optional_secret(door: &Door<'_>, incoming: &Incoming<'_>) -> Result<(), Refusal> {
    if door.source.secret.is_none() {
        return Ok(());
    }
    shared_secret(door, incoming)
}

/// For senders that cannot sign: the secret stands in the header `X-Leadline-Secret`, or in the address as `?key=`.
pub(crate) fn shared_secret(door: &Door<'_>, incoming: &Incoming<'_>) -> Result<(), Refusal> {
    if incoming.headers.contains_key(SECRET_HEADER) {
        let given = only_value(incoming.headers, SECRET_HEADER)?;
        let wrong = Unauthorized::Wrong {
            header: SECRET_HEADER,
        };
        return same_secret(door, given, wrong);
    }
    let query = incoming.query.unwrap_or_default().as_bytes();
    let mut keys = url::form_urlencoded::parse(query).filter(|(name, _)| name == SECRET_PARAMETER);
    match (keys.next(), keys.next()) {
        (Some((_, given)), None) => {
            let wrong = Unauthorized::WrongIn {
                place: "the parameter `key` of the address",
            };
            same_secret(door, given.as_bytes(), wrong)
        }
        _ => {
            usable_secrets(door)?;
            Err(Refusal::Unauthorized(Unauthorized::Missing {
                header: SECRET_HEADER,
            }))
        }
    }
}

/// For senders that may set `Authorization` and perhaps nothing else: the secret as token (`Bearer`, `Token`), as the password
/// of any user (`Basic`), or bare; else as in [`shared_secret`].
pub(crate) fn secret_or_authorization(
    door: &Door<'_>,
    incoming: &Incoming<'_>,
) -> Result<(), Refusal> {
    const HEADER: &str = "Authorization";
    if incoming.headers.contains_key(SECRET_HEADER) || !incoming.headers.contains_key(HEADER) {
        return shared_secret(door, incoming);
    }
    let wrong = Unauthorized::Wrong { header: HEADER };
    let given = only_text(incoming.headers, HEADER)?.trim();
    let (scheme, rest) = given.split_once(' ').unwrap_or(("", given));
    let credentials = rest.trim();
    match scheme.to_ascii_lowercase().as_str() {
        "" | "bearer" | "token" => same_secret(door, credentials.as_bytes(), wrong),
        "basic" => {
            let plain = STANDARD.decode(credentials).unwrap_or_default();
            let password = plain
                .iter()
                .position(|byte| *byte == b':')
                .map_or(&[][..], |colon| &plain[colon + 1..]);
            same_secret(door, password, wrong)
        }
        _ => {
            usable_secrets(door)?;
            Err(Refusal::Unauthorized(wrong))
        }
    }
}

/// Like [`secret_or_authorization`], for sources whose secret is optional.
pub(crate) fn optional_authorization(
    door: &Door<'_>,
    incoming: &Incoming<'_>,
) -> Result<(), Refusal> {
    if door.source.secret.is_none() {
        return Ok(());
    }
    secret_or_authorization(door, incoming)
}

/// Whether `given` is one of the secrets that are valid now; else `wrong`.
pub(crate) fn same_secret(
    door: &Door<'_>,
    given: &[u8],
    wrong: Unauthorized,
) -> Result<(), Refusal> {
    is_one_of(&usable_secrets(door)?, given, wrong)
}

/// Whether `given` is one of the handshake's secrets; else `wrong`.
pub(crate) fn same_handshake_secret(
    door: &Door<'_>,
    given: &[u8],
    wrong: Unauthorized,
) -> Result<(), Refusal> {
    is_one_of(&usable(door.handshake_secrets)?, given, wrong)
}

fn is_one_of(secrets: &[&str], given: &[u8], wrong: Unauthorized) -> Result<(), Refusal> {
    // Digests are compared, so that the time tells nothing of the length either; and all of them, whichever matches.
    let given = Sha256::digest(given);
    let mut matches = Choice::from(0);
    for secret in secrets {
        matches |= Sha256::digest(secret.as_bytes()).ct_eq(&given);
    }
    if bool::from(matches) {
        Ok(())
    } else {
        Err(Refusal::Unauthorized(wrong))
    }
}

/// For senders that sign: the header of `scheme` holds the HMAC of `message`, whose parts follow each other directly.
pub(crate) fn signed(
    door: &Door<'_>,
    incoming: &Incoming<'_>,
    scheme: &Scheme,
    message: &[&[u8]],
) -> Result<(), Refusal> {
    usable_secrets(door)?;
    let given = only_value(incoming.headers, scheme.header)?;
    match given.strip_prefix(scheme.prefix.as_bytes()) {
        Some(signature) => signature_matches(door, scheme, signature, message),
        None => Err(Refusal::Unauthorized(Unauthorized::Wrong {
            header: scheme.header,
        })),
    }
}

/// Like [`signed`], with the signature taken out of a header that holds more than that.
pub(crate) fn signature_matches(
    door: &Door<'_>,
    scheme: &Scheme,
    signature: &[u8],
    message: &[&[u8]],
) -> Result<(), Refusal> {
    let secrets = usable_secrets(door)?;
    let wrong = Refusal::Unauthorized(Unauthorized::Wrong {
        header: scheme.header,
    });
    let Some(signature) = decoded(scheme.written, signature) else {
        return Err(wrong);
    };
    // All of them, whichever matches.
    let mut matches = Choice::from(0);
    for secret in secrets {
        matches |= hmac(scheme.hash, secret.as_bytes(), message).ct_eq(&signature);
    }
    if bool::from(matches) {
        Ok(())
    } else {
        Err(wrong)
    }
}

fn decoded(written: Written, signature: &[u8]) -> Option<Vec<u8>> {
    match written {
        Written::Base64 => STANDARD.decode(signature).ok(),
        Written::Hex => {
            let digit = |byte: u8| char::from(byte).to_digit(16);
            if !signature.len().is_multiple_of(2) {
                return None;
            }
            signature
                .chunks_exact(2)
                .map(|pair| u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok())
                .collect()
        }
    }
}

/// HMAC (RFC 2104) of parts that follow each other directly.
pub(crate) fn hmac(hash: Hash, key: &[u8], message: &[&[u8]]) -> Vec<u8> {
    let algorithm = match hash {
        Hash::Sha256 => hmac::HMAC_SHA256,
        Hash::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
    };
    let mut context = hmac::Context::with_key(&hmac::Key::new(algorithm, key));
    for part in message {
        context.update(part);
    }
    context.sign().as_ref().to_vec()
}

/// A signature as `scheme` writes it, with its prefix.
pub(crate) fn signature(scheme: &Scheme, key: &[u8], message: &[&[u8]]) -> String {
    let made = hmac(scheme.hash, key, message);
    let written = match scheme.written {
        Written::Hex => hex(&made),
        Written::Base64 => STANDARD.encode(made),
    };
    format!("{}{written}", scheme.prefix)
}

/// Small hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The moment that a sender wrote: seconds or milliseconds since 1970, or RFC 3339. Senders of one scheme differ.
pub(crate) fn moment(text: &str) -> Option<Timestamp> {
    /// From here on a number can only be milliseconds: as seconds it would be in the year 5138.
    const MILLISECONDS_FROM: u64 = 100_000_000_000;
    let text = text.trim();
    match text.parse::<i64>() {
        Ok(number) if number.unsigned_abs() >= MILLISECONDS_FROM => {
            Timestamp::from_millisecond(number).ok()
        }
        Ok(number) => Timestamp::from_second(number).ok(),
        Err(_) => text.parse().ok(),
    }
}

/// Whether what was signed in `header` at `at` came within `seconds`, earlier or later: clocks differ both ways.
pub(crate) fn fresh(
    incoming: &Incoming<'_>,
    header: &'static str,
    at: Timestamp,
    seconds: i64,
) -> Result<(), Refusal> {
    let away = incoming.received_at.duration_since(at).abs();
    if away <= SignedDuration::from_secs(seconds) {
        Ok(())
    } else {
        Err(Refusal::Unauthorized(Unauthorized::Stale { header }))
    }
}

/// The address that the sender called, for signatures over it: the configured one with the query of this request.
pub(crate) fn called_url(door: &Door<'_>, incoming: &Incoming<'_>) -> Result<String, Refusal> {
    let Some(url) = &door.source.public_url else {
        return Err(Refusal::Unauthorized(Unauthorized::NotConfigured));
    };
    Ok(match incoming.query {
        Some(query) if !query.is_empty() => format!("{url}?{query}"),
        _ => url.clone(),
    })
}

/// The secrets that can prove anything. A blank one proves nothing: everybody knows it.
pub(crate) fn usable_secrets<'a>(door: &Door<'a>) -> Result<Vec<&'a str>, Refusal> {
    if door.source.secret.is_none() {
        return Err(Refusal::Unauthorized(Unauthorized::NotConfigured));
    }
    usable(door.secrets)
}

fn usable<'a>(secrets: &[&'a str]) -> Result<Vec<&'a str>, Refusal> {
    let usable: Vec<&str> = secrets
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
pub(crate) fn only_value<'a>(
    headers: &'a HeaderMap,
    header: &'static str,
) -> Result<&'a [u8], Refusal> {
    let mut values = headers.get_all(header).iter();
    match (values.next(), values.next()) {
        (None, _) => Err(Refusal::Unauthorized(Unauthorized::Missing { header })),
        (Some(value), None) => Ok(value.as_bytes()),
        (Some(_), Some(_)) => Err(Refusal::Unauthorized(Unauthorized::Wrong { header })),
    }
}

/// Like [`only_value`], as text.
pub(crate) fn only_text<'a>(
    headers: &'a HeaderMap,
    header: &'static str,
) -> Result<&'a str, Refusal> {
    std::str::from_utf8(only_value(headers, header)?)
        .map_err(|_| Refusal::Unauthorized(Unauthorized::Wrong { header }))
}

#[cfg(test)]
mod tests;
