//! Files of submissions, from the door to what became of each row.

use lambda_http::http::Method;
use serde_json::{Value, json};
use tests::{Answer, World};

const VENDOR: &str = include_str!("../../events/batches/vendor.csv");

async fn post(world: &World, target: &str, body: &str) -> Answer {
    world
        .send(Method::POST, target, &[("content-type", "text/csv")], body)
        .await
}

async fn batch(world: &World, posted: &Answer) -> Value {
    let id = posted.body["batch"].as_str().unwrap();
    let answer = world.get(&format!("/v1/batches/{id}")).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

#[tokio::test]
async fn a_batch_is_checked_whole_and_its_good_rows_go_on() {
    let world = World::new().await;
    let posted = post(&world, "/v1/sources/website/batch", VENDOR).await;
    assert_eq!(posted.status, 202, "{}", posted.body);
    let counts = ["rows", "accepted", "rejected"].map(|name| posted.body[name].as_u64().unwrap());
    assert_eq!(counts, [4, 3, 1]);
    let errors = posted.body["errors"].as_array().unwrap();
    assert_eq!(
        (&errors[0]["row"], &errors[0]["line"]),
        (&json!(3), &json!(5))
    );
    assert_eq!(errors[0]["field"], "email");
    assert!(!posted.body.to_string().contains("sam.example"));
    world.settle().await;

    let batch = batch(&world, &posted).await;
    assert_eq!(
        batch["outcomes"],
        json!({ "created": 2, "merged": 1, "rejected": 1 })
    );
    let outcomes: Vec<&str> = batch["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(outcomes[2], "rejected");
    assert_eq!(batch["results"][0]["lead"], batch["results"][3]["lead"]);
    let joan = world.lead("joan.marlow@example.com").await;
    assert_eq!(joan["id"], batch["results"][0]["lead"]);
    assert_eq!(joan["submissions"].as_array().unwrap().len(), 2);
    world.end().await;
}

#[tokio::test]
async fn the_same_file_again_changes_nothing_nor_does_a_row_in_another_file() {
    let world = World::new().await;
    let first = post(&world, "/v1/sources/website/batch", VENDOR).await;
    world.settle().await;
    let before = world.everything().await;
    for _ in 0..2 {
        world.clock.advance(jiff::SignedDuration::from_hours(50));
        let again = post(&world, "/v1/sources/website/batch", VENDOR).await;
        assert_eq!((again.status, &again.body), (202, &first.body));
        world.settle().await;
    }
    assert_eq!(world.everything().await, before);

    // Another order of columns, another delimiter, as JSON: the same rows.
    let other = r#"[{"last_name": "Ortega", "phone_1": "+44 20 7946 0112", "first_name": "Inés", "email": "ines.ortega@example.org"}]"#;
    let posted = post(&world, "/v1/sources/website/batch", other).await;
    world.settle().await;
    let whole = batch(&world, &first).await;
    let single = batch(&world, &posted).await;
    assert_eq!(
        single["results"][0]["submission"],
        whole["results"][1]["submission"]
    );
    let lead = world.lead("ines.ortega@example.org").await;
    assert_eq!(lead["submissions"].as_array().unwrap().len(), 1);
    world.end().await;
}

#[tokio::test]
async fn one_bad_row_refuses_the_batch_if_that_is_wanted() {
    let strict = domain::config::DEFAULT.replacen(
        "[sources.website]\n",
        "[sources.website]\nall_or_nothing = true\n",
        1,
    );
    let world = World::configured(|_| strict).await;
    let before = world.everything().await;
    for target in [
        "/v1/sources/website/batch",
        "/v1/sources/assistant/batch?all_or_nothing=true",
    ] {
        let refused = post(&world, target, VENDOR).await;
        assert_eq!(
            (refused.status, &refused.body["code"]),
            (422, &json!("batch_refused"))
        );
        assert_eq!(refused.body["errors"][0]["row"], 3);
    }
    world.settle().await;
    assert_eq!(world.everything().await, before);
    let taken = post(
        &world,
        "/v1/sources/website/batch?all_or_nothing=false",
        VENDOR,
    )
    .await;
    assert_eq!(taken.status, 202);
    let wrong = post(
        &world,
        "/v1/sources/website/batch?all_or_nothing=perhaps",
        VENDOR,
    )
    .await;
    assert_eq!(wrong.status, 400);
    world.end().await;
}

#[tokio::test]
async fn a_batch_can_be_checked_without_being_taken() {
    let world = World::new().await;
    let before = world.everything().await;
    let target = "/v1/sources/website/batch?check=true";
    let checked = post(&world, target, VENDOR).await;
    assert_eq!(
        (checked.status, &checked.body["is_known"]),
        (200, &json!(false))
    );
    assert_eq!(checked.body["rejected"], 1);
    world.settle().await;
    assert_eq!(world.everything().await, before);
    let taken = post(&world, "/v1/sources/website/batch", VENDOR).await;
    assert_eq!(taken.body["batch"], checked.body["batch"]);
    let again = post(&world, target, VENDOR).await;
    assert_eq!(again.body["is_known"], true);
    world.end().await;
}

#[tokio::test]
async fn the_rows_of_a_batch_are_listed_in_pages() {
    let world = World::new().await;
    let mut file = "email,first_name\n".to_owned();
    for number in 0..620 {
        file += &format!("person{number}@example.com,Person\n");
    }
    let posted = post(&world, "/v1/sources/website/batch", &file).await;
    assert_eq!(posted.body["accepted"], 620);
    world.settle().await;
    let id = posted.body["batch"].as_str().unwrap().to_owned();
    let mut seen = Vec::new();
    let mut cursor = "0".to_owned();
    loop {
        let page = world
            .get(&format!("/v1/batches/{id}?limit=300&cursor={cursor}"))
            .await
            .body;
        assert_eq!(page["outcomes"], json!({ "created": 620 }));
        seen.extend(
            page["results"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| row["row"].as_u64().unwrap()),
        );
        match page["next"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(seen, (1..=620).collect::<Vec<u64>>());
    for wrong in ["limit=0", "limit=1001", "cursor=x", "page=2"] {
        assert_eq!(
            world.get(&format!("/v1/batches/{id}?{wrong}")).await.status,
            422,
            "{wrong}"
        );
    }
    assert_eq!(world.get("/v1/batches/bat_x").await.status, 404);
    world.end().await;
}

#[tokio::test]
async fn what_is_too_large_is_told_where_to_go() {
    let world = World::new().await;
    let file = format!("email\n{}", "a@example.com\n".repeat(2_001));
    let refused = post(&world, "/v1/sources/website/batch", &file).await;
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (413, &json!("batch_too_large"))
    );
    assert!(
        refused.body["detail"]
            .as_str()
            .unwrap()
            .contains("leadline import")
    );
    assert_eq!(world.get("/v1/sources/website/batch").await.status, 405);
    assert_eq!(
        post(&world, "/v1/sources/nobody/batch", "email\n")
            .await
            .status,
        404
    );
    world.end().await;
}
