//! `form`: any web form, posted by a browser or by a script, as urlencoded, multipart or JSON.
//!
//! A source with a secret asks for it in the header `X-Leadline-Secret`; one without is open, as a form on a public page is.

use super::{Kind, Reading};
use crate::answers::Draft;
use crate::refusal::Refusal;
use crate::{Incoming, decode, proof};

pub(super) const KIND: Kind = Kind {
    method: "POST",
    answer_is_read: true,
    verify: proof::optional_secret,
    read,
};

fn read(incoming: &Incoming<'_>) -> Result<Reading, Refusal> {
    let answers = decode::form(incoming.headers, incoming.body)?;
    Ok(Reading::Drafts(vec![Draft {
        answers,
        page_url: page_of(incoming),
        ..Draft::default()
    }]))
}

/// The page that a browser says the form is on.
fn page_of(incoming: &Incoming<'_>) -> Option<String> {
    let referer = incoming.headers.get(http::header::REFERER)?.to_str().ok()?;
    (referer.starts_with("https://") || referer.starts_with("http://")).then(|| referer.to_owned())
}
