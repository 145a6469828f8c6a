//! Named secrets, from wherever the operator keeps them.

mod fetched;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::{Clock, SecretString, Settings, secrets_manager_client};
use fetched::{Content, FetchedSecrets, LazyClient};

/// Before the name of a secret in the environment.
pub(crate) const ENVIRONMENT_PREFIX: &str = "LEADLINE_SECRET_";

/// The name of the key under which identities are hashed.
const PEPPER: &str = "pepper";

/// The name of the token that the API asks for.
const API_TOKEN: &str = "api-token";

/// Gives secrets by name. Clones share what was fetched.
///
/// A value may hold two live secrets separated by white space while one replaces the other; the first is the new one.
#[derive(Clone)]
pub struct Secrets {
    backend: Arc<Backend>,
}

enum Backend {
    Fixed(BTreeMap<String, SecretString>),
    /// By the name of the variable.
    Environment(BTreeMap<String, SecretString>),
    SecretsManager(Box<FetchedSecrets>),
}

/// Why there is no secret. Messages hold names and ids, never values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretsError {
    /// A secret without which nothing works is not there.
    #[error("the secret {name:?} is missing: {remedy}")]
    Missing {
        /// Its name.
        name: String,
        /// What the operator can do.
        remedy: String,
    },
    /// Secrets Manager did not give it; trying again later may help.
    #[error("the secret {id:?} could not be fetched from Secrets Manager: {reason}")]
    Fetch {
        /// The id of the secret.
        id: String,
        /// Why, in words.
        reason: String,
    },
    /// What Secrets Manager gave is not what we can read.
    #[error("the secret {id:?} in Secrets Manager is not usable: {reason}")]
    Malformed {
        /// The id of the secret.
        id: String,
        /// Why, in words.
        reason: String,
    },
}

impl Secrets {
    /// The place that the settings name: Secrets Manager if there is an id for it, else the environment.
    pub fn open(settings: &Settings, clock: Clock) -> Secrets {
        match &settings.secrets_id {
            Some(id) => Secrets::fetched(client_of(settings), id, Content::Object, clock),
            None => {
                Secrets::from_backend(Backend::Environment(settings.environment_secrets.clone()))
            }
        }
    }

    /// The place of the API's token: a secret of its own if the settings name one, else the environment
    /// (`LEADLINE_SECRET_API_TOKEN`). Read it with [`Secrets::api_tokens`].
    pub fn open_api_token(settings: &Settings, clock: Clock) -> Secrets {
        match &settings.api_token_id {
            Some(id) => {
                let content = Content::Bare { name: API_TOKEN };
                Secrets::fetched(client_of(settings), id, content, clock)
            }
            None => {
                Secrets::from_backend(Backend::Environment(settings.environment_secrets.clone()))
            }
        }
    }

    /// The API's token as one secret of Secrets Manager whose whole `SecretString` is the token, as
    /// `GenerateSecretString` of CloudFormation makes it. Fetched and kept like [`Secrets::secrets_manager`].
    pub fn api_token_secret(
        client: aws_sdk_secretsmanager::Client,
        id: impl Into<String>,
        clock: Clock,
    ) -> Secrets {
        let content = Content::Bare { name: API_TOKEN };
        Secrets::fetched(LazyClient::new(Box::new(|| client)), id, content, clock)
    }

    /// This token for the API, for embedding and tests.
    pub fn fixed_api_token(token: impl Into<String>) -> Secrets {
        Secrets::fixed([(API_TOKEN, token)])
    }

    /// These secrets by their names, for embedding and tests.
    pub fn fixed(
        secrets: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>,
    ) -> Secrets {
        Secrets::from_backend(Backend::Fixed(collect(secrets)))
    }

    /// Secrets from variables: `slack-token` is `LEADLINE_SECRET_SLACK_TOKEN`.
    pub fn environment(
        variables: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>,
    ) -> Secrets {
        Secrets::from_backend(Backend::Environment(collect(variables)))
    }

    /// One secret of Secrets Manager whose `SecretString` is a JSON object of name to string.
    ///
    /// Nothing is fetched before the first need; then it is kept for five minutes at a time.
    pub fn secrets_manager(
        client: aws_sdk_secretsmanager::Client,
        id: impl Into<String>,
        clock: Clock,
    ) -> Secrets {
        let client = LazyClient::new(Box::new(|| client));
        Secrets::fetched(client, id, Content::Object, clock)
    }

