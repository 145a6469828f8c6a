use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

#[test]
fn a_country_is_known_by_its_codes_and_names() {
    let table = [
        ("DE", "DE"),
        ("de", "DE"),
        (" De ", "DE"),
        ("DEU", "DE"),
        ("deu", "DE"),
        ("Germany", "DE"),
        ("GERMANY", "DE"),
        ("Deutschland", "DE"),
        ("Allemagne", "DE"),
        ("Alemania", "DE"),
        ("Germania", "DE"),
        ("Duitsland", "DE"),
        ("Federal Republic of Germany", "DE"),
        ("España", "ES"),
        ("Espana", "ES"),
        ("Espan\u{0303}a", "ES"),
        ("Spain", "ES"),
        ("ESP", "ES"),
        ("UK", "GB"),
        ("U.K.", "GB"),
        ("GB", "GB"),
        ("GBR", "GB"),
        ("United Kingdom", "GB"),
        ("the united  kingdom", "GB"),
        ("England", "GB"),
        ("Scotland", "GB"),
        ("Great Britain", "GB"),
        ("USA", "US"),
        ("U.S.A.", "US"),
        ("US", "US"),
        ("U.S.", "US"),
        ("United States", "US"),
        ("The United States of America", "US"),
        ("united states of america", "US"),
        ("Estados Unidos", "US"),
        ("États-Unis", "US"),
        ("Vereinigte Staaten von Amerika", "US"),
        ("Österreich", "AT"),
        ("Oesterreich", "AT"),
        ("Osterreich", "AT"),
        ("Schweiz", "CH"),
        ("Suisse", "CH"),
        ("Svizzera", "CH"),
        ("Türkiye", "TR"),
        ("Turkey", "TR"),
        ("TURKIYE", "TR"),
        ("Côte d’Ivoire", "CI"),
        ("Cote d'Ivoire", "CI"),
        ("Ivory Coast", "CI"),
        ("Czech Republic", "CZ"),
        ("Czechia", "CZ"),
        ("Česko", "CZ"),
        ("Holland", "NL"),
        ("The Netherlands", "NL"),
        ("Nederland", "NL"),
        ("Brasil", "BR"),
        ("México", "MX"),
        ("Россия", "RU"),
        ("日本", "JP"),
        ("中国", "CN"),
        ("대한민국", "KR"),
        ("South Korea", "KR"),
        ("Korea, Republic of", "KR"),
        ("Viet Nam", "VN"),
        ("Vietnam", "VN"),
        ("Curacao", "CW"),
        ("Reunion", "RE"),
        ("Bosnia & Herzegovina", "BA"),
        ("Bosnia and Herzegovina", "BA"),
        ("Russian Federation", "RU"),
        ("EL", "GR"),
        ("Ελλάδα", "GR"),
        ("Kosovo", "XK"),
        ("Georgia", "GE"),
        ("Jersey", "JE"),
        ("Niger", "NE"),
        ("Nigeria", "NG"),
        ("Oman", "OM"),
        ("Guinea-Bissau", "GW"),
        ("DR Congo", "CD"),
        ("UAE", "AE"),
        ("Hong Kong", "HK"),
        ("Åland", "AX"),
        ("भारत", "IN"),
    ];
    for (text, code) in table {
        assert_eq!(
            Country::parse(text).map(Country::as_str),
            Ok(code),
            "{text}"
        );
    }
}

#[test]
fn what_is_no_country_is_refused() {
    for text in [
        "",
        " ",
        "the",
        "XX",
        "ZZ",
        "EU",
        "Europe",
        "Narnia",
        "California",
        "D",
        "DEUT",
        "Germany, Berlin",
        "12",
        "U",
        "ﬀ",
        "日",
    ] {
        assert_eq!(Country::parse(text), Err(UnknownCountry), "{text}");
    }
}

