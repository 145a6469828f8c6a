use super::*;
use domain::field::{Field, Value};

fn asked(body: &str) -> Result<crate::Asked, Refusal> {
    let request = Request::new(SourceKind::Generic, "application/json", body);
    request.open(crate::asked)
}

#[test]
fn a_ping_needs_no_contact_and_keeps_hashes_as_what_they_are() {
    let digest = "9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08";
    let ping = asked(&format!(
        r#"{{"country": "United States", "postal_code": "20001", "email_sha256": "{digest}"}}"#
    ))
    .unwrap();
    let text = |field: &Field| ping.fields.get(field).map(Value::to_string);
    assert_eq!(text(&Field::Country).as_deref(), Some("US"));
    let hash = Field::Custom("email_sha256".to_owned());
    assert_eq!(text(&hash), Some(digest.to_ascii_lowercase()));
    assert_eq!(text(&Field::Email), None);
}

#[test]
fn what_is_no_hash_and_what_is_no_number_is_refused_by_its_field() {
    for (body, field) in [
        (r#"{"email_sha256": "ada@example.com"}"#, "email_sha256"),
        (r#"{"phone": "call me"}"#, "phone"),
    ] {
        let Err(Refusal::Fields(problems)) = asked(body) else {
            panic!("{body} is refused");
        };
        assert_eq!(problems[0].field, field);
        assert!(!problems[0].message.contains("ada"), "{:?}", problems[0]);
    }
    assert!(asked("").is_err());
    assert!(asked("[").is_err());
}
