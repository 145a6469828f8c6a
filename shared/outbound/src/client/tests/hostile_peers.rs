//! Failures F10 and F17 of the catalogue: peers that are slow, endless, broken or lying.

use std::time::Instant;

use super::scripted_peer::ScriptedPeer;
use super::*;

const DEADLINE: Duration = Duration::from_millis(300);

/// Sends and checks that it was over in time, whatever came of it.
async fn send_in_time(url: String, limits: Limits) -> Result<Response, Error> {
    let started = Instant::now();
    let result = loopback_client().send(Request::get(url), limits).await;
    let elapsed = started.elapsed();
    assert!(
        elapsed < 3 * limits.deadline,
        "took {elapsed:?} of {:?}",
        limits.deadline
    );
    result
}

async fn check_fails(peer: ScriptedPeer, limits: Limits, code: &str) {
    let error = send_in_time(peer.url("/"), limits).await.unwrap_err();
    assert_eq!(error.code(), code, "{error:?}");
    assert!(error.may_have_arrived());
}

/// Says this much, then nothing, and keeps the connection open.
async fn falling_silent_after(said: &'static str) -> ScriptedPeer {
    ScriptedPeer::start(move |mut connection| async move {
        connection.read_request().await;
        connection.write(said.as_bytes()).await;
        std::future::pending::<()>().await;
    })
    .await
}

/// Says this, then one byte each 20 ms for as long as anybody listens.
async fn dripping_after(said: &'static str) -> ScriptedPeer {
    ScriptedPeer::start(move |mut connection| async move {
        connection.read_request().await;
        connection.write(said.as_bytes()).await;
        while connection.write(b"x").await {
            tokio::time::sleep(20 * MILLISECOND).await;
        }
    })
    .await
}

/// Says this, then the same piece for as long as anybody listens.
async fn flooding_after(said: &'static str, piece: &'static str) -> ScriptedPeer {
    ScriptedPeer::start(move |mut connection| async move {
        connection.read_request().await;
        connection.write(said.as_bytes()).await;
        while connection.write(piece.as_bytes()).await {}
    })
    .await
}

#[tokio::test]
async fn a_peer_that_never_answers_is_given_up_at_the_deadline() {
    check_fails(
        falling_silent_after("").await,
        Limits::whole(DEADLINE, 1024),
        "deadline",
    )
    .await;
}

#[tokio::test]
async fn a_peer_that_drips_its_headers_is_given_up_at_the_deadline() {
    check_fails(
        dripping_after("HTTP/1.1 200 OK\r\nx-slow: ").await,
        Limits::whole(DEADLINE, 1024),
        "deadline",
    )
    .await;
}

#[tokio::test]
async fn a_peer_that_drips_its_body_is_given_up_at_the_deadline() {
    let peer = dripping_after("HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n").await;
    check_fails(peer, Limits::whole(DEADLINE, 2_000_000), "deadline").await;
}

#[tokio::test]
async fn the_status_of_a_dripping_peer_counts_for_those_who_only_want_the_status() {
    let peer = dripping_after("HTTP/1.1 202 Accepted\r\ncontent-length: 1000000\r\n\r\n").await;
    let response = send_in_time(peer.url("/"), Limits::prefix(DEADLINE, 2_000_000))
        .await
        .unwrap();
    assert_eq!(response.status, StatusCode::ACCEPTED);
    assert!(response.truncated);
    assert!(
        (1..1000).contains(&response.body.len()),
        "{} bytes",
        response.body.len()
    );
}

#[tokio::test]
async fn an_endless_body_is_refused_at_the_cap() {
    let peer = flooding_after("HTTP/1.1 200 OK\r\n\r\n", "lead ").await;
    check_fails(peer, Limits::whole(5 * SECOND, 64 * 1024), "too_large").await;
}

#[tokio::test]
async fn an_endless_body_is_cut_at_the_cap() {
    let peer = flooding_after(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
        "5\r\nlead \r\n",
    )
    .await;
    let response = send_in_time(peer.url("/"), Limits::prefix(5 * SECOND, 64 * 1024))
        .await
        .unwrap();
    assert!(response.truncated);
    assert_eq!(
        response.body,
        "lead ".repeat(14 * 1024).as_bytes()[..64 * 1024]
    );
}

