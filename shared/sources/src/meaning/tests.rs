use super::*;

#[test]
fn a_map_may_name_fields_names_ids_and_purposes() {
    for name in [
        "email",
        "custom.budget",
        "full_name",
        "external_id",
        "consent.marketing",
    ] {
        assert!(is_map_target(name), "{name}");
    }
    for name in [
        "email_class",
        "source",
        "emial",
        "consent.",
        "consent.Big Words",
        "custom.",
    ] {
        assert!(!is_map_target(name), "{name}");
    }
}

#[test]
fn machine_made_names_are_told_by_their_shape() {
    assert!(is_made_up("45678961-d3e4-4603-b12e-a789e456b901"));
    assert!(!is_made_up("preferred-date-of-the-call"));
}
