//! Submissions that were quarantined and corrected, against the real table.

use domain::config::{DEFAULT, check};
use domain::decision::Outcome;
use domain::field::{Field, Fields, Value};
use domain::submission::FieldProblem;
use engines::{EmbeddedQueues, EmbeddedTable};
use outbound::{Client, Policy};

use super::*;

async fn enrich() -> (Enrich, EmbeddedQueues) {
    let table = Table::new(
        EmbeddedTable::memory().unwrap().dynamodb_client(),
        "leadline",
    );
    table.create_if_missing().await.unwrap();
    let config = check::read(DEFAULT).unwrap().config;
    table
        .push_configuration(&config, DEFAULT, noon())
        .await
        .unwrap();
    let engine = EmbeddedQueues::memory();
    let client = engine.sqs_client();
    let made = client
        .create_queue()
        .queue_name("score")
        .send()
        .await
        .unwrap();
    let enrich = Enrich {
        queues: Queues::new(
            client,
            [(Queue::Score, made.queue_url().unwrap().to_owned())],
        ),
        configurations: Arc::new(ConfigurationCache::new(table.clone(), 30)),
        secrets: Secrets::fixed([("pepper", "a-pepper-for-tests")]),
        clock: Clock::fixed(noon()),
        providers: Providers::new(Client::new(Policy::default())),
        table,
    };
    (enrich, engine)
}

fn noon() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

fn submission(number: u128) -> Submission {
    let email = Value::Text("jo@brightwater.example".to_owned());
    Submission {
        id: SubmissionId::from_bits(number),
        earlier: None,
        source: "website".to_owned(),
        received_at: noon(),
        fields: Fields::from([(Field::Email, email)]),
        facts: Fields::new(),
        consent: Default::default(),
        external_id: None,
    }
}

fn quarantined(number: u128) -> Message {
    let problem = FieldProblem {
        field: "email".to_owned(),
        code: "syntax".to_owned(),
        message: "no address".to_owned(),
    };
    let quarantined = Quarantined {
        id: SubmissionId::from_bits(number),
        source: "website".to_owned(),
        received_at: noon(),
        problems: vec![problem],
        raw: [("email".to_owned(), "jo.brightwater.example".to_owned())].into(),
    };
    Message::Quarantined {
        quarantined: Box::new(quarantined),
    }
}

fn corrected(number: u128) -> Message {
    Message::Submission {
        submission: Box::new(submission(number)),
    }
}

async fn record(enrich: &Enrich, number: u128) -> Option<Record> {
    enrich
        .table
        .submission(SubmissionId::from_bits(number))
        .await
        .unwrap()
        .record
}

#[tokio::test]
async fn a_corrected_submission_makes_its_lead_and_repeats_of_either_change_nothing() {
    let (enrich, engine) = enrich().await;
    enrich.handle_message(quarantined(1)).await.unwrap();
    assert_eq!(
        record(&enrich, 1).await.unwrap().outcome,
        Outcome::Quarantined
    );
    assert!(engine.peek("score").is_empty());
    for message in [corrected(1), quarantined(1), corrected(1)] {
        enrich.handle_message(message).await.unwrap();
        let record = record(&enrich, 1).await.unwrap();
        assert_eq!(
            (record.outcome, record.lead),
            (Outcome::Created, Some(SubmissionId::from_bits(1).lead()))
        );
    }
    assert_eq!(
        enrich
            .table
            .lead(LeadId::from_bits(1))
            .await
            .unwrap()
            .unwrap()
            .lead
            .submissions
            .len(),
        1
    );
    assert_eq!(engine.peek("score").len(), 2, "a repeat is sent on again");
}

#[tokio::test]
async fn a_corrected_submission_is_merged_and_its_quarantine_is_replaced() {
    let (enrich, _engine) = enrich().await;
    enrich.handle_message(corrected(1)).await.unwrap();
    enrich.handle_message(quarantined(2)).await.unwrap();
    for message in [corrected(2), quarantined(2), corrected(2)] {
        enrich.handle_message(message).await.unwrap();
        let record = record(&enrich, 2).await.unwrap();
        assert_eq!(
            (record.outcome, record.lead),
            (Outcome::Merged, Some(SubmissionId::from_bits(1).lead()))
        );
        assert_eq!(record.quarantined, None);
    }
    let lead = enrich
        .table
        .lead(LeadId::from_bits(1))
        .await
        .unwrap()
        .unwrap()
        .lead;
    assert_eq!((lead.submissions.len(), lead.seq), (2, 2));
    // Only what is quarantined can be corrected.
    let merged = record(&enrich, 2).await.unwrap();
    assert!(
        !enrich
            .table
            .accept_correction(
                &Record {
                    outcome: Outcome::Quarantined,
                    ..merged
                },
                1
            )
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn a_lead_is_not_lost_as_the_repeat_of_a_quarantined_submission() {
    let (enrich, _engine) = enrich().await;
    enrich.handle_message(quarantined(1)).await.unwrap();
    let again = Submission {
        earlier: Some(SubmissionId::from_bits(1)),
        ..submission(2)
    };
    enrich
        .handle_message(Message::Submission {
            submission: Box::new(again),
        })
        .await
        .unwrap();
    assert_eq!(record(&enrich, 2).await.unwrap().outcome, Outcome::Created);
}

#[tokio::test]
async fn a_late_quarantine_does_not_hide_the_lead_that_was_made() {
    let (enrich, _engine) = enrich().await;
    enrich.handle_message(corrected(1)).await.unwrap();
    enrich.handle_message(quarantined(1)).await.unwrap();
    assert_eq!(record(&enrich, 1).await.unwrap().outcome, Outcome::Created);
}
