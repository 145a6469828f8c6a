//! The short ways are dynoxide's long way, only shorter; and writes that wait share a commit.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::EmbeddedTable;
use super::{TABLE, create_table};
use crate::connector::{WireAnswer, WireApi, WireCall};

async fn call(table: &EmbeddedTable, operation: &str, body: &Value) -> WireAnswer {
    let call = WireCall {
        target: format!("DynamoDB_20120810.{operation}"),
        origin: String::new(),
        body: body.to_string().into_bytes(),
    };
    table.answer(call).await
}

/// An answer without what may differ: the order of items that were asked for by key.
fn comparable(operation: &str, answer: &WireAnswer) -> (u16, Value) {
    let mut body: Value = serde_json::from_str(&answer.body).unwrap();
    if operation == "BatchGetItem"
        && let Some(items) = body["Responses"][TABLE].as_array_mut()
    {
        items.sort_by_key(Value::to_string);
    }
    (answer.status, body)
}

fn key() -> impl Strategy<Value = (&'static str, &'static str)> {
    (
        prop::sample::select(vec!["P#1", "P#2"]),
        prop::sample::select(vec!["E#1", "E#2", "E#3", "S", "ä", "E"]),
    )
}

fn item() -> impl Strategy<Value = Value> {
    (
        key(),
        0..4i64,
        prop::option::of("[a-zé]{0,4}"),
        any::<bool>(),
    )
        .prop_map(|((pk, sk), number, text, flag)| {
            let mut item =
                json!({ "pk": { "S": pk }, "sk": { "S": sk }, "v": { "N": number.to_string() } });
            if let Some(text) = text {
                item["owner"] = json!({ "S": text });
            }
            if flag {
                item["body"] = json!({ "B": "AAEC" });
                item["held"] = json!({ "BOOL": true });
            }
            item
        })
}

fn put() -> impl Strategy<Value = (&'static str, Value)> {
    let conditions = prop::sample::select(vec![
        json!({}),
        json!({ "ConditionExpression": "attribute_not_exists(pk)" }),
        json!({ "ConditionExpression": "attribute_exists(pk)" }),
        json!({ "ConditionExpression": "attribute_not_exists(pk) OR #o = :o",
            "ExpressionAttributeNames": { "#o": "owner" }, "ExpressionAttributeValues": { ":o": { "S": "a" } } }),
        json!({ "ConditionExpression": "#v = :v",
            "ExpressionAttributeNames": { "#v": "v" }, "ExpressionAttributeValues": { ":v": { "N": "2" } } }),
        json!({ "ConditionExpression": "attribute_exists(held) AND (v < :v or attribute_not_exists(body))",
            "ExpressionAttributeValues": { ":v": { "N": "2" } } }),
        json!({ "ConditionExpression": "v < :v", "ExpressionAttributeValues": { ":v": { "S": "2" } } }),
        // What is wrong, or not plain.
        json!({ "ConditionExpression": "v = :missing" }),
        json!({ "ConditionExpression": "size(body) > :v", "ExpressionAttributeValues": { ":v": { "N": "1" } } }),
        json!({ "ConditionExpression": "attribute_not_exists(pk)", "ExpressionAttributeValues": { ":unused": { "N": "1" } } }),
        json!({ "ConditionExpression": "name = :v", "ExpressionAttributeValues": { ":v": { "N": "1" } } }),
        json!({ "ReturnValues": "ALL_OLD" }),
    ]);
    (item(), conditions, any::<bool>()).prop_map(|(item, mut request, shows_old)| {
        request["TableName"] = json!(TABLE);
        request["Item"] = item;
        if shows_old {
            request["ReturnValuesOnConditionCheckFailure"] = json!("ALL_OLD");
        }
        ("PutItem", request)
    })
}

