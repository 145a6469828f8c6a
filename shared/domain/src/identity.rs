//! Who is the same person.
//!
//! Two submissions are one person when they share a canonical e-mail address, or a phone number with nothing that speaks
//! against it. A shared phone alone does not make two people one: switchboards and families share numbers.

use std::collections::BTreeMap;
use std::fmt;

use crate::decision::{Apart, KeyKind};
use crate::email::Email;
use crate::field::{Field, Fields, Value, text_of};
use crate::id::{LeadId, Pepper, SubmissionId, encode};
use crate::lead::Lead;
use crate::phone::Phone;

/// Longest text that is tried as a phone number, in bytes.
const MAX_PHONE_BYTES: usize = 64;

/// A keyed hash of something that identifies a person. It can be compared, and tells nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdentityKey {
    /// What kind of identity it is.
    pub kind: KeyKind,
    hash: u128,
}

impl fmt::Display for IdentityKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            KeyKind::Email => "email",
            KeyKind::Phone => "phone",
        };
        write!(formatter, "{kind}#{}", encode(self.hash))
    }
}

impl std::str::FromStr for IdentityKey {
    type Err = crate::id::IdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (kind, digits) = text.split_once('#').ok_or(crate::id::IdError::Digits)?;
        let kind = match kind {
            "email" => KeyKind::Email,
            "phone" => KeyKind::Phone,
            _ => return Err(crate::id::IdError::Prefix("email#")),
        };
        Ok(Self {
            kind,
            hash: crate::id::decode(digits)?,
        })
    }
}

impl serde::Serialize for IdentityKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for IdentityKey {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <String as serde::Deserialize>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The key of an e-mail address in its canonical form.
pub fn email_key(pepper: &Pepper, email: &Email) -> IdentityKey {
    IdentityKey {
        kind: KeyKind::Email,
        hash: pepper.hash(&[b"email", email.canonical().as_bytes()]),
    }
}

/// The key of a phone number in E.164.
pub fn phone_key(pepper: &Pepper, e164: &str) -> IdentityKey {
    IdentityKey {
        kind: KeyKind::Phone,
        hash: pepper.hash(&[b"phone", e164.as_bytes()]),
    }
}

/// The identity keys of what was submitted, the strongest first: at most one of each kind.
pub fn keys_of(pepper: &Pepper, fields: &Fields) -> Vec<IdentityKey> {
    let email = text_of(fields, &Field::Email).and_then(|text| Email::parse(text).ok());
    let phone = text_of(fields, &Field::Phone);
    email
        .map(|email| email_key(pepper, &email))
        .into_iter()
        .chain(phone.map(|e164| phone_key(pepper, e164)))
        .collect()
}

/// Whether what was submitted can be the person of `lead`, given that they share a phone number.
///
/// # Errors
/// [`Apart::OtherEmail`] when both have an e-mail address, the two differ, and the names do not agree either.
pub fn shares_phone(lead: &Lead, fields: &Fields) -> Result<(), Apart> {
    let canonical = |text: &str| {
        Email::parse(text)
            .ok()
            .map(|email| email.canonical().to_owned())
    };
    let ours = lead.text(&Field::Email).and_then(canonical);
    let theirs = text_of(fields, &Field::Email).and_then(canonical);
    match (ours, theirs) {
        (Some(ours), Some(theirs)) if ours != theirs && !same_name(lead, fields) => {
            Err(Apart::OtherEmail)
        }
        _ => Ok(()),
    }
}

fn same_name(lead: &Lead, fields: &Fields) -> bool {
    [Field::FirstName, Field::LastName].iter().all(|field| {
        match (lead.text(field), text_of(fields, field)) {
            (Some(ours), Some(theirs)) => ours.to_lowercase() == theirs.to_lowercase(),
            _ => false,
        }
    })
}

/// Who a claim was made for, in keyed hashes: enough to tell two people apart while the lead is still on its way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Claimant {
    /// The key of the e-mail address.
    pub email: Option<IdentityKey>,
    /// The hash of first and last name.
    pub name: Option<u128>,
}

