use super::*;
use crate::config::Rep;
use crate::decision::Verdict;
use proptest::prelude::*;

fn now() -> Timestamp {
    "2026-03-02T12:00:00Z".parse().unwrap()
}

fn config(weights: &[(&str, u32)]) -> Config {
    let rep = |name: &str| Rep {
        name: name.to_uppercase(),
        email: None,
        active: true,
        away: Vec::new(),
        timezone: None,
    };
    let members = weights
        .iter()
        .map(|(name, weight)| Member {
            rep: (*name).to_owned(),
            weight: *weight,
            max_per_day: None,
        })
        .collect();
    Config {
        reps: weights
            .iter()
            .map(|(name, _)| ((*name).to_owned(), rep(name)))
            .collect(),
        pools: [(
            "pool".to_owned(),
            Pool {
                members,
                fallback: None,
                sla: None,
            },
        )]
        .into_iter()
        .collect(),
        ..Config::default()
    }
}

fn turn(config: &Config, turns: &mut Turns, number: u128) -> Option<String> {
    let wanted = Wanted {
        lead: LeadId::from_bits(number),
        round: 1,
        had_by: &[],
    };
    let taken = take_turn(config, "pool", turns, wanted, now())
        .ok()
        .map(|turn| turn.rep);
    turns.pending.clear();
    taken
}

fn sequence(config: &Config, count: u128) -> Vec<String> {
    let mut turns = Turns::default();
    (1..=count)
        .filter_map(|number| turn(config, &mut turns, number))
        .collect()
}

#[test]
fn turns_are_spread_smoothly() {
    assert_eq!(
        sequence(&config(&[("a", 5), ("b", 1), ("c", 1)]), 7),
        ["a", "a", "b", "a", "c", "a", "a"]
    );
}

#[test]
fn of_equals_the_one_whose_last_lead_is_longest_ago_comes_next() {
    assert_eq!(
        sequence(&config(&[("a", 1), ("b", 1), ("c", 1)]), 6),
        ["a", "b", "c", "a", "b", "c"]
    );
}

#[test]
fn somebody_back_from_leave_is_owed_nothing() {
    let mut with_leave = config(&[("a", 1), ("b", 1), ("c", 1), ("d", 1), ("e", 1)]);
    let mut turns = Turns::default();
    let mut given = BTreeMap::new();
    for number in 1..=6_500u128 {
        if let Some(rep) = with_leave.reps.get_mut("a") {
            rep.active = !(2_000..4_000).contains(&number);
        }
        let rep = turn(&with_leave, &mut turns, number).unwrap();
        if number > 4_000 && number <= 4_500 {
            *given.entry(rep).or_insert(0) += 1;
        }
    }
    assert!(
        given.values().all(|count| (99..=101).contains(count)),
        "{given:?}"
    );
}

#[test]
fn a_lead_goes_to_nobody_who_had_it_while_there_is_somebody_else() {
    let config = config(&[("a", 100), ("b", 1), ("c", 1)]);
    let mut turns = Turns::default();
    let take = |turns: &mut Turns, round, had_by: &[&str]| {
        let had_by: Vec<String> = had_by.iter().map(|rep| (*rep).to_owned()).collect();
        let wanted = Wanted {
            lead: LeadId::from_bits(1),
            round,
            had_by: &had_by,
        };
        take_turn(&config, "pool", turns, wanted, now()).map(|turn| turn.rep)
    };
    assert_eq!(take(&mut turns, 2, &["a"]), Ok("b".to_owned()));
    assert_eq!(take(&mut turns, 3, &["a", "b"]), Ok("c".to_owned()));
    // Everybody had it: anybody but the last one.
    assert!(take(&mut turns, 4, &["b", "c", "a"]).is_ok());
    assert!(turns.pending.iter().all(|turn| turn.rep != "a"));
}

#[test]
fn a_lead_never_goes_straight_back() {
    let config = config(&[("a", 1)]);
    let wanted = Wanted {
        lead: LeadId::from_bits(1),
        round: 2,
        had_by: &["a".to_owned()],
    };
    let refused = take_turn(&config, "pool", &mut Turns::default(), wanted, now()).unwrap_err();
    assert_eq!(
        refused,
        [Candidate {
            rep: "a".to_owned(),
            verdict: Verdict::HadIt
        }]
    );
    assert_eq!(nobody(true, &refused), Nobody::EverybodyHadIt);
}

#[test]
fn whoever_is_away_inactive_full_or_without_weight_is_passed_over_with_the_reason() {
    let mut config = config(&[("a", 1), ("b", 1), ("c", 0), ("d", 1), ("e", 1)]);
    config.reps.get_mut("a").unwrap().active = false;
    config.reps.get_mut("b").unwrap().away = vec![crate::config::Away {
        from: "2026-03-01".to_owned(),
        to: "2026-03-02".to_owned(),
    }];
    config.pools.get_mut("pool").unwrap().members[3].max_per_day = Some(1);
    let mut turns = Turns::default();
    let first = take_turn(
        &config,
        "pool",
        &mut turns,
        Wanted {
            lead: LeadId::from_bits(1),
            round: 1,
            had_by: &[],
        },
        now(),
    )
    .unwrap();
    assert_eq!(first.rep, "d");
    let second = take_turn(
        &config,
        "pool",
        &mut turns,
        Wanted {
            lead: LeadId::from_bits(2),
            round: 1,
            had_by: &[],
        },
        now(),
    )
    .unwrap();
    let verdicts: Vec<Verdict> = second
        .candidates
        .into_iter()
        .map(|candidate| candidate.verdict)
        .collect();
    let expected = [
        Verdict::Inactive,
        Verdict::Away,
        Verdict::NoWeight,
        Verdict::Full { max_per_day: 1 },
        Verdict::Chosen { credit: 2 },
    ];
    assert_eq!(verdicts, expected);
    // The next day counts anew.
    let tomorrow = now() + jiff::ToSpan::hours(24);
    let third = take_turn(
        &config,
        "pool",
        &mut turns,
        Wanted {
            lead: LeadId::from_bits(3),
            round: 1,
            had_by: &[],
        },
        tomorrow,
    )
    .unwrap();
    assert!(
        matches!(
            third.candidates[1].verdict,
            Verdict::Waiting { .. } | Verdict::Chosen { .. }
        ),
        "back from leave"
    );
    assert!(
        matches!(
            third.candidates[3].verdict,
            Verdict::Waiting { .. } | Verdict::Chosen { .. }
        ),
        "a new day"
    );
}

