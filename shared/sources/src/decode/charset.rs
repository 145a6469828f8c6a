//! Bytes to text.

use crate::refusal::Unparseable;

/// The charsets that forms still send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Charset {
    Utf8,
    /// Also what `iso-8859-1` means on the web, as the WHATWG encoding standard says.
    Windows1252,
}

impl Charset {
    /// By its label, in any case.
    pub(super) fn named(label: &str) -> Option<Self> {
        match label.trim().to_ascii_lowercase().as_str() {
            "utf-8" | "utf8" | "us-ascii" | "ascii" => Some(Charset::Utf8),
            "iso-8859-1" | "iso8859-1" | "iso_8859-1" | "latin1" | "latin-1" | "windows-1252"
            | "cp1252" => Some(Charset::Windows1252),
            _ => None,
        }
    }
}

/// Without a byte order mark of UTF-8.
pub(super) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)
}

/// The text of `bytes`; `place` says in an error where they stand.
pub(super) fn text(bytes: &[u8], charset: Charset, place: &str) -> Result<String, Unparseable> {
    match charset {
        Charset::Utf8 => match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text.to_owned()),
            Err(error) => Err(Unparseable::Charset {
                place: place.to_owned(),
                offset: error.valid_up_to(),
            }),
        },
        Charset::Windows1252 => Ok(bytes.iter().map(|byte| windows_1252(*byte)).collect()),
    }
}

/// Every byte is a character: Latin 1, except for 0x80 to 0x9F (index-windows-1252 of the WHATWG encoding standard).
pub(crate) fn windows_1252(byte: u8) -> char {
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž',
        '\u{8f}', '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}',
        'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9F => HIGH[usize::from(byte - 0x80)],
        other => char::from(other),
    }
}
