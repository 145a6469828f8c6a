//! Identifiers: 128 bits, written as a readable prefix and 26 characters of Crockford's base 32.
//!
//! They are derived, never drawn: the same submission gets the same id wherever and however often it is processed,
//! which is what makes every later step repeatable.

use std::fmt;
use std::str::FromStr;

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::Sha256;

/// Crockford's base 32, lower case: no i, l, o, u.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Characters of an encoded 128-bit number: 26 × 5 bits, the first one holding only three.
pub const ENCODED_LENGTH: usize = 26;

/// What is wrong with a text that should have been an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The prefix is not the one of this kind of identifier.
    #[error("an identifier of this kind starts with `{0}`")]
    Prefix(&'static str),
    /// What follows the prefix is not 26 characters of base 32.
    #[error("after its prefix an identifier has 26 characters of Crockford's base 32")]
    Digits,
}

/// A deployment's secret key under which identities and contents are hashed, so that no table key tells an e-mail.
#[derive(Clone)]
pub struct Pepper(Vec<u8>);

impl Pepper {
    /// Takes the secret as it was configured; any length is allowed, 32 random characters are advised.
    pub fn new(secret: impl Into<Vec<u8>>) -> Self {
        Self(secret.into())
    }

    /// HMAC-SHA256 over the parts, each preceded by its length so that no two lists of parts collide; the first 128 bits.
    pub fn hash(&self, parts: &[&[u8]]) -> u128 {
        // HMAC takes keys of any length, so this constructor cannot fail; the fallback keeps the type total.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else {
            return 0;
        };
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        let digest = mac.finalize().into_bytes();
        let mut first = [0u8; 16];
        first.copy_from_slice(&digest[..16]);
        u128::from_be_bytes(first)
    }
}

impl fmt::Debug for Pepper {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Pepper([secret])")
    }
}

/// Writes 128 bits as 26 characters, most significant first, so that the order of texts is the order of numbers.
pub fn encode(number: u128) -> String {
    let mut text = String::with_capacity(ENCODED_LENGTH);
    for index in 0..ENCODED_LENGTH {
        let shift = 5 * (ENCODED_LENGTH - 1 - index);
        let digit = (number >> shift) as usize & 31;
        text.push(ALPHABET[digit] as char);
    }
    text
}

/// Reads what [`encode`] wrote.
///
/// # Errors
/// [`IdError::Digits`] when the text is not exactly 26 such characters or names more than 128 bits.
pub fn decode(text: &str) -> Result<u128, IdError> {
    if text.len() != ENCODED_LENGTH {
        return Err(IdError::Digits);
    }
    let mut number: u128 = 0;
    for (index, byte) in text.bytes().enumerate() {
        let digit = ALPHABET
            .iter()
            .position(|&letter| letter == byte)
            .ok_or(IdError::Digits)? as u128;
        if index == 0 && digit > 7 {
            return Err(IdError::Digits);
        }
        number = (number << 5) | digit;
    }
    Ok(number)
}

