//! `generic`: any JSON, form or XML, read by the paths of the configuration or, without them, by what the sender calls things.

use super::{Kind, Reading};
use crate::about::{About, JSON, sample, sign_by_header};
use crate::refusal::Refusal;
use crate::{Door, Incoming, decode, mapping, proof};

pub(super) const KIND: Kind = Kind {
    answer_is_read: true,
    ..Kind::webhook(proof::optional_authorization, read)
};

pub(super) const ABOUT: About = About {
    title: "Generic",
    takes: "Takes any JSON, XML, urlencoded or multipart body: from Zapier, Make, n8n, an ERP, a partner's system.",
    setup: &[
        "Have the other system POST to `{url}`.",
        "Where its names do not speak for themselves, say in `[sources.{name}.fields]` where each field stands.",
    ],
    proof: "None unless the source has a `secret`; then the header `X-Leadline-Secret`, the parameter `key` of the address, or `Authorization` with the secret as password or token.",
    repeats: "What `fields` makes `external_id` of, else the content, within the source's window.",
    no_lead: "What `only` does not let in.",
    answer: "",
    notes: &[
        "Without `fields`, names are understood as those of a form. With `fields`, only what they lead to is taken.",
        "XML is read as JSON: attributes and children stand side by side, several of one name are a list, and the text of an element that has either stands under `_`.",
        "A `DOCTYPE` is refused, so no entity is ever expanded.",
        include_str!("generic/examples.md"),
        "How fields are found, and every setting: [configuration.md](configuration.md#mapping).",
    ],
    samples: &[
        sample!("generic/nested.json", JSON, "A document that speaks for itself."),
        sample!("generic/order.xml", "application/xml", "XML."),
    ],
    sign: sign_by_header,
};

fn read(door: &Door<'_>, incoming: &Incoming<'_>) -> Result<Reading, Refusal> {
    let document = decode::any(incoming.headers, incoming.body)?;
    mapping::read(&document, None, door.source)
}
