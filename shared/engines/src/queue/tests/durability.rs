//! What is there after the engine is opened again.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::super::journal::{self, NewJournal, OpenError, path_in};
use super::super::state::State;
use super::super::writer::Journal;
use super::super::{Depth, Engine, Recovery, Shared};
use super::*;

/// A copy of the journal as it is on disk at this moment, as if the process had been killed now.
fn copy_as_if_killed(directory: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    std::fs::copy(path_in(directory), path_in(copy.path())).unwrap();
    copy
}

#[tokio::test]
async fn an_answered_send_is_on_disk_under_either_policy() {
    for sync in [SyncPolicy::Full, SyncPolicy::OsCache] {
        let directory = tempfile::tempdir().unwrap();
        let queues = EmbeddedQueues::open(directory.path(), sync).unwrap();
        let client = queues.sqs_client();
        let url = create(&client, "work", &[]).await;
        for number in 0..20 {
            send(&client, &url, &format!("m{number}")).await;
            let copy = copy_as_if_killed(directory.path());
            assert_eq!(open(copy.path()).peek("work").len(), number + 1);
        }
    }
}

#[tokio::test]
async fn opening_again_brings_back_undeleted_messages_and_only_them() {
    let directory = tempfile::tempdir().unwrap();
    {
        let queues = open(directory.path());
        let client = queues.sqs_client();
        let url = create(
            &client,
            "work",
            &[(QueueAttributeName::VisibilityTimeout, "77")],
        )
        .await;
        for body in ["deleted", "in flight", "ready"] {
            send(&client, &url, body).await;
        }
        client
            .send_message()
            .queue_url(&url)
            .message_body("delayed")
            .delay_seconds(600)
            .send()
            .await
            .unwrap();
        let messages = receive(&client, &url, 2).await;
        delete(&client, &url, &messages[0]).await;
        assert_eq!(
            queues.depth("work"),
            Depth {
                visible: 1,
                in_flight: 1,
                delayed: 1
            }
        );
    }
    let queues = open(directory.path());
    assert_eq!(queues.recovery().messages, 3);
    assert_eq!(queues.peek("work"), ["in flight", "ready", "delayed"]);
    assert_eq!(
        queues.depth("work"),
        Depth {
            visible: 2,
            in_flight: 0,
            delayed: 1
        }
    );
    let client = queues.sqs_client();
    let url = client
        .get_queue_url()
        .queue_name("work")
        .send()
        .await
        .unwrap()
        .queue_url
        .unwrap();
    let attributes = client
        .get_queue_attributes()
        .queue_url(&url)
        .attribute_names(QueueAttributeName::All);
    let attributes = attributes.send().await.unwrap().attributes.unwrap();
    assert_eq!(attributes[&QueueAttributeName::VisibilityTimeout], "77");
    let messages = receive(&client, &url, 10).await;
    assert_eq!(bodies(&messages), ["in flight", "ready"]);
    assert_eq!(
        receive_count(&messages[0]),
        "2",
        "receives before are counted"
    );
    assert_eq!(receive_count(&messages[1]), "1");
}

#[tokio::test]
async fn a_flushed_delete_is_final_although_the_process_is_killed() {
    let directory = tempfile::tempdir().unwrap();
    let queues = EmbeddedQueues::open(directory.path(), SyncPolicy::Full).unwrap();
    let client = queues.sqs_client();
    let url = create(&client, "work", &[]).await;
    send(&client, &url, "done").await;
    let message = receive_one(&client, &url).await;
    delete(&client, &url, &message).await;
    queues.flush().await.unwrap();
    let copy = copy_as_if_killed(directory.path());
    assert_eq!(open(copy.path()).depth("work").total(), 0);
}

#[tokio::test]
async fn a_delete_that_nobody_waits_for_is_written_soon_all_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let queues = open(directory.path());
    let client = queues.sqs_client();
    let url = create(&client, "work", &[]).await;
    send(&client, &url, "done").await;
    let message = receive_one(&client, &url).await;
    delete(&client, &url, &message).await;
    let mut left = usize::MAX;
    for _ in 0..100 {
        left = open(copy_as_if_killed(directory.path()).path())
            .depth("work")
            .total();
        if left == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(left, 0);
}

