//! Limits, and the errors of SQS as the SDK types them.

use aws_sdk_sqs::error::ProvideErrorMetadata;
use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::{MessageAttributeValue, SendMessageBatchRequestEntry};

use super::*;

#[tokio::test]
async fn receipts_and_visibility_of_others_are_refused_with_the_errors_of_sqs() {
    let queues = EmbeddedQueues::memory();
    let client = queues.sqs_client();
    let work = create(&client, "work", &[]).await;
    let other = create(&client, "other", &[]).await;
    send(&client, &work, "x").await;
    let message = receive_one(&client, &work).await;
    let handle = message.receipt_handle().unwrap();
    for (url, handle) in [(&other, handle), (&work, "nonsense")] {
        let error = client
            .delete_message()
            .queue_url(url)
            .receipt_handle(handle)
            .send()
            .await
            .unwrap_err();
        assert!(error.into_service_error().is_receipt_handle_is_invalid());
    }
    delete(&client, &work, &message).await;
    let late = client
        .change_message_visibility()
        .queue_url(&work)
        .receipt_handle(handle)
        .visibility_timeout(5);
    assert!(
        late.send()
            .await
            .unwrap_err()
            .into_service_error()
            .is_message_not_inflight()
    );
    let long = client
        .change_message_visibility()
        .queue_url(&work)
        .receipt_handle(handle)
        .visibility_timeout(43_201);
    assert_eq!(
        long.send().await.unwrap_err().into_service_error().code(),
        Some("InvalidParameterValue")
    );
}

#[tokio::test]
async fn a_message_of_one_mebibyte_passes_and_one_byte_more_does_not() {
    let queues = EmbeddedQueues::memory();
    let client = queues.sqs_client();
    let url = create(&client, "work", &[]).await;
    let body = "x".repeat(1_048_576);
    send(&client, &url, &body).await;
    assert_eq!(
        receive_one(&client, &url).await.body().unwrap().len(),
        1_048_576
    );
    let refused = client
        .send_message()
        .queue_url(&url)
        .message_body(format!("{body}x"))
        .send()
        .await
        .unwrap_err();
    assert_eq!(
        refused.into_service_error().code(),
        Some("InvalidParameterValue")
    );
    let half = |id: &str| {
        let body = "x".repeat(524_289);
        SendMessageBatchRequestEntry::builder()
            .id(id)
            .message_body(body)
            .build()
            .unwrap()
    };
    let batch = client
        .send_message_batch()
        .queue_url(&url)
        .entries(half("a"))
        .entries(half("b"));
    assert!(
        batch
            .send()
            .await
            .unwrap_err()
            .into_service_error()
            .is_batch_request_too_long()
    );
}

#[tokio::test]
async fn what_sqs_refuses_is_refused() {
    let queues = EmbeddedQueues::memory();
    let client = queues.sqs_client();
    let url = create(&client, "work", &[]).await;
    let control = client
        .send_message()
        .queue_url(&url)
        .message_body("bell \u{7}")
        .send()
        .await
        .unwrap_err();
    assert!(control.into_service_error().is_invalid_message_contents());
    let empty = client
        .send_message()
        .queue_url(&url)
        .message_body("")
        .send()
        .await
        .unwrap_err();
    assert_eq!(empty.into_service_error().code(), Some("MissingParameter"));
    let delay = client
        .send_message()
        .queue_url(&url)
        .message_body("x")
        .delay_seconds(901)
        .send()
        .await
        .unwrap_err();
    assert_eq!(
        delay.into_service_error().code(),
        Some("InvalidParameterValue")
    );
    let long = client
        .send_message()
        .queue_url(&url)
        .message_body("x")
        .message_group_id("g".repeat(129));
    assert_eq!(
        long.send().await.unwrap_err().into_service_error().code(),
        Some("InvalidParameterValue")
    );
    let two_values = MessageAttributeValue::builder()
        .data_type("String")
        .string_value("a");
    let two_values = two_values.binary_value(Blob::new("b")).build().unwrap();
    let two_values = client
        .send_message()
        .queue_url(&url)
        .message_body("x")
        .message_attributes("two", two_values);
    assert_eq!(
        two_values
            .send()
            .await
            .unwrap_err()
            .into_service_error()
            .code(),
        Some("InvalidParameterValue")
    );
    let many = client
        .receive_message()
        .queue_url(&url)
        .max_number_of_messages(11)
        .send()
        .await
        .unwrap_err();
    assert_eq!(
        many.into_service_error().code(),
        Some("InvalidParameterValue")
    );
    let fifo = client
        .create_queue()
        .queue_name("ordered.fifo")
        .send()
        .await
        .unwrap_err();
    assert!(fifo.into_service_error().is_unsupported_operation());
    let name = client
        .create_queue()
        .queue_name("no spaces")
        .send()
        .await
        .unwrap_err();
    assert_eq!(
        name.into_service_error().code(),
        Some("InvalidParameterValue")
    );
    let value = client
        .create_queue()
        .queue_name("q")
        .attributes(QueueAttributeName::VisibilityTimeout, "soon");
    assert!(
        value
            .send()
            .await
            .unwrap_err()
            .into_service_error()
            .is_invalid_attribute_value()
    );
    let attribute = client
        .create_queue()
        .queue_name("q")
        .attributes("Colour".into(), "red");
    assert!(
        attribute
            .send()
            .await
            .unwrap_err()
            .into_service_error()
            .is_invalid_attribute_name()
    );
    let policy = r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:absent","maxReceiveCount":3}"#;
    let target = client
        .create_queue()
        .queue_name("q")
        .attributes(QueueAttributeName::RedrivePolicy, policy);
    assert_eq!(
        target.send().await.unwrap_err().into_service_error().code(),
        Some("InvalidParameterValue")
    );
    let batch = client
        .send_message_batch()
        .queue_url(&url)
        .set_entries(Some(Vec::new()))
        .send()
        .await
        .unwrap_err();
    assert!(batch.into_service_error().is_empty_batch_request());
    let tags = client
        .tag_queue()
        .queue_url(&url)
        .tags("a", "b")
        .send()
        .await
        .unwrap_err();
    assert_eq!(tags.raw_response().unwrap().status().as_u16(), 400);
    assert_eq!(queues.depth("work").total(), 0);
}

#[tokio::test]
async fn the_largest_records_a_sender_can_cause_are_read_back() {
    let directory = tempfile::tempdir().unwrap();
    {
        let queues = open(directory.path());
        let client = queues.sqs_client();
        let url = create(&client, "work", &[]).await;
        // Every letter of it takes two in JSON.
        let quotes = "\"".repeat(1_000_000);
        let attribute = MessageAttributeValue::builder()
            .data_type("String")
            .string_value(quotes)
            .build()
            .unwrap();
        let request = client
            .send_message()
            .queue_url(&url)
            .message_body("x")
            .message_attributes("large", attribute);
        request.send().await.unwrap();
        send(&client, &url, &"\u{10ffff}".repeat(262_144)).await;
    }
    let queues = open(directory.path());
    assert_eq!(queues.depth("work").visible, 2);
    assert_eq!(queues.recovery().unreadable_bytes, 0);
}
