use super::*;

fn file(text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("my.toml");
    std::fs::write(&file, text).unwrap();
    let name = file.to_str().unwrap().to_owned();
    (folder, name)
}

/// The configuration that ships, with a pool that does not exist in its first territory.
fn broken() -> (String, usize) {
    let text =
        domain::config::DEFAULT.replacen("pool = \"americas\"\n", "pool = \"amerikas\"\n", 1);
    assert_ne!(text, domain::config::DEFAULT);
    let line = 1 + text
        .lines()
        .position(|line| line == "pool = \"amerikas\"")
        .unwrap();
    (text, line)
}

#[test]
fn the_configuration_that_ships_passes() {
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../leadline.toml");
    let printed = leadline(&["check", shipped]);
    assert_eq!(
        (printed.ending, printed.err.as_str()),
        (Ending::Succeeded, ""),
        "{}",
        printed.out
    );
    assert!(
        printed.out.starts_with(&format!(
            "{shipped}: no problems; 5 golden leads as expected (cfg_"
        )),
        "{}",
        printed.out
    );
    leadline(&["check", shipped, "--json"]).succeeds_with("[]\n");
}

#[test]
fn a_problem_is_shown_with_its_file_and_line() {
    let (text, line) = broken();
    let (_folder, name) = file(&text);
    let printed = leadline(&["check", &name]);
    assert_eq!((printed.ending, printed.err.as_str()), (Ending::Failed, ""));
    assert!(
        printed.out.starts_with("error[unknown_pool]: "),
        "{}",
        printed.out
    );
    let margin = " ".repeat(line.to_string().len());
    let place = format!(
        "\n{margin}--> {name}:{line}:8\n{margin} |\n{line} | pool = \"amerikas\"\n{margin} |        ^\n{margin} = territories[0].pool\n\n"
    );
    assert!(printed.out.contains(&place), "{}", printed.out);
    assert!(
        printed.out.contains(&format!(
            "{name}: 1 error; golden leads are run when there are no errors\n"
        )),
        "{}",
        printed.out
    );
}

#[test]
fn programs_get_a_list_of_problems() {
    let (text, line) = broken();
    let (_folder, name) = file(&text);
    let printed = leadline(&["--json", "check", &name]);
    assert_eq!((printed.ending, printed.err.as_str()), (Ending::Failed, ""));
    let problems: Value = serde_json::from_str(&printed.out).unwrap();
    let first = &problems[0];
    assert_eq!(
        (&first["file"], &first["line"], &first["column"]),
        (&json!(name), &json!(line), &json!(8))
    );
    assert_eq!(
        (&first["code"], &first["severity"], &first["path"]),
        (
            &json!("unknown_pool"),
            &json!("error"),
            &json!("territories[0].pool")
        )
    );
    assert!(first["message"].as_str().unwrap().contains("amerikas"));
}

#[test]
fn a_golden_lead_that_comes_out_differently_fails() {
    let text = domain::config::DEFAULT.replacen("points = 25", "points = 24", 1);
    let (_folder, name) = file(&text);
    let printed = leadline(&["check", &name]);
    assert_eq!(printed.ending, Ending::Failed);
    assert!(
        printed.out.contains("error[golden_lead]: "),
        "{}",
        printed.out
    );
    assert!(
        printed
            .out
            .contains("; 1 of 5 golden leads not as expected\n"),
        "{}",
        printed.out
    );
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let printed = leadline(&["check", "not/there.toml"]);
    assert_eq!((printed.ending, printed.out.as_str()), (Ending::Failed, ""));
    assert!(
        printed
            .err
            .starts_with("error: not/there.toml cannot be read: "),
        "{}",
        printed.err
    );
}

#[test]
fn a_file_that_is_no_text_is_told_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let name = folder
        .path()
        .join("latin1.toml")
        .to_str()
        .unwrap()
        .to_owned();
    std::fs::write(&name, b"# one\n# caf\xe9\n").unwrap();
    leadline(&["check", &name]).fails_with(&format!(
        "error: {name} cannot be read: line 2 is not UTF-8.\n"
    ));
}

#[test]
fn a_good_configuration_is_pushed_as_it_is() {
    let server = Server::start();
    let (_folder, name) = file(domain::config::DEFAULT);
    let request = call("PUT", "/v1/config")
        .and(header("content-type", "application/toml"))
        .and(body_string(domain::config::DEFAULT));
    server.answer(
        request,
        ok(&json!({"version": "cfg_new", "is_new": true, "warnings": []})),
    );
    server
        .leadline(&["push", &name])
        .succeeds_with("cfg_new is in force.\n");
}

#[test]
fn pushing_what_is_in_force_says_so_and_shows_warnings_with_their_lines() {
    let server = Server::start();
    let (_folder, name) = file(domain::config::DEFAULT);
    let warning = json!({"line": 1, "column": 3, "path": "", "code": "odd", "message": "this is odd", "severity": "warning"});
    server.answer(
        call("PUT", "/v1/config"),
        ok(&json!({"version": "cfg_old", "is_new": false, "warnings": [warning]})),
    );
    let printed = server.leadline(&["push", &name]);
    assert_eq!(
        printed.out,
        "cfg_old is in force already: nothing changed.\n"
    );
    assert_eq!(
        printed.err,
        format!(
            "warning[odd]: this is odd\n --> {name}:1:3\n  |\n1 | #:schema ./docs/leadline.schema.json\n  |   ^\n\n"
        )
    );
    assert_eq!(printed.ending, Ending::Succeeded);
}

#[test]
fn a_bad_configuration_is_not_sent_at_all() {
    let server = Server::start();
    let (text, line) = broken();
    let (_folder, name) = file(&text);
    let printed = server.leadline(&["push", &name]);
    assert_eq!((printed.ending, printed.out.as_str()), (Ending::Failed, ""));
    assert!(
        printed.err.contains(&format!("--> {name}:{line}:8\n")),
        "{}",
        printed.err
    );
    assert!(
        printed.err.ends_with("Nothing was pushed.\n"),
        "{}",
        printed.err
    );
    let printed = server.leadline(&["push", &name, "--json"]);
    let problem: Value = serde_json::from_str(&printed.err).unwrap();
    assert_eq!(
        (&problem["code"], &problem["errors"][0]["line"]),
        (&json!("invalid_configuration"), &json!(line))
    );
    assert!(server.requests().is_empty());
}

#[test]
fn what_only_the_server_finds_is_shown_with_its_line() {
    let server = Server::start();
    let (_folder, name) = file(domain::config::DEFAULT);
    let body = json!({
        "type": "urn:leadline:problem:invalid-configuration", "title": "The configuration has errors.", "status": 422,
        "code": "invalid_configuration",
        "errors": [{"line": 3, "column": 1, "path": "sources", "code": "new_rule", "message": "not any more", "severity": "error"}],
    });
    server.answer(call("PUT", "/v1/config"), problem(422, &body));
    let printed = server.leadline(&["push", &name]);
    let third = domain::config::DEFAULT.lines().nth(2).unwrap();
    printed.fails_with(&format!("error[new_rule]: not any more\n --> {name}:3:1\n  |\n3 | {third}\n  | ^\n  = sources\n\nerror: The configuration has errors.\n"));
    let printed = server.leadline(&["push", &name, "--json"]);
    assert_eq!(serde_json::from_str::<Value>(&printed.err).unwrap(), body);
}

#[test]
fn the_schema_is_the_one_in_docs() {
    let written = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../docs/leadline.schema.json"
    ))
    .unwrap();
    leadline(&["schema"]).succeeds_with(&written);
}
