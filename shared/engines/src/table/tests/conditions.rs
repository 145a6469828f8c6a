use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    ConditionCheck, Delete, Put, ReturnConsumedCapacity, ReturnValue,
    ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};

use super::*;

fn transact_put(pk: &str, condition: &str) -> TransactWriteItem {
    let put = Put::builder()
        .table_name(TABLE)
        .item("pk", text(pk))
        .item("sk", text("a"))
        .condition_expression(condition)
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .build()
        .unwrap();
    TransactWriteItem::builder().put(put).build()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_sixteen_concurrent_first_writes_exactly_one_wins() {
    let directory = tempfile::tempdir().unwrap();
    let table = EmbeddedTable::open(&directory.path().join("table.sqlite")).unwrap();
    let client = table.dynamodb_client();
    create_table(&client).await;
    let writers = (0..16).map(|writer| {
        let client = client.clone();
        tokio::spawn(async move {
            put(&client, "lead#1", "profile")
                .item("writer", number(writer))
                .condition_expression("attribute_not_exists(pk)")
                .send()
                .await
        })
    });
    let mut winners = 0;
    for outcome in futures::future::join_all(writers).await {
        match outcome.unwrap() {
            Ok(_) => winners += 1,
            Err(error) => {
                let error = error.into_service_error();
                assert!(
                    matches!(error, PutItemError::ConditionalCheckFailedException(_)),
                    "{error:?}"
                );
            }
        }
    }
    assert_eq!(winners, 1);
}

#[tokio::test]
async fn a_failed_condition_returns_the_item_that_is_there() {
    let (_table, client) = table_in_memory().await;
    put(&client, "lead#1", "profile")
        .item("version", number(7))
        .send()
        .await
        .unwrap();
    let error = put(&client, "lead#1", "profile")
        .condition_expression("attribute_not_exists(pk)")
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    let PutItemError::ConditionalCheckFailedException(failed) = error else {
        panic!("{error:?}")
    };
    assert_eq!(failed.item().unwrap()["version"], number(7));
}

#[tokio::test]
async fn a_version_condition_lets_one_of_two_updates_through() {
    let (_table, client) = table_in_memory().await;
    put(&client, "lead#1", "profile")
        .item("version", number(1))
        .send()
        .await
        .unwrap();
    let update = |owner: &str| {
        client
            .update_item()
            .table_name(TABLE)
            .key("pk", text("lead#1"))
            .key("sk", text("profile"))
            .update_expression("SET version = :next, #owner = :owner")
            .condition_expression("version = :seen")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_values(":next", number(2))
            .expression_attribute_values(":seen", number(1))
            .expression_attribute_values(":owner", text(owner))
            .return_values(ReturnValue::AllNew)
            .send()
    };
    let first = update("rep_1").await.unwrap();
    assert_eq!(first.attributes().unwrap()["version"], number(2));
    let second = update("rep_2").await.unwrap_err().into_service_error();
    assert!(
        matches!(second, UpdateItemError::ConditionalCheckFailedException(_)),
        "{second:?}"
    );
    let item = client
        .get_item()
        .table_name(TABLE)
        .key("pk", text("lead#1"))
        .key("sk", text("profile"));
    assert_eq!(
        item.send().await.unwrap().item().unwrap()["owner"],
        text("rep_1")
    );
}

#[tokio::test]
async fn a_deleted_item_can_be_created_again_and_a_delete_can_be_conditional() {
    let (_table, client) = table_in_memory().await;
    put(&client, "lead#1", "profile")
        .item("version", number(1))
        .send()
        .await
        .unwrap();
    let delete = |version: i64| {
        client
            .delete_item()
            .table_name(TABLE)
            .key("pk", text("lead#1"))
            .key("sk", text("profile"))
            .condition_expression("version = :seen")
            .expression_attribute_values(":seen", number(version))
            .send()
    };
    let refused = delete(9).await.unwrap_err().into_service_error();
    assert!(
        refused.is_conditional_check_failed_exception(),
        "{refused:?}"
    );
    delete(1).await.unwrap();
    put(&client, "lead#1", "profile")
        .condition_expression("attribute_not_exists(pk)")
        .send()
        .await
        .unwrap();
}

#[tokio::test]
async fn a_cancelled_transaction_gives_a_reason_per_item_and_writes_nothing() {
    let (_table, client) = table_in_memory().await;
    put(&client, "taken", "a")
        .item("version", number(3))
        .send()
        .await
        .unwrap();
    let error = client
        .transact_write_items()
        .transact_items(transact_put("fresh", "attribute_not_exists(pk)"))
        .transact_items(transact_put("taken", "attribute_not_exists(pk)"))
        .transact_items(transact_put("absent", "attribute_exists(pk)"))
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    let TransactWriteItemsError::TransactionCanceledException(cancelled) = error else {
        panic!("{error:?}")
    };
    let reasons = cancelled.cancellation_reasons();
    let codes: Vec<&str> = reasons
        .iter()
        .map(|reason| reason.code().unwrap())
        .collect();
    assert_eq!(
        codes,
        ["None", "ConditionalCheckFailed", "ConditionalCheckFailed"]
    );
    assert_eq!(reasons[1].item().unwrap()["version"], number(3));
    assert!(reasons[2].item().is_none_or(|item| item.is_empty()));
    let fresh = client
        .get_item()
        .table_name(TABLE)
        .key("pk", text("fresh"))
        .key("sk", text("a"));
    assert!(fresh.send().await.unwrap().item().is_none());
}

#[tokio::test]
async fn a_transaction_mixes_put_update_delete_and_check_and_its_token_makes_it_repeatable() {
    let (_table, client) = table_in_memory().await;
    for pk in ["counter", "gone", "checked"] {
        put(&client, pk, "a")
            .item("n", number(1))
            .send()
            .await
            .unwrap();
    }
    let update = Update::builder()
        .table_name(TABLE)
        .key("pk", text("counter"))
        .key("sk", text("a"))
        .update_expression("ADD n :one")
        .expression_attribute_values(":one", number(1))
        .build()
        .unwrap();
    let delete = Delete::builder()
        .table_name(TABLE)
        .key("pk", text("gone"))
        .key("sk", text("a"))
        .build()
        .unwrap();
    let check = ConditionCheck::builder()
        .table_name(TABLE)
        .key("pk", text("checked"))
        .key("sk", text("a"))
        .condition_expression("n = :one")
        .expression_attribute_values(":one", number(1))
        .build()
        .unwrap();
    let transaction = client
        .transact_write_items()
        .client_request_token("lead-1-assigned")
        .transact_items(transact_put("fresh", "attribute_not_exists(pk)"))
        .transact_items(TransactWriteItem::builder().update(update).build())
        .transact_items(TransactWriteItem::builder().delete(delete).build())
        .transact_items(TransactWriteItem::builder().condition_check(check).build());
    transaction.clone().send().await.unwrap();
    transaction.send().await.unwrap();
    let found = client
        .scan()
        .table_name(TABLE)
        .consistent_read(true)
        .send()
        .await
        .unwrap();
    let mut found: Vec<String> = found
        .items()
        .iter()
        .map(|item| item["pk"].as_s().unwrap().clone())
        .collect();
    found.sort();
    assert_eq!(found, ["checked", "counter", "fresh"]);
    let counter = client
        .get_item()
        .table_name(TABLE)
        .key("pk", text("counter"))
        .key("sk", text("a"));
    assert_eq!(
        counter.send().await.unwrap().item().unwrap()["n"],
        number(2)
    );
}

#[tokio::test]
async fn writes_cost_one_unit_per_kilobyte_begun_and_twice_that_in_a_transaction() {
    let (_table, client) = table_in_memory().await;
    // "pk" + "1" + "sk" + "a" + "body" are 10 bytes.
    for (body_bytes, units) in [(1014, 1.0), (1015, 2.0), (2038, 2.0), (2039, 3.0)] {
        let body = text("x".repeat(body_bytes));
        let single = put(&client, "1", "a")
            .item("body", body.clone())
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .unwrap();
        let consumed = single.consumed_capacity().unwrap();
        assert_eq!(consumed.capacity_units(), Some(units), "{body_bytes} bytes");
        assert_eq!(consumed.table_name(), Some(TABLE));

        let inner = Put::builder()
            .table_name(TABLE)
            .item("pk", text("1"))
            .item("sk", text("a"))
            .item("body", body)
            .build()
            .unwrap();
        let transaction = client
            .transact_write_items()
            .transact_items(TransactWriteItem::builder().put(inner).build())
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .unwrap();
        assert_eq!(
            transaction.consumed_capacity()[0].capacity_units(),
            Some(2.0 * units),
            "{body_bytes} bytes"
        );
    }
}

#[tokio::test]
async fn an_operation_nobody_answers_is_unknown_and_a_missing_table_is_not_found() {
    let (_table, client) = table_in_memory().await;
    let unknown = client.describe_limits().send().await.unwrap_err();
    assert_eq!(unknown.raw_response().unwrap().status().as_u16(), 400);
    assert_eq!(
        unknown.into_service_error().code(),
        Some("UnknownOperationException")
    );

    let absent = client
        .get_item()
        .table_name("absent")
        .key("pk", text("1"))
        .key("sk", text("a"));
    let absent = absent.send().await.unwrap_err().into_service_error();
    assert!(absent.is_resource_not_found_exception(), "{absent:?}");

    let invalid = put(&client, "1", "a")
        .condition_expression("nonsense ((")
        .send()
        .await
        .unwrap_err();
    assert_eq!(invalid.raw_response().unwrap().status().as_u16(), 400);
    assert_eq!(
        invalid.into_service_error().code(),
        Some("ValidationException")
    );
}
