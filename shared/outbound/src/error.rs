//! What can go wrong, told apart by what the caller can do about it.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use crate::resolver::Refusal;

/// Why a request has no (whole) response.
///
/// Messages hold the host at most; the source chain never holds the URL either.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is not one we may dial; nothing was sent.
    #[error("{host} must not be called: {reason}")]
    Blocked {
        /// The host that was called.
        host: String,
        /// Why, in words.
        reason: &'static str,
    },
    /// The URL is not one we would ever call; nothing was sent.
    #[error("the URL cannot be called: {reason}")]
    InvalidUrl {
        /// Why, in words.
        reason: &'static str,
    },
    /// A header of the request cannot be sent as it is; nothing was sent.
    #[error("the request header {name:?} cannot be sent: {reason}")]
    InvalidHeader {
        /// Its name.
        name: String,
        /// Why, in words.
        reason: &'static str,
    },
    /// The name has no address, or the resolver did not answer; nothing was sent.
    #[error("the name {host} could not be resolved")]
    Dns {
        /// The host that was called.
        host: String,
        /// What the layer below says.
        source: reqwest::Error,
    },
    /// No connection; nothing was sent.
    #[error("{host} could not be connected to")]
    Connect {
        /// The host that was called.
        host: String,
        /// What the layer below says.
        source: reqwest::Error,
    },
    /// The peer could not prove who it is, or speaks no TLS that we do; nothing was sent.
    #[error("no trusted TLS connection to {host}")]
    Tls {
        /// The host that was called.
        host: String,
        /// What the layer below says.
        source: reqwest::Error,
    },
    /// The total time was used up; the peer may have acted on the request.
    #[error("{host} was not done within {} ms", deadline.as_millis())]
    Deadline {
        /// The host that was called.
        host: String,
        /// The time that was given.
        deadline: Duration,
    },
    /// The response is larger than granted; the peer has most likely acted on the request.
    #[error("{host} answered with {part} of more than {limit_bytes} bytes")]
    TooLarge {
        /// The host that was called.
        host: String,
        /// What was too large.
        part: &'static str,
        /// Most bytes granted.
        limit_bytes: usize,
    },
    /// The peer broke off or broke the rules of HTTP; it may have acted on the request.
    #[error("{host} gave no proper HTTP response")]
    Protocol {
        /// The host that was called.
        host: String,
        /// What the layer below says.
        source: reqwest::Error,
    },
    /// The HTTP client could not be built. This is a defect of ours and not the peer's doing.
    #[error("the outbound HTTP client could not be set up: {reason}")]
    Setup {
        /// Why, in words.
        reason: String,
    },
}

impl Error {
    /// The stable name of this kind of failure, for metrics, stored attempts and branching across process borders.
    pub fn code(&self) -> &'static str {
        match self {
            Error::Blocked { .. } => "blocked",
            Error::InvalidUrl { .. } => "invalid_url",
            Error::InvalidHeader { .. } => "invalid_header",
            Error::Dns { .. } => "dns",
            Error::Connect { .. } => "connect",
            Error::Tls { .. } => "tls",
            Error::Deadline { .. } => "deadline",
            Error::TooLarge { .. } => "too_large",
            Error::Protocol { .. } => "protocol",
            Error::Setup { .. } => "setup",
        }
    }

    /// Whether the peer may have received, and acted on, the request although we have no response.
    ///
    /// Where this is true only a repeat under the same stable id is safe.
    pub fn may_have_arrived(&self) -> bool {
        match self {
            Error::Deadline { .. } | Error::TooLarge { .. } | Error::Protocol { .. } => true,
            Error::Blocked { .. }
            | Error::InvalidUrl { .. }
            | Error::InvalidHeader { .. }
            | Error::Dns { .. }
            | Error::Connect { .. }
            | Error::Tls { .. }
            | Error::Setup { .. } => false,
        }
    }

    /// Sorts a failure of the HTTP client into one of ours, without the URL it carries.
    pub(crate) fn from_reqwest(host: &str, error: reqwest::Error) -> Error {
        let source = error.without_url();
        let host = host.to_owned();
        if let Some(refusal) = find_in_chain::<Refusal>(&source) {
            return Error::Blocked {
                host,
                reason: refusal.reason,
            };
        }
        if source.is_dns() {
            return Error::Dns { host, source };
        }
        if find_in_chain::<rustls::Error>(&source).is_some() {
            return Error::Tls { host, source };
        }
        // Before anything about time: the only timeout set inside the HTTP client is the one for connecting.
        if source.is_connect() {
            return Error::Connect { host, source };
        }
        Error::Protocol { host, source }
    }
}

/// The first error of type `T` among `error` and its sources.
fn find_in_chain<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(current) = next {
        if let Some(found) = current.downcast_ref::<T>() {
            return Some(found);
        }
        // The source of an io::Error is the source of what it wraps, which skips the wrapped error itself.
        let wrapped = current
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        next = match wrapped {
            Some(wrapped) => Some(wrapped),
            None => current.source(),
        };
    }
    None
}
