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
/// See [`Barred`]: `name:erasure`, joined by commas.
const BARRED: &str = "barred";

/// What came of claiming an identity key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claimed {
    /// It belongs to the lead for which it was claimed.
    Ours,
    /// It belongs to another lead already, or to nobody ever again: read it.
    Theirs,
}

/// What is stored under an identity key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// It belongs to a lead, and was claimed for this person.
    Held(LeadId, Claimant, Barred),
    /// Its person was erased.
    Suppressed(Suppression, Barred),
}

/// The names of people who were erased and had a number that was somebody else's already: hashes, each with its erasure. The
/// number stays whose it is, and keeps out whoever comes with it under such a name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Barred(Vec<(u128, ErasureId)>);

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
            Claim::Held(lead, ..) => Some(*lead),
            Claim::Suppressed(..) => None,
        }
    }

    /// The erasure that keeps out whoever `comes` with this key, a key of `kind`.
    pub fn keeps_out(&self, kind: KeyKind, comes: &Claimant) -> Option<ErasureId> {
        match self {
            Claim::Suppressed(known, _) if is_suppressed(kind, &known.claimant, comes) => {
                Some(known.erasure)
            }
            Claim::Held(.., barred) | Claim::Suppressed(_, barred) => barred.erasure_of(comes),
        }
    }
}

impl Barred {
    fn erasure_of(&self, comes: &Claimant) -> Option<ErasureId> {
        let known = self.0.iter().find(|(name, _)| Some(*name) == comes.name);
        known.map(|(_, erasure)| *erasure)
    }

    /// `None` when it bars nobody.
    fn to_item(&self) -> Option<AttributeValue> {
        let texts = self.0.iter().map(|(name, erasure)| {
            let name = domain::id::encode(*name);
            format!("{name}:{erasure}")
        });
        let text = texts.collect::<Vec<_>>().join(",");
        (!text.is_empty()).then_some(AttributeValue::S(text))
    }

    fn of_item(item: &Item) -> Result<Self, Error> {
        let text = item.get(BARRED).and_then(|value| value.as_s().ok());
        let parse = |one: &str| {
            let (name, erasure) = one.split_once(':')?;
            Some((domain::id::decode(name).ok()?, erasure.parse().ok()?))
        };
        let barred = text.into_iter().flat_map(|text| text.split(','));
        let barred: Option<_> = barred.map(parse).collect();
        barred.map(Self).ok_or(Error::Corrupt {
            kind: "identity key",
            problem: "it bars something that is no name of an erasure",
        })
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
        Ok(found.find_map(|(key, claim)| claim.as_ref()?.keeps_out(key.kind, comes)))
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
        match read {
            None => {
                let request = self.conditional_put(item);
                let request = request.condition_expression("attribute_not_exists(pk)");
                self.put_on_condition(request).await
            }
            Some(Claim::Held(lead, _, barred)) => {
                item.extend(barred.to_item().map(|barred| (BARRED.to_owned(), barred)));
                self.replace_claim(item, *lead, barred).await
            }
            // Once is for good.
            Some(Claim::Suppressed(..)) => Ok(true),
        }
    }

    /// Notes with a key that leads to somebody else that a person of this `name` was erased who had it too, on condition that
    /// what was `read` still stands there. False when it does not: read again.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn bar(
        &self,
        key: IdentityKey,
        read: &Claim,
        name: u128,
        erasure: ErasureId,
    ) -> Result<bool, Error> {
        let Claim::Held(lead, claimant, before) = read else {
            return Ok(false);
        };
        if before.0.iter().any(|(known, _)| *known == name) {
            return Ok(true);
        }
        let mut barred = before.clone();
        barred.0.push((name, erasure));
        let mut item = keys::identity(key).item();
        insert_claimant(&mut item, key, claimant);
        item.insert(LEAD.to_owned(), AttributeValue::S(lead.to_string()));
        item.extend(barred.to_item().map(|barred| (BARRED.to_owned(), barred)));
        self.replace_claim(item, *lead, before).await
    }

    /// Puts `item` where a claim of `lead` stands that bars just those.
    async fn replace_claim(
        &self,
        item: Item,
        lead: LeadId,
        barred: &Barred,
    ) -> Result<bool, Error> {
        let request = self
            .conditional_put(item)
            .expression_attribute_names("#lead", LEAD)
            .expression_attribute_names("#barred", BARRED)
            .expression_attribute_values(":lead", AttributeValue::S(lead.to_string()));
        let request = match barred.to_item() {
            None => request.condition_expression("#lead = :lead AND attribute_not_exists(#barred)"),
            Some(barred) => request
                .condition_expression("#lead = :lead AND #barred = :barred")
                .expression_attribute_values(":barred", barred),
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
        let is_new = match self.insert(item).await? {
            Inserted::New => true,
            Inserted::Taken => false,
            Inserted::Alone(item, _turn) => {
                // Its own claim once more; but not over what was noted there since.
                let request = self
                    .conditional_put(item)
                    .condition_expression(
                        "attribute_not_exists(pk) OR (#lead = :lead AND attribute_not_exists(#barred))",
                    )
                    .expression_attribute_names("#lead", LEAD)
                    .expression_attribute_names("#barred", BARRED)
                    .expression_attribute_values(":lead", owner);
                self.put_on_condition(request).await?
            }
        };
        if is_new {
            return Ok(Claimed::Ours);
        }
        // By itself, when a call that was carried out was repeated.
        let there = self.claims(&[key]).await?.pop().flatten();
        let is_ours = there.and_then(|claim| claim.lead()) == Some(lead);
        Ok(if is_ours {
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
    let barred = Barred::of_item(item)?;
    if !item.contains_key(SUPPRESSED) {
        return Ok(Claim::Held(lead_of(item)?, claimant, barred));
    }
    let corrupt = || Error::Corrupt {
        kind: "suppressed identity key",
        problem: "it names no erasure and no time",
    };
    let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok());
    let at = text(SUPPRESSED).and_then(|text| text.parse().ok());
    let erasure = text(ERASURE).and_then(|text| text.parse().ok());
    let suppression = Suppression {
        erasure: erasure.ok_or_else(corrupt)?,
        at: at.ok_or_else(corrupt)?,
        lead: text(ERASED).and_then(|text| text.parse().ok()),
        claimant,
    };
    Ok(Claim::Suppressed(suppression, barred))
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
