use super::*;
use proptest::prelude::*;

#[track_caller]
fn check(field: &str, names: &[&str]) {
    for name in names {
        let found = meaning_of(name).map(|(meaning, _)| meaning);
        let expected: Field = field.parse().unwrap();
        assert_eq!(found, Some(Meaning::Field(expected)), "{name}");
    }
}

#[track_caller]
fn check_unknown(names: &[&str]) {
    for name in names {
        assert_eq!(meaning_of(name), None, "{name}");
    }
}

#[test]
fn names_are_known_in_seven_languages() {
    check(
        "email",
        &[
            "E-Mail",
            "EMAIL_ADDRESS",
            "E-Mail-Adresse",
            "courriel",
            "Adresse e-mail",
            "Correo electrónico",
            "e-mailadres",
            "Indirizzo email",
            "Endereço de e-mail",
        ],
    );
    check(
        "phone",
        &[
            "Telefonnummer",
            "téléphone",
            "Número de teléfono",
            "telefoonnummer",
            "cellulare",
            "celular",
            "mobilePhone",
        ],
    );
    check(
        "first_name",
        &["Vorname", "prénom", "voornaam", "firstName", "fname"],
    );
    check(
        "last_name",
        &[
            "Nachname",
            "Nom de famille",
            "Apellidos",
            "cognome",
            "sobrenome",
            "achternaam",
        ],
    );
    check(
        "company",
        &[
            "Firma",
            "Entreprise",
            "empresa",
            "azienda",
            "bedrijf",
            "organisation",
            "Company Name",
        ],
    );
    check("country", &["Land", "pays", "país", "paese"]);
    check(
        "postal_code",
        &[
            "PLZ",
            "Code postal",
            "Código postal",
            "CAP",
            "postcode",
            "ZIP",
        ],
    );
    check(
        "message",
        &[
            "Nachricht",
            "mensaje",
            "messaggio",
            "mensagem",
            "bericht",
            "How can we help you?",
        ],
    );
    check(
        "employees",
        &["Unternehmensgröße", "Number of employees", "company_size"],
    );
}

#[test]
fn decoration_of_form_builders_is_seen_through() {
    check(
        "email",
        &[
            "your-email",
            "form_fields[Email]",
            "fields.email",
            "email_0",
            "Email-2",
            "email-123",
            "wpforms.fields.email",
            "q3_email",
            "lead[contact][email]",
        ],
    );
    check(
        "email",
        &[
            "What is your e-mail address?",
            "Wie lautet Ihre E-Mail-Adresse?",
            "Email (required)",
            "* Email *",
            "Quelle est votre adresse e-mail ?",
        ],
    );
    check(
        "phone",
        &["tel-123", "contact.phone", "Phone (optional)", "phone_1"],
    );
    check("company", &["company.name", "company[name]"]);
    check("first_name", &["name[first]", "contact.name.first"]);
    check("city", &["address.city", "billing_address[city]"]);
    assert_eq!(
        meaning_of("your-name").map(|(meaning, _)| meaning),
        Some(Meaning::FullName)
    );
}

#[test]
fn what_only_looks_like_a_field_is_not_taken_for_one() {
    check_unknown(&[
        "product.name",
        "event_name",
        "items.0.name",
        "question_3",
        "lead_source",
        "contact",
        "Is your company hiring?",
        "email_class",
        "",
        "...",
        "日本",
    ]);
    for (name, own) in [
        ("form_name", "form_name"),
        ("username", "username"),
        ("Anrede", "salutation"),
    ] {
        assert_eq!(
            meaning_of(name).map(|(meaning, _)| meaning),
            Some(Meaning::Own(own))
        );
    }
    check_unknown(&["Please tell us in your own words why you left your company email"]);
}

#[test]
fn a_named_purpose_of_consent_is_kept() {
    for (name, purpose) in [
        ("consent[phone calls]", "phone_calls"),
        ("consent.marketing", "marketing"),
        ("gdpr", "contact"),
        ("Newsletter", "marketing"),
        ("acceptance-42", "contact"),
    ] {
        assert_eq!(
            meaning_of(name).map(|(meaning, _)| meaning),
            Some(Meaning::Consent(purpose.to_owned())),
            "{name}"
        );
    }
    assert_eq!(
        meaning_of("consent.text").map(|(meaning, _)| meaning),
        Some(Meaning::ConsentText)
    );
}

#[test]
fn every_synonym_is_written_as_it_is_looked_up() {
    for (_, words) in synonyms::all() {
        for word in words.split_ascii_whitespace() {
            assert_eq!(word, squashed(word));
        }
    }
}

#[test]
fn custom_names_are_readable_where_they_can_be() {
    for (name, expected) in [
        ("Größe (cm)", "grosse_cm"),
        ("custom.budget", "budget"),
        ("dealSize", "deal_size"),
        ("a-b", "a-b"),
        ("Wie viele?", "wie_viele"),
    ] {
        assert_eq!(custom_name(name), expected);
    }
    assert_ne!(custom_name("予算"), custom_name("役職"));
    let long = "word ".repeat(30);
    assert_ne!(
        custom_name(&format!("{long}one")),
        custom_name(&format!("{long}two"))
    );
}

proptest! {
    #[test]
    fn every_name_makes_a_custom_name_that_the_domain_takes(name in ".{0,80}") {
        prop_assert!(domain::field::is_custom_name(&custom_name(&name)), "{}", custom_name(&name));
        let _ = meaning_of(&name);
    }
}

