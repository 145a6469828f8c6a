//! The door of a `generic` source with paths: up to a line break the input is one path, the rest is a request.
#![no_main]

use domain::config::SourceKind;
use domain::config::mapping::{JsonPath, Mapping};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut parts = data.splitn(2, |byte| *byte == b'\n');
    let (Some(path), Some(rest)) = (parts.next(), parts.next()) else {
        return;
    };
    let Ok(path) = String::from_utf8_lossy(path).parse::<JsonPath>() else {
        return;
    };
    // What is written is what is read.
    assert_eq!(path.to_string().parse(), Ok(path.clone()));
    fuzz::through_a_proved_door(SourceKind::Generic, rest, |source| {
        source.records = Some(path.clone());
        for field in ["email", "full_name", "message", "custom.any"] {
            source.fields.insert(field.to_owned(), Mapping::Path(path.clone()));
        }
    });
});
