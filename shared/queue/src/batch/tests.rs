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
