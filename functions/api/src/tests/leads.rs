//! Leads, their history and their explanation.

use domain::decision::{MergedInto, Ruling};
use domain::id::LeadId;
use serde_json::json;

use super::{World, greta, received, submission};

#[tokio::test]
async fn a_lead_is_shown_whole_and_what_is_unknown_is_null() {
    let world = World::new().await;
    let lead = world.lead().await;
    let shown = world.get(&format!("/v1/leads/{lead}")).await.ok("Lead");
    let from = |origin: &str| json!({ "from": origin, "at": "2026-03-01T12:00:00Z" });
    let said = || from(&submission(1).to_string());
    let expected = json!({
        "id": lead.to_string(),
        "version": 3,
        "stage": "lead",
        "score": { "total": 17, "fit": 20, "engagement": -3, "as_of": "2026-03-01T12:00:00Z" },
        "owner": "mia",
        "pool": "americas",
        "territory": "Americas",
        "unassigned": null,
        "sla": { "name": "first-response", "due_at": "2026-03-01T12:30:00Z", "status": "pending", "responded_at": null },
        "contact": {
            "email": "greta.lindholm@brightwater.example",
            "phone": "+12025550143",
            "first_name": "Greta",
            "last_name": null,
            "title": "CMO"
        },
        "company": { "name": null, "domain": "brightwater.example", "industry": null, "employees": 80, "revenue": null, "country": "US" },
        "address": { "region": null, "city": null, "postal_code": null, "street": null },
        "language": null,
        "message": null,
        "consent": { "marketing": { "granted": true, "state": "given", "at": "2026-03-01T12:00:00Z", "text": null } },
        "attribution": { "utm_source": "newsletter" },
        "custom": { "budget": "10k" },
        "facts": {
            "email_class": "company",
            "email_domain": "brightwater.example",
            "email_role": false,
            "phone_country": "US",
            "phone_kind": shown["facts"]["phone_kind"],
            "phone_valid": shown["facts"]["phone_valid"]
        },
        "provenance": {
            "company_domain": from("fact"), "country": from("fact"), "custom.budget": said(), "email": said(),
            "email_class": from("fact"), "email_domain": from("fact"), "email_role": from("fact"), "employees": said(),
            "first_name": said(), "phone": said(), "phone_country": from("fact"), "phone_kind": from("fact"),
            "phone_valid": from("fact"), "title": said(), "utm_source": said()
        },
        "submissions": [submission(1).to_string()],
        "created_at": "2026-03-01T12:00:00Z",
        "updated_at": "2026-03-01T12:00:00Z"
    });
    assert_eq!(shown, expected);
}

#[tokio::test]
async fn a_lead_that_is_on_its_way_has_no_score_and_no_owner() {
    let world = World::new().await;
    let lead = submission(1).lead();
    world.append(lead, vec![received(1, greta())]).await;
    let shown = world.get(&format!("/v1/leads/{lead}")).await.ok("Lead");
    for member in ["score", "owner", "pool", "territory", "sla"] {
        assert!(shown[member].is_null(), "{member}");
    }
}

#[tokio::test]
async fn the_old_id_of_a_merged_lead_answers_with_the_one_it_is_now() {
    let world = World::new().await;
    let lead = world.lead().await;
    let old = submission(7).lead();
    world
        .append(old, vec![Ruling::MergedInto(MergedInto { lead })])
        .await;
    for what in ["", "/history", "/explanation"] {
        let shown = world.get(&format!("/v1/leads/{old}{what}")).await;
        assert_eq!(
            shown.text,
            world.get(&format!("/v1/leads/{lead}{what}")).await.text
        );
        assert!(shown.text.contains(&lead.to_string()));
    }
    let path = format!("/v1/leads/{old}/feedback");
    assert_eq!(
        world
            .post(&path, &super::feedback("contacted"))
            .await
            .ok("Lead")["id"],
        lead.to_string()
    );
}

#[tokio::test]
async fn a_lead_that_is_not_there_is_not_found() {
    let world = World::new().await;
    let unknown = LeadId::from_bits(99).to_string();
    for id in [
        unknown.as_str(),
        "lead_x",
        "sub_00000000000000000000000001",
        "%20",
    ] {
        for what in ["", "/history", "/explanation"] {
            assert_eq!(
                world
                    .get(&format!("/v1/leads/{id}{what}"))
                    .await
                    .problem(404),
                "not_found",
                "{id}{what}"
            );
        }
        let answered = world
            .post(
                &format!("/v1/leads/{id}/feedback"),
                &super::feedback("contacted"),
            )
            .await;
        assert_eq!(answered.problem(404), "not_found", "{id}");
    }
}

async fn check_found(world: &World, query: &str, expected: &[LeadId]) {
    let answered = world.get(&format!("/v1/leads?{query}")).await;
    let found = answered.ok("Leads");
    let ids: Vec<&str> = found["leads"]
        .as_array()
        .unwrap()
        .iter()
        .map(|lead| lead["id"].as_str().unwrap())
        .collect();
    let expected: Vec<String> = expected.iter().map(ToString::to_string).collect();
    assert_eq!(ids, expected, "{query}");
    assert!(found["next"].is_null());
}

