//! Names and web addresses of companies.

use super::{composed, fold};
use crate::email::{EmailClass, classify_domain};

/// Legal forms of one word, folded, dots gone; sorted. Words that also mean something in a name ("group", "holding",
/// "partners") are none.
const LEGAL_FORMS: &[&str] = &[
    "ab",
    "ad",
    "ag",
    "aktiebolag",
    "aktiengesellschaft",
    "aps",
    "as",
    "asa",
    "asbl",
    "bhd",
    "bv",
    "bvba",
    "cia",
    "cie",
    "co",
    "company",
    "corp",
    "corporation",
    "cv",
    "cvba",
    "dac",
    "doo",
    "ead",
    "eg",
    "eireli",
    "eirl",
    "ek",
    "ekfm",
    "eood",
    "eurl",
    "ev",
    "gbr",
    "gesmbh",
    "ggmbh",
    "gmbh",
    "hf",
    "inc",
    "incorporated",
    "ivs",
    "kft",
    "kg",
    "kgaa",
    "kk",
    "kommanditgesellschaft",
    "ks",
    "lda",
    "limitada",
    "limited",
    "limitee",
    "llc",
    "lllp",
    "llp",
    "lp",
    "ltd",
    "ltda",
    "ltee",
    "mbb",
    "mbh",
    "nv",
    "nyrt",
    "oao",
    "og",
    "ohg",
    "ood",
    "ooo",
    "ou",
    "oy",
    "oyj",
    "pao",
    "partg",
    "partgmbb",
    "plc",
    "pllc",
    "pte",
    "pty",
    "pvt",
    "sa",
    "sab",
    "sae",
    "sagl",
    "sapi",
    "sarl",
    "sas",
    "sasu",
    "sca",
    "scrl",
    "sdn",
    "se",
    "sia",
    "sl",
    "slu",
    "snc",
    "spa",
    "spk",
    "sprl",
    "spzoo",
    "srl",
    "srls",
    "sro",
    "sti",
    "tbk",
    "uab",
    "ug",
    "ulc",
    "vof",
    "zrt",
    "ао",
    "зао",
    "ип",
    "оао",
    "ооо",
    "пао",
    "тоо",
];

/// Legal forms of several words, as the words stand at the end of a name; the longest first where one ends another.
const LEGAL_PHRASES: &[&[&str]] = &[
    &["gesellschaft", "mit", "beschrankter", "haftung"],
    &["societe", "a", "responsabilite", "limitee"],
    &["societe", "par", "actions", "simplifiee"],
    &["sociedad", "de", "responsabilidad", "limitada"],
    &["societa", "a", "responsabilita", "limitata"],
    &["spolka", "z", "ograniczona", "odpowiedzialnoscia"],
    &["s", "de", "rl", "de", "cv"],
    &["societa", "per", "azioni"],
    &["limited", "liability", "company"],
    &["limited", "liability", "partnership"],
    &["public", "limited", "company"],
    &["sapi", "de", "cv"],
    &["sab", "de", "cv"],
    &["sa", "de", "cv"],
    &["spolka", "z", "oo"],
    &["spolka", "zoo"],
    &["sp", "z", "oo"],
    &["sp", "zoo"],
    &["spol", "sro"],
    &["ug", "haftungsbeschrankt"],
    &["limited", "partnership"],
    &["private", "limited"],
    &["besloten", "vennootschap"],
    &["naamloze", "vennootschap"],
    &["societe", "anonyme"],
    &["sociedad", "limitada"],
    &["sociedad", "anonima"],
    &["sociedade", "anonima"],
    &["eingetragener", "verein"],
    &["gesellschaft", "mbh"],
    &["ges", "mbh"],
    &["sp", "j"],
    &["sp", "k"],
    &["as", "sti"],
    &["ltd", "sti"],
];

/// Legal forms that stand before the name.
const LEADING_FORMS: &[&str] = &[
    "ooo", "oao", "pao", "pt", "ао", "зао", "ип", "оао", "ооо", "пао", "тоо",
];

