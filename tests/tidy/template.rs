//! The template agrees with the code.

use std::collections::BTreeMap;
use std::path::Path;

use crate::repository::read;

/// Every function, in the order of a lead's way.
pub(crate) const FUNCTIONS: [&str; 7] = [
    "capture", "enrich", "score", "assign", "deliver", "recycle", "api",
];

/// The text of each resource, by its logical name.
fn resources() -> BTreeMap<String, String> {
    let text = read(Path::new("template.yaml"));
    let body = text
        .split("\nResources:")
        .nth(1)
        .unwrap()
        .split("\nOutputs:")
        .next()
        .unwrap()
        .to_owned();
    let mut resources: BTreeMap<String, String> = BTreeMap::new();
    let mut name = String::new();
    for line in body.lines() {
        let is_name = line.starts_with("  ")
            && !line.starts_with("   ")
            && line.ends_with(':')
            && !line.trim_start().starts_with('#');
        if is_name {
            name = line.trim().trim_end_matches(':').to_owned();
        }
        let resource = resources.entry(name.clone()).or_default();
        resource.push_str(line);
        resource.push('\n');
    }
    resources
}

fn capitalised(name: &str) -> String {
    format!("{}{}", name[..1].to_uppercase(), &name[1..])
}

fn number(text: &str, key: &str) -> u32 {
    let line = text
        .lines()
        .find(|line| line.trim().starts_with(key))
        .unwrap_or_else(|| panic!("no {key} in {text}"));
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

#[test]
fn every_function_is_in_the_template_with_its_binary_and_a_role_of_its_own() {
    let resources = resources();
    for function in FUNCTIONS {
        let name = capitalised(function);
        let text = &resources[&name];
        assert!(
            text.contains(&format!("CodeUri: target/lambda/{function}/")),
            "{name}"
        );
        assert!(
            text.contains(&format!("Role: !GetAtt {name}Role.Arn")),
            "{name}"
        );
        assert!(
            !resources[&format!("{name}Role")].contains('*'),
            "{name}Role names its actions and resources one by one"
        );
    }
}

#[test]
fn a_message_stays_hidden_for_six_times_the_time_of_its_function() {
    let resources = resources();
    for queue in queue::Queue::ALL {
        let name = capitalised(queue.name());
        let (function, queue) = (&resources[&name], &resources[&format!("{name}Queue")]);
        let (timeout, visibility) = (
            number(function, "Timeout:"),
            number(queue, "VisibilityTimeout:"),
        );
        assert!(
            visibility >= 6 * timeout,
            "{name}: {visibility} s for {timeout} s"
        );
        assert!(
            function.contains("FunctionResponseTypes: [ReportBatchItemFailures]"),
            "{name}"
        );
        assert!(
            !function.contains("FilterCriteria"),
            "{name}: a filter on a queue deletes what it does not match"
        );
        assert!(number(queue, "maxReceiveCount:") >= 3, "{name}");
    }
}

#[test]
fn secrets_are_never_values_of_the_environment() {
    for (name, text) in resources() {
        assert!(!text.contains("{{resolve:"), "{name}");
    }
}

#[test]
fn a_role_may_do_what_its_function_does_and_nothing_else() {
    // What each function calls, read off its code: methods of `Table` by the operation they use, queues by their names.
    let expected: [(&str, &[&str], &[&str], bool); 7] = [
        (
            "capture",
            &["GetItem", "PutItem"],
            &["Enrich", "Score"],
            true,
        ),
        (
            "enrich",
            &["GetItem", "BatchGetItem", "Query", "PutItem"],
            &["Score"],
            true,
        ),
        (
            "score",
            &["GetItem", "BatchGetItem", "Query", "PutItem"],
            &["Score", "Assign", "Deliver"],
            false,
        ),
        (
            "assign",
            &["GetItem", "Query", "PutItem"],
            &["Deliver"],
            false,
        ),
        (
            "deliver",
            &["GetItem", "Query", "PutItem"],
            &["Deliver"],
            true,
        ),
        (
            "recycle",
            &["GetItem", "Query", "PutItem", "DeleteItem"],
            &["Enrich", "Score", "Assign", "Deliver"],
            false,
        ),
        (
            "api",
            &["GetItem", "BatchGetItem", "Query", "PutItem"],
            &["Enrich", "Assign"],
            true,
        ),
    ];
    let resources = resources();
    for (function, operations, queues, reads_secrets) in expected {
        let role = &resources[&format!("{}Role", capitalised(function))];
        for operation in [
            "GetItem",
            "BatchGetItem",
            "Query",
            "PutItem",
            "UpdateItem",
            "DeleteItem",
            "Scan",
        ] {
            let is_allowed = role.contains(&format!("dynamodb:{operation},"))
                || role.contains(&format!("dynamodb:{operation}]"));
            assert_eq!(
                is_allowed,
                operations.contains(&operation),
                "{function}: dynamodb:{operation}"
            );
        }
        let sends = role
            .split("Action: sqs:SendMessage")
            .nth(1)
            .unwrap_or_default();
        let sends = sends.split("- Effect:").next().unwrap_or_default();
        for queue in queue::Queue::ALL {
            let name = capitalised(queue.name());
            assert_eq!(
                sends.contains(&format!("{name}Queue.Arn")),
                queues.contains(&name.as_str()),
                "{function}: sends to {name}Queue"
            );
            let variable = format!("LEADLINE_QUEUE_{}", queue.name().to_uppercase());
            assert_eq!(
                resources[&capitalised(function)].contains(&variable),
                queues.contains(&name.as_str()),
                "{function}: {variable}"
            );
        }
        assert_eq!(
            role.contains("secretsmanager:GetSecretValue"),
            reads_secrets,
            "{function}: secrets"
        );
    }
}
