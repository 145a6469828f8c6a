use super::*;

fn connection(url: &str, token: Option<&str>) -> Connection {
    Connection {
        url: Url::parse(url).unwrap(),
        token: token.map(str::to_owned),
        json: false,
    }
}

#[test]
fn the_token_of_this_machine_is_told_to_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "  made-by-dev\n").unwrap();
    let check = |url: &str, given: Option<&str>, expected: Option<&str>| {
        assert_eq!(
            token(&connection(url, given), &file).as_deref(),
            expected,
            "{url}"
        );
    };
    check("http://127.0.0.1:4180", None, Some("made-by-dev"));
    check("http://localhost:4180", None, Some("made-by-dev"));
    check("http://[::1]:4180", None, Some("made-by-dev"));
    check("http://127.0.0.1:4180", Some("given"), Some("given"));
    check("http://127.0.0.1:4180", Some("  "), Some("made-by-dev"));
    check("https://leads.example.com", None, None);
    check("https://localhost.example.com", None, None);
    check("https://leads.example.com", Some("given"), Some("given"));
}

#[test]
fn there_is_no_token_without_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let connection = connection("http://127.0.0.1:4180", None);
    assert_eq!(token(&connection, &folder.path().join("token")), None);
    std::fs::write(folder.path().join("token"), "\n").unwrap();
    assert_eq!(token(&connection, &folder.path().join("token")), None);
}

#[test]
fn paths_are_encoded_below_the_url() {
    let check = |base: &str, path: &[&str], query: &[(&str, &str)], expected: &str| {
        let client = Client::new(&connection(base, None)).ok().unwrap();
        assert_eq!(client.address(path, query).ok().unwrap().as_str(), expected);
    };
    let base = "http://127.0.0.1:4180";
    check(
        base,
        &["v1", "leads", "lead_1"],
        &[],
        "http://127.0.0.1:4180/v1/leads/lead_1",
    );
    check(
        base,
        &["v1", "leads", "lead_/../?x"],
        &[],
        "http://127.0.0.1:4180/v1/leads/lead_%2F..%2F%3Fx",
    );
    check(
        base,
        &["v1", "leads"],
        &[("phone", "+1 202 555 0123")],
        "http://127.0.0.1:4180/v1/leads?phone=%2B1+202+555+0123",
    );
    check(
        "http://127.0.0.1:4180/prod/?a=b#c",
        &["v1"],
        &[],
        "http://127.0.0.1:4180/prod/v1",
    );
}
