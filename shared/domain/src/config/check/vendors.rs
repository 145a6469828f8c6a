//! Contracts with vendors.

use std::collections::BTreeSet;

use super::conditions;
use super::doors::expect_own_field;
use super::findings::{Findings, is_slug};
use super::people::expect_timezone;
use super::terms;
use super::tree::Path;
use crate::condition::Condition;
use crate::config::{Amount, Cap, Config, Ping, Returns, Vendor, VendorAnswer};
use crate::field::{Field, nearest};
use crate::vendor::{CURRENCIES, Money, is_currency};

/// Most caps, and most limits of pings, of one vendor: all that apply are counted by one transaction, which has at most 100
/// parts.
const MAX_CAPS: usize = 20;

/// Longest time that a person counts as known, and that a lead may be sent back, in days: two years.
const MAX_DAYS: u32 = 730;

/// Longest time that the price of a ping holds, in seconds: an hour.
const MAX_PING_SECONDS: u32 = 3_600;

/// Checks them.
pub(super) fn check(config: &Config, findings: &mut Findings<'_>) {
    for (name, vendor) in &config.vendors {
        let path = Path::root().key("vendors").key(name);
        findings.expect_slug(&path, "vendor", name);
        check_vendor(vendor, &path, findings);
        let is_used = config
            .sources
            .values()
            .any(|source| source.vendor.as_deref() == Some(name));
        if !is_used {
            findings.warning(
                &path,
                "unused_vendor",
                format!("nothing comes from this vendor: add `vendor = \"{name}\"` to a source"),
            );
        }
    }
    let vendors = findings.names("vendors");
    for (name, source) in &config.sources {
        let path = Path::root().key("sources").key(name);
        let Some(vendor) = &source.vendor else {
            continue;
        };
        findings.expect_known(
            &path.key("vendor"),
            "vendor",
            "unknown_vendor",
            vendor,
            &vendors,
        );
        if source.secret.is_none()
            && source.public_key.is_none()
            && !findings.is_incomplete(&path.key("secret"))
        {
            findings.error(
                &path.key("vendor"),
                "vendor_unproved",
                "anybody could use up this vendor's caps: give the source a `secret`",
            );
        }
        let is_sync = config
            .vendors
            .get(vendor)
            .is_some_and(|vendor| vendor.answer == VendorAnswer::Sync);
        if is_sync && source.answers.is_some() {
            findings.warning(
                &path.key("vendor"),
                "answered_later",
                "what this source announces is fetched later, so that its vendor cannot be answered at once: it is told that it is looked at",
            );
        }
    }
}

fn check_vendor(vendor: &Vendor, path: &Path, findings: &mut Findings<'_>) {
    if let Some(zone) = &vendor.timezone {
        expect_timezone(zone, &path.key("timezone"), findings);
    }
    check_prices(vendor, path, findings);
    for (index, name) in vendor.required.iter().enumerate() {
        expect_own_field(name, &path.key("required").index(index), false, findings);
    }
    let mut names = BTreeSet::new();
    for (index, criterion) in vendor.criteria.iter().enumerate() {
        let path = path.key("criteria").index(index);
        expect_new_name(
            &criterion.name,
            "criterion",
            &mut names,
            &path.key("name"),
            findings,
        );
        if matches!(
            criterion.name.as_str(),
            "invalid_fields"
                | "duplicate"
                | "capped"
                | "held"
                | "ping_unknown"
                | "ping_expired"
                | "ping_used"
                | "ping_differs"
                | "ping_required"
        ) {
            findings.error(
                &path.key("name"),
                "reserved_name",
                format!(
                    "`{}` is a reason that Leadline gives itself: choose another name",
                    criterion.name
                ),
            );
        }
        check_condition(&criterion.must, &path.key("must"), findings);
        check_reason(criterion.reason.as_deref(), &path.key("reason"), findings);
    }
    if let Some(duplicates) = &vendor.duplicates {
        expect_between(
            duplicates.days,
            MAX_DAYS,
            &path.key("duplicates").key("days"),
            findings,
        );
    }
    check_caps(&vendor.caps, &path.key("caps"), findings);
    if let Some(ping) = &vendor.ping {
        check_ping(vendor, ping, &path.key("ping"), findings);
    }
    if let Some(returns) = &vendor.returns {
        check_returns(returns, &path.key("returns"), findings);
    }
    terms::check(vendor, path, findings);
}

fn check_prices(vendor: &Vendor, path: &Path, findings: &mut Findings<'_>) {
    let first_price = if vendor.price.is_some() {
        Some(path.key("price"))
    } else if vendor.prices.is_empty() {
        None
    } else {
        Some(path.key("prices"))
    };
    let currency = match (&vendor.currency, first_price) {
        (Some(currency), _) if !is_currency(currency) => {
            findings.error(
                &path.key("currency"),
                "bad_currency",
                "a currency is written with three capital letters as in ISO 4217, such as `USD`",
            );
            return;
        }
        (Some(currency), _) if !CURRENCIES.contains(&currency.as_str()) => {
            findings.error(
                &path.key("currency"),
                "unknown_currency",
                match nearest(currency, CURRENCIES.iter().map(|code| (*code).to_owned())) {
                    Some(near) => format!(
                        "there is no currency `{currency}` in ISO 4217; did you mean `{near}`?"
                    ),
                    None => format!(
                        "there is no currency `{currency}` in ISO 4217: use a code of its list, such as `USD` or `EUR`"
                    ),
                },
            );
            return;
        }
        (Some(currency), _) => currency,
        (None, Some(price)) => {
            if !findings.is_incomplete(&path.key("currency")) {
                findings.error(
                    &price,
                    "missing_currency",
                    "a price needs to say in what: add `currency = \"USD\"` to the vendor",
                );
            }
            return;
        }
        (None, None) => return,
    };
    let mut expect = |amount: &Amount, path: &Path| {
        if let Err(error) = Money::read(amount, currency) {
            findings.error(path, "bad_price", error.to_string());
        }
    };
    if let Some(price) = &vendor.price {
        expect(price, &path.key("price"));
    }
    for (index, rule) in vendor.prices.iter().enumerate() {
        expect(&rule.price, &path.key("prices").index(index).key("price"));
    }
    for (index, rule) in vendor.prices.iter().enumerate() {
        let path = path.key("prices").index(index).key("when");
        check_condition(&rule.when, &path, findings);
    }
}

