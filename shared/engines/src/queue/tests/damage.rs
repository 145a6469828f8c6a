//! Journals that a crash or a disk has damaged.

use super::super::journal::path_in;
use super::super::record::{Record, read_frame};
use super::durability::journal_with;
use super::*;

#[tokio::test]
async fn a_journal_cut_at_any_byte_of_its_last_record_loses_that_record_only() {
    let directory = tempfile::tempdir().unwrap();
    {
        let queues = open(directory.path());
        let client = queues.sqs_client();
        let url = create(&client, "work", &[]).await;
        for body in ["first", "second", "last"] {
            send(&client, &url, body).await;
        }
    }
    let whole = std::fs::read(path_in(directory.path())).unwrap();
    let last_record = start_of_last_record(&whole);
    for length in last_record..=whole.len() {
        let torn = journal_with(&whole[..length]);
        let queues = open(torn.path());
        let expected: &[&str] = if length == whole.len() {
            &["first", "second", "last"]
        } else {
            &["first", "second"]
        };
        assert_eq!(
            queues.peek("work"),
            expected,
            "cut at {length} of {}",
            whole.len()
        );
        let torn_bytes = if length == whole.len() {
            0
        } else {
            length - last_record
        };
        assert_eq!(queues.recovery().unreadable_bytes, torn_bytes as u64);
        // What is sent now follows what was kept.
        let client = queues.sqs_client();
        let url = create(&client, "work", &[]).await;
        send(&client, &url, "after").await;
        drop((queues, client));
        assert_eq!(
            open(torn.path()).peek("work").last().map(String::as_str),
            Some("after")
        );
    }
}

#[tokio::test]
async fn any_damaged_byte_of_the_last_record_loses_that_record_only() {
    let directory = tempfile::tempdir().unwrap();
    {
        let queues = open(directory.path());
        let client = queues.sqs_client();
        let url = create(&client, "work", &[]).await;
        send(&client, &url, "first").await;
        send(&client, &url, "last").await;
    }
    let whole = std::fs::read(path_in(directory.path())).unwrap();
    for position in start_of_last_record(&whole)..whole.len() {
        let mut damaged = whole.clone();
        damaged[position] ^= 0x40;
        assert_eq!(
            open(journal_with(&damaged).path()).peek("work"),
            ["first"],
            "byte {position}"
        );
    }
    // A file system may leave zeros where the data did not arrive.
    let mut zeros = whole.clone();
    zeros.extend_from_slice(&[0; 4096]);
    assert_eq!(
        open(journal_with(&zeros).path()).peek("work"),
        ["first", "last"]
    );
}

#[tokio::test]
async fn damage_in_the_middle_costs_the_damaged_record_and_no_other() {
    let directory = tempfile::tempdir().unwrap();
    {
        let queues = open(directory.path());
        let client = queues.sqs_client();
        let url = create(&client, "work", &[]).await;
        for body in ["before", "DAMAGED", "behind"] {
            send(&client, &url, body).await;
        }
    }
    let mut bytes = std::fs::read(path_in(directory.path())).unwrap();
    let position = bytes
        .windows(7)
        .position(|window| window == b"DAMAGED")
        .unwrap();
    bytes[position] = b'd';
    let queues = open(journal_with(&bytes).path());
    assert_eq!(queues.peek("work"), ["before", "behind"]);
    assert!(queues.recovery().unreadable_bytes > 0);
}

#[tokio::test]
async fn messages_of_a_queue_whose_own_record_is_damaged_are_recovered() {
    let directory = tempfile::tempdir().unwrap();
    {
        let queues = open(directory.path());
        let client = queues.sqs_client();
        let url = create(&client, "precious", &[]).await;
        send(&client, &url, "kept").await;
    }
    let mut bytes = std::fs::read(path_in(directory.path())).unwrap();
    let position = bytes
        .windows(8)
        .position(|window| window == b"precious")
        .unwrap();
    bytes[position] ^= 1;
    assert_eq!(
        open(journal_with(&bytes).path()).peek("recovered-1"),
        ["kept"]
    );
}

fn start_of_last_record(journal: &[u8]) -> usize {
    let mut position = 8;
    loop {
        let (record, length) = read_frame(&journal[position..]).unwrap();
        if position + length == journal.len() {
            assert!(matches!(record, Record::Message(_)));
            return position;
        }
        position += length;
    }
}
