//! Calls of the HTTP interface: one at a time, each bounded in time and size, with what went wrong in words.

use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::{Method, Url};
use tokio::runtime::Runtime;

use crate::answer::Answer;
use crate::commands::import::upload::Sending;
use crate::failure::{Failure, Refusal, TokenUse};
use crate::options::Connection;

/// How long a call may take in all. Longer than any function of ours runs.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Largest answer read, in bytes: over ten times the 6 MB that a Lambda function can answer.
const MAX_ANSWER_BYTES: usize = 64 * 1024 * 1024;

/// Where `leadline dev` leaves the token that it made.
pub(crate) const TOKEN_FILE: &str = ".leadline/token";

/// The header that proves a sender of batches, and of submissions to a source of the kinds `form` and `chatbot`.
const SECRET_HEADER: &str = "x-leadline-secret";

/// A running Leadline.
pub(crate) struct Client {
    base: Url,
    token: Option<String>,
    http: reqwest::Client,
    runtime: Runtime,
}

/// A batch for a source.
pub(crate) struct BatchCall<'a> {
    /// The source's name.
    pub(crate) source: &'a str,
    /// One JSON object on each line, or prospects of ADF.
    pub(crate) body: &'a str,
    /// Whether it is only to be checked.
    pub(crate) only_check: bool,
    /// Whether one bad row refuses all.
    pub(crate) all_or_nothing: bool,
    /// The source's secret.
    pub(crate) secret: Option<&'a str>,
}

/// What is sent along.
enum Content<'a> {
    Nothing,
    Of(&'static str, &'a str),
}

/// The query for a time that begins and ends as it was typed in.
pub(crate) fn between<'a>(
    from: &'a Option<String>,
    to: &'a Option<String>,
) -> Vec<(&'static str, &'a str)> {
    let said = [("from", from), ("to", to)];
    said.into_iter()
        .filter_map(|(name, time)| Some((name, time.as_deref()?)))
        .collect()
}

impl Client {
    /// Gets ready to call; does not connect yet.
    ///
    /// # Errors
    /// When this machine has no certificates to trust, or no threads or sockets to spare.
    pub(crate) fn new(connection: &Connection) -> Result<Self, Failure> {
        platform::install_tls();
        let mut builder = reqwest::Client::builder()
            .timeout(TIMEOUT)
            // The token goes where it was meant to go; and a form's answer may be a redirect that is meant for browsers.
            .redirect(reqwest::redirect::Policy::none())
            .user_agent("leadline");
        if connection.url.scheme() == "http" {
            // Without TLS a machine needs no certificates.
            builder = builder.tls_certs_only([]);
        }
        if is_this_machine(&connection.url) {
            // A company's proxy does not know the way to this machine.
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(|error| Failure::Unmet {
            code: "no_client",
            title: format!(
                "This machine cannot make HTTPS calls: {}.",
                platform::chain(&error)
            ),
            detail: None,
        })?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::Unmet {
                code: "no_client",
                title: format!("This machine cannot make network calls: {error}."),
                detail: None,
            })?;
        Ok(Self {
            base: connection.url.clone(),
            token: token(connection, Path::new(TOKEN_FILE)),
            http,
            runtime,
        })
    }

