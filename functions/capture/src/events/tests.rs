use super::*;

fn now() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

fn read(json: &str) -> Result<(Person, Behaviour), &'static str> {
    read_event(
        serde_json::from_str(json).unwrap(),
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
            r#"{"type":"email_opened","visitor":"v1"}"#,
            "unknown_visitor",
        ),
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