#[tokio::test]
async fn a_message_moved_to_the_dead_letter_queue_and_one_moved_back_stay_there() {
    let directory = tempfile::tempdir().unwrap();
    {
        let queues = open(directory.path());
        let client = queues.sqs_client();
        let (url, dead_letters) = create_with_dead_letters(&client, "work", 1, &[]).await;
        for body in ["a", "b"] {
            send(&client, &url, body).await;
            let message = receive_one(&client, &url).await;
            change_visibility(&client, &url, &message, 0).await;
        }
        let a = receive_one(&client, &dead_letters).await;
        assert_eq!(a.body(), Some("a"));
        let source = arn(&client, &dead_letters).await;
        client
            .start_message_move_task()
            .source_arn(source)
            .send()
            .await
            .unwrap();
        assert_eq!(
            (queues.peek("work"), queues.peek("work-dlq")),
            (vec!["b".to_owned()], vec!["a".to_owned()])
        );
    }
    let queues = open(directory.path());
    assert_eq!(
        (queues.peek("work"), queues.peek("work-dlq")),
        (vec!["b".to_owned()], vec!["a".to_owned()])
    );
    // The origin of a dead letter is remembered too.
    let client = queues.sqs_client();
    let source = "arn:aws:sqs:us-east-1:000000000000:work-dlq";
    client
        .start_message_move_task()
        .source_arn(source)
        .send()
        .await
        .unwrap();
    assert_eq!(queues.peek("work"), ["a", "b"]);
}

#[tokio::test]
async fn a_message_that_kills_its_receiver_each_time_ends_in_the_dead_letter_queue() {
    let directory = tempfile::tempdir().unwrap();
    let url = {
        let queues = open(directory.path());
        let client = queues.sqs_client();
        let (url, _) = create_with_dead_letters(&client, "work", 3, &[]).await;
        send(&client, &url, "deadly").await;
        url
    };
    for count in ["1", "2", "3"] {
        let queues = open(directory.path());
        let message = receive_one(&queues.sqs_client(), &url).await;
        assert_eq!(receive_count(&message), count);
    }
    let queues = open(directory.path());
    assert_eq!(queues.depth("work").total(), 0);
    assert_eq!(queues.peek("work-dlq"), ["deadly"]);
}

#[tokio::test]
async fn a_receipt_from_before_a_restart_deletes_until_the_message_is_received_again() {
    let directory = tempfile::tempdir().unwrap();
    let (url, messages) = {
        let queues = open(directory.path());
        let client = queues.sqs_client();
        let url = create(&client, "work", &[]).await;
        send(&client, &url, "a").await;
        send(&client, &url, "b").await;
        (url.clone(), receive(&client, &url, 2).await)
    };
    let queues = open(directory.path());
    let client = queues.sqs_client();
    delete(&client, &url, &messages[0]).await;
    assert_eq!(queues.peek("work"), ["b"]);
    receive_one(&client, &url).await;
    delete(&client, &url, &messages[1]).await;
    assert_eq!(queues.peek("work"), ["b"]);
}

