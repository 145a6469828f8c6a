use super::*;

#[test]
fn a_browsers_urlencoded_form_is_understood() {
    let submission = Request::form("")
        .with(|request| request.body = sample!("form/urlencoded.txt").to_vec())
        .submission();
    check_fields(
        &submission,
        &[
            "email = amara.okafor@northwind-tools.example",
            "phone = +12025550143",
            "first_name = Amara",
            "last_name = Okafor",
            "company = Northwind Tools & Sons",
            "country = US",
            "message = We need 12 seats.\nCan you call us?",
            "utm_source = newsletter",
            "utm_medium = email",
            "utm_campaign = spring launch",
            "gclid = Cj0-example",
            "custom.interest = demo, pricing",
        ],
    );
    assert_eq!(agreed(&submission), ["contact: true ()"]);
    assert!(submission.facts.is_empty());
}

#[test]
fn bracketed_names_are_understood_by_their_last_part() {
    let submission = Request::form("")
        .with(|request| request.body = sample!("form/bracketed.txt").to_vec())
        .submission();
    check_fields(
        &submission,
        &[
            "email = tomas.rivera@example.org",
            "phone = +442079460018",
            "first_name = Tomás",
            "last_name = Rivera",
            "country = GB",
            "city = Leeds",
            "utm_source = partner",
            "custom.topics = routing, scoring",
        ],
    );
    // The checkbox comes after its hidden zero.
    assert_eq!(agreed(&submission), ["marketing: true ()"]);
}

#[test]
fn multipart_is_read_without_its_files() {
    let content_type = "multipart/form-data; boundary=\"----LeadlineSampleBoundary7Qw2\"";
    let submission = Request::new(
        SourceKind::Form,
        content_type,
        sample!("form/multipart.txt").to_vec(),
    )
    .submission();
    check_fields(
        &submission,
        &[
            "email = zofie@example.org",
            "phone = +493090182011",
            "first_name = Žofie",
            "last_name = Dvořáčková",
            "message = First line\n\nThird line",
            "custom.brief = file dropped",
            "custom.interest = a, b",
        ],
    );
}

#[test]
fn nested_json_is_understood_and_numbers_keep_their_digits() {
    let submission = Request::json("")
        .with(|request| request.body = sample!("form/json-nested.json").to_vec())
        .submission();
    check_fields(
        &submission,
        &[
            "email = priya.raman@lakeside-clinic.example",
            "phone = +12025550117",
            "first_name = Priya",
            "last_name = Raman",
            "company = Lakeside Clinic",
            "company_domain = lakeside-clinic.example",
            "employees = 50",
            "country = US",
            "region = US-TX",
            "city = Austin",
            "postal_code = 78701",
            "page_url = https://www.example.com/pricing?utm_source=search&utm_campaign=brand#form",
            "utm_source = search",
            "utm_campaign = brand",
            "custom.account_id = 9007199254740993",
            "custom.interests = scoring, routing",
        ],
    );
    assert_eq!(agreed(&submission), ["marketing: true ()"]);
}

#[test]
fn a_german_form_needs_no_mapping() {
    let submission = Request::form("")
        .with(|request| request.body = sample!("form/german.txt").to_vec())
        .submission();
    check_fields(
        &submission,
        &[
            "email = j.grossmann@muster-werke.example",
            "phone = +493090182042",
            "first_name = Jördis",
            "last_name = Großmann",
            "company = Muster-Werke GmbH",
            "employees = 1250",
            "country = DE",
            "region = DE-BE",
            "city = Berlin",
            "postal_code = 10115",
            "street = Lindenallee 5",
            "message = Bitte um Rückruf",
            "custom.salutation = Frau",
        ],
    );
    assert_eq!(
        agreed(&submission),
        [
            "contact: true (Ich bin einverstanden)",
            "marketing: false ()"
        ]
    );
}

