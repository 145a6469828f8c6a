//! Who gets a lead: territory, then pool, then a fair turn among those who can take it.
//!
//! Turns are taken by smooth weighted round robin: every rep who can take the lead is credited with its weight, the one
//! with the most credit is chosen and charged with the sum of all weights. No rep is ever more than one lead away from the
//! fair share of the turns it took part in, and somebody who comes back from leave is owed nothing.
//! (The rule is nginx's for upstream servers.)

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::calendar::{is_away, local_date};
use crate::config::{Config, Member, Pool};
use crate::decision::{Assigned, Candidate, How, Nobody, PassedOver, Route, Verdict};
use crate::field::Fields;
use crate::id::LeadId;

/// The territory and pool for a lead that is `fields`: the first territory whose condition holds, else the fallback pool.
/// Says why each earlier territory was passed over.
pub fn territory_for(config: &Config, fields: &Fields) -> Route {
    let mut passed_over = Vec::new();
    for territory in &config.territories {
        match territory
            .when
            .as_ref()
            .and_then(|when| when.why_not(fields))
        {
            None => {
                return Route {
                    how: How::Territory,
                    territory: Some(territory.name.clone()),
                    pool: Some(territory.pool.clone()),
                    passed_over,
                    empty_pools: Vec::new(),
                };
            }
            Some(because) => passed_over.push(PassedOver {
                name: territory.name.clone(),
                because,
            }),
        }
    }
    Route {
        how: How::Fallback,
        territory: None,
        pool: config.routing.fallback_pool.clone(),
        passed_over,
        empty_pools: Vec::new(),
    }
}

/// The pools to ask for a lead on `route`, in order, each once: the territory's, its fallbacks, the fallback of all.
pub fn pools_to_ask<'a>(config: &'a Config, route: &'a Route) -> Vec<&'a str> {
    let mut pools: Vec<&str> = Vec::new();
    let mut next = route.pool.as_deref();
    while let Some(name) = next.filter(|name| !pools.contains(name)) {
        pools.push(name);
        next = config
            .pools
            .get(name)
            .and_then(|pool| pool.fallback.as_deref());
    }
    if let Some(last) = config.routing.fallback_pool.as_deref()
        && !pools.contains(&last)
    {
        pools.push(last);
    }
    pools
}

/// The SLA that starts when a lead is given on `route`: the territory's, else the pool's, else the one for all.
pub fn sla_for<'a>(config: &'a Config, route: &Route) -> Option<&'a str> {
    let territory = route.territory.as_ref().and_then(|name| {
        config
            .territories
            .iter()
            .find(|territory| territory.name == *name)
    });
    let pool = route.pool.as_ref().and_then(|name| config.pools.get(name));
    territory
        .and_then(|territory| territory.sla.as_deref())
        .or_else(|| pool.and_then(|pool| pool.sla.as_deref()))
        .or(config.routing.sla.as_deref())
}

/// The turns of one pool: what has to be remembered between two leads.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turns {
    /// Number of turns taken.
    pub taken: u64,
    /// Each member's account, by rep.
    pub accounts: BTreeMap<String, Account>,
    /// Turns that were taken for a lead and are not yet known to be in that lead's history.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pending: Vec<Turn>,
}

/// A rep's account in a pool.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Credit of the weighted round robin.
    pub credit: i64,
    /// Leads given, ever.
    pub given: u64,
    /// The turn in which the last lead was given; 0 for never.
    pub last: u64,
    /// The rep's local date for which `today` counts.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub day: String,
    /// Leads given on that date.
    #[serde(default)]
    pub today: u32,
}

/// A turn taken for one assignment of one lead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// The lead.
    pub lead: LeadId,
    /// The how-manieth assignment of that lead.
    pub round: u32,
    /// Which turn of the pool it is: two may be taken for one round by workers that do not know of each other, and one of
    /// them comes true. 0 in turns of older versions.
    #[serde(default)]
    pub number: u64,
    /// Who got the turn.
    pub rep: String,
    /// When.
    pub at: Timestamp,
    /// Everybody who was considered.
    pub candidates: Vec<Candidate>,
}

impl Turn {
    /// Whether both are the same turn.
    pub fn is(&self, other: &Turn) -> bool {
        (self.lead, self.round, self.number) == (other.lead, other.round, other.number)
    }

