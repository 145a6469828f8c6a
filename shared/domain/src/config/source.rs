//! Sources: the kinds that there are, what each needs to be told, and the settings of one door.
//!
//! What a kind does with a request is no business of the configuration; the crate `sources` knows that.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::mapping::{JsonPath, Mapping, Only};
use super::{OneOrMany, Spam, yes};
use crate::field::Value;

/// Whether a kind of source makes use of a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// It has no use for it.
    No,
    /// It can do without.
    May,
    /// Without it nothing is accepted.
    Must,
}

/// What a kind of source has to be told, beyond what all share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needs {
    /// `secret`.
    pub secret: Need,
    /// `handshake_secret`.
    pub handshake_secret: Need,
    /// `public_url`.
    pub public_url: Need,
    /// `public_key`.
    pub public_key: Need,
    /// `answers`.
    pub answers: Need,
    /// `fields`, `records` and `only`.
    pub fields: Need,
}

impl Needs {
    /// Open unless a secret is set, as a form on a public page is.
    pub const OPEN: Needs = Needs {
        secret: Need::May,
        handshake_secret: Need::No,
        public_url: Need::No,
        public_key: Need::No,
        answers: Need::No,
        fields: Need::No,
    };

    /// Shut without a secret.
    pub const SECRET: Needs = Needs {
        secret: Need::Must,
        ..Needs::OPEN
    };

    /// The sender signs with a private key whose public half stands in the file.
    pub const PUBLIC_KEY: Needs = Needs {
        secret: Need::No,
        public_key: Need::Must,
        ..Needs::OPEN
    };

    /// These, with a second secret for the handshake.
    pub const fn and_handshake_secret(self) -> Needs {
        Needs {
            handshake_secret: Need::Must,
            ..self
        }
    }

    /// These, with the address that the sender signs.
    pub const fn and_public_url(self) -> Needs {
        Needs {
            public_url: Need::Must,
            ..self
        }
    }

    /// These, with where answers are fetched, which the sender only announces.
    pub const fn and_answers(self, need: Need) -> Needs {
        Needs {
            answers: need,
            ..self
        }
    }

    /// These, with paths into documents that somebody else designed.
    pub const fn and_fields(self) -> Needs {
        Needs {
            fields: Need::May,
            ..self
        }
    }
}

/// Makes the type and its two tables out of one list, so that none of them can forget a kind.
macro_rules! source_kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal, $needs:expr;)+) => {
        /// What a source sends.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub enum SourceKind {
            $($(#[$doc])* #[serde(rename = $name)] $kind,)+
        }

        impl SourceKind {
            /// Every kind, in the order of the documentation.
            pub const ALL: &[SourceKind] = &[$(SourceKind::$kind),+];

            /// Its name in the configuration.
            pub const fn name(self) -> &'static str {
                match self {
                    $(SourceKind::$kind => $name,)+
                }
            }

            /// What it has to be told.
            pub const fn needs(self) -> Needs {
                match self {
                    $(SourceKind::$kind => $needs,)+
                }
            }
        }
    };
}

