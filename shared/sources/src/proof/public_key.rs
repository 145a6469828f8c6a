//! Signatures by a private key whose public half is configured: RSA, PKCS #1 v1.5 with SHA-256.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::config::rsa_key;
use ring::rand::SystemRandom;
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey,
};

use super::only_value;
use crate::refusal::{Refusal, Unauthorized};
use crate::{Door, Incoming};

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
        .and_then(|key| rsa_key(key).ok())
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
