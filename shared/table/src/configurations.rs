//! Configurations: immutable versions, and which one is in force.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::config::{Config, version_of};
use jiff::Timestamp;

use crate::{Error, Item, Table, keys};

/// The configuration as functions read it: JSON.
const DOCUMENT: &str = "document";
/// The file as it was pushed.
const TEXT: &str = "text";
const PUSHED_AT: &str = "pushed_at";
const VERSION: &str = "version";
const SINCE: &str = "since";

/// How long a deployed function goes on with the configuration it has, in seconds, before it asks for the version in force.
/// A read of half a unit per function and half minute: cents a month.
pub const CONFIGURATION_SECONDS: i64 = 30;

/// Largest file stored, in bytes: an item may have 400 KB, and holds the file and its JSON.
const MAX_BYTES: usize = 390_000;

/// What came of pushing a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// Its version.
    pub version: String,
    /// False when it is the one in force already.
    pub is_new: bool,
}

/// A version that was pushed once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredVersion {
    /// Its name.
    pub version: String,
    /// When it was pushed first.
    pub pushed_at: Timestamp,
    /// Whether it is in force.
    pub is_current: bool,
}

impl Table {
    /// The name of the version in force; `None` before the first push.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn current_version(&self) -> Result<Option<String>, Error> {
        let item = self.get(keys::current()).await?;
        Ok(item.and_then(|item| text(&item, VERSION)))
    }

    /// The configuration called `version`.
    ///
    /// # Errors
    /// When the table cannot be read, or what is stored is no configuration.
    pub async fn configuration(&self, version: &str) -> Result<Option<Config>, Error> {
        let Some(item) = self.get(keys::version(version)).await? else {
            return Ok(None);
        };
        let corrupt = |problem| Error::Corrupt {
            kind: "configuration",
            problem,
        };
        let document = text(&item, DOCUMENT).ok_or(corrupt("it has no document"))?;
        serde_json::from_str(&document)
            .map(Some)
            .map_err(|_| corrupt("its document is not as this version writes it"))
    }

    /// The file from which `version` was pushed.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn configuration_text(&self, version: &str) -> Result<Option<String>, Error> {
        Ok(self
            .get(keys::version(version))
            .await?
            .and_then(|item| text(&item, TEXT)))
    }

    /// Stores a checked configuration under its version, unless it is stored, and puts it in force.
    ///
    /// # Errors
    /// When it is too large or the table cannot be written.
    pub async fn push_configuration(
        &self,
        config: &Config,
        file: &str,
        now: Timestamp,
    ) -> Result<Pushed, Error> {
        let version = version_of(config);
        let document = serde_json::to_string(config).map_err(|_| Error::Corrupt {
            kind: "configuration",
            problem: "it cannot be written as JSON",
        })?;
        let bytes = document.len() + file.len();
        if bytes > MAX_BYTES {
            return Err(Error::TooLarge {
                what: "the configuration",
                bytes,
            });
        }
        let mut item = keys::version(&version).item();
        item.insert(DOCUMENT.to_owned(), AttributeValue::S(document));
        item.insert(TEXT.to_owned(), AttributeValue::S(file.to_owned()));
        item.insert(PUSHED_AT.to_owned(), AttributeValue::S(now.to_string()));
        self.put_new(item).await?;
        let is_new = self.current_version().await?.as_deref() != Some(version.as_str());
        if is_new {
            self.put_in_force(&version, now).await?;
        }
        Ok(Pushed { version, is_new })
    }

    /// Puts a stored version in force. False when there is no such version.
    ///
    /// # Errors
    /// When the table cannot be read or written.
    pub async fn roll_back(&self, version: &str, now: Timestamp) -> Result<bool, Error> {
        if self.get(keys::version(version)).await?.is_none() {
            return Ok(false);
        }
        self.put_in_force(version, now).await?;
        Ok(true)
    }

    async fn put_in_force(&self, version: &str, now: Timestamp) -> Result<(), Error> {
        let mut item = keys::current().item();
        item.insert(VERSION.to_owned(), AttributeValue::S(version.to_owned()));
        item.insert(SINCE.to_owned(), AttributeValue::S(now.to_string()));
        self.put(item).await
    }

    /// Every version that was ever pushed, the newest first.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn versions(&self) -> Result<Vec<StoredVersion>, Error> {
        let current = self.current_version().await?;
        let mut versions = Vec::new();
        let query = self
            .query(
                "pk = :pk AND begins_with(sk, :v)",
                keys::CONFIGURATIONS.to_owned(),
            )
            .expression_attribute_values(":v", AttributeValue::S(keys::VERSIONS.to_owned()))
            .projection_expression("sk, pushed_at");
        for item in self.all(query, None).await? {
            let corrupt = || Error::Corrupt {
                kind: "configuration",
                problem: "it does not say when it was pushed",
            };
            let sk = text(&item, keys::SK).ok_or_else(corrupt)?;
            let version = sk.strip_prefix(keys::VERSIONS).unwrap_or(&sk).to_owned();
            let pushed_at = text(&item, PUSHED_AT)
                .and_then(|at| at.parse().ok())
                .ok_or_else(corrupt)?;
            let is_current = current.as_deref() == Some(version.as_str());
            versions.push(StoredVersion {
                version,
                pushed_at,
                is_current,
            });
        }
        versions.sort_by(|left, right| {
            right
                .pushed_at
                .cmp(&left.pushed_at)
                .then_with(|| left.version.cmp(&right.version))
        });
        Ok(versions)
    }
}

