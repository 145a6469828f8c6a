use proptest::prelude::*;

use super::*;

#[test]
fn a_name_is_stored_tidy_and_otherwise_as_written() {
    let table = [
        ("  Ann   Lee ", "Ann Lee"),
        ("Ann\tLee\r\n", "Ann Lee"),
        ("Ann\u{00A0}Lee", "Ann Lee"),
        ("A\u{0000}nn\u{0007}", "Ann"),
        ("\u{FEFF}Ann\u{200B}", "Ann"),
        ("Ann \u{202E}eeL", "Ann eeL"),
        ("Jose\u{0301}", "José"),
        ("José", "José"),
        ("O’Neill", "O’Neill"),
        ("de la Cruz", "de la Cruz"),
        ("McDONALD", "McDONALD"),
        ("مهدی‌زاده", "مهدی‌زاده"),
        ("山田　太郎", "山田 太郎"),
        ("", ""),
        (" \u{200B} ", ""),
    ];
    for (written, stored) in table {
        assert_eq!(normalise_name(written), stored, "{written:?}");
    }
}

#[test]
fn folding_brings_spellings_together() {
    let table = [
        ("MÜLLER", "muller"),
        ("Straße", "strasse"),
        ("STRASSE", "strasse"),
        ("Ærøskøbing", "aeroskobing"),
        ("Łódź", "lodz"),
        ("İstanbul", "istanbul"),
        ("ISTANBUL", "istanbul"),
        ("Nguyễn", "nguyen"),
        ("São", "sao"),
        ("Œuvre", "oeuvre"),
        ("Þór", "thor"),
        ("Ελλάς", "ελλασ"),
        ("ΕΛΛΑΣ", "ελλασ"),
        ("O’Neill", "o'neill"),
        ("김철수", "김철수"),
        ("が", "が"),
        ("Å", "a"),
    ];
    for (text, folded) in table {
        assert_eq!(fold(text), folded, "{text}");
    }
}

#[test]
fn a_full_name_parts_into_first_and_last() {
    let table = [
        ("Ann Lee", "Ann", "Lee"),
        ("Ann", "Ann", ""),
        ("", "", ""),
        (" , ", "", ""),
        ("Ann Mary Lee", "Ann Mary", "Lee"),
        ("J. R. Smith", "J. R.", "Smith"),
        ("Dr. Ann Lee", "Ann", "Lee"),
        ("Prof. Dr. Ann Lee", "Ann", "Lee"),
        ("mr ann lee", "ann", "lee"),
        ("Herr Müller", "", "Müller"),
        ("Frau Dr. Ann Müller", "Ann", "Müller"),
        ("Mme Anne Dupont", "Anne", "Dupont"),
        ("Dipl.-Ing. Jan Kraus", "Jan", "Kraus"),
        ("Dr.", "Dr.", ""),
        ("Herr", "Herr", ""),
        ("Mag. Eva Huber", "Eva", "Huber"),
        ("Gen Tanaka", "Gen", "Tanaka"),
        ("Gen. Jo Fox", "Jo", "Fox"),
        ("Sen Gupta", "Sen", "Gupta"),
        ("Ann Lee Jr.", "Ann", "Lee"),
        ("Ann Lee, Jr.", "Ann", "Lee"),
        ("Ann Lee, Ph.D.", "Ann", "Lee"),
        ("Ann Lee III", "Ann", "Lee"),
        ("Ann Lee, MD, MBA", "Ann", "Lee"),
        ("Ann Lee M.D.", "Ann", "Lee"),
        ("Naoko Ii", "Naoko", "Ii"),
        ("Nguyen Thi Ba", "Nguyen Thi", "Ba"),
        ("Jack Ma", "Jack", "Ma"),
        ("Lee, Ann", "Ann", "Lee"),
        ("Lee, Ann Mary", "Ann Mary", "Lee"),
        ("Lee, Dr. Ann", "Ann", "Lee"),
        ("Lee, Ann, Jr.", "Ann", "Lee"),
        ("Lee Jr., Ann", "Ann", "Lee"),
        ("Lee, Jr., Ann", "Ann", "Lee"),
        ("Lee, Dr.", "Lee", ""),
        ("van der Berg, Jan", "Jan", "van der Berg"),
        ("Jan van der Berg", "Jan", "van der Berg"),
        ("Jan Willem Van Den Berg", "Jan Willem", "Van Den Berg"),
        ("Ludwig von Mises", "Ludwig", "von Mises"),
        ("Ana de la Cruz", "Ana", "de la Cruz"),
        ("Ana Maria da Silva", "Ana Maria", "da Silva"),
        (
            "Dr. Juan Carlos de la Vega y García, Jr.",
            "Juan Carlos",
            "de la Vega y García",
        ),
        ("Jean d'Arc", "Jean", "d'Arc"),
        ("Omar bin Said", "Omar", "bin Said"),
        ("Van Morrison", "Van", "Morrison"),
        ("Minh Le", "Minh", "Le"),
        ("José Ortega y Gasset", "José", "Ortega y Gasset"),
        ("Y Combinator", "Y", "Combinator"),
        ("山田太郎", "山田太郎", ""),
        ("山田　太郎", "山田", "太郎"),
        ("Leonardo di ser Piero", "Leonardo", "di ser Piero"),
        ("Anne-Marie Le Pen", "Anne-Marie", "Le Pen"),
        ("Jan van 't Hoff", "Jan", "van 't Hoff"),
    ];
    for (full_name, first, last) in table {
        assert_eq!(
            split_full_name(full_name),
            (first.to_owned(), last.to_owned()),
            "{full_name}"
        );
    }
}