#[tokio::test]
async fn leads_are_found_by_any_spelling_of_their_address_and_number() {
    let world = World::new().await;
    let lead = world.lead().await;
    for query in [
        "email=greta.lindholm@brightwater.example",
        "email=Greta.Lindholm%40Brightwater.example",
        "phone=%2B12025550143",
        "phone=+1+202+555+0143",
        "phone=%2B1%20(202)%20555-0143",
        "email=greta.lindholm@brightwater.example&phone=+12025550143",
    ] {
        check_found(&world, query, &[lead]).await;
    }
    check_found(&world, "email=somebody.else@brightwater.example", &[]).await;
    check_found(&world, "phone=%2B12025550199", &[]).await;
}

#[tokio::test]
async fn an_address_and_a_number_of_two_people_find_both() {
    let world = World::new().await;
    let lead = world.lead().await;
    let other = submission(2).lead();
    world.append(other, vec![received(2, greta())]).await;
    world.claim(other, "jo@example.com", "+442079460123").await;
    check_found(
        &world,
        "phone=+442079460123&email=greta.lindholm@brightwater.example",
        &[lead, other],
    )
    .await;
}

#[tokio::test]
async fn a_key_that_was_claimed_for_a_lead_still_to_come_finds_nobody() {
    let world = World::new().await;
    world
        .claim(submission(3).lead(), "soon@example.com", "+442079460124")
        .await;
    check_found(&world, "email=soon@example.com", &[]).await;
}

#[tokio::test]
async fn what_cannot_be_searched_for_is_named() {
    let world = World::new().await;
    let answered = world.get("/v1/leads?email=no&phone=x").await;
    assert_eq!(answered.problem(422), "invalid_fields");
    let fields: Vec<String> = answered
        .bad_fields()
        .iter()
        .map(|field| field.split(':').next().unwrap().to_owned())
        .collect();
    assert_eq!(fields, ["email", "phone"]);

    assert_eq!(
        world
            .get("/v1/leads?email=a@example.com&email=b@example.com")
            .await
            .bad_fields(),
        ["email: repeated"]
    );
    assert_eq!(
        world.get("/v1/leads").await.problem(422),
        "unsupported_filter"
    );
    let answered = world
        .get("/v1/leads?owner=mia&stage=mql&email=a@example.com")
        .await;
    assert_eq!(answered.problem(422), "unsupported_filter");
    assert_eq!(
        answered.bad_fields(),
        ["owner: unsupported_filter", "stage: unsupported_filter"]
    );
    assert_eq!(
        world.get("/v1/leads?email=%ff").await.problem(400),
        "bad_query"
    );
}

#[tokio::test]
async fn the_history_tells_each_decision_with_its_details() {
    let world = World::new().await;
    let lead = world.lead().await;
    let shown = world
        .get(&format!("/v1/leads/{lead}/history"))
        .await
        .ok("History");
    assert_eq!(shown["lead"], lead.to_string());
    let entries = shown["history"].as_array().unwrap();
    let kinds: Vec<&str> = entries
        .iter()
        .map(|entry| entry["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["received", "scored", "assigned"]);
    let last = &entries[2];
    assert_eq!(last["id"], format!("dec_{}_3", lead.digits()));
    assert_eq!(
        (&last["seq"], &last["config"]),
        (&json!(3), &json!(world.config))
    );
    assert!(
        last["summary"]
            .as_str()
            .unwrap()
            .starts_with("Mia Torres got the lead")
    );
    assert_eq!(last["details"]["rep"], "mia");
    assert_eq!(last["details"]["sla"]["due_at"], "2026-03-01T12:30:00Z");
    assert!(last["details"].get("kind").is_none());
    let codes: Vec<&str> = last["reasons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|reason| reason["code"].as_str().unwrap())
        .collect();
    assert_eq!(codes, ["territory", "pool"]);
    assert_eq!(entries[0]["details"]["fields"]["first_name"], "Greta");
}

#[tokio::test]
async fn the_explanation_begins_with_what_stands_now() {
    let world = World::new().await;
    let lead = world.lead().await;
    let shown = world
        .get(&format!("/v1/leads/{lead}/explanation"))
        .await
        .ok("Explanation");
    let sentences: Vec<&str> = shown["sentences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|text| text.as_str().unwrap())
        .collect();
    assert_eq!(sentences.len(), 4);
    assert!(
        sentences[0].contains("Mia Torres has it since 2026-03-01"),
        "{}",
        sentences[0]
    );
}

#[tokio::test]
async fn leads_can_be_read_without_a_configuration() {
    let world = World::without_configuration().await;
    let lead = world.lead().await;
    for what in ["", "/history", "/explanation"] {
        assert_eq!(
            world.get(&format!("/v1/leads/{lead}{what}")).await.status,
            200,
            "{what}"
        );
    }
    let answered = world
        .post(
            &format!("/v1/leads/{lead}/feedback"),
            &super::feedback("contacted"),
        )
        .await;
    assert_eq!(answered.problem(503), "unavailable");
    assert_eq!(answered.headers["retry-after"], "5");
}
