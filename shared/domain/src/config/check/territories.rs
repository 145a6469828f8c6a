//! Territories and routing: whether every lead goes somewhere, and every territory gets leads.

use std::collections::BTreeSet;

use super::conditions;
use super::findings::Findings;
use super::implication::{implies, is_comparable, is_covered, never_holds, overlap};
use super::rules::unique;
use super::tree::Path;
use crate::condition::Condition;
use crate::config::{Config, Territory};

/// Most territories that are compared with each other. More are rare, and the work grows with their square.
const MAX_COMPARED: usize = 500;

/// Checks them.
pub(super) fn check(config: &Config, findings: &mut Findings<'_>) {
    let pools = findings.names("pools");
    let slas = findings.names("slas");
    let mut seen = BTreeSet::new();
    for (index, territory) in config.territories.iter().enumerate() {
        let path = Path::root().key("territories").index(index);
        unique(&mut seen, &territory.name, &path, "territory", findings);
        findings.expect_known(
            &path.key("pool"),
            "pool",
            "unknown_pool",
            &territory.pool,
            &pools,
        );
        if let Some(sla) = &territory.sla {
            findings.expect_known(&path.key("sla"), "SLA", "unknown_sla", sla, &slas);
        }
        if let Some(when) = &territory.when {
            conditions::check(when, &path.key("when"), findings);
        }
    }
    let routing = Path::root().key("routing");
    if let Some(pool) = &config.routing.fallback_pool {
        findings.expect_known(
            &routing.key("fallback_pool"),
            "pool",
            "unknown_pool",
            pool,
            &pools,
        );
    }
    if let Some(sla) = &config.routing.sla {
        findings.expect_known(&routing.key("sla"), "SLA", "unknown_sla", sla, &slas);
    }
    if config.routing.retry_minutes == 0 {
        findings.error(
            &routing.key("retry_minutes"),
            "zero",
            "a lead that nobody can take is tried again after 1 minute or more",
        );
    }
    check_fallback(config, findings);
    check_order(config, findings);
}

fn check_fallback(config: &Config, findings: &mut Findings<'_>) {
    let root = Path::root();
    let is_unknown = findings.is_incomplete(&root.key("territories"))
        || findings.is_incomplete(&root.key("routing"));
    let takes_all = config.routing.fallback_pool.is_some()
        || config
            .territories
            .iter()
            .any(|territory| territory.when.is_none());
    if !takes_all && !is_unknown {
        let message = "a lead that no territory takes goes to nobody: set `fallback_pool`, or end with a territory without `when`";
        findings.warning(&root.key("routing"), "no_fallback", message);
    }
}

fn check_order(config: &Config, findings: &mut Findings<'_>) {
    let path = |index: usize| Path::root().key("territories").index(index);
    // A condition that could not be read or never holds has been reported, and says nothing about the others. One that is too
    // large is left out: then something stays unsaid, and nothing wrong is said.
    let sound: Vec<(usize, &Territory)> = config
        .territories
        .iter()
        .enumerate()
        .filter(|(index, territory)| {
            !findings.is_incomplete(&path(*index))
                && territory
                    .when
                    .as_ref()
                    .is_none_or(|when| is_comparable(when) && never_holds(when).is_none())
        })
        .take(MAX_COMPARED)
        .collect();
    let mut earlier: Vec<(&Territory, &Condition)> = Vec::new();
    let mut takes_all: Option<&Territory> = None;
    for (index, territory) in sound {
        if let Some(all) = takes_all {
            let message = format!(
                "`{}` has no condition, comes first and takes every lead: move it to the end",
                all.name
            );
            findings.error(&path(index), "unreachable_territory", message);
            continue;
        }
        let Some(when) = &territory.when else {
            takes_all = Some(territory);
            continue;
        };
        let conditions: Vec<&Condition> = earlier.iter().map(|(_, condition)| *condition).collect();
        if is_covered(when, &conditions) {
            let by = earlier
                .iter()
                .find(|(_, condition)| implies(when, condition))
                .map_or_else(
                    || "earlier territories take".to_owned(),
                    |(other, _)| format!("`{}` comes first and takes", other.name),
                );
            let message = format!(
                "{by} every lead of this territory: move this one before, or change a condition"
            );
            findings.error(&path(index), "unreachable_territory", message);
            continue;
        }
        for (other, condition) in &earlier {
            let differs = other.pool != territory.pool || other.sla != territory.sla;
            if let Some(witness) = overlap(condition, when).filter(|_| differs) {
                let message = format!(
                    "this and `{}` both want a lead whose {witness}; `{}` gets it, because it comes first",
                    other.name, other.name
                );
                findings.warning(&path(index).key("when"), "overlapping_territories", message);
            }
        }
        earlier.push((territory, when));
    }
}
