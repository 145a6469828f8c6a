//! Phone numbers: what is read as one is E.164, and the same when it is read again anywhere.
#![no_main]

use domain::phone::Phone;

libfuzzer_sys::fuzz_target!(|input: (u8, &str)| {
    let (choice, text) = input;
    let country = [
        None,
        Some("US"),
        Some("DE"),
        Some("GB"),
        Some("IT"),
        Some("ZZ"),
    ];
    if let Ok(phone) = Phone::parse(text, country[usize::from(choice) % country.len()]) {
        let digits = phone
            .as_str()
            .strip_prefix('+')
            .expect("E.164 begins with a plus sign");
        assert!(
            digits.bytes().all(|byte| byte.is_ascii_digit()),
            "{}",
            phone.as_str()
        );
        let again = Phone::parse(phone.as_str(), None).expect("its own text is a number");
        assert_eq!(again.as_str(), phone.as_str());
    }
});
