//! Stored decisions: any bytes in the place of a lead's history are read as decisions or refused as unreadable.
#![no_main]

use std::cell::OnceCell;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::id::LeadId;
use engines::table::EmbeddedTable;
use table::Table;
use tokio::runtime::Runtime;

struct World {
    runtime: Runtime,
    client: aws_sdk_dynamodb::Client,
    table: Table,
}

thread_local! {
    static WORLD: OnceCell<World> = const { OnceCell::new() };
}

fn world() -> World {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
    let client = EmbeddedTable::memory()
        .expect("a table in memory")
        .dynamodb_client();
    let table = Table::new(client.clone(), "leadline");
    runtime
        .block_on(table.create_if_missing())
        .expect("it can be made");
    World {
        runtime,
        client,
        table,
    }
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    WORLD.with(|cell| {
        let World {
            runtime,
            client,
            table,
        } = cell.get_or_init(world);
        let lead = LeadId::from_bits(1);
        let digits = lead.to_string().trim_start_matches("lead_").to_owned();
        runtime.block_on(async {
            let put = client
                .put_item()
                .table_name("leadline")
                .item("pk", AttributeValue::S(format!("P#{digits}")))
                .item("sk", AttributeValue::S("E#00000001".to_owned()))
                .item("d", AttributeValue::B(Blob::new(data)));
            put.send().await.expect("the engine takes any bytes");
            match table.lead(lead).await {
                Ok(Some(history)) => assert!(!history.decisions.is_empty()),
                Ok(None) | Err(table::Error::Corrupt { .. }) => {}
                Err(other) => panic!("{other}"),
            }
        });
    });
});
