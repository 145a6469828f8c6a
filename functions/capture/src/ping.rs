//! `POST /v1/sources/{source}/ping`: would this lead be bought, and for how much.
//!
//! Whoever asks is a vendor and proves it as with a lead. What is stored about anybody is never told; that somebody is known
//! is, so the contract limits how often may be asked.

use domain::config::Source;
use lambda_http::http::{StatusCode, header};
use lambda_http::{Body, Request, Response};
use serde_json::json;
use sources::{Door, Incoming};
use table::Current;
use vendors::Buyer;
use web::{Kind, Problem};

use crate::vendor::outcome;
use crate::{Capture, contract_of, exposed, refused, unavailable};

const LIMITED: Kind = Kind::new(
    StatusCode::TOO_MANY_REQUESTS,
    "ping_limited",
    "The contract takes no more pings for now.",
);

impl Capture {
    /// A ping to one source, and the origins that may read the answer: none, since browsers do not sell leads.
    pub(crate) async fn ping_at_source(
        &self,
        name: &str,
        request: &Request,
    ) -> (Response<Body>, Vec<String>) {
        let asked =
            self.answer_of_source(name, "ping", async |current: &Current, source: &Source| {
                self.ping(current, name, source, request).await
            });
        (asked.await.0, Vec::new())
    }

    async fn ping(
        &self,
        current: &Current,
        name: &str,
        source: &Source,
        request: &Request,
    ) -> Result<Response<Body>, Problem> {
        let contract = contract_of(current, name)
            .filter(|contract| contract.vendor.ping.is_some())
            .ok_or_else(|| {
                Problem::not_found("ping")
                    .detail("this source takes no pings: it is under no contract that has `ping`")
            })?;
        let pepper = self.pepper().await?;
        let secrets = self.secrets_of(source.secret.as_deref()).await?;
        let door = Door {
            name,
            source,
            secrets: &exposed(&secrets),
            handshake_secrets: &[],
            pepper: &pepper,
            default_country: current.config.default_country.as_deref(),
        };
        let now = self.clock.now();
        let incoming = Incoming {
            method: request.method().as_str(),
            query: request.uri().query(),
            headers: request.headers(),
            body: request.body().as_ref(),
            received_at: now,
        };
        let asked = sources::asked(&door, &incoming).map_err(|refusal| refused(&refusal))?;
        let buyer = Buyer {
            table: &self.table,
            config: &current.config,
            pepper: &pepper,
            now,
        };
        let answered = vendors::ask(&buyer, contract, asked.id, &asked.fields).await;
        let answered = answered
            .map_err(|error| unavailable(&error))?
            .ok_or_else(|| Problem::not_found("ping"))?;
        let mut body = outcome(&answered.answer);
        if answered.is_over_limit {
            let opens = body.get("opens_at").and_then(|at| at.as_str());
            let opens = opens.and_then(|at| at.parse::<jiff::Timestamp>().ok());
            let seconds = opens.map_or(3_600, |at| (at.as_second() - now.as_second()).max(1));
            return Err(Problem::of(LIMITED)
                .detail(answered.answer.reason().unwrap_or_default())
                .header(header::RETRY_AFTER, &seconds.to_string()));
        }
        if let (Some(ping), Some(expires_at)) = (answered.ping, answered.expires_at) {
            body.insert("ping".to_owned(), json!(ping.to_string()));
            body.insert("expires_at".to_owned(), json!(expires_at));
        }
        Ok(web::json(StatusCode::OK, &serde_json::Value::Object(body)))
    }
}
