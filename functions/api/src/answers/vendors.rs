//! What is answered about vendors: what they were told, their scorecards, their caps, and what they say they sent.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Time;

/// What a vendor was answered.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub(crate) struct OfferAnswer {
    /// The vendor.
    pub(crate) vendor: String,
    /// `accepted`, `duplicate`, `rejected`, `capped` or `held`.
    pub(crate) outcome: &'static str,
    /// When.
    pub(crate) at: Time,
    /// Why it was not accepted.
    pub(crate) reason: Option<String>,
    /// What was agreed.
    pub(crate) price: Option<MoneyAnswer>,
    /// Why it was sent back.
    pub(crate) returned: Option<String>,
}

impl From<&domain::vendor::Offer> for OfferAnswer {
    fn from(offer: &domain::vendor::Offer) -> Self {
        let price = offer.bought().and_then(|bought| bought.price);
        Self {
            vendor: offer.vendor.clone(),
            outcome: offer.answer.name(),
            at: offer.at.into(),
            reason: offer.answer.reason(),
            price: price.as_ref().map(MoneyAnswer::from),
            returned: offer.returned.as_ref().map(|done| done.reason.clone()),
        }
    }
}

/// An amount of money.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub(crate) struct MoneyAnswer {
    /// As people write it: `45.00`.
    pub(crate) amount: String,
    /// ISO 4217.
    pub(crate) currency: String,
}

impl From<&domain::vendor::Money> for MoneyAnswer {
    fn from(money: &domain::vendor::Money) -> Self {
        Self {
            amount: money.decimal(),
            currency: money.currency.clone(),
        }
    }
}

/// A lead went back to its vendor.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub(crate) struct Returned {
    /// `sub_…`
    pub(crate) submission: String,
    /// The vendor.
    pub(crate) vendor: String,
    /// The code of the reason.
    pub(crate) reason: String,
    /// Who said so.
    pub(crate) by: Option<String>,
    /// When.
    pub(crate) returned_at: Time,
    /// What is not owed any more.
    pub(crate) refunded: Option<MoneyAnswer>,
}

/// Every vendor.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub(crate) struct Vendors {
    /// By name.
    pub(crate) vendors: Vec<VendorState>,
}

/// How a vendor is doing.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub(crate) struct VendorState {
    /// Its name in the configuration.
    pub(crate) name: String,
    /// The sources that its leads come through.
    pub(crate) sources: Vec<String>,
    /// Its caps, in their present period.
    pub(crate) caps: Vec<CapState>,
    /// What it offered today, in its time zone.
    pub(crate) today: ScorecardCounts,
}

/// A cap in its present period.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub(crate) struct CapState {
    /// Its name.
    pub(crate) name: String,
    /// `hour`, `day`, `week`, `month` or `total`.
    pub(crate) per: &'static str,
    /// Most leads.
    pub(crate) maximum: u32,
    /// Those that were bought.
    pub(crate) used: u64,
    /// When it starts again at 0; null for a total.
    pub(crate) opens_at: Option<Time>,
}

/// What a vendor offered from one day until before another, and what became of it.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub(crate) struct Scorecard {
    /// The vendor.
    pub(crate) vendor: String,
    /// The time zone of its days.
    pub(crate) timezone: String,
    /// The first day.
    pub(crate) from: String,
    /// The day after the last one.
    pub(crate) to: String,
    /// All days together.
    pub(crate) total: ScorecardCounts,
    /// Days on which something was offered, the first first.
    pub(crate) days: Vec<ScorecardDay>,
}

/// One day of a scorecard.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub(crate) struct ScorecardDay {
    /// The day.
    pub(crate) day: String,
    /// What was offered on it, and what became of that whenever it did.
    #[serde(flatten)]
    pub(crate) counts: ScorecardCounts,
}

/// What was offered, and what became of it. Each lead is counted once, however often it was sent, and always on the day on
/// which it was answered; a refused lead that is offered again when its refusal has passed is offered twice.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub(crate) struct ScorecardCounts {
    /// Accepted, duplicate, rejected, capped and held.
    pub(crate) offered: u64,
    /// Bought, those that were returned later included.
    pub(crate) accepted: u64,
    /// The person was known.
    pub(crate) duplicate: u64,
    /// Did not meet the contract.
    pub(crate) rejected: u64,
    /// The same by reason.
    pub(crate) rejected_by: BTreeMap<String, u64>,
    /// A cap was reached.
    pub(crate) capped: u64,
    /// The same by cap.
    pub(crate) capped_by: BTreeMap<String, u64>,
    /// Wait in quarantine, or were discarded there.
    pub(crate) held: u64,
    /// Sent back.
    pub(crate) returned: u64,
    /// The same by reason.
    pub(crate) returned_by: BTreeMap<String, u64>,
    /// What was agreed for those that were accepted.
    pub(crate) cost: Vec<MoneyAnswer>,
    /// What of it is not owed, since the lead was returned.
    pub(crate) refunded: Vec<MoneyAnswer>,
    /// What is owed.
    pub(crate) owed: Vec<MoneyAnswer>,
    /// The same for each lead that was accepted and not returned.
    pub(crate) owed_per_kept: Vec<MoneyAnswer>,
    /// The same for each that sales qualified.
    pub(crate) owed_per_qualified: Vec<MoneyAnswer>,
    /// What sales said about those that were bought and not returned, each kind of feedback once for each lead.
    pub(crate) sales: BTreeMap<String, u64>,
}

/// What was received of what a vendor says it sent.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub(crate) struct Claims {
    /// For each claim, in the same order.
    pub(crate) claims: Vec<Claim>,
}

/// What was received of one claim.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub(crate) struct Claim {
    /// None: it was never received. More than one: it was received more than once, as different leads.
    pub(crate) received: Vec<Received>,
}

/// A lead that was received of a vendor.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub(crate) struct Received {
    /// `sub_…`
    pub(crate) submission: String,
    /// The source.
    pub(crate) source: String,
    /// When it was answered.
    pub(crate) at: Time,
    /// `accepted`, `duplicate`, `rejected`, `capped` or `held`.
    pub(crate) outcome: &'static str,
    /// Why it was not accepted.
    pub(crate) reason: Option<String>,
    /// Why it was returned.
    pub(crate) returned: Option<String>,
}
