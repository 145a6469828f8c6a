//! Phone numbers: parsed once into E.164, with what the numbering plans say about them.
//!
//! The plans' metadata (Google's, through `rlibphonenumber`) is decoded at the first parse, some 20 ms in a release
//! build; [`warm_up`] does it ahead.

#[cfg(test)]
mod tests;

use std::fmt;

use rlibphonenumber::{
    NumberLengthType, PHONE_NUMBER_UTIL, ParseError, PhoneNumber, PhoneNumberFormat,
    PhoneNumberType, Region as PlanRegion, ValidationError,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::geo::Country;

/// No form sends a number longer than this with all its decoration; the library itself would read 250.
const INPUT_MAX_BYTES: usize = 128;

/// A number that the numbering plan of its country calling code can hold.
///
/// Equality and the key are the E.164 form plus the extension. Whether the plan has in fact assigned the range is a
/// separate question, [`Phone::is_valid`]: a plausible number with a digit wrong still identifies its sender, and
/// numbers reserved for fiction are valid in some plans (+1 … 555 01xx) and not in others (+44 7700 900xxx).
/// `Debug` hides all digits but the calling code's country; `Display` writes the whole number, so it is not for logs.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Phone {
    e164: String,
    extension: Option<Box<str>>,
    region: Option<Country>,
    kind: PhoneKind,
    valid: bool,
}

/// What a range of numbers is for. Only a valid number has a kind other than `Other`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PhoneKind {
    /// A mobile.
    Mobile,
    /// A line at a place.
    FixedLine,
    /// The plan does not tell the two apart, as in North America.
    FixedOrMobile,
    /// The called party pays.
    TollFree,
    /// The caller pays extra.
    Premium,
    /// Over the internet, tied to no place.
    Voip,
    /// Pagers, personal numbers, shared cost, voice mail, and every number that is not valid.
    Other,
}

impl PhoneKind {
    /// The stable name, as it is serialized.
    pub fn as_str(self) -> &'static str {
        match self {
            PhoneKind::Mobile => "mobile",
            PhoneKind::FixedLine => "fixed_line",
            PhoneKind::FixedOrMobile => "fixed_or_mobile",
            PhoneKind::TollFree => "toll_free",
            PhoneKind::Premium => "premium",
            PhoneKind::Voip => "voip",
            PhoneKind::Other => "other",
        }
    }
}

/// Why a text is not a phone number. The messages never hold the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    /// No digits that could be a number, or words between them.
    #[error("the text is not a phone number")]
    NotANumber,
    /// Also a number without its area code.
    #[error("the phone number is too short for its country")]
    TooShort,
    /// More digits than the plan has, or a text no form would send.
    #[error("the phone number is too long for its country")]
    TooLong,
    /// No such calling code, no calling code and no default region, a length the plan does not have, or a
    /// placeholder such as 0000000000.
    #[error("no numbering plan has such a phone number")]
    Invalid,
}

impl PhoneError {
    /// A stable name for records and clients.
    pub fn code(self) -> &'static str {
        match self {
            PhoneError::NotANumber => "phone_not_a_number",
            PhoneError::TooShort => "phone_too_short",
            PhoneError::TooLong => "phone_too_long",
            PhoneError::Invalid => "phone_invalid",
        }
    }
}

/// Decodes the metadata now, for a start-up that would rather pay then than at the first number.
pub fn warm_up() {
    let _ = PHONE_NUMBER_UTIL.get_country_code_for_region(PlanRegion::US);
}

