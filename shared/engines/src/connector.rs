//! How an SDK client reaches an engine without a network: the SDK signs and serialises as always, and this connector
//! hands the finished HTTP request to the engine in the same task.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;

/// The region every embedded client signs for. Nothing checks it; ARNs of embedded queues carry it.
pub(crate) const REGION: &str = "us-east-1";

/// The content type of both wire protocols.
pub(crate) const JSON_CONTENT_TYPE: &str = "application/x-amz-json-1.0";

/// A module `in_process` with the client of one service's SDK crate for an engine in this process.
///
/// Such a client does not sign, which nobody would verify and is a tenth of the time of a call, and does not look up
/// where to send. It makes one attempt per call: nothing here is transient, so that a retry would only repeat a fault.
/// It has no time limits, and does not watch for stalled streams: a long poll is silent on purpose.
macro_rules! in_process {
    ($sdk:ident, $address:literal) => {
        mod in_process {
            use aws_smithy_runtime_api::client::auth::{
                AuthSchemeId, AuthSchemeOption, AuthSchemeOptionsFuture,
            };
            use aws_smithy_runtime_api::client::http::SharedHttpClient;
            use $sdk::config::auth::{self, ResolveAuthScheme};
            use $sdk::config::endpoint::{self, Endpoint, EndpointFuture, ResolveEndpoint};
            use $sdk::config::retry::RetryConfig;
            use $sdk::config::timeout::TimeoutConfig;
            use $sdk::config::{
                BehaviorVersion, Config, ConfigBag, Region, RuntimeComponents,
                StalledStreamProtectionConfig,
            };

            pub(super) fn client(http: SharedHttpClient) -> $sdk::Client {
                let config = Config::builder()
                    .behavior_version(BehaviorVersion::latest())
                    .region(Region::from_static(crate::connector::REGION))
                    .allow_no_auth()
                    .auth_scheme_resolver(Unsigned)
                    .endpoint_resolver(Here)
                    .timeout_config(TimeoutConfig::disabled())
                    .retry_config(RetryConfig::disabled())
                    .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
                    .http_client(http)
                    .build();
                $sdk::Client::from_conf(config)
            }

            #[derive(Debug)]
            struct Unsigned;

            impl ResolveAuthScheme for Unsigned {
                fn resolve_auth_scheme<'a>(
                    &'a self,
                    _: &'a auth::Params,
                    _: &'a ConfigBag,
                    _: &'a RuntimeComponents,
                ) -> AuthSchemeOptionsFuture<'a> {
                    let not_at_all = AuthSchemeOption::from(AuthSchemeId::new("noAuth"));
                    AuthSchemeOptionsFuture::ready(Ok(vec![not_at_all]))
                }
            }

            #[derive(Debug)]
            struct Here;

            impl ResolveEndpoint for Here {
                fn resolve_endpoint<'a>(&'a self, _: &'a endpoint::Params) -> EndpointFuture<'a> {
                    EndpointFuture::ready(Ok(Endpoint::builder().url($address).build()))
                }
            }
        }
    };
}
pub(crate) use in_process;

/// One request of an awsJson1.0 protocol, as an engine sees it.
pub(crate) struct WireCall {
    /// The `X-Amz-Target` header, for example `AmazonSQS.SendMessage`; empty when absent.
    pub(crate) target: String,
    /// Scheme and authority the caller used, for example `http://127.0.0.1:9324`; URLs in answers start with it.
    pub(crate) origin: String,
    /// The JSON document.
    pub(crate) body: Vec<u8>,
}

/// One answer of an awsJson1.0 protocol.
#[derive(Debug)]
pub(crate) struct WireAnswer {
    pub(crate) status: u16,
    pub(crate) body: String,
    /// The `x-amzn-query-error` header: `code;Sender` or `code;Receiver`. SQS clients read their error code from it.
    pub(crate) query_error: Option<String>,
}

/// An engine that answers awsJson1.0 requests.
pub(crate) trait WireApi: Send + Sync + 'static {
    fn answer(&self, call: WireCall) -> impl Future<Output = WireAnswer> + Send;

    /// Whether the operation may wait for something that never comes, and may therefore be given up at any moment.
    fn may_wait(_target: &str) -> bool {
        false
    }
}

/// The [`SharedHttpClient`] to give to an SDK client's configuration.
///
/// Connect and read timeouts are not applied here: there is nothing to connect to, and the SDK itself enforces its
/// attempt and operation timeouts around this call.
pub(crate) fn http_client(api: impl WireApi) -> SharedHttpClient {
    SharedHttpClient::new(InProcess(SharedHttpConnector::new(Connector(Arc::new(
        api,
    )))))
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

struct Connector<Api>(Arc<Api>);

impl<Api> fmt::Debug for Connector<Api> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("in-process connector")
    }
}

impl<Api: WireApi> HttpConnector for Connector<Api> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Some(body) = request.body().bytes() else {
            // Neither protocol has streaming operations.
            return HttpConnectorFuture::ready(Err(ConnectorError::user(
                "the embedded engine takes whole request bodies only".into(),
            )));
        };
        let call = WireCall {
            target: request
                .headers()
                .get("x-amz-target")
                .unwrap_or_default()
                .to_owned(),
            origin: origin_of(request.uri()),
            body: body.to_vec(),
        };
        let api = Arc::clone(&self.0);
        HttpConnectorFuture::new(async move { into_sdk_response(api.answer(call).await) })
    }
}

/// Scheme and authority of an absolute URI: everything before its path.
fn origin_of(uri: &str) -> String {
    let authority_start = uri.find("://").map_or(0, |position| position + 3);
    let path_start = uri[authority_start..]
        .find(['/', '?'])
        .map_or(uri.len(), |position| authority_start + position);
    uri[..path_start].to_owned()
}

fn into_sdk_response(answer: WireAnswer) -> Result<HttpResponse, ConnectorError> {
    let status = StatusCode::try_from(answer.status)
        .map_err(|error| ConnectorError::other(error.into(), None))?;
    let mut response = HttpResponse::new(status, SdkBody::from(answer.body));
    response
        .headers_mut()
        .insert("content-type", JSON_CONTENT_TYPE);
    if let Some(query_error) = answer.query_error {
        response
            .headers_mut()
            .insert("x-amzn-query-error", query_error);
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::origin_of;

    #[test]
    fn the_origin_of_a_request_is_its_scheme_and_authority() {
        assert_eq!(
            origin_of("https://sqs.us-east-1.amazonaws.com/"),
            "https://sqs.us-east-1.amazonaws.com"
        );
        assert_eq!(
            origin_of("http://127.0.0.1:9324/0/q?x=1"),
            "http://127.0.0.1:9324"
        );
        assert_eq!(
            origin_of("http://127.0.0.1:9324?x=1"),
            "http://127.0.0.1:9324"
        );
        assert_eq!(origin_of("http://127.0.0.1:9324"), "http://127.0.0.1:9324");
    }
}
