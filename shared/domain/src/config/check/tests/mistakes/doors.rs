use super::{finds, finds_instead};
use crate::config::{Need, SourceKind};

#[test]
fn sources() {
    let source = |rest: &str| format!("[sources.other]\nkind = \"form\"\n{rest}");
    for (rest, code, path) in [
        (
            "map = { emial = \"mail\" }",
            "unknown_field",
            "sources.other.map.emial",
        ),
        (
            "profile = { ask = [] }",
            "no_questions",
            "sources.other.profile.ask",
        ),
        (
            "profile = { ask = [\"compny\"] }",
            "unknown_field",
            "sources.other.profile.ask[0]",
        ),
        (
            "profile = { ask = [\"company\"], at_most = 0 }",
            "zero",
            "sources.other.profile.at_most",
        ),
        (
            "spam = { rate = { requests = 0, seconds = 60 } }",
            "out_of_range",
            "sources.other.spam.rate.requests",
        ),
        (
            "spam = { flood = { submissions = 3, minutes = 2000 } }",
            "out_of_range",
            "sources.other.spam.flood.minutes",
        ),
        (
            "spam = { honeypots = [\"\"] }",
            "empty_name",
            "sources.other.spam.honeypots[0]",
        ),
        (
            "spam = { honeypots = [\"fax\", \"email\"] }",
            "honeypot_is_needed",
            "sources.other.spam.honeypots[1]",
        ),
        (
            "spam = { min_fill_seconds = 0 }",
            "zero",
            "sources.other.spam.min_fill_seconds",
        ),
        (
            "spam = { min_fill_seconds = 601 }",
            "too_large",
            "sources.other.spam.min_fill_seconds",
        ),
        (
            "spam = { opened_at = \" \" }",
            "empty_name",
            "sources.other.spam.opened_at",
        ),
        (
            "map = { email_class = \"class\" }",
            "fact",
            "sources.other.map.email_class",
        ),
        (
            "map = { title = [] }",
            "empty_name",
            "sources.other.map.title",
        ),
        (
            "map = { title = 3 }",
            "wrong_type",
            "sources.other.map.title",
        ),
        (
            "required = [\"email\", \"compny\"]",
            "unknown_field",
            "sources.other.required[1]",
        ),
        (
            "required = [\"phone_valid\"]",
            "fact",
            "sources.other.required[0]",
        ),
        (
            "defaults = { cuntry = \"DE\" }",
            "unknown_field",
            "sources.other.defaults.cuntry",
        ),
        (
            "defaults = { \"custom.Team\" = \"x\" }",
            "unknown_field",
            "sources.other.defaults.\"custom.Team\"",
        ),
        (
            "defaults = { source = \"x\" }",
            "fact",
            "sources.other.defaults.source",
        ),
        (
            "defaults = { employees = \"many\" }",
            "wrong_type",
            "sources.other.defaults.employees",
        ),
        (
            "defaults = { title = \" \" }",
            "wrong_type",
            "sources.other.defaults.title",
        ),
        (
            "defaults = { title = 1.5 }",
            "wrong_type",
            "sources.other.defaults.title",
        ),
        (
            "defaults = { country = \"Germany\" }",
            "unknown_country",
            "sources.other.defaults.country",
        ),
        (
            "default_country = \"UK\"",
            "unknown_country",
            "sources.other.default_country",
        ),
        (
            "default_country = \"de\"",
            "unknown_country",
            "sources.other.default_country",
        ),
        ("max_body_bytes = 0", "zero", "sources.other.max_body_bytes"),
        (
            "max_body_bytes = 1_000_001",
            "too_large",
            "sources.other.max_body_bytes",
        ),
        (
            "max_body_bytes = -1",
            "wrong_type",
            "sources.other.max_body_bytes",
        ),
        (
            "origins = [\"www.example.com\"]",
            "bad_origin",
            "sources.other.origins[0]",
        ),
        (
            "origins = [\"*\", \"https://www.example.com/\"]",
            "bad_origin",
            "sources.other.origins[1]",
        ),
        (
            "origins = [\"https://www.example.com:443\"]",
            "bad_origin",
            "sources.other.origins[0]",
        ),
        (
            "redirect = \"/thanks\"",
            "bad_url",
            "sources.other.redirect",
        ),
        (
            "redirect = \"http://www.example.com/thanks\"",
            "not_https",
            "sources.other.redirect",
        ),
        (
            "redirect = \"https://user:word@www.example.com/\"",
            "credentials_in_url",
            "sources.other.redirect",
        ),
        (
            "redirect = \"http://localhost:8080/thanks\"",
            "plain_http",
            "sources.other.redirect",
        ),
        (
            "secret = \"My Secret\"",
            "bad_secret_name",
            "sources.other.secret",
        ),
        ("kinds = \"form\"", "unknown_key", "sources.other.kinds"),
    ] {
        finds(&source(rest), &[(code, path)]);
    }
    finds(
        "[sources.other]\nkind = \"typeform\"",
        &[("missing_secret", "sources.other")],
    );
    finds(
        "[sources.other]\nkind = \"typefrom\"",
        &[("unknown_value", "sources.other.kind")],
    );
    finds(
        "[sources.Other]\nkind = \"form\"",
        &[("bad_name", "sources.Other")],
    );
    finds(
        "[sources.\"a b\"]\nkind = \"form\"",
        &[("bad_name", "sources.\"a b\"")],
    );
    finds(
        "[events]\norigins = [\"x\"]\nsecret = \"A\"",
        &[
            ("bad_origin", "events.origins[0]"),
            ("bad_secret_name", "events.secret"),
        ],
    );
    finds_instead(
        "\n[sources.website]",
        "default_country = \"XX\"\n[sources.website]",
        &[("unknown_country", "default_country")],
    );
}

