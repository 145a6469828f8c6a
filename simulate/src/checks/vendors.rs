//! Vendors: what they were told, what is kept of it, what was counted, and what became of what they sold, held together.

use std::collections::{BTreeMap, BTreeSet};

use domain::decision::{Outcome, Ruling};
use domain::id::SubmissionId;
use domain::vendor::{Answer, Offer};

use super::{End, Item, text};
use crate::contracts::{ACME, VENDORS, price};
use crate::senders::Heard;
use crate::story::What;
use crate::world::World;

/// An answer as it is kept, and how often one was written.
pub(super) struct Kept {
    pub(super) offer: Offer,
    pub(super) written: i64,
}

impl Kept {
    pub(super) fn is_bought(&self) -> bool {
        matches!(self.offer.answer, Answer::Accepted { .. })
    }
}

/// Seconds after the decision within which a call has been carried out, however late.
const CARRIED_OUT_WITHIN: i64 = 40;

pub(super) type Offers = BTreeMap<SubmissionId, Kept>;

/// Checks I12 to I16.
pub(super) async fn check(world: &World, end: &End, violations: &mut Vec<String>) {
    if !world.story.weather.vendors {
        return;
    }
    let mut offers = Offers::new();
    for item in &end.items {
        if let Some(kept) = kept(item) {
            offers.insert(kept.offer.submission, kept);
        }
    }
    caps(world, end, &offers, violations);
    answers(world, &offers, violations);
    leads(world, end, &offers, violations).await;
    super::scorecards::scorecards(world, end, &offers, violations).await;
    returns(world, end, &offers, violations);
}

fn kept(item: &Item) -> Option<Kept> {
    let is_offer = text(item, "pk")?.starts_with("O#") && text(item, "sk")? == "O";
    let offer: Offer = serde_json::from_str(text(item, "d").filter(|_| is_offer)?).ok()?;
    let version = number(item, "v")?;
    // A return is written into the answer, and is no answer.
    let written = version - i64::from(offer.returned.is_some());
    Some(Kept { offer, written })
}

fn number(item: &Item, name: &str) -> Option<i64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

/// Never more is bought in a cap's period than the most that any configuration allowed; the count is that of what was bought,
/// without what made room again; and the period is the one in which it was bought.
fn caps(world: &World, end: &End, offers: &Offers, violations: &mut Vec<String>) {
    let mut used: BTreeMap<(String, String, i64), i64> = BTreeMap::new();
    let mut periods: BTreeMap<(String, String, i64), Vec<&Offer>> = BTreeMap::new();
    for Kept { offer, .. } in offers.values() {
        for cap in offer.answer.counted() {
            let at = offer.at.as_second();
            let length = match cap.cap.as_str() {
                "hour" => Some(3_600),
                "day" => Some(86_400),
                "week" => Some(7 * 86_400),
                _ => None,
            };
            let ends = cap.ends.map(jiff::Timestamp::as_second);
            let is_right = match length {
                Some(length) => {
                    ends == Some(cap.starts + length)
                        && (cap.starts..cap.starts + length).contains(&at)
                }
                None => ends.is_none(),
            };
            if !is_right {
                violations.push(format!(
                    "I12: {} was bought at {at} and is counted for {} from {} to {ends:?}",
                    offer.submission, cap.cap, cap.starts
                ));
            }
            let makes_room = offer.vendor == ACME
                && offer
                    .returned
                    .as_ref()
                    .is_some_and(|done| cap.ends.is_none_or(|ends| done.at < ends));
            let key = (offer.vendor.clone(), cap.cap.clone(), cap.starts);
            periods.entry(key.clone()).or_default().push(offer);
            *used.entry(key).or_default() += i64::from(!makes_room);
        }
    }
    let most = |owner: &str, name: &str| {
        let vendor = owner.trim_end_matches(".ping");
        let contracts = end
            .configurations
            .values()
            .filter_map(|config| config.vendors.get(vendor));
        let maximum = contracts.flat_map(|contract| {
            let pings = contract.ping.iter().flat_map(|ping| &ping.limits);
            let caps: Vec<_> = if owner == vendor {
                contract.caps.iter().collect()
            } else {
                pings.collect()
            };
            caps.into_iter()
                .filter(|cap| cap.name == name)
                .map(|cap| i64::from(cap.maximum))
        });
        maximum.max().unwrap_or(0)
    };
    // At the end what was sent back may hide that there was too much before.
    let slack = CARRIED_OUT_WITHIN + 2 * world.story.weather.skew;
    for ((owner, name, starts), offers) in &periods {
        for last in offers {
            let until = last.at.as_second() + slack;
            let at_once = offers.iter().filter(|offer| {
                let sent_back = offer.returned.as_ref();
                let has_made_room =
                    owner == ACME && sent_back.is_some_and(|done| done.at.as_second() <= until);
                offer.at <= last.at && !has_made_room
            });
            let (at_once, most) = (at_once.count(), most(owner, name));
            if at_once as i64 > most {
                violations.push(format!(
                    "I12: {at_once} were bought under {name} of {owner} from {starts} on until {}, where {most} are allowed",
                    last.at
                ));
                break;
            }
        }
    }
    for item in &end.items {
        let (Some(pk), Some(sk)) = (text(item, "pk"), text(item, "sk")) else {
            continue;
        };
        let (Some(owner), Some((name, starts))) = (pk.strip_prefix("X#"), sk.rsplit_once('#'))
        else {
            continue;
        };
        let key = (
            owner.to_owned(),
            name.to_owned(),
            starts.parse().unwrap_or(-1),
        );
        let counted = number(item, "n").unwrap_or(-1);
        if counted > most(owner, name) {
            violations.push(format!(
                "I12: {counted} are counted under {name} of {owner} where {} are allowed",
                most(owner, name)
            ));
        }
        let bought = used.remove(&key).unwrap_or(0);
        if bought != counted && !owner.ends_with(".ping") {
            violations.push(format!(
                "I12: {sk} of {owner} counts {counted}, and {bought} were bought"
            ));
        }
    }
    for ((owner, name, starts), bought) in used {
        violations.push(format!("I12: {bought} were bought under {name} of {owner} from {starts} on, which is not counted"));
    }
}

