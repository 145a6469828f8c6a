//! Spam and abuse: kept for a person to look at, limited, and never silently dropped.

use domain::config::DEFAULT;
use lambda_http::http::Method;
use serde_json::json;
use tests::World;

fn spam(rules: &str) -> String {
    DEFAULT.replacen(
        "[sources.website.spam]\n",
        &format!("[sources.website.spam]\n{rules}\n"),
        1,
    )
}

async fn outcome(world: &World, body: &str) -> serde_json::Value {
    let answer = world.post_form("website", body).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    world.settle().await;
    let id = answer.body["submissions"][0].as_str().unwrap();
    world.get(&format!("/v1/submissions/{id}")).await.body
}

fn codes(submission: &serde_json::Value) -> Vec<&str> {
    submission["reasons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|reason| reason["code"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_robot_gets_the_usual_answer_and_a_person_can_release_what_it_sent() {
    let world = World::new().await;
    let kept = outcome(&world, "email=ada%40brightwater.example&_gotcha=x").await;
    assert_eq!(kept["outcome"], "quarantined");
    assert_eq!(codes(&kept), ["honeypot_filled"]);
    let found = world.get("/v1/leads?email=ada%40brightwater.example").await;
    assert_eq!(found.body["leads"], json!([]));
    let target = format!("/v1/submissions/{}/resubmit", kept["id"].as_str().unwrap());
    assert_eq!(world.command(&target, &json!({})).await.status, 202);
    world.settle().await;
    world.lead("ada@brightwater.example").await;
    world.end().await;
}

#[tokio::test]
async fn a_source_takes_no_more_than_it_says_and_says_how_much_is_left() {
    let world = World::configured(|_| spam("rate = { requests = 2, seconds = 60 }")).await;
    let send = |number: u32| {
        let world = &world;
        async move {
            let body = format!("email=a{number}%40brightwater.example");
            world.post_form("website", &body).await
        }
    };
    let first = send(1).await;
    assert_eq!(first.status, 202);
    assert_eq!(first.headers["ratelimit-policy"], "\"source\";q=2;w=60");
    assert_eq!(first.headers["ratelimit"], "\"source\";r=1;t=60");
    assert_eq!(send(2).await.headers["ratelimit"], "\"source\";r=0;t=60");
    for number in 3..6 {
        let refused = send(number).await;
        assert_eq!(refused.status, 429, "{}", refused.body);
        assert_eq!(refused.headers["retry-after"], "60");
        assert_eq!(refused.body["code"], "rate_limited");
    }
    world.clock.advance(jiff::SignedDuration::from_secs(60));
    assert_eq!(send(7).await.status, 202);
    world.settle().await;
    world.lead("a2@brightwater.example").await;
    world.end().await;
}

#[tokio::test]
async fn the_same_message_from_many_people_is_looked_at_and_a_repeat_is_no_flood() {
    let world = World::configured(|_| spam("flood = { submissions = 2, minutes = 60 }")).await;
    let message = "message=We+boost+your+ranking+in+all+search+engines";
    for name in ["a", "b", "a", "b"] {
        let body = format!("email={name}%40brightwater.example&{message}");
        let taken = outcome(&world, &body).await;
        assert_ne!(taken["outcome"], "quarantined", "{name}: {taken}");
    }
    let kept = outcome(
        &world,
        &format!("email=c%40brightwater.example&{message}%21"),
    )
    .await;
    assert_eq!(kept["outcome"], "quarantined");
    assert_eq!(codes(&kept), ["message_flood"]);
    let short = outcome(&world, "email=d%40brightwater.example&message=Call+me").await;
    assert_eq!(short["outcome"], "created");
    world.end().await;
}

mod captcha {
    use super::*;
    use wiremock::matchers::{body_string_contains, path};
    use wiremock::{Mock, ResponseTemplate};

    const TOKEN: &str = "cf-turnstile-response=token-of-a-browser";

    async fn with_captcha(more: &str) -> World {
        World::configured(|outside| {
            spam(&format!(
                "captcha = {{ kind = \"turnstile\", secret = \"atlas\", url = \"{outside}/siteverify\"{more} }}"
            ))
        })
        .await
    }

    async fn says(world: &World, status: u16, body: serde_json::Value) {
        Mock::given(path("/siteverify"))
            .and(body_string_contains("response=token-of-a-browser"))
            .respond_with(ResponseTemplate::new(status).set_body_json(body))
            .mount(&world.outside)
            .await;
    }

    async fn asked(world: &World) -> Vec<String> {
        let requests = world.outside.received_requests().await.unwrap();
        requests
            .iter()
            .filter(|request| request.url.path() == "/siteverify")
            .map(|request| String::from_utf8_lossy(&request.body).into_owned())
            .collect()
    }

    #[tokio::test]
    async fn a_solved_captcha_is_verified_once_and_its_token_serves_one_submission() {
        let world = with_captcha("").await;
        says(&world, 200, json!({ "success": true })).await;
        let form = format!("email=ada%40brightwater.example&{TOKEN}");
        assert_eq!(outcome(&world, &form).await["outcome"], "created");
        let lead = world.lead("ada@brightwater.example").await;
        assert_eq!(lead["facts"]["captcha"], "passed", "{lead}");
        let all = world.handled();
        for (queue, body) in all {
            assert_eq!(world.invoke(queue, &[body]).await, 0);
        }
        world.settle().await;
        let questions = asked(&world).await;
        assert_eq!(questions.len(), 1, "{questions:?}");
        assert!(questions[0].contains("secret=atlas-key"));
        assert!(questions[0].contains("idempotency_key="));
        let replayed = outcome(&world, &format!("email=kim%40harbour.example&{TOKEN}")).await;
        assert_eq!(codes(&replayed), ["captcha_failed"]);
        world.end().await;
    }

    #[tokio::test]
    async fn without_a_solution_a_form_is_kept_and_a_person_can_release_it() {
        let world = with_captcha("").await;
        says(
            &world,
            200,
            json!({ "success": false, "error-codes": ["invalid-input-response"] }),
        )
        .await;
        let missing = outcome(&world, "email=kim%40harbour.example").await;
        assert_eq!(codes(&missing), ["captcha_missing"]);
        let wrong = outcome(&world, &format!("email=ada%40brightwater.example&{TOKEN}")).await;
        assert_eq!(codes(&wrong), ["captcha_failed"]);
        let target = format!("/v1/submissions/{}/resubmit", wrong["id"].as_str().unwrap());
        assert_eq!(world.command(&target, &json!({})).await.status, 202);
        world.settle().await;
        world.lead("ada@brightwater.example").await;
        world.end().await;
    }

    #[tokio::test]
    async fn a_provider_that_does_not_answer_loses_no_lead() {
        let world = with_captcha("").await;
        says(&world, 503, json!({})).await;
        let form = format!("email=ada%40brightwater.example&{TOKEN}");
        assert_eq!(outcome(&world, &form).await["outcome"], "created");
        let lead = world.lead("ada@brightwater.example").await;
        assert_eq!(lead["facts"]["captcha"], "unverified", "{lead}");
        world.end().await;

        let world = with_captcha(", outage = \"quarantine\"").await;
        says(
            &world,
            200,
            json!({ "success": false, "error-codes": ["invalid-input-secret"] }),
        )
        .await;
        assert_eq!(codes(&outcome(&world, &form).await), ["captcha_unverified"]);
        world.end().await;
    }
}

#[tokio::test]
async fn a_domain_that_takes_no_mail_is_marked_or_kept_and_a_silent_dns_costs_nothing() {
    let world = World::configured(|_| spam("mail_domain = \"mark\"")).await;
    for (domain, expected) in [
        ("brightwater.example", "accepted"),
        ("nomail.example", "refused"),
        ("silent.example", "unknown"),
    ] {
        let address = format!("ada@{domain}");
        let taken = outcome(&world, &format!("email={address}")).await;
        assert_eq!(taken["outcome"], "created", "{domain}");
        let lead = world.lead(&address).await;
        assert_eq!(lead["facts"]["email_mx"], expected, "{lead}");
    }
    world.end().await;

    let world = World::configured(|_| spam("mail_domain = \"quarantine\"")).await;
    let kept = outcome(&world, "email=ada%40nomail.example").await;
    assert_eq!(codes(&kept), ["email_takes_no_mail"]);
    let silent = outcome(&world, "email=ada%40silent.example").await;
    assert_eq!(silent["outcome"], "created");
    let target = format!("/v1/submissions/{}/resubmit", kept["id"].as_str().unwrap());
    assert_eq!(world.command(&target, &json!({})).await.status, 202);
    world.settle().await;
    world.lead("ada@nomail.example").await;
    let all = world.handled();
    let before = world.everything().await;
    for (queue, body) in all {
        assert_eq!(world.invoke(queue, &[body]).await, 0);
        world.settle().await;
    }
    assert_eq!(
        world.everything().await,
        before,
        "a repeat releases nothing"
    );
    world.end().await;
}

#[tokio::test]
async fn a_file_of_anybody_does_not_go_around_what_a_source_limits() {
    for rule in [
        "rate = { requests = 2, seconds = 60 }",
        "flood = { submissions = 3, minutes = 60 }",
    ] {
        let world = World::configured(|_| spam(rule)).await;
        let file =
            "email\na1@brightwater.example\na2@brightwater.example\na3@brightwater.example\n";
        let headers = [("content-type", "text/csv")];
        let target = "/v1/sources/website/batch";
        let answer = world.send(Method::POST, target, &headers, file).await;
        assert_eq!(answer.status, 403, "{}", answer.body);
        assert_eq!(answer.body["code"], "batch_unproved");
        world.end().await;
    }
}
