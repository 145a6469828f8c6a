//! The clients of the AWS services, all over one HTTP client.
//!
//! Built by hand and not with `aws-config`: that would link the clients of SSO and STS and look for credentials in
//! places that no Lambda function has.

mod endpoint;
mod network;

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;

use crate::Settings;
pub(crate) use network::new_http_client;

/// Within a region connecting takes a few milliseconds; whoever needs a second is not coming.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// The slowest calls of ours, batched sends and transactions, answer within tens of milliseconds; the SDK itself would
/// wait for ever.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(3);

/// Room for a second attempt after a lost one, and still below the 10 s after which the shortest of our functions is
/// stopped: an error of ours, which says what failed, must come before the platform's, which does not.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(8);

/// The first attempt and two retries; what is left after that is the queue's to redeliver or the caller's to resend.
const MAX_ATTEMPTS: u32 = 3;

/// A client of DynamoDB.
pub fn dynamodb_client(settings: &Settings) -> aws_sdk_dynamodb::Client {
    aws_sdk_dynamodb::Client::from_conf(dynamodb_config(settings).build())
}

/// What [`dynamodb_client`] is made of, for whoever measures or simulates it on another network.
pub fn dynamodb_config(settings: &Settings) -> aws_sdk_dynamodb::config::Builder {
    aws_sdk_dynamodb::config::Builder::from(&sdk_config(settings))
        .endpoint_resolver(endpoint::DynamoDbEndpoint::default())
}

/// A client of SQS. Not for long polling, which takes longer than an attempt may; Lambda polls for us.
pub fn sqs_client(settings: &Settings) -> aws_sdk_sqs::Client {
    aws_sdk_sqs::Client::from_conf(sqs_config(settings).build())
}

/// What [`sqs_client`] is made of, for whoever measures or simulates it on another network.
pub fn sqs_config(settings: &Settings) -> aws_sdk_sqs::config::Builder {
    aws_sdk_sqs::config::Builder::from(&sdk_config(settings))
        .endpoint_resolver(endpoint::SqsEndpoint::default())
}

/// A client of Secrets Manager.
pub fn secrets_manager_client(settings: &Settings) -> aws_sdk_secretsmanager::Client {
    aws_sdk_secretsmanager::Client::new(&sdk_config(settings))
}

/// What all clients have in common: time limits, retries, region.
pub(crate) fn sdk_config(settings: &Settings) -> SdkConfig {
    let credentials = EnvironmentCredentials {
        credentials: settings.credentials.clone(),
    };
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build();
    let mut config = SdkConfig::builder()
        // A version and not "latest", so that updating the SDK changes no default behind our back.
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new(settings.region.clone()))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(settings.http_client.clone())
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard().with_max_attempts(MAX_ATTEMPTS));
    config.set_endpoint_url(settings.endpoint_url.clone());
    config.build()
}

/// The credentials that Lambda puts into a function's environment. They outlive the environment, so nothing renews them.
#[derive(Clone, Debug)]
struct EnvironmentCredentials {
    credentials: Option<Credentials>,
}

impl ProvideCredentials for EnvironmentCredentials {
    fn provide_credentials<'a>(&'a self) -> provider::future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let credentials = self.credentials.clone().ok_or_else(|| {
            CredentialsError::not_loaded(
                "the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set",
            )
        });
        provider::future::ProvideCredentials::ready(credentials)
    }
}

#[cfg(test)]
mod tests;
