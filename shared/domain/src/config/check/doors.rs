//! Everything that Leadline talks to: events, providers, destinations; sources have a file of their own.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use url::{Host, Url};

use super::findings::{Findings, is_slug};
use super::tree::Path;
use super::{conditions, source};
use crate::config::{Config, Destination, DestinationKind, Events, HeaderValue, Provider};
use crate::field::{FLAGS, Field, NUMBERS, Value, is_custom_name};
use crate::geo::Country;

/// Longest a provider may take, in milliseconds. A lead waits for it.
const MAX_PROVIDER_MS: u32 = 10_000;

/// Longest a destination may take, in milliseconds.
const MAX_DESTINATION_MS: u32 = 20_000;

/// Checks them.
pub(super) fn check(config: &Config, findings: &mut Findings<'_>) {
    expect_country(
        config.default_country.as_deref(),
        &Path::root().key("default_country"),
        findings,
    );
    for (name, source) in &config.sources {
        source::check(name, source, findings);
    }
    let events = Path::root().key("events");
    check_origins(&config.events.origins, &events.key("origins"), findings);
    expect_secret(
        config.events.secret.as_deref(),
        &events.key("secret"),
        findings,
    );
    check_pages(&config.events, &events, findings);
    for (name, provider) in &config.enrichment.providers {
        check_provider(name, provider, findings);
    }
    for (name, destination) in &config.destinations {
        check_destination(name, destination, findings);
    }
}

/// Longest type of an event, in bytes: what `POST /v1/events` takes.
const MAX_EVENT_TYPE: usize = 100;

/// Longest time that visitors are kept, in days. What somebody did without a name is not kept for years.
const MAX_VISITOR_DAYS: u32 = 400;

fn check_pages(events: &Events, path: &Path, findings: &mut Findings<'_>) {
    for (pattern, kind) in &events.pages {
        let path = path.key("pages").key(pattern);
        let has_star_inside = pattern.trim_end_matches('*').contains('*');
        if !pattern.starts_with('/') || pattern.contains(['?', '#']) || has_star_inside {
            findings.error_in_key(
                &path,
                "bad_path",
                format!("`{pattern}` is no path of a page: write `/pricing`, or `/docs/*` for all that begins so"),
            );
        }
        let is_type = !kind.is_empty()
            && kind.len() <= MAX_EVENT_TYPE
            && kind
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
        if !is_type {
            findings.error(
                &path,
                "bad_event_type",
                "the type of an event has letters, digits, `_`, `-` and `.`, at most 100",
            );
        }
    }
    if !(1..=MAX_VISITOR_DAYS).contains(&events.visitor_days) {
        findings.error(
            &path.key("visitor_days"),
            "out_of_range",
            "what visitors did is kept for 1 to 400 days",
        );
    }
}

/// Reports what is no field, or one that nobody but Leadline sets.
pub(super) fn expect_own_field(
    name: &str,
    path: &Path,
    in_key: bool,
    findings: &mut Findings<'_>,
) -> Option<Field> {
    let (code, message) = match name.parse::<Field>() {
        Ok(field) if field.is_fact() => (
            "fact",
            format!(
                "`{name}` is a fact that Leadline works out; it can be used in conditions, not set"
            ),
        ),
        Ok(field) => return Some(field),
        Err(unknown) => (
            "unknown_field",
            format!(
                "{unknown}{}",
                conditions::fields_hint(unknown.hint.is_none())
            ),
        ),
    };
    if in_key {
        findings.error_in_key(path, code, message)
    } else {
        findings.error(path, code, message)
    }
    None
}

pub(super) fn check_value(field: &Field, value: &Value, path: &Path, findings: &mut Findings<'_>) {
    let wanted = match value {
        Value::Text(text) if text.trim().is_empty() => "a text that is not empty",
        _ if NUMBERS.contains(field) && value.as_number().is_none() => "a whole number",
        _ if FLAGS.contains(field) && value.as_flag().is_none() => "`true` or `false`",
        Value::Text(text) if text.chars().count() > field.max_length() => "a shorter text",
        _ if *field == Field::Country => return expect_country(value.as_text(), path, findings),
        _ => return,
    };
    findings.error(path, "wrong_type", format!("`{field}` holds {wanted}"));
}

pub(super) fn expect_country(code: Option<&str>, path: &Path, findings: &mut Findings<'_>) {
    let Some(code) = code else {
        return;
    };
    if Country::from_alpha2(code).is_none_or(|country| country.as_str() != code) {
        let hint = Country::parse(code)
            .map(|country| format!(": `{}`", country.as_str()))
            .unwrap_or_default();
        findings.error(
            path,
            "unknown_country",
            format!("`{code}` is no country; use two capital letters as in ISO 3166-1{hint}"),
        );
    }
}

