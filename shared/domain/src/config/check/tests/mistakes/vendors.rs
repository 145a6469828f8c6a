use super::{finds, finds_instead};

const SOURCE: &str = "[sources.acme]\nkind = \"generic\"\nsecret = \"acme\"\nvendor = \"acme\"\n";

fn finds_in_vendor(contract: &str, expected: &[(&str, &str)]) {
    finds(&format!("{SOURCE}[vendors.acme]\n{contract}"), expected);
}

#[test]
fn a_contract_that_is_right_is_found_to_be() {
    finds_in_vendor(
        r#"
        timezone = "America/New_York"
        currency = "USD"
        price = "45.00"
        required = ["phone", "custom.roof"]
        duplicates = { days = 30, among = "vendor" }
        prices = [{ price = 6000, when = { field = "country", is = "US" } }]
        criteria = [{ name = "us", must = { field = "country", is = "US" }, reason = "No." }]
        caps = [{ name = "day", maximum = 50, per = "day" }, { name = "none", maximum = 0, per = "day", when = { field = "employees", at_most = 5 } }]
        ping = { seconds = 60, limits = [{ name = "hour", maximum = 100, per = "hour" }] }
        returns = { days = 14, reasons = [{ code = "fake", label = "Not a person" }] }
        "#,
        &[],
    );
}

#[test]
fn vendors_and_their_sources_fit_together() {
    finds(
        "[vendors.acme]\n[sources.other]\nkind = \"generic\"\nsecret = \"acme\"\nvendor = \"amce\"\n",
        &[
            ("unused_vendor", "vendors.acme"),
            ("unknown_vendor", "sources.other.vendor"),
        ],
    );
    finds(
        "[sources.acme]\nkind = \"generic\"\nvendor = \"acme\"\n[vendors.acme]\n",
        &[("vendor_unproved", "sources.acme.vendor")],
    );
    finds(
        &format!("{SOURCE}[vendors.acme]\n[vendors.\"Acme Inc\"]\n"),
        &[
            ("unused_vendor", "vendors.\"Acme Inc\""),
            ("bad_name", "vendors.\"Acme Inc\""),
        ],
    );
}

#[test]
fn prices_are_amounts_in_a_currency() {
    finds_in_vendor("price = 45", &[("missing_currency", "vendors.acme.price")]);
    finds_in_vendor(
        "currency = \"usd\"\nprice = 45",
        &[("bad_currency", "vendors.acme.currency")],
    );
    finds_in_vendor(
        "currency = \"UDS\"\nprice = 45",
        &[("unknown_currency", "vendors.acme.currency")],
    );
    finds_in_vendor(
        "currency = \"KWD\"\nprices = [{ price = \"4.5555\", when = { field = \"country\", is = \"US\" } }]",
        &[("bad_price", "vendors.acme.prices[0].price")],
    );
    finds_in_vendor(
        "currency = \"JPY\"\nprice = \"45.50\"",
        &[("bad_price", "vendors.acme.price")],
    );
    finds_in_vendor(
        "currency = \"USD\"\nprice = 45.5",
        &[("wrong_type", "vendors.acme.price")],
    );
    finds_in_vendor(
        "currency = \"USD\"\nprices = [{ price = -1, when = { field = \"contry\", is = \"US\" } }]",
        &[
            ("bad_price", "vendors.acme.prices[0].price"),
            ("unknown_field", "vendors.acme.prices[0].when.field"),
        ],
    );
}

#[test]
fn criteria_ask_for_what_is_known_in_time() {
    finds_in_vendor(
        "required = [\"telephone_no\", \"email_class\"]",
        &[
            ("unknown_field", "vendors.acme.required[0]"),
            ("fact", "vendors.acme.required[1]"),
        ],
    );
    finds_in_vendor(
        "criteria = [{ name = \"duplicate\", must = { field = \"email_mx\", is = \"accepted\" }, reason = \" \" }]",
        &[
            ("reserved_name", "vendors.acme.criteria[0].name"),
            ("known_too_late", "vendors.acme.criteria[0].must"),
            ("bad_reason", "vendors.acme.criteria[0].reason"),
        ],
    );
    finds_in_vendor(
        "criteria = [{ name = \"us\", must = \"US\" }]",
        &[("bad_condition", "vendors.acme.criteria[0].must")],
    );
    finds_in_vendor(
        "duplicates = { days = 0 }",
        &[("out_of_range", "vendors.acme.duplicates.days")],
    );
}

#[test]
fn caps_can_be_counted_and_reached() {
    finds_in_vendor(
        "caps = [{ name = \"Day\", maximum = 0, per = \"day\", timezone = \"Berlin\" }]",
        &[
            ("bad_name", "vendors.acme.caps[0].name"),
            ("zero", "vendors.acme.caps[0].maximum"),
            ("unknown_timezone", "vendors.acme.caps[0].timezone"),
        ],
    );
    finds_in_vendor(
        "caps = [{ name = \"a\", maximum = 5, per = \"day\" }, { name = \"a\", maximum = 5, per = \"fortnight\" }]",
        &[("unknown_value", "vendors.acme.caps[1].per")],
    );
    finds_in_vendor(
        "caps = [{ name = \"a\", maximum = 5, per = \"day\" }, { name = \"a\", maximum = 9, per = \"hour\" }, { name = \"c\", maximum = 6, per = \"day\" }]",
        &[
            ("same_name", "vendors.acme.caps[1].name"),
            ("never_reached", "vendors.acme.caps[2].maximum"),
        ],
    );
    finds_in_vendor(
        "caps = [{ name = \"a\", maximum = 5, per = \"day\", when = { field = \"country\", is = \"Germany\" } }]",
        &[("unknown_country", "vendors.acme.caps[0].when.is")],
    );
}

