//! The door of a `typeform` source: Typeform's signed webhook.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    fuzz::through_the_door(domain::config::SourceKind::Typeform, data);
});
