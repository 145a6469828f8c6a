//! What a word that may say something of anything means within a group whose name is known: `name` within `firma` is the
//! company's, within `kontakt` the person's, and within `produkt` nobody's.
//!
//! Words are squashed, as in `synonyms`, in the same seven languages.

use domain::field::Field;

use super::Meaning;

const COMPANIES: &str = "company companyinfo companydetails companydata organization organisation business employer account firm corporation \
    unternehmen unternehmensdaten unternehmensangaben firma firmendaten firmenangaben betrieb gesellschaft arbeitgeber entreprise societe \
    organisme employeur empresa empresas compania companhia organizacion organizacao empleador empregador negocio azienda societa impresa ditta \
    organizzazione bedrijf bedrijfsgegevens organisatie onderneming werkgever";

const PERSONS: &str = "person contact contactperson contactinfo contactdetails contactdata lead customer client user applicant personal \
    personaldata personaldetails personalinfo prospect buyer kontakt kontaktdaten kontaktperson ansprechpartner ansprechpartnerin \
    kunde kundin kundendaten interessent interessentin personendaten personliches personlich personlichedaten personlicheangaben \
    persoenliches persoenlich persoenlichedaten persoenlicheangaben absender anfragende personne contacto persona cliente interesado \
    demandeur coordonnees interlocuteur contatto referente richiedente contato pessoa interessado solicitante persoon \
    persoonsgegevens contactpersoon contactgegevens klant klantgegevens aanvrager";

const ADDRESSES: &str = "address addressinfo mailingaddress postaladdress billingaddress location adresse postadresse anschrift \
    rechnungsadresse direccion domicilio indirizzo endereco morada adres adresgegevens";

const NAMES: &str = "name nom nombre nome naam label bezeichnung denominacion denominazione";
const SIZES: &str =
    "size groesse grosse taille tamano tamanho dimensione dimensioni grootte omvang staff";
const SITES: &str = "domain website web site url webseite homepage internet sito sitio paginaweb";
const POSITIONS: &str =
    "position posicion posicao posizione positie job jobtitle stelle rolle role rol ruolo poste";
const STREETS: &str = "address addresse adresse line line1 address1 linea linea1 ligne ligne1 linha linha1 riga riga1 zeile zeile1 regel regel1";
const MESSAGES: &str = "message messages msg comment comments note notes question request";

const WRAPPERS: &str = "anfrage anfragedaten formular formulardaten daten eingabe formulaire demande donnees formulario solicitud datos dados \
    pedido richiesta modulo dati aanvraag formulier gegevens request inquiry enquiry body record event registration webhook result";

/// What stands within a company: words and what they mean.
const IN_COMPANIES: &[(&str, Meaning)] = &[
    (NAMES, Meaning::Field(Field::Company)),
    ("title", Meaning::Field(Field::Company)),
    (SIZES, Meaning::Field(Field::Employees)),
    (SITES, Meaning::Field(Field::CompanyDomain)),
    (POSITIONS, Meaning::Field(Field::Title)),
    (STREETS, Meaning::Field(Field::Street)),
    ("state", Meaning::Field(Field::Region)),
    ("sektor", Meaning::Field(Field::Industry)),
];

/// What stands within a person. A title is not there: it may be `Dr.` as well as a position.
const IN_PERSONS: &[(&str, Meaning)] = &[
    (NAMES, Meaning::FullName),
    ("first given vor", Meaning::Field(Field::FirstName)),
    ("last family nach", Meaning::Field(Field::LastName)),
    (POSITIONS, Meaning::Field(Field::Title)),
    (STREETS, Meaning::Field(Field::Street)),
    ("state", Meaning::Field(Field::Region)),
    ("language lang locale", Meaning::Field(Field::Language)),
    (MESSAGES, Meaning::Field(Field::Message)),
];

/// What stands within an address.
const IN_ADDRESSES: &[(&str, Meaning)] = &[
    (STREETS, Meaning::Field(Field::Street)),
    ("state", Meaning::Field(Field::Region)),
    ("code", Meaning::Field(Field::PostalCode)),
];

/// Whether it is a group.
pub(super) fn is_known(group: &str) -> bool {
    [COMPANIES, PERSONS, ADDRESSES]
        .iter()
        .any(|words| words.split_ascii_whitespace().any(|known| known == group))
}

/// Whether a word only says that somebody's data follows.
pub(super) fn is_wrapper(word: &str) -> bool {
    WRAPPERS.split_ascii_whitespace().any(|known| known == word)
}

/// The meaning of a name that stands right within a group.
pub(super) fn meaning_in(group: &str, name: &str) -> Option<Meaning> {
    let is = |words: &str, word: &str| words.split_ascii_whitespace().any(|known| known == word);
    let groups = [
        (COMPANIES, IN_COMPANIES),
        (PERSONS, IN_PERSONS),
        (ADDRESSES, IN_ADDRESSES),
    ];
    let (_, names) = groups.iter().find(|(words, _)| is(words, group))?;
    let (_, meaning) = names.iter().find(|(words, _)| is(words, name))?;
    Some(meaning.clone())
}