#[tokio::test]
async fn a_cap_of_nothing_does_not_wait_for_a_body() {
    let peer = falling_silent_after("HTTP/1.1 204 No Content\r\n\r\n").await;
    let response = send_in_time(peer.url("/"), Limits::prefix(5 * SECOND, 0))
        .await
        .unwrap();
    assert_eq!(
        (response.status, response.truncated),
        (StatusCode::NO_CONTENT, false)
    );

    let peer = falling_silent_after("HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n").await;
    let started = Instant::now();
    let response = send_in_time(peer.url("/"), Limits::prefix(5 * SECOND, 0))
        .await
        .unwrap();
    assert_eq!(
        (response.status, response.truncated),
        (StatusCode::OK, true)
    );
    assert!(started.elapsed() < SECOND);
}

#[tokio::test]
async fn a_body_that_is_declared_too_large_is_refused_unread() {
    let peer =
        falling_silent_after("HTTP/1.1 200 OK\r\ncontent-length: 1000000000000\r\n\r\n").await;
    check_fails(peer, Limits::whole(5 * SECOND, 1024), "too_large").await;
}

#[tokio::test]
async fn a_body_of_exactly_the_cap_is_whole() {
    for limits in [Limits::whole(5 * SECOND, 4), Limits::prefix(5 * SECOND, 4)] {
        let peer = ScriptedPeer::saying("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfour").await;
        let response = send_in_time(peer.url("/"), limits).await.unwrap();
        assert_eq!(
            (response.body.as_slice(), response.truncated),
            (b"four".as_slice(), false)
        );
    }
}

#[tokio::test]
async fn a_body_shorter_than_declared_is_no_response() {
    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"cut\":";
    check_fails(
        ScriptedPeer::saying(answer).await,
        Limits::whole(5 * SECOND, 1024),
        "protocol",
    )
    .await;

    let peer = ScriptedPeer::saying(answer).await;
    let response = send_in_time(peer.url("/"), Limits::prefix(5 * SECOND, 1024))
        .await
        .unwrap();
    assert_eq!(
        (response.body.as_slice(), response.truncated),
        (b"{\"cut\":".as_slice(), true)
    );
}

#[tokio::test]
async fn bytes_beyond_the_declared_length_are_not_taken_for_the_next_response() {
    let peer = ScriptedPeer::start(|mut connection| async move {
        let forged = "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged";
        while connection.read_request().await {
            connection
                .write(
                    format!("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ntrue{forged}").as_bytes(),
                )
                .await;
        }
    })
    .await;
    let client = loopback_client();
    for _ in 0..3 {
        let response = client
            .send(Request::get(peer.url("/")), ample())
            .await
            .unwrap();
        assert_eq!(response.body, b"true");
    }
}

#[tokio::test]
async fn chunks_without_an_end_are_no_response() {
    let answer = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nlead";
    check_fails(
        ScriptedPeer::saying(answer).await,
        Limits::whole(5 * SECOND, 1024),
        "protocol",
    )
    .await;
    let answer = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\nlead";
    check_fails(
        ScriptedPeer::saying(answer).await,
        Limits::whole(5 * SECOND, 1024),
        "protocol",
    )
    .await;
}

#[tokio::test]
async fn garbage_instead_of_a_status_line_is_no_response() {
    for answer in [
        "MOO!\r\n\r\n",
        "HTTP/1.1 9x9 Odd\r\n\r\n",
        "\0\0\0\0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
    ] {
        check_fails(
            ScriptedPeer::saying(answer).await,
            Limits::whole(5 * SECOND, 1024),
            "protocol",
        )
        .await;
    }
}

#[tokio::test]
async fn a_peer_that_resets_or_closes_without_a_word_gives_no_response() {
    let peer = ScriptedPeer::start(|mut connection| async move {
        connection.read_request().await;
        connection.reset();
    })
    .await;
    check_fails(peer, Limits::whole(5 * SECOND, 1024), "protocol").await;
    check_fails(
        ScriptedPeer::saying("").await,
        Limits::whole(5 * SECOND, 1024),
        "protocol",
    )
    .await;
}

#[tokio::test]
async fn a_reset_in_the_middle_of_a_body_is_no_response() {
    let peer = ScriptedPeer::start(|mut connection| async move {
        connection.read_request().await;
        connection
            .write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")
            .await;
        tokio::time::sleep(50 * MILLISECOND).await;
        connection.reset();
    })
    .await;
    check_fails(peer, Limits::whole(5 * SECOND, 1024), "protocol").await;
}

