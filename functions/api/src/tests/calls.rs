//! What all calls have in common.

use serde_json::json;

use super::{World, request};

#[tokio::test]
async fn without_the_token_nothing_is_told() {
    let world = World::new().await;
    let lead = world.lead().await;
    let path = format!("/v1/leads/{lead}");
    for authorization in [
        None,
        Some("Bearer wrong"),
        Some("Bearer"),
        Some("Bearer "),
        Some("Basic a-token-for-tests"),
        Some("a-token-for-tests"),
        Some("Bearer a-token-for-testsx"),
    ] {
        let mut request = request("GET", &path, "");
        request.headers_mut().remove("authorization");
        if let Some(value) = authorization {
            request
                .headers_mut()
                .insert("authorization", value.parse().unwrap());
        }
        let answered = world.send(request).await;
        assert_eq!(answered.problem(401), "unauthorized", "{authorization:?}");
        assert_eq!(
            answered.headers["www-authenticate"],
            "Bearer realm=\"leadline\""
        );
    }
    let mut lower = request("GET", &path, "");
    lower.headers_mut().insert(
        "authorization",
        "bearer  a-token-for-tests".parse().unwrap(),
    );
    assert_eq!(world.send(lower).await.status, 200);
}

#[tokio::test]
async fn every_call_that_needs_the_token_asks_for_it() {
    let world = World::new().await;
    for route in web::API {
        let path = route
            .path
            .replace("{lead}", "lead_x")
            .replace("{submission}", "sub_x")
            .replace("{batch}", "bat_x")
            .replace("{source}", "website");
        let mut request = request(route.method, &path, "");
        request.headers_mut().remove("authorization");
        let answered = world.send(request).await;
        assert_eq!(
            answered.status.as_u16() == 401,
            route.needs_token,
            "{} {path}: {}",
            route.method,
            answered.text
        );
    }
}

#[tokio::test]
async fn a_token_that_is_not_set_lets_nobody_in() {
    let mut world = World::new().await;
    world.api.token = crate::Token::of(platform::Secrets::fixed([("other", "x")]));
    for token in ["", "x"] {
        let mut request = request("GET", "/v1/config", "");
        request
            .headers_mut()
            .insert("authorization", format!("Bearer {token}").parse().unwrap());
        assert_eq!(world.send(request).await.problem(503), "unavailable");
    }
}

#[tokio::test]
async fn another_method_is_told_which_there_are() {
    let world = World::new().await;
    for (method, path, allow) in [
        ("DELETE", "/v1/config", "GET, HEAD, PUT"),
        ("POST", "/v1/leads/lead_x", "GET, HEAD"),
        ("GET", "/v1/leads/lead_x/feedback", "POST"),
        ("HEAD", "/v1/config/rollback", "POST"),
    ] {
        let answered = world.send(request(method, path, "")).await;
        assert_eq!(answered.status, 405, "{method} {path}");
        assert_eq!(answered.headers["allow"], allow, "{method} {path}");
    }
    assert_eq!(world.get("/v1/nothing").await.problem(404), "not_found");
    assert_eq!(
        world.get("/v1/sources/website").await.problem(404),
        "not_found"
    );
}

#[tokio::test]
async fn head_is_answered_like_get_without_a_body() {
    let world = World::new().await;
    let lead = world.lead().await;
    for path in [
        format!("/v1/leads/{lead}"),
        "/v1/leads/lead_x".to_owned(),
        "/v1/health".to_owned(),
    ] {
        let get = world.get(&path).await;
        let head = world.send(request("HEAD", &path, "")).await;
        assert_eq!(
            (head.status, &head.headers),
            (get.status, &get.headers),
            "{path}"
        );
        assert_eq!(head.text, "");
        assert_ne!(get.text, "");
    }
}

#[tokio::test]
async fn health_tells_the_version_in_force() {
    let empty = World::without_configuration().await;
    assert_eq!(
        empty.get("/v1/health").await.ok("Health"),
        json!({ "status": "ok", "config": null })
    );
    let world = World::new().await;
    assert_eq!(
        world.get("/v1/health").await.ok("Health")["config"],
        world.config
    );
}

#[tokio::test]
async fn the_document_of_the_interface_is_served() {
    let world = World::without_configuration().await;
    let answered = world.get("/v1/openapi.json").await;
    assert_eq!(answered.status, 200);
    assert_eq!(answered.headers["content-type"], "application/json");
    assert_eq!(answered.json()["openapi"], "3.1.1");
}

#[tokio::test]
async fn a_body_that_is_no_object_is_refused_and_not_quoted() {
    let world = World::new().await;
    let lead = world.lead().await;
    let path = format!("/v1/leads/{lead}/feedback");
    for body in [
        "",
        "{",
        "[]",
        "\"greta@brightwater.example\"",
        "{\"kind\": greta}",
    ] {
        let answered = world.send(request("POST", &path, body)).await;
        assert_eq!(answered.problem(400), "unparseable", "{body}");
        assert!(!answered.text.contains("greta"), "{}", answered.text);
    }
    let long = format!("{{\"reason\": \"{}\"}}", "x".repeat(crate::MAX_JSON_BYTES));
    assert_eq!(
        world.send(request("POST", &path, &long)).await.problem(413),
        "too_large"
    );
    let deep = "[".repeat(100_000);
    assert_eq!(
        world.send(request("POST", &path, &deep)).await.problem(400),
        "unparseable"
    );
}

#[tokio::test]
async fn an_idempotency_key_has_a_form() {
    let world = World::new().await;
    let path = format!("/v1/leads/{}/feedback", world.lead().await);
    for key in ["", "a b", &"k".repeat(256)] {
        let answered = world
            .post_once(&path, key, &super::feedback("contacted"))
            .await;
        assert_eq!(answered.problem(400), "invalid_idempotency_key", "{key:?}");
    }
    assert_eq!(
        world
            .post_once(&path, &"k".repeat(255), &super::feedback("contacted"))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn a_value_in_the_place_of_a_name_is_not_said_back() {
    let world = World::new().await;
    for (target, shown) in [
        ("/v1/leads?owner=mia", "owner"),
        ("/v1/leads?ada%40example.com", "(a name that is left out)"),
        ("/v1/leads?Ada+Example=1", "(a name that is left out)"),
    ] {
        let answered = world.send(request("GET", target, "")).await;
        assert_eq!(answered.problem(422), "unsupported_filter", "{target}");
        assert_eq!(
            answered.json()["errors"][0]["field"],
            json!(shown),
            "{target}"
        );
    }
}