#[test]
fn origins_and_urls_that_are_fine() {
    finds(
        "[sources.other]\nkind = \"form\"\norigins = [\"*\", \"https://www.example.com\", \"http://localhost:3000\"]\nredirect = \"https://www.example.com/thanks?x=1\"",
        &[],
    );
    finds(
        "[sources.other]\nkind = \"form\"\nmax_body_bytes = 1_000_000\ndefault_country = \"GB\"\nmap = { \"custom.x\" = [\"a\", \"b\"] }",
        &[],
    );
}

#[test]
fn providers() {
    let provider = |rest: &str| {
        let mut text = "[enrichment.providers.c]\n".to_owned();
        if !rest.contains("url =") {
            text.push_str("url = \"https://api.example.com/{domain}?in={country}\"\n");
        }
        if !rest.contains("fields =") {
            text.push_str("fields = { employees = \"company.employees\", industry = \"tags[0].name\", title = \"[0][1]\" }\n");
        }
        format!("{text}{rest}")
    };
    let path = |rest: &str| format!("enrichment.providers.c.{rest}");
    for (rest, code, end) in [
        ("url = \"https://api.example.com/\"", "no_domain", "url"),
        (
            "url = \"https://api.example.com/{domain}/{name}\"",
            "unknown_placeholder",
            "url",
        ),
        (
            "url = \"https://{domain}/about\"",
            "placeholder_in_host",
            "url",
        ),
        (
            "url = \"http://api.example.com/{domain}\"",
            "not_https",
            "url",
        ),
        ("url = \"http://127.0.0.1:9/{domain}\"", "plain_http", "url"),
        ("url = \"api.example.com/{domain}\"", "bad_url", "url"),
        (
            "fields = { emploees = \"x\" }",
            "unknown_field",
            "fields.emploees",
        ),
        (
            "fields = { email_class = \"x\" }",
            "fact",
            "fields.email_class",
        ),
        (
            "fields = { employees = \"a..b\" }",
            "bad_path",
            "fields.employees",
        ),
        (
            "fields = { employees = \"a[x]\" }",
            "bad_path",
            "fields.employees",
        ),
        ("fields = {}", "no_fields", "fields"),
        ("timeout_ms = 10001", "too_long", "timeout_ms"),
        ("timeout_ms = 0", "zero", "timeout_ms"),
        (
            "headers = { \"X Y\" = \"z\" }",
            "bad_header",
            "headers.\"X Y\"",
        ),
        ("headers = { X-Y = \"a\\nb\" }", "bad_header", "headers.X-Y"),
        (
            "headers = { Authorization = \"Bearer abc\" }",
            "secret_in_file",
            "headers.Authorization",
        ),
        (
            "headers = { Authorization = { secret = \"NAME\" } }",
            "bad_secret_name",
            "headers.Authorization.secret",
        ),
        (
            "headers = { Authorization = { secrt = \"name\" } }",
            "wrong_type",
            "headers.Authorization",
        ),
        (
            "when = { field = \"contry\", is = \"DE\" }",
            "unknown_field",
            "when.field",
        ),
        (
            "when = { field = \"country\", si = \"DE\" }",
            "bad_condition",
            "when.si",
        ),
    ] {
        finds(&provider(rest), &[(code, &path(end))]);
    }
    finds(
        &provider(
            "headers = { Authorization = { secret = \"name\", prefix = \"Bearer \" }, Accept = \"application/json\" }",
        ),
        &[],
    );
}

