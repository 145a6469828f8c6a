//! Where the client refuses to go, and what it refuses to send or tell.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::scripted_peer::ScriptedPeer;
use super::*;

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// A resolver that gives the answers in turn (the last one for ever after), and counts how often it was asked.
fn scripted_lookup(answers: Vec<Vec<&'static str>>) -> (Lookup, Arc<AtomicUsize>) {
    let n_lookups = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&n_lookups);
    let lookup: Lookup = Arc::new(move |_host| {
        let turn = counter
            .fetch_add(1, Ordering::SeqCst)
            .min(answers.len() - 1);
        let answer: Vec<SocketAddr> = answers[turn]
            .iter()
            .map(|address| SocketAddr::new(address.parse().unwrap(), 0))
            .collect();
        Box::pin(async move { Ok(answer) })
    });
    (lookup, n_lookups)
}

fn client_resolving(policy: Policy, answers: Vec<Vec<&'static str>>) -> (Client, Arc<AtomicUsize>) {
    let (lookup, n_lookups) = scripted_lookup(answers);
    (Client::with_parts(policy, lookup, mozilla_roots), n_lookups)
}

fn named(peer: &ScriptedPeer) -> Request {
    Request::get(format!("http://peer.example:{}/", peer.address.port()))
}

async fn check_code(client: &Client, request: Request, code: &str) {
    let error = client.send(request, ample()).await.unwrap_err();
    assert_eq!(error.code(), code, "{error:?}");
    assert!(!error.may_have_arrived());
}

#[tokio::test]
async fn localhost_is_blocked_unless_allow_listed() {
    let peer = ScriptedPeer::saying(OK).await;
    let url = format!("http://localhost:{}/", peer.address.port());
    check_code(
        &Client::new(Policy::default()),
        Request::get("https://localhost/"),
        "blocked",
    )
    .await;
    check_code(
        &Client::new(Policy::default()),
        Request::get(url.clone()),
        "blocked",
    )
    .await;
    let elsewhere = Client::new(Policy::allowing(vec!["10.0.0.0/8".parse().unwrap()]));
    check_code(&elsewhere, Request::get(url.clone()), "blocked").await;
    assert_eq!(peer.n_connections(), 0);

    let response = loopback_client()
        .send(Request::get(url), ample())
        .await
        .unwrap();
    assert_eq!(response.body, b"ok");
}

