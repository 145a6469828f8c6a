//! The real process, killed again and again under load: nothing that was answered 2xx is lost, and nothing is doubled.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a panic is how a test fails, and its figures are worth reading"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::method};

/// Times the process is killed.
const KILLS: usize = 30;

/// Leads posted between two kills, at most.
const PER_LIFE: usize = 40;

const TOKEN: &str = "token-of-the-kill-test";

struct Process {
    child: Child,
    url: String,
}

impl Process {
    /// Starts the binary that users run, and waits until it answers.
    async fn start(
        data: &std::path::Path,
        config: &std::path::Path,
        client: &reqwest::Client,
    ) -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let child = Command::new(env!("CARGO_BIN_EXE_leadline"))
            .args(["dev", "--port", &port.to_string()])
            .arg("--data")
            .arg(data)
            .arg("--config")
            .arg(config)
            .env("LEADLINE_TOKEN", TOKEN)
            .env(
                "LEADLINE_SECRET_CRM",
                "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            )
            .env("LEADLINE_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let url = format!("http://127.0.0.1:{port}");
        let deadline = Instant::now() + Duration::from_secs(60);
        while client.get(format!("{url}/v1/health")).send().await.is_err() {
            assert!(Instant::now() < deadline, "the process does not answer");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Self { child, url }
    }

    /// SIGKILL: no handler runs, nothing is flushed.
    fn kill(self) {}
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_kills_lose_nothing_and_double_nothing() {
    platform::install_tls();
    let directory = tempfile::tempdir().unwrap();
    let receiver = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(204))
        .mount(&receiver)
        .await;
    let config = directory.path().join("leadline.toml");
    let webhook = format!(
        "[destinations.crm]\nkind = \"webhook\"\nurl = \"{}/hook\"\nsecret = \"crm\"\n",
        receiver.uri()
    );
    std::fs::write(&config, format!("{}\n{webhook}", domain::config::DEFAULT)).unwrap();
    let data = directory.path().join("data");
    let client = reqwest::Client::builder()
        .timeout(Duration::from_secs(10))
        .build()
        .unwrap();

    let accepted: Arc<Mutex<BTreeMap<String, String>>> = Arc::default();
    let mut number = 0;
    for life in 0..KILLS {
        let process = Process::start(&data, &config, &client).await;
        let mut posts = tokio::task::JoinSet::new();
        for _ in 0..PER_LIFE {
            number += 1;
            // Every fourth is posted twice: a repeat must change nothing, whichever of the two is killed.
            let copies = if number % 4 == 0 { 2 } else { 1 };
            for _ in 0..copies {
                let (client, accepted, url) = (
                    client.clone(),
                    Arc::clone(&accepted),
                    format!("{}/v1/sources/website", process.url),
                );
                let email = format!("person{number}@example.com");
                let body = format!("email=person{number}%40example.com&country=DE");
                posts.spawn(async move {
                    let request = client
                        .post(url)
                        .header("content-type", "application/x-www-form-urlencoded")
                        .body(body);
                    if let Ok(response) = request.send().await
                        && response.status().as_u16() == 202
                        && let Ok(bytes) = response.bytes().await
                        && let Ok(answer) = serde_json::from_slice::<Value>(&bytes)
                    {
                        let id = answer["submissions"][0].as_str().unwrap().to_owned();
                        accepted.lock().unwrap().insert(id, email);
                    }
                });
            }
        }
        // A different moment each time: from the first posts to well into assigning and delivering.
        tokio::time::sleep(Duration::from_millis(5 + (life as u64 * 37) % 400)).await;
        process.kill();
        while posts.join_next().await.is_some() {}
    }

    let process = Process::start(&data, &config, &client).await;
    let accepted = accepted.lock().unwrap().clone();
    assert!(accepted.len() > KILLS, "there was load: {}", accepted.len());
    let api = Api {
        client: client.clone(),
        url: process.url.clone(),
    };
    let mut owners: BTreeMap<String, usize> = BTreeMap::new();
    let mut leads = BTreeSet::new();
    for (submission, email) in &accepted {
        let lead = api.owned(email).await;
        let record = api.get(&format!("/v1/submissions/{submission}")).await;
        assert_eq!(record["lead"], lead["id"], "{submission} is in its lead");
        assert!(
            leads.insert(lead["id"].to_string()),
            "two submissions of different people in one lead"
        );
        let history = api
            .get(&format!(
                "/v1/leads/{}/history",
                lead["id"].as_str().unwrap()
            ))
            .await;
        let kinds: Vec<&str> = history["history"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|entry| entry["kind"].as_str())
            .collect();
        for once in ["received", "assigned"] {
            assert_eq!(
                kinds.iter().filter(|kind| **kind == once).count(),
                1,
                "{once} once: {kinds:?}"
            );
        }
        *owners
            .entry(lead["owner"].as_str().unwrap().to_owned())
            .or_default() += 1;
    }
    // Who was told: each lead under one id, whatever number of attempts it took.
    let mut ids: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for request in receiver.received_requests().await.unwrap() {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let id = request.headers["webhook-id"].to_str().unwrap().to_owned();
        ids.entry(body["data"]["lead"]["id"].to_string())
            .or_default()
            .insert(id);
    }
    for lead in &leads {
        assert_eq!(
            ids.get(lead).map(BTreeSet::len),
            Some(1),
            "{lead} was told under one id"
        );
    }
    println!(
        "{KILLS} kills: {} submissions answered 202, {} leads, owners {owners:?}; nothing lost, nothing doubled",
        accepted.len(),
        leads.len()
    );
    process.kill();
}

struct Api {
    client: reqwest::Client,
    url: String,
}

impl Api {
    async fn get(&self, target: &str) -> Value {
        let response = self
            .client
            .get(format!("{}{target}", self.url))
            .bearer_auth(TOKEN)
            .send()
            .await
            .unwrap();
        serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
    }

    /// The lead of an e-mail address, once it is owned and everybody was told.
    async fn owned(&self, email: &str) -> Value {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let found = self.get(&format!("/v1/leads?email={email}")).await;
            if let Some(lead) = found["leads"].as_array().and_then(|leads| leads.first())
                && lead["owner"].is_string()
            {
                let history = self
                    .get(&format!(
                        "/v1/leads/{}/history",
                        lead["id"].as_str().unwrap()
                    ))
                    .await;
                let told = history["history"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter(|entry| entry["kind"] == "delivered")
                    .count();
                if told >= 2 {
                    return lead.clone();
                }
            }
            assert!(
                Instant::now() < deadline,
                "{email} was answered 202 and has no owner, or nobody was told"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}
