//! Countries and their regions, from whatever a form calls them to ISO 3166 codes.
//!
//! The tables are written by hand: the usual English short names, and the names people type. They take no position
//! on who owns what; a row is there because addresses and phone numbers use it.

mod countries;
mod regions;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::LazyLock;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::names::fold;
use countries::{COUNTRIES, COUNTRY_ALIASES};
use regions::{REGION_ALIASES, REGIONS};

/// A country of ISO 3166-1, or Kosovo (`XK`, a user-assigned code that phone plans and the EU use).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country {
    /// Index into `COUNTRIES`, which is sorted by alpha-2, so that the order of countries is the order of codes.
    row: u16,
}

/// The text names no country.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text is neither a country's name nor its ISO 3166-1 code")]
pub struct UnknownCountry;

impl Country {
    /// From alpha-2, alpha-3, an English name, or a name in another language or everyday use (`Deutschland`, `UK`,
    /// `United States of America`). Case, accents, punctuation and a leading "the" make no difference.
    pub fn parse(text: &str) -> Result<Country, UnknownCountry> {
        let trimmed = text.trim();
        if let Some(country) = Country::from_alpha2(trimmed) {
            return Ok(country);
        }
        let key = lookup_key(trimmed);
        let found = COUNTRY_NAMES
            .binary_search_by(|(name, _)| name.as_str().cmp(&key))
            .ok();
        found
            .map(|position| Country {
                row: COUNTRY_NAMES[position].1,
            })
            .ok_or(UnknownCountry)
    }

    /// From alpha-2 alone, in any case. No allocation.
    pub fn from_alpha2(code: &str) -> Option<Country> {
        let &[first, second] = code.as_bytes() else {
            return None;
        };
        let upper = [first.to_ascii_uppercase(), second.to_ascii_uppercase()];
        let row = COUNTRIES
            .binary_search_by(|(alpha2, _, _)| alpha2.as_bytes().cmp(&upper[..]))
            .ok()?;
        Some(Country { row: row as u16 })
    }

    /// ISO 3166-1 alpha-2, upper case.
    pub fn as_str(self) -> &'static str {
        COUNTRIES[usize::from(self.row)].0
    }

    /// ISO 3166-1 alpha-3, upper case.
    pub fn alpha3(self) -> &'static str {
        COUNTRIES[usize::from(self.row)].1
    }

    /// The usual English short name.
    pub fn name(self) -> &'static str {
        COUNTRIES[usize::from(self.row)].2
    }

    /// Every country, by alpha-2.
    pub fn all() -> impl ExactSizeIterator<Item = Country> {
        (0..COUNTRIES.len()).map(|row| Country { row: row as u16 })
    }
}

/// A part of a country as ISO 3166-2 lists it, for the countries whose leads are routed by it: AT, AU, BR, CA, CH,
/// DE, ES, FR, GB, IN, IT, MX, NL, US.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region {
    /// Index into `REGIONS`, which is sorted by code.
    row: u16,
}

impl Region {
    /// From the code with or without its country (`US-CA`, `CA`), or a name in English or the country's language
    /// (`Bayern`, `Bavaria`). None also where the country's regions are not listed.
    pub fn parse(country: Country, text: &str) -> Option<Region> {
        let trimmed = text.trim();
        let code = match trimmed.split_once('-') {
            Some((prefix, code)) if prefix.eq_ignore_ascii_case(country.as_str()) => code,
            _ => trimmed,
        };
        if let Some(region) = Region::from_parts(country.as_str(), code) {
            return Some(region);
        }
        let key = lookup_key(trimmed);
        // The code once more, for what was written with dots: "N.Y.".
        if let Some(region) = Region::from_parts(country.as_str(), &key) {
            return Some(region);
        }
        let found = REGION_NAMES
            .binary_search_by(|(alpha2, name, _)| {
                (*alpha2, name.as_str()).cmp(&(country.as_str(), &key))
            })
            .ok()?;
        Some(Region {
            row: REGION_NAMES[found].2,
        })
    }

