use super::*;
use crate::decision::{Decision, Outcome, Received, Ruling};
use crate::field::Value;
use std::collections::BTreeMap;

fn fields(pairs: &[(Field, &str)]) -> Fields {
    pairs
        .iter()
        .map(|(field, text)| (field.clone(), Value::Text((*text).to_owned())))
        .collect()
}

fn lead(number: u128, pairs: &[(Field, &str)]) -> Lead {
    let at = "2026-03-01T12:00:00Z".parse().unwrap();
    let received = Received {
        submission: SubmissionId::from_bits(number),
        source: "website".to_owned(),
        received_at: at,
        outcome: Outcome::Created,
        matched: Vec::new(),
        kept_apart: Vec::new(),
        stays_with: None,
        fields: fields(pairs),
        facts: Fields::new(),
        consent: BTreeMap::new(),
        external_id: None,
        visitor: None,
        bought: None,
        check_at: at,
    };
    let decision = Decision {
        at,
        config: "cfg_x".to_owned(),
        ruling: Ruling::Received(received),
    };
    Lead::after(LeadId::from_bits(number), [&decision]).unwrap()
}

const EMAIL: Field = Field::Email;
const PHONE: Field = Field::Phone;

fn held(key: KeyKind, number: u128, known: Option<&Lead>) -> Holder<'_> {
    Holder {
        key,
        lead: LeadId::from_bits(number),
        known,
        claimant: Claimant::default(),
    }
}

fn claimant(submitted: &[(Field, &str)]) -> Claimant {
    let (pepper, fields) = (Pepper::new("pepper"), fields(submitted));
    Claimant::of(&pepper, &fields, &keys_of(&pepper, &fields))
}

