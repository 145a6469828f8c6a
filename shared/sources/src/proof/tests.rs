//! Signatures that others made: the vectors that vendors and specifications publish, and what their fixtures carry.

use super::*;

#[test]
fn hmac_is_that_of_rfc_4231_and_rfc_2202() {
    // Test case 2 of both.
    let made = |hash| {
        hex(&hmac(
            hash,
            b"Jefe",
            &[b"what do ya want ", b"for nothing?"],
        ))
    };
    assert_eq!(
        made(Hash::Sha256),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    );
    assert_eq!(made(Hash::Sha1), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
}

#[test]
fn hexadecimal_digits_are_read_in_either_case_and_nothing_else_is() {
    assert_eq!(decoded(Written::Hex, b"00fF"), Some(vec![0, 255]));
    for broken in [&b"0"[..], b"0g", b"+1", b" 1", b"0x", "é".as_bytes()] {
        assert_eq!(decoded(Written::Hex, broken), None);
    }
}

#[test]
fn moments_are_read_as_seconds_milliseconds_and_texts() {
    for (text, expected) in [
        ("1700000000", Some("2023-11-14T22:13:20Z")),
        ("1700000000123", Some("2023-11-14T22:13:20.123Z")),
        ("2021-03-25T05:09:27Z", Some("2021-03-25T05:09:27Z")),
        (
            "2026-01-02T03:04:05.1234567Z",
            Some("2026-01-02T03:04:05.1234567Z"),
        ),
        ("yesterday", None),
        ("99999999999999999999999", None),
        ("9223372036854775807", None),
        ("-9223372036854775808", None),
        ("", None),
    ] {
        assert_eq!(
            moment(text).map(|at| at.to_string()).as_deref(),
            expected,
            "{text}"
        );
    }
}
