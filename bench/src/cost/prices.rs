//! The price list and the assumptions, as `bench/prices.toml` gives them.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The one file that names prices.
const FILE: &str = include_str!("../../prices.toml");

/// What AWS asks. US dollars; see the file for units and sources.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Prices {
    pub(crate) region: String,
    pub(crate) dynamodb: DynamoDb,
    pub(crate) sqs: Sqs,
    pub(crate) lambda: Lambda,
    pub(crate) front: Front,
    pub(crate) waf: Waf,
    pub(crate) logs: Logs,
    pub(crate) secrets: Secrets,
    pub(crate) transfer: Transfer,
    pub(crate) assumptions: Assumptions,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct DynamoDb {
    pub(crate) seen: String,
    pub(crate) per_million_write_units: f64,
    pub(crate) per_million_read_units: f64,
    pub(crate) per_gb_month: f64,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Sqs {
    pub(crate) per_million_requests: f64,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Lambda {
    pub(crate) per_million_requests: f64,
    pub(crate) per_gb_second: f64,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Front {
    pub(crate) function_url_per_million: f64,
    pub(crate) http_api_per_million: f64,
    pub(crate) rest_api_per_million: f64,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Waf {
    pub(crate) per_million_requests: f64,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Logs {
    pub(crate) per_gb: f64,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Secrets {
    pub(crate) per_secret_month: f64,
    pub(crate) per_ten_thousand_calls: f64,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Transfer {
    pub(crate) per_gb_out: f64,
}

/// What cannot be measured on one machine.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Assumptions {
    pub(crate) memory_mb: f64,
    pub(crate) mb_per_vcpu: f64,
    pub(crate) dynamodb_call_ms: u64,
    pub(crate) sqs_call_ms: u64,
    pub(crate) receiver_ms: u64,
    pub(crate) cpu_us: BTreeMap<String, f64>,
    pub(crate) header_bytes: f64,
    pub(crate) idle_polls_per_minute: f64,
}

/// The prices of the file.
///
/// # Errors
/// When the file is not as it has to be.
pub(crate) fn read() -> anyhow::Result<Prices> {
    Ok(toml::from_str(FILE)?)
}

/// What was used, with a price each, in dollars.
#[derive(Debug, Clone, Copy, Default, PartialEq, serde::Serialize)]
pub(crate) struct Bill {
    pub(crate) front: f64,
    pub(crate) lambda_requests: f64,
    pub(crate) lambda_gb_seconds: f64,
    pub(crate) sqs: f64,
    pub(crate) dynamodb_writes: f64,
    pub(crate) dynamodb_reads: f64,
    pub(crate) logs: f64,
    pub(crate) other: f64,
}

/// How much of everything a lead uses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize, serde::Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Usage {
    pub(crate) http_api: f64,
    pub(crate) rest_api: f64,
    pub(crate) waf: f64,
    pub(crate) lambda_requests: f64,
    pub(crate) gb_seconds: f64,
    pub(crate) sqs_requests: f64,
    pub(crate) write_units: f64,
    pub(crate) read_units: f64,
    pub(crate) log_bytes: f64,
    pub(crate) secret_reads: f64,
}

impl Usage {
    /// What a million of these costs.
    pub(crate) fn per_million(&self, prices: &Prices) -> Bill {
        Bill {
            front: prices.front.function_url_per_million
                + self.http_api * prices.front.http_api_per_million
                + self.rest_api * prices.front.rest_api_per_million
                + self.waf * prices.waf.per_million_requests,
            lambda_requests: self.lambda_requests * prices.lambda.per_million_requests,
            lambda_gb_seconds: self.gb_seconds * 1e6 * prices.lambda.per_gb_second,
            sqs: self.sqs_requests * prices.sqs.per_million_requests,
            dynamodb_writes: self.write_units * prices.dynamodb.per_million_write_units,
            dynamodb_reads: self.read_units * prices.dynamodb.per_million_read_units,
            logs: self.log_bytes * 1e6 / 1e9 * prices.logs.per_gb,
            other: self.secret_reads * 1e6 / 1e4 * prices.secrets.per_ten_thousand_calls,
        }
    }

    /// Both together.
    pub(crate) fn plus(&self, more: &Usage) -> Usage {
        Usage {
            http_api: self.http_api + more.http_api,
            rest_api: self.rest_api + more.rest_api,
            waf: self.waf + more.waf,
            lambda_requests: self.lambda_requests + more.lambda_requests,
            gb_seconds: self.gb_seconds + more.gb_seconds,
            sqs_requests: self.sqs_requests + more.sqs_requests,
            write_units: self.write_units + more.write_units,
            read_units: self.read_units + more.read_units,
            log_bytes: self.log_bytes + more.log_bytes,
            secret_reads: self.secret_reads + more.secret_reads,
        }
    }
}

impl Bill {
    pub(crate) fn total(&self) -> f64 {
        self.front
            + self.lambda_requests
            + self.lambda_gb_seconds
            + self.sqs
            + self.dynamodb_writes
            + self.dynamodb_reads
            + self.logs
            + self.other
    }
}
