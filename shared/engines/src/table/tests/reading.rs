use std::collections::HashMap;

use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Credentials, Region};
use aws_sdk_dynamodb::types::{
    Get, KeysAndAttributes, PutRequest, ReturnConsumedCapacity, TimeToLiveSpecification,
    TimeToLiveStatus, TransactGetItem, WriteRequest,
};

use super::*;

fn key(pk: &str, sk: &str) -> HashMap<String, AttributeValue> {
    HashMap::from([("pk".to_owned(), text(pk)), ("sk".to_owned(), text(sk))])
}

fn sort_keys(items: &[HashMap<String, AttributeValue>]) -> Vec<&str> {
    items
        .iter()
        .map(|item| item["sk"].as_s().unwrap().as_str())
        .collect()
}

#[tokio::test]
async fn a_query_walks_a_range_of_sort_keys_in_both_directions_in_pages() {
    let (_table, client) = table_in_memory().await;
    for day in 1..=9 {
        put(&client, "lead#1", &format!("history#{day}"))
            .send()
            .await
            .unwrap();
    }
    put(&client, "lead#1", "profile").send().await.unwrap();
    put(&client, "lead#2", "history#5").send().await.unwrap();
    let range = |forwards: bool| {
        client
            .query()
            .table_name(TABLE)
            .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :to")
            .expression_attribute_values(":pk", text("lead#1"))
            .expression_attribute_values(":from", text("history#3"))
            .expression_attribute_values(":to", text("history#7"))
            .scan_index_forward(forwards)
            .limit(3)
    };
    let first = range(true).send().await.unwrap();
    assert_eq!(
        sort_keys(first.items()),
        ["history#3", "history#4", "history#5"]
    );
    let rest = range(true)
        .set_exclusive_start_key(first.last_evaluated_key)
        .send()
        .await
        .unwrap();
    assert_eq!(sort_keys(rest.items()), ["history#6", "history#7"]);
    assert!(rest.last_evaluated_key().is_none());
    let latest = range(false).send().await.unwrap();
    assert_eq!(
        sort_keys(latest.items()),
        ["history#7", "history#6", "history#5"]
    );
    let earlier = range(false)
        .set_exclusive_start_key(latest.last_evaluated_key)
        .send()
        .await
        .unwrap();
    assert_eq!(sort_keys(earlier.items()), ["history#4", "history#3"]);
    let begins = client
        .query()
        .table_name(TABLE)
        .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
        .expression_attribute_values(":pk", text("lead#1"))
        .expression_attribute_values(":prefix", text("history#"))
        .send()
        .await
        .unwrap();
    assert_eq!(begins.count(), 9);
}

#[tokio::test]
async fn batches_write_and_read_items_of_several_partitions() {
    let (_table, client) = table_in_memory().await;
    let writes = (0..25).map(|lead| {
        let item = key(&format!("lead#{lead}"), "profile");
        WriteRequest::builder()
            .put_request(PutRequest::builder().set_item(Some(item)).build().unwrap())
            .build()
    });
    let written = client
        .batch_write_item()
        .request_items(TABLE, writes.collect())
        .send()
        .await
        .unwrap();
    assert!(
        written
            .unprocessed_items()
            .is_none_or(|left| left.is_empty())
    );
    let wanted = KeysAndAttributes::builder()
        .keys(key("lead#3", "profile"))
        .keys(key("lead#24", "profile"))
        .keys(key("lead#99", "profile"))
        .build()
        .unwrap();
    let read = client
        .batch_get_item()
        .request_items(TABLE, wanted)
        .send()
        .await
        .unwrap();
    let mut found: Vec<&str> = read.responses().unwrap()[TABLE]
        .iter()
        .map(|item| item["pk"].as_s().unwrap().as_str())
        .collect();
    found.sort_unstable();
    assert_eq!(found, ["lead#24", "lead#3"]);
    assert!(read.unprocessed_keys().is_none_or(|left| left.is_empty()));
}

#[tokio::test]
async fn a_transactional_read_answers_in_the_order_asked_and_costs_double() {
    let (_table, client) = table_in_memory().await;
    put(&client, "lead#1", "profile").send().await.unwrap();
    let get = |pk: &str| {
        let get = Get::builder()
            .table_name(TABLE)
            .set_key(Some(key(pk, "profile")))
            .build()
            .unwrap();
        TransactGetItem::builder().get(get).build()
    };
    let read = client
        .transact_get_items()
        .transact_items(get("lead#2"))
        .transact_items(get("lead#1"))
        .return_consumed_capacity(ReturnConsumedCapacity::Total)
        .send()
        .await
        .unwrap();
    assert!(read.responses()[0].item().is_none());
    assert_eq!(read.responses()[1].item().unwrap()["pk"], text("lead#1"));
    assert_eq!(read.consumed_capacity()[0].capacity_units(), Some(4.0));
}

