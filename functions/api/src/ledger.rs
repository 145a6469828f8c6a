//! The ledger: what a source had accepted, hour by hour, and what became of all of it.
//!
//! Both sides are written apart: the door notes what it accepts, and each submission says itself how it ended. Hours that
//! are over are kept as counts, so most of an answer is read from a few items; what came since, and what may still change,
//! is looked up. What was accepted and has not ended is on its way; what is on its way for too long is named.

use std::collections::{BTreeMap, BTreeSet};

use domain::config::Source;
use domain::decision::Outcome;
use domain::ledger::{Accepted, HOUR, Hour, MINUTE, fate};
use domain::rhythm::{RHYTHM, Rhythm};
use futures::future::try_join_all;
use jiff::{SignedDuration, Timestamp};
use lambda_http::Request;
use lambda_http::http::StatusCode;
use table::{LedgerEntry, Record};
use web::Problem;

use crate::answers::{Ledger, LedgerHour, SourceState, Sources, Tally};
use crate::problems::{self, table_failed, wrong_state};
use crate::{Answer, Api, period};

/// Submissions of the last minutes that one answer looks up; more are on their way as far as it knows.
const MAX_LOOKED_UP: usize = 2_000;

/// Entries of the last minutes that are read. Whoever has more is some minutes behind with counting.
const MAX_RECENT: usize = 250_000;

/// Submissions looked up for a range that begins or ends within a minute.
const MAX_OF_A_MINUTE: usize = 10_000;

/// The time that is accounted for, if nobody says which.
const DEFAULT_RANGE: SignedDuration = SignedDuration::from_hours(24);

/// After this time, what is still on its way is named: it may be in a dead-letter queue. Five attempts take less.
const OVERDUE: SignedDuration = SignedDuration::from_mins(30);

/// Most of those that are named.
const MAX_OVERDUE: usize = 100;

/// Everything that an answer is made of.
struct Account {
    hours: BTreeMap<i64, Tally>,
    /// What has to be looked up, and is counted as accepted already.
    open: Vec<Accepted>,
    /// How many could not be looked up, in this answer.
    unchecked: u64,
    /// How far apart entries came that are not in any hour of counts yet.
    recent: Rhythm,
}

impl Account {
    fn hour(&mut self, second: i64) -> &mut Tally {
        self.hours
            .entry(second.div_euclid(HOUR) * HOUR)
            .or_default()
    }
}

impl Api {
    /// `GET /v1/sources/{source}/ledger`
    pub(crate) async fn get_ledger(&self, name: &str, request: &Request) -> Answer {
        let now = self.clock.now();
        let current = self.current().await?;
        let source = current
            .config
            .sources
            .get(name)
            .ok_or_else(|| Problem::not_found("source"))?;
        if !source.ledger {
            return Err(wrong_state(format!(
                "{name} keeps no ledger; set ledger = true for it in the configuration, and everything from then on is accounted for"
            )));
        }
        let (from, to) = range(request, now)?;
        let newest = self.newest_hour(name).await?;
        let hours = self.hours(name, from, to).await?;
        let (ledger, _) = self.account(name, (from, to), now, newest, &hours).await?;
        Ok(web::json(StatusCode::OK, &ledger))
    }

    /// `GET /v1/sources`
    pub(crate) async fn list_sources(&self) -> Answer {
        let now = self.clock.now();
        let current = self.current().await?;
        let sources = current.config.sources.iter();
        let states = sources.map(|(name, source)| self.state_of(name, source, now));
        let sources = try_join_all(states).await?;
        Ok(web::json(StatusCode::OK, &Sources { sources }))
    }

    async fn state_of(
        &self,
        name: &str,
        source: &Source,
        now: Timestamp,
    ) -> Result<SourceState, Problem> {
        let mut state = SourceState {
            name: name.to_owned(),
            kind: source.kind.name().to_owned(),
            ledger: source.ledger,
            last_seen: None,
            is_silent: false,
            last_day: None,
        };
        if !source.ledger {
            return Ok(state);
        }
        let newest = self.newest_hour(name).await?;
        let to = just_after(now);
        let week = now.checked_sub(RHYTHM).unwrap_or(now);
        let hours = self.hours(name, week, to).await?;
        let from = whole_minute(now.checked_sub(DEFAULT_RANGE).unwrap_or(now));
        let (ledger, recent) = self.account(name, (from, to), now, newest, &hours).await?;
        let mut rhythm = Rhythm::default();
        for hour in &hours {
            rhythm.follow(&hour.rhythm);
        }
        rhythm.follow(&recent);
        state.is_silent = rhythm.is_silent(now);
        state.last_seen = match rhythm.arrivals {
            0 => {
                let last = self.table.last_accepted(name).await;
                last.map_err(|error| table_failed(&error))?
                    .map(|entry| entry.second)
            }
            _ => Some(rhythm.last),
        }
        .and_then(|second| Timestamp::from_second(second).ok())
        .map(Into::into);
        state.last_day = Some(ledger.total);
        Ok(state)
    }

