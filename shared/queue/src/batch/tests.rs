use super::*;
use aws_lambda_events::event::sqs::SqsMessage;

fn event(bodies: &[(&str, &str)]) -> SqsEvent {
    let mut event = SqsEvent::default();
    for (id, body) in bodies {
        let mut record = SqsMessage::default();
        record.message_id = Some((*id).to_owned());
        record.body = Some((*body).to_owned());
        event.records.push(record);
    }
    event
}

fn score(seq: u32) -> String {
    format!(r#"{{"type":"score.v1","lead":"lead_00000000000000000000000001","seq":{seq}}}"#)
}

#[derive(Debug, thiserror::Error)]
#[error("no")]
struct No;

async fn handle(message: Message) -> Result<(), No> {
    match message {
        Message::Score { seq: 1, .. } => Err(No),
        Message::Score { seq: 2, .. } => panic!("two"),
        _ => Ok(()),
    }
}

async fn failed(bodies: &[(&str, &str)]) -> Vec<String> {
    let response = run_batch(event(bodies), handle).await.unwrap();
    response
        .batch_item_failures
        .into_iter()
        .map(|failure| failure.item_identifier)
        .collect()
}

#[tokio::test]
async fn exactly_the_failed_records_are_reported() {
    let (fails, panics, good) = (score(1), score(2), score(3));
    assert_eq!(
        failed(&[
            ("a", &good),
            ("b", &fails),
            ("c", "not json"),
            ("d", &panics),
            ("e", &good)
        ])
        .await,
        ["b", "c", "d"]
    );
    assert_eq!(failed(&[("a", &fails)]).await, ["a"]);
    assert_eq!(failed(&[("a", &good)]).await, [""; 0]);
    assert_eq!(failed(&[]).await, [""; 0]);
}

#[tokio::test]
async fn a_record_without_an_id_returns_the_whole_batch() {
    let good = score(3);
    assert!(
        run_batch(event(&[("a", &good), ("", &good)]), handle)
            .await
            .is_err()
    );
}

/// Queues that keep what they are sent and refuse some of it.
mod sending {
    use std::sync::{Arc, Mutex};

    use aws_sdk_sqs::Client;
    use aws_sdk_sqs::config::{BehaviorVersion, Config, Credentials, Region};
    use aws_smithy_runtime_api::client::http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
    };
    use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
    use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
    use aws_smithy_types::body::SdkBody;
    use domain::id::LeadId;
    use serde_json::{Value, json};

    use super::*;
    use crate::Queue;

    /// What each call carried.
    type Calls = Arc<Mutex<Vec<Vec<String>>>>;

    /// Takes everything but what names a lead that ends in `Z`.
    #[derive(Debug, Clone, Default)]
    struct Wire(Calls);

    impl HttpClient for Wire {
        fn http_connector(
            &self,
            _: &HttpConnectorSettings,
            _: &RuntimeComponents,
        ) -> SharedHttpConnector {
            SharedHttpConnector::new(self.clone())
        }
    }

    impl HttpConnector for Wire {
        fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
            let asked: Value = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
            let entries = match asked["Entries"].as_array() {
                Some(entries) => entries.clone(),
                None => vec![asked],
            };
            let (mut taken, mut refused, mut bodies) = (Vec::new(), Vec::new(), Vec::new());
            for entry in &entries {
                let body = entry["MessageBody"].as_str().unwrap().to_owned();
                if body.contains("z\"") {
                    refused.push(
                        json!({ "Id": entry["Id"], "Code": "InternalError", "SenderFault": false }),
                    );
                } else {
                    taken.push(
                        json!({ "Id": entry["Id"], "MessageId": "m", "MD5OfMessageBody": "m" }),
                    );
                }
                bodies.push(body);
            }
            self.0.lock().unwrap().push(bodies);
            let answer = json!({ "Successful": taken, "Failed": refused, "MessageId": "m" });
            let response =
                HttpResponse::new(200.try_into().unwrap(), SdkBody::from(answer.to_string()));
            HttpConnectorFuture::ready(Ok(response))
        }
    }

    fn queues() -> (Queues, Calls) {
        let wire = Wire::default();
        let calls = Arc::clone(&wire.0);
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(Credentials::for_tests())
            .http_client(wire)
            .build();
        let url = |queue: Queue| (queue, format!("http://sqs.local/{}", queue.name()));
        (
            Queues::new(Client::from_conf(config), Queue::ALL.map(url)),
            calls,
        )
    }

    /// Sends one message to `assign` about the lead of the sequence number; number 99 is about the lead that is refused.
    async fn pass_on(message: Message) -> Result<Vec<Outgoing>, No> {
        let Message::Score { seq, .. } = message else {
            return Err(No);
        };
        match seq {
            1 => return Err(No),
            2 => panic!("two"),
            50 => tokio::time::sleep(std::time::Duration::from_secs(2)).await,
            _ => {}
        }
        let lead = if seq == 99 {
            LeadId::from_bits(31)
        } else {
            LeadId::from_bits(16)
        };
        Ok(vec![Outgoing {
            queue: Queue::Assign,
            message: Message::Score { lead, seq },
        }])
    }

    async fn run(seqs: &[u32]) -> (Vec<String>, Vec<usize>) {
        let (queues, calls) = queues();
        let bodies: Vec<String> = seqs.iter().map(|seq| score(*seq)).collect();
        let ids: Vec<String> = seqs.iter().map(|seq| format!("id{seq}")).collect();
        let records: Vec<(&str, &str)> = ids
            .iter()
            .map(String::as_str)
            .zip(bodies.iter().map(String::as_str))
            .collect();
        let response = run_batch_and_send(event(&records), &queues, pass_on)
            .await
            .unwrap();
        let failed = response
            .batch_item_failures
            .into_iter()
            .map(|failure| failure.item_identifier)
            .collect();
        let sizes = calls.lock().unwrap().iter().map(Vec::len).collect();
        (failed, sizes)
    }

    #[tokio::test]
    async fn ten_records_cost_one_call() {
        let seqs: Vec<u32> = (10..20).collect();
        assert_eq!(run(&seqs).await, (Vec::new(), vec![10]));
        assert_eq!(run(&[10]).await, (Vec::new(), vec![1]));
        assert_eq!(run(&[]).await, (Vec::new(), Vec::new()));
    }

    #[tokio::test]
    async fn only_the_record_whose_message_was_refused_is_tried_again() {
        let (failed, sizes) = run(&[10, 99, 1, 11, 2, 12]).await;
        assert_eq!(failed, ["id99", "id1", "id2"]);
        assert_eq!(sizes, [4]);
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_waits_for_somebody_outside_does_not_hold_the_others() {
        let started = Instant::now();
        let (failed, sizes) = run(&[10, 50, 11]).await;
        assert_eq!(failed, [""; 0]);
        assert_eq!(sizes, [2, 1], "the two that were ready went first");
        assert_eq!(started.elapsed(), std::time::Duration::from_secs(2));
    }
}
