//! The SDK's clients as the functions have them, with their time limits and retries, over a network of the world's. They
//! sign nothing: no engine verifies a signature, and making them took a tenth of a long run.

use aws_smithy_runtime::client::retries::{RetryPartition, TokenBucket};
use aws_smithy_runtime_api::client::auth::{
    AuthSchemeId, AuthSchemeOption, AuthSchemeOptionsFuture,
};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use platform::Settings;

/// The table of every world.
pub(crate) const TABLE: &str = "leadline";

/// A client of the table, as deployed but for the network and the signature. The retry quota is the world's own: those of one name are shared by a whole process,
/// and would carry one run's luck into the next.
pub(crate) fn dynamodb(
    network: SharedHttpClient,
) -> anyhow::Result<aws_sdk_dynamodb::config::Builder> {
    Ok(platform::dynamodb_config(&settings()?)
        .allow_no_auth()
        .auth_scheme_resolver(Unsigned)
        .http_client(network)
        .retry_partition(partition()))
}

/// A client of the queues, likewise.
pub(crate) fn sqs(network: SharedHttpClient) -> anyhow::Result<aws_sdk_sqs::config::Builder> {
    Ok(platform::sqs_config(&settings()?)
        .allow_no_auth()
        .auth_scheme_resolver(Unsigned)
        .http_client(network)
        .retry_partition(partition()))
}

fn partition() -> RetryPartition {
    RetryPartition::custom("simulated")
        .token_bucket(TokenBucket::builder().capacity(500).build())
        .build()
}

fn settings() -> anyhow::Result<Settings> {
    thread_local! {
        static SETTINGS: std::cell::OnceCell<Settings> = const { std::cell::OnceCell::new() };
    }
    SETTINGS.with(|kept| {
        if let Some(settings) = kept.get() {
            return Ok(settings.clone());
        }
        let made = Settings::parse(|name| match name {
            "LEADLINE_TABLE" => Some(TABLE.to_owned()),
            "AWS_REGION" => Some("us-east-1".to_owned()),
            "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("simulated".to_owned()),
            _ => None,
        })?;
        Ok(kept.get_or_init(|| made).clone())
    })
}

/// Lets a call go unsigned.
#[derive(Debug)]
struct Unsigned;

macro_rules! resolve_unsigned {
    ($sdk:ident) => {
        impl $sdk::config::auth::ResolveAuthScheme for Unsigned {
            fn resolve_auth_scheme<'a>(
                &'a self,
                _: &'a $sdk::config::auth::Params,
                _: &'a $sdk::config::ConfigBag,
                _: &'a $sdk::config::RuntimeComponents,
            ) -> AuthSchemeOptionsFuture<'a> {
                let not_at_all = AuthSchemeOption::from(AuthSchemeId::new("noAuth"));
                AuthSchemeOptionsFuture::ready(Ok(vec![not_at_all]))
            }
        }
    };
}

resolve_unsigned!(aws_sdk_dynamodb);
resolve_unsigned!(aws_sdk_sqs);
