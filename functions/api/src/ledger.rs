//! The ledger: what a source had accepted, hour by hour, and what became of all of it.
//!
//! Both sides are written apart: the door notes what it accepts, and each submission says itself how it ended. What was
//! accepted and has not ended is on its way; what is on its way for too long is named.

use std::collections::{BTreeMap, BTreeSet};

use domain::config::Source;
use domain::decision::Outcome;
use domain::id::SubmissionId;
use domain::rhythm::{MAX_ARRIVALS, RHYTHM, is_silent};
use futures::future::try_join_all;
use jiff::{SignedDuration, Timestamp};
use lambda_http::Request;
use lambda_http::http::StatusCode;
use table::{AcceptedThing, LedgerEntry, ROWS_IN_A_PAGE, Record};
use web::Problem;

use crate::answers::{Ledger, LedgerHour, SourceState, Sources, Tally};
use crate::problems::{self, field, invalid_fields, table_failed, wrong_state};
use crate::{Answer, Api};

/// Submissions read at the same time.
const READS_AT_ONCE: usize = 50;

/// Most submissions that one answer accounts for: reading them takes some seconds.
const MAX_ENTRIES: usize = 10_000;

/// The time that is accounted for, if nobody says which.
const DEFAULT_RANGE: SignedDuration = SignedDuration::from_hours(24);

/// After this time, what is still on its way is named: it may be in a dead-letter queue. Five attempts take less.
const OVERDUE: SignedDuration = SignedDuration::from_mins(30);

/// Most of those that are named.
const MAX_OVERDUE: usize = 100;

const HOUR: i64 = 3_600;

/// One submission that was accepted.
struct Accepted {
    second: i64,
    id: SubmissionId,
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
        let ledger = self.account(name, from, to, now).await?;
        Ok(web::json(StatusCode::OK, &ledger))
    }

    /// `GET /v1/sources`
    pub(crate) async fn list_sources(&self) -> Answer {
        let now = self.clock.now();
        let current = self.current().await?;
        let mut sources = Vec::new();
        for (name, source) in &current.config.sources {
            sources.push(self.state_of(name, source, now).await?);
        }
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
        let last = self.table.last_accepted(name).await;
        let last = last.map_err(|error| table_failed(&error))?;
        state.last_seen = last.and_then(moment).map(Into::into);
        let since = now.checked_sub(RHYTHM).unwrap_or(now);
        let arrivals = self.table.arrivals(name, since, MAX_ARRIVALS).await;
        let arrivals = arrivals.map_err(|error| table_failed(&error))?;
        state.is_silent = is_silent(&arrivals, now);
        let from = now.checked_sub(DEFAULT_RANGE).unwrap_or(now);
        let to = now.checked_add(SignedDuration::from_secs(1)).unwrap_or(now);
        state.last_day = match self.account(name, from, to, now).await {
            Ok(ledger) => Some(ledger.total),
            // Too much for one look; the ledger itself says how to ask for less.
            Err(problem) if problem.code == problems::RANGE_TOO_LARGE.code => None,
            Err(problem) => return Err(problem),
        };
        Ok(state)
    }

    async fn account(
        &self,
        name: &str,
        from: Timestamp,
        to: Timestamp,
        now: Timestamp,
    ) -> Result<Ledger, Problem> {
        let entries = self.table.ledger(name, from, to, MAX_ENTRIES + 1).await;
        let entries = entries.map_err(|error| table_failed(&error))?;
        let accepted = self.accepted(entries).await?;
        if accepted.len() > MAX_ENTRIES {
            return Err(Problem::of(problems::RANGE_TOO_LARGE).detail(format!(
                "more than {MAX_ENTRIES} submissions were accepted in that time; ask for a shorter one with from and to"
            )));
        }
        let mut hours: BTreeMap<i64, Tally> = BTreeMap::new();
        let mut total = Tally::default();
        let mut overdue = Vec::new();
        for some in accepted.chunks(READS_AT_ONCE) {
            let mut reads = Vec::with_capacity(some.len());
            for one in some {
                reads.push(self.table.submission(one.id));
            }
            let known = try_join_all(reads).await;
            for (one, known) in some
                .iter()
                .zip(known.map_err(|error| table_failed(&error))?)
            {
                let hour = hours.entry(one.second.div_euclid(HOUR) * HOUR).or_default();
                count(hour, one, known.record.as_ref());
                count(&mut total, one, known.record.as_ref());
                let age = SignedDuration::from_secs(now.as_second().saturating_sub(one.second));
                if known.record.is_none() && age > OVERDUE && overdue.len() < MAX_OVERDUE {
                    overdue.push(one.id.to_string());
                }
            }
        }
        let hours = hours.into_iter().filter_map(|(second, tally)| {
            let hour = Timestamp::from_second(second).ok()?.into();
            Some(LedgerHour { hour, tally })
        });
        Ok(Ledger {
            source: name.to_owned(),
            from: from.into(),
            to: to.into(),
            hours: hours.collect(),
            difference: total.difference(),
            total,
            overdue,
        })
    }

    /// Each submission of the entries, those of batches too.
    async fn accepted(&self, entries: Vec<LedgerEntry>) -> Result<Vec<Accepted>, Problem> {
        let mut accepted = Vec::new();
        // Rows that say the same are one submission.
        let mut seen: BTreeSet<(i64, SubmissionId)> = BTreeSet::new();
        for LedgerEntry { second, thing } in entries {
            let batch = match thing {
                AcceptedThing::Submission(id) => {
                    if seen.insert((second, id)) {
                        accepted.push(Accepted { second, id });
                    }
                    continue;
                }
                AcceptedThing::Batch(batch) => batch,
            };
            for page in 0.. {
                let rows = self.table.batch_rows(batch, page).await;
                let rows = rows.map_err(|error| table_failed(&error))?;
                let ids = rows.iter().filter_map(|row| row.submission);
                for id in ids {
                    if seen.insert((second, id)) {
                        accepted.push(Accepted { second, id });
                    }
                }
                if rows.len() < ROWS_IN_A_PAGE || accepted.len() > MAX_ENTRIES {
                    break;
                }
            }
            if accepted.len() > MAX_ENTRIES {
                break;
            }
        }
        Ok(accepted)
    }
}

