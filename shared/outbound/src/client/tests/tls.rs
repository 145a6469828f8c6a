//! Who may be at the other end of a TLS connection.

use std::net::SocketAddr;
use std::sync::LazyLock;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::scripted_peer::ScriptedPeer;
use super::*;

static PEER_CERTIFICATE: LazyLock<CertifiedKey<rcgen::KeyPair>> =
    LazyLock::new(|| generate_simple_self_signed(["peer.example".to_owned()]).unwrap());

fn roots_of_the_peer() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add(PEER_CERTIFICATE.cert.der().clone()).unwrap();
    roots
}

/// Serves one fixed answer over TLS as `peer.example`.
async fn start_tls_peer() -> SocketAddr {
    let key = PrivateKeyDer::try_from(PEER_CERTIFICATE.signing_key.serialize_der()).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![PEER_CERTIFICATE.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            let mut buffer = [0; 4096];
            assert!(stream.read(&mut buffer).await.unwrap() > 0);
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
                .await
                .unwrap();
            stream.shutdown().await.unwrap();
        }
    });
    address
}

/// Every name leads to loopback.
fn client(make_roots: fn() -> RootCertStore) -> Client {
    let lookup: Lookup =
        Arc::new(|_host| Box::pin(async { Ok(vec![SocketAddr::from(([127, 0, 0, 1], 0))]) }));
    Client::with_parts(loopback_policy(), lookup, make_roots)
}

async fn get(client: Client, host: &str, port: u16) -> Result<Response, Error> {
    client
        .send(Request::get(format!("https://{host}:{port}/")), ample())
        .await
}

#[tokio::test]
async fn a_peer_with_a_trusted_certificate_is_talked_to() {
    let address = start_tls_peer().await;
    let response = get(client(roots_of_the_peer), "peer.example", address.port())
        .await
        .unwrap();
    assert_eq!(response.body, b"ok");
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_is_refused() {
    let address = start_tls_peer().await;
    let error = get(client(mozilla_roots), "peer.example", address.port())
        .await
        .unwrap_err();
    assert_eq!(error.code(), "tls", "{error:?}");
    assert!(!error.may_have_arrived());
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let address = start_tls_peer().await;
    let error = get(client(roots_of_the_peer), "other.example", address.port())
        .await
        .unwrap_err();
    assert_eq!(error.code(), "tls", "{error:?}");
}

#[tokio::test]
async fn a_peer_that_speaks_no_tls_is_refused() {
    let peer = ScriptedPeer::start(|mut connection| async move {
        connection
            .write(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")
            .await;
        connection.read_request().await;
    })
    .await;
    let error = get(client(mozilla_roots), "peer.example", peer.address.port())
        .await
        .unwrap_err();
    assert_eq!(error.code(), "tls", "{error:?}");
    assert!(peer.requests().is_empty());
}

#[test]
fn the_roots_of_mozilla_are_compiled_in() {
    assert!(mozilla_roots().len() > 100);
}
