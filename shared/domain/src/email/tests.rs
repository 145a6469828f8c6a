mod corpus;
mod isemail;

use proptest::prelude::*;

use super::lists::{DISPOSABLE_DOMAINS, FREE_DOMAINS, RELAY_DOMAINS, ROLE_LOCAL_PARTS};
use super::*;

fn parsed(text: &str) -> Email {
    Email::parse(text).unwrap_or_else(|error| panic!("{text:?} should parse: {error}"))
}

#[test]
fn what_forms_send_becomes_the_deliverable_address() {
    let long_local_part = format!("{}@example.com", "a".repeat(64));
    let table: &[(&str, &str)] = &[
        ("ann@example.com", "ann@example.com"),
        ("  Ann.Lee@Example.COM \n", "ann.lee@example.com"),
        ("\u{FEFF}ann@example.com\u{200B}", "ann@example.com"),
        ("\u{00A0}ann@example.com", "ann@example.com"),
        ("mailto:ann@example.com", "ann@example.com"),
        (
            "MAILTO:ann@example.com?subject=hi&body=a@b",
            "ann@example.com",
        ),
        ("mailto:a?b@example.com?subject=x", "a?b@example.com"),
        ("Ann Lee <ann@example.com>", "ann@example.com"),
        ("\"Lee, Ann\" <ann@example.com>", "ann@example.com"),
        ("<ann@example.com>", "ann@example.com"),
        ("<mailto:ann@example.com>", "ann@example.com"),
        ("ann+tag@example.com", "ann+tag@example.com"),
        ("o'brien@example.com", "o'brien@example.com"),
        (
            "{ann}|!#$%&*/=?^_`~@example.com",
            "{ann}|!#$%&*/=?^_`~@example.com",
        ),
        ("-@example.com", "-@example.com"),
        ("1@example.com", "1@example.com"),
        ("ann@sub.example.co.uk", "ann@sub.example.co.uk"),
        ("ann@bücher.example", "ann@xn--bcher-kva.example"),
        ("ann@BÜCHER.example", "ann@xn--bcher-kva.example"),
        ("ann@XN--BCHER-KVA.example", "ann@xn--bcher-kva.example"),
        ("ann@例え.example", "ann@xn--r8jz45g.example"),
        ("ann@example.xn--p1ai", "ann@example.xn--p1ai"),
        ("ann@1.example", "ann@1.example"),
        (&long_local_part, &long_local_part),
    ];
    for (text, address) in table {
        assert_eq!(parsed(text).as_str(), *address, "{text:?}");
    }
}

#[test]
fn what_is_no_address_says_why() {
    use EmailError::*;
    let long_local_part = format!("{}@example.com", "a".repeat(65));
    let long_label = format!("ann@{}.example", "a".repeat(64));
    let long_address = format!("ann@{}example", "abcdefghi.".repeat(25));
    let table: &[(&str, EmailError)] = &[
        ("", Empty),
        (" \t\u{200B}", Empty),
        ("<>", Empty),
        ("mailto:", Empty),
        ("ann", Syntax),
        ("ann.example.com", Syntax),
        ("@example.com", LocalPart),
        ("ann@", Domain),
        ("@", LocalPart),
        ("ann@example", Domain),
        ("ann@localhost", Domain),
        ("ann@example.com.", Domain),
        ("ann@.example.com", Domain),
        ("ann@example..com", Domain),
        ("ann@-example.com", Domain),
        ("ann@example-.com", Domain),
        ("ann@exa_mple.com", Domain),
        ("ann@exa mple.com", Domain),
        ("ann@example.123", Domain),
        ("ann@192.0.2.1", Domain),
        ("ann@[192.0.2.1]", Domain),
        ("ann@xn--.example", Domain),
        ("ann@xn--a.example", Domain),
        ("ann@ü%2eexample", Domain),
        ("ann@１２７.0.0.1", Domain),
        (".ann@example.com", LocalPart),
        ("ann.@example.com", LocalPart),
        ("an..n@example.com", LocalPart),
        ("an n@example.com", LocalPart),
        ("\"ann\"@example.com", LocalPart),
        ("ann(comment)@example.com", LocalPart),
        ("änn@example.com", LocalPart),
        ("ann\u{200B}@example.com", LocalPart),
        ("ann\0@example.com", LocalPart),
        ("ann@example.com, bob@example.com", Ambiguous),
        ("ann@example.com bob@example.com", Ambiguous),
        ("ann@@example.com", Ambiguous),
        ("bob@example.com <ann@example.com>", Ambiguous),
        ("Ann <ann@example.com> <bob@example.com>", Ambiguous),
        ("ann@example.com>", Ambiguous),
        ("Ann <ann@example.com", LocalPart),
        ("Ann <ann@example.com> bye", LocalPart),
        ("ann@example.com,", Domain),
        (&long_local_part, TooLong),
        (&long_label, Domain),
        (&long_address, TooLong),
    ];
    for (text, error) in table {
        assert_eq!(Email::parse(text), Err(*error), "{text:?}");
    }
    assert_eq!(Email::parse(&" ".repeat(2_000)), Err(TooLong));
}

