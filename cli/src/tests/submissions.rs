use super::*;

/// A request without the header.
struct Without(&'static str);

impl Match for Without {
    fn matches(&self, request: &Request) -> bool {
        !request.headers.contains_key(self.0)
    }
}

#[test]
fn a_submission_is_shown_with_its_outcome() {
    let server = Server::start();
    let body = json!({
        "id": "sub_1", "source": "website", "received_at": "2026-03-14T09:00:00Z", "outcome": "quarantined", "lead": null,
        "repeats": null,
        "reasons": [{"field": "email", "code": "invalid_email", "message": "this is no e-mail address"}, {"code": "odd", "message": "and so on"}],
        "fields": {"custom.budget": "12", "email": "ada@"},
    });
    server.answer(call("GET", "/v1/submissions/sub_1"), ok(&body));
    let expected = "\
Submission  sub_1
Source      website
Received    2026-03-14 09:00:00 UTC
Outcome     quarantined
- email: this is no e-mail address (invalid_email)
- and so on (odd)

What was sent:
  custom.budget  12
  email          ada@

`leadline resubmit sub_1 --set FIELD=VALUE` corrects it; `leadline quarantine discard sub_1 --reason WHY` ends it.
";
    server
        .leadline(&["submission", "sub_1"])
        .succeeds_with(expected);
}

#[test]
fn the_quarantine_is_listed_with_what_is_wrong() {
    let server = Server::start();
    let body = json!({ "submissions": [{
        "id": "sub_1", "source": "website", "received_at": "2026-03-14T09:00:00Z", "outcome": "quarantined",
        "reasons": [{"field": "email", "code": "invalid_email", "message": "this is no e-mail address"}],
    }], "next": "17-x" });
    let request = call("GET", "/v1/submissions")
        .and(query_param("outcome", "quarantined"))
        .and(query_param("source", "website"));
    server.answer(request, ok(&body));
    let expected = "\
sub_1  website  2026-03-14 09:00:00 UTC  email: this is no e-mail address (invalid_email)

`leadline quarantine show ID` shows what was sent, `leadline resubmit ID --set FIELD=VALUE` corrects it.
`leadline quarantine list --after 17-x` shows older ones.
";
    server
        .leadline(&["quarantine", "list", "--source", "website"])
        .succeeds_with(expected);
}

#[test]
fn discarding_says_why_and_who() {
    let server = Server::start();
    let request = call("POST", "/v1/submissions/sub_1/discard")
        .and(body_json(json!({ "reason": "a test", "by": "mia" })));
    server.answer(
        request,
        ok(&json!({ "id": "sub_1", "outcome": "rejected" })),
    );
    let arguments = [
        "quarantine",
        "discard",
        "sub_1",
        "--reason",
        "a test",
        "--by",
        "mia",
    ];
    server
        .leadline(&arguments)
        .succeeds_with("Discarded sub_1.\n");
}

#[test]
fn a_repeat_names_what_it_repeats() {
    let server = Server::start();
    let body = json!({
        "id": "sub_2", "source": "website", "received_at": "2026-03-14T09:00:00Z", "outcome": "duplicate", "lead": "lead_1", "repeats": "sub_1",
        "reasons": [{"code": "repeat", "subject": "sub_1", "message": "it repeats sub_1"}],
    });
    server.answer(call("GET", "/v1/submissions/sub_2"), ok(&body));
    let expected = "\
Submission  sub_2
Source      website
Received    2026-03-14 09:00:00 UTC
Outcome     duplicate
Lead        lead_1
Repeats     sub_1
- it repeats sub_1 (repeat)
";
    server
        .leadline(&["submission", "sub_2"])
        .succeeds_with(expected);
}

#[test]
fn a_correction_is_a_merge_patch() {
    let server = Server::start();
    let patch = json!({"email": "ada@example.com", "phone": "2025550123", "title": "", "custom.budget": null});
    let request = call("POST", "/v1/submissions/sub_1/resubmit")
        .and(header("content-type", "application/merge-patch+json"))
        .and(body_json(patch));
    server.answer(
        request,
        ResponseTemplate::new(202).set_body_json(json!({"submission": "sub_1"})),
    );
    let arguments = [
        "resubmit",
        "sub_1",
        "--set",
        "email=ada@example.com",
        "phone=2025550123",
        "--set",
        "title=",
        "--remove",
        "custom.budget",
    ];
    server
        .leadline(&arguments)
        .succeeds_with("Corrected; `leadline submission sub_1` tells what became of it.\n");
}

#[test]
fn sending_submits_a_form_without_the_token_of_the_api() {
    let server = Server::start();
    let body = json!({"email": "ada@example.com", "company": "Engines = Analytical"});
    let request = Mock::given(method("POST"))
        .and(path("/v1/sources/website"))
        .and(body_json(body))
        .and(Without("authorization"))
        .and(Without("x-leadline-secret"));
    server.answer(
        request,
        ResponseTemplate::new(202).set_body_json(json!({"submissions": ["sub_1"]})),
    );
    let arguments = [
        "send",
        "website",
        "email=ada@example.com",
        "company=Engines = Analytical",
    ];
    server
        .leadline(&arguments)
        .succeeds_with("Accepted as sub_1; `leadline submission sub_1` tells what became of it.\n");
}

#[test]
fn a_source_may_answer_in_its_own_way() {
    let server = Server::start();
    let chatbot = Mock::given(method("POST"))
        .and(path("/v1/sources/assistant"))
        .and(header("x-leadline-secret", "s3cret"));
    server.answer(chatbot, ok(&json!({"reply": "Thank you!"})));
    let form = Mock::given(method("POST")).and(path("/v1/sources/website"));
    server.answer(
        form,
        ResponseTemplate::new(303).insert_header("location", "https://www.example.com/thank-you"),
    );
    server
        .leadline(&["send", "assistant", "message=hello", "--secret", "s3cret"])
        .succeeds_with("{\n  \"reply\": \"Thank you!\"\n}\n");
    server
        .leadline(&["send", "website", "email=ada@example.com"])
        .succeeds_with("Accepted; a browser is sent to https://www.example.com/thank-you.\n");
}