    fn fetched(
        client: LazyClient,
        id: impl Into<String>,
        content: Content,
        clock: Clock,
    ) -> Secrets {
        let fetched = FetchedSecrets::new(client, id.into(), content, clock);
        Secrets::from_backend(Backend::SecretsManager(Box::new(fetched)))
    }

    fn from_backend(backend: Backend) -> Secrets {
        Secrets {
            backend: Arc::new(backend),
        }
    }

    /// The secret to use now: the first of the live ones. `None` if there is no such name or its value is blank.
    pub async fn get(&self, name: &str) -> Result<Option<SecretString>, SecretsError> {
        let live = self.all(name).await?;
        Ok(live.into_iter().next())
    }

    /// Every live secret of that name, the one to use now first; empty if there is none.
    ///
    /// For verifying: what was signed with the old secret is still good while both are there.
    pub async fn all(&self, name: &str) -> Result<Vec<SecretString>, SecretsError> {
        let value = match &*self.backend {
            Backend::Fixed(secrets) => secrets.get(name).cloned(),
            Backend::Environment(variables) => variables.get(&variable_name(name)).cloned(),
            Backend::SecretsManager(fetched) => fetched.value(name).await?,
        };
        let value = value.as_ref().map_or("", SecretString::expose);
        Ok(value.split_whitespace().map(SecretString::new).collect())
    }

    /// The secret to use now; `Missing` with what to do about it if there is none.
    pub async fn require(&self, name: &str) -> Result<SecretString, SecretsError> {
        let secret = self.get(name).await?;
        secret.ok_or_else(|| SecretsError::Missing {
            name: name.to_owned(),
            remedy: self.remedy(name),
        })
    }

    /// The key under which e-mail addresses and phone numbers are hashed into keys of the table.
    ///
    /// Required, and never to be replaced: under another pepper nobody is recognized any more.
    pub async fn pepper(&self) -> Result<SecretString, SecretsError> {
        self.require(PEPPER).await
    }

    /// Every token that the API accepts now; never empty.
    pub async fn api_tokens(&self) -> Result<Vec<SecretString>, SecretsError> {
        let live = self.all(API_TOKEN).await?;
        if live.is_empty() {
            return Err(SecretsError::Missing {
                name: API_TOKEN.to_owned(),
                remedy: self.remedy(API_TOKEN),
            });
        }
        Ok(live)
    }

    fn remedy(&self, name: &str) -> String {
        match &*self.backend {
            Backend::Fixed(_) => {
                "add it to the fixed secrets this process was started with".to_owned()
            }
            Backend::Environment(_) => {
                format!(
                    "set the environment variable {} to a long random string",
                    variable_name(name)
                )
            }
            Backend::SecretsManager(fetched) => match fetched.content() {
                Content::Object => format!(
                    "add the key {name:?} with a long random string to the JSON object in the secret {:?} of Secrets Manager",
                    fetched.id()
                ),
                Content::Bare { .. } => format!(
                    "put a long random string into the secret {:?} of Secrets Manager",
                    fetched.id()
                ),
            },
        }
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let backend = match &*self.backend {
            Backend::Fixed(_) => "fixed",
            Backend::Environment(_) => "environment",
            Backend::SecretsManager(_) => "secrets manager",
        };
        formatter
            .debug_struct("Secrets")
            .field("backend", &backend)
            .finish_non_exhaustive()
    }
}

fn client_of(settings: &Settings) -> LazyClient {
    let settings = settings.clone();
    LazyClient::new(Box::new(move || secrets_manager_client(&settings)))
}

fn collect(
    secrets: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>,
) -> BTreeMap<String, SecretString> {
    secrets
        .into_iter()
        .map(|(name, value)| (name.into(), SecretString::new(value.into())))
        .collect()
}

fn variable_name(name: &str) -> String {
    let upper = name.chars().map(|c| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_uppercase()
        } else {
            '_'
        }
    });
    ENVIRONMENT_PREFIX.chars().chain(upper).collect()
}

#[cfg(test)]
mod tests;
