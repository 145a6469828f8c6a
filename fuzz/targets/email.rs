//! E-mail addresses: what is read as one has a canonical form that stays the same when it is read again.
#![no_main]

use domain::email::Email;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(email) = Email::parse(text) {
        let again = Email::parse(email.as_str()).expect("its own text is an address");
        assert_eq!(again.as_str(), email.as_str());
        assert_eq!(again.canonical(), email.canonical());
    }
});
