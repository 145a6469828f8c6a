//! Sending one request and reading its response within limits.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use rustls::RootCertStore;
use rustls::crypto::ring;
use tokio::time::{Instant, timeout_at};
use url::Url;

use crate::policy::Reach;
use crate::resolver::{Lookup, VettedResolver, system_lookup};
use crate::{Error, Policy};

/// Most bytes of names and values accepted in the headers of a response. Common servers stop sending at 8 to 16 kB.
///
/// Before that the HTTP library bounds them by 100 headers and a buffer of about 400 kB, and calls more a parse error.
const MAX_HEADER_BYTES: usize = 32 * 1024;

/// Longest that one address may take to be connected to, so that a dead first address leaves time for the second.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Longest that a connection is kept for the next request.
///
/// Lambda freezes us between invocations while peers close their end; the shortest keep-alive among common servers
/// is 5 s, so a socket that is older than this is more likely dead than useful.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(4);

/// Most idle connections kept per host, since a hostile peer should not hold our file descriptors.
const POOL_MAX_IDLE_PER_HOST: usize = 4;

/// Memory reserved at once for a body whose declared length we have no reason to believe.
const FIRST_BODY_BYTES: usize = 16 * 1024;

/// Headers that frame or route a message: setting them by hand is how requests get smuggled.
const HEADERS_OF_OURS: &[HeaderName] = &[
    header::HOST,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::CONNECTION,
    header::UPGRADE,
    header::TE,
    header::TRAILER,
    header::EXPECT,
    header::PROXY_AUTHORIZATION,
];

/// One request. `Debug` shows its method only: everything else may hold secrets or personal data.
#[derive(Clone)]
pub struct Request {
    /// Its method.
    pub method: Method,
    /// Absolute, `https` unless its address is allow-listed, without user name and password.
    pub url: String,
    /// Names and values; `Content-Length`, `Host` and others that frame the message are refused.
    pub headers: Vec<(String, String)>,
    /// What is sent; may be empty.
    pub body: Vec<u8>,
}

impl Request {
    /// A GET without headers.
    pub fn get(url: impl Into<String>) -> Request {
        Request {
            method: Method::GET,
            url: url.into(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// A POST without headers; say in a `Content-Type` what the body is.
    pub fn post(url: impl Into<String>, body: impl Into<Vec<u8>>) -> Request {
        Request {
            method: Method::POST,
            url: url.into(),
            headers: Vec::new(),
            body: body.into(),
        }
    }

    /// The same request with one more header.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Request {
        self.headers.push((name.into(), value.into()));
        self
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Request")
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

/// What one request may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For everything together: resolving, connecting, sending, and reading the whole body.
    pub deadline: Duration,
    /// Most bytes of the body that are read.
    pub max_response_bytes: usize,
    /// What to do with a response whose body does not come in whole.
    pub incomplete_body: IncompleteBody,
}

/// What to do when the head of a response is there but its body is too large, too slow or broken off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IncompleteBody {
    /// Fail: for answers that are going to be parsed.
    Refuse,
    /// Return what there is, marked as `truncated`: for receivers whose status is the answer.
    ///
    /// With this, a receiver that says 200 and then drips its body for ever has still said 200.
    Truncate,
}

impl Limits {
    /// The whole body or an error.
    pub fn whole(deadline: Duration, max_response_bytes: usize) -> Limits {
        Limits {
            deadline,
            max_response_bytes,
            incomplete_body: IncompleteBody::Refuse,
        }
    }

    /// The status, and as much of the body as comes in.
    pub fn prefix(deadline: Duration, max_response_bytes: usize) -> Limits {
        Limits {
            deadline,
            max_response_bytes,
            incomplete_body: IncompleteBody::Truncate,
        }
    }
}

/// What the peer answered, whatever its status. `Debug` shows no headers and no body.
pub struct Response {
    /// Any status, redirects included: they are answers like any other here.
    pub status: StatusCode,
    /// At most 32 KiB in all.
    pub headers: HeaderMap,
    /// As sent: never decompressed.
    pub body: Vec<u8>,
    /// Whether there was, or may have been, more body than this.
    pub truncated: bool,
}

impl fmt::Debug for Response {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Response")
            .field("status", &self.status)
            .field("n_body_bytes", &self.body.len())
            .field("truncated", &self.truncated)
            .finish_non_exhaustive()
    }
}

/// The client. Cloning it is cheap and shares the connections; nothing is built before the first request.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

/// Stands for everybody outside: answers what a client built by [`Client::in_process`] sends.
pub trait Peer: Send + Sync + 'static {
    /// Answers one request, which has passed the policy.
    fn answer(
        &self,
        request: Request,
    ) -> Pin<Box<dyn Future<Output = Result<Response, Error>> + Send>>;
}

