//! Rights in the template: each role may do what its function was seen to do, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tests::deployment::{AwsCall, Deployment, Fault};
use tests::template::{self, FUNCTIONS, capitalised};

use crate::life::Life;

/// Action and logical name of the resource.
type Right = (String, String);

#[test]
fn a_role_may_do_what_its_function_was_seen_to_do_and_nothing_else() {
    let life = Life::lived();
    let mut used: BTreeMap<&str, BTreeSet<Right>> = BTreeMap::new();
    for call in &life.calls {
        used.entry(call.function)
            .or_default()
            .extend(rights_for(call));
    }
    for function in FUNCTIONS {
        let granted: BTreeSet<Right> = template::rights(function);
        let mut used = used.remove(function).unwrap_or_default();
        used.extend(rights_of_the_platform(function));
        let unused: Vec<&Right> = granted.difference(&used).collect();
        let missing: Vec<&Right> = used.difference(&granted).collect();
        assert!(
            unused.is_empty() && missing.is_empty(),
            "{function}: granted and never used {unused:?}; used and not granted {missing:?}"
        );
    }
}

#[tokio::test]
async fn a_role_without_the_right_to_statements_puts_items_one_by_one() {
    let deployment = Deployment::new(domain::config::DEFAULT).await;
    deployment.fail(Some(Fault {
        target: "BatchExecuteStatement",
        status: 403,
        is_page: false,
    }));
    let form = [("content-type", "application/x-www-form-urlencoded")];
    for person in 0..4 {
        let body = format!("email=person{person}%40example.com&country=DE");
        let taken = deployment
            .send("POST", "/v1/sources/website", &form, body)
            .await;
        assert_eq!(taken.status, 202, "{taken:?}");
    }
    deployment.settle().await;
    let is_refused = |call: &AwsCall| call.target.ends_with(".BatchExecuteStatement");
    assert!(deployment.calls().iter().any(is_refused));
    for person in 0..4 {
        let target = format!("/v1/leads?email=person{person}%40example.com");
        let answer = deployment.command("GET", &target, &[], "").await;
        assert!(answer.body.contains("\"owner\":\""), "{answer:?}");
    }
}

#[test]
fn a_function_knows_the_addresses_it_uses_and_no_others() {
    let life = Life::lived();
    for function in FUNCTIONS {
        let mut known = BTreeSet::new();
        for value in template::environment(function).into_values() {
            let name = value
                .trim_start_matches("!Ref ")
                .trim_start_matches("!GetAtt ")
                .trim_end_matches(".Id");
            if template::resources().contains_key(name) {
                known.insert(name.to_owned());
            }
        }
        let used: BTreeSet<String> = life
            .calls
            .iter()
            .filter(|call| call.function == function)
            .flat_map(rights_for)
            .map(|(_, resource)| resource)
            .collect();
        assert_eq!(known, used, "{function}");
    }
}

/// The rights that one call needs. A write in a transaction needs the right to make it alone.
fn rights_for(call: &AwsCall) -> Vec<Right> {
    let (service, operation) = call.target.split_once('.').unwrap();
    match (service, operation) {
        ("DynamoDB_20120810", "TransactWriteItems") => call.body["TransactItems"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|item| item.as_object().unwrap().keys())
            .map(|kind| {
                let action = match kind.as_str() {
                    "Put" => "PutItem",
                    "Update" => "UpdateItem",
                    "Delete" => "DeleteItem",
                    "ConditionCheck" => "ConditionCheckItem",
                    other => panic!("a transaction with {other}"),
                };
                (format!("dynamodb:{action}"), "Table".to_owned())
            })
            .collect(),
        ("DynamoDB_20120810", "TransactGetItems") => {
            vec![("dynamodb:GetItem".to_owned(), "Table".to_owned())]
        }
        ("DynamoDB_20120810", "BatchExecuteStatement") => {
            let statements = call.body["Statements"].as_array().unwrap().iter();
            let is_insert = |statement: &Value| {
                statement["Statement"]
                    .as_str()
                    .is_some_and(|text| text.starts_with("INSERT INTO "))
            };
            assert!(statements.clone().all(is_insert), "{}", call.body);
            vec![("dynamodb:PartiQLInsert".to_owned(), "Table".to_owned())]
        }
        ("DynamoDB_20120810", operation) => {
            vec![(format!("dynamodb:{operation}"), "Table".to_owned())]
        }
        ("AmazonSQS", operation) => {
            let queue = last_part(&call.body["QueueUrl"], '/');
            let action = operation.trim_end_matches("Batch");
            vec![(
                format!("sqs:{action}"),
                format!("{}Queue", capitalised(&queue)),
            )]
        }
        ("S3", operation) => vec![(format!("s3:{operation}"), "Uploads".to_owned())],
        ("secretsmanager", operation) => {
            vec![(
                format!("secretsmanager:{operation}"),
                last_part(&call.body["SecretId"], ':'),
            )]
        }
        _ => panic!("{} is no call that is understood here", call.target),
    }
}

fn last_part(name: &Value, separator: char) -> String {
    name.as_str()
        .unwrap()
        .rsplit(separator)
        .next()
        .unwrap()
        .to_owned()
}

/// What Lambda itself does under the role of a function: writes its logs, and reads its queue if it has one.
fn rights_of_the_platform(function: &str) -> Vec<Right> {
    let name = capitalised(function);
    let right = |action: &str, resource: String| (action.to_owned(), resource);
    let mut rights = vec![
        right("logs:CreateLogStream", format!("{name}Logs")),
        right("logs:PutLogEvents", format!("{name}Logs")),
    ];
    let text = &template::resources()[&name];
    if text.contains("Type: SQS") {
        assert!(
            text.contains(&format!("Queue: !GetAtt {name}Queue.Arn")),
            "{name}"
        );
        for action in [
            "sqs:ReceiveMessage",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
        ] {
            rights.push(right(action, format!("{name}Queue")));
        }
    }
    rights
}
