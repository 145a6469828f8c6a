use super::*;
use crate::Unparseable;

fn why(request: &Request) -> Unparseable {
    match request.refusal() {
        Refusal::Unparseable(why) => why,
        other => panic!("refused otherwise: {other}"),
    }
}

#[test]
fn only_post_is_taken() {
    let refusal = Request::form("")
        .with(|request| request.method = "GET")
        .refusal();
    assert_eq!(
        (refusal.status(), &refusal),
        (
            405,
            &Refusal::MethodNotAllowed {
                allow: "POST".to_owned()
            }
        )
    );
}

#[test]
fn the_size_comes_before_everything_else() {
    let request = Request::form("email=a%40example.org").with(|request| {
        request.source.max_body_bytes = 20;
        request.source.secret = Some("S".to_owned());
    });
    assert_eq!(
        (request.refusal().status(), request.refusal()),
        (413, Refusal::TooLarge { limit: 20 })
    );
    let fits =
        Request::form("email=a%40example.org").with(|request| request.source.max_body_bytes = 21);
    assert!(fits.receive().is_ok());
}

#[test]
fn an_unproved_sender_does_not_learn_what_is_wrong_with_its_body() {
    let request = Request::json("{ broken")
        .header("idempotency-key", "")
        .with(|request| {
            request.source.secret = Some("S".to_owned());
            request.secrets = vec!["right"];
        });
    assert_eq!(request.refusal().status(), 401);
}

#[test]
fn other_content_types_are_refused_with_what_is_taken() {
    for content_type in [
        "application/xml",
        "image/png",
        "text/html",
        "multipart/mixed; boundary=x",
        "application/json; charset=utf-16",
    ] {
        let refusal =
            Request::new(SourceKind::Form, content_type, "email=a%40example.org").refusal();
        assert_eq!(
            (refusal.status(), refusal.code()),
            (415, "unsupported_content_type"),
            "{content_type}"
        );
        assert!(refusal.detail().contains("application/json"));
    }
    let two = Request::json("{}").header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(two.refusal().status(), 415);
    let neither = Request::new(SourceKind::Form, "", "<xml>what=is this</xml>");
    assert_eq!(neither.refusal().status(), 415);
}

