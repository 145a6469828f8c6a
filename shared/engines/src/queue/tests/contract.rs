//! One suite for SQS as Leadline uses it, run against our engine and against an independent one.
//! It uses short real times, because the other engine knows no other clock.

use std::time::Duration;

use aws_sdk_sqs::config::{BehaviorVersion, Config, Credentials, Region};
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry,
    MessageAttributeValue, SendMessageBatchRequestEntry,
};
use winterbaume_core::MockAws;
use winterbaume_sqs::SqsService;

use super::*;

macro_rules! tests_with {
    ($engine:ident, $client:expr, [$($name:ident),* $(,)?]) => {
        mod $engine {
            $(#[tokio::test] async fn $name() {
                let (client, _kept_until_the_end) = $client;
                super::$name(&client).await;
            })*
        }
    };
}

macro_rules! contract {
    (both: $both:tt, ours: $ours:tt) => {
        mod shared_suite {
            use super::*;
            tests_with!(in_memory, super::in_memory(), $both);
            tests_with!(with_journal, super::with_journal(), $both);
            tests_with!(independent, super::independent(), $both);
        }
        mod where_the_independent_engine_differs_from_sqs {
            use super::*;
            tests_with!(in_memory, super::in_memory(), $ours);
            tests_with!(with_journal, super::with_journal(), $ours);
        }
    };
}

contract!(
    both: [
        a_message_is_received_once_and_gone_after_its_delete,
        a_message_that_is_not_deleted_comes_back_after_its_visibility_timeout,
        visibility_can_be_prolonged_and_given_up,
        a_delayed_message_is_received_after_its_delay,
        a_message_received_too_often_moves_to_the_dead_letter_queue,
        a_batch_sends_receives_and_deletes_ten_messages,
        a_purged_queue_is_empty,
        queues_are_found_by_name_and_prefix,
        message_attributes_arrive,
        a_queue_that_does_not_exist_is_named_as_such,
        a_long_poll_gets_a_message_that_is_sent_while_it_waits,
    ],
    ours: [
        // It takes an explicit delay of zero for none given.
        a_queue_can_delay_every_message,
        // It fails the whole batch.
        bad_entries_of_a_visibility_batch_fail_alone,
        bad_entries_of_a_delete_batch_fail_alone,
        // It checks no entries.
        bad_entries_of_a_send_batch_fail_alone,
        a_batch_with_a_repeated_id_or_too_many_entries_is_refused,
        // It has no such digest.
        message_attributes_have_the_digest_of_sqs,
    ]
);

fn in_memory() -> (Client, ()) {
    (EmbeddedQueues::memory().sqs_client(), ())
}

fn with_journal() -> (Client, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    (open(directory.path()).sqs_client(), directory)
}

fn independent() -> (Client, ()) {
    let aws = MockAws::builder().with_service(SqsService::new()).build();
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(Credentials::new("any", "any", None, None, "test"))
        .http_client(aws.http_client())
        .build();
    (Client::from_conf(config), ())
}

async fn a_message_is_received_once_and_gone_after_its_delete(client: &Client) {
    let url = create(client, "work", &[]).await;
    let sent = client
        .send_message()
        .queue_url(&url)
        .message_body("hello")
        .send()
        .await
        .unwrap();
    // The MD5 of "hello", a well-known value.
    assert_eq!(
        sent.md5_of_message_body(),
        Some("5d41402abc4b2a76b9719d911017c592")
    );
    let message = receive(client, &url, 10).await.pop().unwrap();
    assert_eq!(message.body(), Some("hello"));
    assert_eq!(message.message_id(), sent.message_id());
    assert_eq!(
        message.md5_of_body(),
        Some("5d41402abc4b2a76b9719d911017c592")
    );
    assert_eq!(receive_count(&message), "1");
    let sent_ms: u64 = message.attributes().unwrap()[&MessageSystemAttributeName::SentTimestamp]
        .parse()
        .unwrap();
    assert!(
        sent_ms > 1_700_000_000_000,
        "milliseconds since 1970, not {sent_ms}"
    );
    assert!(receive(client, &url, 10).await.is_empty());
    delete(client, &url, &message).await;
    delete(client, &url, &message).await;
    assert!(receive(client, &url, 10).await.is_empty());
}

