//! Bytes to text, in pieces. Every byte gives something: what is no text in the encoding becomes [`NO_TEXT`], by which the
//! row that it stands in is known and refused.

use crate::decode::charset::windows_1252;

/// Stands for bytes that are no text in the encoding of the file: a character that Unicode keeps free for such uses, so
/// that `�`, which others have left in a text, stays what it is.
pub(super) const NO_TEXT: char = '\u{FDD0}';

/// How text is written as bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8.
    Utf8,
    /// UTF-16, low byte first: what spreadsheets call "Unicode text".
    Utf16Le,
    /// UTF-16, high byte first.
    Utf16Be,
    /// Windows-1252, of which Latin 1 is a part.
    Windows1252,
}

impl Encoding {
    /// By its label, in any case.
    pub fn named(label: &str) -> Option<Self> {
        match label.trim().to_ascii_lowercase().as_str() {
            "utf-8" | "utf8" | "us-ascii" | "ascii" => Some(Encoding::Utf8),
            "utf-16" | "utf-16le" | "utf16le" | "utf16" => Some(Encoding::Utf16Le),
            "utf-16be" | "utf16be" => Some(Encoding::Utf16Be),
            "windows-1252" | "cp1252" | "iso-8859-1" | "iso8859-1" | "iso_8859-1" | "latin1"
            | "latin-1" => Some(Encoding::Windows1252),
            _ => None,
        }
    }
}

/// As it is called in content types.
impl std::fmt::Display for Encoding {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Encoding::Utf8 => "UTF-8",
            Encoding::Utf16Le => "UTF-16LE",
            Encoding::Utf16Be => "UTF-16BE",
            Encoding::Windows1252 => "windows-1252",
        })
    }
}

/// Decodes a file in pieces.
pub(super) struct Decoder {
    declared: Option<Encoding>,
    encoding: Option<Encoding>,
    /// Bytes of a character that has not come whole, or of a file too short to tell its encoding.
    left: Vec<u8>,
    /// Half of a character of UTF-16 that takes two units.
    high: Option<u16>,
    /// Whether UTF-8 was declared, marked, or proved by a character of several bytes. Until then, bytes that are no UTF-8
    /// show that the file is in Windows-1252: what came before was ASCII, which is the same in both.
    is_utf8: bool,
}

impl Decoder {
    pub(super) fn new(declared: Option<Encoding>) -> Self {
        Self {
            declared,
            encoding: None,
            left: Vec::new(),
            high: None,
            is_utf8: declared == Some(Encoding::Utf8),
        }
    }

    /// What the file is read as, once that is known.
    pub(super) fn encoding(&self) -> Option<Encoding> {
        self.encoding
    }

    /// Appends what `piece` says to `text`.
    pub(super) fn decode(&mut self, piece: &[u8], text: &mut String) {
        let mut bytes = std::mem::take(&mut self.left);
        bytes.extend_from_slice(piece);
        if self.encoding.is_none() {
            // Enough for any mark, and for telling UTF-16 without one by its zeros.
            if bytes.len() < 4 {
                self.left = bytes;
                return;
            }
            self.begin(&mut bytes);
        }
        self.go_on(&bytes, text);
    }

    /// The end of the file.
    pub(super) fn finish(&mut self, text: &mut String) {
        let mut bytes = std::mem::take(&mut self.left);
        if self.encoding.is_none() {
            self.begin(&mut bytes);
            self.go_on(&bytes, text);
            bytes = std::mem::take(&mut self.left);
        }
        // Half a character: in an encoding where every byte is one, it is what it is.
        match self.encoding {
            Some(Encoding::Utf8) if !self.is_utf8 => {
                text.extend(bytes.iter().map(|byte| windows_1252(*byte)));
            }
            _ if !bytes.is_empty() || self.high.is_some() => {
                text.push(NO_TEXT);
            }
            _ => {}
        }
        self.high = None;
    }

    /// Finds the encoding, and takes the mark away. A mark is right whatever was declared: it is part of the file.
    fn begin(&mut self, bytes: &mut Vec<u8>) {
        let (encoding, mark) = match bytes.as_slice() {
            [0xEF, 0xBB, 0xBF, ..] => {
                self.is_utf8 = true;
                (Encoding::Utf8, 3)
            }
            [0xFF, 0xFE, ..] => (Encoding::Utf16Le, 2),
            [0xFE, 0xFF, ..] => (Encoding::Utf16Be, 2),
            _ => match (self.declared, bytes.as_slice()) {
                (Some(encoding), _) => (encoding, 0),
                // Names of columns and brackets begin with ASCII.
                (None, [first, 0, second, 0, ..]) if *first != 0 && *second != 0 => {
                    (Encoding::Utf16Le, 0)
                }
                (None, [0, first, 0, second, ..]) if *first != 0 && *second != 0 => {
                    (Encoding::Utf16Be, 0)
                }
                (None, _) => (Encoding::Utf8, 0),
            },
        };
        bytes.drain(..mark);
        self.encoding = Some(encoding);
    }

    fn go_on(&mut self, bytes: &[u8], text: &mut String) {
        match self.encoding {
            Some(Encoding::Utf16Le) => self.utf16(bytes, u16::from_le_bytes, text),
            Some(Encoding::Utf16Be) => self.utf16(bytes, u16::from_be_bytes, text),
            Some(Encoding::Windows1252) => {
                text.extend(bytes.iter().map(|byte| windows_1252(*byte)));
            }
            Some(Encoding::Utf8) | None => self.utf8(bytes, text),
        }
    }

    fn utf8(&mut self, bytes: &[u8], text: &mut String) {
        let mut rest = bytes;
        loop {
            match std::str::from_utf8(rest) {
                Ok(valid) => {
                    self.is_utf8 |= !valid.is_ascii();
                    text.push_str(valid);
                    return;
                }
                Err(error) => {
                    let (valid, after) = rest.split_at(error.valid_up_to());
                    // Never lossy: it was found valid.
                    let valid = String::from_utf8_lossy(valid);
                    self.is_utf8 |= !valid.is_ascii();
                    text.push_str(&valid);
                    match error.error_len() {
                        // The character goes on in the next piece.
                        None => {
                            self.left = after.to_vec();
                            return;
                        }
                        Some(_) if !self.is_utf8 => {
                            self.encoding = Some(Encoding::Windows1252);
                            text.extend(after.iter().map(|byte| windows_1252(*byte)));
                            return;
                        }
                        Some(length) => {
                            text.push(NO_TEXT);
                            rest = &after[length..];
                        }
                    }
                }
            }
        }
    }

    fn utf16(&mut self, bytes: &[u8], unit: fn([u8; 2]) -> u16, text: &mut String) {
        let (pairs, rest) = bytes.as_chunks::<2>();
        let units = self
            .high
            .take()
            .into_iter()
            .chain(pairs.iter().map(|pair| unit(*pair)));
        let mut decoded = char::decode_utf16(units).peekable();
        while let Some(character) = decoded.next() {
            match character {
                Ok(character) => text.push(character),
                Err(error)
                    if decoded.peek().is_none()
                        && (0xD800..0xDC00).contains(&error.unpaired_surrogate()) =>
                {
                    self.high = Some(error.unpaired_surrogate());
                }
                Err(_) => text.push(NO_TEXT),
            }
        }
        self.left = rest.to_vec();
    }
}