pub(super) fn expect_secret(name: Option<&str>, path: &Path, findings: &mut Findings<'_>) {
    // The text may be the secret itself, put here by mistake: it is not repeated.
    if name.is_some_and(|name| !is_slug(name)) {
        let message = "this is the name of a secret, never the secret itself: lower-case letters, digits, `-` and `_`, at most 63";
        findings.error(path, "bad_secret_name", message);
    }
}

pub(super) fn check_origins(origins: &[String], path: &Path, findings: &mut Findings<'_>) {
    for (index, origin) in origins.iter().enumerate() {
        let path = path.index(index);
        let canonical = Url::parse(origin)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"))
            .map(|url| url.origin().ascii_serialization());
        match canonical {
            _ if origin == "*" => {}
            Some(canonical) if canonical == *origin => {}
            // Browsers send it exactly like this, and it is compared byte for byte.
            Some(canonical) => findings.error(
                &path,
                "bad_origin",
                format!("`{origin}` is no origin as browsers send it: write `{canonical}`"),
            ),
            None => findings.error(
                &path,
                "bad_origin",
                format!("`{origin}` is no origin: write `https://www.example.com` or `*`"),
            ),
        }
    }
}

/// Reports what is no `https` URL. Plain `http` is for this machine only.
pub(super) fn check_url(text: &str, path: &Path, findings: &mut Findings<'_>) -> Option<Url> {
    let url = match Url::parse(text) {
        Ok(url) if url.host().is_some() => url,
        _ => {
            findings.error(path, "bad_url", "this is no URL: write `https://…` in full");
            return None;
        }
    };
    if !url.username().is_empty() || url.password().is_some() {
        findings.error(
            path,
            "credentials_in_url",
            "a URL is no place for a password: use a header with a secret, or a signed webhook",
        );
    }
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => findings.warning(
            path,
            "plain_http",
            "plain `http` to this machine: fine for trying out, not for more",
        ),
        _ => findings.error(
            path,
            "not_https",
            "leads travel over `https` only; plain `http` is for this machine",
        ),
    }
    Some(url)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback() && address != Ipv4Addr::UNSPECIFIED,
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn check_provider(name: &str, provider: &Provider, findings: &mut Findings<'_>) {
    let path = Path::root().key("enrichment").key("providers").key(name);
    findings.expect_slug(&path, "provider", name);
    check_provider_url(&provider.url, &path.key("url"), findings);
    check_headers(&provider.headers, &path.key("headers"), findings);
    if provider.fields.is_empty() && !findings.is_incomplete(&path.key("fields")) {
        findings.warning(&path.key("fields"), "no_fields", "nothing is taken from the answer: add fields such as `employees = \"company.employees\"`");
    }
    for (field, way) in &provider.fields {
        let path = path.key("fields").key(field);
        expect_own_field(field, &path, true, findings);
        if !is_way(way) {
            findings.error(&path, "bad_path", format!("`{way}` is no way into JSON: write it as `company.metrics.employees` or `tags[0]`"));
        }
    }
    check_timeout(
        provider.timeout_ms,
        MAX_PROVIDER_MS,
        &path.key("timeout_ms"),
        findings,
    );
    if let Some(when) = &provider.when {
        conditions::check(when, &path.key("when"), findings);
    }
}

fn check_provider_url(text: &str, path: &Path, findings: &mut Findings<'_>) {
    const MARK: &str = "filled-in-by-leadline";
    if !text.contains("{domain}") {
        findings.error(
            path,
            "no_domain",
            "the URL does not say which company is asked about: put `{domain}` into it",
        );
    }
    let filled = text.replace("{domain}", MARK).replace("{country}", MARK);
    if let Some((_, rest)) = filled.split_once('{') {
        let name = rest.split('}').next().unwrap_or_default();
        findings.error(
            path,
            "unknown_placeholder",
            format!("there is no `{{{name}}}` to fill in: use `{{domain}}` and `{{country}}`"),
        );
        return;
    }
    if let Some(url) = check_url(&filled, path, findings)
        && url.host_str().is_some_and(|host| host.contains(MARK))
    {
        findings.error(path, "placeholder_in_host", "a lead must not decide which server is asked: put the placeholder into the path or the query");
    }
}

