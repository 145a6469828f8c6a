//! What is due for a lead, and what becomes of one that comes back.

use jiff::{SignedDuration, Timestamp};

use crate::config::{Config, NO_RESPONSE, RecyclingRule};
use crate::decision::{Recycled, Ruling, SlaBreached, Then};
use crate::id::DeliveryId;
use crate::lead::Lead;

/// Something to be done for a lead now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    /// It has not come through all steps, or nobody could take it before: send it to be scored and assigned again.
    SendOn,
    /// Its cooling-off time is over: somebody else gets it.
    CooledOff,
    /// The first response did not come in time.
    NoResponse,
    /// A provider that did not answer is asked again.
    AskProvider(String),
    /// A notification that failed is sent again.
    Redeliver(DeliveryId),
}

/// How long a lead may be on its way before it is sent on again.
pub fn stuck_after(config: &Config) -> SignedDuration {
    SignedDuration::from_mins(i64::from(config.recycling.stuck_minutes))
}

/// The moment at which the recycler looks at a new lead for the first time: before anything can be due. So one entry in
/// the index of due work serves both for a lead that gets stuck and for its first-response deadline.
pub fn first_check(config: &Config, received_at: Timestamp) -> Timestamp {
    let shortest_sla = config
        .slas
        .values()
        .map(|sla| SignedDuration::from_mins(i64::from(sla.first_response_minutes)))
        .min();
    let stuck = stuck_after(config);
    let wait = shortest_sla.map_or(stuck, |sla| sla.min(stuck));
    received_at.saturating_add(wait).unwrap_or(received_at)
}

/// When an entry in the index of due work has to be written before `before` becomes `after`; `None` when one is there.
///
/// The entry of a new lead stands at its first check, and everything that it comes to wait for before that is found then.
pub fn arm_at(
    config: &Config,
    before: Option<&Lead>,
    after: &Lead,
    now: Timestamp,
) -> Option<Timestamp> {
    let next = after.next_due(stuck_after(config));
    let Some(before) = before else {
        return [next, after.waits.check_at].into_iter().flatten().min();
    };
    let next = next?;
    let stands = after
        .waits
        .check_at
        .is_some_and(|check| now < check && check <= next);
    let stood = before.next_due(stuck_after(config)) == Some(next) && now < next;
    (!stands && !stood).then_some(next)
}

/// Everything that is due for `lead` at `now`.
pub fn due(config: &Config, lead: &Lead, now: Timestamp) -> Vec<Due> {
    let mut found = Vec::new();
    if lead.merged_into.is_some() {
        return found;
    }
    if let Some(until) = lead.waits.cooling_until {
        if until <= now {
            found.push(Due::CooledOff);
        }
    } else if lead.wants_owner(now)
        && let Some(since) = lead.waits.assignment
    {
        let patience = if lead.unassigned.is_some() {
            SignedDuration::ZERO
        } else {
            stuck_after(config)
        };
        if since
            .saturating_add(patience)
            .is_ok_and(|due_at| due_at <= now)
        {
            found.push(Due::SendOn);
        }
    }
    let overdue = lead
        .owner
        .as_ref()
        .and_then(|owner| owner.sla.as_ref())
        .is_some_and(|sla| sla.responded_at.is_none() && !sla.breached && sla.due_at <= now);
    if overdue && lead.stage.is_scored() {
        found.push(Due::NoResponse);
    }
    for (provider, retry) in &lead.waits.provider {
        if retry.at <= now {
            found.push(Due::AskProvider(provider.clone()));
        }
    }
    for (id, open) in &lead.deliveries {
        if open.looked_after_at() <= now {
            found.push(Due::Redeliver(*id));
        }
    }
    found
}

/// What is decided when the first response did not come: the breach, and what follows from the rule for `no_response`.
/// Without a rule, or after its last time, the lead stays where it is: somebody has to own it.
pub fn breach(config: &Config, lead: &Lead, now: Timestamp) -> Vec<Ruling> {
    let Some(owner) = lead.owner.as_ref() else {
        return Vec::new();
    };
    let Some(sla) = owner.sla.as_ref() else {
        return Vec::new();
    };
    let breached = SlaBreached {
        round: owner.round,
        rep: owner.rep.clone(),
        due_at: sla.due_at,
    };
    let mut recycled = send_back(config, lead, NO_RESPONSE, now);
    if recycled.then == Then::Rest {
        recycled.then = Then::Keep;
    }
    vec![Ruling::SlaBreached(breached), Ruling::Recycled(recycled)]
}

/// What follows when a lead comes back for `reason`. Without a rule it rests.
pub fn send_back(config: &Config, lead: &Lead, reason: &str, now: Timestamp) -> Recycled {
    let rule = rule_for(config, reason);
    let times = lead.recycled.get(reason).copied().unwrap_or(0) + 1;
    let then = match rule {
        Some(rule) if times <= rule.max_times && rule.wait_days == 0 => Then::Reassign,
        Some(rule) if times <= rule.max_times => {
            let wait = SignedDuration::from_hours(24 * i64::from(rule.wait_days));
            Then::Wait {
                until: now.saturating_add(wait).unwrap_or(now),
            }
        }
        _ => Then::Rest,
    };
    Recycled {
        reason: reason.to_owned(),
        rule: rule.map(|rule| rule.name.clone()),
        then,
        times,
    }
}

fn rule_for<'a>(config: &'a Config, reason: &str) -> Option<&'a RecyclingRule> {
    config
        .recycling
        .rules
        .iter()
        .find(|rule| rule.reason == reason || (rule.reason == "*" && reason != NO_RESPONSE))
}

#[cfg(test)]
mod tests;
