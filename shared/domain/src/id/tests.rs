use super::*;
use proptest::prelude::*;

proptest! {
    #[test]
    fn parsing_what_was_displayed_gives_the_same_id(bits: u128) {
        let id = LeadId::from_bits(bits);
        prop_assert_eq!(id.to_string().parse::<LeadId>(), Ok(id));
    }

    #[test]
    fn the_order_of_texts_is_the_order_of_numbers(left: u128, right: u128) {
        prop_assert_eq!(encode(left).cmp(&encode(right)), left.cmp(&right));
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in ".{0,40}") {
        let _ = text.parse::<SubmissionId>();
    }
}

#[test]
fn a_wrong_prefix_is_told_apart_from_wrong_digits() {
    assert_eq!(
        "lead_x".parse::<SubmissionId>(),
        Err(IdError::Prefix("sub_"))
    );
    assert_eq!("sub_x".parse::<SubmissionId>(), Err(IdError::Digits));
    assert_eq!(
        "sub_zzzzzzzzzzzzzzzzzzzzzzzzzz".parse::<SubmissionId>(),
        Err(IdError::Digits)
    );
}

#[test]
fn ids_depend_on_every_part_and_on_the_pepper() {
    let pepper = Pepper::new("one");
    let id = SubmissionId::derive(&pepper, "website", "key", b"abc");
    assert_eq!(id, SubmissionId::derive(&pepper, "website", "key", b"abc"));
    assert_ne!(id, SubmissionId::derive(&pepper, "website", "key", b"abd"));
    assert_ne!(id, SubmissionId::derive(&pepper, "websit", "ekey", b"abc"));
    assert_ne!(
        id,
        SubmissionId::derive(&Pepper::new("two"), "website", "key", b"abc")
    );
}

#[test]
fn a_pepper_never_shows_itself() {
    assert_eq!(format!("{:?}", Pepper::new("hush")), "Pepper([secret])");
}
