//! What visitors do before they are known: credited once, to the right person, whatever the order.

use lambda_http::Body;
use lambda_http::http::Method;
use serde_json::{Value, json};
use tests::World;

/// An id as browsers hold it.
const VISITOR: &str = "5f2b9c0e8d7a41f6b3c2d1e0f9a8b7c6";

fn visit(id: &str, path: &str) -> Value {
    json!({ "events": [{ "id": id, "type": "page_visited", "visitor": VISITOR, "properties": { "path": path } }] })
}

async fn visits(world: &World, id: &str, path: &str) {
    // As browsers send it when a page is left: as text.
    let answer = world
        .send(
            Method::POST,
            "/v1/events",
            &[("content-type", "text/plain;charset=UTF-8")],
            visit(id, path).to_string(),
        )
        .await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    assert_eq!(answer.body["accepted"], 1, "{}", answer.body);
}

async fn submits(world: &World, email: &str, rest: &str) {
    let body = format!("email={email}&leadline_visitor={VISITOR}&leadline_ms=20000{rest}");
    assert_eq!(world.post_form("website", &body).await.status, 202);
}

fn engagement(lead: &Value) -> i64 {
    lead["score"]["engagement"].as_i64().unwrap()
}

#[tokio::test]
async fn who_read_the_pricing_page_twice_has_those_points_in_the_first_score() {
    let world = World::new().await;
    visits(&world, "e1", "/pricing").await;
    visits(&world, "e2", "/pricing/?utm_source=x").await;
    visits(&world, "e1", "/pricing").await;
    world.settle().await;
    submits(&world, "ada@brightwater.example", "").await;
    world.settle().await;
    let lead = world.lead("ada@brightwater.example").await;
    assert_eq!(engagement(&lead), 20, "{lead}");
    let history = world.history(&lead).await;
    let scores: Vec<&Value> = history
        .iter()
        .filter(|entry| entry["kind"] == "scored")
        .collect();
    assert_eq!(scores.len(), 1, "the first score has them: {history:?}");
    let kinds: Vec<&str> = history
        .iter()
        .take(3)
        .map(|entry| entry["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["received", "engaged", "scored"]);
    world.end().await;
}

#[tokio::test]
async fn events_before_with_and_after_the_form_count_once_whatever_the_order() {
    let world = World::new().await;
    visits(&world, "before", "/pricing").await;
    submits(&world, "ada@brightwater.example", "").await;
    visits(&world, "with", "/pricing").await;
    world.settle().await;
    world.clock.advance(jiff::SignedDuration::from_mins(5));
    visits(&world, "after", "/pricing").await;
    world.settle().await;
    let lead = world.lead("ada@brightwater.example").await;
    assert_eq!(engagement(&lead), 30, "{lead}");

    let all: Vec<_> = world.handled();
    let before = world.everything().await;
    for (queue, body) in all.iter().chain(all.iter().rev()) {
        assert_eq!(world.invoke(*queue, std::slice::from_ref(body)).await, 0);
        world.settle().await;
    }
    assert_eq!(world.everything().await, before);
    world.end().await;
}

#[tokio::test]
async fn two_people_at_one_device_stay_two_and_the_second_gets_only_what_came_after_the_first() {
    let world = World::new().await;
    let minute = jiff::SignedDuration::from_mins(1);
    visits(&world, "e1", "/pricing").await;
    world.settle().await;
    world.clock.advance(minute);
    submits(&world, "ada@brightwater.example", "&first_name=Ada").await;
    world.settle().await;
    world.clock.advance(minute);
    visits(&world, "e2", "/pricing").await;
    world.settle().await;
    world.clock.advance(minute);
    submits(&world, "kim@harbour.example", "&first_name=Kim").await;
    world.settle().await;
    world.clock.advance(minute);
    visits(&world, "e3", "/pricing").await;
    world.settle().await;

    let ada = world.lead("ada@brightwater.example").await;
    let kim = world.lead("kim@harbour.example").await;
    assert_ne!(ada["id"], kim["id"]);
    assert_eq!(ada["contact"]["first_name"], "Ada");
    assert_eq!(kim["contact"]["first_name"], "Kim");
    assert_eq!(engagement(&ada), 20, "e1 and e2");
    assert_eq!(engagement(&kim), 20, "e2 and e3");
    world.end().await;
}

#[tokio::test]
async fn an_address_that_is_known_gets_what_its_visitor_did_at_a_new_device() {
    let world = World::new().await;
    assert_eq!(
        world
            .post_form("website", "email=ada%40brightwater.example")
            .await
            .status,
        202
    );
    world.settle().await;
    visits(&world, "e1", "/pricing").await;
    world.settle().await;
    submits(&world, "ada@brightwater.example", "&company=Brightwater").await;
    world.settle().await;
    let lead = world.lead("ada@brightwater.example").await;
    assert_eq!(engagement(&lead), 10, "{lead}");
    world.end().await;
}

#[tokio::test]
async fn nothing_of_a_visitor_is_kept_for_longer_than_said_and_no_id_is_stored() {
    let world = World::new().await;
    visits(&world, "e1", "/pricing").await;
    world.settle().await;
    let stored = world.everything().await.join("\n");
    assert!(!stored.contains(VISITOR), "only a keyed hash is stored");
    assert!(stored.contains("expires"));
    world
        .clock
        .advance(jiff::SignedDuration::from_hours(24 * 91));
    submits(&world, "ada@brightwater.example", "").await;
    world.settle().await;
    let lead = world.lead("ada@brightwater.example").await;
    assert_eq!(engagement(&lead), 0, "{lead}");
    world.end().await;
}

#[tokio::test]
async fn a_form_asks_for_what_the_same_browser_has_not_answered_and_strangers_learn_nothing() {
    let profile = "profile = { ask = [\"company\", \"title\", \"employees\"], at_most = 1 }";
    let world = World::configured(|_| {
        domain::config::DEFAULT.replacen(
            "[sources.website]\n",
            &format!("[sources.website]\n{profile}\n"),
            1,
        )
    })
    .await;
    let ask = |visitor: &'static str| {
        let world = &world;
        async move {
            let target = format!("/v1/sources/website/profile?visitor={visitor}");
            let answer = world.send(Method::GET, &target, &[], Body::Empty).await;
            assert_eq!(answer.status, 200, "{}", answer.body);
            assert_eq!(answer.headers["cache-control"], "no-store");
            answer.body
        }
    };
    let nothing = json!({ "skip": [], "ask": ["company"] });
    assert_eq!(ask(VISITOR).await, nothing);
    // Known from elsewhere: that is nobody's business here.
    world
        .post_form("website", "email=ada%40brightwater.example&title=CEO")
        .await;
    world.settle().await;
    submits(&world, "ada@brightwater.example", "&company=Brightwater").await;
    world.settle().await;
    let answered = ask(VISITOR).await;
    assert_eq!(answered, json!({ "skip": ["company"], "ask": ["title"] }));
    assert_eq!(ask("5f2b9c0e8d7a41f6b3c2d1e0f9a8b7c7").await, nothing);
    for guessable in ["v1", "", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "%ff"] {
        assert_eq!(ask(guessable).await, nothing, "{guessable}");
    }
    let other = world
        .send(
            Method::GET,
            "/v1/sources/assistant/profile",
            &[],
            Body::Empty,
        )
        .await;
    assert_eq!(other.status, 404, "it has no profile");
    world.end().await;
}

#[tokio::test]
async fn the_script_is_small_and_kept_by_browsers_until_it_changes() {
    let world = World::new().await;
    let script = world
        .send(
            Method::GET,
            "/leadline.js",
            &[("origin", "https://www.example.com")],
            Body::Empty,
        )
        .await;
    assert_eq!(script.status, 200);
    assert_eq!(
        script.headers["content-type"],
        "text/javascript; charset=utf-8"
    );
    assert_eq!(script.headers["access-control-allow-origin"], "*");
    assert!(
        script.headers["cache-control"]
            .to_str()
            .unwrap()
            .contains("max-age=3600")
    );
    let etag = script.headers["etag"].to_str().unwrap().to_owned();
    for known in [
        etag.clone(),
        format!("W/{etag}"),
        format!("\"other\", {etag}"),
    ] {
        let again = world
            .send(
                Method::GET,
                "/leadline.js",
                &[("if-none-match", known.as_str())],
                Body::Empty,
            )
            .await;
        assert_eq!(again.status, 304, "{known}");
        assert_eq!(again.headers["etag"], etag.as_str());
    }
    let other = world
        .send(
            Method::GET,
            "/leadline.js",
            &[("if-none-match", "\"other\"")],
            Body::Empty,
        )
        .await;
    assert_eq!(other.status, 200);
    world.end().await;
}
