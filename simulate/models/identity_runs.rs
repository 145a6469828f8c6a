//! What the model of the identity claim is run on, and what is found.

use crate::explore::{always_ends, explore, is_thorough, must_fail};
use crate::identity::{
    BURIED, EARLY, Form, HANDS, Identity, ONCE, ONE_OUTCOME, OVERWRITTEN, SAME_EMAIL, STRANGERS,
    TWO_LEADS, Variant,
};

const EMAIL: Form = Form {
    email: Some(0),
    has_phone: false,
    person: 0,
    earlier: None,
};
const PHONE: Form = Form {
    email: None,
    has_phone: true,
    person: 0,
    earlier: None,
};
const BOTH: Form = Form {
    email: Some(0),
    has_phone: true,
    person: 0,
    earlier: None,
};
/// Somebody else behind the same switchboard.
const STRANGER: Form = Form {
    email: Some(1),
    has_phone: true,
    person: 1,
    earlier: None,
};
/// The same content once more, in the next window.
const AGAIN: Form = Form {
    earlier: Some(0),
    ..BOTH
};

const FIRST: Variant = Variant::First;

#[test]
fn one_email_address_is_one_lead_however_often_and_at_once_it_comes() {
    let two = Identity::new(2, FIRST, &[(EMAIL, 2), (EMAIL, 2)]).with(2, 1, 1);
    explore("same e-mail, twice each, 2 workers", two, &[]);
    let three = Identity::new(3, FIRST, &[(EMAIL, 1), (EMAIL, 1), (EMAIL, 1)]).with(1, 1, 0);
    explore("same e-mail three times, 3 workers", three, &[]);
    let both = Identity::new(2, FIRST, &[(BOTH, 2), (BOTH, 2)]).with(1, 1, 0);
    explore("same e-mail and phone, twice each, 2 workers", both, &[]);
    let both = Identity::new(3, FIRST, &[(BOTH, 2), (BOTH, 1)]).with(1, 0, 0);
    explore("same e-mail and phone, 3 workers", both, &[]);
    // As the product does: the first write is left to `assign`.
    let handed = Variant::HandedOver;
    let two = Identity::new(2, handed, &[(EMAIL, 2), (EMAIL, 2)]).with(1, 1, 1);
    explore("same e-mail, twice each, 2 workers, HandedOver", two, &[]);
    let three = Identity::new(3, handed, &[(EMAIL, 1), (EMAIL, 1), (EMAIL, 1)]).with(0, 1, 0);
    explore("same e-mail three times, 3 workers, HandedOver", three, &[]);
    let both = Identity::new(2, handed, &[(BOTH, 2), (BOTH, 1)]).with(1, 1, 0);
    explore("same e-mail and phone, 2 workers, HandedOver", both, &[]);
}

#[test]
fn the_same_content_in_two_windows_has_one_outcome_each() {
    let model = Identity::new(2, FIRST, &[(BOTH, 2), (AGAIN, 2)]).with(1, 1, 0);
    explore("repeat in the next window, 2 workers", model, &[]);
    let model = Identity::new(2, Variant::HandedOver, &[(BOTH, 2), (AGAIN, 1)]).with(1, 1, 0);
    explore(
        "repeat in the next window, 2 workers, HandedOver",
        model,
        &[],
    );
    if is_thorough() {
        let model = Identity::new(3, FIRST, &[(BOTH, 2), (AGAIN, 2)]).with(1, 0, 0);
        explore("repeat in the next window, 3 workers", model, &[]);
    }
}

#[test]
fn a_submission_that_names_both_keys_can_come_too_late_to_join_two_leads() {
    let model = Identity::new(2, FIRST, &[(EMAIL, 2), (PHONE, 2)]).with(1, 1, 0);
    explore("e-mail; phone; 2 workers", model, &[]);
    for (variant, found) in [
        (FIRST, [BURIED, TWO_LEADS].as_slice()),
        (Variant::AliasFollowed, &[TWO_LEADS]),
        (Variant::HandedOver, &[TWO_LEADS]),
    ] {
        let forms = [(BOTH, 1), (PHONE, 1), (EMAIL, 1)];
        let model = Identity::new(2, variant, &forms).with(1, 0, 0);
        explore(
            &format!("both; phone; e-mail; 2 workers, {variant:?}"),
            model,
            found,
        );
        let model = Identity::new(3, variant, &forms);
        explore(
            &format!("both; phone; e-mail; 3 workers, {variant:?}"),
            model,
            found,
        );
    }
}

