//! Announced leads: what the platform is asked, and what its answers become.

use super::*;
use crate::{questions, read_answers};
use domain::config::AnswersApi;
use domain::submission::Announced;

/// What the platform is asked and what becomes of its answers, for a lead that was announced with these ids.
fn fetched(
    kind: SourceKind,
    id: &str,
    ids: &[(&str, &str)],
    bodies: &[&[u8]],
) -> (Vec<String>, Parsed) {
    let request = Request::new(kind, "", "");
    let announced = Announced {
        id: domain::id::SubmissionId::from_bits(17),
        source: "website".to_owned(),
        received_at: NOON.parse().unwrap(),
        external_id: id.to_owned(),
        ids: ids
            .iter()
            .map(|(name, id)| ((*name).to_owned(), (*id).to_owned()))
            .collect(),
    };
    let api = AnswersApi {
        token: "sample-token".to_owned(),
        url: Some("https://platform.example/".to_owned()),
        version: None,
    };
    let asked = questions(kind, &api, &announced)
        .into_iter()
        .map(|question| format!("{} {:?}", question.url, question.headers))
        .collect();
    let bodies: Vec<Vec<u8>> = bodies.iter().map(|body| body.to_vec()).collect();
    let parsed = request.open(|door, _| read_answers(door, &announced, &bodies));
    (asked, parsed.unwrap())
}

fn fit(parsed: Parsed) -> Submission {
    match parsed {
        Parsed::Submission(submission) => submission,
        other => panic!("not fit: {other:?}"),
    }
}

#[test]
fn answers_of_meta_become_a_lead_with_its_campaign_and_its_own_questions() {
    let (asked, parsed) = fetched(
        SourceKind::MetaLeadgen,
        "1203600000000451",
        &[
            ("page_id", "104200000000017"),
            ("form_id", "880100000000023"),
        ],
        &[sample!("meta-leadgen/answers.json")],
    );
    assert_eq!(
        asked,
        [
            "https://platform.example/1203600000000451?fields=field_data,created_time,ad_id,ad_name,adset_id,adset_name,campaign_id,campaign_name,form_id,is_organic,platform []"
        ]
    );
    let submission = fit(parsed);
    assert_eq!(submission.external_id.as_deref(), Some("1203600000000451"));
    check_fields(
        &submission,
        &[
            "email = jonas@weidenfeller-bau.example",
            "phone = +493090182033",
            "first_name = Jonas",
            "last_name = Weidenfeller",
            "company = Weidenfeller Bau GmbH",
            "custom.ad_id = 23850000000000117",
            "custom.ad_name = Carousel, warm",
            "custom.adset_id = 23850000000000115",
            "custom.adset_name = Lookalike 1%",
            "custom.campaign_id = 23850000000000110",
            "custom.campaign_name = Spring demo",
            "custom.form_id = 880100000000023",
            "custom.is_organic = false",
            "custom.page_id = 104200000000017",
            "custom.platform = ig",
            "custom.welche_leistungen_brauchen_sie = Planung, Abnahme",
            "custom.wie_viele_baustellen_haben_sie = 4-10",
        ],
    );
}

#[test]
fn answers_of_linkedin_are_joined_with_their_form() {
    let form = "urn:li:versionedLeadGenForm:(urn:li:leadGenForm:70012, 3)";
    let (asked, parsed) = fetched(
        SourceKind::LinkedinLeadgen,
        "urn:li:leadGenFormResponse:9f3e7a10-5",
        &[("leadGenForm", form)],
        &[
            sample!("linkedin-leadgen/response.json"),
            sample!("linkedin-leadgen/form.json"),
        ],
    );
    let headers = r#"[("linkedin-version", "202509"), ("x-restli-protocol-version", "2.0.0")]"#;
    assert_eq!(
        asked,
        [
            format!("https://platform.example/rest/leadFormResponses/9f3e7a10-5 {headers}"),
            format!("https://platform.example/rest/leadForms/70012 {headers}"),
        ]
    );
    let submission = fit(parsed);
    assert_eq!(
        text(&submission, "email"),
        "renata.voss@harbour-analytics.example"
    );
    assert_eq!(text(&submission, "first_name"), "Renata");
    assert_eq!(text(&submission, "last_name"), "Voss");
    assert_eq!(text(&submission, "company"), "Harbour Analytics");
    assert_eq!(
        text(&submission, "custom.campaign_id"),
        "urn:li:sponsoredCampaign:618033"
    );
    assert!(
        said(&submission)
            .iter()
            .any(|line| line.ends_with("= This quarter"))
    );
    assert_eq!(
        agreed(&submission),
        [
            "contact: true (You may contact me about my request.)",
            "marketing: false (Send me the newsletter.)"
        ]
    );
}

#[test]
fn a_test_of_linkedin_is_set_aside_with_that_reason() {
    let (_, parsed) = fetched(
        SourceKind::LinkedinLeadgen,
        "urn:li:leadGenFormResponse:9f3e7a10-5",
        &[],
        &[br#"{"testLead": true, "formResponse": {"answers": []}}"#],
    );
    match parsed {
        Parsed::Quarantined(quarantined) => {
            assert_eq!(codes(&quarantined.problems), ["answers: test_lead"]);
        }
        other => panic!("not set aside: {other:?}"),
    }
}

#[test]
fn a_contact_of_hubspot_is_read_by_its_properties() {
    let (asked, parsed) = fetched(
        SourceKind::Hubspot,
        "33000017-1246965",
        &[("contact_id", "1246965")],
        &[sample!("hubspot/contact.json")],
    );
    assert!(asked[0].starts_with(
        "https://platform.example/crm/v3/objects/contacts/1246965?properties=email,phone,"
    ));
    let submission = fit(parsed);
    assert_eq!(
        text(&submission, "email"),
        "yara.haddad@cedar-foods.example"
    );
    assert_eq!(text(&submission, "company"), "Cedar Foods");
    assert_eq!(text(&submission, "employees"), "120");
    assert_eq!(text(&submission, "country"), "LB");
    assert_eq!(text(&submission, "language"), "fr");
}

proptest::proptest! {
    #[test]
    fn no_answer_of_a_platform_makes_it_panic(
        first in "\\PC{0,200}",
        key in proptest::sample::select(&["field_data", "formResponse", "properties"][..]),
        value in "[\\[\\]{}\",:a-z0-9]{0,60}",
    ) {
        let announced = Announced {
            id: domain::id::SubmissionId::from_bits(17),
            source: "website".to_owned(),
            received_at: NOON.parse().unwrap(),
            external_id: "1".to_owned(),
            ids: Default::default(),
        };
        for kind in SourceKind::ALL {
            for body in [first.clone(), format!("{{\"{key}\":{value}}}")] {
                let request = Request::new(*kind, "", "");
                let _ = request.open(|door, _| read_answers(door, &announced, &[body.clone().into_bytes()]));
            }
        }
    }
}
