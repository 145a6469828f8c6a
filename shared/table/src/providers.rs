//! What the outside world told us and we remember: providers' answers, and destinations that are gone.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::field::Fields;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Error, Table, keys};

const BODY: &str = "d";

/// What a provider said about a domain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CachedAnswer {
    /// What it knew; nothing when it does not know the company.
    pub fields: Fields,
    /// Until when that is used again.
    pub until: Timestamp,
}

impl Table {
    /// What `provider` said about the domain with this keyed hash, if that still counts at `now`.
    ///
    /// # Errors
    /// When the table cannot be read. A damaged answer counts as none.
    pub async fn cached_answer(
        &self,
        provider: &str,
        domain: u128,
        now: Timestamp,
    ) -> Result<Option<CachedAnswer>, Error> {
        let found = self.get_eventually(keys::answer(provider, domain)).await?;
        let Some(AttributeValue::S(body)) = found.as_ref().and_then(|item| item.get(BODY)) else {
            return Ok(None);
        };
        Ok(serde_json::from_str::<CachedAnswer>(body)
            .ok()
            .filter(|answer| now < answer.until))
    }

    /// Remembers what `provider` said about a domain.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn cache_answer(
        &self,
        provider: &str,
        domain: u128,
        answer: &CachedAnswer,
    ) -> Result<(), Error> {
        let body = serde_json::to_string(answer).map_err(|_| Error::Corrupt {
            kind: "answer",
            problem: "it cannot be written as JSON",
        })?;
        let mut item = keys::answer(provider, domain).item();
        item.insert(BODY.to_owned(), AttributeValue::S(body));
        item.insert(
            keys::EXPIRES.to_owned(),
            AttributeValue::N(answer.until.as_second().to_string()),
        );
        self.put(item).await
    }

    /// Whether a destination said that it is gone, for the address with this digest.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn is_gone(&self, destination: &str, address: &str) -> Result<bool, Error> {
        let found = self.get_eventually(keys::destination(destination)).await?;
        Ok(found.as_ref().and_then(|item| item.get(BODY))
            == Some(&AttributeValue::S(address.to_owned())))
    }

    /// Notes that a destination said that it is gone. A new address in the configuration starts anew.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn mark_gone(&self, destination: &str, address: &str) -> Result<(), Error> {
        let mut item = keys::destination(destination).item();
        item.insert(BODY.to_owned(), AttributeValue::S(address.to_owned()));
        self.put(item).await
    }
}
