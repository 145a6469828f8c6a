//! Large files: from the address that they are put under to what became of each row.

use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use files::Files;
use jiff::SignedDuration;
use lambda_http::http::{HeaderMap, HeaderName, HeaderValue, Method};
use platform::{Objects, Secrets};
use queue::{Message, Queue};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tests::{Answer, FILES_SECRET, UPLOADS_KEY, World};

const CONFIGURATION: &str = "[sources.fairs]\nkind = \"form\"\nsecret = \"files\"\nledger = true\n";

async fn world() -> World {
    World::with(|_| CONFIGURATION.to_owned()).await
}

fn sha256(file: &[u8]) -> String {
    let digest = Sha256::digest(file);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// People in a file: rows that say the same are one submission, and few leads are made soon.
const PEOPLE: usize = 40;

/// A file of good rows, and of a wrong one in every thousandth place.
fn file(rows: usize) -> Vec<u8> {
    let mut text = "email,first_name,last_name,company\n".to_owned();
    for row in 1..=rows {
        let email = if row % 1_000 == 0 {
            "not an address".to_owned()
        } else {
            format!("person{0}@company{0}.example", row % PEOPLE)
        };
        let person = row % PEOPLE;
        text += &format!("{email},Person,Number {person},Company {person}\n");
    }
    text.into_bytes()
}

async fn announce(world: &World, said: &Value) -> Answer {
    let headers = [
        ("content-type", "application/json"),
        ("x-leadline-secret", FILES_SECRET),
    ];
    let target = "/v1/sources/fairs/uploads";
    world
        .send(Method::POST, target, &headers, said.to_string())
        .await
}

async fn announced(world: &World, file: &[u8]) -> Answer {
    announce(
        world,
        &json!({ "bytes": file.len(), "sha256": sha256(file) }),
    )
    .await
}

/// What the store answers: nothing, or its code.
async fn put_with(
    world: &World,
    place: &Value,
    change: impl FnOnce(&mut HeaderMap),
    file: &[u8],
) -> Result<(), &'static str> {
    let mut headers = HeaderMap::new();
    headers.insert("host", HeaderValue::from_static("leadline.test"));
    for (name, value) in place["headers"].as_object().unwrap() {
        let name: HeaderName = name.parse().unwrap();
        headers.insert(name, value.as_str().unwrap().parse().unwrap());
    }
    change(&mut headers);
    let uri = place["url"].as_str().unwrap().parse().unwrap();
    let body = file.to_vec().into();
    let put = world.embedded.put_file(&uri, &headers, body).await;
    put.map_err(|refused| refused.code)
}

async fn put(world: &World, place: &Value, file: &[u8]) -> Result<(), &'static str> {
    put_with(world, place, |_| {}, file).await
}

