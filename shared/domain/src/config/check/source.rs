//! One source: what its kind needs to be told, and every setting by itself.

use super::doors::{
    check_origins, check_url, check_value, expect_country, expect_own_field, expect_secret,
};
use super::findings::Findings;
use super::mapping;
use super::spam;
use super::tree::Path;
use crate::config::{AnswersApi, Need, Profile, PublicKeyError, Source, rsa_key};

/// Largest body a source may take, in bytes: an SQS message holds 1 MiB, and the envelope around the body needs some of it.
const MAX_BODY_BYTES: usize = 1_000_000;

/// Checks it.
pub(super) fn check(name: &str, source: &Source, findings: &mut Findings<'_>) {
    let path = Path::root().key("sources").key(name);
    findings.expect_slug(&path, "source", name);
    check_needs(source, &path, findings);
    expect_secret(source.secret.as_deref(), &path.key("secret"), findings);
    expect_secret(
        source.handshake_secret.as_deref(),
        &path.key("handshake_secret"),
        findings,
    );
    if let Some(url) = &source.public_url {
        check_public_url(url, &path.key("public_url"), findings);
    }
    if let Some(key) = &source.public_key {
        check_public_key(key, &path.key("public_key"), findings);
    }
    if let Some(answers) = &source.answers {
        check_answers(answers, &path.key("answers"), findings);
    }
    if let Some(trustedform) = &source.trustedform {
        let path = path.key("trustedform").key("token");
        expect_secret(Some(&trustedform.token), &path, findings);
    }
    check_origins(&source.origins, &path.key("origins"), findings);
    if let Some(redirect) = &source.redirect {
        check_url(redirect, &path.key("redirect"), findings);
    }
    for (name, names) in &source.map {
        let path = path.key("map").key(name);
        mapping::expect_target(name, &["full_name", "external_id"], &path, findings);
        if names.names().is_empty() || names.names().iter().any(|name| name.trim().is_empty()) {
            findings.error(&path, "empty_name", "say what the sender calls this field");
        }
    }
    mapping::check(source, &path, findings);
    for (index, name) in source.required.iter().enumerate() {
        expect_own_field(name, &path.key("required").index(index), false, findings);
    }
    for (name, value) in &source.defaults {
        let path = path.key("defaults").key(name);
        if let Some(field) = expect_own_field(name, &path, true, findings) {
            check_value(&field, value, &path, findings);
        }
    }
    expect_country(
        source.default_country.as_deref(),
        &path.key("default_country"),
        findings,
    );
    match source.max_body_bytes {
        0 => findings.error(
            &path.key("max_body_bytes"),
            "zero",
            "no submission has 0 bytes: leave it out for 65,536",
        ),
        1..=MAX_BODY_BYTES => {}
        _ => findings.error(
            &path.key("max_body_bytes"),
            "too_large",
            "a body has at most 1,000,000 bytes: more does not fit into a message",
        ),
    }
    spam::check(&source.spam, &path.key("spam"), findings);
    if let Some(captcha) = &source.spam.captcha {
        let path = path.key("spam").key("captcha");
        expect_secret(Some(&captcha.secret), &path.key("secret"), findings);
        if let Some(url) = &captcha.url {
            check_url(url, &path.key("url"), findings);
        }
        if captcha.min_score.is_some_and(|score| score > 100) {
            findings.error(
                &path.key("min_score"),
                "out_of_range",
                "a score is in hundredths, 0 to 100: 50 is 0.5",
            );
        }
    }
    if let Some(profile) = &source.profile {
        check_profile(profile, &path.key("profile"), findings);
    }
}

/// Settings without which the kind accepts nothing, and settings that it has no use for.
fn check_profile(profile: &Profile, path: &Path, findings: &mut Findings<'_>) {
    for (index, name) in profile.ask.iter().enumerate() {
        expect_own_field(name, &path.key("ask").index(index), false, findings);
    }
    if profile.ask.is_empty() && !findings.is_incomplete(&path.key("ask")) {
        findings.error(
            &path.key("ask"),
            "no_questions",
            "say which fields to ask for, such as `ask = [\"company\", \"title\"]`",
        );
    }
    if profile.at_most == 0 {
        findings.error(
            &path.key("at_most"),
            "zero",
            "a form that asks for nothing needs no profile: leave it out",
        );
    }
}

