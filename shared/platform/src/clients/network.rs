//! The HTTP client under the AWS clients: HTTP/1.1, TLS by ring, the authorities that Mozilla trusts.
//!
//! Written here and not taken from `aws-smithy-http-client`, for the sake of cold starts.
//! That one takes authorities as PEM only and parses all of them whenever a client is built, twice to four times per
//! function; it also links HTTP/2, proxies and the reading of the operating system's certificates, none of which a
//! function meets: DynamoDB, SQS and Secrets Manager answer HTTP/1.1.
//! Here the authorities are compiled in as they are used, and nothing at all is made before the first call.
//!
//! It retries nothing and logs nothing; both are the SDK's, which learns from the kind of error what is worth retrying.

use std::error::Error;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::connection::{CaptureSmithyConnection, ConnectionMetadata};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::ErrorKind;
use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::{CaptureConnection, capture_connection};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use tower_service::Service;

/// An HTTP client that gives up connecting, the handshake included, after `connect_timeout`. Plain http is spoken where
/// an endpoint says so. How long an answer may take is left to the SDK's time limits of attempts and operations.
pub(crate) fn new_http_client(connect_timeout: Duration) -> SharedHttpClient {
    SharedHttpClient::new(LazyClient {
        connector: SharedHttpConnector::new(LazyConnector {
            shared: Arc::new(Shared {
                connect_timeout,
                pool: OnceLock::new(),
            }),
        }),
    })
}

/// What the SDK asks for a connector, once per operation: always the same one, so that all clients share connections.
#[derive(Debug)]
struct LazyClient {
    connector: SharedHttpConnector,
}

impl HttpClient for LazyClient {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        self.connector.clone()
    }
}

#[derive(Debug)]
struct LazyConnector {
    shared: Arc<Shared>,
}

struct Shared {
    connect_timeout: Duration,
    /// The connections, made with the first call; or why they could not be.
    pool: OnceLock<Result<Pool, rustls::Error>>,
}

type Pool = legacy::Client<TimedConnector, SdkBody>;

impl fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Shared")
            .field("connect_timeout", &self.connect_timeout)
            .finish_non_exhaustive()
    }
}

impl HttpConnector for LazyConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let connect_timeout = self.shared.connect_timeout;
        let pool = match self.shared.pool.get_or_init(|| new_pool(connect_timeout)) {
            Ok(pool) => pool,
            Err(error) => {
                return HttpConnectorFuture::ready(Err(ConnectorError::user(Box::new(
                    error.clone(),
                ))));
            }
        };
        let mut request = match request.try_into_http1x() {
            Ok(request) => request,
            Err(error) => {
                return HttpConnectorFuture::ready(Err(ConnectorError::user(error.into())));
            }
        };
        // After an answer that speaks of a sick peer the SDK asks for a fresh connection.
        let connection = capture_connection(&mut request);
        if let Some(capture) = request.extensions().get::<CaptureSmithyConnection>() {
            capture.set_connection_retriever(move || metadata_of(&connection));
        }
        let answer = pool.request(request);
        HttpConnectorFuture::new(async move {
            match answer.await {
                Ok(response) => HttpResponse::try_from(response.map(SdkBody::from_body_1_x))
                    .map_err(|error| ConnectorError::other(error.into(), None)),
                Err(error) => Err(classified(error)),
            }
        })
    }
}

fn metadata_of(connection: &CaptureConnection) -> Option<ConnectionMetadata> {
    let is_known = connection.connection_metadata().is_some();
    let connection = connection.clone();
    is_known.then(|| {
        ConnectionMetadata::builder()
            .proxied(false)
            .poison_fn(move || {
                if let Some(connected) = connection.connection_metadata().as_ref() {
                    connected.poison();
                }
            })
            .build()
    })
}

/// Tells the SDK whether another attempt may help: broken connections and time limits may, mistakes of ours do not.
fn classified(error: legacy::Error) -> ConnectorError {
    if find_source::<ConnectTimedOut>(&error).is_some() {
        return ConnectorError::timeout(error.into());
    }
    if error.is_connect() {
        return ConnectorError::io(error.into());
    }
    let Some(cause) = find_source::<hyper::Error>(&error) else {
        return ConnectorError::other(error.into(), None);
    };
    if cause.is_timeout() {
        ConnectorError::timeout(error.into())
    } else if cause.is_user() {
        ConnectorError::user(error.into())
    } else if cause.is_closed() || cause.is_canceled() || find_source::<io::Error>(cause).is_some()
    {
        ConnectorError::io(error.into())
    } else if cause.is_incomplete_message() {
        // The peer closed while we waited: it may or may not have acted, and every call of ours may be repeated.
        ConnectorError::other(error.into(), Some(ErrorKind::TransientError))
    } else {
        ConnectorError::other(error.into(), None)
    }
}

fn find_source<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

fn new_pool(connect_timeout: Duration) -> Result<Pool, rustls::Error> {
    let roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut tcp = legacy::connect::HttpConnector::new();
    tcp.set_nodelay(true);
    tcp.enforce_http(false);
    let https = HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http()
        .enable_http1()
        .wrap_connector(tcp);
    Ok(legacy::Client::builder(TokioExecutor::new())
        // Without a timer connections would be kept for ever.
        .pool_timer(TokioTimer::new())
        .build(TimedConnector {
            https,
            connect_timeout,
        }))
}

/// Connects within a time limit, which holds for the name, the connection and the handshake together.
#[derive(Clone)]
struct TimedConnector {
    https: HttpsConnector<legacy::connect::HttpConnector>,
    connect_timeout: Duration,
}

/// Nobody answered in time.
#[derive(Debug, thiserror::Error)]
#[error("no connection within {} ms", .0.as_millis())]
struct ConnectTimedOut(Duration);

type Https = HttpsConnector<legacy::connect::HttpConnector>;

impl Service<Uri> for TimedConnector {
    type Response = <Https as Service<Uri>>::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.https.poll_ready(context)
    }

    fn call(&mut self, destination: Uri) -> Self::Future {
        let connecting = self.https.call(destination);
        let limit = self.connect_timeout;
        Box::pin(async move {
            match tokio::time::timeout(limit, connecting).await {
                Ok(connected) => connected,
                Err(_elapsed) => Err(ConnectTimedOut(limit).into()),
            }
        })
    }
}
