//! What forms and people call the fields, squashed: small letters and digits without accents or punctuation, parted by blanks.
//!
//! Languages: English, German, French, Spanish, Portuguese, Italian, Dutch. German umlauts stand as `ae` and as `a`: forms
//! spell them out in names, and folding takes the dots off in questions. Within a list the preferred word comes first.

use super::{Field, nearest};

const EMAIL: &str = "email emailaddress workemail businessemail companyemail mail mailaddress mailadresse emailadresse emailid \
    emailaddr useremail contactemail geschaeftlicheemail adresseemail adresseelectronique adressemail courriel \
    correoelectronico correo direcciondecorreo direcciondecorreoelectronico correoelectronicolaboral enderecodeemail \
    correioeletronico emailcorporativo indirizzoemail posta postaelettronica indirizzodipostaelettronica mailadres emailadres \
    emailzakelijk replyto personalemail";

const PHONE: &str = "phone phonenumber mobile mobilephone mobilenumber mobilephonenumber cell cellphone cellphonenumber celphone telephone \
    telephonenumber tel workphone workphonenumber businessphone companyphone contactnumber phoneno mobileno telefon telefonnummer \
    telefonnr telnr rufnummer mobil mobilnummer mobiltelefon handy handynummer telephoneportable portable mobiletelephone \
    numerodetelephone notelephone telefono telefonomovil movil celular numerodetelefono numerodecelular telefone \
    telefonecelular telemovel numerodetelefone cellulare numeroditelefono telefoon telefoonnummer mobiel mobielnummer gsm gsmnummer \
    whatsapp whatsappnumber whatsappphone fulltelephone phonefull homephone homenumber";

const FIRST_NAME: &str = "firstname fname givenname forename namefirst firstnames vorname rufname prenom nombredepila primernombre \
    primeironome nomeproprio voornaam";

const LAST_NAME: &str = "lastname lname surname familyname namelast secondname nachname familienname zuname nomdefamille apellido apellidos \
    primerapellido sobrenome ultimonome apelido cognome achternaam familienaam";

const TITLE: &str = "jobtitle title position job jobrole role jobposition jobfunction occupation designation berufsbezeichnung \
    jobbezeichnung funktion stellenbezeichnung beruf fonction poste intituleduposte puesto cargo puestodetrabajo funcao profissao \
    ruolo posizione qualifica mansione functie functietitel beroep";

const COMPANY: &str = "company companyname organization organisation organizationname organisationname business businessname employer \
    firm firmname accountname firma firmenname firmaname unternehmen unternehmensname organisationsname arbeitgeber entreprise \
    nomdelentreprise societe raisonsociale empresa nombredelaempresa nombreempresa compania organizacion nomedaempresa \
    organizacao azienda nomeazienda nomedellazienda societa ragionesociale bedrijf bedrijfsnaam organisatie companytitle";

const COMPANY_DOMAIN: &str = "companydomain domain domainname website websiteurl companywebsite companyurl companysite homepage web site \
    webseite internetseite internetadresse firmenwebsite siteweb siteinternet sitioweb paginaweb sitoweb sitointernet siteempresa \
    websitebedrijf organizationwebsite";

const INDUSTRY: &str = "industry sector businesssector industrysector branche industrie wirtschaftszweig secteur secteurdactivite \
    industria rubro setor ramodeatividade settore settorediattivita sectorbedrijf bedrijfstak";

const EMPLOYEES: &str = "employees employeecount numberofemployees numemployees noofemployees companysize companyheadcount headcount \
    teamsize organizationsize mitarbeiter mitarbeiterzahl anzahlmitarbeiter anzahldermitarbeiter unternehmensgroesse unternehmensgrosse \
    firmengroesse firmengrosse effectif effectifs nombredesalaries nombredemployes tailledelentreprise empleados \
    numerodeempleados tamanodelaempresa tamanoempresa funcionarios numerodefuncionarios tamanhodaempresa dipendenti \
    numerodipendenti numerodidipendenti dimensioneazienda medewerkers aantalmedewerkers bedrijfsgrootte";

const REVENUE: &str = "revenue annualrevenue yearlyrevenue companyrevenue turnover annualturnover umsatz jahresumsatz chiffredaffaires \
    facturacion facturacionanual ingresosanuales faturamento faturamentoanual fatturato fatturatoannuo omzet jaaromzet";

const COUNTRY: &str = "country countrycode countryname countryregion nation land landcode pays pais paese nazione landkeuze";

const REGION: &str = "region state stateprovince stateregion province county statecode regioncode bundesland kanton departement provincia \
    estado comunidadautonoma comunidad distrito regione provincie uf";

const CITY: &str = "city town locality cityname ort stadt wohnort ville commune ciudad localidad poblacion cidade municipio citta comune \
    stad plaats woonplaats suburb";

