//! What an erasure is asked in. What it does is told by the stories of `tests/stories/erasure.rs`.

use lambda_http::http::StatusCode;
use serde_json::json;

use super::World;

const PLACE: &str = "/v1/erasures";

#[tokio::test]
async fn a_key_stands_for_one_person() {
    let world = World::new().await;
    let somebody = json!({ "email": "somebody@example.com" });
    let first = world.post_once(PLACE, "k-1", &somebody).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.text);
    let again = world.post_once(PLACE, "k-1", &somebody).await;
    assert_eq!((again.status, &again.text), (StatusCode::OK, &first.text));
    let other = json!({ "email": "other@example.com" });
    let refused = world.post_once(PLACE, "k-1", &other).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("under another key"));
    // And it did nothing: asked for properly, it gets a name of its own.
    let asked = world.post_once(PLACE, "k-2", &other).await;
    assert_eq!(asked.status, StatusCode::OK);
    assert_ne!(asked.text, first.text);
}

#[tokio::test]
async fn what_can_be_read_in_two_ways_erases_nobody() {
    let world = World::new().await;
    for (body, said) in [
        (
            r#"{"email":"a@example.com","email":"c@example.com"}"#,
            "a key stands twice in one object",
        ),
        (
            r#"{"by":{"deep":[{"x":1,"x":2}]},"email":"a@example.com"}"#,
            "a key stands twice in one object",
        ),
        ("", "the body is empty; send a JSON object"),
        ("{", "the JSON breaks at line 1, column 1"),
    ] {
        let refused = world.send(super::request("POST", PLACE, body)).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{body}");
        assert!(refused.text.contains(said), "{body}: {}", refused.text);
        assert!(!refused.text.contains("example.com"));
    }
    for value in [json!(["a@example.com"]), json!(7), json!({ "a": 1 })] {
        let refused = world.post(PLACE, &json!({ "email": value })).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text.contains("send one text in quotes"));
    }
}
