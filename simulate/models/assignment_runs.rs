//! What the model of the assignment is run on, and what is found.

use crate::assignment::{
    Assignment, BOUND, CHARGED, EARLY, FAIR, FINISHED, ONE_OWNER, OVERWRITTEN, UNCHARGED, VERSION,
    Variant,
};
use crate::explore::{always_ends, explore, is_thorough, must_fail};

const FIRST: Variant = Variant::First;

const BOTH: [Variant; 2] = [FIRST, Variant::Built];

/// What is found in an instance: under the product's protocol also `known`, under the proposed one nothing wrong.
fn found(variant: Variant, known: &[&'static str]) -> Vec<&'static str> {
    let known = if variant == FIRST { known } else { &[] };
    known.iter().copied().chain([FINISHED]).collect()
}

fn run(name: &str, model: Assignment, known: &[&'static str]) {
    let expected = found(model.variant, known);
    explore(&format!("{name}, {:?}", model.variant), model, &expected);
}

#[test]
fn without_duplicates_each_lead_is_charged_once_whatever_fails() {
    for (weights, lost) in [([1, 1], 0), ([2, 1], 1)] {
        let model = Assignment {
            weights,
            crashes: 1,
            lost,
            ..Assignment::new(2, FIRST, &[1, 1, 1])
        };
        run(
            &format!("3 leads, weights {weights:?}, 2 workers"),
            model,
            &[],
        );
    }
    let model = Assignment {
        crashes: 1,
        ..Assignment::new(3, FIRST, &[1, 1, 1])
    };
    run("3 leads, 3 workers", model, &[]);
}

#[test]
fn one_batch_at_a_time_charges_each_lead_once_even_with_duplicates() {
    let model = Assignment {
        batch: 2,
        crashes: 1,
        rejections: 1,
        ..Assignment::new(1, FIRST, &[2, 2])
    };
    run("2 leads twice, batches of 2, 1 worker", model, &[]);
    let model = Assignment {
        batch: 2,
        crashes: 1,
        lost: 1,
        ..Assignment::new(1, FIRST, &[2, 1, 1])
    };
    run("3 leads, one twice, batches of 2, 1 worker", model, &[]);
    if is_thorough() {
        let model = Assignment {
            batch: 2,
            crashes: 2,
            lost: 1,
            others: 1,
            rejections: 1,
            ..Assignment::new(1, FIRST, &[2, 2])
        };
        run(
            "2 leads twice and sales, batches of 2, 1 worker",
            model,
            &[],
        );
        let model = Assignment {
            batch: 2,
            crashes: 3,
            lost: 1,
            ..Assignment::new(1, FIRST, &[2, 2, 1])
        };
        run("3 leads, batches of 2, 1 worker", model, &[]);
    }
}

#[test]
fn with_duplicates_a_turn_can_be_charged_for_nothing() {
    for variant in BOTH {
        let plain = Assignment::new(2, variant, &[2, 1]);
        run(
            "2 leads, one twice, no faults, 2 workers",
            plain,
            &[CHARGED],
        );
        let model = Assignment {
            crashes: 1,
            lost: 1,
            ..Assignment::new(2, variant, &[2, 2])
        };
        run("2 leads twice, 2 workers", model, &[CHARGED]);
        let model = Assignment {
            weights: [2, 1],
            ..Assignment::new(3, variant, &[2, 1, 1])
        };
        run(
            "3 leads, one twice, weights 2:1, 3 workers",
            model,
            &[CHARGED],
        );
        let model = Assignment {
            batch: 2,
            is_one_process: true,
            ..Assignment::new(2, variant, &[2, 1, 1])
        };
        let known = [CHARGED];
        run(
            "3 leads, one twice, batches of 2 in one process",
            model,
            &known,
        );
        if is_thorough() {
            let model = Assignment {
                batch: 2,
                is_one_process: true,
                lost: 1,
                ..Assignment::new(2, variant, &[2, 1, 1])
            };
            let known = [CHARGED, BOUND, FAIR];
            run("the same, and an answer is lost", model, &known);
        }
    }
}

#[test]
fn sales_and_other_functions_write_meanwhile() {
    for variant in BOTH {
        let model = Assignment {
            disqualifications: 1,
            others: 1,
            crashes: 1,
            ..Assignment::new(2, variant, &[1, 1])
        };
        run("2 leads, one settled by sales, 2 workers", model, &[]);
        let model = Assignment {
            rejections: 1,
            crashes: 1,
            ..Assignment::new(2, variant, &[1, 1])
        };
        run(
            "2 leads, one sent back by sales, 2 workers",
            model,
            &[CHARGED],
        );
        let model = Assignment {
            may_switch_off: true,
            crashes: 1,
            ..Assignment::new(2, variant, &[1, 1])
        };
        run(
            "2 leads, a rep switched off, 2 workers",
            model,
            &[CHARGED, UNCHARGED],
        );
    }
}

#[test]
fn every_run_of_the_assignment_ends() {
    for variant in BOTH {
        let model = Assignment {
            crashes: 1,
            lost: 1,
            ..Assignment::new(2, variant, &[2, 1])
        };
        let name = format!("2 leads, one twice, 2 workers, {variant:?}");
        assert!(always_ends(&name, &model));
        let model = Assignment {
            rejections: 1,
            disqualifications: 1,
            others: 1,
            ..Assignment::new(2, variant, &[1, 1])
        };
        let name = format!("2 leads and sales, 2 workers, {variant:?}");
        assert!(always_ends(&name, &model));
    }
}

#[test]
fn a_broken_assignment_is_found() {
    let once = |variant| Assignment {
        crashes: 1,
        ..Assignment::new(2, variant, &[1, 1])
    };
    let twice = |variant| Assignment::new(2, variant, &[2, 1]);
    for (variant, model, property) in [
        (
            Variant::PoolWithoutCondition,
            &once as &dyn Fn(Variant) -> Assignment,
            VERSION,
        ),
        (Variant::PoolWithoutCondition, &once, UNCHARGED),
        (Variant::AppendWithoutCondition, &twice, OVERWRITTEN),
        (Variant::OvertakenNotRead, &twice, ONE_OWNER),
        (Variant::SendBeforeWrite, &once, EARLY),
        (Variant::TurnNotLookedUp, &once, CHARGED),
    ] {
        must_fail(
            &format!("{variant:?}"),
            &model(FIRST),
            &model(variant),
            property,
        );
    }
}
