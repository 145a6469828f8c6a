use proptest::prelude::*;

use super::*;

fn parsed(text: &str, region: Option<&str>) -> Phone {
    Phone::parse(text, region)
        .unwrap_or_else(|error| panic!("{text:?} in {region:?} should parse: {error}"))
}

#[test]
fn what_forms_send_becomes_e164() {
    let table: &[(&str, Option<&str>, &str)] = &[
        ("+1 202-555-0123", None, "+12025550123"),
        ("(202) 555-0123", Some("US"), "+12025550123"),
        ("202.555.0123", Some("us"), "+12025550123"),
        ("1 202 555 0123", Some("US"), "+12025550123"),
        ("  +1 (202) 555 0123 ", Some("DE"), "+12025550123"),
        ("p:+12025550123", None, "+12025550123"),
        ("p:2025550123", Some("US"), "+12025550123"),
        ("tel:+1-202-555-0123", None, "+12025550123"),
        ("Mobile: +1 202 555 0123", None, "+12025550123"),
        ("+44 20 7946 0123", None, "+442079460123"),
        ("020 7946 0123", Some("GB"), "+442079460123"),
        ("+44 (0)20 7946 0123", None, "+442079460123"),
        ("+49 30 901820 12", None, "+493090182012"),
        ("030/90182012", Some("DE"), "+493090182012"),
        ("0049 30 90182012", Some("DE"), "+493090182012"),
        // 00 is no prefix of these plans, or there is no plan at all.
        ("0049 30 90182012", Some("US"), "+493090182012"),
        ("0049 30 90182012", None, "+493090182012"),
        ("+0049 30 90182012", None, "+493090182012"),
        ("011 49 30 90182012", Some("US"), "+493090182012"),
        // The plus sign was lost, by a form or a spreadsheet.
        ("493090182012", None, "+493090182012"),
        ("12025550123", None, "+12025550123"),
        ("12025550123", Some("DE"), "+12025550123"),
        ("442079460123", Some("US"), "+442079460123"),
        // Digits of other scripts, and the wide plus.
        ("٠٣٠٩٠١٨٢٠١٢", Some("DE"), "+493090182012"),
        ("+۴۹۳۰۹۰۱۸۲۰۱۲", None, "+493090182012"),
        ("＋１２０２５５５０１２３", None, "+12025550123"),
        ("１２０２５５５０１２３", None, "+12025550123"),
        ("००४९ ३० ९०१८२०१२", None, "+493090182012"),
        // A non-breaking space and a typographic hyphen.
        ("+1\u{00A0}202\u{2011}555\u{2011}0123", None, "+12025550123"),
        // An unknown region is none.
        ("+12025550123", Some("Narnia"), "+12025550123"),
        ("+12025550123", Some("001"), "+12025550123"),
        ("1-800-FLOWERS", Some("US"), "+18003569377"),
    ];
    for (text, region, e164) in table {
        assert_eq!(
            parsed(text, *region).as_str(),
            *e164,
            "{text:?} in {region:?}"
        );
    }
}

#[test]
fn extensions_are_kept_beside_the_number() {
    for text in [
        "+1 202 555 0123 x12",
        "+12025550123 ext. 12",
        "tel:+12025550123;ext=12",
        "+1 202 555 0123 extension 12",
        "+1 202 555 0123#12",
    ] {
        let phone = parsed(text, None);
        assert_eq!(
            (phone.as_str(), phone.extension()),
            ("+12025550123", Some("12")),
            "{text:?}"
        );
        assert_eq!(phone.to_string(), "+12025550123;ext=12");
        assert_ne!(
            phone,
            parsed("+12025550123", None),
            "two people on one switchboard"
        );
    }
}

#[test]
fn what_is_no_number_says_why() {
    use PhoneError::*;
    let long = "1".repeat(200);
    let table: &[(&str, Option<&str>, PhoneError)] = &[
        ("", Some("US"), NotANumber),
        ("   ", None, NotANumber),
        ("n/a", Some("US"), NotANumber),
        ("hello", Some("US"), NotANumber),
        ("+", None, NotANumber),
        ("0", Some("US"), NotANumber),
        ("call me at 5pm please", Some("US"), NotANumber),
        ("12 Main Street", Some("US"), NotANumber),
        ("123", Some("US"), TooShort),
        // Without the area code a number is that of many.
        ("555-0123", Some("US"), TooShort),
        ("+1 555 0123", None, TooShort),
        ("+1 202 555 0123 4567", None, TooLong),
        (&long, Some("US"), TooLong),
        ("+999 12345678", None, Invalid),
        ("202-555-0123", None, Invalid),
        // Placeholders.
        ("0000000000", Some("US"), Invalid),
        ("1111111111", Some("US"), Invalid),
        ("+1 555 555 5555", None, Invalid),
        ("1234567890", Some("US"), Invalid),
        ("+1 987 654 3210", None, Invalid),
    ];
    for (text, region, error) in table {
        let got = Phone::parse(text, *region);
        assert_eq!(
            got.as_ref().err(),
            Some(error),
            "{text:?} in {region:?} gave {:?}",
            got.as_ref().map(Phone::as_str)
        );
    }
}

