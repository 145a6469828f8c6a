//! What sales say.

use domain::decision::{Ruling, Then};
use domain::id::LeadId;
use jiff::SignedDuration;
use queue::{Message, Queue};
use serde_json::json;

use super::{World, assigned, feedback, greta, noon, received, request, scored, submission};
use domain::decision::Stage;

fn path(lead: LeadId) -> String {
    format!("/v1/leads/{lead}/feedback")
}

#[tokio::test]
async fn a_first_response_stops_the_clock() {
    let world = World::new().await;
    let lead = world.lead().await;
    world.hand.advance(SignedDuration::from_mins(10));
    let shown = world
        .post(&path(lead), &feedback("contacted"))
        .await
        .ok("Lead");
    assert_eq!(shown["sla"]["status"], "met");
    assert_eq!(shown["sla"]["responded_at"], "2026-03-01T12:10:00Z");
    assert_eq!(shown["version"], 4);
    assert_eq!(
        world.kinds(lead).await,
        ["received", "scored", "assigned", "feedback"]
    );
}

#[tokio::test]
async fn feedback_moves_the_lead_along_the_funnel() {
    for (kind, stage) in [
        ("accepted", "lead"),
        ("qualified", "opportunity"),
        ("converted", "customer"),
        ("disqualified", "disqualified"),
    ] {
        let world = World::new().await;
        let lead = world.lead().await;
        assert_eq!(
            world.post(&path(lead), &feedback(kind)).await.ok("Lead")["stage"],
            stage,
            "{kind}"
        );
    }
}

#[tokio::test]
async fn every_bad_field_is_told_at_once_and_none_is_quoted() {
    let world = World::new().await;
    let lead = world.lead().await;
    let long = "greta".repeat(21);
    for (body, expected) in [
        (json!({}), vec!["kind: required"]),
        (json!({ "kind": "called" }), vec!["kind: unknown_kind"]),
        (
            json!({ "kind": 1, "reason": long, "by": ["greta"], "at": "greta" }),
            vec![
                "at: invalid_time",
                "by: invalid_text",
                "kind: unknown_kind",
                "reason: invalid_text",
            ],
        ),
        (
            json!({ "kind": "contacted", "reason": "a\nb", "by": "  " }),
            vec!["by: invalid_text", "reason: invalid_text"],
        ),
        (
            json!({ "kind": "contacted", "note": "greta" }),
            vec!["note: unknown_field"],
        ),
        (
            json!({ "kind": "contacted", "at": "2026-03-01T12:05:01Z" }),
            vec!["at: in_the_future"],
        ),
        (
            json!({ "kind": "rejected", "reason": "no_response" }),
            vec!["reason: reserved"],
        ),
    ] {
        let answered = world.post(&path(lead), &body).await;
        assert_eq!(answered.problem(422), "invalid_fields", "{body}");
        assert_eq!(answered.bad_fields(), expected, "{body}");
        assert!(!answered.text.contains("greta"), "{}", answered.text);
    }
    assert_eq!(world.kinds(lead).await.len(), 3);
    let ahead = json!({ "kind": "contacted", "at": "2026-03-01T13:05:00+01:00", "reason": null });
    assert_eq!(world.post(&path(lead), &ahead).await.status, 200);
}

#[tokio::test]
async fn a_rejected_lead_waits_as_its_rule_says_and_is_looked_at_again() {
    let world = World::new().await;
    let lead = world.lead().await;
    let shown = world
        .post(
            &path(lead),
            &json!({ "kind": "rejected", "reason": "not_now", "by": "mia" }),
        )
        .await
        .ok("Lead");
    assert_eq!(
        (&shown["stage"], &shown["owner"]),
        (&json!("recycled"), &json!(null))
    );
    assert_eq!(world.kinds(lead).await[3..], ["feedback", "recycled"]);
    assert!(world.sent(Queue::Assign).is_empty());
    let later = noon() + SignedDuration::from_hours(24 * 90);
    assert_eq!(armed(&world, lead, later).await, [later]);
}

async fn armed(world: &World, lead: LeadId, until: jiff::Timestamp) -> Vec<jiff::Timestamp> {
    let mut times = Vec::new();
    for shard in 0..table::SHARDS {
        let due = world.table.due(shard, until, 100).await.unwrap();
        times.extend(
            due.into_iter()
                .filter(|entry| entry.lead == lead)
                .map(|entry| entry.at),
        );
    }
    times
}

