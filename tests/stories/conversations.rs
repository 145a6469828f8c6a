//! Conversations: a bot that speaks its own language with a door, and people who write more than once.

use std::collections::BTreeSet;
use std::sync::Arc;

use capture::Capture;
use hmac::{Hmac, KeyInit, Mac};
use lambda_http::http::Method;
use lambda_http::{Context, LambdaEvent};
use platform::Secrets;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};
use sha2::Sha256;
use table::ConfigurationCache;
use tests::World;

/// The function as Lambda has it, over the same table and queues.
fn function(world: &World) -> Capture {
    let table = world.embedded.table.clone();
    Capture {
        queues: world.embedded.queues.clone(),
        configurations: Arc::new(ConfigurationCache::new(table.clone(), 0)),
        secrets: Secrets::fixed([
            ("pepper", "pepper-of-the-test-world"),
            ("atlas", "atlas-key"),
        ]),
        table,
        clock: world.embedded.clock.clone(),
        uploads: None,
        over_limit: capture::OverLimit::default(),
    }
}

async fn invoked(capture: &Capture, event: &Value) -> Result<Value, String> {
    let payload: Box<RawValue> = to_raw_value(event).unwrap();
    let event = LambdaEvent::new(payload, Context::default());
    match capture::invoke(capture, event).await {
        Ok(answer) => Ok(serde_json::from_str(answer.get()).unwrap()),
        Err(error) => Err(error.to_string()),
    }
}

fn turn(slots: Value) -> Value {
    json!({
        "messageVersion": "1.0",
        "invocationSource": "FulfillmentCodeHook",
        "sessionId": "session-1",
        "bot": { "name": "Reception", "localeId": "en_GB" },
        "sessionState": { "intent": { "name": "Demo", "slots": slots, "state": "ReadyForFulfillment" } },
    })
}

fn slot(value: &str) -> Value {
    json!({ "value": { "originalValue": value, "interpretedValue": value } })
}

#[tokio::test]
async fn lex_invokes_the_function_itself_and_hears_what_became_of_it() {
    let world = World::with(|outside| {
        let lex = "[sources.reception]\nkind = \"lex\"\nsecret = \"atlas\"";
        format!("{}\n{lex}\n", tests::webhook(outside))
    })
    .await;
    let capture = function(&world);
    let nobody = invoked(&capture, &turn(json!({ "Email": null }))).await;
    assert_eq!(
        nobody.unwrap()["sessionState"]["dialogAction"]["type"],
        "Close"
    );

    let slots =
        json!({ "Email": slot("olga@quarry-stone.example"), "FullName": slot("Olga Petrova") });
    let answer = invoked(&capture, &turn(slots.clone())).await.unwrap();
    assert_eq!(answer["sessionState"]["intent"]["state"], "Fulfilled");
    let wrong = json!({ "Email": slot("olga") });
    let answer = invoked(&capture, &turn(wrong)).await.unwrap();
    assert_eq!(
        answer["sessionState"]["dialogAction"]["slotToElicit"],
        "Email"
    );
    // Lex invokes again after a time-out.
    invoked(&capture, &turn(slots)).await.unwrap();
    world.settle().await;
    let lead = world.lead("olga@quarry-stone.example").await;
    assert_eq!(lead["contact"]["last_name"], "Petrova");
    // Whoever is told twice is told under one id.
    let ids: BTreeSet<String> = world
        .told()
        .await
        .into_iter()
        .filter(|(_, body)| body["type"] == "lead.assigned")
        .map(|(id, _)| id)
        .collect();
    assert_eq!(ids.len(), 1, "one lead, given away once");

    let request = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/v1/health",
        "rawQueryString": "",
        "headers": {},
        "requestContext": { "http": { "method": "GET", "path": "/v1/health" } },
        "isBase64Encoded": false,
    });
    let answer = invoked(&capture, &request).await.unwrap();
    assert_eq!(answer["statusCode"], 200);
    assert!(
        answer["body"]
            .as_str()
            .is_some_and(|body| body.contains("\"ok\""))
    );

    assert!(invoked(&capture, &json!({ "Records": [] })).await.is_err());
    let mut elsewhere = turn(json!({}));
    elsewhere["sessionState"]["sessionAttributes"] = json!({ "leadline_source": "website" });
    let refused = invoked(&capture, &elsewhere).await.unwrap_err();
    assert!(refused.contains("leadline_source"), "{refused}");
    world.end().await;
}

