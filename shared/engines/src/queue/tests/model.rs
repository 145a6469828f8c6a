//! Random histories, with restarts in between, against a model that is simple enough to be right.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Step {
    Send {
        delayed: bool,
    },
    Receive {
        limit: usize,
    },
    /// Of the receipts that are held, the one at this position.
    Delete {
        which: prop::sample::Index,
    },
    GiveBack {
        which: prop::sample::Index,
    },
    Purge,
    Redrive,
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => prop::bool::weighted(0.2).prop_map(|delayed| Step::Send { delayed }),
        6 => (1..=3_usize).prop_map(|limit| Step::Receive { limit }),
        5 => any::<prop::sample::Index>().prop_map(|which| Step::Delete { which }),
        4 => any::<prop::sample::Index>().prop_map(|which| Step::GiveBack { which }),
        1 => Just(Step::Purge),
        1 => Just(Step::Redrive),
        2 => Just(Step::Reopen),
    ];
    prop::collection::vec(step, 1..60)
}

const MAX_RECEIVES: u32 = 2;

/// What must be true of each message; bodies are unique.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fate {
    Ready { receives: u32 },
    Delayed,
    InFlight { receives: u32 },
    DeadLetter,
}

#[derive(Default)]
struct Model {
    messages: BTreeMap<String, Fate>,
    sent: usize,
    /// Body and receipt handle of what is in flight.
    held: Vec<(String, Message)>,
}

impl Model {
    fn count(&self, wanted: impl Fn(Fate) -> bool) -> usize {
        self.messages.values().filter(|fate| wanted(**fate)).count()
    }

    /// The receiver is done with a message without deleting it.
    fn make_ready(&mut self, body: &str) {
        if let Some(Fate::InFlight { receives }) = self.messages.get(body).copied() {
            let fate = if receives >= MAX_RECEIVES {
                Fate::DeadLetter
            } else {
                Fate::Ready { receives }
            };
            self.messages.insert(body.to_owned(), fate);
        }
    }

    fn check(&self, queues: &EmbeddedQueues) {
        let depth = queues.depth("work");
        assert_eq!(
            depth.visible,
            self.count(|fate| matches!(fate, Fate::Ready { .. }))
        );
        assert_eq!(
            depth.in_flight,
            self.count(|fate| matches!(fate, Fate::InFlight { .. }))
        );
        assert_eq!(depth.delayed, self.count(|fate| fate == Fate::Delayed));
        assert_eq!(
            queues.depth("work-dlq").total(),
            self.count(|fate| fate == Fate::DeadLetter)
        );
        let mut there = queues.peek("work");
        there.extend(queues.peek("work-dlq"));
        there.sort();
        let expected: Vec<String> = self.messages.keys().cloned().collect();
        assert_eq!(there, expected);
        assert_eq!(queues.idle(), depth.total() == 0);
    }
}

async fn run(directory: &Path, steps: Vec<Step>) {
    // Compaction at every opportunity.
    let open =
        || EmbeddedQueues::open_compacting_above(directory, SyncPolicy::OsCache, 300).unwrap();
    let mut queues = open();
    let mut client = queues.sqs_client();
    let long = [(QueueAttributeName::VisibilityTimeout, "43200")];
    let (url, dead_letters) = create_with_dead_letters(&client, "work", MAX_RECEIVES, &long).await;
    let mut model = Model::default();
    for step in steps {
        match step {
            Step::Send { delayed } => {
                let body = format!("{:04}", model.sent);
                model.sent += 1;
                let delay = if delayed { 900 } else { 0 };
                client
                    .send_message()
                    .queue_url(&url)
                    .message_body(&body)
                    .delay_seconds(delay)
                    .send()
                    .await
                    .unwrap();
                model.messages.insert(
                    body,
                    if delayed {
                        Fate::Delayed
                    } else {
                        Fate::Ready { receives: 0 }
                    },
                );
            }
            Step::Receive { limit } => {
                let ready = model.count(|fate| matches!(fate, Fate::Ready { .. }));
                let messages = receive(&client, &url, limit as i32).await;
                assert_eq!(messages.len(), ready.min(limit));
                for message in messages {
                    let body = message.body().unwrap().to_owned();
                    let Some(Fate::Ready { receives }) = model.messages.get(&body).copied() else {
                        panic!("{body} was not ready");
                    };
                    assert_eq!(receive_count(&message), (receives + 1).to_string());
                    model.messages.insert(
                        body.clone(),
                        Fate::InFlight {
                            receives: receives + 1,
                        },
                    );
                    model.held.push((body, message));
                }
            }
            Step::Delete { which } => {
                if !model.held.is_empty() {
                    let (body, message) = model.held.swap_remove(which.index(model.held.len()));
                    delete(&client, &url, &message).await;
                    model.messages.remove(&body);
                }
            }
            Step::GiveBack { which } => {
                if !model.held.is_empty() {
                    let (body, message) = model.held.swap_remove(which.index(model.held.len()));
                    change_visibility(&client, &url, &message, 0).await;
                    model.make_ready(&body);
                }
            }
            Step::Purge => {
                client.purge_queue().queue_url(&url).send().await.unwrap();
                model.messages.retain(|_, fate| *fate == Fate::DeadLetter);
                model.held.clear();
            }
            Step::Redrive => {
                let source = arn(&client, &dead_letters).await;
                client
                    .start_message_move_task()
                    .source_arn(source)
                    .send()
                    .await
                    .unwrap();
                for fate in model
                    .messages
                    .values_mut()
                    .filter(|fate| **fate == Fate::DeadLetter)
                {
                    *fate = Fate::Ready { receives: 0 };
                }
            }
            Step::Reopen => {
                drop((queues, client));
                queues = open();
                client = queues.sqs_client();
                for (body, _) in std::mem::take(&mut model.held) {
                    model.make_ready(&body);
                }
            }
        }
        model.check(&queues);
    }
    drop((queues, client));
    let queues = open();
    for (body, _) in std::mem::take(&mut model.held) {
        model.make_ready(&body);
    }
    model.check(&queues);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_history_with_restarts_ends_as_the_model_says(steps in steps()) {
        let directory = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            tokio::time::timeout(Duration::from_secs(60), run(directory.path(), steps)).await.unwrap();
        });
    }
}
