//! `Idempotency-Key`: the same call under the same key is carried out once.

use domain::id::Pepper;
use jiff::Timestamp;
use lambda_http::Request;
use web::Problem;

use crate::problems::{self, table_failed};
use crate::{Api, path};

/// How long a used key is remembered, in seconds: a day.
pub(crate) const REMEMBERED_SECONDS: i64 = 86_400;

/// Longest key, in bytes.
const MAX_KEY: usize = 255;

/// A call that is carried out once.
pub(crate) struct Once {
    done: Option<Done>,
    /// Whether it was carried out before.
    pub(crate) is_done: bool,
}

struct Done {
    key: u128,
    content: u128,
}

impl Api {
    /// Looks up the key that `request` came under, if it has one, and takes it for this call.
    pub(crate) async fn once(
        &self,
        request: &Request,
        pepper: &Pepper,
        now: Timestamp,
    ) -> Result<Once, Problem> {
        let Some(given) = key(request)? else {
            return Ok(Once {
                done: None,
                is_done: false,
            });
        };
        let call = [
            request.method().as_str().as_bytes(),
            path(request).as_bytes(),
        ];
        let taken = pepper.hash(&[b"idempotency", b"api", call[0], call[1], given]);
        let done = pepper.hash(&[b"idempotency", b"api", call[0], call[1], given, b"done"]);
        let content = pepper.hash(&[b"content", request.body().as_ref()]);
        let is_ours = self
            .table
            .use_idempotency_key(taken, content, now, REMEMBERED_SECONDS)
            .await;
        if !is_ours.map_err(|error| table_failed(&error))? {
            return Err(Problem::of(problems::IDEMPOTENCY_KEY_REUSED)
                .detail("send other content under another key"));
        }
        let is_done = self
            .table
            .is_idempotency_key_used(done, now)
            .await
            .map_err(|error| table_failed(&error))?;
        Ok(Once {
            done: Some(Done { key: done, content }),
            is_done,
        })
    }

    /// Notes that the call was carried out.
    pub(crate) async fn note_done(&self, once: &Once, now: Timestamp) -> Result<(), Problem> {
        if let Some(Done { key, content }) = once.done.as_ref().filter(|_| !once.is_done) {
            let noted = self
                .table
                .use_idempotency_key(*key, *content, now, REMEMBERED_SECONDS)
                .await;
            noted.map_err(|error| table_failed(&error))?;
        }
        Ok(())
    }
}

fn key(request: &Request) -> Result<Option<&[u8]>, Problem> {
    let mut keys = request.headers().get_all("idempotency-key").iter();
    let Some(key) = keys.next() else {
        return Ok(None);
    };
    let bytes = key.as_bytes();
    let is_usable = !bytes.is_empty()
        && bytes.len() <= MAX_KEY
        && bytes.iter().all(u8::is_ascii_graphic)
        && keys.next().is_none();
    if is_usable {
        return Ok(Some(bytes));
    }
    Err(Problem::of(problems::INVALID_IDEMPOTENCY_KEY)
        .detail("send one Idempotency-Key of 1 to 255 visible ASCII characters, or none"))
}
