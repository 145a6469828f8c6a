//! The part of S3 that uploaded files need, in this process: one bucket, `PUT` under a signed address, and `GET` of ranges.
//!
//! What S3 promises is promised here: an address is good for what was signed and until it expires; a body of another length
//! or digest is refused and leaves nothing behind; what was answered 200 is on the disk; a reader sees a whole object or
//! none. Signatures are verified by the published rules and not by the code that makes them, so that the two check each
//! other. Nothing is listed, copied or deleted over HTTP.

mod signature;
mod store;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, Method, Uri};

pub use store::OpenObjectsError;

use signature::Signed;
use store::{Incoming, Store};

/// The bucket's name, which is the first part of every address.
pub const BUCKET: &str = "leadline-uploads";

/// The id of the only key that signs.
pub const KEY_ID: &str = "LEADLINE";

/// The header with the digest that a body has to have.
const DIGEST_HEADER: &str = "x-amz-checksum-sha256";

/// Seconds of Unix time.
type Now = Arc<dyn Fn() -> i64 + Send + Sync>;

/// A bucket of one process. Clones share it.
#[derive(Clone)]
pub struct EmbeddedObjects {
    store: Arc<Store>,
    secret: Arc<str>,
    now: Now,
}

/// An object that was put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutObject {
    /// Its name.
    pub key: String,
    /// Its length in bytes.
    pub bytes: u64,
}

/// Why a request was refused, in the words of S3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Refused {
    /// HTTP status.
    pub status: u16,
    /// S3's code.
    pub code: &'static str,
    /// What would be right.
    pub message: &'static str,
}

impl Refused {
    pub(crate) const fn new(status: u16, code: &'static str, message: &'static str) -> Self {
        Self {
            status,
            code,
            message,
        }
    }

    /// As S3 writes it. Nothing of the request is in it.
    pub fn xml(&self) -> String {
        let Self { code, message, .. } = self;
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>"
        )
    }
}

impl EmbeddedObjects {
    /// A bucket in a directory, which is made if it is not there. `secret` signs; `now` says the time in seconds.
    ///
    /// # Errors
    /// When the directory cannot be used.
    pub fn open(
        directory: &Path,
        secret: &str,
        now: impl Fn() -> i64 + Send + Sync + 'static,
    ) -> Result<Self, OpenObjectsError> {
        Ok(Self::of(Store::open(directory)?, secret, now))
    }

    /// A bucket in memory.
    pub fn memory(secret: &str, now: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        Self::of(Store::memory(), secret, now)
    }

    fn of(store: Store, secret: &str, now: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        Self {
            store: Arc::new(store),
            secret: secret.into(),
            now: Arc::new(now),
        }
    }

    /// Whether a request with this path is for the bucket.
    pub fn is_for_us(path: &str) -> bool {
        key_of(path).is_some()
    }

