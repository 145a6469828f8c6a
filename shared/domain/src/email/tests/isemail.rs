//! All 443 cases of Dominic Sayers' isemail (version 3.05 of its new and 3.04 of its original set), out of `isemail/cases.tsv`:
//! set, number, category, diagnosis, address as JSON. Copyright 2016 Dominic Sayers, BSD-3-Clause (`isemail/LICENSE.md`).
//! Changed: the parts of addresses that named real people and their hosts are invented. As in the original, control
//! characters are written as their pictures (U+2400 and following).
//!
//! `cargo test -p domain isemail -- --nocapture` prints the table of docs/spam.md.

use std::collections::BTreeMap;

use super::super::Email;

const CASES: &str = include_str!("isemail/cases.tsv");

struct Case {
    name: String,
    category: &'static str,
    address: String,
}

fn cases() -> Vec<Case> {
    let cases = CASES.lines().map(|line| {
        let columns: Vec<&str> = line.split('\t').collect();
        let [set, number, category, diagnosis, address] = columns[..] else {
            panic!("five columns: {line}")
        };
        let pictured: String = serde_json::from_str(address).unwrap();
        let address = pictured.chars().map(|character| match character {
            '\u{2400}'..='\u{241f}' => char::from_u32(character as u32 - 0x2400).unwrap(),
            other => other,
        });
        Case {
            name: format!("{set} {number} {diagnosis}"),
            category,
            address: address.collect(),
        }
    });
    cases.collect()
}

/// Whether isemail finds nothing wrong with it but, at most, that its domain does not exist: what nobody asks here.
fn is_right(category: &str) -> bool {
    matches!(category, "VALID_CATEGORY" | "DNSWARN")
}

/// Written apart from the code: atoms parted by dots before the @, labels of letters, digits and hyphens after it.
fn is_plain(address: &str) -> bool {
    let Some((local, domain)) = address.split_once('@') else {
        return false;
    };
    let is_atom = |atom: &str| {
        !atom.is_empty()
            && atom
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c))
    };
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    let labels: Vec<&str> = domain.split('.').collect();
    local.split('.').all(is_atom)
        && local.len() <= 64
        && address.len() <= 254
        && labels.len() > 1
        && labels.iter().all(|label| is_label(label))
        && labels
            .last()
            .is_some_and(|label| label.parse::<u64>().is_err())
}

#[test]
#[expect(clippy::print_stdout, reason = "the table is for people to read")]
fn isemail_finds_no_address_that_is_accepted_and_should_not_be() {
    let mut table: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
    let mut false_accepts = Vec::new();
    let mut refused_right = Vec::new();
    let cases = cases();
    assert_eq!(cases.len(), 443);
    for Case {
        name,
        category,
        address,
    } in &cases
    {
        let counts = table.entry(category).or_default();
        counts[0] += 1;
        let Ok(email) = Email::parse(address) else {
            counts[3] += 1;
            if is_right(category) {
                refused_right.push(name.as_str());
            }
            continue;
        };
        let bare = address.trim_matches(|c: char| c.is_whitespace() || c.is_control());
        // What is taken is what was written: nothing is guessed, and nothing but white space around it is left out.
        let is_same = email.as_str().eq_ignore_ascii_case(bare) && is_plain(bare);
        if is_right(category) && bare == address && is_same {
            counts[1] += 1;
        } else if bare != address && is_same {
            counts[2] += 1;
        } else {
            false_accepts.push(name.as_str());
        }
    }
    println!("| isemail says | cases | taken | taken without the white space around | refused |");
    println!("|---|---|---|---|---|");
    for (category, [all, taken, trimmed, refused]) in &table {
        println!("| {category} | {all} | {taken} | {trimmed} | {refused} |");
    }
    println!("right by isemail and refused: {refused_right:?}");
    assert_eq!(false_accepts, Vec::<&str>::new());
    assert_eq!(refused_right, DELIBERATELY_REFUSED);
}

/// Right by isemail and refused all the same; docs/spam.md says why.
const DELIBERATELY_REFUSED: &[&str] = &[
    // A mailbox at a top-level domain.
    "new 5 VALID",
    // An A-label that decodes to nothing.
    "original 279 DNSWARN_NO_RECORD",
];
