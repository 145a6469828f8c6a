//! What the queue before `files` says: a store's notice that a file has come, or a message of ours that one goes on.

use domain::id::BatchId;
use queue::Message;
use serde::Deserialize;

/// In front of the id of an upload in the name of its object.
const FOLDER: &str = "uploads/";

/// What one message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// These files are there, or go on.
    Uploads(Vec<BatchId>),
    /// Nothing that anything follows from: the store tried whether the queue takes its notices, or something else was put there.
    Nothing,
}

/// The name of the object that a file is.
pub fn object_key(upload: BatchId) -> String {
    format!("{FOLDER}{upload}")
}

/// A notice of S3, as far as it matters here: "Event message structure" in the user guide of Amazon S3.
#[derive(Deserialize)]
struct StoreNotice {
    #[serde(rename = "Records", default)]
    records: Vec<StoreRecord>,
    /// `s3:TestEvent`, which S3 sends when it is told of the queue.
    #[serde(rename = "Event", default)]
    event: Option<String>,
}

#[derive(Deserialize)]
struct StoreRecord {
    s3: Entity,
}

#[derive(Deserialize)]
struct Entity {
    object: Object,
}

#[derive(Deserialize)]
struct Object {
    /// Percent-encoded, with `+` for blanks. Names of ours have neither.
    key: String,
}

impl Notice {
    /// Reads one message.
    ///
    /// # Errors
    /// What is neither; says nothing of its content.
    pub fn read(body: &str) -> Result<Self, &'static str> {
        if let Ok(Message::File { upload }) = serde_json::from_str(body) {
            return Ok(Notice::Uploads(vec![upload]));
        }
        let notice: StoreNotice = serde_json::from_str(body)
            .map_err(|_| "it is neither a notice of the store nor a message of this function")?;
        if notice.records.is_empty() && notice.event.as_deref() != Some("s3:TestEvent") {
            return Err("it names no file");
        }
        let uploads: Vec<BatchId> = notice
            .records
            .iter()
            .map(|record| record.s3.object.key.replace("%2F", "/"))
            .filter_map(|key| key.strip_prefix(FOLDER)?.parse().ok())
            .collect();
        Ok(if uploads.is_empty() {
            Notice::Nothing
        } else {
            Notice::Uploads(uploads)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTICE: &str = include_str!("../../../events/s3-object-created.json");

    #[test]
    fn a_notice_of_the_store_names_the_upload_and_other_objects_mean_nothing() {
        let id: BatchId = "bat_2r74exjsb8g6nrxkxt7pjkbabw".parse().unwrap();
        assert_eq!(Notice::read(NOTICE), Ok(Notice::Uploads(vec![id])));
        let encoded = NOTICE.replace("uploads/bat_", "uploads%2Fbat_");
        assert_eq!(Notice::read(&encoded), Ok(Notice::Uploads(vec![id])));
        let other = NOTICE.replace("uploads/bat_", "pictures/bat_");
        assert_eq!(Notice::read(&other), Ok(Notice::Nothing));
        assert_eq!(object_key(id), "uploads/bat_2r74exjsb8g6nrxkxt7pjkbabw");
        let ours = serde_json::to_string(&Message::File { upload: id }).unwrap();
        assert_eq!(Notice::read(&ours), Ok(Notice::Uploads(vec![id])));
    }

    #[test]
    fn the_stores_own_trial_is_taken_and_what_is_no_notice_is_not() {
        let trial = r#"{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"b"}"#;
        assert_eq!(Notice::read(trial), Ok(Notice::Nothing));
        for body in ["", "{}", "[]", "{\"Records\":[]}", "{\"Records\":[{}]}"] {
            assert!(Notice::read(body).is_err(), "{body}");
        }
    }
}
