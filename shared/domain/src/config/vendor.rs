//! What the configuration says about vendors: the contract under which leads of theirs are bought.

use serde::{Deserialize, Serialize};

use crate::condition::Condition;

/// A contract: what a vendor may send, what it is paid for, and how much of it is wanted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Vendor {
    /// Whether the vendor hears at once what became of a lead (`sync`), or only that it is looked at (`queued`).
    #[serde(default)]
    pub answer: VendorAnswer,
    /// IANA time zone, such as `America/New_York`, of the days of the scorecard, and of caps that name no other; UTC by
    /// default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// Currency of the prices, ISO 4217.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// Price of a lead: text such as `"45.00"`, or a whole number in the currency's smallest unit (4500). Without a price
    /// nothing is paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Amount>,
    /// Other prices for some leads: the first whose condition holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prices: Vec<PriceRule>,
    /// Fields that a lead must have, besides those of the source.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub required: Vec<String>,
    /// What a lead must meet; what does not is refused with the first reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub criteria: Vec<Criterion>,
    /// Whether a person who is known already is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicates: Option<Duplicates>,
    /// How many leads are taken in which time. All that apply to a lead must have room for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub caps: Vec<Cap>,
    /// Whether the vendor may ask before it sends: `POST /v1/sources/{source}/ping`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ping: Option<Ping>,
    /// Which leads may be sent back. Without it none may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returns: Option<Returns>,
}

/// When a vendor hears what became of a lead.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum VendorAnswer {
    /// In the answer to its request.
    #[default]
    Sync,
    /// Later, by `GET /v1/submissions/{submission}`; the contract is applied when the lead is worked on.
    Queued,
}

/// An amount of money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Amount {
    /// In the currency's smallest unit.
    Minor(i64),
    /// As people write it: `"45.00"`.
    Decimal(String),
}

/// A price for some leads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PriceRule {
    /// The price.
    pub price: Amount,
    /// For which leads.
    pub when: Condition,
}

/// Something that a lead must meet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Criterion {
    /// Its name: the code that a refusal bears, and a line of the scorecard.
    pub name: String,
    /// What must hold. It may ask for fields and for what Leadline works out of them, not for what providers say.
    pub must: Condition,
    /// What the vendor is told; by default which comparison failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// When a person counts as known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Duplicates {
    /// For how many days after they were last heard of.
    pub days: u32,
    /// By whom they must have been sent.
    #[serde(default)]
    pub among: Among,
}

/// By whom a person must have been sent to be known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Among {
    /// By any source.
    #[default]
    All,
    /// By this vendor.
    Vendor,
}

/// How many leads are taken in which time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Cap {
    /// Its name. It is counted under this name: another one starts again at 0.
    pub name: String,
    /// Most leads; never exceeded.
    pub maximum: u32,
    /// In which time. Weeks begin on Monday.
    pub per: Per,
    /// IANA time zone in which hours, days, weeks and months begin; by default that of the vendor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// Which leads count; all without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Condition>,
    /// What the vendor is told when it is reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A time in which something is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// An hour of the clock.
    Hour,
    /// A day of the calendar.
    Day,
    /// From Monday to Sunday.
    Week,
    /// A month of the calendar.
    Month,
    /// For ever.
    Total,
}

impl Per {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Per::Hour => "hour",
            Per::Day => "day",
            Per::Week => "week",
            Per::Month => "month",
            Per::Total => "total",
        }
    }
}

/// Asking before sending. A ping reserves nothing: the caps are asked again when the lead comes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Ping {
    /// For how many seconds the price that was answered holds for a lead that quotes the ping.
    #[serde(default = "default_ping_seconds")]
    pub seconds: u32,
    /// Whether a lead must quote a ping.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    /// How many pings are answered in which time; at least one limit. Counted apart from the caps.
    pub limits: Vec<Cap>,
}

fn default_ping_seconds() -> u32 {
    120
}

/// Sending leads back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Returns {
    /// Until how many days after it was accepted.
    pub days: u32,
    /// Why. Matched by code or label, whatever the case, spaces and punctuation.
    pub reasons: Vec<ReturnReason>,
    /// Whether a returned lead makes room under the caps that it counted for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gives_back_cap: bool,
}

/// A reason for which leads may be sent back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReturnReason {
    /// Its code: a line of the scorecard.
    pub code: String,
    /// As the vendor knows it, such as `Wrong number`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}
