//! Hours of a ledger as counts, so that asking does not cost a look at each submission.
//!
//! Nothing on a submission's way writes here: whoever looks after what is due counts what is over, in the order of time,
//! and under the item's version, so that two who count at once count once. Nothing is noted any more in a second that is
//! counted, since the doors refuse to ([`NOTED_WITHIN`]); and what may still change is in the item by name.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::id::SubmissionId;
use domain::ledger::{Accepted, Ended, HOUR, Hour, LookedUp, MAX_AWAITED, fate};
use domain::rhythm::{MAX_ARRIVALS, Rhythm};
use jiff::{SignedDuration, Timestamp};

use super::{KEEP_SECONDS, LedgerEntry, NOTED_WITHIN};
use crate::{Error, Item, Table, codec, keys};

const BODY: &str = "d";
const KIND: &str = "hour of a ledger";

/// How long after a second it is counted: when nothing can be noted in it any more, and some time for clocks that differ.
const COUNTED_AFTER: SignedDuration = SignedDuration::from_secs(60);
const _: () = assert!(COUNTED_AFTER.as_secs() > NOTED_WITHIN.as_secs() + 10);

/// Entries read at once.
const ENTRIES: usize = 2_000;

/// Submissions counted at once, about: a second and a batch are never divided.
const SUBMISSIONS: usize = 2_000;

/// How often an hour is written anew because somebody else wrote first.
const MAX_ROUNDS: usize = 12;

/// What one step of counting came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// There may be more.
    Counted,
    /// Everything that can be counted by now is.
    UpToDate,
}

/// Entries of one hour, without a gap from where counting stands.
struct Next {
    entries: Vec<LedgerEntry>,
    /// Up to before which second there are no others.
    until: i64,
}

impl Table {
    /// The hours that are kept as counts and begin from `from` until before `to`, the oldest first.
    ///
    /// # Errors
    /// When the table cannot be read or an hour is damaged.
    pub async fn ledger_hours(&self, source: &str, from: i64, to: i64) -> Result<Vec<Hour>, Error> {
        let bound = |second: i64| keys::ledger_hour(source, second.max(0));
        let query = self
            .query("pk = :pk AND sk BETWEEN :from AND :to", bound(from).pk)
            .expression_attribute_values(":from", AttributeValue::S(bound(from).sk))
            .expression_attribute_values(":to", AttributeValue::S(bound(to - 1).sk))
            .consistent_read(true);
        self.all(query, None).await?.iter().map(read).collect()
    }

    /// The newest hour of which anything is counted: everything before its `until` is.
    ///
    /// # Errors
    /// When the table cannot be read or an hour is damaged.
    pub async fn newest_ledger_hour(&self, source: &str) -> Result<Option<Hour>, Error> {
        let mut start: Option<Item> = None;
        loop {
            let query = self
                .query("pk = :pk", keys::ledger_hour(source, 0).pk)
                .consistent_read(true)
                .scan_index_forward(false)
                .limit(1)
                .set_exclusive_start_key(start.take());
            let page = self.page(query).await?;
            for item in page.items() {
                let hour = read(item)?;
                // Others hold nothing but what was reopened before it was counted.
                if hour.until > hour.start {
                    return Ok(Some(hour));
                }
            }
            match page.last_evaluated_key {
                Some(key) if !key.is_empty() => start = Some(key),
                _ => return Ok(None),
            }
        }
    }

    /// How far apart entries came since `since`: by the hours that are counted, and by the newest entries after these.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn rhythm(
        &self,
        source: &str,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<Rhythm, Error> {
        let mut rhythm = Rhythm::default();
        let mut counted = since;
        for hour in self
            .ledger_hours(source, since.as_second(), now.as_second() + 1)
            .await?
        {
            rhythm.follow(&hour.rhythm);
            let until = Timestamp::from_second(hour.until).unwrap_or(counted);
            counted = counted.max(until);
        }
        for arrival in self.arrivals(source, counted, MAX_ARRIVALS).await? {
            rhythm.arrived(arrival.as_second());
        }
        Ok(rhythm)
    }

    /// Counts the next piece of a ledger that is over: some thousand submissions at most, of one hour.
    ///
    /// # Errors
    /// When the table cannot be used.
    pub async fn count_ledger(&self, source: &str, now: Timestamp) -> Result<Progress, Error> {
        let over = now.checked_sub(COUNTED_AFTER).unwrap_or(now);
        let newest = self.newest_ledger_hour(source).await?;
        if let Some(hour) = &newest {
            self.settle_ledger_hours(source, hour.start).await?;
        }
        let since = newest.as_ref().map_or(0, |hour| hour.until);
        let Some(next) = self.next_to_count(source, since, over).await? else {
            return Ok(Progress::UpToDate);
        };
        Ok(if self.count_entries(source, next).await? {
            Progress::Counted
        } else {
            Progress::UpToDate
        })
    }

    /// The entries from `since` on that are over, of one hour.
    async fn next_to_count(
        &self,
        source: &str,
        since: i64,
        over: Timestamp,
    ) -> Result<Option<Next>, Error> {
        let Ok(from) = Timestamp::from_second(since) else {
            return Ok(None);
        };
        let mut limit = ENTRIES;
        while since < over.as_second() {
            let mut entries = self.ledger(source, from, over, limit).await?;
            let (Some(first), Some(last)) = (entries.first(), entries.last()) else {
                break;
            };
            let mut until = Hour::of(first.second).end().min(over.as_second());
            if entries.len() == limit {
                // There may be more of the last second.
                until = until.min(last.second);
            }
            entries.retain(|entry| entry.second < until);
            if !entries.is_empty() {
                return Ok(Some(Next { entries, until }));
            }
            limit *= 4;
        }
        Ok(None)
    }

