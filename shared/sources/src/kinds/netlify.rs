//! `netlify`: Netlify Forms' outgoing webhook, and the event `submission-created` that a function passes on.
//!
//! Signed with a token (JWS) over the body's hash if a secret is set there. Netlify's own guess at first and last name is
//! not to be trusted, and is not read.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};

use super::{Kind, Reading};
use crate::about::{About, JSON, sample};
use crate::answers::{Answers, Draft, spoken_name};
use crate::decode::json::{self, Json};
use crate::proof::{self, Hash, Scheme, Written, moment};
use crate::refusal::{Refusal, Unauthorized, Unparseable};
use crate::{Door, Incoming, decode};

pub(super) const KIND: Kind = Kind::webhook(verify, read);

pub(super) const ABOUT: About = About {
    title: "Netlify Forms",
    takes: "Takes the outgoing webhook “New form submission”, and the event `submission-created` as Netlify's functions get it.",
    setup: &[
        "Site → Forms → Form notifications → Add notification → HTTP POST request: `{url}`.",
        "JWS secret token: the value of the secret. Without one, use `{url}?key=SECRET`.",
    ],
    proof: "The header `X-Webhook-Signature`: a JSON Web Signature (HS256) under the secret, issued by `netlify`, over the SHA-256 of the raw body. Without that header, the parameter `key` of the address is the secret.",
    repeats: "`id`.",
    no_lead: "",
    answer: "",
    notes: &[
        "Fields are read from `data`; Netlify's `first_name` and `last_name` are guesses that are often wrong, and are not read. Referrer is the page of the form. The visitor's IP address and browser are not kept.",
    ],
    samples: &[
        sample!("netlify/submission.json", JSON, "A submission as the outgoing webhook sends it, with a name that Netlify split wrong."),
        sample!("netlify/submission-created.json", JSON, "The same as an event."),
    ],
    sign: |with, trial| {
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let sum = proof::hex(digest(&SHA256, &trial.body).as_ref());
        let claims = serde_json::json!({ "iss": "netlify", "sha256": sum }).to_string();
        let signed = format!("{}.{}", encode("{\"alg\":\"HS256\",\"typ\":\"JWT\"}"), encode(&claims));
        let signature = proof::hmac(Hash::Sha256, with.secret.as_bytes(), &[signed.as_bytes()]);
        let signature = URL_SAFE_NO_PAD.encode(signature);
        trial.header(SCHEME.header, format!("{signed}.{signature}"));
    },
};

const SCHEME: Scheme = Scheme {
    header: "X-Webhook-Signature",
    prefix: "",
    hash: Hash::Sha256,
    written: Written::Hex,
};

/// What is added to the fields of the form in `data`.
const NOT_ANSWERS: [&str; 3] = ["ip", "user_agent", "referrer"];

fn verify(door: &Door<'_>, incoming: &Incoming<'_>) -> Result<(), Refusal> {
    if !incoming.headers.contains_key(SCHEME.header) {
        return proof::shared_secret(door, incoming);
    }
    proof::usable_secrets(door)?;
    let token = proof::only_text(incoming.headers, SCHEME.header)?;
    let wrong = Refusal::Unauthorized(Unauthorized::Wrong {
        header: SCHEME.header,
    });
    let parts: Vec<&str> = token.trim().split('.').collect();
    let &[header, claims, signature] = parts.as_slice() else {
        return Err(wrong);
    };
    let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else {
        return Err(wrong);
    };
    let message = [header.as_bytes(), b".", claims.as_bytes()];
    proof::signature_matches(door, &SCHEME, proof::hex(&signature).as_bytes(), &message)?;
    // Only now is the token worth reading. A token says itself how it is signed; there is one way that is taken.
    let part = |part: &str| {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(part).ok()?).ok()?;
        json::read(&text).ok()
    };
    let (Some(header), Some(claims)) = (part(header), part(claims)) else {
        return Err(wrong);
    };
    let sum = proof::hex(digest(&SHA256, incoming.body).as_ref());
    let is_right = header.text_at("alg").as_deref() == Some("HS256")
        && claims.text_at("iss").as_deref() == Some("netlify")
        && claims.text_at("sha256").is_some_and(|given| given.eq_ignore_ascii_case(&sum));
    if is_right { Ok(()) } else { Err(wrong) }
}

fn read(_: &Door<'_>, incoming: &Incoming<'_>) -> Result<Reading, Refusal> {
    let document = decode::document(incoming.headers, incoming.body)?;
    let submission = document.get("payload").unwrap_or(&document);
    if !matches!(submission, Json::Object(_)) {
        return Err(Unparseable::Shape {
            place: "the body",
            expected: "a submission with its data",
        }
        .into());
    }
    let mut answers = Answers::default();
    let labels = submission
        .get("ordered_human_fields")
        .map_or(&[][..], Json::items);
    match submission.get("data") {
        Some(Json::Object(fields)) => {
            for (name, value) in fields {
                if NOT_ANSWERS.contains(&name.as_str()) {
                    continue;
                }
                let label = labels
                    .iter()
                    .find(|field| field.text_at("name").as_deref() == Some(name))
                    .and_then(|field| field.text_at("title"));
                match value.scalar() {
                    Some(value) => answers.spoken(name, label.as_deref(), value)?,
                    None => value.flatten(&spoken_name(name), &mut answers)?,
                }
            }
            let page = submission.get("data").and_then(|data| data.text_at("referrer"));
            if let Some(page) = page {
                answers.plain("page_url", page)?;
            }
        }
        _ => {
            for (name, theirs) in [
                ("name", "name"),
                ("email", "email"),
                ("company", "company"),
                ("message", "body"),
            ] {
                if let Some(value) = submission.text_at(theirs) {
                    answers.plain(name, value)?;
                }
            }
        }
    }
    for name in ["form_id", "form_name"] {
        if let Some(value) = submission.text_at(name) {
            answers.plain(name, value)?;
        }
    }
    Ok(Reading::Drafts(vec![Draft {
        answers,
        external_id: submission.text_at("id"),
        submitted_at: submission.text_at("created_at").and_then(|at| moment(&at)),
        ..Draft::default()
    }]))
}
