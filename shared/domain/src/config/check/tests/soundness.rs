//! What holds for any text, and for any conditions.

use proptest::prelude::*;

use crate::condition::{All, Any, Condition, FieldName, Not, Test};
use crate::config::DEFAULT;
use crate::config::check::implication::{implies, is_covered, never_holds, overlap};
use crate::config::check::{check_file, read};
use crate::field::{Field, Fields, Value};

/// Whatever comes, it is answered, and every place is in the text.
fn is_answered(text: &str) {
    let report = check_file(text);
    let lines = text.split('\n').count();
    for problem in &report.problems {
        assert!(
            problem.line >= 1 && problem.line <= lines,
            "line {} of {lines}",
            problem.line
        );
        assert!(problem.column >= 1);
        assert!(!problem.message.is_empty());
    }
    assert_eq!(report.config.is_none(), report.has_errors());
    assert!(
        report.config.is_some()
            || read(text).is_err()
            || report.golden.iter().any(|result| !result.passed)
    );
}

/// Where characters are replaced, or removed.
fn edits() -> impl Strategy<Value = Vec<(prop::sample::Index, Option<String>)>> {
    let replacement = prop::option::of("[\\[\\]{}=.,\"'a-z0-9 \n#-]");
    prop::collection::vec((any::<prop::sample::Index>(), replacement), 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_answered(text in any::<String>()) {
        is_answered(&text);
    }

    #[test]
    fn any_text_of_toml_characters_is_answered(text in "[\\[\\]{}=.,\"'a-c0-9 \n#-]{0,120}") {
        is_answered(&text);
    }

    #[test]
    fn the_default_file_without_some_lines_is_answered(removed in prop::collection::btree_set(0usize..400, 1..8)) {
        let text: String = DEFAULT.lines().enumerate().filter(|(index, _)| !removed.contains(index)).map(|(_, line)| format!("{line}\n")).collect();
        is_answered(&text);
    }

    #[test]
    fn the_default_file_with_characters_changed_is_answered(edits in edits()) {
        let mut characters: Vec<char> = DEFAULT.chars().collect();
        for (place, replacement) in edits {
            let at = place.index(characters.len());
            match replacement.and_then(|text| text.chars().next()) {
                Some(character) => characters[at] = character,
                None => {
                    characters.remove(at);
                }
            }
        }
        is_answered(&characters.into_iter().collect::<String>());
    }

    #[test]
    fn the_default_file_with_a_value_of_another_type_is_answered(place in any::<prop::sample::Index>(), value in prop::sample::select(vec!["3", "-1", "1.5", "true", "\"x\"", "[]", "{}", "[1]", "[[]]", "{ a = 1 }", "2026-01-01", "99999999999999999999"])) {
        let settings: Vec<usize> = DEFAULT.lines().enumerate().filter(|(_, line)| !line.starts_with('#') && line.contains(" = ") && !line.starts_with(' ')).map(|(index, _)| index).collect();
        let chosen = settings[place.index(settings.len())];
        let text: String = DEFAULT.lines().enumerate().map(|(index, line)| match line.split_once(" = ") {
            Some((key, _)) if index == chosen => format!("{key} = {value}\n"),
            _ => format!("{line}\n"),
        }).collect();
        is_answered(&text);
    }
}

fn values() -> impl Strategy<Value = Value> {
    prop_oneof![
        prop::sample::select(vec![
            "DE", "de", "AT", "NO", "yes", "true", "50", "50-100", "CMO"
        ])
        .prop_map(|text| Value::Text(text.to_owned())),
        (0i64..4).prop_map(|number| Value::Number(number * 25)),
        any::<bool>().prop_map(Value::Flag),
    ]
}

const FIELDS: [Field; 4] = [
    Field::Country,
    Field::Employees,
    Field::PhoneValid,
    Field::Title,
];

/// A value as Leadline keeps it in that field.
fn kept(field: &Field, seed: u8) -> Value {
    match field {
        Field::Employees => Value::Number(i64::from(seed % 5) * 25),
        Field::PhoneValid => Value::Flag(seed.is_multiple_of(2)),
        _ => Value::Text(
            ["DE", "at", "no", "Yes", "50", "CMO", "Global CMO"][usize::from(seed) % 7].to_owned(),
        ),
    }
}

fn tests() -> impl Strategy<Value = Condition> {
    let field = prop::sample::select(
        FIELDS
            .iter()
            .map(Field::to_string)
            .chain(["custom.note".to_owned()])
            .collect::<Vec<_>>(),
    );
    let some_text = || prop::sample::select(vec!["c", "CMO", "d", "de"]).prop_map(str::to_owned);
    (
        field,
        prop::option::weighted(0.3, values()),
        prop::option::weighted(0.2, values()),
        prop::option::weighted(0.3, prop::collection::vec(values(), 1..3)),
        prop::option::weighted(0.2, prop::collection::vec(values(), 1..3)),
        prop::option::weighted(0.1, some_text()),
        prop::option::weighted(0.1, prop::collection::vec(some_text(), 1..3)),
        prop::option::weighted(0.1, prop::collection::vec(some_text(), 1..3)),
        prop::option::weighted(0.2, (0i64..5).prop_map(|number| number * 25)),
        (
            prop::option::weighted(0.2, (0i64..5).prop_map(|number| number * 25)),
            prop::option::weighted(0.1, any::<bool>()),
        ),
    )
        .prop_map(
            |(
                field,
                is,
                is_not,
                one_of,
                none_of,
                contains,
                has_word,
                starts_with,
                at_least,
                (at_most, present),
            )| {
                Condition::Test(Test {
                    field: FieldName(field),
                    is,
                    is_not,
                    one_of,
                    none_of,
                    contains,
                    has_word,
                    starts_with,
                    at_least,
                    at_most,
                    present,
                })
            },
        )
}

/// One comparison with one of few fields, so that two of them often have to do with each other.
fn simple_tests() -> impl Strategy<Value = Condition> {
    let field = prop::sample::select(vec!["country", "employees", "custom.note"]);
    (field, 0..9, prop::collection::vec(values(), 2), 0i64..5).prop_map(
        |(field, operator, values, number)| {
            let mut test = Test {
                field: FieldName(field.to_owned()),
                ..Test::default()
            };
            let text = || values[0].to_string();
            match operator {
                0 => test.is = Some(values[0].clone()),
                1 => test.is_not = Some(values[0].clone()),
                2 => test.one_of = Some(values),
                3 => test.none_of = Some(values),
                4 => test.contains = Some(text()),
                5 => test.has_word = Some(vec![text(), "de".to_owned()]),
                6 => test.at_least = Some(number * 25),
                7 => test.at_most = Some(number * 25),
                _ => test.present = Some(number % 2 == 0),
            }
            Condition::Test(test)
        },
    )
}

fn conditions() -> impl Strategy<Value = Condition> {
    prop_oneof![tests(), simple_tests(), simple_tests()].prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..3).prop_map(|all| Condition::All(All { all })),
            prop::collection::vec(inner.clone(), 1..3).prop_map(|any| Condition::Any(Any { any })),
            inner.prop_map(|not| Condition::Not(Not { not: Box::new(not) })),
        ]
    })
}