async fn a_message_that_is_not_deleted_comes_back_after_its_visibility_timeout(client: &Client) {
    let url = create(
        client,
        "work",
        &[(QueueAttributeName::VisibilityTimeout, "1")],
    )
    .await;
    send(client, &url, "again").await;
    assert_eq!(receive(client, &url, 1).await.len(), 1);
    assert!(receive(client, &url, 1).await.is_empty());
    let again = receive_one(client, &url).await;
    assert_eq!(again.body(), Some("again"));
    assert_eq!(receive_count(&again), "2");
}

async fn visibility_can_be_prolonged_and_given_up(client: &Client) {
    let url = create(
        client,
        "work",
        &[(QueueAttributeName::VisibilityTimeout, "1")],
    )
    .await;
    send(client, &url, "busy").await;
    let message = receive(client, &url, 1).await.pop().unwrap();
    change_visibility(client, &url, &message, 60).await;
    tokio::time::sleep(Duration::from_millis(1300)).await;
    assert!(receive(client, &url, 1).await.is_empty());
    change_visibility(client, &url, &message, 0).await;
    assert_eq!(receive(client, &url, 1).await.len(), 1);
}

async fn a_delayed_message_is_received_after_its_delay(client: &Client) {
    let url = create(client, "work", &[]).await;
    client
        .send_message()
        .queue_url(&url)
        .message_body("later")
        .delay_seconds(1)
        .send()
        .await
        .unwrap();
    send(client, &url, "now").await;
    assert_eq!(bodies(&receive(client, &url, 10).await), ["now"]);
    assert_eq!(receive_one(client, &url).await.body(), Some("later"));
}

async fn a_queue_can_delay_every_message(client: &Client) {
    let url = create(client, "work", &[(QueueAttributeName::DelaySeconds, "1")]).await;
    send(client, &url, "later").await;
    let at_once = client
        .send_message()
        .queue_url(&url)
        .message_body("at once")
        .delay_seconds(0);
    at_once.send().await.unwrap();
    assert_eq!(bodies(&receive(client, &url, 10).await), ["at once"]);
    assert_eq!(receive_one(client, &url).await.body(), Some("later"));
}

async fn a_message_received_too_often_moves_to_the_dead_letter_queue(client: &Client) {
    let (url, dead_letters) = create_with_dead_letters(client, "work", 2, &[]).await;
    send(client, &url, "poison").await;
    for count in ["1", "2"] {
        let message = receive(client, &url, 1).await.pop().unwrap();
        assert_eq!(receive_count(&message), count);
        change_visibility(client, &url, &message, 0).await;
    }
    assert!(receive(client, &url, 1).await.is_empty());
    assert_eq!(
        receive_one(client, &dead_letters).await.body(),
        Some("poison")
    );
}

async fn a_batch_sends_receives_and_deletes_ten_messages(client: &Client) {
    let url = create(client, "work", &[]).await;
    let entries = (0..10).map(|number| {
        SendMessageBatchRequestEntry::builder()
            .id(format!("e{number}"))
            .message_body(format!("m{number}"))
            .build()
    });
    let entries: Vec<_> = entries.map(Result::unwrap).collect();
    let sent = client
        .send_message_batch()
        .queue_url(&url)
        .set_entries(Some(entries))
        .send()
        .await
        .unwrap();
    assert_eq!(sent.successful().len(), 10);
    assert!(sent.failed().is_empty());
    let messages = receive(client, &url, 10).await;
    assert_eq!(messages.len(), 10);
    let entries = messages.iter().enumerate().map(|(number, message)| {
        let handle = message.receipt_handle().unwrap();
        DeleteMessageBatchRequestEntry::builder()
            .id(number.to_string())
            .receipt_handle(handle)
            .build()
            .unwrap()
    });
    let deleted = client
        .delete_message_batch()
        .queue_url(&url)
        .set_entries(Some(entries.collect()))
        .send()
        .await
        .unwrap();
    assert_eq!(deleted.successful().len(), 10);
    let counts = client
        .get_queue_attributes()
        .queue_url(&url)
        .attribute_names(QueueAttributeName::All);
    let counts = counts.send().await.unwrap().attributes.unwrap();
    assert_eq!(
        counts[&QueueAttributeName::ApproximateNumberOfMessages],
        "0"
    );
    assert_eq!(
        counts[&QueueAttributeName::ApproximateNumberOfMessagesNotVisible],
        "0"
    );
}