fn check_headers(
    headers: &BTreeMap<String, HeaderValue>,
    path: &Path,
    findings: &mut Findings<'_>,
) {
    for (name, value) in headers {
        let path = path.key(name);
        // Token characters of RFC 9110, section 5.6.2.
        let is_token = !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
        if !is_token {
            findings.error_in_key(
                &path,
                "bad_header",
                format!("`{name}` is no name of a header"),
            );
        }
        let text = match value {
            HeaderValue::Text(text) => text,
            HeaderValue::Secret(secret) => {
                expect_secret(Some(&secret.secret), &path.key("secret"), findings);
                &secret.prefix
            }
        };
        if text.chars().any(|character| character.is_control()) {
            findings.error(
                &path,
                "bad_header",
                "a header has no line breaks or other control characters",
            );
        }
        if matches!(value, HeaderValue::Text(_)) && is_credential_header(name) {
            let message = format!(
                "`{name}` proves who asks, and this file is no place for secrets: use `{{ secret = \"NAME\", prefix = \"…\" }}`"
            );
            findings.error(&path, "secret_in_file", message);
        }
    }
}

fn is_credential_header(name: &str) -> bool {
    [
        "authorization",
        "proxy-authorization",
        "x-api-key",
        "api-key",
        "apikey",
        "cookie",
    ]
    .iter()
    .any(|known| name.eq_ignore_ascii_case(known))
}

/// `company.metrics.employees`, `tags[0]`, `[0].name`.
fn is_way(way: &str) -> bool {
    way.split('.').enumerate().all(|(position, segment)| {
        let (key, indexes) = segment
            .split_once('[')
            .map_or((segment, None), |(key, rest)| (key, Some(rest)));
        let indexes_are_numbers = indexes.is_none_or(|rest| {
            rest.strip_suffix(']').is_some_and(|rest| {
                rest.split("][").all(|index| {
                    !index.is_empty()
                        && index.len() <= 9
                        && index.bytes().all(|byte| byte.is_ascii_digit())
                })
            })
        });
        let has_key = !key.is_empty() && !key.contains(']');
        indexes_are_numbers && (has_key || (position == 0 && key.is_empty() && indexes.is_some()))
    })
}

fn check_destination(name: &str, destination: &Destination, findings: &mut Findings<'_>) {
    let path = Path::root().key("destinations").key(name);
    findings.expect_slug(&path, "destination", name);
    if let Some(purpose) = &destination.purpose
        && !is_custom_name(purpose)
    {
        findings.error(
            &path.key("purpose"),
            "bad_purpose",
            "a purpose is written as forms send it, in lower-case letters, digits, `_` and `-`: `contact`, `marketing`, `sms`, or one of your own",
        );
    }
    match destination.kind {
        DestinationKind::Webhook => check_webhook(destination, &path, findings),
        DestinationKind::Log => {
            for (key, is_given) in [
                ("url", destination.url.is_some()),
                ("secret", destination.secret.is_some()),
            ] {
                if is_given {
                    findings.warning(&path.key(key), "unused_setting", format!("a `log` has no `{key}`: remove it, or did you mean `kind = \"webhook\"`?"));
                }
            }
        }
    }
    expect_secret(destination.secret.as_deref(), &path.key("secret"), findings);
    if destination.notify.is_empty() && !findings.is_incomplete(&path.key("notify")) {
        findings.warning(&path.key("notify"), "no_notices", "this destination is told nothing: add \"lead.assigned\" or the like, or set `active = false`");
    }
    let pools = findings.names("pools");
    for (index, pool) in destination.pools.iter().enumerate() {
        findings.expect_known(
            &path.key("pools").index(index),
            "pool",
            "unknown_pool",
            pool,
            &pools,
        );
    }
    check_timeout(
        destination.timeout_ms,
        MAX_DESTINATION_MS,
        &path.key("timeout_ms"),
        findings,
    );
}

fn check_webhook(destination: &Destination, path: &Path, findings: &mut Findings<'_>) {
    match &destination.url {
        Some(url) => {
            check_url(url, &path.key("url"), findings);
        }
        None if findings.is_incomplete(&path.key("url")) => {}
        None => findings.error(
            path,
            "missing_url",
            "a webhook needs the `url` that is called",
        ),
    }
    if destination.secret.is_none() && !findings.is_incomplete(&path.key("secret")) {
        findings.error(
            path,
            "missing_secret",
            "a webhook is signed, so that its receiver knows who calls: add `secret = \"NAME\"`",
        );
    }
}

fn check_timeout(milliseconds: u32, most: u32, path: &Path, findings: &mut Findings<'_>) {
    if milliseconds == 0 {
        findings.error(path, "zero", "nobody answers in 0 milliseconds");
    } else if milliseconds > most {
        findings.error(path, "too_long", format!("{milliseconds} milliseconds are too long; at most {most} is allowed, so that leads do not wait"));
    }
}
