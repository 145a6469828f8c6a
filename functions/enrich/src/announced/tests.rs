//! Announced leads against the real table and queues; the platform is a server in this process.

use std::sync::{Arc, Mutex};

use domain::config::check;
use domain::decision::Outcome;
use domain::id::SubmissionId;
use engines::{EmbeddedQueues, EmbeddedTable};
use outbound::{Client, Policy};
use platform::{Clock, Secrets};
use queue::Queues;
use table::{ConfigurationCache, Table};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::Providers;

/// What the platform was asked, whole.
type Asked = Arc<Mutex<Vec<String>>>;

/// A platform that gives the same answer to every question.
async fn platform(status: &'static str, body: &'static str) -> (String, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Asked::default();
    let kept = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut peer, _)) = listener.accept().await {
            let mut head = Vec::new();
            let mut piece = [0; 4096];
            while !head.windows(4).any(|window| window == b"\r\n\r\n") {
                match peer.read(&mut piece).await {
                    Ok(0) | Err(_) => break,
                    Ok(length) => head.extend_from_slice(&piece[..length]),
                }
            }
            kept.lock()
                .unwrap()
                .push(String::from_utf8_lossy(&head).into_owned());
            let answer = format!(
                "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
            let _ = peer.write_all(answer.as_bytes()).await;
        }
    });
    (url, asked)
}

async fn enrich(url: &str, secrets: &[(&'static str, &'static str)]) -> Enrich {
    let table = Table::new(
        EmbeddedTable::memory().unwrap().dynamodb_client(),
        "leadline",
    );
    table.create_if_missing().await.unwrap();
    let text = format!(
        "{}\n[sources.facebook]\nkind = \"meta-leadgen\"\nsecret = \"meta\"\nhandshake_secret = \"meta-word\"\nanswers = {{ token = \"meta-token\", url = \"{url}\" }}\n",
        domain::config::DEFAULT
    );
    let config = check::read(&text).unwrap().config;
    let now = noon();
    table.push_configuration(&config, &text, now).await.unwrap();
    let queues = EmbeddedQueues::memory().sqs_client();
    let made = queues
        .create_queue()
        .queue_name("enrich")
        .send()
        .await
        .unwrap();
    let address = made.queue_url().unwrap().to_owned();
    let all = [("pepper", "a-pepper-for-tests")]
        .into_iter()
        .chain(secrets.iter().copied());
    Enrich {
        queues: Queues::new(queues, [(Queue::Enrich, address)]),
        configurations: Arc::new(ConfigurationCache::new(table.clone(), 30)),
        secrets: Secrets::fixed(all),
        clock: Clock::fixed(now),
        providers: Providers::new(Client::new(Policy::allowing(vec![
            "127.0.0.0/8".parse().unwrap(),
        ]))),
        table,
    }
}

fn noon() -> jiff::Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

fn announced() -> Announced {
    Announced {
        id: SubmissionId::from_bits(17),
        source: "facebook".to_owned(),
        received_at: noon(),
        external_id: "1203600000000451".to_owned(),
        ids: [("form_id".to_owned(), "88".to_owned())].into(),
    }
}

const ANSWER: &str = r#"{"id":"1203600000000451","created_time":"2026-03-01T11:59:00+0000","campaign_name":"Spring","field_data":[{"name":"email","values":["jo@brightwater.example"]},{"name":"full_name","values":["Jo Bright"]}]}"#;

#[tokio::test]
async fn what_was_announced_is_fetched_with_the_token_and_becomes_a_lead() {
    let (url, asked) = platform("200 OK", ANSWER).await;
    let enrich = enrich(&url, &[("meta-token", "page-token-17")]).await;
    let outgoing = enrich.fetch(announced(), 0).await.unwrap();
    let Message::AssignNew { decisions, .. } = &outgoing[0].message else {
        panic!("{outgoing:?}");
    };
    let domain::decision::Ruling::Received(received) = &decisions[0].ruling else {
        panic!("{decisions:?}");
    };
    assert_eq!(received.submission, SubmissionId::from_bits(17));
    assert_eq!(received.external_id.as_deref(), Some("1203600000000451"));
    let said: Vec<String> = received
        .fields
        .iter()
        .map(|(field, value)| format!("{field} = {value}"))
        .collect();
    assert_eq!(
        said,
        [
            "email = jo@brightwater.example",
            "first_name = Jo",
            "last_name = Bright",
            "custom.campaign_name = Spring",
            "custom.form_id = 88",
        ]
    );
    let asked = asked.lock().unwrap();
    assert_eq!(asked.len(), 1);
    assert!(asked[0].starts_with("GET /1203600000000451?fields=field_data,"));
    assert!(asked[0].contains("authorization: Bearer page-token-17\r\n"));
    assert!(!asked[0].lines().next().unwrap().contains("page-token"));
}

#[tokio::test]
async fn what_cannot_be_fetched_is_tried_again_and_given_to_a_person_at_last() {
    for (status, body, token, code) in [
        ("500 Internal Server Error", "", "t", "refused"),
        ("401 Unauthorized", "{}", "t", "token_refused"),
        ("200 OK", "<html>not JSON</html>", "t", "unreadable"),
        ("200 OK", "{}", "t", "unreadable"),
        ("200 OK", ANSWER, "", "token_missing"),
    ] {
        let (url, _) = platform(status, body).await;
        let secrets: &[(&str, &str)] = if token.is_empty() {
            &[]
        } else {
            &[("meta-token", "t")]
        };
        let enrich = enrich(&url, secrets).await;
        assert_eq!(enrich.fetch(announced(), 0).await.unwrap(), [], "{code}");
        let id = SubmissionId::from_bits(17);
        let record = enrich.table.submission(id).await.unwrap().record;
        assert!(record.is_none(), "{code}: it is still on its way");
        assert_eq!(enrich.fetch(announced(), MOST_TRIES).await.unwrap(), []);
        let record = enrich.table.submission(id).await.unwrap().record.unwrap();
        assert_eq!(record.outcome, Outcome::Quarantined);
        let quarantined = record.quarantined.unwrap();
        assert_eq!(quarantined.problems[0].code, code);
        assert_eq!(quarantined.raw["custom.announced_id"], "1203600000000451");
    }
}
