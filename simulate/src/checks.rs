//! What has to hold when a run has ended, read from the table, the queues, what senders know and what the receiver got.
//!
//! | check | invariant |
//! |---|---|
//! | I1 | every accepted submission has exactly one recorded outcome, and is in the history of one lead at most |
//! | I2 | an e-mail address belongs to one live lead, and two people of different names and addresses to two; every identity key leads to a lead that is there |
//! | I3 | a lead that can have an owner has one, or says why not; rounds rise one by one; the owner was a member who could take it under the configuration recorded |
//! | I4 | a pool's account says exactly as many leads as the histories do; shares stay within one and a half leads of the fair ones |
//! | I5 | whoever is told is told what is written, under one id for one decision, with one content, and everything is told |
//! | I6 | each score is what the recorded configuration makes of the history before it |
//! | I8 | unreadable messages end in the dead-letter queue, all of them, and nothing else does |
//! | I10 | behaviour is credited once |
//! | I11 | when faults stop, everything comes to its end |
//! | I12 | never more is bought of a vendor in a cap's period than its maximum; a cap counts what was bought and not given back |
//! | I13 | a vendor that offers the same again hears the same: once accepted always, for one price; a reached cap until it opens |
//! | I14 | what was bought is in one lead's history or in quarantine, at its price; what was refused is nowhere |
//! | I15 | a vendor's scorecard counts what was answered, sent back and said by sales; it owes the prices without what was sent back |
//! | I16 | what is sent back is sent back once, for one reason, and its lead's history says so |
//!
//! I7 (erasure) is not built into Leadline yet, so nothing is checked for it. I9 (bounds) is tested at the parsers.

mod vendors;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::config::Config;
use domain::decision::{Assigned, DeliveryStatus, Outcome, Ruling, Verdict};
use domain::field::{Field, text_of};
use domain::id::{DeliveryId, EventId, LeadId, Pepper, SubmissionId, VisitorKey};
use domain::lead::Lead;
use domain::scoring;
use jiff::Timestamp;
use queue::Queue;
use table::History;

use crate::senders::VISITORS;
use crate::story::{PEOPLE, What};
use crate::world::{PEPPER, World};

type Item = std::collections::HashMap<String, AttributeValue>;

/// Everything there is at the end.
struct End {
    items: Vec<Item>,
    histories: BTreeMap<LeadId, History>,
    configurations: BTreeMap<String, Config>,
}

/// The time of the earliest entry of due work; `None` when there is none.
pub(crate) async fn next_due(world: &World) -> Option<Timestamp> {
    let mut earliest: Option<i64> = None;
    for shard in 0..table::SHARDS {
        let found = world
            .client
            .query()
            .table_name("leadline")
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", AttributeValue::S(format!("D#{shard}")))
            .limit(1)
            .send()
            .await;
        let first = found
            .ok()
            .and_then(|found| found.items.unwrap_or_default().into_iter().next());
        let moment =
            first.and_then(|item| text(&item, "sk")?.split('#').next()?.parse::<i64>().ok());
        earliest = match (earliest, moment) {
            (Some(known), Some(found)) => Some(known.min(found)),
            (known, found) => known.or(found),
        };
    }
    earliest.and_then(|second| Timestamp::from_second(second).ok())
}

/// Everything that does not hold.
pub(crate) async fn all(world: &World) -> Vec<String> {
    let mut violations = std::mem::take(&mut world.ledger().violations);
    let end = match read(world).await {
        Ok(end) => end,
        Err(error) => {
            violations.push(format!("the table cannot be read at the end: {error:#}"));
            return violations;
        }
    };
    submissions(world, &end, &mut violations).await;
    identities(world, &end, &mut violations);
    owners(&end, &mut violations);
    pools(world, &end, &mut violations).await;
    notifications(world, &end, &mut violations);
    scores(&end, &mut violations);
    let of_visitors = visitors(world, &end, &mut violations).await;
    behaviour(world, &end, &of_visitors, &mut violations);
    queues(world, &mut violations);
    vendors::check(world, &end, &mut violations).await;
    violations
}

