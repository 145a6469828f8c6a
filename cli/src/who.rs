//! Whom a command is about, as people write it.

use std::str::FromStr;

/// A person by lead id, e-mail address or phone number. Not `Debug`, so that nobody is logged by accident.
#[derive(Clone, PartialEq, Eq)]
pub enum Who {
    /// `lead_…`
    Id(String),
    /// An e-mail address: it has an `@`.
    Email(String),
    /// A phone number: anything else with a digit. The API knows how numbers are written.
    Phone(String),
}

impl Who {
    /// What it is, in words.
    pub fn noun(&self) -> &'static str {
        match self {
            Who::Id(_) => "id",
            Who::Email(_) => "e-mail address",
            Who::Phone(_) => "phone number",
        }
    }
}

impl FromStr for Who {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.starts_with("lead_") {
            Ok(Who::Id(text.to_owned()))
        } else if text.contains('@') {
            Ok(Who::Email(text.to_owned()))
        } else if text.chars().any(|character| character.is_ascii_digit())
            && !text.chars().any(char::is_alphabetic)
        {
            Ok(Who::Phone(text.to_owned()))
        } else {
            Err(
                "give a lead's id (lead_…), an e-mail address or a phone number such as +1 202 555 0123",
            )
        }
    }
}
