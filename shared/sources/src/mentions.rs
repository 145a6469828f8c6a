//! E-mail addresses and phone numbers that somebody wrote into a sentence.
//!
//! Messengers know people by ids of their own; who wants an answer writes where to. Only what cannot be anything else is taken:
//! an address that is valid as a whole, a number with its country code.

use domain::email::Email;
use domain::phone::Phone;

/// How much of a text is looked at, in bytes. Longer messages are prose, or pasted.
const LOOKED_AT: usize = 4_000;

/// Fewest and most digits of a number in E.164 with its country code.
const DIGITS: std::ops::RangeInclusive<usize> = 8..=15;

/// The first e-mail address in a text.
pub(crate) fn email_in(text: &str) -> Option<String> {
    beginning(text)
        .split(|character: char| character.is_whitespace() || ",;<>()[]\"'".contains(character))
        .filter(|word| word.contains('@'))
        .map(|word| {
            word.trim_start_matches("mailto:")
                .trim_matches(['.', ':', '!', '?', '*', '_'])
        })
        .find(|word| Email::parse(word).is_ok())
        .map(str::to_owned)
}

/// The first phone number in a text that begins with `+` or `00` and its country code.
pub(crate) fn phone_in(text: &str) -> Option<String> {
    let text = beginning(text);
    let starts = text
        .char_indices()
        .filter(|(at, character)| {
            let is_start = *character == '+' || text[*at..].starts_with("00");
            let follows_digit = text[..*at].ends_with(|before: char| before.is_alphanumeric());
            is_start && !follows_digit
        })
        .map(|(at, _)| at);
    for start in starts.take(20) {
        let rest = &text[start + 1..];
        let end = rest
            .find(|character: char| !character.is_ascii_digit() && !" -.()/".contains(character))
            .unwrap_or(rest.len());
        let number: String = text[start..start + 1 + end]
            .chars()
            .filter(|character| character.is_ascii_digit())
            .collect();
        let number = if text[start..].starts_with('+') {
            number
        } else {
            number.trim_start_matches("00").to_owned()
        };
        let number = format!("+{number}");
        if DIGITS.contains(&(number.len() - 1)) && Phone::parse(&number, None).is_ok() {
            return Some(number);
        }
    }
    None
}

fn beginning(text: &str) -> &str {
    let mut end = text.len().min(LOOKED_AT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::{email_in, phone_in};
    use proptest::prelude::*;

    #[test]
    fn what_somebody_wrote_into_a_sentence_is_found() {
        for (text, email, phone) in [
            ("Mail me: ada@example.com.", Some("ada@example.com"), None),
            (
                "<ada.k+x@mail.example.org>, thanks!",
                Some("ada.k+x@mail.example.org"),
                None,
            ),
            ("@you: a@b, or c@d.example?", Some("c@d.example"), None),
            ("call +1 (202) 555-0143 after 5", None, Some("+12025550143")),
            ("Tel. 0049 30 901820-12", None, Some("+493090182012")),
            ("order 004711, 2026-03-02", None, None),
            ("3+4 is 7", None, None),
            ("", None, None),
        ] {
            assert_eq!(email_in(text).as_deref(), email, "{text}");
            assert_eq!(phone_in(text).as_deref(), phone, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "([0-9+@. ()é-]|\\PC){0,80}") {
            let _ = (email_in(&text), phone_in(&text));
        }
    }
}
