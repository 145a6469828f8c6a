//! The wire protocol of both services, as far as faults need it: which call it is, how each service refuses, what a batch is.

use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};

use crate::fault::{Fault, OF_AWS};

/// What an SDK client gets.
pub(super) type Answer = Result<HttpResponse, ConnectorError>;

/// The faults that a call may meet.
pub(super) fn kinds(operation: &str, request: &HttpRequest) -> &'static [Fault] {
    const BATCHES: [Fault; 4] = [
        Fault::Partial,
        Fault::Partial,
        Fault::ReplyLost,
        Fault::CrashAfter,
    ];
    const READS: [Fault; 5] = [
        Fault::Stale,
        Fault::Stale,
        Fault::Stale,
        Fault::Lost,
        Fault::Throttled,
    ];
    match operation {
        "SendMessageBatch" | "BatchGetItem" => &BATCHES,
        "GetItem" | "Query" if !is_consistent(request) => &READS,
        _ => &OF_AWS,
    }
}

pub(super) fn is_consistent(request: &HttpRequest) -> bool {
    let bytes = request.body().bytes().unwrap_or_default();
    // Cheaper than reading the document, for each of many calls.
    bytes
        .windows(22)
        .any(|window| window == b"\"ConsistentRead\":true,")
        || bytes
            .windows(22)
            .any(|window| window == b"\"ConsistentRead\":true}")
}

pub(super) fn operation_of(request: &HttpRequest) -> String {
    let target = request.headers().get("x-amz-target").unwrap_or_default();
    target.rsplit('.').next().unwrap_or_default().to_owned()
}

pub(super) fn is_dynamodb(operation: &str) -> bool {
    operation.contains("Item") || matches!(operation, "Query" | "Scan")
}

pub(super) fn no_answer() -> ConnectorError {
    ConnectorError::io("the connection was lost".into())
}

pub(super) fn refusal(status: u16, kind: &str, query_error: &str) -> Answer {
    answer(
        status,
        &json!({ "__type": kind, "message": "simulated" }),
        query_error,
    )
}

pub(super) fn answer(status: u16, body: &Value, query_error: &str) -> Answer {
    let status =
        StatusCode::try_from(status).map_err(|error| ConnectorError::other(error.into(), None))?;
    let mut response = HttpResponse::new(status, SdkBody::from(body.to_string()));
    response
        .headers_mut()
        .insert("content-type", "application/x-amz-json-1.0");
    response
        .headers_mut()
        .insert("x-amzn-query-error", query_error.to_owned());
    Ok(response)
}

pub(super) fn throttled(is_dynamodb: bool, rng: &mut fastrand::Rng) -> Answer {
    if !is_dynamodb {
        return refusal(
            400,
            "com.amazonaws.sqs#RequestThrottled",
            "RequestThrottled;Sender",
        );
    }
    let kinds = [
        "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
        "com.amazonaws.dynamodb.v20120810#RequestLimitExceeded",
        "com.amazon.coral.availability#ThrottlingException",
    ];
    refusal(400, kinds[rng.usize(0..kinds.len())], "")
}

/// Somebody else's transaction is at work on an item of this call.
pub(super) fn in_conflict(
    operation: &str,
    request: &HttpRequest,
    rng: &mut fastrand::Rng,
) -> Answer {
    match operation {
        "TransactWriteItems" => {
            let body: Value = request
                .body()
                .bytes()
                .and_then(|bytes| serde_json::from_slice(bytes).ok())
                .unwrap_or_default();
            let items = body["TransactItems"].as_array().map_or(1, Vec::len);
            let at = rng.usize(0..items);
            let code = [
                "TransactionConflict",
                "ThrottlingError",
                "ProvisionedThroughputExceeded",
            ][rng.usize(0..3)];
            let reasons: Vec<Value> = (0..items)
                .map(|index| {
                    if index == at {
                        json!({ "Code": code, "Message": "simulated" })
                    } else {
                        json!({ "Code": "None" })
                    }
                })
                .collect();
            answer(
                400,
                &json!({
                    "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
                    "message": format!("Transaction cancelled, please refer cancellation reasons for specific reasons [{code}]"),
                    "CancellationReasons": reasons,
                }),
                "",
            )
        }
        operation if is_dynamodb(operation) && operation.starts_with(['P', 'U', 'D']) => refusal(
            400,
            "com.amazonaws.dynamodb.v20120810#TransactionConflictException",
            "",
        ),
        _ => throttled(is_dynamodb(operation), rng),
    }
}

/// Takes some entries out of a batch of messages; gives back their ids.
pub(super) fn leave_out(
    operation: &str,
    request: &mut HttpRequest,
    rng: &mut fastrand::Rng,
) -> Vec<Value> {
    if operation != "SendMessageBatch" {
        return Vec::new();
    }
    let body: Option<Value> = request
        .body()
        .bytes()
        .and_then(|bytes| serde_json::from_slice(bytes).ok());
    let Some(mut body) = body else {
        return Vec::new();
    };
    let Some(entries) = body["Entries"]
        .as_array_mut()
        .filter(|entries| entries.len() > 1)
    else {
        return Vec::new();
    };
    let at = rng.usize(1..entries.len());
    let left_out: Vec<Value> = entries
        .drain(at..)
        .map(|entry| entry["Id"].clone())
        .collect();
    *request.body_mut() = SdkBody::from(body.to_string());
    left_out
}

pub(super) fn add_failed(response: &mut HttpResponse, left_out: Vec<Value>) {
    let body: Option<Value> = response
        .body()
        .bytes()
        .and_then(|bytes| serde_json::from_slice(bytes).ok());
    let Some(mut body) = body else {
        return;
    };
    body["Failed"] = left_out
        .into_iter()
        .map(|id| json!({ "Id": id, "SenderFault": false, "Code": "InternalError", "Message": "simulated" }))
        .collect();
    *response.body_mut() = SdkBody::from(body.to_string());
}
