//! What proves an agreement, from what the form sends along with it: version and language of the text, the page, and the
//! tokens of those who witness it.

use std::collections::BTreeMap;

use domain::field::{Field, Fields};
use domain::submission::{Consent, Evidence};

use crate::answers::Answers;
use crate::checks::language_tag;
use crate::meaning::Meant;
use crate::vocabulary::squashed;

/// Longest version, in characters.
const MAX_VERSION: usize = 100;

/// Longest token of a witness, in characters.
const MAX_TOKEN: usize = 200;

/// What forms call the version of the text, squashed.
const VERSION_NAMES: &[&str] = &[
    "consentversion",
    "consenttextversion",
    "policyversion",
    "privacypolicyversion",
    "privacyversion",
    "termsversion",
];

/// What they call its language, squashed.
const LANGUAGE_NAMES: &[&str] = &["consentlang", "consentlocale", "consenttextlanguage"];

/// What they call the address of a TrustedForm certificate, squashed and without the number of the form at its end.
const TRUSTEDFORM_NAMES: &[&str] = &["trustedformcerturl", "xxtrustedformcerturl"];

/// What they call Jornaya's token, squashed.
const JORNAYA_NAMES: &[&str] = &["universalleadid", "leadidtoken", "jornayaleadid"];

/// Adds what is there to every agreement. A submission without one keeps nothing of it here.
pub(crate) fn add(meant: &mut Meant, answers: &Answers) {
    if meant.consent.is_empty() {
        return;
    }
    let evidence = Evidence {
        version: said(answers, VERSION_NAMES)
            .map(|version| version.chars().take(MAX_VERSION).collect()),
        language: said(answers, LANGUAGE_NAMES)
            .or(meant.values.get(&Field::Language).map(String::as_str))
            .and_then(language_tag),
        page: meant
            .values
            .get(&Field::PageUrl)
            .map(|page| without_query(page)),
        ip_class: None,
        trustedform: said(answers, TRUSTEDFORM_NAMES)
            .filter(|address| is_certificate(address))
            .map(str::to_owned),
        jornaya: said(answers, JORNAYA_NAMES)
            .filter(|token| token.chars().count() <= MAX_TOKEN)
            .map(str::to_owned),
    };
    if evidence.is_empty() {
        return;
    }
    for consent in meant.consent.values_mut() {
        consent.evidence = Some(Box::new(evidence.clone()));
    }
}

/// Takes out of the fields what stands with the agreements: it is kept once, and there it is found. Without an agreement
/// it stays where it is.
pub(crate) fn keep_once(fields: &mut Fields, consent: &BTreeMap<String, Consent>) {
    let proofs: Vec<&Evidence> = consent
        .values()
        .filter_map(|consent| consent.evidence.as_deref())
        .collect();
    fields.retain(|field, value| {
        let Field::Custom(name) = field else {
            return true;
        };
        let (name, value) = (squashed(name), value.to_string());
        let is_kept = |names: &[&str], kept: fn(&Evidence) -> Option<&String>| {
            names.contains(&name.as_str())
                && proofs.iter().any(|evidence| kept(evidence) == Some(&value))
        };
        !(is_kept(VERSION_NAMES, |evidence| evidence.version.as_ref())
            || is_kept(TRUSTEDFORM_NAMES, |evidence| evidence.trustedform.as_ref())
            || is_kept(JORNAYA_NAMES, |evidence| evidence.jornaya.as_ref()))
    });
}

/// The certificate at TrustedForm that came with a submission, of what is kept of that: with an agreement, or as a field where
/// nothing was agreed to by a checkbox. Vendors' forms often have none, and then the certificate is all the proof there is.
pub fn certificate_of<'a>(
    consent: &'a BTreeMap<String, Consent>,
    fields: &'a Fields,
) -> Option<&'a str> {
    let with_an_agreement = consent.values().find_map(|consent| {
        let evidence = consent.evidence.as_deref()?;
        evidence.trustedform.as_deref()
    });
    with_an_agreement.or_else(|| {
        fields.iter().find_map(|(field, value)| match field {
            Field::Custom(name) if is_one_of(name, TRUSTEDFORM_NAMES) => {
                value.as_text().filter(|address| is_certificate(address))
            }
            _ => None,
        })
    })
}

fn said<'a>(answers: &'a Answers, names: &[&str]) -> Option<&'a str> {
    answers
        .iter()
        .filter(|answer| is_one_of(&answer.name, names))
        .map(|answer| answer.value.trim())
        .find(|value| !value.is_empty())
}

/// Whether a form calls something so; several forms on one page number their fields.
fn is_one_of(name: &str, names: &[&str]) -> bool {
    let name = squashed(name);
    names.contains(&name.trim_end_matches(|last: char| last.is_ascii_digit()))
}

/// A page's query may hold what somebody typed.
fn without_query(page: &str) -> String {
    let end = page.find(['?', '#']).unwrap_or(page.len());
    page[..end].chars().take(domain::field::MAX_TEXT).collect()
}

/// Whether it is the address of a certificate at TrustedForm. A form can send any address: a claim, with its credentials,
/// must never go to another.
fn is_certificate(address: &str) -> bool {
    address.len() <= MAX_TOKEN
        && address
            .strip_prefix("https://cert.trustedform.com/")
            .is_some_and(|token| {
                !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_alphanumeric())
            })
}
