use crate::config::{DEFAULT, Notice, SourceKind, check, read};
use crate::decision::{Behaviour, Stage};
use crate::field::{Field, Fields, Value};
use crate::id::EventId;
use crate::scoring::score;
use jiff::Timestamp;

#[test]
fn the_file_that_ships_has_no_problem() {
    let checked = read(DEFAULT).expect("the default configuration has no errors");
    assert_eq!(checked.warnings, []);
}

#[test]
fn the_file_that_ships_names_its_schema_first() {
    assert_eq!(
        DEFAULT.lines().next(),
        Some("#:schema ./docs/leadline.schema.json")
    );
}

#[test]
fn the_file_that_ships_has_what_a_fresh_machine_needs() {
    let config = read(DEFAULT)
        .expect("the default configuration has no errors")
        .config;
    assert_eq!(config.sources["website"].kind, SourceKind::Form);
    assert_eq!(config.sources["assistant"].kind, SourceKind::Chatbot);
    assert_eq!(config.sources["typeform"].kind, SourceKind::Typeform);
    assert_eq!(
        config.sources["typeform"].secret.as_deref(),
        Some("typeform")
    );
    assert!(config.pools.len() >= 2 && config.reps.len() >= 4 && config.territories.len() >= 2);
    assert!(
        config.slas.contains_key(
            config
                .routing
                .sla
                .as_deref()
                .expect("the default has an SLA")
        )
    );
    assert!(config.recycling.rules.len() >= 2);
    assert_eq!(
        config.destinations_for(Notice::Assigned, Some("emea")),
        ["log"]
    );
}

#[test]
fn each_seed_example_gives_exactly_its_points_at_that_moment() {
    let scoring = read(DEFAULT)
        .expect("the default configuration has no errors")
        .config
        .scoring;
    let now = Timestamp::from_second(1_800_000_000).expect("this second is in range");
    for (kind, points) in [
        ("email_opened", 2),
        ("email_clicked", 4),
        ("whitepaper_downloaded", 10),
        ("page_visited", 5),
        ("pricing_page_visited", 10),
        ("event_attended", 25),
        ("unsubscribed", -10),
    ] {
        let behaviour = [Behaviour {
            id: EventId::from_bits(1),
            kind: kind.to_owned(),
            at: now,
        }];
        let scored = score(&scoring, &Fields::new(), &behaviour, Stage::Lead, 1, now);
        assert_eq!(
            (scored.score.fit, scored.score.engagement),
            (0, points),
            "{kind}"
        );
    }
    let text = |text: &str| Value::Text(text.to_owned());
    for (field, value, points) in [
        (Field::PhoneValid, Value::Flag(false), -15),
        (Field::PhoneValid, Value::Flag(true), 0),
        (Field::Title, text("CMO"), 10),
        (Field::Title, text("Interim chief marketing officer"), 10),
        (Field::Title, text("ECMO nurse"), 0),
        (Field::Employees, Value::Number(49), 0),
        (Field::Employees, Value::Number(50), 10),
        (Field::Employees, Value::Number(100), 10),
        (Field::Employees, Value::Number(101), 0),
    ] {
        let fields = Fields::from([(field.clone(), value)]);
        let scored = score(&scoring, &fields, &[], Stage::Lead, 1, now);
        assert_eq!(
            (scored.score.fit, scored.score.engagement),
            (points, 0),
            "{field}"
        );
    }
    assert_eq!((scoring.mql, scoring.sql), (40, 80));
}

#[test]
fn what_is_commented_out_is_right_as_well() {
    // Blocks that begin with a commented header, and single settings.
    let uncommented: String = DEFAULT
        .lines()
        .map(|line| {
            let rest = line.strip_prefix("# ").unwrap_or(line);
            let is_setting = rest.starts_with('[')
                || rest.split_once(" = ").is_some_and(|(key, _)| {
                    key.bytes()
                        .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
                });
            format!("{}\n", if is_setting { rest } else { line })
        })
        .collect();
    assert_ne!(uncommented, DEFAULT);
    let text = format!("{uncommented}\n[pools.enterprise]\nmembers = [{{ rep = \"ana\" }}]\n");
    let report = check::check_file(&text);
    // The enterprise example is shown behind the countries; there only its order is worth a word.
    assert_eq!(report.problems, [], "{text}");
}