fn inserts() -> impl Strategy<Value = (&'static str, Value)> {
    prop::collection::vec((item(), 0..20u8), 1..5).prop_map(|items| {
        let statements: Vec<Value> = items
            .into_iter()
            .map(|(item, kind)| {
                let attributes = item.as_object().unwrap();
                let names: Vec<String> = attributes
                    .keys()
                    .map(|name| format!("'{name}': ?"))
                    .collect();
                let table = if kind == 1 { "nowhere" } else { TABLE };
                let mut values: Vec<&Value> = attributes.values().collect();
                if kind == 2 {
                    values.pop();
                }
                let statement = match kind {
                    3 => format!("DELETE FROM \"{table}\" WHERE pk = ? AND sk = ?"),
                    4 => format!("INSERT INTO \"{table}\" value {{{}}}", names.join(",")),
                    5 => format!("INSERT INTO \"{table}\" VALUE {{'pk': ?}}"),
                    _ => format!("INSERT INTO \"{table}\" VALUE {{{}}}", names.join(", ")),
                };
                json!({ "Statement": statement, "Parameters": values })
            })
            .collect();
        ("BatchExecuteStatement", json!({ "Statements": statements }))
    })
}

fn query() -> impl Strategy<Value = (&'static str, Value)> {
    let conditions = prop::sample::select(vec![
        ("pk = :pk", json!({})),
        (
            "pk = :pk AND begins_with(sk, :a)",
            json!({ ":a": { "S": "E#" } }),
        ),
        (
            "pk = :pk AND sk BETWEEN :a AND :b",
            json!({ ":a": { "S": "E#1" }, ":b": { "S": "S" } }),
        ),
        (
            "pk = :pk AND sk BETWEEN :b AND :a",
            json!({ ":a": { "S": "E#1" }, ":b": { "S": "S" } }),
        ),
        ("pk = :pk AND sk < :a", json!({ ":a": { "S": "E#2$" } })),
        ("pk = :pk AND sk > :a", json!({ ":a": { "S": "E#2" } })),
        ("pk = :pk AND sk < :a", json!({ ":a": { "N": "2" } })),
    ]);
    (key(), conditions, prop::option::of(0..4u32)).prop_map(
        |((pk, _), (expression, mut values), limit)| {
            values[":pk"] = json!({ "S": pk });
            let mut request = json!({ "TableName": TABLE, "KeyConditionExpression": expression,
                "ExpressionAttributeValues": values, "ConsistentRead": true });
            if let Some(limit) = limit {
                request["Limit"] = json!(limit);
            }
            ("Query", request)
        },
    )
}

