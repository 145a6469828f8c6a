//! What a lead uses is held here exactly: a change of any count is a change of the bill, and has to be meant.

use super::kinds::LEADS;
use super::prices::{Bill, Usage};
use super::step::Step;
use super::*;

/// Write units, read units, requests of SQS and of Lambda, for each lead.
type Counts = (f64, f64, f64, f64);

async fn counts(kind: Kind, fill: i32) -> Counts {
    let prices = prices::read().unwrap();
    let measured = measure(kind, fill, &prices.assumptions).await.unwrap();
    let sum =
        |of: fn(&step::Spent) -> f64| measured.by_step.values().map(of).sum::<f64>() / LEADS as f64;
    let rounded = |number: f64| (number * 100.0).round() / 100.0;
    (
        rounded(sum(|spent| spent.write_units)),
        rounded(sum(|spent| spent.read_units)),
        rounded(sum(|spent| spent.sqs_requests as f64)),
        rounded(sum(|spent| spent.invocations as f64)),
    )
}

#[tokio::test(start_paused = true)]
async fn a_new_lead_uses_what_it_is_meant_to() {
    // Two identity claims, the entry among due work, the pool's turns, the lead with its owner, the delivery.
    assert_eq!(counts(Kind::New, 1).await, NEW_SINGLE);
    assert_eq!(counts(Kind::New, 10).await, NEW_TEN);
}

#[tokio::test(start_paused = true)]
async fn every_other_kind_uses_what_it_is_meant_to() {
    for (kind, single, ten) in OTHERS {
        assert_eq!(counts(kind, 1).await, single, "{} at fill 1", kind.name());
        assert_eq!(counts(kind, 10).await, ten, "{} at fill 10", kind.name());
    }
}

const NEW_SINGLE: Counts = (6.0, 5.0, 9.0, 4.0);
const NEW_TEN: Counts = (5.1, 4.1, 1.8, 1.3);
const OTHERS: [(Kind, Counts, Counts); 5] = [
    (Kind::Duplicate, (0.0, 4.0, 6.0, 3.0), (0.0, 4.0, 1.5, 1.2)),
    (Kind::Merge, (4.0, 6.0, 6.0, 3.0), (4.0, 6.0, 1.5, 1.2)),
    (Kind::Event, (1.0, 2.0, 3.0, 2.0), (1.0, 2.0, 1.2, 1.1)),
    (
        Kind::Recycle,
        (10.0, 6.53, 9.0, 3.07),
        (9.1, 5.63, 2.7, 0.37),
    ),
    (
        Kind::LookAfter,
        (1.0, 1.53, 0.0, 0.07),
        (1.0, 1.53, 0.0, 0.07),
    ),
];

#[tokio::test(start_paused = true)]
async fn no_item_of_an_ordinary_lead_is_larger_than_one_write_unit() {
    let prices = prices::read().unwrap();
    let measured = measure(Kind::New, 10, &prices.assumptions).await.unwrap();
    for (step, spent) in &measured.by_step {
        assert!(
            spent.largest_item <= 1_024,
            "{}: {} bytes",
            step.name(),
            spent.largest_item
        );
    }
    assert!(measured.by_step[&Step::Assign].largest_item > 0);
}

#[tokio::test(start_paused = true)]
async fn a_million_new_leads_cost_at_most_five_dollars_behind_a_function_url_in_full_batches() {
    let prices = prices::read().unwrap();
    let measured = measure(Kind::New, 10, &prices.assumptions).await.unwrap();
    let report = report::Report::new(prices, designs::read().unwrap(), &[measured]).unwrap();
    let row = report.row(Kind::New, 10).unwrap();
    // The part that does not depend on how fast this machine is.
    let fixed = row.usd_per_million - row.bill.lambda_gb_seconds;
    assert!(fixed <= 4.8, "{fixed}");
}

#[test]
fn the_memory_that_is_billed_is_the_one_in_the_template() {
    let template = include_str!("../../../template.yaml");
    let memory = template
        .split("\n  Memory:\n")
        .nth(1)
        .and_then(|rest| rest.split("Default: ").nth(1))
        .and_then(|rest| rest.lines().next())
        .unwrap();
    let assumed = prices::read().unwrap().assumptions.memory_mb;
    assert_eq!(memory.parse::<f64>().unwrap(), assumed);
}

#[test]
fn the_other_designs_cost_what_their_arithmetic_says() {
    let prices = prices::read().unwrap();
    let totals: Vec<f64> = designs::read()
        .unwrap()
        .into_iter()
        .map(|design| (design.usage.per_million(&prices).total() * 100.0).round() / 100.0)
        .collect();
    assert_eq!(totals, [0.90, 1.53, 2.80, 9.38, 34.91, 51.79]);
    let nothing = Usage::default().per_million(&prices);
    assert_eq!(nothing, Bill::default());
}

/// The engine's figures against the rules that AWS documents.
mod engine {
    use std::time::Duration;

