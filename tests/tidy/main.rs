//! Conventions of the repository that are worth stating are stated here, as tests.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a panic is how a test fails, and some figures are worth reading"
)]

mod repository;
mod template;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use repository::{files, read, root};

/// Which crates of ours each crate may depend on. Inward only: functions know the shared crates, the shared crates know
/// `domain`, and no function knows another.
fn allowed(krate: &str) -> &'static [&'static str] {
    const SHARED: &[&str] = &[
        "domain", "intake", "outbound", "platform", "queue", "sources", "table", "vendors", "web",
    ];
    const ALL: &[&str] = &[
        "api", "assign", "capture", "cli", "deliver", "domain", "engines", "enrich", "files",
        "intake", "outbound", "platform", "queue", "recycle", "score", "sources", "table", "tests",
        "vendors", "web",
    ];
    match krate {
        "domain" | "engines" | "hello-world" | "outbound" | "platform" | "web" => &[],
        "queue" | "sources" | "table" => &["domain"],
        "vendors" => &["domain", "table"],
        "intake" => &["domain", "platform", "queue", "sources", "table"],
        "api" | "assign" | "capture" | "deliver" | "enrich" | "files" | "recycle" | "score" => {
            SHARED
        }
        "bench" | "cli" | "fuzz" | "simulate" | "tests" => ALL,
        _ => panic!("say in tests/tidy what {krate} may depend on"),
    }
}

fn manifests() -> BTreeMap<String, (PathBuf, toml::Table)> {
    files(|path| path.ends_with("Cargo.toml") && path != Path::new("Cargo.toml"))
        .into_iter()
        .filter_map(|path| {
            let manifest: toml::Table = read(&path).parse().unwrap();
            let name = manifest.get("package")?["name"].as_str()?.to_owned();
            Some((name, (path, manifest)))
        })
        .collect()
}

#[test]
fn dependencies_point_inward() {
    let manifests = manifests();
    for (name, (path, manifest)) in &manifests {
        let dependencies = manifest.get("dependencies").and_then(toml::Value::as_table);
        let ours = dependencies
            .into_iter()
            .flat_map(toml::Table::keys)
            .filter(|dependency| manifests.contains_key(*dependency));
        for dependency in ours {
            assert!(
                allowed(name).contains(&dependency.as_str()),
                "{}: {name} must not depend on {dependency}",
                path.display()
            );
        }
    }
}

#[test]
fn a_crate_is_named_after_its_folder_and_stays_private() {
    for (name, (path, manifest)) in manifests() {
        assert_eq!(
            path.parent()
                .unwrap()
                .file_name()
                .unwrap()
                .to_str()
                .unwrap(),
            name
        );
        let package = manifest["package"].as_table().unwrap();
        for key in ["version", "edition", "rust-version", "license", "publish"] {
            assert_eq!(
                package[key]["workspace"].as_bool(),
                Some(true),
                "{}: {key}",
                path.display()
            );
        }
        let lints = manifest
            .get("lints")
            .and_then(|lints| lints.get("workspace"))
            .and_then(toml::Value::as_bool);
        assert_eq!(lints, Some(true), "{}: lints", path.display());
    }
}