    /// Counts as many of these entries as can be. False if it is none.
    async fn count_entries(&self, source: &str, next: Next) -> Result<bool, Error> {
        let Some(first) = next.entries.first() else {
            return Ok(false);
        };
        let mut hour = Hour::of(first.second);
        let stored = self.ledger_hours(source, hour.start, hour.end()).await?;
        if let Some(stored) = stored.into_iter().next() {
            if stored.until > first.second {
                // Somebody else has counted it meanwhile.
                return Ok(true);
            }
            hour = stored;
        }
        let mut until = next.until;
        let mut accepted: Vec<(Accepted, bool)> = Vec::new();
        let mut arrivals: Vec<i64> = Vec::new();
        let mut seen: BTreeSet<Accepted> = BTreeSet::new();
        for entry in next.entries {
            let is_next_second = arrivals.last().is_some_and(|last| *last < entry.second);
            if is_next_second && accepted.len() >= SUBMISSIONS {
                until = entry.second;
                break;
            }
            for one in self.accepted_by(entry).await? {
                accepted.push((one, !seen.insert(one)));
            }
            arrivals.push(entry.second);
        }
        let endings = ids(accepted.iter().map(|(one, _)| one));
        let endings = self.ends_of(&endings).await?;
        let mut all: Vec<LookedUp> = accepted
            .into_iter()
            .map(|(accepted, is_again)| LookedUp {
                accepted,
                is_again,
                ended: endings.get(&accepted.1).copied(),
            })
            .collect();
        let until = with_room(&hour, &all, until);
        all.retain(|one| one.accepted.0 < until);
        arrivals.retain(|second| *second < until);
        if arrivals.is_empty() {
            return Ok(false);
        }
        hour.count(&all, &arrivals, until);
        // If it was overtaken, by another one who counts or by a correction, the next step does it anew.
        self.keep_ledger_hour(source, hour).await
    }

    /// How each of these ended that has.
    async fn ends_of(
        &self,
        submissions: &[SubmissionId],
    ) -> Result<BTreeMap<SubmissionId, Ended>, Error> {
        let records = self.records(submissions).await?;
        let ends = records.into_iter().map(|(id, record)| (id, record.ended()));
        Ok(ends.collect())
    }

    /// Looks at what was on its way in the newest hour and the one before, and counts what has ended since. What takes
    /// longer stays by name, which is as right and costs a look at it.
    async fn settle_ledger_hours(&self, source: &str, newest: i64) -> Result<(), Error> {
        for mut hour in self
            .ledger_hours(source, newest - HOUR, newest + HOUR)
            .await?
        {
            let open: Vec<Accepted> = hour.open().collect();
            if open.is_empty() {
                continue;
            }
            let endings = self.ends_of(&ids(open.iter())).await?;
            if hour.settle(&endings) {
                self.keep_ledger_hour(source, hour).await?;
            }
        }
        Ok(())
    }

    /// Has the ledger look up a quarantined submission rather than count it: to be called before its quarantine ends.
    ///
    /// # Errors
    /// When the table cannot be used, or others kept writing.
    pub async fn reopen_in_ledger(
        &self,
        source: &str,
        received_at: Timestamp,
        submission: SubmissionId,
    ) -> Result<(), Error> {
        let second = received_at.as_second();
        for _ in 0..MAX_ROUNDS {
            let mut hour = Hour::of(second);
            let stored = self.ledger_hours(source, hour.start, hour.end()).await?;
            if let Some(stored) = stored.into_iter().next() {
                hour = stored;
            }
            if hour.reopened.len() >= MAX_AWAITED {
                let endings = self.ends_of(&ids(hour.reopened.iter())).await?;
                hour.settle(&endings);
            }
            // Also where nothing is counted yet: whoever is counting at this moment must not overlook it.
            if !hour.reopen(Accepted(second, submission))
                || self.keep_ledger_hour(source, hour).await?
            {
                return Ok(());
            }
        }
        Err(Error::Call {
            operation: "PutItem",
            code: "Contended".to_owned(),
            source: "others kept writing the same hour of a ledger".into(),
        })
    }

    /// Writes an hour as its next version. False when somebody else has.
    async fn keep_ledger_hour(&self, source: &str, mut hour: Hour) -> Result<bool, Error> {
        let before = hour.version;
        hour.version += 1;
        let mut item = keys::ledger_hour(source, hour.start).item();
        let body = codec::encode(KIND, &hour)?;
        item.insert(BODY.to_owned(), AttributeValue::B(Blob::new(body)));
        let expires = hour.end().saturating_add(KEEP_SECONDS);
        item.insert(
            keys::EXPIRES.to_owned(),
            AttributeValue::N(expires.to_string()),
        );
        self.put_next(item, before).await
    }
}

/// Until before which second these can be counted, so that no more are kept on their way than an hour has room for.
fn with_room(hour: &Hour, all: &[LookedUp], until: i64) -> i64 {
    let mut awaited = hour.awaited.len();
    for one in all {
        let second = one.accepted.0;
        if !one.is_again && fate(second, one.ended).is_none() {
            awaited += 1;
            if awaited > MAX_AWAITED {
                return second.min(until);
            }
        }
    }
    until
}

fn ids<'a>(accepted: impl Iterator<Item = &'a Accepted>) -> Vec<SubmissionId> {
    let different: BTreeSet<SubmissionId> = accepted.map(|Accepted(_, id)| *id).collect();
    different.into_iter().collect()
}

fn read(item: &Item) -> Result<Hour, Error> {
    match item.get(BODY) {
        Some(AttributeValue::B(blob)) => codec::decode(KIND, blob.as_ref()),
        _ => Err(Error::Corrupt {
            kind: KIND,
            problem: "it has no body",
        }),
    }
}
