//! Redrive out of dead-letter queues.

use std::collections::VecDeque;
use std::sync::PoisonError;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::failure::Failure;
use super::operations::{Answer, within};
use super::settings;
use super::{EmbeddedQueues, wall_clock_ms};

/// How many messages one step of a move takes under the lock.
const MOVE_STEP: usize = 500;
/// SQS lists at most the ten latest move tasks of a queue.
const MAX_LISTED_MOVES: usize = 10;

/// The latest finished moves out of dead-letter queues, oldest first, as `ListMessageMoveTasks` shows them.
pub(super) type MoveTasks = VecDeque<Value>;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct StartMoveRequest {
    source_arn: String,
    destination_arn: Option<String>,
    max_number_of_messages_per_second: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListMovesRequest {
    source_arn: String,
    max_results: Option<usize>,
}

impl EmbeddedQueues {
    /// Moves what is ready in a dead-letter queue back to where it came from, or to the destination asked for.
    /// It is over when this answers; the handle is for show, as there is nothing left to cancel.
    pub(super) async fn start_message_move_task(&self, request: StartMoveRequest) -> Answer {
        if let Some(rate) = request.max_number_of_messages_per_second {
            within("MaxNumberOfMessagesPerSecond", rate, 1, 500)?;
        }
        let missing = || {
            Failure::resource_not_found(
                "The resource that you specified for the SourceArn or DestinationArn parameter doesn't exist.",
            )
        };
        let source_name = settings::name_in_arn(&request.source_arn).ok_or_else(missing)?;
        let destination_name = match &request.destination_arn {
            Some(arn) => Some(settings::name_in_arn(arn).ok_or_else(missing)?),
            None => None,
        };
        let (source, destination, before_turn, waiting) = self.with_state(|state| {
            let source = state.find(source_name).ok_or_else(missing)?;
            let destination = match destination_name {
                Some(name) => Some(state.find(name).ok_or_else(missing)?),
                None => None,
            };
            if state.sources_of(source_name).is_empty() {
                return Err(Failure::invalid_parameter(
                    "Source queue must be configured as a Dead Letter Queue.",
                ));
            }
            Ok((
                source,
                destination,
                state.turn_limit(),
                state.depth(source, Instant::now()).visible,
            ))
        })?;
        let started_ms = wall_clock_ms();
        let (mut moved, mut left, mut from_turn) = (0, 0, Some(0));
        while let Some(turn) = from_turn {
            let step = self.with_state(|state| {
                state.move_back(source, destination, turn, before_turn, MOVE_STEP)
            });
            moved += step.moved;
            left += step.left;
            from_turn = step.next_turn;
            tokio::task::yield_now().await;
        }
        let mut task = json!({
            "Status": if left == 0 { "COMPLETED" } else { "FAILED" },
            "SourceArn": request.source_arn,
            "ApproximateNumberOfMessagesMoved": moved,
            "ApproximateNumberOfMessagesToMove": waiting,
            "StartedTimestamp": started_ms,
        });
        if let Some(arn) = &request.destination_arn {
            task["DestinationArn"] = json!(arn);
        }
        if left > 0 {
            task["FailureReason"] = json!("CouldNotDetermineMessageSource");
        }
        let mut tasks = self
            .engine
            .moves
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let of_this_source = tasks
            .iter()
            .filter(|task| task["SourceArn"] == json!(request.source_arn))
            .count();
        if of_this_source >= MAX_LISTED_MOVES
            && let Some(oldest) = tasks
                .iter()
                .position(|task| task["SourceArn"] == json!(request.source_arn))
        {
            tasks.remove(oldest);
        }
        tasks.push_back(task);
        Ok(json!({ "TaskHandle": format!("{source_name}-{started_ms}") }))
    }

    pub(super) fn list_message_move_tasks(&self, request: ListMovesRequest) -> Answer {
        let limit = request.max_results.unwrap_or(1);
        if !(1..=MAX_LISTED_MOVES).contains(&limit) {
            return Err(Failure::invalid_parameter(
                "MaxResults must be between 1 and 10.",
            ));
        }
        let name = settings::name_in_arn(&request.source_arn).unwrap_or_default();
        if self.with_state(|state| state.find(name)).is_none() {
            return Err(Failure::resource_not_found(
                "The resource that you specified for the SourceArn parameter doesn't exist.",
            ));
        }
        let tasks = self
            .engine
            .moves
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let newest_first = tasks
            .iter()
            .rev()
            .filter(|task| task["SourceArn"] == json!(request.source_arn));
        Ok(json!({ "Results": newest_first.take(limit).collect::<Vec<_>>() }))
    }
}
