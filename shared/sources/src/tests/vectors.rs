//! Signatures that others made: published ones, and ones computed by the published algorithm with other software.

use super::*;
use crate::Unauthorized;

fn signed(
    kind: SourceKind,
    secret: &'static str,
    at: &'static str,
    body: impl Into<Vec<u8>>,
    headers: &[(&str, &str)],
) -> Request {
    let mut request = Request::new(kind, "application/json", body).at(at);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    request.with(|request| {
        request.source.secret = Some("vector".to_owned());
        request.secrets = vec![secret];
    })
}

#[track_caller]
fn is_believed(request: &Request) {
    let result = request.receive();
    assert!(
        !matches!(result, Err(Refusal::Unauthorized(_))),
        "{result:?}"
    );
}

/// A signature for another body, another secret, another moment.
#[track_caller]
fn is_refused_otherwise(request: &Request, later: &'static str) {
    let mut tampered = request.clone();
    tampered.body.push(b' ');
    assert_eq!(tampered.refusal().status(), 401);
    let other_secret = request
        .clone()
        .with(|request| request.secrets = vec!["b3RoZXI="]);
    assert_eq!(other_secret.refusal().status(), 401);
    if !later.is_empty() {
        assert!(matches!(
            request.clone().at(later).refusal(),
            Refusal::Unauthorized(Unauthorized::Stale { .. })
        ));
    }
}

const STANDARD: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn standard(secret: &'static str, prefix: &str, signature: &str) -> Request {
    signed(
        SourceKind::StandardWebhooks,
        secret,
        "2021-02-25T15:04:00Z",
        r#"{"test": 2432232314}"#,
        &[
            (&format!("{prefix}-id"), "msg_p5jXN8AQM9LWM0D4loKWxJek"),
            (&format!("{prefix}-timestamp"), "1614265330"),
            (&format!("{prefix}-signature"), signature),
        ],
    )
}

#[test]
fn standard_webhooks_as_their_library_tests_them() {
    let good = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    let request = standard(STANDARD, "webhook", good);
    is_believed(&request);
    is_refused_otherwise(&request, "2021-02-25T15:08:00Z");
    is_believed(&request.clone().at("2021-02-25T14:57:11Z"));
    assert_eq!(
        request.clone().at("2021-02-25T14:57:09Z").refusal().code(),
        "proof_stale"
    );
    is_believed(&standard(STANDARD, "svix", good));
    let one_of_several = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= v2,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= \
         v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=";
    is_believed(&standard(
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "webhook",
        one_of_several,
    ));
    for bad in [
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OA=",
        "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        "v1a,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        "v1,",
        "",
    ] {
        assert_eq!(
            standard(STANDARD, "webhook", bad).refusal().status(),
            401,
            "{bad}"
        );
    }
    // One header of each set proves nothing.
    let mixed = standard(STANDARD, "webhook", good).with(|request| {
        let signature = request.headers.remove("webhook-signature").unwrap();
        request.headers.insert("svix-signature", signature);
    });
    assert_eq!(mixed.refusal().code(), "proof_missing");
    assert_eq!(
        standard("whsec_", "webhook", good).refusal().code(),
        "secret_not_configured"
    );
}

#[test]
fn ed25519_signatures_count_with_a_public_key_alone() {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD as BASE64;
    use ring::signature::{Ed25519KeyPair, KeyPair};
    let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let public = BASE64.encode(pair.public_key());
    let message = br#"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}"#;
    let signature = BASE64.encode(pair.sign(message));
    let key: &'static str = Box::leak(format!("whpk_{public}").into_boxed_str());
    let request = standard(key, "webhook", &format!("v1,AAAA v1a,{signature}"));
    is_believed(&request);
    is_refused_otherwise(&request, "2021-02-26T15:04:00Z");
    // A public key is known to everybody: an HMAC under it is no proof.
    let hmac = crate::proof::hmac(
        crate::proof::Hash::Sha256,
        pair.public_key().as_ref(),
        &[message],
    );
    let forged = standard(key, "webhook", &format!("v1,{}", BASE64.encode(hmac)));
    assert_eq!(forged.refusal().code(), "proof_wrong");
}

