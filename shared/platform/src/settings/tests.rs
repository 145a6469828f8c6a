use super::*;

const WHOLE: &[(&str, &str)] = &[
    ("LEADLINE_TABLE", "leadline"),
    (
        "LEADLINE_QUEUE_ENRICH",
        "https://sqs.eu-central-1.amazonaws.com/123456789012/enrich",
    ),
    (
        "LEADLINE_QUEUE_SCORE",
        "https://sqs.eu-central-1.amazonaws.com/123456789012/score",
    ),
    (
        "LEADLINE_QUEUE_ASSIGN",
        "https://sqs.eu-central-1.amazonaws.com/123456789012/assign",
    ),
    (
        "LEADLINE_QUEUE_DELIVER",
        "https://sqs.eu-central-1.amazonaws.com/123456789012/deliver",
    ),
    ("LEADLINE_SECRETS_ID", "leadline/prod"),
    ("LEADLINE_API_TOKEN_ID", "api-token"),
    ("LEADLINE_OUTBOUND_ALLOW", "10.0.0.0/8, ::1/128,"),
    ("AWS_REGION", "eu-central-1"),
    ("AWS_ENDPOINT_URL", "http://127.0.0.1:4566"),
    ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
    ("AWS_SECRET_ACCESS_KEY", "not-shown-1"),
    ("AWS_SESSION_TOKEN", "not-shown-2"),
];

const REQUIRED: &[&str] = &["LEADLINE_TABLE", "AWS_REGION"];

/// Parses the whole set with one variable changed, or removed if `value` is `None`.
fn parse_with(variable: &str, value: Option<&str>) -> Result<Settings, SettingsError> {
    Settings::parse(|name| {
        if name == variable {
            return value.map(str::to_owned);
        }
        WHOLE
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| (*value).to_owned())
    })
}

#[test]
fn every_variable_is_read() {
    let settings = parse_with("", None).unwrap();
    assert_eq!(settings.table, "leadline");
    assert_eq!(settings.region, "eu-central-1");
    assert_eq!(
        settings.endpoint_url.as_deref(),
        Some("http://127.0.0.1:4566")
    );
    assert_eq!(settings.secrets_id.as_deref(), Some("leadline/prod"));
    assert_eq!(settings.api_token_id.as_deref(), Some("api-token"));
    assert_eq!(
        settings.outbound_allow,
        vec![
            "10.0.0.0/8".parse().unwrap(),
            "::1/128".parse::<IpNet>().unwrap()
        ]
    );
    assert!(settings.queue_enrich().unwrap().ends_with("/enrich"));
    assert!(settings.queue_score().unwrap().ends_with("/score"));
    assert!(settings.queue_assign().unwrap().ends_with("/assign"));
    assert!(settings.queue_deliver().unwrap().ends_with("/deliver"));
    let credentials = settings.credentials.unwrap();
    assert_eq!(credentials.access_key_id(), "AKIDEXAMPLE");
    assert_eq!(credentials.secret_access_key(), "not-shown-1");
    assert_eq!(credentials.session_token(), Some("not-shown-2"));
}

#[test]
fn a_missing_or_blank_required_variable_is_named() {
    for variable in REQUIRED {
        for value in [None, Some(""), Some("  ")] {
            let error = parse_with(variable, value).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("the environment variable {variable} is not set")
            );
        }
    }
}

#[test]
fn every_other_variable_may_be_missing() {
    let settings =
        Settings::parse(|name| REQUIRED.contains(&name).then(|| "x".to_owned())).unwrap();
    assert_eq!(settings.endpoint_url, None);
    assert_eq!(settings.secrets_id, None);
    assert_eq!(settings.api_token_id, None);
    assert_eq!(settings.outbound_allow, vec![]);
    assert!(settings.credentials.is_none());
}

