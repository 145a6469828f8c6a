//! `multipart/form-data` (RFC 7578) in memory. Files are not kept: only that there was one.

use super::charset::{self, Charset};
use super::{dotted, header};
use crate::answers::{Answers, FILE_DROPPED};
use crate::refusal::Unparseable;

/// RFC 2046, 5.1.1.
const MAX_BOUNDARY_BYTES: usize = 70;

/// Reads the fields of a body whose parts `boundary` separates.
pub(super) fn read(
    body: &[u8],
    boundary: &str,
    charset: Charset,
    answers: &mut Answers,
) -> Result<(), Unparseable> {
    if boundary.is_empty() || boundary.len() > MAX_BOUNDARY_BYTES {
        return Err(Unparseable::Boundary);
    }
    let delimiter = [b"--", boundary.as_bytes()].concat();
    let mut number = 1;
    let Some(mut next) = find_delimiter(body, 0, &delimiter) else {
        return Err(Unparseable::Multipart {
            part: number,
            what: "does not start with the boundary that the content type names",
        });
    };
    while let Delimiter {
        part_starts_at: Some(start),
        ..
    } = next
    {
        let Some(end) = find_delimiter(body, start, &delimiter) else {
            return Err(Unparseable::Multipart {
                part: number,
                what: "does not end; send the whole body",
            });
        };
        read_part(
            &body[start..end.part_ended_at.max(start)],
            number,
            charset,
            answers,
        )?;
        number += 1;
        next = end;
    }
    Ok(())
}

/// The boundary of a body that looks like multipart, from its first line.
pub(super) fn boundary_of(body: &[u8]) -> Option<String> {
    let line = body
        .strip_prefix(b"--")?
        .split(|byte| *byte == b'\n')
        .next()?
        .trim_ascii_end();
    let usable = !line.is_empty()
        && line.len() <= MAX_BOUNDARY_BYTES
        && line.iter().all(u8::is_ascii_graphic);
    let after = &body[line.len() + 2..];
    let has_field = after
        .windows(9)
        .take(1_000)
        .any(|window| window.eq_ignore_ascii_case(b"form-data"));
    (usable && has_field).then(|| String::from_utf8_lossy(line).into_owned())
}

/// A line that separates two parts.
struct Delimiter {
    /// Where the part before it ended, without the line break that belongs to the delimiter.
    part_ended_at: usize,
    /// Where the next part starts; none after the last delimiter.
    part_starts_at: Option<usize>,
}

/// The first delimiter line at or after `from`, which must be the start of a line.
fn find_delimiter(body: &[u8], from: usize, delimiter: &[u8]) -> Option<Delimiter> {
    let mut line_start = from;
    while line_start <= body.len() {
        let line_end = body[line_start..]
            .iter()
            .position(|byte| *byte == b'\n')
            .map(|length| line_start + length);
        let line = &body[line_start..line_end.unwrap_or(body.len())];
        if let Some(after) = line.strip_prefix(delimiter) {
            let before = &body[..line_start];
            let before = before
                .strip_suffix(b"\n")
                .map_or(before, |cut| cut.strip_suffix(b"\r").unwrap_or(cut));
            if after.starts_with(b"--") {
                return Some(Delimiter {
                    part_ended_at: before.len(),
                    part_starts_at: None,
                });
            }
            // Anything but white space makes it a line of the content that only starts like the boundary.
            if after.trim_ascii().is_empty()
                && let Some(line_end) = line_end
            {
                return Some(Delimiter {
                    part_ended_at: before.len(),
                    part_starts_at: Some(line_end + 1),
                });
            }
        }
        line_start = line_end? + 1;
    }
    None
}

fn read_part(
    part: &[u8],
    number: usize,
    charset: Charset,
    answers: &mut Answers,
) -> Result<(), Unparseable> {
    let mut disposition = None;
    let mut part_charset = charset;
    let mut rest = part;
    loop {
        let Some(line_end) = rest.iter().position(|byte| *byte == b'\n') else {
            return Err(Unparseable::Multipart {
                part: number,
                what: "has no blank line after its headers",
            });
        };
        let line = rest[..line_end].trim_ascii_end();
        rest = &rest[line_end + 1..];
        if line.is_empty() {
            break;
        }
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            return Err(Unparseable::Multipart {
                part: number,
                what: "has a header without a colon",
            });
        };
        let (name, value) = (line[..colon].trim_ascii(), &line[colon + 1..]);
        if name.eq_ignore_ascii_case(b"content-disposition") {
            disposition = Some(header::read(value).1);
        } else if name.eq_ignore_ascii_case(b"content-type") {
            if let Some(label) = header::read(value).1.get("charset") {
                part_charset = Charset::named(label).ok_or(Unparseable::Multipart {
                    part: number,
                    what: "names a charset that is not read here; send UTF-8",
                })?;
            }
        } else if name.eq_ignore_ascii_case(b"content-transfer-encoding") {
            // RFC 7578, 4.7 has withdrawn these for forms; passing the encoded text on would store rubbish.
            let encoding = header::read(value).0;
            if !matches!(encoding.as_str(), "7bit" | "8bit" | "binary") {
                return Err(Unparseable::Multipart {
                    part: number,
                    what: "has a transfer encoding; send its content as it is",
                });
            }
        }
    }
    let Some(disposition) = disposition else {
        return Err(Unparseable::Multipart {
            part: number,
            what: "has no content disposition",
        });
    };
    let Some(name) = disposition.get("name") else {
        return Err(Unparseable::Multipart {
            part: number,
            what: "has no name",
        });
    };
    let name = dotted(&unescape_name(name));
    if let Some(file) = disposition
        .get("filename")
        .or_else(|| disposition.get("filename*"))
    {
        // A browser sends an input for files without a file as an empty part with an empty file name.
        return if file.is_empty() && rest.is_empty() {
            Ok(())
        } else {
            answers.plain(&name, FILE_DROPPED)
        };
    }
    let value = charset::text(rest, part_charset, &format!("part {number}"))?;
    answers.plain(&name, value)
}

/// The HTML standard has browsers escape these three in names, and nothing else.
fn unescape_name(name: &str) -> String {
    name.replace("%22", "\"")
        .replace("%0D", "\r")
        .replace("%0A", "\n")
}
