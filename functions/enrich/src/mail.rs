//! Whether the domain of an e-mail address takes mail, for sources that want to know.
//!
//! The DNS has a moment to answer, and an answer is used again for a while. Without one nothing follows.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::config::MailLookUp;
use domain::email::Email;
use domain::field::{Field, Value, text_of};
use domain::id::Pepper;
use domain::submission::{FieldProblem, Submission};
use jiff::{SignedDuration, Timestamp};
use outbound::Mail;
use table::{CachedAnswer, Current};

use crate::{Enrich, Error};

/// Under which name answers are remembered among those of providers. No provider may be called so: names have no `!`.
const CACHE: &str = "mail!";

/// Time the name servers have for all of their answers: a lead waits.
const DEADLINE: Duration = Duration::from_millis(1_500);

/// How long a domain that takes mail is believed to do so, in hours.
const ACCEPTED_HOURS: i64 = 24 * 7;

/// The same of one that takes none, which may be a mistake that is being corrected.
const REFUSED_HOURS: i64 = 1;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    /// The fact, if there is one; the submission goes on.
    Fact(Option<&'static str>),
    /// The submission is kept for a person to look at.
    Kept(FieldProblem),
}

impl Enrich {
    /// Looks up the domain of the submission's e-mail address, if its source wants that. Nothing is read, written or asked
    /// where it does not.
    pub(crate) async fn look_up_mail(
        &self,
        submission: &Submission,
        current: &Current,
        pepper: &Pepper,
        now: Timestamp,
    ) -> Result<Found, Error> {
        let source = current.config.sources.get(&submission.source);
        let wanted = source.map_or(MailLookUp::Off, |source| source.spam.mail_domain);
        let email =
            text_of(&submission.fields, &Field::Email).and_then(|text| Email::parse(text).ok());
        let (MailLookUp::Mark | MailLookUp::Quarantine, Some(email)) = (wanted, email) else {
            return Ok(Found::Fact(None));
        };
        let name = pepper.hash(&[b"mail of", email.domain().as_bytes()]);
        let cached = self.table.cached_answer(CACHE, name, now).await?;
        let known = cached.and_then(|known| match text_of(&known.fields, &Field::EmailMx) {
            Some("accepted") => Some(Mail::Accepted),
            Some("refused") => Some(Mail::Refused),
            _ => None,
        });
        let mail = match known {
            Some(mail) => mail,
            None => {
                let mail = self
                    .providers
                    .mail()
                    .look_up(email.domain(), DEADLINE)
                    .await;
                self.remember(name, mail, now).await?;
                mail
            }
        };
        Ok(match (mail, wanted) {
            (Mail::Refused, MailLookUp::Quarantine) if !submission.released => Found::Kept(FieldProblem {
                field: "email".to_owned(),
                code: "email_takes_no_mail".to_owned(),
                message: "the domain of this address takes no mail; correct the address, or resubmit it as it is"
                    .to_owned(),
            }),
            (mail, _) => Found::Fact(Some(fact(mail))),
        })
    }

    async fn remember(&self, name: u128, mail: Mail, now: Timestamp) -> Result<(), Error> {
        let hours = match mail {
            Mail::Accepted => ACCEPTED_HOURS,
            Mail::Refused => REFUSED_HOURS,
            Mail::Unknown => return Ok(()),
        };
        let until = now
            .saturating_add(SignedDuration::from_hours(hours))
            .unwrap_or(now);
        let fields = BTreeMap::from([(Field::EmailMx, Value::Text(fact(mail).to_owned()))]);
        Ok(self
            .table
            .cache_answer(CACHE, name, &CachedAnswer { fields, until })
            .await?)
    }
}

fn fact(mail: Mail) -> &'static str {
    match mail {
        Mail::Accepted => "accepted",
        Mail::Refused => "refused",
        Mail::Unknown => "unknown",
    }
}