#[test]
fn an_error_message_never_repeats_the_input() {
    for text in [
        "secretname",
        "secretname@",
        "secretname..x@example.com",
        "secretname@a_b.com",
        "<secretname@x.com> <y@z.com>",
    ] {
        let error = Email::parse(text).unwrap_err();
        assert!(
            !error.to_string().contains("secretname")
                && !format!("{error:?}").contains("secretname")
        );
        assert!(error.code().starts_with("email_"));
    }
}

#[test]
fn debug_hides_the_person_and_keeps_the_domain() {
    assert_eq!(
        format!("{:?}", parsed("ann.lee@example.com")),
        "Email(***@example.com)"
    );
}

#[test]
fn one_mailbox_has_one_canonical_address() {
    let table = [
        ("ann.lee+news@gmail.com", "annlee@gmail.com"),
        ("a.n.n.l.e.e@googlemail.com", "annlee@gmail.com"),
        ("annlee@gmail.com", "annlee@gmail.com"),
        ("ann.+x@gmail.com", "ann@gmail.com"),
        ("+x@gmail.com", "+x@gmail.com"),
        // A company whose mail Google runs keeps its dots and tags: the domain does not say who runs it.
        ("ann.lee+news@example.com", "ann.lee+news@example.com"),
        ("ann.lee+x@me.com", "ann.lee@icloud.com"),
        ("ann.lee@mac.com", "ann.lee@icloud.com"),
        ("ann+x@icloud.com", "ann@icloud.com"),
        ("ann.lee+x@outlook.com", "ann.lee@outlook.com"),
        ("ann+x@hotmail.co.uk", "ann@hotmail.co.uk"),
        ("ann+x@live.de", "ann@live.de"),
        ("ann+x@live.example", "ann+x@live.example"),
        ("ann+x@outlook.example", "ann+x@outlook.example"),
        ("ann+x@proton.me", "ann@proton.me"),
        ("ann+x@yandex.ru", "ann@yandex.ru"),
        ("ann+x@zoho.com", "ann@zoho.com"),
        ("ann+x@fastmail.com", "ann@fastmail.com"),
        ("shop@ann.fastmail.com", "ann@fastmail.com"),
        ("shop+x@ann.fastmail.fm", "ann@fastmail.fm"),
        ("shop@a.b.fastmail.com", "shop@a.b.fastmail.com"),
        // Yahoo: neither hyphens nor plus signs are ours to drop.
        ("ann-shop@yahoo.com", "ann-shop@yahoo.com"),
        ("ann+shop@yahoo.com", "ann+shop@yahoo.com"),
        ("ann+x@gmx.de", "ann+x@gmx.de"),
    ];
    for (address, canonical) in table {
        assert_eq!(parsed(address).canonical(), canonical, "{address}");
    }
    assert_eq!(
        parsed("ann.lee@gmail.com").as_str(),
        "ann.lee@gmail.com",
        "mail goes where the person said"
    );
}

