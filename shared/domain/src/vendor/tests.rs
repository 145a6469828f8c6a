use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::config::{Amount, Per};
use crate::field::Value;

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn contract(text: &str) -> Vendor {
    toml::from_str(text).expect("a contract")
}

fn fields(pairs: &[(&str, &str)]) -> Fields {
    pairs
        .iter()
        .map(|(name, value)| {
            let field = name.parse().expect("a field");
            (field, Value::Text((*value).to_owned()))
        })
        .collect()
}

#[test]
fn money_is_read_and_written_in_the_units_of_its_currency() {
    let read = |text: &str, currency: &str| {
        Money::read(&Amount::Decimal(text.to_owned()), currency).map(|money| money.minor)
    };
    assert_eq!(read("45.00", "USD"), Ok(4_500));
    assert_eq!(read("45", "USD"), Ok(4_500));
    assert_eq!(read("0.5", "EUR"), Ok(50));
    assert_eq!(read("1500", "JPY"), Ok(1_500));
    assert_eq!(read("1.234", "KWD"), Ok(1_234));
    for (text, currency) in [
        ("45.001", "USD"),
        ("1.5", "JPY"),
        ("-1", "USD"),
        (".5", "USD"),
        ("5.", "USD"),
        ("1,5", "EUR"),
        ("1e3", "EUR"),
        ("1000001", "EUR"),
        ("99999999999999999999", "EUR"),
    ] {
        assert!(read(text, currency).is_err(), "{text} {currency}");
    }
    let shown = |minor, currency: &str| {
        let money = Money {
            minor,
            currency: currency.to_owned(),
        };
        money.to_string()
    };
    assert_eq!(shown(4_500, "USD"), "45.00 USD");
    assert_eq!(shown(5, "USD"), "0.05 USD");
    assert_eq!(shown(-250, "EUR"), "-2.50 EUR");
    assert_eq!(shown(1_500, "JPY"), "1500 JPY");
    assert_eq!(shown(7, "KWD"), "0.007 KWD");
}

proptest! {
    #[test]
    fn what_is_written_of_an_amount_is_read_as_the_same(minor in 0i64..100_000_000, which in 0usize..3) {
        let currency = ["USD", "JPY", "KWD"][which];
        prop_assume!(minor <= 1_000_000 * 10i64.pow(decimals(currency) as u32));
        let money = Money { minor, currency: currency.to_owned() };
        let again = Money::read(&Amount::Decimal(money.decimal()), currency);
        prop_assert_eq!(again, Ok(money));
    }

    #[test]
    fn no_text_makes_reading_an_amount_panic(text in "\\PC{0,30}", minor in any::<i64>()) {
        let _ = Money::read(&Amount::Decimal(text), "USD");
        let _ = Money::read(&Amount::Minor(minor), "KWD");
    }

    #[test]
    fn a_moment_lies_in_its_period_and_the_next_one_begins_where_it_ends(
        second in 1_500_000_000i64..2_200_000_000,
        which in 0usize..6,
        per in 0usize..4,
    ) {
        let zone = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kathmandu"][which];
        let per = [Per::Hour, Per::Day, Per::Week, Per::Month][per];
        let now = Timestamp::from_second(second).expect("a time");
        let found = period(per, zone, now);
        let opens = found.opens_at.expect("it ends");
        prop_assert!(found.starts <= second && second < opens.as_second());
        // Everything within it has the same name; where the clock goes back by half an hour, an hour is cut short.
        if per != Per::Hour {
            let first = Timestamp::from_second(found.starts).expect("a time");
            prop_assert_eq!(period(per, zone, first), found);
            let last = Timestamp::from_second(opens.as_second() - 1).expect("a time");
            prop_assert_eq!(period(per, zone, last), found);
        }
        prop_assert_eq!(period(per, zone, opens).starts, opens.as_second());
    }
}

