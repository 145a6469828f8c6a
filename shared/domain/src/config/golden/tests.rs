use jiff::Timestamp;

use super::run;
use crate::config::{self, Config};

const RULES: &str = r#"
    [sources.website]
    kind = "form"
    [reps.ana]
    name = "Ana"
    [pools.emea]
    members = [{ rep = "ana" }]
    [[territories]]
    name = "Germany"
    when = { field = "country", is = "DE" }
    pool = "emea"
    [[scoring.fit]]
    name = "Chief"
    points = 45
    when = { field = "title", has_word = ["CMO"] }
    [[scoring.fit]]
    name = "Work address"
    points = 7
    when = { field = "email_class", is = "company" }
    [[scoring.engagement]]
    event = "email_opened"
    points = 2
    half_life_days = 1
"#;

fn config(golden: &str) -> Config {
    config::read(&format!("{RULES}\n{golden}"))
        .expect("the rules of this test have no errors")
        .config
}

fn differences(golden: &str) -> Vec<String> {
    let mut results = run(&config(golden), Timestamp::UNIX_EPOCH);
    assert_eq!(results.len(), 1);
    let result = results.remove(0);
    assert_eq!(result.passed, result.differences.is_empty());
    result.differences
}

#[test]
fn a_golden_lead_passes_when_all_that_it_mentions_comes_out() {
    let golden = r#"
        [[golden]]
        name = "x"
        lead = { title = "CMO", country = "DE" }
        events = ["email_opened", "email_opened"]
        expect = { score = 49, fit = 45, engagement = 4, stage = "mql", territory = "Germany", pool = "emea" }
    "#;
    assert_eq!(differences(golden), Vec::<String>::new());
}

#[test]
fn every_difference_is_told_with_its_reason() {
    let golden = r#"
        [[golden]]
        name = "x"
        lead = { title = "CMO", country = "FR" }
        expect = { score = 40, fit = 45, engagement = 1, stage = "sql", territory = "Germany", pool = "emea" }
    "#;
    let differences = differences(golden);
    assert_eq!(
        differences,
        [
            "the score is 45, expected 40 (Chief +45)",
            "engagement is 0, expected 1 (Chief +45)",
            "the stage is MQL, expected SQL (score 45)",
            "the territory is none, expected Germany (passed over: country is not DE)",
            "the pool is none, expected emea (passed over: country is not DE)",
        ]
    );
}

#[test]
fn facts_are_worked_out_for_golden_leads() {
    let golden = r#"
        [[golden]]
        name = "x"
        lead = { email = "greta@brightwater.example" }
        expect = { score = 7 }
    "#;
    assert_eq!(differences(golden), Vec::<String>::new());
}

#[test]
fn a_fact_that_the_file_gives_wins() {
    let golden = r#"
        [[golden]]
        name = "x"
        lead = { email = "greta@brightwater.example", email_class = "free" }
        expect = { score = 0 }
    "#;
    assert_eq!(differences(golden), Vec::<String>::new());
}

#[test]
fn the_result_does_not_depend_on_the_time() {
    let golden = r#"
        [[golden]]
        name = "x"
        lead = { title = "CMO" }
        events = ["email_opened"]
        expect = { engagement = 2 }
    "#;
    let config = config(golden);
    for second in [0, 1_000_000_000, 4_000_000_000] {
        let at = Timestamp::from_second(second).expect("these seconds are in range");
        assert!(run(&config, at)[0].passed);
    }
}

#[test]
fn a_failed_golden_lead_is_an_error_at_its_line() {
    let text = format!(
        "{RULES}\n[[golden]]\nname = \"a\"\nlead = {{}}\nexpect = {{ score = 0 }}\n\n[[golden]]\nname = \"b\"\nlead = {{}}\nexpect = {{ score = 1 }}\n"
    );
    let line = text
        .lines()
        .take_while(|line| !line.starts_with("name = \"b\""))
        .count();
    let report = config::check::check_file(&text);
    assert!(report.has_errors());
    assert!(report.config.is_none());
    let problem = report
        .problems
        .iter()
        .find(|problem| problem.code == "golden_lead")
        .expect("the second golden lead fails");
    assert_eq!((problem.line, problem.path.as_str()), (line, "golden[1]"));
    assert_eq!(
        problem.message,
        "the golden lead `b` comes out differently: the score is 0, expected 1 (no rule applies)"
    );
    assert_eq!(
        report
            .golden
            .iter()
            .map(|result| result.passed)
            .collect::<Vec<_>>(),
        [true, false]
    );
}

#[test]
fn the_golden_leads_that_ship_pass() {
    let report = config::check::check_file(config::DEFAULT);
    assert_eq!(report.problems, []);
    assert!(report.config.is_some());
    assert!(report.golden.len() >= 5 && report.golden.iter().all(|result| result.passed));
}
