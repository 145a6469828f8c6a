use domain::config::SourceKind;
use proptest::prelude::*;

use super::*;
use crate::decode::json;

fn mapped(document: &str, mapping: &str) -> Vec<String> {
    let document = json::read(document).unwrap_or(Json::Null);
    let mapping: Mapping = serde_json::from_str(mapping).unwrap();
    values_of(&mapping, &document, &document)
}

const LEAD: &str = r#"{
    "person": {"name": "  Ada King Lovelace ", "mails": ["", "Ada@Example.com"], "a.b": "dotted"},
    "answers": [
        {"name": "email", "value": "a@example.com", "field": {"ref": "x"}},
        {"name": "plan", "value": 2},
        {"name": "tags", "value": ["one", "two", null]}
    ],
    "phone": "p:+12025550143", "when": "02.03.2026 11:30", "day": "3/2/26", "at": 1772449800, "odd": "–..x. "
}"#;

#[track_caller]
fn check(mapping: &str, expected: &[&str]) {
    assert_eq!(mapped(LEAD, mapping), expected, "{mapping}");
}

#[test]
fn paths_lead_to_texts_numbers_and_lists_of_them() {
    check(r#""answers[?name=email].value""#, &["a@example.com"]);
    check(r#""answers[?field.ref=x].value""#, &["a@example.com"]);
    check(r#""answers[*].name""#, &["email", "plan", "tags"]);
    check(r#""answers[1].value""#, &["2"]);
    check(r#""answers[?name=tags].value""#, &["one", "two"]);
    check(r#""$.person[\"a.b\"]""#, &["dotted"]);
    check(r#""phone[0]""#, &["p:+12025550143"]);
    check(r#""person""#, &[]);
    check(r#""nobody.there""#, &[]);
    check(r#"["nobody", "person.mails"]"#, &["Ada@Example.com"]);
}

#[test]
fn steps_change_what_is_found_in_their_order() {
    check(r#"{"path": "person.name", "name": "first"}"#, &["Ada King"]);
    check(
        r#"{"path": "person.name", "name": "last", "letters": "upper"}"#,
        &["LOVELACE"],
    );
    check(
        r#"{"path": "person.mails", "letters": "lower"}"#,
        &["ada@example.com"],
    );
    check(r#"{"path": "phone", "without": "p:"}"#, &["+12025550143"]);
    check(r#"{"path": "odd", "trim": "–."}"#, &["x"]);
    check(
        r#"{"join": ["person.a", "phone", "when"], "with": " / "}"#,
        &["p:+12025550143 / 02.03.2026 11:30"],
    );
    check(r#"{"join": ["nothing"], "default": "none"}"#, &["none"]);
    check(
        r#"{"path": "answers[?name=plan].value", "values": {"2": "Business"}}"#,
        &["Business"],
    );
    check(
        r#"{"path": "phone", "values": {"2": "Business"}}"#,
        &["p:+12025550143"],
    );
    check(
        r#"{"path": "phone", "values": {"2": "Business"}, "otherwise": "other"}"#,
        &["other"],
    );
    check(r#"{"path": "nothing", "default": "d"}"#, &["d"]);
    check(r#"{"path": "nothing"}"#, &[]);
}

#[test]
fn dates_are_read_as_the_sender_writes_them() {
    check(
        r#"{"path": "when", "date": "%d.%m.%Y %H:%M", "timezone": "Europe/Berlin"}"#,
        &["2026-03-02T10:30:00Z"],
    );
    check(
        r#"{"path": "when", "date": ["%Y", "%d.%m.%Y %H:%M"]}"#,
        &["2026-03-02T11:30:00Z"],
    );
    check(r#"{"path": "day", "date": "%m/%d/%y"}"#, &["2026-03-02"]);
    check(
        r#"{"path": "at", "date": "unix"}"#,
        &["2026-03-02T11:10:00Z"],
    );
    check(r#"{"path": "phone", "date": "%Y"}"#, &["p:+12025550143"]);
}

#[test]
fn elements_of_xml_are_found_by_their_attributes_and_one_is_a_list() {
    let document = crate::decode::any(
        &http::HeaderMap::new(),
        b"<lead><name part='first'>Ada</name><name part='last'>King</name><mail type='work'>a@example.com</mail></lead>",
    )
    .unwrap_or(Json::Null);
    for (path, expected) in [
        ("name[?part=last]", "King"),
        ("mail[*]", "a@example.com"),
        ("mail[0].type", "work"),
    ] {
        let mapping = Mapping::Path(path.parse().unwrap());
        assert_eq!(
            values_of(&mapping, &document, &document),
            [expected],
            "{path}"
        );
    }
}

fn source(fields: &str) -> Source {
    Source {
        fields: serde_json::from_str(fields).unwrap(),
        ..Source::of_kind(SourceKind::Generic)
    }
}

#[test]
fn records_are_leads_of_their_own_and_only_wanted_ones_are_taken() {
    let document = json::read(
        r#"{"type": "lead.created", "leads": [{"id": 1, "mail": "a@example.com"}, {"id": 2, "mail": "b@example.com", "state": "Spam"}]}"#,
    )
    .unwrap_or(Json::Null);
    let mut source = source(r#"{"email": "mail", "external_id": "id", "custom.event": "$.type"}"#);
    source.records = "leads".parse().ok();
    let count = |source: &Source| match read(&document, None, source) {
        Ok(Reading::Drafts(drafts)) => drafts
            .iter()
            .map(|draft| draft.external_id.clone().unwrap_or_default())
            .collect(),
        Ok(_) => Vec::new(),
        Err(error) => panic!("{error}"),
    };
    assert_eq!(count(&source), ["1", "2"]);
    source.only = serde_json::from_str(r#"{"path": "state", "is": "spam"}"#).ok();
    assert_eq!(count(&source), ["2"]);
    source.only = serde_json::from_str(r#"{"path": "$.type", "is": ["other"]}"#).ok();
    assert!(count(&source).is_empty());
}

proptest! {
    #[test]
    fn no_document_and_no_mapping_make_it_panic(
        document in "[{}\\[\\]\":,a-c0-3 ]{0,60}",
        path in "[abc.$*?=\\[\\]0-3]{1,12}",
        value in "\\PC{0,20}",
        format in "(%[YmdHMSpbBzQjsyI]|[/. :]){1,8}",
    ) {
        let document = json::read(&document).unwrap_or(Json::Text(value.clone()));
        if let Ok(path) = path.parse::<JsonPath>() {
            let found = values_of(&Mapping::Path(path), &document, &document);
            prop_assert!(found.len() <= MAX_VALUES);
        }
        let _ = dated(&value, &OneOrMany::One(format), Some("Europe/Berlin"));
    }
}