impl Phone {
    /// The one way to a `Phone`.
    ///
    /// `default_region` is the country (ISO alpha-2) whose plan reads a number without calling code; an unknown one
    /// counts as none. Accepted: any grouping by spaces, dashes, dots and brackets, digits of other scripts,
    /// `tel:…`, the `p:` that Meta's lead forms put in front, extensions (`x12`, `ext. 12`, `;ext=12`), `(0)`, and
    /// words on letter keys (1-800-FLOWERS) if the result is valid.
    ///
    /// Where the default region's reading is not valid, two others are tried and taken only if they are valid:
    /// `00…` as an international prefix (it also is taken if merely possible), and eleven digits and more as a number
    /// whose `+` was lost.
    pub fn parse(input: &str, default_region: Option<&str>) -> Result<Phone, PhoneError> {
        let text = input.trim();
        if text.len() > INPUT_MAX_BYTES {
            return Err(PhoneError::TooLong);
        }
        let text = with_ascii_digits(text);
        let region = default_region.and_then(plan_region);

        let read = read(&text, region);
        if let Ok(phone) = &read
            && phone.valid
        {
            return read;
        }
        if let Some(international) = as_international(&text) {
            match self::read(&international.text, None) {
                Ok(phone) if phone.valid => return Ok(phone),
                Ok(phone) if international.had_prefix && read.is_err() => return Ok(phone),
                _ => {}
            }
        }
        read
    }

    /// E.164: a plus sign and up to 15 digits.
    pub fn as_str(&self) -> &str {
        &self.e164
    }

    /// The digits to dial once connected, which are no part of E.164.
    pub fn extension(&self) -> Option<&str> {
        self.extension.as_deref()
    }

    /// The country of the number. For a number that is not valid, the main country of its calling code; none where
    /// several share one as equals (+1, +7), and for calling codes of no country (+800).
    pub fn region(&self) -> Option<Country> {
        self.region
    }

    /// What the number's range is for.
    pub fn kind(&self) -> PhoneKind {
        self.kind
    }

    /// Whether the numbering plan has assigned the range. It does not say that somebody answers.
    pub fn is_valid(&self) -> bool {
        self.valid
    }
}

/// One reading of the text, refused unless the plan can hold the number.
fn read(text: &str, region: Option<PlanRegion>) -> Result<Phone, PhoneError> {
    let number = PHONE_NUMBER_UTIL
        .parse(text, region)
        .map_err(|error| match error {
            ParseError::TooShortAfterIdd | ParseError::TooShortNsn => PhoneError::TooShort,
            ParseError::TooLongNsn => PhoneError::TooLong,
            // The library says this too of a number without calling code where no region was given.
            ParseError::InvalidCountryCode => PhoneError::Invalid,
            _ => PhoneError::NotANumber,
        })?;
    match number.is_possible_with_reason() {
        Ok(NumberLengthType::IsPossible) => {}
        // Seven digits without an area code: two towns share it, so it identifies nobody.
        Ok(NumberLengthType::IsPossibleLocalOnly) | Err(ValidationError::TooShort) => {
            return Err(PhoneError::TooShort);
        }
        Err(ValidationError::TooLong) => return Err(PhoneError::TooLong),
        Err(ValidationError::InvalidCountryCode | ValidationError::InvalidLength) => {
            return Err(PhoneError::Invalid);
        }
    }
    let valid = number.is_valid();
    if !valid && number.extension.is_none() && has_letter_after_first_digit(text) {
        return Err(PhoneError::NotANumber);
    }
    if !valid && is_placeholder(&number) {
        return Err(PhoneError::Invalid);
    }
    let e164 = number.format_as(PhoneNumberFormat::E164).into_owned();
    // Zeros where no plan has them can vanish on the next reading; a key has to survive being read.
    if !valid && !reads_as_itself(&e164) {
        return Err(PhoneError::Invalid);
    }
    Ok(Phone {
        e164,
        extension: number
            .extension
            .as_deref()
            .filter(|digits| !digits.is_empty())
            .map(Box::from),
        region: country_of(&number, valid),
        kind: if valid {
            kind_of(&number)
        } else {
            PhoneKind::Other
        },
        valid,
    })
}

fn reads_as_itself(e164: &str) -> bool {
    PHONE_NUMBER_UTIL
        .parse(e164, None)
        .is_ok_and(|again| again.format_as(PhoneNumberFormat::E164) == e164)
}

struct International {
    text: String,
    /// Whether a `00` stood there, rather than nothing at all.
    had_prefix: bool,
}

