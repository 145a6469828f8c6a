//! Queue messages: what is read as one can be written, and is then read as the same.
#![no_main]

use queue::Message;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(message) = serde_json::from_str::<Message>(text) {
        let _for_logs = (message.name(), message.subject());
        let written = serde_json::to_string(&message).expect("a message can be written");
        assert_eq!(
            serde_json::from_str::<Message>(&written).expect("and read"),
            message
        );
    }
});
