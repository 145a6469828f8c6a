//! Signatures that others made or that another implementation computed, and attempts to get past them.

use super::*;
use crate::Unauthorized;
use domain::config::AnswersApi;

/// A source of this kind under this secret.
fn at(kind: SourceKind, secret: &'static str, body: &str) -> Request {
    Request::new(kind, "application/json", body).with(|request| {
        request.source.secret = Some("sample".to_owned());
        request.source.public_url = Some("https://leads.example.com/v1/sources/sample".to_owned());
        request.source.answers = Some(AnswersApi {
            token: "sample-token".to_owned(),
            url: None,
            version: None,
        });
        request.secrets = vec![secret];
        request.handshake_secrets = vec!["word"];
    })
}

fn is_proved(request: &Request) -> Result<(), Refusal> {
    request.open(|door, incoming| (crate::kinds::of(door.source.kind).verify)(door, incoming))
}

#[test]
fn webflow_signs_time_colon_and_body() {
    let request = at(
        SourceKind::Webflow,
        "test_secret",
        r#"{"triggerType":"form_submission","payload":{}}"#,
    )
    .header("x-webflow-timestamp", "1705332000")
    .header(
        "x-webflow-signature",
        "4d364bc87054a1f010ee53c548df71070cae01daa1279a7fb95b778189fd493e",
    )
    .at("2024-01-15T15:23:00Z");
    assert_eq!(is_proved(&request), Ok(()));
    let late = request.clone().at("2024-01-15T15:26:00Z");
    assert_eq!(
        is_proved(&late),
        Err(Refusal::Unauthorized(Unauthorized::Stale {
            header: "x-webflow-timestamp"
        }))
    );
    let moved = Request {
        headers: request
            .headers
            .iter()
            .map(|(name, value)| match name.as_str() {
                "x-webflow-timestamp" => (name.clone(), HeaderValue::from_static("1705332001")),
                _ => (name.clone(), value.clone()),
            })
            .collect(),
        ..request
    };
    assert_eq!(is_proved(&moved).unwrap_err().code(), "proof_wrong");
}

#[test]
fn the_button_of_meta_is_signed_over_its_exact_bytes() {
    let body = r#"{"object": "page", "entry": [{"id": "0", "time": 1577376930, "changes": [{"field": "leadgen", "value": {"ad_id": "444444444", "form_id": "444444444444", "leadgen_id": "444444444444", "created_time": 1577376930, "page_id": "444444444444", "adgroup_id": "44444444444"}}]}]}"#;
    let request = at(SourceKind::MetaLeadgen, "app-secret", body).header(
        "X-Hub-Signature-256",
        "sha256=cff750f092e75f9bdefcab005ccb7c37d299346e6cc005109bcc3fa4108804ac",
    );
    assert_eq!(is_proved(&request), Ok(()));
    assert!(matches!(request.receive(), Ok(Accepted::NotALead { .. })));
    let without_blanks = at(
        SourceKind::MetaLeadgen,
        "app-secret",
        &body.replace(": ", ":"),
    )
    .header(
        "X-Hub-Signature-256",
        "sha256=cff750f092e75f9bdefcab005ccb7c37d299346e6cc005109bcc3fa4108804ac",
    );
    assert_eq!(is_proved(&without_blanks).unwrap_err().status(), 401);
}

#[test]
fn meta_hears_its_challenge_only_for_the_right_word_and_never_anything_but_digits_and_letters() {
    let ask = |query: &'static str| {
        at(SourceKind::MetaLeadgen, "app-secret", "").with(|request| {
            request.method = "GET";
            request.query = Some(query);
        })
    };
    match ask("hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=word").receive() {
        Ok(Accepted::Handshake(reply)) => {
            assert_eq!((reply.status, reply.body.as_str()), (200, "1158201444"));
            assert_eq!(reply.content_type, "text/plain; charset=utf-8");
        }
        other => panic!("{other:?}"),
    }
    for (query, status) in [
        (
            "hub.mode=subscribe&hub.challenge=1&hub.verify_token=other",
            401,
        ),
        ("hub.mode=subscribe&hub.challenge=1", 401),
        ("", 401),
        (
            "hub.mode=subscribe&hub.challenge=1&hub.verify_token=word&hub.verify_token=word",
            401,
        ),
        (
            "hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=word",
            400,
        ),
        (
            "hub.mode=subscribe&hub.challenge=%3Cscript%3E&hub.verify_token=word",
            400,
        ),
        ("hub.mode=subscribe&hub.verify_token=word", 400),
    ] {
        assert_eq!(ask(query).refusal().status(), status, "{query}");
    }
}