#[test]
fn the_country_table_is_sorted_complete_and_without_doubles() {
    assert_eq!(COUNTRIES.len(), 250, "ISO 3166-1 has 249, and Kosovo");
    assert!(COUNTRIES.is_sorted_by(|a, b| a.0 < b.0));
    let alpha3: std::collections::BTreeSet<&str> = COUNTRIES.iter().map(|row| row.1).collect();
    assert_eq!(alpha3.len(), COUNTRIES.len());
    for country in Country::all() {
        assert!(
            country.as_str().bytes().all(|b| b.is_ascii_uppercase()) && country.as_str().len() == 2
        );
        assert!(
            country.alpha3().bytes().all(|b| b.is_ascii_uppercase()) && country.alpha3().len() == 3
        );
        for text in [country.as_str(), country.alpha3(), country.name()] {
            assert_eq!(Country::parse(text), Ok(country), "{text}");
        }
    }
}

#[test]
fn no_name_means_two_countries() {
    let mut by_name: BTreeMap<&str, u16> = BTreeMap::new();
    for (name, row) in COUNTRY_NAMES.iter() {
        assert!(!name.is_empty());
        assert_eq!(*by_name.entry(name).or_insert(*row), *row, "{name}");
    }
    for (alias, alpha2) in COUNTRY_ALIASES {
        assert_eq!(
            Country::parse(alias).map(Country::as_str),
            Ok(*alpha2),
            "{alias}"
        );
    }
}

fn region(country: &str, text: &str) -> Option<&'static str> {
    Region::parse(Country::from_alpha2(country).unwrap(), text).map(Region::as_str)
}

#[test]
fn a_region_is_known_by_its_codes_and_names_within_its_country() {
    let table = [
        ("US", "CA", "US-CA"),
        ("US", "ca", "US-CA"),
        ("US", "US-CA", "US-CA"),
        ("US", "us-ca", "US-CA"),
        ("US", " California ", "US-CA"),
        ("US", "NEW YORK", "US-NY"),
        ("US", "N.Y.", "US-NY"),
        ("US", "Washington, D.C.", "US-DC"),
        ("US", "Washington", "US-WA"),
        ("US", "Hawai’i", "US-HI"),
        ("US", "Puerto Rico", "US-PR"),
        ("US", "Mass.", "US-MA"),
        ("US", "Georgia", "US-GA"),
        ("CA", "Quebec", "CA-QC"),
        ("CA", "Québec", "CA-QC"),
        ("CA", "ON", "CA-ON"),
        ("CA", "B.C.", "CA-BC"),
        ("CA", "PEI", "CA-PE"),
        ("CA", "Newfoundland", "CA-NL"),
        ("DE", "BY", "DE-BY"),
        ("DE", "Bayern", "DE-BY"),
        ("DE", "Bavaria", "DE-BY"),
        ("DE", "Baden-Württemberg", "DE-BW"),
        ("DE", "Baden Wurttemberg", "DE-BW"),
        ("DE", "Baden-Wuerttemberg", "DE-BW"),
        ("DE", "NRW", "DE-NW"),
        ("DE", "Nordrhein Westfalen", "DE-NW"),
        ("DE", "Thüringen", "DE-TH"),
        ("AU", "NSW", "AU-NSW"),
        ("AU", "victoria", "AU-VIC"),
        ("AU", "AU-WA", "AU-WA"),
        ("GB", "England", "GB-ENG"),
        ("GB", "Scotland", "GB-SCT"),
        ("GB", "SCT", "GB-SCT"),
        ("GB", "NI", "GB-NIR"),
        ("GB", "Cymru", "GB-WLS"),
        ("AT", "Wien", "AT-9"),
        ("AT", "Vienna", "AT-9"),
        ("AT", "Kärnten", "AT-2"),
        ("CH", "Zürich", "CH-ZH"),
        ("CH", "Genève", "CH-GE"),
        ("CH", "St Gallen", "CH-SG"),
        ("CH", "ZH", "CH-ZH"),
        ("IT", "Lombardia", "IT-25"),
        ("IT", "Südtirol", "IT-32"),
        ("IT", "25", "IT-25"),
        ("ES", "Cataluña", "ES-CT"),
        ("ES", "Madrid", "ES-MD"),
        ("FR", "Île-de-France", "FR-IDF"),
        ("FR", "Bretagne", "FR-BRE"),
        ("NL", "Noord-Holland", "NL-NH"),
        ("BR", "São Paulo", "BR-SP"),
        ("BR", "SP", "BR-SP"),
        ("IN", "Orissa", "IN-OD"),
        ("IN", "OR", "IN-OD"),
        ("IN", "Maharashtra", "IN-MH"),
        ("MX", "CDMX", "MX-CMX"),
        ("MX", "Nuevo Leon", "MX-NLE"),
    ];
    for (country, text, code) in table {
        assert_eq!(region(country, text), Some(code), "{text} in {country}");
    }
}

