use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Mutex;

use super::*;

/// An AWS on plain http that answers everything with `{}` and remembers what it was asked: head and body.
struct LocalAws {
    endpoint_url: String,
    requests: Arc<Mutex<Vec<(String, String)>>>,
}

impl LocalAws {
    async fn start() -> LocalAws {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint_url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let recorded = Arc::clone(&requests);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut received = String::new();
                let mut buffer = [0; 8192];
                loop {
                    let n_bytes = stream.read(&mut buffer).await.unwrap();
                    received.push_str(std::str::from_utf8(&buffer[..n_bytes]).unwrap());
                    let Some((head, body)) = received.split_once("\r\n\r\n") else {
                        continue;
                    };
                    if body.len() >= header(head, "content-length").parse().unwrap() {
                        recorded
                            .lock()
                            .await
                            .push((head.to_owned(), body.to_owned()));
                        break;
                    }
                }
                let answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        LocalAws {
            endpoint_url,
            requests,
        }
    }

    fn settings(&self) -> Settings {
        settings(&[
            ("AWS_ENDPOINT_URL", &self.endpoint_url),
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY),
            ("AWS_SESSION_TOKEN", "session-of-the-sandbox"),
        ])
    }

    async fn only_request(&self) -> (String, String) {
        let requests = self.requests.lock().await;
        assert_eq!(requests.len(), 1);
        requests[0].clone()
    }
}

const SECRET_ACCESS_KEY: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

fn settings(variables: &[(&str, &str)]) -> Settings {
    Settings::parse(|name| match name {
        "LEADLINE_TABLE" => Some("leadline".to_owned()),
        "AWS_REGION" => Some("eu-central-1".to_owned()),
        _ => variables
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| (*value).to_owned()),
    })
    .unwrap()
}

fn header<'a>(head: &'a str, name: &str) -> &'a str {
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    lines
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map_or("", |(_, value)| value)
}

