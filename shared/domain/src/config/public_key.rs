//! RSA keys in PEM, as senders who sign with a private key show their public one.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// `1.2.840.113549.1.1.1` with its parameters, as DER: the algorithm of an RSA key (RFC 3279, 2.3.1).
const RSA_ENCRYPTION: &[u8] = &[
    0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
];

/// Bytes of a modulus that signatures are checked under: 2,048 to 8,192 bits.
const MODULUS_BYTES: std::ops::RangeInclusive<usize> = 256..=1_024;

/// What is wrong with a text that should be a public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PublicKeyError {
    /// It is the place for one.
    #[error(
        "this is the place for a key and not a key: put the public key here that the sender shows, all of its lines"
    )]
    Placeholder,
    /// The private half.
    #[error(
        "this is a private key, which belongs to the sender alone: put the public one here, and have the sender make a new pair"
    )]
    Private,
    /// No PEM.
    #[error(
        "this is no key in PEM: it goes from `-----BEGIN PUBLIC KEY-----` to `-----END PUBLIC KEY-----`, with base64 between"
    )]
    NotPem,
    /// Something else in PEM, or a part of a key.
    #[error(
        "this is no RSA public key, or not all of it: copy it again from its first line to its last"
    )]
    NotRsa,
    /// Too short to be safe, or too long to be checked.
    #[error("an RSA key has 2048 to 8192 bits: have the sender make another one")]
    Size,
}

/// The `RSAPublicKey` (RFC 8017, A.1.1), as DER, in a PEM of `PUBLIC KEY` (RFC 5280, `SubjectPublicKeyInfo`) or
/// `RSA PUBLIC KEY`.
///
/// # Errors
/// What is wrong with the text.
pub fn rsa_key(pem: &str) -> Result<Vec<u8>, PublicKeyError> {
    let pem = pem.trim();
    if pem.contains("PRIVATE KEY") {
        return Err(PublicKeyError::Private);
    }
    if pem.contains('…') || pem.contains("...") {
        return Err(PublicKeyError::Placeholder);
    }
    let (label, base64) = parts(pem).ok_or(PublicKeyError::NotPem)?;
    let base64: String = base64.split_whitespace().collect();
    if base64.is_empty() {
        return Err(PublicKeyError::Placeholder);
    }
    let der = STANDARD
        .decode(base64)
        .map_err(|_| PublicKeyError::NotPem)?;
    let key = match label {
        "RSA PUBLIC KEY" => Some(der),
        "PUBLIC KEY" => unwrapped(&der),
        _ => None,
    };
    let key = key.ok_or(PublicKeyError::NotRsa)?;
    let modulus = modulus_bytes(&key).ok_or(PublicKeyError::NotRsa)?;
    if MODULUS_BYTES.contains(&modulus) {
        Ok(key)
    } else {
        Err(PublicKeyError::Size)
    }
}

/// The label of a PEM, and what stands between its first line and its last.
fn parts(pem: &str) -> Option<(&str, &str)> {
    let (label, rest) = pem.strip_prefix("-----BEGIN ")?.split_once("-----")?;
    let base64 = rest.strip_suffix("-----")?.strip_suffix(label)?;
    Some((label, base64.strip_suffix("-----END ")?))
}

/// The key in a `SubjectPublicKeyInfo`.
fn unwrapped(der: &[u8]) -> Option<Vec<u8>> {
    let (info, after) = element(0x30, der)?;
    let (algorithm, rest) = element(0x30, info)?;
    let (bits, after_bits) = element(0x03, rest)?;
    // A whole number of bytes: none of the last byte's bits is unused.
    let (unused, key) = bits.split_first()?;
    let is_rsa = algorithm == RSA_ENCRYPTION && *unused == 0;
    (is_rsa && after.is_empty() && after_bits.is_empty()).then(|| key.to_vec())
}

/// Bytes of the modulus of an `RSAPublicKey`; nothing if it is none.
fn modulus_bytes(key: &[u8]) -> Option<usize> {
    let (numbers, after) = element(0x30, key)?;
    let (modulus, rest) = element(0x02, numbers)?;
    let (exponent, more) = element(0x02, rest)?;
    if exponent.is_empty() || !after.is_empty() || !more.is_empty() {
        return None;
    }
    // A zero in front keeps a number positive.
    let sign = usize::from(modulus.first() == Some(&0));
    Some(modulus.len() - sign)
}

/// The content of the DER element with this tag that `der` starts with, and what follows it.
fn element(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (found, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    if *found != tag {
        return None;
    }
    let (length, rest) = match first {
        0..=0x7f => (usize::from(*first), rest),
        0x81 => (usize::from(*rest.first()?), rest.get(1..)?),
        0x82 => (
            usize::from(u16::from_be_bytes([*rest.first()?, *rest.get(1)?])),
            rest.get(2..)?,
        ),
        _ => return None,
    };
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests;
