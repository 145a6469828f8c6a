//! What senders call things: from the name of a field, in seven languages and as form builders decorate it, to its meaning.

mod groups;
mod synonyms;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use domain::field::{Field, MAX_CUSTOM_NAME};
use sha2::{Digest, Sha256};

/// What an answer means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// A field of the lead.
    Field(Field),
    /// First and last name in one.
    FullName,
    /// The sender's own id of the submission.
    ExternalId,
    /// Whether the person agrees to this purpose.
    Consent(String),
    /// The text that was agreed to.
    ConsentText,
    /// Worth keeping, under this name.
    Own(&'static str),
    /// Of the form itself, for its machinery or against robots; or what must not be kept, such as passwords. Not stored.
    Technical,
}

/// The purpose of an agreement that names none: to be contacted about what was asked.
pub(crate) const CONTACT: &str = "contact";

/// The purpose of newsletters and offers.
pub(crate) const MARKETING: &str = "marketing";

/// A longer question is prose: what it mentions is not what it asks for.
const MAX_WORDS: usize = 10;

/// Every squashed synonym with its meaning and its place in its list: earlier is preferred.
static SYNONYMS: LazyLock<BTreeMap<String, (Meaning, usize)>> = LazyLock::new(|| {
    let mut meanings = BTreeMap::new();
    // Leadline's own names come first, then the lists; the first entry of a word stays.
    for field in Field::KNOWN.iter().filter(|field| !field.is_fact()) {
        meanings.insert(
            squashed(&field.to_string()),
            (Meaning::Field(field.clone()), 0),
        );
    }
    for (meaning, words) in synonyms::all() {
        for (place, word) in words.split_ascii_whitespace().enumerate() {
            meanings
                .entry(word.to_owned())
                .or_insert_with(|| (meaning.clone(), place + 1));
        }
    }
    meanings
});

/// The meaning of a sender's name for a field, or of a question, and how good a name it is: 0 is best.
///
/// Tried in order: the whole name; then without the words in front that say nothing (`your-email`, `form_fields[Email]`,
/// `What is your e-mail address?`), one by one; and each without what is counted or said at its end (`email_0`,
/// `Phone (optional)`); and at last, for what stands within something, by its own name alone (`anfrage.kunde.Telefon`).
pub(crate) fn meaning_of(name: &str) -> Option<(Meaning, usize)> {
    meaning_of_whole(name).or_else(|| meaning_within(name))
}

/// How much worse a name is that is only understood without what it stands in.
const WITHIN: usize = 1_000;

/// The meaning of a name without the names of what it stands in, which say nothing to us. Words that mean something of
/// whatever they stand in (`product.name`) do not count, and neither does what stands in somebody else.
fn meaning_within(name: &str) -> Option<(Meaning, usize)> {
    let (mut around, mut rest) = name.split_once('.')?;
    loop {
        // Of a list of things nobody knows whose they are.
        let next = rest.split('.').next().unwrap_or(rest);
        let is_counted = next.bytes().all(|byte| byte.is_ascii_digit());
        if is_counted || synonyms::is_somebody_else(&squashed(around)) {
            return None;
        }
        if !rest.contains('.')
            && is_within_wrappers(name)
            && let Some(meaning) = groups::meaning_in(&squashed(around), &squashed(rest))
        {
            return Some((meaning, WITHIN));
        }
        let last = rest.rsplit('.').next().unwrap_or(rest);
        if let Some((meaning, place)) = meaning_of_whole(rest)
            && !synonyms::means_something_of_anything(&squashed(last))
        {
            return Some((meaning, place + WITHIN));
        }
        (around, rest) = rest.split_once('.')?;
    }
}

/// Whether the group of a name stands in nothing but what holds the person's data: the company of a utility is not theirs.
fn is_within_wrappers(name: &str) -> bool {
    let segments: Vec<&str> = name.split('.').collect();
    let outer = segments.len().saturating_sub(2);
    segments[..outer].iter().all(|segment| {
        groups::is_known(&squashed(segment))
            || words(segment)
                .iter()
                .all(|word| synonyms::says_nothing_in_front(word) || groups::is_wrapper(word))
    })
}