    /// From the whole ISO 3166-2 code (`DE-BY`), in any case.
    pub fn from_code(code: &str) -> Option<Region> {
        let (country, part) = code.split_once('-')?;
        Region::from_parts(country, part)
    }

    fn from_parts(country: &str, part: &str) -> Option<Region> {
        if country.len() != 2
            || part.is_empty()
            || part.len() > 3
            || !country.is_ascii()
            || !part.is_ascii()
        {
            return None;
        }
        let wanted = country
            .bytes()
            .chain([b'-'])
            .chain(part.bytes())
            .map(|byte| byte.to_ascii_uppercase());
        let row = REGIONS
            .binary_search_by(|(code, _)| code.bytes().cmp(wanted.clone()))
            .ok()?;
        Some(Region { row: row as u16 })
    }

    /// ISO 3166-2, such as `US-CA`.
    pub fn as_str(self) -> &'static str {
        REGIONS[usize::from(self.row)].0
    }

    /// The name: English where there is an English one in everyday use, the country's own otherwise.
    pub fn name(self) -> &'static str {
        REGIONS[usize::from(self.row)].1
    }

    /// The country it is a part of.
    pub fn country(self) -> Option<Country> {
        Country::from_alpha2(&self.as_str()[..2])
    }

    /// Every region, by code.
    pub fn all() -> impl ExactSizeIterator<Item = Region> {
        (0..REGIONS.len()).map(|row| Region { row: row as u16 })
    }
}

/// Names and alpha-3 codes as [`lookup_key`] leaves them, sorted.
static COUNTRY_NAMES: LazyLock<Vec<(String, u16)>> = LazyLock::new(|| {
    let mut names = Vec::with_capacity(COUNTRIES.len() * 2 + COUNTRY_ALIASES.len());
    for (row, (_, alpha3, name)) in (0u16..).zip(COUNTRIES) {
        names.push((lookup_key(alpha3), row));
        names.push((lookup_key(name), row));
    }
    for (alias, alpha2) in COUNTRY_ALIASES {
        if let Some(country) = Country::from_alpha2(alpha2) {
            names.push((lookup_key(alias), country.row));
        }
    }
    names.sort_unstable();
    names.dedup();
    names
});

/// Country, name as [`lookup_key`] leaves it, row; sorted.
static REGION_NAMES: LazyLock<Vec<(&'static str, String, u16)>> = LazyLock::new(|| {
    let mut names = Vec::with_capacity(REGIONS.len() + REGION_ALIASES.len());
    for (row, (code, name)) in (0u16..).zip(REGIONS) {
        names.push((&code[..2], lookup_key(name), row));
    }
    for (alias, code) in REGION_ALIASES {
        if let Some(region) = Region::from_code(code) {
            names.push((&code[..2], lookup_key(alias), region.row));
        }
    }
    names.sort_unstable();
    names.dedup();
    names
});

/// Folded letters and digits only, without a leading "the".
fn lookup_key(text: &str) -> String {
    let mut key = String::with_capacity(text.len());
    for word in fold(text).split_whitespace() {
        if key.is_empty() && word == "the" {
            continue;
        }
        key.extend(word.chars().filter(|c| c.is_alphanumeric()));
    }
    key
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Country({})", self.as_str())
    }
}

impl std::str::FromStr for Country {
    type Err = UnknownCountry;

    fn from_str(text: &str) -> Result<Country, UnknownCountry> {
        Country::parse(text)
    }
}

impl Serialize for Country {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Country {
    /// Alpha-2 only: what we stored, and what a configuration should say.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Country, D::Error> {
        let text = String::deserialize(deserializer)?;
        Country::from_alpha2(&text)
            .ok_or_else(|| serde::de::Error::custom("expected an ISO 3166-1 alpha-2 country code"))
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Region({})", self.as_str())
    }
}

impl Serialize for Region {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Region {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Region, D::Error> {
        let text = String::deserialize(deserializer)?;
        Region::from_code(&text).ok_or_else(|| {
            serde::de::Error::custom("expected an ISO 3166-2 code of a listed country")
        })
    }
}
