//! The door of a `chatbot` source: a conversation.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    fuzz::through_the_door(domain::config::SourceKind::Chatbot, data);
});