/// Legal forms written without a space to the name, before or after it.
const ATTACHED_FORMS: &[&str] = &[
    "株式会社",
    "有限会社",
    "合同会社",
    "股份有限公司",
    "有限责任公司",
    "有限公司",
    "주식회사",
    "유한회사",
];

/// The same in brackets, which part them from the name: (株), (주).
const BRACKETED_FORMS: &[&str] = &["株", "有", "주", "유"];

/// After these a "spa" is a place with hot water, not a società per azioni.
const SPA_NEIGHBOURS: &[&str] = &[
    "and", "beauty", "day", "health", "hotel", "med", "medical", "nail", "resort", "salon",
    "thermal", "urban", "wellness",
];

/// A company's name for comparing, never for showing: folded, without punctuation, without its legal form and a
/// leading "the". `ACME GmbH & Co. KG` and `Acme` give `acme`. Never empty unless the name has no letter or digit.
/// Idempotent.
pub fn normalise_company(name: &str) -> String {
    let folded = fold(name);
    let mut words = company_words(&folded);
    join_initials(&mut words);
    // One form may hide another ("Ltd. Co."), so until nothing changes: that is what makes it idempotent.
    while strip_beginning(&mut words) || strip_ending(&mut words) || strip_attached(&mut words) {}
    words.join(" ")
}

