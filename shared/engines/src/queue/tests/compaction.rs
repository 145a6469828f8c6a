//! The journal stays small and keeps exactly what lives.

use std::time::Duration;

use super::super::journal::path_in;
use super::*;

const COMPACT_ABOVE: u64 = 64 * 1024;

fn open_compacting(directory: &Path, sync: SyncPolicy) -> EmbeddedQueues {
    EmbeddedQueues::open_compacting_above(directory, sync, COMPACT_ABOVE).unwrap()
}

fn journal_length(directory: &Path) -> u64 {
    std::fs::metadata(path_in(directory)).unwrap().len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_busy_journal_is_compacted_while_running_and_keeps_exactly_the_live_messages() {
    let directory = tempfile::tempdir().unwrap();
    let queues = open_compacting(directory.path(), SyncPolicy::OsCache);
    let client = queues.sqs_client();
    let url = create(&client, "work", &[]).await;
    let kept = create(&client, "kept", &[]).await;
    let filler = "x".repeat(2000);
    let mut written = 0;
    let mut longest = 0;
    for number in 0..600 {
        if number % 20 == 0 {
            send(&client, &kept, &format!("kept {number}")).await;
        }
        send(&client, &url, &filler).await;
        written += filler.len() as u64;
        let message = receive_one(&client, &url).await;
        delete(&client, &url, &message).await;
        longest = longest.max(journal_length(directory.path()));
    }
    assert!(written > 1_000_000);
    assert!(
        longest < written / 2,
        "compaction ran while the traffic went on: {longest} of {written} bytes"
    );
    let live = queues.peek("kept");
    assert_eq!(live.len(), 30);
    drop((queues, client));
    let queues = open(directory.path());
    assert_eq!(queues.peek("kept"), live);
    assert_eq!(queues.depth("work").total(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_moment_of_a_compaction_is_safe_to_be_killed_in() {
    let directory = tempfile::tempdir().unwrap();
    let queues = open_compacting(directory.path(), SyncPolicy::OsCache);
    let client = queues.sqs_client();
    let url = create(&client, "work", &[]).await;
    let filler = "x".repeat(4000);
    for number in 0..300 {
        send(&client, &url, &format!("{number} {filler}")).await;
        if number % 10 != 0 {
            let handle = receive_one(&client, &url).await;
            delete(&client, &url, &handle).await;
        }
        let expected = queues.peek("work");
        // A copy taken while a compacting thread may be anywhere, the unfinished file included. A delete that was
        // answered may still be missing in it, a message may not.
        let copy = tempfile::tempdir().unwrap();
        for entry in std::fs::read_dir(directory.path()).unwrap().flatten() {
            let _ = std::fs::copy(entry.path(), copy.path().join(entry.file_name()));
        }
        let found = open(copy.path()).peek("work");
        assert!(
            expected.iter().all(|body| found.contains(body)),
            "message {number}"
        );
    }
}

#[tokio::test]
async fn opening_compacts() {
    let directory = tempfile::tempdir().unwrap();
    {
        let queues = open(directory.path());
        let client = queues.sqs_client();
        let url = create(&client, "work", &[]).await;
        for _ in 0..50 {
            send(&client, &url, &"x".repeat(1000)).await;
            let message = receive_one(&client, &url).await;
            delete(&client, &url, &message).await;
        }
        send(&client, &url, "left").await;
    }
    assert!(journal_length(directory.path()) > 50_000);
    let queues = open(directory.path());
    assert!(
        journal_length(directory.path()) < 500,
        "{}",
        journal_length(directory.path())
    );
    assert_eq!(queues.peek("work"), ["left"]);
}

#[tokio::test]
async fn a_closing_engine_leaves_no_unfinished_compaction_behind() {
    let directory = tempfile::tempdir().unwrap();
    for _ in 0..5 {
        let queues = open_compacting(directory.path(), SyncPolicy::OsCache);
        let client = queues.sqs_client();
        let url = create(&client, "work", &[]).await;
        let keep = create(&client, "keep", &[]).await;
        send(&client, &keep, &"k".repeat(20_000)).await;
        for _ in 0..6 {
            send(&client, &url, &"x".repeat(20_000)).await;
            let message = receive_one(&client, &url).await;
            delete(&client, &url, &message).await;
        }
        drop((queues, client));
        let names = std::fs::read_dir(directory.path())
            .unwrap()
            .flatten()
            .map(|entry| entry.file_name());
        let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        assert_eq!(names, ["queues.journal", "queues.lock"]);
    }
    assert_eq!(open(directory.path()).depth("keep").total(), 5);
}

#[tokio::test]
async fn an_idle_engine_still_finishes_its_compaction() {
    let directory = tempfile::tempdir().unwrap();
    let queues = open_compacting(directory.path(), SyncPolicy::OsCache);
    let client = queues.sqs_client();
    let url = create(&client, "work", &[]).await;
    send(&client, &url, &"x".repeat(200_000)).await;
    let message = receive_one(&client, &url).await;
    delete(&client, &url, &message).await;
    for _ in 0..200 {
        if journal_length(directory.path()) < 1000 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("still {} bytes", journal_length(directory.path()));
}
