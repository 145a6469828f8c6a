//! Identity keys: which lead an e-mail address or a phone number belongs to, or that its person was erased.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::decision::KeyKind;
use domain::id::{ErasureId, LeadId};
use domain::identity::{Claimant, IdentityKey, is_suppressed};
use jiff::Timestamp;

use crate::gather::inserts::Inserted;
use crate::{Error, Item, Table, keys};

/// Keys that one BatchGetItem asks for, which takes a hundred.
const KEYS_IN_A_CALL: usize = 99;

const LEAD: &str = "lead";
const CLAIMED_WITH_EMAIL: &str = "e";
const CLAIMED_WITH_NAME: &str = "n";

/// When a key was suppressed, and under which erasure.
const SUPPRESSED: &str = "suppressed";
const ERASURE: &str = "erasure";
/// The lead that a suppressed key led to before. Not [`LEAD`], so that nobody's claim takes it for their own.
const ERASED: &str = "erased";

/// What came of claiming an identity key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claimed {
    /// It belongs to the lead for which it was claimed.
    Ours,
    /// It belongs to another lead already, or to nobody ever again: read it.
    Theirs,
}

/// What is stored under an identity key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// It belongs to a lead, and was claimed for this person.
    Held(LeadId, Claimant),
    /// Its person was erased.
    Suppressed(Suppression),
}

/// That the person of an identity key was erased. Says nothing of who that was: the hashes of [`Claimant`] tell those apart
/// who share a phone number with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suppression {
    /// The erasure.
    pub erasure: ErasureId,
    /// When.
    pub at: Timestamp,
    /// The lead that the key led to, if it led to one. A repeat of the erasure goes on there.
    pub lead: Option<LeadId>,
    /// Who it was claimed for.
    pub claimant: Claimant,
}

impl Claim {
    /// The lead that the key leads to, if its person may be known.
    pub fn lead(&self) -> Option<LeadId> {
        match self {
            Claim::Held(lead, _) => Some(*lead),
            Claim::Suppressed(_) => None,
        }
    }

    /// The suppression that keeps out whoever `comes` with this key, a key of `kind`.
    pub fn keeps_out(&self, kind: KeyKind, comes: &Claimant) -> Option<&Suppression> {
        match self {
            Claim::Suppressed(known) => {
                is_suppressed(kind, &known.claimant, comes).then_some(known)
            }
            Claim::Held(..) => None,
        }
    }
}