#[test]
fn one_company_has_one_form_to_match_by() {
    let table = [
        ("Acme", "acme"),
        ("ACME Inc.", "acme"),
        ("Acme, Inc", "acme"),
        ("Acme Incorporated", "acme"),
        ("The Acme Company", "acme"),
        ("Acme Corp.", "acme"),
        ("Acme LLC", "acme"),
        ("Acme L.L.C.", "acme"),
        ("Acme Ltd", "acme"),
        ("Acme Co., Ltd.", "acme"),
        ("Acme Pty Ltd", "acme"),
        ("Acme Pvt. Ltd.", "acme"),
        ("Acme Private Limited", "acme"),
        ("Acme Public Limited Company", "acme"),
        ("Acme Limited Liability Company", "acme"),
        ("Acme PLC", "acme"),
        ("Acme GmbH", "acme"),
        ("ACME GmbH & Co. KG", "acme"),
        ("Acme GmbH und Co.KG", "acme"),
        ("Acme Gesellschaft mbH", "acme"),
        ("Acme Ges.m.b.H.", "acme"),
        ("Acme Gesellschaft mit beschränkter Haftung", "acme"),
        ("Acme UG (haftungsbeschränkt)", "acme"),
        ("Acme AG", "acme"),
        ("Acme e.V.", "acme"),
        ("Acme S.A.", "acme"),
        ("Acme S.A.R.L.", "acme"),
        ("Acme SARL", "acme"),
        ("Acme S. A. R. L.", "acme"),
        ("Acme SAS", "acme"),
        ("Acme Société Anonyme", "acme"),
        ("Acme S.p.A.", "acme"),
        ("Acme S.r.l.", "acme"),
        ("Acme S.L.U.", "acme"),
        ("Acme S.A. de C.V.", "acme"),
        ("Acme, S. de R.L. de C.V.", "acme"),
        ("Acme Ltda.", "acme"),
        ("Acme S/A", "acme"),
        ("Acme A/S", "acme"),
        ("Acme ApS", "acme"),
        ("Acme AB", "acme"),
        ("Acme Oy", "acme"),
        ("Acme B.V.", "acme"),
        ("Acme N.V.", "acme"),
        ("Acme Sp. z o.o.", "acme"),
        ("Acme sp.z o.o.", "acme"),
        ("Acme Spółka z o.o.", "acme"),
        ("Acme s.r.o.", "acme"),
        ("Acme spol. s r.o.", "acme"),
        ("Acme a.s.", "acme"),
        ("Acme d.o.o.", "acme"),
        ("Acme Kft.", "acme"),
        ("Acme A.Ş.", "acme"),
        ("Acme Ltd. Şti.", "acme"),
        ("Acme Sdn Bhd", "acme"),
        ("PT Acme Tbk", "acme"),
        ("ООО «Ромашка»", "ромашка"),
        ("Ромашка ООО", "ромашка"),
        ("トヨタ自動車株式会社", "トヨタ自動車"),
        ("株式会社 日立", "日立"),
        ("日立(株)", "日立"),
        ("㈱日立", "日立"),
        ("华为技术有限公司", "华为技术"),
        ("삼성전자 주식회사", "삼성전자"),
        ("(주)삼성전자", "삼성전자"),
        // Nothing is left to strip, or it is no legal form there.
        ("Limited", "limited"),
        ("The Limited", "limited"),
        ("Inc.", "inc"),
        ("The The", "the"),
        ("Co & Co", "co"),
        ("Day Spa", "day spa"),
        ("Health & Spa", "health and spa"),
        ("Fiat SpA", "fiat"),
        ("Inco", "inco"),
        ("Partners Group", "partners group"),
        ("Co-op Bank", "co op bank"),
        // Spellings.
        ("Müller & Söhne GmbH", "muller and sohne"),
        ("Muller and Sohne", "muller and sohne"),
        ("Smith & Co", "smith"),
        ("Foo et Cie", "foo"),
        ("McDonald’s Corporation", "mcdonalds"),
        ("J.P. Morgan", "jp morgan"),
        ("JP Morgan", "jp morgan"),
        ("Amazon.com, Inc.", "amazon com"),
        ("7-Eleven", "7 eleven"),
        ("A.B.C. Ltd", "abc"),
        ("  ACME\u{00A0}  Widgets ", "acme widgets"),
        ("", ""),
        ("—", ""),
        ("&", "and"),
    ];
    for (name, form) in table {
        assert_eq!(normalise_company(name), form, "{name}");
    }
}