#[tokio::test]
async fn a_name_that_leads_to_a_blocked_address_is_blocked() {
    for address in [
        "127.0.0.1",
        "169.254.169.254",
        "10.0.0.7",
        "::1",
        "::ffff:127.0.0.1",
        "fd00:ec2::254",
    ] {
        let (client, n_lookups) = client_resolving(Policy::default(), vec![vec![address]]);
        check_code(&client, Request::get("https://rebind.example/"), "blocked").await;
        assert_eq!(n_lookups.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn only_the_vetted_addresses_of_a_name_are_dialled() {
    let peer = ScriptedPeer::saying(OK).await;
    let mixed = vec![vec!["169.254.169.254", "10.0.0.1", "127.0.0.1", "8.8.8.8"]];
    let (client, _) = client_resolving(loopback_policy(), mixed);
    assert_eq!(
        client.send(named(&peer), ample()).await.unwrap().body,
        b"ok"
    );
}

#[tokio::test]
async fn a_name_that_changes_its_answer_is_vetted_at_every_connection() {
    let peer = ScriptedPeer::saying(OK).await;
    let (client, n_lookups) = client_resolving(
        loopback_policy(),
        vec![vec!["127.0.0.1"], vec!["169.254.169.254"]],
    );
    assert_eq!(
        client.send(named(&peer), ample()).await.unwrap().body,
        b"ok"
    );
    assert_eq!(n_lookups.load(Ordering::SeqCst), 1);
    tokio::time::sleep(100 * MILLISECOND).await;
    check_code(&client, named(&peer), "blocked").await;
    assert_eq!(
        (n_lookups.load(Ordering::SeqCst), peer.n_connections()),
        (2, 1)
    );
}

#[tokio::test]
async fn plain_http_to_a_name_reaches_allow_listed_addresses_only() {
    let (client, _) = client_resolving(loopback_policy(), vec![vec!["8.8.8.8"]]);
    check_code(&client, Request::get("http://public.example/"), "blocked").await;
    check_code(
        &client,
        Request::get("https://public.example:8443/"),
        "blocked",
    )
    .await;
}

#[tokio::test]
async fn a_name_without_addresses_or_a_failing_resolver_is_a_dns_error() {
    let (client, _) = client_resolving(Policy::default(), vec![vec![]]);
    check_code(&client, Request::get("https://nowhere.example/"), "dns").await;
    let failing: Lookup =
        Arc::new(|_host| Box::pin(async { Err(io::Error::other("server failure")) }));
    let client = Client::with_parts(Policy::default(), failing, mozilla_roots);
    check_code(&client, Request::get("https://nowhere.example/"), "dns").await;
}

#[tokio::test]
async fn the_deadline_covers_resolving() {
    let silent: Lookup = Arc::new(|_host| Box::pin(std::future::pending()));
    let client = Client::with_parts(Policy::default(), silent, mozilla_roots);
    let started = std::time::Instant::now();
    let limits = Limits::whole(200 * MILLISECOND, 1024);
    let error = client
        .send(Request::get("https://slow.example/"), limits)
        .await
        .unwrap_err();
    assert_eq!(error.code(), "deadline");
    assert!(started.elapsed() < 600 * MILLISECOND);
}

#[tokio::test]
async fn a_refused_connection_is_a_connect_error() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    check_code(
        &loopback_client(),
        Request::get(format!("http://{address}/")),
        "connect",
    )
    .await;
}

#[tokio::test]
async fn headers_that_could_smuggle_a_request_are_refused() {
    let peer = ScriptedPeer::saying(OK).await;
    for (name, value) in [
        ("x-lead", "a\r\nhost: evil.example"),
        ("x-lead", "a\nb"),
        ("x-lead", "a\0"),
        ("x-lead\r\nhost", "evil.example"),
        ("x lead", "a"),
        ("", "a"),
        ("Host", "evil.example"),
        ("Content-Length", "0"),
        ("transfer-encoding", "chunked"),
        ("connection", "keep-alive"),
    ] {
        let request = Request::get(peer.url("/")).header(name, value);
        check_code(&loopback_client(), request, "invalid_header").await;
    }
    assert_eq!(peer.n_connections(), 0);
}

#[tokio::test]
async fn nothing_of_a_request_but_its_host_is_told() {
    let resetting = ScriptedPeer::saying("").await;
    let cut = ScriptedPeer::saying("HTTP/1.1 200 SECRET\r\ncontent-length: 10\r\n\r\nSECRET").await;
    let garbage = ScriptedPeer::saying("SECRET SECRET\r\n\r\n").await;
    let closed = "http://127.0.0.1:9/SECRET?token=SECRET".to_owned();
    let blocked = "https://169.254.169.254/SECRET?token=SECRET".to_owned();
    let path = "/SECRET?token=SECRET";
    for url in [
        resetting.url(path),
        cut.url(path),
        garbage.url(path),
        closed,
        blocked,
    ] {
        let request = Request::post(url, "SECRET").header("authorization", "SECRET");
        assert!(!format!("{request:?}").contains("SECRET"));
        let error = loopback_client().send(request, ample()).await.unwrap_err();
        let mut told = format!("{error:?}");
        let mut next: Option<&dyn std::error::Error> = Some(&error);
        while let Some(current) = next {
            told.push_str(&current.to_string());
            next = current.source();
        }
        assert!(!told.contains("SECRET"), "{told}");
        assert!(
            told.contains("127.0.0.1") || told.contains("169.254.169.254"),
            "{told}"
        );
    }
}