#[test]
fn pings_have_a_limit_and_returns_have_reasons() {
    finds_in_vendor(
        "ping = { seconds = 0, limits = [] }",
        &[
            ("out_of_range", "vendors.acme.ping.seconds"),
            ("no_limit", "vendors.acme.ping.limits"),
        ],
    );
    finds_in_vendor(
        "answer = \"queued\"\nping = { limits = [{ name = \"h\", maximum = 1, per = \"hour\" }] }",
        &[("ping_of_queued", "vendors.acme.ping")],
    );
    finds_in_vendor(
        "returns = { days = 1000, reasons = [] }",
        &[
            ("out_of_range", "vendors.acme.returns.days"),
            ("no_reasons", "vendors.acme.returns.reasons"),
        ],
    );
    finds_in_vendor(
        "returns = { days = 10, reasons = [{ code = \"fake\" }, { code = \"not_real\", label = \"Fake!\" }] }",
        &[("same_reason", "vendors.acme.returns.reasons[1]")],
    );
    finds_instead(
        "[sources.website]",
        "[vendors]\nacme = 1\n[sources.website]",
        &[("wrong_type", "vendors.acme")],
    );
}

/// The rows of a list, each with `{}` for the rest of it.
fn rows(rest: &str, conditions: &[&str]) -> String {
    conditions
        .iter()
        .enumerate()
        .map(|(index, when)| {
            format!("{{ {rest}, when = {when} }}").replace("{}", &index.to_string())
        })
        .collect::<Vec<_>>()
        .join(", ")
}

const US: &str = "{ field = \"country\", is = \"US\" }";
const AMERICA: &str = "{ field = \"country\", one_of = [\"US\", \"CA\"] }";
const BOTH: &str =
    "{ all = [{ field = \"country\", is = \"US\" }, { field = \"country\", is = \"CA\" }] }";

#[test]
fn a_price_that_can_never_be_paid_is_found() {
    let contract = |conditions: &[&str], more: &str| {
        let prices = rows("price = 100{}", conditions);
        format!("currency = \"USD\"\nprices = [{prices}]\n{more}")
    };
    finds_in_vendor(&contract(&[US, AMERICA], ""), &[]);
    finds_in_vendor(
        &contract(&[AMERICA, US], ""),
        &[("never_applies", "vendors.acme.prices[1].when")],
    );
    finds_in_vendor(
        &contract(&[US, US, BOTH], ""),
        &[
            ("never_applies", "vendors.acme.prices[1].when"),
            ("never_holds", "vendors.acme.prices[2].when"),
        ],
    );
    // What is refused is not paid for.
    let criteria = format!("criteria = [{{ name = \"us\", must = {US} }}]");
    finds_in_vendor(
        &contract(&["{ field = \"country\", is = \"DE\" }", US], &criteria),
        &[("never_applies", "vendors.acme.prices[0].when")],
    );
    let closed =
        format!("caps = [{{ name = \"no\", maximum = 0, per = \"day\", when = {AMERICA} }}]");
    finds_in_vendor(
        &contract(&[US], &closed),
        &[("never_applies", "vendors.acme.prices[0].when")],
    );
}

#[test]
fn a_cap_that_can_never_be_reached_is_found() {
    let caps = |rest: &str, conditions: &[&str]| {
        format!(
            "caps = [{}]",
            rows(&format!("name = \"c{{}}\", {rest}"), conditions)
        )
    };
    finds_in_vendor(
        &caps(
            "maximum = 1{}, per = \"week\"",
            &[US, "{ field = \"country\", is = \"CA\" }"],
        ),
        &[],
    );
    finds_in_vendor(
        &caps("maximum = 1{}, per = \"day\"", &[AMERICA, US]),
        &[("never_reached", "vendors.acme.caps[1].maximum")],
    );
    // Both let nothing in: of the two the first is enough.
    finds_in_vendor(
        &caps("maximum = 0, per = \"day\"", &[AMERICA, US]),
        &[("never_applies", "vendors.acme.caps[1].when")],
    );
    finds_in_vendor(
        &format!(
            "criteria = [{{ name = \"us\", must = {US} }}]\n{}",
            caps(
                "maximum = 5, per = \"day\"",
                &["{ field = \"country\", is = \"DE\" }"]
            )
        ),
        &[("never_applies", "vendors.acme.caps[0].when")],
    );
    finds_in_vendor(
        &format!(
            "ping = {{ limits = [{{ name = \"a\", maximum = 5, per = \"hour\" }}, {}] }}",
            rows("name = \"b{}\", maximum = 9, per = \"hour\"", &[US])
        ),
        &[("never_reached", "vendors.acme.ping.limits[1].maximum")],
    );
}

#[test]
fn a_field_that_others_call_otherwise_is_named() {
    let file = format!(
        "{}\n{SOURCE}[vendors.acme]\nrequired = [\"postcode\"]\n",
        crate::config::DEFAULT
    );
    let problems = crate::config::check::check_file(&file).problems;
    assert!(
        problems[0].message.contains("did you mean `postal_code`?"),
        "{problems:?}"
    );
}