#[test]
fn what_stands_within_something_unknown_is_known_by_its_own_name_unless_it_is_somebody_elses() {
    for (name, expected) in [
        ("anfrage.kontaktdaten.E-Mail-Adresse", Some(Field::Email)),
        ("bestellung.kunde.Rufnummer", Some(Field::Phone)),
        ("data.besteller.anschrift.PLZ", Some(Field::PostalCode)),
        ("herkunft.utm_source", Some(Field::UtmSource)),
        ("product.name", None),
        ("event.title", None),
        ("organizer.email", None),
        ("booking.organizer.email", None),
        ("guests.0.email", None),
        ("rows.0.email", None),
    ] {
        let found = meaning_of(name).map(|(meaning, _)| meaning);
        assert_eq!(found, expected.map(Meaning::Field), "{name}");
    }
    assert_eq!(
        meaning_of("anfrage.konto.passwort").map(|(meaning, _)| meaning),
        Some(Meaning::Technical)
    );
}

#[test]
fn a_name_within_a_known_group_is_that_of_the_group_in_seven_languages() {
    let company: &[(&str, &[&str])] = &[
        (
            "company",
            &[
                "company.name",
                "organization.name",
                "employer.name",
                "unternehmen.name",
                "firma.name",
                "formular.firma.bezeichnung",
                "arbeitgeber.name",
                "entreprise.nom",
                "societe.nom",
                "société.nom",
                "empresa.nombre",
                "datos.empresa.nombre",
                "azienda.nome",
                "impresa.nome",
                "bedrijf.naam",
                "organisatie.naam",
                "empresa.nome",
                "dados.empresa.nome",
            ],
        ),
        (
            "employees",
            &[
                "company.size",
                "firma.groesse",
                "firma.größe",
                "unternehmen.Größe",
                "unternehmen.mitarbeiter",
                "entreprise.taille",
                "entreprise.effectif",
                "empresa.tamaño",
                "empresa.tamanho",
                "azienda.dimensione",
                "bedrijf.grootte",
                "bedrijf.omvang",
            ],
        ),
        (
            "company_domain",
            &[
                "company.domain",
                "company.website",
                "firma.webseite",
                "unternehmen.website",
                "entreprise.site",
                "azienda.sito",
                "empresa.sitio",
                "bedrijf.website",
            ],
        ),
        (
            "title",
            &[
                "formular.firma.position",
                "firma.position",
                "empresa.cargo",
                "kontakt.position",
                "person.role",
                "azienda.ruolo",
                "entreprise.poste",
                "persona.posicion",
                "persoon.rol",
            ],
        ),
        (
            "industry",
            &[
                "company.industry",
                "firma.branche",
                "entreprise.secteur",
                "azienda.settore",
                "empresa.sector",
            ],
        ),
        (
            "street",
            &[
                "address.line1",
                "anschrift.zeile1",
                "adresse.ligne1",
                "direccion.linea1",
                "indirizzo.riga1",
                "endereco.linha1",
                "adres.regel1",
                "kontakt.adresse",
                "firma.adresse",
                "cliente.direccion",
            ],
        ),
        (
            "region",
            &[
                "address.state",
                "location.state",
                "adresse.bundesland",
                "direccion.provincia",
            ],
        ),
        (
            "postal_code",
            &[
                "address.code",
                "anschrift.plz",
                "adresse.code",
                "indirizzo.cap",
                "adres.postcode",
            ],
        ),
        (
            "message",
            &["lead.message", "anfrage.kunde.message", "contact.notes"],
        ),
        (
            "first_name",
            &[
                "person.first",
                "anfrage.person.vorname",
                "persona.nombre_de_pila",
                "persoon.voornaam",
            ],
        ),
        (
            "last_name",
            &[
                "person.last",
                "persoon.achternaam",
                "personne.nom_de_famille",
            ],
        ),
        ("language", &["person.language", "kunde.sprache"]),
    ];
    for (field, names) in company {
        check(field, names);
    }
    for name in [
        "person.name",
        "kontakt.name",
        "anfrage.kontaktperson.name",
        "firma.ansprechpartner.name",
        "interessent.name",
        "personne.nom",
        "demandeur.nom",
        "persona.nombre",
        "cliente.nombre",
        "formulario.solicitante.nombre",
        "contatto.nome",
        "richiedente.nome",
        "pessoa.nome",
        "interessado.nome",
        "persoon.naam",
        "aanvrager.naam",
    ] {
        let found = meaning_of(name).map(|(meaning, _)| meaning);
        assert_eq!(found, Some(Meaning::FullName), "{name}");
    }
}

#[test]
fn a_name_within_what_is_no_group_is_nobodys() {
    check_unknown(&[
        "product.name",
        "produkt.name",
        "produit.nom",
        "producto.nombre",
        "prodotto.nome",
        "artikel.bezeichnung",
        "campaign.name",
        "kampagne.name",
        "event.title",
        "veranstaltung.name",
        "seite.titel",
        "page.name",
        "formular.titel",
        "dokument.position",
        "warenkorb.size",
        "image.size",
        "bild.groesse",
        "datei.größe",
        "shirt.size",
        "order.state",
        "bestellung.status",
        "produkt.position",
        "liste.position",
        "plan.name",
        "items.0.name",
        "firmen.0.name",
        "veranstalter.firma.name",
        "vendor.company.name",
        "partner.unternehmen.name",
        "kunde.titel",
        "personne.titre",
        "project.company_logo.url",
        "error.message",
        "status.code",
        "product.code",
        "firma.logo",
        "utility.company.name",
        "utility.electric.company.name",
        "product.company.name",
        "versorger.firma.name",
        "team.position",
    ]);
}