fn check_needs(source: &Source, path: &Path, findings: &mut Findings<'_>) {
    let kind = source.kind.name();
    let needs = source.kind.needs();
    for (setting, need, is_given, code, remedy) in [
        (
            "secret",
            needs.secret,
            source.secret.is_some(),
            "missing_secret",
            "without a secret anybody could send in its name: add `secret = \"NAME\"`",
        ),
        (
            "handshake_secret",
            needs.handshake_secret,
            source.handshake_secret.is_some(),
            "missing_handshake_secret",
            "its sender asks for a word of its own before it sends: add `handshake_secret = \"NAME\"`",
        ),
        (
            "public_url",
            needs.public_url,
            source.public_url.is_some(),
            "missing_public_url",
            "its sender signs the address that it calls: add `public_url = \"https://…/v1/sources/NAME\"` as it stands there",
        ),
        (
            "public_key",
            needs.public_key,
            source.public_key.is_some(),
            "missing_public_key",
            "its sender signs with a private key: add `public_key = \"\"\"-----BEGIN PUBLIC KEY-----…\"\"\"`",
        ),
        (
            "answers",
            needs.answers,
            source.answers.is_some(),
            "missing_answers",
            "its sender announces leads without their answers: add `answers = { token = \"NAME\" }`, so that they can be fetched",
        ),
        (
            "fields",
            needs.fields,
            !source.fields.is_empty(),
            "missing_fields",
            "it has to be told where each field stands: add `[sources.NAME.fields]`",
        ),
        (
            "records",
            needs.fields,
            source.records.is_some(),
            "missing_records",
            "it has to be told where its leads stand: add `records = \"PATH\"`",
        ),
        (
            "only",
            needs.fields,
            source.only.is_some(),
            "missing_only",
            "it has to be told what is a lead: add `only = { path = \"…\", is = \"…\" }`",
        ),
    ] {
        let place = path.key(setting);
        if need == Need::Must && !is_given && !findings.is_incomplete(&place) {
            findings.error(
                path,
                code,
                format!("this is a source of kind `{kind}`, and {remedy}"),
            );
        }
        if need == Need::No && is_given {
            findings.warning(
                &place,
                "unused_setting",
                format!("a source of kind `{kind}` has no use for `{setting}`: remove it"),
            );
        }
    }
    // Such a sender may also send all of it, so that this may be meant.
    if needs.answers == Need::May
        && source.answers.is_none()
        && !findings.is_incomplete(&path.key("answers"))
    {
        findings.warning(
            path,
            "no_answers",
            format!("a source of kind `{kind}` may announce leads without their answers, which then cannot be fetched: add `answers = {{ token = \"NAME\" }}`, unless its sender only posts all that is known"),
        );
    }
}

fn check_public_url(text: &str, path: &Path, findings: &mut Findings<'_>) {
    if let Some(url) = check_url(text, path, findings)
        && (url.query().is_some() || url.fragment().is_some())
    {
        findings.error(
            path,
            "query_in_url",
            "write the address up to its path: the query is taken from each request",
        );
    }
}

fn check_public_key(text: &str, path: &Path, findings: &mut Findings<'_>) {
    if let Err(error) = rsa_key(text) {
        let code = match error {
            PublicKeyError::Placeholder => "placeholder",
            PublicKeyError::Private => "private_key",
            PublicKeyError::NotPem | PublicKeyError::NotRsa | PublicKeyError::Size => {
                "bad_public_key"
            }
        };
        findings.error(path, code, error.to_string());
    }
}

fn check_answers(answers: &AnswersApi, path: &Path, findings: &mut Findings<'_>) {
    expect_secret(Some(&answers.token), &path.key("token"), findings);
    if let Some(url) = &answers.url
        && let Some(parsed) = check_url(url, &path.key("url"), findings)
        && (parsed.query().is_some() || parsed.fragment().is_some())
    {
        findings.error(
            &path.key("url"),
            "query_in_url",
            "write the address up to where the kind's own path begins, without a query",
        );
    }
    let is_version = |text: &str| {
        !text.is_empty()
            && text.len() <= 20
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
    };
    if answers
        .version
        .as_deref()
        .is_some_and(|version| !is_version(version))
    {
        findings.error(
            &path.key("version"),
            "bad_version",
            "a version is written with letters, digits, `.` and `-`, such as `202601`",
        );
    }
}
