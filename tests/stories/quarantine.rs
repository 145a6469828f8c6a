//! What waits for a person: found, corrected or discarded, with everything that was done.

use lambda_http::http::Method;
use serde_json::{Value, json};
use tests::World;

/// A source whose sender reads no answers, and somebody whose address is wrong.
async fn quarantined(count: usize) -> (World, Vec<String>) {
    let config = domain::config::DEFAULT.replacen(
        "[sources.website]\n",
        "[sources.website]\nanswer_field_errors = false\n",
        1,
    );
    let world = World::configured(|outside| format!("{config}\n{}", tests::webhook(outside))).await;
    let mut ids = Vec::new();
    for number in 0..count {
        let posted = world
            .post_form("website", &format!("email=wrong{number}%40&first_name=Ada"))
            .await;
        ids.push(posted.body["submissions"][0].as_str().unwrap().to_owned());
        world.clock.advance(jiff::SignedDuration::from_secs(1));
    }
    world.settle().await;
    (world, ids)
}

async fn list(world: &World, more: &str) -> Value {
    let answer = world
        .get(&format!("/v1/submissions?outcome=quarantined{more}"))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

fn ids(page: &Value) -> Vec<String> {
    let submissions = page["submissions"].as_array().unwrap();
    submissions
        .iter()
        .map(|submission| submission["id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn everything_in_quarantine_is_listed_once_newest_first() {
    let (world, mut expected) = quarantined(23).await;
    expected.reverse();
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = list(&world, &format!("&limit=5{cursor}")).await;
        seen.extend(ids(&page));
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, expected);
    let first = &list(&world, "&limit=1").await["submissions"][0];
    assert_eq!(first["reasons"][0]["field"], "email");
    assert_eq!(first["fields"]["first_name"], "Ada");
    assert_eq!(
        ids(&list(&world, "&source=assistant").await),
        Vec::<String>::new()
    );
    for wrong in [
        "",
        "?outcome=created",
        "?outcome=quarantined&limit=0",
        "?outcome=quarantined&cursor=x",
    ] {
        assert_eq!(
            world.get(&format!("/v1/submissions{wrong}")).await.status,
            422,
            "{wrong}"
        );
    }
    world.end().await;
}

#[tokio::test]
async fn what_was_corrected_leaves_the_list_and_the_correction_stays_in_its_history() {
    let (world, submissions) = quarantined(2).await;
    let path = format!("/v1/submissions/{}", submissions[0]);
    let corrected = world
        .command(
            &format!("{path}/resubmit"),
            &json!({ "email": "ada@example.com" }),
        )
        .await;
    assert_eq!(corrected.status, 202, "{}", corrected.body);
    world.settle().await;
    assert_eq!(ids(&list(&world, "").await), submissions[1..]);
    let entries = |items: &[String]| items.iter().filter(|item| item.contains("Q#")).count();
    assert_eq!(entries(&world.everything().await), 1, "its entry is gone");
    let submission = world.get(&path).await.body;
    assert_eq!(submission["outcome"], "created");
    assert_eq!(submission["history"][0]["kind"], "corrected");
    assert_eq!(submission["history"][0]["fields"], json!(["email"]));
    world.end().await;
}

#[tokio::test]
async fn what_was_discarded_is_over_whatever_comes_again() {
    let (world, submissions) = quarantined(1).await;
    let path = format!("/v1/submissions/{}", submissions[0]);
    let reason = json!({ "reason": "a test of ours", "by": "mia" });
    let discarded = world.command(&format!("{path}/discard"), &reason).await;
    assert_eq!(
        (discarded.status, &discarded.body["outcome"]),
        (200, &json!("rejected"))
    );
    assert_eq!(discarded.body["history"][0]["reason"], "a test of ours");
    assert_eq!(discarded.body["history"][0]["by"], "mia");
    assert!(discarded.body.get("fields").is_none());
    assert!(
        !world
            .everything()
            .await
            .iter()
            .any(|item| item.contains("wrong0"))
    );
    let before = world.everything().await;

    assert_eq!(
        world
            .command(&format!("{path}/discard"), &reason)
            .await
            .body,
        discarded.body
    );
    let other = world
        .command(&format!("{path}/discard"), &json!({ "reason": "spam" }))
        .await;
    assert_eq!(other.status, 409);
    let late = world
        .command(
            &format!("{path}/resubmit"),
            &json!({ "email": "ada@example.com" }),
        )
        .await;
    assert_eq!(late.status, 409);
    for (queue, body) in world.handled() {
        assert_eq!(world.invoke(queue, &[body]).await, 0);
    }
    world.settle().await;
    assert_eq!(ids(&list(&world, "").await), Vec::<String>::new());
    assert_eq!(world.everything().await, before);
    world.end().await;
}

#[tokio::test]
async fn a_discard_needs_a_reason_and_something_in_quarantine() {
    let (world, submissions) = quarantined(1).await;
    let path = format!("/v1/submissions/{}/discard", submissions[0]);
    for wrong in [
        json!({}),
        json!({ "reason": " " }),
        json!({ "reason": "x", "who": "mia" }),
    ] {
        assert_eq!(world.command(&path, &wrong).await.status, 422, "{wrong}");
    }
    let answer = world
        .send(
            Method::POST,
            &path,
            &[("content-type", "application/json")],
            "{}",
        )
        .await;
    assert_eq!(answer.status, 401);
    let posted = world
        .post_form("website", "email=grace%40example.com")
        .await;
    world.settle().await;
    let lead = posted.body["submissions"][0].as_str().unwrap();
    let refused = world
        .command(
            &format!("/v1/submissions/{lead}/discard"),
            &json!({ "reason": "x" }),
        )
        .await;
    assert_eq!(refused.status, 409);
    world.end().await;
}