#[test]
fn unreadable_bodies_say_where_and_what_to_do() {
    assert_eq!(why(&Request::form("")), Unparseable::Empty);
    assert_eq!(
        why(&Request::json("{\"a\": 1,\n \"b\": }")),
        Unparseable::Json { line: 2, column: 7 }
    );
    assert_eq!(
        why(&Request::json("{\"a\": {\"b\": 1, \"b\": 2}}")),
        Unparseable::DuplicateKey {
            place: "a.b".to_owned()
        }
    );
    assert_eq!(
        why(&Request::json(r#"{"a": ["x", "\ud800"]}"#)),
        Unparseable::JsonText {
            place: "a.1".to_owned()
        }
    );
    assert_eq!(
        why(&Request::json("[{}, {}]")),
        Unparseable::Shape {
            place: "the body",
            expected: "one JSON object of fields"
        }
    );
    assert_eq!(
        why(&Request::form("a=1&b=%FF")),
        Unparseable::Charset {
            place: "field 2".to_owned(),
            offset: 0
        }
    );
    let raw = Request::json("").with(|request| request.body = b"{\"a\": \"\xFF\"}".to_vec());
    assert_eq!(
        why(&raw),
        Unparseable::Charset {
            place: "the body".to_owned(),
            offset: 7
        }
    );
    for refusal in [
        Request::form("").refusal(),
        Request::form("a=%00").refusal(),
    ] {
        assert_eq!((refusal.status(), refusal.code()), (400, "unparseable"));
        assert!(!refusal.detail().is_empty());
    }
}

#[test]
fn everything_is_bounded() {
    let fields = |count: usize| {
        (0..count)
            .map(|number| format!("f{number}=1"))
            .collect::<Vec<_>>()
            .join("&")
    };
    assert!(
        Request::form(&format!("email=a%40example.org&{}", fields(199)))
            .receive()
            .is_ok()
    );
    assert_eq!(
        why(&Request::form(&fields(201))),
        Unparseable::TooManyFields { limit: 200 }
    );
    assert_eq!(
        why(&Request::form(&format!("a=1&{}=1", "n".repeat(201)))),
        Unparseable::NameTooLong {
            position: 2,
            limit: 200
        }
    );
    let nested = |depth: usize| {
        format!(
            r#"{{"email": "a@example.org", "a": {}1{}}}"#,
            "[".repeat(depth),
            "]".repeat(depth)
        )
    };
    assert!(Request::json(&nested(15)).receive().is_ok());
    assert_eq!(
        why(&Request::json(&nested(17))),
        Unparseable::TooDeep { limit: 16 }
    );
    assert_eq!(
        why(&Request::json(&nested(20_000))),
        Unparseable::TooDeep { limit: 16 }
    );
    assert_eq!(
        why(&Request::form(&format!("a{}=1", "[b]".repeat(16)))),
        Unparseable::TooDeep { limit: 16 }
    );
    assert_eq!(
        why(&Request::form("a=1&b=x%00y")),
        Unparseable::Nul { position: 2 }
    );
    assert_eq!(
        why(&Request::json(r#"{"a": "x\u0000y"}"#)),
        Unparseable::Nul { position: 1 }
    );
}

#[test]
fn broken_multipart_is_refused_by_its_part() {
    let multipart =
        |body: &str| Request::new(SourceKind::Form, "multipart/form-data; boundary=b", body);
    let part = "--b\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\na@example.org\r\n";
    assert!(multipart(&format!("{part}--b--\r\n")).receive().is_ok());
    for (body, number) in [
        ("no boundary at all".to_owned(), 1),
        (part.to_owned(), 1),
        (
            format!("{part}--b\r\nContent-Disposition: form-data; name=\"x\"\r\n--b--"),
            2,
        ),
        (
            format!("{part}--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--"),
            2,
        ),
        (
            format!("{part}--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--"),
            2,
        ),
        (
            format!(
                "{part}--b\r\nContent-Disposition: form-data; name=x\r\nContent-Transfer-Encoding: base64\r\n\r\neA==\r\n--b--"
            ),
            2,
        ),
    ] {
        assert!(
            matches!(why(&multipart(&body)), Unparseable::Multipart { part, .. } if part == number),
            "{body}"
        );
    }
    let unbounded = Request::new(
        SourceKind::Form,
        "multipart/form-data",
        format!("{part}--b--"),
    );
    assert_eq!(why(&unbounded), Unparseable::Boundary);
    let long = Request::new(
        SourceKind::Form,
        &format!("multipart/form-data; boundary={}", "b".repeat(71)),
        "x",
    );
    assert_eq!(why(&long), Unparseable::Boundary);
}

#[test]
fn a_line_that_only_starts_like_the_boundary_belongs_to_the_content() {
    let body = "--b\r\nContent-Disposition: form-data; name=\"message\"\r\n\r\n--border\r\n --b\r\n\r\n--b\r\n\
        Content-Disposition: form-data; name=\"email\"\r\n\r\na@example.org\r\n--b--";
    let submission =
        Request::new(SourceKind::Form, "multipart/form-data; boundary=b", body).submission();
    assert_eq!(text(&submission, "message"), "--border\n --b");
}

#[test]
fn a_packed_body_is_refused_and_never_unpacked() {
    for coding in ["gzip", "br", "identity, GZIP", "x-unheard-of"] {
        let packed = Request::form("email=a%40example.org").header("content-encoding", coding);
        assert_eq!(
            (packed.refusal().status(), packed.refusal()),
            (415, Refusal::Compressed),
            "{coding}"
        );
    }
    for coding in ["", "identity", " Identity "] {
        let plain = Request::form("email=a%40example.org").header("content-encoding", coding);
        assert!(plain.receive().is_ok(), "{coding}");
    }
}
