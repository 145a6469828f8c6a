use super::*;

fn provider() -> Provider {
    let toml = r#"
        url = "https://atlas.example.com/{domain}"
        [fields]
        company = "$.company.legal_name"
        employees = "company.size"
        industry = "company.tags[1].name"
        country = "hq.country"
        city = "hq.missing"
    "#;
    toml::from_str(toml).unwrap()
}

#[test]
fn configured_ways_lead_to_typed_values() {
    let body = br#"{"company":{"legal_name":" Example GmbH ","size":"51-200","tags":[{"name":"a"},{"name":"Software"}]},"hq":{"country":"Germany"}}"#;
    let fields = read_answer(&provider(), body).unwrap();
    let expected: Fields = [
        (Field::Company, Value::Text("Example GmbH".to_owned())),
        (Field::Employees, Value::Number(51)),
        (Field::Industry, Value::Text("Software".to_owned())),
        (Field::Country, Value::Text("DE".to_owned())),
    ]
    .into_iter()
    .collect();
    assert_eq!(fields, expected);
}

#[test]
fn what_is_no_answer_is_nonsense_and_what_is_empty_is_not() {
    for body in ["", "<html>", "7", "\"x\"", "{\"company\":"] {
        assert_eq!(read_answer(&provider(), body.as_bytes()), None, "{body}");
    }
    assert_eq!(read_answer(&provider(), b"{}"), Some(Fields::new()));
    assert_eq!(
        read_answer(&provider(), br#"{"company":[],"hq":null}"#),
        Some(Fields::new())
    );
}

#[test]
fn what_is_filled_into_a_url_cannot_leave_its_place() {
    assert_eq!(percent_encode("a/../b?c#d@e%"), "a%2F..%2Fb%3Fc%23d%40e%25");
}
