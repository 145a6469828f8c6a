//! "Did you mean gmail.com?"

use super::lists;

/// Mail providers with the most users, as name and suffix.
const POPULAR: &[(&str, &str, &str)] = &[
    ("aol", "com", "aol.com"),
    ("bellsouth", "net", "bellsouth.net"),
    ("bigpond", "com", "bigpond.com"),
    ("btinternet", "com", "btinternet.com"),
    ("comcast", "net", "comcast.net"),
    ("fastmail", "com", "fastmail.com"),
    ("freenet", "de", "freenet.de"),
    ("gmail", "com", "gmail.com"),
    ("gmx", "de", "gmx.de"),
    ("gmx", "net", "gmx.net"),
    ("googlemail", "com", "googlemail.com"),
    ("hotmail", "co.uk", "hotmail.co.uk"),
    ("hotmail", "com", "hotmail.com"),
    ("hotmail", "de", "hotmail.de"),
    ("hotmail", "es", "hotmail.es"),
    ("hotmail", "fr", "hotmail.fr"),
    ("hotmail", "it", "hotmail.it"),
    ("icloud", "com", "icloud.com"),
    ("laposte", "net", "laposte.net"),
    ("libero", "it", "libero.it"),
    ("live", "com", "live.com"),
    ("msn", "com", "msn.com"),
    ("orange", "fr", "orange.fr"),
    ("outlook", "com", "outlook.com"),
    ("outlook", "de", "outlook.de"),
    ("outlook", "fr", "outlook.fr"),
    ("protonmail", "com", "protonmail.com"),
    ("rediffmail", "com", "rediffmail.com"),
    ("sbcglobal", "net", "sbcglobal.net"),
    ("t-online", "de", "t-online.de"),
    ("verizon", "net", "verizon.net"),
    ("wanadoo", "fr", "wanadoo.fr"),
    ("web", "de", "web.de"),
    ("yahoo", "co.in", "yahoo.co.in"),
    ("yahoo", "co.uk", "yahoo.co.uk"),
    ("yahoo", "com", "yahoo.com"),
    ("yahoo", "de", "yahoo.de"),
    ("yahoo", "fr", "yahoo.fr"),
    ("yandex", "ru", "yandex.ru"),
];

/// Misspellings that the rule below would not reach, some of them because squatters registered them and the
/// disposable list therefore knows them.
const KNOWN_MISSPELLINGS: &[(&str, &str)] = &[
    ("gamil.co", "gmail.com"),
    ("gmai.com", "gmail.com"),
    ("gmaill.co", "gmail.com"),
    ("gmial.com", "gmail.com"),
    ("gmil.co", "gmail.com"),
    ("gmail.co", "gmail.com"),
    ("hotmai.com", "hotmail.com"),
    ("hotmial.com", "hotmail.com"),
    ("hotmail.co", "hotmail.com"),
    ("outiook.com", "outlook.com"),
    ("outlook.co", "outlook.com"),
    ("sbcglbal.net", "sbcglobal.net"),
    ("vahoo.com", "yahoo.com"),
    ("yaho.com", "yahoo.com"),
    ("yahoo.co", "yahoo.com"),
    ("icloud.co", "icloud.com"),
];

/// Slips of the finger for `com` that are no top-level domains themselves.
const MISTYPED_COM: &[&str] = &[
    "cim", "clm", "cmo", "cok", "comm", "comn", "con", "cpm", "coom", "ocm", "vom", "xom",
];

/// The popular provider that a mistyped domain (any case) most likely meant.
///
/// Never for a domain that is itself a mail provider, and only one slip away in the name (two in a name of ten
/// letters and more), with the first letter right unless it changed places with the second: most short names near
/// a provider's are companies.
pub fn suggest_domain(domain: &str) -> Option<&'static str> {
    // The longest popular domain has 14 bytes.
    if domain.len() > 20 || !domain.is_ascii() {
        return None;
    }
    let domain = domain.to_ascii_lowercase();
    for &(misspelling, meant) in KNOWN_MISSPELLINGS {
        if domain == misspelling {
            return Some(meant);
        }
    }
    if is_known(&domain) {
        return None;
    }
    let (name, suffix) = domain.split_once('.')?;
    let mut best: Option<(usize, &'static str)> = None;
    for &(popular_name, popular_suffix, popular) in POPULAR {
        let suffix_slips = if suffix == popular_suffix {
            0
        } else if popular_suffix == "com" && MISTYPED_COM.contains(&suffix) {
            1
        } else {
            continue;
        };
        let allowed = match popular_name.len() {
            0..5 => 0,
            5..10 => 1,
            _ => 2,
        };
        let Some(name_slips) = slips(name, popular_name, allowed) else {
            continue;
        };
        let total = suffix_slips + name_slips;
        if total > 0 && best.is_none_or(|(fewest, _)| total < fewest) {
            best = Some((total, popular));
        }
    }
    best.map(|(_, popular)| popular)
}

fn is_known(domain: &str) -> bool {
    lists::FREE_DOMAINS.contains(domain)
        || lists::RELAY_DOMAINS.contains(domain)
        || lists::DISPOSABLE_DOMAINS.contains(domain)
        || POPULAR.iter().any(|&(_, _, popular)| popular == domain)
}

/// How many slips lead from one name to the other, if not more than allowed and the first letters agree.
fn slips(typed: &str, meant: &str, allowed: usize) -> Option<usize> {
    if typed == meant {
        return Some(0);
    }
    let (typed, meant) = (typed.as_bytes(), meant.as_bytes());
    if allowed == 0 || typed.len().abs_diff(meant.len()) > allowed || typed.len() < 2 {
        return None;
    }
    let first_letters_agree =
        typed[0] == meant[0] || (typed[0] == meant[1] && typed[1] == meant[0]);
    let distance = edit_distance(typed, meant);
    (first_letters_agree && distance <= allowed).then_some(distance)
}

/// Optimal string alignment: insertions, deletions, substitutions, and neighbours swapped.
fn edit_distance(a: &[u8], b: &[u8]) -> usize {
    let mut before_previous = vec![0; b.len() + 1];
    let mut previous: Vec<usize> = (0..=b.len()).collect();
    let mut current = vec![0; b.len() + 1];
    for i in 1..=a.len() {
        current[0] = i;
        for j in 1..=b.len() {
            let substitution = previous[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut fewest = substitution.min(previous[j] + 1).min(current[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                fewest = fewest.min(before_previous[j - 2] + 1);
            }
            current[j] = fewest;
        }
        std::mem::swap(&mut before_previous, &mut previous);
        std::mem::swap(&mut previous, &mut current);
    }
    previous[b.len()]
}
