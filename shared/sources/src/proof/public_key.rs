//! Signatures by a private key whose public half is configured: RSA, PKCS #1 v1.5 with SHA-256.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey,
};

use super::only_value;
use crate::refusal::{Refusal, Unauthorized};
use crate::{Door, Incoming};

/// `1.2.840.113549.1.1.1` with its parameters, as DER: the algorithm of an RSA key (RFC 3279, 2.3.1).
const RSA_ENCRYPTION: &[u8] = &[
    0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
];

/// For senders with a key pair: `header` holds the base64 of the signature over the raw body.
pub(crate) fn rsa_sha256_base64(
    door: &Door<'_>,
    incoming: &Incoming<'_>,
    header: &'static str,
) -> Result<(), Refusal> {
    let key = door
        .source
        .public_key
        .as_deref()
        .and_then(rsa_key)
        .ok_or(Refusal::Unauthorized(Unauthorized::NotConfigured))?;
    let given = only_value(incoming.headers, header)?;
    let wrong = Refusal::Unauthorized(Unauthorized::Wrong { header });
    let Ok(signature) = STANDARD.decode(given) else {
        return Err(wrong);
    };
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key)
        .verify(incoming.body, &signature)
        .map_err(|_| wrong)
}

/// The base64 of a signature under a private key in PEM (PKCS #8), for samples; nothing if it is no such key.
pub(crate) fn rsa_signature(pem: &str, body: &[u8]) -> Option<String> {
    let base64 = pem
        .trim()
        .strip_prefix("-----BEGIN PRIVATE KEY-----")?
        .strip_suffix("-----END PRIVATE KEY-----")?;
    let base64: String = base64.split_whitespace().collect();
    let key = RsaKeyPair::from_pkcs8(&STANDARD.decode(base64).ok()?).ok()?;
    let mut signature = vec![0; key.public().modulus_len()];
    // The random numbers only hide the key's use from who measures times; the signature is the same each time.
    key.sign(
        &RSA_PKCS1_SHA256,
        &SystemRandom::new(),
        body,
        &mut signature,
    )
    .ok()?;
    Some(STANDARD.encode(signature))
}

/// The `RSAPublicKey` (RFC 8017, A.1.1) in a PEM of `PUBLIC KEY` (RFC 5280, `SubjectPublicKeyInfo`) or `RSA PUBLIC KEY`.
fn rsa_key(pem: &str) -> Option<Vec<u8>> {
    let pem = pem.trim();
    let (label, rest) = pem.strip_prefix("-----BEGIN ")?.split_once("-----")?;
    let base64 = rest.strip_suffix("-----")?.strip_suffix(label)?;
    let base64 = base64.strip_suffix("-----END ")?;
    let base64: String = base64.split_whitespace().collect();
    let der = STANDARD.decode(base64).ok()?;
    match label {
        "RSA PUBLIC KEY" => Some(der),
        "PUBLIC KEY" => {
            let (info, after) = element(0x30, &der)?;
            let (algorithm, rest) = element(0x30, info)?;
            let (bits, after_bits) = element(0x03, rest)?;
            // A whole number of bytes: none of the last byte's bits is unused.
            let (unused, key) = bits.split_first()?;
            let is_rsa = algorithm == RSA_ENCRYPTION && *unused == 0;
            (is_rsa && after.is_empty() && after_bits.is_empty()).then(|| key.to_vec())
        }
        _ => None,
    }
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
