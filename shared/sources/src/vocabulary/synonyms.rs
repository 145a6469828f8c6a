//! The words themselves, squashed: small letters and digits without accents or punctuation, parted by blanks. Those for fields
//! are the language's own, and stand with them in `domain`.
//!
//! Languages: English, German, French, Spanish, Portuguese, Italian, Dutch. German umlauts stand as `ae` and as `a`: forms
//! spell them out in names, and folding takes the dots off in questions. Within a list the preferred word comes first.

use domain::field::{ALIASES, Field};

use super::{CONTACT, MARKETING, Meaning};

const FULL_NAME: &str = "fullname name namefull completename contactname personname yourname vorundnachname vornameundnachname \
    vornamenachname nameundvorname vollstaendigername vollstandigername ansprechpartner ansprechpartnerin nom nomcomplet nometprenom \
    prenometnom nombre nombrecompleto nombreyapellido nombreyapellidos nome nomecompleto nomeecognome nomeesobrenome naam \
    volledigenaam voorenachternaam firstandlastname firstnamelastname firstlastname";

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
    nieuwsbriefaanmelding rundbrief rundbriefanmeldung";

const CONSENT_TO_SMS: &str =
    "smsconsent smsoptin smsmarketing smsmarketingconsent textconsent textoptin";

const CONSENT_TEXT: &str = "consenttext consentwording consentstatement consentlanguage tcpatext tcpalanguage disclosure disclosuretext";

/// All of them with their meaning. What only looks like another word comes as [`Meaning::Own`]: it is found whole, before
/// its front is taken away.
pub(super) fn all() -> Vec<(Meaning, &'static str)> {
    let mut all = vec![
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
    ];
    for (field, words) in ALIASES {
        all.push((Meaning::Field(field.clone()), *words));
        // Where a word stands in two lists the first counts.
        if *field == Field::LastName {
            all.push((Meaning::FullName, FULL_NAME));
        }
    }
    all.extend([
        (Meaning::ConsentText, CONSENT_TEXT),
        (Meaning::Consent("sms".to_owned()), CONSENT_TO_SMS),
        (Meaning::Consent(MARKETING.to_owned()), CONSENT_TO_MARKETING),
        (Meaning::Consent(CONTACT.to_owned()), CONSENT_TO_CONTACT),
    ]);
    all
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
