//! Reps, pools and the ways between pools.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::findings::Findings;
use super::tree::Path;
use crate::config::{Config, Pool, Rep};
use crate::email::Email;

/// Checks them.
pub(super) fn check(config: &Config, findings: &mut Findings<'_>) {
    for (name, rep) in &config.reps {
        check_rep(name, rep, findings);
    }
    let reps = findings.names("reps");
    let pools = findings.names("pools");
    let slas = findings.names("slas");
    for (name, pool) in &config.pools {
        let path = Path::root().key("pools").key(name);
        findings.expect_slug(&path, "pool", name);
        check_members(config, pool, &path, &reps, findings);
        if let Some(fallback) = &pool.fallback {
            findings.expect_known(
                &path.key("fallback"),
                "pool",
                "unknown_pool",
                fallback,
                &pools,
            );
        }
        if let Some(sla) = &pool.sla {
            findings.expect_known(&path.key("sla"), "SLA", "unknown_sla", sla, &slas);
        }
    }
    check_cycles(config, findings);
    check_unused(config, findings);
}

fn check_rep(name: &str, rep: &Rep, findings: &mut Findings<'_>) {
    let path = Path::root().key("reps").key(name);
    findings.expect_slug(&path, "rep", name);
    if rep.name.trim().is_empty() {
        findings.error(
            &path.key("name"),
            "empty_name",
            "`name` is the person's name, as colleagues say it",
        );
    }
    if let Some(email) = &rep.email
        && Email::parse(email).is_err()
    {
        findings.error(&path.key("email"), "bad_email", "this is no e-mail address");
    }
    if let Some(timezone) = &rep.timezone {
        expect_timezone(timezone, &path.key("timezone"), findings);
    }
    for (index, away) in rep.away.iter().enumerate() {
        let path = path.key("away").index(index);
        let from = expect_date(&away.from, &path.key("from"), findings);
        let to = expect_date(&away.to, &path.key("to"), findings);
        if let (Some(from), Some(to)) = (from, to)
            && from > to
        {
            findings.error(
                &path,
                "dates_reversed",
                format!("this absence ends ({to}) before it begins ({from}): swap the dates"),
            );
        }
    }
}

fn check_members(
    config: &Config,
    pool: &Pool,
    path: &Path,
    reps: &[&str],
    findings: &mut Findings<'_>,
) {
    let mut seen = BTreeSet::new();
    for (index, member) in pool.members.iter().enumerate() {
        let path = path.key("members").index(index).key("rep");
        findings.expect_known(&path, "rep", "unknown_rep", &member.rep, reps);
        if !seen.insert(&member.rep) {
            let message = format!(
                "`{}` is in this pool already: to give a rep more of the turns, raise its `weight`",
                member.rep
            );
            findings.error(&path, "duplicate_member", message);
        }
    }
    // Whoever could not be read may be able to take leads.
    let may_take = |rep: &str| config.reps.get(rep).is_none_or(|rep| rep.active);
    let somebody = pool
        .members
        .iter()
        .any(|member| member.weight > 0 && member.max_per_day != Some(0) && may_take(&member.rep));
    if !somebody && !findings.is_incomplete(&path.key("members")) {
        let reason = if pool.members.is_empty() {
            "this pool has no members"
        } else {
            "nobody in this pool can take leads: all are switched off, weigh 0 or take 0 a day"
        };
        findings.warning(
            &path.key("members"),
            "empty_pool",
            format!("{reason}; add a rep who can"),
        );
    }
}

/// Fallbacks that lead back to where they began. A pool has one fallback at most, so every pool is walked through once.
fn check_cycles(config: &Config, findings: &mut Findings<'_>) {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for start in config.pools.keys() {
        let mut way: Vec<&str> = Vec::new();
        let mut next = Some(start.as_str());
        while let Some(name) = next.filter(|name| seen.insert(name)) {
            way.push(name);
            next = config
                .pools
                .get(name)
                .and_then(|pool| pool.fallback.as_deref());
        }
        let Some(entry) = next.and_then(|name| way.iter().position(|pool| *pool == name)) else {
            continue;
        };
        let mut circle = way.split_off(entry);
        // From its first pool by name, wherever it was entered.
        let first = circle
            .iter()
            .enumerate()
            .min_by_key(|(_, pool)| **pool)
            .map_or(0, |(position, _)| position);
        circle.rotate_left(first);
        let first = circle[0];
        let message = format!(
            "pools fall back on each other in a circle: {} → {first}; end it at one of them",
            circle.join(" → ")
        );
        findings.error(
            &Path::root().key("pools").key(first).key("fallback"),
            "fallback_cycle",
            message,
        );
    }
}

/// Pools that nobody routes to, and reps in no pool.
fn check_unused(config: &Config, findings: &mut Findings<'_>) {
    let root = Path::root();
    let routes_are_known = !findings.is_incomplete(&root.key("territories"))
        && !findings.is_incomplete(&root.key("routing"));
    let pools_are_known = !findings.is_incomplete(&root.key("pools"));
    if routes_are_known && pools_are_known {
        let mut reached: BTreeSet<&str> = BTreeSet::new();
        let mut next: Vec<&str> = config
            .territories
            .iter()
            .map(|territory| territory.pool.as_str())
            .collect();
        next.extend(config.routing.fallback_pool.as_deref());
        while let Some(name) = next.pop() {
            if reached.insert(name) {
                next.extend(
                    config
                        .pools
                        .get(name)
                        .and_then(|pool| pool.fallback.as_deref()),
                );
            }
        }
        for name in config
            .pools
            .keys()
            .filter(|name| !reached.contains(name.as_str()))
        {
            let message = format!(
                "no lead can come to the pool `{name}`: name it in a territory, as a fallback, or remove it"
            );
            findings.warning(&root.key("pools").key(name), "unused_pool", message);
        }
    }
    if pools_are_known {
        let members: BTreeSet<&str> = config
            .pools
            .values()
            .flat_map(|pool| &pool.members)
            .map(|member| member.rep.as_str())
            .collect();
        for (name, _) in config
            .reps
            .iter()
            .filter(|(name, rep)| rep.active && !members.contains(name.as_str()))
        {
            let message = format!(
                "`{name}` is in no pool and gets no leads: add the rep to one, or set `active = false`"
            );
            findings.warning(&root.key("reps").key(name), "unused_rep", message);
        }
    }
}

/// Reports what is no date, and gives it otherwise.
pub(super) fn expect_date(text: &str, path: &Path, findings: &mut Findings<'_>) -> Option<Date> {
    // jiff reads other forms too; one is enough.
    let date = text
        .parse::<Date>()
        .ok()
        .filter(|date| date.to_string() == text);
    if date.is_none() {
        findings.error(
            path,
            "bad_date",
            format!("`{text}` is no date: write it as \"2026-12-24\""),
        );
    }
    date
}

/// Reports what is no time zone.
pub(super) fn expect_timezone(name: &str, path: &Path, findings: &mut Findings<'_>) {
    if TimeZone::get(name).is_err() {
        findings.error(
            path,
            "unknown_timezone",
            format!("there is no time zone `{name}`: use an IANA name such as `Europe/Berlin`"),
        );
    }
}
