//! The attributes of a queue: which are known, which values they take, and what the engine makes of them.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::failure::Failure;

/// The account in queue URLs and ARNs; nothing checks it.
pub(super) const ACCOUNT: &str = "000000000000";

/// Bytes of a body and its attributes together; 1 MiB since August 2025 (SQS quotas, message size).
pub(super) const MAX_MESSAGE_BYTES: u64 = 1_048_576;
/// SQS quotas: delays are at most 15 minutes, visibility timeouts at most 12 hours, long polls at most 20 seconds.
pub(super) const MAX_DELAY_SECONDS: u64 = 900;
pub(super) const MAX_VISIBILITY_SECONDS: u64 = 43_200;
pub(super) const MAX_WAIT_SECONDS: u64 = 20;

/// Attributes with a whole number of seconds or bytes: name, default, least, most.
const NUMBERS: [(&str, u64, u64, u64); 5] = [
    ("VisibilityTimeout", 30, 0, MAX_VISIBILITY_SECONDS),
    ("DelaySeconds", 0, 0, MAX_DELAY_SECONDS),
    ("ReceiveMessageWaitTimeSeconds", 0, 0, MAX_WAIT_SECONDS),
    (
        "MaximumMessageSize",
        MAX_MESSAGE_BYTES,
        1_024,
        MAX_MESSAGE_BYTES,
    ),
    ("MessageRetentionPeriod", 345_600, 60, 1_209_600),
];

/// Bytes of one attribute's value: SQS allows policies of 8 KiB; this only bounds a journal record.
const MAX_VALUE_BYTES: usize = 64 * 1024;

/// Attributes that are stored and shown but change nothing here.
const SHOWN_ONLY: [&str; 5] = [
    "Policy",
    "RedriveAllowPolicy",
    "KmsMasterKeyId",
    "KmsDataKeyReusePeriodSeconds",
    "SqsManagedSseEnabled",
];

/// Where a message goes after it was received too often.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Redrive {
    pub(super) target_name: String,
    /// Receives after which a message is not handed out again; 1 to 1000.
    pub(super) max_receive_count: u32,
}

/// The attributes of one queue, checked.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Settings {
    /// As they were set, by name.
    given: BTreeMap<String, String>,
    pub(super) visibility: Duration,
    pub(super) delay: Duration,
    pub(super) wait: Duration,
    /// Bytes of a body and its attributes together.
    pub(super) max_message_bytes: usize,
    pub(super) redrive: Option<Redrive>,
}

impl Settings {
    /// Checks names and values; that a dead-letter queue exists is checked by the caller, who knows the queues.
    pub(super) fn parse(given: BTreeMap<String, String>) -> Result<Settings, Failure> {
        for (name, value) in &given {
            if value.len() > MAX_VALUE_BYTES {
                return Err(Failure::invalid_attribute_value(name));
            }
            let known = NUMBERS.iter().find(|(known, ..)| known == name);
            if let Some((_, _, least, most)) = known {
                value
                    .parse::<u64>()
                    .ok()
                    .filter(|number| (*least..=*most).contains(number))
                    .ok_or_else(|| Failure::invalid_attribute_value(name))?;
            } else if name != "RedrivePolicy" && !SHOWN_ONLY.contains(&name.as_str()) {
                return Err(Failure::invalid_attribute_name(name));
            }
        }
        let redrive = match given.get("RedrivePolicy").map(String::as_str) {
            // SQS removes the policy when it is set to an empty text.
            None | Some("") => None,
            Some(policy) => Some(
                parse_redrive(policy)
                    .ok_or_else(|| Failure::invalid_attribute_value("RedrivePolicy"))?,
            ),
        };
        let number = |wanted: &str| -> u64 {
            let default = NUMBERS
                .iter()
                .find(|(name, ..)| *name == wanted)
                .map_or(0, |(_, default, ..)| *default);
            given
                .get(wanted)
                .and_then(|value| value.parse().ok())
                .unwrap_or(default)
        };
        Ok(Settings {
            visibility: Duration::from_secs(number("VisibilityTimeout")),
            delay: Duration::from_secs(number("DelaySeconds")),
            wait: Duration::from_secs(number("ReceiveMessageWaitTimeSeconds")),
            // At most 1 MiB, so it fits.
            max_message_bytes: number("MaximumMessageSize") as usize,
            redrive,
            given,
        })
    }

    /// The settings with some attributes replaced.
    pub(super) fn with(&self, changes: BTreeMap<String, String>) -> Result<Settings, Failure> {
        let mut given = self.given.clone();
        given.extend(changes);
        given.retain(|name, value| name != "RedrivePolicy" || !value.is_empty());
        Settings::parse(given)
    }

    /// Every attribute with its value or default, as `GetQueueAttributes` shows it.
    pub(super) fn shown(&self) -> BTreeMap<String, String> {
        let mut shown: BTreeMap<String, String> = NUMBERS
            .iter()
            .map(|(name, default, ..)| ((*name).to_owned(), default.to_string()))
            .collect();
        shown.extend(self.given.clone());
        shown
    }

    /// What is written to the journal.
    pub(super) fn to_json(&self) -> String {
        Value::from_iter(self.given.clone()).to_string()
    }

    /// Reads what [`Settings::to_json`] wrote; defaults where a later version removed or narrowed an attribute.
    pub(super) fn from_json(attributes: &str) -> Settings {
        let given: BTreeMap<String, String> = serde_json::from_str(attributes).unwrap_or_default();
        let readable = given.into_iter().filter(|(name, value)| {
            Settings::parse([(name.clone(), value.clone())].into()).is_ok()
        });
        Settings::parse(readable.collect()).unwrap_or_else(|_| Settings::standard())
    }

    /// The settings of a queue created without attributes.
    pub(super) fn standard() -> Settings {
        Settings {
            given: BTreeMap::new(),
            visibility: Duration::from_secs(30),
            delay: Duration::ZERO,
            wait: Duration::ZERO,
            max_message_bytes: MAX_MESSAGE_BYTES as usize,
            redrive: None,
        }
    }
}

/// `{"deadLetterTargetArn": "arn:…:NAME", "maxReceiveCount": 3}`; the count may be a text.
fn parse_redrive(policy: &str) -> Option<Redrive> {
    let policy: Value = serde_json::from_str(policy).ok()?;
    let target_name = name_in_arn(policy.get("deadLetterTargetArn")?.as_str()?)?.to_owned();
    let count = policy.get("maxReceiveCount")?;
    let count = count.as_u64().or_else(|| count.as_str()?.parse().ok())?;
    let max_receive_count = u32::try_from(count)
        .ok()
        .filter(|count| (1..=1000).contains(count))?;
    Some(Redrive {
        target_name,
        max_receive_count,
    })
}

/// The queue's name in an ARN of any region and account.
pub(super) fn name_in_arn(arn: &str) -> Option<&str> {
    let name = arn.strip_prefix("arn:")?.rsplit(':').next()?;
    (arn.contains(":sqs:") && !name.is_empty()).then_some(name)
}

/// The ARN of a queue here.
pub(super) fn arn_of(name: &str) -> String {
    format!("arn:aws:sqs:{}:{ACCOUNT}:{name}", crate::connector::REGION)
}

/// The name at the end of a queue URL of any host and account.
pub(super) fn name_in_url(url: &str) -> Option<&str> {
    let name = url.trim_end_matches('/').rsplit('/').next()?;
    (!name.is_empty()).then_some(name)
}

/// SQS: up to 80 letters, digits, hyphens and underscores.
pub(super) fn is_valid_name(name: &str) -> bool {
    (1..=80).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}
