//! How a person is recognised whom a vendor names only by hashes.
//!
//! The hashes of vendors are SHA-256 over the address in small letters, or over the number in E.164. Under a keyed hash of
//! those is kept when somebody was bought: so whoever reads the table cannot try addresses out, and whoever pings with a hash
//! is answered without an address.

use sha2::{Digest, Sha256};

use crate::email::Email;
use crate::field::{Field, Fields, text_of};
use crate::id::Pepper;

/// A person's name in the list of those who were bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonKey(pub u128);

/// Keys of the person that `fields` are about: by the address as it was given, by its canonical form, and by the number; or by
/// the hashes of them in `custom.email_sha256` and `custom.phone_sha256`.
pub fn persons(pepper: &Pepper, fields: &Fields) -> Vec<PersonKey> {
    let mut digests: Vec<(&str, String)> = Vec::new();
    if let Some(text) = text_of(fields, &Field::Email) {
        digests.push(("email", digest_of(text)));
        if let Ok(email) = Email::parse(text) {
            digests.push(("email", digest_of(email.canonical())));
        }
    }
    if let Some(text) = text_of(fields, &Field::Phone) {
        digests.push(("phone", digest_of(text)));
    }
    for (kind, name) in [("email", "email_sha256"), ("phone", "phone_sha256")] {
        if let Some(digest) =
            text_of(fields, &Field::Custom(name.to_owned())).and_then(written_digest)
        {
            digests.push((kind, digest));
        }
    }
    let mut keys: Vec<PersonKey> = digests
        .into_iter()
        .map(|(kind, digest)| digest_key(pepper, kind, &digest))
        .collect();
    keys.sort();
    keys.dedup();
    keys
}

/// The key of a person of whose `kind` (`email` or `phone`) only this digest is known.
pub fn digest_key(pepper: &Pepper, kind: &str, digest: &str) -> PersonKey {
    PersonKey(pepper.hash(&[b"bought", kind.as_bytes(), digest.as_bytes()]))
}

/// SHA-256 of a text without spaces around it and in small letters, in hexadecimal: what vendors send.
pub fn digest_of(text: &str) -> String {
    let digest = Sha256::digest(text.trim().to_lowercase().as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A digest as somebody wrote it; nothing if it is none.
fn written_digest(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_lowercase();
    let is_digest = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_digest.then_some(text)
}
