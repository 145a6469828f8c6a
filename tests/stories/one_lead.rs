use lambda_http::http::HeaderMap;
use serde_json::json;
use standardwebhooks::Webhook;
use tests::{SIGNING_SECRET, World};

const ADA: &str = "email=ada%40example.com&first_name=Ada&last_name=Example&title=Global+CMO&employees=75&country=Germany&phone=%2B49+30+901820";

#[tokio::test]
async fn a_lead_is_created_scored_assigned_and_delivered_and_can_say_why() {
    let world = World::new().await;
    let accepted = world.post_form("website", ADA).await;
    assert_eq!(accepted.status, 202, "{}", accepted.body);
    world.settle().await;

    let lead = world.lead("ada@example.com").await;
    assert_eq!(lead["owner"], "jonas");
    assert_eq!(lead["pool"], "emea");
    assert_eq!(lead["contact"]["first_name"], "Ada");
    assert_eq!(lead["company"]["country"], "DE");
    assert_eq!(lead["score"]["fit"], 20);
    assert_eq!(lead["stage"], "lead");
    assert_eq!(lead["sla"]["status"], "pending");
    assert_eq!(lead["sla"]["due_at"], "2026-03-02T11:30:00Z");

    let submission = accepted.body["submissions"][0].as_str().unwrap();
    let record = world.get(&format!("/v1/submissions/{submission}")).await;
    assert_eq!(
        (record.body["outcome"].as_str(), &record.body["lead"]),
        (Some("created"), &lead["id"])
    );

    let kinds: Vec<String> = world
        .history(&lead)
        .await
        .iter()
        .map(|entry| entry["kind"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(kinds[..3], ["received", "scored", "assigned"]);
    let explanation = world
        .get(&format!(
            "/v1/leads/{}/explanation",
            lead["id"].as_str().unwrap()
        ))
        .await
        .body["sentences"]
        .to_string();
    for part in [
        "Jonas Weber",
        "Europe, Middle East and Africa",
        "was next in turn",
        "Ana Lindqvist could take it",
        "territory Americas",
        "50 to 100 employees: +10",
    ] {
        assert!(
            explanation.contains(part),
            "{part} is missing in {explanation}"
        );
    }
    world.end().await;
}

#[tokio::test]
async fn a_webhook_is_signed_as_the_standard_says_and_comes_after_the_state_is_durable() {
    let world = World::new().await;
    world.post_form("website", ADA).await;
    world.settle().await;
    let requests = world.outside.received_requests().await.unwrap();
    let [request] = requests.as_slice() else {
        panic!("{} requests", requests.len())
    };
    let mut headers = HeaderMap::new();
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        headers.insert(name, request.headers[name].clone());
    }
    // The real library checks the age of the timestamp, and this world's clock stands still: compare the signature itself.
    let (id, timestamp) = (
        headers["webhook-id"].to_str().unwrap(),
        headers["webhook-timestamp"]
            .to_str()
            .unwrap()
            .parse()
            .unwrap(),
    );
    let expected = Webhook::new(SIGNING_SECRET)
        .unwrap()
        .sign(id, timestamp, &request.body)
        .unwrap();
    assert_eq!(headers["webhook-signature"].to_str().unwrap(), expected);
    let told: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(
        (
            told["type"].as_str(),
            told["data"]["lead"]["owner"].as_str()
        ),
        (Some("lead.assigned"), Some("jonas"))
    );
    assert_eq!(told["data"]["lead"]["fields"]["email"], "ada@example.com");
    world.end().await;
}

#[tokio::test]
async fn behaviour_raises_the_score_and_the_stage_once_per_event() {
    let world = World::new().await;
    world.post_form("website", ADA).await;
    world.settle().await;
    let event = |id: &str, kind: &str| json!({ "id": id, "type": kind, "at": "2026-03-02T10:59:00Z", "email": "ADA@example.com" });
    let events = json!({ "events": [event("1", "email_opened"), event("2", "event_attended"), event("1", "email_opened"), json!({ "type": "x" })] });
    let answer = world.post_json("/v1/events", &events).await;
    assert_eq!(
        (answer.status, &answer.body["accepted"]),
        (202, &json!(3)),
        "{}",
        answer.body
    );
    assert_eq!(answer.body["rejected"][0]["index"], 3);
    world.settle().await;
    world.post_json("/v1/events", &events).await;
    world.settle().await;
    let lead = world.lead("ada@example.com").await;
    assert_eq!(
        (
            &lead["score"]["engagement"],
            &lead["score"]["total"],
            &lead["stage"]
        ),
        (&json!(27), &json!(47), &json!("mql"))
    );
    let told: Vec<String> = world
        .told()
        .await
        .iter()
        .map(|(_, body)| body["type"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(told, ["lead.assigned", "lead.stage_changed"]);
    world.end().await;
}

#[tokio::test]
async fn turns_are_fair_over_many_leads_that_come_at_once() {
    let world = World::new().await;
    let posts = (0..60).map(|number| {
        let body = format!("email=person{number}%40example.com&country=DE");
        let world = &world;
        async move { world.post_form("website", &body).await.status }
    });
    let statuses = futures::future::join_all(posts).await;
    assert!(statuses.iter().all(|status| *status == 202), "{statuses:?}");
    world.settle().await;
    let (mut jonas, mut ana) = (0, 0);
    for number in 0..60 {
        match world.lead(&format!("person{number}@example.com")).await["owner"].as_str() {
            Some("jonas") => jonas += 1,
            Some("ana") => ana += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((jonas, ana), (40, 20), "weights 2 and 1");
    world.end().await;
}

#[tokio::test]
async fn behaviour_that_comes_before_the_lead_is_known_is_credited_when_it_is() {
    let world = World::new().await;
    let event = json!({ "id": "1", "type": "event_attended", "email": "ada@example.com" });
    let answer = world
        .post_json("/v1/events", &json!({ "events": [event] }))
        .await;
    assert_eq!(answer.status, 202);
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    world.post_form("website", ADA).await;
    world.settle().await;
    let lead = world.lead("ada@example.com").await;
    assert_eq!(lead["score"]["engagement"], 25);
    world.end().await;
}