impl Claimant {
    /// Whoever submitted `fields`, with their `keys`.
    pub fn of(pepper: &Pepper, fields: &Fields, keys: &[IdentityKey]) -> Self {
        let lower = |field| text_of(fields, &field).map(str::to_lowercase);
        let name = match (lower(Field::FirstName), lower(Field::LastName)) {
            (Some(first), Some(last)) => {
                Some(pepper.hash(&[b"name", first.as_bytes(), last.as_bytes()]))
            }
            _ => None,
        };
        Self {
            email: keys.iter().copied().find(|key| key.kind == KeyKind::Email),
            name,
        }
    }

    /// Whether the one is certainly not the other, although they share a phone number: both addresses and both names are
    /// known, and differ. Stricter than what tells two people apart who are known: who was erased and comes again must not
    /// pass for somebody else by leaving out a name.
    fn is_somebody_else(&self, other: &Self) -> bool {
        let differ_by_email =
            matches!((self.email, other.email), (Some(ours), Some(theirs)) if ours != theirs);
        let differ_by_name =
            matches!((self.name, other.name), (Some(ours), Some(theirs)) if ours != theirs);
        differ_by_email && differ_by_name
    }

    /// The same question as [`shares_phone`], of two who are not written yet.
    fn shares_phone(&self, other: &Self) -> Result<(), Apart> {
        let differ =
            matches!((self.email, other.email), (Some(ours), Some(theirs)) if ours != theirs);
        let same_name = self.name.is_some() && self.name == other.name;
        if differ && !same_name {
            Err(Apart::OtherEmail)
        } else {
            Ok(())
        }
    }
}

/// Whether a key that is suppressed, or leads to a lead that is erased, suppresses whoever comes with it. An e-mail address
/// always does. A phone number does unless it is certain that somebody else has it too: switchboards and families share
/// numbers, and only one of them asked to be erased.
pub fn is_suppressed(key: KeyKind, erased: &Claimant, comes: &Claimant) -> bool {
    key == KeyKind::Email || !erased.is_somebody_else(comes)
}

/// Whoever sent unchecked texts, as far as those under our own names can be read.
pub fn claimant_in(pepper: &Pepper, raw: &BTreeMap<String, String>) -> Claimant {
    let said = [Field::Email, Field::FirstName, Field::LastName];
    let fields: Fields = said
        .into_iter()
        .filter_map(|field| {
            let text = raw.get(&field.to_string())?.trim();
            (!text.is_empty()).then(|| (field, Value::Text(text.to_owned())))
        })
        .collect();
    Claimant::of(pepper, &fields, &keys_of(pepper, &fields))
}

/// The identity keys of everything in unchecked texts that can be read as an e-mail address or a phone number: what waits in
/// quarantine is found by them.
pub fn keys_in<'a>(
    pepper: &Pepper,
    texts: impl IntoIterator<Item = &'a str>,
    default_country: Option<&str>,
) -> Vec<IdentityKey> {
    let mut keys = Vec::new();
    for text in texts {
        let words = text.split(|sign: char| sign.is_whitespace() || "<>,;\"()[]".contains(sign));
        let emails = words.filter(|word| word.contains('@'));
        keys.extend(
            emails
                .filter_map(|word| Email::parse(word).ok())
                .map(|email| email_key(pepper, &email)),
        );
        // What has no digits is no number, and need not be tried.
        if text.len() <= MAX_PHONE_BYTES
            && text.bytes().any(|byte| byte.is_ascii_digit())
            && let Ok(phone) = Phone::parse(text, default_country)
        {
            keys.push(phone_key(pepper, phone.as_str()));
        }
    }
    keys.sort();
    keys.dedup();
    keys
}

