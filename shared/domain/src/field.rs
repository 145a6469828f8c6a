//! What is known about a person: named fields with typed values.
//!
//! One vocabulary for forms, mapping, rules, merging, enrichment and explanation: a field is spelled the same everywhere.

mod aliases;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use aliases::ALIASES;

/// Longest text kept in one field, in characters. Longer input is refused at the door; a message may be longer.
pub const MAX_TEXT: usize = 1_000;

/// Longest message or transcript, in characters.
pub const MAX_MESSAGE: usize = 10_000;

/// Longest name of a field of the user's own, in bytes.
pub const MAX_CUSTOM_NAME: usize = 64;

macro_rules! fields {
    ($($(#[$meta:meta])* $variant:ident = $name:literal),+ $(,)?) => {
        /// A named field of a lead. Names are stable: they appear in configuration, in the API and in the history.
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Field {
            $($(#[$meta])* $variant,)+
            /// A field of the user's own, written `custom.NAME`.
            Custom(String),
        }

        impl Field {
            /// Every field that Leadline itself knows, in the order of this list.
            pub const KNOWN: &'static [Field] = &[$(Field::$variant),+];

            fn known_name(&self) -> Option<&'static str> {
                match self {
                    $(Field::$variant => Some($name),)+
                    Field::Custom(_) => None,
                }
            }

            fn from_known_name(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Field::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

fields! {
    /// The e-mail address, lower case, as it is delivered to.
    Email = "email",
    /// The phone number in E.164.
    Phone = "phone",
    /// Given name.
    FirstName = "first_name",
    /// Family name.
    LastName = "last_name",
    /// Job title.
    Title = "title",
    /// Company name.
    Company = "company",
    /// Registrable domain of the company.
    CompanyDomain = "company_domain",
    /// Industry.
    Industry = "industry",
    /// Number of employees; of a range such as `50-100`, its lower end.
    Employees = "employees",
    /// Yearly revenue in whole units of the user's currency.
    Revenue = "revenue",
    /// Country, ISO 3166-1 alpha-2.
    Country = "country",
    /// State or province, ISO 3166-2 where it is known.
    Region = "region",
    /// City.
    City = "city",
    /// Postal code.
    PostalCode = "postal_code",
    /// Street address.
    Street = "street",
    /// Language, BCP 47.
    Language = "language",
    /// Free text that the person wrote, or the transcript of a conversation.
    Message = "message",
    /// Fact: class of the e-mail's domain: company, free, disposable, relay.
    EmailClass = "email_class",
    /// Fact: whether the mailbox belongs to a role (info@, sales@) rather than to a person.
    EmailRole = "email_role",
    /// Fact: registrable domain of the e-mail.
    EmailDomain = "email_domain",
    /// Fact: country of the phone number.
    PhoneCountry = "phone_country",
    /// Fact: kind of the phone number: mobile, fixed_line, ….
    PhoneKind = "phone_kind",
    /// Fact: whether the phone number is assigned by its numbering plan.
    PhoneValid = "phone_valid",
    /// Fact: whether the e-mail's domain takes mail, where it was looked up: accepted, refused, unknown.
    EmailMx = "email_mx",
    /// Fact: what became of the captcha's verification, where there is one: passed, unverified.
    Captcha = "captcha",
    /// Name of the source of the first submission.
    Source = "source",
    /// Kind of that source.
    SourceKind = "source_kind",
    /// Page on which the form was sent.
    PageUrl = "page_url",
    /// Where the visitor came from.
    Referrer = "referrer",
    /// Attribution: source.
    UtmSource = "utm_source",
    /// Attribution: medium.
    UtmMedium = "utm_medium",
    /// Attribution: campaign.
    UtmCampaign = "utm_campaign",
    /// Attribution: term.
    UtmTerm = "utm_term",
    /// Attribution: content.
    UtmContent = "utm_content",
    /// Google's click id.
    Gclid = "gclid",
    /// Google's click id for apps.
    Gbraid = "gbraid",
    /// Google's click id for the web on iOS.
    Wbraid = "wbraid",
    /// Meta's click id.
    Fbclid = "fbclid",
    /// Microsoft's click id.
    Msclkid = "msclkid",
    /// TikTok's click id.
    Ttclid = "ttclid",
    /// LinkedIn's click id.
    LiFatId = "li_fat_id",
}

/// Fields that say where a person came from. The first submission that has any decides all of them.
pub const ATTRIBUTION: &[Field] = &[
    Field::PageUrl,
    Field::Referrer,
    Field::UtmSource,
    Field::UtmMedium,
    Field::UtmCampaign,
    Field::UtmTerm,
    Field::UtmContent,
    Field::Gclid,
    Field::Gbraid,
    Field::Wbraid,
    Field::Fbclid,
    Field::Msclkid,
    Field::Ttclid,
    Field::LiFatId,
];

/// Fields that Leadline works out by itself; a form cannot set them.
pub const FACTS: &[Field] = &[
    Field::EmailClass,
    Field::EmailRole,
    Field::EmailDomain,
    Field::PhoneCountry,
    Field::PhoneKind,
    Field::PhoneValid,
    Field::EmailMx,
    Field::Captcha,
    Field::Source,
    Field::SourceKind,
];

/// Fields that hold a number.
pub const NUMBERS: &[Field] = &[Field::Employees, Field::Revenue];

/// Fields that hold yes or no.
pub const FLAGS: &[Field] = &[Field::EmailRole, Field::PhoneValid];

impl Field {
    /// Whether it is one of [`ATTRIBUTION`].
    pub fn is_attribution(&self) -> bool {
        ATTRIBUTION.contains(self)
    }

    /// Whether it is one of [`FACTS`].
    pub fn is_fact(&self) -> bool {
        FACTS.contains(self)
    }

    /// Most characters its text may have.
    pub fn max_length(&self) -> usize {
        match self {
            Field::Message => MAX_MESSAGE,
            _ => MAX_TEXT,
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Field::Custom(name) => write!(formatter, "custom.{name}"),
            known => formatter.write_str(known.known_name().unwrap_or_default()),
        }
    }
}

/// The name is neither one of Leadline's nor of the form `custom.NAME`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown field `{name}`{}", hint.as_ref().map(|hint| format!("; did you mean `{hint}`?")).unwrap_or_default())]
pub struct UnknownField {
    /// What was written.
    pub name: String,
    /// The name that may be meant: one that is near, or that of a field which others call so.
    pub hint: Option<String>,
}

impl FromStr for Field {
    type Err = UnknownField;

    fn from_str(name: &str) -> Result<Self, UnknownField> {
        if let Some(field) = Self::from_known_name(name) {
            return Ok(field);
        }
        match name.strip_prefix("custom.") {
            Some(own) if is_custom_name(own) => Ok(Field::Custom(own.to_owned())),
            _ => Err(UnknownField {
                name: name.to_owned(),
                hint: aliases::meant_by(name),
            }),
        }
    }
}

/// Whether `name` may follow `custom.`: 1 to 64 bytes of lower-case letters, digits, `_`, `-`.
pub fn is_custom_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= MAX_CUSTOM_NAME
        && name.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-'
        })
}

/// The candidate nearest to `name` by edit distance, if it is near enough to be a slip: at most 2, and less than half.
pub fn nearest(name: &str, candidates: impl Iterator<Item = String>) -> Option<String> {
    candidates
        .map(|candidate| (edit_distance(name, &candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 2 && *distance * 2 < candidate.len().max(1))
        .min()
        .map(|(_, candidate)| candidate)
}

/// Levenshtein's distance over bytes, by the two-row method.
fn edit_distance(left: &str, right: &str) -> usize {
    let right = right.as_bytes();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (line, left_byte) in left.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (column, right_byte) in right.iter().enumerate() {
            let substitution = diagonal + usize::from(left_byte != *right_byte);
            diagonal = row[column + 1];
            row[column + 1] = substitution.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}

impl Serialize for Field {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Field {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Field".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let names: Vec<String> = Field::KNOWN.iter().map(Field::to_string).collect();
        schemars::json_schema!({
            "description": "A field of a lead: one of Leadline's own, or `custom.NAME`.",
            "anyOf": [
                { "type": "string", "enum": names },
                { "type": "string", "pattern": "^custom\\.[a-z0-9_-]{1,64}$" }
            ]
        })
    }
}

/// What a field holds.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Value {
    /// Yes or no.
    Flag(bool),
    /// A whole number.
    Number(i64),
    /// Text, never empty.
    Text(String),
}

impl fmt::Debug for Value {
    /// Shows the shape only: a value may be somebody's name.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Flag(flag) => write!(formatter, "Flag({flag})"),
            Value::Number(_) => formatter.write_str("Number(…)"),
            Value::Text(text) => write!(formatter, "Text({} characters)", text.chars().count()),
        }
    }
}

impl Value {
    /// Text, or nothing when it is blank.
    pub fn text(text: &str) -> Option<Self> {
        let trimmed = text.trim();
        (!trimmed.is_empty()).then(|| Value::Text(trimmed.to_owned()))
    }

    /// As text, if it is text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// As a number: a number itself, or text that is one.
    pub fn as_number(&self) -> Option<i64> {
        match self {
            Value::Number(number) => Some(*number),
            Value::Text(text) => parse_number(text),
            Value::Flag(_) => None,
        }
    }

    /// As yes or no: a flag itself, or text that says so.
    pub fn as_flag(&self) -> Option<bool> {
        match self {
            Value::Flag(flag) => Some(*flag),
            Value::Text(text) => parse_flag(text),
            Value::Number(_) => None,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Flag(flag) => write!(formatter, "{flag}"),
            Value::Number(number) => write!(formatter, "{number}"),
            Value::Text(text) => formatter.write_str(text),
        }
    }
}

/// Reads a whole number as forms write it: `1,250`, `1.250`, `50-100` (its lower end), `500+`, `> 1000`, `10k`, `$1.5M`,
/// `2,5 Mio`; and as programs do: `1.0E7`. What is left behind the point is cut off. `None` for what is no number, such as
/// `0x10`.
pub fn parse_number(text: &str) -> Option<i64> {
    let text =
        text.trim_start_matches(|sign: char| ">=<~≥≤$€£¥".contains(sign) || sign.is_whitespace());
    if let Some(number) = scientific(text.trim_end()) {
        return whole(number);
    }
    let mut digits = String::new();
    let mut decimals = 0;
    let mut rest = text;
    loop {
        let end = rest.find(|sign: char| !sign.is_ascii_digit());
        let (group, behind) = rest.split_at(end.unwrap_or(rest.len()));
        if group.is_empty() {
            break;
        }
        digits.push_str(group);
        rest = behind;
        let Some(separator) = rest.chars().next().filter(|sign| is_separator(*sign)) else {
            break;
        };
        let next = &rest[separator.len_utf8()..];
        match next.bytes().take_while(u8::is_ascii_digit).count() {
            // A separator counts only between groups of three digits.
            3 => rest = next,
            0 => break,
            fraction if separator == '.' || separator == ',' => {
                digits.push_str(&next[..fraction]);
                decimals = u32::try_from(fraction).ok()?;
                rest = &next[fraction..];
                break;
            }
            _ => break,
        }
    }
    let number = digits.parse::<i128>().ok()?;
    let divisor = 10_i128.checked_pow(decimals)?;
    i64::try_from(number.checked_mul(multiplier(rest)?)? / divisor).ok()
}

fn is_separator(sign: char) -> bool {
    matches!(sign, ',' | '.' | ' ' | '\u{a0}' | '\u{202f}' | '\'')
}

/// What stands behind the digits of a number multiplies it. `None` when that makes it something else than a number.
fn multiplier(rest: &str) -> Option<i128> {
    let behind = rest.trim_start();
    let end = behind.find(|sign: char| !sign.is_alphabetic());
    let word = behind[..end.unwrap_or(behind.len())].to_lowercase();
    match word.as_str() {
        "k" | "tsd" | "thousand" | "mille" | "mil" => Some(1_000),
        "m" | "mn" | "mm" | "mio" | "million" | "millions" | "millionen" | "millones" => {
            Some(1_000_000)
        }
        "b" | "bn" | "mrd" | "billion" | "billions" | "milliarden" => Some(1_000_000_000),
        "" => {
            // Of `1-5 Mio` both ends are millions.
            let upper = behind.strip_prefix(['-', '–', '—']).map(str::trim_start);
            let upper = upper.map(|upper| {
                upper.trim_start_matches(|sign: char| sign.is_ascii_digit() || is_separator(sign))
            });
            Some(upper.and_then(multiplier).unwrap_or(1))
        }
        _ if behind.len() < rest.len() => Some(1),
        _ => None,
    }
}

/// `1.0E7`, as Java prints ten million; nothing else that Rust would take for a number.
fn scientific(text: &str) -> Option<f64> {
    let (mantissa, exponent) = text.split_once(['e', 'E'])?;
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (is_digits(whole) && is_digits(fraction) && is_digits(exponent))
        .then(|| text.parse().ok())
        .flatten()
}

/// The whole number nearest to `number`, if it is one that a `f64` can tell from its neighbours.
fn whole(number: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[allow(clippy::cast_possible_truncation, reason = "within what is exact")]
    (number <= EXACT).then_some(number.round() as i64)
}

/// Reads yes or no as forms write it, in English, German, French, Spanish, Portuguese, Italian and Dutch.
pub fn parse_flag(text: &str) -> Option<bool> {
    match text.trim().to_lowercase().as_str() {
        "true" | "yes" | "y" | "on" | "1" | "ja" | "oui" | "si" | "sí" | "sì" | "sim"
        | "checked" | "granted" => Some(true),
        "false" | "no" | "n" | "off" | "0" | "nein" | "non" | "nee" | "não" | "nao"
        | "unchecked" | "denied" => Some(false),
        _ => None,
    }
}

/// Fields and their values, in a fixed order.
pub type Fields = BTreeMap<Field, Value>;

/// The text of `field`, if it has one.
pub fn text_of<'a>(fields: &'a Fields, field: &Field) -> Option<&'a str> {
    fields.get(field).and_then(Value::as_text)
}

#[cfg(test)]
mod tests;
