//! What the targets that stand at a door have in common: any bytes become a request, and what comes out of the door is
//! held to what the door promises. Nothing here is part of a product.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use domain::config::{Config, Need, Source, SourceKind};
use domain::id::Pepper;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderValue};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sources::{Accepted, Door, Incoming, Parsed, Sample, Signing, Trial};

/// The secret that sources of the targets ask for.
const SECRET: &str = "secret-of-the-target";

/// Content types, by the first byte of the input. The last stands for a missing one.
const CONTENT_TYPES: [&str; 7] = [
    "application/x-www-form-urlencoded",
    "application/json",
    "multipart/form-data; boundary=b",
    "multipart/form-data; boundary=\"a b\"; charset=utf-8",
    "text/plain;charset=UTF-8",
    "application/vnd.api+json",
    "",
];

/// Sends `data` through the door of a source of this kind: its first byte chooses content type and strictness, the rest is
/// the body.
///
/// # Panics
/// When the door breaks a promise: that is what a target is for.
pub fn through_the_door(kind: SourceKind, data: &[u8]) {
    let Some((choice, body)) = data.split_first() else {
        return;
    };
    let config: Config = shipped();
    let mut source = config
        .sources
        .values()
        .find(|source| source.kind == kind)
        .expect("the shipped configuration has a source of each kind")
        .clone();
    source.answer_field_errors = choice & 0x80 == 0;
    let mut headers = HeaderMap::new();
    let content_type = CONTENT_TYPES[usize::from(choice & 0x7f) % CONTENT_TYPES.len()];
    if !content_type.is_empty() {
        headers.insert("content-type", HeaderValue::from_static(content_type));
    }
    if kind == SourceKind::Typeform {
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).expect("any length");
        mac.update(body);
        let signature = BASE64_STANDARD.encode(mac.finalize().into_bytes());
        let value = HeaderValue::from_str(&format!("sha256={signature}")).expect("base64");
        headers.insert("typeform-signature", value);
    }
    let pepper = Pepper::new("pepper-of-the-target");
    let secrets = if source.secret.is_some() {
        vec![SECRET]
    } else {
        Vec::new()
    };
    let door = Door {
        name: "target",
        source: &source,
        secrets: &secrets,
        handshake_secrets: &[],
        pepper: &pepper,
        default_country: Some("US"),
    };
    let incoming = Incoming {
        method: "POST",
        query: None,
        headers: &headers,
        body,
        received_at: "2026-03-02T11:00:00Z".parse().expect("a time"),
    };
    let first = sources::receive(&door, &incoming);
    assert_eq!(
        first,
        sources::receive(&door, &incoming),
        "the same request means the same"
    );
    match first {
        Ok(Accepted::Submissions(parsed)) => parsed.iter().for_each(check),
        Ok(Accepted::NotALead { .. } | Accepted::Handshake(_)) => {}
        Err(refusal) => assert!((400..500).contains(&refusal.status()), "{refusal:?}"),
    }
}

/// The secret of sources that sign, written as Standard Webhooks want it.
const SIGNING_SECRET: &str = "whsec_c2VjcmV0LW9mLXRoZS10YXJnZXQtMjQ=";

/// The address that such a source is called at.
const URL: &str = "https://leads.example.com/v1/sources/target";

/// Further content types of machines.
const MACHINES: [&str; 8] = [
    "application/json",
    "application/x-www-form-urlencoded",
    "application/xml",
    "text/xml; charset=iso-8859-1",
    "application/cloudevents+json",
    "application/cloudevents-batch+json",
    "multipart/form-data; boundary=b",
    "",
];

/// Sends `data` through the door of a source of this kind as a sender who can prove itself: its first byte chooses the content
/// type, the rest is the body. `change` sets up the source.
///
/// # Panics
/// When the door breaks a promise, or is not proved: the target would see nothing then.
pub fn through_a_proved_door(kind: SourceKind, data: &[u8], change: impl FnOnce(&mut Source)) {
    let Some((choice, body)) = data.split_first() else {
        return;
    };
    let needs = kind.needs();
    // What is signed by a private key cannot be signed here.
    if needs.public_key != Need::No {
        return;
    }
    let mut source = Source::of_kind(kind);
    source.secret = (needs.secret != Need::No).then(|| "target".to_owned());
    source.public_url = (needs.public_url != Need::No).then(|| URL.to_owned());
    source.max_body_bytes = 1_000_000;
    change(&mut source);
    let at = "2026-03-02T11:00:00Z".parse().expect("a time");
    let sample = Sample {
        file: "",
        says: "",
        method: "POST",
        query: "",
        headers: &[],
        body: &[],
        becomes: "",
    };
    let mut trial = Trial::of(&sample);
    trial.body = body.to_vec();
    let content_type = MACHINES[usize::from(*choice) % MACHINES.len()];
    if !content_type.is_empty() {
        let header = ("content-type".to_owned(), content_type.to_owned());
        trial.headers.push(header);
    }
    let signing = Signing {
        secret: SIGNING_SECRET,
        handshake_secret: SIGNING_SECRET,
        url: URL,
        at,
    };
    (sources::about(kind).sign)(&signing, &mut trial);
    let mut headers = HeaderMap::new();
    for (name, value) in &trial.headers {
        let name: http::HeaderName = name.parse().expect("the name of a header");
        headers.append(name, HeaderValue::from_str(value).expect("its value"));
    }
    let pepper = Pepper::new("pepper-of-the-target");
    let door = Door {
        name: "target",
        source: &source,
        secrets: &[SIGNING_SECRET],
        handshake_secrets: &[SIGNING_SECRET],
        pepper: &pepper,
        default_country: Some("US"),
    };
    let incoming = Incoming {
        method: "POST",
        query: Some(trial.query.as_str()).filter(|query| !query.is_empty()),
        headers: &headers,
        body: &trial.body,
        received_at: at,
    };
    let first = sources::receive(&door, &incoming);
    assert_eq!(
        first,
        sources::receive(&door, &incoming),
        "the same request means the same"
    );
    let answered = match &first {
        Ok(accepted) => sources::Answered::Accepted(accepted),
        Err(refusal) => sources::Answered::Refused(refusal),
    };
    if let Some(reply) = sources::reply(&door, &incoming, answered) {
        assert!((200..500).contains(&reply.status), "{reply:?}");
    }
    match first {
        Ok(Accepted::Submissions(parsed)) => parsed.iter().for_each(check),
        Ok(Accepted::NotALead { .. } | Accepted::Handshake(_)) => {}
        Err(refusal) => assert!((400..500).contains(&refusal.status()), "{refusal:?}"),
    }
}

/// What is accepted can be said in a message, and is read back as the same.
fn check(parsed: &Parsed) {
    match parsed {
        Parsed::Submission(submission) => check_same(submission),
        Parsed::Quarantined(quarantined) | Parsed::Wrong(quarantined) => check_same(quarantined),
        Parsed::Announced(announced) => check_same(announced),
    }
}

fn check_same<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(content: &T) {
    let text = serde_json::to_string(content).expect("it can be written");
    assert_eq!(
        &serde_json::from_str::<T>(&text).expect("and read"),
        content
    );
}

fn shipped() -> Config {
    use std::sync::OnceLock;
    static SHIPPED: OnceLock<Config> = OnceLock::new();
    SHIPPED
        .get_or_init(|| {
            domain::config::check::check_file(domain::config::DEFAULT)
                .config
                .expect("it is right")
        })
        .clone()
}
