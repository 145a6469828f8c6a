//! Leadline broken on purpose, to show that the simulation notices. Each variant takes one safeguard away, for one run.
//!
//! Most live on the wire, where a condition can be taken out of a write: what is left is exactly the code that forgot it.

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use serde_json::Value;

/// A variant of Leadline that lacks one safeguard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Broken {
    /// Decisions are appended without the condition that their number is free.
    AppendUnchecked,
    /// Identity keys are claimed without the condition that they are free.
    ClaimUnchecked,
    /// Turns of a pool are stored without the condition that nobody else stored some.
    TurnsUnchecked,
    /// A batch that failed in part is reported as done.
    FailuresForgotten,
    /// A door answers 202 although the queue did not take the submission.
    AcceptedUnsent,
    /// `assign` does not wait for its write, and sends the news before the assignment is written.
    SendBeforeWrite,
    /// Each attempt of a notification bears an id of its own.
    IdPerAttempt,
    /// Leads are counted under caps without the condition that there is room.
    CapUnchecked,
    /// Answers to vendors are written without the condition that there is none yet, or that it is the one that was read.
    AnswerUnchecked,
    /// The entries of an erased lead's history are left as they are.
    HusksLeft,
    /// Identity keys of people who are erased are not suppressed.
    SuppressionForgotten,
}

impl Broken {
    /// All of them.
    pub(crate) const ALL: [Broken; 11] = [
        Broken::AppendUnchecked,
        Broken::ClaimUnchecked,
        Broken::TurnsUnchecked,
        Broken::FailuresForgotten,
        Broken::AcceptedUnsent,
        Broken::SendBeforeWrite,
        Broken::IdPerAttempt,
        Broken::CapUnchecked,
        Broken::AnswerUnchecked,
        Broken::HusksLeft,
        Broken::SuppressionForgotten,
    ];

    /// Whether this call is answered at once and carried out later, if its function lives that long.
    pub(crate) fn is_unawaited(
        self,
        function: &str,
        operation: &str,
        request: &HttpRequest,
    ) -> bool {
        self == Broken::SendBeforeWrite
            && function == "assign"
            && operation == "PutItem"
            && partition_of(request).is_some_and(|pk| pk.starts_with("P#"))
    }

    /// Whether writes that travel together are sent back, to come one by one: only a put can lose its condition on the way.
    pub(crate) fn parts(self, operation: &str) -> bool {
        operation == "BatchExecuteStatement"
            && matches!(
                self,
                Broken::AppendUnchecked | Broken::ClaimUnchecked | Broken::SendBeforeWrite
            )
    }

    /// Whether this call is answered and never carried out: what is left is the code that forgot to make it.
    pub(crate) fn is_forgotten(self, operation: &str, request: &HttpRequest) -> bool {
        if operation != "PutItem" {
            return false;
        }
        let body = request.body().bytes().unwrap_or_default();
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let item = &body["Item"];
        match self {
            Broken::HusksLeft => {
                let sk = item["sk"]["S"].as_str().unwrap_or_default();
                body["ConditionExpression"].is_null() && sk.starts_with("E#")
            }
            Broken::SuppressionForgotten => item.get("suppressed").is_some(),
            _ => false,
        }
    }

    /// Whether a failure of this call is taken for success.
    pub(crate) fn is_ignored(self, function: &str, operation: &str) -> bool {
        self == Broken::AcceptedUnsent
            && function == "capture"
            && operation.starts_with("SendMessage")
    }

    /// Takes the safeguard out of a call, if it is one of those that travel with calls.
    pub(crate) fn meddle(self, operation: &str, request: &mut HttpRequest) {
        if operation == "TransactWriteItems" {
            return self.meddle_with_transaction(request);
        }
        let partition = match self {
            Broken::AppendUnchecked => "P#",
            Broken::ClaimUnchecked => "K#",
            Broken::TurnsUnchecked => "T#",
            _ => return,
        };
        if operation != "PutItem" {
            return;
        }
        let body: Option<Value> = request
            .body()
            .bytes()
            .and_then(|bytes| serde_json::from_slice(bytes).ok());
        let Some(Value::Object(mut body)) = body else {
            return;
        };
        let is_meant = body["Item"]["pk"]["S"]
            .as_str()
            .is_some_and(|pk| pk.starts_with(partition));
        if !is_meant {
            return;
        }
        for key in [
            "ConditionExpression",
            "ExpressionAttributeNames",
            "ExpressionAttributeValues",
            "ReturnValuesOnConditionCheckFailure",
        ] {
            body.remove(key);
        }
        *request.body_mut() = SdkBody::from(Value::Object(body).to_string());
    }
}

impl Broken {
    fn meddle_with_transaction(self, request: &mut HttpRequest) {
        let (kind, partition) = match self {
            Broken::CapUnchecked => ("/Update", "X#"),
            Broken::AnswerUnchecked => ("/Put", "O#"),
            _ => return,
        };
        let body: Option<Value> = request
            .body()
            .bytes()
            .and_then(|bytes| serde_json::from_slice(bytes).ok());
        let Some(mut body) = body else {
            return;
        };
        for item in body["TransactItems"].as_array_mut().into_iter().flatten() {
            let Some(Value::Object(part)) = item.pointer_mut(kind) else {
                continue;
            };
            let key = part.get("Key").or_else(|| part.get("Item"));
            let is_meant = key
                .and_then(|key| key.pointer("/pk/S")?.as_str())
                .is_some_and(|pk| pk.starts_with(partition));
            if !is_meant || part.remove("ConditionExpression").is_none() {
                continue;
            }
            // A value that nothing uses would be refused.
            if let Some(Value::Object(values)) = part.get_mut("ExpressionAttributeValues") {
                values.retain(|name, _| !matches!(name.as_str(), ":most" | ":v"));
                if values.is_empty() {
                    part.remove("ExpressionAttributeValues");
                }
            }
        }
        *request.body_mut() = SdkBody::from(body.to_string());
    }
}

fn partition_of(request: &HttpRequest) -> Option<String> {
    let body: Value = serde_json::from_slice(request.body().bytes()?).ok()?;
    Some(body["Item"]["pk"]["S"].as_str()?.to_owned())
}
