//! `contact-form-7`: Contact Form 7 on WordPress, passed on by one of its webhook plugins.

use super::{Kind, Reading};
use crate::about::{About, JSON, URLENCODED, sample, sign_by_parameter};
use crate::answers::{Answers, Draft};
use crate::refusal::Refusal;
use crate::{Door, Incoming, decode, proof};

pub(super) const KIND: Kind = Kind::webhook(proof::shared_secret, read);

pub(super) const ABOUT: About = About {
    title: "Contact Form 7",
    takes: "Takes what a webhook plugin of Contact Form 7 passes on: urlencoded, multipart or JSON.",
    setup: &[
        "Install a webhook plugin (such as “CF7 to Webhook”), and give it `{url}?key=SECRET` for the form.",
    ],
    proof: "The parameter `key` of the address, or the header `X-Leadline-Secret`, is the source's secret. Nothing is signed.",
    repeats: "The content and the window of time in which it came: there is no id.",
    no_lead: "",
    answer: "",
    notes: &[
        "Names such as `your-name` are understood. Of the fields `_wpcf7…` the form's number is kept.",
    ],
    samples: &[
        sample!("contact-form-7/posted.txt", URLENCODED, "A form with the plugin's own fields."),
        sample!("contact-form-7/plugin.json", JSON, "The same as JSON."),
    ],
    sign: sign_by_parameter,
};

fn read(_: &Door<'_>, incoming: &Incoming<'_>) -> Result<Reading, Refusal> {
    let posted = decode::form(incoming.headers, incoming.body)?;
    let mut answers = Answers::default();
    for answer in posted.iter() {
        match answer.name.as_str() {
            "_wpcf7" => answers.plain("form_id", answer.value.clone())?,
            own if own.starts_with("_wpcf7") => {}
            name => answers.plain(name, answer.value.clone())?,
        }
    }
    Ok(Reading::Drafts(vec![Draft {
        answers,
        ..Draft::default()
    }]))
}
