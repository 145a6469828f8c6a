//! The door of a `leadconduit` source: a form, JSON or XML, and its outcomes.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    fuzz::through_a_proved_door(domain::config::SourceKind::Leadconduit, data, |_| {});
});
