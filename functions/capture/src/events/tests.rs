use super::*;

fn now() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

fn read(json: &str) -> Result<(Whose, Behaviour), &'static str> {
    let config = Events {
        pages: [
            ("/pricing*", "pricing_page_visited"),
            ("/pricing/team", "team_pricing_visited"),
            ("/docs", "docs_visited"),
        ]
        .map(|(path, kind)| (path.to_owned(), kind.to_owned()))
        .into(),
        ..Events::default()
    };
    read_event(
        serde_json::from_str(json).unwrap(),
        &config,
        &Pepper::new("pepper"),
        now(),
    )
    .map_err(|(code, _)| code)
}

#[test]
fn bad_events_are_told_apart() {
    for (json, code) in [
        (r#"{"type":"email_opened"}"#, "nobody"),
        (
            r#"{"type":"email_opened","visitor":"a b"}"#,
            "invalid_visitor",
        ),
        (
            r#"{"type":"x","visitor":"v1","age_ms":1e300}"#,
            "invalid_age",
        ),
        (r#"{"type":"x","visitor":"v1","age_ms":"1"}"#, "malformed"),
        (r#"{"type":"email_opened","email":"no"}"#, "invalid_email"),
        (r#"{"type":"email_opened","lead":"lead_1"}"#, "invalid_lead"),
        (r#"{"type":"","email":"ada@example.com"}"#, "invalid_type"),
        (r#"{"email":"ada@example.com"}"#, "invalid_type"),
        (
            r#"{"type":"a b","email":"ada@example.com"}"#,
            "invalid_type",
        ),
        (
            r#"{"type":"x","email":"ada@example.com","at":"yesterday"}"#,
            "invalid_at",
        ),
        (
            r#"{"type":"x","email":"ada@example.com","id":""}"#,
            "invalid_id",
        ),
        (r#"{"type":7,"email":"ada@example.com"}"#, "malformed"),
        (r#"[]"#, "malformed"),
    ] {
        assert_eq!(read(json).unwrap_err(), code, "{json}");
    }
}

#[test]
fn the_same_event_has_the_same_id_and_none_is_in_the_future() {
    let event = r#"{"id":"e1","type":"email_opened","email":"ada@example.com","at":"2030-01-01T00:00:00Z"}"#;
    let (person, behaviour) = read(event).unwrap();
    assert_eq!(read(event).unwrap(), (person, behaviour.clone()));
    assert_eq!(behaviour.at, now());
    let without_id =
        r#"{"type":"email_opened","email":"ada@example.com","at":"2026-01-01T00:00:00Z"}"#;
    assert_eq!(
        read(without_id).unwrap().1.id,
        read(without_id).unwrap().1.id
    );
}

#[test]
fn a_visit_to_a_page_of_its_own_is_an_event_of_its_own() {
    for (path, kind) in [
        ("/pricing", "pricing_page_visited"),
        ("/pricing/", "pricing_page_visited"),
        ("/pricing/eu?ref=x", "pricing_page_visited"),
        ("/pricing/team/", "team_pricing_visited"),
        ("/docs/", "docs_visited"),
        ("/docs/start", "page_visited"),
        ("/", "page_visited"),
    ] {
        let event =
            json!({ "type": "page_visited", "visitor": "v1", "properties": { "path": path } });
        assert_eq!(read(&event.to_string()).unwrap().1.kind, kind, "{path}");
    }
    for properties in [json!(null), json!({}), json!([]), json!({ "path": 7 })] {
        let event = json!({ "type": "page_visited", "visitor": "v1", "properties": properties });
        assert_eq!(read(&event.to_string()).unwrap().1.kind, "page_visited");
    }
    let other = r#"{"type":"trial_started","visitor":"v1","properties":{"path":"/pricing"}}"#;
    assert_eq!(read(other).unwrap().1.kind, "trial_started");
}

#[test]
fn what_browsers_count_alike_is_told_apart_and_their_clocks_are_not_believed() {
    let event = |visitor: &str| {
        read(&format!(
            r#"{{"id":"1","type":"x","visitor":"{visitor}","age_ms":1500}}"#
        ))
        .unwrap()
    };
    let (whose, behaviour) = event("v1");
    assert_eq!(event("v1"), (whose, behaviour.clone()));
    assert_ne!(event("v2").1.id, behaviour.id);
    assert_eq!(behaviour.at, "2026-03-01T11:59:58.5Z".parse().unwrap());
    let ahead = r#"{"type":"x","visitor":"v1","age_ms":-5}"#;
    assert_eq!(read(ahead).unwrap().1.at, now());
}