fn check_caps(caps: &[Cap], path: &Path, findings: &mut Findings<'_>) {
    if caps.len() > MAX_CAPS {
        findings.error(
            path,
            "too_many",
            format!(
                "there are {} caps; at most {MAX_CAPS} can be counted together",
                caps.len()
            ),
        );
    }
    let mut names = BTreeSet::new();
    for (index, cap) in caps.iter().enumerate() {
        let path = path.index(index);
        expect_new_name(&cap.name, "cap", &mut names, &path.key("name"), findings);
        if cap.maximum == 0 && cap.when.is_none() {
            findings.error(
                &path.key("maximum"),
                "zero",
                "this takes no lead at all: remove `vendor` from the source, or say for which leads with `when`",
            );
        }
        if let Some(zone) = &cap.timezone {
            expect_timezone(zone, &path.key("timezone"), findings);
        }
        if let Some(when) = &cap.when {
            check_condition(when, &path.key("when"), findings);
        }
        check_reason(cap.reason.as_deref(), &path.key("reason"), findings);
    }
}

fn check_ping(vendor: &Vendor, ping: &Ping, path: &Path, findings: &mut Findings<'_>) {
    expect_between(
        ping.seconds,
        MAX_PING_SECONDS,
        &path.key("seconds"),
        findings,
    );
    if ping.limits.is_empty() && !findings.is_incomplete(&path.key("limits")) {
        findings.error(
            &path.key("limits"),
            "no_limit",
            "whoever may ask without end can try people out: add `limits = [{ name = \"hour\", maximum = 1000, per = \"hour\" }]`",
        );
    }
    check_caps(&ping.limits, &path.key("limits"), findings);
    if vendor.answer == VendorAnswer::Queued {
        findings.warning(
            path,
            "ping_of_queued",
            "a vendor that is answered later can ping, and learns only later what became of the lead: set `answer = \"sync\"`",
        );
    }
}

fn check_returns(returns: &Returns, path: &Path, findings: &mut Findings<'_>) {
    expect_between(returns.days, MAX_DAYS, &path.key("days"), findings);
    if returns.reasons.is_empty() && !findings.is_incomplete(&path.key("reasons")) {
        findings.error(
            &path.key("reasons"),
            "no_reasons",
            "nothing can be sent back without a reason: add `reasons = [{ code = \"wrong_number\", label = \"Wrong number\" }]`, or remove `returns`",
        );
    }
    let mut names = BTreeSet::new();
    for (index, reason) in returns.reasons.iter().enumerate() {
        let path = path.key("reasons").index(index);
        expect_new_name(
            &reason.code,
            "reason",
            &mut names,
            &path.key("code"),
            findings,
        );
        // The first one that fits is meant: a second of the same words would never be.
        let shadows = [Some(reason.code.as_str()), reason.label.as_deref()]
            .into_iter()
            .flatten()
            .find(|text| {
                returns
                    .reason(text)
                    .is_some_and(|found| found.code != reason.code)
            });
        if let Some(text) = shadows {
            findings.error(
                &path,
                "same_reason",
                format!("`{text}` is what another reason is called, too: change one of the two"),
            );
        }
    }
}

fn check_condition(condition: &Condition, path: &Path, findings: &mut Findings<'_>) {
    conditions::check(condition, path, findings);
    condition.visit("", &mut |_, test| {
        if matches!(test.field.field(), Some(Field::EmailMx | Field::Captcha)) {
            findings.error(
                path,
                "known_too_late",
                format!(
                    "`{}` is found out after the vendor was answered: it cannot decide about the contract",
                    test.field.0
                ),
            );
        }
    });
}

/// Reasons are sentences in answers.
const MAX_REASON: usize = 200;

fn check_reason(reason: Option<&str>, path: &Path, findings: &mut Findings<'_>) {
    let is_wrong = reason.is_some_and(|text| {
        text.trim().is_empty()
            || text.chars().count() > MAX_REASON
            || text.chars().any(char::is_control)
    });
    if is_wrong {
        findings.error(
            path,
            "bad_reason",
            format!("a reason is a sentence of 1 to {MAX_REASON} characters on one line"),
        );
    }
}

fn expect_new_name<'a>(
    name: &'a str,
    kind: &str,
    names: &mut BTreeSet<&'a str>,
    path: &Path,
    findings: &mut Findings<'_>,
) {
    if !is_slug(name) {
        findings.error(
            path,
            "bad_name",
            format!("`{name}` cannot be the name of a {kind}: use 1 to 63 lower-case letters, digits, `-` and `_`, a letter or digit first"),
        );
    } else if !names.insert(name) {
        findings.error(
            path,
            "same_name",
            format!(
                "there are two of this name, which would be counted as one: rename this {kind}"
            ),
        );
    }
}

fn expect_between(number: u32, most: u32, path: &Path, findings: &mut Findings<'_>) {
    if !(1..=most).contains(&number) {
        findings.error(
            path,
            "out_of_range",
            format!("this is a number from 1 to {most}"),
        );
    }
}