#[test]
fn days_begin_at_midnight_of_the_place_whatever_is_done_to_its_clock() {
    let day = |zone: &str, now: &str| {
        let found = period(Per::Day, zone, at(now));
        (
            Timestamp::from_second(found.starts).expect("a time"),
            found.opens_at.expect("it ends"),
        )
    };
    // Summer time begins: 23 hours. It ends: 25 hours.
    assert_eq!(
        day("Europe/Berlin", "2026-03-29T12:00:00Z"),
        (at("2026-03-28T23:00:00Z"), at("2026-03-29T22:00:00Z"))
    );
    assert_eq!(
        day("Europe/Berlin", "2026-10-25T12:00:00Z"),
        (at("2026-10-24T22:00:00Z"), at("2026-10-25T23:00:00Z"))
    );
    // In Santiago the clock jumps from midnight to one: the day begins at one.
    assert_eq!(
        day("America/Santiago", "2026-09-06T12:00:00Z").0,
        at("2026-09-06T04:00:00Z")
    );
    // The last second before midnight and the first after it.
    assert_eq!(
        day("America/New_York", "2026-03-02T04:59:59Z").1,
        at("2026-03-02T05:00:00Z")
    );
    assert_eq!(
        day("America/New_York", "2026-03-02T05:00:00Z").1,
        at("2026-03-03T05:00:00Z")
    );
    // An hour that the clock shows twice is two hours.
    let hours: BTreeSet<i64> = ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"]
        .map(|now| period(Per::Hour, "Europe/Berlin", at(now)).starts)
        .into();
    assert_eq!(hours.len(), 2);
    let week = period(Per::Week, "UTC", at("2026-03-01T23:59:59Z"));
    assert_eq!(week.opens_at, Some(at("2026-03-02T00:00:00Z")));
    let month = period(Per::Month, "Europe/Berlin", at("2026-12-31T23:30:00Z"));
    assert_eq!(month.starts, at("2026-12-31T23:00:00Z").as_second());
    let total = period(Per::Total, "UTC", at("2026-12-31T23:30:00Z"));
    assert_eq!((total.starts, total.opens_at), (0, None));
}

const CONTRACT: &str = r#"
currency = "USD"
price = "40"
required = ["postal_code", "phone"]

[[prices]]
price = "60"
when = { field = "country", is = "US" }

[[criteria]]
name = "place"
must = { field = "country", one_of = ["US", "CA"] }

[[criteria]]
name = "size"
must = { field = "employees", at_least = 10 }
reason = "Too small."

[[caps]]
name = "us"
maximum = 3
per = "day"
timezone = "Europe/Berlin"
when = { field = "country", is = "US" }

[[caps]]
name = "all"
maximum = 100
per = "total"
"#;

#[test]
fn what_applies_is_the_first_price_and_every_cap_that_fit() {
    let contract = contract(CONTRACT);
    let now = at("2026-03-02T11:00:00Z");
    let mut lead = fields(&[
        ("postal_code", "1"),
        ("phone", "+12025550101"),
        ("country", "CA"),
    ]);
    lead.insert(Field::Employees, Value::Number(50));
    let agreed = terms(&contract, &lead, now).expect("it is wanted");
    assert_eq!(agreed.price.map(|price| price.minor), Some(4_000));
    let names: Vec<&str> = agreed.caps.iter().map(|cap| cap.name.as_str()).collect();
    assert_eq!(names, ["all"]);
    lead.insert(Field::Country, Value::Text("US".to_owned()));
    let agreed = terms(&contract, &lead, now).expect("it is wanted");
    assert_eq!(agreed.price.map(|price| price.minor), Some(6_000));
    assert_eq!(agreed.caps.len(), 2);
    assert_eq!(
        agreed.caps[0].reached.reason().as_deref(),
        Some("cap 'us' of 3 per day reached, opens 2026-03-03 00:00 Europe/Berlin")
    );
    assert_eq!(
        agreed.caps[1].reached.reason().as_deref(),
        Some("cap 'all' of 100 in all reached, does not open again")
    );
}