fn text(item: &Item, name: &str) -> Option<String> {
    match item.get(name) {
        Some(AttributeValue::S(text)) => Some(text.clone()),
        _ => None,
    }
}

/// A configuration in force.
#[derive(Debug, Clone, PartialEq)]
pub struct Current {
    /// Its version.
    pub version: String,
    /// What it says.
    pub config: Config,
}

/// The configuration in force, and which of its destinations are gone, kept in the process and asked for again when old.
#[derive(Debug)]
pub struct ConfigurationCache {
    table: Table,
    max_age_seconds: i64,
    kept: Mutex<Option<(Arc<Current>, Timestamp)>>,
    gone: Mutex<BTreeMap<Address, (bool, Timestamp)>>,
}

/// A destination and the digest of its address.
type Address = (String, String);

impl ConfigurationCache {
    /// A cache that asks the table again after `max_age_seconds`.
    pub fn new(table: Table, max_age_seconds: i64) -> Self {
        Self {
            table,
            max_age_seconds,
            kept: Mutex::new(None),
            gone: Mutex::new(BTreeMap::new()),
        }
    }

    /// Whether a destination said that it is gone, for the address with this digest; asked as often as the configuration.
    /// Whoever posts to it before this process hears of that gets the same answer once more.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn is_gone(
        &self,
        destination: &str,
        address: &str,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let name = (destination.to_owned(), address.to_owned());
        let kept = self.gone().get(&name).copied();
        if let Some((is_gone, since)) = kept
            && now.as_second() - since.as_second() < self.max_age_seconds
        {
            return Ok(is_gone);
        }
        let is_gone = self.table.is_gone(destination, address).await?;
        self.gone().insert(name, (is_gone, now));
        Ok(is_gone)
    }

    /// Notes that a destination said that it is gone. A new address in the configuration starts anew.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn mark_gone(
        &self,
        destination: &str,
        address: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        self.table.mark_gone(destination, address).await?;
        let name = (destination.to_owned(), address.to_owned());
        self.gone().insert(name, (true, now));
        Ok(())
    }

    fn gone(&self) -> MutexGuard<'_, BTreeMap<Address, (bool, Timestamp)>> {
        self.gone.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The configuration in force at `now`; `None` before the first push. While the table cannot be read, an old one serves on.
    ///
    /// # Errors
    /// When there is none in the process and the table cannot be read.
    pub async fn at(&self, now: Timestamp) -> Result<Option<Arc<Current>>, Error> {
        let kept = self
            .kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some((current, since)) = &kept
            && now.as_second() - since.as_second() < self.max_age_seconds
        {
            return Ok(Some(Arc::clone(current)));
        }
        match self.read(kept.as_ref().map(|(current, _)| current)).await {
            Ok(Some(current)) => {
                *self.kept.lock().unwrap_or_else(PoisonError::into_inner) =
                    Some((Arc::clone(&current), now));
                Ok(Some(current))
            }
            Ok(None) => Ok(None),
            Err(error) => kept.map(|(current, _)| Some(current)).ok_or(error),
        }
    }

    async fn read(&self, kept: Option<&Arc<Current>>) -> Result<Option<Arc<Current>>, Error> {
        let Some(version) = self.table.current_version().await? else {
            return Ok(None);
        };
        if let Some(current) = kept.filter(|current| current.version == version) {
            return Ok(Some(Arc::clone(current)));
        }
        let config = self.table.configuration(&version).await?;
        let missing = Error::Corrupt {
            kind: "configuration",
            problem: "the version in force is not stored",
        };
        let config = config.ok_or(missing)?;
        Ok(Some(Arc::new(Current { version, config })))
    }
}
