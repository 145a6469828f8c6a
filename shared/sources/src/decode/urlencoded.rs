//! `application/x-www-form-urlencoded`, as the URL standard parses it, in the charset that the sender names.

use super::charset::{self, Charset};
use super::dotted;
use crate::answers::Answers;
use crate::refusal::Unparseable;

/// Reads every name and value. A percent sign that escapes nothing stays as it is.
pub(super) fn read(
    body: &[u8],
    charset: Charset,
    answers: &mut Answers,
) -> Result<(), Unparseable> {
    // A text file posted as a form ends in a line break that belongs to no value: browsers escape theirs.
    let body = body.trim_ascii();
    for (index, piece) in body
        .split(|byte| *byte == b'&')
        .filter(|piece| !piece.is_empty())
        .enumerate()
    {
        let (name, value) = match piece.iter().position(|byte| *byte == b'=') {
            Some(at) => (&piece[..at], &piece[at + 1..]),
            None => (piece, &[][..]),
        };
        let place = || format!("field {}", index + 1);
        let name = charset::text(&unescape(name), charset, &place())?;
        let value = charset::text(&unescape(value), charset, &place())?;
        answers.plain(&dotted(&name), value)?;
    }
    Ok(())
}

fn unescape(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'+' => plain.push(b' '),
            b'%' => match (hex_digit(after.first()), hex_digit(after.get(1))) {
                (Some(high), Some(low)) => {
                    plain.push(high * 16 + low);
                    rest = &after[2..];
                }
                _ => plain.push(b'%'),
            },
            other => plain.push(*other),
        }
    }
    plain
}

fn hex_digit(byte: Option<&u8>) -> Option<u8> {
    let digit = char::from(*byte?).to_digit(16)?;
    u8::try_from(digit).ok()
}
