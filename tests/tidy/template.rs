//! The template agrees with the code.

use std::path::{Path, PathBuf};

use tests::template::{self, TEXT, capitalised, environment, parameters, resources};

use crate::repository::{files, read};

pub(crate) use tests::template::FUNCTIONS;

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
            !resources[&format!("{name}Role")]
                .replace(template::FILES_OF.1, "")
                .contains('*'),
            "{name}Role names its actions and resources one by one"
        );
    }
}

#[test]
fn every_queue_that_a_function_sends_to_is_wired_known_by_address_and_allowed() {
    let is_product = |path: &Path| {
        path.extension().is_some_and(|extension| extension == "rs")
            && !path.components().any(|part| part.as_os_str() == "tests")
            && !path.ends_with("tests.rs")
    };
    for function in FUNCTIONS {
        let folder = Path::new("functions").join(function);
        // What makes things safe sends for both doors that use it.
        let manifest = read(&folder.join("Cargo.toml"));
        let uses_intake = manifest.contains("\nintake.workspace");
        let folders = [
            Some(folder.join("src")),
            uses_intake.then(|| PathBuf::from("shared/intake/src")),
        ];
        let is_of_it = |path: &Path| {
            folders
                .iter()
                .flatten()
                .any(|folder| path.starts_with(folder))
        };
        let texts: Vec<(bool, String)> = files(is_product)
            .into_iter()
            .filter(|path| is_of_it(path))
            .map(|path| (path.ends_with("main.rs"), read(&path)))
            .collect();
        assert!(!texts.is_empty(), "{function}");
        let names = |of_main: bool, queue: queue::Queue| {
            let name = format!("Queue::{}", capitalised(queue.name()));
            texts
                .iter()
                .any(|(is_main, text)| *is_main == of_main && text.contains(&name))
        };
        for queue in queue::Queue::ALL {
            let is_used = names(false, queue);
            let variable = format!("LEADLINE_QUEUE_{}", queue.name().to_uppercase());
            let right = (
                "sqs:SendMessage".to_owned(),
                format!("{}Queue", capitalised(queue.name())),
            );
            let found = [
                names(true, queue),
                environment(function).contains_key(&variable),
                template::rights(function).contains(&right),
            ];
            assert_eq!(
                found,
                [is_used; 3],
                "{function} sends to {}: {is_used}; in main.rs, the environment, the role: {found:?}",
                queue.name()
            );
        }
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
fn the_environment_holds_names_and_addresses_and_nothing_secret() {
    let parameters = parameters();
    let resources = resources();
    for function in FUNCTIONS {
        for (name, value) in environment(function) {
            let place = format!("{name} of {function} is {value}");
            match value.split_once(' ') {
                // The id of a secret, which is its ARN and not its value.
                Some(("!GetAtt", attribute)) => {
                    let resource = attribute
                        .strip_suffix(".Id")
                        .unwrap_or_else(|| panic!("{place}"));
                    assert!(
                        resources[resource].contains("Type: AWS::SecretsManager::Secret"),
                        "{place}"
                    );
                }
                // The name of a table or a bucket, or the address of a queue, or a parameter that everybody may see.
                Some(("!Ref", referred)) => match resources.get(referred) {
                    Some(resource) => assert!(
                        resource.contains("Type: AWS::DynamoDB::Table")
                            || resource.contains("Type: AWS::SQS::Queue")
                            || resource.contains("Type: AWS::S3::Bucket"),
                        "{place}"
                    ),
                    None => assert!(is_open(&parameters[referred]), "{place}"),
                },
                Some(("!If", "[OverridesEndpoint, !Ref EndpointUrl, !Ref AWS::NoValue]")) => {
                    assert!(is_open(&parameters["EndpointUrl"]), "{place}");
                }
                _ => panic!("{place}, which is no reference: say here why it is not secret"),
            }
        }
    }
}

/// Whether a parameter is one whose value anybody may see: CloudFormation hides what is secret with `NoEcho`, and the types
/// of Systems Manager fetch values.
fn is_open(parameter: &str) -> bool {
    parameter.contains("Type: String")
        && !parameter.contains("NoEcho")
        && !parameter.contains("AWS::SSM")
}

#[test]
fn no_value_of_a_secret_is_put_into_the_template() {
    for dynamic in ["{{resolve:", "NoEcho", "LEADLINE_SECRET_", " SecretString:"] {
        assert!(!TEXT.contains(dynamic), "{dynamic}");
    }
}

#[test]
fn functions_log_at_the_level_that_was_looked_at_for_personal_data() {
    // Below INFO, libraries log requests with their bodies. `tests/stories/privacy.rs` reads what is logged from INFO on.
    assert!(TEXT.contains("ApplicationLogLevel: INFO"));
    assert_eq!(TEXT.matches("ApplicationLogLevel").count(), 1);
    for function in FUNCTIONS {
        for name in environment(function).into_keys() {
            assert!(
                !["RUST_LOG", "AWS_LAMBDA_LOG_LEVEL"].contains(&name.as_str()),
                "{function}"
            );
        }
    }
}

#[test]
fn every_right_of_a_role_names_one_action_on_one_resource_of_the_template() {
    // That it is used, and that no other is needed: `tests/stories/rights.rs`.
    for function in FUNCTIONS {
        for (action, resource) in template::rights(function) {
            assert!(
                !action.contains('*') && action.contains(':'),
                "{function}: {action}"
            );
            assert!(
                resources().contains_key(&resource),
                "{function}: {resource}"
            );
        }
    }
}
