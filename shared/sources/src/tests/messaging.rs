//! Chatbots and messaging: handshakes, answers in the sender's own format, and conversations that grow.

use super::*;
use crate::{Answered, Reply, reply};

const HEADER: (&str, &str) = ("X-Leadline-Secret", "bot-secret");

fn bot(kind: SourceKind, body: impl Into<Vec<u8>>) -> Request {
    Request::new(kind, "application/json", body)
        .header(HEADER.0, HEADER.1)
        .with(|request| {
            request.source.secret = Some("bot".to_owned());
            request.secrets = vec![HEADER.1];
        })
}

fn answer(request: &Request) -> Option<Reply> {
    let received = request.receive();
    let answered = match &received {
        Ok(accepted) => Answered::Accepted(accepted),
        Err(refusal) => Answered::Refused(refusal),
    };
    request.open(|door, incoming| reply(door, incoming, answered))
}

#[track_caller]
fn answered(request: &Request) -> serde_json::Value {
    let reply = answer(request).expect("an answer of its own");
    assert_eq!(reply.status, 200);
    serde_json::from_str(&reply.body).expect("JSON")
}

fn changed(sample: &[u8], from: &str, to: &str) -> String {
    let text = String::from_utf8(sample.to_vec()).unwrap();
    assert!(text.contains(from), "{from}");
    text.replace(from, to)
}

#[test]
fn whatsapp_and_messenger_answer_the_handshake_of_meta() {
    for kind in [SourceKind::Whatsapp, SourceKind::Messenger] {
        let ask = |query| {
            Request::new(kind, "", "").with(|request| {
                request.method = "GET";
                request.query = Some(query);
                request.handshake_secrets = vec!["our-word"];
            })
        };
        let asked = ask("hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=our-word");
        let reply = answer(&asked).unwrap();
        assert_eq!((reply.status, reply.body.as_str()), (200, "1158201444"));
        let guessed = ask("hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=guess");
        assert_eq!(guessed.refusal().status(), 401);
    }
}

#[test]
fn intercom_looks_with_head_and_cloudevents_ask_with_options() {
    let head = Request::new(SourceKind::Intercom, "", "").with(|request| request.method = "HEAD");
    assert_eq!(answer(&head).unwrap().status, 200);
    let ask = |origin: &str| {
        Request::new(SourceKind::Cloudevents, "", "")
            .header("WebHook-Request-Origin", origin)
            .header("WebHook-Request-Callback", "https://evil.example/")
            .with(|request| request.method = "OPTIONS")
    };
    let reply = answer(&ask("eventemitter.example.com")).unwrap();
    assert_eq!(reply.status, 200);
    assert!(reply.headers.contains(&(
        "webhook-allowed-origin",
        "eventemitter.example.com".to_owned()
    )));
    assert!(
        reply
            .headers
            .contains(&("webhook-allowed-rate", "*".to_owned()))
    );
    assert_eq!(ask("a b<script>").refusal().status(), 400);
    let preflight =
        Request::new(SourceKind::Cloudevents, "", "").with(|request| request.method = "OPTIONS");
    assert_eq!(preflight.refusal().status(), 405);
}

