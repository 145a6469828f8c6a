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
    /// Whether the domain of an e-mail address is looked up in the DNS: whether it can receive mail at all. The answer is the
    /// fact `email_mx`. Nothing is ever refused because of it, and nothing at all follows when the DNS does not answer.
    #[serde(default, skip_serializing_if = "MailLookUp::is_off")]
    pub mail_domain: MailLookUp,
    /// How many requests are taken in which time; more are answered 429 with `Retry-After`. Each request of such a source
    /// costs one write unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// How often one message may come from different people; more of them are quarantined. Each message of such a source
    /// costs one write unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flood: Option<Flood>,
    /// A captcha that the form shows. Its token is verified after the form was accepted, so that nobody waits for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub captcha: Option<Captcha>,
}

/// A captcha.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Captcha {
    /// Whose.
    pub kind: CaptchaKind,
    /// Name of the secret that the provider gave.
    pub secret: String,
    /// Where tokens are verified, if not at the provider's usual address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Least score, in hundredths, for providers that give one (reCAPTCHA v3, hCaptcha Enterprise): 50 is 0.5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_score: Option<u8>,
    /// What becomes of submissions whose token could not be verified because the provider did not answer: `accept` lets them
    /// go on, marked by the fact `captcha = "unverified"`; `quarantine` keeps them.
    #[serde(default)]
    pub outage: Outage,
}

/// Whose captcha it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum CaptchaKind {
    /// Cloudflare's Turnstile.
    Turnstile,
    /// hCaptcha.
    Hcaptcha,
    /// Google's reCAPTCHA.
    Recaptcha,
}

impl CaptchaKind {
    /// The field in which its script puts the token.
    pub fn field(self) -> &'static str {
        match self {
            CaptchaKind::Turnstile => "cf-turnstile-response",
            CaptchaKind::Hcaptcha => "h-captcha-response",
            CaptchaKind::Recaptcha => "g-recaptcha-response",
        }
    }

    /// Where tokens are verified.
    pub fn url(self) -> &'static str {
        match self {
            CaptchaKind::Turnstile => "https://challenges.cloudflare.com/turnstile/v0/siteverify",
            CaptchaKind::Hcaptcha => "https://api.hcaptcha.com/siteverify",
            CaptchaKind::Recaptcha => "https://www.google.com/recaptcha/api/siteverify",
        }
    }
}

/// What becomes of a submission whose captcha could not be verified.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Outage {
    /// It goes on, marked.
    #[default]
    Accept,
    /// It is kept until a person has looked at it.
    Quarantine,
}

/// How many requests are taken in which time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Most requests in `seconds`.
    pub requests: u32,
    /// Length of the window, in seconds. Windows are counted from 1970, not from the first request.
    pub seconds: u32,
    /// Whose requests are counted together.
    #[serde(default)]
    pub per: RatePer,
}

/// Whose requests are counted together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RatePer {
    /// Those of one network address; of IPv6, of one /64. Behind a CDN or a proxy that is the proxy's.
    #[default]
    Address,
    /// All requests to the source.
    Source,
}

/// How often one message may come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Flood {
    /// Most submissions with the same message in `minutes`, repeats of one submission not counted.
    pub submissions: u32,
    /// Length of the window, in minutes, counted from 1970.
    pub minutes: u32,
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

/// Whether domains of e-mail addresses are looked up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum MailLookUp {
    /// They are not.
    #[default]
    Off,
    /// What was found is the fact `email_mx`: `accepted`, `refused` or `unknown`.
    Mark,
    /// The same, and what has an address at a domain that takes no mail is kept until a person has looked at it.
    Quarantine,
}

impl MailLookUp {
    fn is_off(&self) -> bool {
        *self == MailLookUp::Off
    }
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
