//! Addresses of pages, without what they say about a person: forms that are sent by GET, mails with personal links and
//! single-page applications put names, addresses and numbers into them.
//!
//! Campaign parameters and click ids stay, and whatever says nothing of anybody. Nothing is added, and what is no address
//! comes back as it is, but for a personal part.

use crate::decode::percent_decoded;
use crate::vocabulary::{Meaning, meaning_of};
use domain::email::Email;
use domain::field::Field;

/// Stands for a part of a path that was taken out.
const LEFT_OUT: &str = "-";

/// The address without who the person is: user name and password, parameters (of the query or the fragment) that are
/// called like a field of a person or hold an e-mail address or a phone number, and parts of the path that do.
pub(crate) fn without_personal_data(address: &str) -> String {
    let (rest, fragment) = split(address, '#');
    let (place, query) = split(rest, '?');
    let mut kept = without_persons(place);
    if let Some(query) = query.map(parameters).filter(|query| !query.is_empty()) {
        kept.push('?');
        kept.push_str(&query);
    }
    if let Some(fragment) = fragment {
        // `#/form?step=2`, as single-page applications have it; or parameters, or the name of a place.
        let (route, query) = split(fragment, '?');
        let route = parameters(route);
        let query = query.map(parameters).filter(|query| !query.is_empty());
        if !route.is_empty() || query.is_some() {
            kept.push('#');
            kept.push_str(&route);
        }
        if let Some(query) = query {
            kept.push('?');
            kept.push_str(&query);
        }
    }
    kept
}

fn split(text: &str, at: char) -> (&str, Option<&str>) {
    match text.split_once(at) {
        Some((front, rest)) => (front, Some(rest)),
        None => (text, None),
    }
}

/// Scheme, host and path.
fn without_persons(place: &str) -> String {
    let (scheme, rest) = match place.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), place),
    };
    let mut parts = rest.split('/');
    let host = parts.next().unwrap_or_default();
    // `user:password@host`; without a scheme it is the start of a path.
    let host = match host.rsplit_once('@') {
        Some((_, host)) if !scheme.is_empty() => host,
        _ => cleared(host),
    };
    let path: String = parts.map(|part| format!("/{}", cleared(part))).collect();
    format!("{scheme}{host}{path}")
}

fn cleared(part: &str) -> &str {
    if is_personal(part, false) {
        LEFT_OUT
    } else {
        part
    }
}

/// Those of the parameters that are nobody's.
fn parameters(query: &str) -> String {
    let kept: Vec<&str> = query
        .split('&')
        .filter(|parameter| {
            let (name, value) = split(parameter, '=');
            let Some(value) = value else {
                return !is_personal(name, true);
            };
            let name = decoded(name, true);
            match meaning_of(&name) {
                Some((Meaning::Field(field), _)) if field.is_attribution() => {
                    !matches!(field, Field::PageUrl | Field::Referrer) || !is_personal(value, true)
                }
                Some((Meaning::Field(field), _)) => !says_who(&field) && !is_personal(value, true),
                Some((Meaning::FullName | Meaning::Technical, _)) => false,
                Some((Meaning::Own("username"), _)) => false,
                _ => !is_personal(value, true),
            }
        })
        .collect();
    kept.join("&")
}

/// Whether a field says who somebody is, or what somebody wrote.
fn says_who(field: &Field) -> bool {
    matches!(
        field,
        Field::Email
            | Field::Phone
            | Field::FirstName
            | Field::LastName
            | Field::Street
            | Field::PostalCode
            | Field::Message
    )
}

/// Whether a value holds an e-mail address, or is a phone number with its country code. Bare digits are as often an id.
fn is_personal(value: &str, plus_is_blank: bool) -> bool {
    let text = decoded(value, plus_is_blank);
    let words = text.split(|character: char| {
        character.is_whitespace() || "<>()[]{}\"',;:=&|?/".contains(character)
    });
    let mut words = words.map(|word| word.trim_matches('.'));
    if words.any(|word| word.contains('@') && Email::parse(word).is_ok()) {
        return true;
    }
    // A `+` that nobody encoded is a blank in a query.
    let number = text.trim();
    let has_code = number.starts_with('+')
        || number.starts_with("00")
        || (plus_is_blank && value.starts_with('+'));
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    has_code
        && (8..=15).contains(&digits)
        && number
            .chars()
            .all(|character| character.is_ascii_digit() || "+ -().".contains(character))
}

fn decoded(text: &str, plus_is_blank: bool) -> String {
    let text = if plus_is_blank {
        text.replace('+', " ")
    } else {
        text.to_owned()
    };
    // Links in mails are often encoded twice.
    percent_decoded(percent_decoded(text.as_bytes()).as_bytes())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn who_somebody_is_is_taken_out_of_an_address_and_nothing_else() {
        for (address, expected) in [
            (
                "https://www.example.com/pricing?plan=team&utm_source=x#top",
                "https://www.example.com/pricing?plan=team&utm_source=x#top",
            ),
            (
                "https://www.example.com/?email=ada%40example.com&utm_campaign=spring",
                "https://www.example.com/?utm_campaign=spring",
            ),
            (
                "https://www.example.com/?e=ada%40example.com&gclid=Cj0K",
                "https://www.example.com/?gclid=Cj0K",
            ),
            (
                "https://www.example.com/?u=ada%2540example.com",
                "https://www.example.com/",
            ),
            (
                "https://www.example.com/?Telefon=030901820&x=1",
                "https://www.example.com/?x=1",
            ),
            (
                "https://www.example.com/?t=%2B49%2030%20901820&x=1",
                "https://www.example.com/?x=1",
            ),
            (
                "https://www.example.com/?t=+493090182012",
                "https://www.example.com/",
            ),
            (
                "https://www.example.com/?first_name=Ada&vorname=Ada&name=Ada&id=17",
                "https://www.example.com/?id=17",
            ),
            (
                "https://www.example.com/?order=4930901820&t=1700000000",
                "https://www.example.com/?order=4930901820&t=1700000000",
            ),
            (
                "https://www.example.com/thanks/ada@example.com/2",
                "https://www.example.com/thanks/-/2",
            ),
            (
                "https://ada:pass@www.example.com/a",
                "https://www.example.com/a",
            ),
            (
                "https://www.example.com/#/form?email=ada@example.com&step=2",
                "https://www.example.com/#/form?step=2",
            ),
            (
                "https://www.example.com/?next=https%3A%2F%2Fexample.org%2F%3Fmail%3Dada%40example.com",
                "https://www.example.com/",
            ),
            ("/pricing", "/pricing"),
            ("", ""),
        ] {
            assert_eq!(without_personal_data(address), expected, "{address}");
        }
    }

    proptest! {
        #[test]
        fn an_address_of_anything_loses_its_mail_address_and_never_grows(
            front in "[a-z]{0,8}", name in "[a-z_]{1,8}", back in "\\PC{0,20}",
        ) {
            let address = format!("https://example.com/{front}?{name}=ada%40example.com&{back}");
            let kept = without_personal_data(&address);
            prop_assert!(!kept.contains("ada%40example.com"));
            prop_assert!(kept.len() <= address.len());
            without_personal_data(&back);
        }
    }
}
