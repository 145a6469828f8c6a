//! Message attributes: checking, sizes, digests and selection.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::failure::Failure;

/// SQS quotas: at most ten attributes per message.
const MAX_ATTRIBUTES: usize = 10;

/// SQS quotas: names of attributes and types are at most 256 characters long, group ids 128.
const MAX_NAME_BYTES: usize = 256;
const MAX_GROUP_ID_BYTES: usize = 128;
/// The only attribute a sender may give to SQS itself, and a bound for it: X-Ray headers take about 100 bytes.
const TRACE_HEADER: &str = "AWSTraceHeader";
const MAX_TRACE_HEADER_BYTES: usize = 1024;

/// A message attribute as it travels; binary values are base64.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AttributeValue {
    pub(super) data_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) string_value: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) binary_value: Option<String>,
}

pub(super) type Attributes = BTreeMap<String, AttributeValue>;

/// What a sender gives beside the body.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Extras {
    #[serde(skip_serializing_if = "Attributes::is_empty")]
    pub(super) message_attributes: Attributes,
    #[serde(skip_serializing_if = "Attributes::is_empty")]
    pub(super) message_system_attributes: Attributes,
    /// Makes a standard queue fair on AWS; shown to receivers here, without effect on order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) message_group_id: Option<String>,
}

impl Extras {
    /// For storing; empty when there is nothing to store.
    pub(super) fn to_json(&self) -> String {
        let nothing = self.message_attributes.is_empty()
            && self.message_system_attributes.is_empty()
            && self.message_group_id.is_none();
        if nothing {
            String::new()
        } else {
            serde_json::to_string(self).unwrap_or_default()
        }
    }

    pub(super) fn from_json(text: &str) -> Extras {
        if text.is_empty() {
            Extras::default()
        } else {
            serde_json::from_str(text).unwrap_or_default()
        }
    }

    /// Checks every attribute; the messages name attributes but never quote values.
    pub(super) fn check(&self) -> Result<(), Failure> {
        if self.message_attributes.len() > MAX_ATTRIBUTES {
            return Err(Failure::invalid_parameter(
                "Number of message attributes exceeds the allowed maximum of 10.",
            ));
        }
        // What does not count as size is bounded here, so that a record in the journal stays bounded.
        if self
            .message_group_id
            .as_ref()
            .is_some_and(|id| id.len() > MAX_GROUP_ID_BYTES)
        {
            return Err(Failure::invalid_parameter(
                "MessageGroupId can be at most 128 characters long.",
            ));
        }
        for (name, value) in &self.message_system_attributes {
            let length = value.string_value.as_ref().map_or(0, String::len);
            if name != TRACE_HEADER || length > MAX_TRACE_HEADER_BYTES {
                return Err(Failure::invalid_parameter(
                    "The only message system attribute is AWSTraceHeader, up to 1024 bytes.",
                ));
            }
        }
        for (name, value) in self
            .message_attributes
            .iter()
            .chain(&self.message_system_attributes)
        {
            if value.string_value.is_some() && value.binary_value.is_some() {
                return Err(Failure::invalid_parameter(format!(
                    "The message attribute '{name}' must contain one value."
                )));
            }
            if name.is_empty()
                || name.len() > MAX_NAME_BYTES
                || value.data_type.len() > MAX_NAME_BYTES
            {
                return Err(Failure::invalid_parameter(
                    "Message attribute names and types must be 1 to 256 characters long.",
                ));
            }
            let base_type = value.data_type.split('.').next().unwrap_or_default();
            let has_value = match base_type {
                "String" | "Number" => value
                    .string_value
                    .as_ref()
                    .is_some_and(|text| !text.is_empty()),
                "Binary" => value
                    .decoded_binary()
                    .is_some_and(|bytes| !bytes.is_empty()),
                _ => {
                    return Err(Failure::invalid_parameter(format!(
                        "The message attribute '{name}' has an invalid message attribute type."
                    )));
                }
            };
            if !has_value {
                return Err(Failure::invalid_parameter(format!(
                    "The message attribute '{name}' must contain a non-empty value of its type."
                )));
            }
            if value
                .string_value
                .as_ref()
                .is_some_and(|text| !has_only_allowed_characters(text))
            {
                return Err(Failure::invalid_message_contents());
            }
        }
        Ok(())
    }

    /// What the attributes add to the size of the message: names, types and values.
    pub(super) fn size_bytes(&self) -> usize {
        let sizes = self.message_attributes.iter().map(|(name, value)| {
            name.len()
                + value.data_type.len()
                + value.transported().map_or(0, |(_, bytes)| bytes.len())
        });
        sizes.sum()
    }
}

impl AttributeValue {
    fn decoded_binary(&self) -> Option<Vec<u8>> {
        STANDARD.decode(self.binary_value.as_deref()?).ok()
    }

    /// The digest's type byte (1 for text, 2 for binary) and the value's bytes.
    fn transported(&self) -> Option<(u8, Vec<u8>)> {
        match &self.string_value {
            Some(text) => Some((1, text.clone().into_bytes())),
            None => Some((2, self.decoded_binary()?)),
        }
    }
}

/// The digest clients compare with their own, as the SQS developer guide describes it ("Calculating the MD5 message
/// digest for message attributes"): per attribute in the order of names, length and bytes of name and type, the type
/// byte, length and bytes of the value; lengths in four bytes, big-endian. `None` without attributes.
pub(super) fn digest(attributes: &Attributes) -> Option<String> {
    if attributes.is_empty() {
        return None;
    }
    let mut context = md5::Context::new();
    for (name, value) in attributes {
        let (type_byte, bytes) = value.transported().unwrap_or((1, Vec::new()));
        consume_with_length(&mut context, name.as_bytes());
        consume_with_length(&mut context, value.data_type.as_bytes());
        context.consume([type_byte]);
        consume_with_length(&mut context, &bytes);
    }
    Some(format!("{:x}", context.compute()))
}

fn consume_with_length(context: &mut md5::Context, bytes: &[u8]) {
    // Within the message size limit, so the length fits.
    context.consume((bytes.len() as u32).to_be_bytes());
    context.consume(bytes);
}

/// The attributes a receiver asked for: by name, by `prefix.*`, or all with `All` or `.*`.
pub(super) fn selected(attributes: Attributes, wanted: &[String]) -> Attributes {
    let is_wanted = |name: &str| {
        wanted
            .iter()
            .any(|pattern| match pattern.strip_suffix('*') {
                Some(prefix) => prefix == "." || name.starts_with(prefix),
                None => pattern == "All" || pattern == name,
            })
    };
    attributes
        .into_iter()
        .filter(|(name, _)| is_wanted(name))
        .collect()
}

/// The characters SQS takes, which are those of XML 1.0.
pub(super) fn has_only_allowed_characters(text: &str) -> bool {
    text.chars().all(|character| {
        matches!(character,
            '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
    })
}