/// The text with `+` where the sender wrote `00` or nothing.
fn as_international(text: &str) -> Option<International> {
    let first_digit = text.find(|c: char| c.is_ascii_digit())?;
    let (before, digits) = text.split_at(first_digit);
    let has_plus = before.ends_with(['+', '＋']);
    if let Some(rest) = digits.strip_prefix("00") {
        return (!rest.starts_with('0')).then(|| International {
            text: format!("+{rest}"),
            had_prefix: true,
        });
    }
    // Below eleven digits it is more likely a national number with a slip in it than a foreign one.
    let count = digits
        .chars()
        .take_while(|c| !c.is_ascii_alphabetic() && *c != ';')
        .filter(char::is_ascii_digit)
        .count();
    (!has_plus && !digits.starts_with('0') && (11..=15).contains(&count)).then(|| International {
        text: format!("+{digits}"),
        had_prefix: false,
    })
}

/// The digits of the scripts that phones and forms write, as ASCII; the library knows them too, but not the rules above.
fn with_ascii_digits(text: &str) -> std::borrow::Cow<'_, str> {
    if text.is_ascii() {
        return text.into();
    }
    // The code point of zero in Arabic, Persian, Devanagari, Bengali, Thai and full-width digits.
    const ZEROS: [u32; 6] = [0x0660, 0x06F0, 0x0966, 0x09E6, 0x0E50, 0xFF10];
    let ascii = |c: char| {
        for zero in ZEROS {
            if let Some(digit) = u32::from(c).checked_sub(zero)
                && digit <= 9
            {
                return char::from_digit(digit, 10).unwrap_or(c);
            }
        }
        c
    };
    text.chars().map(ascii).collect::<String>().into()
}

fn has_letter_after_first_digit(text: &str) -> bool {
    text.find(|c: char| c.is_ascii_digit())
        .is_some_and(|first| text[first..].contains(|c: char| c.is_ascii_alphabetic()))
}

/// What people type to get past a required field. Only asked of numbers that are not valid.
fn is_placeholder(number: &PhoneNumber) -> bool {
    let digits = number.national_number.to_string();
    let mut digits_seen = digits.bytes();
    let first = digits_seen.next();
    digits_seen.all(|digit| Some(digit) == first)
        || "12345678901234567890".starts_with(&digits)
        || digits == "987654321"
        || digits == "9876543210"
}

fn plan_region(code: &str) -> Option<PlanRegion> {
    code.trim()
        .to_ascii_uppercase()
        .parse()
        .ok()
        .filter(|region| *region != PlanRegion::World)
}

fn country_of(number: &PhoneNumber, valid: bool) -> Option<Country> {
    let region = match number.get_region_code() {
        Some(region) => Some(region),
        None if valid || matches!(number.country_code, 1 | 7) => None,
        None => PHONE_NUMBER_UTIL.get_region_for_country_code(number.country_code),
    }?;
    match region.as_region_str().as_ref() {
        // Ascension and Tristan da Cunha have numbering plans, but share the ISO code of Saint Helena.
        "AC" | "TA" => Country::from_alpha2("SH"),
        code => Country::from_alpha2(code),
    }
}

fn kind_of(number: &PhoneNumber) -> PhoneKind {
    match number.get_type() {
        PhoneNumberType::Mobile => PhoneKind::Mobile,
        PhoneNumberType::FixedLine => PhoneKind::FixedLine,
        PhoneNumberType::FixedLineOrMobile => PhoneKind::FixedOrMobile,
        PhoneNumberType::TollFree => PhoneKind::TollFree,
        PhoneNumberType::PremiumRate => PhoneKind::Premium,
        PhoneNumberType::VoIP => PhoneKind::Voip,
        _ => PhoneKind::Other,
    }
}

impl fmt::Display for Phone {
    /// E.164, followed by `;ext=…` (RFC 3966) if there is an extension; parsing it gives the same number back.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.e164)?;
        match &self.extension {
            Some(extension) => write!(f, ";ext={extension}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Phone(*** {})",
            self.region
                .map_or("international", |country| country.as_str())
        )
    }
}

impl std::str::FromStr for Phone {
    type Err = PhoneError;

    /// Without a default region.
    fn from_str(text: &str) -> Result<Phone, PhoneError> {
        Phone::parse(text, None)
    }
}

impl Serialize for Phone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Phone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Phone, D::Error> {
        let text = String::deserialize(deserializer)?;
        Phone::parse(&text, None).map_err(serde::de::Error::custom)
    }
}
