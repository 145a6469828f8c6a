//! Where requests may go, and the checks of a URL that need no network.

use url::{Host, Url};

use crate::addresses::{Verdict, judge};
use crate::{Error, IpNetwork};

/// Longest URL we call; 8 kB is what common servers accept in a request line.
const MAX_URL_BYTES: usize = 8 * 1024;

const ALLOW_LISTED_ONLY: &str =
    "only https on a permitted port may leave the allow-listed networks";

/// Where requests may go.
///
/// Public addresses are called over https only, on `ports`.
/// Addresses inside `allow_networks` may be called over plain http and on any port, whatever kind they are of:
/// meant for tests and for receivers inside the operator's own network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Networks that are allowed although (or because) they are private.
    pub allow_networks: Vec<IpNetwork>,
    /// Ports that may be called on public addresses.
    pub ports: Vec<u16>,
}

impl Default for Policy {
    /// The public internet over https on port 443, and nothing else.
    ///
    /// Port 80 is absent since plain http never goes there: payloads hold personal data.
    fn default() -> Policy {
        Policy {
            allow_networks: Vec::new(),
            ports: vec![443],
        }
    }
}

impl Policy {
    /// The default, with these networks allowed besides.
    pub fn allowing(allow_networks: Vec<IpNetwork>) -> Policy {
        Policy {
            allow_networks,
            ..Policy::default()
        }
    }

    /// Says whether a URL could be called, as far as that can be known without resolving its host.
    ///
    /// Errors: `InvalidUrl` or `Blocked`.
    pub fn check_url(&self, url: &str) -> Result<(), Error> {
        self.target(url).map(|_| ())
    }

    /// Parses and vets a URL; a literal address in it has passed, a name has yet to be resolved.
    pub(crate) fn target(&self, url: &str) -> Result<Target, Error> {
        if url.len() > MAX_URL_BYTES {
            return Err(Error::InvalidUrl {
                reason: "it is longer than 8192 bytes",
            });
        }
        // The URL standard drops tabs and line breaks and turns backslashes round, silently. No honest URL needs that.
        let has_odd_character = url
            .chars()
            .any(|c| c.is_control() || c.is_whitespace() || c == '\\');
        if has_odd_character {
            return Err(Error::InvalidUrl {
                reason: "it holds a space, a backslash or a control character",
            });
        }
        let Ok(url) = Url::parse(url) else {
            return Err(Error::InvalidUrl {
                reason: "it is not an absolute URL with a valid host",
            });
        };
        let is_https = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => {
                return Err(Error::InvalidUrl {
                    reason: "its scheme is neither https nor http",
                });
            }
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Error::InvalidUrl {
                reason: "it holds a user name or password",
            });
        }
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
            return Err(Error::InvalidUrl {
                reason: "it has no host",
            });
        };

        let reach = if is_https && self.ports.contains(&port) {
            Reach::Public
        } else {
            Reach::AllowListedOnly
        };
        let blocked = |reason| Error::Blocked {
            host: host.to_string(),
            reason,
        };
        if reach == Reach::AllowListedOnly && self.allow_networks.is_empty() {
            return Err(blocked(ALLOW_LISTED_ONLY));
        }
        let literal = match &host {
            Host::Ipv4(address) => Some((*address).into()),
            Host::Ipv6(address) => Some((*address).into()),
            Host::Domain(_) => None,
        };
        if let Some(address) = literal {
            reach
                .admit(judge(address, &self.allow_networks))
                .map_err(blocked)?;
        }
        let host = host.to_string();
        Ok(Target { url, host, reach })
    }
}

/// A URL that passed every check that needs no network.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) url: Url,
    /// The only part of the URL that may appear in errors.
    pub(crate) host: String,
    pub(crate) reach: Reach,
}

/// How far a request may go, as its scheme and port decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    Public,
    AllowListedOnly,
}

impl Reach {
    /// Decides on one address; the error is the reason for which it is refused.
    pub(crate) fn admit(self, verdict: Verdict) -> Result<(), &'static str> {
        match (verdict, self) {
            (Verdict::AllowListed, _) | (Verdict::Public, Reach::Public) => Ok(()),
            (Verdict::Public, Reach::AllowListedOnly) => Err(ALLOW_LISTED_ONLY),
            (Verdict::Blocked(reason), _) => Err(reason),
        }
    }
}

#[cfg(test)]
mod tests;
