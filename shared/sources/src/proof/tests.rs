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

/// A key pair made for this test by OpenSSL, whose private half was thrown away after it had signed [`SIGNED`].
const PUBLIC_KEY: &str = "-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA1mZGMVwMWvUvxWCy/P2M
sdy9+RclgEsJE/Woqdjdl0kgJlHg6D2SCLkvu3gs17Tmq58c2oxfr+b/8Q7vIore
LCQUNb4zgZ9x22tr6uqdp3KuLm64mBDiGgIZdBLXw8CXczt5WTSfQcoF4HvgJUUR
wkWoDU1+Zf2nE8j0Ce6oZ/mf6szcKJkKDlpwrpfjZt2xXXFiSpu9kr1JRNHsmM6s
QyCEHiiONHb5ca3BZYoWeryKqRqlyUty0sk72Zi1YyaznRO2aICWhO+vjRX9Ym2z
XRCnDKmpCCmOXmmK0xCDw8kI29hNhpPhni5PlRxf50ug+dHbadB4dofLGfmtomAq
/wIDAQAB
-----END PUBLIC KEY-----";
const PUBLIC_KEY_PKCS_1: &str = "-----BEGIN RSA PUBLIC KEY-----
MIIBCgKCAQEA1mZGMVwMWvUvxWCy/P2Msdy9+RclgEsJE/Woqdjdl0kgJlHg6D2S
CLkvu3gs17Tmq58c2oxfr+b/8Q7vIoreLCQUNb4zgZ9x22tr6uqdp3KuLm64mBDi
GgIZdBLXw8CXczt5WTSfQcoF4HvgJUURwkWoDU1+Zf2nE8j0Ce6oZ/mf6szcKJkK
DlpwrpfjZt2xXXFiSpu9kr1JRNHsmM6sQyCEHiiONHb5ca3BZYoWeryKqRqlyUty
0sk72Zi1YyaznRO2aICWhO+vjRX9Ym2zXRCnDKmpCCmOXmmK0xCDw8kI29hNhpPh
ni5PlRxf50ug+dHbadB4dofLGfmtomAq/wIDAQAB
-----END RSA PUBLIC KEY-----";
const SIGNED: &[u8] = br#"{"data":{"message":{"id":"m-17"}}}"#;
const SIGNATURE: &str = "gqOmsF3VL/lf6HGO5pSyistsMgW+KCPAxBrWrKUWa52lkj93q+QyW6wG5fmOuJNA5x9gVGYJgHBnW7d/abmX+CvMKQ/FOeNX9HTwIvl+y9HXDC5FuDpyYr1NW/XGe6sWWO5R1rl22TcADR/Pqrql2VABeYXpr+rmuWNu/81u+KVt2QmwyzLVgI5un8GQbLY7ZegANJU9/ZPA3/kR2S/BdGybTxRZC/cAXoBAuaYaATc4azATW3q4nVprxq/PQamFyJepHsYWglquN8r0HNu7iBMu6lXpr3ILrG2DUZ8jTvpVFvHyQ1w+8WfKl+OaLIbaZV2LzgrbvmfxWxSNnNJteA==";

fn by_public_key(key: Option<&str>, body: &[u8], signature: &str) -> Result<(), Refusal> {
    let mut source = domain::config::Source::of_kind(domain::config::SourceKind::Form);
    source.public_key = key.map(str::to_owned);
    let pepper = domain::id::Pepper::new("a pepper for tests");
    let door = Door {
        name: "sample",
        source: &source,
        secrets: &[],
        handshake_secrets: &[],
        pepper: &pepper,
        default_country: None,
    };
    let mut headers = HeaderMap::new();
    headers.insert(
        "x-signature",
        http::HeaderValue::from_str(signature).unwrap(),
    );
    let incoming = Incoming {
        method: "POST",
        query: None,
        headers: &headers,
        body,
        received_at: Timestamp::UNIX_EPOCH,
    };
    rsa_sha256_base64(&door, &incoming, "x-signature")
}

#[test]
fn a_signature_of_a_private_key_is_checked_with_the_public_one_in_either_form() {
    for key in [
        PUBLIC_KEY,
        PUBLIC_KEY_PKCS_1,
        &format!("\n  {PUBLIC_KEY}\n"),
    ] {
        assert_eq!(by_public_key(Some(key), SIGNED, SIGNATURE), Ok(()));
        for (body, signature) in [
            (&b"{}"[..], SIGNATURE),
            (SIGNED, ""),
            (SIGNED, "AAAA"),
            (SIGNED, &SIGNATURE[4..]),
        ] {
            let refusal = by_public_key(Some(key), body, signature).unwrap_err();
            assert_eq!(refusal.code(), "proof_wrong");
        }
    }
    for key in [
        None,
        Some(""),
        Some("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"),
        Some(&PUBLIC_KEY[..200]),
    ] {
        let refusal = by_public_key(key, SIGNED, SIGNATURE).unwrap_err();
        assert_eq!(refusal.code(), "secret_not_configured");
    }
}
