//! The client against real sockets.

mod guard;
mod hostile_peers;
mod ordinary_peers;
mod scripted_peer;
mod tls;

use super::*;

/// A policy that reaches the peers of these tests.
fn loopback_policy() -> Policy {
    Policy::allowing(vec!["127.0.0.0/8".parse().unwrap()])
}

fn loopback_client() -> Client {
    Client::new(loopback_policy())
}

const SECOND: Duration = Duration::from_secs(1);
const MILLISECOND: Duration = Duration::from_millis(1);

/// Ample limits for peers that behave.
fn ample() -> Limits {
    Limits::whole(10 * SECOND, 1024 * 1024)
}
