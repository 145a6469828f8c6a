//! Certificates of TrustedForm: claimed at their own host, apart from the way of the lead, and told with the lead.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use outbound::{Client, Error, HeaderMap, Peer, Policy, Request, Response, StatusCode};
use queue::Queue;
use serde_json::{Value, json};
use tests::World;
use tokio::time::sleep;

const CERTIFICATE: &str = "https://cert.trustedform.com/0123456789abcdef0123456789abcdef01234567";

/// TrustedForm, and everybody else: it keeps every request, and answers those that are for TrustedForm.
#[derive(Clone, Default)]
struct Outside(Arc<Mutex<Vec<Request>>>);

impl Peer for Outside {
    fn answer(
        &self,
        request: Request,
    ) -> Pin<Box<dyn Future<Output = Result<Response, Error>> + Send>> {
        self.0.lock().unwrap().push(request);
        let body = json!({
            "outcome": "success", "reason": null,
            "match_lead": { "result": { "email_match": true, "success": true } },
            "retain": { "results": {
                "expires_at": "2031-03-02T11:00:00Z", "previously_retained": false,
                "masked_cert_url": "https://cert.trustedform.com/89abcdef0123456789abcdef0123456789abcdef",
            } },
        });
        Box::pin(async move {
            Ok(Response {
                status: StatusCode::OK,
                headers: HeaderMap::new(),
                body: body.to_string().into_bytes(),
                truncated: false,
            })
        })
    }
}

impl Outside {
    fn asked(&self) -> Vec<Request> {
        self.0.lock().unwrap().clone()
    }
}

async fn world(outside: &Outside) -> World {
    let partner = "[sources.partner]\nkind = \"form\"\ntrustedform = { token = \"trustedform\" }\n";
    World::wired(
        |_| format!("{}\n{partner}", domain::config::DEFAULT),
        |wiring| wiring.outbound = Client::in_process(Policy::default(), outside.clone()),
    )
    .await
}

/// Posts a form and waits for its lead: not until nothing is on its way, since a claim is for a minute.
async fn comes(world: &World, source: &str, body: &str) -> String {
    let answer = world.post_form(source, body).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    let id = answer.body["submissions"][0].as_str().unwrap().to_owned();
    for _ in 0..1_000 {
        let known = world.get(&format!("/v1/submissions/{id}")).await.body;
        let lead = known["lead"].as_str().unwrap_or_default().to_owned();
        let lead = world.get(&format!("/v1/leads/{lead}")).await.body;
        if !lead["owner"].is_null() {
            return id;
        }
        sleep(Duration::from_millis(20)).await;
    }
    panic!("{body} became no lead");
}

/// Hands over the message that was queued for later, as the queue does when its minute is over.
async fn claim(world: &World, submission: &str) {
    let message =
        json!({ "type": "certificate.v1", "submission": submission, "source": "partner" });
    assert_eq!(
        world.invoke(Queue::Enrich, &[message.to_string()]).await,
        0,
        "nothing is given back"
    );
}

#[tokio::test]
async fn a_lead_waits_for_no_claim_and_what_came_of_it_stands_with_the_lead() {
    let outside = Outside::default();
    let world = world(&outside).await;
    let body = format!(
        "email=greta%40brightwater.example&country=Germany&consent=yes&xxTrustedFormCertUrl={CERTIFICATE}"
    );
    let submission = comes(&world, "partner", &body).await;
    let lead = world.lead("greta@brightwater.example").await;
    assert_ne!(lead["owner"], Value::Null, "{lead}");
    assert_eq!(outside.asked().len(), 0);

    claim(&world, &submission).await;
    let lead = world.lead("greta@brightwater.example").await;
    let certificate = &lead["certificates"][CERTIFICATE];
    assert_eq!(certificate["outcome"], "retained", "{lead}");
    assert_eq!(certificate["expires_at"], "2031-03-02T11:00:00Z");
    assert_eq!(certificate["email_matches"], true);
    assert_eq!(certificate["phone_matches"], Value::Null);
    let history = world.history(&lead).await;
    let entry = history.last().unwrap();
    assert_eq!(
        entry["summary"],
        "TrustedForm keeps the certificate of what was agreed to until 2031-03-02 11:00:00 UTC."
    );

    // The message and the form once more: it is claimed once.
    let before = world.everything().await;
    claim(&world, &submission).await;
    comes(&world, "partner", &body).await;
    claim(&world, &submission).await;
    assert_eq!(world.everything().await, before);
    assert_eq!(outside.asked().len(), 1);
    world.end().await;
}

#[tokio::test]
async fn the_key_leaves_for_the_witness_only_and_for_sources_that_say_so_only() {
    let outside = Outside::default();
    let world = world(&outside).await;
    for (number, address) in [
        "https://cert.trustedform.com.example.org/0123456789abcdef",
        "https://example.org/cert.trustedform.com/0123456789abcdef",
        "https://cert.trustedform.com:8443/0123456789abcdef",
        "https://cert.trustedform.com@example.org/0123456789abcdef",
        "http://cert.trustedform.com/0123456789abcdef",
        "https://cert.trustedform.com/0123456789abcdef/../../owner",
    ]
    .iter()
    .enumerate()
    {
        let body = format!(
            "email=p{number}%40brightwater.example&consent=yes&xxTrustedFormCertUrl={address}"
        );
        let submission = comes(&world, "partner", &body).await;
        claim(&world, &submission).await;
    }
    let body = format!(
        "email=website%40brightwater.example&country=Germany&consent=yes&xxTrustedFormCertUrl={CERTIFICATE}"
    );
    let submission = comes(&world, "website", &body).await;
    let message =
        json!({ "type": "certificate.v1", "submission": submission, "source": "website" });
    world.invoke(Queue::Enrich, &[message.to_string()]).await;
    assert_eq!(outside.asked().len(), 0);

    // As vendors send it: without a word of consent. The key goes with it, and who it is.
    let body = format!(
        "email=greta%40brightwater.example&country=US&phone=%2B1+202-555-0143&xxTrustedFormCertUrl_0={CERTIFICATE}"
    );
    let submission = comes(&world, "partner", &body).await;
    claim(&world, &submission).await;
    let asked = outside.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].url, CERTIFICATE);
    let proof = asked[0]
        .headers
        .iter()
        .find(|(name, _)| name == "authorization");
    assert_eq!(proof.unwrap().1, "Basic QVBJOnRydXN0ZWRmb3JtLWtleQ==");
    let body: Value = serde_json::from_slice(&asked[0].body).unwrap();
    assert_eq!(
        body["match_lead"],
        json!({ "email": "greta@brightwater.example", "phone": "+12025550143" })
    );
    assert_eq!(body["retain"]["vendor"], "partner");
    world.end().await;
}
