//! Consent: what was agreed to is proved, taken back, and nobody is told without it.

use serde_json::{Value, json};
use tests::{World, webhook};

fn newsletter(outside: &str) -> String {
    format!(
        "{}\n[destinations.newsletter]\nkind = \"webhook\"\nurl = \"{outside}/newsletter\"\nsecret = \"crm\"\n\
         purpose = \"marketing\"\nnotify = [\"lead.assigned\", \"lead.stage_changed\"]\n",
        webhook(outside)
    )
}

async fn newsletters(world: &World) -> usize {
    let requests = world.outside.received_requests().await.unwrap();
    requests
        .iter()
        .filter(|request| request.url.path() == "/newsletter")
        .count()
}

async fn submits(world: &World, body: &str) -> Value {
    assert_eq!(world.post_form("website", body).await.status, 202);
    world.settle().await;
    world.lead("greta@brightwater.example").await
}

const GRETA: &str = "email=greta%40brightwater.example";

#[tokio::test]
async fn a_destination_with_a_purpose_hears_only_of_people_who_agreed_to_it() {
    let world = World::with(newsletter).await;
    wiremock::Mock::given(wiremock::matchers::path("/newsletter"))
        .respond_with(wiremock::ResponseTemplate::new(204))
        .mount(&world.outside)
        .await;
    let lead = submits(&world, GRETA).await;
    assert_eq!(newsletters(&world).await, 0);
    assert_eq!(world.told().await.len(), 1, "the CRM has no purpose");
    let history = world.history(&lead).await;
    let withheld = history
        .iter()
        .find(|entry| {
            entry["summary"]
                .as_str()
                .unwrap()
                .contains("newsletter was not told")
        })
        .unwrap();
    assert!(
        withheld["summary"]
            .as_str()
            .unwrap()
            .contains("never agreed to marketing"),
        "{withheld}"
    );
    assert!(
        withheld["reasons"]
            .as_array()
            .unwrap()
            .iter()
            .any(|reason| reason["code"] == "no_consent" && reason["subject"] == "marketing")
    );

    // They agree, and are told of from then on.
    submits(&world, &format!("{GRETA}&newsletter=yes&first_name=Greta")).await;
    let events = ["e1", "e2"].map(
        |id| json!({ "id": id, "type": "event_attended", "email": "greta@brightwater.example" }),
    );
    let events = json!({ "events": events });
    world.post_json("/v1/events", &events).await;
    world.settle().await;
    assert_eq!(newsletters(&world).await, 1, "the stage changed");
    world.end().await;
}

#[tokio::test]
async fn consent_is_withdrawn_at_once_and_everything_of_it_is_in_the_history() {
    let world = World::with(newsletter).await;
    // It fails, and is to be told again.
    wiremock::Mock::given(wiremock::matchers::path("/newsletter"))
        .respond_with(wiremock::ResponseTemplate::new(500))
        .mount(&world.outside)
        .await;
    let lead = submits(&world, &format!("{GRETA}&newsletter=yes")).await;
    assert_eq!(newsletters(&world).await, 1);
    let target = format!("/v1/leads/{}/consent", lead["id"].as_str().unwrap());
    let body = json!({ "purpose": "marketing", "granted": false, "reason": "asked by phone", "by": "mia" });
    let answer = world.command(&target, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.body["consent"]["marketing"]["granted"], false);
    let version = answer.body["version"].clone();
    let again = world.command(&target, &body).await;
    assert_eq!(again.status, 200, "{}", again.body);
    assert_eq!(again.body["version"], version, "it stands already");

    world.pass(10).await;
    assert_eq!(newsletters(&world).await, 1, "no retry is sent");
    let history = world.history(&lead).await;
    let sentences: Vec<&str> = history
        .iter()
        .map(|entry| entry["summary"].as_str().unwrap())
        .collect();
    assert!(
        sentences
            .contains(&"The person withdrew their consent to marketing, as Mia Torres reported."),
        "{sentences:?}"
    );
    assert!(
        sentences
            .iter()
            .any(|text| text
                .contains("newsletter was not told, because the person refused marketing")),
        "{sentences:?}"
    );
    world.end().await;
}

#[tokio::test]
async fn what_proves_an_agreement_is_kept_with_it() {
    let world = World::new().await;
    let certificate = "https://cert.trustedform.com/0123456789abcdef0123456789abcdef01234567";
    let body = format!(
        "{GRETA}&consent.contact=yes&consent_text=You+may+call+me&consent_version=2026-02&language=en\
         &page_url=https://www.example.com/demo?name%3DGreta&xxTrustedFormCertUrl_0={certificate}\
         &universal_leadid=5A4D3C2B-1A2B-3C4D-5E6F-0123456789AB"
    );
    let lead = submits(&world, &body).await;
    let consent = &lead["consent"]["contact"];
    assert_eq!(consent["granted"], true);
    assert_eq!(consent["text"], "You may call me");
    let evidence = &consent["evidence"];
    assert_eq!(evidence["version"], "2026-02", "{lead}");
    assert_eq!(evidence["language"], "en");
    assert_eq!(evidence["page"], "https://www.example.com/demo");
    assert_eq!(evidence["trustedform"], certificate);
    assert_eq!(evidence["jornaya"], "5A4D3C2B-1A2B-3C4D-5E6F-0123456789AB");
    world.end().await;
}

