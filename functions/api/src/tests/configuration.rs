//! Versions of the configuration.

use domain::config::{DEFAULT, check};
use jiff::SignedDuration;
use serde_json::json;

use super::{World, request};

fn other() -> String {
    DEFAULT.replace("mql = 40", "mql = 41")
}

#[tokio::test]
async fn the_file_in_force_comes_back_as_it_was_pushed() {
    let world = World::new().await;
    let answered = world.get("/v1/config").await;
    assert_eq!(answered.status, 200);
    assert_eq!(answered.text, DEFAULT);
    assert_eq!(
        answered.headers["content-type"],
        "text/plain; charset=utf-8"
    );
    assert_eq!(answered.headers["x-leadline-version"], world.config);
    let empty = World::without_configuration().await;
    assert_eq!(empty.get("/v1/config").await.problem(404), "not_found");
}

#[tokio::test]
async fn a_pushed_file_is_in_force_at_once() {
    let world = World::new().await;
    let pushed = world
        .send(request("PUT", "/v1/config", &other()))
        .await
        .ok("Pushed");
    assert_eq!(pushed["is_new"], true);
    assert_ne!(pushed["version"], world.config);
    assert_eq!(
        world.get("/v1/health").await.json()["config"],
        pushed["version"]
    );
    assert_eq!(world.get("/v1/config").await.text, other());
    let earlier = world
        .get(&format!("/v1/config?version={}", world.config))
        .await;
    assert_eq!(
        (
            earlier.text.as_str(),
            &earlier.headers["x-leadline-version"]
        ),
        (DEFAULT, &world.config.parse().unwrap())
    );
    assert_eq!(
        world.get("/v1/config?version=cfg_x").await.problem(404),
        "not_found"
    );

    let again = world
        .send(request("PUT", "/v1/config", &other()))
        .await
        .ok("Pushed");
    assert_eq!(
        (&again["is_new"], &again["version"]),
        (&json!(false), &pushed["version"])
    );

    // Other comments are the same rules: a version is never written twice.
    let commented = world
        .send(request(
            "PUT",
            "/v1/config",
            &format!("# Better explained.\n{}", other()),
        ))
        .await
        .ok("Pushed");
    assert_eq!(
        (&commented["is_new"], &commented["version"]),
        (&json!(false), &pushed["version"])
    );
    assert_eq!(world.get("/v1/config").await.text, other());
}

#[tokio::test]
async fn a_file_with_errors_is_refused_with_every_place() {
    let world = World::new().await;
    let file = DEFAULT
        .replace("pool = \"emea\"\n", "pool = \"emae\"\n")
        .replace("score = 51", "score = 52");
    let answered = world.send(request("PUT", "/v1/config", &file)).await;
    assert_eq!(answered.problem(422), "invalid_configuration");
    let errors = answered.json()["errors"].clone();
    let bad = errors
        .as_array()
        .unwrap()
        .iter()
        .find(|error| error["path"] == "territories[1].pool")
        .unwrap();
    assert_eq!(bad["severity"], "error");
    assert!(
        errors.as_array().unwrap().len() > 1,
        "warnings are told too"
    );
    assert!(bad["line"].as_u64().unwrap() > 1 && bad["column"].as_u64().unwrap() >= 1);
    assert!(bad["message"].as_str().unwrap().contains("emae"));
    assert_eq!(world.get("/v1/config").await.text, DEFAULT);
}