/// How many values of `kept` differ.
fn kinds(field: &Field) -> u8 {
    match field {
        Field::Employees => 5,
        Field::PhoneValid => 2,
        _ => 7,
    }
}

/// Every lead that has some of the fields with some of their values.
fn leads() -> Vec<Fields> {
    let mut leads = vec![Fields::new()];
    for field in FIELDS {
        let mut more = Vec::new();
        for lead in &leads {
            for seed in 0..kinds(&field) {
                let mut lead = lead.clone();
                lead.insert(field.clone(), kept(&field, seed));
                more.push(lead);
            }
        }
        leads.append(&mut more);
    }
    for custom in [
        Value::Text("yes".to_owned()),
        Value::Flag(true),
        Value::Number(50),
        Value::Text("50".to_owned()),
    ] {
        leads.push(Fields::from([(Field::Custom("note".to_owned()), custom)]));
    }
    leads
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_shown_of_conditions_is_true_of_leads(left in conditions(), right in conditions(), third in conditions()) {
        thread_local!(static LEADS: Vec<Fields> = leads());
        let (implied, never, covered, both) = (implies(&left, &right), never_holds(&left), is_covered(&left, &[&right, &third]), overlap(&left, &right));
        LEADS.with(|leads| {
            for lead in leads {
                if left.holds(lead) {
                    assert!(never.is_none(), "{left:?} never holds, but for {lead:?}");
                    assert!(!implied || right.holds(lead), "{left:?} implies {right:?}, but not for {lead:?}");
                    assert!(!covered || right.holds(lead) || third.holds(lead), "{left:?} is covered, but not for {lead:?}");
                }
            }
        });
        prop_assert!(both.is_none() || (never.is_none() && never_holds(&right).is_none()));
    }
}

