//! The words themselves, squashed: small letters and digits without accents or punctuation, parted by blanks.
//!
//! Languages: English, German, French, Spanish, Portuguese, Italian, Dutch. German umlauts stand as `ae` and as `a`: forms
//! spell them out in names, and folding takes the dots off in questions. Within a list the preferred word comes first.

use domain::field::Field;

use super::{CONTACT, MARKETING, Meaning};

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

const FULL_NAME: &str = "fullname name namefull completename contactname personname yourname vorundnachname vornameundnachname \
    vornamenachname nameundvorname vollstaendigername vollstandigername ansprechpartner ansprechpartnerin nom nomcomplet nometprenom \
    prenometnom nombre nombrecompleto nombreyapellido nombreyapellidos nome nomecompleto nomeecognome nomeesobrenome naam \
    volledigenaam voorenachternaam firstandlastname firstnamelastname firstlastname";

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

const CONSENT_TO_CONTACT: &str = "consent consents consentgranted consentgiven consentaccepted consentvalue contactconsent consenttocontact \
    consenttobecontacted gdpr gdprconsent gdpragreement gdpraccepted gdpragree privacy privacypolicy privacyconsent privacyagreement \
    privacyaccepted acceptprivacy acceptprivacypolicy privacypolicyaccepted dataprotection dataprocessing dataprocessingconsent agree \
    iagree agreement agreed acceptance accept accepted terms acceptterms agreeterms agreetoterms termsaccepted termsandconditions \
    termsofservice tos toc tcpa tcpaconsent legal legalconsent dsgvo dsgvoeinwilligung datenschutz datenschutzerklaerung \
    datenschutzerklarung datenschutzeinwilligung datenschutzzustimmung einwilligung einwilligungserklaerung einwilligungserklarung \
    einverstaendnis einverstandnis einverstaendniserklaerung zustimmung agb rgpd consentement accord politiquedeconfidentialite \
    confidentialite consentimiento privacidad politicadeprivacidad politicadeprivacidade aceptacion aceptolapoliticadeprivacidad acepto \
    proteccionaldedatos consentimento lgpd aceite aceito consenso consensoprivacy informativaprivacy accetto toestemming akkoord avg \
    privacyverklaring";

const CONSENT_TO_MARKETING: &str = "marketing marketingconsent marketingoptin marketingoptedin acceptsmarketing acceptmarketing \
    consentmarketing newsletter newsletters newsletteroptin newsletterconsent newslettersignup newslettersubscription subscribe \
    subscribed subscribenewsletter subscribetonewsletter optin optedin emailoptin emailconsent emailmarketing emailmarketingconsent \
    mailinglist joinmailinglist promotions communications newsletteranmeldung newsletterabonnieren werbeeinwilligung \
    marketingeinwilligung infolettre inscriptionnewsletter boletin suscripcion novidades promozioni iscrizionenewsletter nieuwsbrief \
    nieuwsbriefaanmelding";

const CONSENT_TO_SMS: &str =
    "smsconsent smsoptin smsmarketing smsmarketingconsent textconsent textoptin";

const CONSENT_TEXT: &str = "consenttext consentwording consentstatement consentlanguage tcpatext tcpalanguage disclosure disclosuretext";

