use super::*;
use proptest::prelude::*;

const CONTENT_TYPES: [&str; 7] = [
    "",
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded; charset=windows-1252",
    "multipart/form-data; boundary=b",
    "application/json",
    "text/plain",
    "application/xml",
];

/// Pieces that bodies are made of, so that random ones get past the first check.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"--b\r\n".to_vec()),
        Just(b"--b--".to_vec()),
        Just(b"Content-Disposition: form-data; name=\"email\"; filename=\"\r\n\r\n".to_vec()),
        Just(b"{\"email\": \"a@example.org\", \"transcript\": [".to_vec()),
        Just(b"\"fields\": [{\"name\": \"a\", \"value\": [".to_vec()),
        Just(b"]}".to_vec()),
        Just(b"{\"event_type\": \"form_response\", \"form_response\": {\"token\": 1, \"answers\": [{\"type\": \"text\", \"field\": {".to_vec()),
        Just(b"email=%C3%A9&a[b][]=%&name=".to_vec()),
        Just(b"\\ud800\"".to_vec()),
        Just(b"consent[".to_vec()),
        proptest::collection::vec(any::<u8>(), 0..12),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// Documents with the names that kinds look for, so that random ones get past the first look.
fn documents() -> impl Strategy<Value = Vec<u8>> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("\"a@example.org\"".to_owned()),
        Just("\"+12025550143\"".to_owned()),
        Just("17".to_owned()),
        Just("true".to_owned()),
        "\"[a-z:./ ]{0,12}\"",
    ];
    let name = proptest::sample::select(
        &[
            "object",
            "entry",
            "changes",
            "value",
            "messages",
            "field",
            "from",
            "id",
            "type",
            "text",
            "body",
            "data",
            "item",
            "topic",
            "visitor",
            "items",
            "kind",
            "customer",
            "sender",
            "messaging",
            "message",
            "event",
            "action",
            "actor",
            "sessionState",
            "intent",
            "slots",
            "queryResult",
            "parameters",
            "sessionInfo",
            "detail",
            "specversion",
            "source",
            "contacts",
            "interactive",
            "nfm_reply",
            "response_json",
            "email",
            "content",
            "users",
            "user",
        ][..],
    );
    let tree = leaf.prop_recursive(8, 64, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4)
                .prop_map(|items| format!("[{}]", items.join(","))),
            proptest::collection::btree_map(name.clone(), inner, 0..6).prop_map(|members| {
                let members: Vec<String> = members
                    .into_iter()
                    .map(|(name, value)| format!("\"{name}\":{value}"))
                    .collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    });
    tree.prop_map(String::into_bytes)
}

/// Fields of a form by name, with several values each. The names are of the user's own and of no machinery.
fn fields() -> impl Strategy<Value = Vec<(String, String)>> {
    proptest::collection::btree_map("own_[a-z]{1,6}", "[ -~é✓]{1,20}", 1..6)
        .prop_map(|fields| fields.into_iter().collect())
}

fn urlencoded(fields: &[(String, String)]) -> String {
    let mut body = url::form_urlencoded::Serializer::new("email=a%40example.org".to_owned());
    body.extend_pairs(fields);
    body.finish()
}

fn multipart(fields: &[(String, String)], boundary: &str) -> Request {
    let part = |name: &str, value: &str| {
        format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        )
    };
    let parts: String = fields
        .iter()
        .map(|(name, value)| part(name, value))
        .collect();
    let body = format!(
        "{parts}{}--{boundary}--\r\n",
        part("email", "a@example.org")
    );
    Request::new(
        SourceKind::Form,
        &format!("multipart/form-data; boundary={boundary}"),
        body,
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_body_makes_a_form_or_a_chatbot_panic_and_reading_it_again_says_the_same(
        body in pieces(),
        content_type in proptest::sample::select(&CONTENT_TYPES[..]),
        kind in proptest::sample::select(&[SourceKind::Form, SourceKind::Chatbot][..]),
        quarantine: bool,
    ) {
        let request = Request::new(kind, content_type, body).with(|request| request.source.answer_field_errors = !quarantine);
        prop_assert_eq!(request.receive(), request.receive());
    }

    #[test]
    fn no_proved_body_makes_a_kind_panic(body in pieces(), content_type in proptest::sample::select(&CONTENT_TYPES[..])) {
        // Past the proof, which random bytes do not have.
        for kind in SourceKind::ALL {
            Request::new(*kind, content_type, body.clone()).open(|door, incoming| {
                let _ = (crate::kinds::of(*kind).read)(door, incoming);
                let _ = (crate::kinds::of(*kind).verify)(door, incoming);
            });
        }
    }

    #[test]
    fn no_body_makes_a_ping_panic_and_a_ping_again_says_the_same(
        body in prop_oneof![pieces(), documents()],
        content_type in proptest::sample::select(&CONTENT_TYPES[..]),
    ) {
        let request = Request::new(SourceKind::Generic, content_type, body);
        prop_assert_eq!(request.open(crate::asked), request.open(crate::asked));
    }

    #[test]
    fn the_order_of_fields_and_the_encoding_do_not_change_the_id(fields in fields(), boundary in "[A-Za-z0-9]{30,40}") {
        let mut reversed = fields.clone();
        reversed.reverse();
        let id = Request::form(&urlencoded(&fields)).submission().id;
        prop_assert_eq!(Request::form(&urlencoded(&reversed)).submission().id, id);
        prop_assert_eq!(multipart(&fields, &boundary).submission().id, id);
        let object: serde_json::Map<String, serde_json::Value> =
            fields.into_iter().map(|(name, value)| (name, value.into())).chain([("email".to_owned(), "a@example.org".into())]).collect();
        prop_assert_eq!(Request::json(&serde_json::Value::Object(object).to_string()).submission().id, id);
    }

    #[test]
    fn changing_any_value_changes_the_id(fields in fields(), which: proptest::sample::Index, more in "[a-z0-9]{1,5}") {
        let id = Request::form(&urlencoded(&fields)).submission().id;
        let mut changed = fields.clone();
        changed[which.index(fields.len())].1.push_str(&more);
        prop_assert_ne!(Request::form(&urlencoded(&changed)).submission().id, id);
        changed.remove(which.index(fields.len()));
        prop_assert_ne!(Request::form(&urlencoded(&changed)).submission().id, id);
    }

    #[test]
    fn no_body_makes_any_kind_panic_and_reading_it_again_says_the_same(
        body in prop_oneof![pieces(), documents()],
        content_type in proptest::sample::select(&CONTENT_TYPES[..]),
        kind in proptest::sample::select(SourceKind::ALL),
        structured: bool,
    ) {
        let content_type = if structured { "application/cloudevents-batch+json" } else { content_type };
        // Past the signature, which random bytes do not have.
        let request = Request::new(kind, content_type, body).header("webhook-id", "msg_1");
        let read = || request.open(|door, incoming| {
            match (crate::kinds::of(kind).read)(door, incoming) {
                Ok(crate::kinds::Reading::Drafts(drafts)) => {
                    for draft in &drafts {
                        let meant = crate::meaning::of(draft, door.source, incoming);
                        let _ = crate::checks::check(&meant, door.source, door.default_country);
                    }
                    format!("{} drafts", drafts.len())
                }
                Ok(_) => "no drafts".to_owned(),
                Err(refusal) => format!("{refusal:?}"),
            }
        });
        prop_assert_eq!(read(), read());
    }
}
