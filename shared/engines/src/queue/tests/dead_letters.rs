//! Into dead-letter queues and out of them again.

use aws_sdk_sqs::error::ProvideErrorMetadata;
use tokio::time::Instant;

use super::*;

#[tokio::test(start_paused = true)]
async fn an_unhandled_message_reaches_the_dead_letter_queue_by_time_alone() {
    let queues = EmbeddedQueues::memory();
    let client = queues.sqs_client();
    let timeout = [(QueueAttributeName::VisibilityTimeout, "10")];
    let (url, dead_letters) = create_with_dead_letters(&client, "work", 1, &timeout).await;
    send(&client, &url, "poison").await;
    receive_one(&client, &url).await;
    let start = Instant::now();
    queues.wait_idle().await;
    assert_eq!(start.elapsed().as_secs(), 10);
    assert_eq!(queues.peek("work-dlq"), ["poison"]);
    let message = receive_one(&client, &dead_letters).await;
    assert_eq!(receive_count(&message), "1");
    let source =
        &message.attributes().unwrap()[&MessageSystemAttributeName::DeadLetterQueueSourceArn];
    assert_eq!(*source, arn(&client, &url).await);
}

#[tokio::test(start_paused = true)]
async fn dead_letters_go_back_to_where_they_came_from_or_where_they_are_sent() {
    let queues = EmbeddedQueues::memory();
    let client = queues.sqs_client();
    let (url, dead_letters) = create_with_dead_letters(&client, "work", 1, &[]).await;
    let elsewhere = create(&client, "elsewhere", &[]).await;
    for body in ["a", "b", "c"] {
        send(&client, &url, body).await;
    }
    for _ in 0..3 {
        let message = receive_one(&client, &url).await;
        change_visibility(&client, &url, &message, 0).await;
    }
    assert_eq!(queues.depth("work-dlq").visible, 3);
    let source = arn(&client, &dead_letters).await;
    let task = client
        .start_message_move_task()
        .source_arn(&source)
        .send()
        .await
        .unwrap();
    assert!(task.task_handle().is_some());
    assert_eq!(queues.peek("work"), ["a", "b", "c"]);
    let again = receive(&client, &url, 1).await.pop().unwrap();
    assert_eq!(
        receive_count(&again),
        "1",
        "a message that went back starts anew"
    );
    change_visibility(&client, &url, &again, 0).await;
    let destination = arn(&client, &elsewhere).await;
    let task = client
        .start_message_move_task()
        .source_arn(&source)
        .destination_arn(destination);
    task.send().await.unwrap();
    assert_eq!(queues.peek("elsewhere"), ["a"]);
    let tasks = client
        .list_message_move_tasks()
        .source_arn(&source)
        .max_results(10)
        .send()
        .await
        .unwrap();
    let moved: Vec<i64> = tasks
        .results()
        .iter()
        .map(|task| task.approximate_number_of_messages_moved())
        .collect();
    assert_eq!(moved, [1, 3]);
    assert_eq!(tasks.results()[0].status(), Some("COMPLETED"));
}

#[tokio::test]
async fn dead_letters_of_unknown_origin_stay_and_ordinary_queues_cannot_be_moved_from() {
    let queues = EmbeddedQueues::memory();
    let client = queues.sqs_client();
    let (url, dead_letters) = create_with_dead_letters(&client, "work", 1, &[]).await;
    send(&client, &dead_letters, "put here by hand").await;
    let source = arn(&client, &dead_letters).await;
    client
        .start_message_move_task()
        .source_arn(&source)
        .send()
        .await
        .unwrap();
    assert_eq!(queues.depth("work-dlq").visible, 1);
    let tasks = client
        .list_message_move_tasks()
        .source_arn(&source)
        .send()
        .await
        .unwrap();
    assert_eq!(tasks.results()[0].status(), Some("FAILED"));
    let ordinary = client
        .start_message_move_task()
        .source_arn(arn(&client, &url).await)
        .send()
        .await
        .unwrap_err();
    assert_eq!(
        ordinary.into_service_error().code(),
        Some("InvalidParameterValue")
    );
    let absent = client
        .start_message_move_task()
        .source_arn("arn:aws:sqs:us-east-1:000000000000:absent");
    assert!(
        absent
            .send()
            .await
            .unwrap_err()
            .into_service_error()
            .is_resource_not_found_exception()
    );
}
