//! Names of people.

use super::composed;

/// A name as we store it: composed (NFC), without control and invisible characters, with single spaces. Case and
/// accents stay as the person wrote them. Idempotent.
pub fn normalise_name(name: &str) -> String {
    let mut tidy = String::with_capacity(name.len());
    let mut space_is_due = false;
    for c in name.chars() {
        // Line breaks and tabs are control characters and white space both; they part words.
        if c.is_whitespace() {
            space_is_due = !tidy.is_empty();
        } else if !is_invisible(c) {
            if space_is_due {
                tidy.push(' ');
                space_is_due = false;
            }
            tidy.push(c);
        }
    }
    if tidy.is_ascii() {
        tidy
    } else {
        composed(&tidy)
    }
}

/// Controls, soft hyphen, zero-width space, byte order mark, and the marks that turn the writing direction, which let
/// a name rewrite the line it is shown in. The two joiners stay: Persian and Indic spelling needs them.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{00AD}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}' | '\u{FFFD}')
}

/// Stands before a name and is no part of it. Compared without dots, in lower case. Not listed: "don" and "m", which
/// are given names and initials far more often.
const HONORIFICS: &[&str] = &[
    "capt",
    "dame",
    "dipl-ing",
    "dott",
    "dottssa",
    "dr",
    "dra",
    "drs",
    "frau",
    "fru",
    "herr",
    "lady",
    "lord",
    "madame",
    "mademoiselle",
    "miss",
    "mlle",
    "mme",
    "monsieur",
    "mr",
    "mrs",
    "ms",
    "mx",
    "prof",
    "professor",
    "rev",
    "senhor",
    "senhora",
    "señor",
    "señora",
    "sgt",
    "signor",
    "signora",
    "sir",
    "sr",
    "sra",
    "srta",
    "univ-prof",
];

/// Honorifics only when written with a dot, because they are given names without.
const DOTTED_HONORIFICS: &[&str] = &[
    "col", "fr", "gen", "hon", "ing", "ir", "mag", "maj", "sen", "sig",
];

/// Stands after a name and is no part of it. Compared without dots, in lower case.
const SUFFIXES: &[&str] = &[
    "bsc", "cfa", "cpa", "dds", "dmd", "dphil", "esq", "esquire", "ii", "iii", "iv", "jr",
    "junior", "llb", "llm", "mba", "mph", "msc", "phd", "pmp", "senior", "sr",
];

/// Suffixes only when written with dots or in capitals, because they are names otherwise ("Nguyen Thi Ba").
const CAPITAL_SUFFIXES: &[&str] = &["ba", "jd", "ma", "md", "pe", "rn"];

/// Opens a family name of several words. "Le", "El" and "St" are here because they do so more often than not.
const PARTICLES: &[&str] = &[
    "'t", "af", "al", "av", "bin", "bint", "da", "dal", "das", "de", "del", "della", "den", "der",
    "des", "di", "do", "dos", "du", "el", "ibn", "la", "las", "le", "les", "los", "st", "ten",
    "ter", "van", "vander", "vom", "von", "zu", "zum", "zur",
];

/// First and last name out of one field; either may be empty. Middle names go with the first.
///
/// Understood: honorifics before (`Dr. Prof.`), suffixes after (`Jr.`, `, PhD`), `Last, First`, family names that open
/// with particles (`van der Berg`, `de la Cruz`), two Spanish family names joined by `y`. One word is a first name,
/// unless an honorific stands before it (`Herr Müller`). What is beyond: Spanish double family names without `y`, and
/// names written family first.
pub fn split_full_name(full_name: &str) -> (String, String) {
    let tidy = normalise_name(full_name);
    let mut parts: Vec<Vec<&str>> = tidy
        .split(',')
        .map(words)
        .filter(|part| !part.is_empty())
        .collect();
    // ", Jr." and ", Dr." say nothing about which word is the first name. If nothing else is there, they are the name.
    let is_title = |part: &Vec<&str>| {
        part.iter()
            .all(|word| is_suffix(word) || is_honorific(word))
    };
    if !parts.iter().all(is_title) {
        parts.retain(|part| !is_title(part));
    }

    let mut parts = parts.into_iter();
    let Some(before_comma) = parts.next() else {
        return (String::new(), String::new());
    };
    let (had_honorific, before_comma) = without_honorifics(before_comma);
    let after_comma: Vec<&str> = parts.flatten().collect();
    if !after_comma.is_empty() {
        let (_, first) = without_honorifics(after_comma);
        return (
            without_suffixes(first, 1).join(" "),
            without_suffixes(before_comma, 1).join(" "),
        );
    }

    // Two words are a name however they look: "Naoko Ii".
    let named = without_suffixes(before_comma, 2);
    match named.as_slice() {
        [] => (String::new(), String::new()),
        [only] if had_honorific => (String::new(), (*only).to_owned()),
        [only] => ((*only).to_owned(), String::new()),
        several => {
            let (first, last) = several.split_at(family_name_start(several));
            (first.join(" "), last.join(" "))
        }
    }
}

fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

/// A listed word, whatever its dots and case. The lists are short, so a scan will do.
fn is_listed(list: &[&str], word: &str) -> bool {
    // Longer than any entry, dots included.
    if word.len() > 16 {
        return false;
    }
    let bare: String = word
        .chars()
        .filter(|&c| c != '.')
        .flat_map(char::to_lowercase)
        .collect();
    list.contains(&bare.as_str())
}

fn is_honorific(word: &str) -> bool {
    is_listed(HONORIFICS, word) || (word.ends_with('.') && is_listed(DOTTED_HONORIFICS, word))
}

fn is_suffix(word: &str) -> bool {
    let looks_like_a_degree = || word.contains('.') || !word.contains(char::is_lowercase);
    is_listed(SUFFIXES, word) || (is_listed(CAPITAL_SUFFIXES, word) && looks_like_a_degree())
}

/// Without the leading honorifics, and whether there were any. One word stays: "Herr" alone is a name as far as we know.
fn without_honorifics(mut named: Vec<&str>) -> (bool, Vec<&str>) {
    let leading = named
        .iter()
        .take_while(|word| is_honorific(word))
        .count()
        .min(named.len().saturating_sub(1));
    named.drain(..leading);
    (leading > 0, named)
}

fn without_suffixes(mut named: Vec<&str>, words_to_leave: usize) -> Vec<&str> {
    while named.len() > words_to_leave && named.last().is_some_and(|word| is_suffix(word)) {
        named.pop();
    }
    named
}

/// Where the family name starts; `named` has two words at least, and the first is never part of it.
fn family_name_start(named: &[&str]) -> usize {
    let last = named.len() - 1;
    for (position, word) in named.iter().enumerate().skip(1) {
        // A particle opens a name, so the last word is none, whatever it looks like ("Minh Le").
        if position < last && is_listed(PARTICLES, word) {
            return position;
        }
        if position >= 2 && position < last && word.eq_ignore_ascii_case("y") {
            return position - 1;
        }
    }
    last
}
