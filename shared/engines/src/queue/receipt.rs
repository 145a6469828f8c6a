//! Receipt handles that need no memory: everything to check one is inside it, so a deleted message leaves nothing
//! behind.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::record::{QueueId, Sequence};

const BYTES: usize = 36;

/// What a receipt handle says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Receipt {
    pub(super) queue: QueueId,
    pub(super) sequence: Sequence,
    /// Which opening of the engine gave it out.
    pub(super) opening: u64,
    /// Counts the receives of that opening, from 1.
    pub(super) ordinal: u64,
    /// The low half-word of the message id; guards against a handle of another engine's message.
    pub(super) tag: u32,
}

impl Receipt {
    pub(super) fn to_handle(self) -> String {
        let mut bytes = Vec::with_capacity(BYTES);
        bytes.extend_from_slice(&self.queue.to_le_bytes());
        bytes.extend_from_slice(&self.sequence.to_le_bytes());
        bytes.extend_from_slice(&self.opening.to_le_bytes());
        bytes.extend_from_slice(&self.ordinal.to_le_bytes());
        bytes.extend_from_slice(&self.tag.to_le_bytes());
        let checksum = crc32fast::hash(&bytes);
        bytes.extend_from_slice(&checksum.to_le_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a handle; `None` when this engine cannot have given it out.
    pub(super) fn from_handle(handle: &str) -> Option<Receipt> {
        let bytes: [u8; BYTES] = URL_SAFE_NO_PAD.decode(handle).ok()?.try_into().ok()?;
        let (queue, rest) = bytes.split_first_chunk()?;
        let (sequence, rest) = rest.split_first_chunk()?;
        let (opening, rest) = rest.split_first_chunk()?;
        let (ordinal, rest) = rest.split_first_chunk()?;
        let (tag, rest) = rest.split_first_chunk()?;
        let (checksum, _) = rest.split_first_chunk()?;
        if crc32fast::hash(&bytes[..BYTES - 4]) != u32::from_le_bytes(*checksum) {
            return None;
        }
        Some(Receipt {
            queue: QueueId::from_le_bytes(*queue),
            sequence: Sequence::from_le_bytes(*sequence),
            opening: u64::from_le_bytes(*opening),
            ordinal: u64::from_le_bytes(*ordinal),
            tag: u32::from_le_bytes(*tag),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Receipt;

    #[test]
    fn a_handle_reads_back_and_any_changed_letter_makes_it_invalid() {
        let receipt = Receipt {
            queue: 3,
            sequence: 1 << 40,
            opening: u64::MAX - 1,
            ordinal: 77,
            tag: 0xdead_beef,
        };
        let handle = receipt.to_handle();
        assert_eq!(Receipt::from_handle(&handle), Some(receipt));
        for position in 0..handle.len() {
            let mut letters = handle.clone().into_bytes();
            letters[position] = if letters[position] == b'A' {
                b'B'
            } else {
                b'A'
            };
            let changed = String::from_utf8(letters).unwrap();
            assert_eq!(Receipt::from_handle(&changed), None, "letter {position}");
        }
        assert_eq!(Receipt::from_handle(""), None);
        assert_eq!(Receipt::from_handle("not a handle"), None);
    }
}
