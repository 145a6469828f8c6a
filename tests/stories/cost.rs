use table::Tally;
use tests::World;

/// Write units of DynamoDB on demand, per million, in US dollars (us-east-1, November 2026).
const USD_PER_MILLION_WRITES: f64 = 0.625;

/// Read units, likewise.
const USD_PER_MILLION_READS: f64 = 0.125;

/// What an ordinary new lead may cost: see the budget in ARCHITECTURE.md.
const MOST_WRITE_UNITS: f64 = 6.0;

#[tokio::test]
async fn a_new_lead_costs_no_more_write_units_than_its_budget() {
    // One destination, as in production: the log is for looking at a Leadline on one's own machine.
    let config = domain::config::DEFAULT.replace(
        "[destinations.log]\n",
        "[destinations.log]\nactive = false\n",
    );
    let world = World::configured(|outside| format!("{config}\n{}", tests::webhook(outside))).await;
    // The first lead of a pool and of a provider's cache is not the ordinary one.
    world
        .post_form("website", "email=first%40example.com&country=DE")
        .await;
    world.settle().await;
    world.meter.take();
    let ordinary = "email=ada%40example.com&phone=%2B49+30+901820&first_name=Ada&last_name=Example&title=Global+CMO\
        &company=Example+GmbH&employees=75&country=Germany&city=Berlin&message=Please+call+me+about+a+demo+for+our+team.\
        &utm_source=google&utm_medium=cpc&utm_campaign=spring&gclid=Cj0KCQiA&page_url=https%3A%2F%2Fwww.example.com%2Fdemo&marketing_consent=yes";
    world.post_form("website", ordinary).await;
    world.settle().await;
    let tallies = world.meter.take();
    let sum = |units: fn(&Tally) -> f64| tallies.values().map(units).sum::<f64>();
    let (writes, reads) = (
        sum(|tally| tally.write_units),
        sum(|tally| tally.read_units),
    );
    println!("One new lead with e-mail and phone, one webhook, batches of 1:");
    for (operation, tally) in &tallies {
        println!(
            "  {operation:<28} {:>3} calls  {:>5.1} write units  {:>5.1} read units",
            tally.calls, tally.write_units, tally.read_units
        );
    }
    let sent = world.handled().len();
    println!("  {:<28} {sent:>3} messages handled", "SQS");
    println!(
        "  together {writes} write units and {reads} read units: ${:.2} + ${:.2} per million leads for DynamoDB",
        writes * USD_PER_MILLION_WRITES,
        reads * USD_PER_MILLION_READS
    );
    assert!(writes <= MOST_WRITE_UNITS, "{writes} write units");
    world.end().await;
}
