use super::*;
use crate::who::Who;
use clap::Parser;

#[test]
fn the_command_line_is_consistent() {
    Options::command().debug_assert();
}

#[test]
fn every_command_has_an_example_and_says_its_exit_codes() {
    let mut command = Options::command();
    command.build();
    for subcommand in command.get_subcommands_mut() {
        if subcommand.is_hide_set() || subcommand.get_name() == "help" {
            continue;
        }
        let name = format!("leadline {}", subcommand.get_name());
        let help = subcommand.render_long_help().to_string();
        let examples = help.split("Examples:").nth(1).unwrap_or_default();
        assert!(examples.contains(&name), "{name} has no example");
        assert!(
            examples.contains("Exit code: 0 done, 1 failed, 2"),
            "{name}"
        );
        for option in ["--url", "--token", "--json"] {
            assert!(help.contains(option), "{name} {option}");
        }
    }
}

#[test]
fn every_example_can_be_typed() {
    let mut command = Options::command();
    command.build();
    let mut checked = 0;
    for subcommand in command.get_subcommands_mut() {
        let help = subcommand.render_long_help().to_string();
        let examples = help.split("Examples:\n").nth(1).unwrap_or_default();
        for line in examples.lines().take_while(|line| line.starts_with("  ")) {
            let arguments = words(line.split(" > ").next().unwrap_or_default());
            let parsed = Options::try_parse_from(arguments);
            assert!(parsed.is_ok(), "{line}: {}", parsed.err().unwrap());
            checked += 1;
        }
    }
    assert!(checked >= 15, "{checked}");
}

/// As a shell would take it apart, without what stands before `leadline`.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    for character in line.trim().chars() {
        match character {
            '"' => is_quoted = !is_quoted,
            ' ' if !is_quoted => words.push(String::new()),
            other => words.last_mut().unwrap().push(other),
        }
    }
    words
        .into_iter()
        .skip_while(|word| word != "leadline")
        .collect()
}

#[test]
fn the_page_in_docs_is_current() {
    let page = leadline(&["help-page"]).out;
    let written = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/cli.md"))
        .unwrap_or_default();
    assert!(
        written == page,
        "docs/cli.md is out of date: run `cargo leadline help-page > docs/cli.md`"
    );
}

#[test]
fn help_is_a_result_and_a_mistake_is_not() {
    let help = leadline(&["check", "--help"]);
    assert_eq!((help.ending, help.err.as_str()), (Ending::Succeeded, ""));
    assert!(
        help.out
            .contains("leadline check config/leadline.toml --json")
    );
    for mistake in [
        &["chekc"][..],
        &[],
        &["lead"],
        &["lead", "ada"],
        &["lead", "555-CALL"],
        &["feedback", "lead_1", "lost"],
        &["send", "website", "email"],
        &["versions", "--url", "leads.example.com"],
        &["versions", "--url", "ftp://leads.example.com"],
    ] {
        let printed = leadline(mistake);
        assert_eq!(
            (printed.ending, printed.out.as_str()),
            (Ending::Misused, ""),
            "{mistake:?}"
        );
        assert!(!printed.err.is_empty(), "{mistake:?}");
    }
}

#[test]
fn how_long_ago_is_written_without_a_sign_and_whoever_writes_one_is_told_what_to_write() {
    for (arguments, remedy) in [
        (&["sources", "website", "--from", "-7d"][..], "write 7d"),
        (&["sources", "--to", "-90m"], "write 90m"),
        (&["vendors", "acme", "--from", "-2w"], "write 2w"),
        (&["sources", "--from", "--json"], "7d, 24h or 2026-03-01"),
        (&["vendors", "--to", "-7"], "7d, 24h or 2026-03-01"),
    ] {
        let printed = leadline(arguments);
        assert_eq!(printed.ending, Ending::Misused, "{arguments:?}");
        assert!(printed.err.contains(remedy), "{}", printed.err);
    }
}

#[test]
fn the_help_does_not_show_the_token() {
    for argument in Options::command().get_arguments().chain(
        Options::command()
            .find_subcommand("send")
            .unwrap()
            .get_arguments(),
    ) {
        if argument.get_env().is_some() {
            assert!(argument.is_hide_env_values_set(), "{}", argument.get_id());
        }
    }
}

#[test]
fn people_are_told_apart_by_how_they_are_written() {
    let check = |text: &str, expected: Who| assert!(text.parse() == Ok(expected), "{text}");
    check("lead_4p1f", Who::Id("lead_4p1f".into()));
    check(" ada@example.com ", Who::Email("ada@example.com".into()));
    check("+1 202-555-0123", Who::Phone("+1 202-555-0123".into()));
    check("(202) 555 0123", Who::Phone("(202) 555 0123".into()));
}

#[test]
fn feedback_has_the_kinds_that_the_domain_has() {
    for kind in [
        FeedbackKind::Contacted,
        FeedbackKind::Accepted,
        FeedbackKind::Rejected,
        FeedbackKind::Qualified,
        FeedbackKind::Converted,
        FeedbackKind::Disqualified,
    ] {
        let known: domain::decision::FeedbackKind =
            serde_json::from_value(json!(kind.name())).unwrap();
        assert_eq!(known.name(), kind.name());
    }
}

#[test]
fn dev_runs_at_home_unless_it_is_told_otherwise() {
    let parse = |arguments: &[&str]| {
        let options = Options::try_parse_from(["leadline", "dev"].iter().chain(arguments))
            .ok()
            .unwrap();
        let token = options.connection.given_token();
        match options.command {
            Command::Dev(arguments) => arguments.with_token(token),
            _ => unreachable!(),
        }
    };
    let usual = parse(&["--token", ""]);
    assert_eq!(
        (usual.host.to_string().as_str(), usual.port),
        ("127.0.0.1", 4180)
    );
    assert_eq!(
        (usual.data.to_str(), usual.config.to_str()),
        (Some(".leadline"), Some("leadline.toml"))
    );
    assert_eq!(
        (
            usual.ephemeral,
            usual.dynamodb_port,
            usual.sqs_port,
            usual.token
        ),
        (false, None, None, None)
    );
    let other = parse(&[
        "--port",
        "0",
        "--host",
        "::1",
        "--ephemeral",
        "--dynamodb-port",
        "8000",
        "--sqs-port",
        "9324",
        "--token",
        "t",
        "--data",
        "d",
        "--config",
        "c",
    ]);
    assert_eq!((other.host.to_string().as_str(), other.port), ("::1", 0));
    assert_eq!(
        (other.data.to_str(), other.config.to_str()),
        (Some("d"), Some("c"))
    );
    assert_eq!(
        (
            other.ephemeral,
            other.dynamodb_port,
            other.sqs_port,
            other.token.as_deref()
        ),
        (true, Some(8000), Some(9324), Some("t"))
    );
}