impl Table {
    /// The erasure that keeps out whoever `comes` with `keys`.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn kept_out(
        &self,
        keys: &[IdentityKey],
        comes: &Claimant,
    ) -> Result<Option<ErasureId>, Error> {
        let claims = self.claims(keys).await?;
        let mut found = keys.iter().zip(&claims);
        Ok(
            found
                .find_map(|(key, claim)| Some(claim.as_ref()?.keeps_out(key.kind, comes)?.erasure)),
        )
    }

    /// What is stored under `keys`, read consistently, in the order of `keys`.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn claims(&self, identity_keys: &[IdentityKey]) -> Result<Vec<Option<Claim>>, Error> {
        let mut claims = Vec::with_capacity(identity_keys.len());
        for some in identity_keys.chunks(KEYS_IN_A_CALL) {
            let wanted = some.iter().map(|key| keys::identity(*key).item());
            let items = self.look_up(wanted.collect()).await?;
            for key in some {
                let pk = AttributeValue::S(keys::identity(*key).pk);
                let found = items.iter().find(|item| item.get(keys::PK) == Some(&pk));
                claims.push(found.map(claim_of).transpose()?);
            }
        }
        Ok(claims)
    }

    /// Suppresses an identity key for good, on condition that what was `read` still stands there: whoever is claiming it at
    /// that moment collides, reads again and finds it suppressed. False when somebody else was faster: read again.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn suppress(
        &self,
        key: IdentityKey,
        read: Option<&Claim>,
        suppression: &Suppression,
    ) -> Result<bool, Error> {
        let mut item = keys::identity(key).item();
        let text = |text: String| AttributeValue::S(text);
        insert_claimant(&mut item, key, &suppression.claimant);
        item.insert(SUPPRESSED.to_owned(), text(suppression.at.to_string()));
        item.insert(ERASURE.to_owned(), text(suppression.erasure.to_string()));
        if let Some(lead) = suppression.lead {
            item.insert(ERASED.to_owned(), text(lead.to_string()));
        }
        let request = self.conditional_put(item);
        let request = match read {
            None => request.condition_expression("attribute_not_exists(pk)"),
            Some(Claim::Held(lead, _)) => request
                .condition_expression("#lead = :lead")
                .expression_attribute_names("#lead", LEAD)
                .expression_attribute_values(":lead", text(lead.to_string())),
            // Once is for good.
            Some(Claim::Suppressed(_)) => return Ok(true),
        };
        self.put_on_condition(request).await
    }

    /// Claims an identity key for `lead`, unless it belongs to another one, and notes who it is claimed for.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn claim(
        &self,
        key: IdentityKey,
        lead: LeadId,
        claimant: &Claimant,
    ) -> Result<Claimed, Error> {
        let mut item = keys::identity(key).item();
        insert_claimant(&mut item, key, claimant);
        let owner = AttributeValue::S(lead.to_string());
        item.insert(LEAD.to_owned(), owner.clone());
        let (item, _turn) = match self.insert(item).await? {
            Inserted::New => return Ok(Claimed::Ours),
            Inserted::Taken => {
                // By itself, when a call that was carried out was repeated.
                let there = self.claims(&[key]).await?.pop().flatten();
                let is_ours = there.and_then(|claim| claim.lead()) == Some(lead);
                return Ok(if is_ours {
                    Claimed::Ours
                } else {
                    Claimed::Theirs
                });
            }
            Inserted::Alone(item, turn) => (item, turn),
        };
        let request = self
            .conditional_put(item)
            .condition_expression("attribute_not_exists(pk) OR #lead = :lead")
            .expression_attribute_names("#lead", LEAD)
            .expression_attribute_values(":lead", owner);
        Ok(if self.put_on_condition(request).await? {
            Claimed::Ours
        } else {
            Claimed::Theirs
        })
    }
}

fn insert_claimant(item: &mut Item, key: IdentityKey, claimant: &Claimant) {
    if let Some(email) = claimant.email.filter(|email| *email != key) {
        let email = AttributeValue::S(email.to_string());
        item.insert(CLAIMED_WITH_EMAIL.to_owned(), email);
    }
    if let Some(name) = claimant.name {
        let name = AttributeValue::S(domain::id::encode(name));
        item.insert(CLAIMED_WITH_NAME.to_owned(), name);
    }
}

fn claim_of(item: &Item) -> Result<Claim, Error> {
    let claimant = claimant_of(item);
    if !item.contains_key(SUPPRESSED) {
        return Ok(Claim::Held(lead_of(item)?, claimant));
    }
    let corrupt = || Error::Corrupt {
        kind: "suppressed identity key",
        problem: "it names no erasure and no time",
    };
    let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok());
    let at = text(SUPPRESSED).and_then(|text| text.parse().ok());
    let erasure = text(ERASURE).and_then(|text| text.parse().ok());
    Ok(Claim::Suppressed(Suppression {
        erasure: erasure.ok_or_else(corrupt)?,
        at: at.ok_or_else(corrupt)?,
        lead: text(ERASED).and_then(|text| text.parse().ok()),
        claimant,
    }))
}

fn lead_of(item: &Item) -> Result<LeadId, Error> {
    let corrupt = |problem| Error::Corrupt {
        kind: "identity key",
        problem,
    };
    match item.get(LEAD) {
        Some(AttributeValue::S(text)) => text.parse().map_err(|_| corrupt("it names no lead")),
        _ => Err(corrupt("it names no lead")),
    }
}

/// Claims of older versions say nothing about whom they are for.
fn claimant_of(item: &Item) -> Claimant {
    let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok());
    Claimant {
        email: text(CLAIMED_WITH_EMAIL).and_then(|text| text.parse().ok()),
        name: text(CLAIMED_WITH_NAME).and_then(|text| domain::id::decode(text).ok()),
    }
}