#[test]
fn asking_for_a_queue_that_is_not_set_names_its_variable() {
    let settings =
        Settings::parse(|name| REQUIRED.contains(&name).then(|| "x".to_owned())).unwrap();
    let missing = |variable| Err(SettingsError::Missing { variable });
    assert_eq!(settings.queue_enrich(), missing("LEADLINE_QUEUE_ENRICH"));
    assert_eq!(settings.queue_score(), missing("LEADLINE_QUEUE_SCORE"));
    assert_eq!(settings.queue_assign(), missing("LEADLINE_QUEUE_ASSIGN"));
    assert_eq!(settings.queue_deliver(), missing("LEADLINE_QUEUE_DELIVER"));
}

#[test]
fn half_a_pair_of_credentials_names_the_other_half() {
    let error = parse_with("AWS_SECRET_ACCESS_KEY", None).unwrap_err();
    assert_eq!(
        error,
        SettingsError::Missing {
            variable: "AWS_SECRET_ACCESS_KEY"
        }
    );
    let error = parse_with("AWS_ACCESS_KEY_ID", None).unwrap_err();
    assert_eq!(
        error,
        SettingsError::Missing {
            variable: "AWS_ACCESS_KEY_ID"
        }
    );
}

#[test]
fn a_value_that_makes_no_sense_names_its_variable_and_is_not_repeated() {
    for (variable, value) in [
        ("AWS_ENDPOINT_URL", "localhost:4566"),
        ("AWS_ENDPOINT_URL", "https://"),
        ("LEADLINE_QUEUE_ENRICH", "enrich-queue"),
        ("LEADLINE_QUEUE_DELIVER", "https://example.com/a b"),
        ("LEADLINE_OUTBOUND_ALLOW", "10.0.0.1"),
        ("LEADLINE_OUTBOUND_ALLOW", "10.0.0.1/8"),
        ("LEADLINE_OUTBOUND_ALLOW", "10.0.0.0/33"),
        ("LEADLINE_OUTBOUND_ALLOW", "localhost/8"),
        ("LEADLINE_OUTBOUND_ALLOW", "10.0.0.0/8 192.168.0.0/16"),
    ] {
        let error = parse_with(variable, Some(value)).unwrap_err();
        assert!(
            matches!(&error, SettingsError::Invalid { variable: named, .. } if *named == variable),
            "{error:?}"
        );
        assert!(
            error.to_string().contains(variable) && !error.to_string().contains(value),
            "{error}"
        );
    }
    let error = parse_with(
        "LEADLINE_OUTBOUND_ALLOW",
        Some("10.0.0.0/8,fe80::/10,nonsense"),
    )
    .unwrap_err();
    assert!(error.to_string().contains("entry 3 "), "{error}");
}

#[test]
fn settings_print_without_credentials() {
    let printed = format!("{:?}", parse_with("", None).unwrap());
    assert!(
        printed.contains("leadline/prod") && !printed.contains("not-shown"),
        "{printed}"
    );
}

/// Runs itself in a process of its own, since the environment of this one is shared with the other tests.
#[tokio::test]
async fn the_environment_of_the_process_is_read_with_its_secrets() {
    const TEST: &str = "settings::tests::the_environment_of_the_process_is_read_with_its_secrets";
    if env::var_os("LEADLINE_SECRET_PEPPER").is_none() {
        let status = std::process::Command::new(env::current_exe().unwrap())
            .args(["--exact", TEST])
            .env_clear()
            .envs(
                WHOLE
                    .iter()
                    .copied()
                    .filter(|(name, _)| *name != "LEADLINE_SECRETS_ID"),
            )
            .env("LEADLINE_SECRET_PEPPER", "from-the-environment")
            .status()
            .unwrap();
        assert!(status.success());
        return;
    }
    let settings = Settings::from_env().unwrap();
    assert_eq!(
        (settings.table.as_str(), settings.region.as_str()),
        ("leadline", "eu-central-1")
    );
    assert_eq!(settings.environment_secrets.len(), 1);
    let secrets = crate::Secrets::open(&settings, crate::Clock::system());
    assert_eq!(
        secrets.pepper().await.unwrap().expose(),
        "from-the-environment"
    );
}
