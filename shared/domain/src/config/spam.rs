//! What the configuration says about spam: what is suspicious at a door, and what becomes of it.

use serde::{Deserialize, Serialize};

/// What is suspicious, and what becomes of it. A suspicious submission is quarantined with its reasons, where a person can
/// release it; the sender gets the answer that everybody gets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Spam {
    /// Names of fields that people do not see, so that only robots fill them in. The usual names (`_gotcha`, `bot-field`,
    /// `honeypot`, …) count without being listed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub honeypots: Vec<String>,
    /// Fewest seconds that a person needs for this form. What was filled in faster is quarantined. The time is in the field
    /// `leadline_ms`, which `leadline.js` adds, or worked out from `opened_at`; a form without either is not judged by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_fill_seconds: Option<u32>,
    /// Field in which the form says when the page was opened: RFC 3339, or seconds or milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened_at: Option<String>,
    /// Most links in all that a person wrote. A link in a name is always one too many where this is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_links: Option<u32>,
    /// What becomes of throw-away e-mail addresses.
    #[serde(default, skip_serializing_if = "Treatment::is_accept")]
    pub disposable: Treatment,
    /// What becomes of e-mail addresses of a role, such as `info@`.
    #[serde(default, skip_serializing_if = "Treatment::is_accept")]
    pub role: Treatment,
    /// What becomes of e-mail addresses whose domain looks like a slip of the finger, such as `gmial.com`. Refused, the
    /// answer suggests the domain that was most likely meant.
    #[serde(default, skip_serializing_if = "Treatment::is_accept")]
    pub mistyped: Treatment,
}

/// What becomes of something that may be unwanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Treatment {
    /// It goes on like any other.
    #[default]
    Accept,
    /// It is kept until a person has looked at it.
    Quarantine,
    /// The sender is asked to correct it (422); quarantined where nobody reads the answer.
    Refuse,
}

impl Treatment {
    /// Whether nothing happens: what need not be written down.
    fn is_accept(&self) -> bool {
        *self == Treatment::Accept
    }
}

impl Spam {
    /// Whether it says nothing: what need not be written down.
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