/// What is found under one identity key.
#[derive(Debug, Clone, PartialEq)]
pub struct Holder<'a> {
    /// The key.
    pub key: KeyKind,
    /// The lead that it belongs to, aliases followed.
    pub lead: LeadId,
    /// That lead, if its first decision has been written; a key is claimed before.
    pub known: Option<&'a Lead>,
    /// Who it was claimed for.
    pub claimant: Claimant,
}

/// Which lead a submission belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution {
    /// The lead.
    pub lead: LeadId,
    /// The keys by which it was found; none when it is the submission's own.
    pub matched: Vec<KeyKind>,
    /// Leads that share a key and are somebody else.
    pub kept_apart: Vec<(LeadId, KeyKind, Apart)>,
    /// The submission's own lead was claimed before and is another one now: it needs an alias.
    pub alias_own: bool,
    /// It was found by a phone number alone, which somebody claimed of whom nothing is known yet that would speak for or
    /// against it; or by an e-mail whose lead is not written, while somebody else who may be the same person holds the phone:
    /// it is better decided when that lead is written.
    pub is_early: bool,
}

/// Decides which lead `submission` belongs to, from the holders of its keys.
///
/// The e-mail decides over the phone. A key that the submission itself claimed earlier (`lead` is its namesake and nothing
/// is known) does not: then the other key's holder is the person, and the own name becomes an alias.
pub fn resolve(
    submission: SubmissionId,
    fields: &Fields,
    claimant: &Claimant,
    holders: &[Holder<'_>],
) -> Resolution {
    let own = submission.lead();
    let is_own_claim = |holder: &Holder<'_>| holder.lead == own && holder.known.is_none();
    let email = holders.iter().find(|holder| holder.key == KeyKind::Email);
    let phone = holders.iter().find(|holder| holder.key == KeyKind::Phone);
    let phone_fits = |holder: &Holder<'_>| match holder.known {
        Some(lead) => shares_phone(lead, fields),
        None => holder.claimant.shares_phone(claimant),
    };

    let mut kept_apart = Vec::new();
    let mut apart =
        |holder: &Holder<'_>, because| kept_apart.push((holder.lead, holder.key, because));
    let chosen = match (email, phone) {
        (Some(email), Some(phone)) if email.lead == phone.lead => Some(email.lead),
        (Some(email), Some(phone)) if is_own_claim(email) && !is_own_claim(phone) => {
            match phone_fits(phone) {
                Ok(()) => Some(phone.lead),
                Err(because) => {
                    apart(phone, because);
                    Some(email.lead)
                }
            }
        }
        (Some(email), Some(phone)) => {
            if phone.lead != own {
                apart(phone, Apart::EmailDecides);
            }
            Some(email.lead)
        }
        (Some(email), None) => Some(email.lead),
        (None, Some(phone)) => match phone_fits(phone) {
            Ok(()) => Some(phone.lead),
            Err(because) => {
                apart(phone, because);
                None
            }
        },
        (None, None) => None,
    };
    let lead = chosen.unwrap_or(own);
    let matched = holders
        .iter()
        .filter(|holder| holder.lead == lead && !is_own_claim(holder))
        .map(|holder| holder.key)
        .collect();
    let alias_own = lead != own && holders.iter().any(is_own_claim);
    let finds_early = lead != own
        && claimant.email.is_some()
        && email.is_none_or(is_own_claim)
        && phone.is_some_and(|phone| phone.known.is_none() && phone.claimant.email.is_none());
    // Whoever claimed the e-mail is still to find out who holds the phone.
    let follows_early = email.is_some_and(|email| {
        let is_open = email.known.is_none() && email.lead != own;
        is_open && phone.is_some_and(|phone| phone.lead != email.lead && phone_fits(phone).is_ok())
    });
    let is_early = finds_early || follows_early;
    Resolution {
        lead,
        matched,
        kept_apart,
        alias_own,
        is_early,
    }
}

#[cfg(test)]
mod tests;