fn meaning_of_whole(name: &str) -> Option<(Meaning, usize)> {
    if let Some(purpose) = consent_purpose(name) {
        return Some((Meaning::Consent(purpose), 0));
    }
    if is_technical(name) {
        return Some((Meaning::Technical, 0));
    }
    let words = words(name);
    if words.len() > MAX_WORDS {
        return None;
    }
    let mut first = 0;
    while first < words.len() {
        let mut last = words.len();
        while last > first {
            // `question_3` is one of many questions, not what the person wants to say.
            let is_counted = words[last..]
                .iter()
                .any(|word| word.chars().all(char::is_numeric));
            if let Some((meaning, place)) = SYNONYMS.get(&words[first..last].concat())
                && !(is_counted && *meaning == Meaning::Field(Field::Message))
            {
                return Some((meaning.clone(), *place));
            }
            if !synonyms::says_nothing_at_the_end(&words[last - 1]) {
                break;
            }
            last -= 1;
        }
        if !synonyms::says_nothing_in_front(&words[first]) {
            return None;
        }
        first += 1;
    }
    None
}

/// `consent.marketing`, `consents[newsletter]`: the purpose is the sender's own word.
fn consent_purpose(name: &str) -> Option<String> {
    let (front, purpose) = name.split_once(['.', '['])?;
    let names_a_purpose = matches!(squashed(front).as_str(), "consent" | "consents")
        && !matches!(
            squashed(purpose).as_str(),
            "" | "text"
                | "granted"
                | "given"
                | "accepted"
                | "value"
                | "at"
                | "date"
                | "timestamp"
                | "version"
                | "purpose"
                | "language"
        );
    names_a_purpose.then(|| custom_name(purpose))
}

/// Whether it is a UUID as RFC 9562 writes it.
pub(crate) fn is_uuid(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12]
        && text
            .bytes()
            .all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

fn is_technical(name: &str) -> bool {
    let lower = name.trim().to_ascii_lowercase();
    synonyms::TECHNICAL_PREFIXES
        .iter()
        .any(|prefix| lower.starts_with(prefix))
        || synonyms::TECHNICAL
            .iter()
            .any(|technical| lower == *technical)
}

/// Letters and digits only, folded: what is compared.
pub(crate) fn squashed(name: &str) -> String {
    words(name).concat()
}

/// The words of a name: parted by anything but letters and digits, by a capital after a small letter, and by the start of
/// digits; in lower case and without accents.
fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut previous = ' ';
    for character in name.chars() {
        let starts_new = (previous.is_lowercase() && character.is_uppercase())
            || (previous.is_alphabetic() && character.is_numeric())
            || (previous.is_numeric() && character.is_alphabetic());
        if (starts_new || !character.is_alphanumeric()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if character.is_alphanumeric() {
            for lower in character.to_lowercase() {
                push_without_accent(&mut word, lower);
            }
        }
        previous = character;
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// The letters of Western and Central European languages as ASCII; others as they are. Combining marks vanish.
fn push_without_accent(word: &mut String, letter: char) {
    let plain = match letter {
        'à'..='å' | 'ā' | 'ă' | 'ą' => "a",
        'æ' => "ae",
        'ç' | 'ć' | 'č' => "c",
        'ď' | 'đ' => "d",
        'è'..='ë' | 'ē' | 'ė' | 'ę' | 'ě' => "e",
        'ğ' => "g",
        'ì'..='ï' | 'ī' | 'į' | 'ı' => "i",
        'ł' | 'ľ' => "l",
        'ñ' | 'ń' | 'ň' => "n",
        'ò'..='ö' | 'ø' | 'ō' | 'ő' => "o",
        'œ' => "oe",
        'ř' => "r",
        'ß' => "ss",
        'ś' | 'š' | 'ş' | 'ș' => "s",
        'ť' | 'ț' => "t",
        'ù'..='ü' | 'ū' | 'ů' | 'ű' => "u",
        'ý' | 'ÿ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        '\u{300}'..='\u{36f}' => "",
        other => return word.push(other),
    };
    word.push_str(plain);
}

/// A name that may follow `custom.`, from whatever the sender calls it. Names that differ only in case, accents and
/// punctuation get the same; names in other scripts, and long ones, are told apart by a few digits of their hash.
pub(crate) fn custom_name(name: &str) -> String {
    let name = name.strip_prefix("custom.").unwrap_or(name);
    if domain::field::is_custom_name(name) {
        return name.to_owned();
    }
    let words = words(name);
    let readable: Vec<&str> = words
        .iter()
        .map(String::as_str)
        .filter(|word| word.is_ascii())
        .collect();
    let slug = readable.join("_");
    let is_whole = readable.len() == words.len() && !slug.is_empty();
    if is_whole && slug.len() <= MAX_CUSTOM_NAME {
        return slug;
    }
    let digest = Sha256::digest(words.join("_").as_bytes());
    let mark: String = digest
        .iter()
        .take(4)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let front = if slug.is_empty() { "field" } else { &slug };
    let front = &front[..front.len().min(MAX_CUSTOM_NAME - 9)];
    format!("{}_{mark}", front.trim_end_matches('_'))
}

#[cfg(test)]
mod tests;