#[test]
fn linkedin_hears_its_challenge_and_cannot_be_used_to_forge_an_event() {
    let ask = |query: &'static str| {
        at(SourceKind::LinkedinLeadgen, "li-secret", "").with(|request| {
            request.method = "GET";
            request.query = Some(query);
        })
    };
    let right = ask("challengeCode=890e4665-4dfe-4ab1-b689-ed553bceeed0&applicationId=17");
    match right.receive() {
        Ok(Accepted::Handshake(reply)) => {
            let answer: serde_json::Value = serde_json::from_str(&reply.body).unwrap();
            assert_eq!(
                answer["challengeCode"],
                "890e4665-4dfe-4ab1-b689-ed553bceeed0"
            );
            assert_eq!(
                answer["challengeResponse"],
                "adccfdad6bb4ff6c9ee351c23f2afdf40000d4a80206544b92f9bd01a385c27c"
            );
        }
        other => panic!("{other:?}"),
    }
    for query in [
        "challengeCode=hmacsha256%3D%7B%22type%22%3A%22LEAD_ACTION%22%7D",
        "challengeCode=",
        "",
        "challengeCode=890e4665-4dfe-4ab1-b689-ed553bceeedg",
        "challengeCode=890e4665-4dfe-4ab1-b689-ed553bceeed0&challengeCode=890e4665-4dfe-4ab1-b689-ed553bceeed0",
    ] {
        assert_eq!(ask(query).refusal().status(), 400, "{query}");
    }
}

#[test]
fn linkedin_signs_its_prefix_and_the_body() {
    let body = sample!("linkedin-leadgen/created.json");
    let with = |signature: &str| {
        at(
            SourceKind::LinkedinLeadgen,
            "li-secret",
            std::str::from_utf8(body).unwrap(),
        )
        .header("X-LI-Signature", signature)
    };
    use hmac::{Hmac, KeyInit, Mac};
    let hex = |message: &[u8]| {
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(b"li-secret").unwrap();
        mac.update(message);
        mac.finalize()
            .into_bytes()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    let signed = hex(&[&b"hmacsha256="[..], body].concat());
    assert_eq!(is_proved(&with(&signed)), Ok(()));
    assert_eq!(is_proved(&with(&format!("hmacsha256={signed}"))), Ok(()));
    assert_eq!(is_proved(&with(&hex(body))).unwrap_err().status(), 401);
}

#[test]
fn hubspot_signs_the_public_address_with_its_query_and_not_the_one_that_arrives() {
    use base64::Engine;
    use hmac::{Hmac, KeyInit, Mac};
    let body =
        r#"[{"subscriptionType":"deal.creation","objectId":123,"eventId":456,"portalId":789}]"#;
    let signed = |url: &str| {
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(b"hs-secret").unwrap();
        mac.update(format!("POST{url}{body}1768219200000").as_bytes());
        let signature =
            base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes());
        at(SourceKind::Hubspot, "hs-secret", body)
            .header("X-HubSpot-Request-Timestamp", "1768219200000")
            .header("X-HubSpot-Signature-v3", &signature)
    };
    let plain = signed("https://leads.example.com/v1/sources/sample");
    assert_eq!(is_proved(&plain), Ok(()));
    let asked = |request: Request, query| request.with(|request| request.query = Some(query));
    let with_query = signed("https://leads.example.com/v1/sources/sample?tag=a:b");
    assert_eq!(is_proved(&asked(with_query.clone(), "tag=a:b")), Ok(()));
    assert_eq!(is_proved(&asked(with_query.clone(), "tag=a%3Ab")), Ok(()));
    assert_eq!(is_proved(&with_query).unwrap_err().status(), 401);
    let elsewhere = signed("https://internal.example.com/v1/sources/sample");
    assert_eq!(is_proved(&elsewhere).unwrap_err().status(), 401);
    let no_address = plain.with(|request| request.source.public_url = None);
    assert_eq!(
        is_proved(&no_address).unwrap_err().code(),
        "secret_not_configured"
    );
}