    /// `GET`, with the API's token.
    pub(crate) fn get(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Answer, Failure> {
        self.call(
            Method::GET,
            self.address(path, query)?,
            Content::Nothing,
            HeaderMap::new(),
            true,
        )
    }

    /// `POST` of JSON, with the API's token.
    pub(crate) fn post(
        &self,
        path: &[&str],
        content_type: &'static str,
        json: &str,
    ) -> Result<Answer, Failure> {
        let content = Content::Of(content_type, json);
        self.call(
            Method::POST,
            self.address(path, &[])?,
            content,
            HeaderMap::new(),
            true,
        )
    }

    /// `PUT` of TOML, with the API's token.
    pub(crate) fn put_toml(&self, path: &[&str], toml: &str) -> Result<Answer, Failure> {
        let content = Content::Of("application/toml", toml);
        self.call(
            Method::PUT,
            self.address(path, &[])?,
            content,
            HeaderMap::new(),
            true,
        )
    }

    /// `POST` of JSON to a source: without the API's token, with the source's secret.
    pub(crate) fn submit(
        &self,
        source: &str,
        json: &str,
        secret: Option<&str>,
    ) -> Result<Answer, Failure> {
        let headers = proof(secret)?;
        let address = self.address(&["v1", "sources", source], &[])?;
        self.call(
            Method::POST,
            address,
            Content::Of("application/json", json),
            headers,
            false,
        )
    }

    /// `POST` of a batch to a source: without the API's token, with the source's secret.
    pub(crate) fn submit_batch(&self, call: &BatchCall<'_>) -> Result<Answer, Failure> {
        let flag = |flag: bool| if flag { "true" } else { "false" };
        let mut query = vec![("all_or_nothing", flag(call.all_or_nothing))];
        if call.only_check {
            query = vec![("check", "true")];
        }
        let address = self.address(&["v1", "sources", call.source, "batch"], &query)?;
        self.call(
            Method::POST,
            address,
            Content::Of(media_type_of(call.body), call.body),
            proof(call.secret)?,
            false,
        )
    }

    /// `POST` of what is said of a file that is to be uploaded: where to put it, or how far it is.
    pub(crate) fn announce_upload(
        &self,
        source: &str,
        json: &str,
        secret: &str,
    ) -> Result<Answer, Failure> {
        let address = self.address(&["v1", "sources", source, "uploads"], &[])?;
        self.call(
            Method::POST,
            address,
            Content::Of("application/json", json),
            proof(Some(secret))?,
            false,
        )
    }

    /// `PUT` of a file under an address that Leadline gave out: without any token, and for as long as it takes.
    pub(crate) fn put_file(
        &self,
        url: &str,
        headers: &[(String, String)],
        file: Sending,
        length: u64,
    ) -> Result<(), Failure> {
        let url: Url = url.parse().map_err(|_| Failure::Unmet {
            code: "not_leadline",
            title: "What was given as the address for the file is none.".to_owned(),
            detail: None,
        })?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let mut request = self
            .http
            .put(url)
            .timeout(upload_timeout(length))
            .body(reqwest::Body::wrap(file));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let (status, _, _) = self
            .runtime
            .block_on(exchange(request))
            .map_err(|stop| self.failure(stop))?;
        if status.is_success() {
            return Ok(());
        }
        Err(Failure::Unmet {
            code: if status.is_server_error() {
                "unreachable"
            } else {
                "file_not_stored"
            },
            title: format!("{host} did not store the file: {status}."),
            detail: Some(
                "Was the file changed meanwhile? Import it again; nothing of it was taken."
                    .to_owned(),
            ),
        })
    }

    /// The address of a source.
    pub(crate) fn door(&self, source: &str) -> Result<String, Failure> {
        Ok(self.address(&["v1", "sources", source], &[])?.into())
    }

    /// A request to a source exactly as its sender would make it: the status and the body, whatever they are, and the
    /// submissions that a header names.
    pub(crate) fn send_trial(
        &self,
        source: &str,
        trial: &sources::Trial,
    ) -> Result<(u16, String, Vec<String>), Failure> {
        let unsendable = || Failure::Unmet {
            code: "bad_secret",
            title:
                "The sample cannot be sent: a secret that stands in a header has no line breaks."
                    .to_owned(),
            detail: None,
        };
        let mut url = self.address(&["v1", "sources", source], &[])?;
        if !trial.query.is_empty() {
            url.set_query(Some(&trial.query));
        }
        let method = Method::from_bytes(trial.method.as_bytes()).map_err(|_| unsendable())?;
        let mut request = self.http.request(method, url).body(trial.body.clone());
        for (name, value) in &trial.headers {
            let value = reqwest::header::HeaderValue::from_str(value).map_err(|_| unsendable())?;
            request = request.header(name, value);
        }
        let (status, headers, body) = self
            .runtime
            .block_on(exchange(request))
            .map_err(|stop| self.failure(stop))?;
        let named = headers
            .get("leadline-submissions")
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .split(',')
            .map(|id| id.trim().to_owned())
            .filter(|id| id.starts_with("sub_"))
            .collect();
        Ok((status.as_u16(), body, named))
    }

    fn address(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Url, Failure> {
        let mut url = self.base.clone();
        url.set_query(None);
        url.set_fragment(None);
        match url.path_segments_mut() {
            Ok(mut segments) => {
                segments.pop_if_empty().extend(path);
            }
            Err(()) => {
                return Err(Failure::Unmet {
                    code: "bad_url",
                    title: "The URL cannot have a path.".to_owned(),
                    detail: None,
                });
            }
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }

    fn call(
        &self,
        method: Method,
        url: Url,
        content: Content<'_>,
        headers: HeaderMap,
        with_token: bool,
    ) -> Result<Answer, Failure> {
        let mut request = self.http.request(method, url).headers(headers);
        if with_token && let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Content::Of(content_type, text) = content {
            request = request
                .header(CONTENT_TYPE, content_type)
                .body(text.to_owned());
        }
        let (status, headers, body) = self
            .runtime
            .block_on(exchange(request))
            .map_err(|stop| self.failure(stop))?;
        let is_json = media_type(&headers).is_some_and(|media_type| {
            media_type == "application/json" || media_type.ends_with("+json")
        });
        if status.is_success() || status.is_redirection() {
            if status.is_success() && !is_json {
                return Err(self.not_leadline(status));
            }
            return Ok(Answer {
                location: text_of(&headers, LOCATION),
                text: body,
            });
        }
        let refusal = is_json
            .then(|| Refusal::read(status.as_u16(), body, text_of(&headers, RETRY_AFTER)))
            .flatten();
        match refusal {
            Some(mut refusal) => {
                refusal.token = match (with_token, &self.token) {
                    (false, _) => TokenUse::NotNeeded,
                    (true, None) => TokenUse::Missing,
                    (true, Some(_)) => TokenUse::Sent,
                };
                Err(Failure::Refused(Box::new(refusal)))
            }
            None => Err(self.not_leadline(status)),
        }
    }

    fn failure(&self, stop: Stop) -> Failure {
        let base = &self.base;
        let error = match stop {
            Stop::TooLarge => {
                return Failure::Unmet {
                    code: "answer_too_large",
                    title: format!("The answer of {base} has more than {MAX_ANSWER_BYTES} bytes."),
                    detail: None,
                };
            }
            // Without the URL: it may name a person.
            Stop::Error(error) => error.without_url(),
        };
        if error.is_timeout() {
            return Failure::Unmet {
                code: "timeout",
                title: format!(
                    "{base} did not answer within {} seconds.",
                    TIMEOUT.as_secs()
                ),
                detail: None,
            };
        }
        if is_refused(&error) {
            return Failure::Unmet {
                code: "not_running",
                title: format!("Nothing listens at {base}."),
                detail: Some(
                    "Start Leadline there with `leadline dev` (in its repository: `cargo dev`), or say where it runs with --url or LEADLINE_URL."
                        .to_owned(),
                ),
            };
        }
        Failure::Unmet {
            code: "unreachable",
            title: format!("{base} could not be asked: {}.", platform::chain(&error)),
            detail: Some("Is --url (or LEADLINE_URL) right?".to_owned()),
        }
    }

    fn not_leadline(&self, status: reqwest::StatusCode) -> Failure {
        Failure::Unmet {
            code: "not_leadline",
            title: format!("{} answered {status}, but not as Leadline does.", self.base),
            detail: Some("Is --url (or LEADLINE_URL) right?".to_owned()),
        }
    }
}

/// How long a file may take: as long as at 64 kB a second, and never less than a call.
fn upload_timeout(length: u64) -> Duration {
    TIMEOUT + Duration::from_secs(length / 64_000)
}

/// What a batch is, by its first sign.
fn media_type_of(batch: &str) -> &'static str {
    if batch.starts_with('<') {
        "application/xml"
    } else {
        "application/x-ndjson"
    }
}

/// The header that proves a sender who has a secret.
fn proof(secret: Option<&str>) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::new();
    if let Some(secret) = secret {
        let mut value =
            reqwest::header::HeaderValue::from_str(secret).map_err(|_| Failure::Unmet {
                code: "bad_secret",
                title: "A source's secret is sent as a header, and cannot have line breaks."
                    .to_owned(),
                detail: None,
            })?;
        value.set_sensitive(true);
        headers.insert(SECRET_HEADER, value);
    }
    Ok(headers)
}

/// Why there is no answer.
enum Stop {
    TooLarge,
    Error(reqwest::Error),
}

async fn exchange(
    request: reqwest::RequestBuilder,
) -> Result<(reqwest::StatusCode, HeaderMap, String), Stop> {
    let mut response = request.send().await.map_err(Stop::Error)?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(Stop::Error)? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(Stop::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    let text = String::from_utf8_lossy(&body).into_owned();
    Ok((response.status(), response.headers().clone(), text))
}

/// The token of the command line or the environment, else the one in `file`. That one is this machine's own, and told to
/// no other.
fn token(connection: &Connection, file: &Path) -> Option<String> {
    connection.given_token().or_else(|| {
        if !is_this_machine(&connection.url) {
            return None;
        }
        let text = std::fs::read_to_string(file).ok()?;
        let token = text.trim();
        (!token.is_empty()).then(|| token.to_owned())
    })
}

fn is_this_machine(url: &Url) -> bool {
    // A name of the form `[::1]` loses its brackets, which are the URL's and not the address's.
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

fn is_refused(error: &reqwest::Error) -> bool {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<std::io::Error>()
            && error.kind() == ErrorKind::ConnectionRefused
        {
            return true;
        }
        next = error.source();
    }
    false
}

fn media_type(headers: &HeaderMap) -> Option<String> {
    let text = text_of(headers, CONTENT_TYPE)?;
    let (media_type, _) = text.split_once(';').unwrap_or((&text, ""));
    Some(media_type.trim().to_ascii_lowercase())
}

fn text_of(headers: &HeaderMap, name: reqwest::header::HeaderName) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}

#[cfg(test)]
mod tests;