#[test]
fn destinations() {
    let webhook = "kind = \"webhook\"\nurl = \"https://crm.example.com/hook\"\nsecret = \"crm\"";
    for (rest, code, path) in [
        (
            "kind = \"webhook\"\nsecret = \"crm\"".to_owned(),
            "missing_url",
            "destinations.crm",
        ),
        (
            "kind = \"webhook\"\nurl = \"https://crm.example.com/\"".to_owned(),
            "missing_secret",
            "destinations.crm",
        ),
        (
            webhook.replace("https", "http"),
            "not_https",
            "destinations.crm.url",
        ),
        (
            webhook.replace("https://crm.example.com", "http://[::1]:1"),
            "plain_http",
            "destinations.crm.url",
        ),
        (
            webhook.replace("\"crm\"", "\"whsec_x/y\""),
            "bad_secret_name",
            "destinations.crm.secret",
        ),
        (
            format!("{webhook}\ntimeout_ms = 20_001"),
            "too_long",
            "destinations.crm.timeout_ms",
        ),
        (
            format!("{webhook}\npools = [\"emea\", \"ema\"]"),
            "unknown_pool",
            "destinations.crm.pools[1]",
        ),
        (
            format!("{webhook}\nnotify = []"),
            "no_notices",
            "destinations.crm.notify",
        ),
        (
            format!("{webhook}\nnotify = [\"lead.asigned\"]"),
            "unknown_value",
            "destinations.crm.notify[0]",
        ),
        (
            "kind = \"log\"\nurl = \"https://crm.example.com/\"".to_owned(),
            "unused_setting",
            "destinations.crm.url",
        ),
    ] {
        finds(&format!("[destinations.crm]\n{rest}"), &[(code, path)]);
    }
    finds(&format!("[destinations.crm]\n{webhook}"), &[]);
}

/// A key pair made for tests by OpenSSL, whose private half was thrown away.
const PUBLIC_KEY: &str = "-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA1mZGMVwMWvUvxWCy/P2M
sdy9+RclgEsJE/Woqdjdl0kgJlHg6D2SCLkvu3gs17Tmq58c2oxfr+b/8Q7vIore
LCQUNb4zgZ9x22tr6uqdp3KuLm64mBDiGgIZdBLXw8CXczt5WTSfQcoF4HvgJUUR
wkWoDU1+Zf2nE8j0Ce6oZ/mf6szcKJkKDlpwrpfjZt2xXXFiSpu9kr1JRNHsmM6s
QyCEHiiONHb5ca3BZYoWeryKqRqlyUty0sk72Zi1YyaznRO2aICWhO+vjRX9Ym2z
XRCnDKmpCCmOXmmK0xCDw8kI29hNhpPhni5PlRxf50ug+dHbadB4dofLGfmtomAq
/wIDAQAB
-----END PUBLIC KEY-----";

#[test]
fn a_placeholder_is_never_taken_for_what_it_stands_for() {
    for key in ["…", "...", ""] {
        let key = format!("-----BEGIN PUBLIC KEY-----\\n{key}\\n-----END PUBLIC KEY-----");
        finds(
            &format!("[sources.chat]\nkind = \"freshchat\"\npublic_key = \"{key}\""),
            &[("placeholder", "sources.chat.public_key")],
        );
    }
    finds(
        "[sources.shop]\nkind = \"typeform\"\nsecret = \"...\"\npublic_url = \"https://leads.example.com/v1/…\"",
        &[
            ("bad_secret_name", "sources.shop.secret"),
            ("unused_setting", "sources.shop.public_url"),
        ],
    );
    finds(
        "[sources.shop]\nkind = \"form\"\nmap = { title = \"…\" }\norigins = [\"*\"]",
        &[("placeholder", "sources.shop.map.title")],
    );
}

