//! A sample as Lambda would hand it to `capture`, for `sam local invoke` and `cargo lambda invoke`.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};
use sources::Trial;

/// The host of a function URL that nobody has.
const HOST: &str = "sample.lambda-url.us-east-1.on.aws";

/// An address of those that are set aside for documents (RFC 5737).
const SENDER: &str = "192.0.2.44";

/// Payload format 2.0, as function URLs and HTTP APIs send it. The body is in base64 whatever it is: both are taken, and it
/// stays byte for byte what was signed.
pub(super) fn of(source: &str, trial: &Trial, at: Timestamp) -> Value {
    let path = format!("/v1/sources/{source}");
    let mut headers: BTreeMap<String, String> = BTreeMap::from([
        ("host".to_owned(), HOST.to_owned()),
        ("x-forwarded-for".to_owned(), SENDER.to_owned()),
        ("x-forwarded-proto".to_owned(), "https".to_owned()),
        ("content-length".to_owned(), trial.body.len().to_string()),
    ]);
    for (name, value) in &trial.headers {
        headers.insert(name.to_ascii_lowercase(), value.clone());
    }
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": trial.query,
        "headers": headers,
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "sample",
            "domainName": HOST,
            "domainPrefix": "sample",
            "http": {
                "method": trial.method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": SENDER,
                "userAgent": "leadline-sample",
            },
            "requestId": "00000000-0000-4000-8000-000000000001",
            "routeKey": "$default",
            "stage": "$default",
            "time": at.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            "timeEpoch": at.as_millisecond(),
        },
        "body": STANDARD.encode(&trial.body),
        "isBase64Encoded": true,
    })
}

#[cfg(test)]
mod tests {
    use lambda_http::http::Method;
    use lambda_http::request::LambdaRequest;

    use super::*;

    #[test]
    fn the_event_of_every_sample_is_the_request_that_its_sender_makes() {
        let at: Timestamp = "2026-01-12T12:00:00Z".parse().unwrap();
        for kind in domain::config::SourceKind::ALL {
            for sample in sources::about(*kind).samples {
                let trial = Trial::of(sample);
                let event = of("sample", &trial, at).to_string();
                let request: LambdaRequest = serde_json::from_str(&event).unwrap();
                let request: lambda_http::Request = request.into();
                assert_eq!(
                    request.method(),
                    Method::from_bytes(trial.method.as_bytes()).unwrap()
                );
                assert_eq!(request.uri().path(), "/v1/sources/sample");
                assert_eq!(request.uri().query().unwrap_or_default(), trial.query);
                assert_eq!(request.body().as_ref(), trial.body, "{}", sample.file);
                for (name, value) in &trial.headers {
                    assert_eq!(request.headers()[name.as_str()], value.as_str());
                }
            }
        }
    }
}
