//! Submissions and their correction.

use std::collections::BTreeMap;

use domain::decision::Outcome;
use domain::field::{Field, text_of};
use domain::id::SubmissionId;
use domain::submission::{FieldProblem, Quarantined};
use queue::{Message, Queue};
use serde_json::json;
use table::Record;

use super::{World, noon, submission};

fn record(id: SubmissionId, outcome: Outcome) -> Record {
    Record {
        id,
        source: "website".to_owned(),
        received_at: noon(),
        outcome,
        lead: None,
        repeats: None,
        quarantined: None,
    }
}

async fn quarantine(world: &World, source: &str) -> SubmissionId {
    let id = submission(40);
    let text = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    let quarantined = Quarantined {
        id,
        source: source.to_owned(),
        received_at: noon(),
        problems: vec![FieldProblem {
            field: "email".to_owned(),
            code: "syntax".to_owned(),
            message: "no address".to_owned(),
        }],
        raw: BTreeMap::from([
            text("email", "jo.example.com"),
            text("first_name", "jo"),
            text("phone", "12"),
            text("custom.note", "hello"),
        ]),
    };
    let record = Record {
        source: source.to_owned(),
        quarantined: Some(quarantined),
        ..record(id, Outcome::Quarantined)
    };
    world.table.record_submission(&record).await.unwrap();
    id
}

fn correction() -> serde_json::Value {
    json!({ "email": "Jo@Example.com", "phone": null, "custom.employees": 12 })
}

#[tokio::test]
async fn a_submission_that_made_a_lead_says_so() {
    let world = World::new().await;
    let lead = world.lead().await;
    let shown = world
        .get(&format!("/v1/submissions/{}", submission(1)))
        .await
        .ok("Submission");
    assert_eq!(shown["outcome"], "created");
    assert_eq!(
        (&shown["lead"], &shown["source"]),
        (&json!(lead.to_string()), &json!("website"))
    );
    assert_eq!(
        (&shown["id"], &shown["received_at"]),
        (
            &json!(submission(1).to_string()),
            &json!("2026-03-01T12:00:00Z")
        )
    );
    assert_eq!(shown["reasons"][0]["code"], "new");
    assert!(shown.get("fields").is_none());
}

#[tokio::test]
async fn a_repeat_names_what_it_repeats() {
    let world = World::new().await;
    let lead = world.lead().await;
    let repeat = Record {
        lead: Some(lead),
        repeats: Some(submission(1)),
        ..record(submission(2), Outcome::Duplicate)
    };
    world.table.record_submission(&repeat).await.unwrap();
    let shown = world
        .get(&format!("/v1/submissions/{}", submission(2)))
        .await
        .ok("Submission");
    assert_eq!(
        (&shown["outcome"], &shown["repeats"]),
        (&json!("duplicate"), &json!(submission(1).to_string()))
    );
    assert_eq!(shown["reasons"][0]["code"], "repeat");
}

#[tokio::test]
async fn an_unknown_submission_may_be_on_its_way() {
    let world = World::new().await;
    let answered = world
        .get(&format!("/v1/submissions/{}", submission(9)))
        .await;
    assert_eq!(answered.problem(404), "not_found");
    assert!(
        answered.json()["detail"]
            .as_str()
            .unwrap()
            .contains("on its way")
    );
    assert_eq!(
        world.get("/v1/submissions/lead_x").await.problem(404),
        "not_found"
    );
    let answered = world
        .post(
            &format!("/v1/submissions/{}/resubmit", submission(9)),
            &json!({}),
        )
        .await;
    assert_eq!(answered.problem(404), "not_found");
}

#[tokio::test]
async fn a_quarantined_one_shows_what_is_wrong_and_what_was_sent() {
    let world = World::new().await;
    let id = quarantine(&world, "website").await;
    let shown = world
        .get(&format!("/v1/submissions/{id}"))
        .await
        .ok("Submission");
    assert_eq!(
        (&shown["outcome"], &shown["lead"]),
        (&json!("quarantined"), &json!(null))
    );
    assert_eq!(
        shown["reasons"],
        json!([{ "code": "syntax", "field": "email", "message": "no address" }])
    );
    assert_eq!(shown["fields"]["email"], "jo.example.com");
}

