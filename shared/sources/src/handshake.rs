//! Handshakes that several kinds share.

use std::borrow::Cow;

use crate::kinds::Handshake;
use crate::proof::same_handshake_secret;
use crate::refusal::{Refusal, Unauthorized, Unparseable};
use crate::reply::Reply;
use crate::{Door, Incoming};

/// Longest challenge that is sent back, in bytes. Meta's have ten digits.
const MAX_CHALLENGE: usize = 256;

/// Meta's, of every product (lead ads, WhatsApp, Messenger): `GET` with `hub.mode=subscribe`, the token that was agreed on
/// and a challenge, which is sent back as it is if the token is right.
pub(crate) const HUB: Handshake = Handshake {
    methods: &["GET"],
    asks: |_| true,
    answer: answer_hub,
};

fn answer_hub(door: &Door<'_>, incoming: &Incoming<'_>) -> Result<Reply, Refusal> {
    let token = parameter(incoming, "hub.verify_token");
    let Some(token) = token else {
        return Err(Refusal::Unauthorized(Unauthorized::MissingIn {
            place: "the parameter `hub.verify_token` of the address",
        }));
    };
    let wrong = Unauthorized::WrongIn {
        place: "the parameter `hub.verify_token` of the address",
    };
    same_handshake_secret(door, token.as_bytes(), wrong)?;
    if parameter(incoming, "hub.mode").as_deref() != Some("subscribe") {
        return Err(Unparseable::Shape {
            place: "the parameter `hub.mode`",
            expected: "subscribe",
        }
        .into());
    }
    // Only what such a challenge is made of goes back: whoever has the token must not make this address say anything else.
    let challenge = parameter(incoming, "hub.challenge").filter(|challenge| {
        !challenge.is_empty()
            && challenge.len() <= MAX_CHALLENGE
            && challenge
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    });
    match challenge {
        Some(challenge) => Ok(Reply::text(200, challenge.into_owned())),
        None => Err(Unparseable::Shape {
            place: "the parameter `hub.challenge`",
            expected: "letters and digits, at most 256",
        }
        .into()),
    }
}

/// A parameter of the address that stands there once.
pub(crate) fn parameter<'a>(incoming: &Incoming<'a>, name: &str) -> Option<Cow<'a, str>> {
    let query = incoming.query.unwrap_or_default();
    let mut found = url::form_urlencoded::parse(query.as_bytes())
        .filter(|(known, _)| known == name)
        .map(|(_, value)| value);
    match (found.next(), found.next()) {
        (Some(value), None) => Some(value),
        _ => None,
    }
}