struct Shared {
    policy: Policy,
    /// Answers instead of the network.
    peer: Option<Box<dyn Peer>>,
    lookup: Lookup,
    make_roots: fn() -> RootCertStore,
    /// One HTTP client per reach, since its resolver does not learn scheme and port of the URL.
    /// Connections are pooled by scheme, host and port, so none is ever shared across the two.
    public: OnceLock<Result<reqwest::Client, String>>,
    allow_listed_only: OnceLock<Result<reqwest::Client, String>>,
}

impl Shared {
    fn new(policy: Policy, lookup: Lookup, make_roots: fn() -> RootCertStore) -> Self {
        Self {
            policy,
            peer: None,
            lookup,
            make_roots,
            public: OnceLock::new(),
            allow_listed_only: OnceLock::new(),
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Client")
            .field("policy", &self.shared.policy)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// A client that goes where the policy allows, resolves names as the operating system does and trusts the
    /// certificate authorities that Mozilla trusts.
    pub fn new(policy: Policy) -> Client {
        Client::with_parts(policy, system_lookup(), mozilla_roots)
    }

    /// A client without a network, for a simulated world: policy, headers and deadline hold as ever, and what passes
    /// them is answered by `peer`.
    pub fn in_process(policy: Policy, peer: impl Peer) -> Client {
        let mut shared = Shared::new(policy, system_lookup(), mozilla_roots);
        shared.peer = Some(Box::new(peer));
        Client {
            shared: Arc::new(shared),
        }
    }

    fn with_parts(policy: Policy, lookup: Lookup, make_roots: fn() -> RootCertStore) -> Client {
        Client {
            shared: Arc::new(Shared::new(policy, lookup, make_roots)),
        }
    }

    /// The policy this client keeps to.
    pub fn policy(&self) -> &Policy {
        &self.shared.policy
    }

    /// Sends the request once and reads the response.
    ///
    /// Any status is a response and not an error.
    /// [`Error::may_have_arrived`] tells whether the peer may have acted although this failed.
    pub async fn send(&self, request: Request, limits: Limits) -> Result<Response, Error> {
        let target = self.shared.policy.target(&request.url)?;
        let headers = checked_headers(&request.headers)?;
        if let Some(peer) = &self.shared.peer {
            let answer = tokio::time::timeout(limits.deadline, peer.answer(request)).await;
            return answer.unwrap_or(Err(Error::Deadline {
                host: target.host,
                deadline: limits.deadline,
            }));
        }
        let http_client = self.http_client(target.reach)?;
        let host = target.host;
        let deadline = Instant::now() + limits.deadline;

        let sending = send_head(
            http_client,
            request.method,
            target.url,
            headers,
            request.body,
        );
        let mut response = match timeout_at(deadline, sending).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(Error::from_reqwest(&host, error)),
            Err(_elapsed) => {
                return Err(Error::Deadline {
                    host,
                    deadline: limits.deadline,
                });
            }
        };

        let n_header_bytes: usize = response
            .headers()
            .iter()
            .map(|(name, value)| name.as_str().len() + value.len())
            .sum();
        if n_header_bytes > MAX_HEADER_BYTES {
            return Err(Error::TooLarge {
                host,
                part: "headers",
                limit_bytes: MAX_HEADER_BYTES,
            });
        }

        let mut body = Vec::new();
        let failure = match timeout_at(deadline, read_body(&mut response, &mut body, limits)).await
        {
            Ok(Ok(BodyEnd::Complete)) => None,
            Ok(Ok(BodyEnd::TooLarge)) => Some(Error::TooLarge {
                host,
                part: "a body",
                limit_bytes: limits.max_response_bytes,
            }),
            Ok(Err(error)) => Some(Error::from_reqwest(&host, error)),
            Err(_elapsed) => Some(Error::Deadline {
                host,
                deadline: limits.deadline,
            }),
        };
        let truncated = match (failure, limits.incomplete_body) {
            (None, _) => false,
            (Some(_), IncompleteBody::Truncate) => true,
            (Some(error), IncompleteBody::Refuse) => return Err(error),
        };
        Ok(Response {
            status: response.status(),
            headers: std::mem::take(response.headers_mut()),
            body,
            truncated,
        })
    }

    fn http_client(&self, reach: Reach) -> Result<&reqwest::Client, Error> {
        let slot = match reach {
            Reach::Public => &self.shared.public,
            Reach::AllowListedOnly => &self.shared.allow_listed_only,
        };
        match slot.get_or_init(|| build_http_client(&self.shared, reach)) {
            Ok(http_client) => Ok(http_client),
            Err(reason) => Err(Error::Setup {
                reason: reason.clone(),
            }),
        }
    }
}

fn build_http_client(shared: &Shared, reach: Reach) -> Result<reqwest::Client, String> {
    let resolver = VettedResolver {
        lookup: Arc::clone(&shared.lookup),
        allow_networks: shared.policy.allow_networks.clone(),
        reach,
    };
    // Ring is passed by hand so that this works whether or not somebody installed a process-wide default.
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates((shared.make_roots)())
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .dns_resolver(resolver)
        .http1_only()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .user_agent("Leadline")
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(POOL_IDLE_TIMEOUT)
        .pool_max_idle_per_host(POOL_MAX_IDLE_PER_HOST)
        .build()
        .map_err(|error| error.to_string())
}

/// Compiled in: reading the operating system's store costs a small function several milliseconds at its first call.
fn mozilla_roots() -> RootCertStore {
    RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    }
}

