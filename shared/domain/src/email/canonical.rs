//! What two addresses of one mailbox have in common.
//!
//! The rules are the providers' own: tags after a plus sign (Apple, Fastmail, Google, Microsoft, Proton, Yandex,
//! Zoho), dots without meaning (Gmail only, not companies whose mail Google runs), a mailbox name as host name
//! (Fastmail), and second names of one service. Yahoo has no rule: the part before a hyphen of a disposable Yahoo
//! address is not deliverable by itself, and real mailboxes have hyphens, so dropping it would merge strangers.
//! A company's domain has no rule either: who runs its mail is not to be seen without asking the DNS.

use super::lists;

/// The canonical address, if it differs from `local_part@domain`. Both parts in lower case, the domain in A-labels.
pub(super) fn canonical(local_part: &str, domain: &str) -> Option<String> {
    match domain {
        "gmail.com" | "googlemail.com" => {
            let without_dots: String = without_tag(local_part)
                .chars()
                .filter(|&c| c != '.')
                .collect();
            changed(local_part, domain, &without_dots, "gmail.com")
        }
        "icloud.com" | "me.com" | "mac.com" => {
            changed(local_part, domain, without_tag(local_part), "icloud.com")
        }
        "proton.me" | "protonmail.com" | "protonmail.ch" | "pm.me" => {
            changed(local_part, domain, without_tag(local_part), domain)
        }
        "ya.ru" | "yandex.by" | "yandex.com" | "yandex.com.tr" | "yandex.kz" | "yandex.ru"
        | "yandex.ua" | "yandex.uz" => changed(local_part, domain, without_tag(local_part), domain),
        "zoho.com" | "zoho.eu" | "zoho.in" | "zohomail.com" | "zohomail.eu" | "zohomail.in" => {
            changed(local_part, domain, without_tag(local_part), domain)
        }
        _ if is_fastmail(domain) || is_microsoft(domain) => {
            changed(local_part, domain, without_tag(local_part), domain)
        }
        // anything@mailbox.fastmail.com reaches mailbox@fastmail.com.
        _ => match domain.split_once('.') {
            Some((mailbox, parent)) if is_fastmail(parent) => {
                changed(local_part, domain, mailbox, parent)
            }
            _ => None,
        },
    }
}

/// Before the first plus sign. A local part that starts with one is left alone: nothing would remain.
fn without_tag(local_part: &str) -> &str {
    match local_part.split_once('+') {
        Some((mailbox, _)) if !mailbox.is_empty() => mailbox.trim_end_matches('.'),
        _ => local_part,
    }
}

fn changed(
    local_part: &str,
    domain: &str,
    new_local_part: &str,
    new_domain: &str,
) -> Option<String> {
    let same = local_part == new_local_part && domain == new_domain;
    (!same).then(|| format!("{new_local_part}@{new_domain}"))
}

/// outlook.*, hotmail.* and live.* in the countries where they are mailboxes, which the free list knows.
fn is_microsoft(domain: &str) -> bool {
    match domain.split_once('.') {
        Some(("outlook" | "hotmail" | "live" | "windowslive" | "msn", "com")) => true,
        Some(("outlook" | "hotmail" | "live" | "msn", _)) => lists::FREE_DOMAINS.contains(domain),
        _ => domain == "passport.com",
    }
}

/// The domains under which Fastmail gives out mailboxes, sorted.
const FASTMAIL_DOMAINS: &[&str] = &[
    "123mail.org",
    "150mail.com",
    "150ml.com",
    "16mail.com",
    "2-mail.com",
    "4email.net",
    "50mail.com",
    "airpost.net",
    "allmail.net",
    "cluemail.com",
    "elitemail.org",
    "emailcorner.net",
    "emailengine.net",
    "emailengine.org",
    "emailgroups.net",
    "emailplus.org",
    "emailuser.net",
    "eml.cc",
    "f-m.fm",
    "fast-email.com",
    "fast-mail.org",
    "fastem.com",
    "fastemailer.com",
    "fastest.cc",
    "fastimap.com",
    "fastmail.cn",
    "fastmail.co.uk",
    "fastmail.com",
    "fastmail.com.au",
    "fastmail.de",
    "fastmail.es",
    "fastmail.fm",
    "fastmail.fr",
    "fastmail.im",
    "fastmail.in",
    "fastmail.jp",
    "fastmail.mx",
    "fastmail.net",
    "fastmail.nl",
    "fastmail.org",
    "fastmail.se",
    "fastmail.to",
    "fastmail.tw",
    "fastmail.uk",
    "fastmail.us",
    "fastmailbox.net",
    "fastmessaging.com",
    "fea.st",
    "fmail.co.uk",
    "fmailbox.com",
    "fmgirl.com",
    "fmguy.com",
    "ftml.net",
    "hailmail.net",
    "imap-mail.com",
    "imap.cc",
    "imapmail.org",
    "inoutbox.com",
    "internet-e-mail.com",
    "internet-mail.org",
    "internetemails.net",
    "internetmailing.net",
    "jetemail.net",
    "justemail.net",
    "letterboxes.org",
    "mail-central.com",
    "mail-page.com",
    "mailas.com",
    "mailbolt.com",
    "mailc.net",
    "mailcan.com",
    "mailforce.net",
    "mailhaven.com",
    "mailingaddress.org",
    "mailite.com",
    "mailmight.com",
    "mailnew.com",
    "mailsent.net",
    "mailservice.ms",
    "mailup.net",
    "mailworks.org",
    "ml1.net",
    "mm.st",
    "myfastmail.com",
    "mymacmail.com",
    "nospammail.net",
    "ownmail.net",
    "petml.com",
    "postinbox.com",
    "postpro.net",
    "proinbox.com",
    "promessage.com",
    "realemail.net",
    "reallyfast.biz",
    "reallyfast.info",
    "rushpost.com",
    "sent.as",
    "sent.at",
    "sent.com",
    "speedpost.net",
    "speedymail.org",
    "ssl-mail.com",
    "swift-mail.com",
    "the-fastest.net",
    "the-quickest.com",
    "theinternetemail.com",
    "veryfast.biz",
    "veryspeedy.net",
    "warpmail.net",
    "xsmail.com",
    "yepmail.net",
    "your-mail.com",
];

fn is_fastmail(domain: &str) -> bool {
    FASTMAIL_DOMAINS.binary_search(&domain).is_ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_fastmail_domains_are_sorted_so_that_the_search_finds_each() {
        assert!(super::FASTMAIL_DOMAINS.is_sorted());
        assert!(
            super::FASTMAIL_DOMAINS
                .iter()
                .all(|domain| super::is_fastmail(domain))
        );
    }
}
