use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::World;
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, ResponseTemplate};

fn atlas(outside: &str) -> String {
    format!(
        "[enrichment.providers.atlas]\nurl = \"{outside}/companies/{{domain}}\"\ntimeout_ms = 300\n\
         headers = {{ authorization = {{ secret = \"atlas\", prefix = \"Bearer \" }} }}\n\
         fields = {{ industry = \"$.category.industry\", employees = \"metrics.employees\", company = \"name\" }}\n"
    )
}

async fn answers(world: &World, answer: ResponseTemplate) {
    Mock::given(method("GET"))
        .and(path("/companies/brightwater.example"))
        .and(header("authorization", "Bearer atlas-key"))
        .respond_with(answer)
        .with_priority(1)
        .up_to_n_times(1)
        .mount(&world.outside)
        .await;
}

fn company() -> Value {
    json!({ "name": "Brightwater", "category": { "industry": "Software" }, "metrics": { "employees": 80 } })
}

#[tokio::test]
async fn a_provider_completes_a_lead_and_is_asked_once_per_company() {
    let world = World::with(atlas).await;
    answers(&world, ResponseTemplate::new(200).set_body_json(company())).await;
    for name in ["ada", "grace"] {
        world
            .post_form(
                "website",
                &format!("email={name}%40brightwater.example&country=DE&company=Ours"),
            )
            .await;
        world.settle().await;
    }
    for name in ["ada", "grace"] {
        let lead = world.lead(&format!("{name}@brightwater.example")).await;
        assert_eq!(
            (
                &lead["company"]["industry"],
                &lead["company"]["employees"],
                &lead["score"]["fit"]
            ),
            (&json!("Software"), &json!(80), &json!(10))
        );
        assert_eq!(
            lead["company"]["name"], "Ours",
            "what a person says beats what a provider says"
        );
    }
    assert_eq!(
        world.outside.received_requests().await.unwrap().len(),
        1,
        "the second lead was answered from the cache"
    );
    world.end().await;
}

#[tokio::test]
async fn a_provider_that_fails_holds_no_lead_and_is_asked_again_later() {
    for failure in [
        ResponseTemplate::new(200)
            .set_body_json(company())
            .set_delay(Duration::from_secs(30)),
        ResponseTemplate::new(500),
        ResponseTemplate::new(429),
        ResponseTemplate::new(200).set_body_string("<html>not JSON</html>"),
        ResponseTemplate::new(302).insert_header("location", "http://169.254.169.254/"),
    ] {
        let world = World::with(atlas).await;
        answers(&world, failure).await;
        let started = Instant::now();
        world
            .post_form("website", "email=ada%40brightwater.example&country=DE")
            .await;
        world.settle().await;
        assert!(
            started.elapsed() < Duration::from_secs(10),
            "the deadline holds"
        );
        let lead = world.lead("ada@brightwater.example").await;
        assert_eq!(
            (&lead["owner"], &lead["company"]["industry"]),
            (&json!("jonas"), &Value::Null),
            "it went on without"
        );

        answers(&world, ResponseTemplate::new(200).set_body_json(company())).await;
        world.pass(2).await;
        // The first look sends the question on; when the entry was not due yet, the next look does.
        world.pass(10).await;
        let lead = world.lead("ada@brightwater.example").await;
        assert_eq!(
            (&lead["company"]["industry"], &lead["score"]["fit"]),
            (&json!("Software"), &json!(10)),
            "it was completed later"
        );
        world.end().await;
    }
}

#[tokio::test]
async fn a_mailbox_at_a_free_provider_is_not_asked_about() {
    let world = World::with(atlas).await;
    world
        .post_form("website", "email=ada%40gmail.com&country=DE")
        .await;
    world.settle().await;
    assert_eq!(world.outside.received_requests().await.unwrap().len(), 0);
    assert_eq!(
        world.lead("ada@gmail.com").await["facts"]["email_class"],
        "free"
    );
    world.end().await;
}

#[tokio::test]
async fn a_provider_inside_the_network_is_not_called() {
    let world = World::with(|_| atlas("https://10.0.0.1")).await;
    world
        .post_form("website", "email=ada%40brightwater.example&country=DE")
        .await;
    world.settle().await;
    let lead = world.lead("ada@brightwater.example").await;
    assert_eq!(lead["owner"], "jonas");
    let history = world.history(&lead).await;
    assert!(history.iter().any(|entry| {
        entry["kind"] == "enriched"
            && entry["summary"]
                .as_str()
                .unwrap()
                .contains("could not be asked")
    }));
    world.end().await;
}
