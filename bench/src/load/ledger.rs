//! What is known of every submission that was posted: a fixed number of bytes each, laid out before the run, so that the
//! generator's memory does not grow while it measures that of others.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::histogram::Histogram;

/// What is posted as job number `n`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Job {
    /// Somebody new.
    New { person: u64 },
    /// The very same content again, as an impatient click sends it.
    Repeat { person: u64 },
    /// Somebody known sends something else.
    Merge { person: u64 },
}

/// How many of a hundred jobs are no new people.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Mix {
    pub(super) repeats: u64,
    pub(super) merges: u64,
}

/// A repeat or a merge is about the person this many jobs before.
const BACK: u64 = 100;

impl Mix {
    /// What job number `n` is. Jobs of the first hundred are all new.
    pub(super) fn job(self, n: u64) -> Job {
        let place = n % BACK;
        // The last places of each hundred are repeats and merges of those in the first places of the hundred before.
        if n < BACK || place < BACK - self.repeats - self.merges {
            return Job::New { person: n };
        }
        let person = n - n % BACK - BACK + (BACK - 1 - place);
        if place >= BACK - self.repeats {
            Job::Repeat { person }
        } else {
            Job::Merge { person }
        }
    }
}

#[derive(Clone, Copy, Default)]
struct Entry {
    /// Microseconds from the start of the run to the moment for which the post was scheduled, plus one; 0 if it was not.
    scheduled: u64,
    /// The submission, as the door named it.
    submission: u128,
    /// Digest of the first `webhook-id` under which somebody was told of an owner.
    told_as: u64,
    accepted: bool,
    /// Whether its owner is waited for: somebody new who is listened or asked for.
    awaited: bool,
    /// Whether an owner was told of under a second id.
    doubled: bool,
}

/// Everything that was posted and heard.
pub(super) struct Ledger {
    start: Instant,
    mix: Mix,
    entries: Mutex<Entries>,
    accepted: AtomicU64,
    awaited: AtomicU64,
    owned: AtomicU64,
}

struct Entries {
    entries: Vec<Entry>,
    accept: Histogram,
    owner: Histogram,
    refused: u64,
    failed: u64,
    told: u64,
    strangers: u64,
    by_rep: BTreeMap<(String, String), u64>,
    last_owned: Duration,
}

/// Counts of the whole run.
#[derive(Debug, Clone, Default)]
pub(super) struct Totals {
    /// Posts answered 202.
    pub(super) accepted: u64,
    /// Of these, people whose owner is waited for: all new ones, or the sample that is asked for.
    pub(super) awaited: u64,
    /// Posts answered otherwise.
    pub(super) refused: u64,
    /// Posts without an answer.
    pub(super) failed: u64,
    /// People whose owner was told of.
    pub(super) owned: u64,
    /// Webhooks of the kind `lead.assigned`, repeats included.
    pub(super) told: u64,
    /// People whose owner was told of under more than one `webhook-id`.
    pub(super) doubled: u64,
    /// Of the people waited for, those who have no owner.
    pub(super) lost: u64,
    /// Webhooks about somebody who was not accepted here: answers that got lost, or what an earlier run left.
    pub(super) strangers: u64,
    /// Leads by pool and rep.
    pub(super) by_rep: BTreeMap<(String, String), u64>,
}

impl Ledger {
    /// A ledger with room for `jobs` jobs.
    pub(super) fn new(jobs: u64, mix: Mix) -> Self {
        Self {
            start: Instant::now(),
            mix,
            entries: Mutex::new(Entries {
                entries: vec![Entry::default(); jobs as usize],
                accept: Histogram::default(),
                owner: Histogram::default(),
                refused: 0,
                failed: 0,
                told: 0,
                strangers: 0,
                by_rep: BTreeMap::new(),
                last_owned: Duration::ZERO,
            }),
            accepted: AtomicU64::new(0),
            awaited: AtomicU64::new(0),
            owned: AtomicU64::new(0),
        }
    }

    pub(super) fn job(&self, n: u64) -> Job {
        self.mix.job(n)
    }

    /// Since the start of the run.
    pub(super) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// Posts accepted so far.
    pub(super) fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    /// People owned so far.
    pub(super) fn owned(&self) -> u64 {
        self.owned.load(Ordering::Relaxed)
    }

    /// People waited for who have no owner yet.
    pub(super) fn under_way(&self) -> u64 {
        self.awaited
            .load(Ordering::Relaxed)
            .saturating_sub(self.owned())
    }

    /// The latencies since this was last asked: of the accepted posts, and from post to owner.
    pub(super) fn take_latencies(&self) -> (Histogram, Histogram) {
        let mut entries = self.lock();
        let accept = std::mem::take(&mut entries.accept);
        (accept, std::mem::take(&mut entries.owner))
    }

    /// When the last owner was heard of, since the start of the run.
    pub(super) fn last_owned(&self) -> Duration {
        self.lock().last_owned
    }

    /// Job `n` is due at `moment`, since the start of the run.
    pub(super) fn schedule(&self, n: u64, moment: Duration) {
        self.lock().entries[n as usize].scheduled = moment.as_micros() as u64 + 1;
    }

