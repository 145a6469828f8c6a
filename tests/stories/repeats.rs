use lambda_http::Body;
use lambda_http::http::Method;
use queue::Queue;
use serde_json::json;
use tests::World;

#[tokio::test]
async fn a_replay_of_every_message_changes_nothing() {
    let world = World::new().await;
    world
        .post_form(
            "website",
            "email=ada%40example.com&phone=%2B49+30+901820&country=DE&title=CMO&employees=80",
        )
        .await;
    world
        .post_form("website", "email=grace%40example.com&country=US")
        .await;
    world.settle().await;
    world
        .post_form("website", "email=ada%40example.com&city=Berlin")
        .await;
    let event = json!({ "id": "1", "type": "event_attended", "at": "2026-03-02T10:59:00Z", "email": "ada@example.com" });
    world
        .post_json("/v1/events", &json!({ "events": [event] }))
        .await;
    world.settle().await;
    let bodies = world.handled();
    assert!(
        bodies.len() >= 9,
        "every step sent something: {}",
        bodies.len()
    );

    let (before, told) = (world.everything().await, world.told().await);
    // Forwards, backwards, and each twice in one batch.
    let mut order: Vec<&(Queue, String)> = bodies.iter().collect();
    order.extend(bodies.iter().rev());
    for (queue, body) in order {
        let failed = world.invoke(*queue, &[body.clone(), body.clone()]).await;
        assert_eq!(failed, 0, "{body}");
        world.settle().await;
    }
    assert_eq!(world.everything().await, before);
    assert_eq!(world.told().await, told, "nobody is told twice");
    world.end().await;
}

#[tokio::test]
async fn a_key_used_for_something_else_is_refused_and_used_again_is_the_same() {
    let world = World::new().await;
    let post = |body: &'static str| {
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("idempotency-key", "\"k-1\""),
        ];
        let world = &world;
        async move {
            world
                .send(
                    Method::POST,
                    "/v1/sources/website",
                    &headers,
                    Body::from(body),
                )
                .await
        }
    };
    let first = post("email=ada%40example.com").await;
    let again = post("email=ada%40example.com").await;
    let other = post("email=grace%40example.com").await;
    assert_eq!((first.status, again.status, other.status), (202, 202, 422));
    assert_eq!(first.body, again.body);
    assert_eq!(other.body["code"], "idempotency_key_reused");
    world.end().await;
}

#[tokio::test]
async fn a_record_that_cannot_be_read_harms_only_itself() {
    let world = World::new().await;
    world.post_form("website", "email=ada%40example.com").await;
    world.settle().await;
    let lead = world.lead("ada@example.com").await;
    let good = json!({ "type": "score.v1", "lead": lead["id"], "seq": 1 }).to_string();
    let bodies = [
        "{",
        "",
        "null",
        r#"{"type":"score.v9"}"#,
        &good,
        r#"{"type":"assign.v1","lead":"lead_00000000000000000000000001","seq":1}"#,
    ];
    for queue in Queue::ALL {
        let failed = world.invoke(queue, &bodies.map(str::to_owned)).await;
        assert_eq!(
            failed,
            if queue == Queue::Score { 5 } else { 6 },
            "{queue:?}"
        );
    }
    world.end().await;
}

#[tokio::test]
async fn the_same_content_across_two_windows_is_a_repeat_and_much_later_a_merge() {
    let world = World::new().await;
    let body = "email=ada%40example.com&country=DE";
    let first = world.post_form("website", body).await;
    world.settle().await;
    world.clock.advance(jiff::SignedDuration::from_mins(59));
    let soon = world.post_form("website", body).await;
    world.settle().await;
    world.clock.advance(jiff::SignedDuration::from_mins(600));
    let late = world.post_form("website", body).await;
    world.settle().await;
    let outcome =
        |answer: &tests::Answer| answer.body["submissions"][0].as_str().unwrap().to_owned();
    let (first, soon, late) = (outcome(&first), outcome(&soon), outcome(&late));
    assert_ne!(first, late);
    let soon = world.get(&format!("/v1/submissions/{soon}")).await.body;
    assert!(
        soon["outcome"] == "duplicate" || soon["id"] == first.as_str(),
        "{soon}"
    );
    assert_eq!(
        world.get(&format!("/v1/submissions/{late}")).await.body["outcome"],
        "merged"
    );
    world.end().await;
}
