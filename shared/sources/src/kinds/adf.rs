//! `adf`: leads of dealers in ADF 1.0 (auto-lead data format), as it is found in the wild.

use super::{Kind, Reading};
use crate::about::{About, sample, sign_by_parameter};
use crate::answers::{Answers, Draft};
use crate::decode::xml::Element;
use crate::mapping::MAX_RECORDS;
use crate::moment::moment;
use crate::refusal::{Refusal, Unparseable};
use crate::reply::{Answered, Reply};
use crate::{Accepted, Door, Incoming, Parsed, decode, proof};

pub(super) const KIND: Kind = Kind {
    reply: Some(reply),
    ..Kind::webhook(proof::secret_or_authorization, read)
};

pub(super) const ABOUT: About = About {
    title: "ADF",
    takes: "Takes ADF 1.0 as XML, one prospect or several in a document.",
    setup: &["Give the vendor the address `{url}?key=SECRET`, with the secret in place of `SECRET`; or the address alone, if it can set a header."],
    proof: "The parameter `key` of the address, the header `X-Leadline-Secret`, or `Authorization` with the secret as password or token. ADF signs nothing.",
    repeats: "The prospect's `id` with its `source`; without one, the content, within the source's window.",
    no_lead: "",
    answer: "`200 {\"submissions\": […]}`, one for each prospect in its order: many senders of ADF take nothing but `200` for a success.",
    notes: &[
        "Taken as well: no `<?adf?>`, one in capitals or before the XML declaration, CDATA, a document inside an HTML comment, `<region>` for `<regioncode>`, any or no content type, also that of a form.",
        "Vehicles become `custom.vehicle`, `custom.vehicle_interest` and their like; of several the first counts. Vendor and provider are kept as `custom.vendor` and `custom.provider`.",
        "A `DOCTYPE` is refused, so no entity is ever expanded.",
        "Nobody who could correct a field reads the answer, so bad fields are quarantined.",
    ],
    samples: &[
        sample!("adf/prospect.xml", "application/xml", "A prospect with a vehicle, a trade-in and CDATA."),
        sample!("adf/two-prospects.xml", "application/x-www-form-urlencoded", "Two prospects under `<?ADF?>` in capitals, with a bare `&`, sent as a form."),
        sample!("adf/in-a-comment.xml", "text/xml; charset=iso-8859-1", "A document inside a comment, in ISO-8859-1."),
    ],
    sign: sign_by_parameter,
};

fn read(_: &Door<'_>, incoming: &Incoming<'_>) -> Result<Reading, Refusal> {
    let root = decode::xml_document(incoming.headers, incoming.body)?;
    let prospects: Vec<&Element> = if root.name.eq_ignore_ascii_case("prospect") {
        vec![&root]
    } else {
        root.all("prospect").collect()
    };
    if prospects.is_empty() {
        return Err(Unparseable::Shape {
            place: "the body",
            expected: "an <adf> with at least one <prospect>",
        }
        .into());
    }
    if prospects.len() > MAX_RECORDS {
        return Err(Unparseable::TooManyRecords { limit: MAX_RECORDS }.into());
    }
    let drafts: Result<Vec<Draft>, Unparseable> = prospects.into_iter().map(draft_of).collect();
    Ok(Reading::Drafts(drafts?))
}

/// What one prospect says, wherever it stood.
pub(crate) fn draft_of(prospect: &Element) -> Result<Draft, Unparseable> {
    let mut answers = Answers::default();
    let customer = prospect.child("customer");
    if let Some(contact) = customer.and_then(|customer| customer.child("contact")) {
        add_contact(contact, &mut answers)?;
    }
    let comments = [
        customer.and_then(|customer| customer.text_of("comments")),
        prospect.text_of("comments"),
    ];
    for comment in comments.into_iter().flatten() {
        answers.plain("message", comment)?;
    }
    if let Some(timeframe) = customer.and_then(|customer| customer.child("timeframe")) {
        for part in ["description", "earliestdate", "latestdate"] {
            if let Some(text) = timeframe.text_of(part) {
                answers.plain("timeframe", text)?;
            }
        }
    }
    add_vehicles(prospect, &mut answers)?;
    if let Some(vendor) = prospect.child("vendor") {
        let name = vendor.text_of("vendorname").or_else(|| vendor.text_of("name"));
        if let Some(name) = name {
            answers.plain("vendor", name)?;
        }
    }
    if let Some(provider) = prospect.child("provider") {
        for (part, ours) in [("name", "provider"), ("service", "provider_service")] {
            if let Some(text) = provider.text_of(part) {
                answers.plain(ours, text)?;
            }
        }
    }
    let submitted_at = prospect.text_of("requestdate").and_then(|at| moment(&at));
    Ok(Draft {
        answers,
        external_id: id_of(prospect),
        submitted_at,
        ..Draft::default()
    })
}

/// `source` and `id`: of several the first that is not blank, which is the one that the first sender gave.
fn id_of(prospect: &Element) -> Option<String> {
    prospect.all("id").find_map(|id| {
        let text = id.text.trim();
        let source = id.attribute("source").unwrap_or_default().trim();
        match (text.is_empty(), source.is_empty()) {
            (true, _) => None,
            (false, true) => Some(text.to_owned()),
            (false, false) => Some(format!("{source} {text}")),
        }
    })
}