#[test]
fn a_repeat_finds_its_turn_and_charges_nobody() {
    let config = config(&[("a", 1), ("b", 1)]);
    let mut turns = Turns::default();
    let wanted = Wanted {
        lead: LeadId::from_bits(1),
        round: 1,
        had_by: &[],
    };
    let first = take_turn(&config, "pool", &mut turns, wanted, now()).unwrap();
    let after = turns.clone();
    assert_eq!(
        take_turn(&config, "pool", &mut turns, wanted, now()).unwrap(),
        first
    );
    assert_eq!(turns, after);
}

#[test]
fn a_turn_given_back_leaves_no_trace_in_the_credits() {
    let config = config(&[("a", 3), ("b", 2)]);
    let mut turns = Turns::default();
    let _ = take_turn(
        &config,
        "pool",
        &mut turns,
        Wanted {
            lead: LeadId::from_bits(1),
            round: 1,
            had_by: &[],
        },
        now(),
    )
    .unwrap();
    let before = turns.clone();
    let turn = take_turn(
        &config,
        "pool",
        &mut turns,
        Wanted {
            lead: LeadId::from_bits(2),
            round: 1,
            had_by: &[],
        },
        now(),
    )
    .unwrap();
    give_back(&config, "pool", &mut turns, &turn);
    let credits = |turns: &Turns| {
        turns
            .accounts
            .iter()
            .map(|(rep, account)| (rep.clone(), account.credit, account.given))
            .collect::<Vec<_>>()
    };
    let touched = |turns: &Turns| {
        credits(turns)
            .into_iter()
            .filter(|(_, credit, given)| *credit != 0 || *given != 0)
            .collect::<Vec<_>>()
    };
    assert_eq!(touched(&turns), touched(&before));
    assert_eq!(turns.pending, before.pending);
}

#[test]
fn pools_are_asked_once_each_in_the_order_of_fallbacks() {
    let mut config = config(&[("a", 1)]);
    let pool = |fallback: Option<&str>| Pool {
        members: Vec::new(),
        fallback: fallback.map(str::to_owned),
        sla: None,
    };
    config.pools = [
        ("x", pool(Some("y"))),
        ("y", pool(Some("x"))),
        ("z", pool(None)),
    ]
    .into_iter()
    .map(|(name, pool)| (name.to_owned(), pool))
    .collect();
    config.routing.fallback_pool = Some("z".to_owned());
    let route = Route {
        pool: Some("x".to_owned()),
        ..Route::default()
    };
    assert_eq!(pools_to_ask(&config, &route), ["x", "y", "z"]);
}

proptest! {
    #[test]
    fn no_rep_is_ever_a_lead_and_a_half_away_from_the_fair_share(weights in proptest::collection::vec(1u32..12, 1..8), count in 1usize..300) {
        let names: Vec<String> = (0..weights.len()).map(|index| format!("r{index}")).collect();
        let pairs: Vec<(&str, u32)> = names.iter().map(String::as_str).zip(weights.iter().copied()).collect();
        let config = config(&pairs);
        let total: u32 = weights.iter().sum();
        let mut turns = Turns::default();
        let mut given: BTreeMap<String, u32> = BTreeMap::new();
        for number in 1..=count {
            let rep = turn(&config, &mut turns, number as u128);
            prop_assert!(rep.is_some());
            *given.entry(rep.unwrap_or_default()).or_insert(0) += 1;
            for (name, weight) in &pairs {
                let fair = number as f64 * f64::from(*weight) / f64::from(total);
                let off = (f64::from(given.get(*name).copied().unwrap_or(0)) - fair).abs();
                prop_assert!(off < 1.5, "{} is {} off after {}", name, off, number);
            }
        }
        // Credits always add up to nothing: nobody is charged for what nobody got.
        prop_assert_eq!(turns.accounts.values().map(|account| account.credit).sum::<i64>(), 0);
    }

    #[test]
    fn an_assignment_never_leaves_the_pool(weights in proptest::collection::vec(0u32..3, 0..6), active in proptest::collection::vec(any::<bool>(), 6), had in proptest::collection::vec(0usize..6, 0..6)) {
        let names: Vec<String> = (0..weights.len()).map(|index| format!("r{index}")).collect();
        let pairs: Vec<(&str, u32)> = names.iter().map(String::as_str).zip(weights.iter().copied()).collect();
        let mut config = config(&pairs);
        for (rep, active) in config.reps.values_mut().zip(&active) {
            rep.active = *active;
        }
        let had_by: Vec<String> = had.iter().map(|index| format!("r{index}")).collect();
        let wanted = Wanted { lead: LeadId::from_bits(1), round: 1, had_by: &had_by };
        if let Ok(turn) = take_turn(&config, "pool", &mut Turns::default(), wanted, now()) {
            let index = names.iter().position(|name| *name == turn.rep);
            prop_assert!(index.is_some_and(|index| weights[index] > 0 && active[index]));
            prop_assert_ne!(had_by.last(), Some(&turn.rep));
        }
    }
}
