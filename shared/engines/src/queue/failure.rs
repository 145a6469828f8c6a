//! The errors of SQS, spelled the way its clients expect them.

use serde_json::json;

use crate::connector::WireAnswer;

/// An error answer: the shape name of the JSON protocol, the code of the older query protocol (which the SDK reads
/// first), and a fixed sentence. The sentence never quotes a message.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Failure {
    status: u16,
    shape: &'static str,
    code: &'static str,
    message: String,
}

impl Failure {
    fn sender(shape: &'static str, code: &'static str, message: impl Into<String>) -> Self {
        Failure {
            status: 400,
            shape,
            code,
            message: message.into(),
        }
    }

    pub(super) fn queue_does_not_exist() -> Self {
        Failure::sender(
            "com.amazonaws.sqs#QueueDoesNotExist",
            "AWS.SimpleQueueService.NonExistentQueue",
            "The specified queue does not exist.",
        )
    }

    pub(super) fn queue_name_exists() -> Self {
        Failure::sender(
            "com.amazonaws.sqs#QueueNameExists",
            "QueueAlreadyExists",
            "A queue already exists with the same name and a different value for an attribute.",
        )
    }

    pub(super) fn receipt_handle_is_invalid() -> Self {
        Failure::sender(
            "com.amazonaws.sqs#ReceiptHandleIsInvalid",
            "ReceiptHandleIsInvalid",
            "The input receipt handle is invalid.",
        )
    }

    pub(super) fn message_not_in_flight() -> Self {
        Failure::sender(
            "com.amazonaws.sqs#MessageNotInflight",
            "AWS.SimpleQueueService.MessageNotInflight",
            "The message referred to is not in flight.",
        )
    }

    pub(super) fn invalid_message_contents() -> Self {
        Failure::sender(
            "com.amazonaws.sqs#InvalidMessageContents",
            "InvalidMessageContents",
            "The message contains characters outside the allowed set.",
        )
    }

    pub(super) fn invalid_attribute_name(name: &str) -> Self {
        Failure::sender(
            "com.amazonaws.sqs#InvalidAttributeName",
            "InvalidAttributeName",
            format!("Unknown Attribute {name}."),
        )
    }

    pub(super) fn invalid_attribute_value(name: &str) -> Self {
        Failure::sender(
            "com.amazonaws.sqs#InvalidAttributeValue",
            "InvalidAttributeValue",
            format!("Invalid value for the parameter {name}."),
        )
    }

    pub(super) fn invalid_parameter(message: impl Into<String>) -> Self {
        Failure::sender(
            "com.amazon.coral.service#InvalidParameterValueException",
            "InvalidParameterValue",
            message,
        )
    }

    pub(super) fn missing_parameter(name: &str) -> Self {
        Failure::sender(
            "com.amazon.coral.service#MissingRequiredParameterException",
            "MissingParameter",
            format!("The request must contain the parameter {name}."),
        )
    }

    pub(super) fn unreadable_request() -> Self {
        Failure::sender(
            "com.amazon.coral.service#SerializationException",
            "MalformedInput",
            "The body is not a request of this operation.",
        )
    }

    pub(super) fn unsupported(message: &'static str) -> Self {
        Failure::sender(
            "com.amazonaws.sqs#UnsupportedOperation",
            "AWS.SimpleQueueService.UnsupportedOperation",
            message,
        )
    }

    pub(super) fn unknown_operation() -> Self {
        Failure::sender(
            "com.amazon.coral.service#UnknownOperationException",
            "InvalidAction",
            "The action is not one this engine answers.",
        )
    }

    pub(super) fn resource_not_found(message: &'static str) -> Self {
        Failure::sender(
            "com.amazonaws.sqs#ResourceNotFoundException",
            "ResourceNotFoundException",
            message,
        )
    }

    pub(super) fn empty_batch() -> Self {
        Failure::sender(
            "com.amazonaws.sqs#EmptyBatchRequest",
            "AWS.SimpleQueueService.EmptyBatchRequest",
            "There should be at least one entry in the request.",
        )
    }

    pub(super) fn too_many_entries() -> Self {
        Failure::sender(
            "com.amazonaws.sqs#TooManyEntriesInBatchRequest",
            "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
            "Maximum number of entries per request are 10.",
        )
    }

    pub(super) fn batch_ids_not_distinct() -> Self {
        Failure::sender(
            "com.amazonaws.sqs#BatchEntryIdsNotDistinct",
            "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
            "Two or more batch entries have the same id.",
        )
    }

    pub(super) fn invalid_batch_id() -> Self {
        Failure::sender(
            "com.amazonaws.sqs#InvalidBatchEntryId",
            "AWS.SimpleQueueService.InvalidBatchEntryId",
            "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 \
             letters long.",
        )
    }

    pub(super) fn batch_too_long() -> Self {
        Failure::sender(
            "com.amazonaws.sqs#BatchRequestTooLong",
            "AWS.SimpleQueueService.BatchRequestTooLong",
            "The length of all the messages put together is more than the limit.",
        )
    }

    /// The journal did not take the record: nothing was accepted, and trying again may help.
    pub(super) fn not_durable() -> Self {
        Failure {
            status: 500,
            shape: "com.amazon.coral.service#InternalFailure",
            code: "InternalError",
            message: "The message could not be stored durably and was not accepted.".to_owned(),
        }
    }

    /// The code and sentence for a batch's list of failed entries.
    pub(super) fn as_batch_entry(&self, id: &str) -> serde_json::Value {
        json!({ "Id": id, "SenderFault": self.status < 500, "Code": self.code, "Message": self.message })
    }
}

impl From<Failure> for WireAnswer {
    fn from(failure: Failure) -> WireAnswer {
        let fault = if failure.status < 500 {
            "Sender"
        } else {
            "Receiver"
        };
        WireAnswer {
            status: failure.status,
            body: json!({ "__type": failure.shape, "message": failure.message }).to_string(),
            query_error: Some(format!("{};{fault}", failure.code)),
        }
    }
}