fn condition(text: &str) -> Condition {
    #[derive(serde::Deserialize)]
    struct Holder {
        when: Condition,
    }
    toml::from_str::<Holder>(&format!("when = {text}"))
        .expect("a condition")
        .when
}

#[test]
fn one_condition_implies_another() {
    for (left, right, expected) in [
        (
            r#"{ field = "country", is = "DE" }"#,
            r#"{ field = "country", is = "de" }"#,
            true,
        ),
        (
            r#"{ field = "country", is = "DE" }"#,
            r#"{ field = "country", one_of = ["AT", "DE"] }"#,
            true,
        ),
        (
            r#"{ field = "country", one_of = ["AT", "DE"] }"#,
            r#"{ field = "country", is = "DE" }"#,
            false,
        ),
        (
            r#"{ field = "country", is = "DE" }"#,
            r#"{ field = "country", present = true }"#,
            true,
        ),
        (
            r#"{ field = "country", is = "DE" }"#,
            r#"{ field = "country", none_of = ["AT"] }"#,
            true,
        ),
        (
            r#"{ field = "country", none_of = ["AT"] }"#,
            r#"{ field = "country", is = "DE" }"#,
            false,
        ),
        (
            r#"{ field = "country", present = false }"#,
            r#"{ field = "country", is_not = "DE" }"#,
            true,
        ),
        (
            r#"{ field = "employees", at_least = 100 }"#,
            r#"{ field = "employees", at_least = 50 }"#,
            true,
        ),
        (
            r#"{ field = "employees", at_least = 50 }"#,
            r#"{ field = "employees", at_least = 100 }"#,
            false,
        ),
        (
            r#"{ field = "employees", is = 70 }"#,
            r#"{ field = "employees", at_least = 50, at_most = 100 }"#,
            true,
        ),
        (
            r#"{ field = "title", contains = "chief marketing" }"#,
            r#"{ field = "title", contains = "Chief" }"#,
            true,
        ),
        (
            r#"{ field = "title", has_word = ["CMO"] }"#,
            r#"{ field = "title", has_word = ["CEO", "cmo"] }"#,
            true,
        ),
        (
            r#"{ field = "postal_code", starts_with = ["101"] }"#,
            r#"{ field = "postal_code", starts_with = ["10"] }"#,
            true,
        ),
        (
            r#"{ all = [{ field = "country", is = "DE" }, { field = "employees", at_least = 5 }] }"#,
            r#"{ field = "country", is = "DE" }"#,
            true,
        ),
        (
            r#"{ field = "country", is = "DE" }"#,
            r#"{ any = [{ field = "country", is = "DE" }, { field = "employees", at_least = 5 }] }"#,
            true,
        ),
        (
            r#"{ not = { field = "country", one_of = ["DE", "AT"] } }"#,
            r#"{ not = { field = "country", is = "DE" } }"#,
            true,
        ),
        // Fields of the user's own hold values of any type: nothing can be shown but that the same is the same.
        (
            r#"{ field = "custom.a", is = "yes" }"#,
            r#"{ field = "custom.a", is = "yes" }"#,
            true,
        ),
        (
            r#"{ field = "custom.a", is = true }"#,
            r#"{ field = "custom.a", is = "yes" }"#,
            false,
        ),
    ] {
        assert_eq!(
            implies(&condition(left), &condition(right)),
            expected,
            "{left} implies {right}"
        );
    }
}

