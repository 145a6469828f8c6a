use super::*;

const COMMA: Dialect = Dialect {
    delimiter: ',',
    quote: '"',
};

#[track_caller]
fn record(text: &str, cells: &[&str]) {
    let expected: Vec<String> = cells.iter().map(|cell| (*cell).to_owned()).collect();
    assert_eq!(
        front(text, COMMA, true),
        Front::Record(expected, text.len())
    );
}

#[test]
fn cells_are_told_apart_however_they_are_quoted() {
    record("a,b", &["a", "b"]);
    record("a,\r\n", &["a", ""]);
    record("\"a,1\",\"said \"\"yes\"\"\"\n", &["a,1", "said \"yes\""]);
    record("a, \"b, c\" ,d\n", &["a", "b, c", "d"]);
    record("\"two\nlines\",x\n", &["two\nlines", "x"]);
    record("12\" screen,x\n", &["12\" screen", "x"]);
    record(
        "\"said \\\"yes\\\" twice\",x\n",
        &["said \"yes\" twice", "x"],
    );
    record("\"said \\\"yes\\\"\",x\n", &["said \"yes\"", "x"]);
    record("\"C:\\\",x\n", &["C:\\", "x"]);
}

#[test]
fn the_dialect_is_found_in_the_first_line() {
    let found = |text: &str| dialect_of(text, true).map(|found| (found.delimiter, found.quote));
    assert_eq!(found("email;name, first\n"), Some((';', '"')));
    assert_eq!(found("email\tname\n"), Some(('\t', '"')));
    assert_eq!(found("email|name|phone\n"), Some(('|', '"')));
    assert_eq!(found("'email','name'\n"), Some((',', '\'')));
    assert_eq!(found("\"a;b\",c\n"), Some((',', '"')));
    assert_eq!(found("sep=;\nemail,x;name\n"), Some((';', '"')));
    assert_eq!(found("email\n"), Some((',', '"')));
    assert_eq!(dialect_of("email;na", false), None);
}

#[test]
fn a_record_that_may_go_on_is_waited_for() {
    for part in ["a,b", "a,\"b", "a,\"b\"", "a,b\r", "\"a\\\""] {
        assert_eq!(front(part, COMMA, false), Front::Part, "{part:?}");
    }
    assert_eq!(front("a,\"b\n", COMMA, true), Front::OpenQuote);
}