#[tokio::test]
async fn every_mistake_in_what_is_noted_is_said_at_once() {
    let world = World::new().await;
    let lead = submits(&world, GRETA).await;
    let target = format!("/v1/leads/{}/consent", lead["id"].as_str().unwrap());
    let body = json!({ "purpose": "Marketing!", "granted": "no", "at": "yesterday", "why": "x" });
    let answer = world.command(&target, &body).await;
    assert_eq!(answer.status, 422);
    let mut fields: Vec<&str> = answer.body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].as_str().unwrap())
        .collect();
    fields.sort_unstable();
    assert_eq!(fields, ["at", "granted", "purpose", "why"]);
    let empty = world.command(&target, &json!({})).await;
    assert_eq!(empty.body["errors"].as_array().unwrap().len(), 2);
    let unknown = world
        .command(
            "/v1/leads/lead_00000000000000000000000000/consent",
            &json!({ "purpose": "marketing", "granted": false }),
        )
        .await;
    assert_eq!(unknown.status, 404);
    world.end().await;
}

#[tokio::test]
async fn who_took_consent_back_shows_when_and_what_had_been_agreed_to() {
    let world = World::with(newsletter).await;
    let token = "5A4D3C2B-1A2B-3C4D-5E6F-0123456789AB";
    let body = format!(
        "{GRETA}&newsletter=yes&consent_text=Yes+please&consent_version=v7&universal_leadid={token}"
    );
    let lead = submits(&world, &body).await;
    assert_eq!(lead["consent"]["marketing"]["state"], "given");
    assert_eq!(lead["consent"]["marketing"].get("agreed"), None);
    let evidence = &lead["consent"]["marketing"]["evidence"];
    assert_eq!(evidence["jornaya"], token);
    assert_eq!(evidence["version"], "v7");
    assert_eq!(lead["custom"], json!({}), "what proves it is kept once");
    world.clock.advance(jiff::SignedDuration::from_hours(3));
    let id = lead["id"].as_str().unwrap();
    let body = json!({ "purpose": "marketing", "granted": false, "by": "maia" });
    let answer = world
        .command(&format!("/v1/leads/{id}/consent"), &body)
        .await;
    assert_eq!(answer.body["warnings"][0]["code"], "unknown_rep");
    let now = &world.lead("greta@brightwater.example").await["consent"]["marketing"];
    assert_eq!(
        (&now["granted"], &now["state"]),
        (&json!(false), &json!("withdrawn"))
    );
    assert_eq!(now["at"], "2026-03-02T14:00:00Z");
    assert_eq!(now["agreed"]["at"], "2026-03-02T11:00:00Z");
    assert_eq!(now["agreed"]["text"], "Yes please");
    assert_eq!(now["agreed"]["evidence"]["jornaya"], token);
    assert_eq!(now["agreed"]["submission"], lead["submissions"][0]);

    // Nobody agreed to be contacted: that is refused, not withdrawn.
    let body = json!({ "purpose": "contact", "granted": false, "by": "Maia of the front desk" });
    let answer = world
        .command(&format!("/v1/leads/{id}/consent"), &body)
        .await;
    assert_eq!(answer.body["consent"]["contact"]["state"], "refused");
    assert_eq!(answer.body["warnings"][0]["code"], "never_agreed");
    for (by, is_doubted) in [("mia", false), ("mai", true), ("crm@example.com", false)] {
        let body = json!({ "kind": "contacted", "by": by });
        let answer = world
            .command(&format!("/v1/leads/{id}/feedback"), &body)
            .await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(answer.body.get("warnings").is_some(), is_doubted, "{by}");
    }
    world.end().await;
}

#[tokio::test]
async fn a_page_is_kept_without_what_its_address_says_of_the_person() {
    let world = World::new().await;
    let page = "https%3A%2F%2Fwww.example.com%2Fp%3Femail%3Dgreta%2540brightwater.example%26tel%3D%252B4930901820%26utm_source%3Dmail%26gclid%3Dx1";
    let lead = submits(&world, &format!("{GRETA}&page_url={page}&consent=yes")).await;
    assert_eq!(
        lead["attribution"]["page_url"],
        "https://www.example.com/p?utm_source=mail&gclid=x1"
    );
    assert_eq!(lead["attribution"]["utm_source"], "mail");
    world.end().await;
}