#[test]
fn a_company_domain_comes_out_of_whatever_is_typed_as_its_web_site() {
    let table = [
        ("acme.example", Some("acme.example")),
        ("https://www.acme.example/", Some("acme.example")),
        ("HTTP://WWW.ACME.EXAMPLE", Some("acme.example")),
        ("www.shop.example.co.uk/path?q=1#x", Some("example.co.uk")),
        ("acme.example:8443/login", Some("acme.example")),
        ("//acme.example", Some("acme.example")),
        ("https://user:secret@acme.example", Some("acme.example")),
        ("info@acme.example", Some("acme.example")),
        ("bücher.example", Some("xn--bcher-kva.example")),
        (" acme.example. ", Some("acme.example")),
        ("acme.github.io", Some("acme.github.io")),
        ("", None),
        ("n/a", None),
        ("none", None),
        ("-", None),
        ("localhost:3000", None),
        ("http://192.0.2.1/", None),
        ("http://[2001:db8::1]/", None),
        ("co.uk", None),
        ("github.io", None),
        ("ftp://acme.example", None),
        ("javascript:alert(1)", None),
        ("https://", None),
        ("https://acme", None),
        ("two words.example", None),
        ("https://www.linkedin.com/company/acme", None),
        ("facebook.com/acme", None),
        ("x.com/acme", None),
        ("gmail.com", None),
        ("ann@gmail.com", None),
        ("mailinator.com", None),
        ("https://-acme.example", None),
    ];
    for (text, domain) in table {
        assert_eq!(company_domain_from_url(text).as_deref(), domain, "{text}");
    }
}

#[test]
fn marks_that_an_apostrophe_kept_apart_are_put_in_order() {
    let form = normalise_company("\u{05d8}\u{05bc}'\u{09cd}");
    assert_eq!(normalise_company(&form), form);
}

proptest! {
    #[test]
    fn no_text_makes_it_panic_and_twice_is_once(text in any::<String>()) {
        let tidy = normalise_name(&text);
        prop_assert_eq!(normalise_name(&tidy), tidy.clone());
        prop_assert!(!tidy.contains("  ") && tidy.trim() == tidy && !tidy.contains(char::is_control));
        let folded = fold(&text);
        prop_assert_eq!(fold(&folded), folded);
        let form = normalise_company(&text);
        prop_assert_eq!(normalise_company(&form), form);
        let _ = split_full_name(&text);
        if let Some(domain) = company_domain_from_url(&text) {
            prop_assert_eq!(company_domain_from_url(&domain), Some(domain));
        }
    }

    #[test]
    fn a_company_of_legal_forms_is_folded_once_and_never_to_nothing(
        words in proptest::collection::vec(
            prop_oneof![
                Just("the"), Just("Acme"), Just("GmbH"), Just("&"), Just("Co."), Just("KG"), Just("S."), Just("A."), Just("de"), Just("C.V."), Just("Sp."), Just("z"),
                Just("o.o."), Just("Spa"), Just("Day"), Just("PT"), Just("ООО"), Just("株式会社"), Just("トヨタ株式会社"), Just("(株)"), Just("Ltd"), Just("Şti."), Just("und"),
                Just("limited"), Just("liability"), Just("a"), Just("s"), Just("7"),
            ],
            1..7,
        )
    ) {
        let form = normalise_company(&words.join(" "));
        prop_assert!(!form.is_empty());
        prop_assert_eq!(normalise_company(&form), form);
    }

    #[test]
    fn a_split_name_only_drops_titles_and_commas(words in proptest::collection::vec("[A-Z][a-z]{5,8}", 1..5)) {
        let (first, last) = split_full_name(&words.join(" "));
        prop_assert_eq!(format!("{first} {last}").trim().to_owned(), words.join(" "));
        prop_assert!(words.len() == 1 || !last.is_empty());
    }

    #[test]
    fn a_host_without_scheme_and_one_with_it_are_the_same_company(host in "[a-z]{1,8}(\\.[a-z]{2,6}){1,3}") {
        prop_assert_eq!(company_domain_from_url(&host), company_domain_from_url(&format!("https://www.{host}/x")));
    }
}