async fn read(world: &World) -> anyhow::Result<End> {
    let mut items: Vec<Item> = Vec::new();
    let mut start = None;
    loop {
        let page = world
            .client
            .scan()
            .table_name("leadline")
            .set_exclusive_start_key(start)
            .send()
            .await?;
        items.extend(page.items.unwrap_or_default());
        match page.last_evaluated_key {
            Some(key) if !key.is_empty() => start = Some(key),
            _ => break,
        }
    }
    let mut histories = BTreeMap::new();
    let mut configurations = BTreeMap::new();
    for item in &items {
        let (pk, sk) = (
            text(item, "pk").unwrap_or_default(),
            text(item, "sk").unwrap_or_default(),
        );
        if let Some(digits) = pk.strip_prefix("P#")
            && sk.starts_with("E#")
        {
            let lead: LeadId = format!("lead_{digits}").parse()?;
            if let Some(history) = world.table.lead(lead).await? {
                histories.insert(lead, history);
            }
        }
        if let Some(version) = sk.strip_prefix("V#")
            && let Some(config) = world.table.configuration(version).await?
        {
            configurations.insert(version.to_owned(), config);
        }
    }
    Ok(End {
        items,
        histories,
        configurations,
    })
}

fn text<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name)?.as_s().ok().map(String::as_str)
}

impl End {
    fn live(&self) -> impl Iterator<Item = (&LeadId, &History)> {
        self.histories
            .iter()
            .filter(|(_, history)| history.lead.merged_into.is_none())
    }

    fn surviving(&self, lead: LeadId) -> Option<&History> {
        let mut history = self.histories.get(&lead)?;
        for _ in 0..8 {
            match history.lead.merged_into {
                Some(other) => history = self.histories.get(&other)?,
                None => return Some(history),
            }
        }
        None
    }

    /// Each decision with the lead as it was before, and the configuration under which it was taken.
    fn steps<'a>(
        &'a self,
        id: LeadId,
        history: &'a History,
    ) -> Vec<(
        u32,
        Option<Lead>,
        &'a domain::decision::Decision,
        Option<&'a Config>,
    )> {
        let mut steps = Vec::new();
        let mut before: Option<Lead> = None;
        for (decision, seq) in history.decisions.iter().zip(1u32..) {
            let after = match before.clone() {
                Some(mut lead) => {
                    lead.apply(decision);
                    Some(lead)
                }
                None => Lead::after(id, [decision]),
            };
            steps.push((
                seq,
                std::mem::replace(&mut before, after),
                decision,
                self.configurations.get(&decision.config),
            ));
        }
        steps
    }
}

async fn submissions(world: &World, end: &End, violations: &mut Vec<String>) {
    let accepted = world.ledger().accepted.clone();
    let mut places: BTreeMap<SubmissionId, Vec<LeadId>> = BTreeMap::new();
    for (lead, history) in end.live() {
        for decision in &history.decisions {
            if let Ruling::Received(received) = &decision.ruling {
                places.entry(received.submission).or_default().push(*lead);
            }
        }
    }
    for (submission, leads) in &places {
        if leads.len() > 1 {
            violations.push(format!("I1: {submission} is in the histories {leads:?}"));
        }
    }
    for id in &accepted {
        let Ok(submission) = id.parse::<SubmissionId>() else {
            violations.push(format!("I1: a door answered with {id}, which is no id"));
            continue;
        };
        let record = match world.table.submission(submission).await {
            Ok(known) => known.record,
            Err(error) => {
                violations.push(format!("I1: {submission} cannot be read: {error}"));
                continue;
            }
        };
        match record {
            None => violations.push(format!("I1: {submission} was accepted and has no outcome")),
            Some(record) => match record.outcome {
                Outcome::Created | Outcome::Merged if !places.contains_key(&submission) => {
                    violations.push(format!(
                        "I1: {submission} was {} and is in no lead's history",
                        record.outcome
                    ));
                }
                Outcome::Created | Outcome::Merged => {
                    let said = record
                        .lead
                        .and_then(|lead| end.surviving(lead))
                        .map(|history| history.lead.id);
                    if said != places[&submission].first().copied() {
                        violations.push(format!(
                            "I1: {submission} is said to be in {said:?} and is in {:?}",
                            places[&submission]
                        ));
                    }
                }
                Outcome::Duplicate | Outcome::Quarantined | Outcome::Rejected => {
                    if places.contains_key(&submission) {
                        violations.push(format!(
                            "I1: {submission} was {} and is in a lead's history",
                            record.outcome
                        ));
                    }
                }
            },
        }
    }
}

