use super::*;
use proptest::prelude::*;

#[test]
fn every_known_field_is_read_from_its_own_name() {
    for field in Field::KNOWN {
        assert_eq!(field.to_string().parse::<Field>().as_ref(), Ok(field));
    }
}

#[test]
fn an_unknown_field_names_the_nearest_one() {
    let error = "emial".parse::<Field>().unwrap_err();
    assert_eq!(error.hint.as_deref(), Some("email"));
    for (name, hint) in [
        ("postcode", "postal_code"),
        ("Post Code", "postal_code"),
        ("postcod", "postal_code"),
        ("zip", "postal_code"),
        ("plz", "postal_code"),
        ("telephone", "phone"),
        ("telephone_no", "phone"),
        ("surname", "last_name"),
        ("nachname", "last_name"),
        ("job_title", "title"),
        ("website", "company_domain"),
        ("headcount", "employees"),
        ("utm_sorce", "utm_source"),
    ] {
        let error = name.parse::<Field>().unwrap_err();
        assert_eq!(error.hint.as_deref(), Some(hint), "{name}");
    }
    assert_eq!("zzz".parse::<Field>().unwrap_err().hint, None);
    assert!("custom.Budget!".parse::<Field>().is_err());
    assert_eq!(
        "custom.budget".parse::<Field>(),
        Ok(Field::Custom("budget".to_owned()))
    );
}

#[test]
fn numbers_are_read_as_forms_write_them() {
    for (text, number) in [
        ("42", Some(42)),
        ("1,250", Some(1_250)),
        ("1.250", Some(1_250)),
        ("1 250 000", Some(1_250_000)),
        ("50-100", Some(50)),
        ("51–200 employees", Some(51)),
        ("500+", Some(500)),
        ("> 1000", Some(1_000)),
        ("3.5", Some(3)),
        ("10k", Some(10_000)),
        ("1.5k", Some(1_500)),
        ("1,5", Some(1)),
        ("1 Mio", Some(1_000_000)),
        ("2,5 Mio. EUR", Some(2_500_000)),
        ("$1.5M", Some(1_500_000)),
        ("€ 1.250,50", Some(1_250)),
        ("1,000.75 thousand", Some(1_000_750)),
        ("10-50k", Some(10_000)),
        ("1 - 5 Mio", Some(1_000_000)),
        ("51-200 employees", Some(51)),
        ("2 bn", Some(2_000_000_000)),
        ("0x10", None),
        ("12abc", None),
        ("90,000,000,000,000 million", None),
        ("1.0E7", Some(10_000_000)),
        ("1e3", Some(1_000)),
        ("1.5e+3", Some(1_500)),
        ("25e-1", Some(3)),
        ("1e400", None),
        ("1e17", None),
        ("-5", None),
        ("many", None),
        ("", None),
        ("99999999999999999999", None),
    ] {
        assert_eq!(parse_number(text), number, "{text}");
    }
}

#[test]
fn the_debug_form_of_a_value_does_not_tell_it() {
    let shown = format!("{:?}", Value::Text("Ada Example".to_owned()));
    assert!(!shown.contains("Ada"), "{shown}");
}

proptest! {
    #[test]
    fn no_text_makes_the_readers_panic(text in ".{0,60}") {
        let _ = parse_number(&text);
        let _ = parse_flag(&text);
        let _ = text.parse::<Field>();
    }

    #[test]
    fn a_value_survives_being_stored(text in "[a-z]{1,20}", number: i64, flag: bool) {
        for value in [Value::Text(text.clone()), Value::Number(number), Value::Flag(flag)] {
            let stored = serde_json::to_string(&value).unwrap();
            prop_assert_eq!(serde_json::from_str::<Value>(&stored).unwrap(), value);
        }
    }
}

#[test]
fn a_yes_and_a_no_are_read_in_seven_languages() {
    for yes in [
        "yes", "Ja", "OUI", "sí", "si", "sì", "Sim", "on", "1", "true",
    ] {
        assert_eq!(parse_flag(yes), Some(true), "{yes}");
    }
    for no in [
        "no", "Nein", "NON", "não", "nao", "Nee", "off", "0", "false",
    ] {
        assert_eq!(parse_flag(no), Some(false), "{no}");
    }
    for neither in ["", " ", "weekly", "noone", "yesterday"] {
        assert_eq!(parse_flag(neither), None, "{neither}");
    }
}

#[test]
fn another_name_is_never_one_of_ours() {
    for (field, words) in ALIASES {
        for word in words.split_ascii_whitespace() {
            let known = Field::KNOWN.iter().find(|known| known.to_string() == word);
            assert!(
                known.is_none_or(|known| known == field),
                "{word} stands for {field} and is another field"
            );
        }
    }
}
