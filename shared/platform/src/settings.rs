//! The settings of one process, from its environment variables.

use std::collections::BTreeMap;
use std::env;
use std::fmt;

use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use ipnet::IpNet;

use crate::SecretString;
use crate::clients::{CONNECT_TIMEOUT, new_http_client};
use crate::secrets::ENVIRONMENT_PREFIX;

/// What the environment says, read once at start.
///
/// Clones share one pool of connections to AWS.
#[derive(Clone)]
pub struct Settings {
    /// `LEADLINE_TABLE`: the name of the DynamoDB table.
    pub table: String,
    /// `AWS_REGION`.
    pub region: String,
    /// `AWS_ENDPOINT_URL`: where all of AWS is instead of at its own addresses; plain http is fine.
    pub endpoint_url: Option<String>,
    /// `LEADLINE_SECRETS_ID`: the Secrets Manager secret with all our secrets, a JSON object of name to string.
    pub secrets_id: Option<String>,
    /// `LEADLINE_API_TOKEN_ID`: which secret holds the token of the API.
    pub api_token_id: Option<String>,
    /// `LEADLINE_OUTBOUND_ALLOW`: networks that enrichment and delivery may call although they are private.
    pub outbound_allow: Vec<IpNet>,
    queue_enrich: Option<String>,
    queue_score: Option<String>,
    queue_assign: Option<String>,
    queue_deliver: Option<String>,
    queue_files: Option<String>,
    uploads: Option<String>,
    pub(crate) credentials: Option<Credentials>,
    /// The variables `LEADLINE_SECRET_…`.
    pub(crate) environment_secrets: BTreeMap<String, SecretString>,
    pub(crate) http_client: SharedHttpClient,
}

/// A variable that is missing or makes no sense. Messages name the variable and never repeat its value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// It is not set and has to be.
    #[error("the environment variable {variable} is not set")]
    Missing {
        /// The variable.
        variable: &'static str,
    },
    /// It is set to something that makes no sense.
    #[error("the environment variable {variable} is not usable: {reason}")]
    Invalid {
        /// The variable.
        variable: &'static str,
        /// Why, in words.
        reason: String,
    },
}

const TABLE: &str = "LEADLINE_TABLE";
const QUEUE_ENRICH: &str = "LEADLINE_QUEUE_ENRICH";
const QUEUE_SCORE: &str = "LEADLINE_QUEUE_SCORE";
const QUEUE_ASSIGN: &str = "LEADLINE_QUEUE_ASSIGN";
const QUEUE_DELIVER: &str = "LEADLINE_QUEUE_DELIVER";
const QUEUE_FILES: &str = "LEADLINE_QUEUE_FILES";
const UPLOADS: &str = "LEADLINE_UPLOADS";
const SECRETS_ID: &str = "LEADLINE_SECRETS_ID";
const API_TOKEN_ID: &str = "LEADLINE_API_TOKEN_ID";
const OUTBOUND_ALLOW: &str = "LEADLINE_OUTBOUND_ALLOW";
const REGION: &str = "AWS_REGION";
const ENDPOINT_URL: &str = "AWS_ENDPOINT_URL";
const ACCESS_KEY_ID: &str = "AWS_ACCESS_KEY_ID";
const SECRET_ACCESS_KEY: &str = "AWS_SECRET_ACCESS_KEY";
const SESSION_TOKEN: &str = "AWS_SESSION_TOKEN";

impl Settings {
    /// Reads the environment of this process. Nothing else of ours does.
    ///
    /// Bytes that are no UTF-8 are replaced, so that a broken value fails where it is used instead of being "not set".
    pub fn from_env() -> Result<Settings, SettingsError> {
        let mut settings =
            Settings::parse(|name| Some(env::var_os(name)?.to_string_lossy().into_owned()))?;
        for (name, value) in env::vars_os() {
            let name = name.to_string_lossy();
            if name.starts_with(ENVIRONMENT_PREFIX) {
                settings.environment_secrets.insert(
                    name.into_owned(),
                    SecretString::new(value.to_string_lossy().into_owned()),
                );
            }
        }
        Ok(settings)
    }