fn hmac(key: &[u8], message: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The `Authorization` that Signature Version 4 asks of a POST to `/`, computed from its definition.
fn expected_authorization(head: &str, body: &str, service: &str) -> String {
    let authorization = header(head, "authorization");
    let signed = authorization
        .split_once("SignedHeaders=")
        .unwrap()
        .1
        .split_once(", ")
        .unwrap()
        .0;
    let canonical_headers: String = signed
        .split(';')
        .map(|name| format!("{name}:{}\n", header(head, name)))
        .collect();
    let body_hash = hex(&Sha256::digest(body));
    let canonical_request = format!("POST\n/\n\n{canonical_headers}\n{signed}\n{body_hash}");

    let time = header(head, "x-amz-date");
    let scope = format!("{}/eu-central-1/{service}/aws4_request", &time[..8]);
    let to_sign = format!(
        "AWS4-HMAC-SHA256\n{time}\n{scope}\n{}",
        hex(&Sha256::digest(canonical_request))
    );
    let mut key = format!("AWS4{SECRET_ACCESS_KEY}").into_bytes();
    for part in scope.split('/') {
        key = hmac(&key, part);
    }
    let signature = hex(&hmac(&key, &to_sign));
    format!(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/{scope}, SignedHeaders={signed}, Signature={signature}"
    )
}

#[tokio::test]
async fn dynamodb_gets_a_request_signed_with_the_credentials_of_the_environment_over_plain_http() {
    let aws = LocalAws::start().await;
    let client = dynamodb_client(&aws.settings());
    let key = aws_sdk_dynamodb::types::AttributeValue::S("lead_1".to_owned());
    let output = client
        .get_item()
        .table_name("leadline")
        .key("pk", key)
        .send()
        .await
        .unwrap();
    assert_eq!(output.item(), None);

    let (head, body) = aws.only_request().await;
    assert!(head.starts_with("POST / HTTP/1.1\r\n"), "{head}");
    assert_eq!(header(&head, "x-amz-target"), "DynamoDB_20120810.GetItem");
    assert_eq!(
        header(&head, "x-amz-security-token"),
        "session-of-the-sandbox"
    );
    assert_eq!(
        body,
        r#"{"TableName":"leadline","Key":{"pk":{"S":"lead_1"}}}"#
    );
    for name in ["host", "x-amz-date", "x-amz-target", "x-amz-security-token"] {
        assert!(
            header(&head, "authorization").contains(name),
            "{name} is not signed"
        );
    }
    assert_eq!(
        header(&head, "authorization"),
        expected_authorization(&head, &body, "dynamodb")
    );
}

#[tokio::test]
async fn sqs_and_secrets_manager_go_to_the_same_endpoint() {
    let aws = LocalAws::start().await;
    let queue_url = "https://sqs.eu-central-1.amazonaws.com/123456789012/score";
    sqs_client(&aws.settings())
        .send_message()
        .queue_url(queue_url)
        .message_body("{}")
        .send()
        .await
        .unwrap();
    let (head, body) = aws.only_request().await;
    assert_eq!(header(&head, "x-amz-target"), "AmazonSQS.SendMessage");
    assert_eq!(
        header(&head, "authorization"),
        expected_authorization(&head, &body, "sqs")
    );

    let aws = LocalAws::start().await;
    secrets_manager_client(&aws.settings())
        .get_secret_value()
        .secret_id("leadline")
        .send()
        .await
        .unwrap();
    let (head, body) = aws.only_request().await;
    assert_eq!(
        header(&head, "x-amz-target"),
        "secretsmanager.GetSecretValue"
    );
    assert_eq!(
        header(&head, "authorization"),
        expected_authorization(&head, &body, "secretsmanager")
    );
}

#[tokio::test]
async fn without_credentials_the_error_names_the_variables() {
    let client = dynamodb_client(&settings(&[("AWS_ENDPOINT_URL", "http://127.0.0.1:9")]));
    let error = client.list_tables().send().await.unwrap_err();
    let told = crate::chain(&error);
    assert!(
        told.contains("AWS_ACCESS_KEY_ID") && told.contains("AWS_SECRET_ACCESS_KEY"),
        "{told}"
    );
}

#[tokio::test]
async fn every_root_certificate_is_usable_and_a_peer_without_tls_is_an_error() {
    // The SDK panics over a certificate that it cannot parse, when the first https connection is made.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint_url = format!("https://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            stream
                .write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")
                .await
                .unwrap();
        }
    });
    let credentials = [
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY),
    ];
    let [key, secret] = credentials;
    let settings = settings(&[("AWS_ENDPOINT_URL", &endpoint_url), key, secret]);
    let error = dynamodb_client(&settings)
        .list_tables()
        .send()
        .await
        .unwrap_err();
    let told = crate::chain(&error);
    assert!(
        told.contains("TLS") || told.contains("InvalidContentType"),
        "{told}"
    );
}

#[tokio::test]
async fn a_service_that_never_answers_is_given_up_in_the_stated_time() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint_url = format!("http://{}", listener.local_addr().unwrap());
    let accepted = tokio::spawn(async move {
        let mut silent = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            silent.push(stream);
            if silent.len() == 3 {
                break;
            }
        }
        std::future::pending::<()>().await;
    });
    let settings = settings(&[
        ("AWS_ENDPOINT_URL", &endpoint_url),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY),
    ]);
    let started = std::time::Instant::now();
    let error = dynamodb_client(&settings)
        .list_tables()
        .send()
        .await
        .unwrap_err();
    let elapsed = started.elapsed();
    accepted.abort();
    assert!(
        matches!(error, aws_sdk_dynamodb::error::SdkError::TimeoutError(_)),
        "{error:?}"
    );
    assert!(
        elapsed > ATTEMPT_TIMEOUT && elapsed < OPERATION_TIMEOUT + Duration::from_secs(2),
        "{elapsed:?}"
    );
}
