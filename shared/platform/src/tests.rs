use std::io;

use super::*;

#[derive(Debug, thiserror::Error)]
#[error("the lead could not be claimed")]
struct Outer {
    source: Inner,
}

#[derive(Debug, thiserror::Error)]
#[error("the table did not answer: {source}")]
struct Inner {
    source: io::Error,
}

#[test]
fn a_chain_tells_every_source_once() {
    let root = io::Error::other("connection reset");
    assert_eq!(chain(&root), "connection reset");
    let error = Outer {
        source: Inner { source: root },
    };
    assert_eq!(
        chain(&error),
        "the lead could not be claimed: the table did not answer: connection reset"
    );
}

#[test]
fn tls_can_be_installed_again_and_is_ring() {
    install_tls();
    install_tls();
    let provider = rustls::crypto::CryptoProvider::get_default().unwrap();
    assert_eq!(
        provider.cipher_suites,
        rustls::crypto::ring::default_provider().cipher_suites
    );
}

#[test]
fn logging_can_be_started_again() {
    init_logging();
    init_logging();
    assert!(tracing::enabled!(tracing::Level::ERROR));
}
