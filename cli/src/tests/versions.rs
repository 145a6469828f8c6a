use super::*;

#[test]
fn versions_are_listed_with_the_one_in_force() {
    let server = Server::start();
    let body = json!({"versions": [
        {"version": "cfg_b", "pushed_at": "2026-03-14T09:26:53Z", "is_current": false},
        {"version": "cfg_a", "pushed_at": "2026-03-01T08:00:00.5Z", "is_current": true},
    ]});
    server.answer(call("GET", "/v1/config/versions"), ok(&body));
    let expected = "\
VERSION  PUSHED
cfg_b    2026-03-14 09:26:53 UTC
cfg_a    2026-03-01 08:00:00 UTC  in force
";
    server.leadline(&["versions"]).succeeds_with(expected);
}

#[test]
fn no_versions_are_told_as_such() {
    let server = Server::start();
    server.answer(
        call("GET", "/v1/config/versions"),
        ok(&json!({"versions": []})),
    );
    server
        .leadline(&["versions"])
        .succeeds_with("No configuration was pushed yet: `leadline push` does it.\n");
}

#[test]
fn an_earlier_version_is_put_in_force() {
    let server = Server::start();
    let request = call("POST", "/v1/config/rollback").and(body_json(json!({"version": "cfg_a"})));
    server.answer(request, ok(&json!({"version": "cfg_a"})));
    server
        .leadline(&["rollback", "cfg_a"])
        .succeeds_with("cfg_a is in force.\n");
}
