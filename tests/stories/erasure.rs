//! Erasure: whoever is erased is nowhere any more, stays away whatever comes of them, and nobody else notices.

use domain::id::{ErasureId, Pepper};
use domain::identity::{Claimant, IdentityKey, email_key, phone_key};
use lambda_http::http::Method;
use queue::Queue;
use serde_json::{Value, json};
use table::{Claim, Claimed, Suppression};
use tests::World;

use crate::scan::Needles;

/// Ada in all her spellings. Nobody else in these stories has anything of it.
const ADA: [(&str, &str); 6] = [
    ("e-mail", "Ada.Quillfeather@brightwater.example"),
    ("other e-mail", "a.quillfeather@harbour.example"),
    ("phone", "+44 20 7946 0958"),
    ("last name", "Quillfeather"),
    ("message", "my cat Zanzibar"),
    ("company", "Ostrakonwerke"),
];

const EMAIL: &str = "ada.quillfeather@brightwater.example";
const PHONE: &str = "+442079460958";
const FORM: &str = "email=ada.quillfeather%40brightwater.example&first_name=Ada&last_name=Quillfeather\
    &phone=%2B44+20+7946+0958&message=my+cat+Zanzibar&company=Ostrakonwerke&leadline_ms=20000";

fn config(outside: &str) -> String {
    tests::webhook(outside).replace(
        "\"lead.sla_breached\"",
        "\"lead.sla_breached\", \"lead.erased\"",
    )
}

async fn world() -> World {
    World::with(config).await
}

async fn submits(world: &World, source: &str, body: &str) -> String {
    let answer = world.post_form(source, body).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    answer.body["submissions"][0].as_str().unwrap().to_owned()
}

async fn bob(world: &World) -> Value {
    submits(
        world,
        "website",
        "email=bob%40harbour.example&first_name=Bob&last_name=Byron&phone=%2B12025550123",
    )
    .await;
    world.settle().await;
    world.lead("bob@harbour.example").await
}

