//! Invented people: as many different ones as are asked for, each always the same.
//!
//! Addresses are on `.example` domains. There are not a million numbers for fiction in any numbering plan, so the numbers
//! are of +878, a code at which nobody can be called (it was set aside for personal numbers and is not in use), and which
//! is valid and as long as others.

use serde_json::json;

const FIRST_NAMES: [&str; 24] = [
    "Greta", "Amir", "Chloe", "Diego", "Elif", "Farid", "Hana", "Igor", "Jamila", "Kofi", "Lena",
    "Mateo", "Nadia", "Oskar", "Priya", "Quentin", "Rosa", "Sanjay", "Tomas", "Ursula", "Viktor",
    "Wanda", "Yusuf", "Zoe",
];

const LAST_NAMES: [&str; 25] = [
    "Lindholm",
    "Okafor",
    "Duarte",
    "Marchetti",
    "Novak",
    "Haddad",
    "Tanaka",
    "Petrov",
    "Mensah",
    "Schneider",
    "Alvarez",
    "Kowalski",
    "Eriksen",
    "Rao",
    "Dubois",
    "Ferrari",
    "Silva",
    "Keller",
    "Demir",
    "Laurent",
    "Bauer",
    "Costa",
    "Larsen",
    "Weiss",
    "Moreau",
];

const COMPANIES: [&str; 11] = [
    "Brightwater",
    "Northwind",
    "Atlas Robotics",
    "Fernhill",
    "Quarry Lane",
    "Bluepeak",
    "Harbour Light",
    "Meridian",
    "Oakfield",
    "Silverline",
    "Copperfield",
];

const TITLES: [&str; 7] = [
    "Global CMO",
    "Head of Sales",
    "Chief Marketing Officer",
    "Developer",
    "VP Operations",
    "Purchasing Manager",
    "Founder",
];

/// Where leads come from, roughly as often as they stand here. The territories of the configuration that ships hold all but
/// the last two.
const COUNTRIES: [&str; 13] = [
    "DE", "US", "GB", "US", "FR", "CA", "SE", "US", "ES", "BR", "NL", "JP", "AU",
];

/// What person number `number` puts into the form: a JSON document. `visit` makes another content of the same person.
pub(crate) fn form(number: u64, visit: u64) -> String {
    let first = pick(&FIRST_NAMES, number);
    let last = pick(&LAST_NAMES, number);
    let company = pick(&COMPANIES, number);
    let mut form = json!({
        "email": email(number),
        "phone": phone(number),
        "first_name": first,
        "last_name": last,
        "title": pick(&TITLES, number + visit),
        "company": company,
        "employees": 5 + number * 37 % 900,
        "country": pick(&COUNTRIES, number),
        "message": "We would like to see a demonstration next week, please call in the morning.",
        "utm_source": "newsletter",
        "utm_campaign": "autumn",
    });
    if visit > 0 {
        form["message"] = json!(format!("Another question, number {visit}."));
    }
    form.to_string()
}

/// The address of person number `number`.
pub(super) fn email(number: u64) -> String {
    let domain = pick(&COMPANIES, number).to_lowercase().replace(' ', "-");
    format!(
        "{}.{}.{number}@{domain}.example",
        pick(&FIRST_NAMES, number).to_lowercase(),
        pick(&LAST_NAMES, number).to_lowercase()
    )
}

/// Who has this address.
pub(super) fn number_of(email: &str) -> Option<u64> {
    let (local, _) = email.split_once('@')?;
    local.rsplit('.').next()?.parse().ok()
}

fn phone(number: u64) -> String {
    format!("+87810{number:010}")
}

fn pick<'a>(list: &[&'a str], number: u64) -> &'a str {
    list[(number % list.len() as u64) as usize]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use domain::phone::Phone;

    use super::*;

    #[test]
    fn everybody_has_an_address_and_a_number_of_their_own() {
        let mut seen = BTreeSet::new();
        for number in 0..5_000 {
            assert_eq!(number_of(&email(number)), Some(number));
            let phone = Phone::parse(&phone(number), None).unwrap();
            assert!(phone.is_valid());
            assert!(seen.insert(email(number)) && seen.insert(phone.as_str().to_owned()));
        }
    }

    #[test]
    fn a_second_visit_is_other_content_of_the_same_person() {
        assert_ne!(form(7, 0), form(7, 1));
        for visit in [0, 1] {
            assert!(form(7, visit).contains(&email(7)));
        }
    }
}