source_kinds! {
    // Forms of one's own.
    /// A web form: urlencoded, multipart or JSON.
    Form = "form", Needs::OPEN;

    // Ads.
    /// Lead ads on Facebook and Instagram: announced by Meta's webhook, fetched from the Graph API.
    MetaLeadgen = "meta-leadgen", Needs::SECRET.and_handshake_secret().and_answers(Need::Must);
    /// The webhook of Google Ads' lead forms.
    GoogleAds = "google-ads", Needs::SECRET;
    /// LinkedIn's lead gen forms: announced by Lead Sync, fetched from its interface.
    LinkedinLeadgen = "linkedin-leadgen", Needs::SECRET.and_answers(Need::Must);
    /// TikTok's lead generation, as integrations pass it on.
    Tiktok = "tiktok", Needs::SECRET;

    // Form builders and schedulers.
    /// Typeform's webhook.
    Typeform = "typeform", Needs::SECRET;
    /// Jotform's webhook.
    Jotform = "jotform", Needs::SECRET;
    /// Tally's webhook.
    Tally = "tally", Needs::SECRET;
    /// HubSpot's app webhooks, whose contacts are fetched, and its workflows'.
    Hubspot = "hubspot", Needs::SECRET.and_public_url().and_answers(Need::May);
    /// Webflow's webhook of form submissions, versions 1 and 2.
    Webflow = "webflow", Needs::SECRET;
    /// Unbounce's webhook.
    Unbounce = "unbounce", Needs::SECRET;
    /// The webhook action of Elementor Pro's forms.
    Elementor = "elementor", Needs::SECRET;
    /// Netlify Forms' outgoing webhook.
    Netlify = "netlify", Needs::SECRET;
    /// Calendly's webhook subscriptions.
    Calendly = "calendly", Needs::SECRET;
    /// Cal.com's webhooks.
    Calcom = "calcom", Needs::SECRET;
    /// Fillout's webhook.
    Fillout = "fillout", Needs::SECRET;
    /// Cognito Forms' entries.
    Cognito = "cognito", Needs::SECRET;
    /// Contact Form 7, passed on by a webhook plugin.
    ContactForm7 = "contact-form-7", Needs::SECRET;
    /// The Webhooks add-on of Gravity Forms.
    GravityForms = "gravity-forms", Needs::SECRET;
    /// Formspree's simple webhook.
    Formspree = "formspree", Needs::SECRET;

    // Chatbots and messaging.
    /// A conversation handed over by a chatbot as JSON.
    Chatbot = "chatbot", Needs::OPEN;
    /// Intercom's webhooks about contacts and conversations.
    Intercom = "intercom", Needs::SECRET;
    /// A webhook of Dialogflow CX or ES.
    Dialogflow = "dialogflow", Needs::SECRET;
    /// A code hook of Amazon Lex.
    Lex = "lex", Needs::SECRET;
    /// Messages of people from Meta's WhatsApp Cloud API.
    Whatsapp = "whatsapp", Needs::SECRET.and_handshake_secret();
    /// Messages to a page on Facebook or an account on Instagram.
    Messenger = "messenger", Needs::SECRET.and_handshake_secret();
    /// Text messages and calls that come in on a number at Twilio.
    Twilio = "twilio", Needs::SECRET.and_public_url();
    /// Landbot's message hook, or a webhook block of a bot.
    Landbot = "landbot", Needs::SECRET;
    /// An external request of a flow at ManyChat.
    Manychat = "manychat", Needs::SECRET;
    /// Crisp's webhooks.
    Crisp = "crisp", Needs::SECRET;
    /// Freshchat's webhook, signed with a private key.
    Freshchat = "freshchat", Needs::PUBLIC_KEY;
    /// A webhook of Zendesk.
    Zendesk = "zendesk", Needs::SECRET.and_fields();
    /// Olark's webhook.
    Olark = "olark", Needs::SECRET;

    // Machines.
    /// Whoever signs as Standard Webhooks says.
    StandardWebhooks = "standard-webhooks", Needs::SECRET.and_fields();
    /// CloudEvents over HTTP.
    Cloudevents = "cloudevents", Needs::SECRET.and_fields();
    /// LeadConduit, and vendors of its shape.
    Leadconduit = "leadconduit", Needs::SECRET;
    /// Leads of dealers in ADF.
    Adf = "adf", Needs::SECRET;
    /// Any JSON, form or XML.
    Generic = "generic", Needs::OPEN.and_fields();
}