fn add_contact(contact: &Element, answers: &mut Answers) -> Result<(), Unparseable> {
    for name in contact.all("name") {
        let text = name.text.trim();
        let part = name.attribute("part").unwrap_or("full").to_ascii_lowercase();
        let is_business = name
            .attribute("type")
            .is_some_and(|kind| kind.eq_ignore_ascii_case("business"));
        if text.is_empty() {
            continue;
        }
        let ours = match part.as_str() {
            _ if is_business => "company",
            "first" => "first_name",
            "last" => "last_name",
            "full" => "full_name",
            "middle" => "middle_name",
            "suffix" => "name_suffix",
            _ => "name_part",
        };
        answers.plain(ours, text)?;
    }
    for email in contact.all("email") {
        answers.plain("email", email.text.trim())?;
        let wants = email.attribute("preferredcontact") == Some("1");
        if wants {
            answers.plain("preferred_contact", "email")?;
        }
    }
    // The one that the person prefers first, then cell phones, since a message can go there, too.
    let mut phones: Vec<&Element> = contact.all("phone").collect();
    phones.sort_by_key(|phone| {
        let is_preferred = phone.attribute("preferredcontact") == Some("1");
        let kind = phone.attribute("type").unwrap_or_default().to_ascii_lowercase();
        (
            !is_preferred,
            kind == "fax",
            !matches!(kind.as_str(), "cellphone" | "mobile"),
        )
    });
    for phone in phones {
        let is_fax = phone
            .attribute("type")
            .is_some_and(|kind| kind.eq_ignore_ascii_case("fax"));
        let ours = if is_fax { "fax_number" } else { "phone" };
        answers.plain(ours, phone.text.trim())?;
    }
    if let Some(time) = contact.child("phone").and_then(|phone| phone.attribute("time"))
        && !time.trim().is_empty()
    {
        answers.plain("best_time_to_call", time)?;
    }
    if let Some(address) = contact.child("address") {
        let mut streets: Vec<&Element> = address.all("street").collect();
        streets.sort_by_key(|street| street.attribute("line").unwrap_or("1").to_owned());
        let street: Vec<&str> = streets
            .iter()
            .map(|street| street.text.trim())
            .filter(|line| !line.is_empty())
            .collect();
        answers.plain("street", street.join(", "))?;
        for (names, ours) in [
            (&["city"][..], "city"),
            (&["regioncode", "region", "state"], "region"),
            (&["postalcode", "zip"], "postal_code"),
            (&["country", "countrycode"], "country"),
        ] {
            if let Some(text) = names.iter().find_map(|name| address.text_of(name)) {
                answers.plain(ours, text)?;
            }
        }
    }
    Ok(())
}

/// Of the vehicle that somebody wants and the one that is traded in, what a seller looks at first.
fn add_vehicles(prospect: &Element, answers: &mut Answers) -> Result<(), Unparseable> {
    let interest = |vehicle: &Element| {
        vehicle
            .attribute("interest")
            .unwrap_or("buy")
            .to_ascii_lowercase()
    };
    let is_trade_in = |vehicle: &&Element| matches!(interest(vehicle).as_str(), "trade-in" | "sell");
    let vehicles: Vec<&Element> = prospect.all("vehicle").collect();
    let wanted = vehicles.iter().find(|vehicle| !is_trade_in(vehicle));
    let traded = vehicles.iter().find(|vehicle| is_trade_in(vehicle));
    if let Some(vehicle) = wanted {
        answers.plain("vehicle", named(vehicle))?;
        answers.plain("vehicle_interest", interest(vehicle))?;
        if let Some(status) = vehicle.attribute("status") {
            answers.plain("vehicle_status", status)?;
        }
        for (part, ours) in [
            ("vin", "vehicle_vin"),
            ("stock", "vehicle_stock"),
            ("price", "vehicle_price"),
        ] {
            if let Some(text) = vehicle.text_of(part) {
                answers.plain(ours, text)?;
            }
        }
        if let Some(comments) = vehicle.text_of("comments") {
            answers.plain("message", comments)?;
        }
    }
    if let Some(vehicle) = traded {
        answers.plain("trade_in", named(vehicle))?;
    }
    Ok(())
}

/// `2023 Example Roadster S`.
fn named(vehicle: &Element) -> String {
    let parts = ["year", "make", "model", "trim"];
    let parts: Vec<String> = parts.iter().filter_map(|part| vehicle.text_of(part)).collect();
    parts.join(" ")
}

fn reply(_: &Door<'_>, _: &Incoming<'_>, answered: Answered<'_>) -> Option<Reply> {
    let Answered::Accepted(Accepted::Submissions(parsed)) = answered else {
        return None;
    };
    let ids: Vec<String> = parsed.iter().map(Parsed::id).map(|id| id.to_string()).collect();
    let body = serde_json::json!({ "submissions": ids });
    Some(Reply::json(200, body.to_string()))
}