#[tokio::test]
async fn tables_describe_themselves_and_their_time_to_live() {
    let (_table, client) = table_in_memory().await;
    let described = client
        .describe_table()
        .table_name(TABLE)
        .send()
        .await
        .unwrap();
    assert_eq!(described.table().unwrap().key_schema().len(), 2);
    assert_eq!(
        client.list_tables().send().await.unwrap().table_names(),
        [TABLE]
    );
    let on = TimeToLiveSpecification::builder()
        .attribute_name("expires_at")
        .enabled(true)
        .build()
        .unwrap();
    client
        .update_time_to_live()
        .table_name(TABLE)
        .time_to_live_specification(on)
        .send()
        .await
        .unwrap();
    let described = client
        .describe_time_to_live()
        .table_name(TABLE)
        .send()
        .await
        .unwrap();
    let time_to_live = described.time_to_live_description().unwrap();
    assert_eq!(time_to_live.attribute_name(), Some("expires_at"));
    assert_eq!(
        time_to_live.time_to_live_status(),
        Some(&TimeToLiveStatus::Enabled)
    );
}

#[tokio::test]
async fn expired_items_go_when_the_owner_sweeps() {
    let directory = tempfile::tempdir().unwrap();
    let in_file = EmbeddedTable::open(&directory.path().join("table.sqlite")).unwrap();
    create_table(&in_file.dynamodb_client()).await;
    let (in_memory, _) = table_in_memory().await;
    for table in [in_memory, in_file] {
        what_has_expired_goes(&table).await;
    }
}

async fn what_has_expired_goes(table: &EmbeddedTable) {
    let client = table.dynamodb_client();
    let on = TimeToLiveSpecification::builder()
        .attribute_name("expires_at")
        .enabled(true)
        .build()
        .unwrap();
    client
        .update_time_to_live()
        .table_name(TABLE)
        .time_to_live_specification(on)
        .send()
        .await
        .unwrap();
    put(&client, "old", "a")
        .item("expires_at", number(1_700_000_000))
        .send()
        .await
        .unwrap();
    put(&client, "new", "a")
        .item("expires_at", number(4_000_000_000))
        .send()
        .await
        .unwrap();
    assert_eq!(
        client
            .scan()
            .table_name(TABLE)
            .send()
            .await
            .unwrap()
            .count(),
        2
    );
    assert_eq!(table.sweep_expired().await, Some(1));
    assert_eq!(table.sweep_expired().await, Some(0));
    let left = client.scan().table_name(TABLE).send().await.unwrap();
    assert_eq!(left.items()[0]["pk"], text("new"));
    assert_eq!(left.count(), 1);
}

#[tokio::test]
async fn items_are_there_after_the_file_is_opened_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("table.sqlite");
    {
        let table = EmbeddedTable::open(&path).unwrap();
        let client = table.dynamodb_client();
        create_table(&client).await;
        put(&client, "lead#1", "profile")
            .item("version", number(4))
            .send()
            .await
            .unwrap();
    }
    let client = EmbeddedTable::open(&path).unwrap().dynamodb_client();
    let read = client
        .get_item()
        .table_name(TABLE)
        .set_key(Some(key("lead#1", "profile")))
        .send()
        .await
        .unwrap();
    assert_eq!(read.item().unwrap()["version"], number(4));
}

#[tokio::test]
async fn an_answered_write_is_in_a_copy_of_the_files_taken_at_that_moment() {
    let directory = tempfile::tempdir().unwrap();
    let table = EmbeddedTable::open(&directory.path().join("table.sqlite")).unwrap();
    let client = table.dynamodb_client();
    create_table(&client).await;
    put(&client, "lead#1", "profile").send().await.unwrap();
    // The process is "killed" here: nothing is closed or checkpointed.
    let copy = tempfile::tempdir().unwrap();
    for name in ["table.sqlite", "table.sqlite-wal"] {
        std::fs::copy(directory.path().join(name), copy.path().join(name)).unwrap();
    }
    let after = EmbeddedTable::open(&copy.path().join("table.sqlite"))
        .unwrap()
        .dynamodb_client();
    let read = after
        .get_item()
        .table_name(TABLE)
        .set_key(Some(key("lead#1", "profile")))
        .send()
        .await
        .unwrap();
    assert!(read.item().is_some());
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("table.sqlite");
    std::fs::write(
        &path,
        "this is not a database file, however long it may be".repeat(100),
    )
    .unwrap();
    assert!(matches!(
        EmbeddedTable::open(&path),
        Err(super::super::OpenTableError::Database { .. })
    ));
}

#[tokio::test]
async fn statements_of_table_browsers_are_answered() {
    let (_table, client) = table_in_memory().await;
    put(&client, "lead#1", "profile").send().await.unwrap();
    let found = client
        .execute_statement()
        .statement("SELECT * FROM \"leads\" WHERE pk = ?")
        .parameters(text("lead#1"))
        .send()
        .await
        .unwrap();
    assert_eq!(sort_keys(found.items()), ["profile"]);
}

#[tokio::test]
async fn other_tools_reach_the_same_table_over_http() {
    let (table, client) = table_in_memory().await;
    put(&client, "lead#1", "profile").send().await.unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(async move {
        table
            .serve(listener, async {
                let _ = stopped.await;
            })
            .await
    });
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(Credentials::new("any", "any", None, None, "test"))
        .endpoint_url(endpoint)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    let remote = Client::from_conf(config);
    let read = remote
        .get_item()
        .table_name(TABLE)
        .set_key(Some(key("lead#1", "profile")))
        .send()
        .await
        .unwrap();
    assert!(read.item().is_some());
    put(&remote, "lead#2", "profile").send().await.unwrap();
    assert_eq!(
        client
            .scan()
            .table_name(TABLE)
            .send()
            .await
            .unwrap()
            .count(),
        2
    );
    drop(remote);
    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
}
