//! What a call to DynamoDB consumes: what the engine says, and where it says nothing (a condition that did not hold)
//! what AWS documents.
//!
//! Rules: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html>.

use serde_json::Value;

/// Bytes of an item that cost one write unit.
const WRITE_UNIT: usize = 1_024;

/// What one call consumed.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Consumed {
    pub(crate) write_units: f64,
    pub(crate) read_units: f64,
}

/// Whether DynamoDB can say what the operation consumed.
pub(crate) fn reports_capacity(operation: &str) -> bool {
    is_read(operation) || is_write(operation)
}

fn is_read(operation: &str) -> bool {
    matches!(
        operation,
        "GetItem" | "BatchGetItem" | "Query" | "Scan" | "TransactGetItems"
    )
}

fn is_write(operation: &str) -> bool {
    matches!(
        operation,
        "PutItem"
            | "UpdateItem"
            | "DeleteItem"
            | "BatchWriteItem"
            | "TransactWriteItems"
            // Leadline sends no statements but `INSERT`s.
            | "BatchExecuteStatement"
    )
}

/// What a call consumed, from what was asked and what was answered.
pub(crate) fn consumed(operation: &str, asked: &Value, said: &Value, done: bool) -> Consumed {
    let units = if done {
        capacity(&said["ConsumedCapacity"])
    } else if is_write(operation) {
        // A write whose condition does not hold costs as much as the item that stands there, one unit at least. What
        // stands there is what another worker wrote in the place of this, and about as large.
        let factor = if operation == "TransactWriteItems" {
            2
        } else {
            1
        };
        items(operation, asked)
            .iter()
            .map(|item| item_bytes(item).div_ceil(WRITE_UNIT).max(1) * factor)
            .sum::<usize>() as f64
    } else {
        0.0
    };
    if is_write(operation) {
        Consumed {
            write_units: units,
            read_units: 0.0,
        }
    } else {
        Consumed {
            write_units: 0.0,
            read_units: units,
        }
    }
}

/// The largest item that a call writes, in bytes as DynamoDB counts them.
pub(crate) fn written_bytes(operation: &str, asked: &Value) -> usize {
    let whole = items(operation, asked).into_iter().map(item_bytes);
    let statements = asked["Statements"].as_array().into_iter().flatten();
    whole
        .chain(statements.map(inserted_bytes))
        .max()
        .unwrap_or(0)
}

/// The size of what an `INSERT INTO "table" VALUE {'name': ?, …}` inserts.
fn inserted_bytes(statement: &Value) -> usize {
    let text = statement["Statement"].as_str().unwrap_or_default();
    let names: usize = text.split('\'').skip(1).step_by(2).map(str::len).sum();
    let values = statement["Parameters"].as_array().into_iter().flatten();
    names + values.map(value_bytes).sum::<usize>()
}

/// One table's capacity, or that of a list of tables.
fn capacity(said: &Value) -> f64 {
    match said {
        Value::Array(tables) => tables.iter().map(capacity).sum(),
        one => one["CapacityUnits"].as_f64().unwrap_or(0.0),
    }
}

/// What is written, as far as the call says it: whole items, or keys.
fn items<'a>(operation: &str, asked: &'a Value) -> Vec<&'a Value> {
    match operation {
        "PutItem" => vec![&asked["Item"]],
        "UpdateItem" | "DeleteItem" => vec![&asked["Key"]],
        "TransactWriteItems" => asked["TransactItems"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|entry| match entry.get("Put") {
                Some(put) => &put["Item"],
                None => entry
                    .as_object()
                    .and_then(|entry| entry.values().next())
                    .map_or(&Value::Null, |other| &other["Key"]),
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// The size of an item in DynamoDB's JSON: names and values, without the overhead that only storage is billed for.
pub(crate) fn item_bytes(item: &Value) -> usize {
    item.as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| name.len() + value_bytes(value))
        .sum()
}

fn value_bytes(value: &Value) -> usize {
    let Some((kind, content)) = value.as_object().and_then(|typed| typed.iter().next()) else {
        return 0;
    };
    let text = |content: &Value| content.as_str().map_or(0, str::len);
    // Two digits to a byte, and one more.
    let number = |content: &Value| text(content).div_ceil(2) + 1;
    let bytes = |content: &Value| {
        content.as_str().map_or(0, |base64| {
            base64.len() / 4 * 3
                - base64
                    .bytes()
                    .rev()
                    .take_while(|byte| *byte == b'=')
                    .count()
        })
    };
    let list = |content: &Value, size: &dyn Fn(&Value) -> usize| {
        content
            .as_array()
            .into_iter()
            .flatten()
            .map(size)
            .sum::<usize>()
    };
    match kind.as_str() {
        "S" => text(content),
        "N" => number(content),
        "B" => bytes(content),
        "SS" => list(content, &text),
        "NS" => list(content, &number),
        "BS" => list(content, &bytes),
        "L" => 3 + list(content, &|entry| 1 + value_bytes(entry)),
        "M" => 3 + content.as_object().map_or(0, |entries| entries.len()) + item_bytes(content),
        _ => 1,
    }
}
