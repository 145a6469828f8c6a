use super::*;

fn fields() -> Fields {
    [
        (Field::Title, Value::Text("Global CMO".to_owned())),
        (Field::Country, Value::Text("DE".to_owned())),
        (Field::Employees, Value::Number(75)),
        (Field::PhoneValid, Value::Flag(false)),
        (
            Field::Custom("budget".to_owned()),
            Value::Text("10,000".to_owned()),
        ),
    ]
    .into_iter()
    .collect()
}

fn condition(toml: &str) -> Condition {
    #[derive(Deserialize)]
    struct Rule {
        when: Condition,
    }
    toml::from_str::<Rule>(&format!("when = {toml}"))
        .unwrap_or_else(|error| panic!("{toml}: {error}"))
        .when
}

fn check(toml: &str, expected: bool) {
    let condition = condition(toml);
    assert_eq!(condition.holds(&fields()), expected, "{toml}");
    assert_eq!(
        condition.why_not(&fields()).is_none(),
        expected,
        "why_not agrees: {toml}"
    );
    assert!(!condition.describe().is_empty(), "{toml}");
}

#[test]
fn comparisons_mean_what_they_say() {
    check(r#"{ field = "country", is = "de" }"#, true);
    check(r#"{ field = "country", one_of = ["AT", "DE"] }"#, true);
    check(r#"{ field = "country", none_of = ["AT", "DE"] }"#, false);
    check(r#"{ field = "country", is_not = "FR" }"#, true);
    check(r#"{ field = "title", has_word = ["CMO"] }"#, true);
    check(r#"{ field = "title", has_word = ["lobal"] }"#, false);
    check(r#"{ field = "title", contains = "lobal" }"#, true);
    check(
        r#"{ field = "title", starts_with = ["chief", "global"] }"#,
        true,
    );
    check(
        r#"{ field = "employees", at_least = 50, at_most = 100 }"#,
        true,
    );
    check(r#"{ field = "employees", at_least = 76 }"#, false);
    check(r#"{ field = "phone_valid", is = false }"#, true);
    check(r#"{ field = "phone_valid", is = true }"#, false);
    check(r#"{ field = "custom.budget", at_least = 10000 }"#, true);
    check(r#"{ field = "city", present = false }"#, true);
    check(r#"{ field = "city", present = true }"#, false);
}

#[test]
fn an_unknown_value_fails_what_asks_for_one_and_meets_what_excludes_one() {
    check(r#"{ field = "city", is = "Berlin" }"#, false);
    check(r#"{ field = "city", is_not = "Berlin" }"#, true);
    check(r#"{ field = "city", none_of = ["Berlin"] }"#, true);
    check(r#"{ field = "revenue", at_most = 5 }"#, false);
}

#[test]
fn conditions_nest() {
    check(
        r#"{ all = [{ field = "country", is = "DE" }, { any = [{ field = "employees", at_least = 100 }, { field = "title", has_word = ["cmo"] }] }] }"#,
        true,
    );
    check(r#"{ not = { field = "country", is = "DE" } }"#, false);
    assert_eq!(
        condition(r#"{ not = { all = [{ field = "city", present = true }] } }"#).depth(),
        3
    );
}

#[test]
fn the_reason_names_the_rule_and_not_the_lead() {
    let reason = condition(r#"{ field = "title", has_word = ["CTO"] }"#).why_not(&fields());
    assert_eq!(reason.as_deref(), Some("title does not have the word CTO"));
    let reason = condition(r#"{ field = "city", is = "Berlin" }"#).why_not(&fields());
    assert_eq!(reason.as_deref(), Some("city is not known"));
}

#[test]
fn comparisons_that_make_no_sense_are_found() {
    for toml in [
        r#"{ field = "title", at_least = 3 }"#,
        r#"{ field = "employees", contains = "5" }"#,
        r#"{ field = "employees", at_least = 5, at_most = 3 }"#,
        r#"{ field = "phone_valid", is = "maybe" }"#,
    ] {
        let Condition::Test(test) = condition(toml) else {
            panic!("{toml}")
        };
        assert_eq!(test.type_problems().len(), 1, "{toml}");
    }
}
