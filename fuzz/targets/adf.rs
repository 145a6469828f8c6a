//! The door of an `adf` source: XML.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    fuzz::through_a_proved_door(domain::config::SourceKind::Adf, data, |_| {});
});
