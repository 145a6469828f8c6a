use super::{finds, finds_instead};

#[test]
fn reps() {
    for (rest, code, end) in [
        ("email = \"ana\"", "bad_email", "email"),
        ("timezone = \"Europe/Bonn\"", "unknown_timezone", "timezone"),
        (
            "away = [{ from = \"2026-02-30\", to = \"2026-03-01\" }]",
            "bad_date",
            "away[0].from",
        ),
        (
            "away = [{ from = \"2026-02-01\", to = \"1.3.2026\" }]",
            "bad_date",
            "away[0].to",
        ),
        (
            "away = [{ from = \"2026-03-02\", to = \"2026-03-01\" }]",
            "dates_reversed",
            "away[0]",
        ),
        (
            "away = [{ from = 2026-03-02, to = \"2026-03-03\" }]",
            "wrong_type",
            "away[0].from",
        ),
        (
            "away = [{ from = \"2026-03-02\", until = \"2026-03-03\", to = \"2026-03-03\" }]",
            "unknown_key",
            "away[0].until",
        ),
    ] {
        finds(
            &format!("[reps.cleo]\nactive = false\nname = \"Cleo\"\n{rest}"),
            &[(code, &format!("reps.cleo.{end}"))],
        );
    }
    finds(
        "[reps.cleo]\nactive = false\nname = \"\"",
        &[("empty_name", "reps.cleo.name")],
    );
    finds(
        "[reps.\"cleo.d\"]\nactive = false\nname = \"Cleo\"",
        &[("bad_name", "reps.\"cleo.d\"")],
    );
    finds(
        "[reps.cleo]\nname = \"Cleo\"",
        &[("unused_rep", "reps.cleo")],
    );
    finds("[reps.cleo]\nname = \"Cleo\"\nactive = false", &[]);
}

#[test]
fn pools() {
    let emea = "members = [{ rep = \"ana\" }]";
    for (to, code, path) in [
        (
            "members = [{ rep = \"ana\" }, { rep = \"anna\" }]",
            "unknown_rep",
            "pools.emea.members[1].rep",
        ),
        (
            "members = [{ rep = \"ana\" }, { rep = \"ana\" }]",
            "duplicate_member",
            "pools.emea.members[1].rep",
        ),
        (
            "members = [{ rep = \"ana\", weight = 0 }]",
            "empty_pool",
            "pools.emea.members",
        ),
        (
            "members = [{ rep = \"ana\", max_per_day = 0 }]",
            "empty_pool",
            "pools.emea.members",
        ),
        (
            "members = [{ rep = \"ana\" }]\nsla = \"fast\"",
            "unknown_sla",
            "pools.emea.sla",
        ),
        (
            "members = [{ rep = \"ana\" }]\nfallback = \"amer\"",
            "unknown_pool",
            "pools.emea.fallback",
        ),
        (
            "members = [{ rep = \"ana\" }]\nfallback = \"emea\"",
            "fallback_cycle",
            "pools.emea.fallback",
        ),
        (
            "members = [{ rep = \"ana\" }]\nfallback = \"apac\"",
            "fallback_cycle",
            "pools.apac.fallback",
        ),
        (
            "members = [{ rep = \"ana\", weight = -1 }]",
            "wrong_type",
            "pools.emea.members[0].weight",
        ),
    ] {
        finds_instead(emea, to, &[(code, path)]);
    }
    finds_instead(
        emea,
        "members = []",
        &[
            ("unused_rep", "reps.ana"),
            ("empty_pool", "pools.emea.members"),
        ],
    );
    finds_instead(
        "name = \"Ana\"",
        "name = \"Ana\"\nactive = false",
        &[("empty_pool", "pools.emea.members")],
    );
    finds_instead("fallback = \"emea\"", "", &[("unused_pool", "pools.emea")]);
    finds(
        "[pools.Third]\nmembers = [{ rep = \"ana\" }]\n[[territories]]\nname = \"x\"\npool = \"Third\"",
        &[("bad_name", "pools.Third")],
    );
}

#[test]
fn territories() {
    let territory =
        |name: &str, rest: &str| format!("[[territories]]\nname = \"{name}\"\n{rest}\n");
    let de = "pool = \"emea\"\nwhen = { field = \"country\", is = \"DE\" }";
    let de_at = "pool = \"emea\"\nwhen = { field = \"country\", one_of = [\"DE\", \"AT\"] }";
    let at_ch = "pool = \"apac\"\nwhen = { field = \"country\", one_of = [\"AT\", \"CH\"] }";
    for (rest, code, path) in [
        (
            vec!["pool = \"emae\""],
            "unknown_pool",
            "territories[0].pool",
        ),
        (
            vec!["pool = \"emea\"\nsla = \"fast\""],
            "unknown_sla",
            "territories[0].sla",
        ),
        (
            vec!["pool = \"emea\"", de],
            "unreachable_territory",
            "territories[1]",
        ),
        (vec![de_at, de], "unreachable_territory", "territories[1]"),
        (
            vec![de, at_ch, de_at],
            "unreachable_territory",
            "territories[2]",
        ),
        (vec![de, de], "unreachable_territory", "territories[1]"),
        (
            vec![de_at, at_ch],
            "overlapping_territories",
            "territories[1].when",
        ),
        (
            vec![
                "pool = \"emea\"\nwhen = { field = \"employees\", at_least = 10, at_most = 50 }",
                "pool = \"apac\"\nwhen = { field = \"employees\", at_least = 50 }",
            ],
            "overlapping_territories",
            "territories[1].when",
        ),
    ] {
        let text: String = rest
            .iter()
            .enumerate()
            .map(|(index, rest)| territory(&format!("t{index}"), rest))
            .collect();
        finds(&text, &[(code, path)]);
    }
    finds(
        &(territory("x", de) + &territory("x", "pool = \"emea\"")),
        &[("duplicate_name", "territories[1].name")],
    );
    finds(&territory("", de), &[("empty_name", "territories[0].name")]);
    // From the special to the general is how territories are meant to be.
    finds(
        &(territory("x", de) + &territory("y", de_at) + &territory("z", "pool = \"emea\"")),
        &[],
    );
    finds(
        &(territory("x", de)
            + &territory(
                "y",
                "pool = \"apac\"\nwhen = { field = \"employees\", at_least = 50 }",
            )),
        &[],
    );
}