async fn erase(world: &World, body: &Value) -> Value {
    let answer = world.command("/v1/erasures", body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

async fn outcome(world: &World, submission: &str) -> String {
    let answer = world.get(&format!("/v1/submissions/{submission}")).await;
    answer.body["outcome"].as_str().unwrap_or("none").to_owned()
}

/// What of Ada is in any item of the table, decoded, in any queue or dead letter.
async fn traces(world: &World) -> Vec<String> {
    traces_of(world, Needles::of(ADA)).await
}

async fn traces_of(world: &World, needles: Needles) -> Vec<String> {
    let mut places = Vec::new();
    let client = world.embedded.engines.table.dynamodb_client();
    let mut scanned = client
        .scan()
        .table_name("leadline")
        .into_paginator()
        .items()
        .send();
    while let Some(item) = scanned.try_next().await.unwrap() {
        let mut text = String::new();
        for (name, value) in &item {
            let value = match value.as_b() {
                Ok(blob) => table::readable(blob.as_ref()).unwrap_or_default(),
                Err(other) => format!("{other:?}"),
            };
            text.push_str(&format!("{name} {value}\n"));
        }
        places.push((format!("{:?} {:?}", item["pk"], item["sk"]), text));
    }
    for queue in Queue::ALL {
        for name in [queue.name().to_owned(), format!("{}-dlq", queue.name())] {
            let bodies = world.embedded.engines.queues.peek(&name);
            places.extend(bodies.into_iter().map(|body| (name.clone(), body)));
        }
    }
    places
        .into_iter()
        .filter_map(|(place, text)| {
            let found = needles.found_in(&text);
            (!found.is_empty()).then(|| format!("{place}: {}", found.join("; ")))
        })
        .collect()
}

/// What the receiver got about a lead.
async fn told_of(world: &World, lead: &str) -> Vec<Value> {
    let told = world.told().await.into_iter().map(|(_, body)| body);
    told.filter(|body| body["data"]["lead"]["id"] == lead)
        .collect()
}

fn pepper() -> Pepper {
    Pepper::new("pepper-of-the-test-world")
}

fn keys() -> [IdentityKey; 2] {
    let email = domain::email::Email::parse(EMAIL).unwrap();
    [email_key(&pepper(), &email), phone_key(&pepper(), PHONE)]
}

#[tokio::test]
async fn who_is_erased_is_nowhere_any_more_and_nobody_else_notices() {
    let world = world().await;
    let bob = bob(&world).await;
    let event = json!({ "events": [{ "id": "v1", "type": "page_visited", "visitor": "5f2b9c0e8d7a41f6b3c2d1e0f9a8b7c6", "properties": { "path": "/pricing" } }] });
    world.post_json("/v1/events", &event).await;
    let first = submits(&world, "website", &format!("{FORM}&leadline_visitor=5f2b9c0e8d7a41f6b3c2d1e0f9a8b7c6&consent.contact=yes&consent_text=Quillfeather")).await;
    world.settle().await;
    // By the number alone, with another address of hers: merged, and a third key.
    let second = submits(
        &world,
        "website",
        "email=a.quillfeather%40harbour.example&first_name=Ada&last_name=Quillfeather&phone=%2B442079460958",
    )
    .await;
    world.settle().await;
    world.pass(40).await;
    let ada = world.lead(EMAIL).await;
    let id = ada["id"].as_str().unwrap().to_owned();
    assert_eq!(ada["submissions"], json!([first, second]));
    assert!(!traces(&world).await.is_empty(), "she is there, and found");
    let heard = told_of(&world, &id).await.len();

    let answer = erase(&world, &json!({ "email": EMAIL, "by": "mia" })).await;
    assert_eq!(answer["leads"], json!([id]));
    assert_eq!(answer["suppressed"], 3);
    world.settle().await;
    assert_eq!(traces(&world).await, Vec::<String>::new());
    let told = told_of(&world, &id).await;
    assert_eq!(told.len(), heard + 1);
    let last = told.last().unwrap();
    assert_eq!(last["type"], "lead.erased");
    assert_eq!(last["data"]["lead"]["fields"], json!({}));
    assert!(!last.to_string().contains("Mia"), "{last}");

    let path = format!("/v1/leads/{id}");
    let gone = world.get(&path).await;
    assert_eq!((gone.status, &gone.body["code"]), (410, &json!("erased")));
    assert!(
        gone.body["detail"].as_str().unwrap().contains("by mia"),
        "{}",
        gone.body
    );
    let history = world.get(&format!("{path}/history")).await.body;
    let kinds: Vec<&str> = history["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["erased", "delivered"]);
    let sentences = world.get(&format!("{path}/explanation")).await.body;
    assert!(
        sentences["sentences"][0]
            .as_str()
            .unwrap()
            .contains("was erased at"),
        "{sentences}"
    );
    for (part, body) in [
        ("feedback", json!({ "kind": "contacted" })),
        ("consent", json!({ "purpose": "contact", "granted": true })),
    ] {
        assert_eq!(
            world.command(&format!("{path}/{part}"), &body).await.status,
            410,
            "{part}"
        );
    }
    for asked in [
        "email=ada.quillfeather%40brightwater.example",
        "phone=%2B442079460958",
        "email=a.quillfeather%40harbour.example",
    ] {
        assert_eq!(
            world.get(&format!("/v1/leads?{asked}")).await.body["leads"],
            json!([])
        );
    }
    assert_eq!(outcome(&world, &first).await, "created");
    assert_eq!(outcome(&world, &second).await, "merged");

    // Again, by each of what leads there.
    for again in [
        json!({ "email": EMAIL, "by": "mia" }),
        json!({ "phone": "+44 20 7946 0958" }),
        json!({ "lead": id }),
    ] {
        let before = world.everything().await;
        assert_eq!(erase(&world, &again).await, answer, "{again}");
        world.settle().await;
        assert_eq!(world.everything().await, before);
    }
    world.pass(90 * 24 * 60).await;
    assert_eq!(
        told_of(&world, &id).await.len(),
        heard + 1,
        "nothing is due"
    );
    assert_eq!(
        world.lead("bob@harbour.example").await["contact"],
        bob["contact"]
    );
    world.end().await;
}

#[tokio::test]
async fn whatever_comes_of_who_was_erased_ends_as_suppressed() {
    let world = world().await;
    submits(&world, "website", FORM).await;
    world.settle().await;
    let messages = world.handled();
    let id = world.lead(EMAIL).await["id"].as_str().unwrap().to_owned();
    erase(&world, &json!({ "lead": id })).await;
    world.settle().await;
    let told = world.told().await.len();

    let mut came = vec![
        submits(&world, "website", &format!("{FORM}&city=Berlin")).await,
        submits(&world, "website", "phone=%2B442079460958&first_name=Ada").await,
    ];
    let said = json!({ "conversation_id": "c-1", "variables": { "email": EMAIL, "last_name": "Quillfeather" } });
    let answer = world.post_json("/v1/sources/assistant", &said).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    came.push(answer.body["submissions"][0].as_str().unwrap().to_owned());
    let event = json!({ "events": [{ "id": "e1", "type": "event_attended", "email": EMAIL }, { "id": "e2", "type": "event_attended", "lead": id }] });
    assert_eq!(
        world.post_json("/v1/events", &event).await.body["accepted"],
        2
    );
    world.settle().await;
    world.pass(120).await;
    for submission in &came {
        assert_eq!(outcome(&world, submission).await, "suppressed");
    }
    let said = world
        .get(&format!("/v1/submissions/{}", came[0]))
        .await
        .body;
    assert_eq!(said["reasons"][0]["code"], "suppressed", "{said}");

    // Every message once more, as after a redrive of dead letters.
    for (queue, body) in messages.iter().chain(messages.iter().rev()) {
        assert_eq!(world.invoke(*queue, std::slice::from_ref(body)).await, 0);
        world.settle().await;
    }
    assert_eq!(traces(&world).await, Vec::<String>::new());
    assert_eq!(world.told().await.len(), told, "nobody is told of anything");
    world.end().await;
}

#[tokio::test]
async fn a_file_is_taken_and_its_erased_row_is_suppressed() {
    let config = |outside: &str| {
        let files = "[sources.partner]\nkind = \"form\"\nsecret = \"files\"\nledger = true\n";
        format!("{files}{}", config(outside))
    };
    let world = World::with(config).await;
    erase(&world, &json!({ "email": EMAIL })).await;
    let file = "email,last_name\nada.quillfeather@brightwater.example,Quillfeather\nbob@harbour.example,Byron\n";
    let headers = [
        ("content-type", "text/csv"),
        ("x-leadline-secret", tests::FILES_SECRET),
    ];
    let answer = world
        .send(Method::POST, "/v1/sources/partner/batch", &headers, file)
        .await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    world.settle().await;
    let batch = world
        .get(&format!(
            "/v1/batches/{}",
            answer.body["batch"].as_str().unwrap()
        ))
        .await
        .body;
    let outcomes: Vec<&str> = batch["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(outcomes, ["suppressed", "created"], "{batch}");
    world.pass(5).await;
    let ledger = world.get("/v1/sources/partner/ledger").await.body;
    assert_eq!(
        (&ledger["total"]["suppressed"], &ledger["difference"]),
        (&json!(1), &json!(0)),
        "{ledger}"
    );
    assert_eq!(traces(&world).await, Vec::<String>::new());
    world.end().await;
}

#[tokio::test]
async fn who_is_not_known_is_suppressed_before_they_come() {
    let world = world().await;
    let answer = erase(
        &world,
        &json!({ "email": EMAIL, "phone": "+44 20 7946 0958" }),
    )
    .await;
    assert_eq!(
        (&answer["leads"], &answer["suppressed"]),
        (&json!([]), &json!(2))
    );
    world.clock.advance(jiff::SignedDuration::from_mins(3));
    assert_eq!(
        erase(&world, &json!({ "email": EMAIL, "phone": PHONE })).await,
        answer
    );
    let submission = submits(&world, "website", FORM).await;
    world.settle().await;
    assert_eq!(outcome(&world, &submission).await, "suppressed");
    assert_eq!(traces(&world).await, Vec::<String>::new());
    world.end().await;
}

#[tokio::test]
async fn what_is_asked_in_wrong_words_is_said_at_once_and_erases_nobody() {
    let world = world().await;
    submits(&world, "website", FORM).await;
    world.settle().await;
    let before = world.everything().await;
    let wrong =
        json!({ "lead": "ada", "email": "Quillfeather", "phone": "none", "by": "", "why": "x" });
    let answer = world.command("/v1/erasures", &wrong).await;
    assert_eq!(answer.status, 422);
    let mut fields: Vec<&str> = answer.body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].as_str().unwrap())
        .collect();
    fields.sort_unstable();
    assert_eq!(fields, ["by", "email", "lead", "phone", "why"]);
    assert!(!answer.body.to_string().contains("Quillfeather"));
    assert_eq!(world.command("/v1/erasures", &json!({})).await.status, 422);
    let unknown = json!({ "lead": "lead_169ja6zgwzvs2qda0g93qpfm5j", "email": EMAIL });
    assert_eq!(world.command("/v1/erasures", &unknown).await.status, 404);
    let without = world
        .post_json("/v1/erasures", &json!({ "email": EMAIL }))
        .await;
    assert_eq!(without.status, 401);
    assert_eq!(world.everything().await, before);
    world.end().await;
}

#[tokio::test]
async fn a_number_that_somebody_else_has_too_is_not_closed_to_them() {
    let world = world().await;
    let shared =
        "email=kim%40brightwater.example&first_name=Kim&last_name=Yates&phone=%2B442079460958";
    submits(&world, "website", FORM).await;
    world.settle().await;
    submits(&world, "website", shared).await;
    world.settle().await;
    let kim = world.lead("kim@brightwater.example").await;
    erase(&world, &json!({ "email": EMAIL })).await;
    world.settle().await;
    assert_eq!(world.lead("kim@brightwater.example").await["id"], kim["id"]);
    let again = submits(&world, "website", &format!("{shared}&title=CMO")).await;
    let third = submits(
        &world,
        "website",
        "email=lee%40brightwater.example&first_name=Lee&last_name=Ong&phone=%2B442079460958",
    )
    .await;
    world.settle().await;
    assert_eq!(outcome(&world, &again).await, "merged");
    assert_eq!(outcome(&world, &third).await, "created");
    // Without a name nobody can tell: it may be her.
    let nameless = submits(
        &world,
        "website",
        "email=zoe%40brightwater.example&phone=%2B442079460958",
    )
    .await;
    world.settle().await;
    assert_eq!(outcome(&world, &nameless).await, "suppressed");
    world.end().await;
}

#[tokio::test]
async fn a_number_that_was_somebody_elses_first_keeps_out_who_was_erased_by_name() {
    let kept = domain::config::DEFAULT.replacen(
        "[sources.website]\n",
        "[sources.website]\nanswer_field_errors = false\n",
        1,
    );
    let world = World::configured(|outside| format!("{kept}\n{}", config(outside))).await;
    let kim = "first_name=Kim&last_name=Yates&phone=%2B442079460958";
    let kims = format!("email=kim%40brightwater.example&{kim}");
    submits(&world, "website", &kims).await;
    world.settle().await;
    submits(&world, "website", FORM).await;
    world.settle().await;
    let hers = "first_name=Ada&last_name=Quillfeather&phone=%2B442079460958";
    let waiting = submits(&world, "website", &format!("email=wrong%40&{hers}")).await;
    world.settle().await;
    assert_eq!(outcome(&world, &waiting).await, "quarantined");
    let lead = world.lead("kim@brightwater.example").await["id"].clone();
    let ada = world.lead(EMAIL).await["id"].clone();
    assert_ne!(ada, lead);
    world.pass(10).await;
    let asked = json!({ "lead": ada });
    let answer = erase(&world, &asked).await;
    assert_eq!(
        (&answer["leads"], &answer["suppressed"]),
        (&json!([ada]), &json!(2))
    );
    // By number and name, in quarantine before and again: kept out.
    let by_number = submits(&world, "website", hers).await;
    let again = submits(&world, "website", &format!("email=also%40&{hers}")).await;
    world.settle().await;
    for submission in [&waiting, &by_number, &again] {
        assert_eq!(outcome(&world, submission).await, "suppressed");
    }
    // The number stays whose it was: with her name, with nobody's, and when the claim is made once more.
    for form in [kim, "phone=%2B442079460958", &kims] {
        let came = submits(&world, "website", &format!("{form}&city=Again")).await;
        world.settle().await;
        let kept = world.get(&format!("/v1/submissions/{came}")).await.body;
        assert_eq!(
            (&kept["outcome"], &kept["lead"]),
            (&json!("merged"), &lead),
            "{form}"
        );
    }
    let named = Needles::of([("e-mail", ADA[0].1), ("last name", ADA[3].1)]);
    assert_eq!(traces_of(&world, named).await, Vec::<String>::new());
    assert_eq!(erase(&world, &asked).await, answer);
    // Whose it was is erased, too: both stay away.
    erase(&world, &json!({ "email": "kim@brightwater.example" })).await;
    for form in [kim, hers] {
        let late = submits(&world, "website", &format!("{form}&city=Late")).await;
        world.settle().await;
        assert_eq!(outcome(&world, &late).await, "suppressed");
    }
    let renamed = format!("email=ada%40elsewhere.example&{hers}");
    let renamed = submits(&world, "website", &renamed).await;
    world.settle().await;
    assert_eq!(outcome(&world, &renamed).await, "suppressed");
    world.end().await;
}

#[tokio::test]
async fn a_lead_that_is_claimed_and_not_yet_written_never_is() {
    let elsewhere = world().await;
    submits(&elsewhere, "website", FORM).await;
    elsewhere.settle().await;
    let handled = elsewhere.handled();
    let body_of = |wanted: Queue| {
        handled
            .iter()
            .find(|(queue, _)| *queue == wanted)
            .unwrap()
            .1
            .clone()
    };
    let (to_enrich, to_assign) = (body_of(Queue::Enrich), body_of(Queue::Assign));
    assert!(to_assign.contains("assign.v2") && to_assign.contains("Quillfeather"));
    let lead = elsewhere.lead(EMAIL).await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    elsewhere.end().await;

    // Her keys are claimed; her content is in a message to `assign`, and nowhere else. By each of her keys.
    for asked in [json!({ "email": EMAIL }), json!({ "phone": PHONE })] {
        let world = world().await;
        let claimant = Claimant {
            email: Some(keys()[0]),
            name: None,
        };
        for key in keys() {
            let claimed = world
                .embedded
                .table
                .claim(key, lead.parse().unwrap(), &claimant)
                .await;
            assert_eq!(claimed.unwrap(), Claimed::Ours);
        }
        let answer = erase(&world, &asked).await;
        assert_eq!(answer["leads"], json!([lead]));
        for (queue, body) in [
            (Queue::Assign, &to_assign),
            (Queue::Enrich, &to_enrich),
            (Queue::Assign, &to_assign),
        ] {
            assert_eq!(world.invoke(queue, std::slice::from_ref(body)).await, 0);
            world.settle().await;
        }
        let submission = lead.replace("lead_", "sub_");
        assert_eq!(outcome(&world, &submission).await, "suppressed", "{asked}");
        assert_eq!(traces(&world).await, Vec::<String>::new());
        assert!(world.told().await.is_empty());
        for key in keys() {
            let claims = world.embedded.table.claims(&[key]).await.unwrap();
            assert!(claims[0].is_some());
        }
        world.pass(24 * 60).await;
        assert!(world.told().await.is_empty());
        world.end().await;
    }
}

#[tokio::test]
async fn an_erasure_that_broke_off_is_finished_by_the_next() {
    let world = world().await;
    submits(&world, "website", FORM).await;
    world.settle().await;
    let lead = world.lead(EMAIL).await["id"].as_str().unwrap().to_owned();
    // It suppressed one key, and died.
    let read = world.embedded.table.claims(&keys()[..1]).await.unwrap();
    let read = read[0].clone().unwrap();
    let Claim::Held(holder, claimant, _) = read else {
        panic!("nobody was erased");
    };
    let suppression = Suppression {
        erasure: ErasureId::derive(&pepper(), &lead),
        at: world.embedded.clock.now(),
        lead: Some(holder),
        claimant,
    };
    assert!(
        world
            .embedded
            .table
            .suppress(keys()[0], Some(&read), &suppression)
            .await
            .unwrap()
    );
    world.clock.advance(jiff::SignedDuration::from_mins(1));
    let answer = erase(&world, &json!({ "email": EMAIL })).await;
    assert_eq!(
        (&answer["leads"], &answer["suppressed"]),
        (&json!([lead]), &json!(2))
    );
    assert_eq!(traces(&world).await, Vec::<String>::new());
    assert_eq!(erase(&world, &json!({ "email": EMAIL })).await, answer);
    world.end().await;
}

#[tokio::test]
async fn whoever_comes_while_they_are_erased_is_suppressed_or_erased() {
    for round in 0..12u64 {
        let world = world().await;
        let mut came = Vec::new();
        for number in 0..3 {
            came.push(submits(&world, "website", &format!("{FORM}&city=Town{number}")).await);
            if number == 1 {
                tokio::time::sleep(std::time::Duration::from_millis(round)).await;
            }
        }
        erase(&world, &json!({ "email": EMAIL })).await;
        came.push(submits(&world, "website", &format!("{FORM}&city=Late")).await);
        world.settle().await;
        world.pass(30).await;
        erase(&world, &json!({ "email": EMAIL })).await;
        world.settle().await;
        for submission in came {
            let outcome = outcome(&world, &submission).await;
            assert!(
                ["created", "merged", "suppressed"].contains(&outcome.as_str()),
                "{outcome}"
            );
        }
        assert_eq!(traces(&world).await, Vec::<String>::new(), "round {round}");
        world.end().await;
    }
}

#[tokio::test]
async fn what_waits_in_quarantine_is_erased_and_cannot_be_corrected_into_a_lead() {
    let kept = domain::config::DEFAULT.replacen(
        "[sources.website]\n",
        "[sources.website]\nanswer_field_errors = false\nledger = true\n",
        1,
    );
    let world = World::configured(|outside| format!("{kept}\n{}", config(outside))).await;
    let hers = submits(
        &world,
        "website",
        "email=wrong%40&phone=%2B44+20+7946+0958&last_name=Quillfeather",
    )
    .await;
    let typo = submits(&world, "website", "email=somebody%40&first_name=Somebody").await;
    world.settle().await;
    assert_eq!(outcome(&world, &hers).await, "quarantined");
    world.pass(10).await;
    erase(&world, &json!({ "phone": PHONE })).await;
    erase(&world, &json!({ "email": EMAIL })).await;
    assert_eq!(outcome(&world, &hers).await, "suppressed");
    assert_eq!(outcome(&world, &typo).await, "quarantined");
    let resubmit = format!("/v1/submissions/{typo}/resubmit");
    let refused = world.command(&resubmit, &json!({ "email": EMAIL })).await;
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (409, &json!("suppressed"))
    );
    // And what comes for the quarantine later.
    let late = submits(
        &world,
        "website",
        "email=also%40&phone=%2B44+20+7946+0958&last_name=Quillfeather",
    )
    .await;
    world.settle().await;
    assert_eq!(outcome(&world, &late).await, "suppressed");
    world.pass(10).await;
    let ledger = world.get("/v1/sources/website/ledger").await.body;
    let total = &ledger["total"];
    assert_eq!(
        (
            &total["suppressed"],
            &total["quarantined"],
            &ledger["difference"]
        ),
        (&json!(2), &json!(1), &json!(0)),
        "{ledger}"
    );
    assert_eq!(traces(&world).await, Vec::<String>::new());
    world.end().await;
}

#[tokio::test]
async fn a_vendors_lead_of_who_was_erased_is_refused_where_the_contract_asks_who_is_known() {
    let contract = |duplicates: &str| {
        format!(
            "[sources.acme]\nkind = \"generic\"\nvendor = \"acme\"\nsecret = \"crm\"\nmap = {{ external_id = \"id\" }}\n\
             [vendors.acme]\ncurrency = \"USD\"\nprice = \"45.00\"\nduplicates = {{ days = 90{duplicates} }}\n"
        )
    };
    let headers = [
        ("content-type", "application/json"),
        ("x-leadline-secret", tests::SIGNING_SECRET),
    ];
    let lead =
        json!({ "id": "acme-1", "email": EMAIL, "phone": PHONE, "last_name": "Quillfeather" })
            .to_string();
    for (duplicates, expected) in [
        (", among = \"all\"", "rejected"),
        (", among = \"vendor\"", "accepted"),
    ] {
        let world =
            World::with(|outside| format!("{}\n{}", contract(duplicates), config(outside))).await;
        erase(&world, &json!({ "email": EMAIL })).await;
        let answer = world
            .send(Method::POST, "/v1/sources/acme", &headers, lead.clone())
            .await
            .body;
        assert_eq!(answer["outcome"], expected, "{answer}");
        world.settle().await;
        let submission = answer["submission"].as_str().unwrap();
        match expected {
            "rejected" => assert_eq!(answer["reason"]["code"], "suppressed"),
            _ => assert_eq!(outcome(&world, submission).await, "suppressed"),
        }
        world.pass(60).await;
        assert_eq!(traces(&world).await, Vec::<String>::new(), "{expected}");
        world.end().await;
    }
    // Bought before, and on its way: what the door keeps of it goes, too.
    let world = World::with(|outside| format!("{}\n{}", contract(""), config(outside))).await;
    let answer = world
        .send(Method::POST, "/v1/sources/acme", &headers, lead)
        .await
        .body;
    assert_eq!(answer["outcome"], "accepted", "{answer}");
    world.settle().await;
    erase(&world, &json!({ "phone": PHONE })).await;
    world.settle().await;
    assert_eq!(traces(&world).await, Vec::<String>::new());
    world.end().await;
}