async fn bad_entries_of_a_visibility_batch_fail_alone(client: &Client) {
    let url = create(client, "work", &[]).await;
    send(client, &url, "mine").await;
    let message = receive(client, &url, 1).await.pop().unwrap();
    let entry = |id: &str, handle: &str| {
        let entry = ChangeMessageVisibilityBatchRequestEntry::builder()
            .id(id)
            .receipt_handle(handle);
        entry.visibility_timeout(0).build().unwrap()
    };
    let changed = client
        .change_message_visibility_batch()
        .queue_url(&url)
        .entries(entry("good", message.receipt_handle().unwrap()))
        .entries(entry("bad", "nonsense"))
        .send()
        .await
        .unwrap();
    let successful: Vec<&str> = changed
        .successful()
        .iter()
        .map(|entry| entry.id())
        .collect();
    assert_eq!(successful, ["good"]);
    assert_eq!(changed.failed()[0].id(), "bad");
    assert_eq!(receive(client, &url, 1).await.len(), 1);
}

async fn bad_entries_of_a_delete_batch_fail_alone(client: &Client) {
    let url = create(client, "work", &[]).await;
    send(client, &url, "mine").await;
    let message = receive(client, &url, 1).await.pop().unwrap();
    let entry = |id: &str, handle: &str| {
        DeleteMessageBatchRequestEntry::builder()
            .id(id)
            .receipt_handle(handle)
            .build()
            .unwrap()
    };
    let deleted = client
        .delete_message_batch()
        .queue_url(&url)
        .entries(entry("good", message.receipt_handle().unwrap()))
        .entries(entry("bad", "nonsense"))
        .send()
        .await
        .unwrap();
    let successful: Vec<&str> = deleted
        .successful()
        .iter()
        .map(|entry| entry.id())
        .collect();
    assert_eq!(successful, ["good"]);
    assert_eq!(deleted.failed()[0].id(), "bad");
    assert_eq!(deleted.failed()[0].code(), "ReceiptHandleIsInvalid");
    assert!(deleted.failed()[0].sender_fault());
}

async fn bad_entries_of_a_send_batch_fail_alone(client: &Client) {
    let url = create(client, "work", &[]).await;
    let entry = |id: &str, body: &str, delay: i32| {
        let entry = SendMessageBatchRequestEntry::builder()
            .id(id)
            .message_body(body);
        entry.delay_seconds(delay).build().unwrap()
    };
    let sent = client
        .send_message_batch()
        .queue_url(&url)
        .entries(entry("unprintable", "\u{7}", 0))
        .entries(entry("good", "fine", 0))
        .entries(entry("late", "x", 901))
        .send()
        .await
        .unwrap();
    let successful: Vec<&str> = sent.successful().iter().map(|entry| entry.id()).collect();
    assert_eq!(successful, ["good"]);
    let failed: Vec<(&str, &str)> = sent
        .failed()
        .iter()
        .map(|entry| (entry.id(), entry.code()))
        .collect();
    assert_eq!(
        failed,
        [
            ("unprintable", "InvalidMessageContents"),
            ("late", "InvalidParameterValue")
        ]
    );
    assert_eq!(bodies(&receive(client, &url, 10).await), ["fine"]);
}

async fn a_batch_with_a_repeated_id_or_too_many_entries_is_refused(client: &Client) {
    let url = create(client, "work", &[]).await;
    let entry = |id: &str| {
        SendMessageBatchRequestEntry::builder()
            .id(id)
            .message_body("x")
            .build()
            .unwrap()
    };
    let twice = client
        .send_message_batch()
        .queue_url(&url)
        .entries(entry("same"))
        .entries(entry("same"));
    let error = twice.send().await.unwrap_err().into_service_error();
    assert!(error.is_batch_entry_ids_not_distinct(), "{error:?}");
    let eleven: Vec<_> = (0..11).map(|number| entry(&number.to_string())).collect();
    let error = client
        .send_message_batch()
        .queue_url(&url)
        .set_entries(Some(eleven))
        .send()
        .await
        .unwrap_err();
    let error = error.into_service_error();
    assert!(error.is_too_many_entries_in_batch_request(), "{error:?}");
    assert!(receive(client, &url, 10).await.is_empty());
}