#[test]
fn a_region_of_another_country_or_of_none_is_refused() {
    let table = [
        ("US", "Ontario"),
        ("CA", "California"),
        ("US", "DE-BY"),
        ("CA", "CA-CA"),
        ("US", ""),
        ("US", "-"),
        ("US", "US-"),
        ("US", "ZZ"),
        ("JP", "Tokyo"),
        ("GB", "London"),
        ("US", "ſc"),
    ];
    for (country, text) in table {
        assert_eq!(region(country, text), None, "{text} in {country}");
    }
    assert_eq!(
        Region::from_code("us-tx").map(Region::as_str),
        Some("US-TX")
    );
    assert_eq!(Region::from_code("TX"), None);
}

#[test]
fn the_region_table_is_sorted_and_every_name_means_one_region_of_its_country() {
    assert!(REGIONS.is_sorted_by(|a, b| a.0 < b.0));
    let count = |country: &str| {
        REGIONS
            .iter()
            .filter(|row| row.0.starts_with(country))
            .count()
    };
    let expected = [
        ("AT-", 9),
        ("AU-", 8),
        ("BR-", 27),
        ("CA-", 13),
        ("CH-", 26),
        ("DE-", 16),
        ("ES-", 19),
        ("FR-", 13),
        ("GB-", 4),
        ("IN-", 36),
        ("IT-", 20),
        ("MX-", 32),
        ("NL-", 12),
        ("US-", 57),
    ];
    for (country, regions) in expected {
        assert_eq!(count(country), regions, "{country}");
    }
    let mut by_name = BTreeMap::new();
    for (country, name, row) in REGION_NAMES.iter() {
        assert!(!name.is_empty());
        assert_eq!(
            *by_name.entry((country, name)).or_insert(row),
            row,
            "{name} in {country}"
        );
    }
    for region in Region::all() {
        let country = region.country().unwrap();
        for text in [region.as_str(), &region.as_str()[3..], region.name()] {
            assert_eq!(Region::parse(country, text), Some(region), "{text}");
        }
        assert_eq!(Region::from_code(region.as_str()), Some(region));
    }
    for (alias, code) in REGION_ALIASES {
        assert_eq!(region(&code[..2], alias), Some(*code), "{alias}");
    }
}

#[test]
fn json_is_the_code() {
    let germany = Country::parse("Germany").unwrap();
    assert_eq!(serde_json::to_string(&germany).unwrap(), "\"DE\"");
    assert_eq!(serde_json::from_str::<Country>("\"de\"").unwrap(), germany);
    assert!(
        serde_json::from_str::<Country>("\"Germany\"").is_err(),
        "a configuration says which country it means"
    );
    let bavaria = Region::from_code("DE-BY").unwrap();
    assert_eq!(serde_json::to_string(&bavaria).unwrap(), "\"DE-BY\"");
    assert_eq!(
        serde_json::from_str::<Region>("\"DE-BY\"").unwrap(),
        bavaria
    );
    assert!(serde_json::from_str::<Region>("\"BY\"").is_err());
    assert_eq!(
        format!("{germany:?} {bavaria:?} {germany} {bavaria}"),
        "Country(DE) Region(DE-BY) DE DE-BY"
    );
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any::<String>(), row in 0..COUNTRIES.len()) {
        let _ = Country::parse(&text);
        let _ = Region::from_code(&text);
        let _ = Region::parse(Country { row: row as u16 }, &text);
    }

    #[test]
    fn case_and_accents_make_no_difference(row in 0..COUNTRIES.len()) {
        let country = Country { row: row as u16 };
        prop_assert_eq!(Country::parse(&country.name().to_uppercase()), Ok(country));
        prop_assert_eq!(Country::parse(&fold(country.name())), Ok(country));
    }
}