#[test]
fn versions_of_dependencies_stand_at_the_root_only() {
    for (name, (path, manifest)) in manifests() {
        for section in ["dependencies", "dev-dependencies"] {
            for (dependency, entry) in manifest
                .get(section)
                .and_then(toml::Value::as_table)
                .into_iter()
                .flatten()
            {
                assert!(
                    entry.get("version").is_none() && !entry.is_str(),
                    "{}: {dependency} of {name} has a version of its own",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn the_domain_is_pure() {
    let (_, manifest) = &manifests()["domain"];
    for forbidden in [
        "tokio",
        "reqwest",
        "aws-sdk-dynamodb",
        "aws-sdk-sqs",
        "lambda_runtime",
        "rand",
        "chrono",
    ] {
        assert!(
            manifest["dependencies"].get(forbidden).is_none(),
            "domain must not depend on {forbidden}"
        );
    }
    let lints = read(Path::new("shared/domain/clippy.toml"));
    for banned in [
        "SystemTime::now",
        "Timestamp::now",
        "env::var",
        "fs::read",
        "thread::spawn",
        "HashMap",
    ] {
        assert!(
            lints.contains(banned),
            "shared/domain/clippy.toml bans {banned}"
        );
    }
}

#[test]
fn aws_crates_come_without_default_features() {
    let manifest: toml::Table = read(Path::new("Cargo.toml")).parse().unwrap();
    let dependencies = manifest["workspace"]["dependencies"].as_table().unwrap();
    for (name, entry) in dependencies.iter().filter(|(name, _)| {
        name.starts_with("aws-sdk-") || *name == "aws-smithy-http-client" || *name == "reqwest"
    }) {
        assert_eq!(
            entry.get("default-features").and_then(toml::Value::as_bool),
            Some(false),
            "{name} brings a second HTTP and TLS stack"
        );
    }
    assert!(read(Path::new(".cargo/config.toml")).contains("AWS_LC_SYS_NO_JITTER_ENTROPY"));
    let profiles = manifest
        .get("profile")
        .and_then(toml::Value::as_table)
        .unwrap();
    for (name, profile) in profiles {
        assert_ne!(
            profile.get("panic").and_then(toml::Value::as_str),
            Some("abort"),
            "profile {name}: a panic must harm one record only"
        );
    }
    assert_eq!(
        profiles["release"]["panic"].as_str(),
        Some("unwind"),
        "cargo-lambda would set abort"
    );
}

#[test]
fn a_main_of_a_function_only_wires() {
    for function in template::FUNCTIONS {
        let text = read(&Path::new("functions").join(function).join("src/main.rs"));
        let is_code = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with("//");
        let lines = text.lines().filter(is_code).count();
        assert!(lines < 40, "{function}: {lines} lines");
        for branch in ["if ", "match ", "for ", "while ", "loop "] {
            assert!(
                !text
                    .lines()
                    .any(|line| line.trim_start().starts_with(branch)),
                "{function}: main.rs branches with `{branch}`"
            );
        }
    }
}

#[test]
fn files_are_short_enough_to_read_and_say_what_is_missing_elsewhere() {
    for path in files(|path| path.extension().is_some_and(|extension| extension == "rs")) {
        let text = read(&path);
        let lines = text.lines().count();
        assert!(lines <= 900, "{}: {lines} lines", path.display());
        for mark in [
            concat!("TO", "DO"),
            concat!("FIX", "ME"),
            concat!("todo", "!("),
            concat!("unimplemented", "!("),
            concat!("#[ign", "ore"),
        ] {
            assert!(!text.contains(mark), "{}: {mark}", path.display());
        }
    }
}

#[test]
fn links_in_documents_lead_somewhere() {
    for path in files(|path| {
        path.extension().is_some_and(|extension| extension == "md")
            && !path.starts_with("shared/domain/examples")
    }) {
        let text = read(&path);
        let folder = path.parent().unwrap();
        for target in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let target = target.split('#').next().unwrap_or_default();
            if target.is_empty()
                || target.contains("://")
                || target.starts_with("mailto:")
                || target.contains(' ')
            {
                continue;
            }
            assert!(
                root().join(folder).join(target).exists(),
                "{}: {target} does not exist",
                path.display()
            );
        }
    }
}

#[test]
fn events_of_queues_are_messages_that_functions_understand() {
    for name in ["enrich", "score", "assign", "deliver"] {
        let event: serde_json::Value =
            serde_json::from_str(&read(&Path::new("events").join(format!("{name}-sqs.json"))))
                .unwrap();
        for record in event["Records"].as_array().unwrap() {
            let body = record["body"].as_str().unwrap();
            let message: Result<queue::Message, _> = serde_json::from_str(body);
            assert!(
                message.is_ok(),
                "events/{name}-sqs.json: {:?}",
                message.err()
            );
        }
    }
}
