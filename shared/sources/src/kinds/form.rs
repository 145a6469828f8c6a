//! `form`: any web form, posted by a browser or by a script, as urlencoded, multipart or JSON.
//!
//! A source with a secret asks for it in the header `X-Leadline-Secret`; one without is open, as a form on a public page is.

use super::{Kind, Reading};
use crate::about::{About, JSON, URLENCODED, sample, sign_by_header};
use crate::answers::Draft;
use crate::refusal::Refusal;
use crate::{Door, Incoming, decode, proof};

pub(super) const KIND: Kind = Kind {
    answer_is_read: true,
    ..Kind::webhook(proof::optional_secret, read)
};

pub(super) const ABOUT: About = About {
    title: "Web form",
    takes: "Takes `application/x-www-form-urlencoded`, `multipart/form-data` and `application/json` in UTF-8, ISO-8859-1 or windows-1252; a missing or wrong content type is made good by looking at the body. JSON is one object of fields, nested or not, or a list with one such object.",
    setup: &["Post the form to `{url}`: as `action` of a plain form, or with `fetch` from a page that `origins` lists."],
    proof: "None unless the source has a `secret`; then the header `X-Leadline-Secret`, or the parameter `key` of the address, must be its value.",
    repeats: "The content and the window of time in which it came.",
    no_lead: "",
    answer: "`202`, or `303` to the page `redirect` for a plain form that a browser posted. Bad fields are refused with `422`.",
    notes: &[
        "Uploaded files are not kept: the field then says `file dropped`.",
        include_str!("form/examples.md"),
    ],
    samples: &[
        sample!("form/urlencoded.txt", URLENCODED, "A contact form of an English page with campaign parameters and a filled-in consent."),
        sample!("form/german.txt", URLENCODED, "A German contact form: every field has its German name."),
        sample!("form/json-nested.json", JSON, "What a script posts: nested JSON with numbers as numbers."),
        sample!("form/german-nested.json", JSON, "A form nobody has told Leadline about: German names, nested, the whole name in one field."),
        sample!("form/bracketed.txt", URLENCODED, "Names in brackets, as PHP and Rails write them."),
        sample!(
            "form/multipart.txt",
            "multipart/form-data; boundary=----LeadlineSampleBoundary7Qw2",
            "A multipart form with a file."
        ),
    ],
    sign: sign_by_header,
};

fn read(_: &Door<'_>, incoming: &Incoming<'_>) -> Result<Reading, Refusal> {
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
