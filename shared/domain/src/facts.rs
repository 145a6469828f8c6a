//! Facts that need nobody's answer: what an e-mail address, a phone number and a place tell by themselves.

use crate::email::{Email, EmailClass};
use crate::field::{Field, Fields, Value, text_of};
use crate::phone::Phone;

/// Works out the facts about `fields`, and the values that follow from them where the person gave none: the company's
/// domain from a company e-mail, the country from an international phone number.
pub fn facts_of(fields: &Fields) -> Fields {
    let mut facts = Fields::new();
    if let Some(email) = text_of(fields, &Field::Email).and_then(|text| Email::parse(text).ok()) {
        facts.insert(
            Field::EmailClass,
            Value::Text(email.class().as_str().to_owned()),
        );
        facts.insert(Field::EmailRole, Value::Flag(email.is_role()));
        let domain = email
            .registrable_domain()
            .unwrap_or_else(|| email.domain())
            .to_owned();
        if email.class() == EmailClass::Company && !fields.contains_key(&Field::CompanyDomain) {
            facts.insert(Field::CompanyDomain, Value::Text(domain.clone()));
        }
        facts.insert(Field::EmailDomain, Value::Text(domain));
    }
    if let Some(phone) =
        text_of(fields, &Field::Phone).and_then(|text| Phone::parse(text, None).ok())
    {
        facts.insert(Field::PhoneValid, Value::Flag(phone.is_valid()));
        facts.insert(
            Field::PhoneKind,
            Value::Text(phone.kind().as_str().to_owned()),
        );
        if let Some(region) = phone.region() {
            facts.insert(Field::PhoneCountry, Value::Text(region.as_str().to_owned()));
            if !fields.contains_key(&Field::Country) {
                facts.insert(Field::Country, Value::Text(region.as_str().to_owned()));
            }
        }
    }
    facts
}
