use domain::config::Treatment;

use super::{Request, check_fields, codes};
use crate::{Parsed, recheck};

fn form(rest: &str) -> Request {
    Request::form(&format!("email=greta%40brightwater.example&{rest}"))
}

#[test]
fn a_field_that_nobody_sees_and_somebody_filled_in_is_looked_at_by_a_person() {
    for name in ["_gotcha", "bot-field", "HONEYPOT", "wpforms%5Bhp%5D"] {
        let found = form(&format!("{name}=buy+now")).quarantined();
        assert_eq!(found.problems.len(), 1, "{name}");
        assert_eq!(found.problems[0].code, "honeypot_filled", "{name}");
        assert!(!found.problems[0].message.contains("buy"), "{name}");
    }
    check_fields(
        &form("_gotcha=").submission(),
        &["email = greta@brightwater.example"],
    );
}

#[test]
fn a_field_can_be_made_a_honeypot_and_then_says_nothing_about_the_lead() {
    let request = form("website=https%3A%2F%2Fspam.example")
        .with(|request| request.source.spam.honeypots = vec!["Website".to_owned()]);
    let found = request.quarantined();
    assert_eq!(codes(&found.problems), ["website: honeypot_filled"]);
    assert_eq!(found.raw.keys().collect::<Vec<_>>(), ["email"]);
    let empty =
        form("website=").with(|request| request.source.spam.honeypots = vec!["website".to_owned()]);
    check_fields(&empty.submission(), &["email = greta@brightwater.example"]);
}

#[test]
fn the_same_form_with_and_without_its_machinery_is_one_submission() {
    let slow = form("leadline_ms=41000").submission();
    let slower = form("leadline_ms=61000&_gotcha=").submission();
    assert_eq!(slow.id, slower.id);
    check_fields(&slow, &["email = greta@brightwater.example"]);
    assert_eq!(form("_gotcha=x").quarantined().id, slow.id);
}

#[test]
fn whoever_is_faster_than_a_person_is_looked_at() {
    let open = |rest: &str| {
        form(rest).with(|request| {
            request.source.spam.min_fill_seconds = Some(4);
            request.source.spam.opened_at = Some("opened".to_owned());
        })
    };
    // 2026-01-12T12:00:00Z is 1768219200.
    for fast in [
        "leadline_ms=3999",
        "leadline_ms=-1",
        "opened=1768219197",
        "opened=1768219197000",
        "opened=2026-01-12T11%3A59%3A57Z",
        "leadline_ms=60000&opened=1768219199",
    ] {
        let found = open(fast).quarantined();
        assert_eq!(found.problems[0].code, "filled_too_fast", "{fast}");
    }
    for slow in [
        "leadline_ms=4000",
        "leadline_ms=",
        "leadline_ms=soon",
        "opened=1768219196",
        "opened=1768219300",
        "opened=99999999999999999999",
        "nothing=",
    ] {
        open(slow).submission();
    }
}

#[test]
fn a_message_of_links_is_looked_at() {
    let few = |message: &str| {
        form(&format!(
            "first_name=Greta&page_url=https://example.com&message={message}"
        ))
        .with(|request| request.source.spam.max_links = Some(2))
    };
    few("see+https://example.com+and+www.example.org").submission();
    let many = few("https://a.example+http://b.example+%3Ca+href%3Dhttps://www.c.example%3E");
    assert_eq!(
        codes(&many.quarantined().problems),
        ["message: too_many_links"]
    );
    let named = form("first_name=https://a.example&last_name=L")
        .with(|request| request.source.spam.max_links = Some(2));
    assert_eq!(
        codes(&named.quarantined().problems),
        ["first_name: link_in_name"]
    );
    form("first_name=https://a.example&last_name=L").submission();
}

#[test]
fn what_becomes_of_throw_away_and_role_addresses_is_said_by_the_source() {
    let at = |address: &str, disposable, role| {
        Request::form(&format!("email={address}")).with(|request| {
            request.source.spam.disposable = disposable;
            request.source.spam.role = role;
        })
    };
    let (accept, quarantine, refuse) =
        (Treatment::Accept, Treatment::Quarantine, Treatment::Refuse);
    at("a@mailinator.com", accept, refuse).submission();
    let kept = at("a@mailinator.com", quarantine, accept).quarantined();
    assert_eq!(codes(&kept.problems), ["email: email_disposable"]);
    assert_eq!(
        at("a@mailinator.com", refuse, accept).problems(),
        ["email: email_disposable"]
    );
    assert_eq!(
        at("info@brightwater.example", accept, refuse).problems(),
        ["email: email_role"]
    );
    let unread = at("info@brightwater.example", accept, refuse)
        .with(|request| request.source.answer_field_errors = false);
    assert_eq!(codes(&unread.quarantined().problems), ["email: email_role"]);
}

#[test]
fn a_slip_of_the_finger_is_named_where_the_person_reads_it() {
    let slip = Request::form("email=greta%40gmial.com");
    check_fields(&slip.submission(), &["email = greta@gmial.com"]);
    let refused = slip
        .clone()
        .with(|request| request.source.spam.mistyped = Treatment::Refuse);
    let crate::Refusal::Fields(problems) = refused.refusal() else {
        panic!("not refused for its fields");
    };
    assert_eq!(problems[0].code, "email_mistyped");
    assert!(problems[0].message.contains("gmail.com"));
    assert!(!problems[0].message.contains("greta"));
    // The form comes back anyway: the address is mentioned with the rest.
    let with_phone = Request::form("email=greta%40gmial.com&phone=call+me");
    let problems = with_phone.problems();
    assert!(
        problems.contains(&"email: email_mistyped".to_owned()),
        "{problems:?}"
    );
    let unfinished = Request::form("email=greta+l%40gmial.com");
    let crate::Refusal::Fields(problems) = unfinished.refusal() else {
        panic!("not refused for its fields");
    };
    assert!(
        problems[0].message.contains("gmail.com"),
        "{:?}",
        problems[0].message
    );
}

#[test]
fn whoever_was_suspected_wrongly_is_released_as_they_are() {
    let request = form("first_name=Greta&_gotcha=autofilled");
    let quarantined = request.quarantined();
    let released = recheck(&quarantined, &request.source, None).unwrap();
    assert_eq!(released.id, quarantined.id);
    check_fields(
        &released,
        &["email = greta@brightwater.example", "first_name = Greta"],
    );
    assert!(matches!(
        request.receive(),
        Ok(crate::Accepted::Submissions(parsed)) if matches!(parsed[0], Parsed::Quarantined(_))
    ));
}