    /// Whether it is the turn that `assigned`, of the lead it was taken for, was decided by.
    pub fn led_to(&self, pool: &str, assigned: &Assigned) -> bool {
        assigned.round == self.round
            && assigned.rep == self.rep
            && assigned.by.pool.as_deref() == Some(pool)
            && assigned.turn.is_none_or(|number| number == self.number)
    }
}

/// Who is looked for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The lead.
    pub lead: LeadId,
    /// The how-manieth assignment it is for.
    pub round: u32,
    /// Everybody who had the lead, in order.
    pub had_by: &'a [String],
}

/// Takes a turn in the pool called `name` for a lead, and notes it as pending.
///
/// A turn that is already pending for the same lead and round is given again: a repeat charges nobody twice.
///
/// # Errors
/// The candidates with the reason for each, when nobody can take the lead.
pub fn take_turn(
    config: &Config,
    name: &str,
    turns: &mut Turns,
    wanted: Wanted<'_>,
    now: Timestamp,
) -> Result<Turn, Vec<Candidate>> {
    if let Some(turn) = turns
        .pending
        .iter()
        .find(|turn| turn.lead == wanted.lead && turn.round == wanted.round)
    {
        return Ok(turn.clone());
    }
    let empty = Pool {
        members: Vec::new(),
        fallback: None,
        sla: None,
    };
    let pool = config.pools.get(name).unwrap_or(&empty);
    // Those who never had the lead come first; whoever had it before, but not last, is better than nobody.
    let strict = Bar::HadIt(wanted.had_by);
    let lenient = Bar::HadItLast(wanted.had_by.last().map(String::as_str));
    let mut verdicts = judge(config, pool, turns, strict, now);
    if eligible(pool, &verdicts).next().is_none() {
        verdicts = judge(config, pool, turns, lenient, now);
    }

    let total: i64 = eligible(pool, &verdicts)
        .map(|member| i64::from(member.weight))
        .sum();
    let order = |member: &&Member| {
        let account = turns.accounts.get(&member.rep);
        let credit = account.map_or(0, |account| account.credit) + i64::from(member.weight);
        let last = account.map_or(0, |account| account.last);
        (credit, std::cmp::Reverse(last))
    };
    // Of equals the one whose last lead is longest ago; before anybody had one, the order of the pool.
    let mut best: Option<&Member> = None;
    for member in eligible(pool, &verdicts) {
        if best.is_none_or(|best| order(&member) > order(&best)) {
            best = Some(member);
        }
    }
    let Some(chosen) = best.map(|member| member.rep.clone()) else {
        return Err(verdicts);
    };

    turns.taken += 1;
    let members: Vec<Member> = eligible(pool, &verdicts).cloned().collect();
    for member in &members {
        turns.accounts.entry(member.rep.clone()).or_default().credit += i64::from(member.weight);
    }
    let day = rep_date(config, &chosen, now);
    let taken = turns.taken;
    let account = turns.accounts.entry(chosen.clone()).or_default();
    for candidate in &mut verdicts {
        if let Verdict::Waiting { credit } = candidate.verdict
            && candidate.rep == chosen
        {
            candidate.verdict = Verdict::Chosen { credit };
        }
    }
    account.credit -= total;
    account.given += 1;
    account.last = taken;
    if account.day == day {
        account.today += 1;
    } else {
        account.day = day;
        account.today = 1;
    }
    let turn = Turn {
        lead: wanted.lead,
        round: wanted.round,
        number: taken,
        rep: chosen,
        at: now,
        candidates: verdicts,
    };
    turns.pending.push(turn.clone());
    Ok(turn)
}

/// Takes a pending turn back, as if it had never been given: the lead needed nobody after all.
pub fn give_back(config: &Config, name: &str, turns: &mut Turns, turn: &Turn) {
    let Some(index) = turns.pending.iter().position(|pending| pending.is(turn)) else {
        return;
    };
    let turn = turns.pending.remove(index);
    let weight = |rep: &str| {
        let pool = config.pools.get(name);
        let member = pool.and_then(|pool| pool.members.iter().find(|member| member.rep == rep));
        member.map_or(0, |member| i64::from(member.weight))
    };
    let took_part = |candidate: &&Candidate| {
        matches!(
            candidate.verdict,
            Verdict::Chosen { .. } | Verdict::Waiting { .. }
        )
    };
    let total: i64 = turn
        .candidates
        .iter()
        .filter(took_part)
        .map(|candidate| weight(&candidate.rep))
        .sum();
    for candidate in turn.candidates.iter().filter(took_part) {
        if let Some(account) = turns.accounts.get_mut(&candidate.rep) {
            account.credit -= weight(&candidate.rep);
        }
    }
    if let Some(account) = turns.accounts.get_mut(&turn.rep) {
        account.credit += total;
        account.given = account.given.saturating_sub(1);
        account.today = account.today.saturating_sub(1);
    }
}

