//! Reading leads: one, those of an identity, the history, the explanation.

use domain::config::Config;
use domain::email::Email;
use domain::explain::{erased_before, history, story};
use domain::id::LeadId;
use domain::identity::{IdentityKey, email_key, phone_key};
use domain::phone::Phone;
use domain::submission::FieldProblem;
use lambda_http::Request;
use lambda_http::http::StatusCode;
use table::Claim;
use web::Problem;

use crate::answers::{Explanation, History, HistoryEntry, Lead, Leads};
use crate::problems::{self, field, invalid_fields, table_failed};
use crate::{Answer, Api};

impl Api {
    pub(crate) async fn get_lead(&self, name: &str) -> Answer {
        let history = self.lead(lead_id(name)?).await?;
        Ok(web::json(StatusCode::OK, &Lead::from(&history.lead)))
    }

    pub(crate) async fn get_history(&self, name: &str) -> Answer {
        let known = self.lead_or_erased(lead_id(name)?).await?;
        let current = self
            .configurations
            .at(self.clock.now())
            .await
            .map_err(|error| table_failed(&error))?;
        let none = Config::default();
        let config = current.as_ref().map_or(&none, |current| &current.config);
        let shown = known.decisions.iter().skip(erased_before(&known.lead));
        let entries = history(config, &known.lead, &known.decisions)
            .into_iter()
            .zip(shown);
        let history = entries
            .map(|(entry, decision)| HistoryEntry::new(entry, decision))
            .collect();
        Ok(web::json(
            StatusCode::OK,
            &History {
                lead: known.lead.id.to_string(),
                history,
            },
        ))
    }

    pub(crate) async fn explain(&self, name: &str) -> Answer {
        let known = self.lead_or_erased(lead_id(name)?).await?;
        let current = self
            .configurations
            .at(self.clock.now())
            .await
            .map_err(|error| table_failed(&error))?;
        let none = Config::default();
        let config = current.as_ref().map_or(&none, |current| &current.config);
        let sentences = story(config, &known.lead, &known.decisions);
        Ok(web::json(
            StatusCode::OK,
            &Explanation {
                lead: known.lead.id.to_string(),
                sentences,
            },
        ))
    }

    pub(crate) async fn list_leads(&self, request: &Request) -> Answer {
        let keys = self.keys(request).await?;
        let claims = self
            .table
            .claims(&keys)
            .await
            .map_err(|error| table_failed(&error))?;
        let mut leads: Vec<Lead> = Vec::new();
        // Of who was erased nobody is told, not even that.
        for holder in claims.iter().flatten().filter_map(Claim::lead) {
            let known = self
                .table
                .surviving_lead(holder)
                .await
                .map_err(|error| table_failed(&error))?;
            // A key is claimed just before the lead's first decision is written: nobody is known yet.
            let Some(known) = known.filter(|known| known.lead.erased.is_none()) else {
                continue;
            };
            let lead = Lead::from(&known.lead);
            if leads.iter().all(|listed| listed.id != lead.id) {
                leads.push(lead);
            }
        }
        Ok(web::json(StatusCode::OK, &Leads { leads, next: None }))
    }

    /// The identity keys that a query asks for, the e-mail address first.
    async fn keys(&self, request: &Request) -> Result<Vec<IdentityKey>, Problem> {
        let unreadable = || Problem::of(problems::BAD_QUERY).detail("percent-encode it as UTF-8");
        let parameters = web::query(request.uri().query()).ok_or_else(unreadable)?;
        let unsupported: Vec<FieldProblem> = parameters
            .iter()
            .filter(|(name, _)| name != "email" && name != "phone")
            .map(|(name, _)| {
                field(
                    name,
                    "unsupported_filter",
                    "leads can be found by email and by phone",
                )
            })
            .collect();
        if parameters.is_empty() || !unsupported.is_empty() {
            let problem = Problem::of(problems::UNSUPPORTED_FILTER)
                .detail("ask with email=ADDRESS or phone=NUMBER");
            return Err(if unsupported.is_empty() {
                problem
            } else {
                problem.errors(&unsupported)
            });
        }
        let pepper = self.pepper().await?;
        let (mut emails, mut phones, mut wrong) = (Vec::new(), Vec::new(), Vec::new());
        for (name, text) in &parameters {
            if name == "email" {
                match Email::parse(text) {
                    Ok(email) => emails.push(email_key(&pepper, &email)),
                    Err(error) => wrong.push(field(
                        "email",
                        error.code(),
                        &format!("{error}; ask for one address such as name@example.com"),
                    )),
                }
            } else {
                match Phone::parse(&spaced(text), self.default_country().await?.as_deref()) {
                    Ok(phone) => phones.push(phone_key(&pepper, phone.as_str())),
                    Err(error) => wrong.push(field(
                        "phone",
                        error.code(),
                        &format!("{error}; ask for one number with its country code, such as %2B12025550100"),
                    )),
                }
            }
        }
        if wrong.is_empty() && (emails.len() > 1 || phones.len() > 1) {
            wrong.push(field(
                if emails.len() > 1 { "email" } else { "phone" },
                "repeated",
                "ask for one at a time",
            ));
        }
        if !wrong.is_empty() {
            return Err(invalid_fields(&wrong));
        }
        emails.extend(phones);
        Ok(emails)
    }

    pub(crate) async fn default_country(&self) -> Result<Option<String>, Problem> {
        let current = self
            .configurations
            .at(self.clock.now())
            .await
            .map_err(|error| table_failed(&error))?;
        Ok(current.and_then(|current| current.config.default_country.clone()))
    }

    /// The lead called `id`, or the one that it was merged into. Nothing can be done with one that was erased.
    pub(crate) async fn lead(&self, id: LeadId) -> Result<table::History, Problem> {
        let found = self.lead_or_erased(id).await?;
        match &found.lead.erased {
            Some(end) => Err(problems::erased(found.lead.id, end)),
            None => Ok(found),
        }
    }

    /// The same, also if it was erased.
    pub(crate) async fn lead_or_erased(&self, id: LeadId) -> Result<table::History, Problem> {
        let found = self
            .table
            .surviving_lead(id)
            .await
            .map_err(|error| table_failed(&error))?;
        found.ok_or_else(|| Problem::not_found("lead"))
    }
}

pub(crate) fn lead_id(name: &str) -> Result<LeadId, Problem> {
    name.parse()
        .map_err(|_| Problem::not_found("lead").detail("a lead's id is lead_ and 26 characters"))
}

/// A number as forms encode it: a `+` that does not begin it stands for a space.
fn spaced(text: &str) -> String {
    let text = text.trim();
    match text.strip_prefix('+') {
        Some(rest) => format!("+{}", rest.replace('+', " ")),
        None => text.replace('+', " "),
    }
}
