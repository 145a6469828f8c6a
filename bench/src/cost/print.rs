//! The report as tables, and as one JSON document.
#![expect(clippy::print_stdout, reason = "printing is what this is for")]

use anyhow::Result;
use serde_json::json;

use super::kinds::Kind;
use super::prices::{Bill, Usage};
use super::report::{Report, Row};

/// The fill and front that the headline figures are for.
const HEADLINE_FILL: i32 = 10;

/// Minutes of a month of 30 days.
const MINUTES_PER_MONTH: f64 = 43_200.0;

pub(crate) fn json(report: &Report) -> Result<()> {
    let headline = report.row(Kind::New, HEADLINE_FILL)?;
    let single = report.row(Kind::New, 1)?;
    let designs: Vec<_> = report
        .designs
        .iter()
        .map(|(name, usage, total)| json!({ "name": name, "usage": usage, "usd_per_million_leads": total }))
        .collect();
    let document = json!({
        "write_units_per_new_lead": headline.usage.write_units,
        "usd_per_million_leads": headline.usd_per_million,
        "front": "function-url",
        "fill": HEADLINE_FILL,
        "write_units_per_new_lead_at_fill_1": single.usage.write_units,
        "usd_per_million_leads_at_fill_1": single.usd_per_million,
        "prices_seen": report.prices.dynamodb.seen,
        "region": report.prices.region,
        "cpu": if report.is_cpu_measured { "measured" } else { "stated in the price list" },
        "rows": report.rows,
        "before": report.before,
        "designs": designs,
    });
    println!("{}", serde_json::to_string_pretty(&document)?);
    Ok(())
}

pub(crate) fn tables(report: &Report) {
    println!(
        "US dollars per million, {}, prices of {}, function URL; CPU {}.",
        report.prices.region,
        report.prices.dynamodb.seen,
        if report.is_cpu_measured {
            "as measured"
        } else {
            "as the price list states it (this build is not optimised)"
        }
    );
    println!("\nBy kind of lead and messages in a batch, by service:\n");
    println!(
        "| kind | fill | write units | read units | SQS | requests | DynamoDB writes | reads | SQS | Lambda requests | GB-s | together | HTTP API | before |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    for row in &report.rows {
        let before = report
            .before
            .row(row.kind, row.fill)
            .map_or("–".to_owned(), |before| {
                format!("{:.2}", before.usd_per_million)
            });
        println!(
            "| {} | {} | {:.2} | {:.2} | {:.2} | {:.2} | {} | **{:.2}** | {:.2} | {before} |",
            row.kind,
            row.fill,
            row.usage.write_units,
            row.usage.read_units,
            row.usage.sqs_requests,
            row.usage.lambda_requests,
            services(&row.bill),
            row.usd_per_million,
            row.usd_per_million_http_api,
        );
    }
    for row in report.rows.iter().filter(|row| row.fill != 3) {
        steps(row);
    }
    others(report);
    apart(report);
}

fn services(bill: &Bill) -> String {
    format!(
        "{:.2} | {:.2} | {:.2} | {:.2} | {:.2}",
        bill.dynamodb_writes,
        bill.dynamodb_reads,
        bill.sqs,
        bill.lambda_requests,
        bill.lambda_gb_seconds
    )
}

fn steps(row: &Row) {
    println!("\n{} at fill {}, by step:\n", row.kind, row.fill);
    println!(
        "| step | write units | read units | SQS | requests | DynamoDB writes | reads | SQS | Lambda requests | GB-s | together | billed ms | CPU µs a record | largest item | calls a lead |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|");
    for step in &row.steps {
        let calls: Vec<String> = step
            .calls
            .iter()
            .map(|(call, number)| format!("{number:.2} {call}"))
            .collect();
        println!(
            "| {} | {:.2} | {:.2} | {:.2} | {:.2} | {} | {:.2} | {:.0} | {:.0} | {} | {} |",
            step.step,
            step.usage.write_units,
            step.usage.read_units,
            step.usage.sqs_requests,
            step.usage.lambda_requests,
            services(&step.bill),
            step.usd_per_million,
            step.billed_ms_per_invocation,
            step.cpu_us_measured,
            step.largest_item_bytes,
            calls.join(", "),
        );
    }
}

fn others(report: &Report) {
    println!("\nNext to other designs (their call counts are in bench/src/cost/designs.toml):\n");
    println!("| design | write units | read units | SQS | Lambda requests | together |");
    println!("|---|--:|--:|--:|--:|--:|");
    let line = |name: &str, usage: &Usage, total: f64| {
        println!(
            "| {name} | {:.2} | {:.2} | {:.2} | {:.2} | {total:.2} |",
            usage.write_units, usage.read_units, usage.sqs_requests, usage.lambda_requests
        );
    };
    for (name, usage, total) in &report.designs {
        line(name, usage, *total);
    }
    for row in report
        .rows
        .iter()
        .filter(|row| row.kind == Kind::New.name())
    {
        if let Some(before) = report.before.row(row.kind, row.fill) {
            line(
                &format!("Leadline before, fill {}", row.fill),
                &before.usage,
                before.usd_per_million,
            );
        }
        line(
            &format!("**Leadline, fill {}**", row.fill),
            &row.usage,
            row.usd_per_million,
        );
    }
}

fn apart(report: &Report) {
    let prices = &report.prices;
    let assumed = &prices.assumptions;
    let queues = 4.0;
    let polls = queues * assumed.idle_polls_per_minute * MINUTES_PER_MONTH;
    let looks = MINUTES_PER_MONTH;
    let look_units = looks * f64::from(table::SHARDS);
    let functions = 7.0;
    let configuration_units =
        functions * MINUTES_PER_MONTH * 60.0 / table::CONFIGURATION_SECONDS as f64;
    println!("\nNot in the tables:\n");
    println!(
        "- Logs: not counted. The handlers of an ordinary lead write no line; a log costs ${:.2} a GB.",
        prices.logs.per_gb
    );
    println!(
        "- Idle queues: {polls:.0} polls a month, ${:.2}.",
        polls / 1e6 * prices.sqs.per_million_requests
    );
    println!(
        "- Looking for due work every minute: {look_units:.0} read units and {looks:.0} requests a month, ${:.2}.",
        look_units / 1e6 * prices.dynamodb.per_million_read_units
            + looks / 1e6 * prices.lambda.per_million_requests
    );
    println!(
        "- Asking for the configuration, at most, with one copy of each function always busy: {configuration_units:.0} read units a month, ${:.2}.",
        configuration_units / 1e6 * prices.dynamodb.per_million_read_units
    );
    println!(
        "- The stack's secret: ${:.2} a month; keys are AWS's own, which cost nothing.",
        prices.secrets.per_secret_month
    );
    if let Ok(row) = report.row(Kind::New, HEADLINE_FILL) {
        println!(
            "- Storage: {:.0} bytes a lead, ${:.2} a month for each million kept.",
            row.stored_bytes,
            row.stored_bytes * 1e6 / 1e9 * prices.dynamodb.per_gb_month
        );
        println!(
            "- Transfer to the internet: {:.0} bytes a lead, ${:.2} a million after the first 100 GB of a month.",
            row.out_bytes,
            row.out_bytes * 1e6 / 1e9 * prices.transfer.per_gb_out
        );
    }
}
