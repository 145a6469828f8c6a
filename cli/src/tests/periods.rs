use super::*;

#[test]
fn a_time_without_a_name_is_asked_of_every_source_that_keeps_a_ledger() {
    let server = Server::start();
    let sources = json!({ "sources": [
        { "name": "fairs", "ledger": true },
        { "name": "website", "ledger": false },
    ] });
    server.answer(call("GET", "/v1/sources"), ok(&sources));
    let ledger = json!({
        "source": "fairs", "from": "2026-03-01T00:00:00Z", "to": "2026-03-08T00:00:00Z", "hours": [],
        "total": { "accepted": 12, "created": 9, "merged": 1, "duplicate": 2, "quarantined": 0, "rejected": 0, "suppressed": 0, "in_flight": 0 },
        "difference": 0,
    });
    server.answer(
        call("GET", "/v1/sources/fairs/ledger").and(query_param("from", "7d")),
        ok(&ledger),
    );
    server
        .leadline(&["sources", "--from", "7d"])
        .succeeds_with(concat!(
            "Source   Accepted  Created  Merged  Duplicate  Quarantined  Rejected  Suppressed  In flight\n",
            "fairs    12        9        1       2          0            0         0           0\n",
            "website                                                                                      keeps no ledger (ledger = true in the configuration)\n",
            "\nCounts are of what was accepted from 2026-03-01 00:00:00 UTC until 2026-03-08 00:00:00 UTC.\n",
        ));
    let told = server.leadline(&["sources", "--from", "7d", "--json"]);
    let told: Value = serde_json::from_str(&told.out).unwrap();
    assert_eq!(told, json!({ "sources": [ledger] }));
}

#[test]
fn days_without_a_name_are_asked_of_every_vendor() {
    let server = Server::start();
    let vendors = json!({ "vendors": [{ "name": "acme" }] });
    server.answer(call("GET", "/v1/vendors"), ok(&vendors));
    let card = json!({
        "vendor": "acme", "from": "2026-03-01", "to": "2026-04-01", "timezone": "UTC", "days": [],
        "total": {
            "offered": 10, "accepted": 7, "duplicate": 1, "rejected": 2, "capped": 0, "held": 0, "returned": 1,
            "owed": [{ "amount": "270.00", "currency": "USD" }],
        },
    });
    server.answer(
        call("GET", "/v1/vendors/acme/scorecard")
            .and(query_param("from", "2026-03-01"))
            .and(query_param("to", "2026-04-01")),
        ok(&card),
    );
    let period = ["--from", "2026-03-01", "--to", "2026-04-01"];
    server
        .leadline(&[&["vendors"], &period[..]].concat())
        .succeeds_with(concat!(
            "Vendor  Offered  Accepted  Duplicate  Rejected  Capped  Held  Returned  Owed\n",
            "acme    10       7         1          2         0       0     1         270.00 USD\n",
            "\nCounts are from 2026-03-01 until before 2026-04-01, in each vendor's time zone.\n",
        ));
}

#[test]
fn what_the_vendor_says_is_compared_with_one_source_and_its_name_is_asked_for() {
    let printed = leadline(&["sources", "--vendor-said", "12"]);
    assert_eq!(printed.ending, Ending::Misused);
    assert!(printed.err.contains("<SOURCE>"), "{}", printed.err);
}
