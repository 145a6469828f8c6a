//! Posting: at a fixed rate whatever the answers do (open loop), or as fast as leads get owners (for filling a table).
//!
//! Latency counts from the moment for which a post was scheduled. A server that stalls therefore pays for every post that
//! was due meanwhile, and not only for the one that it kept waiting: nothing is omitted in coordination with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use serde::Deserialize;
use tokio::sync::Semaphore;

use super::checks::Api;
use super::ledger::{Job, Ledger};
use super::person;

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where to post, and what is kept while posting.
#[derive(Clone)]
pub(super) struct Traffic {
    client: reqwest::Client,
    door: String,
    pub(super) ledger: Arc<Ledger>,
    /// As many posts at a time as there are connections; the others wait, and their waiting counts.
    connections: Arc<Semaphore>,
    next: Arc<AtomicU64>,
    /// How owners are heard of, where nobody tells.
    asking: Option<Arc<Asking>>,
}

/// Asks for owners where there is no receiver of ours.
pub(super) struct Asking {
    pub(super) api: Api,
    /// Every how-manieth lead is asked for.
    pub(super) every: u64,
}

/// Time between two questions about one lead: what it adds to a latency at most.
const ASK_EACH: Duration = Duration::from_millis(50);

/// How long an owner is asked for.
const ASK_FOR: Duration = Duration::from_secs(120);

/// How long posting took.
#[derive(Debug, Clone, Copy)]
pub(super) struct Posted {
    /// Number of jobs.
    pub(super) jobs: u64,
    /// From the first scheduled moment to the last answer.
    pub(super) took: Duration,
}

/// The answer of the door.
#[derive(Deserialize)]
struct Accepted {
    submissions: Vec<String>,
}

/// A client that keeps its connections.
pub(super) fn client() -> Result<reqwest::Client> {
    Ok(reqwest::Client::builder()
        .timeout(PATIENCE)
        .tcp_nodelay(true)
        .build()?)
}

impl Traffic {
    pub(super) fn new(
        client: reqwest::Client,
        url: &str,
        source: &str,
        ledger: Arc<Ledger>,
        connections: usize,
        asking: Option<Asking>,
    ) -> Self {
        Self {
            client,
            door: format!("{}/v1/sources/{source}", url.trim_end_matches('/')),
            ledger,
            connections: Arc::new(Semaphore::new(connections)),
            next: Arc::default(),
            asking: asking.map(Arc::new),
        }
    }

    /// Jobs posted or being posted so far.
    pub(super) fn jobs(&self) -> u64 {
        self.next.load(Ordering::Relaxed)
    }

    /// Posts `jobs` jobs, one each 1/`rate` seconds, and waits for all answers.
    pub(super) async fn at_rate(&self, rate: f64, jobs: u64) -> Result<Posted> {
        let start = self.ledger.elapsed();
        let runtime = tokio::runtime::Handle::current();
        let (traffic, begun) = (self.clone(), Instant::now());
        // A thread of its own keeps time: the runtime's timers are a millisecond coarse and late when it is busy.
        let clock = std::thread::spawn(move || {
            let mut running = Vec::new();
            for index in 0..jobs {
                let due = Duration::from_secs_f64(index as f64 / rate);
                if let Some(wait) = due.checked_sub(begun.elapsed()) {
                    std::thread::sleep(wait);
                }
                let n = traffic.next.fetch_add(1, Ordering::Relaxed);
                traffic.ledger.schedule(n, start + due);
                let traffic = traffic.clone();
                running.push(runtime.spawn(async move { traffic.post(n).await }));
                // What has ended is forgotten, so that an hour needs no more memory than a minute.
                if running.len() >= 4096 {
                    running.retain(|task| !task.is_finished());
                }
            }
            running
        });
        let running = tokio::task::spawn_blocking(move || clock.join())
            .await?
            .map_err(|_| anyhow::anyhow!("the thread that keeps time panicked"))?;
        for task in running {
            task.await?;
        }
        Ok(Posted {
            jobs,
            took: self.ledger.elapsed().saturating_sub(start),
        })
    }

    /// Posts until `until` jobs were posted, as fast as answers come, but never with more than `under_way` leads that have no
    /// owner yet.
    pub(super) async fn as_fast_as_it_goes(&self, until: u64, under_way: u64) -> Result<Posted> {
        let (start, before) = (self.ledger.elapsed(), self.jobs());
        let mut workers = tokio::task::JoinSet::new();
        for _ in 0..64 {
            let traffic = self.clone();
            workers.spawn(async move {
                loop {
                    while traffic.ledger.under_way() >= under_way {
                        tokio::time::sleep(Duration::from_millis(2)).await;
                    }
                    let n = traffic.next.fetch_add(1, Ordering::Relaxed);
                    if n >= until {
                        traffic.next.fetch_sub(1, Ordering::Relaxed);
                        return;
                    }
                    traffic.ledger.schedule(n, traffic.ledger.elapsed());
                    traffic.post(n).await;
                }
            });
        }
        while let Some(ended) = workers.join_next().await {
            ended?;
        }
        Ok(Posted {
            jobs: self.jobs() - before,
            took: self.ledger.elapsed().saturating_sub(start),
        })
    }

    async fn post(&self, n: u64) {
        let body = match self.ledger.job(n) {
            Job::New { person } | Job::Repeat { person } => person::form(person, 0),
            Job::Merge { person } => person::form(person, 1),
        };
        let Ok(_connection) = self.connections.acquire().await else {
            return;
        };
        let request = self
            .client
            .post(&self.door)
            .header("content-type", "application/json")
            .body(body);
        let Ok(response) = request.send().await else {
            return self.ledger.fail();
        };
        let status = response.status().as_u16();
        let Ok(bytes) = response.bytes().await else {
            return self.ledger.fail();
        };
        let answer: Option<Accepted> = serde_json::from_slice(&bytes).ok();
        let submission = answer
            .and_then(|answer| answer.submissions.into_iter().next())
            .and_then(|id| domain::id::decode(id.strip_prefix("sub_")?).ok());
        match submission {
            Some(submission) if status == 202 => self.accepted(n, submission),
            _ => self.ledger.refuse(),
        }
    }

    fn accepted(&self, n: u64, submission: u128) {
        let is_new = matches!(self.ledger.job(n), Job::New { .. });
        let Some(asking) = &self.asking else {
            return self.ledger.accept(n, submission, is_new);
        };
        let is_asked_for = is_new && n.is_multiple_of(asking.every);
        self.ledger.accept(n, submission, is_asked_for);
        if is_asked_for {
            let (asking, ledger) = (Arc::clone(asking), Arc::clone(&self.ledger));
            tokio::spawn(async move {
                let begun = Instant::now();
                while begun.elapsed() < ASK_FOR {
                    if let Ok(Some((pool, rep))) = asking.api.owner(submission).await {
                        return ledger.tell(n, "asked", &pool, &rep);
                    }
                    tokio::time::sleep(ASK_EACH).await;
                }
            });
        }
    }

    /// Waits until everybody accepted is owned, or `patience` has passed without anybody becoming so.
    pub(super) async fn drain(&self, patience: Duration) {
        let (mut owned, mut since) = (self.ledger.owned(), Instant::now());
        while self.ledger.under_way() > 0 && since.elapsed() < patience {
            tokio::time::sleep(Duration::from_millis(5)).await;
            let now = self.ledger.owned();
            if now != owned {
                (owned, since) = (now, Instant::now());
            }
        }
    }
}
