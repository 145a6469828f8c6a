//! Submissions that were quarantined and corrected, against the real table.

use domain::config::{DEFAULT, check};
use domain::decision::Outcome;
use domain::field::{Field, Fields, Value};
use domain::id::SubmissionId;
use domain::submission::FieldProblem;
use engines::{EmbeddedQueues, EmbeddedTable};
use outbound::{Client, Policy};

use super::*;

async fn enrich() -> Enrich {
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
    let sqs = EmbeddedQueues::memory().sqs_client();
    let made = sqs.create_queue().queue_name("enrich").send().await;
    let url = made.unwrap().queue_url.unwrap();
    Enrich {
        queues: Queues::new(sqs, [(Queue::Enrich, url)]),
        configurations: Arc::new(ConfigurationCache::new(table.clone(), 30)),
        secrets: Secrets::fixed([("pepper", "a-pepper-for-tests")]),
        clock: Clock::fixed(noon()),
        providers: Providers::new(Client::new(Policy::default())),
        table,
    }
}

/// Hands a message over and does with what is sent what `assign` does at least: it writes the first decisions of new leads.
async fn hand(enrich: &Enrich, message: Message) -> Vec<Outgoing> {
    let outgoing = enrich.handle_message(message).await.unwrap();
    for sent in &outgoing {
        if let Message::AssignNew { lead, decisions } = &sent.message {
            enrich.table.append(*lead, 0, decisions).await.unwrap();
        }
    }
    outgoing
}

fn kinds(outgoing: &[Outgoing]) -> Vec<&'static str> {
    outgoing.iter().map(|sent| sent.message.name()).collect()
}

fn noon() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

fn submission(number: u128) -> Submission {
    let email = Value::Text("jo@brightwater.example".to_owned());
    Submission {
        id: SubmissionId::from_bits(number),
        earlier: None,
        later: None,
        source: "website".to_owned(),
        received_at: noon(),
        fields: Fields::from([(Field::Email, email)]),
        facts: Fields::new(),
        consent: Default::default(),
        external_id: None,
        visitor: None,
        captcha: None,
        bought: None,
        released: false,
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
    let enrich = enrich().await;
    hand(&enrich, quarantined(1)).await;
    assert_eq!(
        record(&enrich, 1).await.unwrap().outcome,
        Outcome::Quarantined
    );
    let mut sent = Vec::new();
    for message in [corrected(1), quarantined(1), corrected(1)] {
        sent.extend(kinds(&hand(&enrich, message).await));
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
    assert_eq!(sent, ["assign.v2", "score.v1"], "a repeat is sent on again");
}

#[tokio::test]
async fn a_corrected_submission_is_merged_and_its_quarantine_is_replaced() {
    let enrich = enrich().await;
    hand(&enrich, corrected(1)).await;
    hand(&enrich, quarantined(2)).await;
    for message in [corrected(2), quarantined(2), corrected(2)] {
        hand(&enrich, message).await;
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
    let enrich = enrich().await;
    hand(&enrich, quarantined(1)).await;
    let again = Submission {
        earlier: Some(SubmissionId::from_bits(1)),
        ..submission(2)
    };
    let message = Message::Submission {
        submission: Box::new(again),
    };
    hand(&enrich, message).await;
    assert_eq!(record(&enrich, 2).await.unwrap().outcome, Outcome::Created);
}

#[tokio::test]
async fn a_late_quarantine_does_not_hide_the_lead_that_was_made() {
    let enrich = enrich().await;
    hand(&enrich, corrected(1)).await;
    hand(&enrich, quarantined(1)).await;
    assert_eq!(record(&enrich, 1).await.unwrap().outcome, Outcome::Created);
}

#[tokio::test]
async fn a_repeat_before_the_lead_is_written_sends_the_same_decision_again() {
    let enrich = enrich().await;
    let first = enrich.handle_message(corrected(1)).await.unwrap();
    let again = enrich.handle_message(corrected(1)).await.unwrap();
    assert_eq!(kinds(&first), ["assign.v2"]);
    assert_eq!(first, again);
    assert_eq!(record(&enrich, 1).await, None, "nothing is settled yet");
    hand(&enrich, corrected(1)).await;
    assert_eq!(record(&enrich, 1).await.unwrap().outcome, Outcome::Created);
}

#[tokio::test]
async fn another_submission_of_somebody_who_is_on_the_way_makes_the_lead_and_the_first_is_merged() {
    let enrich = enrich().await;
    let on_the_way = enrich.handle_message(corrected(1)).await.unwrap();
    // The key of the first is claimed, its lead is not written: the second writes itself into it.
    assert_eq!(kinds(&hand(&enrich, corrected(2)).await), ["score.v1"]);
    assert_eq!(
        record(&enrich, 2).await.unwrap().lead,
        Some(LeadId::from_bits(1))
    );
    let Message::AssignNew { lead, decisions } = &on_the_way[0].message else {
        panic!("it is on its way to assign");
    };
    assert_eq!(
        enrich.table.append(*lead, 0, decisions).await.unwrap(),
        Appended::Overtaken
    );
    // `assign` gives it back, and it is merged like any other.
    assert_eq!(kinds(&hand(&enrich, corrected(1)).await), ["score.v1"]);
    let merged = record(&enrich, 1).await.unwrap();
    assert_eq!(
        (merged.outcome, merged.lead),
        (Outcome::Merged, Some(LeadId::from_bits(1)))
    );
    let lead = enrich
        .table
        .lead(LeadId::from_bits(1))
        .await
        .unwrap()
        .unwrap()
        .lead;
    assert_eq!((lead.submissions.len(), lead.seq), (2, 2));
}

#[tokio::test]
async fn who_comes_before_the_lead_of_their_number_is_written_waits_and_is_no_failure() {
    let enrich = enrich().await;
    let phone = (Field::Phone, Value::Text("+12025550142".to_owned()));
    let mut by_number = submission(1);
    by_number.fields = Fields::from([phone.clone()]);
    let first = Message::Submission {
        submission: Box::new(by_number),
    };
    // `assign` has a backlog: what it is sent here is not written.
    assert_eq!(
        kinds(&enrich.handle_message(first.clone()).await.unwrap()),
        ["assign.v2"]
    );
    let mut with_address = submission(2);
    with_address.fields.extend([phone]);
    let second = Message::Submission {
        submission: Box::new(with_address),
    };
    assert_eq!(enrich.handle_message(second.clone()).await.unwrap(), []);
    assert_eq!(record(&enrich, 2).await, None);
    // The lead is there.
    hand(&enrich, first).await;
    assert_eq!(kinds(&hand(&enrich, second).await), ["score.v1"]);
    assert_eq!(
        record(&enrich, 2).await.unwrap().lead,
        Some(LeadId::from_bits(1))
    );
}