const POSTAL_CODE: &str = "postalcode postal zip zipcode postcode zippostalcode zippostal plz postleitzahl codepostal cp codigopostal cep cap \
    codicepostale codiceavviamentopostale";

const STREET: &str = "street streetaddress address addressline address1 addressline1 addrline street1 strasse strassehausnummer \
    strasseundhausnummer anschrift adresse adressepostale rue direccion calle domicilio endereco rua morada logradouro indirizzo via adres \
    straat straatnaam";

const LANGUAGE: &str = "language lang locale languagecode preferredlanguage sprache langue idioma lengua lingua taal browserlanguage";

const MESSAGE: &str = "message messages msg comment comments inquiry enquiry question questions query howcanwehelp howcanwehelpyou \
    howmaywehelpyou howcanihelp howcanihelpyou description notes note remarks remark additionalinformation additionalinfo moreinformation \
    anythingelse tellusmore request nachricht mitteilung anfrage bemerkung bemerkungen anmerkung anmerkungen kommentar kommentare \
    frage fragen anliegen beschreibung wiekoennenwirhelfen wiekonnenwirhelfen wiekoennenwirihnenhelfen wiekonnenwirihnenhelfen \
    ihrenachricht commentaire commentaires demande remarques commentpouvonsnousvousaider mensaje comentario comentarios consulta \
    pregunta observaciones comopodemosayudarle comopodemosayudarte mensagem duvida pergunta observacoes comopodemosajudar \
    messaggio commento commenti richiesta domanda comepossiamoaiutarti comepossiamoaiutarla bericht opmerking opmerkingen \
    vraag vragen toelichting hoekunnenwehelpen hoekunnenweuhelpen";

const PAGE_URL: &str = "pageurl page pageuri pagelocation landingpage landingpageurl landingurl sourceurl formurl currenturl currentpage \
    submissionurl entryurl conversionpage";

const REFERRER: &str = "referrer referer httpreferer httpreferrer documentreferrer referrerurl refererurl referringurl referringpage";

const UTM_SOURCE: &str = "utmsource";

const UTM_MEDIUM: &str = "utmmedium";

const UTM_CAMPAIGN: &str = "utmcampaign utmcampaignname";

const UTM_TERM: &str = "utmterm utmkeyword";

const UTM_CONTENT: &str = "utmcontent";

const GCLID: &str = "gclid gclidfield gclickid googleclickid";

const FBCLID: &str = "fbclid facebookclickid";

const MSCLKID: &str = "msclkid bingclickid microsoftclickid";

const TTCLID: &str = "ttclid tiktokclickid";

const LI_FAT_ID: &str = "lifatid linkedinclickid";

/// Every field that has other names, with them.
pub const ALIASES: &[(Field, &str)] = &[
    (Field::Email, EMAIL),
    (Field::Phone, PHONE),
    (Field::FirstName, FIRST_NAME),
    (Field::LastName, LAST_NAME),
    (Field::Title, TITLE),
    (Field::Company, COMPANY),
    (Field::CompanyDomain, COMPANY_DOMAIN),
    (Field::Industry, INDUSTRY),
    (Field::Employees, EMPLOYEES),
    (Field::Revenue, REVENUE),
    (Field::Country, COUNTRY),
    (Field::Region, REGION),
    (Field::City, CITY),
    (Field::PostalCode, POSTAL_CODE),
    (Field::Street, STREET),
    (Field::Language, LANGUAGE),
    (Field::Message, MESSAGE),
    (Field::PageUrl, PAGE_URL),
    (Field::Referrer, REFERRER),
    (Field::UtmSource, UTM_SOURCE),
    (Field::UtmMedium, UTM_MEDIUM),
    (Field::UtmCampaign, UTM_CAMPAIGN),
    (Field::UtmTerm, UTM_TERM),
    (Field::UtmContent, UTM_CONTENT),
    (Field::Gclid, GCLID),
    (Field::Fbclid, FBCLID),
    (Field::Msclkid, MSCLKID),
    (Field::Ttclid, TTCLID),
    (Field::LiFatId, LI_FAT_ID),
];

/// The field that a name means that is none of ours: the nearest of our names, or the one of which it is another name, if
/// need be with a slip in it.
pub(super) fn meant_by(name: &str) -> Option<String> {
    let squashed: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|character| character.to_ascii_lowercase())
        .collect();
    let words = || {
        ALIASES.iter().flat_map(|(field, words)| {
            words
                .split_ascii_whitespace()
                .map(move |word| (field, word))
        })
    };
    let of = |wanted: &str| {
        let found = words().find(|(_, word)| *word == wanted);
        found.map(|(field, _)| field.to_string())
    };
    of(&squashed)
        .or_else(|| nearest(name, Field::KNOWN.iter().map(Field::to_string)))
        .or_else(|| {
            of(&nearest(
                &squashed,
                words().map(|(_, word)| word.to_owned()),
            )?)
        })
}