    /// Puts an object. It is durable when this returns, and nothing is there when this fails.
    ///
    /// # Errors
    /// What S3 would refuse; also when the disk fails.
    pub async fn put(
        &self,
        uri: &Uri,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<PutObject, Refused> {
        let key = self.verified(Method::PUT.as_str(), &uri.to_string(), &|name| {
            let values = headers.get_all(name);
            let values: Option<Vec<&str>> =
                values.iter().map(|value| value.to_str().ok()).collect();
            values
                .filter(|values| !values.is_empty())
                .map(|values| values.join(","))
        })?;
        let text = |name: &str| headers.get(name)?.to_str().ok();
        let length: u64 = text("content-length")
            .and_then(|length| length.parse().ok())
            .ok_or(Refused::new(
                411,
                "MissingContentLength",
                "Send the length of the file in Content-Length.",
            ))?;
        let digest: [u8; 32] = text(DIGEST_HEADER)
            .and_then(|digest| STANDARD.decode(digest).ok()?.try_into().ok())
            .ok_or(Refused::new(
                400,
                "InvalidRequest",
                "Send the SHA-256 of the file in base64, in x-amz-checksum-sha256.",
            ))?;
        self.store
            .put(
                &key,
                Incoming {
                    length,
                    digest,
                    body,
                },
            )
            .await?;
        Ok(PutObject { key, bytes: length })
    }

    /// Every object that is there.
    pub async fn all(&self) -> Vec<PutObject> {
        self.store.all().await
    }

    /// Removes objects that were put more than `seconds` ago.
    pub async fn sweep_older_than(&self, seconds: u64) -> usize {
        self.store.sweep_older_than(seconds).await
    }

    /// What an SDK's operation, or code of ours in its place, reaches the bucket through.
    pub fn http_client(&self) -> SharedHttpClient {
        SharedHttpClient::new(InProcess(SharedHttpConnector::new(Connector(self.clone()))))
    }

    /// The key of a request whose address is signed and still good.
    fn verified(
        &self,
        method: &str,
        uri: &str,
        header: &dyn Fn(&str) -> Option<String>,
    ) -> Result<String, Refused> {
        let path_and_query = match uri.find("://") {
            Some(at) => uri[at + 3..]
                .find('/')
                .map_or("/", |slash| &uri[at + 3 + slash..]),
            None => uri,
        };
        let (path, query) = path_and_query
            .split_once('?')
            .unwrap_or((path_and_query, ""));
        let signed = Signed {
            method,
            path,
            query,
            header,
        };
        signed.verify(KEY_ID, &self.secret, (self.now)())?;
        // S3 knows both: the bucket in the path, and in the name of the host.
        let is_in_host = header("host").is_some_and(|host| {
            let rest = host.strip_prefix(BUCKET);
            rest.is_some_and(|rest| rest.starts_with('.'))
        });
        let key = if is_in_host {
            path.strip_prefix('/').filter(|key| is_key(key))
        } else {
            key_of(path)
        };
        key.map(str::to_owned).ok_or(Refused::new(
            404,
            "NoSuchBucket",
            "There is no such bucket, or the name of the object is not one.",
        ))
    }

    async fn get(&self, request: HttpRequest) -> Result<Found, Refused> {
        let headers = request.headers();
        let uri = request.uri().to_owned();
        let host = host_of(&uri);
        let key = self.verified(request.method(), &uri, &|name| match name {
            "host" => Some(headers.get("host").map_or(host.clone(), str::to_owned)),
            name => headers.get(name).map(str::to_owned),
        })?;
        if request.method() != "GET" {
            return Err(Refused::new(
                405,
                "MethodNotAllowed",
                "Only GET is served within the process.",
            ));
        }
        let range = headers.get("range").and_then(range);
        let (from, to) = range.ok_or(Refused::new(
            400,
            "InvalidRequest",
            "Ask for a range of bytes.",
        ))?;
        let (bytes, of) = self.store.read(&key, from, to).await?;
        if from >= of {
            return Err(Refused::new(
                416,
                "InvalidRange",
                "The range begins behind the end.",
            ));
        }
        Ok(Found { bytes, from, of })
    }
}

/// A range of an object.
struct Found {
    bytes: Vec<u8>,
    from: u64,
    of: u64,
}

/// `bytes=0-9`: the first and the last byte.
fn range(header: &str) -> Option<(u64, u64)> {
    let (from, to) = header.strip_prefix("bytes=")?.split_once('-')?;
    let (from, to) = (from.parse().ok()?, to.parse().ok()?);
    (from <= to).then_some((from, to))
}

/// The name of the object that a path stands for. Names are those that Leadline gives: nothing in them is encoded.
fn key_of(path: &str) -> Option<&str> {
    let key = path
        .strip_prefix('/')?
        .strip_prefix(BUCKET)?
        .strip_prefix('/')?;
    is_key(key).then_some(key)
}

fn is_key(key: &str) -> bool {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "_-/".contains(character);
    !key.is_empty() && key.len() <= 200 && key.chars().all(is_plain)
}

fn host_of(uri: &str) -> String {
    let rest = uri.find("://").map_or(uri, |at| &uri[at + 3..]);
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    rest[..end].to_owned()
}

#[derive(Debug)]
struct InProcess(SharedHttpConnector);

impl HttpClient for InProcess {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        self.0.clone()
    }
}

struct Connector(EmbeddedObjects);

impl fmt::Debug for Connector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("in-process connector of the bucket")
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let objects = self.0.clone();
        HttpConnectorFuture::new(async move {
            let (status, body, range) = match objects.get(request).await {
                Ok(found) => {
                    let last = (found.from + found.bytes.len() as u64).saturating_sub(1);
                    let range = format!("bytes {}-{last}/{}", found.from, found.of);
                    (206, SdkBody::from(found.bytes), Some(range))
                }
                Err(refused) => (refused.status, SdkBody::from(refused.xml()), None),
            };
            let status = status
                .try_into()
                .map_err(|_| ConnectorError::user("no status".into()))?;
            let mut response = HttpResponse::new(status, body);
            if let Some(range) = range {
                response.headers_mut().insert("content-range", range);
            }
            Ok(response)
        })
    }
}

#[cfg(test)]
mod tests;
