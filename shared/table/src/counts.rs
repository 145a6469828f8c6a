//! Counts in windows of time: how often somebody came, and who said the same. Each window is an item that goes away by
//! itself.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use domain::id::SubmissionId;
use jiff::Timestamp;

use crate::{Error, Table, keys};

const COUNT: &str = "n";

impl Table {
    /// Counts one more of `what` in `window`, and says how many there are now. `what` is a keyed hash.
    ///
    /// # Errors
    /// When the table cannot be written. It may have been counted nevertheless.
    pub async fn count(&self, what: u128, window: i64, expires: Timestamp) -> Result<u64, Error> {
        let counted = self
            .client
            .update_item()
            .table_name(&*self.name)
            .set_key(Some(keys::count(what, window).item()))
            .update_expression("ADD n :one SET expires = :expires")
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
            .expression_attribute_values(
                ":expires",
                AttributeValue::N(expires.as_second().to_string()),
            )
            .return_values(ReturnValue::UpdatedNew)
            .set_return_consumed_capacity(self.capacity())
            .send()
            .await
            .map_err(|error| Error::call("UpdateItem", error))?;
        self.count_write("UpdateItem", counted.consumed_capacity());
        match counted.attributes().and_then(|item| item.get(COUNT)) {
            Some(AttributeValue::N(text)) => text.parse().map_err(|_| Error::Corrupt {
                kind: "count",
                problem: "it is no number",
            }),
            _ => Err(Error::Corrupt {
                kind: "count",
                problem: "it was not answered",
            }),
        }
    }

    /// Whether `submission` is among the first `most` of `what` in `window`. The same submission again is always the same:
    /// those that are among them are remembered.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn is_among_first(
        &self,
        what: u128,
        window: i64,
        submission: SubmissionId,
        most: u32,
        expires: Timestamp,
    ) -> Result<bool, Error> {
        let name = submission.digits();
        let result = self
            .client
            .update_item()
            .table_name(&*self.name)
            .set_key(Some(keys::count(what, window).item()))
            .update_expression("ADD who :set SET expires = :expires")
            .condition_expression(
                "attribute_not_exists(who) OR size(who) < :most OR contains(who, :name)",
            )
            .expression_attribute_values(":set", AttributeValue::Ss(vec![name.clone()]))
            .expression_attribute_values(":name", AttributeValue::S(name))
            .expression_attribute_values(":most", AttributeValue::N(most.to_string()))
            .expression_attribute_values(
                ":expires",
                AttributeValue::N(expires.as_second().to_string()),
            )
            .set_return_consumed_capacity(self.capacity())
            .send()
            .await;
        match result {
            Ok(done) => {
                self.count_write("UpdateItem", done.consumed_capacity());
                Ok(true)
            }
            Err(SdkError::ServiceError(refused))
                if matches!(
                    refused.err(),
                    UpdateItemError::ConditionalCheckFailedException(_)
                ) =>
            {
                self.count_refused("UpdateItem (too many)", 1.0);
                Ok(false)
            }
            Err(error) => Err(Error::call("UpdateItem", error)),
        }
    }
}