#[test]
fn routing() {
    finds_instead(
        "fallback_pool = \"apac\"",
        "fallback_pool = \"apc\"",
        &[
            ("unused_pool", "pools.emea"),
            ("unused_pool", "pools.apac"),
            ("unknown_pool", "routing.fallback_pool"),
        ],
    );
    finds_instead(
        "fallback_pool = \"apac\"",
        "fallback_pool = \"apac\"\nsla = \"x\"",
        &[("unknown_sla", "routing.sla")],
    );
    finds_instead(
        "fallback_pool = \"apac\"",
        "fallback_pool = \"apac\"\nretry_minutes = 0",
        &[("zero", "routing.retry_minutes")],
    );
    finds_instead(
        "fallback_pool = \"apac\"",
        "fallback_pool = \"apac\"\nassign_from = \"mlq\"",
        &[("unknown_value", "routing.assign_from")],
    );
    finds_instead(
        "fallback_pool = \"apac\"",
        "[[territories]]\nname = \"x\"\npool = \"apac\"\nwhen = { field = \"country\", is = \"DE\" }",
        &[("no_fallback", "routing")],
    );
    finds_instead(
        "fallback_pool = \"apac\"",
        "[[territories]]\nname = \"x\"\npool = \"apac\"",
        &[],
    );
}

#[test]
fn calendars_and_slas() {
    let calendar = |rest: &str| format!("[calendars.office]\ntimezone = \"Europe/Berlin\"\n{rest}");
    for (rest, code, end) in [
        ("hours = { mon = [\"9-17\"] }", "bad_hours", "hours.mon[0]"),
        (
            "hours = { mon = [\"17:00-09:00\"] }",
            "bad_hours",
            "hours.mon[0]",
        ),
        (
            "hours = { mon = [\"09:00-13:00\", \"12:30-17:00\"] }",
            "hours_order",
            "hours.mon[1]",
        ),
        (
            "hours = { mon = [\"13:00-17:00\", \"09:00-12:00\"] }",
            "hours_order",
            "hours.mon[1]",
        ),
        (
            "hours = { mon = [\"09:00-24:00\", \"12:30-17:00\"] }",
            "hours_order",
            "hours.mon[1]",
        ),
        (
            "hours = { monday = [\"09:00-17:00\"] }",
            "unknown_weekday",
            "hours.monday",
        ),
        (
            "hours = { mon = \"09:00-17:00\" }",
            "wrong_type",
            "hours.mon",
        ),
        ("hours = {}", "no_hours", "hours"),
        ("hours = { mon = [] }", "no_hours", "hours"),
        (
            "hours = { mon = [\"09:00-17:00\"] }\nholidays = [\"2026-13-01\"]",
            "bad_date",
            "holidays[0]",
        ),
        (
            "hours = { mon = [\"09:00-17:00\"] }\nholidays = [\"2026-12-25\", \"20261226\"]",
            "bad_date",
            "holidays[1]",
        ),
    ] {
        finds(
            &calendar(rest),
            &[(code, &format!("calendars.office.{end}"))],
        );
    }
    finds(
        "[calendars.office]\ntimezone = \"CETT\"\nhours = { mon = [\"09:00-12:00\", \"12:00-24:00\"] }",
        &[("unknown_timezone", "calendars.office.timezone")],
    );
    let rule = "[[recycling.rules]]\nname = \"x\"\nreason = \"no_response\"\n";
    finds(
        &format!("[slas.fast]\nfirst_response_minutes = 0\n{rule}"),
        &[("zero", "slas.fast.first_response_minutes")],
    );
    finds(
        &format!("[slas.fast]\nfirst_response_minutes = 525_601\n{rule}"),
        &[("too_long", "slas.fast.first_response_minutes")],
    );
    finds(
        &format!("[slas.fast]\nfirst_response_minutes = 5\ncalendar = \"ofice\"\n{rule}"),
        &[("unknown_calendar", "slas.fast.calendar")],
    );
    finds(
        &format!("[slas.Fast]\nfirst_response_minutes = 5\n{rule}"),
        &[("bad_name", "slas.Fast")],
    );
}

#[test]
fn a_circle_of_pools_is_reported_once_wherever_it_is_entered() {
    let pool = |name: &str, fallback: &str| {
        format!("[pools.{name}]\nmembers = [{{ rep = \"ana\" }}]\nfallback = \"{fallback}\"\n")
    };
    let pools = pool("a-way-in", "z")
        + &pool("m", "n")
        + &pool("n", "z")
        + &pool("z", "m")
        + &pool("own", "own");
    let territories: String = ["a-way-in", "own"]
        .map(|name| format!("[[territories]]\nname = \"{name}\"\npool = \"{name}\"\nwhen = {{ field = \"city\", is = \"{name}\" }}\n"))
        .concat();
    finds(
        &(pools + &territories),
        &[
            ("fallback_cycle", "pools.m.fallback"),
            ("fallback_cycle", "pools.own.fallback"),
        ],
    );
}