fn identities(world: &World, end: &End, violations: &mut Vec<String>) {
    let mut by_email: BTreeMap<String, BTreeSet<LeadId>> = BTreeMap::new();
    for (lead, history) in end.live() {
        let emails = emails_of(history);
        let names: BTreeSet<&String> = emails.values().flatten().collect();
        // Known, and shown by the models: two people who find a lead that is known by their common number alone, at the
        // same moment, are taken for one.
        let began_with_a_number = history.decisions.iter().any(|decision| matches!(&decision.ruling, Ruling::Received(received) if text_of(&received.fields, &Field::Email).is_none()));
        if emails.len() > 1 && names.len() > 1 && began_with_a_number {
            world
                .network
                .note("two people taken for one by a number alone (known)");
        } else if emails.len() > 1 && names.len() > 1 {
            violations.push(format!(
                "I2: {lead} is {} people of different names and addresses",
                names.len()
            ));
        }
        for email in emails.into_keys() {
            by_email.entry(email).or_default().insert(*lead);
        }
    }
    for (email, leads) in by_email {
        if leads.len() > 1 {
            violations.push(format!(
                "I2: {} leads hold submissions of {email}: {leads:?}",
                leads.len()
            ));
        }
    }
    for item in &end.items {
        let pk = text(item, "pk").unwrap_or_default();
        if pk.starts_with("K#") {
            let lead = text(item, "lead").and_then(|text| text.parse::<LeadId>().ok());
            if lead.and_then(|lead| end.surviving(lead)).is_none() {
                violations.push(format!(
                    "I2: the identity key {pk} leads to {lead:?}, which is not there"
                ));
            }
        }
    }
}