#[test]
fn netlify_takes_no_token_that_says_it_is_not_signed_or_is_for_another_body() {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use hmac::{Hmac, KeyInit, Mac};
    use sha2::Digest;
    let body = std::str::from_utf8(sample!("netlify/submission.json")).unwrap();
    let token = |header: &str, claims: String, secret: &[u8]| {
        let front = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(claims)
        );
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret).unwrap();
        mac.update(front.as_bytes());
        format!(
            "{front}.{}",
            URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
        )
    };
    let sum = |body: &str| -> String {
        sha2::Sha256::digest(body)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    };
    let claims = |iss: &str, sum: &str| format!("{{\"iss\":\"{iss}\",\"sha256\":\"{sum}\"}}");
    let sent = |token: &str| {
        is_proved(&at(SourceKind::Netlify, "nf", body).header("X-Webhook-Signature", token))
    };
    const HS256: &str = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";
    assert_eq!(
        sent(&token(HS256, claims("netlify", &sum(body)), b"nf")),
        Ok(())
    );
    let right = token("{\"alg\":\"none\"}", claims("netlify", &sum(body)), b"nf");
    let unsigned = format!("{}.", right.rsplit_once('.').unwrap().0);
    for wrong in [
        right,
        unsigned,
        token(HS256, claims("netlify", &sum("other")), b"nf"),
        token(HS256, claims("somebody", &sum(body)), b"nf"),
        token(HS256, claims("netlify", &sum(body)), b"guessed"),
        "a.b".to_owned(),
        String::new(),
    ] {
        assert_eq!(sent(&wrong).unwrap_err().status(), 401, "{wrong}");
    }
}

#[test]
fn google_is_answered_in_its_own_way_and_its_key_is_not_kept() {
    let body = r#"{"lead_id":"x1","google_key":"gk","user_column_data":[{"column_id":"EMAIL","string_value":"ada@example.com"}]}"#;
    let lead = at(SourceKind::GoogleAds, "gk", body);
    assert_eq!(said(&lead.submission()), ["email = ada@example.com"]);
    let wrong = at(SourceKind::GoogleAds, "other", body);
    let refusal = wrong.refusal();
    assert_eq!(refusal.code(), "proof_wrong");
    let reply = wrong
        .open(|door, incoming| crate::reply(door, incoming, crate::Answered::Refused(&refusal)));
    let reply = reply.unwrap();
    assert_eq!(reply.status, 401);
    assert!(reply.body.starts_with("{\"message\":"), "{}", reply.body);
    assert!(!reply.body.contains("gk"));
    let unavailable =
        lead.open(|door, incoming| crate::reply(door, incoming, crate::Answered::Unavailable));
    assert_eq!(unavailable.unwrap().status, 503);
}

#[test]
fn a_secret_in_the_address_is_taken_once_and_is_no_answer() {
    let form = |query: &'static str| {
        at(
            SourceKind::Formspree,
            "a-long-secret",
            r#"{"email":"ada@example.com"}"#,
        )
        .with(|request| request.query = Some(query))
    };
    assert_eq!(
        said(&form("key=a-long-secret").submission()),
        ["email = ada@example.com"]
    );
    for query in [
        "key=a-long-secre",
        "key=",
        "",
        "key=a-long-secret&key=a-long-secret",
        "KEY=a-long-secret",
    ] {
        assert_eq!(form(query).refusal().status(), 401, "{query}");
    }
}