/// Words of letters and digits. Apostrophes join (`McDonald's`), `&` and `+` are "and", everything else parts.
fn company_words(folded: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    for c in folded.chars() {
        // Marks of scripts whose vowels are marks are not alphanumeric to Rust in every case, but belong to the word.
        if c.is_alphanumeric() || is_mark(c) {
            word.push(c);
        } else if c != '\'' {
            if !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
            if c == '&' || c == '+' {
                words.push("and".to_owned());
            }
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    if !folded.is_ascii() && folded.contains('\'') {
        // Marks that an apostrophe kept apart have an order of their own.
        for word in &mut words {
            *word = composed(word);
        }
    }
    words
}

/// Not ASCII and neither white space nor punctuation as far as company names go.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{0591}'..='\u{05C7}' | '\u{064B}'..='\u{065F}' | '\u{0900}'..='\u{0DFF}' | '\u{0E31}'..='\u{0E4E}' | '\u{3099}' | '\u{309A}')
}

/// `s a r l` to `sarl`: what dots and slashes parted, and what people space out.
fn join_initials(words: &mut Vec<String>) {
    let is_initial = |word: &str| word.len() == 1 && word.as_bytes()[0].is_ascii_alphabetic();
    let mut joined: Vec<String> = Vec::with_capacity(words.len());
    let mut last_was_initial = false;
    for word in words.drain(..) {
        let initial = is_initial(&word);
        match joined.last_mut() {
            Some(previous) if initial && last_was_initial => previous.push_str(&word),
            _ => joined.push(word),
        }
        last_was_initial = initial;
    }
    *words = joined;
}

/// Takes a "the" or one legal form off the beginning, if a word remains.
fn strip_beginning(words: &mut Vec<String>) -> bool {
    let [first, _, ..] = words.as_slice() else {
        return false;
    };
    let goes = first == "the"
        || LEADING_FORMS.contains(&first.as_str())
        || ATTACHED_FORMS.contains(&first.as_str())
        || BRACKETED_FORMS.contains(&first.as_str());
    if goes {
        words.remove(0);
    }
    goes
}

/// Takes one legal form off the end, if a word remains.
fn strip_ending(words: &mut Vec<String>) -> bool {
    for phrase in LEGAL_PHRASES {
        if words.len() > phrase.len()
            && words[words.len() - phrase.len()..].iter().eq(phrase.iter())
        {
            words.truncate(words.len() - phrase.len());
            return true;
        }
    }
    let [.., before, last] = words.as_slice() else {
        return false;
    };
    let last = last.as_str();
    let goes = match last {
        // What "& Co." leaves behind.
        "and" | "et" | "und" => true,
        "spa" => !SPA_NEIGHBOURS.contains(&before.as_str()),
        _ => {
            LEGAL_FORMS.binary_search(&last).is_ok()
                || ATTACHED_FORMS.contains(&last)
                || BRACKETED_FORMS.contains(&last)
        }
    };
    if goes {
        words.pop();
    }
    goes
}

/// Takes one attached form off the first or the last word, if something of the word remains.
fn strip_attached(words: &mut [String]) -> bool {
    for form in ATTACHED_FORMS {
        if let Some(first) = words.first_mut()
            && let Some(rest) = first.strip_prefix(form)
            && !rest.is_empty()
        {
            *first = rest.to_owned();
            return true;
        }
        if let Some(last) = words.last_mut()
            && let Some(rest) = last.strip_suffix(form)
            && !rest.is_empty()
        {
            *last = rest.to_owned();
            return true;
        }
    }
    false
}

/// Where companies have a page that is not their own domain.
const PLATFORMS: &[&str] = &[
    "about.me",
    "bit.ly",
    "crunchbase.com",
    "discord.gg",
    "facebook.com",
    "fb.com",
    "fb.me",
    "g.page",
    "github.com",
    "goo.gl",
    "google.com",
    "instagram.com",
    "linkedin.com",
    "linktr.ee",
    "lnkd.in",
    "medium.com",
    "notion.site",
    "pinterest.com",
    "reddit.com",
    "t.co",
    "t.me",
    "tiktok.com",
    "twitter.com",
    "wa.me",
    "whatsapp.com",
    "wikipedia.org",
    "x.com",
    "xing.com",
    "yelp.com",
    "youtu.be",
    "youtube.com",
];

/// The registrable domain of a company's web site, from what people type into that field: with or without scheme,
/// `www.`, path or port. In lower case and A-labels.
///
/// None if there is no such domain: no host name, an IP address, a public suffix, a page on somebody else's platform,
/// or a provider of free, throw-away or relayed mail.
pub fn company_domain_from_url(text: &str) -> Option<String> {
    let trimmed = text.trim();
    // The longest host name has 253 bytes; what is longer than this is no web site's address.
    if trimmed.is_empty() || trimmed.len() > 2_000 {
        return None;
    }
    let url = match trimmed.split_once("://") {
        Some((scheme, _))
            if scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https") =>
        {
            url::Url::parse(trimmed)
        }
        Some(_) => return None,
        None => url::Url::parse(&format!("https://{}", trimmed.trim_start_matches('/'))),
    };
    let url = url.ok()?;
    let url::Host::Domain(host) = url.host()? else {
        return None;
    };
    let host = host.trim_end_matches('.');
    // Before the suffix list, which under a wildcard rule (*.pg) would take "www" for what somebody registered.
    let host = host.strip_prefix("www.").unwrap_or(host);
    let has_unusual_label = host
        .split('.')
        .any(|label| label.is_empty() || label.starts_with('-') || label.ends_with('-'));
    if has_unusual_label
        || !host.bytes().all(|byte| {
            byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.' || byte == b'_'
        })
    {
        return None;
    }
    let domain = psl::domain_str(host)?;
    if PLATFORMS.contains(&domain) || classify_domain(domain) != EmailClass::Company {
        return None;
    }
    Some(domain.to_owned())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_legal_forms_are_sorted_so_that_the_search_finds_each() {
        assert!(super::LEGAL_FORMS.is_sorted());
    }

    #[test]
    fn every_entry_is_written_as_folding_leaves_it() {
        let phrases = super::LEGAL_PHRASES.iter().copied().flatten();
        let lists = [
            super::LEGAL_FORMS,
            super::LEADING_FORMS,
            super::ATTACHED_FORMS,
            super::BRACKETED_FORMS,
        ];
        for entry in lists.iter().copied().flatten().chain(phrases) {
            assert_eq!(*entry, super::fold(entry));
        }
    }
}
