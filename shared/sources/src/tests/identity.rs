use super::*;

const BODY: &str = "email=a%40example.org&interest=x&interest=y";

#[test]
fn the_same_content_within_the_window_is_the_same_submission() {
    let first = Request::form(BODY).at("2026-01-12T12:00:00Z").submission();
    let soon = Request::form(BODY).at("2026-01-12T12:59:59Z").submission();
    assert_eq!(first.id, soon.id);
}

#[test]
fn a_repeat_across_the_border_of_two_windows_is_found_under_the_earlier_id() {
    let first = Request::form(BODY).at("2026-01-12T12:59:59Z").submission();
    let next = Request::form(BODY).at("2026-01-12T13:00:00Z").submission();
    assert_ne!(first.id, next.id);
    assert_eq!(next.earlier, Some(first.id));
    let much_later = Request::form(BODY).at("2026-01-12T14:00:00Z").submission();
    assert!(much_later.id != first.id && much_later.earlier != Some(first.id));
}

#[test]
fn without_a_window_every_request_is_its_own_submission() {
    let always = |at| {
        Request::form(BODY)
            .at(at)
            .with(|request| request.source.repeat_window_minutes = 0)
            .submission()
    };
    assert_ne!(
        always("2026-01-12T12:00:00Z").id,
        always("2026-01-12T12:00:00.000001Z").id
    );
    assert_eq!(
        always("2026-01-12T12:00:00Z").id,
        always("2026-01-12T12:00:00Z").id
    );
    assert_eq!(always("2026-01-12T12:00:00Z").earlier, None);
}

#[test]
fn the_encoding_of_the_same_fields_makes_no_difference() {
    let form = Request::form(BODY).submission();
    let json = Request::json(r#"{"interest": ["x", "y"], "email": "a@example.org"}"#).submission();
    assert_eq!(form.id, json.id);
}

#[test]
fn what_the_forms_machinery_adds_makes_no_difference() {
    let tokens = Request::form(&format!(
        "{BODY}&csrf_token=1&_ts=17&cf-turnstile-response=abc"
    ))
    .submission();
    assert_eq!(tokens.id, Request::form(BODY).submission().id);
}

#[test]
fn the_order_of_repeats_and_the_source_make_a_difference() {
    let id = Request::form(BODY).submission().id;
    assert_ne!(
        Request::form("email=a%40example.org&interest=y&interest=x")
            .submission()
            .id,
        id
    );
    let pepper = Pepper::new("a pepper for tests");
    let request = Request::form(BODY);
    let door = Door {
        handshake_secrets: &[],
        name: "other",
        source: &request.source,
        secrets: &[],
        pepper: &pepper,
        default_country: None,
    };
    let Ok(Accepted::Submissions(parsed)) = receive(&door, &request.incoming()) else {
        panic!("refused")
    };
    assert_ne!(parsed[0].id(), id);
}

#[test]
fn an_idempotency_key_decides_alone_in_quotes_or_bare() {
    let bare = Request::form(BODY)
        .header("Idempotency-Key", "order-7")
        .submission();
    let quoted = Request::form("email=b%40example.org")
        .header("Idempotency-Key", "\"order-7\"")
        .at("2026-06-01T00:00:00Z")
        .submission();
    assert_eq!(bare.id, quoted.id);
    assert_eq!(bare.earlier, None);
    assert_ne!(
        Request::form(BODY)
            .header("Idempotency-Key", "order-8")
            .submission()
            .id,
        bare.id
    );
    let quarantined = Request::form("email=bad")
        .header("Idempotency-Key", "order-7")
        .with(|request| request.source.answer_field_errors = false);
    assert_eq!(quarantined.quarantined().id, bare.id);
}

#[test]
fn an_unusable_idempotency_key_is_refused() {
    let long = "k".repeat(256);
    for key in ["", "\"\"", "\"open", "\"a\"b", "a b", "\"a\\nb\"", &long] {
        let request = Request::form(BODY).header("Idempotency-Key", key);
        assert_eq!(request.refusal(), Refusal::IdempotencyKey, "{key}");
    }
    let two = Request::form(BODY)
        .header("Idempotency-Key", "a")
        .header("Idempotency-Key", "a");
    assert_eq!(two.refusal().status(), 400);
    assert!(
        Request::form(BODY)
            .header("Idempotency-Key", &long[..255])
            .receive()
            .is_ok()
    );
}

#[test]
fn a_mapped_id_of_the_sender_tells_repeats_apart() {
    let with_id = |id: &str, email: &str, at| {
        Request::form(&format!("email={email}%40example.org&entry={id}"))
            .map("external_id", &["entry"])
            .at(at)
            .submission()
    };
    let first = with_id("7", "a", "2026-01-12T12:00:00Z");
    assert_eq!(first.external_id.as_deref(), Some("7"));
    assert_eq!(with_id("7", "b", "2026-03-12T12:00:00Z").id, first.id);
    assert_ne!(with_id("8", "a", "2026-01-12T12:00:00Z").id, first.id);
    // Stored shortened, told apart whole.
    let long = "9".repeat(300);
    let other = format!("{long}1");
    assert_ne!(with_id(&long, "a", NOON).id, with_id(&other, "a", NOON).id);
    assert_eq!(
        with_id(&long, "a", NOON).external_id.map(|id| id.len()),
        Some(255)
    );
}
