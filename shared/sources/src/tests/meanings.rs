use super::*;

#[test]
fn the_configured_map_comes_before_the_built_in_names() {
    let request = Request::form(
        "email=office%40example.org&kontakt-mail=jan%40example.org&Wer=Jan+Novak&Agree2=yes",
    )
    .map("email", &["E-Post", "Kontakt Mail"])
    .map("full_name", &["wer"])
    .map("consent.calls", &["agree2"]);
    let submission = request.submission();
    check_fields(
        &submission,
        &[
            "email = jan@example.org",
            "first_name = Jan",
            "last_name = Novak",
            "custom.email = office@example.org",
        ],
    );
    assert_eq!(agreed(&submission), ["calls: true ()"]);
}

#[test]
fn a_map_can_name_a_custom_field_and_never_a_fact() {
    let request = Request::form("email=a%40example.org&q7=50k&class=company")
        .map("custom.budget", &["q7"])
        .map("email_class", &["class"]);
    check_fields(
        &request.submission(),
        &[
            "email = a@example.org",
            "custom.budget = 50k",
            "custom.class = company",
        ],
    );
}

#[test]
fn a_sender_cannot_set_facts() {
    let submission = Request::form(
        "email=a%40example.org&email_class=company&source=spoofed&phone_valid=true&emailClass=x",
    )
    .submission();
    assert!(submission.fields.keys().all(|field| !field.is_fact()));
    assert_eq!(text(&submission, "custom.source"), "spoofed");
    assert_eq!(text(&submission, "custom.email_class"), "x, company");
}

#[test]
fn a_full_name_beside_a_first_name_is_the_last_name() {
    for (body, first, last) in [
        ("vorname=Jan&name=Weber", "Jan", "Weber"),
        ("first_name=Jan&name=Jan+Weber", "Jan", "Weber"),
        ("first_name=Jan&name=Janine", "Jan", "Janine"),
        ("last_name=Weber&name=Jan+Weber", "Jan", "Weber"),
        ("first_name=Jan&name=Jan", "Jan", ""),
        (
            "first_name=Jan&last_name=Weber&name=J.+Weber",
            "Jan",
            "Weber",
        ),
    ] {
        let submission = Request::form(&format!("email=a%40example.org&{body}")).submission();
        assert_eq!(
            (
                text(&submission, "first_name").as_str(),
                text(&submission, "last_name").as_str()
            ),
            (first, last),
            "{body}"
        );
    }
}

#[test]
fn of_several_addresses_the_rest_is_kept() {
    let submission = Request::form("email=a%40example.org&confirm_email=a%40example.org&work_email=b%40example.com&email_2=A%40example.org").submission();
    assert_eq!(text(&submission, "email"), "a@example.org");
    assert_eq!(text(&submission, "custom.work_email"), "b@example.com");
    assert_eq!(text(&submission, "custom.email_2"), "");
}

#[test]
fn lists_of_named_values_are_fields() {
    let body = r#"[{"fields": [{"name": "email", "value": "a@example.org"}, {"label": "Your company", "value": "Example Ltd"},
        {"name": "colours", "values": ["red", "blue"]}], "rows": [{"sku": 1}, {"sku": 2}]}]"#;
    check_fields(
        &Request::json(body).submission(),
        &[
            "email = a@example.org",
            "company = Example Ltd",
            "custom.colours = red, blue",
            "custom.rows_0_sku = 1",
            "custom.rows_1_sku = 2",
        ],
    );
}