#[test]
fn a_domain_is_classed_by_who_stands_behind_it() {
    use EmailClass::*;
    let table = [
        ("example.com", Company),
        ("example.org", Company),
        ("acme.example", Company),
        ("test.com", Company),
        ("microsoft.com", Company),
        ("google.com", Company),
        ("bt.com", Company),
        ("cox.com", Company),
        ("shop.za.com", Company),
        ("shop.pp.ua", Company),
        ("shop.msk.ru", Company),
        ("gmail.com", Free),
        ("googlemail.com", Free),
        ("yahoo.co.uk", Free),
        ("hey.com", Free),
        ("tutanota.com", Free),
        ("tuta.io", Free),
        ("proton.me", Free),
        ("pm.me", Free),
        ("web.de", Free),
        ("gmx.net", Free),
        ("t-online.de", Free),
        ("orange.fr", Free),
        ("qq.com", Free),
        ("mail.ru", Free),
        ("icloud.com", Free),
        ("fastmail.com", Free),
        ("ann.fastmail.com", Free),
        ("mailinator.com", Disposable),
        ("x.mailinator.com", Disposable),
        ("guerrillamail.com", Disposable),
        ("10minutemail.com", Disposable),
        ("yopmail.com", Disposable),
        ("relay.firefox.com", Relay),
        ("firefox.com", Company),
        ("mozmail.com", Relay),
        ("duck.com", Relay),
        ("privaterelay.appleid.com", Relay),
        ("appleid.com", Company),
        ("simplelogin.com", Relay),
        ("ann.anonaddy.com", Relay),
        ("passmail.net", Relay),
    ];
    for (domain, class) in table {
        assert_eq!(classify_domain(domain), class, "{domain}");
        assert_eq!(parsed(&format!("ann@{domain}")).class(), class, "{domain}");
    }
}

#[test]
fn a_function_is_told_from_a_person() {
    for role in [
        "info",
        "Sales",
        "no-reply",
        "noreply",
        "support",
        "kontakt",
        "vertrieb",
        "sales2",
        "info+web",
        "office3+x",
        "hr",
        "webmaster",
    ] {
        assert!(parsed(&format!("{role}@example.com")).is_role(), "{role}");
    }
    for person in [
        "ann",
        "ann.lee",
        "alexa",
        "sydney",
        "paris",
        "j2",
        "hr2x",
        "information.lee",
        "salesman.tom",
        "info.lee",
        "+info",
    ] {
        assert!(
            !parsed(&format!("{person}@example.com")).is_role(),
            "{person}"
        );
    }
}

#[test]
fn a_slip_of_the_finger_gets_a_suggestion() {
    let table = [
        ("gmial.com", Some("gmail.com")),
        ("GMIAL.com", Some("gmail.com")),
        ("gmai.com", Some("gmail.com")),
        ("gamil.com", Some("gmail.com")),
        ("gmal.com", Some("gmail.com")),
        ("gnail.com", Some("gmail.com")),
        ("mgail.com", Some("gmail.com")),
        ("gmail.con", Some("gmail.com")),
        ("gmail.co", Some("gmail.com")),
        ("gmail.cmo", Some("gmail.com")),
        ("gmaill.con", Some("gmail.com")),
        ("yaho.com", Some("yahoo.com")),
        ("yahooo.com", Some("yahoo.com")),
        ("yaoo.co.uk", Some("yahoo.co.uk")),
        ("hotmial.com", Some("hotmail.com")),
        ("hotmai.com", Some("hotmail.com")),
        ("hotmil.fr", Some("hotmail.fr")),
        ("outlok.com", Some("outlook.com")),
        ("outloook.com", Some("outlook.com")),
        ("iclod.com", Some("icloud.com")),
        ("aol.con", Some("aol.com")),
        ("googelmial.com", Some("googlemail.com")),
        ("protonmial.com", Some("protonmail.com")),
        ("t-onlin.de", Some("t-online.de")),
        // Providers themselves, and their near neighbours that are providers too.
        ("gmail.com", None),
        ("ymail.com", None),
        ("mail.com", None),
        ("email.com", None),
        ("yandex.com", None),
        ("gmx.at", None),
        ("hotmail.nl", None),
        ("yahoo.de", None),
        // Companies: too short to judge, too far, or another first letter.
        ("aal.com", None),
        ("cloud.com", None),
        ("hotmart.com", None),
        ("yahoo-inc.com", None),
        ("gmail-support.example", None),
        ("mail.example", None),
        ("example.com", None),
        ("gmail", None),
        ("", None),
        (".com", None),
        ("ümail.com", None),
    ];
    for (typed, meant) in table {
        assert_eq!(suggest_domain(typed), meant, "{typed}");
    }
}

#[test]
fn the_registrable_domain_follows_the_public_suffix_list() {
    assert_eq!(
        parsed("ann@mail.eu.example.co.uk").registrable_domain(),
        Some("example.co.uk")
    );
    assert_eq!(
        parsed("ann@example.com").registrable_domain(),
        Some("example.com")
    );
    assert_eq!(parsed("ann@co.uk").registrable_domain(), None);
    let email = parsed("Ann.Lee@Mail.example.com");
    assert_eq!(
        (email.local_part(), email.domain()),
        ("ann.lee", "mail.example.com")
    );
}

