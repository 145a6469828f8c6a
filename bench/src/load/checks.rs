//! What must be true after a run, asked of Leadline itself: samples through its API, and the shares of its reps.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use domain::config::Config;
use serde::Serialize;
use serde_json::Value;

use super::ledger::{Job, Ledger, Totals};

/// Leadline's API.
#[derive(Clone)]
pub(super) struct Api {
    pub(super) client: reqwest::Client,
    pub(super) url: String,
    pub(super) token: String,
}

impl Api {
    /// Pool and rep of the lead that is named after a submission; `None` while it has none.
    pub(super) async fn owner(&self, submission: u128) -> Result<Option<(String, String)>> {
        let lead = self
            .get(&format!(
                "/v1/leads/lead_{}",
                domain::id::encode(submission)
            ))
            .await?;
        let owner = lead["owner"].as_str().map(str::to_owned);
        let pool = lead["pool"].as_str().unwrap_or_default().to_owned();
        Ok(owner.map(|owner| (pool, owner)))
    }

    async fn get(&self, target: &str) -> Result<Value> {
        let response = self
            .client
            .get(format!("{}{target}", self.url.trim_end_matches('/')))
            .bearer_auth(&self.token)
            .send()
            .await?;
        let status = response.status();
        let body = response.bytes().await?;
        ensure!(
            status.is_success() || status.as_u16() == 404,
            "GET {target} was answered {status}"
        );
        Ok(serde_json::from_slice(&body)?)
    }
}

/// What was found.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Findings {
    /// Accepted posts that were looked up through the API.
    pub(super) looked_up: u64,
    /// Of these, how many are not in the lead that they belong to, or whose lead was not received or assigned exactly as often as it must be.
    pub(super) wrong: u64,
    /// What is wrong with the first of them.
    pub(super) first_wrong: Option<String>,
}

/// Looks up `most` accepted posts: each is in the lead of its person, and that lead has one owner, given once.
pub(super) async fn look_up(api: &Api, ledger: &Ledger, jobs: u64, most: u64) -> Result<Findings> {
    let mut findings = Findings::default();
    for (n, submission) in ledger.sample(jobs, most) {
        findings.looked_up += 1;
        if let Err(problem) = look_at(api, ledger, n, submission).await {
            findings.wrong += 1;
            findings
                .first_wrong
                .get_or_insert_with(|| format!("job {n}: {problem:#}"));
        }
    }
    Ok(findings)
}

async fn look_at(api: &Api, ledger: &Ledger, n: u64, submission: u128) -> Result<()> {
    let (Job::New { person } | Job::Repeat { person } | Job::Merge { person }) = ledger.job(n);
    let first = ledger
        .submission(person)
        .context("the first post of the person was not accepted")?;
    let lead = format!("lead_{}", domain::id::encode(first));
    let record = api
        .get(&format!(
            "/v1/submissions/sub_{}",
            domain::id::encode(submission)
        ))
        .await?;
    ensure!(
        record["lead"] == lead.as_str(),
        "it is not in the lead of its person"
    );
    let history = api
        .get(&format!("/v1/leads/{lead}/history?limit=100"))
        .await?;
    let entries = history["history"]
        .as_array()
        .context("there is no history")?;
    let count = |kind: &str| entries.iter().filter(|entry| entry["kind"] == kind).count();
    ensure!(
        count("assigned") == 1,
        "it was assigned {} times",
        count("assigned")
    );
    ensure!(count("received") >= 1, "it was never received");
    ensure!(count("delivered") >= 1, "nobody was told");
    Ok(())
}

/// A rep's leads beside what the weights say.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Share {
    pub(super) pool: String,
    pub(super) rep: String,
    pub(super) leads: u64,
    /// What the weight of the rep says, of the leads of the pool.
    pub(super) expected: f64,
}

/// The shares of all reps who have leads or should have.
pub(super) fn shares(config: &Config, totals: &Totals) -> Vec<Share> {
    let mut of_pool: BTreeMap<&str, u64> = BTreeMap::new();
    for ((pool, _), leads) in &totals.by_rep {
        *of_pool.entry(pool).or_default() += leads;
    }
    let mut shares = Vec::new();
    for (pool, all) in of_pool {
        let Some(known) = config.pools.get(pool) else {
            continue;
        };
        let weights: f64 = known
            .members
            .iter()
            .map(|member| f64::from(member.weight))
            .sum();
        for member in &known.members {
            let key = (pool.to_owned(), member.rep.clone());
            shares.push(Share {
                pool: pool.to_owned(),
                rep: member.rep.clone(),
                leads: totals.by_rep.get(&key).copied().unwrap_or(0),
                expected: all as f64 * f64::from(member.weight) / weights,
            });
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_follow_the_weights() {
        let config = domain::config::check::check_file(domain::config::DEFAULT)
            .config
            .unwrap();
        let mut totals = Totals::default();
        totals
            .by_rep
            .insert(("emea".to_owned(), "jonas".to_owned()), 200);
        totals
            .by_rep
            .insert(("emea".to_owned(), "ana".to_owned()), 100);
        let shares = shares(&config, &totals);
        assert_eq!(shares.len(), 2);
        assert!(
            shares
                .iter()
                .all(|share| (share.leads as f64 - share.expected).abs() < 0.001)
        );
    }
}