    /// Job `n` was answered 202 with the id of its submission; `awaited` if somebody will say when it has an owner.
    pub(super) fn accept(&self, n: u64, submission: u128, awaited: bool) {
        let now = self.start.elapsed();
        let mut entries = self.lock();
        let entry = &mut entries.entries[n as usize];
        entry.accepted = true;
        entry.awaited = awaited;
        entry.submission = submission;
        let latency = since(entry.scheduled, now);
        entries.accept.add(latency);
        drop(entries);
        self.accepted.fetch_add(1, Ordering::Relaxed);
        if awaited {
            self.awaited.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A job was answered otherwise.
    pub(super) fn refuse(&self) {
        self.lock().refused += 1;
    }

    /// A job got no answer. Whether it was accepted is not known.
    pub(super) fn fail(&self) {
        self.lock().failed += 1;
    }

    /// Somebody was told, under `webhook_id`, that a person has an owner.
    pub(super) fn tell(&self, person: u64, webhook_id: &str, pool: &str, rep: &str) {
        let now = self.start.elapsed();
        let digest = digest(webhook_id);
        let mut entries = self.lock();
        let entries = &mut *entries;
        entries.told += 1;
        let Some(entry) = entries
            .entries
            .get_mut(person as usize)
            .filter(|entry| entry.scheduled > 0)
        else {
            entries.strangers += 1;
            return;
        };
        if entry.told_as == 0 {
            entry.told_as = digest;
            entries.owner.add(since(entry.scheduled, now));
            entries.last_owned = now;
            *entries
                .by_rep
                .entry((pool.to_owned(), rep.to_owned()))
                .or_default() += 1;
            self.owned.fetch_add(1, Ordering::Relaxed);
        } else if entry.told_as != digest {
            entry.doubled = true;
        }
    }

    /// The submission of an accepted job.
    pub(super) fn submission(&self, n: u64) -> Option<u128> {
        let entries = self.lock();
        let entry = entries.entries.get(n as usize)?;
        entry.accepted.then_some(entry.submission)
    }

    /// Every accepted job among the first `jobs`, at even distances, at most `most`: its number and its submission.
    pub(super) fn sample(&self, jobs: u64, most: u64) -> Vec<(u64, u128)> {
        let entries = self.lock();
        let step = (jobs / most.max(1)).max(1);
        (0..jobs)
            .step_by(step as usize)
            .filter_map(|n| {
                let entry = entries.entries.get(n as usize)?;
                entry.accepted.then_some((n, entry.submission))
            })
            .collect()
    }

    /// The first people waited for who have no owner, at most `most`.
    pub(super) fn missing(&self, most: usize) -> Vec<u64> {
        let entries = self.lock();
        let is_missing = |n: &u64| {
            let entry = &entries.entries[*n as usize];
            entry.awaited && entry.told_as == 0
        };
        (0..entries.entries.len() as u64)
            .filter(is_missing)
            .take(most)
            .collect()
    }

    /// What it all comes to.
    pub(super) fn totals(&self) -> Totals {
        let entries = self.lock();
        let mut totals = Totals {
            accepted: self.accepted(),
            awaited: self.awaited.load(Ordering::Relaxed),
            refused: entries.refused,
            failed: entries.failed,
            owned: self.owned(),
            told: entries.told,
            strangers: entries.strangers,
            by_rep: entries.by_rep.clone(),
            ..Totals::default()
        };
        for entry in &entries.entries {
            totals.doubled += u64::from(entry.doubled);
            totals.lost += u64::from(entry.awaited && entry.told_as == 0);
        }
        totals
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn since(scheduled: u64, now: Duration) -> Duration {
    now.saturating_sub(Duration::from_micros(scheduled.saturating_sub(1)))
}

fn digest(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    // Zero stands for nothing.
    hasher.finish() | 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mix_has_the_asked_shares_and_repeats_only_what_was_new() {
        let mix = Mix {
            repeats: 3,
            merges: 2,
        };
        let (mut repeats, mut merges) = (0, 0);
        for n in 0..10_000 {
            match mix.job(n) {
                Job::New { person } => assert_eq!(person, n),
                Job::Repeat { person } | Job::Merge { person } => {
                    assert!(person < n);
                    assert_eq!(mix.job(person), Job::New { person });
                    if matches!(mix.job(n), Job::Repeat { .. }) {
                        repeats += 1;
                    } else {
                        merges += 1;
                    }
                }
            }
        }
        assert_eq!((repeats, merges), (297, 198));
    }

    #[test]
    fn who_is_told_of_twice_under_one_id_is_not_doubled_and_under_two_is() {
        let ledger = Ledger::new(4, Mix::default());
        for n in 0..3 {
            ledger.schedule(n, Duration::ZERO);
            ledger.accept(n, u128::from(n), true);
        }
        for (person, id) in [(0, "a"), (0, "a"), (1, "b"), (1, "c")] {
            ledger.tell(person, id, "emea", "ana");
        }
        let totals = ledger.totals();
        assert_eq!((totals.owned, totals.told), (2, 4));
        assert_eq!((totals.doubled, totals.lost), (1, 1));
        assert_eq!(ledger.missing(9), [2]);
        ledger.tell(3, "d", "emea", "ana");
        assert_eq!(ledger.totals().strangers, 1);
    }
}