#[test]
fn twilio_as_its_documentation_computes_it() {
    let form = "CallSid=CA1234567890ABCDE&Digits=1234&From=%2B14158675309&To=%2B18005551212&Caller=%2B14158675309";
    let request = signed(
        SourceKind::Twilio,
        "12345",
        NOON,
        form,
        &[("X-Twilio-Signature", "RSOYDt4T1cUTdK1PDd93/VVr8B8=")],
    )
    .with(|request| {
        request.headers.insert(
            "content-type",
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        request.source.public_url = Some("https://mycompany.com/myapp.php".to_owned());
        request.query = Some("foo=1&bar=2");
    });
    is_believed(&request);
    is_refused_otherwise(&request, "");
    let elsewhere = request
        .clone()
        .with(|request| request.source.public_url = Some("https://example.com/".to_owned()));
    assert_eq!(elsewhere.refusal().code(), "proof_wrong");
    let other_query = request.with(|request| request.query = Some("foo=1&bar=3"));
    assert_eq!(other_query.refusal().code(), "proof_wrong");
}

#[test]
fn intercom_crisp_and_zendesk_as_their_algorithms_say() {
    let ping = signed(
        SourceKind::Intercom,
        "client-secret",
        NOON,
        include_bytes!("vectors/intercom-ping.txt").to_vec(),
        &[(
            "X-Hub-Signature",
            "sha1=79db5386f4d52abadcb89db93ee66bdb8c3d968a",
        )],
    );
    assert!(matches!(ping.receive(), Ok(Accepted::NotALead { .. })));
    is_refused_otherwise(&ping, "");

    let crisp = signed(
        SourceKind::Crisp,
        "crisp-secret",
        "2023-11-14T22:14:00Z",
        r#"{"event":"message:send","data":{"from":"user","type":"text","content":"hi","website_id":"w1","session_id":"s1"}}"#,
        &[
            ("X-Crisp-Request-Timestamp", "1700000000"),
            (
                "X-Crisp-Signature",
                "85a288e45525554cf80c0ae9b7af7f86267a45c9bd9b3383ebddddaaced0b10b",
            ),
        ],
    );
    is_believed(&crisp);
    is_refused_otherwise(&crisp, "2023-11-14T22:20:00Z");

    let zendesk = signed(
        SourceKind::Zendesk,
        "zd-secret",
        "2021-03-25T05:10:00Z",
        r#"{"id":"1"}"#,
        &[
            (
                "X-Zendesk-Webhook-Signature-Timestamp",
                "2021-03-25T05:09:27Z",
            ),
            (
                "X-Zendesk-Webhook-Signature",
                "ZB+3oM+ePCR+pgQ/D7J2U6U7fiCWOw/OvFRLeFZ53kE=",
            ),
        ],
    );
    is_believed(&zendesk);
    is_refused_otherwise(&zendesk, "2021-03-25T05:15:00Z");
}

#[test]
fn a_key_pair_proves_freshchat_and_an_hmac_never_does() {
    let body = sample!("freshchat/message.json").to_vec();
    let sign = |key: &str| crate::proof::rsa_signature(key, &body).unwrap();
    let request = |signature: &str| {
        Request::new(SourceKind::Freshchat, "application/json", body.clone())
            .header("X-Freshchat-Signature", signature)
            .with(|request| {
                request.source.public_key = Some(include_str!("keys/sample-public.pem").to_owned());
            })
    };
    let good = request(&sign(include_str!("keys/sample-private.pem")));
    assert!(good.receive().is_ok());
    let tampered = good.clone().with(|request| request.body.push(b' '));
    assert_eq!(tampered.refusal().code(), "proof_wrong");
    let other = request(&sign(include_str!("keys/other-private.pem")));
    assert_eq!(other.refusal().code(), "proof_wrong");
    let public = include_str!("keys/sample-public.pem");
    let scheme = crate::proof::Scheme {
        header: "X-Freshchat-Signature",
        prefix: "",
        hash: crate::proof::Hash::Sha256,
        written: crate::proof::Written::Base64,
    };
    let hmac = crate::proof::signature(&scheme, public.as_bytes(), &[&body]);
    assert_eq!(request(&hmac).refusal().code(), "proof_wrong");
    assert_eq!(request("").refusal().code(), "proof_wrong");
}

/// Computed with Python's `hmac` over our own samples: the bodies of vendors' documentation may not be copied. The same program
/// gives, over those bodies, the signatures that were collected for these schemes.
#[test]
fn samples_of_forms_schedulers_and_ads_are_signed_as_another_implementation_signs_them() {
    let over = |kind, secret, body: &[u8], headers: &[(&str, &str)]| {
        let request = signed(kind, secret, NOON, body.to_vec(), headers);
        is_believed(&request.clone().with(|request| {
            request.source.answers = Some(domain::config::AnswersApi {
                token: "token".to_owned(),
                url: None,
                version: None,
            });
        }));
        is_refused_otherwise(&request, "");
    };
    over(
        SourceKind::Tally,
        "tally-secret",
        sample!("tally/response.json"),
        &[(
            "Tally-Signature",
            "qXhjB1ZdXVe2z8Vrnf/lEYXZfiEycrwE7oQtj6RiWQ4=",
        )],
    );
    over(
        SourceKind::Calcom,
        "calcom-secret",
        sample!("calcom/created.json"),
        &[(
            "X-Cal-Signature-256",
            "796654df5475da273737f39ba5d2dba311f2a5d4c80d7f20e7176fa332b7fede",
        )],
    );
    over(
        SourceKind::LinkedinLeadgen,
        "li-secret",
        sample!("linkedin-leadgen/created.json"),
        &[(
            "X-LI-Signature",
            "7e1b80fd7c1c6e03ac41dc926749148923ee14e2aeb0c7e56a04b84b01521b38",
        )],
    );
    over(
        SourceKind::Webflow,
        "wf-secret",
        sample!("webflow/v2.json"),
        &[
            ("x-webflow-timestamp", "1768219200000"),
            (
                "x-webflow-signature",
                "bb49bd25c1a8ba40826303c74b4710c0dbd905a69207912dcb4826ac2efccbe4",
            ),
        ],
    );
    over(
        SourceKind::Typeform,
        "tf-secret",
        sample!("typeform/form-response.json"),
        &[(
            "Typeform-Signature",
            "sha256=Rk+IL3StdBWPbf48iBzN6veZVwQwEgfddiNn0YrIKwE=",
        )],
    );
}
