//! What people are told about a kind, and samples of what it sends. Used by the command line, the documentation and tests;
//! the functions link none of it.

use domain::config::{Need, SourceKind};
use jiff::Timestamp;

/// A kind of source, explained.
pub struct About {
    /// Its name as people know it.
    pub title: &'static str,
    /// What it takes, in a sentence or two.
    pub takes: &'static str,
    /// What to do in the other system, step by step. `{url}` stands for the address of the source, `{name}` for its name.
    pub setup: &'static [&'static str],
    /// How it proves itself, and which secret that is.
    pub proof: &'static str,
    /// By what repeats are known.
    pub repeats: &'static str,
    /// What is acknowledged and becomes no lead; blank if there is nothing.
    pub no_lead: &'static str,
    /// What it is answered; blank where that is the `202` of all.
    pub answer: &'static str,
    /// What is worth knowing about how its fields are understood, and what is not confirmed. Paragraphs of Markdown.
    pub notes: &'static [&'static str],
    /// Samples, the plainest first.
    pub samples: &'static [Sample],
    /// Makes a sample prove itself as the sender would.
    pub sign: fn(&Signing<'_>, &mut Trial),
}

/// What a sender of this kind sends, with invented people. Lies in `events/sources/`.
pub struct Sample {
    /// Its file, below `events/sources`.
    pub file: &'static str,
    /// What it is, in a sentence.
    pub says: &'static str,
    /// The method of the request.
    pub method: &'static str,
    /// The query of the request, without what proves the sender.
    pub query: &'static str,
    /// Its headers, without those that prove the sender.
    pub headers: &'static [(&'static str, &'static str)],
    /// Its body.
    pub body: &'static [u8],
    /// What must become of it: the text that tests compare.
    pub becomes: &'static str,
}

/// A sample with its body and its outcome from the files `events/sources/$file` and `$file.becomes.txt`.
macro_rules! sample {
    ($file:literal, $content_type:expr, $says:literal) => {
        $crate::about::sample!("POST", "", $file, &[("content-type", $content_type)], $says)
    };
    ($method:literal, $query:literal, $file:literal, $headers:expr, $says:literal) => {
        $crate::about::Sample {
            file: $file,
            says: $says,
            method: $method,
            query: $query,
            headers: $headers,
            body: include_bytes!(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../../events/sources/",
                $file
            )),
            becomes: include_str!(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../../events/sources/",
                $file,
                ".becomes.txt"
            )),
        }
    };
}
pub(crate) use sample;

/// The content type of most samples.
pub(crate) const JSON: &str = "application/json";

/// The content type of forms.
pub(crate) const URLENCODED: &str = "application/x-www-form-urlencoded";

/// A request that is being made out of a sample.
#[derive(Clone, PartialEq, Eq)]
pub struct Trial {
    /// Method.
    pub method: String,
    /// Query, percent-encoded.
    pub query: String,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

impl Trial {
    /// The sample, not yet proved.
    pub fn of(sample: &Sample) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self {
            method: sample.method.to_owned(),
            query: sample.query.to_owned(),
            headers: sample.headers.iter().map(owned).collect(),
            body: sample.body.to_vec(),
        }
    }

    /// Sets a header.
    pub(crate) fn header(&mut self, name: &str, value: impl Into<String>) {
        self.headers
            .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.into()));
    }

    /// Adds a parameter to the address.
    pub(crate) fn parameter(&mut self, name: &str, value: &str) {
        self.query = url::form_urlencoded::Serializer::new(std::mem::take(&mut self.query))
            .append_pair(name, value)
            .finish();
    }
}

/// What a sender proves itself with.
#[derive(Clone, Copy)]
pub struct Signing<'a> {
    /// The source's secret, or the private key in PEM (PKCS #8) where the source has the public one.
    pub secret: &'a str,
    /// The handshake's secret.
    pub handshake_secret: &'a str,
    /// The address of the source as the sender knows it, without query.
    pub url: &'a str,
    /// When it is sent.
    pub at: Timestamp,
}

/// For senders that cannot sign: the secret in the address.
pub(crate) fn sign_by_parameter(with: &Signing<'_>, trial: &mut Trial) {
    if !with.secret.is_empty() {
        trial.parameter(crate::proof::SECRET_PARAMETER, with.secret);
    }
}

/// For senders that set a header.
pub(crate) fn sign_by_header(with: &Signing<'_>, trial: &mut Trial) {
    if !with.secret.is_empty() {
        trial.header(crate::proof::SECRET_HEADER, with.secret);
    }
}

/// The block of `leadline.toml` that makes a source of this kind; its secrets are named after it.
pub fn configuration(kind: SourceKind, name: &str, url: &str) -> String {
    let needs = kind.needs();
    let mut lines = vec![
        format!("[sources.{name}]"),
        format!("kind = \"{}\"", kind.name()),
    ];
    if needs.secret == Need::Must {
        lines.push(format!("secret = \"{name}\""));
    }
    if needs.handshake_secret == Need::Must {
        lines.push(format!("handshake_secret = \"{name}-handshake\""));
    }
    if needs.public_url == Need::Must {
        lines.push(format!("public_url = \"{url}\""));
    }
    if needs.public_key == Need::Must {
        lines.push("public_key = \"\"\"".to_owned());
        lines.push("-----BEGIN PUBLIC KEY-----".to_owned());
        lines.push("…".to_owned());
        lines.push("-----END PUBLIC KEY-----".to_owned());
        lines.push("\"\"\"".to_owned());
    }
    if needs.answers != Need::No {
        lines.push(format!("answers = {{ token = \"{name}-token\" }}"));
    }
    lines.push(String::new());
    lines.join("\n")
}
