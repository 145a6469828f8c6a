//! The kinds of sources: one file each. This is the only place that lists them.
//!
//! A kind is its file here (what it does: `KIND`, what people are told: `ABOUT`), its line in the list below, its line in
//! `domain::config::SourceKind`, and its samples in `events/sources`.

use domain::config::SourceKind;

use crate::about::About;
use crate::answers::Draft;
use crate::fetched::{Announcement, Fetch};
use crate::refusal::Refusal;
use crate::reply::{Answered, Reply};
use crate::{Door, Incoming};

/// The list.
macro_rules! kinds {
    ($($kind:ident: $file:ident,)+) => {
        $(mod $file;)+

        /// What is known of a kind.
        pub(crate) const fn of(kind: SourceKind) -> Kind {
            match kind {
                $(SourceKind::$kind => $file::KIND,)+
            }
        }

        /// What people are told about a kind.
        pub const fn about(kind: SourceKind) -> &'static About {
            match kind {
                $(SourceKind::$kind => &$file::ABOUT,)+
            }
        }
    };
}

// A file may hold prospects, whatever the kind of its source.
pub(crate) use adf::draft_of as draft_of_prospect;

kinds! {
    Form: form,

    // Ads.
    MetaLeadgen: meta_leadgen,
    GoogleAds: google_ads,
    LinkedinLeadgen: linkedin_leadgen,
    Tiktok: tiktok,

    // Form builders and schedulers.
    Typeform: typeform,
    Jotform: jotform,
    Tally: tally,
    Hubspot: hubspot,
    Webflow: webflow,
    Unbounce: unbounce,
    Elementor: elementor,
    Netlify: netlify,
    Calendly: calendly,
    Calcom: calcom,
    Fillout: fillout,
    Cognito: cognito,
    ContactForm7: contact_form_7,
    GravityForms: gravity_forms,
    Formspree: formspree,

    // Chatbots and messaging.
    Chatbot: chatbot,
    Intercom: intercom,
    Dialogflow: dialogflow,
    Lex: lex,
    Whatsapp: whatsapp,
    Messenger: messenger,
    Twilio: twilio,
    Landbot: landbot,
    Manychat: manychat,
    Crisp: crisp,
    Freshchat: freshchat,
    Zendesk: zendesk,
    Olark: olark,

    // Machines.
    StandardWebhooks: standard_webhooks,
    Cloudevents: cloudevents,
    Leadconduit: leadconduit,
    Adf: adf,
    Generic: generic,
}

/// What a kind of source does differently from others.
pub(crate) struct Kind {
    /// The methods that it submits with.
    pub(crate) methods: &'static [&'static str],
    /// Whether somebody who can correct a field reads the answer. Where nobody does, a refusal would lose the lead.
    pub(crate) answer_is_read: bool,
    /// Whether it tells of people before it knows an address or a number of them. Then that is no lead yet, and not one that
    /// somebody would have to correct.
    pub(crate) waits_for_contact: bool,
    /// How it asks whether an address is ours, if it does.
    pub(crate) handshake: Option<Handshake>,
    /// Whether the request comes from who it says. Sees the raw bytes, before anything is read from them.
    pub(crate) verify: fn(&Door<'_>, &Incoming<'_>) -> Result<(), Refusal>,
    /// What the request holds.
    pub(crate) read: fn(&Door<'_>, &Incoming<'_>) -> Result<Reading, Refusal>,
    /// Its own answer, if it has one for this case.
    pub(crate) reply: Option<ReplyOf>,
    /// How what it announces is fetched.
    pub(crate) fetch: Option<Fetch>,
}

/// Makes a kind's own answer; `None` where the one of all sources will do.
pub(crate) type ReplyOf = fn(&Door<'_>, &Incoming<'_>, Answered<'_>) -> Option<Reply>;

impl Kind {
    /// A webhook as most are: posted, answered for machines, nothing else.
    pub(crate) const fn webhook(
        verify: fn(&Door<'_>, &Incoming<'_>) -> Result<(), Refusal>,
        read: fn(&Door<'_>, &Incoming<'_>) -> Result<Reading, Refusal>,
    ) -> Kind {
        Kind {
            methods: &["POST"],
            answer_is_read: false,
            waits_for_contact: false,
            handshake: None,
            verify,
            read,
            reply: None,
            fetch: None,
        }
    }

    /// Every method that it takes for anything, as the header `Allow` lists them.
    pub(crate) fn methods_taken(&self) -> String {
        let of_handshake = self.handshake.as_ref().map_or(&[][..], |one| one.methods);
        let mut methods = self.methods.to_vec();
        methods.extend(
            of_handshake
                .iter()
                .filter(|method| !self.methods.contains(method)),
        );
        methods.join(", ")
    }
}

/// A question whether an address is ours, and its answer.
pub(crate) struct Handshake {
    /// The methods that it comes with.
    pub(crate) methods: &'static [&'static str],
    /// Whether a request with such a method is one.
    pub(crate) asks: fn(&Incoming<'_>) -> bool,
    /// The answer.
    pub(crate) answer: fn(&Door<'_>, &Incoming<'_>) -> Result<Reply, Refusal>,
}

/// What a request holds.
pub(crate) enum Reading {
    /// At least one draft of a submission.
    Drafts(Vec<Draft>),
    /// At least one id of something whose answers have to be fetched.
    Announced(Vec<Announcement>),
    /// Nothing that could become a lead.
    NotALead {
        /// What it is instead.
        why: &'static str,
    },
}