/// Why nobody was found, from all candidates of all pools asked.
pub fn nobody(asked_any_pool: bool, candidates: &[Candidate]) -> Nobody {
    let somebody_could = |candidate: &Candidate| matches!(candidate.verdict, Verdict::HadIt);
    if !asked_any_pool {
        Nobody::NoTerritory
    } else if !candidates.is_empty() && candidates.iter().any(somebody_could) {
        Nobody::EverybodyHadIt
    } else {
        Nobody::NobodyEligible
    }
}

/// Why a pool had nobody, in words.
pub fn why_empty(candidates: &[Candidate]) -> String {
    if candidates.is_empty() {
        return "it has no members".to_owned();
    }
    let reasons: Vec<String> = candidates
        .iter()
        .map(|candidate| format!("{} {}", candidate.rep, verdict_text(&candidate.verdict)))
        .collect();
    reasons.join(", ")
}

/// A verdict in words that follow the rep's name.
pub fn verdict_text(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Chosen { credit } => format!("was next in turn (credit {credit})"),
        Verdict::Waiting { credit } => format!("could take it and was not next (credit {credit})"),
        Verdict::Inactive => "is inactive".to_owned(),
        Verdict::Away => "is away".to_owned(),
        Verdict::Full { max_per_day } => format!("has had the most for a day ({max_per_day})"),
        Verdict::HadIt => "had this lead before".to_owned(),
        Verdict::NoWeight => "has weight 0".to_owned(),
    }
}

/// Whether a rep may hold leads at all: known and switched on. Somebody who is away keeps the leads they have.
pub fn can_hold(config: &Config, rep: &str) -> bool {
    config.reps.get(rep).is_some_and(|rep| rep.active)
}

#[derive(Clone, Copy)]
enum Bar<'a> {
    HadIt(&'a [String]),
    HadItLast(Option<&'a str>),
}

fn judge(
    config: &Config,
    pool: &Pool,
    turns: &Turns,
    bar: Bar<'_>,
    now: Timestamp,
) -> Vec<Candidate> {
    pool.members
        .iter()
        .map(|member| Candidate {
            rep: member.rep.clone(),
            verdict: verdict(config, member, turns, bar, now),
        })
        .collect()
}

fn verdict(
    config: &Config,
    member: &Member,
    turns: &Turns,
    bar: Bar<'_>,
    now: Timestamp,
) -> Verdict {
    let Some(rep) = config.reps.get(&member.rep).filter(|rep| rep.active) else {
        return Verdict::Inactive;
    };
    if member.weight == 0 {
        return Verdict::NoWeight;
    }
    let barred = match bar {
        Bar::HadIt(had_by) => had_by.contains(&member.rep),
        Bar::HadItLast(last) => last == Some(member.rep.as_str()),
    };
    if barred {
        return Verdict::HadIt;
    }
    let today = local_date(rep.timezone.as_deref(), now);
    if is_away(&rep.away, today) {
        return Verdict::Away;
    }
    let account = turns.accounts.get(&member.rep);
    if let Some(max_per_day) = member.max_per_day {
        let given = account
            .filter(|account| account.day == today.to_string())
            .map_or(0, |account| account.today);
        if given >= max_per_day {
            return Verdict::Full { max_per_day };
        }
    }
    let credit = account.map_or(0, |account| account.credit) + i64::from(member.weight);
    Verdict::Waiting { credit }
}

fn eligible<'a>(pool: &'a Pool, verdicts: &'a [Candidate]) -> impl Iterator<Item = &'a Member> {
    pool.members
        .iter()
        .zip(verdicts)
        .filter(|(_, candidate)| matches!(candidate.verdict, Verdict::Waiting { .. }))
        .map(|(member, _)| member)
}

fn rep_date(config: &Config, rep: &str, now: Timestamp) -> String {
    let timezone = config.reps.get(rep).and_then(|rep| rep.timezone.as_deref());
    local_date(timezone, now).to_string()
}

#[cfg(test)]
mod tests;
