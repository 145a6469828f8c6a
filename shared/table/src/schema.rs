//! The table's own shape, for engines on which nobody ran the template.

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
    TimeToLiveSpecification,
};

use crate::{Error, Table, keys};

impl Table {
    /// Makes the table if it is not there. On AWS the template does that.
    ///
    /// # Errors
    /// When the engine refuses.
    pub async fn create_if_missing(&self) -> Result<(), Error> {
        let invalid = |_| Error::Corrupt {
            kind: "schema",
            problem: "it is incomplete",
        };
        let attribute = |name: &str| {
            AttributeDefinition::builder()
                .attribute_name(name)
                .attribute_type(ScalarAttributeType::S)
                .build()
                .map_err(invalid)
        };
        let key = |name: &str, role| {
            KeySchemaElement::builder()
                .attribute_name(name)
                .key_type(role)
                .build()
                .map_err(invalid)
        };
        let result = self
            .client
            .create_table()
            .table_name(&*self.name)
            .attribute_definitions(attribute(keys::PK)?)
            .attribute_definitions(attribute(keys::SK)?)
            .key_schema(key(keys::PK, KeyType::Hash)?)
            .key_schema(key(keys::SK, KeyType::Range)?)
            .billing_mode(BillingMode::PayPerRequest)
            .send()
            .await;
        match result {
            Ok(_) => {}
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|refused| refused.is_resource_in_use_exception()) =>
            {
                return Ok(());
            }
            Err(error) => return Err(Error::call("CreateTable", error)),
        }
        let expiry = TimeToLiveSpecification::builder()
            .attribute_name(keys::EXPIRES)
            .enabled(true)
            .build()
            .map_err(invalid)?;
        let enabled = self
            .client
            .update_time_to_live()
            .table_name(&*self.name)
            .time_to_live_specification(expiry)
            .send()
            .await;
        enabled.map_err(|error| Error::call("UpdateTimeToLive", error))?;
        Ok(())
    }
}
