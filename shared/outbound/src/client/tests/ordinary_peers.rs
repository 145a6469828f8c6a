//! Peers that behave, for what they get to see of us.

use wiremock::matchers::{body_string, header, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;

#[tokio::test]
async fn a_request_arrives_as_given_and_its_response_comes_back_whole() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/hooks/1"))
        .and(query_param("v", "2"))
        .and(header("content-type", "application/json"))
        .and(header("webhook-id", "msg_1"))
        .and(header("user-agent", "Leadline"))
        .and(body_string("{\"lead\":\"lead_1\"}"))
        .respond_with(
            ResponseTemplate::new(429)
                .insert_header("retry-after", "7")
                .set_body_string("later"),
        )
        .expect(1)
        .mount(&server)
        .await;
    let request = Request::post(
        format!("{}/hooks/1?v=2", server.uri()),
        "{\"lead\":\"lead_1\"}",
    )
    .header("Content-Type", "application/json")
    .header("webhook-id", "msg_1");
    let response = loopback_client().send(request, ample()).await.unwrap();
    assert_eq!(response.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(response.headers["retry-after"], "7");
    assert_eq!(
        (response.body.as_slice(), response.truncated),
        (b"later".as_slice(), false)
    );
}

#[tokio::test]
async fn a_cookie_is_not_brought_back() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).insert_header("set-cookie", "session=1; Path=/"))
        .mount(&server)
        .await;
    let client = loopback_client();
    for _ in 0..2 {
        client
            .send(Request::get(server.uri()), ample())
            .await
            .unwrap();
    }
    let requests = server.received_requests().await.unwrap();
    assert_eq!(requests.len(), 2);
    assert!(
        requests
            .iter()
            .all(|request| !request.headers.contains_key("cookie"))
    );
}

#[tokio::test]
async fn one_client_serves_many_requests_at_once() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_string("ok"))
        .mount(&server)
        .await;
    let client = loopback_client();
    let requests = (0..20).map(|_| client.send(Request::get(server.uri()), ample()));
    for response in futures::future::join_all(requests).await {
        assert_eq!(response.unwrap().body, b"ok");
    }
}

/// Runs itself in a process of its own, since the environment of this one is shared with the other tests.
#[tokio::test]
async fn proxy_variables_are_ignored() {
    const TEST: &str = "client::tests::ordinary_peers::proxy_variables_are_ignored";
    const VARIABLES: [&str; 6] = [
        "http_proxy",
        "HTTP_PROXY",
        "https_proxy",
        "HTTPS_PROXY",
        "all_proxy",
        "ALL_PROXY",
    ];
    if std::env::var_os("ALL_PROXY").is_none_or(|proxy| proxy != "http://127.0.0.1:9") {
        let status = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", TEST])
            .envs(VARIABLES.map(|name| (name, "http://127.0.0.1:9")))
            .env_remove("NO_PROXY")
            .env_remove("no_proxy")
            .status()
            .unwrap();
        assert!(status.success());
        return;
    }
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200))
        .mount(&server)
        .await;
    let response = loopback_client()
        .send(Request::get(server.uri()), ample())
        .await
        .unwrap();
    assert_eq!(response.status, StatusCode::OK);
}