fn request() -> impl Strategy<Value = (&'static str, Value)> {
    let shown = |(pk, sk): (&str, &str)| json!({ "pk": { "S": pk }, "sk": { "S": sk } });
    prop_oneof![
        4 => put(),
        2 => inserts(),
        3 => query(),
        1 => key().prop_map(move |key| ("DeleteItem", json!({ "TableName": TABLE, "Key": shown(key) }))),
        1 => key().prop_map(move |key| ("GetItem", json!({ "TableName": TABLE, "Key": shown(key) }))),
        1 => Just(("GetItem", json!({ "TableName": TABLE, "Key": { "pk": { "S": "" }, "sk": { "S": "S" } } }))),
        1 => Just(("GetItem", json!({ "TableName": "nowhere", "Key": { "pk": { "S": "a" }, "sk": { "S": "S" } } }))),
        1 => prop::collection::vec(key(), 1..4).prop_map(move |keys| {
            let keys: Vec<Value> = keys.into_iter().map(shown).collect();
            ("BatchGetItem", json!({ "RequestItems": { TABLE: { "Keys": keys, "ConsistentRead": true } } }))
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn plain_requests_are_answered_as_dynoxide_answers_them(requests in prop::collection::vec(request(), 1..120)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let directory = tempfile::tempdir().unwrap();
            let short = EmbeddedTable::open(&directory.path().join("table.sqlite")).unwrap();
            let long = EmbeddedTable::memory().unwrap();
            create_table(&short.dynamodb_client()).await;
            create_table(&long.dynamodb_client()).await;
            for (operation, body) in &requests {
                let expected = comparable(operation, &call(&long, operation, body).await);
                let answered = comparable(operation, &call(&short, operation, body).await);
                prop_assert_eq!(answered, expected, "{} {}", operation, body);
            }
            let scan = json!({ "TableName": TABLE });
            let rows = |answer: WireAnswer| comparable("Scan", &answer);
            prop_assert_eq!(rows(call(&short, "Scan", &scan).await), rows(call(&long, "Scan", &scan).await));
            let sizes = |table: &EmbeddedTable| {
                let stats = table.database().table_stats().unwrap();
                stats.iter().map(|stats| (stats.item_count, stats.size_bytes)).collect::<Vec<_>>()
            };
            prop_assert_eq!(sizes(&short), sizes(&long));
            Ok(())
        })?;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_put_the_same_key_at_once_one_wins_and_the_others_see_its_item() {
    let directory = tempfile::tempdir().unwrap();
    let table = EmbeddedTable::open(&directory.path().join("table.sqlite")).unwrap();
    create_table(&table.dynamodb_client()).await;
    for round in 0..20 {
        let mut writers = tokio::task::JoinSet::new();
        for writer in 0..32 {
            let table = table.clone();
            writers.spawn(async move {
                let body = json!({ "TableName": TABLE, "ConditionExpression": "attribute_not_exists(pk)",
                    "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                    "Item": { "pk": { "S": format!("P#{round}") }, "sk": { "S": "K" }, "v": { "N": writer.to_string() } } });
                let answer = call(&table, "PutItem", &body).await;
                (writer.to_string(), answer.status, serde_json::from_str::<Value>(&answer.body).unwrap())
            });
        }
        let answers = writers.join_all().await;
        let winners: Vec<&String> = answers
            .iter()
            .filter(|(_, status, _)| *status == 200)
            .map(|(writer, ..)| writer)
            .collect();
        assert_eq!(winners.len(), 1);
        for (_, status, body) in &answers {
            assert!(
                *status == 200 || body["Item"]["v"]["N"] == **winners[0],
                "{body}"
            );
        }
    }
}

#[tokio::test]
async fn what_leadline_asks_goes_the_short_way_once_dynoxide_has_seen_one_like_it() {
    let directory = tempfile::tempdir().unwrap();
    let table = EmbeddedTable::open(&directory.path().join("table.sqlite")).unwrap();
    create_table(&table.dynamodb_client()).await;
    let file = table.file.as_ref().unwrap();
    let put = json!({ "TableName": TABLE, "ConditionExpression": "attribute_not_exists(pk) OR #lead = :lead",
        "ExpressionAttributeNames": { "#lead": "lead" }, "ExpressionAttributeValues": { ":lead": { "S": "a" } },
        "Item": { "pk": { "S": "K#1" }, "sk": { "S": "K" }, "lead": { "S": "a" } } });
    let query = json!({ "TableName": TABLE, "KeyConditionExpression": "pk = :pk AND begins_with(sk, :e)",
        "ExpressionAttributeValues": { ":pk": { "S": "K#1" }, ":e": { "S": "K" } }, "ConsistentRead": true });
    let write = || {
        file.plain
            .write(&table.database, "PutItem", put.to_string().as_bytes())
            .unwrap()
    };
    let form = || write().all()[0].form().to_owned();
    let read = || {
        file.plain
            .read(&table.database, "Query", query.to_string().as_bytes())
            .unwrap()
    };
    assert!(!file.plain.is_known(&form()) && !file.plain.is_known(read().form()));
    assert!(
        call(&table, "PutItem", &put).await.status == 200
            && call(&table, "Query", &query).await.status == 200
    );
    assert!(file.plain.is_known(&form()) && file.plain.is_known(read().form()));
    let answer = file.read(&read()).unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(&answer.body).unwrap()["Count"],
        1
    );

    // A table that gets an index, a stream or a time to live is looked at anew.
    let generation = file.plain.generation();
    let body = json!({ "TableName": TABLE, "TimeToLiveSpecification": { "AttributeName": "expires", "Enabled": true } });
    assert_eq!(call(&table, "UpdateTimeToLive", &body).await.status, 200);
    assert!(file.plain.generation() > generation);
}