fn owners(end: &End, violations: &mut Vec<String>) {
    for (id, history) in end.live() {
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

async fn pools(world: &World, end: &End, violations: &mut Vec<String>) {
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
            What::Configure(_) | What::Feedback { .. } | What::Return { .. }
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

fn notifications(world: &World, end: &End, violations: &mut Vec<String>) {
    let inbox = world
        .inbox
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    let mut contents: BTreeMap<&str, &serde_json::Value> = BTreeMap::new();
    let mut ids: BTreeMap<String, &str> = BTreeMap::new();
    for told in &inbox {
        if !told.was_written {
            violations.push(format!("I5: {} was told before it was written", told.id));
        }
        if let Some(before) = contents.insert(&told.id, &told.body)
            && *before != told.body
        {
            violations.push(format!("I5: {} said different things", told.id));
        }
        let decision = told.body["data"]["decision"].to_string();
        if let Some(before) = ids.insert(decision.clone(), &told.id)
            && before != told.id
        {
            violations.push(format!(
                "I5: decision {decision} was told under {before} and {}",
                told.id
            ));
        }
    }
    for (id, history) in end.live() {
        for (decision, about) in history.decisions.iter().zip(1u32..) {
            let Ruling::Assigned(_) = &decision.ruling else {
                continue;
            };
            let delivery = DeliveryId::derive(*id, about, "crm");
            let superseded = history
                .lead
                .owner
                .as_ref()
                .is_some_and(|owner| owner.seq > about)
                || history.lead.owner.is_none();
            let told = inbox.iter().any(|told| told.id == delivery.to_string());
            let ended = history
                .decisions
                .iter()
                .find_map(|decision| match &decision.ruling {
                    Ruling::Delivered(delivered)
                        if delivered.id == delivery
                            && !matches!(delivered.status, DeliveryStatus::Failed { .. }) =>
                    {
                        Some(&delivered.status)
                    }
                    _ => None,
                });
            match ended {
                None if !superseded => violations.push(format!(
                    "I5: nobody was told of the assignment {about} of {id}"
                )),
                Some(DeliveryStatus::Taken { .. }) if !told => {
                    violations.push(format!("I5: {delivery} is said to be taken and never came"))
                }
                _ => {}
            }
        }
    }
}

fn scores(end: &End, violations: &mut Vec<String>) {
    for (id, history) in end.live() {
        for (seq, before, decision, config) in end.steps(*id, history) {
            let (Ruling::Scored(scored), Some(config), Some(before)) =
                (&decision.ruling, config, before)
            else {
                continue;
            };
            let again = scoring::rate(config, &before, decision.at);
            if again.score != scored.score || again.points != scored.points {
                violations.push(format!(
                    "I6: decision {seq} of {id} says {:?}, and {:?} follows from what was known",
                    scored.score, again.score
                ));
            }
        }
    }
}

/// What visitors did is kept, and credited to everybody whom it counts for; the ids of all of it.
async fn visitors(world: &World, end: &End, violations: &mut Vec<String>) -> BTreeSet<EventId> {
    let visited = world.ledger().visited.clone();
    let pepper = Pepper::new(PEPPER);
    let mut ids = BTreeSet::new();
    for (index, browser) in VISITORS.iter().enumerate() {
        let Some(key) = VisitorKey::of(&pepper, browser) else {
            continue;
        };
        let kept = match world.table.visitor(key, world.now()).await {
            Ok(stored) => stored.visitor,
            Err(error) => {
                violations.push(format!("I10: {key} cannot be read: {error}"));
                continue;
            }
        };
        let accepted = visited.iter().filter(|(who, _, _)| *who == index).count();
        if kept.events.len() != accepted {
            violations.push(format!(
                "I10: {accepted} events of {key} were accepted, and {} are kept",
                kept.events.len()
            ));
        }
        for event in &kept.events {
            ids.insert(event.id);
            for lead in kept.people_of(event) {
                let credited = end.surviving(lead);
                if credited.is_none_or(|history| !history.lead.events.contains(&event.id)) {
                    violations.push(format!(
                        "I10: {} of {key} is not credited to {lead}",
                        event.id
                    ));
                }
            }
        }
        // Nobody gets what was done in a browser where they filled in nothing.
        for (id, history) in end.live() {
            let is_known_there = kept.forms.iter().any(|form| {
                end.surviving(form.lead)
                    .is_some_and(|known| known.lead.id == *id)
            });
            let has_some = kept
                .events
                .iter()
                .any(|event| history.lead.events.contains(&event.id));
            if has_some && !is_known_there {
                violations.push(format!(
                    "I10: {id} has what was done by {key}, where they filled in nothing"
                ));
            }
        }
    }
    ids
}

fn behaviour(
    world: &World,
    end: &End,
    of_visitors: &BTreeSet<EventId>,
    violations: &mut Vec<String>,
) {
    let ledger = world.ledger();
    for (id, history) in end.live() {
        let mut seen = BTreeSet::new();
        for event in &history.lead.behaviour {
            if !seen.insert(event.id) {
                violations.push(format!("I10: {} is credited twice to {id}", event.id));
            }
        }
        let mut credited = 0;
        for decision in &history.decisions {
            if let Ruling::Engaged(engaged) = &decision.ruling {
                credited += engaged.events.len();
            }
        }
        if credited != seen.len() {
            violations.push(format!(
                "I10: {id} has {} events and {credited} credits",
                seen.len()
            ));
        }
    }
    // Whoever became known by e-mail within the hour that events wait has all of them.
    for (id, history) in end.live() {
        let emails: BTreeSet<String> = emails_of(history).into_keys().collect();
        let accepted: BTreeSet<(usize, u32, &str)> = ledger
            .reported
            .iter()
            .filter(|(who, _, _)| emails.contains(&PEOPLE[*who].email.to_lowercase()))
            .map(|(who, number, kind)| (*who, *number, kind.as_str()))
            .collect();
        let credited = history.lead.events.difference(of_visitors).count();
        if credited != accepted.len() {
            violations.push(format!(
                "I10: {} events of {id} were accepted, and {credited} are credited",
                accepted.len()
            ));
        }
    }
}

/// The e-mail addresses that a lead's submissions hold, with the names they came with.
fn emails_of(history: &History) -> BTreeMap<String, BTreeSet<String>> {
    let mut emails: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for decision in &history.decisions {
        if let Ruling::Received(received) = &decision.ruling
            && let Some(email) = text_of(&received.fields, &Field::Email)
        {
            let name = text_of(&received.fields, &Field::LastName).unwrap_or_default();
            emails
                .entry(email.to_lowercase())
                .or_default()
                .insert(name.to_owned());
        }
    }
    emails
}

fn queues(world: &World, violations: &mut Vec<String>) {
    for queue in Queue::ALL {
        let left = world.engines.queues.depth(queue.name()).total();
        if left > 0 {
            violations.push(format!(
                "I11: {left} messages are left in the queue {}",
                queue.name()
            ));
        }
        let mut expected: Vec<&str> = world
            .story
            .steps
            .iter()
            .filter_map(|step| match step.what {
                What::Poison { queue: into, body } if into == queue => {
                    Some(crate::story::POISON[body])
                }
                _ => None,
            })
            .collect();
        expected.sort_unstable();
        let mut dead = world.engines.queues.peek(&format!("{}-dlq", queue.name()));
        dead.sort_unstable();
        if dead != expected {
            violations.push(format!(
                "I8: the dead-letter queue of {} holds {} messages where {} were poison",
                queue.name(),
                dead.len(),
                expected.len()
            ));
        }
    }
}
