//! Decisions, and other things said in their words, as bytes: JSON, compressed with LZ4 and a dictionary of what decisions
//! usually say, so that an item stays within the kilobyte that DynamoDB bills as one write unit.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Error;

/// First byte of what is written today: LZ4 block with [`DICTIONARY`], size before it.
const FORMAT: u8 = 1;

/// What compressed entries refer to. Part of the format: a change needs a new format byte.
const DICTIONARY: &[u8] = include_bytes!("codec/dictionary-1.txt");

/// Largest entry read back, uncompressed: many times what one item of 400 KB can hold in practice.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// Something as it is stored. `kind` names it in errors.
pub(crate) fn encode(
    kind: &'static str,
    value: &(impl Serialize + ?Sized),
) -> Result<Vec<u8>, Error> {
    let json = serde_json::to_vec(value).map_err(|_| Error::Corrupt {
        kind,
        problem: "it cannot be written as JSON",
    })?;
    let mut stored = vec![FORMAT];
    stored.extend_from_slice(&lz4_flex::block::compress_prepend_size_with_dict(
        &json, DICTIONARY,
    ));
    Ok(stored)
}

/// The text of a body as it was stored, for whoever looks at what a table holds; nothing if it is not one of ours.
pub fn readable(stored: &[u8]) -> Option<String> {
    decode::<serde_json::Value>("body", stored)
        .ok()
        .map(|value| value.to_string())
}

/// Something as it was stored.
pub(crate) fn decode<T: DeserializeOwned>(kind: &'static str, stored: &[u8]) -> Result<T, Error> {
    let corrupt = |problem| Error::Corrupt { kind, problem };
    let (format, compressed) = stored.split_first().ok_or(corrupt("it is empty"))?;
    if *format != FORMAT {
        return Err(corrupt("its format is unknown to this version"));
    }
    let size = compressed
        .first_chunk::<4>()
        .map(|bytes| u32::from_le_bytes(*bytes) as usize)
        .ok_or(corrupt("it is cut off"))?;
    if size > MAX_BYTES {
        return Err(corrupt("it claims to be larger than any entry"));
    }
    let json = lz4_flex::block::decompress_size_prepended_with_dict(compressed, DICTIONARY)
        .map_err(|_| corrupt("it cannot be decompressed"))?;
    serde_json::from_slice(&json).map_err(|_| corrupt("it is not what was to be stored"))
}

#[cfg(test)]
mod tests;
