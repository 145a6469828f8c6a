use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::RetryConfig;
use jiff::SignedDuration;

use super::*;
use crate::ManualClock;
use crate::clients::sdk_config;

/// How the fake answers one call.
#[derive(Clone, Copy, Debug)]
enum Answer {
    /// 200 with this as the `SecretString`.
    Secret(&'static str),
    /// 200 with a binary secret.
    Binary,
    /// 400 with an error of the service.
    AccessDenied,
    /// Never.
    Silence,
}

/// Secrets Manager as seen over HTTP: answers in turn, each after 20 ms, and panics when asked once more than it was told.
#[derive(Clone, Debug)]
struct FakeSecretsManager {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    n_calls: Arc<AtomicUsize>,
}

impl HttpConnector for FakeSecretsManager {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        assert_eq!(
            request.headers().get("x-amz-target"),
            Some("secretsmanager.GetSecretValue")
        );
        assert_eq!(
            request.body().bytes(),
            Some(br#"{"SecretId":"leadline/test"}"#.as_slice())
        );
        self.n_calls.fetch_add(1, Ordering::SeqCst);
        let answer = self
            .answers
            .lock()
            .unwrap()
            .pop_front()
            .expect("a call more than expected");
        HttpConnectorFuture::new(async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            let (status, body) = match answer {
                Answer::Secret(secret) => (
                    200,
                    serde_json::json!({ "SecretString": secret }).to_string(),
                ),
                Answer::Binary => (200, r#"{"SecretBinary":"AAAA"}"#.to_owned()),
                Answer::AccessDenied => (
                    400,
                    r#"{"__type":"AccessDeniedException","Message":"not yours"}"#.to_owned(),
                ),
                Answer::Silence => std::future::pending().await,
            };
            Ok(HttpResponse::new(
                StatusCode::try_from(status).unwrap(),
                SdkBody::from(body),
            ))
        })
    }
}

impl FakeSecretsManager {
    fn n_calls(&self) -> usize {
        self.n_calls.load(Ordering::SeqCst)
    }
}

fn fake(answers: &[Answer]) -> (Secrets, FakeSecretsManager, ManualClock) {
    let (client, fake, clock, hand) = fake_client(answers);
    (
        Secrets::secrets_manager(client, "leadline/test", clock),
        fake,
        hand,
    )
}

fn fake_client(
    answers: &[Answer],
) -> (
    aws_sdk_secretsmanager::Client,
    FakeSecretsManager,
    Clock,
    ManualClock,
) {
    let fake = FakeSecretsManager {
        answers: Arc::new(Mutex::new(answers.iter().copied().collect())),
        n_calls: Arc::new(AtomicUsize::new(0)),
    };
    let settings = Settings::parse(|name| match name {
        "LEADLINE_TABLE" | "AWS_REGION" | "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => {
            Some("test".to_owned())
        }
        _ => None,
    })
    .unwrap();
    let connector = SharedHttpConnector::new(fake.clone());
    let config = sdk_config(&settings)
        .into_builder()
        .http_client(http_client_fn(move |_, _| connector.clone()))
        .retry_config(RetryConfig::disabled())
        .build();
    let client = aws_sdk_secretsmanager::Client::new(&config);
    let (clock, hand) = Clock::manual("2026-10-01T12:00:00Z".parse().unwrap());
    (client, fake, clock, hand)
}

async fn exposed(secrets: &Secrets, name: &str) -> Option<String> {
    secrets
        .get(name)
        .await
        .unwrap()
        .map(|secret| secret.expose().to_owned())
}

