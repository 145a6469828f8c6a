//! What the journal says, and how one record looks in bytes.
//!
//! A frame is `marker (4) · payload length (4) · CRC-32 (4) · payload`, all numbers little-endian.
//! The CRC covers length and payload, so that a run of zeros is never a record.
//! The marker lets a reader find the next record behind a damaged one.
//! Every record states a result ("is in queue 3", "was received 2 times"), never a change: reading one twice, or
//! reading records whose effect a compacted file already holds, ends in the same state.

use std::sync::Arc;

/// Identifies one message for the life of a journal; never given twice.
pub(super) type Sequence = u64;
/// Identifies one queue for the life of a journal; never given twice. Zero means "none".
pub(super) type QueueId = u32;

pub(super) const FRAME_MARKER: [u8; 4] = [0x9e, b'L', b'Q', 0xf1];
pub(super) const FRAME_HEADER_BYTES: usize = 12;
/// Above any record written: a body and its attributes are at most 1 MiB together, as JSON text at most about twice
/// that, and lists are cut at [`LIST_LIMIT`] entries.
/// It also keeps a message from forging a record: text can hold the marker's bytes only if the three bytes after it
/// continue a UTF-8 letter, which reads as a length of 0x808080 (8.4 MB) or more.
pub(super) const MAX_PAYLOAD_BYTES: usize = 4 * 1024 * 1024;
/// The most entries in one list record.
pub(super) const LIST_LIMIT: usize = 10_000;

/// The part of a message that never changes.
#[derive(Debug, PartialEq)]
pub(super) struct Stored {
    /// 128 random-looking bits, shown as a UUID.
    pub(super) message_id: u128,
    /// Milliseconds since the Unix epoch, shown to receivers.
    pub(super) sent_ms: u64,
    pub(super) body: String,
    /// What else the sender gave, as JSON; empty when nothing.
    pub(super) extras: String,
}

/// A message and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct MessageRecord {
    pub(super) queue: QueueId,
    pub(super) sequence: Sequence,
    /// The queue whose redrive policy brought it here; zero for none.
    pub(super) source: QueueId,
    pub(super) receive_count: u32,
    /// Wall-clock milliseconds before which it is delayed; zero for not delayed.
    pub(super) deliver_at_ms: u64,
    pub(super) stored: Arc<Stored>,
}

/// A queue and its attributes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct QueueRecord {
    pub(super) id: QueueId,
    pub(super) created_ms: u64,
    pub(super) modified_ms: u64,
    pub(super) name: String,
    /// The attributes that were set, as a JSON object of strings.
    pub(super) attributes: String,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Record {
    /// The numbers given out so far; first in every compacted file, because the messages that had them may be gone.
    Counters {
        next_sequence: Sequence,
        next_queue: QueueId,
    },
    Queue(QueueRecord),
    QueueGone {
        id: QueueId,
    },
    Message(MessageRecord),
    Deleted {
        sequences: Vec<Sequence>,
    },
    /// Now in `queue`, with a receive count of zero.
    Moved {
        sequence: Sequence,
        queue: QueueId,
        source: QueueId,
    },
    /// How often each message has been received.
    Received {
        counts: Vec<(Sequence, u32)>,
    },
}

impl Record {
    /// Appends the record as one frame.
    pub(super) fn append_to(&self, buffer: &mut Vec<u8>) {
        let start = buffer.len();
        buffer.extend_from_slice(&FRAME_MARKER);
        buffer.extend_from_slice(&[0; 8]);
        self.append_payload(buffer);
        let payload_start = start + FRAME_HEADER_BYTES;
        // A payload is below MAX_PAYLOAD_BYTES, so its length fits.
        let length = (buffer.len() - payload_start) as u32;
        let checksum = checksum_of(length, &buffer[payload_start..]);
        buffer[start + 4..start + 8].copy_from_slice(&length.to_le_bytes());
        buffer[start + 8..payload_start].copy_from_slice(&checksum.to_le_bytes());
    }

