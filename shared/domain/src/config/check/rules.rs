//! Scoring, recycling, and the golden leads that go with them.

use std::collections::BTreeSet;

use super::conditions;
use super::findings::Findings;
use super::shape::suggestion;
use super::tree::Path;
use crate::config::{Config, EngagementRule, Expected, NO_RESPONSE};
use crate::field::Field;

/// Most points of a rule, up or down. With the most rules that fit into a file, sums stay far below 32 bits.
pub(super) const MAX_POINTS: i32 = 100_000;

/// Most a cap or threshold can be.
const MAX_THRESHOLD: i32 = 1_000_000;

/// Checks them.
pub(super) fn check(config: &Config, findings: &mut Findings<'_>) {
    thresholds(config, findings);
    fit(config, findings);
    engagement(config, findings);
    recycling(config, findings);
    golden(config, findings);
}

fn thresholds(config: &Config, findings: &mut Findings<'_>) {
    let scoring = &config.scoring;
    let section = Path::root().key("scoring");
    if scoring.sql < scoring.mql {
        let message = format!(
            "`sql` ({}) is below `mql` ({}): nobody would ever be marketing qualified; raise it",
            scoring.sql, scoring.mql
        );
        findings.error(&section.key("sql"), "thresholds", message);
    }
    if scoring.hysteresis < 0 {
        findings.error(
            &section.key("hysteresis"),
            "negative",
            "`hysteresis` is a distance: 0 or more",
        );
    }
    for (key, cap) in [
        ("fit_cap", scoring.fit_cap),
        ("engagement_cap", scoring.engagement_cap),
    ] {
        if cap < 0 {
            findings.error(
                &section.key(key),
                "negative",
                format!("`{key}` bounds points in both directions: 0 or more"),
            );
        }
    }
    for (key, number) in [
        ("mql", scoring.mql),
        ("sql", scoring.sql),
        ("hysteresis", scoring.hysteresis),
        ("fit_cap", scoring.fit_cap),
        ("engagement_cap", scoring.engagement_cap),
    ] {
        if number.unsigned_abs() > MAX_THRESHOLD.unsigned_abs() {
            findings.error(
                &section.key(key),
                "too_many_points",
                format!("`{key}` is at most {MAX_THRESHOLD}, up or down"),
            );
        }
    }
}

fn fit(config: &Config, findings: &mut Findings<'_>) {
    let mut seen = BTreeSet::new();
    for (index, rule) in config.scoring.fit.iter().enumerate() {
        let path = Path::root().key("scoring").key("fit").index(index);
        unique(&mut seen, &rule.name, &path, "fit rule", findings);
        points(rule.points, &path, findings);
        conditions::check(&rule.when, &path.key("when"), findings);
    }
}

fn engagement(config: &Config, findings: &mut Findings<'_>) {
    let mut seen = BTreeSet::new();
    for (index, rule) in config.scoring.engagement.iter().enumerate() {
        let path = Path::root().key("scoring").key("engagement").index(index);
        let key = if rule.name.is_some() { "name" } else { "event" };
        if rule.event.trim().is_empty() {
            findings.error(
                &path.key("event"),
                "empty_name",
                "`event` is the type of an event, such as \"email_opened\"",
            );
        } else if rule.label().trim().is_empty() {
            findings.error(
                &path.key(key),
                "empty_name",
                "a name has to say something, or be left out",
            );
        } else if !seen.insert(rule.label()) {
            let message = format!(
                "another engagement rule is called `{}`, and the history could not tell them apart: give it another `name`",
                rule.label()
            );
            findings.error(&path.key(key), "duplicate_name", message);
        }
        points(rule.points, &path, findings);
        bounds(rule, &path, findings);
    }
}

fn bounds(rule: &EngagementRule, path: &Path, findings: &mut Findings<'_>) {
    match rule.cap {
        Some(cap) if cap < 0 => {
            findings.error(
                &path.key("cap"),
                "negative",
                "`cap` bounds points in both directions: 0 or more",
            );
        }
        Some(cap) if cap.unsigned_abs() < rule.points.unsigned_abs() => {
            let message = format!(
                "`cap` ({cap}) is below what one event gives ({}): no event would ever give its points",
                rule.points
            );
            findings.error(&path.key("cap"), "cap_below_points", message);
        }
        _ => {}
    }
    if rule.half_life_days == Some(0) {
        findings.error(
            &path.key("half_life_days"),
            "zero",
            "a half-life is 1 day or more; leave it out for points that do not fade",
        );
    }
}