#[test]
fn a_kind_says_what_it_needs_and_what_it_has_no_use_for() {
    let public_key = format!("\"\"\"{PUBLIC_KEY}\"\"\"");
    for kind in SourceKind::ALL {
        let needs = kind.needs();
        let settings = [
            ("secret", "\"other\"", needs.secret),
            ("handshake_secret", "\"other\"", needs.handshake_secret),
            (
                "public_url",
                "\"https://leads.example.com/v1/sources/other\"",
                needs.public_url,
            ),
            ("public_key", public_key.as_str(), needs.public_key),
            ("answers", "{ token = \"other\" }", needs.answers),
        ];
        let file = |left_out: Option<&str>, unused: Option<&str>| {
            let wanted = settings.iter().filter(|(name, _, need)| {
                let is_expected = *need == Need::Must || (*name == "answers" && *need == Need::May);
                Some(*name) == unused || (is_expected && Some(*name) != left_out)
            });
            let lines: Vec<String> = wanted
                .map(|(name, value, _)| format!("{name} = {value}"))
                .collect();
            format!(
                "[sources.other]\nkind = \"{}\"\n{}",
                kind.name(),
                lines.join("\n")
            )
        };
        finds(&file(None, None), &[]);
        for (name, _, need) in &settings {
            let missing = format!("missing_{name}");
            let place = format!("sources.other.{name}");
            match need {
                Need::Must => finds(
                    &file(Some(name), None),
                    &[(missing.as_str(), "sources.other")],
                ),
                // What is only announced is lost to those who cannot fetch it, and may never be sent.
                Need::May if *name == "answers" => {
                    finds(&file(Some(name), None), &[("no_answers", "sources.other")])
                }
                Need::May => finds(&file(None, Some(name)), &[]),
                Need::No => finds(&file(None, Some(name)), &[("unused_setting", &place)]),
            }
        }
    }
}

#[test]
fn mappings() {
    let source = |fields: &str| {
        format!("[sources.other]\nkind = \"generic\"\n[sources.other.fields]\n{fields}")
    };
    let at = |key: &str| format!("sources.other.fields.{key}");
    for (fields, code, path) in [
        ("emial = \"mail\"", "unknown_field", at("emial")),
        ("email_class = \"class\"", "fact", at("email_class")),
        ("email = \"a[\"", "wrong_type", at("email")),
        ("email = []", "no_path", at("email")),
        ("email = [\"a\", \"b..c\"]", "wrong_type", at("email[1]")),
        ("email = { pth = \"a\" }", "unknown_key", at("email.pth")),
        ("email = { path = \"a.\" }", "wrong_type", at("email.path")),
        ("email = {}", "no_path", at("email")),
        (
            "email = { path = \"a\", join = [\"b\"] }",
            "path_and_join",
            at("email.join"),
        ),
        (
            "email = { path = \"a\", with = \"-\" }",
            "unused_setting",
            at("email.with"),
        ),
        (
            "email = { path = \"a\", otherwise = \"-\" }",
            "unused_setting",
            at("email.otherwise"),
        ),
        (
            "email = { path = \"a\", letters = \"big\" }",
            "unknown_value",
            at("email.letters"),
        ),
        (
            "submitted_at = { path = \"a\", date = \"%d.%m\" }",
            "bad_date_format",
            at("submitted_at.date"),
        ),
        (
            "submitted_at = { path = \"a\", date = \"%\" }",
            "bad_date_format",
            at("submitted_at.date"),
        ),
        (
            "submitted_at = { path = \"a\", date = [] }",
            "bad_date_format",
            at("submitted_at.date"),
        ),
        (
            "submitted_at = { path = \"a\", date = \"unix\", timezone = \"Berlin\" }",
            "unknown_timezone",
            at("submitted_at.timezone"),
        ),
        (
            "\"consent.Big One\" = \"a\"",
            "bad_purpose",
            at("\"consent.Big One\""),
        ),
    ] {
        finds(&source(fields), &[(code, path.as_str())]);
    }
    finds(
        &source(
            "email = { default = \"a@example.org\" }\nfull_name = \"n\"\nexternal_id = \"i\"\n\"consent.news-1\" = \"c\"\nsubmitted_at = { path = \"t\", date = [\"%Y-%m-%dT%H:%M:%S%z\", \"unix_ms\", \"%s\"] }",
        ),
        &[],
    );
    for (rest, code, path) in [
        ("records = \"a..b\"", "wrong_type", "sources.other.records"),
        (
            "only = { path = \"a\", is = [] }",
            "empty_name",
            "sources.other.only.is",
        ),
        (
            "map = { full_name = \"n\", external_id = \"i\", \"consent.sms\" = \"s\", submitted_at = \"t\" }",
            "unknown_field",
            "sources.other.map.submitted_at",
        ),
    ] {
        finds(
            &format!("[sources.other]\nkind = \"generic\"\n{rest}"),
            &[(code, path)],
        );
    }
    finds(
        "[sources.other]\nkind = \"form\"\nfields = { email = \"a\" }",
        &[("unused_setting", "sources.other.fields")],
    );
}
