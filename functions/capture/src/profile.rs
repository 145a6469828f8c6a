//! `GET /v1/sources/{source}/profile?visitor=…`: which questions a form asks next.
//!
//! A stranger must not learn anything about anybody here. So the answer has names of fields and never a value; it goes by
//! what was filled in in the same browser, and never by what is known of the person: whoever types somebody else's address
//! into a form learns nothing of them. Whoever guesses at ids finds nothing, since those that can be guessed are not looked
//! up, and an id that nobody has is answered like one that has answered nothing.

use domain::config::{Profile, Source};
use domain::id::VisitorKey;
use domain::visitor::{Visitor, is_secret};
use lambda_http::http::{HeaderValue, StatusCode, header};
use lambda_http::{Body, Request, Response};
use serde_json::json;
use table::Current;
use web::Problem;

use crate::{Capture, unavailable};

impl Capture {
    pub(crate) async fn profile(
        &self,
        source: &str,
        request: &Request,
    ) -> (Response<Body>, Vec<String>) {
        self.answer_of_source(source, "question", async |_: &Current, source: &Source| {
            let profile = source.profile.as_ref().ok_or_else(|| {
                Problem::not_found("profile")
                    .detail("this source asks all its questions at once: it has no profile in the configuration")
            })?;
            let visitor = self.visitor_of(request).await?;
            Ok(answer(profile, &visitor))
        })
        .await
    }

    /// What is known of the browser that asks.
    async fn visitor_of(&self, request: &Request) -> Result<Visitor, Problem> {
        let id = web::query(request.uri().query())
            .unwrap_or_default()
            .into_iter()
            .find(|(name, _)| name == "visitor")
            .map(|(_, id)| id)
            .filter(|id| is_secret(id));
        let Some(id) = id else {
            return Ok(Visitor::default());
        };
        let pepper = self.pepper().await?;
        let Some(key) = VisitorKey::of(&pepper, &id) else {
            return Ok(Visitor::default());
        };
        let stored = self.table.visitor(key, self.clock.now()).await;
        Ok(stored.map_err(|error| unavailable(&error))?.visitor)
    }
}

fn answer(profile: &Profile, visitor: &Visitor) -> Response<Body> {
    let answered = visitor.answered();
    let (skip, open): (Vec<&str>, Vec<&str>) = profile
        .ask
        .iter()
        .map(String::as_str)
        .partition(|name| answered.contains(name));
    let ask: Vec<&str> = open.into_iter().take(profile.at_most as usize).collect();
    let mut response = web::json(StatusCode::OK, &json!({ "skip": skip, "ask": ask }));
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