/// Whoever offers the same again hears the same, as far as docs/vendors.md promises it.
fn answers(world: &World, offers: &Offers, violations: &mut Vec<String>) {
    let ledger = world.ledger();
    let mut groups: BTreeMap<(&str, u32), Vec<&Heard>> = BTreeMap::new();
    for heard in ledger
        .heard
        .iter()
        .filter(|heard| heard.outcome != "queued")
    {
        groups
            .entry((heard.offered.vendor, heard.offered.number))
            .or_default()
            .push(heard);
    }
    let skew = world.story.weather.skew;
    for ((vendor, number), all) in groups {
        let mut wrong = |what: String| {
            violations.push(format!("I13: lead {number} of {vendor} {what}"));
        };
        if all.len() > 1 {
            world.network.note("offers answered again");
        }
        let accepted: Vec<&&Heard> = all
            .iter()
            .filter(|heard| heard.outcome == "accepted")
            .collect();
        let named: BTreeSet<_> = all
            .iter()
            .filter_map(|heard| heard.submission.as_deref())
            .collect();
        if named.len() > 1 {
            wrong(format!("was answered as {named:?}"));
        }
        let prices: BTreeSet<_> = accepted
            .iter()
            .filter_map(|heard| heard.price.as_deref())
            .collect();
        if prices.len() > 1 {
            wrong(format!("was told the prices {prices:?}"));
        }
        for one in &all {
            let others = all.iter().filter(|other| other.sent > one.at);
            for later in others {
                let stands = match one.outcome.as_str() {
                    "accepted" => true,
                    "capped" => {
                        !one.in_file
                            && one
                                .opens_at
                                .is_none_or(|opens| later.at.as_second() < opens.as_second() - skew)
                    }
                    _ => false,
                };
                if stands && later.outcome != one.outcome {
                    wrong(format!(
                        "was {} at {} and {} at {}",
                        one.outcome, one.at, later.outcome, later.at
                    ));
                }
            }
            // What may be mended by another ping is judged anew with it; and whoever was known may be erased meanwhile.
            let is_final = match one.outcome.as_str() {
                "duplicate" => {
                    let mut later = accepted.iter().filter(|later| later.at > one.at);
                    !later.any(|later| is_erased_before(world, later.at))
                }
                "rejected" => !one
                    .code
                    .as_deref()
                    .is_some_and(|code| code.starts_with("ping_")),
                _ => false,
            };
            if is_final && !accepted.is_empty() {
                wrong(format!("was accepted, and {} at {}", one.outcome, one.at));
            }
            if one.outcome == "accepted"
                && !one.in_file
                && !may_cost(world, &ledger.asked, &all, one)
            {
                wrong(format!(
                    "was bought for {:?}, which is no price of it",
                    one.price
                ));
            }
            let kept = one
                .submission
                .as_ref()
                .and_then(|id| offers.get(&id.parse().ok()?));
            match kept {
                Some(kept) if kept.written == 1 && kept.offer.answer.name() != one.outcome => {
                    wrong(format!(
                        "was told {}, and {} was answered once and for all",
                        one.outcome,
                        kept.offer.answer.name()
                    ));
                }
                Some(kept) if one.outcome == "accepted" && !kept.is_bought() => {
                    wrong(format!(
                        "was accepted, and is kept as {}",
                        kept.offer.answer.name()
                    ));
                }
                None if one.submission.is_some() => {
                    wrong(format!("was told {}, and nothing is kept", one.outcome))
                }
                _ => {}
            }
        }
    }
}

