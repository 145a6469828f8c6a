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
    // Each statement is answered for itself, and all of them as one call.
    const STATEMENTS: [Fault; 3 + OF_AWS.len()] = {
        let mut all = [Fault::Partial; 3 + OF_AWS.len()];
        let mut index = 0;
        while index < OF_AWS.len() {
            all[3 + index] = OF_AWS[index];
            index += 1;
        }
        all
    };
    match operation {
        "SendMessageBatch" | "BatchGetItem" => &BATCHES,
        "BatchExecuteStatement" => &STATEMENTS,
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
    operation.contains("Item") || matches!(operation, "Query" | "Scan" | "BatchExecuteStatement")
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

/// What was taken out of a batch, to be answered as refused.
pub(super) enum LeftOut {
    /// Ids of messages.
    Messages(Vec<Value>),
    /// Places of statements, in ascending order, each with the code of its refusal.
    Statements(Vec<(usize, &'static str)>),
}

/// Takes some entries out of a batch of messages or statements.
pub(super) fn leave_out(
    operation: &str,
    request: &mut HttpRequest,
    rng: &mut fastrand::Rng,
) -> Option<LeftOut> {
    let mut body: Value = serde_json::from_slice(request.body().bytes()?).ok()?;
    let left_out = match operation {
        "SendMessageBatch" => {
            let entries = body["Entries"].as_array_mut()?;
            if entries.len() < 2 {
                return None;
            }
            let at = rng.usize(1..entries.len());
            LeftOut::Messages(
                entries
                    .drain(at..)
                    .map(|entry| entry["Id"].clone())
                    .collect(),
            )
        }
        "BatchExecuteStatement" => {
            let statements = body["Statements"].as_array_mut()?;
            let kept = rng.usize(0..statements.len());
            let places: Vec<(usize, &'static str)> = (0..statements.len())
                // One is carried out, and of the others some.
                .filter_map(|place| {
                    let code = REFUSALS[rng.usize(0..REFUSALS.len())];
                    (place != kept && rng.bool()).then_some((place, code))
                })
                .collect();
            for (place, _) in places.iter().rev() {
                statements.remove(*place);
            }
            LeftOut::Statements(places)
        }
        _ => return None,
    };
    *request.body_mut() = SdkBody::from(body.to_string());
    Some(left_out)
}

/// Why a single statement may be refused.
const REFUSALS: [&str; 5] = [
    "ThrottlingError",
    "ProvisionedThroughputExceeded",
    "RequestLimitExceeded",
    "TransactionConflict",
    "InternalServerError",
];

pub(super) fn add_failed(response: &mut HttpResponse, left_out: LeftOut) {
    let body: Option<Value> = response
        .body()
        .bytes()
        .and_then(|bytes| serde_json::from_slice(bytes).ok());
    let Some(mut body) = body else {
        return;
    };
    match left_out {
        LeftOut::Messages(ids) => {
            body["Failed"] = ids
                .into_iter()
                .map(|id| json!({ "Id": id, "SenderFault": false, "Code": "InternalError", "Message": "simulated" }))
                .collect();
        }
        LeftOut::Statements(places) => {
            let Some(answers) = body["Responses"].as_array_mut() else {
                return;
            };
            for (place, code) in places {
                answers.insert(place.min(answers.len()), refused_statement(code));
            }
        }
    }
    *response.body_mut() = SdkBody::from(body.to_string());
}

fn refused_statement(code: &str) -> Value {
    json!({ "Error": { "Code": code, "Message": "simulated" } })
}

/// Refuses each statement for itself.
pub(super) fn refuse_statements(request: &HttpRequest) -> Answer {
    let body: Value = request
        .body()
        .bytes()
        .and_then(|bytes| serde_json::from_slice(bytes).ok())
        .unwrap_or_default();
    let statements = body["Statements"].as_array().map_or(0, Vec::len);
    let answers = vec![refused_statement("ThrottlingError"); statements];
    answer(200, &json!({ "Responses": answers }), "")
}
