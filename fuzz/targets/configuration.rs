//! Configuration files: TOML, conditions and every check. What is accepted is accepted again after it was written as JSON,
//! as the table keeps it.
#![no_main]

use domain::config::{Config, check::check_file};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let report = check_file(text);
    let Some(config) = report.config else {
        assert!(!report.problems.is_empty(), "refused without a reason");
        return;
    };
    let json = serde_json::to_string(&config).expect("a configuration can be written");
    assert_eq!(
        serde_json::from_str::<Config>(&json).expect("and read"),
        config
    );
});