const OLD: Answer = Answer::Secret(r#"{"pepper":"old","slack":"s1"}"#);
const NEW: Answer = Answer::Secret(r#"{"pepper":"new","slack":"s2"}"#);
const FIVE_MINUTES: SignedDuration = SignedDuration::from_mins(5);
const ONE_SECOND: SignedDuration = SignedDuration::from_secs(1);

#[tokio::test]
async fn fixed_secrets_are_found_by_their_name() {
    let secrets = Secrets::fixed([
        ("pepper", "p1"),
        ("empty", " "),
        ("rotating", " new\told\n"),
    ]);
    assert_eq!(exposed(&secrets, "pepper").await.as_deref(), Some("p1"));
    assert_eq!(exposed(&secrets, "Pepper").await, None);
    assert_eq!(exposed(&secrets, "empty").await, None);
    assert_eq!(exposed(&secrets, "rotating").await.as_deref(), Some("new"));
    let all = secrets.all("rotating").await.unwrap();
    assert_eq!(
        all.iter().map(SecretString::expose).collect::<Vec<_>>(),
        ["new", "old"]
    );
    assert!(secrets.all("absent").await.unwrap().is_empty());
}

#[tokio::test]
async fn secrets_of_the_environment_are_found_by_their_variable() {
    let secrets = Secrets::environment([("LEADLINE_SECRET_SLACK_TOKEN_2", "s1"), ("SLACK", "no")]);
    for name in ["slack-token-2", "slack.token.2", "SLACK_TOKEN_2"] {
        assert_eq!(
            exposed(&secrets, name).await.as_deref(),
            Some("s1"),
            "{name}"
        );
    }
    assert_eq!(exposed(&secrets, "slack").await, None);
}

#[tokio::test]
async fn a_missing_pepper_says_what_to_do_in_each_backend() {
    let error = Secrets::environment([("OTHER", "x")])
        .pepper()
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("set the environment variable LEADLINE_SECRET_PEPPER"),
        "{error}"
    );
    let error = Secrets::fixed([("other", "x")])
        .pepper()
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("\"pepper\"") && error.contains("fixed"),
        "{error}"
    );
    let (secrets, _, _) = fake(&[Answer::Secret("{}")]);
    let error = secrets.pepper().await.unwrap_err().to_string();
    assert!(
        error.contains("add the key \"pepper\"") && error.contains("\"leadline/test\""),
        "{error}"
    );
}

#[tokio::test]
async fn nothing_is_fetched_before_the_first_need_and_then_once_for_five_minutes() {
    let (secrets, manager, hand) = fake(&[OLD, NEW]);
    assert_eq!(manager.n_calls(), 0);
    assert_eq!(secrets.pepper().await.unwrap().expose(), "old");
    assert_eq!(
        exposed(&secrets.clone(), "slack").await.as_deref(),
        Some("s1")
    );
    assert_eq!(exposed(&secrets, "absent").await, None);
    hand.advance(FIVE_MINUTES - ONE_SECOND);
    assert_eq!(secrets.pepper().await.unwrap().expose(), "old");
    assert_eq!(manager.n_calls(), 1);
    hand.advance(ONE_SECOND);
    assert_eq!(secrets.pepper().await.unwrap().expose(), "new");
    assert_eq!(exposed(&secrets, "slack").await.as_deref(), Some("s2"));
    assert_eq!(manager.n_calls(), 2);
}

#[tokio::test]
async fn a_clock_set_back_does_not_keep_secrets_for_longer() {
    let (secrets, manager, hand) = fake(&[OLD, NEW]);
    secrets.pepper().await.unwrap();
    hand.advance(-FIVE_MINUTES);
    assert_eq!(secrets.pepper().await.unwrap().expose(), "new");
    assert_eq!(manager.n_calls(), 2);
}

#[tokio::test]
async fn callers_at_once_share_one_fetch() {
    let (secrets, manager, hand) = fake(&[OLD, NEW]);
    let peppers = futures::future::join_all((0..20).map(|_| secrets.pepper())).await;
    assert!(
        peppers
            .iter()
            .all(|pepper| pepper.as_ref().unwrap().expose() == "old")
    );
    assert_eq!(manager.n_calls(), 1);

    hand.advance(FIVE_MINUTES);
    let peppers = futures::future::join_all((0..20).map(|_| secrets.pepper())).await;
    let n_new = peppers
        .iter()
        .filter(|pepper| pepper.as_ref().unwrap().expose() == "new")
        .count();
    assert_eq!(
        (manager.n_calls(), n_new),
        (2, 1),
        "one refreshes, the others go on with what there is"
    );
    assert_eq!(secrets.pepper().await.unwrap().expose(), "new");
}

#[tokio::test]
async fn callers_at_once_share_one_failure_and_the_next_caller_tries_again() {
    let (secrets, manager, _) = fake(&[Answer::AccessDenied, OLD]);
    let peppers = futures::future::join_all((0..20).map(|_| secrets.pepper())).await;
    assert!(
        peppers
            .iter()
            .all(|pepper| matches!(pepper, Err(SecretsError::Fetch { .. })))
    );
    assert_eq!(manager.n_calls(), 1);
    assert_eq!(secrets.pepper().await.unwrap().expose(), "old");
    assert_eq!(manager.n_calls(), 2);
}

#[tokio::test]
async fn a_first_fetch_that_fails_says_why() {
    let (secrets, _, _) = fake(&[Answer::AccessDenied]);
    let error = secrets.pepper().await.unwrap_err().to_string();
    assert!(
        error.contains("\"leadline/test\"") && error.contains("not yours"),
        "{error}"
    );
}

