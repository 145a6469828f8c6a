use super::finds;

#[test]
fn scoring() {
    for (rest, code, path) in [
        ("mql = 90", "thresholds", "scoring.sql"),
        ("hysteresis = -1", "negative", "scoring.hysteresis"),
        ("fit_cap = -1", "negative", "scoring.fit_cap"),
        ("engagement_cap = -1", "negative", "scoring.engagement_cap"),
        ("fit_cap = 1_000_001", "too_many_points", "scoring.fit_cap"),
        ("mlq = 40", "unknown_key", "scoring.mlq"),
        ("mql = 40.5", "wrong_type", "scoring.mql"),
    ] {
        finds(&format!("[scoring]\n{rest}"), &[(code, path)]);
    }
    let event = |rest: &str| format!("[[scoring.engagement]]\nevent = \"email_opened\"\n{rest}");
    for (rest, code, end) in [
        ("points = 5\ncap = -1", "negative", "cap"),
        ("points = 5\ncap = 4", "cap_below_points", "cap"),
        ("points = -5\ncap = 4", "cap_below_points", "cap"),
        ("points = 5\nhalf_life_days = 0", "zero", "half_life_days"),
        ("points = 0", "no_points", "points"),
        ("points = 100_001", "too_many_points", "points"),
        ("points = 5\nname = \" \"", "empty_name", "name"),
    ] {
        finds(
            &event(rest),
            &[(code, &format!("scoring.engagement[0].{end}"))],
        );
    }
    finds(
        &format!("{}\n{}", event("points = 1"), event("points = 2")),
        &[("duplicate_name", "scoring.engagement[1].event")],
    );
    finds(
        &format!(
            "{}\n{}",
            event("points = 1"),
            event("points = 2\nname = \"again\"")
        ),
        &[],
    );
    let fit = "[[scoring.fit]]\nname = \"x\"\npoints = 1\nwhen = { field = \"country\", present = true }\n";
    finds(&fit.repeat(2), &[("duplicate_name", "scoring.fit[1].name")]);
    finds(
        "[[scoring.fit]]\nname = \"x\"\npoints = 1",
        &[("missing_key", "scoring.fit[0].when")],
    );
}

#[test]
fn recycling() {
    let rule = |name: &str, reason: &str| {
        format!("[[recycling.rules]]\nname = \"{name}\"\nreason = \"{reason}\"\n")
    };
    finds(
        &(rule("a", "*") + &rule("b", "not_now")),
        &[("unreachable_rule", "recycling.rules[1].reason")],
    );
    finds(
        &(rule("a", "not_now") + &rule("b", "not_now")),
        &[("unreachable_rule", "recycling.rules[1].reason")],
    );
    finds(
        &(rule("a", "x") + &rule("a", "y")),
        &[("duplicate_name", "recycling.rules[1].name")],
    );
    finds(
        &rule("a", ""),
        &[("empty_name", "recycling.rules[0].reason")],
    );
    finds(
        "[recycling]\nstuck_minutes = 0",
        &[("zero", "recycling.stuck_minutes")],
    );
    finds(
        "[slas.fast]\nfirst_response_minutes = 5\n[recycling]\nrules = []",
        &[("no_response_rule", "recycling")],
    );
    // A rule for every rejection is none for silence.
    finds(
        &("[slas.fast]\nfirst_response_minutes = 5\n[recycling]\n".to_owned() + &rule("a", "*")),
        &[("no_response_rule", "recycling")],
    );
    finds(
        &("[slas.fast]\nfirst_response_minutes = 5\n".to_owned()
            + &rule("a", "*")
            + &rule("b", "no_response")),
        &[],
    );
}

#[test]
fn golden_leads() {
    for (lead, events, expect, code, end) in [
        (
            "{ emial = \"x\" }",
            "[]",
            "{ score = 0 }",
            "unknown_field",
            "lead.emial",
        ),
        ("{}", "[]", "{}", "empty_expectation", "expect"),
        ("{}", "[]", "{ points = 3 }", "unknown_key", "expect.points"),
        (
            "{}",
            "[]",
            "{ pool = \"apax\" }",
            "unknown_pool",
            "expect.pool",
        ),
        (
            "{}",
            "[]",
            "{ territory = \"x\" }",
            "unknown_territory",
            "expect.territory",
        ),
        (
            "{}",
            "[]",
            "{ stage = \"MQL\" }",
            "unknown_value",
            "expect.stage",
        ),
        (
            "{}",
            "[\"email_opend\"]",
            "{ score = 0 }",
            "unknown_event",
            "events[0]",
        ),
    ] {
        let text = format!(
            "[[golden]]\nname = \"x\"\nlead = {lead}\nevents = {events}\nexpect = {expect}"
        );
        finds(&text, &[(code, &format!("golden[0].{end}"))]);
    }
    let same = "[[golden]]\nname = \"x\"\nlead = {}\nexpect = { score = 0 }\n".repeat(2);
    finds(&same, &[("duplicate_name", "golden[1].name")]);
}