async fn batch(world: &World, upload: &Value) -> Value {
    let id = upload["upload"].as_str().unwrap();
    let answer = world.get(&format!("/v1/batches/{id}")).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

/// Asks until every settled piece is counted, as a person who looks again would.
async fn counted(world: &World, upload: &Value) -> Value {
    let mut before = Value::Null;
    loop {
        let now = batch(world, upload).await;
        if now["upload"]["counted"] == before {
            return now;
        }
        before = now["upload"]["counted"].clone();
    }
}

#[tokio::test]
async fn a_file_of_some_thousand_rows_is_put_checked_and_becomes_leads() {
    let world = world().await;
    let file = file(2_600);
    let waiting = announced(&world, &file).await;
    assert_eq!(
        (
            waiting.status,
            &waiting.body["stage"],
            &waiting.body["method"]
        ),
        (201, &json!("waiting"), &json!("PUT")),
        "{}",
        waiting.body
    );
    assert_eq!(
        batch(&world, &waiting.body).await["upload"]["stage"],
        "waiting"
    );
    put(&world, &waiting.body, &file).await.unwrap();
    world.settle().await;

    let done = announced(&world, &file).await;
    assert_eq!(done.status, 200);
    assert_eq!(done.body["upload"], waiting.body["upload"]);
    assert_eq!(done.body["stage"], "done");
    assert_eq!(done.body.get("url"), None);
    let counts = ["rows", "accepted", "rejected", "sent"].map(|name| done.body[name].as_u64());
    assert_eq!(counts, [2_600, 2_598, 2, 2_598].map(Some));
    let errors = done.body["errors"].as_array().unwrap();
    assert_eq!(
        (&errors[0]["row"], &errors[0]["line"]),
        (&json!(1_000), &json!(1_001))
    );
    assert_eq!(errors[0]["field"], "email");

    let whole = counted(&world, &done.body).await;
    assert_eq!(whole["upload"]["counted"], 2_600);
    assert_eq!(
        whole["outcomes"],
        json!({ "created": 2_598, "rejected": 2 })
    );
    let page = world
        .get(&format!(
            "/v1/batches/{}?cursor=995&limit=10",
            done.body["upload"].as_str().unwrap()
        ))
        .await;
    let rows = page.body["results"].as_array().unwrap();
    assert_eq!((rows.len(), &rows[4]["row"]), (10, &json!(1_000)));
    assert_eq!(rows[4]["outcome"], "rejected");
    assert_eq!(page.body["next"], "1005");
    let lead = world.lead("person1@company1.example").await;
    assert_eq!(lead["contact"]["last_name"], "Number 1");
    let ledger = world.get("/v1/sources/fairs/ledger").await;
    assert_eq!(ledger.body["difference"], 0, "{}", ledger.body);
    assert_eq!(ledger.body["total"]["created"], PEOPLE, "{}", ledger.body);
    world.end().await;
}

#[tokio::test]
async fn one_call_looks_up_a_bounded_number_of_rows_whatever_the_length_of_the_file() {
    let world = world().await;
    let file = file(6_000);
    let waiting = announced(&world, &file).await;
    put(&world, &waiting.body, &file).await.unwrap();
    world.settle().await;
    world.meter.take();
    let first = batch(&world, &waiting.body).await;
    assert_eq!(first["upload"]["counted"], 2_000);
    let reads = world.meter.take()["GetItem"].calls;
    assert!(reads < 2_200, "{reads} reads");
    let whole = counted(&world, &waiting.body).await;
    assert_eq!(
        whole["outcomes"],
        json!({ "created": 5_994, "rejected": 6 })
    );
    world.meter.take();
    batch(&world, &waiting.body).await;
    let reads = world.meter.take()["GetItem"].calls;
    assert!(reads < 120, "{reads} reads");
    world.end().await;
}

#[tokio::test]
async fn only_exactly_the_announced_file_can_be_put_and_only_in_time() {
    let world = world().await;
    let file = file(20);
    let place = announced(&world, &file).await.body;
    let mut other = file.clone();
    other[60] ^= 1;
    assert_eq!(put(&world, &place, &other).await, Err("BadDigest"));
    assert_eq!(put(&world, &place, &file[1..]).await, Err("IncompleteBody"));
    let longer = [&file[..], b"\n"].concat();
    assert_eq!(put(&world, &place, &longer).await, Err("IncompleteBody"));
    // Whoever says what is true of another file has no signature for it.
    let of_other = announced(&world, &longer).await.body;
    let digest = of_other["headers"]["x-amz-checksum-sha256"].clone();
    let lying = put_with(
        &world,
        &place,
        |headers| {
            headers.insert("content-length", (file.len() + 1).into());
            let digest = digest.as_str().unwrap().parse().unwrap();
            headers.insert("x-amz-checksum-sha256", digest);
        },
        &longer,
    );
    assert_eq!(lying.await, Err("SignatureDoesNotMatch"));
    let mut elsewhere = place.clone();
    let url = place["url"].as_str().unwrap();
    elsewhere["url"] = json!(url.replace("uploads/bat_", "uploads/bat_0"));
    assert_eq!(
        put(&world, &elsewhere, &file).await,
        Err("SignatureDoesNotMatch")
    );
    elsewhere["url"] = json!(url.split_once('?').unwrap().0);
    assert_eq!(put(&world, &elsewhere, &file).await, Err("AccessDenied"));
    world.clock.advance(SignedDuration::from_mins(61));
    assert_eq!(put(&world, &place, &file).await, Err("AccessDenied"));
    world.settle().await;
    let before = batch(&world, &place).await;
    assert_eq!(
        (&before["upload"]["stage"], &before["rows"]),
        (&json!("waiting"), &json!(0))
    );
    // Another address for the same file, and all is well.
    let again = announced(&world, &file).await;
    assert_eq!(
        (again.status, &again.body["upload"]),
        (201, &place["upload"])
    );
    put(&world, &again.body, &file).await.unwrap();
    world.settle().await;
    assert_eq!(announced(&world, &file).await.body["stage"], "done");
    world.end().await;
}

#[tokio::test]
async fn a_notice_that_comes_again_and_the_same_file_again_change_nothing() {
    let world = world().await;
    let file = file(1_200);
    let place = announced(&world, &file).await.body;
    put(&world, &place, &file).await.unwrap();
    world.settle().await;
    let notices: Vec<String> = world
        .handled()
        .into_iter()
        .filter(|(queue, _)| *queue == Queue::Files)
        .map(|(_, body)| body)
        .collect();
    assert_eq!(notices.len(), 1);
    let before = world.everything().await;
    for _ in 0..2 {
        assert_eq!(world.invoke(Queue::Files, &notices).await, 0);
        // The address is still good, and what is put is what is there.
        put(&world, &place, &file).await.unwrap();
        assert_eq!(announced(&world, &file).await.status, 200);
        world.settle().await;
    }
    assert_eq!(world.everything().await, before);
    // With another choice it is another upload of the same submissions: no lead is touched.
    let strict = json!({ "bytes": file.len(), "sha256": sha256(&file), "all_or_nothing": true });
    let strict = announce(&world, &strict).await.body;
    assert_ne!(strict["upload"], place["upload"]);
    put(&world, &strict, &file).await.unwrap();
    world.settle().await;
    let refused = batch(&world, &strict).await;
    assert_eq!(refused["upload"]["stage"], "refused");
    let lead = world.lead("person1@company1.example").await;
    assert_eq!(lead["submissions"].as_array().unwrap().len(), 1);
    world.end().await;
}

#[tokio::test]
async fn a_file_with_a_wrong_row_is_refused_whole_if_that_is_wanted_and_told_row_by_row() {
    let world = world().await;
    let file = file(1_000);
    let said = json!({
        "bytes": file.len(), "sha256": sha256(&file), "all_or_nothing": true, "name": "fair.csv"
    });
    let place = announce(&world, &said).await.body;
    put(&world, &place, &file).await.unwrap();
    world.settle().await;
    let told = announce(&world, &said).await;
    assert_eq!((told.status, &told.body["stage"]), (200, &json!("refused")));
    assert_eq!(told.body["refusal"]["code"], "rows_wrong");
    assert_eq!(told.body["errors"][0]["row"], 1_000);
    assert_eq!(told.body["sent"], 0);
    let batch = batch(&world, &told.body).await;
    assert_eq!(batch["upload"]["name"], "fair.csv");
    assert_eq!(
        (&batch["accepted"], &batch["rejected"]),
        (&json!(0), &json!(1))
    );
    let nobody = world.get("/v1/leads?email=person1@company1.example").await;
    assert_eq!(nobody.body["leads"], json!([]));
    world.end().await;
}

#[tokio::test]
async fn what_is_no_table_is_refused_with_the_reason_and_quotes_nothing() {
    let world = world().await;
    for (file, code) in [
        (
            &b"PK\x03\x04 a workbook of ada@example.com"[..],
            "unsupported_content_type",
        ),
        (b"ada@example.com;Ada\nbob@example.com;Bob\n", "unparseable"),
        (b"email;first_name\n", "no_rows"),
        (b"[{\"email\": \"ada@example.com\"}", "unparseable"),
    ] {
        let place = announced(&world, file).await.body;
        put(&world, &place, file).await.unwrap();
        world.settle().await;
        let told = announced(&world, file).await.body;
        assert_eq!(told["refusal"]["code"], code, "{told}");
        assert!(!told.to_string().contains("ada"), "{told}");
    }
    world.end().await;
}

#[tokio::test]
async fn nobody_announces_a_file_without_the_secret_and_no_source_without_one_takes_any() {
    let world = world().await;
    let said = json!({ "bytes": 3, "sha256": sha256(b"abc") }).to_string();
    let json = ("content-type", "application/json");
    for (source, headers, status) in [
        ("fairs", vec![json], 401),
        ("fairs", vec![json, ("x-leadline-secret", "another")], 401),
        (
            "website",
            vec![json, ("x-leadline-secret", FILES_SECRET)],
            403,
        ),
        ("nobody", vec![json], 404),
    ] {
        let target = format!("/v1/sources/{source}/uploads");
        let answer = world
            .send(Method::POST, &target, &headers, said.as_str())
            .await;
        assert_eq!(answer.status, status, "{source}: {}", answer.body);
    }
    assert!(
        world
            .everything()
            .await
            .iter()
            .all(|item| !item.contains("\"F\""))
    );
    world.end().await;
}

/// The function as Lambda has it, over the same table, queues and bucket.
fn function(world: &World) -> Files {
    let objects = world.embedded.engines.objects.clone().unwrap();
    let clock = world.embedded.clock.clone();
    Files {
        table: world.embedded.table.clone(),
        queues: world.embedded.queues.clone(),
        objects: Objects::embedded(
            "http://leadline.test/leadline-uploads",
            ("LEADLINE", UPLOADS_KEY),
            objects.http_client(),
            clock.clone(),
        ),
        secrets: Secrets::fixed([("pepper", "pepper-of-the-test-world")]),
        clock,
    }
}

async fn invoke(files: &Files, upload: &Value, budget: Duration) {
    let upload = upload["upload"].as_str().unwrap().parse().unwrap();
    let mut record = SqsMessage::default();
    record.message_id = Some("m".to_owned());
    record.body = Some(serde_json::to_string(&Message::File { upload }).unwrap());
    let mut event = SqsEvent::default();
    event.records = vec![record];
    let response = files.handle(event, budget).await.unwrap();
    assert!(response.batch_item_failures.is_empty());
}

#[tokio::test]
async fn a_file_goes_on_where_an_invocation_without_time_left_off_and_two_at_once_change_nothing() {
    let world = world().await;
    let mut file = String::from_utf8(file(1_900)).unwrap();
    // The sender's ids are compared over the whole file, also when it is checked in many invocations.
    file = file.replacen("email,", "lead_id,email,", 1);
    file = file
        .lines()
        .enumerate()
        .map(|(index, line)| match index {
            0 => format!("{line}\n"),
            // The id of the seventh row, and not what that says.
            1_806 => format!("sheet-000007,{line}\n"),
            _ => format!("sheet-{:06},{line}\n", index % PEOPLE),
        })
        .collect();
    let file = file.into_bytes();
    let place = announced(&world, &file).await.body;
    let files = function(&world);
    let uri = place["url"].as_str().unwrap().parse().unwrap();
    let mut headers = HeaderMap::new();
    headers.insert("host", HeaderValue::from_static("leadline.test"));
    for (name, value) in place["headers"].as_object().unwrap() {
        let name: HeaderName = name.parse().unwrap();
        headers.insert(name, value.as_str().unwrap().parse().unwrap());
    }
    // Into the bucket alone, so that nobody else is told.
    let objects = world.embedded.engines.objects.clone().unwrap();
    objects
        .put(&uri, &headers, file.clone().into())
        .await
        .unwrap();
    let mut stages = Vec::new();
    for _ in 0..40 {
        // Each invocation does one piece; every second time two do it at the same moment.
        tokio::join!(
            invoke(&files, &place, Duration::ZERO),
            invoke(&files, &place, Duration::ZERO)
        );
        let now = announced(&world, &file).await.body;
        let stage = now["stage"].as_str().unwrap().to_owned();
        if stages.last() != Some(&stage) {
            stages.push(stage);
        }
    }
    world.settle().await;
    assert_eq!(
        stages.last().map(String::as_str),
        Some("done"),
        "{stages:?}"
    );
    let told = announced(&world, &file).await.body;
    let counts = ["rows", "accepted", "sent"].map(|name| told[name].as_u64().unwrap());
    assert_eq!(counts, [1_900, 1_898, 1_898], "{told}");
    let codes: Vec<&Value> = told["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| &error["code"])
        .collect();
    assert_eq!(codes, ["email_syntax", "id_repeated"], "{told}");
    let whole = counted(&world, &told).await;
    assert_eq!(
        whole["outcomes"],
        json!({ "created": 1_898, "rejected": 2 })
    );
    world.end().await;
}
