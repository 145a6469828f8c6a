//! `standard-webhooks`: whoever signs as the Standard Webhooks specification says, which Svix and many others do.

use base64::Engine;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use jiff::Timestamp;
use ring::signature::{ED25519, UnparsedPublicKey};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use super::{Kind, Reading};
use crate::about::{About, JSON, Signing, Trial, sample};
use crate::decode::json::Json;
use crate::proof::Hash;
use crate::refusal::{Refusal, Unauthorized};
use crate::{Door, Incoming, decode, mapping, proof};

pub(super) const KIND: Kind = Kind {
    waits_for_contact: true,
    ..Kind::webhook(verify, read)
};

pub(super) const ABOUT: About = About {
    title: "Standard Webhooks",
    takes: "Takes the JSON of whoever signs as [Standard Webhooks](https://www.standardwebhooks.com/) says, also under Svix's names of the headers.",
    setup: &[
        "Have the sender post to `{url}`.",
        "Give Leadline the secret that it shows (`whsec_…`), or its public key (`whpk_…`), as `secret`.",
    ],
    proof: "The headers `webhook-id`, `webhook-timestamp` and `webhook-signature` (or `svix-…`). Of the signatures one has to be right: `v1`, HMAC-SHA256 under a `whsec_` secret, or `v1a`, ed25519 under a `whpk_` public key, over `ID.TIMESTAMP.BODY`. The timestamp may be 5 minutes away, either way.",
    repeats: "`webhook-id`.",
    no_lead: "What `only` does not let in, and what tells neither an address nor a number.",
    answer: "",
    notes: &[
        "A secret may be written with or without its prefix and its padding. Two secrets in one value, separated by a space, are both taken while one replaces the other.",
        "A lead is what stands under `data`, or else the whole body; `fields`, `records` and `only` read it as those of a `generic` source.",
    ],
    samples: &[
        sample!("standard-webhooks/lead.json", JSON, "An event with a lead as its data."),
        sample!("standard-webhooks/other.json", JSON, "An event about something else: no lead."),
    ],
    sign,
};

/// Names of the three headers, the standard's first.
const HEADERS: [[&str; 3]; 2] = [
    ["webhook-id", "webhook-timestamp", "webhook-signature"],
    ["svix-id", "svix-timestamp", "svix-signature"],
];

/// How far the timestamp may be away, in seconds: what the standard's libraries take.
const TOLERANCE: i64 = 300;

/// Most signatures that are looked at. A sender has one for each live secret.
const MAX_SIGNATURES: usize = 16;

/// Base64 with its padding or without: senders show their secrets either way.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What one secret verifies.
enum Key {
    Hmac(Vec<u8>),
    Ed25519(Vec<u8>),
}

fn key_of(secret: &str) -> Option<Key> {
    let secret = secret.trim();
    let (is_public, encoded) = match secret.strip_prefix("whpk_") {
        Some(encoded) => (true, encoded),
        None => (false, secret.strip_prefix("whsec_").unwrap_or(secret)),
    };
    let key = BASE64.decode(encoded).ok().filter(|key| !key.is_empty())?;
    Some(if is_public {
        Key::Ed25519(key)
    } else {
        Key::Hmac(key)
    })
}

fn names(incoming: &Incoming<'_>) -> [&'static str; 3] {
    let [standard, svix] = HEADERS;
    let has = |names: &[&str; 3]| names.iter().any(|name| incoming.headers.contains_key(*name));
    // Both sets come where somebody renames: of them the standard's counts, and never one header of each.
    if !has(&standard) && has(&svix) {
        svix
    } else {
        standard
    }
}

fn sign(with: &Signing<'_>, trial: &mut Trial) {
    // The same content is the same event, whenever it is sent.
    let id = format!("msg_{}", &proof::hex(&Sha256::digest(&trial.body))[..24]);
    let timestamp = with.at.as_second().to_string();
    let Some(Key::Hmac(key)) = key_of(with.secret) else {
        return;
    };
    let message = [
        id.as_bytes(),
        b".",
        timestamp.as_bytes(),
        b".",
        trial.body.as_slice(),
    ];
    let made = BASE64.encode(proof::hmac(Hash::Sha256, &key, &message));
    let [id_name, timestamp_name, signature_name] = HEADERS[0];
    trial.header(id_name, id);
    trial.header(timestamp_name, timestamp);
    trial.header(signature_name, format!("v1,{made}"));
}

fn verify(door: &Door<'_>, incoming: &Incoming<'_>) -> Result<(), Refusal> {
    let secrets = proof::usable_secrets(door)?;
    let [id_name, timestamp_name, signature_name] = names(incoming);
    let id = proof::only_value(incoming.headers, id_name)?;
    let timestamp = proof::only_text(incoming.headers, timestamp_name)?;
    let signatures = proof::only_text(incoming.headers, signature_name)?;
    let keys: Vec<Key> = secrets.into_iter().filter_map(key_of).collect();
    if keys.is_empty() {
        return Err(Refusal::Unauthorized(Unauthorized::NotConfigured));
    }
    let message = [id, b".", timestamp.as_bytes(), b".", incoming.body];
    let whole = message.concat();
    let mut matches = Choice::from(0);
    for signature in signatures.split_ascii_whitespace().take(MAX_SIGNATURES) {
        let Some((version, encoded)) = signature.split_once(',') else {
            continue;
        };
        let Ok(given) = BASE64.decode(encoded) else {
            continue;
        };
        for key in &keys {
            // A version counts only with a key of its own kind: a public key is no secret, and must never be used as one.
            match (version, key) {
                ("v1", Key::Hmac(key)) => {
                    matches |= proof::hmac(Hash::Sha256, key, &message).ct_eq(&given);
                }
                ("v1a", Key::Ed25519(key)) => {
                    let verified = UnparsedPublicKey::new(&ED25519, key).verify(&whole, &given);
                    matches |= Choice::from(u8::from(verified.is_ok()));
                }
                _ => {}
            }
        }
    }
    let wrong = |header| Refusal::Unauthorized(Unauthorized::Wrong { header });
    if !bool::from(matches) {
        return Err(wrong(signature_name));
    }
    let at = timestamp
        .parse()
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .ok_or(wrong(timestamp_name))?;
    proof::fresh(incoming, timestamp_name, at, TOLERANCE)
}

fn read(door: &Door<'_>, incoming: &Incoming<'_>) -> Result<Reading, Refusal> {
    let document = decode::document(incoming.headers, incoming.body)?;
    let usual = document
        .get("data")
        .filter(|data| matches!(data, Json::Object(_) | Json::List(_)));
    let mut reading = mapping::read(&document, usual, door.source)?;
    let id = proof::only_text(incoming.headers, names(incoming)[0])?;
    mapping::identify(&mut reading, id);
    Ok(reading)
}
