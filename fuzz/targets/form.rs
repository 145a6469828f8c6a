//! The door of a `form` source: urlencoded, multipart and JSON.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    fuzz::through_the_door(domain::config::SourceKind::Form, data);
});
