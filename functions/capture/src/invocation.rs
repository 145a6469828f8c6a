//! Invocations of the function: those of the HTTP API, and those of Amazon Lex, which knows no HTTP.
//!
//! An event of Lex becomes a request to the source of that kind, so that nothing about it is special from there on. Whoever may
//! invoke the function is said by its resource policy: the request carries the source's secret for that reason alone.

use std::convert::Infallible;

use domain::config::SourceKind;
use lambda_http::http::{Method, header};
use lambda_http::request::LambdaRequest;
use lambda_http::{
    Adapter, Body, BoxFuture, Error, LambdaEvent, Request, RequestExt, Service, service_fn,
};
use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};
use table::Current;

use crate::Capture;

/// The header that carries a source's secret.
const SECRET_HEADER: &str = "x-leadline-secret";

/// The attribute of a session, or of a request, that names the source.
const SOURCE_ATTRIBUTE: &str = "leadline_source";

/// Answers one invocation.
///
/// # Errors
/// What is neither a request of the HTTP API nor an event of Lex; an event of Lex for which there is no source, or which that
/// source refuses. Lex then goes on as the bot's author has set for a function that fails.
pub fn invoke(
    capture: &Capture,
    event: LambdaEvent<Box<RawValue>>,
) -> BoxFuture<'_, Result<Box<RawValue>, Error>> {
    // Behind a pointer: the types of what is awaited are so deep that the compiler gives up on the runtime's layers around them.
    Box::pin(answer(capture, event))
}

async fn answer(
    capture: &Capture,
    event: LambdaEvent<Box<RawValue>>,
) -> Result<Box<RawValue>, Error> {
    if let Some(lex) = LexEvent::in_payload(event.payload.get()) {
        return capture.answer_lex(&lex, event.payload.get()).await;
    }
    let request: LambdaRequest = serde_json::from_str(event.payload.get())?;
    let mut over_http = Adapter::from(service_fn(|request: Request| async move {
        Ok::<_, Infallible>(capture.handle(request).await)
    }));
    let response = over_http
        .call(LambdaEvent::new(request, event.context))
        .await?;
    Ok(to_raw_value(&response)?)
}

/// What of an event of Lex says where it belongs.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct LexEvent {
    message_version: String,
    invocation_source: String,
    #[serde(default)]
    session_state: Option<SessionState>,
    #[serde(default)]
    session_attributes: Option<Attributes>,
    #[serde(default)]
    request_attributes: Option<Attributes>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SessionState {
    #[serde(default)]
    session_attributes: Option<Attributes>,
}

#[derive(Debug, Deserialize)]
struct Attributes {
    #[serde(default, rename = "leadline_source")]
    source: Option<String>,
}

impl LexEvent {
    /// The event, if it is one of Lex (V1 or V2): no request of the HTTP API has an `invocationSource`.
    fn in_payload(payload: &str) -> Option<Self> {
        let is_likely = payload.contains("\"invocationSource\"");
        let event: Self = is_likely
            .then(|| serde_json::from_str(payload).ok())
            .flatten()?;
        let is_lex = event.message_version.starts_with("1.")
            && matches!(
                event.invocation_source.as_str(),
                "DialogCodeHook" | "FulfillmentCodeHook"
            );
        is_lex.then_some(event)
    }

    /// The source that the conversation names.
    fn named_source(&self) -> Option<&str> {
        let of_session = self
            .session_state
            .as_ref()
            .and_then(|state| state.session_attributes.as_ref());
        [
            of_session,
            self.session_attributes.as_ref(),
            self.request_attributes.as_ref(),
        ]
        .into_iter()
        .flatten()
        .find_map(|attributes| attributes.source.as_deref())
    }
}

/// The source that an event of Lex goes to: the one that it names, else the only one of the kind.
fn source_of<'a>(event: &LexEvent, current: &'a Current) -> Result<&'a str, String> {
    let of_kind = |(_, source): &(&String, &domain::config::Source)| source.kind == SourceKind::Lex;
    let mut sources = current.config.sources.iter().filter(of_kind);
    match event.named_source() {
        Some(named) => sources
            .find(|(name, _)| *name == named)
            .map(|(name, _)| name.as_str())
            .ok_or_else(|| {
                format!("the attribute {SOURCE_ATTRIBUTE} names no source of kind `lex`")
            }),
        None => match (sources.next(), sources.next()) {
            (Some((name, _)), None) => Ok(name),
            (None, _) => Err("there is no source of kind `lex`: add one, and push".to_owned()),
            (Some(_), Some(_)) => Err(format!(
                "there are several sources of kind `lex`: name one in the session's attribute {SOURCE_ATTRIBUTE}"
            )),
        },
    }
}

impl Capture {
    async fn answer_lex(&self, event: &LexEvent, payload: &str) -> Result<Box<RawValue>, Error> {
        let current = self
            .current()
            .await
            .map_err(|_| "no configuration can be read")?;
        let name = source_of(event, &current)?;
        let secret_name = current
            .config
            .sources
            .get(name)
            .and_then(|source| source.secret.as_deref());
        let secrets = self
            .secrets_of(secret_name)
            .await
            .map_err(|_| "the secret of the source cannot be read")?;
        let secret = secrets
            .first()
            .ok_or("the source of kind `lex` has no secret")?;
        let path = format!("/v1/sources/{name}");
        let request = lambda_http::http::Request::builder()
            .method(Method::POST)
            .uri(&path)
            .header(header::CONTENT_TYPE, "application/json")
            .header(SECRET_HEADER, secret.expose())
            .body(Body::Text(payload.to_owned()))
            .map_err(|_| "the secret of the source is no text that a header can hold")?;
        let response = self.handle(request.with_raw_http_path(&path)).await;
        let status = response.status();
        let is_answer = status.is_success() || status.as_u16() == 503;
        let text = std::str::from_utf8(response.body().as_ref()).unwrap_or_default();
        match serde_json::from_str::<Box<RawValue>>(text) {
            Ok(answer) if is_answer && text.contains("\"dialogAction\"") => Ok(answer),
            _ => Err(format!("the source answered {status}").into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::LexEvent;

    const V2: &str = include_str!("../../../events/sources/lex/fulfillment.json");
    const V1: &str = include_str!("../../../events/sources/lex/v1.json");
    const HTTP: &str = include_str!("../../../events/capture-form-json.json");

    #[test]
    fn events_of_lex_are_told_from_requests_and_name_their_source() {
        let v2 = LexEvent::in_payload(V2);
        assert_eq!(
            v2.as_ref().and_then(LexEvent::named_source),
            Some("reception")
        );
        let v1 = LexEvent::in_payload(V1);
        assert!(v1.is_some_and(|event| event.named_source().is_none()));
        assert!(LexEvent::in_payload(HTTP).is_none());
        let posted = HTTP.replace("\"body\":", "\"invocationSource\": \"no\", \"body\":");
        assert!(LexEvent::in_payload(&posted).is_none());
        assert!(LexEvent::in_payload("[\"invocationSource\"]").is_none());
    }
}
