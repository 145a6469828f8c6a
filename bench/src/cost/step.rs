//! The steps of a lead's way, and what each spends.

use std::collections::BTreeMap;

use queue::Queue;
use serde::Serialize;

/// A function, as a step of a lead's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Step {
    Capture,
    Enrich,
    Score,
    Assign,
    Deliver,
    /// Not on the way of a lead: no column of any table.
    Files,
    Recycle,
}

impl Step {
    pub(crate) const ALL: [Step; 6] = [
        Step::Capture,
        Step::Enrich,
        Step::Score,
        Step::Assign,
        Step::Deliver,
        Step::Recycle,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Step::Capture => "capture",
            Step::Enrich => "enrich",
            Step::Score => "score",
            Step::Assign => "assign",
            Step::Deliver => "deliver",
            Step::Files => "files",
            Step::Recycle => "recycle",
        }
    }

    /// The step that reads a queue.
    pub(crate) fn reading(queue: Queue) -> Step {
        match queue {
            Queue::Enrich => Step::Enrich,
            Queue::Score => Step::Score,
            Queue::Assign => Step::Assign,
            Queue::Deliver => Step::Deliver,
            Queue::Files => Step::Files,
        }
    }
}

/// What a step spent on a number of leads.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Spent {
    /// Calls of AWS, by service and operation.
    pub(crate) calls: BTreeMap<String, u64>,
    /// DynamoDB's write units.
    pub(crate) write_units: f64,
    /// DynamoDB's read units.
    pub(crate) read_units: f64,
    /// Requests that SQS bills.
    pub(crate) sqs_requests: u64,
    /// Invocations of the function.
    pub(crate) invocations: u64,
    /// Time that invocations waited for calls, in milliseconds, under the assumed latencies.
    pub(crate) waited_ms: f64,
    /// CPU of our own code, in microseconds, one entry for each invocation.
    pub(crate) cpu_us: Vec<f64>,
    /// Records that came with the invocations.
    pub(crate) records: u64,
    /// Bytes sent to the internet: webhooks and answers, bodies only.
    pub(crate) out_bytes: u64,
    /// Requests to and answers for the internet.
    pub(crate) out_messages: u64,
    /// Largest item written, in bytes.
    pub(crate) largest_item: usize,
}