#[test]
fn every_missing_field_is_named_and_then_the_first_criterion_that_fails() {
    let contract = contract(CONTRACT);
    let now = at("2026-03-02T11:00:00Z");
    let refused = |lead: &Fields| terms(&contract, lead, now).expect_err("it is not wanted");
    let Answer::Rejected {
        code,
        fields: wrong,
        ..
    } = refused(&Fields::new())
    else {
        panic!("it is rejected");
    };
    assert_eq!(code, "invalid_fields");
    assert_eq!(wrong.len(), 2);
    let mut lead = fields(&[
        ("postal_code", "1"),
        ("phone", "+12025550101"),
        ("country", "DE"),
    ]);
    lead.insert(Field::Employees, Value::Number(5));
    assert_eq!(refused(&lead).code(), Some("place"));
    assert_eq!(
        refused(&lead).reason().as_deref(),
        Some("country is none of US, CA")
    );
    lead.insert(Field::Country, Value::Text("CA".to_owned()));
    assert_eq!(refused(&lead).reason().as_deref(), Some("Too small."));
    // A ping is judged by what it says, and by nothing that it leaves out.
    let part = fields(&[("country", "CA")]);
    assert!(partial_terms(&contract, &part, now).is_ok());
    assert!(partial_terms(&contract, &Fields::new(), now).is_ok());
    let part = fields(&[("country", "DE")]);
    assert!(partial_terms(&contract, &part, now).is_err());
}

#[test]
fn a_reason_of_a_return_is_found_by_code_or_label_however_it_is_written() {
    let returns: Returns = toml::from_str(
        r#"days = 7
        reasons = [{ code = "wrong_number", label = "Phone doesn't work" }, { code = "fake" }]"#,
    )
    .expect("returns");
    let found = |text: &str| returns.reason(text).map(|reason| reason.code.as_str());
    for text in [
        "wrong_number",
        "Wrong Number",
        "WRONG-NUMBER.",
        "phone doesnt work",
    ] {
        assert_eq!(found(text), Some("wrong_number"), "{text}");
    }
    assert_eq!(found("Fake!"), Some("fake"));
    assert_eq!(found("fak"), None);
    assert_eq!(found(""), None);
}

#[test]
fn a_person_is_the_same_by_address_and_by_its_hash() {
    let pepper = Pepper::new("a pepper for tests");
    let plain = persons(&pepper, &fields(&[("email", "Ada.Lovelace@example.com")]));
    let digest = digest_of("ada.lovelace@example.com ");
    let hashed = persons(&pepper, &fields(&[("custom.email_sha256", &digest)]));
    assert_eq!(plain, hashed);
    assert_eq!(plain, [digest_key(&pepper, "email", &digest)]);
    // A number is never an address, and what is no digest is nobody.
    let number = persons(&pepper, &fields(&[("custom.phone_sha256", &digest)]));
    assert_ne!(number, hashed);
    assert!(persons(&pepper, &fields(&[("custom.email_sha256", "ada")])).is_empty());
}

#[test]
fn an_answer_stands_as_long_as_its_reason_does() {
    let offer = |answer: Answer| Offer {
        submission: SubmissionId::from_bits(1),
        vendor: "acme".to_owned(),
        source: "acme".to_owned(),
        at: at("2026-03-02T11:00:00Z"),
        day: date(2026, 3, 2),
        external_id: None,
        answer,
        returned: None,
    };
    let accepted = offer(Answer::Accepted {
        price: None,
        caps: Vec::new(),
    });
    assert!(accepted.stands(at("2036-03-02T11:00:00Z")));
    let capped = offer(Answer::Capped {
        cap: "day".to_owned(),
        reason: String::new(),
        opens_at: Some(at("2026-03-02T23:00:00Z")),
    });
    assert!(capped.stands(at("2026-03-02T22:59:59Z")));
    assert!(!capped.stands(at("2026-03-02T23:00:00Z")));
    let duplicate = offer(Answer::Duplicate {
        known_at: at("2026-02-01T00:00:00Z"),
        days: 90,
    });
    assert!(duplicate.stands(at("2026-03-03T10:59:59Z")));
    assert!(!duplicate.stands(at("2026-03-03T11:00:00Z")));
    assert_eq!(
        duplicate.answer.reason().as_deref(),
        Some(
            "this person is known, last heard of on 2026-02-01; a person is bought again 90 days later"
        )
    );
    // What is stored is read as it was written.
    for one in [accepted, capped, duplicate] {
        let text = serde_json::to_string(&one).expect("it is written");
        let again: Offer = serde_json::from_str(&text).expect("it is read");
        assert_eq!(again, one);
    }
}
