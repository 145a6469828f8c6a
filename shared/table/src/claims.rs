//! Identity keys: which lead an e-mail address or a phone number belongs to.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use domain::id::LeadId;
use domain::identity::{Claimant, IdentityKey};

use crate::gather::inserts::Inserted;
use crate::{Error, Item, Table, keys};

const LEAD: &str = "lead";
const CLAIMED_WITH_EMAIL: &str = "e";
const CLAIMED_WITH_NAME: &str = "n";

/// What came of claiming an identity key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claimed {
    /// It belongs to the lead for which it was claimed.
    Ours,
    /// It belongs to another lead already.
    Theirs(LeadId),
}

impl Table {
    /// The leads that `keys` belong to, read consistently, in the order of `keys`.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn holders(
        &self,
        identity_keys: &[IdentityKey],
    ) -> Result<Vec<Option<LeadId>>, Error> {
        let claims = self.claims(identity_keys).await?;
        Ok(claims
            .into_iter()
            .map(|claim| claim.map(|(lead, _)| lead))
            .collect())
    }

    /// The same, with whom each key was claimed for.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn claims(
        &self,
        identity_keys: &[IdentityKey],
    ) -> Result<Vec<Option<(LeadId, Claimant)>>, Error> {
        let wanted = identity_keys.iter().map(|key| keys::identity(*key).item());
        // Small items are asked for: what is left over was throttled.
        let items = self.look_up(wanted.collect()).await?;
        identity_keys
            .iter()
            .map(|key| {
                let pk = AttributeValue::S(keys::identity(*key).pk);
                items
                    .iter()
                    .find(|item| item.get(keys::PK) == Some(&pk))
                    .map(|item| Ok((lead_of(item)?, claimant_of(item))))
                    .transpose()
            })
            .collect()
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
        if let Some(email) = claimant.email.filter(|email| *email != key) {
            let email = AttributeValue::S(email.to_string());
            item.insert(CLAIMED_WITH_EMAIL.to_owned(), email);
        }
        if let Some(name) = claimant.name {
            let name = AttributeValue::S(domain::id::encode(name));
            item.insert(CLAIMED_WITH_NAME.to_owned(), name);
        }
        let owner = AttributeValue::S(lead.to_string());
        item.insert(LEAD.to_owned(), owner.clone());
        let (item, _turn) = match self.insert(item).await? {
            Inserted::New => return Ok(Claimed::Ours),
            Inserted::Taken => return self.who_claimed(key, lead).await,
            Inserted::Alone(item, turn) => (item, turn),
        };
        let result = self
            .client
            .put_item()
            .table_name(&*self.name)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk) OR #lead = :lead")
            .expression_attribute_names("#lead", LEAD)
            .expression_attribute_values(":lead", owner)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .set_return_consumed_capacity(self.capacity())
            .send()
            .await;
        match result {
            Ok(done) => {
                self.count_write("PutItem", done.consumed_capacity());
                Ok(Claimed::Ours)
            }
            Err(SdkError::ServiceError(refused)) => match refused.err() {
                PutItemError::ConditionalCheckFailedException(failed) => {
                    self.count_refused("PutItem (overtaken)", 1.0);
                    match failed.item() {
                        Some(item) => lead_of(item).map(Claimed::Theirs),
                        // Some engines do not send the item along.
                        None => self.who_claimed(key, lead).await,
                    }
                }
                _ => Err(Error::call("PutItem", SdkError::ServiceError(refused))),
            },
            Err(error) => Err(Error::call("PutItem", error)),
        }
    }

    /// Who a key belongs to that `lead` found taken: itself, when a call that was carried out was repeated.
    async fn who_claimed(&self, key: IdentityKey, lead: LeadId) -> Result<Claimed, Error> {
        match self.holders(&[key]).await?.first().copied().flatten() {
            Some(holder) if holder == lead => Ok(Claimed::Ours),
            Some(holder) => Ok(Claimed::Theirs(holder)),
            None => Err(Error::Corrupt {
                kind: "identity key",
                problem: "it was taken and is gone",
            }),
        }
    }
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