/// All of them with their meaning. What only looks like another word comes as [`Meaning::Own`]: it is found whole, before
/// its front is taken away.
pub(super) fn all() -> Vec<(Meaning, &'static str)> {
    vec![
        (
            Meaning::Own("salutation"),
            "salutation honorific anrede civilite tratamiento tratamento titolo aanhef nameprefix",
        ),
        (Meaning::Own("username"), "username userid login nickname"),
        (Meaning::Own("form_name"), "formname formtitle formularname"),
        (
            Meaning::Own("trustedform_cert_url"),
            "trustedformcerturl xxtrustedformcerturl",
        ),
        (
            Meaning::Own("universal_leadid"),
            "universalleadid leadidtoken jornayaleadid",
        ),
        (
            Meaning::Technical,
            "trustedformpingurl xxtrustedformpingurl xxtrustedformtoken",
        ),
        (
            Meaning::Technical,
            "password passwd pwd userpassword newpassword passwordconfirmation confirmpassword passwort kennwort motdepasse contrasena senha wachtwoord \
             cardnumber creditcard creditcardnumber ccnumber cvv cvc cvv2 cardcvc cardcvv cardexpiry iban ssn socialsecuritynumber",
        ),
        (Meaning::Field(Field::Email), EMAIL),
        (Meaning::Field(Field::Phone), PHONE),
        (Meaning::Field(Field::FirstName), FIRST_NAME),
        (Meaning::Field(Field::LastName), LAST_NAME),
        (Meaning::FullName, FULL_NAME),
        (Meaning::Field(Field::Title), TITLE),
        (Meaning::Field(Field::Company), COMPANY),
        (Meaning::Field(Field::CompanyDomain), COMPANY_DOMAIN),
        (Meaning::Field(Field::Industry), INDUSTRY),
        (Meaning::Field(Field::Employees), EMPLOYEES),
        (Meaning::Field(Field::Revenue), REVENUE),
        (Meaning::Field(Field::Country), COUNTRY),
        (Meaning::Field(Field::Region), REGION),
        (Meaning::Field(Field::City), CITY),
        (Meaning::Field(Field::PostalCode), POSTAL_CODE),
        (Meaning::Field(Field::Street), STREET),
        (Meaning::Field(Field::Language), LANGUAGE),
        (Meaning::Field(Field::Message), MESSAGE),
        (Meaning::Field(Field::PageUrl), PAGE_URL),
        (Meaning::Field(Field::Referrer), REFERRER),
        (Meaning::Field(Field::UtmSource), UTM_SOURCE),
        (Meaning::Field(Field::UtmMedium), UTM_MEDIUM),
        (Meaning::Field(Field::UtmCampaign), UTM_CAMPAIGN),
        (Meaning::Field(Field::UtmTerm), UTM_TERM),
        (Meaning::Field(Field::UtmContent), UTM_CONTENT),
        (Meaning::Field(Field::Gclid), GCLID),
        (Meaning::Field(Field::Fbclid), FBCLID),
        (Meaning::Field(Field::Msclkid), MSCLKID),
        (Meaning::Field(Field::Ttclid), TTCLID),
        (Meaning::Field(Field::LiFatId), LI_FAT_ID),
        (Meaning::ConsentText, CONSENT_TEXT),
        (Meaning::Consent("sms".to_owned()), CONSENT_TO_SMS),
        (Meaning::Consent(MARKETING.to_owned()), CONSENT_TO_MARKETING),
        (Meaning::Consent(CONTACT.to_owned()), CONSENT_TO_CONTACT),
    ]
}

/// Whether a name says something of whatever it stands in: of a product, a page, an event as well as of a person.
pub(super) fn means_something_of_anything(name: &str) -> bool {
    const WORDS: &str = "name nom nome nombre naam title titel titre titulo titolo position description beschreibung id state status \
        page web site website url domain domainname homepage job notes note question request language lang locale region \
        address adresse message messages msg comment comments query value answer consent accepted agreed legal terms";
    WORDS.split_ascii_whitespace().any(|known| known == name)
}

/// Whether a name is that of somebody other than the person who asks.
pub(super) fn is_somebody_else(name: &str) -> bool {
    const WORDS: &str = "organizer organiser host hosts agent owner assignee assignedto rep seller sender receiver recipient referrer referredby \
        manager partner friend guest guests colleague colleagues spouse emergencycontact vendor provider dealer createdby author \
        bot operator support team employee veranstalter vermittler gastgeber empfaenger organisateur organizador organizzatore";
    WORDS.split_ascii_whitespace().any(|known| known == name)
}