/// One door.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// What it sends.
    pub kind: SourceKind,
    /// The vendor whose leads come here, by its name under `vendors`: what it sends is bought under its contract.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// Name of the secret that proves the sender: what it signs with, or what it gives along. docs/sources.md says for each
    /// kind which secret that is. A `form` or `chatbot` that has one asks for it in the header `X-Leadline-Secret`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// Name of the secret that the sender shows when it first asks whether this address is ours, for kinds whose handshake has
    /// one of its own (Meta's verify token).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handshake_secret: Option<String>,
    /// The address of this source as its sender knows it, for kinds whose signature covers it:
    /// `https://leads.example.com/v1/sources/NAME`. What arrives here may have been rewritten on its way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_url: Option<String>,
    /// The sender's public key in PEM, for kinds that sign with a private one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_key: Option<String>,
    /// Where answers are fetched that the sender only announces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<AnswersApi>,
    /// Claims the TrustedForm certificates that come with its submissions, so that they are kept as proof.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trustedform: Option<TrustedForm>,
    /// Origins whose pages may post with a browser's `fetch` (CORS), such as `https://www.example.com`, or `*`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub origins: Vec<String>,
    /// Page that a browser which posted a plain HTML form is sent to afterwards (303).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect: Option<String>,
    /// What the sender's fields mean: our field = the sender's names for it, tried in order before the built-in ones.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub map: BTreeMap<String, OneOrMany>,
    /// Where each field stands in a document that somebody else designed: our field = a path, several, or a table. Besides
    /// fields, `full_name`, `external_id` (the sender's own id, which tells repeats apart), `submitted_at` and
    /// `consent.PURPOSE`. With it, only what it leads to is taken. See [Mapping](#mapping).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, Mapping>,
    /// Where the leads stand in such a document, if it holds several: a path to a list. Other paths then begin at each of
    /// them; with `$.` in front, at the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<JsonPath>,
    /// Which of them are leads: `{ path = "$.type", is = ["lead.created"] }`. Anything else is acknowledged and is no lead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<Only>,
    /// Fields that must be there besides an e-mail address or a phone number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub required: Vec<String>,
    /// Values for fields that the sender leaves out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub defaults: BTreeMap<String, Value>,
    /// Country of phone numbers without a country code. ISO 3166-1 alpha-2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_country: Option<String>,
    /// Largest body accepted, in bytes. 65,536 by default: what SQS bills as one request. At most 1,000,000.
    #[serde(default = "default_body_limit")]
    pub max_body_bytes: usize,
    /// For how long the same content counts as a repeat, in minutes, when the sender gives no id of its own.
    #[serde(default = "default_window")]
    pub repeat_window_minutes: u32,
    /// Whether everything that this source has accepted is noted, so that all of it can be accounted for by hour, and a
    /// silence of the source be noticed. Costs one write for each submission, and one for each batch.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ledger: bool,
    /// Whether a bad row refuses its whole batch. By default the good rows of a batch are taken and the bad ones reported.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub all_or_nothing: bool,
    /// Whether bad fields refuse the submission with 422 (true, for forms that show the answer to a person).
    #[serde(default = "yes")]
    pub answer_field_errors: bool,
    /// What is suspicious here, and what becomes of it.
    #[serde(default, skip_serializing_if = "Spam::is_default")]
    pub spam: Spam,
    /// What a form asks next, and what it need not ask again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<Profile>,
}

/// Questions of a form that are asked a few at a time. A page learns which ones by
/// `GET /v1/sources/{source}/profile?visitor=…`: names of fields only, and only what the same browser has answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Fields to be asked for, the most wanted first.
    pub ask: Vec<String>,
    /// Most of them to be asked for at once.
    #[serde(default = "default_questions")]
    pub at_most: u32,
}

fn default_questions() -> u32 {
    2
}

impl Source {
    /// A source of this kind as `kind = "…"` alone makes it.
    pub fn of_kind(kind: SourceKind) -> Self {
        Self {
            kind,
            vendor: None,
            secret: None,
            handshake_secret: None,
            public_url: None,
            public_key: None,
            answers: None,
            trustedform: None,
            origins: Vec::new(),
            redirect: None,
            map: BTreeMap::new(),
            fields: BTreeMap::new(),
            records: None,
            only: None,
            required: Vec::new(),
            defaults: BTreeMap::new(),
            default_country: None,
            max_body_bytes: default_body_limit(),
            repeat_window_minutes: default_window(),
            ledger: false,
            all_or_nothing: false,
            answer_field_errors: true,
            spam: Spam::default(),
            profile: None,
        }
    }
}

/// The interface of a platform that announces leads by their id and keeps what people answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AnswersApi {
    /// Name of the secret that is the platform's access token.
    pub token: String,
    /// Where the platform is asked, if not at its usual address: `https://…` up to what docs/sources.md says for the kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The version of the interface that is asked for, where the platform has one in a header (LinkedIn: `YYYYMM`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// How certificates of TrustedForm are claimed: at `cert.trustedform.com`, and nowhere else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TrustedForm {
    /// Name of the secret that is the API key of your account at TrustedForm.
    pub token: String,
}

fn default_body_limit() -> usize {
    65_536
}

fn default_window() -> u32 {
    60
}
