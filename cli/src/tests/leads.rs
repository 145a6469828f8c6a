use super::*;

fn lead() -> Value {
    json!({
        "id": "lead_1", "version": 7, "stage": "mql",
        "score": {"total": 51, "fit": 20, "engagement": 31, "as_of": "2026-03-14T09:26:53.589Z"},
        "owner": "jonas", "pool": "emea", "territory": "Europe", "unassigned": null,
        "contact": {"email": "greta.lindholm@brightwater.example", "phone": "+4930901820123", "first_name": "Greta", "last_name": "Lindholm", "title": "Global CMO"},
        "company": {"name": "Brightwater", "domain": "brightwater.example", "industry": null, "employees": 80, "revenue": 12000000, "country": "DE"},
        "address": {"region": null, "city": "Berlin", "postal_code": "10115", "street": null}, "language": "de", "message": "Please call\nme",
        "custom": {"budget": 5000}, "facts": {"email_class": "company", "phone_valid": true},
        "provenance": {"title": {"from": "sub_1", "at": "2026-03-14T09:00:00Z"}}, "submissions": ["sub_1", "sub_2"],
        "consent": {"marketing_email": {"granted": true, "at": "2026-03-14T09:00:00Z", "text": "Yes, write to me"}},
        "attribution": {"utm_source": "google", "landing_page": "https://www.example.com/"},
        "sla": {"due_at": "2026-03-14T09:56:53Z", "status": "pending"},
        "created_at": "2026-03-14T09:00:00Z", "updated_at": "2026-03-14T09:26:53Z",
    })
}

#[test]
fn a_lead_is_shown_on_one_page() {
    let server = Server::start();
    server.answer(call("GET", "/v1/leads/lead_1"), ok(&lead()));
    let expected = "\
Lead                        lead_1
Stage                       mql
Score                       51 (fit 20, engagement 31), as of 2026-03-14 09:26:53 UTC
Owner                       jonas, pool emea, territory Europe
First response              due by 2026-03-14 09:56:53 UTC

Name                        Greta Lindholm
Title                       Global CMO
E-mail                      greta.lindholm@brightwater.example
Phone                       +4930901820123

Company                     Brightwater, brightwater.example
Employees                   80
Country                     DE
Revenue                     12000000

Address                     10115 Berlin
Language                    de
Message                     Please call me
custom.budget               5000

Email class                 company
Phone valid                 yes

Consent to marketing email  given, 2026-03-14 09:00:00 UTC, to: Yes, write to me
Landing page                https://www.example.com/
Utm source                  google

Submissions                 sub_1, sub_2
Created                     2026-03-14 09:00:00 UTC
Updated                     2026-03-14 09:26:53 UTC, version 7
";
    server.leadline(&["lead", "lead_1"]).succeeds_with(expected);
}

#[test]
fn a_lead_of_which_little_is_known_says_what_is_missing_where_it_matters() {
    let server = Server::start();
    let little = json!({"id": "lead_2", "version": 1, "stage": "lead", "score": null, "owner": null, "unassigned": "nobody_eligible", "contact": {"email": "ada@example.com"}, "created_at": "2026-03-14T09:00:00Z"});
    server.answer(call("GET", "/v1/leads/lead_2"), ok(&little));
    let expected = "\
Lead     lead_2
Stage    lead
Score    not yet
Owner    nobody: nobody in its pools can take it now

E-mail   ada@example.com

Created  2026-03-14 09:00:00 UTC
Updated  version 1
";
    server.leadline(&["lead", "lead_2"]).succeeds_with(expected);
}

#[test]
fn a_lead_is_found_by_e_mail_and_by_phone() {
    let server = Server::start();
    let found = ok(&json!({"leads": [lead()]}));
    server.answer(
        call("GET", "/v1/leads").and(query_param("email", "greta.lindholm@brightwater.example")),
        found.clone(),
    );
    server.answer(
        call("GET", "/v1/leads").and(query_param("phone", "+49 30 901820 123")),
        found,
    );
    let printed = server.leadline(&["lead", "greta.lindholm@brightwater.example"]);
    assert!(
        printed
            .out
            .starts_with("Lead                        lead_1\n"),
        "{}{}",
        printed.out,
        printed.err
    );
    assert_eq!(
        server.leadline(&["lead", "+49 30 901820 123"]).out,
        printed.out
    );
}

#[test]
fn programs_get_the_very_json_of_the_api() {
    let server = Server::start();
    let body = r#"{"id":"lead_1","version":7,"stage":"mql","score":{"total":51}}"#;
    let response = ResponseTemplate::new(200).set_body_raw(body, "application/json; charset=utf-8");
    server.answer(call("GET", "/v1/leads/lead_1"), response);
    let expected = "{\n  \"id\": \"lead_1\",\n  \"version\": 7,\n  \"stage\": \"mql\",\n  \"score\": {\n    \"total\": 51\n  }\n}\n";
    server
        .leadline(&["lead", "lead_1", "--json"])
        .succeeds_with(expected);
}

#[test]
fn nobody_found_is_a_failure_that_does_not_repeat_who_was_asked_for() {
    let server = Server::start();
    server.answer(call("GET", "/v1/leads"), ok(&json!({"leads": []})));
    server
        .leadline(&["lead", "ada@example.com"])
        .fails_with("error: No lead has this e-mail address.\n");
    server
        .leadline(&["explain", "+1 202 555 0123"])
        .fails_with("error: No lead has this phone number.\n");
    let printed = server.leadline(&["lead", "ada@example.com", "--json"]);
    assert_eq!(
        (printed.ending, printed.out.as_str()),
        (Ending::Failed, "{\n  \"leads\": []\n}\n")
    );
    assert_eq!(
        serde_json::from_str::<Value>(&printed.err).unwrap()["code"],
        "not_found"
    );
}