    fn append_payload(&self, buffer: &mut Vec<u8>) {
        match self {
            Record::Counters {
                next_sequence,
                next_queue,
            } => {
                buffer.push(1);
                buffer.extend_from_slice(&next_sequence.to_le_bytes());
                buffer.extend_from_slice(&next_queue.to_le_bytes());
            }
            Record::Queue(queue) => {
                buffer.push(2);
                buffer.extend_from_slice(&queue.id.to_le_bytes());
                buffer.extend_from_slice(&queue.created_ms.to_le_bytes());
                buffer.extend_from_slice(&queue.modified_ms.to_le_bytes());
                append_text(buffer, &queue.name);
                append_text(buffer, &queue.attributes);
            }
            Record::QueueGone { id } => {
                buffer.push(3);
                buffer.extend_from_slice(&id.to_le_bytes());
            }
            Record::Message(message) => {
                buffer.push(4);
                buffer.extend_from_slice(&message.queue.to_le_bytes());
                buffer.extend_from_slice(&message.sequence.to_le_bytes());
                buffer.extend_from_slice(&message.source.to_le_bytes());
                buffer.extend_from_slice(&message.receive_count.to_le_bytes());
                buffer.extend_from_slice(&message.deliver_at_ms.to_le_bytes());
                buffer.extend_from_slice(&message.stored.message_id.to_le_bytes());
                buffer.extend_from_slice(&message.stored.sent_ms.to_le_bytes());
                append_text(buffer, &message.stored.body);
                append_text(buffer, &message.stored.extras);
            }
            Record::Deleted { sequences } => {
                buffer.push(5);
                for sequence in sequences {
                    buffer.extend_from_slice(&sequence.to_le_bytes());
                }
            }
            Record::Moved {
                sequence,
                queue,
                source,
            } => {
                buffer.push(6);
                buffer.extend_from_slice(&sequence.to_le_bytes());
                buffer.extend_from_slice(&queue.to_le_bytes());
                buffer.extend_from_slice(&source.to_le_bytes());
            }
            Record::Received { counts } => {
                buffer.push(7);
                for (sequence, count) in counts {
                    buffer.extend_from_slice(&sequence.to_le_bytes());
                    buffer.extend_from_slice(&count.to_le_bytes());
                }
            }
        }
    }

    /// Reads a payload back; `None` when it is not one.
    fn from_payload(payload: &[u8]) -> Option<Record> {
        let mut fields = Fields(payload);
        let record = match fields.array::<1>()?[0] {
            1 => Record::Counters {
                next_sequence: fields.u64()?,
                next_queue: fields.u32()?,
            },
            2 => Record::Queue(QueueRecord {
                id: fields.u32()?,
                created_ms: fields.u64()?,
                modified_ms: fields.u64()?,
                name: fields.text()?,
                attributes: fields.text()?,
            }),
            3 => Record::QueueGone { id: fields.u32()? },
            4 => {
                let (queue, sequence, source) = (fields.u32()?, fields.u64()?, fields.u32()?);
                let (receive_count, deliver_at_ms) = (fields.u32()?, fields.u64()?);
                let stored = Stored {
                    message_id: u128::from_le_bytes(fields.array()?),
                    sent_ms: fields.u64()?,
                    body: fields.text()?,
                    extras: fields.text()?,
                };
                let stored = Arc::new(stored);
                Record::Message(MessageRecord {
                    queue,
                    sequence,
                    source,
                    receive_count,
                    deliver_at_ms,
                    stored,
                })
            }
            5 => {
                let mut sequences = Vec::with_capacity(fields.0.len() / 8);
                while !fields.0.is_empty() {
                    sequences.push(fields.u64()?);
                }
                Record::Deleted { sequences }
            }
            6 => Record::Moved {
                sequence: fields.u64()?,
                queue: fields.u32()?,
                source: fields.u32()?,
            },
            7 => {
                let mut counts = Vec::with_capacity(fields.0.len() / 12);
                while !fields.0.is_empty() {
                    counts.push((fields.u64()?, fields.u32()?));
                }
                Record::Received { counts }
            }
            _ => return None,
        };
        fields.0.is_empty().then_some(record)
    }
}

/// The record whose frame starts at the beginning of `bytes`, and the length of that frame.
pub(super) fn read_frame(bytes: &[u8]) -> Option<(Record, usize)> {
    let mut fields = Fields(bytes);
    if fields.array::<4>()? != FRAME_MARKER {
        return None;
    }
    let length = fields.u32()?;
    let checksum = fields.u32()?;
    let payload_length = usize::try_from(length)
        .ok()
        .filter(|bytes| *bytes <= MAX_PAYLOAD_BYTES)?;
    let payload = fields.0.get(..payload_length)?;
    if checksum != checksum_of(length, payload) {
        return None;
    }
    Some((
        Record::from_payload(payload)?,
        FRAME_HEADER_BYTES + payload_length,
    ))
}

fn checksum_of(length: u32, payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&length.to_le_bytes());
    hasher.update(payload);
    hasher.finalize()
}

fn append_text(buffer: &mut Vec<u8>, text: &str) {
    // Bounded by the message size limit, far below u32.
    buffer.extend_from_slice(&(text.len() as u32).to_le_bytes());
    buffer.extend_from_slice(text.as_bytes());
}

struct Fields<'bytes>(&'bytes [u8]);

impl Fields<'_> {
    fn array<const LENGTH: usize>(&mut self) -> Option<[u8; LENGTH]> {
        let (field, rest) = self.0.split_first_chunk::<LENGTH>()?;
        self.0 = rest;
        Some(*field)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn text(&mut self) -> Option<String> {
        let length = usize::try_from(self.u32()?).ok()?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        String::from_utf8(text.to_vec()).ok()
    }
}
