use super::*;

#[test]
fn messages_of_the_first_version_are_still_read() {
    // These texts may be waiting in somebody's dead-letter queue: they must be understood for ever.
    let fixtures = [
        r#"{"type":"score.v1","lead":"lead_00000000000000000000000001","seq":2}"#,
        r#"{"type":"assign.v1","lead":"lead_00000000000000000000000001","seq":2}"#,
        r#"{"type":"assign.v1","lead":"lead_00000000000000000000000001","seq":2,"rescore":true}"#,
        r#"{"type":"assign.v2","lead":"lead_00000000000000000000000001","decisions":[{"at":"2026-03-01T12:00:00Z","config":"cfg_00000000000000000000000001","kind":"received","submission":"sub_00000000000000000000000001","source":"website","received_at":"2026-03-01T12:00:00Z","outcome":"created","fields":{"email":"ada@example.com"},"check_at":"2026-03-01T12:15:00Z"}]}"#,
        r#"{"type":"deliver.v1","lead":"lead_00000000000000000000000001","about":3,"destination":"crm"}"#,
        r#"{"type":"ask_provider.v1","lead":"lead_00000000000000000000000001","provider":"atlas"}"#,
        r#"{"type":"behaviour.v1","person":{"lead":"lead_00000000000000000000000001"},"events":[{"id":"evt_00000000000000000000000001","type":"email_opened","at":"2026-03-01T12:00:00Z"}]}"#,
        r#"{"type":"behaviour.v1","person":{"email":"email#00000000000000000000000001"},"events":[]}"#,
        r#"{"type":"behaviour.v1","person":{"email":"email#00000000000000000000000001"},"events":[],"tries":3}"#,
        r#"{"type":"submission.v1","submission":{"id":"sub_00000000000000000000000001","source":"website","received_at":"2026-03-01T12:00:00Z","fields":{"email":"ada@example.com"}}}"#,
        r#"{"type":"announced.v1","announced":{"id":"sub_00000000000000000000000001","source":"facebook","received_at":"2026-03-01T12:00:00Z","external_id":"17","ids":{"form_id":"4"}}}"#,
        r#"{"type":"announced.v1","announced":{"id":"sub_00000000000000000000000001","source":"facebook","received_at":"2026-03-01T12:00:00Z","external_id":"17"},"tries":2}"#,
        r#"{"type":"certificate.v1","submission":"sub_00000000000000000000000001","source":"website"}"#,
        r#"{"type":"certificate.v1","submission":"sub_00000000000000000000000001","source":"website","tries":2}"#,
        r#"{"type":"quarantined.v1","quarantined":{"id":"sub_00000000000000000000000001","source":"website","received_at":"2026-03-01T12:00:00Z","problems":[{"field":"email","code":"invalid_email","message":"…"}],"raw":{"email":"x"}}}"#,
    ];
    for text in fixtures {
        let message: Message =
            serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(serde_json::to_string(&message).unwrap(), text);
        assert!(text.contains(message.name()));
    }
}

#[test]
fn a_message_that_holds_a_score_asks_for_one() {
    let text = r#"{"type":"assign.v1","lead":"lead_00000000000000000000000001","seq":2,"scored":{"score":{"fit":10,"engagement":0},"stage":"lead","points":[{"rule":"cmo","points":10}],"considered":2}}"#;
    let message: Message = serde_json::from_str(text).unwrap();
    assert!(matches!(
        message,
        Message::Assign {
            seq: 2,
            rescore: true,
            ..
        }
    ));
}

#[test]
fn an_unknown_version_is_an_error() {
    assert!(
        serde_json::from_str::<Message>(
            r#"{"type":"score.v99","lead":"lead_00000000000000000000000001"}"#
        )
        .is_err()
    );
}