macro_rules! identifier {
    ($(#[$meta:meta])* $name:ident, $prefix:literal) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u128);

        impl $name {
            /// The prefix of its written form.
            pub const PREFIX: &'static str = $prefix;

            /// From its 128 bits.
            pub const fn from_bits(bits: u128) -> Self {
                Self(bits)
            }

            /// Its 128 bits.
            pub const fn bits(self) -> u128 {
                self.0
            }

            /// Its 26 characters without the prefix.
            pub fn digits(self) -> String {
                encode(self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str($prefix)?;
                formatter.write_str(&encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, formatter)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                let digits = text.strip_prefix($prefix).ok_or(IdError::Prefix($prefix))?;
                decode(digits).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

identifier!(
    /// One accepted payload.
    SubmissionId,
    "sub_"
);
identifier!(
    /// One person as we know them. A lead is named after the submission that claimed its first identity key.
    LeadId,
    "lead_"
);
identifier!(
    /// One behaviour event, unique within its lead.
    EventId,
    "evt_"
);
identifier!(
    /// One notification to one destination: the `webhook-id` that the receiver sees on every attempt.
    DeliveryId,
    "msg_"
);

identifier!(
    /// A browser, by the keyed hash of the id that it was given.
    VisitorKey,
    "vis_"
);

identifier!(
    /// One file that came through a batch door, or a piece of one.
    BatchId,
    "bat_"
);

identifier!(
    /// The erasure of a person.
    ErasureId,
    "era_"
);

identifier!(
    /// A vendor's question whether a lead would be bought.
    PingId,
    "ping_"
);

impl ErasureId {
    /// The id of the erasure of what `subject` names: a lead or, of somebody who is not known, an identity key. The same
    /// erasure asked for again has the same id.
    pub fn derive(pepper: &Pepper, subject: &str) -> Self {
        Self(pepper.hash(&[b"erasure", subject.as_bytes()]))
    }
}

impl PingId {
    /// The id of what `source` asked under `key`.
    pub fn derive(pepper: &Pepper, source: &str, key: &[u8]) -> Self {
        Self(pepper.hash(&[b"ping", source.as_bytes(), key]))
    }
}

impl BatchId {
    /// The id of what came of a batch of `source`: of its rows in their order, each as `parts` name it. The same file under
    /// the same rules has the same id.
    pub fn derive(pepper: &Pepper, source: &str, parts: &[Vec<u8>]) -> Self {
        let front: [&[u8]; 2] = [b"batch", source.as_bytes()];
        let all: Vec<&[u8]> = front
            .into_iter()
            .chain(parts.iter().map(Vec::as_slice))
            .collect();
        Self(pepper.hash(&all))
    }

    /// The id of an uploaded file of `source`, by the digest of its bytes and what names the rules that it is read by. The same
    /// file under the same rules has the same id, so that it is the same upload whoever sends it again.
    pub fn of_file(pepper: &Pepper, source: &str, digest: &[u8], rules: &[u8]) -> Self {
        Self(pepper.hash(&[b"file", source.as_bytes(), digest, rules]))
    }

    /// The batch that the piece `number` of this uploaded file is.
    pub fn piece(self, pepper: &Pepper, number: u32) -> Self {
        Self(pepper.hash(&[b"piece", &self.0.to_be_bytes(), &number.to_be_bytes()]))
    }
}

impl SubmissionId {
    /// The id of what `source` sent under `key`: its idempotency key, its event id, or a digest of its content.
    pub fn derive(pepper: &Pepper, source: &str, kind: &str, key: &[u8]) -> Self {
        Self(pepper.hash(&[b"submission", source.as_bytes(), kind.as_bytes(), key]))
    }

    /// The lead that this submission makes when it is the first to claim its identity.
    pub const fn lead(self) -> LeadId {
        LeadId(self.0)
    }
}

impl LeadId {
    /// The submission after which the lead is named.
    pub const fn namesake(self) -> SubmissionId {
        SubmissionId(self.0)
    }
}

impl EventId {
    /// The id of an event that its sender calls `key`.
    pub fn derive(pepper: &Pepper, key: &str) -> Self {
        Self(pepper.hash(&[b"event", key.as_bytes()]))
    }
}

impl DeliveryId {
    /// The id of the notification about decision `seq` of `lead` to `destination`. No secret is needed: it names no person.
    pub fn derive(lead: LeadId, seq: u32, destination: &str) -> Self {
        use sha2::Digest;
        let mut hasher = Sha256::new();
        hasher.update(lead.0.to_be_bytes());
        hasher.update(seq.to_be_bytes());
        hasher.update(destination.as_bytes());
        let digest = hasher.finalize();
        let mut first = [0u8; 16];
        first.copy_from_slice(&digest[..16]);
        Self(u128::from_be_bytes(first))
    }
}

/// One decision of one lead: the lead's id and the decision's place in its history, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DecisionId {
    /// The lead decided about.
    pub lead: LeadId,
    /// Its place in the lead's history, from 1.
    pub seq: u32,
}

impl fmt::Display for DecisionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "dec_{}_{}", encode(self.lead.0), self.seq)
    }
}

#[cfg(test)]
mod tests;