    async fn newest_hour(&self, name: &str) -> Result<Option<Hour>, Problem> {
        let newest = self.table.newest_ledger_hour(name).await;
        newest.map_err(|error| table_failed(&error))
    }

    async fn hours(
        &self,
        name: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Hour>, Problem> {
        let from = Hour::of(from.as_second()).start;
        let hours = self.table.ledger_hours(name, from, to.as_second()).await;
        hours.map_err(|error| table_failed(&error))
    }

    /// What was accepted in a time, of which `hours` are the hours kept as counts, read after `newest`.
    async fn account(
        &self,
        name: &str,
        range: (Timestamp, Timestamp),
        now: Timestamp,
        newest: Option<Hour>,
        hours: &[Hour],
    ) -> Result<(Ledger, Rhythm), Problem> {
        let (from, to) = (range.0.as_second(), range.1.as_second());
        // Somebody may have gone on counting between the two reads.
        let counted = newest.iter().chain(hours).map(|hour| hour.until).max();
        let counted = counted.unwrap_or(0);
        let mut account = Account {
            hours: BTreeMap::new(),
            open: Vec::new(),
            unchecked: 0,
            recent: Rhythm::default(),
        };
        // Of the time that is counted: whole minutes by their counts, and what is left at either end one by one.
        let counted_to = to.min(counted);
        let first = (from + MINUTE - 1).div_euclid(MINUTE) * MINUTE;
        let last = if to < counted {
            to.div_euclid(MINUTE) * MINUTE
        } else {
            // What is after it in its minute is not counted yet: the counts hold what is before it.
            counted
        };
        if first < last {
            for hour in hours {
                add_hour(&mut account, hour, first, last);
            }
            self.add_seconds(name, &mut account, from, first).await?;
            self.add_seconds(name, &mut account, last, counted_to)
                .await?;
        } else {
            self.add_seconds(name, &mut account, from, counted_to)
                .await?;
        }
        self.add_recent(name, &mut account, from.max(counted), to)
            .await?;
        let overdue = self.look_up(&mut account, now).await?;
        let mut total = Tally::default();
        for tally in account.hours.values() {
            total.add(tally);
        }
        let hours = account.hours.into_iter().filter_map(|(second, tally)| {
            let hour = Timestamp::from_second(second).ok()?.into();
            (tally.accepted > 0).then_some(LedgerHour { hour, tally })
        });
        let ledger = Ledger {
            source: name.to_owned(),
            from: range.0.into(),
            to: range.1.into(),
            hours: hours.collect(),
            difference: total.difference(),
            total,
            unchecked: account.unchecked,
            overdue,
        };
        Ok((ledger, account.recent))
    }

    /// Adds the entries of some seconds of a minute, one by one, although they are counted.
    async fn add_seconds(
        &self,
        name: &str,
        account: &mut Account,
        from: i64,
        to: i64,
    ) -> Result<(), Problem> {
        if from >= to {
            return Ok(());
        }
        let entries = self.entries(name, from, to, MAX_OF_A_MINUTE + 1).await?;
        let mut seen: BTreeSet<Accepted> = BTreeSet::new();
        for entry in entries {
            self.add_entry(account, &mut seen, entry).await?;
            if seen.len() > MAX_OF_A_MINUTE {
                return Err(Problem::of(problems::RANGE_TOO_LARGE).detail(format!(
                    "from or to is within a minute in which more than {MAX_OF_A_MINUTE} submissions were accepted; let both be at whole minutes, such as 2026-03-01T12:00:00Z"
                )));
            }
        }
        Ok(())
    }

    /// Adds what came so lately that it is in no count yet.
    async fn add_recent(
        &self,
        name: &str,
        account: &mut Account,
        from: i64,
        to: i64,
    ) -> Result<(), Problem> {
        if from >= to {
            return Ok(());
        }
        let entries = self.entries(name, from, to, MAX_RECENT).await?;
        let mut seen: BTreeSet<Accepted> = BTreeSet::new();
        for entry in entries {
            account.recent.arrived(entry.second);
            let known = match entry.thing {
                table::AcceptedThing::Submission(_) => Some(1),
                table::AcceptedThing::Batch(_) => entry.submissions,
            };
            match known {
                Some(submissions) if seen.len() >= MAX_LOOKED_UP => {
                    let submissions = u64::from(submissions);
                    let tally = account.hour(entry.second);
                    tally.accepted += submissions;
                    tally.in_flight += submissions;
                    account.unchecked += submissions;
                }
                _ => self.add_entry(account, &mut seen, entry).await?,
            }
        }
        Ok(())
    }

    async fn add_entry(
        &self,
        account: &mut Account,
        seen: &mut BTreeSet<Accepted>,
        entry: LedgerEntry,
    ) -> Result<(), Problem> {
        let accepted = self.table.accepted_by(entry).await;
        for one in accepted.map_err(|error| table_failed(&error))? {
            let is_new = seen.insert(one);
            let tally = account.hour(one.0);
            tally.accepted += 1;
            if is_new {
                account.open.push(one);
            } else {
                // Twice within a second: whatever the first became, this is its repeat.
                tally.duplicate += 1;
            }
        }
        Ok(())
    }

    async fn entries(
        &self,
        name: &str,
        from: i64,
        to: i64,
        limit: usize,
    ) -> Result<Vec<LedgerEntry>, Problem> {
        let (Ok(from), Ok(to)) = (Timestamp::from_second(from), Timestamp::from_second(to)) else {
            return Ok(Vec::new());
        };
        let entries = self.table.ledger(name, from, to, limit).await;
        entries.map_err(|error| table_failed(&error))
    }

    /// Counts the open ones as what they are now, and names those that should have ended long ago.
    async fn look_up(&self, account: &mut Account, now: Timestamp) -> Result<Vec<String>, Problem> {
        let open = std::mem::take(&mut account.open);
        let records = self.records(open.iter().map(|Accepted(_, id)| *id)).await?;
        let mut overdue = Vec::new();
        for Accepted(second, id) in open {
            match fate(second, records.get(&id).map(Record::ended)) {
                Some(outcome) => account.hour(second).count(outcome),
                None => {
                    account.hour(second).in_flight += 1;
                    let age = SignedDuration::from_secs(now.as_second().saturating_sub(second));
                    if age > OVERDUE && overdue.len() < MAX_OVERDUE {
                        overdue.push(id.to_string());
                    }
                }
            }
        }
        Ok(overdue)
    }
}

/// Adds the minutes of an hour of counts that begin from `first` until before `last`, and has its open ones looked up.
fn add_hour(account: &mut Account, hour: &Hour, first: i64, last: i64) {
    for (minute, counted) in &hour.minutes {
        let second = hour.start + i64::from(*minute) * MINUTE;
        if (first..last).contains(&second) {
            let tally = account.hour(second);
            tally.accepted += counted.accepted;
            tally.created += counted.created;
            tally.merged += counted.merged;
            tally.duplicate += counted.duplicate;
            tally.quarantined += counted.quarantined;
            tally.rejected += counted.rejected;
            tally.suppressed += counted.suppressed;
        }
    }
    let open = hour.open();
    account
        .open
        .extend(open.filter(|accepted| (first..last).contains(&accepted.0)));
}

impl Tally {
    fn count(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Created => self.created += 1,
            Outcome::Merged => self.merged += 1,
            Outcome::Duplicate => self.duplicate += 1,
            Outcome::Quarantined => self.quarantined += 1,
            Outcome::Rejected => self.rejected += 1,
            Outcome::Suppressed => self.suppressed += 1,
        }
    }

    fn add(&mut self, other: &Self) {
        self.accepted += other.accepted;
        self.created += other.created;
        self.merged += other.merged;
        self.duplicate += other.duplicate;
        self.quarantined += other.quarantined;
        self.rejected += other.rejected;
        self.suppressed += other.suppressed;
        self.in_flight += other.in_flight;
    }
}

/// The present second is part of what was accepted until now.
fn just_after(now: Timestamp) -> Timestamp {
    now.checked_add(SignedDuration::from_secs(1)).unwrap_or(now)
}

/// The start of its minute.
fn whole_minute(at: Timestamp) -> Timestamp {
    let second = at.as_second();
    Timestamp::from_second(second - second.rem_euclid(MINUTE)).unwrap_or(at)
}

/// The time that is accounted for: the last day of it if only its end is said, and the last day if nothing is.
fn range(request: &Request, now: Timestamp) -> Result<(Timestamp, Timestamp), Problem> {
    period::of_times(request, now, |to| {
        let to = to.unwrap_or_else(|| just_after(now));
        let from = whole_minute(to.checked_sub(DEFAULT_RANGE).unwrap_or(to));
        (from, to)
    })
}