#[test]
fn a_possible_number_without_an_assigned_range_has_a_key_but_is_not_valid() {
    // Reserved for drama by Ofcom; the metadata knows no such mobile range.
    let fictional = parsed("+44 7700 900123", None);
    assert_eq!(
        (fictional.as_str(), fictional.is_valid(), fictional.kind()),
        ("+447700900123", false, PhoneKind::Other)
    );
    assert_eq!(fictional.region().map(Country::as_str), Some("GB"));
    // +1 is shared by equals, so an unassigned area code says nothing about the country.
    let no_such_area = parsed("+1 999 555 0123", None);
    assert_eq!(
        (no_such_area.is_valid(), no_such_area.region()),
        (false, None)
    );
}

#[test]
fn the_fictional_numbers_of_the_united_states_are_valid_by_the_metadata() {
    for last in 0..100 {
        let phone = parsed(&format!("+1 202 555 01{last:02}"), None);
        assert!(phone.is_valid());
        assert_eq!(
            (phone.kind(), phone.region().map(Country::as_str)),
            (PhoneKind::FixedOrMobile, Some("US"))
        );
    }
}

#[test]
fn the_plan_tells_country_and_kind() {
    use PhoneKind::*;
    let table = [
        ("+442079460123", Some("GB"), FixedLine),
        ("+493090182012", Some("DE"), FixedLine),
        ("+61491570006", Some("AU"), Mobile),
        ("+4915112345678", Some("DE"), Mobile),
        ("+18005550123", Some("US"), TollFree),
        ("+80012345678", None, TollFree),
        ("+19005550123", Some("US"), Premium),
        ("+445612345678", Some("GB"), Voip),
        ("+16135550123", Some("CA"), FixedOrMobile),
        ("+390612345678", Some("IT"), FixedLine),
        ("+38343201234", Some("XK"), Mobile),
    ];
    for (text, region, kind) in table {
        let phone = parsed(text, None);
        assert_eq!(
            (
                phone.region().map(Country::as_str),
                phone.kind(),
                phone.is_valid()
            ),
            (region, kind, true),
            "{text}"
        );
    }
}

#[test]
fn neither_debug_nor_an_error_shows_digits() {
    assert_eq!(
        format!("{:?}", parsed("+12025550123", None)),
        "Phone(*** US)"
    );
    assert_eq!(
        format!("{:?}", parsed("+80012345678", None)),
        "Phone(*** international)"
    );
    for text in ["+999 123", "123", "1234567890"] {
        let error = Phone::parse(text, Some("US")).unwrap_err();
        assert!(
            !format!("{error} {error:?} {}", error.code()).contains(|c: char| c.is_ascii_digit())
        );
    }
}

#[test]
fn json_is_the_displayed_number_and_a_bad_one_is_refused() {
    let phone = parsed("+1 202 555 0123 x7", None);
    let json = serde_json::to_string(&phone).unwrap();
    assert_eq!(json, "\"+12025550123;ext=7\"");
    assert_eq!(serde_json::from_str::<Phone>(&json).unwrap(), phone);
    assert!(serde_json::from_str::<Phone>("\"2025550123\"").is_err());
    for kind in [
        PhoneKind::Mobile,
        PhoneKind::FixedLine,
        PhoneKind::FixedOrMobile,
        PhoneKind::TollFree,
        PhoneKind::Premium,
        PhoneKind::Voip,
        PhoneKind::Other,
    ] {
        assert_eq!(
            serde_json::to_string(&kind).unwrap(),
            format!("\"{}\"", kind.as_str())
        );
    }
}

fn assert_stable(phone: &Phone) -> Result<(), TestCaseError> {
    let e164 = phone.as_str();
    prop_assert!(
        e164.starts_with('+')
            && e164[1..].bytes().all(|b| b.is_ascii_digit())
            && (5..=18).contains(&e164.len()),
        "{}",
        e164
    );
    // Whatever region reads it back, an international number stays itself.
    for region in [None, Some("US"), Some("DE"), Some("JP")] {
        let again = Phone::parse(&phone.to_string(), region);
        prop_assert_eq!(again.as_ref().map(Phone::to_string), Ok(phone.to_string()));
        prop_assert_eq!(
            again.map(|again| (again.is_valid(), again.kind(), again.region())),
            Ok((phone.is_valid(), phone.kind(), phone.region()))
        );
    }
    Ok(())
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any::<String>(), region in proptest::option::of("[A-Za-z]{2}")) {
        if let Ok(phone) = Phone::parse(&text, region.as_deref()) {
            assert_stable(&phone)?;
        }
    }

    #[test]
    fn what_almost_is_a_number_is_refused_or_stable(
        text in "(p:|tel:|00|\\+|\\+00|)[0-9 ().-]{3,18}(x[0-9]{1,4}|;ext=[0-9]{1,4}|)",
        region in proptest::option::of(prop_oneof![Just("US"), Just("DE"), Just("GB"), Just("IT"), Just("AU"), Just("BR"), Just("XX")]),
    ) {
        if let Ok(phone) = Phone::parse(&text, region) {
            assert_stable(&phone)?;
        }
    }

    #[test]
    fn grouping_makes_no_difference(subscriber in 0u32..100, separator in prop_oneof![Just(" "), Just("-"), Just("."), Just(""), Just("\u{00A0}")]) {
        let grouped = format!("(202){separator}555{separator}01{subscriber:02}");
        prop_assert_eq!(Phone::parse(&grouped, Some("US")), Phone::parse(&format!("+1202555{:04}", 100 + subscriber), None));
    }
}
