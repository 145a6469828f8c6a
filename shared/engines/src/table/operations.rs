//! From `X-Amz-Target` and a JSON body to one call of the database and its JSON answer.

use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::connector::WireAnswer;

const TARGET_PREFIXES: [&str; 2] = ["DynamoDB_20120810.", "DynamoDBStreams_20120810."];

/// The operation in `DynamoDB_20120810.PutItem`; an empty name, which no operation has, for any other target.
pub(super) fn name_in_target(target: &str) -> &str {
    TARGET_PREFIXES
        .iter()
        .find_map(|prefix| target.strip_prefix(prefix))
        .unwrap_or_default()
}

/// Whether the operation leaves the file alone. Everything unlisted is treated as a write.
pub(super) fn only_reads(operation: &str) -> bool {
    matches!(
        operation,
        "GetItem"
            | "Query"
            | "Scan"
            | "BatchGetItem"
            | "TransactGetItems"
            | "DescribeTable"
            | "ListTables"
            | "DescribeTimeToLive"
            | "ListTagsOfResource"
            | "ListStreams"
            | "DescribeStream"
            | "GetShardIterator"
            | "GetRecords"
    )
}

/// Whether the operation may change which tables there are, or what they are like. Everything that does not name items is
/// taken to.
pub(super) fn changes_tables(operation: &str) -> bool {
    !matches!(
        operation,
        "PutItem"
            | "UpdateItem"
            | "DeleteItem"
            | "BatchWriteItem"
            | "TransactWriteItems"
            | "ExecuteStatement"
            | "ExecuteTransaction"
            | "BatchExecuteStatement"
    ) && !only_reads(operation)
}

/// Whether an answer says that the request was one: it was carried out, or its condition did not hold. In the answer to
/// statements each has an error of its own.
pub(super) fn accepts_form(answer: &WireAnswer) -> bool {
    if answer.status != 200 {
        return answer.body.contains("#ConditionalCheckFailedException");
    }
    let often = |text| answer.body.matches(text).count();
    !answer.body.starts_with("{\"Responses\":[")
        || often("{\"Error\":") == often("\"Code\":\"DuplicateItem\"")
}

/// Runs one operation to its end on this thread.
pub(super) fn run(database: &Database, operation: &str, body: &[u8]) -> WireAnswer {
    let outcome = match operation {
        "CreateTable" => invoke(body, |request| database.create_table(request)),
        "DescribeTable" => invoke(body, |request| database.describe_table(request)),
        "UpdateTable" => invoke(body, |request| database.update_table(request)),
        "DeleteTable" => invoke(body, |request| database.delete_table(request)),
        "ListTables" => invoke(body, |request| database.list_tables(request)),
        "PutItem" => invoke(body, |request| database.put_item(request)),
        "GetItem" => invoke(body, |request| database.get_item(request)),
        "UpdateItem" => invoke(body, |request| database.update_item(request)),
        "DeleteItem" => invoke(body, |request| database.delete_item(request)),
        "Query" => invoke(body, |request| database.query(request)),
        "Scan" => invoke(body, |request| database.scan(request)),
        "BatchGetItem" => invoke(body, |request| database.batch_get_item(request)),
        "BatchWriteItem" => invoke(body, |request| database.batch_write_item(request)),
        "TransactWriteItems" => invoke(body, |request| database.transact_write_items(request)),
        "TransactGetItems" => invoke(body, |request| database.transact_get_items(request)),
        "UpdateTimeToLive" => invoke(body, |request| database.update_time_to_live(request)),
        "DescribeTimeToLive" => invoke(body, |request| database.describe_time_to_live(request)),
        // Not used by Leadline; other tools that look into the table expect them.
        "ExecuteStatement" => invoke(body, |request| database.execute_statement(request)),
        "ExecuteTransaction" => invoke(body, |request| database.execute_transaction(request)),
        "BatchExecuteStatement" => {
            invoke(body, |request| database.batch_execute_statement(request))
        }
        "TagResource" => invoke(body, |request| database.tag_resource(request)),
        "UntagResource" => invoke(body, |request| database.untag_resource(request)),
        "ListTagsOfResource" => invoke(body, |request| database.list_tags_of_resource(request)),
        "ListStreams" => invoke(body, |request| database.list_streams(request)),
        "DescribeStream" => invoke(body, |request| database.describe_stream(request)),
        "GetShardIterator" => invoke(body, |request| database.get_shard_iterator(request)),
        "GetRecords" => invoke(body, |request| database.get_records(request)),
        _ => {
            return failure(
                400,
                r#"{"__type":"com.amazon.coral.service#UnknownOperationException"}"#.to_owned(),
            );
        }
    };
    match outcome {
        Ok(body) => WireAnswer {
            status: 200,
            body,
            query_error: None,
        },
        Err(error) => failure(error.status_code(), error.to_json()),
    }
}

/// The answer when the engine itself broke down; DynamoDB's 500.
pub(super) fn internal_failure() -> WireAnswer {
    let error =
        DynoxideError::InternalServerError("the embedded table did not finish the call".to_owned());
    failure(error.status_code(), error.to_json())
}

fn failure(status: u16, body: String) -> WireAnswer {
    WireAnswer {
        status,
        body,
        query_error: None,
    }
}

fn invoke<Request: DeserializeOwned, Reply: Serialize>(
    body: &[u8],
    call: impl FnOnce(Request) -> dynoxide::Result<Reply>,
) -> dynoxide::Result<String> {
    let request = serde_json::from_slice(body).map_err(unreadable)?;
    let reply = call(request)?;
    serde_json::to_string(&reply).map_err(|_| {
        DynoxideError::InternalServerError(
            "the embedded table could not write its answer".to_owned(),
        )
    })
}

/// What DynamoDB answers to a body it cannot read.
///
/// dynoxide's own types prefix the messages meant for the caller with a marker (`VALIDATION:` and the like) and
/// serde_json appends its position; both come off. Any other message of serde is replaced, because it quotes values.
fn unreadable(error: serde_json::Error) -> DynoxideError {
    let message = error.to_string();
    let message = message
        .rfind(" at line ")
        .map_or(message.as_str(), |position| &message[..position]);
    for marker in ["VALIDATION_REQUEST:", "VALIDATION_AS_READ:", "VALIDATION:"] {
        if let Some(text) = message.strip_prefix(marker) {
            return DynoxideError::ValidationException(text.to_owned());
        }
    }
    for marker in ["SERIALIZATION_AS_READ:", "SERIALIZATION:"] {
        if let Some(text) = message.strip_prefix(marker) {
            return DynoxideError::SerializationException(text.to_owned());
        }
    }
    DynoxideError::SerializationException("the body is not a request of this operation".to_owned())
}