fn count(tally: &mut Tally, accepted: &Accepted, record: Option<&Record>) {
    tally.accepted += 1;
    let Some(record) = record else {
        tally.in_flight += 1;
        return;
    };
    // What came once more is a repeat of the one that was dealt with.
    if record.received_at.as_second() != accepted.second {
        tally.duplicate += 1;
        return;
    }
    match record.outcome {
        Outcome::Created => tally.created += 1,
        Outcome::Merged => tally.merged += 1,
        Outcome::Duplicate => tally.duplicate += 1,
        Outcome::Quarantined => tally.quarantined += 1,
        Outcome::Rejected => tally.rejected += 1,
    }
}

fn moment(entry: LedgerEntry) -> Option<Timestamp> {
    Timestamp::from_second(entry.second).ok()
}

/// The time that is asked for; the last day if none is.
fn range(request: &Request, now: Timestamp) -> Result<(Timestamp, Timestamp), Problem> {
    let parameters = web::query(request.uri().query())
        .ok_or_else(|| Problem::of(problems::BAD_QUERY).detail("percent-encode it as UTF-8"))?;
    let (mut from, mut to) = (None, None);
    let mut wrong = Vec::new();
    for (name, value) in parameters {
        let wanted = match name.as_str() {
            "from" => &mut from,
            "to" => &mut to,
            other => {
                wrong.push(field(other, "unknown", "there are from and to"));
                continue;
            }
        };
        match value.parse::<Timestamp>() {
            Ok(at) => *wanted = Some(at),
            Err(_) => wrong.push(field(
                &name,
                "invalid",
                "this is a time as RFC 3339 says, such as 2026-03-01T12:00:00Z",
            )),
        }
    }
    // The present second is part of what was accepted until now.
    let to = to.unwrap_or_else(|| now.checked_add(SignedDuration::from_secs(1)).unwrap_or(now));
    let from = from.unwrap_or_else(|| to.checked_sub(DEFAULT_RANGE).unwrap_or(to));
    if wrong.is_empty() && from >= to {
        wrong.push(field("from", "invalid", "from comes before to"));
    }
    if wrong.is_empty() {
        Ok((from, to))
    } else {
        Err(invalid_fields(&wrong))
    }
}
