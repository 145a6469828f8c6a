//! Machines: vendors' formats, documents of somebody else's design, and what they are answered.

use super::*;
use crate::{Answered, Reply, Wrong, reply};

fn machine(kind: SourceKind, content_type: &str, body: impl Into<Vec<u8>>) -> Request {
    Request::new(kind, content_type, body)
        .header("X-Leadline-Secret", "vendor-secret")
        .with(|request| {
            request.source.secret = Some("vendor".to_owned());
            request.secrets = vec!["vendor-secret"];
        })
}

fn answer(request: &Request) -> Option<Reply> {
    let received = request.receive();
    let answered = match &received {
        Ok(accepted) => Answered::Accepted(accepted),
        Err(refusal) => Answered::Refused(refusal),
    };
    request.open(|door, incoming| reply(door, incoming, answered))
}

fn conduit(content_type: &str, body: &str) -> Request {
    machine(SourceKind::Leadconduit, content_type, body)
}

const FORM: &str = "application/x-www-form-urlencoded";

#[test]
fn an_outcome_says_what_became_of_a_lead_in_json_or_xml() {
    let good = conduit(FORM, "email=a%40example.org");
    let reply = answer(&good).unwrap();
    let id = good.submission().id;
    assert_eq!(reply.status, 201);
    assert_eq!(
        reply.body,
        format!(r#"{{"lead":{{"id":"{id}"}},"outcome":"success"}}"#)
    );
    let bad = answer(&conduit(FORM, "email=a&phone_1=1")).unwrap();
    assert_eq!(bad.status, 201);
    assert!(bad.body.contains(r#""outcome":"failure""#), "{}", bad.body);
    assert!(bad.body.contains("email: ") && bad.body.contains("; phone: "));

    let xml = conduit("text/xml", "<lead><email>a@example.org</email></lead>");
    let reply = answer(&xml).unwrap();
    assert_eq!(reply.content_type, "application/xml; charset=utf-8");
    assert!(
        reply
            .body
            .contains("<outcome>success</outcome><lead><id>sub_")
    );
    let asked = answer(&good.clone().header("Accept", "application/xml, */*")).unwrap();
    assert!(asked.body.starts_with("<?xml"));
    let browser = answer(
        &good
            .clone()
            .header("Accept", "text/html,application/xml;q=0.9"),
    )
    .unwrap();
    assert!(browser.body.starts_with('{'));

    for (content_type, body, status) in [
        ("application/json", "{", 400),
        ("text/csv", "a", 415),
        (FORM, "", 400),
        ("text/xml", "<!DOCTYPE a><a/>", 400),
    ] {
        let reply = answer(&conduit(content_type, body)).unwrap();
        assert_eq!(reply.status, status, "{content_type} {body}");
        assert!(reply.body.contains("error"), "{}", reply.body);
    }
    let unproved = good
        .clone()
        .with(|request| request.secrets = vec!["another"]);
    assert_eq!(answer(&unproved).unwrap().status, 401);
    let lost = good.open(reply_of_unavailable).unwrap();
    assert_eq!(lost.status, 503);
    assert!(lost.headers.contains(&("retry-after", "60".to_owned())));
}

fn reply_of_unavailable(door: &Door<'_>, incoming: &Incoming<'_>) -> Option<Reply> {
    reply(door, incoming, Answered::Unavailable)
}

#[test]
fn a_query_stands_before_the_body_and_may_be_all_there_is() {
    let request = conduit(FORM, "email=a%40example.org&city=Bonn&address.zip=1")
        .with(|request| request.query = Some("city=Ulm&city=Trier&address=none"));
    check_fields(
        &request.submission(),
        &[
            "email = a@example.org",
            "city = Ulm",
            "street = none",
            "custom.city = Trier",
        ],
    );
    let get = conduit("", "").with(|request| {
        request.method = "GET";
        request.query = Some("email=a%40example.org&key=x&redir_url=https%3A%2F%2Fevil.example");
    });
    check_fields(&get.submission(), &["email = a@example.org"]);
    let reply = answer(&get).unwrap();
    assert!(reply.headers.is_empty() && !reply.body.contains("evil"));
}

#[test]
fn a_name_that_is_a_value_and_a_group_is_refused() {
    for body in ["utility=SCE&utility.electric.name=SCE", "a.b.c=1&a.b=2"] {
        let refusal = conduit(FORM, &format!("email=a%40example.org&{body}")).refusal();
        assert!(refusal.detail().contains("is part of a field"), "{refusal}");
    }
    let json = r#"{"email": "a@example.org", "a.b": 1, "a": {"b": {"c": 2}}}"#;
    assert_eq!(conduit("application/json", json).refusal().status(), 400);
    assert!(
        conduit(FORM, "email=a%40example.org&ab=1&ab.c=2&a=3")
            .receive()
            .is_err()
    );
    assert!(
        conduit(FORM, "email=a%40example.org&ab.c=2&a=3")
            .receive()
            .is_ok()
    );
}

#[test]
fn adf_is_answered_two_hundred_with_an_id_for_each_prospect() {
    let request = machine(
        SourceKind::Adf,
        "application/xml",
        sample!("adf/two-prospects.xml").to_vec(),
    );
    let reply = answer(&request).unwrap();
    assert_eq!(reply.status, 200);
    assert_eq!(reply.body.matches("sub_").count(), 2);
    for bad in [
        "<adf></adf>",
        "<adf><prospect>",
        "<!DOCTYPE adf [<!ENTITY a \"b\">]><adf><prospect/></adf>",
        "not xml",
    ] {
        let refusal = machine(SourceKind::Adf, "text/xml", bad).refusal();
        assert_eq!(refusal.status(), 400, "{bad}");
    }
    assert_eq!(
        machine(SourceKind::Adf, "text/csv", "<adf/>")
            .refusal()
            .status(),
        415
    );
    let many = format!(
        "<adf>{}</adf>",
        "<prospect><id>1</id></prospect>".repeat(501)
    );
    let many = machine(SourceKind::Adf, "text/xml", many);
    assert!(many.refusal().detail().contains("more than 500 leads"));
}

#[test]
fn events_come_in_every_mode_and_are_told_apart_by_source_and_id() {
    let structured = machine(
        SourceKind::Cloudevents,
        "application/cloudevents+json",
        sample!("cloudevents/structured.json").to_vec(),
    );
    assert_eq!(
        structured.submission().external_id.as_deref(),
        Some("/forms/contact A-17")
    );
    for (content_type, body, status) in [
        ("application/cloudevents+avro", "{}", 415),
        ("application/cloudevents+json", "{}", 400),
        (
            "application/cloudevents+json",
            r#"{"specversion": "0.3", "id": "1", "source": "/a", "type": "t"}"#,
            400,
        ),
        ("application/cloudevents-batch+json", "{}", 400),
        ("application/json", r#"{"email": "a@example.org"}"#, 400),
        (
            "application/cloudevents+json",
            r#"{"specversion": "1.0", "id": "1", "source": "/a", "type": "t", "data_base64": "%"}"#,
            400,
        ),
    ] {
        let refusal = machine(SourceKind::Cloudevents, content_type, body).refusal();
        assert_eq!(refusal.status(), status, "{content_type} {body}");
    }
    let no_data =
        r#"{"specversion": "1.0", "id": "1", "source": "/a", "type": "t", "data": "text"}"#;
    let no_data = machine(
        SourceKind::Cloudevents,
        "application/cloudevents+json",
        no_data,
    );
    assert!(matches!(no_data.receive(), Ok(Accepted::NotALead { .. })));

    let only = structured.with(|request| {
        request.source.only =
            serde_json::from_str(r#"{"path": "$.type", "is": "com.example.other"}"#).ok();
    });
    assert!(matches!(only.receive(), Ok(Accepted::NotALead { .. })));
}

#[test]
fn a_document_is_read_by_the_paths_of_the_configuration() {
    let body = r#"{"type": "lead.created", "sent": "02.03.2026 11:30", "leads": [
        {"id": 9007199254740993, "contact": "Ada King Lovelace", "optin": "1", "market": "2", "company_size": "big",
         "answers": [{"name": "email", "value": "ada@example.org"}, {"name": "tel", "value": 12025550143}]},
        {"id": "x", "contact": "Nobody"}
    ]}"#;
    let request = machine(SourceKind::Generic, "application/json", body).with(|request| {
        request.source.answer_field_errors = false;
        request.source.records = "leads[*]".parse().ok();
        request.source.fields = serde_json::from_str(
            r#"{"external_id": "id", "email": "answers[?name=email].value", "phone": "answers[?name=tel].value",
                "first_name": {"path": "contact", "name": "first"}, "last_name": {"path": "contact", "name": "last"},
                "country": {"path": "market", "values": {"2": "US"}}, "consent.newsletter": "optin",
                "custom.email": {"join": ["contact", "$.type"], "with": "/"}, "custom.company_size": "company_size",
                "submitted_at": {"path": "$.sent", "date": "%d.%m.%Y %H:%M", "timezone": "Europe/Berlin"}}"#,
        )
        .unwrap();
        request.at = "2026-03-02T12:00:00Z";
    });
    let Ok(Accepted::Submissions(parsed)) = request.receive() else {
        panic!("{:?}", request.receive());
    };
    let [Parsed::Submission(ada), Parsed::Quarantined(nobody)] = parsed.as_slice() else {
        panic!("{parsed:?}");
    };
    check_fields(
        ada,
        &[
            "email = ada@example.org",
            "phone = +12025550143",
            "first_name = Ada King",
            "last_name = Lovelace",
            "country = US",
            "custom.company_size = big",
            "custom.email = Ada King Lovelace/lead.created",
        ],
    );
    assert_eq!(ada.external_id.as_deref(), Some("9007199254740993"));
    assert_eq!(
        ada.consent["newsletter"].at.to_string(),
        "2026-03-02T10:30:00Z"
    );
    assert_eq!(codes(&nobody.problems), ["email: contact_required"]);
}

#[test]
fn forms_and_xml_are_documents_too() {
    let fields = r#"{"email": ["person.mail", "enquiry.mail"], "last_name": "person.names[1]", "city": "place[?kind=home]._"}"#;
    let read = |content_type: &str, body: &str| {
        machine(SourceKind::Generic, content_type, body)
            .with(|request| request.source.fields = serde_json::from_str(fields).unwrap())
            .submission()
    };
    check_fields(
        &read(
            FORM,
            "person[mail]=a%40example.org&person[names][]=Ada&person[names][]=King",
        ),
        &["email = a@example.org", "last_name = King"],
    );
    check_fields(
        &read(
            "application/xml",
            "<x:root xmlns:x='u'><person mail='a@example.org'/><place kind='work'>Ulm</place><place kind='home'>Bonn</place></x:root>",
        ),
        &["email = a@example.org", "city = Bonn"],
    );
}

#[test]
fn without_paths_a_document_is_understood_by_its_names() {
    let request = Request::new(
        SourceKind::Generic,
        "",
        r#"{"Kunde": {"Vorname": "Jörg", "Nachname": "Weiß", "E-Mail": "joerg@example.org"}, "Ort": "Ulm"}"#,
    );
    check_fields(
        &request.submission(),
        &[
            "email = joerg@example.org",
            "first_name = Jörg",
            "last_name = Weiß",
            "city = Ulm",
        ],
    );
}

/// What became of each submission of a request: its e-mail address, or where and why it is kept for a person.
fn each(request: &Request) -> Vec<String> {
    let Ok(Accepted::Submissions(parsed)) = request.receive() else {
        panic!("{:?}", request.receive());
    };
    parsed
        .iter()
        .map(|one| match one {
            Parsed::Submission(submission) => submission.fields[&Field::Email].to_string(),
            Parsed::Quarantined(kept) | Parsed::Wrong(Wrong { lead: kept, .. }) => {
                let problem = &kept.problems[0];
                format!("{} {}", problem.field, problem.code)
            }
            Parsed::Announced(_) => panic!("nothing is announced"),
        })
        .collect()
}

#[test]
fn of_several_records_a_bad_one_is_kept_for_a_person_and_the_others_go_on() {
    let list = r#"[{"email": "a@example.org"}, {"email": "nobody"}, "text", {"email": "b@example.org"}, 17]"#;
    let request = machine(SourceKind::Generic, "application/json", list);
    let found = each(&request);
    assert_eq!(found[0], "a@example.org");
    assert!(found[1].starts_with("email "), "{found:?}");
    assert_eq!(
        found[2..],
        ["[2] unreadable", "b@example.org", "[4] unreadable"]
    );
    let Ok(Accepted::Submissions(parsed)) = request.receive() else {
        panic!();
    };
    let ids: std::collections::BTreeSet<_> = parsed.iter().map(Parsed::id).collect();
    assert_eq!(ids.len(), 5);
    let Parsed::Quarantined(kept) = &parsed[2] else {
        panic!();
    };
    assert!(kept.problems[0].message.contains("record 3"));
    assert_eq!(kept.raw["custom.record"], "text");

    let good = r#"{"specversion":"1.0","type":"lead","source":"/a","id":"1","data":{"email":"a@example.org"}}"#;
    let bad =
        r#"{"specversion":"1.0","type":"lead","source":"/a","data":{"email":"b@example.org"}}"#;
    let batch = |events: &[&str]| {
        let body = format!("[{}]", events.join(","));
        machine(
            SourceKind::Cloudevents,
            "application/cloudevents-batch+json",
            body,
        )
    };
    assert_eq!(
        each(&batch(&[good, bad])),
        ["a@example.org", "[1] unreadable"]
    );

    // One alone, or none that can be read, is refused as it was.
    let wrong = |request: Request| request.receive().unwrap_err().status();
    assert_eq!(wrong(batch(&[bad])), 400);
    assert_eq!(wrong(batch(&[bad, bad])), 400);
    assert_eq!(
        wrong(machine(SourceKind::Generic, "application/json", "[17]")),
        400
    );
    assert_eq!(
        wrong(machine(SourceKind::Generic, "application/json", "[17, 18]")),
        422
    );
    let one = machine(
        SourceKind::Generic,
        "application/json",
        r#"{"email": "nobody"}"#,
    );
    assert_eq!(wrong(one), 422);
}