async fn send_head(
    http_client: &reqwest::Client,
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Vec<u8>,
) -> Result<reqwest::Response, reqwest::Error> {
    let wants_body =
        !body.is_empty() || matches!(method, Method::POST | Method::PUT | Method::PATCH);
    let mut request = http_client.request(method, url).headers(headers);
    if wants_body {
        request = request.body(body);
    }
    request.send().await
}

/// The headers as they go out, or the first that cannot.
fn checked_headers(headers: &[(String, String)]) -> Result<HeaderMap, Error> {
    let mut checked = HeaderMap::new();
    for (name, value) in headers {
        let invalid = |reason| Error::InvalidHeader {
            name: name.clone(),
            reason,
        };
        let Ok(header_name) = HeaderName::from_bytes(name.as_bytes()) else {
            return Err(invalid("its name is not a token"));
        };
        if HEADERS_OF_OURS.contains(&header_name) {
            return Err(invalid("it is set by the client itself"));
        }
        let Ok(mut header_value) = HeaderValue::from_str(value) else {
            return Err(invalid(
                "its value holds a line break or another character that no header may hold",
            ));
        };
        header_value.set_sensitive(true);
        checked.append(header_name, header_value);
    }
    // We would not unpack anything else; asking for it plainly spares honest peers the work.
    checked
        .entry(header::ACCEPT_ENCODING)
        .or_insert(HeaderValue::from_static("identity"));
    Ok(checked)
}

enum BodyEnd {
    Complete,
    TooLarge,
}

/// Reads into `body`, which keeps what came in if this fails or is dropped at the deadline.
async fn read_body(
    response: &mut reqwest::Response,
    body: &mut Vec<u8>,
    limits: Limits,
) -> Result<BodyEnd, reqwest::Error> {
    let max_bytes = limits.max_response_bytes;
    let declared_bytes = response
        .content_length()
        .map(|length| usize::try_from(length).unwrap_or(usize::MAX));
    if limits.incomplete_body == IncompleteBody::Refuse
        && declared_bytes.is_some_and(|length| length > max_bytes)
    {
        return Ok(BodyEnd::TooLarge);
    }
    body.reserve(
        declared_bytes
            .unwrap_or(0)
            .min(max_bytes)
            .min(FIRST_BODY_BYTES),
    );
    loop {
        // Somebody content with a prefix does not wait to learn whether there would have been more.
        let is_full = body.len() >= max_bytes && declared_bytes != Some(body.len());
        if is_full && limits.incomplete_body == IncompleteBody::Truncate {
            return Ok(BodyEnd::TooLarge);
        }
        let Some(chunk) = response.chunk().await? else {
            return Ok(BodyEnd::Complete);
        };
        let n_free_bytes = max_bytes - body.len();
        if chunk.len() > n_free_bytes {
            body.extend_from_slice(&chunk[..n_free_bytes]);
            return Ok(BodyEnd::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
}

#[cfg(test)]
mod tests;