#[test]
fn of_several_leads_one_must_be_named() {
    let server = Server::start();
    let first = json!({"id": "lead_1", "stage": "lead"});
    let second = json!({"id": "lead_2", "stage": "sql"});
    server.answer(
        call("GET", "/v1/leads"),
        ok(&json!({"leads": [first, second]})),
    );
    let printed = server.leadline(&["lead", "+1 202 555 0123"]);
    assert_eq!(
        printed.out,
        "Lead   lead_1\nStage  lead\nScore  not yet\nOwner  nobody\n\nLead   lead_2\nStage  sql\nScore  not yet\nOwner  nobody\n"
    );
    let refused = "error: 2 leads have this phone number.\n  Name one by its id: lead_1, lead_2.\n";
    server
        .leadline(&["explain", "+1 202 555 0123"])
        .fails_with(refused);
    server
        .leadline(&["feedback", "+1 202 555 0123", "contacted"])
        .fails_with(refused);
    assert!(
        server
            .requests()
            .iter()
            .all(|request| request.method == "GET")
    );
}

#[test]
fn an_explanation_is_sentences() {
    let server = Server::start();
    server.answer(
        call("GET", "/v1/leads").and(query_param("email", "ada@example.com")),
        ok(&json!({"leads": [{"id": "lead_1"}]})),
    );
    let sentences = [
        "lead_1 is at stage mql with a score of 51: Jonas Weber has it since Monday.",
        "1. A submission from website made this lead.",
        "2. Jonas\u{1b}[31m got it.",
    ];
    server.answer(
        call("GET", "/v1/leads/lead_1/explanation"),
        ok(&json!({"lead": "lead_1", "sentences": sentences})),
    );
    let expected = "\
lead_1 is at stage mql with a score of 51: Jonas Weber has it since Monday.

1. A submission from website made this lead.
2. Jonas\u{fffd}[31m got it.
";
    server
        .leadline(&["explain", "ada@example.com"])
        .succeeds_with(expected);
    server
        .leadline(&["explain", "lead_1"])
        .succeeds_with(expected);
}

#[test]
fn a_history_shows_every_decision_with_its_reasons() {
    let server = Server::start();
    let body = json!({"lead": "lead_1", "history": [
        {"id": "dec_1", "seq": 1, "at": "2026-03-14T09:00:00Z", "kind": "received", "config": "cfg_a", "summary": "A submission from website made this lead.", "reasons": []},
        {"id": "dec_2", "seq": 2, "at": "2026-03-14T09:00:01Z", "kind": "sla_breached", "config": "cfg_a", "summary": "The score is 20.",
         "reasons": [{"code": "points", "subject": "CMO", "points": 20, "text": "CMO: +20"}, {"code": "x", "text": "and so on"}]},
    ]});
    server.answer(call("GET", "/v1/leads/lead_1/history"), ok(&body));
    let expected = "\
lead_1

  1. 2026-03-14 09:00:00 UTC  Received
     A submission from website made this lead.

  2. 2026-03-14 09:00:01 UTC  Sla breached
     The score is 20.
     - CMO: +20
     - and so on
";
    server
        .leadline(&["history", "lead_1"])
        .succeeds_with(expected);
}

#[test]
fn feedback_is_sent_with_what_was_given() {
    let server = Server::start();
    let full = json!({"kind": "rejected", "reason": "not_now", "by": "mia"});
    server.answer(
        call("POST", "/v1/leads/lead_1/feedback").and(body_json(full)),
        ok(&json!({"id": "lead_9"})),
    );
    server.answer(
        call("POST", "/v1/leads/lead_1/feedback").and(body_json(json!({"kind": "contacted"}))),
        ok(&json!({"id": "lead_1"})),
    );
    server
        .leadline(&[
            "feedback", "lead_1", "rejected", "--reason", "not_now", "--by", "mia",
        ])
        .succeeds_with("Noted for lead_9: rejected (not_now).\n");
    server
        .leadline(&["feedback", "lead_1", "contacted"])
        .succeeds_with("Noted for lead_1: contacted.\n");
}

#[test]
fn a_person_is_erased_by_what_is_known_of_them() {
    let server = Server::start();
    let erased = json!({ "erasure": "era_1", "leads": ["lead_1"], "suppressed": 2, "at": "2026-03-14T09:26:53Z" });
    server.answer(call("POST", "/v1/erasures"), ok(&erased));
    server
        .leadline(&["erase", "ada@example.com", "--by", "mia"])
        .succeeds_with("Erased as era_1 at 2026-03-14 09:26:53 UTC: lead_1; e-mail addresses and phone numbers that are suppressed: 2.\n");
    let nobody =
        json!({ "erasure": "era_2", "leads": [], "suppressed": 1, "at": "2026-03-14T09:26:53Z" });
    let server = Server::start();
    server.answer(call("POST", "/v1/erasures"), ok(&nobody));
    server
        .leadline(&["erase", "+1 202 555 0123"])
        .succeeds_with("Erased as era_2 at 2026-03-14 09:26:53 UTC: nobody was known; e-mail addresses and phone numbers that are suppressed: 1.\n");
}