/// Whether a word in front of a name says nothing about the field: whose it is, where it stands, how it is asked for.
pub(super) fn says_nothing_in_front(word: &str) -> bool {
    const EN: &str = "your my the a an please enter type provide give us tell what whats which is s are re input field fields form forms \
        contact contacts lead user person people customer client visitor applicant profile data formdata value values answer answers \
        response properties attributes attribute variables vars params parameters payload submission submitted details personal primary \
        main work business address addr location billing hidden custom wpforms acf et pb current best preferred full complete";
    const DE: &str = "ihr ihre ihren dein deine deinen bitte wie lautet ist geben gib sie du die der das kontakt formular angaben eingabe \
        kunde kundin interessent interessentin absender";
    const FR: &str =
        "votre vos ton ta tes quel quelle quels est saisissez entrez indiquez le la les l de du";
    const ES: &str =
        "su sus tu tus cual es ingrese ingresa introduce escribe el campo datos cliente contacto";
    const PT: &str = "seu sua teu tua qual e o os as insira digite contato";
    const IT: &str = "il lo tuo suo quale inserisci inserire i contatto";
    const NL: &str = "uw je jouw wat vul in het een klant";
    let is_counted = word.chars().all(char::is_numeric);
    is_counted
        || word == "q"
        || [EN, DE, FR, ES, PT, IT, NL]
            .iter()
            .any(|words| words.split_ascii_whitespace().any(|known| known == word))
}

/// Whether a word at the end of a name says nothing: a count, a hint that it must be filled in.
pub(super) fn says_nothing_at_the_end(word: &str) -> bool {
    const WORDS: &str = "required optional mandatory field input value here please below pflichtfeld pflichtangabe optionales freiwillig \
        obligatoire facultatif obligatorio opcional obligatoria obrigatorio obbligatorio facoltativo verplicht optioneel";
    word.chars().all(char::is_numeric) || WORDS.split_ascii_whitespace().any(|known| known == word)
}

/// Fields of form builders, frameworks, captchas and honeypots, as they are sent, in lower case.
pub(super) const TECHNICAL: &[&str] = &[
    "_after",
    "_app",
    "_autoresponse",
    "_blacklist",
    "_captcha",
    "_cc",
    "_charset_",
    "_csrf",
    "_csrf_token",
    "_format",
    "_gotcha",
    "_hp",
    "_honey",
    "_honeypot",
    "_method",
    "_next",
    "_redirect",
    "_t",
    "_template",
    "_time",
    "_timestamp",
    "_token",
    "_ts",
    "_url",
    "_webhook",
    "_wp_http_referer",
    "_wpnonce",
    "__requestverificationtoken",
    "authenticity_token",
    "bot-field",
    "bot_field",
    "captcha",
    "captcha_token",
    "commit",
    "csrf",
    "csrf-token",
    "csrf_token",
    "csrfmiddlewaretoken",
    "csrftoken",
    "cf-turnstile-response",
    "form-name",
    "form_build_id",
    "form_key",
    "form_token",
    "frc-captcha-response",
    "frc-captcha-solution",
    "g-recaptcha-response",
    "g-recaptcha-response-data",
    "h-captcha-response",
    "hcaptcha",
    "honey",
    "honeypot",
    "honeypot_time",
    "hp",
    "js_execution_tracker",
    "max_file_size",
    "mc_signupsource",
    "mtcaptcha-verifiedtoken",
    "nonce",
    "phpsessid",
    "recaptcha",
    "recaptcha-token",
    "recaptcha_response",
    "recaptcha_token",
    "recaptchatoken",
    "reset",
    "submit",
    "submit_button",
    "submitbutton",
    "turnstile",
    "utf8",
    "wpforms.id",
    "wpforms.nonce",
    "wpforms.submit",
    "wpforms.token",
];

/// What the names of whole families of them start with, in lower case.
pub(super) const TECHNICAL_PREFIXES: &[&str] = &[
    "__event",
    "__viewstate",
    "_wpcf7",
    "ak_hp_",
    "ak_js",
    "b_honeypot",
    "gform_",
    "is_submit_",
    "wpforms.hp",
];
