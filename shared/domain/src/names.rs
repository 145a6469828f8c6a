//! Names of people and companies: tidied for storing, and folded for comparing.

mod company;
mod person;
#[cfg(test)]
mod tests;

use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};

pub use company::{company_domain_from_url, normalise_company};
pub use person::{normalise_name, split_full_name};

/// The text for comparing: lower case, Latin, Greek and Cyrillic letters without their marks, ligatures and the
/// letters that Unicode does not decompose (ß, ø, ł, …) spelled out. Other scripts only composed (NFC). Idempotent.
pub(crate) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut folded = String::with_capacity(text.len());
    let mut only_ascii = true;
    for c in DecomposingNormalizerBorrowed::new_nfd().normalize_iter(text.chars()) {
        // The combining diacritical marks; marks of other scripts carry meaning and stay.
        if matches!(c, '\u{0300}'..='\u{036F}') {
            continue;
        }
        for lower in c.to_lowercase() {
            match lower {
                '\u{0300}'..='\u{036F}' => {}
                'ß' => folded.push_str("ss"),
                'æ' => folded.push_str("ae"),
                'œ' => folded.push_str("oe"),
                'þ' => folded.push_str("th"),
                'ø' => folded.push('o'),
                'đ' | 'ð' => folded.push('d'),
                'ł' => folded.push('l'),
                'ħ' => folded.push('h'),
                'ı' => folded.push('i'),
                'ŋ' => folded.push('n'),
                'ŧ' => folded.push('t'),
                'ς' => folded.push('σ'),
                // Typographic apostrophes, of which every keyboard has another.
                '’' | '‘' | 'ʼ' | 'ʻ' | '´' => folded.push('\''),
                _ => {
                    only_ascii &= lower.is_ascii();
                    folded.push(lower);
                }
            }
        }
    }
    if only_ascii {
        return folded;
    }
    composed(&folded)
}

/// Unicode NFC, by the tables that come with the URL parser anyway.
fn composed(text: &str) -> String {
    ComposingNormalizerBorrowed::new_nfc()
        .normalize(text)
        .into_owned()
}