    /// Reads the variables through `lookup`, which gives the value of a variable by its name.
    ///
    /// A variable that is set to nothing but white space counts as not set: templates write optional ones so.
    /// Secrets in the environment are left out, since a lookup cannot list them.
    pub fn parse(lookup: impl Fn(&str) -> Option<String>) -> Result<Settings, SettingsError> {
        let optional = |variable: &'static str| -> Option<String> {
            let value = lookup(variable)?.trim().to_owned();
            (!value.is_empty()).then_some(value)
        };
        let required = |variable| optional(variable).ok_or(SettingsError::Missing { variable });
        let optional_url = |variable| {
            optional(variable)
                .map(|value| parse_url(variable, value))
                .transpose()
        };
        let credentials = match (optional(ACCESS_KEY_ID), optional(SECRET_ACCESS_KEY)) {
            (Some(key), Some(secret)) => Some(Credentials::new(
                key,
                secret,
                optional(SESSION_TOKEN),
                None,
                "LambdaEnvironment",
            )),
            (None, None) => None,
            (Some(_), None) => {
                return Err(SettingsError::Missing {
                    variable: SECRET_ACCESS_KEY,
                });
            }
            (None, Some(_)) => {
                return Err(SettingsError::Missing {
                    variable: ACCESS_KEY_ID,
                });
            }
        };
        Ok(Settings {
            table: required(TABLE)?,
            region: required(REGION)?,
            endpoint_url: optional_url(ENDPOINT_URL)?,
            secrets_id: optional(SECRETS_ID),
            api_token_id: optional(API_TOKEN_ID),
            outbound_allow: parse_networks(
                OUTBOUND_ALLOW,
                &optional(OUTBOUND_ALLOW).unwrap_or_default(),
            )?,
            queue_enrich: optional_url(QUEUE_ENRICH)?,
            queue_score: optional_url(QUEUE_SCORE)?,
            queue_assign: optional_url(QUEUE_ASSIGN)?,
            queue_deliver: optional_url(QUEUE_DELIVER)?,
            queue_files: optional_url(QUEUE_FILES)?,
            uploads: optional(UPLOADS),
            credentials,
            environment_secrets: BTreeMap::new(),
            http_client: new_http_client(CONNECT_TIMEOUT),
        })
    }

    /// The same settings with AWS reached through `client`: to look at what goes over the wire, or to answer it oneself.
    pub fn with_http_client(mut self, client: SharedHttpClient) -> Settings {
        self.http_client = client;
        self
    }

    /// `LEADLINE_QUEUE_ENRICH`: the URL of the queue before `enrich`.
    pub fn queue_enrich(&self) -> Result<&str, SettingsError> {
        present(&self.queue_enrich, QUEUE_ENRICH)
    }

    /// `LEADLINE_QUEUE_SCORE`: the URL of the queue before `score`.
    pub fn queue_score(&self) -> Result<&str, SettingsError> {
        present(&self.queue_score, QUEUE_SCORE)
    }

    /// `LEADLINE_QUEUE_ASSIGN`: the URL of the queue before `assign`.
    pub fn queue_assign(&self) -> Result<&str, SettingsError> {
        present(&self.queue_assign, QUEUE_ASSIGN)
    }

    /// `LEADLINE_QUEUE_DELIVER`: the URL of the queue before `deliver`.
    pub fn queue_deliver(&self) -> Result<&str, SettingsError> {
        present(&self.queue_deliver, QUEUE_DELIVER)
    }

    /// `LEADLINE_QUEUE_FILES`: the URL of the queue before `files`.
    pub fn queue_files(&self) -> Result<&str, SettingsError> {
        present(&self.queue_files, QUEUE_FILES)
    }

    /// `LEADLINE_UPLOADS`: the name of the bucket that uploaded files are put into.
    pub fn uploads(&self) -> Result<&str, SettingsError> {
        present(&self.uploads, UPLOADS)
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Settings")
            .field("table", &self.table)
            .field("region", &self.region)
            .field("endpoint_url", &self.endpoint_url)
            .field("secrets_id", &self.secrets_id)
            .field("api_token_id", &self.api_token_id)
            .field("outbound_allow", &self.outbound_allow)
            .field("queue_enrich", &self.queue_enrich)
            .field("queue_score", &self.queue_score)
            .field("queue_assign", &self.queue_assign)
            .field("queue_deliver", &self.queue_deliver)
            .field("queue_files", &self.queue_files)
            .field("uploads", &self.uploads)
            .finish_non_exhaustive()
    }
}

fn present<'a>(
    value: &'a Option<String>,
    variable: &'static str,
) -> Result<&'a str, SettingsError> {
    value.as_deref().ok_or(SettingsError::Missing { variable })
}

fn parse_url(variable: &'static str, value: String) -> Result<String, SettingsError> {
    let after_scheme = value
        .strip_prefix("https://")
        .or_else(|| value.strip_prefix("http://"));
    match after_scheme {
        Some(rest) if !rest.is_empty() && !rest.contains(char::is_whitespace) => Ok(value),
        _ => Err(SettingsError::Invalid {
            variable,
            reason: "it is no http or https URL".to_owned(),
        }),
    }
}

/// Comma-separated networks in CIDR notation.
///
/// Anything doubtful is an error: a list that opens networks must not be guessed at.
fn parse_networks(variable: &'static str, value: &str) -> Result<Vec<IpNet>, SettingsError> {
    let mut networks = Vec::new();
    for (index, entry) in value.split(',').map(str::trim).enumerate() {
        if entry.is_empty() {
            continue;
        }
        let invalid = |reason: &str| SettingsError::Invalid {
            variable,
            reason: format!("entry {} {reason}", index + 1),
        };
        let Ok(network) = entry.parse::<IpNet>() else {
            return Err(invalid("is no network in CIDR notation, like 10.0.0.0/8"));
        };
        if network.addr() != network.network() {
            return Err(invalid("has bits set beyond its prefix length"));
        }
        networks.push(network);
    }
    Ok(networks)
}

#[cfg(test)]
mod tests;
