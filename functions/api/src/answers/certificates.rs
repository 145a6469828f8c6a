//! What the API says of certificates that were claimed.

use domain::submission;
use serde::Serialize;

use super::Time;

/// What came of claiming a certificate.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub(crate) struct CertificateClaim {
    /// When.
    pub(crate) at: Time,
    /// `retained`, `failed` (it does not fit the person), `gone`, `refused`, `reused` (somebody else came with it before), or
    /// `unanswered`.
    #[cfg_attr(any(test, feature = "schema"), schemars(extend("enum" = ["retained", "failed", "gone", "refused", "reused", "unanswered"])))]
    pub(crate) outcome: &'static str,
    /// Until when it is kept.
    pub(crate) expires_at: Option<Time>,
    /// Whether the e-mail address is the one that was typed in on the page.
    pub(crate) email_matches: Option<bool>,
    /// The same of the phone number.
    pub(crate) phone_matches: Option<bool>,
    /// Address of the certificate with personal data hidden.
    pub(crate) masked: Option<String>,
}

impl From<&submission::CertificateClaim> for CertificateClaim {
    fn from(claim: &submission::CertificateClaim) -> Self {
        Self {
            at: claim.at.into(),
            outcome: claim.outcome.as_str(),
            expires_at: claim.expires_at.map(Into::into),
            email_matches: claim.email_matches,
            phone_matches: claim.phone_matches,
            masked: claim.masked.clone(),
        }
    }
}
