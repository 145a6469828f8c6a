use super::super::{GOOD, line_of, problems};
use super::finds;
use crate::condition::{Condition, MAX_DEPTH};
use crate::config::check::conditions::OPERATORS;

#[test]
fn conditions() {
    let deep = (1..=MAX_DEPTH).fold(
        "{ field = \"city\", present = true }".to_owned(),
        |inner, _| format!("{{ not = {inner} }}"),
    );
    for (when, code, end) in [
        ("\"DE\"", "bad_condition", ""),
        ("{}", "bad_condition", ""),
        (
            "{ feild = \"country\", is = \"DE\" }",
            "bad_condition",
            ".feild",
        ),
        ("{ is = \"DE\" }", "bad_condition", ""),
        ("{ field = 3, is = \"DE\" }", "bad_condition", ".field"),
        (
            "{ field = \"country\", oneof = [\"DE\"] }",
            "bad_condition",
            ".oneof",
        ),
        (
            "{ field = \"country\", is = [\"DE\"] }",
            "bad_condition",
            ".is",
        ),
        (
            "{ field = \"country\", one_of = \"DE\" }",
            "bad_condition",
            ".one_of",
        ),
        (
            "{ field = \"country\", one_of = [] }",
            "bad_condition",
            ".one_of",
        ),
        (
            "{ field = \"country\", one_of = [\"\"] }",
            "bad_condition",
            ".one_of",
        ),
        ("{ field = \"country\", is = \"\" }", "bad_condition", ".is"),
        (
            "{ field = \"title\", has_word = \"CMO\" }",
            "bad_condition",
            ".has_word",
        ),
        (
            "{ field = \"title\", contains = [\"CMO\"] }",
            "bad_condition",
            ".contains",
        ),
        (
            "{ field = \"employees\", at_least = \"5\" }",
            "bad_condition",
            ".at_least",
        ),
        (
            "{ field = \"employees\", present = \"yes\" }",
            "bad_condition",
            ".present",
        ),
        ("{ all = [] }", "bad_condition", ".all"),
        (
            "{ any = { field = \"city\", present = true } }",
            "bad_condition",
            ".any",
        ),
        (
            "{ any = [{ field = \"city\", present = true }, 3] }",
            "bad_condition",
            ".any[1]",
        ),
        (
            "{ all = [{ field = \"city\", present = true }], field = \"city\" }",
            "bad_condition",
            ".field",
        ),
        (
            "{ field = \"contry\", is = \"DE\" }",
            "unknown_field",
            ".field",
        ),
        (
            "{ not = { any = [{ field = \"cty\", is = \"x\" }] } }",
            "unknown_field",
            ".not.any[0].field",
        ),
        ("{ field = \"country\" }", "empty_condition", ""),
        (
            "{ field = \"country\", at_least = 5 }",
            "wrong_comparison",
            "",
        ),
        (
            "{ field = \"employees\", contains = \"5\" }",
            "wrong_comparison",
            "",
        ),
        (
            "{ field = \"employees\", at_least = 5, at_most = 4 }",
            "wrong_comparison",
            "",
        ),
        (
            "{ field = \"phone_valid\", is = \"maybe\" }",
            "wrong_comparison",
            "",
        ),
        (
            "{ field = \"email_class\", is = \"business\" }",
            "unknown_value",
            ".is",
        ),
        (
            "{ field = \"source\", one_of = [\"website\", \"webform\"] }",
            "unknown_value",
            ".one_of[1]",
        ),
        (
            "{ field = \"source_kind\", is = \"from\" }",
            "unknown_value",
            ".is",
        ),
        (
            "{ field = \"country\", none_of = [\"Germany\"] }",
            "unknown_country",
            ".none_of[0]",
        ),
        (
            "{ field = \"city\", is = \"Bonn\", present = false }",
            "never_holds",
            "",
        ),
        (
            "{ all = [{ field = \"country\", is = \"DE\" }, { field = \"country\", is = \"AT\" }] }",
            "never_holds",
            "",
        ),
        (
            "{ all = [{ field = \"country\", one_of = [\"DE\", \"AT\"] }, { field = \"country\", none_of = [\"de\", \"at\"] }] }",
            "never_holds",
            "",
        ),
        (
            "{ all = [{ field = \"employees\", at_least = 50 }, { all = [{ field = \"employees\", is = 49 }] }] }",
            "never_holds",
            "",
        ),
        (deep.as_str(), "too_deep", ""),
    ] {
        let text = format!("[[scoring.fit]]\nname = \"x\"\npoints = 1\nwhen = {when}");
        finds(&text, &[(code, &format!("scoring.fit[0].when{end}"))]);
    }
}

#[test]
fn a_slip_in_a_condition_says_what_may_be_meant() {
    for (when, message) in [
        (
            "{ field = \"country\", oneof = [\"DE\"] }",
            "there is no comparison `oneof`; did you mean `one_of`?",
        ),
        (
            "{ feild = \"country\" }",
            "there is no comparison `feild`; did you mean `field`?",
        ),
        (
            "{ field = \"contry\", is = \"DE\" }",
            "unknown field `contry`; did you mean `country`?",
        ),
        (
            "{ field = \"country\", is = \"Germany\" }",
            "`Germany` is no country; use two letters as in ISO 3166-1: `DE`",
        ),
        (
            "{ field = \"title\", has_word = \"CMO\" }",
            "`has_word` takes a list of texts: `[\"…\", \"…\"]`",
        ),
        (
            "{ field = \"country\", is = [\"DE\"] }",
            "`is` takes one value; for several use `one_of`",
        ),
    ] {
        let text =
            format!("{GOOD}\n[[territories]]\nname = \"x\"\npool = \"emea\"\nwhen = {when}\n");
        let found = problems(&text);
        assert!(
            found
                .iter()
                .any(|problem| problem.message == message
                    && problem.line == line_of(&text, "when = ")),
            "{when}: {found:#?}"
        );
    }
}

#[test]
fn every_comparison_is_known_here() {
    // Each by itself is read by the type, and no other is.
    for (name, _) in &OPERATORS {
        let value = match *name {
            "one_of" | "none_of" | "has_word" | "starts_with" => "[\"1\"]",
            "at_least" | "at_most" => "1",
            "present" => "true",
            _ => "\"1\"",
        };
        let text = format!("field = \"custom.a\"\n{name} = {value}");
        let condition: Condition =
            toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(
            matches!(&condition, Condition::Test(test) if !test.is_empty()),
            "{name}"
        );
    }
    let all: String = serde_json::to_string(&toml::from_str::<Condition>("field = \"custom.a\"\nis = 1\nis_not = 1\none_of = [1]\nnone_of = [1]\ncontains = \"1\"\nhas_word = [\"1\"]\nstarts_with = [\"1\"]\nat_least = 1\nat_most = 1\npresent = true").expect("a test with everything")).expect("a test is JSON");
    assert_eq!(all.matches("\":").count(), OPERATORS.len() + 1);
}
