use super::*;

#[test]
fn a_refusal_is_told_with_every_bad_field() {
    let server = Server::start();
    let body = json!({
        "type": "urn:leadline:problem:invalid-fields", "title": "Some fields are not valid.", "status": 422, "code": "invalid_fields",
        "detail": "nothing was accepted",
        "errors": [{"field": "email", "code": "invalid_email", "message": "this is no e-mail address"}, {"field": "", "code": "required", "message": "give an e-mail or a phone"}],
    });
    server.answer(Mock::given(method("POST")), problem(422, &body));
    let expected = "\
error: Some fields are not valid.
  nothing was accepted
  email: this is no e-mail address (invalid_email)
  give an e-mail or a phone (required)
";
    server
        .leadline(&["send", "website", "email=x"])
        .fails_with(expected);
    let printed = server.leadline(&["--json", "send", "website", "email=x"]);
    assert_eq!((printed.ending, printed.out.as_str()), (Ending::Failed, ""));
    assert_eq!(serde_json::from_str::<Value>(&printed.err).unwrap(), body);
}

#[test]
fn a_missing_token_is_asked_for_and_a_wrong_one_is_told() {
    let server = Server::start();
    let body = json!({
        "type": "urn:leadline:problem:unauthorized", "title": "This needs proof.", "status": 401, "code": "unauthorized",
        "detail": "send the right header",
    });
    let refused = problem(401, &body);
    server.answer(Mock::given(method("GET")), refused.clone());
    server.answer(Mock::given(method("POST")), refused);
    let wrong =
        "The token of --token, LEADLINE_TOKEN or .leadline/token is not the one of this Leadline.";
    server
        .leadline(&["versions"])
        .fails_with(&format!("error: This needs proof.\n  {wrong}\n"));
    // The secret of a source is another thing.
    server
        .leadline(&["send", "website", "email=x"])
        .fails_with("error: This needs proof.\n  send the right header\n");
    // An empty one is none; this also hides a LEADLINE_TOKEN of the environment.
    let printed = leadline(&["--url", &server.server.uri(), "--token", "", "versions"]);
    printed.fails_with(
        "error: This needs proof.\n  Give the API's token with --token or LEADLINE_TOKEN.\n",
    );
    let requests = server.requests();
    assert!(
        requests
            .last()
            .unwrap()
            .headers
            .get("authorization")
            .is_none()
    );
}

#[test]
fn what_is_worth_another_try_says_when() {
    let server = Server::start();
    let body = json!({"type": "urn:leadline:problem:unavailable", "title": "This could not be done now.", "status": 503, "code": "unavailable"});
    server.answer(
        call("GET", "/v1/config/versions"),
        problem(503, &body).insert_header("retry-after", "5"),
    );
    server
        .leadline(&["versions"])
        .fails_with("error: This could not be done now.\n  Try again after 5 seconds.\n");
}

#[test]
fn nothing_listening_says_how_to_start_it() {
    // Bound and not listening, so that nobody else gets the port.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("http://{}", socket.local_addr().unwrap());
    let printed = leadline(&["--url", &url, "lead", "ada@example.com"]);
    let detail = "Start Leadline there with `leadline dev` (in its repository: `cargo dev`), or say where it runs with --url or LEADLINE_URL.";
    printed.fails_with(&format!("error: Nothing listens at {url}/.\n  {detail}\n"));
    let printed = leadline(&["--url", &url, "lead", "ada@example.com", "--json"]);
    let problem: Value = serde_json::from_str(&printed.err).unwrap();
    assert_eq!(problem["type"], "urn:leadline:problem:not-running");
    assert_eq!(problem["detail"], detail);
}

#[test]
fn a_broken_connection_does_not_print_who_was_asked_for() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let hangs_up = std::thread::spawn(move || drop(listener.accept()));
    let printed = leadline(&["--url", &url, "lead", "ada@example.com"]);
    hangs_up.join().unwrap();
    assert_eq!(printed.ending, Ending::Failed);
    let start = format!("error: {url}/ could not be asked: ");
    assert!(printed.err.starts_with(&start), "{}", printed.err);
    assert!(!printed.err.contains("ada"), "{}", printed.err);
}

#[test]
fn another_server_is_not_taken_for_leadline() {
    let server = Server::start();
    let page = ResponseTemplate::new(200).set_body_raw("<html>Welcome</html>", "text/html");
    server.answer(call("GET", "/v1/leads/lead_1"), page);
    server.answer(
        call("GET", "/v1/leads/lead_2"),
        ResponseTemplate::new(404).set_body_json(json!({"message": "Not Found"})),
    );
    server.answer(
        call("GET", "/v1/leads/lead_3"),
        ResponseTemplate::new(200).set_body_raw("{", "application/json"),
    );
    let url = server.server.uri();
    let hint = "  Is --url (or LEADLINE_URL) right?\n";
    server.leadline(&["lead", "lead_1"]).fails_with(&format!(
        "error: {url}/ answered 200 OK, but not as Leadline does.\n{hint}"
    ));
    server.leadline(&["lead", "lead_2"]).fails_with(&format!(
        "error: {url}/ answered 404 Not Found, but not as Leadline does.\n{hint}"
    ));
    server.leadline(&["lead", "lead_3", "--json"]).fails_with("{\n  \"code\": \"not_leadline\",\n  \"detail\": \"Is --url (or LEADLINE_URL) right?\",\n  \"title\": \"The answer is not JSON.\",\n  \"type\": \"urn:leadline:problem:not-leadline\"\n}\n");
}

#[test]
fn a_closed_pipe_is_no_failure() {
    struct Closed;
    impl std::io::Write for Closed {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut err = Vec::new();
    let ending = run(
        ["leadline", "schema"].map(OsString::from),
        &mut Closed,
        &mut err,
    );
    assert_eq!((ending, err.len()), (Ending::Succeeded, 0));
}