const REASSIGN: &str =
    "\n[[recycling.rules]]\nname = \"Wrong rep\"\nreason = \"wrong_rep\"\nmax_times = 2\n";

/// A world in which a lead that is rejected with `wrong_rep` goes to somebody else at once.
async fn world_with_reassignment() -> (World, LeadId) {
    let world = World::new().await;
    let file = domain::config::DEFAULT.replace(
        "\n[[recycling.rules]]\nname = \"Any other reason\"",
        &format!("{REASSIGN}\n[[recycling.rules]]\nname = \"Any other reason\""),
    );
    assert!(file.contains("wrong_rep"));
    assert_eq!(
        world.send(request("PUT", "/v1/config", &file)).await.status,
        200
    );
    let lead = world.lead().await;
    (world, lead)
}

#[tokio::test]
async fn a_rejected_lead_that_goes_to_somebody_else_is_sent_on_at_once() {
    let (world, lead) = world_with_reassignment().await;
    let rejected = json!({ "kind": "rejected", "reason": "wrong_rep" });
    let shown = world.post(&path(lead), &rejected).await.ok("Lead");
    assert_eq!(shown["version"], 5);
    let message = || Message::Assign {
        lead,
        seq: 5,
        rescore: false,
    };
    assert_eq!(world.sent(Queue::Assign), [message()]);
    assert!(
        !armed(&world, lead, noon() + SignedDuration::from_hours(24))
            .await
            .is_empty()
    );

    // Whether it was sent is not known to whoever asks again: it is sent again, and decided once.
    assert_eq!(world.post(&path(lead), &rejected).await.ok("Lead"), shown);
    assert_eq!(world.sent(Queue::Assign), [message(), message()]);
    assert_eq!(world.kinds(lead).await.len(), 5);

    let other = world
        .post(
            &path(lead),
            &json!({ "kind": "rejected", "reason": "spam" }),
        )
        .await;
    assert_eq!(other.problem(409), "wrong_state");
}

#[tokio::test]
async fn the_next_owner_may_say_the_same_as_the_last() {
    let (world, lead) = world_with_reassignment().await;
    let rejected = json!({ "kind": "rejected", "reason": "wrong_rep" });
    world.post(&path(lead), &rejected).await.ok("Lead");
    world
        .append(lead, vec![assigned(2, "sam", world.now())])
        .await;
    world.post(&path(lead), &rejected).await.ok("Lead");
    assert_eq!(
        world.kinds(lead).await[3..],
        ["feedback", "recycled", "assigned", "feedback", "recycled"]
    );
}

#[tokio::test]
async fn a_rejection_without_a_reason_follows_the_rule_for_any() {
    let world = World::new().await;
    let lead = world.lead().await;
    world
        .post(&path(lead), &json!({ "kind": "rejected" }))
        .await
        .ok("Lead");
    let history = world.table.lead(lead).await.unwrap().unwrap();
    let Ruling::Recycled(recycled) = &history.decisions[4].ruling else {
        panic!("it is recycled");
    };
    assert_eq!(
        (recycled.rule.as_deref(), recycled.reason.as_str()),
        (Some("Any other reason"), "rejected")
    );
    assert!(matches!(recycled.then, Then::Wait { .. }));
}

#[tokio::test]
async fn the_same_feedback_again_is_answered_and_not_decided_again() {
    let world = World::new().await;
    let lead = world.lead().await;
    for body in [
        feedback("contacted"),
        json!({ "kind": "accepted", "at": "2026-03-01T11:00:00Z" }),
    ] {
        let first = world.post(&path(lead), &body).await.ok("Lead");
        world.hand.advance(SignedDuration::from_mins(1));
        assert_eq!(world.post(&path(lead), &body).await.ok("Lead"), first);
    }
    // With its time it is known even when other things were said since.
    assert_eq!(world.kinds(lead).await.len(), 5);
    world
        .post(&path(lead), &feedback("contacted"))
        .await
        .ok("Lead");
    world
        .post(
            &path(lead),
            &json!({ "kind": "accepted", "at": "2026-03-01T12:00:00+01:00" }),
        )
        .await
        .ok("Lead");
    assert_eq!(world.kinds(lead).await.len(), 6);
    // A day later it is news.
    world.hand.advance(SignedDuration::from_hours(24));
    world
        .post(&path(lead), &feedback("contacted"))
        .await
        .ok("Lead");
    assert_eq!(world.kinds(lead).await.len(), 7);
}