#[tokio::test]
async fn somebody_who_writes_three_times_is_one_lead() {
    let world = World::with(|outside| {
        let whatsapp = "[sources.wa]\nkind = \"whatsapp\"\nsecret = \"atlas\"\nhandshake_secret = \"typeform\"";
        format!("{}\n{whatsapp}\n", tests::webhook(outside))
    })
    .await;
    let handshake =
        "/v1/sources/wa?hub.mode=subscribe&hub.challenge=77&hub.verify_token=typeform-secret";
    let answer = world.send(Method::GET, handshake, &[], "").await;
    assert_eq!((answer.status, &answer.body), (200, &json!(77)));

    for (id, text) in [
        ("a", "Hello"),
        ("b", "A quote, please"),
        ("b", "A quote, please"),
        ("c", "kim@lumen-works.example"),
    ] {
        let body = json!({
            "object": "whatsapp_business_account",
            "entry": [{ "changes": [{ "field": "messages", "value": {
                "contacts": [{ "wa_id": "12025550143", "profile": { "name": "Kim Lund" } }],
                "messages": [{ "from": "12025550143", "id": format!("wamid.{id}"), "type": "text", "text": { "body": text } }],
            } }] }],
        })
        .to_string();
        let mut mac = Hmac::<Sha256>::new_from_slice(b"atlas-key").unwrap();
        mac.update(body.as_bytes());
        let digits: String = mac
            .finalize()
            .into_bytes()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let signature = format!("sha256={digits}");
        let headers = [
            ("content-type", "application/json"),
            ("x-hub-signature-256", signature.as_str()),
        ];
        let answer = world
            .send(Method::POST, "/v1/sources/wa", &headers, body)
            .await;
        assert_eq!(answer.status, 202, "{}", answer.body);
        world.settle().await;
    }
    let lead = world.lead("kim@lumen-works.example").await;
    assert_eq!(lead["contact"]["phone"], "+12025550143");
    assert_eq!(lead["contact"]["first_name"], "Kim");
    let received = world.history(&lead).await;
    let received = received
        .iter()
        .filter(|decision| decision["kind"] == "received");
    assert_eq!(received.count(), 3, "the repeat is none");
    world.end().await;
}

#[tokio::test]
async fn a_broker_that_asks_first_is_told_that_it_may_send() {
    let world = World::with(|outside| {
        let events = "[sources.broker]\nkind = \"cloudevents\"\nsecret = \"atlas\"\norigins = [\"https://www.example.com\"]";
        format!("{}\n{events}\n", tests::webhook(outside))
    })
    .await;
    let asks = [("webhook-request-origin", "broker.example.com")];
    let answer = world
        .send(Method::OPTIONS, "/v1/sources/broker", &asks, "")
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.headers["webhook-allowed-origin"],
        "broker.example.com"
    );
    // A browser's question is another one.
    let browser = [
        ("origin", "https://www.example.com"),
        ("access-control-request-method", "POST"),
    ];
    let answer = world
        .send(Method::OPTIONS, "/v1/sources/broker", &browser, "")
        .await;
    assert_eq!(answer.status, 204);
    assert!(answer.headers.contains_key("access-control-allow-origin"));
    let event = r#"{"specversion":"1.0","id":"1","source":"/f","type":"t","data":{"email":"ann@example.org"}}"#;
    let content_type = ("content-type", "application/cloudevents+json");
    let unproved = world
        .send(Method::POST, "/v1/sources/broker", &[content_type], event)
        .await;
    assert_eq!(unproved.status, 401);
    let proved = [content_type, ("authorization", "Bearer atlas-key")];
    let answer = world
        .send(Method::POST, "/v1/sources/broker", &proved, event)
        .await;
    assert_eq!(answer.status, 202);
    world.settle().await;
    world.lead("ann@example.org").await;
    world.end().await;
}
