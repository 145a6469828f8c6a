use super::*;

const TURNS: &str = r#"{"taken":3,"accounts":{"ana":{"credit":-1,"given":3,"last":3}},"pending":[{"lead":"lead_00000000000000000000000001","round":1,"rep":"ana","at":"2026-03-01T12:00:00Z","candidates":[{"rep":"ana","verdict":"chosen","credit":1}]}]}"#;

fn item(body: AttributeValue) -> Item {
    Item::from([
        (BODY.to_owned(), body),
        (VERSION.to_owned(), AttributeValue::N("7".to_owned())),
    ])
}

#[test]
fn turns_are_read_as_they_are_written_and_as_they_were_written_once() {
    let turns: Turns = serde_json::from_str(TURNS).unwrap();
    let packed = codec::encode("pool", &turns).unwrap();
    for body in [
        AttributeValue::B(Blob::new(packed)),
        AttributeValue::S(TURNS.to_owned()),
    ] {
        assert_eq!(read_turns(&item(body)).unwrap(), (turns.clone(), 7));
    }
}

#[test]
fn damaged_turns_are_an_error() {
    for body in [
        AttributeValue::B(Blob::new(vec![9, 9, 9])),
        AttributeValue::S("{}".to_owned()),
        AttributeValue::Bool(true),
    ] {
        assert!(read_turns(&item(body)).is_err());
    }
}