#[tokio::test]
async fn an_idempotency_key_stands_for_one_feedback() {
    let world = World::new().await;
    let lead = world.lead().await;
    assert_eq!(
        world
            .post_once(&path(lead), "k-1", &feedback("contacted"))
            .await
            .status,
        200
    );
    assert_eq!(
        world
            .post_once(&path(lead), "k-2", &feedback("accepted"))
            .await
            .status,
        200
    );
    assert_eq!(
        world
            .post_once(&path(lead), "k-1", &feedback("contacted"))
            .await
            .status,
        200
    );
    assert_eq!(world.kinds(lead).await.len(), 5);
    let other = world
        .post_once(&path(lead), "k-1", &feedback("accepted"))
        .await;
    assert_eq!(other.problem(422), "idempotency_key_reused");

    let neighbour = submission(2).lead();
    world
        .append(
            neighbour,
            vec![
                received(2, greta()),
                scored(Stage::Lead),
                assigned(1, "sam", noon()),
            ],
        )
        .await;
    assert_eq!(
        world
            .post_once(&path(neighbour), "k-1", &feedback("accepted"))
            .await
            .status,
        200,
        "a key is one call's own"
    );

    world
        .hand
        .advance(SignedDuration::from_hours(24) + SignedDuration::from_secs(1));
    assert_eq!(
        world
            .post_once(&path(lead), "k-1", &feedback("accepted"))
            .await
            .status,
        200,
        "a key is forgotten after a day"
    );
}

#[tokio::test]
async fn a_key_under_which_nothing_was_done_may_be_tried_again() {
    let world = World::new().await;
    let lead = submission(1).lead();
    world
        .append(lead, vec![received(1, greta()), scored(Stage::Lead)])
        .await;
    assert_eq!(
        world
            .post_once(&path(lead), "k-1", &feedback("accepted"))
            .await
            .problem(409),
        "wrong_state"
    );
    world.append(lead, vec![assigned(1, "mia", noon())]).await;
    world
        .post_once(&path(lead), "k-1", &feedback("accepted"))
        .await
        .ok("Lead");
    assert_eq!(world.kinds(lead).await.last(), Some(&"feedback"));
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    for (before, said, is_refused) in [
        (vec![], "rejected", true),
        (vec![], "accepted", true),
        (vec![], "contacted", false),
        (vec![], "converted", false),
        (vec!["mia"], "rejected", false),
        (vec!["mia", "disqualified"], "converted", true),
        (vec!["mia", "disqualified"], "contacted", true),
        (vec!["mia", "converted"], "qualified", true),
        (vec!["mia", "converted"], "rejected", true),
        (vec!["mia", "converted"], "disqualified", false),
        (vec!["mia", "qualified"], "rejected", true),
        (vec!["mia", "qualified"], "converted", false),
    ] {
        let world = World::new().await;
        let lead = submission(1).lead();
        world
            .append(lead, vec![received(1, greta()), scored(Stage::Lead)])
            .await;
        for step in &before {
            match *step {
                "mia" => world.append(lead, vec![assigned(1, "mia", noon())]).await,
                said => assert_eq!(world.post(&path(lead), &feedback(said)).await.status, 200),
            }
        }
        let decisions = world.kinds(lead).await.len();
        let answered = world
            .post(&path(lead), &json!({ "kind": said, "reason": "not_now" }))
            .await;
        if is_refused {
            assert_eq!(answered.problem(409), "wrong_state", "{before:?} {said}");
            assert!(answered.json()["detail"].is_string());
            assert_eq!(world.kinds(lead).await.len(), decisions);
        } else {
            assert_eq!(answered.status, 200, "{before:?} {said}: {}", answered.text);
        }
    }
}

#[tokio::test]
async fn many_at_once_are_all_written_down_and_equal_ones_once() {
    let world = World::new().await;
    let lead = world.lead().await;
    let path = &path(lead);
    let bodies: Vec<serde_json::Value> = (0..8).map(|number| json!({ "kind": "contacted", "at": format!("2026-03-01T11:0{}:00Z", number / 2) })).collect();
    let world = &world;
    let mut calls = tokio::task::JoinSet::new();
    for body in bodies {
        let (api, path) = (world.api.clone(), path.clone());
        calls.spawn(async move {
            api.handle(request("POST", &path, &body.to_string()))
                .await
                .status()
        });
    }
    for status in calls.join_all().await {
        assert_eq!(status, 200);
    }
    assert_eq!(world.kinds(lead).await.len(), 3 + 4);
}
