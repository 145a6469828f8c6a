//! Every lead has an owner who could take it, and pools charge for what they gave: I3 and I4.

use std::collections::BTreeMap;

use domain::config::Config;
use domain::decision::{Assigned, Ruling, Verdict};
use domain::lead::Lead;
use table::History;

use super::{End, text};
use crate::story::What;
use crate::world::World;

pub(super) fn owners(end: &End, violations: &mut Vec<String>) {
    for (id, history) in end.known() {
        let lead = &history.lead;
        let mut round = 0;
        for (seq, before, decision, config) in end.steps(*id, history) {
            let Some(config) = config else {
                violations.push(format!(
                    "I6: decision {seq} of {id} names the configuration {}, which is not there",
                    decision.config
                ));
                continue;
            };
            if let Ruling::Assigned(assigned) = &decision.ruling {
                if assigned.round != round + 1 {
                    violations.push(format!(
                        "I3: {id} was assigned in round {} after round {round}",
                        assigned.round
                    ));
                }
                round = assigned.round;
                if let Some(problem) = not_eligible(assigned, config, before.as_ref()) {
                    violations.push(format!("I3: decision {seq} of {id}: {problem}"));
                }
            }
        }
        let is_open = lead.stage.is_scored() && lead.waits.cooling_until.is_none();
        if lead.scored.is_none() && lead.stage.is_scored() {
            violations.push(format!("I11: {id} was never scored"));
        }
        if is_open && lead.owner.is_none() && lead.unassigned.is_none() && lead.recycled.is_empty()
        {
            violations.push(format!("I3: {id} has no owner and nothing says why"));
        }
    }
}

/// Why the rep should not have got the lead, judged by the candidates that the decision itself records.
fn not_eligible(assigned: &Assigned, config: &Config, before: Option<&Lead>) -> Option<String> {
    let rep = &assigned.rep;
    let verdict = assigned
        .candidates
        .iter()
        .find(|candidate| candidate.rep == *rep)
        .map(|candidate| &candidate.verdict);
    if !matches!(verdict, Some(Verdict::Chosen { .. })) {
        return Some(format!("{rep} was not the one chosen of the candidates"));
    }
    if assigned
        .by
        .pool
        .as_ref()
        .is_some_and(|pool| !config.pools.contains_key(pool))
    {
        return Some("the pool is not in the configuration".to_owned());
    }
    let had = before.is_some_and(|before| before.had_by.last() == Some(rep));
    let others = assigned
        .candidates
        .iter()
        .any(|candidate| matches!(candidate.verdict, Verdict::Waiting { .. }));
    (had && others).then(|| format!("{rep} got it back at once although others could take it"))
}

pub(super) async fn pools(world: &World, end: &End, violations: &mut Vec<String>) {
    let mut given: BTreeMap<(String, String), u64> = BTreeMap::new();
    for (_, history) in end.live() {
        for decision in &history.decisions {
            if let Ruling::Assigned(assigned) = &decision.ruling
                && let Some(pool) = &assigned.by.pool
            {
                *given
                    .entry((pool.clone(), assigned.rep.clone()))
                    .or_default() += 1;
            }
        }
    }
    let may_be_moved = world.story.steps.iter().any(|step| {
        matches!(
            step.what,
            What::Configure(_) | What::Feedback { .. } | What::Return { .. } | What::Erase { .. }
        )
    });
    for item in &end.items {
        let Some(pool) = text(item, "pk").and_then(|pk| pk.strip_prefix("T#")) else {
            continue;
        };
        let Ok((turns, _)) = world.table.turns(pool).await else {
            violations.push(format!("I4: the turns of {pool} cannot be read"));
            continue;
        };
        let credits: i64 = turns.accounts.values().map(|account| account.credit).sum();
        if credits != 0 && !may_be_moved {
            violations.push(format!(
                "I4: the credits of {pool} add up to {credits} instead of 0"
            ));
        }
        for (rep, account) in &turns.accounts {
            let told = given
                .get(&(pool.to_owned(), rep.clone()))
                .copied()
                .unwrap_or(0);
            // A turn whose lead was settled otherwise is taken back when the next lead comes; until then it is pending.
            let open = turns
                .pending
                .iter()
                .filter(|turn| {
                    turn.rep == *rep
                        && !end
                            .surviving(turn.lead)
                            .is_some_and(|history| has_turn(history, pool, turn))
                })
                .count() as u64;
            if account.given != told + open {
                violations.push(format!("I4: {pool} charged {rep} with {} leads, and the histories give {told} ({open} open)", account.given));
            }
        }
        if !may_be_moved && !world.story.weather.follow_up {
            fair_shares(pool, &turns, end, violations);
        }
    }
}

fn has_turn(history: &History, pool: &str, turn: &domain::routing::Turn) -> bool {
    history
        .decisions
        .iter()
        .any(|decision| match &decision.ruling {
            Ruling::Assigned(assigned) => turn.led_to(pool, assigned),
            _ => false,
        })
}

/// Without changes of the configuration everybody is there all the time, and shares follow the weights.
fn fair_shares(
    pool: &str,
    turns: &domain::routing::Turns,
    end: &End,
    violations: &mut Vec<String>,
) {
    let Some(members) = end
        .configurations
        .values()
        .next()
        .and_then(|config| config.pools.get(pool))
        .map(|pool| &pool.members)
    else {
        return;
    };
    let total: f64 = members.iter().map(|member| f64::from(member.weight)).sum();
    let all: u64 = turns.accounts.values().map(|account| account.given).sum();
    for member in members {
        let given = turns
            .accounts
            .get(&member.rep)
            .map_or(0, |account| account.given);
        let fair = all as f64 * f64::from(member.weight) / total;
        if (given as f64 - fair).abs() > 1.5 {
            violations.push(format!(
                "I4: {} of {pool} has {given} of {all} leads where {fair:.1} would be fair",
                member.rep
            ));
        }
    }
}
