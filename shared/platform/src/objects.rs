//! The bucket that uploaded files are put into: addresses under which a sender puts one file, and reading files in ranges.
//!
//! `aws-sdk-s3` is left out on purpose. It is the largest of all SDK crates, in build time and in what a function's program
//! weighs, and two requests are all that is wanted: both are addresses signed by `aws-sigv4`, which every SDK client links
//! anyway, sent over the HTTP client that those clients share.
//!
//! Nothing here lists, deletes or overwrites: a bucket's lifecycle removes what it holds.

use std::fmt;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime::client::retries::classifiers::{
    HttpStatusCodeClassifier, TransientErrorClassifier,
};
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};

use crate::clients::CONNECT_TIMEOUT;
use crate::{Clock, Settings};

/// For how long an address that we read from ourselves is good: longer than all attempts of one read take.
const READ_SECONDS: u64 = 300;

/// How long one attempt to read a range may take: a mebibyte at a hundredth of what S3 usually gives.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(15);

/// The first attempt and two retries; what is left after that is the queue's to redeliver.
const MAX_ATTEMPTS: u32 = 3;

/// A bucket. Cheap to clone.
#[derive(Clone)]
pub struct Objects {
    /// Where the bucket is: scheme, host and, for a local engine, the bucket's own path. Without a slash at the end.
    base: String,
    region: String,
    credentials: Option<Credentials>,
    http_client: SharedHttpClient,
    clock: Clock,
}