#[tokio::test]
async fn a_correction_is_sent_on_under_the_same_id() {
    let world = World::new().await;
    let id = quarantine(&world, "website").await;
    let path = format!("/v1/submissions/{id}/resubmit");
    let answered = world.post(&path, &correction()).await;
    assert_eq!(answered.status, 202);
    assert_eq!(
        answered.ok("Resubmitted"),
        json!({ "submission": id.to_string() })
    );
    let sent = world.sent(Queue::Enrich);
    let [Message::Submission { submission }] = sent.as_slice() else {
        panic!("a submission was sent");
    };
    assert_eq!((submission.id, submission.received_at), (id, noon()));
    assert_eq!(
        text_of(&submission.fields, &Field::Email),
        Some("jo@example.com")
    );
    assert_eq!(
        text_of(&submission.fields, &Field::Custom("employees".to_owned())),
        Some("12")
    );
    assert_eq!(
        text_of(&submission.fields, &Field::Custom("note".to_owned())),
        Some("hello")
    );
    assert_eq!(text_of(&submission.fields, &Field::Phone), None);

    assert_eq!(
        world.post(&path, &correction()).await.status,
        202,
        "the same correction may be sent again"
    );
    assert_eq!(world.sent(Queue::Enrich).len(), 2);
    let other = world
        .post(
            &path,
            &json!({ "email": "other@example.com", "phone": null }),
        )
        .await;
    assert_eq!(other.problem(409), "wrong_state");
    assert_eq!(world.sent(Queue::Enrich).len(), 2);
}

#[tokio::test]
async fn a_correction_that_corrects_too_little_is_refused_and_may_be_made_again() {
    let world = World::new().await;
    let id = quarantine(&world, "website").await;
    let path = format!("/v1/submissions/{id}/resubmit");
    let fields_of = |fields: Vec<String>| -> Vec<String> {
        fields
            .iter()
            .map(|field| field.split(':').next().unwrap().to_owned())
            .collect()
    };
    for (body, expected) in [
        (json!({}), vec!["email", "phone"]),
        (json!({ "phone": null }), vec!["email"]),
        (
            json!({ "email": "jo@example.com", "phone": null, "shoe_size": "44" }),
            vec!["shoe_size"],
        ),
        (
            json!({ "email": ["jo@example.com"], "phone": { "number": 1 } }),
            vec!["email", "phone"],
        ),
    ] {
        let answered = world.post(&path, &body).await;
        assert_eq!(answered.problem(422), "invalid_fields", "{body}");
        assert_eq!(fields_of(answered.bad_fields()), expected, "{body}");
        assert!(
            !answered.text.contains("jo.example.com"),
            "{}",
            answered.text
        );
    }
    assert!(world.sent(Queue::Enrich).is_empty());
    assert_eq!(world.post(&path, &correction()).await.status, 202);
}

#[tokio::test]
async fn only_a_quarantined_submission_can_be_corrected() {
    let world = World::new().await;
    world.lead().await;
    let answered = world
        .post(
            &format!("/v1/submissions/{}/resubmit", submission(1)),
            &correction(),
        )
        .await;
    assert_eq!(answered.problem(409), "wrong_state");
    assert!(
        answered.json()["detail"]
            .as_str()
            .unwrap()
            .contains("created")
    );
    let id = quarantine(&world, "closed-door").await;
    assert_eq!(
        world
            .post(&format!("/v1/submissions/{id}/resubmit"), &correction())
            .await
            .problem(409),
        "wrong_state"
    );
    assert!(world.sent(Queue::Enrich).is_empty());
}

#[tokio::test]
async fn a_correction_under_a_key_is_answered_the_same_when_it_has_become_a_lead() {
    let world = World::new().await;
    let id = quarantine(&world, "website").await;
    let path = format!("/v1/submissions/{id}/resubmit");
    assert_eq!(
        world.post_once(&path, "k-1", &correction()).await.status,
        202
    );
    world
        .append(id.lead(), vec![super::received(40, super::greta())])
        .await;
    assert_eq!(
        world
            .get(&format!("/v1/submissions/{id}"))
            .await
            .ok("Submission")["outcome"],
        "created"
    );
    assert_eq!(
        world.post_once(&path, "k-1", &correction()).await.status,
        202
    );
    assert_eq!(world.sent(Queue::Enrich).len(), 1);
    assert_eq!(
        world.post(&path, &correction()).await.problem(409),
        "wrong_state"
    );
    assert_eq!(
        world.post_once(&path, "k-1", &json!({})).await.problem(422),
        "idempotency_key_reused"
    );
}
