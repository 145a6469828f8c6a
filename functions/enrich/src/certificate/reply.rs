//! What TrustedForm answers to a claim, in the shape of version 4.0 of its interface. What is missing in it is not known.

use domain::submission::{CertificateClaim, ClaimOutcome};
use jiff::Timestamp;
use serde::Deserialize;

/// Longest address that is kept, in characters.
const MAX_ADDRESS: usize = 200;

#[derive(Deserialize)]
struct Reply {
    outcome: String,
    #[serde(default)]
    retain: Retain,
    #[serde(default)]
    match_lead: MatchLead,
}

#[derive(Default, Deserialize)]
struct Retain {
    #[serde(default, alias = "result")]
    results: Retained,
}

#[derive(Default, Deserialize)]
struct Retained {
    expires_at: Option<String>,
    masked_cert_url: Option<String>,
}

#[derive(Default, Deserialize)]
struct MatchLead {
    #[serde(default, alias = "results")]
    result: Matched,
}

#[derive(Default, Deserialize)]
struct Matched {
    email_match: Option<bool>,
    phone_match: Option<bool>,
}

/// Nothing if it is no answer to a claim.
pub(super) fn read(body: &[u8], now: Timestamp) -> Option<CertificateClaim> {
    let reply: Reply = serde_json::from_slice(body).ok()?;
    let outcome = match reply.outcome.as_str() {
        "success" => ClaimOutcome::Retained,
        "failure" => ClaimOutcome::Failed,
        _ => return None,
    };
    let retained = reply.retain.results;
    let is_short = |address: &String| {
        address.starts_with("https://cert.trustedform.com/") && address.len() <= MAX_ADDRESS
    };
    Some(CertificateClaim {
        at: now,
        outcome,
        expires_at: retained.expires_at.and_then(|at| at.parse().ok()),
        email_matches: reply.match_lead.result.email_match,
        phone_matches: reply.match_lead.result.phone_match,
        masked: retained.masked_cert_url.filter(is_short),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn noon() -> Timestamp {
        "2026-03-01T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn an_answer_says_what_is_kept_until_when_and_whether_it_is_the_same_person() {
        let body = br#"{"match_lead":{"parameters":{},"result":{"email_match":true,"phone_match":false,"success":true}},
            "outcome":"success","reason":null,"retain":{"parameters":{},"results":{"expires_at":"2031-03-01T12:00:00Z",
            "masked_cert_url":"https://cert.trustedform.com/masked17","previously_retained":false}}}"#;
        let claim = read(body, noon()).unwrap();
        assert_eq!(claim.outcome, ClaimOutcome::Retained);
        assert_eq!(
            claim.expires_at.unwrap().to_string(),
            "2031-03-01T12:00:00Z"
        );
        assert_eq!(
            (claim.email_matches, claim.phone_matches),
            (Some(true), Some(false))
        );
        assert_eq!(
            claim.masked.unwrap(),
            "https://cert.trustedform.com/masked17"
        );
    }

    #[test]
    fn an_answer_that_is_none_is_none_and_one_that_says_less_is_less() {
        for body in [
            "",
            "<html>",
            "{}",
            r#"{"outcome":"error"}"#,
            r#"{"outcome":1}"#,
        ] {
            assert_eq!(read(body.as_bytes(), noon()), None, "{body}");
        }
        let failed = read(br#"{"outcome":"failure","reason":"no match"}"#, noon()).unwrap();
        assert_eq!(failed.outcome, ClaimOutcome::Failed);
        let elsewhere = br#"{"outcome":"success","retain":{"results":{"masked_cert_url":"https://example.com/x","expires_at":"soon"}}}"#;
        let claim = read(elsewhere, noon()).unwrap();
        assert_eq!((claim.masked, claim.expires_at), (None, None));
    }

    proptest! {
        #[test]
        fn no_answer_makes_it_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&body, noon());
        }
    }
}
