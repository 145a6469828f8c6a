use super::*;

fn steps(text: &str) -> Vec<Step> {
    match text.parse::<JsonPath>() {
        Ok(path) => {
            assert_eq!(path.to_string(), text);
            path.steps().to_vec()
        }
        Err(error) => panic!("{text}: {error}"),
    }
}

fn key(key: &str) -> Step {
    Step::Key(key.to_owned())
}

fn with(keys: &[&str], value: &str) -> Step {
    Step::Where {
        keys: keys.iter().map(|key| (*key).to_owned()).collect(),
        value: value.to_owned(),
    }
}

#[test]
fn paths_are_read_as_they_are_written() {
    assert_eq!(steps("email"), [key("email")]);
    assert_eq!(steps("a.b c.d-e"), [key("a"), key("b c"), key("d-e")]);
    assert_eq!(steps("$.a"), [key("a")]);
    assert_eq!(steps("$[0]"), [Step::Index(0)]);
    assert_eq!(steps("$"), []);
    assert!(
        "$.a"
            .parse::<JsonPath>()
            .is_ok_and(|path| path.is_from_root())
    );
    assert!(
        "a".parse::<JsonPath>()
            .is_ok_and(|path| !path.is_from_root())
    );
    assert_eq!(
        steps("a[0][12].b[*]"),
        [
            key("a"),
            Step::Index(0),
            Step::Index(12),
            key("b"),
            Step::All
        ]
    );
    assert_eq!(
        steps("answers[?name=email].value"),
        [key("answers"), with(&["name"], "email"), key("value")]
    );
    assert_eq!(
        steps("a[?field.ref='x]=y'][?\"k.l\"=1 2]"),
        [
            key("a"),
            with(&["field", "ref"], "x]=y"),
            with(&["k.l"], "1 2")
        ]
    );
    assert_eq!(steps("a[?b=]"), [key("a"), with(&["b"], "")]);
    assert_eq!(steps("[\"a.b\"]['c[0]']"), [key("a.b"), key("c[0]")]);
    assert_eq!(steps("Straße.größe"), [key("Straße"), key("größe")]);
}

#[test]
fn what_is_no_path_is_told_with_its_place() {
    for (text, what) in [
        ("", "nothing is written at character 1"),
        ("  ", "nothing is written"),
        ("a.", "a key is missing at character 3"),
        (".a", "a key is missing at character 1"),
        ("a..b", "a key is missing at character 3"),
        ("a[", "in brackets stands a number"),
        ("a[]", "in brackets stands a number"),
        ("a[-1]", "in brackets stands a number"),
        ("a[1234567]", "in brackets stands a number"),
        ("a[1:2]", "in brackets stands a number"),
        ("a[*", "a `]` is missing at character 4"),
        ("a]b", "a `.` or `[` is missing at character 2"),
        ("a[0]b", "a `.` or `[` is missing at character 5"),
        ("a['b]", "a closing quote is missing"),
        ("a[?b]", "a `=` is missing"),
        ("a[?=b]", "the key to compare is missing"),
        ("$a", "a `.` or `[` has to follow `$`"),
        ("ä.", "a key is missing at character 3"),
    ] {
        match text.parse::<JsonPath>() {
            Ok(path) => panic!("{text} is read as {:?}", path.steps()),
            Err(error) => assert!(error.to_string().contains(what), "{text}: {error}"),
        }
    }
    assert!("a".repeat(301).parse::<JsonPath>().is_err());
    assert!("[0]".repeat(33).parse::<JsonPath>().is_err());
    assert!("[0]".repeat(32).parse::<JsonPath>().is_ok());
}

#[test]
fn a_mapping_is_a_path_several_or_a_table_and_survives_being_stored() {
    for text in [
        r#""person.email""#,
        r#"["a","b[0]"]"#,
        r#"{"path":["a"],"trim":".","values":{"1":"one"},"otherwise":"other","date":["%d.%m.%Y","unix"],"timezone":"UTC","default":"d"}"#,
        r#"{"join":["a","b"],"with":", ","name":"last","letters":"upper"}"#,
    ] {
        let mapping: Mapping = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&mapping).unwrap(), text);
    }
    let one: Mapping = serde_json::from_str(r#"{"path":"a"}"#).unwrap();
    assert_eq!(one.paths(), ["a".parse::<JsonPath>().unwrap()]);
    assert!(serde_json::from_str::<Mapping>(r#"{"paht":"a"}"#).is_err());
    assert!(serde_json::from_str::<Mapping>("3").is_err());
}

proptest::proptest! {
    #[test]
    fn no_text_makes_a_path_panic(text in "([a-z$.*?='\"\\[\\]0-9 ]|é){0,40}") {
        if let Ok(path) = text.parse::<JsonPath>() {
            proptest::prop_assert!(path.steps().len() <= 32);
        }
    }
}