fn check(
    submitted: &[(Field, &str)],
    holders: &[Holder<'_>],
    expected: u128,
    matched: &[KeyKind],
) -> Resolution {
    let resolution = resolve(
        SubmissionId::from_bits(9),
        &fields(submitted),
        &claimant(submitted),
        holders,
    );
    assert_eq!(
        (resolution.lead, resolution.matched.as_slice()),
        (LeadId::from_bits(expected), matched)
    );
    resolution
}

#[test]
fn somebody_unknown_gets_a_lead_named_after_the_submission() {
    check(&[(EMAIL, "ada@example.com")], &[], 9, &[]);
}

#[test]
fn the_same_key_is_the_same_person() {
    let ada = lead(1, &[(EMAIL, "ada@example.com"), (PHONE, "+12025550101")]);
    check(
        &[(EMAIL, "ada@example.com")],
        &[held(KeyKind::Email, 1, Some(&ada))],
        1,
        &[KeyKind::Email],
    );
    check(
        &[(PHONE, "+12025550101")],
        &[held(KeyKind::Phone, 1, Some(&ada))],
        1,
        &[KeyKind::Phone],
    );
    let both = [
        held(KeyKind::Email, 1, Some(&ada)),
        held(KeyKind::Phone, 1, Some(&ada)),
    ];
    check(
        &[(EMAIL, "ada@example.com"), (PHONE, "+12025550101")],
        &both,
        1,
        &[KeyKind::Email, KeyKind::Phone],
    );
}

#[test]
fn a_shared_phone_does_not_make_two_people_one() {
    let ada = lead(
        1,
        &[
            (EMAIL, "ada@example.com"),
            (PHONE, "+12025550101"),
            (Field::FirstName, "Ada"),
            (Field::LastName, "Example"),
        ],
    );
    let holder = [held(KeyKind::Phone, 1, Some(&ada))];
    let grace = [
        (EMAIL, "grace@example.com"),
        (PHONE, "+12025550101"),
        (Field::FirstName, "Grace"),
        (Field::LastName, "Example"),
    ];
    let resolution = check(&grace, &holder, 9, &[]);
    assert_eq!(
        resolution.kept_apart,
        [(LeadId::from_bits(1), KeyKind::Phone, Apart::OtherEmail)]
    );
    // The same name with another address is the same person with another address.
    let ada_at_home = [
        (EMAIL, "ada@example.org"),
        (PHONE, "+12025550101"),
        (Field::FirstName, "ADA"),
        (Field::LastName, "example"),
    ];
    check(&ada_at_home, &holder, 1, &[KeyKind::Phone]);
}

#[test]
fn an_email_decides_over_a_phone() {
    let ada = lead(1, &[(EMAIL, "ada@example.com")]);
    let grace = lead(2, &[(EMAIL, "grace@example.com"), (PHONE, "+12025550101")]);
    let holders = [
        held(KeyKind::Email, 1, Some(&ada)),
        held(KeyKind::Phone, 2, Some(&grace)),
    ];
    let resolution = check(
        &[(EMAIL, "ada@example.com"), (PHONE, "+12025550101")],
        &holders,
        1,
        &[KeyKind::Email],
    );
    assert_eq!(
        resolution.kept_apart,
        [(LeadId::from_bits(2), KeyKind::Phone, Apart::EmailDecides)]
    );
}

#[test]
fn a_claim_of_its_own_gives_way_to_a_phone_that_somebody_claimed_first() {
    let by_phone = lead(2, &[(PHONE, "+12025550101")]);
    let holders = [
        held(KeyKind::Email, 9, None),
        held(KeyKind::Phone, 2, Some(&by_phone)),
    ];
    let resolution = check(
        &[(EMAIL, "ada@example.com"), (PHONE, "+12025550101")],
        &holders,
        2,
        &[KeyKind::Phone],
    );
    assert!(
        resolution.alias_own,
        "whoever follows the e-mail's key must find lead 2"
    );
}

#[test]
fn a_claim_that_another_submission_did_not_finish_is_finished_for_it() {
    let resolution = check(
        &[(EMAIL, "ada@example.com")],
        &[held(KeyKind::Email, 3, None)],
        3,
        &[KeyKind::Email],
    );
    assert!(!resolution.alias_own);
}

#[test]
fn keys_compare_canonical_addresses_and_tell_nothing() {
    let pepper = Pepper::new("pepper");
    let keys = keys_of(
        &pepper,
        &fields(&[
            (EMAIL, "ada.example+news@gmail.com"),
            (PHONE, "+12025550101"),
        ]),
    );
    let same = keys_of(&pepper, &fields(&[(EMAIL, "adaexample@gmail.com")]));
    assert_eq!(keys[0], same[0]);
    assert_eq!(
        keys.iter().map(|key| key.kind).collect::<Vec<_>>(),
        [KeyKind::Email, KeyKind::Phone]
    );
    assert_eq!(keys[0].to_string().parse(), Ok(keys[0]));
    assert!(!keys[0].to_string().contains("ada") && !keys[1].to_string().contains("2025550101"));
}

#[test]
fn two_people_of_one_switchboard_stay_two_although_neither_is_written_yet() {
    let ben = [
        (EMAIL, "ben@example.com"),
        (PHONE, "+12025550142"),
        (Field::FirstName, "Ben"),
        (Field::LastName, "Sample"),
    ];
    let cleo = [
        (EMAIL, "cleo@example.com"),
        (PHONE, "+12025550142"),
        (Field::FirstName, "Cleo"),
        (Field::LastName, "Muster"),
    ];
    let claimed = |by: &[(Field, &str)]| Holder {
        claimant: claimant(by),
        ..held(KeyKind::Phone, 1, None)
    };
    let resolution = check(&cleo, &[claimed(&ben)], 9, &[]);
    assert_eq!(
        resolution.kept_apart,
        [(LeadId::from_bits(1), KeyKind::Phone, Apart::OtherEmail)]
    );
    assert!(!resolution.is_early && !resolution.alias_own);
    // The same name under another address is one person, as it is once the lead is written.
    let other_address = [
        (EMAIL, "b.sample@example.org"),
        (PHONE, "+12025550142"),
        (Field::FirstName, "BEN"),
        (Field::LastName, "Sample"),
    ];
    assert!(
        check(&other_address, &[claimed(&ben)], 1, &[KeyKind::Phone])
            .kept_apart
            .is_empty()
    );
}

#[test]
fn a_number_claimed_without_an_address_is_too_early_to_go_by() {
    let early = held(KeyKind::Phone, 1, None);
    let with_address = [(EMAIL, "cleo@example.com"), (PHONE, "+12025550142")];
    assert!(
        check(
            &with_address,
            std::slice::from_ref(&early),
            1,
            &[KeyKind::Phone]
        )
        .is_early
    );
    // Nothing that could come of it would speak against somebody without an address.
    assert!(!check(&[(PHONE, "+12025550142")], &[early], 1, &[KeyKind::Phone]).is_early);
}

#[test]
fn an_address_whose_lead_is_not_written_is_too_early_to_go_by_while_the_number_is_somebody_elses() {
    let both = [(EMAIL, "cleo@example.com"), (PHONE, "+12025550142")];
    let email = held(KeyKind::Email, 1, None);
    let phone = held(KeyKind::Phone, 2, None);
    // The lead of the address may still find out that it is the number's.
    assert!(check(&both, &[email.clone(), phone.clone()], 1, &[KeyKind::Email]).is_early);
    // Once the number's claimant is known to be another person, there is nothing to wait for.
    let others = Holder {
        claimant: claimant(&[(EMAIL, "ben@example.com"), (PHONE, "+12025550142")]),
        ..phone
    };
    assert!(!check(&both, &[email.clone(), others], 1, &[KeyKind::Email]).is_early);
    // One lead for both keys, or no holder of the number: the address decides at once.
    let same = held(KeyKind::Phone, 1, None);
    assert!(
        !check(
            &both,
            &[email.clone(), same],
            1,
            &[KeyKind::Email, KeyKind::Phone]
        )
        .is_early
    );
    assert!(!check(&both, &[email], 1, &[KeyKind::Email]).is_early);
}

fn somebody(pairs: &[(Field, &str)]) -> Claimant {
    let pepper = Pepper::new("pepper");
    let fields = fields(pairs);
    Claimant::of(&pepper, &fields, &keys_of(&pepper, &fields))
}

#[test]
fn a_suppressed_number_lets_only_those_through_who_are_certainly_somebody_else() {
    let ada = [
        (EMAIL, "ada@example.com"),
        (Field::FirstName, "Ada"),
        (Field::LastName, "Lovelace"),
    ];
    let bob = [
        (EMAIL, "bob@example.com"),
        (Field::FirstName, "Bob"),
        (Field::LastName, "Byron"),
    ];
    let erased = somebody(&ada);
    assert!(!is_suppressed(KeyKind::Phone, &erased, &somebody(&bob)));
    assert!(is_suppressed(KeyKind::Email, &erased, &somebody(&bob)));
    assert!(is_suppressed(KeyKind::Phone, &erased, &somebody(&ada)));
    // Another address and no name, another name and no address, another address and the same name.
    assert!(is_suppressed(KeyKind::Phone, &erased, &somebody(&bob[..1])));
    assert!(is_suppressed(KeyKind::Phone, &erased, &somebody(&bob[1..])));
    let renamed = [bob[0].clone(), ada[1].clone(), ada[2].clone()];
    assert!(is_suppressed(KeyKind::Phone, &erased, &somebody(&renamed)));
    // Of whom only the number was known, everybody who comes with it may be the one.
    let nobody = Claimant::default();
    assert!(is_suppressed(KeyKind::Phone, &nobody, &somebody(&bob)));
}

#[test]
fn keys_are_found_in_texts_that_nobody_has_checked() {
    let pepper = Pepper::new("pepper");
    let email = email_key(&pepper, &Email::parse("ada@example.com").unwrap());
    let phone = phone_key(&pepper, "+12025550123");
    let found = |text: &str| keys_in(&pepper, [text], Some("US"));
    assert_eq!(found("ADA@example.com"), [email]);
    assert_eq!(found("Ada Lovelace <ada@example.com>, please"), [email]);
    assert_eq!(found("(202) 555-0123"), [phone]);
    assert_eq!(found("nobody at nowhere"), []);
    assert_eq!(found(&"9".repeat(200)), []);
}