/// Whether an erasure was asked for before this.
fn is_erased_before(world: &World, at: jiff::Timestamp) -> bool {
    let start = world.story.weather.start().as_millisecond();
    let mut steps = world.story.steps.iter();
    let before = u64::try_from(at.as_millisecond() - start).unwrap_or(0);
    steps.any(|step| matches!(step.what, What::Erase { .. }) && step.at < before)
}

/// Whether a lead was bought for what was told for a ping that came with it or, without one, for what a configuration says that
/// was in force.
fn may_cost(world: &World, asked: &BTreeMap<String, String>, all: &[&Heard], one: &Heard) -> bool {
    let told = one.price.as_deref();
    let pinged = all.iter().filter_map(|heard| heard.quoted.as_ref());
    let is_pinged = pinged
        .clone()
        .any(|ping| asked.get(ping).map(String::as_str) == told);
    let configured = world.story.steps.iter().filter_map(|step| match step.what {
        What::Configure(number) => Some(number),
        _ => None,
    });
    let is_configured = configured
        .chain([0])
        .any(|number| told == Some(price(number, &one.offered)));
    let is_always_pinged = all.iter().all(|heard| heard.quoted.is_some());
    is_pinged || !is_always_pinged && is_configured
}

/// What was bought is in one lead's history, or waits for a person; what was refused is nowhere.
async fn leads(world: &World, end: &End, offers: &Offers, violations: &mut Vec<String>) {
    let mut places: BTreeMap<SubmissionId, usize> = BTreeMap::new();
    for (lead, history) in end.live() {
        for decision in &history.decisions {
            let Ruling::Received(received) = &decision.ruling else {
                continue;
            };
            *places.entry(received.submission).or_default() += 1;
            if !VENDORS.contains(&received.source.as_str()) {
                continue;
            }
            let sold = offers
                .get(&received.submission)
                .and_then(|kept| kept.offer.bought());
            if sold.is_none() || received.bought.as_deref() != sold.as_ref() {
                violations.push(format!(
                    "I14: {} is in {lead} as {:?}, and was sold as {sold:?}",
                    received.submission, received.bought
                ));
            }
        }
    }
    for (submission, kept) in offers {
        let times = places.get(submission).copied().unwrap_or(0);
        let record = match world.table.submission(*submission).await {
            Ok(known) => known.record.map(|record| record.outcome),
            Err(error) => {
                violations.push(format!("I14: {submission} cannot be read: {error}"));
                continue;
            }
        };
        let is_right = match (&kept.offer.answer, record) {
            (Answer::Accepted { .. }, Some(Outcome::Created | Outcome::Merged)) => times == 1,
            (Answer::Accepted { .. } | Answer::Held, Some(Outcome::Quarantined)) => times == 0,
            // Bought, and its person erased before it arrived; or held, and refused when it was offered again.
            (_, Some(Outcome::Suppressed)) => times == 0,
            (Answer::Accepted { .. } | Answer::Held, _) => false,
            (_, None | Some(Outcome::Rejected)) => times == 0,
            (_, Some(_)) => false,
        };
        if !is_right {
            violations.push(format!(
                "I14: {submission} of {} was answered {}, ended as {record:?} and is {times} times in histories",
                kept.offer.vendor,
                kept.offer.answer.name()
            ));
        }
    }
}

/// What is sent back is sent back once, for one reason, and the lead's history says so.
fn returns(world: &World, end: &End, offers: &Offers, violations: &mut Vec<String>) {
    let told: BTreeSet<(String, String)> = world.ledger().returned.iter().cloned().collect();
    let kept: BTreeSet<(String, String)> = offers
        .values()
        .filter_map(|kept| {
            Some((
                kept.offer.submission.to_string(),
                kept.offer.returned.as_ref()?.reason.clone(),
            ))
        })
        .collect();
    if told != kept {
        violations.push(format!(
            "I16: {told:?} were answered as sent back, and {kept:?} are"
        ));
    }
    let mut written: BTreeMap<SubmissionId, usize> = BTreeMap::new();
    let mut received: BTreeSet<SubmissionId> = BTreeSet::new();
    for (_, history) in end.live() {
        for decision in &history.decisions {
            match &decision.ruling {
                Ruling::Returned(returned) => *written.entry(returned.submission).or_default() += 1,
                Ruling::Received(known) => {
                    received.insert(known.submission);
                }
                _ => {}
            }
        }
    }
    for (submission, kept) in offers {
        let times = written.get(submission).copied().unwrap_or(0);
        let is_due = kept.offer.returned.is_some() && received.contains(submission);
        if times != usize::from(is_due) {
            violations.push(format!(
                "I16: {submission} is {times} times sent back in histories"
            ));
        }
    }
}
