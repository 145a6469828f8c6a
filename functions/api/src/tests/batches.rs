//! Batches: what became of each row, and what it costs to say so.

use std::sync::Arc;

use domain::decision::Outcome;
use domain::id::{BatchId, Pepper, SubmissionId};
use table::{Batch, BatchRow, Meter, ROWS_IN_A_PAGE, Record};

use super::{PEPPER, World, noon, submission};

/// A batch of this many rows of which every third is on its way and every tenth repeats the row before it.
async fn batch(world: &World, rows: u32) -> BatchId {
    let id = BatchId::derive(&Pepper::new(PEPPER), "website", &[b"a batch".to_vec()]);
    let named = |number: u32| -> SubmissionId {
        let repeated = if number.is_multiple_of(10) {
            number - 1
        } else {
            number
        };
        submission(u128::from(repeated))
    };
    let kept: Vec<BatchRow> = (1..=rows)
        .map(|number| BatchRow {
            number,
            line: number + 1,
            submission: Some(named(number)),
            problems: Vec::new(),
        })
        .collect();
    let table = &world.table;
    table.keep_batch_rows(id, &kept, noon()).await.unwrap();
    for number in (1..=rows).filter(|number| number % 3 != 0) {
        let record = Record {
            id: named(number),
            source: "website".to_owned(),
            received_at: noon(),
            outcome: Outcome::Merged,
            lead: Some(submission(1).lead()),
            repeats: None,
            quarantined: None,
        };
        table.record_submission(&record).await.unwrap();
    }
    let batch = Batch {
        id,
        source: "website".to_owned(),
        received_at: noon(),
        rows,
        accepted: rows,
    };
    table.keep_batch(&batch).await.unwrap();
    id
}

#[tokio::test]
async fn rows_are_looked_up_a_hundred_items_a_call() {
    let mut world = World::new().await;
    let id = batch(&world, 1_200).await;
    let meter = Arc::new(Meter::default());
    world.api.table = world.table.clone().metered(meter.clone());
    let path = format!("/v1/batches/{id}?limit=1");
    let told = world.get(&path).await.ok("Batch");
    let calls = meter.take();
    let pages = 1_200_usize.div_ceil(ROWS_IN_A_PAGE) as u64;
    // The batch, its pages, and nothing for each row alone.
    assert_eq!(calls["GetItem"].calls, 1 + pages, "{calls:?}");
    assert!(calls["BatchGetItem"].calls <= 25, "{calls:?}");
    assert_eq!(calls.len(), 2, "{calls:?}");
    let outcomes = &told["outcomes"];
    assert_eq!(
        outcomes["in_flight"].as_u64().unwrap() + outcomes["merged"].as_u64().unwrap(),
        1_200
    );
}

#[tokio::test]
async fn a_row_that_repeats_another_has_the_same_outcome_on_every_page() {
    let world = World::new().await;
    let id = batch(&world, 20).await;
    let mut rows = Vec::new();
    let mut path = format!("/v1/batches/{id}?limit=3");
    loop {
        let told = world.get(&path).await.ok("Batch");
        rows.extend(told["results"].as_array().unwrap().clone());
        let Some(next) = told["next"].as_str() else {
            break;
        };
        path = format!("/v1/batches/{id}?limit=3&cursor={next}");
    }
    assert_eq!(rows.len(), 20);
    for row in &rows {
        let number = row["row"].as_u64().unwrap();
        // Row 10 is the submission of row 9, which is on its way until row 10 says it is not.
        let is_known = match number {
            9 | 10 | 19 | 20 => true,
            other => other % 3 != 0,
        };
        let expected = if is_known { "merged" } else { "in_flight" };
        assert_eq!(row["outcome"], expected, "row {number}");
    }
}
