//! Secrets out of one secret of Secrets Manager, fetched at first need and kept.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, PoisonError, RwLock};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::{Clock, SecretString, SecretsError, chain};

/// How long a fetched value is good: the longest that a revoked secret stays accepted after its rotation.
const GOOD_FOR: SignedDuration = SignedDuration::from_mins(5);

/// How long to leave Secrets Manager alone after a failed refresh.
const PAUSE_AFTER_FAILURE: SignedDuration = SignedDuration::from_secs(30);

/// How long a caller waits for a refresh while there is an older value to go on with.
const REFRESH_PATIENCE: Duration = Duration::from_secs(2);

type Values = Arc<BTreeMap<String, SecretString>>;

/// What a `SecretString` holds.
#[derive(Clone, Copy)]
pub(super) enum Content {
    /// A JSON object of name to string.
    Object,
    /// One value and nothing else, known under this name.
    Bare { name: &'static str },
}

/// A client that is made at the first need: a function whose sources name no secret never needs one.
pub(super) type LazyClient = LazyLock<
    aws_sdk_secretsmanager::Client,
    Box<dyn FnOnce() -> aws_sdk_secretsmanager::Client + Send>,
>;

pub(super) struct FetchedSecrets {
    client: LazyClient,
    id: String,
    content: Content,
    clock: Clock,
    snapshot: RwLock<Option<Snapshot>>,
    /// Held by the one caller who fetches; holds how the last first fetch failed, for those who waited for it.
    fetching: Mutex<Option<SecretsError>>,
    n_failed_first_fetches: AtomicU64,
}

#[derive(Clone)]
struct Snapshot {
    values: Values,
    taken_at: Timestamp,
    good_for: SignedDuration,
}

impl Snapshot {
    /// A snapshot from the future means that the clock was set back, and says nothing about its age.
    fn is_good_at(&self, now: Timestamp) -> bool {
        let age = now.duration_since(self.taken_at);
        !age.is_negative() && age < self.good_for
    }
}

impl FetchedSecrets {
    pub(super) fn new(
        client: LazyClient,
        id: String,
        content: Content,
        clock: Clock,
    ) -> FetchedSecrets {
        FetchedSecrets {
            client,
            id,
            content,
            clock,
            snapshot: RwLock::new(None),
            fetching: Mutex::new(None),
            n_failed_first_fetches: AtomicU64::new(0),
        }
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn content(&self) -> Content {
        self.content
    }

    pub(super) async fn value(&self, name: &str) -> Result<Option<SecretString>, SecretsError> {
        let values = match self.snapshot() {
            Some(snapshot) if snapshot.is_good_at(self.clock.now()) => snapshot.values,
            Some(stale) => self.refreshed(stale).await,
            None => self.first_fetched().await?,
        };
        Ok(values.get(name).cloned())
    }

    /// Fetches, or waits for whoever is fetching already and shares the outcome, be it a failure.
    async fn first_fetched(&self) -> Result<Values, SecretsError> {
        let n_failures_before = self.n_failed_first_fetches.load(Ordering::SeqCst);
        let mut last_failure = self.fetching.lock().await;
        if let Some(snapshot) = self.snapshot() {
            return Ok(snapshot.values);
        }
        let n_failures_now = self.n_failed_first_fetches.load(Ordering::SeqCst);
        if let Some(failure) = last_failure
            .as_ref()
            .filter(|_| n_failures_now != n_failures_before)
        {
            return Err(failure.clone());
        }
        match self.fetch().await {
            Ok(values) => {
                self.keep(&values, GOOD_FOR);
                Ok(values)
            }
            Err(error) => {
                self.n_failed_first_fetches.fetch_add(1, Ordering::SeqCst);
                *last_failure = Some(error.clone());
                Err(error)
            }
        }
    }

    /// Newer values, or the stale ones if those cannot be had soon or somebody else is getting them.
    async fn refreshed(&self, stale: Snapshot) -> Values {
        let Ok(_fetching) = self.fetching.try_lock() else {
            return stale.values;
        };
        if let Some(snapshot) = self
            .snapshot()
            .filter(|snapshot| snapshot.is_good_at(self.clock.now()))
        {
            return snapshot.values;
        }
        let reason = match timeout(REFRESH_PATIENCE, self.fetch()).await {
            Ok(Ok(values)) => {
                self.keep(&values, GOOD_FOR);
                return values;
            }
            Ok(Err(error)) => error.to_string(),
            Err(_elapsed) => format!("no answer within {} s", REFRESH_PATIENCE.as_secs()),
        };
        tracing::warn!(
            secret_id = self.id,
            reason,
            "secrets could not be refreshed, the old ones stay in use"
        );
        self.keep(&stale.values, PAUSE_AFTER_FAILURE);
        stale.values
    }

    async fn fetch(&self) -> Result<Values, SecretsError> {
        let malformed = |reason: &str| SecretsError::Malformed {
            id: self.id.clone(),
            reason: reason.to_owned(),
        };
        let output = match self
            .client
            .get_secret_value()
            .secret_id(&self.id)
            .send()
            .await
        {
            Ok(output) => output,
            // Rendered here and not kept as a source: the debug form of an SDK error holds the response, secret and all.
            Err(error) => {
                return Err(SecretsError::Fetch {
                    id: self.id.clone(),
                    reason: chain(&error),
                });
            }
        };
        let Some(text) = output.secret_string() else {
            return Err(malformed("it has no SecretString"));
        };
        if let Content::Bare { name } = self.content {
            return Ok(Arc::new(super::collect([(name, text)])));
        }
        // The parser's own message may quote a value.
        let Ok(values) = serde_json::from_str::<BTreeMap<String, String>>(text) else {
            return Err(malformed(
                "its SecretString is no JSON object of names to strings",
            ));
        };
        Ok(Arc::new(super::collect(values)))
    }

    fn snapshot(&self) -> Option<Snapshot> {
        self.snapshot
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn keep(&self, values: &Values, good_for: SignedDuration) {
        let snapshot = Snapshot {
            values: Arc::clone(values),
            taken_at: self.clock.now(),
            good_for,
        };
        *self
            .snapshot
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Some(snapshot);
    }
}