#[tokio::test]
async fn headers_are_bounded_in_bytes_and_number() {
    let large = format!(
        "HTTP/1.1 200 OK\r\nx-large: {}\r\ncontent-length: 0\r\n\r\n",
        "x".repeat(40 * 1024)
    );
    check_fails(
        ScriptedPeer::saying(large).await,
        Limits::whole(5 * SECOND, 1024),
        "too_large",
    )
    .await;
    let many = format!(
        "HTTP/1.1 200 OK\r\n{}content-length: 0\r\n\r\n",
        "x-many: 1\r\n".repeat(200)
    );
    check_fails(
        ScriptedPeer::saying(many).await,
        Limits::whole(5 * SECOND, 1024),
        "protocol",
    )
    .await;
    let endless = flooding_after(
        "HTTP/1.1 200 OK\r\nx-endless: ",
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    )
    .await;
    check_fails(endless, Limits::whole(5 * SECOND, 1024), "protocol").await;
}

#[tokio::test]
async fn endless_interim_responses_are_given_up_at_the_deadline() {
    let peer = flooding_after("", "HTTP/1.1 103 Early Hints\r\n\r\n").await;
    check_fails(peer, Limits::whole(DEADLINE, 1024), "deadline").await;
}

#[tokio::test]
async fn a_redirect_into_our_network_is_an_answer_and_not_followed() {
    for status in [
        "301 Moved Permanently",
        "302 Found",
        "307 Temporary Redirect",
        "308 Permanent Redirect",
    ] {
        let answer = format!(
            "HTTP/1.1 {status}\r\nlocation: http://169.254.169.254/latest/\r\ncontent-length: 0\r\n\r\n"
        );
        let peer = ScriptedPeer::saying(answer).await;
        let response = send_in_time(peer.url("/"), Limits::whole(5 * SECOND, 1024))
            .await
            .unwrap();
        assert!(response.status.is_redirection());
        assert_eq!(
            response.headers["location"],
            "http://169.254.169.254/latest/"
        );
        assert_eq!(peer.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_gzip_bomb_stays_packed() {
    // 100,000 zero bytes.
    const BOMB: &[u8] = &[
        0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xed, 0xc1, 0x31, 0x01, 0x00,
        0x00, 0x00, 0xc2, 0xa0, 0xf5, 0x4f, 0x6d, 0x0d, 0x0f, 0xa0, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x80, 0x57, 0x03, 0x7d, 0x95, 0x11, 0xd4, 0xa0, 0x86, 0x01, 0x00,
    ];
    let mut answer =
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\nconnection: close\r\n\r\n".to_vec();
    answer.extend_from_slice(BOMB);
    let peer = ScriptedPeer::saying(answer).await;
    let response = send_in_time(peer.url("/"), Limits::whole(5 * SECOND, 1024))
        .await
        .unwrap();
    assert_eq!(response.body, BOMB);
    assert!(peer.requests()[0].contains("accept-encoding: identity\r\n"));
}

#[tokio::test]
async fn a_request_that_dies_on_a_pooled_connection_is_not_sent_again() {
    let peer = ScriptedPeer::start(|mut connection| async move {
        connection.read_request().await;
        connection
            .write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            .await;
        connection.read_request().await;
        connection.reset();
    })
    .await;
    let client = loopback_client();
    client
        .send(Request::get(peer.url("/")), ample())
        .await
        .unwrap();
    let error = client
        .send(Request::post(peer.url("/"), "once"), ample())
        .await
        .unwrap_err();
    assert_eq!(error.code(), "protocol");
    assert!(error.may_have_arrived());
    assert_eq!((peer.n_connections(), peer.requests().len()), (1, 2));
}

#[tokio::test]
async fn a_pooled_connection_that_the_peer_closed_meanwhile_is_replaced() {
    let peer = ScriptedPeer::saying("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
    let client = loopback_client();
    for _ in 0..2 {
        let response = client
            .send(Request::post(peer.url("/"), "body"), ample())
            .await
            .unwrap();
        assert_eq!(response.body, b"ok");
        tokio::time::sleep(100 * MILLISECOND).await;
    }
    assert_eq!((peer.n_connections(), peer.requests().len()), (2, 2));
}

#[tokio::test]
async fn connections_are_not_kept_for_longer_than_peers_keep_them() {
    let peer = ScriptedPeer::start(|mut connection| async move {
        while connection.read_request().await {
            connection
                .write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                .await;
        }
    })
    .await;
    let client = loopback_client();
    client
        .send(Request::get(peer.url("/")), ample())
        .await
        .unwrap();
    client
        .send(Request::get(peer.url("/")), ample())
        .await
        .unwrap();
    assert_eq!(peer.n_connections(), 1);
    tokio::time::sleep(POOL_IDLE_TIMEOUT + 200 * MILLISECOND).await;
    client
        .send(Request::get(peer.url("/")), ample())
        .await
        .unwrap();
    assert_eq!(peer.n_connections(), 2);
}