#[tokio::test]
async fn purged_and_deleted_queues_stay_so_and_numbers_are_not_given_twice() {
    let directory = tempfile::tempdir().unwrap();
    let old_receipt = {
        let queues = open(directory.path());
        let client = queues.sqs_client();
        let purged = create(&client, "purged", &[]).await;
        let removed = create(&client, "removed", &[]).await;
        for url in [&purged, &removed] {
            send(&client, url, "x").await;
        }
        let old = receive_one(&client, &purged).await;
        client
            .purge_queue()
            .queue_url(&purged)
            .send()
            .await
            .unwrap();
        client
            .delete_queue()
            .queue_url(&removed)
            .send()
            .await
            .unwrap();
        old
    };
    // Twice, so that the numbers survive a compaction that has none of the messages left.
    drop(open(directory.path()));
    let queues = open(directory.path());
    let client = queues.sqs_client();
    assert_eq!(queues.depth("purged").total(), 0);
    assert!(
        client
            .get_queue_url()
            .queue_name("removed")
            .send()
            .await
            .is_err()
    );
    let again = create(&client, "removed", &[]).await;
    send(&client, &again, "new").await;
    let purged = client
        .get_queue_url()
        .queue_name("purged")
        .send()
        .await
        .unwrap()
        .queue_url
        .unwrap();
    send(&client, &purged, "new").await;
    delete(&client, &purged, &old_receipt).await;
    assert_eq!(queues.peek("purged"), ["new"]);
    drop((queues, client));
    let queues = open(directory.path());
    assert_eq!(
        (
            queues.depth("purged").visible,
            queues.depth("removed").visible
        ),
        (1, 1)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_sends_and_deletes_leave_exactly_what_was_not_deleted() {
    let directory = tempfile::tempdir().unwrap();
    let mut expected = Vec::new();
    {
        let queues = EmbeddedQueues::open(directory.path(), SyncPolicy::Full).unwrap();
        let client = queues.sqs_client();
        let url = create(&client, "work", &[]).await;
        let workers = (0..8).map(|worker| {
            let (client, url) = (client.clone(), url.clone());
            tokio::spawn(async move {
                for number in 0..25 {
                    send(&client, &url, &format!("{worker}-{number}")).await;
                    if number % 2 == 0 {
                        let message = receive_one(&client, &url).await;
                        delete(&client, &url, &message).await;
                    }
                }
            })
        });
        for worker in workers.collect::<Vec<_>>() {
            worker.await.unwrap();
        }
        expected.extend(queues.peek("work"));
        assert_eq!(expected.len(), 8 * 12);
    }
    assert_eq!(open(directory.path()).peek("work"), expected);
}

#[test]
fn a_directory_in_use_and_a_foreign_file_are_refused_untouched() {
    let directory = tempfile::tempdir().unwrap();
    let queues = open(directory.path());
    let second = EmbeddedQueues::open(directory.path(), SyncPolicy::Full);
    assert!(matches!(second, Err(OpenError::InUse(_))));
    drop(queues);
    drop(open(directory.path()));

    let foreign = journal_with(b"something else entirely");
    assert!(matches!(
        EmbeddedQueues::open(foreign.path(), SyncPolicy::Full),
        Err(OpenError::NotAJournal(_))
    ));
    assert_eq!(
        std::fs::read(path_in(foreign.path())).unwrap(),
        b"something else entirely"
    );
    let newer = journal_with(b"LLQUEUE\x02");
    assert!(matches!(
        EmbeddedQueues::open(newer.path(), SyncPolicy::Full),
        Err(OpenError::NotAJournal(_))
    ));
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_the_messages() {
    use std::os::unix::fs::PermissionsExt;
    let parent = tempfile::tempdir().unwrap();
    let directory: PathBuf = parent.path().join("queues");
    let _queues = open(&directory);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(
        (mode(&directory), mode(&path_in(&directory))),
        (0o700, 0o600)
    );
}

/// The engine of a directory whose journal can be read but not written, as on a disk that failed.
fn open_on_a_failed_disk(directory: &Path) -> EmbeddedQueues {
    let scan = journal::read(directory).unwrap();
    let state = State::restore(scan.contents, 1, tokio::time::Instant::now(), 0);
    let shared = Arc::new(Shared {
        state: Mutex::new(state),
    });
    let file = std::fs::File::open(path_in(directory)).unwrap();
    let length = file.metadata().unwrap().len();
    let opened = NewJournal { file, length };
    let journal = Journal::start(
        Arc::clone(&shared),
        directory.to_owned(),
        opened,
        SyncPolicy::Full,
        u64::MAX,
    );
    let (recovery, moves) = (Recovery::default(), Mutex::default());
    let journal = Some(journal.unwrap());
    EmbeddedQueues {
        engine: Arc::new(Engine {
            shared,
            journal,
            _lock: None,
            recovery,
            moves,
        }),
    }
}

#[tokio::test]
async fn when_the_disk_fails_sends_fail_and_nothing_of_them_becomes_visible() {
    let directory = tempfile::tempdir().unwrap();
    let url = {
        let queues = open(directory.path());
        let client = queues.sqs_client();
        let url = create(&client, "work", &[]).await;
        send(&client, &url, "before").await;
        url
    };
    let queues = open_on_a_failed_disk(directory.path());
    let client = queues.sqs_client();
    let error = client
        .send_message()
        .queue_url(&url)
        .message_body("refused")
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.raw_response().unwrap().status().as_u16(), 500);
    assert!(
        client
            .create_queue()
            .queue_name("other")
            .send()
            .await
            .is_err()
    );
    assert!(queues.flush().await.is_err());
    assert_eq!(queues.peek("work"), ["before"]);
    // What is there can still be worked on, and the failed send does not keep the engine from becoming idle.
    let message = receive_one(&client, &url).await;
    delete(&client, &url, &message).await;
    assert!(queues.idle());
}

pub(super) fn journal_with(bytes: &[u8]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(path_in(directory.path()), bytes).unwrap();
    directory
}
