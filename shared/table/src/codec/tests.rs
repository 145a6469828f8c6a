use super::*;
use domain::decision::{Decision, Enriched, Ruling};

fn read(stored: &[u8]) -> Result<Vec<Decision>, Error> {
    decode("decisions", stored)
}

fn decision() -> Decision {
    Decision {
        at: "2026-03-01T12:00:00Z".parse().unwrap(),
        config: "cfg_x".to_owned(),
        ruling: Ruling::Enriched(Enriched {
            provider: "atlas".to_owned(),
            answer: domain::decision::Answer::NotFound,
            fields: Default::default(),
            attempt: 1,
            retry_at: None,
        }),
    }
}

#[test]
fn decisions_survive_being_stored() {
    let decisions = vec![decision(), decision()];
    let stored = encode("decisions", &decisions).unwrap();
    assert_eq!(read(&stored).unwrap(), decisions);
}

#[test]
fn what_was_damaged_is_an_error_and_never_a_panic() {
    let stored = encode("decisions", &[decision()]).unwrap();
    for length in 0..stored.len() {
        assert!(read(&stored[..length]).is_err(), "cut at {length}");
    }
    for index in 0..stored.len() {
        let mut damaged = stored.clone();
        damaged[index] ^= 0xff;
        let _ = read(&damaged);
    }
    assert!(read(&[2, 0, 0, 0, 0]).is_err());
    assert!(read(&[1, 255, 255, 255, 255]).is_err());
}

#[test]
fn the_dictionary_halves_an_ordinary_entry() {
    let json = serde_json::to_vec(&[decision()]).unwrap();
    let stored = encode("decisions", &[decision()]).unwrap();
    assert!(
        stored.len() * 2 <= json.len(),
        "{} of {}",
        stored.len(),
        json.len()
    );
}
