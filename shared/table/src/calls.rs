//! The calls to DynamoDB that every access pattern is made of, each counted by the meter.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::operation::query::QueryOutput;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};

use crate::gather::inserts::Inserted;
use crate::{Error, Item, Table, keys};

/// The attribute with the version of an item that is written again and again. 1 is the first; whoever read nothing has
/// read version 0.
pub(crate) const VERSION: &str = "v";

impl Table {
    /// One item as it is now.
    pub(crate) fn get(&self, key: keys::Key) -> impl Future<Output = Result<Option<Item>, Error>> {
        self.get_with(key, true)
    }

    /// One item as it was a moment ago at least, for half the price: where a stale answer does no harm.
    pub(crate) fn get_eventually(
        &self,
        key: keys::Key,
    ) -> impl Future<Output = Result<Option<Item>, Error>> {
        self.get_with(key, false)
    }

    async fn get_with(&self, key: keys::Key, consistently: bool) -> Result<Option<Item>, Error> {
        let found = self
            .client
            .get_item()
            .table_name(&*self.name)
            .consistent_read(consistently)
            .set_key(Some(key.item()))
            .set_return_consumed_capacity(self.capacity())
            .send()
            .await
            .map_err(|error| Error::call("GetItem", error))?;
        self.count_read("GetItem", found.consumed_capacity());
        Ok(found.item)
    }

    /// Puts an item in place of whatever is there.
    pub(crate) async fn put(&self, item: Item) -> Result<(), Error> {
        let done = self
            .client
            .put_item()
            .table_name(&*self.name)
            .set_item(Some(item))
            .set_return_consumed_capacity(self.capacity())
            .send()
            .await
            .map_err(|error| Error::call("PutItem", error))?;
        self.count_write("PutItem", done.consumed_capacity());
        Ok(())
    }

    /// Puts an item where there is none. False when there is one, which stays.
    pub(crate) async fn put_new(&self, item: Item) -> Result<bool, Error> {
        match self.insert(item).await? {
            Inserted::New => Ok(true),
            Inserted::Taken => Ok(false),
            Inserted::Alone(item, _turn) => self.put_if(item, "attribute_not_exists(pk)").await,
        }
    }

    /// Puts an item on a condition on what is there. False when it does not hold; nothing is written then.
    pub(crate) async fn put_if(&self, item: Item, condition: &str) -> Result<bool, Error> {
        let request = self.conditional_put(item).condition_expression(condition);
        self.put_on_condition(request).await
    }

    /// Carries out a conditional put. False when the condition did not hold; nothing was written then.
    pub(crate) async fn put_on_condition(
        &self,
        request: PutItemFluentBuilder,
    ) -> Result<bool, Error> {
        match request.send().await {
            Ok(done) => {
                self.count_write("PutItem", done.consumed_capacity());
                Ok(true)
            }
            Err(SdkError::ServiceError(refused))
                if matches!(
                    refused.err(),
                    PutItemError::ConditionalCheckFailedException(_)
                ) =>
            {
                self.count_refused("PutItem (overtaken)", 1.0);
                Ok(false)
            }
            Err(error) => Err(Error::call("PutItem", error)),
        }
    }

    /// Puts an item as the next version after `read`, on condition that this is still there. False when somebody else was
    /// faster.
    pub(crate) async fn put_next(&self, mut item: Item, read: u64) -> Result<bool, Error> {
        item.insert(VERSION.to_owned(), number(read + 1));
        if read == 0 {
            return self.put_new(item).await;
        }
        let request = self
            .conditional_put(item)
            .condition_expression("v = :read")
            .expression_attribute_values(":read", number(read));
        self.put_on_condition(request).await
    }

    /// The same for an item that expires: DynamoDB may take it away at any moment after its time, and what is gone is as good
    /// as what was read.
    pub(crate) async fn put_next_or_gone(&self, mut item: Item, read: u64) -> Result<bool, Error> {
        item.insert(VERSION.to_owned(), number(read + 1));
        if read == 0 {
            return self.put_new(item).await;
        }
        let request = self
            .conditional_put(item)
            .condition_expression("attribute_not_exists(pk) OR v = :read")
            .expression_attribute_values(":read", number(read));
        self.put_on_condition(request).await
    }

    /// A put that is still without its condition.
    pub(crate) fn conditional_put(&self, item: Item) -> PutItemFluentBuilder {
        self.client
            .put_item()
            .table_name(&*self.name)
            .set_item(Some(item))
            .set_return_consumed_capacity(self.capacity())
    }

    /// All items of these keys that there are, at most a hundred. What DynamoDB leaves out is asked for in up to
    /// `rounds` calls in all.
    pub(crate) async fn get_many(
        &self,
        wanted: Vec<Item>,
        rounds: usize,
    ) -> Result<Vec<Item>, Error> {
        let mut items = Vec::new();
        let mut left = wanted;
        if left.is_empty() {
            return Ok(items);
        }
        for _ in 0..rounds {
            let request = KeysAndAttributes::builder()
                .consistent_read(true)
                .set_keys(Some(std::mem::take(&mut left)))
                .build()
                .map_err(|_| Error::Corrupt {
                    kind: "request",
                    problem: "it names no key",
                })?;
            let found = self
                .client
                .batch_get_item()
                .request_items(&*self.name, request)
                .set_return_consumed_capacity(self.capacity())
                .send()
                .await
                .map_err(|error| Error::call("BatchGetItem", error))?;
            self.count_read("BatchGetItem", found.consumed_capacity().first());
            // What does not fit into the 16 MB of an answer, or was throttled.
            let unread = found.unprocessed_keys.unwrap_or_default();
            left.extend(unread.into_values().flat_map(|more| more.keys));
            items.extend(found.responses.unwrap_or_default().into_values().flatten());
            if left.is_empty() {
                return Ok(items);
            }
        }
        Err(Error::Call {
            operation: "BatchGetItem",
            code: "UnprocessedKeys".to_owned(),
            source: "some keys were not read".into(),
        })
    }

    /// A query of one partition, which is `:pk` in `keys`: the condition on its keys.
    pub(crate) fn query(&self, keys: &str, pk: String) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&*self.name)
            .key_condition_expression(keys)
            .expression_attribute_values(":pk", AttributeValue::S(pk))
            .set_return_consumed_capacity(self.capacity())
    }

    /// One page of a query.
    pub(crate) async fn page(&self, query: QueryFluentBuilder) -> Result<QueryOutput, Error> {
        let page = query
            .send()
            .await
            .map_err(|error| Error::call("Query", error))?;
        self.count_read("Query", page.consumed_capacity());
        Ok(page)
    }

    /// All pages of a query, and of its items the first `limit` if there is one.
    pub(crate) async fn all(
        &self,
        query: QueryFluentBuilder,
        limit: Option<usize>,
    ) -> Result<Vec<Item>, Error> {
        let mut items: Vec<Item> = Vec::new();
        let mut start: Option<Item> = None;
        loop {
            let rest = limit.map(|limit| limit.saturating_sub(items.len()));
            if rest == Some(0) {
                return Ok(items);
            }
            let query = query
                .clone()
                .set_limit(rest.map(|rest| i32::try_from(rest).unwrap_or(i32::MAX)))
                .set_exclusive_start_key(start.take());
            let page = self.page(query).await?;
            items.extend(page.items.unwrap_or_default());
            match page.last_evaluated_key {
                Some(key) if !key.is_empty() => start = Some(key),
                _ => return Ok(items),
            }
        }
    }
}

fn number(version: u64) -> AttributeValue {
    AttributeValue::N(version.to_string())
}
