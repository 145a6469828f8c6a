use super::*;
use crate::Unauthorized;

/// Made with another implementation of HMAC-SHA256 over the bytes of the sample, under `sample-webhook-secret`.
const SIGNATURE: &str = "sha256=Np4t1k8zdepd052q8yr9R5spaVUzvMGJCvVcL9PahEs=";

fn unsigned(body: &[u8]) -> Request {
    Request::new(SourceKind::Typeform, "application/json", body).with(|request| {
        request.source.secret = Some("TYPEFORM".to_owned());
        request.secrets = vec!["sample-webhook-secret"];
    })
}

fn signed(body: &[u8]) -> Request {
    use base64::Engine;
    use hmac::{Hmac, KeyInit, Mac};
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(b"sample-webhook-secret").unwrap();
    mac.update(body);
    let signature = base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes());
    unsigned(body).header("Typeform-Signature", &format!("sha256={signature}"))
}

fn response() -> Request {
    unsigned(sample!("typeform/form-response.json")).header("Typeform-Signature", SIGNATURE)
}

#[test]
fn a_response_of_every_answer_type_is_understood() {
    let submission = response().submission();
    check_fields(
        &submission,
        &[
            "email = ingrid@tulip-logistics.example",
            "phone = +12025550188",
            "first_name = Ingrid",
            "last_name = van der Berg",
            "title = Head of Operations",
            "company = Tulip Logistics",
            "company_domain = tulip-logistics.example",
            "message = Leads from trade fairs get lost.\nWe need one queue.",
            "utm_source = fair",
            "utm_campaign = spring-expo",
            "custom.a_sample_of_your_leads = https://api.typeform.com/responses/files/made-up/sample.csv",
            "custom.deposit = €20.00",
            "custom.do_you_use_a_crm_today = false",
            "custom.form_id = SaMpLe1",
            "custom.how_many_trucks_do_you_run = 37",
            "custom.how_urgent_is_it = 8",
            "custom.score = 12",
            "custom.segment = logistics",
            "custom.when_would_you_like_to_start = 2026-03-01",
            "custom.which_regions_matter = Benelux, Nordics, Baltics",
        ],
    );
    assert_eq!(
        agreed(&submission),
        [
            "contact: true (I accept that you contact me about my request.)",
            "marketing: false (Send me the newsletter.)"
        ]
    );
    assert_eq!(
        submission.consent["contact"].at.to_string(),
        "2026-01-12T10:04:31Z"
    );
    assert_eq!(
        submission.external_id.as_deref(),
        Some("smpl0a1b2c3d4e5f60718293a4b5c6d7")
    );
}

#[test]
fn the_same_response_in_another_delivery_is_a_repeat_whenever_it_comes() {
    let body = String::from_utf8(sample!("typeform/form-response.json").to_vec()).unwrap();
    let again = signed(
        body.replace("01JH0SAMPLEEVENT00000000001", "01JH0SAMPLEEVENT00000000009")
            .as_bytes(),
    )
    .at("2027-05-05T00:00:00Z");
    assert_eq!(again.submission().id, response().submission().id);
    assert_eq!(again.submission().earlier, None);
    let other = signed(body.replace("smpl0a1b", "smpl0a1c").as_bytes());
    assert_ne!(other.submission().id, response().submission().id);
}

#[test]
fn what_is_no_finished_response_is_no_lead() {
    let partial = signed(sample!("typeform/partial-response.json"));
    assert!(matches!(partial.receive(), Ok(Accepted::NotALead { .. })));
}

#[test]
fn a_response_with_bad_fields_is_quarantined_because_nobody_reads_the_answer() {
    let body = br#"{"event_type": "form_response", "form_response": {"token": "t1", "answers": [
        {"type": "text", "text": "nope", "field": {"id": "x", "ref": "email", "type": "short_text"}}]}}"#;
    let quarantined = signed(body).quarantined();
    assert_eq!(quarantined.raw["email"], "nope");
}

#[test]
fn without_a_valid_signature_nothing_is_read() {
    let unauthorized = |request: &Request| match request.refusal() {
        Refusal::Unauthorized(why) => why,
        other => panic!("refused otherwise: {other}"),
    };
    let header = "Typeform-Signature";
    let body = sample!("typeform/form-response.json");
    assert_eq!(
        unauthorized(&unsigned(b"not even JSON")),
        Unauthorized::Missing { header }
    );
    for wrong in [
        "",
        "sha256=",
        "sha256=AAAA",
        "sha256=%%%",
        &SIGNATURE[7..],
        &SIGNATURE.replace("sha256", "sha1"),
    ] {
        assert_eq!(
            unauthorized(&unsigned(body).header(header, wrong)),
            Unauthorized::Wrong { header },
            "{wrong}"
        );
    }
    assert_eq!(
        unauthorized(&response().header(header, SIGNATURE)),
        Unauthorized::Wrong { header }
    );
    let changed = response().with(|request| request.body.push(b'\n'));
    assert_eq!(unauthorized(&changed), Unauthorized::Wrong { header });
}

#[test]
fn without_a_secret_the_door_stays_shut() {
    for request in [
        response().with(|request| request.source.secret = None),
        response().with(|request| request.secrets = Vec::new()),
        response().with(|request| request.secrets = vec!["", "  "]),
    ] {
        assert_eq!(
            request.refusal(),
            Refusal::Unauthorized(Unauthorized::NotConfigured)
        );
        assert_eq!(request.refusal().code(), "secret_not_configured");
    }
}

#[test]
fn while_a_secret_is_changed_both_are_good() {
    for secrets in [
        vec!["sample-webhook-secret", "new"],
        vec!["new", "sample-webhook-secret"],
    ] {
        let request = response().with(|request| request.secrets = secrets);
        assert!(request.receive().is_ok());
    }
}
