//! Whether an answer is a yes.

use domain::field::parse_flag;

use crate::vocabulary::{CONTACT, MARKETING, squashed};

/// Yes or no. The value of a checkbox is often the sentence beside it; one that denies anything is never taken for a yes.
pub(crate) fn agreement(value: &str) -> Option<bool> {
    const YES: &[&str] = &[
        "agree",
        "accept",
        "consent",
        "granted",
        "einverstanden",
        "zustimm",
        "akzeptier",
        "willige",
        "zugestimmt",
        "accepte",
        "consens",
        "acepto",
        "aceptad",
        "aceito",
        "aceite",
        "concordo",
        "accetto",
        "accettat",
        "acconsento",
        "akkoord",
        "subscribed",
        "optedin",
        "optin",
    ];
    const NO: &[&str] = &[
        "no",
        "not",
        "disagree",
        "decline",
        "declined",
        "refuse",
        "refused",
        "reject",
        "rejected",
        "denied",
        "without",
        "optout",
        "optedout",
        "unsubscribed",
        "unsubscribe",
        "never",
        "nicht",
        "kein",
        "keine",
        "keinen",
        "nein",
        "ablehnen",
        "abgelehnt",
        "pas",
        "refus",
        "non",
        "nao",
        "ne",
        "niet",
        "geen",
        "nee",
        // Their yes is not read, but "accept" stands in some of their sentences.
        "nej",
        "inte",
        "ikke",
        "ej",
        "nie",
        "withdrawn",
    ];
    if let Some(flag) = parse_flag(value) {
        return Some(flag);
    }
    let value = value
        .replace('’', "'")
        .replace("n't", " not")
        .replace('-', "");
    let words: Vec<String> = value
        .split(|character: char| !character.is_alphanumeric())
        .map(squashed)
        .collect();
    if words.iter().any(|word| NO.contains(&word.as_str())) {
        return Some(false);
    }
    YES.iter()
        .any(|yes| words.iter().any(|word| word.starts_with(yes)))
        .then_some(true)
}

/// What a sentence asks to agree to.
pub(crate) fn purpose_of(question: &str) -> &'static str {
    const MARKETING_WORDS: &[&str] = &[
        "newsletter",
        "marketing",
        "promotion",
        "offers",
        "angebote",
        "offres",
        "ofertas",
        "offerte",
        "nieuwsbrief",
        "rundbrief",
    ];
    let question = question.to_lowercase();
    if MARKETING_WORDS.iter().any(|word| question.contains(word)) {
        MARKETING
    } else {
        CONTACT
    }
}

#[cfg(test)]
mod tests {
    use super::agreement;

    #[test]
    fn a_denial_is_never_a_yes() {
        for (value, expected) in [
            ("yes", Some(true)),
            ("Accepted", Some(true)),
            ("Ja, ich willige ein", Some(true)),
            ("Acepto la política", Some(true)),
            ("I do not consent", Some(false)),
            ("I don’t agree", Some(false)),
            ("disagree", Some(false)),
            ("Je n'accepte pas", Some(false)),
            ("opt-out", Some(false)),
            ("Nee, bedankt", Some(false)),
            ("Jag accepterar inte", Some(false)),
            ("Jeg accepterer ikke", Some(false)),
            ("Nie akceptuję", Some(false)),
            ("weekly", None),
            ("", None),
        ] {
            assert_eq!(agreement(value), expected, "{value}");
        }
    }
}
