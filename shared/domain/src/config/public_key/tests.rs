use proptest::prelude::*;

use super::*;

/// A key pair made for tests by OpenSSL, whose private half was thrown away.
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

#[test]
fn a_key_is_read_in_either_form_and_is_the_same() {
    let key = rsa_key(PUBLIC_KEY).unwrap();
    assert_eq!(rsa_key(PUBLIC_KEY_PKCS_1).unwrap(), key);
    assert_eq!(rsa_key(&format!("\n  {PUBLIC_KEY}\n")).unwrap(), key);
    assert_eq!(rsa_key(&PUBLIC_KEY.replace('\n', "\r\n")).unwrap(), key);
}

#[test]
fn what_is_no_key_is_told_apart() {
    let pem = |label: &str, base64: &str| {
        format!("-----BEGIN {label}-----\n{base64}\n-----END {label}-----")
    };
    for (text, error) in [
        (pem("PUBLIC KEY", "…"), PublicKeyError::Placeholder),
        (pem("PUBLIC KEY", "..."), PublicKeyError::Placeholder),
        (pem("PUBLIC KEY", ""), PublicKeyError::Placeholder),
        (pem("PRIVATE KEY", "AAAA"), PublicKeyError::Private),
        (pem("RSA PRIVATE KEY", "AAAA"), PublicKeyError::Private),
        (pem("PUBLIC KEY", "not base64!"), PublicKeyError::NotPem),
        (PUBLIC_KEY[..200].to_owned(), PublicKeyError::NotPem),
        ("the key".to_owned(), PublicKeyError::NotPem),
        (String::new(), PublicKeyError::NotPem),
        (pem("PUBLIC KEY", "AAAA"), PublicKeyError::NotRsa),
        (pem("CERTIFICATE", "AAAA"), PublicKeyError::NotRsa),
        (
            PUBLIC_KEY
                .lines()
                .filter(|line| !line.starts_with("LCQ"))
                .collect::<Vec<_>>()
                .join("\n"),
            PublicKeyError::NotRsa,
        ),
        // SEQUENCE { INTEGER 0x00ff, INTEGER 3 }
        (pem("RSA PUBLIC KEY", "MAcCAgD/AgED"), PublicKeyError::Size),
    ] {
        assert_eq!(rsa_key(&text), Err(error), "{text}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(base64 in "[A-Za-z0-9+/=\n]{0,80}", bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        for label in ["PUBLIC KEY", "RSA PUBLIC KEY"] {
            for inside in [base64.clone(), STANDARD.encode(&bytes)] {
                let _ = rsa_key(&format!("-----BEGIN {label}-----{inside}-----END {label}-----"));
            }
        }
    }
}