#[test]
fn earlier_conditions_cover_a_later_one_together() {
    let later = condition(r#"{ field = "country", one_of = ["DE", "AT"] }"#);
    let (germany, austria) = (
        condition(r#"{ field = "country", is = "DE" }"#),
        condition(r#"{ field = "country", one_of = ["AT", "CH"] }"#),
    );
    assert!(is_covered(&later, &[&germany, &austria]));
    assert!(!is_covered(&later, &[&germany]));
}

#[test]
fn what_is_shown_of_two_comparisons_with_one_field_is_true_of_every_value() {
    let text = |text: &str| Value::Text(text.to_owned());
    let values = [
        text("DE"),
        text("no"),
        text("yes"),
        text("true"),
        text("50"),
        text("50-100"),
        Value::Number(50),
        Value::Number(75),
        Value::Flag(true),
        Value::Flag(false),
    ];
    let custom = Field::Custom("note".to_owned());
    for field in FIELDS.into_iter().chain([custom.clone()]) {
        let kept: Vec<Value> = if field == custom {
            values.to_vec()
        } else {
            (0..kinds(&field)).map(|seed| kept(&field, seed)).collect()
        };
        let mut leads: Vec<Fields> = kept
            .into_iter()
            .map(|value| Fields::from([(field.clone(), value)]))
            .collect();
        leads.push(Fields::new());

        let blank = Test {
            field: FieldName(field.to_string()),
            ..Test::default()
        };
        let mut tests = vec![
            Test {
                present: Some(true),
                ..blank.clone()
            },
            Test {
                present: Some(false),
                ..blank.clone()
            },
        ];
        for value in &values {
            let other = Value::Text("AT".to_owned());
            let pair = vec![value.clone(), other];
            let part = value.to_string();
            tests.push(Test {
                is: Some(value.clone()),
                ..blank.clone()
            });
            tests.push(Test {
                is_not: Some(value.clone()),
                ..blank.clone()
            });
            tests.push(Test {
                one_of: Some(pair.clone()),
                ..blank.clone()
            });
            tests.push(Test {
                none_of: Some(pair),
                ..blank.clone()
            });
            tests.push(Test {
                contains: Some(part.clone()),
                ..blank.clone()
            });
            tests.push(Test {
                has_word: Some(vec![part.clone()]),
                ..blank.clone()
            });
            tests.push(Test {
                starts_with: Some(vec![part]),
                ..blank.clone()
            });
        }
        for number in [49, 50, 51, 75] {
            tests.push(Test {
                at_least: Some(number),
                ..blank.clone()
            });
            tests.push(Test {
                at_most: Some(number),
                ..blank.clone()
            });
        }
        let conditions: Vec<Condition> = tests.into_iter().map(Condition::Test).collect();
        for left in &conditions {
            for right in &conditions {
                let both = Condition::All(All {
                    all: vec![left.clone(), right.clone()],
                });
                let (implied, never) = (implies(left, right), never_holds(&both).is_some());
                for lead in &leads {
                    let holds = (left.holds(lead), right.holds(lead));
                    assert!(
                        !(implied && holds == (true, false)),
                        "{left:?} implies {right:?}, but not for {lead:?}"
                    );
                    assert!(
                        !(never && holds == (true, true)),
                        "{left:?} and {right:?} never hold, but for {lead:?}"
                    );
                }
            }
        }
    }
}