#[test]
fn dialogflow_is_told_in_its_format_what_became_of_it() {
    let cx = bot(
        SourceKind::Dialogflow,
        sample!("dialogflow/cx.json").to_vec(),
    );
    let body = answered(&cx);
    let parameters = &body["sessionInfo"]["parameters"];
    assert_eq!(parameters["leadline_status"], "accepted");
    assert_eq!(
        parameters["leadline_submission"],
        cx.submission().id.to_string()
    );
    assert!(body.get("fulfillmentResponse").is_none());

    let first_turn = bot(
        SourceKind::Dialogflow,
        sample!("dialogflow/cx-first-turn.json").to_vec(),
    );
    let body = answered(&first_turn);
    assert_eq!(
        body["sessionInfo"]["parameters"]["leadline_status"],
        "waiting"
    );

    let wrong = changed(
        sample!("dialogflow/cx.json"),
        "yuki@harbor-robotics.example",
        "yuki at home",
    );
    let body = answered(&bot(SourceKind::Dialogflow, wrong));
    assert_eq!(
        body["sessionInfo"]["parameters"]["leadline_status"],
        "invalid"
    );
    assert_eq!(
        body["pageInfo"]["formInfo"]["parameterInfo"],
        serde_json::json!([{ "displayName": "email", "state": "INVALID" }])
    );
    let says = body["fulfillmentResponse"]["messages"][0]["text"]["text"][0].as_str();
    assert!(says.is_some_and(|says| says.contains("name@example.com") && !says.contains("yuki")));

    let es = bot(
        SourceKind::Dialogflow,
        sample!("dialogflow/es.json").to_vec(),
    );
    assert_eq!(answered(&es), serde_json::json!({}));
    let wrong = changed(
        sample!("dialogflow/es.json"),
        "marta@cedar-clinic.example",
        "marta@",
    );
    let body = answered(&bot(SourceKind::Dialogflow, wrong));
    assert!(body["fulfillmentText"].is_string());
    assert_eq!(
        body["fulfillmentMessages"][0]["text"]["text"][0],
        body["fulfillmentText"]
    );
}

#[test]
fn a_conversation_that_grows_is_the_same_sender_and_a_turn_without_news_is_a_repeat() {
    let sample = sample!("dialogflow/cx.json");
    let first = bot(SourceKind::Dialogflow, sample.to_vec()).submission();
    let again = changed(
        sample,
        "\"text\": \"+44 20 7946 0355\"",
        "\"text\": \"thanks\"",
    );
    let again = again.replace("4f6c1b1e-0000-4000-8000-000000000017", "another-turn");
    assert_eq!(bot(SourceKind::Dialogflow, again).submission().id, first.id);
    let more = changed(sample, "\"headcount\": 120", "\"headcount\": 130");
    let more = bot(SourceKind::Dialogflow, more).submission();
    assert_ne!(more.id, first.id);
    assert_eq!(more.external_id, first.external_id);

    let sample = sample!("landbot/message.json");
    let first = bot(SourceKind::Landbot, sample.to_vec()).submission();
    let bots = changed(sample, "\"type\": \"customer\"", "\"type\": \"bot\"");
    let theirs = bot(SourceKind::Landbot, bots.clone()).submission();
    let other_words = bots.replace("When could you come by?", "Tomorrow at noon.");
    assert_eq!(
        bot(SourceKind::Landbot, other_words).submission().id,
        theirs.id
    );
    assert_ne!(theirs.id, first.id);
}

#[test]
fn lex_is_told_in_its_format_what_to_do_next() {
    let fulfilled = answered(&bot(
        SourceKind::Lex,
        sample!("lex/fulfillment.json").to_vec(),
    ));
    let state = &fulfilled["sessionState"];
    assert_eq!(state["dialogAction"]["type"], "Close");
    assert_eq!(state["intent"]["state"], "Fulfilled");
    assert_eq!(state["intent"]["name"], "RequestDemo");
    assert_eq!(state["sessionAttributes"]["utm_campaign"], "spring");
    assert!(fulfilled.get("messages").is_none());

    let dialogue = answered(&bot(SourceKind::Lex, sample!("lex/dialog.json").to_vec()));
    assert_eq!(dialogue["sessionState"]["dialogAction"]["type"], "Delegate");

    let wrong = changed(
        sample!("lex/fulfillment.json"),
        "\"olga@quarry-stone.example\"",
        "\"olga\"",
    );
    let asked = answered(&bot(SourceKind::Lex, wrong));
    let action = &asked["sessionState"]["dialogAction"];
    assert_eq!(action["type"], "ElicitSlot");
    assert_eq!(action["slotToElicit"], "Email");
    assert!(asked["sessionState"]["intent"]["slots"]["Email"].is_null());
    assert_eq!(asked["messages"][0]["contentType"], "PlainText");

    let v1 = answered(&bot(SourceKind::Lex, sample!("lex/v1.json").to_vec()));
    assert_eq!(v1["dialogAction"]["fulfillmentState"], "Fulfilled");
    let wrong = changed(sample!("lex/v1.json"), "+12025550177", "12");
    let asked = answered(&bot(SourceKind::Lex, wrong));
    assert_eq!(asked["dialogAction"]["slotToElicit"], "Phone");

    let request = bot(SourceKind::Lex, sample!("lex/fulfillment.json").to_vec());
    let failed = request
        .open(|door, incoming| reply(door, incoming, Answered::Unavailable))
        .unwrap();
    assert_eq!(failed.status, 503);
    assert!(failed.body.contains("\"Failed\""));
    for odd in [
        r#"{"sessionState": {"intent": "x"}}"#,
        r#"{"sessionState": 3}"#,
        "[]",
    ] {
        assert_eq!(bot(SourceKind::Lex, odd).refusal().status(), 400, "{odd}");
    }
}