fn points(points: i32, path: &Path, findings: &mut Findings<'_>) {
    if points.unsigned_abs() > MAX_POINTS.unsigned_abs() {
        findings.error(
            &path.key("points"),
            "too_many_points",
            format!("a rule gives at most {MAX_POINTS} points, up or down"),
        );
    }
    if points == 0 {
        findings.warning(
            &path.key("points"),
            "no_points",
            "this rule gives nothing: give it points, or remove it",
        );
    }
}

fn recycling(config: &Config, findings: &mut Findings<'_>) {
    let section = Path::root().key("recycling");
    if config.recycling.stuck_minutes == 0 {
        findings.error(
            &section.key("stuck_minutes"),
            "zero",
            "a lead needs some time to come through: 1 minute or more",
        );
    }
    let rules = &config.recycling.rules;
    let mut seen = BTreeSet::new();
    for (index, rule) in rules.iter().enumerate() {
        let path = section.key("rules").index(index);
        unique(&mut seen, &rule.name, &path, "recycling rule", findings);
        if rule.reason.trim().is_empty() {
            let message = "`reason` is \"no_response\", a reason that sales gives, or \"*\"";
            findings.error(&path.key("reason"), "empty_name", message);
        }
        // `*` stands for rejections; a lead that nobody answered was not rejected.
        let earlier = rules.iter().take(index).find(|earlier| {
            earlier.reason == rule.reason || (earlier.reason == "*" && rule.reason != NO_RESPONSE)
        });
        if let Some(earlier) = earlier {
            let message = format!(
                "the rule `{}` (`{}`) comes first and takes every lead of this one: change their order, or remove one",
                earlier.name, earlier.reason
            );
            findings.error(&path.key("reason"), "unreachable_rule", message);
        }
    }
    let answers =
        rules.iter().any(|rule| rule.reason == NO_RESPONSE) || findings.is_incomplete(&section);
    if !config.slas.is_empty() && !answers {
        let message = "there are SLAs and no recycling rule for `no_response`: a lead that nobody answers stays where it is";
        findings.warning(&section, "no_response_rule", message);
    }
}

fn golden(config: &Config, findings: &mut Findings<'_>) {
    let territories: Vec<&str> = config
        .territories
        .iter()
        .map(|territory| territory.name.as_str())
        .collect();
    let pools = findings.names("pools");
    let events: Vec<&str> = config
        .scoring
        .engagement
        .iter()
        .map(|rule| &rule.event)
        .chain(&config.scoring.pql_events)
        .map(String::as_str)
        .collect();
    let knows_territories = !findings.is_incomplete(&Path::root().key("territories"));
    let knows_events = !findings.is_incomplete(&Path::root().key("scoring"));
    let mut seen = BTreeSet::new();
    for (index, lead) in config.golden.iter().enumerate() {
        let path = Path::root().key("golden").index(index);
        unique(&mut seen, &lead.name, &path, "golden lead", findings);
        for name in lead.lead.keys() {
            if let Err(unknown) = name.parse::<Field>() {
                let hint = conditions::fields_hint(unknown.hint.is_none());
                findings.error_in_key(
                    &path.key("lead").key(name),
                    "unknown_field",
                    format!("{unknown}{hint}"),
                );
            }
        }
        for (position, event) in lead.events.iter().enumerate() {
            if knows_events && !events.contains(&event.as_str()) {
                let message = format!(
                    "no rule mentions the event `{event}`{}",
                    suggestion(event, &events)
                );
                findings.warning(
                    &path.key("events").index(position),
                    "unknown_event",
                    message,
                );
            }
        }
        if lead.expect == Expected::default() && !findings.is_incomplete(&path.key("expect")) {
            let message =
                "nothing is expected of this golden lead: add `score`, `stage`, `pool` or the like";
            findings.error(&path.key("expect"), "empty_expectation", message);
        }
        if let Some(territory) = lead.expect.territory.as_ref().filter(|_| knows_territories) {
            findings.expect_known(
                &path.key("expect").key("territory"),
                "territory",
                "unknown_territory",
                territory,
                &territories,
            );
        }
        if let Some(pool) = &lead.expect.pool {
            findings.expect_known(
                &path.key("expect").key("pool"),
                "pool",
                "unknown_pool",
                pool,
                &pools,
            );
        }
    }
}

/// Reports a name that is blank or was there before.
pub(super) fn unique<'a>(
    seen: &mut BTreeSet<&'a str>,
    name: &'a str,
    path: &Path,
    kind: &str,
    findings: &mut Findings<'_>,
) {
    if name.trim().is_empty() {
        findings.error(
            &path.key("name"),
            "empty_name",
            format!("a {kind} needs a name that says something: it stands in the history"),
        );
    } else if !seen.insert(name) {
        let message = format!(
            "another {kind} is called `{name}`, and the history could not tell them apart: give it another name"
        );
        findings.error(&path.key("name"), "duplicate_name", message);
    }
}
