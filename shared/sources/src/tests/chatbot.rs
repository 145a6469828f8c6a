use super::*;

fn handoff() -> Request {
    Request::new(
        SourceKind::Chatbot,
        "application/json",
        sample!("chatbot/handoff.json").to_vec(),
    )
}

fn chat(body: &str) -> Request {
    Request::new(SourceKind::Chatbot, "application/json", body)
}

#[test]
fn a_hand_off_tells_who_it_is_and_what_was_said() {
    let submission = handoff().submission();
    check_fields(
        &submission,
        &[
            "email = kwame@harbour-freight.example",
            "phone = +442079460991",
            "first_name = Kwame",
            "last_name = Mensah",
            "company = Harbour Freight Co",
            "language = en-GB",
            "message = bot: Hello! What brings you here?\nvisitor: We lose leads between two offices.\nagent: I will have somebody call you.",
            "page_url = https://www.example.com/docs",
            "custom.budget = 15000",
            "custom.channel = website",
        ],
    );
    assert_eq!(agreed(&submission), ["contact: true ()"]);
    assert_eq!(submission.external_id.as_deref(), Some("conv-2026-0117"));
}

#[test]
fn the_same_hand_off_is_a_repeat_and_one_that_tells_more_is_not() {
    let again = handoff().at("2026-08-01T00:00:00Z");
    assert_eq!(again.submission().id, handoff().submission().id);
    let sample = String::from_utf8(sample!("chatbot/handoff.json").to_vec()).unwrap();
    let more = chat(&sample.replace("\"budget\": 15000", "\"budget\": 15000, \"Title\": \"CFO\""));
    assert_ne!(more.submission().id, handoff().submission().id);
    let said_more = chat(&sample.replace("two offices", "three offices"));
    assert_ne!(said_more.submission().id, handoff().submission().id);
    let other_conversation = chat(&sample.replace("conv-2026-0117", "conv-2026-0118"));
    assert_ne!(
        other_conversation.submission().id,
        handoff().submission().id
    );
}

#[test]
fn bots_spell_it_in_other_ways() {
    let submission = chat(
        r#"{"sessionId": 42, "lead": {"contact": {"email": "a@example.org"}, "question": "Price?"}, "messages": "visitor: hi\nbot: hello", "user": "guest"}"#,
    )
    .submission();
    check_fields(
        &submission,
        &[
            "email = a@example.org",
            "message = Price?\n\nvisitor: hi\nbot: hello",
            "custom.user = guest",
        ],
    );
    assert_eq!(submission.external_id.as_deref(), Some("42"));
}

#[test]
fn of_a_long_conversation_the_end_is_kept() {
    let lines: Vec<String> = (0..2_000)
        .map(|number| format!(r#"{{"from": "bot", "text": "line {number}"}}"#))
        .collect();
    let body = format!(
        r#"{{"id": "c", "email": "a@example.org", "message": "Call me", "transcript": [{}]}}"#,
        lines.join(",")
    );
    let message = text(
        &chat(&body)
            .with(|request| request.source.max_body_bytes = 1_000_000)
            .submission(),
        "message",
    );
    assert!(message.starts_with("Call me\n\nbot: line 1"));
    assert!(message.ends_with("bot: line 1999"));
    assert!(
        (9_980..=10_000).contains(&message.chars().count()),
        "{}",
        message.chars().count()
    );

    let one_line = format!(
        r#"{{"id": "c", "email": "a@example.org", "transcript": "{}end"}}"#,
        "é".repeat(12_000)
    );
    let message = text(&chat(&one_line).submission(), "message");
    assert_eq!(message.chars().count(), 10_000);
    assert!(message.ends_with("éend"));
}

#[test]
fn a_secret_is_asked_for_where_one_is_configured() {
    let guarded = handoff().with(|request| {
        request.source.secret = Some("BOT".to_owned());
        request.secrets = vec!["old secret", "new secret"];
    });
    assert_eq!(guarded.refusal().code(), "proof_missing");
    assert_eq!(
        guarded
            .clone()
            .header("X-Leadline-Secret", "wrong")
            .refusal()
            .code(),
        "proof_wrong"
    );
    assert_eq!(
        guarded
            .clone()
            .header("X-Leadline-Secret", "")
            .refusal()
            .code(),
        "proof_wrong"
    );
    assert!(
        guarded
            .clone()
            .header("x-leadline-secret", "old secret")
            .receive()
            .is_ok()
    );
    assert!(
        guarded
            .clone()
            .header("x-leadline-secret", "new secret")
            .receive()
            .is_ok()
    );
    let unavailable = guarded
        .with(|request| request.secrets = vec![""])
        .header("x-leadline-secret", "");
    assert_eq!(unavailable.refusal().code(), "secret_not_configured");
}

#[test]
fn only_one_json_object_is_a_hand_off() {
    assert_eq!(chat("[]").refusal().code(), "unparseable");
    assert_eq!(chat("\"text\"").refusal().code(), "unparseable");
    let form = Request::new(
        SourceKind::Chatbot,
        "application/x-www-form-urlencoded",
        "email=a%40example.org",
    );
    assert_eq!(form.refusal().code(), "unsupported_content_type");
    let untyped = Request::new(
        SourceKind::Chatbot,
        "",
        sample!("chatbot/handoff.json").to_vec(),
    );
    assert_eq!(untyped.submission().id, handoff().submission().id);
}
