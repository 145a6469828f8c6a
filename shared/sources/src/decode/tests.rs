use super::*;

#[test]
fn brackets_become_dots_and_odd_ones_stay() {
    for (name, expected) in [
        ("a", "a"),
        ("a[b][c]", "a.b.c"),
        ("a[]", "a"),
        ("a[b][]", "a.b"),
        ("a[0]", "a.0"),
        ("a.b", "a.b"),
        ("a[b", "a[b"),
        ("a[b]c", "a[b]c"),
        ("[b]", "b"),
        ("a]", "a]"),
        ("", ""),
    ] {
        assert_eq!(dotted(name), expected);
    }
}

#[test]
fn header_parameters_are_read_with_and_without_quotes() {
    let (word, parameters) =
        header::read(br#"Multipart/Form-Data; Boundary="a;b\"c"; charset=utf-8 ; path="C:\new""#);
    assert_eq!(word, "multipart/form-data");
    assert_eq!(parameters.get("boundary"), Some("a;b\"c"));
    assert_eq!(parameters.get("charset"), Some("utf-8"));
    assert_eq!(parameters.get("path"), Some("C:\\new"));
    assert_eq!(parameters.get("other"), None);
}

#[test]
fn every_byte_of_windows_1252_is_its_character() {
    let text = charset::text(b"\x80\x9f\xa0\xff\x41", Charset::Windows1252, "x");
    assert_eq!(text, Ok("€Ÿ\u{a0}ÿA".to_owned()));
}

#[test]
fn numbers_of_any_size_keep_their_digits() {
    let Ok(json) = json::read("[12345678901234567890123456789, 1.10, -0, 1e400]") else {
        panic!("refused")
    };
    let digits: Vec<Option<String>> = json.items().iter().map(Json::scalar).collect();
    let digits: Vec<&str> = digits.iter().flatten().map(String::as_str).collect();
    assert_eq!(
        digits,
        ["12345678901234567890123456789", "1.10", "-0", "1e400"]
    );
}
