//! `formspree`: Formspree's webhooks: the fields of the form as flat JSON.

use super::{Kind, Reading};
use crate::about::{About, JSON, sample, sign_by_parameter};
use crate::answers::{Answers, Draft};
use crate::proof::{self, moment};
use crate::refusal::Refusal;
use crate::{Door, Incoming, decode};

pub(super) const KIND: Kind = Kind::webhook(proof::shared_secret, read);

pub(super) const ABOUT: About = About {
    title: "Formspree",
    takes: "Takes the simple webhook: the form's fields as flat JSON.",
    setup: &["Form → Workflow → Add new → Webhook: `{url}?key=SECRET`."],
    proof: "The parameter `key` of the address is the source's secret. Formspree's simple webhook signs nothing.",
    repeats: "The content and the window of time in which it came: there is no id.",
    no_lead: "",
    answer: "",
    notes: &[
        "The form's fields may also stand under `submission`. The challenge of Formspree's “REST hook” is not answered: its form could not be confirmed.",
    ],
    samples: &[sample!("formspree/simple.json", JSON, "A contact form.")],
    sign: sign_by_parameter,
};

fn read(_: &Door<'_>, incoming: &Incoming<'_>) -> Result<Reading, Refusal> {
    let posted = decode::form(incoming.headers, incoming.body)?;
    let mut answers = Answers::default();
    let mut submitted_at = None;
    for answer in posted.iter() {
        let name = answer.name.strip_prefix("submission.").unwrap_or(&answer.name);
        match name {
            "_date" => submitted_at = moment(&answer.value),
            "form" => answers.plain("custom.form_id", answer.value.clone())?,
            name => answers.plain(name, answer.value.clone())?,
        }
    }
    Ok(Reading::Drafts(vec![Draft {
        answers,
        submitted_at,
        ..Draft::default()
    }]))
}