    use aws_sdk_dynamodb::Client;
    use aws_sdk_dynamodb::primitives::Blob;
    use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, Put, TransactWriteItem};
    use engines::EmbeddedTable;

    use super::super::wire::{Ledger, counting};
    use super::*;

    struct Scale {
        client: Client,
        ledger: Ledger,
    }

    impl Scale {
        async fn new() -> Self {
            let engine = EmbeddedTable::memory().unwrap();
            let ledger = Ledger::default();
            let http = counting(engine.http_client(), ledger.clone(), Duration::ZERO);
            let config = engine
                .dynamodb_client()
                .config()
                .to_builder()
                .http_client(http)
                .build();
            let client = Client::from_conf(config);
            table::Table::new(client.clone(), "leadline")
                .create_if_missing()
                .await
                .unwrap();
            ledger.enter(Step::Enrich);
            ledger.take();
            Self { client, ledger }
        }

        /// Write and read units since the last call.
        fn units(&self) -> (f64, f64) {
            let spent = self.ledger.take().remove(&Step::Enrich).unwrap_or_default();
            (spent.write_units, spent.read_units)
        }

        async fn put(&self, sk: &str, bytes: usize) -> (f64, f64) {
            let request = self.client.put_item().table_name("leadline");
            request
                .set_item(Some(item("p", sk, bytes)))
                .send()
                .await
                .unwrap();
            self.units()
        }
    }

    fn text(text: &str) -> AttributeValue {
        AttributeValue::S(text.to_owned())
    }

    /// An item of exactly so many bytes, names included.
    fn item(pk: &str, sk: &str, bytes: usize) -> std::collections::HashMap<String, AttributeValue> {
        let rest = bytes - "pkskd".len() - pk.len() - sk.len();
        [
            ("pk".to_owned(), text(pk)),
            ("sk".to_owned(), text(sk)),
            ("d".to_owned(), AttributeValue::B(Blob::new(vec![7; rest]))),
        ]
        .into()
    }

    #[tokio::test]
    async fn writes_are_billed_by_the_started_kilobyte_of_the_larger_version() {
        let scale = Scale::new().await;
        assert_eq!(scale.put("a", 100).await, (1.0, 0.0));
        assert_eq!(scale.put("b", 1_024).await, (1.0, 0.0));
        assert_eq!(scale.put("c", 1_025).await, (2.0, 0.0));
        assert_eq!(
            scale.put("c", 100).await,
            (2.0, 0.0),
            "the larger of before and after"
        );
        assert_eq!(scale.put("c", 100).await, (1.0, 0.0));
        let put = |sk: &str| {
            let put = Put::builder()
                .table_name("leadline")
                .set_item(Some(item("p", sk, 100)));
            TransactWriteItem::builder()
                .put(put.build().unwrap())
                .build()
        };
        let both = scale.client.transact_write_items();
        both.transact_items(put("d"))
            .transact_items(put("e"))
            .send()
            .await
            .unwrap();
        assert_eq!(scale.units(), (4.0, 0.0), "twice in a transaction");
        for sk in ["d", "nothing"] {
            let delete = scale.client.delete_item().table_name("leadline");
            delete
                .key("pk", text("p"))
                .key("sk", text(sk))
                .send()
                .await
                .unwrap();
            assert_eq!(scale.units(), (1.0, 0.0), "a delete of {sk}");
        }
        let refused = scale.client.put_item().table_name("leadline");
        let refused = refused.set_item(Some(item("p", "a", 100)));
        let refused = refused
            .condition_expression("attribute_not_exists(pk)")
            .send()
            .await;
        assert!(refused.is_err());
        assert_eq!(scale.units(), (1.0, 0.0), "a condition that does not hold");
    }

    #[tokio::test]
    async fn reads_are_billed_by_the_started_four_kilobytes_of_all_that_is_read() {
        let scale = Scale::new().await;
        for number in 0..10 {
            scale.put(&format!("E#{number}"), 600).await;
        }
        let query = |pk: &str, consistent| {
            let query = scale
                .client
                .query()
                .table_name("leadline")
                .consistent_read(consistent);
            let query = query.key_condition_expression("pk = :pk");
            query.expression_attribute_values(":pk", text(pk)).send()
        };
        for (pk, consistent, units) in [
            ("p", true, 2.0),
            ("p", false, 1.0),
            ("nobody", true, 1.0),
            ("nobody", false, 0.5),
        ] {
            query(pk, consistent).await.unwrap();
            assert_eq!(
                scale.units(),
                (0.0, units),
                "a query of {pk}, consistent: {consistent}"
            );
        }
        for (sk, consistent, units) in [
            ("E#0", true, 1.0),
            ("E#0", false, 0.5),
            ("nothing", true, 1.0),
            ("nothing", false, 0.5),
        ] {
            let get = scale
                .client
                .get_item()
                .table_name("leadline")
                .consistent_read(consistent);
            get.key("pk", text("p"))
                .key("sk", text(sk))
                .send()
                .await
                .unwrap();
            assert_eq!(
                scale.units(),
                (0.0, units),
                "{sk}, consistent: {consistent}"
            );
        }
        let mut keys = KeysAndAttributes::builder().consistent_read(true);
        for sk in ["E#0", "E#1", "nothing"] {
            keys = keys.keys([("pk".to_owned(), text("p")), ("sk".to_owned(), text(sk))].into());
        }
        let many = scale.client.batch_get_item();
        many.request_items("leadline", keys.build().unwrap())
            .send()
            .await
            .unwrap();
        assert_eq!(scale.units(), (0.0, 3.0), "each item of a batch by itself");
    }
}