#[test]
fn the_body_is_read_by_its_content_where_the_content_type_is_missing_or_lies() {
    let json = r#"{"email": "lena@example.org"}"#;
    for content_type in [
        "",
        "text/plain;charset=UTF-8",
        "application/octet-stream",
        "application/x-www-form-urlencoded",
        "application/vnd.form+json",
    ] {
        assert_eq!(
            text(
                &Request::new(SourceKind::Form, content_type, json).submission(),
                "email"
            ),
            "lena@example.org",
            "{content_type}"
        );
    }
    let plain = "email=lena%40example.org";
    for content_type in ["", "text/plain", "application/json"] {
        assert_eq!(
            text(
                &Request::new(SourceKind::Form, content_type, plain).submission(),
                "email"
            ),
            "lena@example.org",
            "{content_type}"
        );
    }
    let untyped = Request::new(SourceKind::Form, "", sample!("form/multipart.txt").to_vec());
    assert_eq!(text(&untyped.submission(), "email"), "zofie@example.org");
}

#[test]
fn old_pages_in_latin_1_keep_their_letters() {
    let content_type = "application/x-www-form-urlencoded; charset=ISO-8859-1";
    let request = Request::new(
        SourceKind::Form,
        content_type,
        &b"email=a%40example.org&city=K%F6ln&budget=5%80"[..],
    );
    assert_eq!(text(&request.submission(), "city"), "Köln");
    assert_eq!(text(&request.submission(), "custom.budget"), "5€");
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_first_name() {
    assert_eq!(
        text(
            &Request::form("\u{feff}email=a%40example.org").submission(),
            "email"
        ),
        "a@example.org"
    );
    assert_eq!(
        text(
            &Request::json("\u{feff}{\"email\": \"a@example.org\"}").submission(),
            "email"
        ),
        "a@example.org"
    );
}

#[test]
fn every_bad_field_is_reported_at_once() {
    let long = "x".repeat(1_001);
    let request = Request::form(&format!(
        "email=not-an-address&phone=call+me&company={long}&idea={long}"
    ))
    .with(|request| request.source.required = vec!["first_name".to_owned(), "company".to_owned()]);
    let problems = request.problems();
    assert_eq!(problems.len(), 5, "{problems:?}");
    assert!(
        problems
            .iter()
            .any(|problem| problem.starts_with("email: email_"))
    );
    assert!(
        problems
            .iter()
            .any(|problem| problem.starts_with("phone: phone_"))
    );
    assert!(problems.contains(&"company: too_long".to_owned()));
    assert!(problems.contains(&"custom.idea: too_long".to_owned()));
    assert!(problems.contains(&"first_name: required".to_owned()));
}

#[test]
fn problems_never_show_what_was_sent() {
    let Refusal::Fields(problems) = Request::form("email=geheim.wert&phone=geheim").refusal()
    else {
        panic!("accepted")
    };
    assert_eq!(problems.len(), 2);
    assert!(
        problems
            .iter()
            .all(|problem| !problem.message.contains("geheim"))
    );
}

#[test]
fn without_email_and_phone_nobody_can_be_reached() {
    assert_eq!(
        Request::form("name=Ana&email=+++").problems(),
        ["email: contact_required"]
    );
    assert_eq!(
        Request::form("name=Ana&email=%7f").problems(),
        ["email: contact_required"]
    );
    assert_eq!(
        text(&Request::form("tel=2025550123").submission(), "phone"),
        "+12025550123"
    );
}

#[test]
fn where_nobody_reads_the_answer_bad_fields_go_to_quarantine_and_can_be_corrected() {
    let request = Request::form("email=nobody&name=Ana+Lima&privacy=yes")
        .with(|request| request.source.answer_field_errors = false);
    let mut quarantined = request.quarantined();
    assert_eq!(quarantined.problems.len(), 1);
    let raw: Vec<String> = quarantined
        .raw
        .iter()
        .map(|(name, text)| format!("{name} = {text}"))
        .collect();
    assert_eq!(
        raw,
        [
            "consent.contact = true",
            "email = nobody",
            "first_name = Ana",
            "last_name = Lima"
        ]
    );

    assert!(crate::recheck(&quarantined, &request.source, None).is_err());
    quarantined
        .raw
        .insert("email".to_owned(), "ana@example.org".to_owned());
    let corrected = crate::recheck(&quarantined, &request.source, None).unwrap();
    assert_eq!(corrected.id, quarantined.id);
    check_fields(
        &corrected,
        &[
            "email = ana@example.org",
            "first_name = Ana",
            "last_name = Lima",
        ],
    );
    assert_eq!(agreed(&corrected), ["contact: true ()"]);

    quarantined
        .raw
        .insert("email_class".to_owned(), "company".to_owned());
    let left = crate::recheck(&quarantined, &request.source, None).unwrap_err();
    assert_eq!(codes(&left), ["email_class: unknown_field"]);
}

#[test]
fn defaults_fill_what_was_left_blank_or_not_recognised() {
    let request = Request::form("email=a%40example.org&country=Narnia&company=").with(|request| {
        request
            .source
            .defaults
            .insert("country".to_owned(), Value::Text("GB".to_owned()));
        request
            .source
            .defaults
            .insert("company".to_owned(), Value::Text("Unknown".to_owned()));
        request
            .source
            .defaults
            .insert("phone_valid".to_owned(), Value::Flag(true));
    });
    check_fields(
        &request.submission(),
        &[
            "email = a@example.org",
            "company = Unknown",
            "country = GB",
            "custom.country = Narnia",
        ],
    );
}

#[test]
fn a_number_without_country_code_is_of_the_country_that_was_said() {
    let british = Request::form("phone=020+7946+0018&country=United+Kingdom").submission();
    assert_eq!(text(&british, "phone"), "+442079460018");
    let german = Request::form("phone=030+901820+11")
        .with(|request| request.source.default_country = Some("DE".to_owned()))
        .submission();
    assert_eq!(text(&german, "phone"), "+493090182011");
}

#[test]
fn what_only_describes_never_costs_a_lead() {
    let long_page = format!("https://www.example.com/?q={}", "x".repeat(1_500));
    let request = Request::form(&format!(
        "email=a%40example.org&employees=many&language=Klingon&website=none&title=Mrs.&page=2&page_url={long_page}"
    ));
    let submission = request.submission();
    assert_eq!(text(&submission, "page_url").len(), 1_000);
    for (field, kept) in [
        ("custom.employees", "many"),
        ("custom.language", "Klingon"),
        ("custom.website", "none"),
        ("custom.salutation", "Mrs."),
    ] {
        assert_eq!(text(&submission, field), kept);
    }
    assert_eq!(text(&submission, "title"), "");
}

#[test]
fn a_language_gets_its_usual_spelling() {
    for (sent, tag) in [
        ("de", "de"),
        ("EN_us", "en-US"),
        ("pt_BR.UTF-8", "pt-BR"),
        ("en-GB,en;q=0.9", "en-GB"),
        ("zh-hant-tw", "zh-Hant-TW"),
    ] {
        assert_eq!(
            text(
                &Request::form(&format!("email=a%40example.org&lang={sent}")).submission(),
                "language"
            ),
            tag
        );
    }
}

#[test]
fn only_a_browser_that_navigates_is_sent_to_a_page() {
    let browser =
        Request::form("email=a%40example.org").header("accept", "text/html,application/xhtml+xml");
    let wants = |request: &Request| request.open(crate::wants_redirect);
    assert!(wants(&browser));
    assert!(wants(&browser.clone().header("sec-fetch-mode", "navigate")));
    assert!(!wants(&browser.clone().header("sec-fetch-mode", "cors")));
    assert!(!wants(
        &Request::form("email=a%40example.org").header("accept", "*/*")
    ));
    assert!(!wants(&Request::json("{}").header("accept", "text/html")));
    assert!(!wants(
        &browser.with(|request| request.source.kind = SourceKind::Chatbot)
    ));
}

#[test]
fn a_required_field_that_is_not_understood_is_told_apart_from_a_missing_one() {
    let request = Request::form("email=a%40example.org&country=Narnia")
        .with(|request| request.source.required = vec!["country".to_owned(), "city".to_owned()]);
    assert_eq!(
        request.problems(),
        ["country: not_recognised", "city: required"]
    );
}
