//! Everything that a source had accepted is accounted for, at any time.

use lambda_http::http::Method;
use serde_json::{Value, json};
use tests::World;

async fn world() -> World {
    let config = domain::config::DEFAULT.replacen(
        "[sources.website]\n",
        "[sources.website]\nledger = true\nanswer_field_errors = false\n",
        1,
    );
    World::configured(|outside| format!("{config}\n{}", tests::webhook(outside))).await
}

async fn ledger(world: &World, query: &str) -> Value {
    let answer = world
        .get(&format!("/v1/sources/website/ledger{query}"))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.body["difference"], 0);
    answer.body
}

fn total(ledger: &Value) -> Value {
    let mut total = ledger["total"].clone();
    total
        .as_object_mut()
        .unwrap()
        .retain(|_, count| *count != 0);
    total
}

#[tokio::test]
async fn what_was_accepted_is_what_became_of_it_hour_by_hour() {
    let world = world().await;
    for body in [
        "email=ada%40example.com",
        "email=grace%40example.com",
        "email=wrong%40",
    ] {
        assert_eq!(world.post_form("website", body).await.status, 202);
    }
    world.settle().await;
    world.clock.advance(jiff::SignedDuration::from_secs(5));
    // A repeat, and somebody who is known with something new.
    world.post_form("website", "email=ada%40example.com").await;
    world.settle().await;
    let now = ledger(&world, "").await;
    assert_eq!(
        total(&now),
        json!({ "accepted": 4, "created": 2, "quarantined": 1, "duplicate": 1 })
    );
    world.clock.advance(jiff::SignedDuration::from_hours(2));
    world
        .post_form("website", "email=ada%40example.com&title=CMO")
        .await;
    let csv = "email,first_name\nlina@example.com,Lina\nlina@example.com,Lina\nbad,Row\ngrace@example.com,Grace\n";
    world
        .send(Method::POST, "/v1/sources/website/batch", &[], csv)
        .await;
    world.settle().await;
    let later = ledger(&world, "").await;
    assert_eq!(
        total(&later),
        json!({ "accepted": 7, "created": 3, "merged": 2, "quarantined": 1, "duplicate": 1 })
    );
    let hours = later["hours"].as_array().unwrap();
    let accepted: Vec<(&str, u64)> = hours
        .iter()
        .map(|hour| {
            (
                hour["hour"].as_str().unwrap(),
                hour["accepted"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        accepted,
        [("2026-03-02T11:00:00Z", 4), ("2026-03-02T13:00:00Z", 3)]
    );
    let first = ledger(&world, "?from=2026-03-02T11:00:00Z&to=2026-03-02T12:00:00Z").await;
    assert_eq!(first["total"]["accepted"], 4);
    world.end().await;
}

#[tokio::test]
async fn what_is_lost_on_its_way_is_named() {
    let world = world().await;
    let posted = world.post_form("website", "email=ada%40example.com").await;
    world.settle().await;
    // Nothing can lose a submission but somebody with the keys of the table: its entry stays, and tells.
    let id = posted.body["submissions"][0].as_str().unwrap().to_owned();
    let ghost: domain::id::SubmissionId = "sub_00000000000000000000000001".parse().unwrap();
    let entry = table::LedgerEntry::new(
        world.embedded.clock.now(),
        table::AcceptedThing::Submission(ghost),
    );
    world
        .embedded
        .table
        .note_accepted("website", entry)
        .await
        .unwrap();
    let fresh = ledger(&world, "").await;
    assert_eq!(
        total(&fresh),
        json!({ "accepted": 2, "created": 1, "in_flight": 1 })
    );
    assert_eq!(fresh["overdue"], json!([]));
    world.clock.advance(jiff::SignedDuration::from_mins(31));
    let stale = ledger(&world, "").await;
    assert_eq!(stale["overdue"], json!([ghost.to_string()]));
    assert_ne!(id, ghost.to_string());
    world.end().await;
}

#[tokio::test]
async fn a_source_that_falls_silent_is_told_and_one_without_a_ledger_costs_nothing() {
    let world = world().await;
    for number in 0..12 {
        world
            .post_form("website", &format!("email=person{number}%40example.com"))
            .await;
        world.clock.advance(jiff::SignedDuration::from_mins(20));
    }
    world.settle().await;
    let of = |answer: &Value, name: &str| {
        let sources = answer["sources"].as_array().unwrap().clone();
        sources
            .into_iter()
            .find(|source| source["name"] == name)
            .unwrap()
    };
    let now = world.get("/v1/sources").await.body;
    assert_eq!(of(&now, "website")["is_silent"], false);
    assert_eq!(of(&now, "website")["last_day"]["created"], 12);
    assert_eq!(of(&now, "website")["last_seen"], "2026-03-02T14:40:00Z");
    world.clock.advance(jiff::SignedDuration::from_mins(20));
    assert_eq!(
        of(&world.get("/v1/sources").await.body, "website")["is_silent"],
        true
    );
    // As CloudWatch gets it: in every fifth minute, with the names of sources and nobody's data.
    let silence = world.embedded.silent_sources().await.unwrap().unwrap();
    assert_eq!(
        silence.metric("leadline"),
        json!({
            "_aws": {
                "Timestamp": 1_772_464_800_000_i64,
                "CloudWatchMetrics": [{
                    "Namespace": "Leadline",
                    "Dimensions": [["Table"]],
                    "Metrics": [{ "Name": "SilentSources", "Unit": "Count" }],
                }],
            },
            "Table": "leadline",
            "SilentSources": 1,
            "watched": 1,
            "sources": ["website"],
        })
    );
    world.clock.advance(jiff::SignedDuration::from_mins(1));
    assert_eq!(world.embedded.silent_sources().await.unwrap(), None);
    world.clock.advance(jiff::SignedDuration::from_mins(4));
    world.post_form("website", "email=ida%40example.com").await;
    let silence = world.embedded.silent_sources().await.unwrap().unwrap();
    assert_eq!((silence.watched, silence.silent.len()), (1, 0));
    world.settle().await;

    let before = world
        .everything()
        .await
        .iter()
        .filter(|item| item.contains("L#"))
        .count();
    let talk = json!({ "conversation_id": "c", "variables": { "email": "eve@example.com" } });
    world.post_json("/v1/sources/assistant", &talk).await;
    world.settle().await;
    let after = world
        .everything()
        .await
        .iter()
        .filter(|item| item.contains("L#"))
        .count();
    assert_eq!(after, before);
    let refused = world.get("/v1/sources/assistant/ledger").await;
    assert_eq!(refused.status, 409);
    assert!(
        refused.body["detail"]
            .as_str()
            .unwrap()
            .contains("ledger = true")
    );
    for (query, status) in [
        ("?from=x", 422),
        ("?to=2020-01-01T00:00:00Z&from=2020-01-02T00:00:00Z", 422),
        ("?hour=1", 422),
    ] {
        let answer = world
            .get(&format!("/v1/sources/website/ledger{query}"))
            .await;
        assert_eq!(answer.status, status, "{query}");
    }
    assert_eq!(world.get("/v1/sources/nobody/ledger").await.status, 404);
    world.end().await;
}

/// A file of that many people who are not known yet.
fn file(people: std::ops::Range<usize>) -> String {
    let rows = people.map(|number| format!("person{number}@example.com,Ada\n"));
    format!("email,first_name\n{}", rows.collect::<String>())
}

#[tokio::test]
async fn hours_that_are_over_are_counted_once_and_say_the_same_at_a_fraction_of_the_reads() {
    let world = world().await;
    for people in [0..200, 200..400, 0..200] {
        world
            .send(Method::POST, "/v1/sources/website/batch", &[], file(people))
            .await;
        world.settle().await;
        world.clock.advance(jiff::SignedDuration::from_secs(20));
    }
    for body in ["email=wrong%40", "email=person3%40example.com&title=CMO"] {
        world.post_form("website", body).await;
    }
    world.settle().await;
    world.meter.take();
    let before = ledger(&world, "").await;
    let looked_up = read_units(&world);
    assert_eq!(
        total(&before),
        json!({ "accepted": 602, "created": 400, "merged": 1, "duplicate": 200, "quarantined": 1 })
    );
    // The last of them is a minute old: nothing can be noted in that time any more.
    world.pass(2).await;
    world.meter.take();
    let after = ledger(&world, "").await;
    let counted = read_units(&world);
    assert_eq!(
        (&before["hours"], &before["total"]),
        (&after["hours"], &after["total"])
    );
    assert!(
        looked_up > 400.0 && counted < 10.0,
        "{looked_up} read units without counts, {counted} with"
    );
    // What is asked for need not begin or end with a minute.
    let some = ledger(&world, "?from=2026-03-02T11:00:10Z&to=2026-03-02T11:00:50Z").await;
    assert_eq!(
        total(&some),
        json!({ "accepted": 400, "created": 200, "duplicate": 200 })
    );
    let everything = world.everything().await;
    world.pass(0).await;
    assert_eq!(
        world.everything().await,
        everything,
        "another look counts nothing twice"
    );
    world.end().await;
}

fn read_units(world: &World) -> f64 {
    let tallies = world.meter.take();
    tallies.values().map(|tally| tally.read_units).sum()
}

#[tokio::test]
async fn what_ends_after_its_hour_was_counted_is_counted_as_what_it_became() {
    let world = world().await;
    let mut ids = Vec::new();
    for body in ["email=one%40", "email=two%40", "email=three%40"] {
        let posted = world.post_form("website", body).await;
        ids.push(posted.body["submissions"][0].as_str().unwrap().to_owned());
    }
    // Something is on its way for hours: an announced lead whose platform does not answer.
    let late = domain::id::SubmissionId::from_bits(7);
    let noted = world.embedded.clock.now();
    let entry = table::LedgerEntry::new(noted, table::AcceptedThing::Submission(late));
    let table = &world.embedded.table;
    table.note_accepted("website", entry).await.unwrap();
    world.settle().await;
    let [one, two, three] = [&ids[0], &ids[1], &ids[2]];
    // Corrected before it is counted, after, and discarded after.
    let corrected = json!({ "email": "one@example.com" });
    let first = world
        .command(&format!("/v1/submissions/{one}/resubmit"), &corrected)
        .await;
    assert_eq!(first.status, 202, "{}", first.body);
    for expected in [
        json!({ "accepted": 4, "created": 1, "quarantined": 2, "in_flight": 1 }),
        json!({ "accepted": 4, "created": 1, "quarantined": 2, "in_flight": 1 }),
    ] {
        world.settle().await;
        assert_eq!(total(&ledger(&world, "").await), expected);
        world.pass(125).await;
    }
    let corrected = json!({ "email": "two@example.com" });
    world
        .command(&format!("/v1/submissions/{two}/resubmit"), &corrected)
        .await;
    let discarded = json!({ "reason": "no such person" });
    world
        .command(&format!("/v1/submissions/{three}/discard"), &discarded)
        .await;
    let record = table::Record {
        id: late,
        source: "website".to_owned(),
        received_at: noted,
        outcome: domain::decision::Outcome::Merged,
        lead: None,
        repeats: None,
        quarantined: None,
    };
    table.record_submission(&record).await.unwrap();
    world.settle().await;
    for _ in 0..3 {
        let now = ledger(&world, "").await;
        assert_eq!(
            total(&now),
            json!({ "accepted": 4, "created": 2, "merged": 1, "rejected": 1 })
        );
        assert_eq!(now["hours"].as_array().unwrap().len(), 1);
        world.pass(61).await;
    }
    world.end().await;
}
