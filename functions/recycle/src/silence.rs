//! Sources that have fallen silent, for whoever watches: a line for CloudWatch, out of which it makes a metric.

use std::io::Write;
use std::time::{Duration, SystemTime};

use domain::rhythm::{MIN_PAUSE, RHYTHM};
use futures::future::BoxFuture;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{Error, Recycle, Run, budget};

/// How often it is looked, in minutes. A silence lasts ten at least.
const EVERY_MINUTES: i64 = 5;

/// Which of the sources that keep a ledger are silent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence {
    /// When it was looked.
    pub at: Timestamp,
    /// How many sources keep a ledger.
    pub watched: usize,
    /// Names of those that are silent.
    pub silent: Vec<String>,
}

impl Recycle {
    /// One invocation on AWS, which has until `deadline`: works on what is due, then writes the metric of [`Silence::metric`] to
    /// standard output, where CloudWatch finds it.
    ///
    /// # Errors
    /// As [`Recycle::run`]. That it could not be looked for silence is logged: deadlines were looked after, and the next look
    /// is soon.
    pub fn on_schedule(&self, deadline: SystemTime) -> BoxFuture<'_, Result<Run, Error>> {
        // Behind a pointer: the types of what is awaited are so deep that the compiler gives up on the runtime's layers.
        Box::pin(self.run_and_listen(budget(deadline)))
    }

    async fn run_and_listen(&self, budget: Duration) -> Result<Run, Error> {
        let run = self.run(budget).await?;
        match self.silent_sources().await {
            Ok(None) => {}
            Ok(Some(silence)) => {
                let metric = silence.metric(self.table.name());
                let _closed = writeln!(std::io::stdout(), "{metric}");
            }
            Err(error) => {
                tracing::error!(error = %platform::chain(&error), "it could not be looked whether a source is silent");
            }
        }
        Ok(run)
    }

    /// Which sources have fallen silent against their own rhythm; nothing in the minutes in between, and where no source
    /// keeps a ledger. Costs one read of half a unit for each source that was heard within ten minutes, and one of its
    /// last week's rhythm for each that was not.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn silent_sources(&self) -> Result<Option<Silence>, Error> {
        let now = self.clock.now();
        if now.as_second().div_euclid(60) % EVERY_MINUTES != 0 {
            return Ok(None);
        }
        let current = self.configurations.at(now).await?;
        let current = current.ok_or(Error::NoConfiguration)?;
        let sources = current.config.sources.iter();
        let watched: Vec<&String> = sources
            .filter(|(_, source)| source.ledger)
            .map(|(name, _)| name)
            .collect();
        if watched.is_empty() {
            return Ok(None);
        }
        let mut silent = Vec::new();
        let since = now.checked_sub(RHYTHM).unwrap_or(now);
        for &name in &watched {
            let last = self.table.last_accepted(name).await?;
            let is_recent = last.is_none_or(|last| {
                now.as_second().saturating_sub(last.second) <= MIN_PAUSE.as_secs()
            });
            if is_recent {
                continue;
            }
            if self.table.rhythm(name, since, now).await?.is_silent(now) {
                tracing::warn!(source = name, "{name} has fallen silent");
                silent.push(name.clone());
            }
        }
        Ok(Some(Silence {
            at: now,
            watched: watched.len(),
            silent,
        }))
    }
}

impl Silence {
    /// A line of CloudWatch's embedded metric format: the metric `SilentSources` in the namespace `Leadline`, by the table,
    /// which tells deployments apart. Names of sources are configuration; there is nobody's data in it.
    ///
    /// Source of the format: "Specification: Embedded metric format" in the CloudWatch user guide.
    pub fn metric(&self, table: &str) -> Value {
        json!({
            "_aws": {
                "Timestamp": self.at.as_millisecond(),
                "CloudWatchMetrics": [{
                    "Namespace": "Leadline",
                    "Dimensions": [["Table"]],
                    "Metrics": [{ "Name": "SilentSources", "Unit": "Count" }],
                }],
            },
            "Table": table,
            "SilentSources": self.silent.len(),
            "watched": self.watched,
            "sources": self.silent,
        })
    }
}
