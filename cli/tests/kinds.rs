//! Every kind of source, from `leadline source add` to `leadline try` against the process that users run: what is written and
//! printed is enough for a source that works.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use domain::config::{Need, SourceKind};
use serde_json::Value;

const TOKEN: &str = "token-of-the-test-of-kinds";

/// A secret of the form that Standard Webhooks wants, which serves every other kind, too.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A key pair that was made for tests.
const PRIVATE_KEY: &str = include_str!("../../shared/sources/src/tests/keys/sample-private.pem");
const PUBLIC_KEY: &str = include_str!("../../shared/sources/src/tests/keys/sample-public.pem");

fn leadline(arguments: &[&str], url: &str, directory: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_leadline"))
        .args(arguments)
        .args(["--json", "--url", url, "--token", TOKEN])
        .current_dir(directory)
        .envs(secrets())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// The variable of every secret that a source of any kind is given.
fn secrets() -> Vec<(String, &'static str)> {
    let mut variables = Vec::new();
    for kind in SourceKind::ALL {
        let upper = kind.name().to_uppercase().replace('-', "_");
        for rest in ["", "_HANDSHAKE", "_TOKEN"] {
            variables.push((format!("LEADLINE_SECRET_TRY_{upper}{rest}"), SECRET));
        }
    }
    variables
}

struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(port: u16, directory: &Path) -> Process {
    let child = Command::new(env!("CARGO_BIN_EXE_leadline"))
        .args(["dev", "--ephemeral", "--port", &port.to_string()])
        .current_dir(directory)
        .env("LEADLINE_TOKEN", TOKEN)
        .env("LEADLINE_LOG", "error")
        .envs(secrets())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let process = Process(child);
    let deadline = Instant::now() + Duration::from_secs(120);
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < deadline, "the process does not answer");
        std::thread::sleep(Duration::from_millis(20));
    }
    process
}

#[test]
fn every_kind_can_be_added_and_tried_and_what_became_of_its_sample_is_shown() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let port = {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        free.local_addr().unwrap().port()
    };
    let url = format!("http://127.0.0.1:{port}");
    let file = directory.join("leadline.toml");
    std::fs::write(&file, domain::config::DEFAULT).unwrap();
    for kind in SourceKind::ALL {
        let name = format!("try-{}", kind.name());
        let added = leadline(
            &["source", "add", kind.name(), "--name", &name],
            &url,
            directory,
        );
        assert!(added.status.success(), "{name}: {added:?}");
        let added: Value = serde_json::from_slice(&added.stdout).unwrap();
        let place = format!("sources.{name}.public_key");
        let to_fill_in = match kind.needs().public_key {
            Need::Must => Value::from(place.as_str()),
            Need::May | Need::No => Value::Null,
        };
        assert_eq!(added["fill_in"], to_fill_in, "{name}");
        let block = added["block"].as_str().unwrap();
        assert_eq!(
            block.contains("\nanswers = { token = "),
            kind.needs().answers != Need::No,
            "what is only announced is fetched: {block}"
        );
        if kind.needs().public_key == Need::Must {
            let checked = leadline(&["check", "leadline.toml"], &url, directory);
            assert!(!checked.status.success());
            let told = String::from_utf8(checked.stdout).unwrap();
            assert!(
                told.contains(&place) && told.contains("placeholder"),
                "{told}"
            );
        }
    }
    // What has to be filled in can wait until all are there. Nobody outside is asked for the answers of a sample.
    let text = std::fs::read_to_string(&file).unwrap();
    let placeholder = "-----BEGIN PUBLIC KEY-----\n…\n-----END PUBLIC KEY-----";
    assert!(text.contains(placeholder));
    let text = text.replace(placeholder, PUBLIC_KEY.trim());
    let text = text.replace("-token\" }", "-token\", url = \"http://127.0.0.1:9\" }");
    std::fs::write(&file, text).unwrap();
    let checked = leadline(&["check", "leadline.toml"], &url, directory);
    assert!(checked.status.success(), "{checked:?}");

    let _process = start(port, directory);
    // Some at a time, so that a busy machine does not make each wait longer than `try` does.
    for kinds in SourceKind::ALL.chunks(4) {
        std::thread::scope(|scope| {
            for kind in kinds {
                let url = &url;
                scope.spawn(move || try_out(*kind, url, directory));
            }
        });
    }
}

fn try_out(kind: SourceKind, url: &str, directory: &Path) {
    let name = format!("try-{}", kind.name());
    let key = format!("--secret={PRIVATE_KEY}");
    let mut arguments = vec!["try", &name];
    if kind.needs().public_key == Need::Must {
        arguments.push(&key);
    }
    let tried = leadline(&arguments, url, directory);
    assert!(tried.status.success(), "{name}: {tried:?}");
    let told: Value = serde_json::from_slice(&tried.stdout).unwrap();
    let outcomes = told["outcomes"].as_array().unwrap();
    assert!(!outcomes.is_empty(), "{name}: {told}");
    for outcome in outcomes {
        let became = outcome["submission"]["outcome"].as_str().unwrap();
        // What is only announced would have to be fetched. The samples of two kinds may be of one person.
        let expected: &[&str] = if kind.needs().answers == Need::No {
            &["created", "merged"]
        } else {
            &["on its way"]
        };
        assert!(expected.contains(&became), "{name}: {told}");
        assert_eq!(
            outcome["lead"].is_null(),
            kind.needs().answers != Need::No,
            "{name}: {told}"
        );
    }
}