#[tokio::test]
async fn a_caller_who_gives_up_does_not_stop_the_next_one() {
    let (secrets, manager, _) = fake(&[Answer::Silence, OLD]);
    let given_up = tokio::time::timeout(Duration::from_millis(50), secrets.pepper()).await;
    assert!(given_up.is_err());
    assert_eq!(secrets.pepper().await.unwrap().expose(), "old");
    assert_eq!(manager.n_calls(), 2);
}

#[tokio::test]
async fn a_failed_refresh_keeps_the_old_secrets_and_pauses() {
    let broken = Answer::Secret("[]");
    let (secrets, manager, hand) = fake(&[OLD, Answer::AccessDenied, broken, Answer::Binary, NEW]);
    secrets.pepper().await.unwrap();
    hand.advance(FIVE_MINUTES);
    for n_calls in [2, 3, 4] {
        assert_eq!(secrets.pepper().await.unwrap().expose(), "old");
        hand.advance(SignedDuration::from_secs(29));
        assert_eq!(secrets.pepper().await.unwrap().expose(), "old");
        assert_eq!(manager.n_calls(), n_calls);
        hand.advance(ONE_SECOND);
    }
    assert_eq!(secrets.pepper().await.unwrap().expose(), "new");
    assert_eq!(manager.n_calls(), 5);
}

#[tokio::test]
async fn a_refresh_without_an_answer_does_not_hold_up_its_caller() {
    let (secrets, _, hand) = fake(&[OLD, Answer::Silence]);
    secrets.pepper().await.unwrap();
    hand.advance(FIVE_MINUTES);
    let started = std::time::Instant::now();
    assert_eq!(secrets.pepper().await.unwrap().expose(), "old");
    assert!(started.elapsed() < Duration::from_secs(4));
}

#[tokio::test]
async fn a_secret_that_is_no_object_of_strings_is_refused_without_being_quoted() {
    for answer in [
        Answer::Secret("just-a-password"),
        Answer::Secret(r#"["just-a-password"]"#),
        Answer::Secret(r#"{"pepper":{"nested":"just-a-password"}}"#),
        Answer::Secret(r#"{"pepper":"just-a-password","n":1}"#),
        Answer::Binary,
    ] {
        let (secrets, _, _) = fake(&[answer]);
        let error = secrets.pepper().await.unwrap_err();
        assert!(
            matches!(error, SecretsError::Malformed { .. }),
            "{answer:?}: {error:?}"
        );
        assert!(!format!("{error} {error:?} {secrets:?}").contains("just-a-password"));
    }
}

#[tokio::test]
async fn a_live_pair_in_the_fetched_object_is_split() {
    let (secrets, _, _) = fake(&[Answer::Secret(r#"{"hook":"whsec_b whsec_a"}"#)]);
    let all = secrets.all("hook").await.unwrap();
    assert_eq!(
        all.iter().map(SecretString::expose).collect::<Vec<_>>(),
        ["whsec_b", "whsec_a"]
    );
}

async fn exposed_api_tokens(secrets: &Secrets) -> Vec<String> {
    let tokens = secrets.api_tokens().await.unwrap();
    tokens
        .iter()
        .map(|token| token.expose().to_owned())
        .collect()
}

#[tokio::test]
async fn a_token_that_is_a_whole_secret_is_taken_as_it_is_and_rotates() {
    let answers = [
        Answer::Secret(r#"{"not":"parsed"}"#),
        Answer::Secret("new old\n"),
    ];
    let (client, _, clock, hand) = fake_client(&answers);
    let secrets = Secrets::api_token_secret(client, "leadline/test", clock);
    assert_eq!(exposed_api_tokens(&secrets).await, [r#"{"not":"parsed"}"#]);
    assert_eq!(exposed(&secrets, "pepper").await, None);
    hand.advance(FIVE_MINUTES);
    assert_eq!(exposed_api_tokens(&secrets).await, ["new", "old"]);
}

#[tokio::test]
async fn a_missing_token_is_an_error_that_says_what_to_do() {
    let (client, _, clock, _) = fake_client(&[Answer::Secret(" ")]);
    let secrets = Secrets::api_token_secret(client, "leadline/test", clock);
    let error = secrets.api_tokens().await.unwrap_err().to_string();
    assert!(
        error.contains("\"api-token\"") && error.contains("into the secret \"leadline/test\""),
        "{error}"
    );
    let error = Secrets::environment([("OTHER", "x")])
        .api_tokens()
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("LEADLINE_SECRET_API_TOKEN"), "{error}");
    assert_eq!(
        exposed_api_tokens(&Secrets::fixed_api_token("t1")).await,
        ["t1"]
    );
}
