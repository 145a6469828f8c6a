//! Problems as `application/problem+json`.

use lambda_http::http::{HeaderName, HeaderValue, StatusCode, header};
use lambda_http::{Body, Response};
use serde::Serialize;

/// A problem: a stable type and code, a fixed sentence, and what exactly is wrong.
#[derive(Debug, Clone, Serialize)]
pub struct Problem {
    /// Stable URI: `urn:leadline:problem:CODE`. It is a name and leads nowhere.
    #[serde(rename = "type")]
    pub kind: String,
    /// The fixed sentence for this type.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// Stable code: the last part of the type.
    pub code: String,
    /// What exactly is wrong and what would be right. Never repeats what was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Every bad field, for 422.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<serde_json::Value>,
    #[serde(skip)]
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// A problem of the type `code`.
    pub fn new(status: StatusCode, code: &str, title: &str) -> Self {
        Self {
            kind: format!("urn:leadline:problem:{}", code.replace('_', "-")),
            title: title.to_owned(),
            status: status.as_u16(),
            code: code.to_owned(),
            detail: None,
            errors: None,
            headers: Vec::new(),
        }
    }

    /// With what exactly is wrong.
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// With the bad fields: `[{"field", "code", "message"}]`.
    pub fn errors(mut self, errors: &impl Serialize) -> Self {
        self.errors = serde_json::to_value(errors).ok();
        self
    }

    /// With a header.
    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }

    /// 404: there is nothing of that name.
    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "There is nothing of that name.").detail(format!("there is no such {what}"))
    }

    /// 405, with what is allowed.
    pub fn method_not_allowed(allow: &str) -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "This call does not take this method.")
            .detail(format!("use {allow}"))
            .header(header::ALLOW, allow)
    }

    /// 503: it could not be done now and nothing was; worth another try.
    pub fn unavailable() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "This could not be done now. Nothing was accepted; try again.")
            .header(header::RETRY_AFTER, "5")
    }

    /// As an answer.
    pub fn response(self) -> Response<Body> {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let text = serde_json::to_string(&self).unwrap_or_else(|_| "{}".to_owned());
        let mut response = crate::with_body(status, "application/problem+json", text);
        for (name, value) in self.headers {
            response.headers_mut().insert(name, value);
        }
        response
    }
}
