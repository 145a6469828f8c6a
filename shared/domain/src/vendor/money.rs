//! Money: whole numbers of a currency's smallest unit, never floating point.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::config::Amount;

/// An amount in a currency.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Money {
    /// In the currency's smallest unit: cents of a dollar, yen, fils of a dinar.
    pub minor: i64,
    /// ISO 4217.
    pub currency: String,
}

/// What is wrong with an amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not digits, perhaps with a point.
    #[error("an amount is written with digits and at most one point, such as \"45.00\"")]
    Form,
    /// More decimals than the currency has.
    #[error("an amount in {currency} has at most {decimals} decimals")]
    Decimals {
        /// The currency.
        currency: String,
        /// Its decimals.
        decimals: usize,
    },
    /// Below zero, or more than anybody pays for a lead.
    #[error("a price lies between 0 and 1,000,000")]
    Range,
}

/// Highest price, in whole units of a currency.
const MAX_UNITS: i64 = 1_000_000;

/// The currencies and funds codes of ISO 4217, list one as of 2026, without metals, test codes and units of account.
#[rustfmt::skip]
pub const CURRENCIES: [&str; 164] = [
    "AED", "AFN", "ALL", "AMD", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BHD",
    "BIF", "BMD", "BND", "BOB", "BOV", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF",
    "CHE", "CHF", "CHW", "CLF", "CLP", "CNY", "COP", "COU", "CRC", "CUP", "CVE", "CZK", "DJF",
    "DKK", "DOP", "DZD", "EGP", "ERN", "ETB", "EUR", "FJD", "FKP", "GBP", "GEL", "GHS", "GIP",
    "GMD", "GNF", "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF", "IDR", "ILS", "INR", "IQD", "IRR",
    "ISK", "JMD", "JOD", "JPY", "KES", "KGS", "KHR", "KMF", "KPW", "KRW", "KWD", "KYD", "KZT",
    "LAK", "LBP", "LKR", "LRD", "LSL", "LYD", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP",
    "MRU", "MUR", "MVR", "MWK", "MXN", "MXV", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR",
    "NZD", "OMR", "PAB", "PEN", "PGK", "PHP", "PKR", "PLN", "PYG", "QAR", "RON", "RSD", "RUB",
    "RWF", "SAR", "SBD", "SCR", "SDG", "SEK", "SGD", "SHP", "SLE", "SOS", "SRD", "SSP", "STN",
    "SVC", "SYP", "SZL", "THB", "TJS", "TMT", "TND", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH",
    "UGX", "USD", "USN", "UYI", "UYU", "UYW", "UZS", "VED", "VES", "VND", "VUV", "WST", "XAF",
    "XCD", "XCG", "XOF", "XPF", "YER", "ZAR", "ZMW", "ZWG",
];

/// Decimals of a currency, as ISO 4217 has them; 2 for those that are not listed here.
pub fn decimals(currency: &str) -> usize {
    match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX"
        | "UYI" | "VND" | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        "CLF" | "UYW" => 4,
        _ => 2,
    }
}

/// Whether a text has the form of a code of ISO 4217.
pub fn is_currency(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

impl Money {
    /// Reads an amount as the configuration has it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(amount: &Amount, currency: &str) -> Result<Self, MoneyError> {
        let scale = 10i64.pow(u32::try_from(decimals(currency)).unwrap_or(2));
        let minor = match amount {
            Amount::Minor(minor) => *minor,
            Amount::Decimal(text) => minor_of(text.trim(), currency, scale)?,
        };
        if !(0..=MAX_UNITS * scale).contains(&minor) {
            return Err(MoneyError::Range);
        }
        Ok(Self {
            minor,
            currency: currency.to_owned(),
        })
    }

    /// The amount without its currency, with a point: `45.00`.
    pub fn decimal(&self) -> String {
        let decimals = decimals(&self.currency);
        let digits = self.minor.unsigned_abs().to_string();
        let digits = format!("{digits:0>width$}", width = decimals + 1);
        let (whole, part) = digits.split_at(digits.len() - decimals);
        let sign = if self.minor < 0 { "-" } else { "" };
        if part.is_empty() {
            format!("{sign}{whole}")
        } else {
            format!("{sign}{whole}.{part}")
        }
    }
}

fn minor_of(text: &str, currency: &str, scale: i64) -> Result<i64, MoneyError> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty()
        || !is_digits(whole)
        || !is_digits(part)
        || (text.contains('.') && part.is_empty())
    {
        return Err(MoneyError::Form);
    }
    let decimals = decimals(currency);
    if part.len() > decimals {
        return Err(MoneyError::Decimals {
            currency: currency.to_owned(),
            decimals,
        });
    }
    let whole: i64 = whole.parse().map_err(|_| MoneyError::Range)?;
    let part: i64 = format!("{part:0<decimals$}").parse().unwrap_or(0);
    whole
        .checked_mul(scale)
        .and_then(|whole| whole.checked_add(part))
        .ok_or(MoneyError::Range)
}

impl fmt::Display for Money {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.decimal(), self.currency)
    }
}
