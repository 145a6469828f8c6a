use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::World;
use wiremock::matchers::{method, path};
use wiremock::{Mock, ResponseTemplate};

const ADA: &str = "email=ada%40example.com&country=DE";

#[tokio::test]
async fn a_lead_that_nobody_answers_goes_to_somebody_else_and_never_straight_back() {
    let world = World::new().await;
    world.post_form("website", ADA).await;
    world.settle().await;
    let mut owners = vec![
        world.lead("ada@example.com").await["owner"]
            .as_str()
            .unwrap()
            .to_owned(),
    ];
    for _ in 0..3 {
        // First checks and deadlines fall on different looks: pass the time in steps, as the schedule does.
        for _ in 0..4 {
            world.pass(8).await;
        }
        owners.push(
            world.lead("ada@example.com").await["owner"]
                .as_str()
                .unwrap()
                .to_owned(),
        );
    }
    assert!(
        owners.windows(2).all(|pair| pair[0] != pair[1]),
        "{owners:?}"
    );
    let lead = world.lead("ada@example.com").await;
    let kinds: Vec<String> = world
        .history(&lead)
        .await
        .iter()
        .map(|entry| entry["kind"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        kinds.iter().filter(|kind| *kind == "sla_breached").count(),
        3,
        "{kinds:?}"
    );
    let told: Vec<String> = world
        .told()
        .await
        .iter()
        .map(|(_, body)| body["type"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        told.iter()
            .filter(|kind| *kind == "lead.sla_breached")
            .count(),
        3,
        "{told:?}"
    );
    // The rule allows three times: after that the last owner keeps it.
    for _ in 0..4 {
        world.pass(8).await;
    }
    assert_eq!(
        world.lead("ada@example.com").await["owner"].as_str(),
        owners.last().map(String::as_str)
    );
    world.end().await;
}

#[tokio::test]
async fn a_response_in_time_stops_the_clock() {
    let world = World::new().await;
    world.post_form("website", ADA).await;
    world.settle().await;
    let lead = world.lead("ada@example.com").await;
    world.clock.advance(jiff::SignedDuration::from_mins(20));
    let answer = world
        .command(
            &format!("/v1/leads/{}/feedback", lead["id"].as_str().unwrap()),
            &json!({ "kind": "contacted", "by": "jonas" }),
        )
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    world.pass(60).await;
    world.pass(60).await;
    let lead = world.lead("ada@example.com").await;
    assert_eq!(
        (&lead["owner"], &lead["sla"]["status"]),
        (&json!("jonas"), &json!("met"))
    );
    world.end().await;
}

#[tokio::test]
async fn a_lead_sent_back_waits_and_then_goes_to_somebody_else() {
    let world = World::new().await;
    world.post_form("website", ADA).await;
    world.settle().await;
    let lead = world.lead("ada@example.com").await;
    let feedback = format!("/v1/leads/{}/feedback", lead["id"].as_str().unwrap());
    let answer = world
        .command(
            &feedback,
            &json!({ "kind": "rejected", "reason": "not_now", "by": "jonas" }),
        )
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    world.settle().await;
    let waiting = world.lead("ada@example.com").await;
    assert_eq!(
        (&waiting["owner"], &waiting["stage"]),
        (&json!(null), &json!("recycled"))
    );
    world.pass(89 * 24 * 60).await;
    assert_eq!(world.lead("ada@example.com").await["owner"], json!(null));
    world.pass(24 * 60 + 1).await;
    world.pass(20).await;
    assert_eq!(
        world.lead("ada@example.com").await["owner"],
        "ana",
        "somebody else, after 90 days"
    );
    world.end().await;
}

#[tokio::test]
async fn a_lead_without_anybody_is_unassigned_because_and_is_tried_again() {
    let off = domain::config::DEFAULT.replace("timezone = \"", "active = false\ntimezone = \"");
    let off = off
        .split("[[golden]]")
        .next()
        .unwrap()
        .replace(
            "[calendars.americas]\nactive = false",
            "[calendars.americas]",
        )
        .replace("[calendars.emea]\nactive = false", "[calendars.emea]");
    let world = World::configured(|outside| format!("{off}\n{}", tests::webhook(outside))).await;
    world.post_form("website", ADA).await;
    world.settle().await;
    let lead = world.lead("ada@example.com").await;
    assert_eq!(
        (&lead["owner"], &lead["unassigned"]),
        (&json!(null), &json!("nobody_eligible"))
    );
    let reasons = world
        .history(&lead)
        .await
        .iter()
        .find(|entry| entry["kind"] == "unassigned")
        .unwrap()["reasons"]
        .to_string();
    assert!(reasons.contains("Jonas Weber is inactive"), "{reasons}");
    world.push(domain::config::DEFAULT).await;
    world.pass(16).await;
    world.pass(16).await;
    assert_eq!(world.lead("ada@example.com").await["owner"], "jonas");
    world.end().await;
}

#[tokio::test]
async fn a_lead_that_got_stuck_is_sent_on() {
    let world = World::new().await;
    world.post_form("website", ADA).await;
    world.settle().await;
    // A lead whose message to `score` was lost for good: make one by hand, from the first decision of another.
    let history = world
        .embedded
        .table
        .lead(
            world.lead("ada@example.com").await["id"]
                .as_str()
                .unwrap()
                .parse()
                .unwrap(),
        )
        .await
        .unwrap()
        .unwrap();
    let stuck = domain::id::LeadId::from_bits(77);
    let first = &history.decisions[..1];
    let at = first[0].at + jiff::SignedDuration::from_mins(10);
    world.embedded.table.arm(stuck, at).await.unwrap();
    assert_eq!(
        world.embedded.table.append(stuck, 0, first).await.unwrap(),
        table::Appended::Done
    );
    world.pass(11).await;
    let lead = world.get(&format!("/v1/leads/{stuck}")).await.body;
    assert_eq!(lead["pool"], "emea", "{lead}");
    world.end().await;
}

#[tokio::test]
async fn a_receiver_that_fails_is_told_again_under_the_same_id_until_it_takes_it() {
    let world = World::new().await;
    Mock::given(method("POST"))
        .and(path("/hook"))
        .respond_with(ResponseTemplate::new(503))
        .with_priority(1)
        .up_to_n_times(2)
        .mount(&world.outside)
        .await;
    world.post_form("website", ADA).await;
    // The first retry also waits five seconds in the queue, and the second is due work only: here both come by due work.
    for (attempts, wait) in [(1, 70), (2, 420), (3, 0)] {
        attempted(&world, attempts).await;
        world.clock.advance(jiff::SignedDuration::from_secs(wait));
        world.embedded.recycle().await.unwrap();
    }
    let told = world.told().await;
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(
        told.iter()
            .all(|(id, body)| *id == told[0].0 && body == &told[0].1),
        "the same id and the same words"
    );
    let lead = world.lead("ada@example.com").await;
    let last = world
        .history(&lead)
        .await
        .into_iter()
        .rfind(|entry| entry["kind"] == "delivered" && entry["reasons"][0]["subject"] == "crm")
        .unwrap();
    assert_eq!(last["summary"], "crm was told, at attempt 3.");
    world.end().await;
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_not_told_again() {
    let world = World::new().await;
    Mock::given(method("POST"))
        .and(path("/hook"))
        .respond_with(ResponseTemplate::new(410))
        .with_priority(1)
        .mount(&world.outside)
        .await;
    world.post_form("website", ADA).await;
    world.settle().await;
    world
        .post_form("website", "email=grace%40example.com&country=US")
        .await;
    world.settle().await;
    assert_eq!(world.told().await.len(), 1);
    world.end().await;
}

/// Waits until so many attempts at the webhook are in the history.
async fn attempted(world: &World, attempts: usize) {
    let is_attempt = |entry: &&serde_json::Value| {
        entry["kind"] == "delivered" && entry["summary"].as_str().unwrap().starts_with("crm ")
    };
    for _ in 0..2_000 {
        let found = world.get("/v1/leads?email=ada%40example.com").await;
        if let Some(lead) = found.body["leads"]
            .as_array()
            .and_then(|leads| leads.first())
            && world.history(lead).await.iter().filter(is_attempt).count() == attempts
        {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("there were no {attempts} attempts");
}

#[tokio::test]
async fn a_receiver_that_hangs_holds_up_no_other_and_is_told_later_under_the_same_ids() {
    let world = World::with(|outside| {
        let slow = tests::webhook(outside)
            .replace("destinations.crm", "destinations.slow")
            .replace("/hook", "/slow")
            .replace(
                "secret = \"crm\"\n",
                "secret = \"crm\"\ntimeout_ms = 15000\n",
            );
        format!("{slow}\n{}", tests::webhook(outside))
    })
    .await;
    Mock::given(method("POST"))
        .and(path("/slow"))
        .respond_with(ResponseTemplate::new(204).set_delay(Duration::from_secs(20)))
        .mount(&world.outside)
        .await;
    for number in 0..20 {
        let email = format!("person{number}%40example.com");
        let started = Instant::now();
        let posted = world
            .post_form("website", &format!("email={email}&country=DE"))
            .await;
        assert_eq!(posted.status, 202);
        // One after the other, as people come.
        let assigned = |told: Vec<(String, Value)>| {
            let assigned = told
                .iter()
                .filter(|(_, body)| body["type"] == "lead.assigned");
            assigned.count()
        };
        while assigned(world.told().await) <= number {
            assert!(
                started.elapsed() < Duration::from_secs(2),
                "lead {number} waits since {:?} for somebody else's receiver",
                started.elapsed()
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    // The rest of the posts run into their limit; then it is not waited for any more.
    world.settle().await;
    let requests = world.outside.received_requests().await.unwrap();
    let slow: Vec<String> = requests
        .iter()
        .filter(|request| request.url.path() == "/slow")
        .map(|request| request.headers["webhook-id"].to_str().unwrap().to_owned())
        .collect();
    assert!(
        (8..=20).contains(&slow.len()),
        "{} posts waited for it",
        slow.len()
    );
    // It is well again: everybody is told, the next time that the schedule says so.
    world.outside.reset().await;
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(204))
        .mount(&world.outside)
        .await;
    tokio::time::sleep(Duration::from_secs(11)).await;
    for _ in 0..3 {
        world.pass(6).await;
    }
    let requests = world.outside.received_requests().await.unwrap();
    let told: std::collections::BTreeSet<String> = requests
        .iter()
        .filter(|request| request.url.path() == "/slow")
        .filter(|request| {
            let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
            body["type"] == "lead.assigned"
        })
        .map(|request| request.headers["webhook-id"].to_str().unwrap().to_owned())
        .collect();
    assert_eq!(told.len(), 20);
    assert!(slow.iter().all(|id| told.contains(id)));
    world.end().await;
}