#[test]
fn json_is_the_address_and_a_bad_one_is_refused() {
    let email = parsed("ann@example.com");
    assert_eq!(
        serde_json::to_string(&email).unwrap(),
        "\"ann@example.com\""
    );
    assert_eq!(
        serde_json::from_str::<Email>("\"Ann@example.com\"").unwrap(),
        email
    );
    assert!(serde_json::from_str::<Email>("\"ann\"").is_err());
    for class in [
        EmailClass::Company,
        EmailClass::Free,
        EmailClass::Disposable,
        EmailClass::Relay,
    ] {
        assert_eq!(
            serde_json::to_string(&class).unwrap(),
            format!("\"{}\"", class.as_str())
        );
    }
}

#[test]
fn every_list_is_sorted_unique_ascii_and_found_entry_by_entry() {
    for list in [
        &DISPOSABLE_DOMAINS,
        &FREE_DOMAINS,
        &RELAY_DOMAINS,
        &ROLE_LOCAL_PARTS,
    ] {
        let text = list.text();
        assert!(
            text.ends_with('\n')
                && text.is_ascii()
                && !text.contains('\r')
                && text == text.to_ascii_lowercase()
        );
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines.is_sorted_by(|a, b| a < b));
        for line in &lines {
            assert!(!line.is_empty() && list.contains(line), "{line}");
            // Neither a longer nor a shorter text, unless it has a line of its own.
            assert!(!list.contains(&format!("{line}!")), "{line}!");
            let shorter = &line[..line.len() - 1];
            assert_eq!(
                list.contains(shorter),
                lines.binary_search(&shorter).is_ok(),
                "{shorter}"
            );
        }
        assert!(!list.contains("") && !list.contains("~") && !list.contains("!"));
    }
}

#[test]
fn every_listed_domain_can_stand_in_an_address_and_no_list_overlaps() {
    let shared_suffixes: Vec<&str> = FREE_DOMAINS
        .text()
        .lines()
        .filter(|domain| psl::domain_str(domain).is_none())
        .collect();
    assert!(
        shared_suffixes.is_empty(),
        "strangers share these public suffixes: {shared_suffixes:?}"
    );
    for (list, class) in [
        (&DISPOSABLE_DOMAINS, EmailClass::Disposable),
        (&FREE_DOMAINS, EmailClass::Free),
        (&RELAY_DOMAINS, EmailClass::Relay),
    ] {
        for domain in list.text().lines() {
            assert_eq!(
                Email::parse(&format!("ann@{domain}")).map(|email| email.domain().to_owned()),
                Ok(domain.to_owned())
            );
            if class == EmailClass::Free {
                assert!(
                    !DISPOSABLE_DOMAINS.contains(domain) && !RELAY_DOMAINS.contains(domain),
                    "{domain}"
                );
            }
            if class == EmailClass::Disposable {
                assert!(!RELAY_DOMAINS.contains(domain), "{domain}");
            }
        }
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        let _ = Email::parse(&text);
        let _ = suggest_domain(&text);
        let _ = classify_domain(&text);
    }

    #[test]
    fn what_almost_is_an_address_never_panics_and_is_stable(
        text in "[ <]{0,2}(mailto:)?[A-Za-z0-9.+_'-]{0,12}@{0,2}[A-Za-z0-9.üß例-]{0,16}(\\.com|gmail\\.com|fastmail\\.com|me\\.com|)[ >?]{0,2}"
    ) {
        if let Ok(email) = Email::parse(&text) {
            prop_assert_eq!(Email::parse(&email.to_string()), Ok(email.clone()));
            prop_assert!(email.as_str().len() <= 254 && email.as_str().is_ascii());
        }
    }

    #[test]
    fn the_canonical_form_is_an_address_and_its_own_canonical_form(
        local in "[a-z0-9.+_-]{1,20}",
        domain in prop_oneof![
            Just("gmail.com"), Just("googlemail.com"), Just("me.com"), Just("outlook.com"), Just("hotmail.de"), Just("fastmail.com"),
            Just("ann.fastmail.com"), Just("a--b.sent.com"), Just("proton.me"), Just("ya.ru"), Just("zoho.eu"), Just("yahoo.com"), Just("example.com"),
        ],
    ) {
        if let Ok(email) = Email::parse(&format!("{local}@{domain}")) {
            let canonical = Email::parse(email.canonical());
            prop_assert_eq!(canonical.as_ref().map(Email::as_str), Ok(email.canonical()));
            prop_assert_eq!(canonical.as_ref().map(Email::canonical), Ok(email.canonical()));
        }
    }
}