/// An address under which exactly one file can be put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresignedPut {
    /// The address, signature included: whoever has it may put that file there.
    pub url: String,
    /// The headers that the sender has to send, since they are signed.
    pub headers: Vec<(&'static str, String)>,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

/// Why a bucket could not be used. Addresses are left out, since they are signed.
#[derive(Debug, thiserror::Error)]
pub enum ObjectsError {
    /// The process has no credentials to sign with.
    #[error("the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set")]
    NoCredentials,
    /// The address could not be signed.
    #[error("an address in the bucket could not be signed: {0}")]
    Unsigned(String),
    /// There is no such object.
    #[error("the object is not in the bucket, or not any more")]
    Missing,
    /// The bucket refused.
    #[error("the bucket answered {status}")]
    Refused {
        /// HTTP status.
        status: u16,
    },
    /// The bucket could not be asked.
    #[error("the bucket could not be asked: {0}")]
    Unreachable(String),
}

impl Objects {
    /// The bucket that the settings name (`LEADLINE_UPLOADS`).
    ///
    /// # Errors
    /// When they name none.
    pub fn open(settings: &Settings, clock: Clock) -> Result<Self, crate::SettingsError> {
        let bucket = settings.uploads()?;
        let region = &settings.region;
        let base = match &settings.endpoint_url {
            // Local engines have one name for all buckets.
            Some(endpoint) => format!("{}/{bucket}", endpoint.trim_end_matches('/')),
            None => {
                let suffix = if region.starts_with("cn-") {
                    "amazonaws.com.cn"
                } else {
                    "amazonaws.com"
                };
                format!("https://{bucket}.s3.{region}.{suffix}")
            }
        };
        Ok(Self {
            base,
            region: region.clone(),
            credentials: settings.credentials.clone(),
            http_client: settings.http_client.clone(),
            clock,
        })
    }

    /// A bucket of an engine in this process: at the address `base`, to whoever is outside, and through `http_client` within.
    pub fn embedded(
        base: &str,
        (key_id, secret): (&str, &str),
        http_client: SharedHttpClient,
        clock: Clock,
    ) -> Self {
        Self {
            base: base.trim_end_matches('/').to_owned(),
            region: "us-east-1".to_owned(),
            credentials: Some(Credentials::new(key_id, secret, None, None, "Embedded")),
            http_client,
            clock,
        }
    }

    /// An address under which a file of exactly `bytes` bytes with this SHA-256 digest can be put as `key`, for `seconds`.
    /// Length and digest are signed, and S3 checks both, so that nothing else can be put there.
    ///
    /// # Errors
    /// When there is nothing to sign with.
    pub fn presign_put(
        &self,
        key: &str,
        bytes: u64,
        sha256: &[u8; 32],
        seconds: u64,
    ) -> Result<PresignedPut, ObjectsError> {
        let headers = vec![
            ("content-length", bytes.to_string()),
            ("x-amz-checksum-sha256", STANDARD.encode(sha256)),
        ];
        let now = self.clock.now();
        let url = self.presign("PUT", key, &headers, now, seconds)?;
        let good_for = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(0));
        Ok(PresignedPut {
            url,
            headers,
            expires_at: now.checked_add(good_for).unwrap_or(now),
        })
    }

    /// Bytes of the object `key` from `from` on, at most `length`; fewer only at its end, and none behind it.
    ///
    /// # Errors
    /// When the object is not there or the bucket cannot be used.
    pub async fn read(&self, key: &str, from: u64, length: u64) -> Result<Vec<u8>, ObjectsError> {
        if length == 0 {
            return Ok(Vec::new());
        }
        let url = self.presign("GET", key, &[], self.clock.now(), READ_SECONDS)?;
        let range = format!("bytes={from}-{}", from.saturating_add(length - 1));
        let (origin, path) = split_origin(&url);
        let request = (path.to_owned(), range);
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .build();
        let operation = Operation::builder()
            .service_name("s3")
            .operation_name("GetObject")
            .behavior_version(BehaviorVersion::v2026_01_12())
            .http_client(self.http_client.clone())
            .endpoint_url(origin)
            // The signature is part of the address.
            .no_auth()
            .standard_retry(&RetryConfig::standard().with_max_attempts(MAX_ATTEMPTS))
            .retry_classifier(HttpStatusCodeClassifier::default())
            .retry_classifier(TransientErrorClassifier::<ObjectsError>::new())
            .timeout_config(timeouts)
            .serializer(|(path, range): (String, String)| {
                let mut request = HttpRequest::new(SdkBody::empty());
                request.set_method("GET")?;
                request.set_uri(path)?;
                request.headers_mut().insert("range", range);
                Ok(request)
            })
            .deserializer(received)
            .build();
        operation
            .invoke(request)
            .await
            .map_err(|error| match error {
                SdkError::ServiceError(refused) => refused.into_err(),
                other => ObjectsError::Unreachable(crate::chain(&other)),
            })
    }

    fn presign(
        &self,
        method: &str,
        key: &str,
        headers: &[(&'static str, String)],
        now: Timestamp,
        seconds: u64,
    ) -> Result<String, ObjectsError> {
        let unsigned = |error: &dyn std::error::Error| ObjectsError::Unsigned(crate::chain(error));
        let credentials = self
            .credentials
            .clone()
            .ok_or(ObjectsError::NoCredentials)?;
        let identity = credentials.into();
        let mut settings = SigningSettings::default();
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(Duration::from_secs(seconds));
        // As S3 wants it: paths stay as they are written.
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("s3")
            .time(SystemTime::from(now))
            .settings(settings)
            .build()
            .map_err(|error| unsigned(&error))?
            .into();
        let url = format!("{}/{key}", self.base);
        let headers = headers.iter().map(|(name, value)| (*name, value.as_str()));
        let request = SignableRequest::new(method, &url, headers, SignableBody::UnsignedPayload)
            .map_err(|error| unsigned(&error))?;
        let (instructions, _signature) = sign(request, &params)
            .map_err(|error| unsigned(&error))?
            .into_parts();
        let mut address = http::Request::builder()
            .uri(&url)
            .body(())
            .map_err(|error| unsigned(&error))?;
        instructions.apply_to_request_http1x(&mut address);
        Ok(address.uri().to_string())
    }
}

/// Where it is, and nothing to sign with.
impl fmt::Debug for Objects {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Objects")
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}

fn received(response: &HttpResponse) -> Result<Vec<u8>, OrchestratorError<ObjectsError>> {
    match response.status().as_u16() {
        200 | 206 => Ok(response.body().bytes().unwrap_or_default().to_vec()),
        // The range begins behind the end.
        416 => Ok(Vec::new()),
        404 => Err(OrchestratorError::operation(ObjectsError::Missing)),
        status => Err(OrchestratorError::operation(ObjectsError::Refused {
            status,
        })),
    }
}

/// Scheme and host of an address, and what follows.
fn split_origin(url: &str) -> (&str, &str) {
    let host = url.find("://").map_or(0, |at| at + 3);
    let path = url[host..].find('/').map_or(url.len(), |at| host + at);
    url.split_at(path)
}

#[cfg(test)]
mod tests;