#[test]
fn agreement_is_recorded_only_when_it_is_clear() {
    for (value, expected) in [
        ("on", "contact: true ()"),
        (
            "I agree to the terms",
            "contact: true (I agree to the terms)",
        ),
        ("J'accepte", "contact: true (J'accepte)"),
        ("0", "contact: false ()"),
        ("I don't agree", "contact: false (I don't agree)"),
        (
            "Ich stimme nicht zu",
            "contact: false (Ich stimme nicht zu)",
        ),
    ] {
        let value: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
        let submission = Request::form(&format!("email=a%40example.org&gdpr={value}")).submission();
        assert_eq!(agreed(&submission), [expected]);
    }
    let unclear = Request::form("email=a%40example.org&newsletter=weekly").submission();
    assert!(unclear.consent.is_empty());
    assert_eq!(text(&unclear, "custom.newsletter"), "weekly");
    let one_no =
        Request::form("email=a%40example.org&privacy=yes&terms=no&consent_text=We+may+call")
            .submission();
    assert_eq!(agreed(&one_no), ["contact: false (We may call)"]);
}

#[test]
fn a_newsletter_is_agreed_to_by_a_clear_yes_in_any_of_seven_languages_and_by_nothing_else() {
    let with = |value: &str| {
        let value: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
        Request::form(&format!("email=a%40example.org&newsletter={value}")).submission()
    };
    for yes in ["yes", "ja", "oui", "sí", "sim", "sì", "on", "1"] {
        assert_eq!(agreed(&with(yes)), ["marketing: true ()"], "{yes}");
    }
    for no in [
        "no",
        "nein",
        "non",
        "não",
        "nee",
        "0",
        "off",
        "false",
        "No, gracias",
        "Nein danke",
    ] {
        let agreed = agreed(&with(no));
        assert_eq!(agreed.len(), 1, "{no}");
        assert!(agreed[0].starts_with("marketing: false"), "{agreed:?}");
    }
    // A box that is not ticked is not sent, or as nothing; a hidden 0 before it is what is left of it.
    assert_eq!(agreed(&with("")), Vec::<String>::new());
    assert_eq!(
        agreed(&Request::form("email=a%40example.org").submission()),
        Vec::<String>::new()
    );
    let hidden = "email=a%40example.org&newsletter=0";
    assert_eq!(
        agreed(&Request::form(hidden).submission()),
        ["marketing: false ()"]
    );
    assert_eq!(
        agreed(&Request::form(&format!("{hidden}&newsletter=1")).submission()),
        ["marketing: true ()"]
    );
    // Who wants it apart says so.
    let apart = Request::form("email=a%40example.org&consent.newsletter=oui").submission();
    assert_eq!(agreed(&apart), ["newsletter: true ()"]);
    for document in [
        r#"{"email": "a@example.org", "newsletter": false}"#,
        r#"{"email": "a@example.org", "newsletter": 0}"#,
    ] {
        assert_eq!(
            agreed(&Request::json(document).submission()),
            ["marketing: false ()"],
            "{document}"
        );
    }
    let unsaid = r#"{"email": "a@example.org", "newsletter": null}"#;
    assert_eq!(
        agreed(&Request::json(unsaid).submission()),
        Vec::<String>::new()
    );
}

#[test]
fn passwords_cards_tokens_and_honeypots_are_not_kept() {
    let names = "password=p&card_number=4&_wpcf7=12&_wpcf7_version=6&g-recaptcha-response=t&csrf_token=c&bot-field=&_gotcha=&__VIEWSTATE=v&utf8=1&wpforms[token]=z";
    check_fields(
        &Request::form(&format!("email=a%40example.org&{names}")).submission(),
        &["email = a@example.org"],
    );
}

#[test]
fn the_page_and_its_campaign_come_from_the_request_when_no_field_names_them() {
    let request = Request::form("email=a%40example.org&utm_medium=cpc")
        .header(
            "referer",
            "https://www.example.com/offer?utm_source=ads&utm_medium=display&email=x%40example.org",
        )
        .with(|request| {
            request.query = Some("utm_source=other&gclid=g1&page_url=x&email=y%40example.org")
        });
    check_fields(
        &request.submission(),
        &[
            "email = a@example.org",
            "page_url = https://www.example.com/offer?utm_source=ads&utm_medium=display",
            "utm_source = ads",
            "utm_medium = cpc",
            "gclid = g1",
        ],
    );
}
