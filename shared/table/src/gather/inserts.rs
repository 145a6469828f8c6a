//! New items: one `BatchExecuteStatement` of `INSERT`s, each of which is billed, judged and answered for itself, as a put on
//! the condition that there is no such item would be.
//!
//! It is no transaction: some may succeed where others fail. What is not certain after such a call is put once more, alone,
//! under the same condition, and that answer holds.

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{AttributeValue, BatchStatementErrorCodeEnum, BatchStatementRequest};
use tokio::sync::oneshot::error::TryRecvError;

use super::{Gather, Joined, Turn, is_same_key, unheard};
use crate::{Error, Item, Table};

/// Statements in one call: DynamoDB's limit.
const MAX_STATEMENTS: usize = 25;

/// Bytes of an item above which it travels alone, so that a full call stays far below every limit of a request.
const MAX_BYTES: usize = 16_384;

const OPERATION: &str = "BatchExecuteStatement";

/// Where new items wait for each other.
pub(super) type Inserts = Gather<Item, Told>;
type Waiting = super::Waiting<Item, Told>;

/// What became of an item in a call for many.
#[derive(Debug)]
pub(super) enum Told {
    New,
    Taken,
    Alone(Item),
}

/// What became of an item that was to be put where there is none.
#[derive(Debug)]
pub(crate) enum Inserted<'a> {
    /// It was written.
    New,
    /// There is one already: its own, perhaps, if the call was repeated on the way.
    Taken,
    /// It is to be put alone, under the same condition. While that call is on its way, others gather.
    Alone(Item, Option<Turn<'a>>),
}

impl<'a> Inserted<'a> {
    fn told(told: Told, turn: Option<Turn<'a>>) -> Self {
        match told {
            Told::New => Inserted::New,
            Told::Taken => Inserted::Taken,
            Told::Alone(item) => Inserted::Alone(item, turn),
        }
    }
}

impl Table {
    /// Puts an item where there is none, together with those that are put beside it.
    ///
    /// # Errors
    /// When the table cannot be written. The write may have happened nevertheless.
    pub(crate) async fn insert(&self, item: Item) -> Result<Inserted<'_>, Error> {
        let Some(gathers) = self.gathers.as_ref().filter(|_| weight(&item) <= MAX_BYTES) else {
            return Ok(Inserted::Alone(item, None));
        };
        let gather = &gathers.inserts;
        let (turn, mut told) = match gather.join(item, OPERATION).await? {
            Joined::Told(told) => return Ok(Inserted::told(told, None)),
            Joined::First(turn, told) => (turn, told),
        };
        // A call may not name a key twice.
        let fits = |chosen: &[Waiting], item: &Item| {
            chosen.len() < MAX_STATEMENTS
                && !chosen.iter().any(|other| is_same_key(&other.asked, item))
        };
        loop {
            self.insert_all(gather.next(fits)).await;
            match told.try_recv() {
                Ok(told) => return Ok(Inserted::told(told?, Some(turn))),
                // There were more than one call holds.
                Err(TryRecvError::Empty) => {}
                Err(TryRecvError::Closed) => return Err(unheard(OPERATION, "abandoned")),
            }
        }
    }

    async fn insert_all(&self, all: Vec<Waiting>) {
        let statements: Option<Vec<_>> = all.iter().map(|one| self.statement(&one.asked)).collect();
        // Alone there is nothing to gain, and the ordinary call says more.
        let answers = match statements.filter(|statements| statements.len() > 1) {
            Some(statements) => {
                let answered = self
                    .client
                    .batch_execute_statement()
                    .set_statements(Some(statements))
                    .set_return_consumed_capacity(self.capacity())
                    .send()
                    .await;
                match answered {
                    Ok(answered) => {
                        self.count_write(OPERATION, answered.consumed_capacity().first());
                        answered.responses.unwrap_or_default()
                    }
                    // A role of before: what may be put one by one is.
                    Err(error) if error.code() == Some("AccessDeniedException") => {
                        tracing::warn!(
                            "the role lacks dynamodb:PartiQLInsert: new items are put one by one, which takes more time; deploy the template of this version"
                        );
                        Vec::new()
                    }
                    Err(error) => {
                        let code = error.code().unwrap_or("unreachable").to_owned();
                        for one in all {
                            let _gone = one.done.send(Err(unheard(OPERATION, &code)));
                        }
                        return;
                    }
                }
            }
            None => Vec::new(),
        };
        let mut answers = answers.into_iter();
        for one in all {
            let refused = answers
                .next()
                .map(|answer| answer.error.map(|error| error.code));
            let told = match refused {
                Some(None) => Told::New,
                // What it costs is in the answer, as that of a put on a condition is not.
                Some(Some(Some(BatchStatementErrorCodeEnum::DuplicateItem))) => Told::Taken,
                // Throttled, in conflict, failed: the SDK tries again what has a call of its own.
                Some(Some(_)) | None => Told::Alone(one.asked),
            };
            let _gone = one.done.send(Ok(told));
        }
    }

    /// `INSERT INTO "table" VALUE {'pk': ?, 'sk': ?, …}`: refused if there is such an item.
    fn statement(&self, item: &Item) -> Option<BatchStatementRequest> {
        let mut attributes: Vec<(&String, &AttributeValue)> = item.iter().collect();
        // One text for all items of a kind, which engines remember.
        attributes.sort_unstable_by_key(|(name, _)| *name);
        // Names of attributes are ours and hold no quotation marks.
        let names: Vec<String> = attributes
            .iter()
            .map(|(name, _)| format!("'{name}': ?"))
            .collect();
        BatchStatementRequest::builder()
            .statement(format!(
                "INSERT INTO \"{}\" VALUE {{{}}}",
                self.name,
                names.join(", ")
            ))
            .set_parameters(Some(
                attributes
                    .into_iter()
                    .map(|(_, value)| value.clone())
                    .collect(),
            ))
            .build()
            .ok()
    }
}

/// Bytes of the values, as far as they may be many.
fn weight(item: &Item) -> usize {
    item.values()
        .map(|value| match value {
            AttributeValue::S(text) | AttributeValue::N(text) => text.len(),
            AttributeValue::B(bytes) => bytes.as_ref().len(),
            AttributeValue::Bool(_) => 1,
            _ => MAX_BYTES + 1,
        })
        .sum()
}