#[test]
fn authorization_proves_as_well_as_a_header_of_ours() {
    let body = sample!("manychat/request.json").to_vec();
    let with = |authorization: &str| {
        Request::new(SourceKind::Manychat, "application/json", body.clone())
            .header("Authorization", authorization)
            .with(|request| {
                request.source.secret = Some("bot".to_owned());
                request.secrets = vec!["bot-secret", "next:secret"];
            })
    };
    for good in [
        "Bearer bot-secret",
        "token bot-secret",
        "bot-secret",
        "Basic YW55Ym9keTpib3Qtc2VjcmV0",
        "Basic YW55Ym9keTpuZXh0OnNlY3JldA==",
    ] {
        assert!(with(good).receive().is_ok(), "{good}");
    }
    for bad in [
        "Bearer wrong",
        "Basic Ym90LXNlY3JldA==",
        "Basic !!!",
        "Basic",
        "Digest bot-secret",
        "",
    ] {
        assert_eq!(with(bad).refusal().status(), 401, "{bad}");
    }
    // A wrong secret in our header is not made good by another proof.
    let both = with("Bearer bot-secret").header("X-Leadline-Secret", "wrong");
    assert_eq!(both.refusal().code(), "proof_wrong");
}

#[test]
fn twilio_gets_its_empty_answer_and_covers_other_bodies_by_their_digest() {
    let url = "https://leads.example.com/v1/sources/sms";
    let body = br#"{"MessageSid": "SM1", "From": "+12025550161", "Body": "hello"}"#;
    use sha2::{Digest, Sha256};
    let digest = crate::proof::hex(&Sha256::digest(body));
    let query: &'static str = Box::leak(format!("bodySHA256={digest}").into_boxed_str());
    let signature = |query: &str| {
        let scheme = crate::proof::Scheme {
            header: "X-Twilio-Signature",
            prefix: "",
            hash: crate::proof::Hash::Sha1,
            written: crate::proof::Written::Base64,
        };
        crate::proof::signature(&scheme, b"token", &[format!("{url}?{query}").as_bytes()])
    };
    let request = Request::new(SourceKind::Twilio, "application/json", body.to_vec())
        .header("X-Twilio-Signature", &signature(query))
        .with(|request| {
            request.source.secret = Some("sms".to_owned());
            request.source.public_url = Some(url.to_owned());
            request.secrets = vec!["token"];
            request.query = Some(query);
        });
    let reply = answer(&request).unwrap();
    assert_eq!(reply.status, 200);
    assert_eq!(reply.content_type, "text/xml; charset=utf-8");
    assert!(reply.body.ends_with("<Response/>"));
    let mut tampered = request.clone();
    tampered.body.push(b' ');
    assert_eq!(tampered.refusal().code(), "proof_wrong");
    assert!(answer(&tampered).is_none());
}