#[tokio::test]
async fn a_golden_lead_that_comes_out_differently_keeps_a_file_from_being_stored() {
    let world = World::new().await;
    let file = DEFAULT.replace("score = 51", "score = 52");
    let answered = world.send(request("PUT", "/v1/config", &file)).await;
    assert_eq!(answered.problem(422), "invalid_configuration");
    assert_eq!(answered.json()["errors"][0]["code"], "golden_lead");
    assert_eq!(
        world.get("/v1/config/versions").await.json()["versions"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn warnings_do_not_keep_a_file_from_being_stored() {
    let world = World::new().await;
    let file = DEFAULT.replace(
        "[routing]\n",
        "[pools.nobody-asks-for]\nmembers = [{ rep = \"mia\" }]\n\n[routing]\n",
    );
    let pushed = world
        .send(request("PUT", "/v1/config", &file))
        .await
        .ok("Pushed");
    let warnings = pushed["warnings"].as_array().unwrap();
    assert!(!warnings.is_empty());
    assert!(
        warnings
            .iter()
            .all(|warning| warning["severity"] == "warning")
    );
}

#[tokio::test]
async fn a_file_that_is_no_text_or_too_large_is_refused() {
    let world = World::new().await;
    let mut binary = request("PUT", "/v1/config", "");
    *binary.body_mut() = lambda_http::Body::Binary(vec![b'a', 0xff]);
    assert_eq!(world.send(binary).await.problem(400), "unparseable");
    let large = format!("{DEFAULT}#{}", "x".repeat(check::MAX_BYTES));
    assert_eq!(
        world
            .send(request("PUT", "/v1/config", &large))
            .await
            .problem(413),
        "too_large"
    );
    assert_eq!(
        world
            .send(request("PUT", "/v1/config", ""))
            .await
            .problem(422),
        "invalid_configuration"
    );
}

#[tokio::test]
async fn a_file_that_fits_only_without_its_json_is_too_large() {
    let world = World::new().await;
    let commented = format!(
        "{}#{}",
        other(),
        "x".repeat(check::MAX_BYTES - DEFAULT.len() - 1)
    );
    assert_eq!(commented.len(), check::MAX_BYTES);
    assert_eq!(
        world
            .send(request("PUT", "/v1/config", &commented))
            .await
            .status,
        200
    );
    assert!(world.get("/v1/config").await.text == commented);
    // What is no comment is stored twice in one item: as the file, and as functions read it.
    let meant = DEFAULT.replace(
        "name = \"The same, interested\"",
        &format!("name = \"{}\"", "x".repeat(200_000)),
    );
    assert_eq!(
        world
            .send(request("PUT", "/v1/config", &meant))
            .await
            .problem(413),
        "too_large"
    );
    assert!(world.get("/v1/config").await.text == commented);
}

#[tokio::test]
async fn versions_are_listed_and_gone_back_to() {
    let world = World::new().await;
    world.hand.advance(SignedDuration::from_mins(1));
    let newer = world
        .send(request("PUT", "/v1/config", &other()))
        .await
        .json()["version"]
        .clone();
    let expected = |current: &serde_json::Value| {
        json!({ "versions": [
            { "version": newer, "pushed_at": "2026-03-01T12:01:00Z", "is_current": *current == newer },
            { "version": world.config, "pushed_at": "2026-03-01T12:00:00Z", "is_current": *current == json!(world.config) }
        ] })
    };
    assert_eq!(
        world.get("/v1/config/versions").await.ok("Versions"),
        expected(&newer)
    );
    let back = json!({ "version": world.config });
    assert_eq!(
        world.post("/v1/config/rollback", &back).await.ok("InForce"),
        back
    );
    assert_eq!(
        world.get("/v1/config/versions").await.ok("Versions"),
        expected(&json!(world.config))
    );
    assert_eq!(world.get("/v1/config").await.text, DEFAULT);
}

#[tokio::test]
async fn one_cannot_go_back_to_what_never_was() {
    let world = World::new().await;
    assert_eq!(
        world
            .post("/v1/config/rollback", &json!({ "version": "cfg_x" }))
            .await
            .problem(404),
        "not_found"
    );
    for body in [json!({}), json!({ "version": 1 }), json!({ "version": "" })] {
        let answered = world.post("/v1/config/rollback", &body).await;
        assert_eq!(answered.problem(422), "invalid_fields");
        assert_eq!(answered.bad_fields(), ["version: required"]);
    }
    assert_eq!(world.get("/v1/health").await.json()["config"], world.config);
}

#[tokio::test]
async fn a_late_repeat_of_a_rollback_does_not_undo_what_came_after() {
    let world = World::new().await;
    let newer = world
        .send(request("PUT", "/v1/config", &other()))
        .await
        .json()["version"]
        .clone();
    let back = json!({ "version": world.config });
    world
        .post_once("/v1/config/rollback", "k-1", &back)
        .await
        .ok("InForce");
    world
        .send(request("PUT", "/v1/config", &other()))
        .await
        .ok("Pushed");
    world
        .post_once("/v1/config/rollback", "k-1", &back)
        .await
        .ok("InForce");
    assert_eq!(world.get("/v1/health").await.json()["config"], newer);
}