async fn a_purged_queue_is_empty(client: &Client) {
    let url = create(client, "work", &[]).await;
    send(client, &url, "one").await;
    send(client, &url, "two").await;
    client.purge_queue().queue_url(&url).send().await.unwrap();
    assert!(receive(client, &url, 10).await.is_empty());
}

async fn queues_are_found_by_name_and_prefix(client: &Client) {
    let enrich = create(client, "leads-enrich", &[]).await;
    create(client, "leads-score", &[]).await;
    create(client, "other", &[]).await;
    let found = client
        .get_queue_url()
        .queue_name("leads-enrich")
        .send()
        .await
        .unwrap();
    assert_eq!(found.queue_url(), Some(enrich.as_str()));
    assert!(enrich.ends_with("/leads-enrich"));
    let listed = client
        .list_queues()
        .queue_name_prefix("leads-")
        .send()
        .await
        .unwrap();
    assert_eq!(listed.queue_urls().len(), 2);
    // Creating it again as it is finds it, creating it otherwise is refused.
    assert_eq!(create(client, "leads-enrich", &[]).await, enrich);
    let other = client
        .create_queue()
        .queue_name("leads-enrich")
        .attributes(QueueAttributeName::DelaySeconds, "7");
    let error = other.send().await.unwrap_err().into_service_error();
    assert!(error.is_queue_name_exists(), "{error:?}");
}

fn attribute(data_type: &str, value: &str) -> MessageAttributeValue {
    MessageAttributeValue::builder()
        .data_type(data_type)
        .string_value(value)
        .build()
        .unwrap()
}

async fn message_attributes_arrive(client: &Client) {
    let url = create(client, "work", &[]).await;
    client
        .send_message()
        .queue_url(&url)
        .message_body("x")
        .message_attributes("trace", attribute("String", "abc"))
        .message_attributes("size", attribute("Number", "7"))
        .send()
        .await
        .unwrap();
    let received = client
        .receive_message()
        .queue_url(&url)
        .message_attribute_names("All")
        .send()
        .await
        .unwrap();
    let attributes = received.messages()[0].message_attributes().unwrap();
    assert_eq!(attributes["trace"].string_value(), Some("abc"));
    assert_eq!(attributes["size"].data_type(), "Number");
}

async fn message_attributes_have_the_digest_of_sqs(client: &Client) {
    let url = create(client, "work", &[]).await;
    let sent = client
        .send_message()
        .queue_url(&url)
        .message_body("x")
        .message_attributes("timestamp", attribute("Number", "1493147359900"))
        .send()
        .await
        .unwrap();
    // What SQS answers for this attribute, from public test data of SQS clients.
    let digest = Some("235c5c510d26fb653d073faed50ae77c");
    assert_eq!(sent.md5_of_message_attributes(), digest);
    let received = client
        .receive_message()
        .queue_url(&url)
        .message_attribute_names("time*")
        .send()
        .await
        .unwrap();
    assert_eq!(received.messages()[0].md5_of_message_attributes(), digest);
}

async fn a_queue_that_does_not_exist_is_named_as_such(client: &Client) {
    let missing = "https://sqs.us-east-1.amazonaws.com/000000000000/missing";
    let error = client
        .send_message()
        .queue_url(missing)
        .message_body("x")
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.raw_response().unwrap().status().as_u16(), 400);
    assert!(error.into_service_error().is_queue_does_not_exist());
    let error = client
        .receive_message()
        .queue_url(missing)
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    assert!(error.is_queue_does_not_exist(), "{error:?}");
    let error = client
        .get_queue_url()
        .queue_name("missing")
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    assert!(error.is_queue_does_not_exist(), "{error:?}");
}

async fn a_long_poll_gets_a_message_that_is_sent_while_it_waits(client: &Client) {
    let url = create(client, "work", &[]).await;
    let sender = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        send(client, &url, "fresh").await;
    };
    let (message, ()) = tokio::join!(receive_one(client, &url), sender);
    assert_eq!(message.body(), Some("fresh"));
}
