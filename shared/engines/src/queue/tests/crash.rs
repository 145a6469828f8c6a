//! `kill -9` for real: this test starts itself as a second process, kills that while it sends, and counts.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::*;

const DIRECTORY_VARIABLE: &str = "ENGINES_CRASH_TEST_DIRECTORY";
const TEST_NAME: &str =
    "queue::tests::crash::kill_9_loses_no_answered_message_and_brings_back_no_flushed_delete";

#[test]
fn kill_9_loses_no_answered_message_and_brings_back_no_flushed_delete() {
    if let Some(directory) = std::env::var_os(DIRECTORY_VARIABLE) {
        return send_until_killed(Path::new(&directory));
    }
    let directory = tempfile::tempdir().unwrap();
    let mut answered = Vec::new();
    let mut deleted = Vec::new();
    // Their delete was asked for; only "deleted" says that it is final.
    let mut undecided = Vec::new();
    for round in 0..4 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([TEST_NAME, "--exact", "--nocapture"])
            .env(DIRECTORY_VARIABLE, directory.path())
            .env("ENGINES_CRASH_TEST_ROUND", round.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let killer = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(600 + 137 * round));
            child.kill().unwrap();
            child.wait().unwrap();
        });
        for line in output.lines() {
            let line = line.unwrap();
            // The last line may have been cut by the kill; a whole one ends with a full stop.
            let Some(line) = line.strip_suffix('.') else {
                continue;
            };
            if let Some(body) = line.strip_prefix("answered ") {
                answered.push(body.to_owned());
            } else if let Some(body) = line.strip_prefix("deleted ") {
                deleted.push(body.to_owned());
            } else if let Some(body) = line.strip_prefix("deleting ") {
                undecided.push(body.to_owned());
            }
        }
        killer.join().unwrap();
        assert!(
            answered
                .iter()
                .any(|body| body.starts_with(&format!("{round}-"))),
            "round {round} got to work"
        );

        let there = open(directory.path()).peek("work");
        for body in &answered {
            if deleted.contains(body) {
                assert!(
                    !there.contains(body),
                    "message {body} came back in round {round}"
                );
            } else if !undecided.contains(body) {
                assert!(
                    there.contains(body),
                    "message {body} was lost in round {round}"
                );
            }
        }
    }
    assert!(!deleted.is_empty());
}

/// Sends from several tasks, and deletes every other message, flushed. Prints what has been answered.
fn send_until_killed(directory: &Path) {
    let round = std::env::var("ENGINES_CRASH_TEST_ROUND").unwrap();
    let say = |line: String| {
        let mut output = std::io::stdout().lock();
        writeln!(output, "\n{line}.").unwrap();
        output.flush().unwrap();
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let queues = EmbeddedQueues::open(directory, SyncPolicy::OsCache).unwrap();
        let client = queues.sqs_client();
        let url = create(
            &client,
            "work",
            &[(QueueAttributeName::VisibilityTimeout, "43200")],
        )
        .await;
        let workers = (0..4).map(|worker| {
            let (client, queues, url, round) =
                (client.clone(), queues.clone(), url.clone(), round.clone());
            tokio::spawn(async move {
                for number in 0.. {
                    let body = format!("{round}-{worker}-{number}");
                    send(&client, &url, &body).await;
                    say(format!("answered {body}"));
                    if number % 2 == 0 {
                        let message = receive_one(&client, &url).await;
                        let taken = message.body().unwrap().to_owned();
                        say(format!("deleting {taken}"));
                        delete(&client, &url, &message).await;
                        queues.flush().await.unwrap();
                        say(format!("deleted {taken}"));
                    }
                }
            })
        });
        futures::future::join_all(workers.collect::<Vec<_>>()).await;
    });
}
