//! Problems as `application/problem+json`.

use lambda_http::http::{HeaderName, HeaderValue, StatusCode, header};
use lambda_http::{Body, Response};
use serde::Serialize;

/// A type of problem: what every problem of it has in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// HTTP status.
    pub status: StatusCode,
    /// Stable code.
    pub code: &'static str,
    /// The fixed sentence.
    pub title: &'static str,
}

impl Kind {
    /// There is nothing of that name.
    pub const NOT_FOUND: Kind = Kind::new(
        StatusCode::NOT_FOUND,
        "not_found",
        "There is nothing of that name.",
    );
    /// Another method would be right.
    pub const METHOD_NOT_ALLOWED: Kind = Kind::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "This call does not take this method.",
    );
    /// It could not be done now and nothing was.
    pub const UNAVAILABLE: Kind = Kind::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "unavailable",
        "This could not be done now. Nothing was accepted; try again.",
    );
    /// A defect of ours; another try will not help.
    pub const BROKEN: Kind = Kind::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "broken",
        "Something is wrong on this side. An operator has to look at it.",
    );

    /// The kinds that any call may answer.
    pub const COMMON: &[Kind] = &[
        Kind::NOT_FOUND,
        Kind::METHOD_NOT_ALLOWED,
        Kind::UNAVAILABLE,
        Kind::BROKEN,
    ];

    /// A type of problem.
    pub const fn new(status: StatusCode, code: &'static str, title: &'static str) -> Self {
        Self {
            status,
            code,
            title,
        }
    }

    /// Its stable URI, `urn:leadline:problem:CODE`. It is a name and leads nowhere.
    pub fn uri(&self) -> String {
        uri(self.code)
    }
}

fn uri(code: &str) -> String {
    format!("urn:leadline:problem:{}", code.replace('_', "-"))
}

/// A problem: a stable type and code, a fixed sentence, and what exactly is wrong.
#[derive(Debug, Clone)]
pub struct Problem {
    /// The fixed sentence for this type.
    pub title: &'static str,
    /// HTTP status.
    pub status: u16,
    /// Stable code: the last part of the type.
    pub code: &'static str,
    /// What exactly is wrong and what would be right. Never repeats what was sent.
    pub detail: Option<String>,
    /// Every bad field, for 422.
    pub errors: Option<serde_json::Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// A problem as it is sent.
#[derive(Serialize)]
struct Sent<'a> {
    /// Stable URI: `urn:leadline:problem:CODE`. It is a name and leads nowhere.
    #[serde(rename = "type")]
    kind: String,
    title: &'a str,
    status: u16,
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<&'a serde_json::Value>,
}

impl Problem {
    /// A problem of the type `code`.
    pub fn new(status: StatusCode, code: &'static str, title: &'static str) -> Self {
        Self {
            title,
            status: status.as_u16(),
            code,
            detail: None,
            errors: None,
            headers: Vec::new(),
        }
    }

    /// A problem of a type.
    pub fn of(kind: Kind) -> Self {
        Self::new(kind.status, kind.code, kind.title)
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
        Self::of(Kind::NOT_FOUND).detail(format!("there is no such {what}"))
    }

    /// 405, with what is allowed.
    pub fn method_not_allowed(allow: &str) -> Self {
        Self::of(Kind::METHOD_NOT_ALLOWED)
            .detail(format!("use {allow}"))
            .header(header::ALLOW, allow)
    }

    /// 503: it could not be done now and nothing was; worth another try.
    pub fn unavailable() -> Self {
        Self::of(Kind::UNAVAILABLE).header(header::RETRY_AFTER, "5")
    }

    /// 500: a defect of ours; another try will not help.
    pub fn broken() -> Self {
        Self::of(Kind::BROKEN)
    }

    /// As an answer.
    pub fn response(self) -> Response<Body> {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let sent = Sent {
            kind: uri(self.code),
            title: self.title,
            status: self.status,
            code: self.code,
            detail: self.detail.as_deref(),
            errors: self.errors.as_ref(),
        };
        let text = serde_json::to_string(&sent).unwrap_or_else(|_| "{}".to_owned());
        let mut response = crate::with_body(status, "application/problem+json", text);
        for (name, value) in self.headers {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_says_its_type_and_carries_its_headers() {
        let response = Problem::method_not_allowed("GET, PUT").response();
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(response.headers()[header::ALLOW], "GET, PUT");
        assert_eq!(
            response.headers()[header::CONTENT_TYPE],
            "application/problem+json"
        );
        let body: serde_json::Value = serde_json::from_slice(response.body().as_ref()).unwrap();
        let expected = serde_json::json!({
            "type": "urn:leadline:problem:method-not-allowed",
            "title": "This call does not take this method.",
            "status": 405,
            "code": "method_not_allowed",
            "detail": "use GET, PUT",
        });
        assert_eq!(body, expected);
        assert_eq!(body["type"], Kind::METHOD_NOT_ALLOWED.uri());
    }
}