#[test]
fn two_people_behind_one_number_can_be_taken_for_one_while_a_claim_is_unfinished() {
    for (variant, found) in [
        (FIRST, [BURIED, STRANGERS].as_slice()),
        (Variant::AliasFollowed, &[STRANGERS]),
        (Variant::Built, &[]),
        (Variant::HandedOver, &[]),
    ] {
        let forms = [(BOTH, 2), (STRANGER, 2)];
        let model = Identity::new(2, variant, &forms).with(1, 0, 0);
        explore(
            &format!("two people, one number, 2 workers, {variant:?}"),
            model,
            found,
        );
        let forms = [(BOTH, 2), (STRANGER, 1)];
        let model = Identity::new(3, variant, &forms).with(1, 0, 0);
        explore(
            &format!("two people, one number, 3 workers, {variant:?}"),
            model,
            found,
        );
    }
    // What no claim can tell: the lead that both find is somebody's of whom only the number is known.
    let forms = [(PHONE, 1), (BOTH, 1), (STRANGER, 1)];
    for variant in [Variant::Built, Variant::HandedOver] {
        let model = Identity::new(2, variant, &forms);
        let name = format!("number alone, then two people, 2 workers, {variant:?}");
        explore(&name, model, &[STRANGERS, TWO_LEADS]);
    }
}

#[test]
fn every_run_of_the_identity_claim_ends_unless_it_waits_behind_an_alias() {
    for variant in [
        FIRST,
        Variant::AliasFollowed,
        Variant::Built,
        Variant::HandedOver,
    ] {
        // As built, a submission whose own name became an alias, and that did not come to write, tries the alias again
        // and again until the lead behind it is made.
        let ends = variant != FIRST;
        let forms = [(BOTH, 2), (STRANGER, 1)];
        let model = Identity::new(2, variant, &forms).with(1, 0, 0);
        let name = format!("two people, one number, 2 workers, {variant:?}");
        assert_eq!(always_ends(&name, &model), ends);
        let forms = [(BOTH, 1), (PHONE, 1), (EMAIL, 1)];
        let model = Identity::new(2, variant, &forms).with(1, 0, 0);
        let name = format!("both; phone; e-mail; 2 workers, {variant:?}");
        assert_eq!(always_ends(&name, &model), ends);
    }
    let model = Identity::new(2, FIRST, &[(BOTH, 2), (AGAIN, 2)]).with(1, 0, 0);
    assert!(always_ends("repeat in the next window, 2 workers", &model));
    let model = Identity::new(2, FIRST, &[(EMAIL, 2), (EMAIL, 2)]).with(1, 1, 0);
    assert!(always_ends("same e-mail, twice each, 2 workers", &model));
}

#[test]
fn a_broken_identity_claim_is_found() {
    let model = |variant| Identity::new(2, variant, &[(EMAIL, 1), (EMAIL, 1)]).with(1, 0, 0);
    for (variant, property) in [
        (Variant::ClaimWithoutCondition, HANDS),
        (Variant::ClaimWithoutCondition, SAME_EMAIL),
        (Variant::AppendWithoutCondition, OVERWRITTEN),
        (Variant::SendBeforeWrite, EARLY),
        (Variant::RepeatNotLookedUp, ONCE),
    ] {
        must_fail(
            &format!("{variant:?}"),
            &model(FIRST),
            &model(variant),
            property,
        );
    }
    let model = |variant| Identity::new(2, variant, &[(EMAIL, 1), (EMAIL, 1)]);
    must_fail(
        "HandedOverAndForgotten",
        &model(Variant::HandedOver),
        &model(Variant::HandedOverAndForgotten),
        ONE_OUTCOME,
    );
}
