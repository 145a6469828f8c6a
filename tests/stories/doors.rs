use lambda_http::Body;
use lambda_http::http::Method;
use serde_json::json;
use tests::{TOKEN, World};

#[tokio::test]
async fn every_bad_field_is_reported_at_once_and_nothing_is_kept() {
    let world = World::new().await;
    let before = world.everything().await;
    let answer = world
        .post_form("website", "email=ada%40&phone=call+me&first_name=Ada")
        .await;
    assert_eq!(answer.status, 422, "{}", answer.body);
    assert_eq!(answer.headers["content-type"], "application/problem+json");
    let fields: Vec<&str> = answer.body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].as_str().unwrap())
        .collect();
    assert_eq!(fields, ["email", "phone"]);
    assert!(
        !answer.body.to_string().contains("call me"),
        "what was sent is not repeated"
    );
    world.settle().await;
    assert_eq!(world.everything().await, before);
    world.end().await;
}

#[tokio::test]
async fn doors_refuse_what_they_do_not_know() {
    let world = World::new().await;
    let form = [("content-type", "application/x-www-form-urlencoded")];
    for (verb, target, body, status) in [
        (
            Method::POST,
            "/v1/sources/nobody",
            "email=a%40example.com",
            404,
        ),
        (
            Method::PUT,
            "/v1/sources/website",
            "email=a%40example.com",
            405,
        ),
        (Method::GET, "/v1/sources/website", "", 405),
        (Method::POST, "/v1/sources/website", "", 400),
        (Method::POST, "/v1/sources/typeform", "{}", 401),
        (Method::POST, "/v1/events", "{", 400),
        (Method::POST, "/v1/events", r#"{"events":[]}"#, 422),
        (Method::GET, "/v1/leads?email=a%40example.com", "", 401),
        (Method::GET, "/v1/nothing", "", 404),
    ] {
        let answer = world.send(verb.clone(), target, &form, body).await;
        assert_eq!(answer.status, status, "{verb} {target}: {}", answer.body);
        assert_eq!(
            answer.headers["content-type"], "application/problem+json",
            "{verb} {target}"
        );
        assert!(
            answer.body["type"]
                .as_str()
                .unwrap()
                .starts_with("urn:leadline:problem:")
        );
        if status == 405 {
            assert!(answer.headers.contains_key("allow"), "{verb} {target}");
        }
    }
    let large = "x".repeat(70_000);
    assert_eq!(
        world
            .send(
                Method::POST,
                "/v1/sources/website",
                &form,
                format!("email=a%40example.com&message={large}")
            )
            .await
            .status,
        413
    );
    world.end().await;
}

#[tokio::test]
async fn a_browser_is_told_which_pages_may_post() {
    let world = World::configured(|_| {
        domain::config::DEFAULT.replacen(
            "origins = [\"*\"]",
            "origins = [\"https://www.example.com\"]",
            1,
        )
    })
    .await;
    let ask = |origin: &'static str| {
        let world = &world;
        async move {
            world
                .send(
                    Method::OPTIONS,
                    "/v1/sources/website",
                    &[
                        ("origin", origin),
                        ("access-control-request-method", "POST"),
                    ],
                    Body::Empty,
                )
                .await
        }
    };
    let ours = ask("https://www.example.com").await;
    assert_eq!(
        (
            ours.status,
            ours.headers["access-control-allow-origin"]
                .to_str()
                .unwrap()
        ),
        (204, "https://www.example.com")
    );
    assert!(
        !ask("https://evil.example")
            .await
            .headers
            .contains_key("access-control-allow-origin")
    );
    let headers = [
        ("origin", "https://www.example.com"),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let posted = world
        .send(
            Method::POST,
            "/v1/sources/website",
            &headers,
            "email=ada%40example.com",
        )
        .await;
    assert_eq!(
        (
            posted.status,
            posted.headers["access-control-allow-origin"]
                .to_str()
                .unwrap()
        ),
        (202, "https://www.example.com")
    );
    world.end().await;
}

#[tokio::test]
async fn a_chatbot_hands_over_a_conversation() {
    let world = World::new().await;
    let body = json!({
        "conversation_id": "c-1",
        "variables": { "email": "ada@example.com", "name": "Ada Example", "company": "Example GmbH", "country": "DE" },
        "transcript": [{ "from": "bot", "text": "How can we help?" }, { "from": "visitor", "text": "A demo, please." }]
    });
    let answer = world.post_json("/v1/sources/assistant", &body).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    world.settle().await;
    let lead = world.lead("ada@example.com").await;
    assert_eq!(
        (&lead["contact"]["first_name"], &lead["owner"]),
        (&json!("Ada"), &json!("jonas"))
    );
    world.end().await;
}

#[tokio::test]
async fn a_form_without_a_configuration_in_german_and_nested_is_understood() {
    let world = World::new().await;
    let body = json!({ "kontakt": { "name": "Greta Lindholm", "e-mail": "greta@example.com", "telefon": "030 901820" }, "firma": "Beispiel GmbH", "land": "Deutschland" });
    let answer = world.post_json("/v1/sources/website", &body).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    world.settle().await;
    let lead = world.lead("greta@example.com").await;
    assert_eq!(
        (
            &lead["contact"]["last_name"],
            &lead["contact"]["phone"],
            &lead["company"]["name"],
            &lead["company"]["country"]
        ),
        (
            &json!("Lindholm"),
            &json!("+4930901820"),
            &json!("Beispiel GmbH"),
            &json!("DE")
        )
    );
    world.end().await;
}

#[tokio::test]
async fn the_api_asks_for_its_token() {
    let world = World::new().await;
    for authorization in [
        "",
        "Bearer",
        "Bearer wrong",
        &format!("Basic {TOKEN}"),
        &format!("Bearer {TOKEN}x"),
    ] {
        let answer = world
            .send(
                Method::GET,
                "/v1/leads?email=a%40example.com",
                &[("authorization", authorization)],
                Body::Empty,
            )
            .await;
        assert_eq!(answer.status, 401, "{authorization}");
    }
    assert_eq!(
        world.get("/v1/leads?email=a%40example.com").await.status,
        200
    );
    assert_eq!(
        world
            .send(Method::GET, "/v1/health", &[], Body::Empty)
            .await
            .status,
        200
    );
    assert_eq!(
        world
            .send(Method::GET, "/v1/openapi.json", &[], Body::Empty)
            .await
            .body["openapi"],
        "3.1.1"
    );
    world.end().await;
}
