//! New leads that come with their first decisions, against the real table.

use aws_lambda_events::event::sqs::SqsMessage;
use domain::config::{DEFAULT, check};
use domain::decision::{Behaviour, Engaged, MergedInto, Received};
use domain::field::{Field, Fields, Value};
use domain::id::{EventId, SubmissionId};
use domain::recycling::first_check;
use engines::{EmbeddedQueues, EmbeddedTable};
use platform::ManualClock;

use super::*;

struct Bench {
    assign: Assign,
    table: Table,
    clock: ManualClock,
    queues: EmbeddedQueues,
    config: Config,
}

async fn bench() -> Bench {
    let table = Table::new(
        EmbeddedTable::memory().unwrap().dynamodb_client(),
        "leadline",
    );
    table.create_if_missing().await.unwrap();
    let config = check::read(DEFAULT).unwrap().config;
    table
        .push_configuration(&config, DEFAULT, noon())
        .await
        .unwrap();
    let queues = EmbeddedQueues::memory();
    let client = queues.sqs_client();
    let mut urls = Vec::new();
    for queue in Queue::ALL {
        let made = client
            .create_queue()
            .queue_name(queue.name())
            .send()
            .await
            .unwrap();
        urls.push((queue, made.queue_url.unwrap()));
    }
    let (clock, manual) = Clock::manual(noon());
    let assign = Assign::new(
        table.clone(),
        Queues::new(client, urls),
        Arc::new(ConfigurationCache::new(table.clone(), 30)),
        clock,
    );
    Bench {
        assign,
        table,
        clock: manual,
        queues,
        config,
    }
}

fn noon() -> Timestamp {
    "2026-03-02T12:00:00Z".parse().unwrap()
}

impl Bench {
    fn first_decision(&self, number: u128) -> Decision {
        let fields = Fields::from([
            (
                Field::Email,
                Value::Text("jo@brightwater.example".to_owned()),
            ),
            (Field::Country, Value::Text("DE".to_owned())),
        ]);
        let received = Received {
            submission: SubmissionId::from_bits(number),
            source: "website".to_owned(),
            received_at: noon(),
            outcome: domain::decision::Outcome::Created,
            matched: Vec::new(),
            kept_apart: Vec::new(),
            stays_with: None,
            fields,
            facts: Fields::new(),
            consent: Default::default(),
            external_id: None,
            visitor: None,
            bought: None,
            check_at: first_check(&self.config, noon()),
        };
        Decision {
            at: noon(),
            config: "cfg_test".to_owned(),
            ruling: Ruling::Received(received),
        }
    }

    fn new_lead(&self, number: u128) -> Message {
        Message::AssignNew {
            lead: LeadId::from_bits(number),
            decisions: vec![self.first_decision(number)],
        }
    }

    /// Hands messages over as one batch; none may be given back.
    async fn hand(&self, messages: &[Message]) {
        let mut event = SqsEvent::default();
        for (index, message) in messages.iter().enumerate() {
            let mut record = SqsMessage::default();
            record.message_id = Some(format!("m{index}"));
            record.body = Some(serde_json::to_string(message).unwrap());
            event.records.push(record);
        }
        let response = self.assign.handle(event).await.unwrap();
        assert!(response.batch_item_failures.is_empty());
    }

    async fn kinds(&self, number: u128) -> Vec<&'static str> {
        let history = self.table.lead(LeadId::from_bits(number)).await.unwrap();
        history.map_or(Vec::new(), |history| {
            history
                .decisions
                .iter()
                .map(|decision| decision.ruling.kind())
                .collect()
        })
    }

    /// Turns taken from all pools.
    async fn turns(&self) -> u64 {
        let mut taken = 0;
        for pool in self.config.pools.keys() {
            let (turns, _) = self.table.turns(pool).await.unwrap();
            taken += turns
                .accounts
                .values()
                .map(|account| account.given)
                .sum::<u64>();
        }
        taken
    }

    async fn due(&self, at: Timestamp) -> Vec<Timestamp> {
        let mut found = Vec::new();
        for shard in 0..table::SHARDS {
            found.extend(self.table.due(shard, at, 25).await.unwrap());
        }
        found.into_iter().map(|entry| entry.at).collect()
    }
}

#[tokio::test]
async fn a_new_lead_is_written_with_its_score_and_its_owner_at_once() {
    let bench = bench().await;
    bench.hand(&[bench.new_lead(1), bench.new_lead(2)]).await;
    for number in [1, 2] {
        assert_eq!(
            bench.kinds(number).await,
            ["received", "scored", "assigned"]
        );
    }
    assert_eq!(bench.turns().await, 2);
    assert_eq!(bench.due(noon() + SignedDuration::from_hours(1)).await, []);
}

#[tokio::test]
async fn repeats_of_a_new_lead_change_nothing_and_tell_again() {
    let bench = bench().await;
    let message = bench.new_lead(1);
    bench.hand(&[message.clone(), message.clone()]).await;
    let told = bench.queues.depth("deliver").total();
    // Long enough for the pool to have forgotten the turn.
    bench.clock.advance(SignedDuration::from_mins(10));
    bench.hand(&[bench.new_lead(2)]).await;
    bench.hand(std::slice::from_ref(&message)).await;
    assert_eq!(bench.kinds(1).await, ["received", "scored", "assigned"]);
    assert_eq!(bench.turns().await, 2);
    assert!(bench.queues.depth("deliver").total() > told);
    assert_eq!(bench.queues.depth("enrich").total(), 0);
}

#[tokio::test]
async fn concurrent_copies_of_a_new_lead_end_in_one_owner_and_one_turn() {
    let bench = bench().await;
    let message = bench.new_lead(1);
    let copies: Vec<_> = (0..8)
        .map(|_| bench.hand(std::slice::from_ref(&message)))
        .collect();
    join_all(copies).await;
    assert_eq!(bench.kinds(1).await, ["received", "scored", "assigned"]);
    assert_eq!(bench.turns().await, 1);
}

#[tokio::test]
async fn a_new_lead_that_somebody_else_made_meanwhile_gets_its_owner_and_its_submission_is_to_be_merged()
 {
    let bench = bench().await;
    let theirs = bench.first_decision(7);
    bench
        .table
        .append(LeadId::from_bits(1), 0, &[theirs])
        .await
        .unwrap();
    bench.hand(&[bench.new_lead(1)]).await;
    assert_eq!(bench.kinds(1).await, ["received", "scored", "assigned"]);
    let back = bench.queues.peek("enrich");
    assert_eq!(back.len(), 1);
    let Message::Submission { submission } = serde_json::from_str(&back[0]).unwrap() else {
        panic!("a submission goes back");
    };
    let Ruling::Received(received) = bench.first_decision(1).ruling else {
        panic!("it was received");
    };
    assert_eq!(submission.id, SubmissionId::from_bits(1));
    assert_eq!(submission.fields, received.fields);
    assert_eq!(submission.received_at, received.received_at);
}

#[tokio::test]
async fn what_a_copy_from_another_browser_credits_is_credited_once_wherever_the_copy_comes() {
    let engaged = |bench: &Bench, numbers: &[u128]| Decision {
        ruling: Ruling::Engaged(Engaged {
            events: numbers
                .iter()
                .map(|number| Behaviour {
                    id: EventId::from_bits(*number),
                    kind: "pricing_page_visited".to_owned(),
                    at: noon(),
                })
                .collect(),
        }),
        ..bench.first_decision(1)
    };
    let new = |bench: &Bench, numbers: &[u128]| Message::AssignNew {
        lead: LeadId::from_bits(1),
        decisions: vec![bench.first_decision(1), engaged(bench, numbers)],
    };
    let bench = bench().await;
    bench
        .hand(&[new(&bench, &[1, 2]), new(&bench, &[2, 3])])
        .await;
    let lead = LeadId::from_bits(1);
    let kept = bench.table.lead(lead).await.unwrap().unwrap().lead;
    let ids = |events: &[Behaviour]| events.iter().map(|event| event.id).collect::<Vec<_>>();
    assert_eq!(ids(&kept.behaviour), [1, 2, 3].map(EventId::from_bits));
    assert_eq!(bench.queues.depth("score").total(), 0);

    bench.hand(&[new(&bench, &[3, 4])]).await;
    let sent = bench.queues.peek("score");
    assert_eq!(sent.len(), 1);
    let Message::Behaviour { person, events, .. } = serde_json::from_str(&sent[0]).unwrap() else {
        panic!("behaviour is credited by score");
    };
    assert_eq!(person, queue::Person::Lead(lead));
    assert_eq!(ids(&events), [EventId::from_bits(4)]);
    assert_eq!(bench.queues.depth("enrich").total(), 0);
}

#[tokio::test]
async fn of_two_submissions_for_one_new_lead_in_one_batch_the_second_goes_back_to_be_merged() {
    let bench = bench().await;
    let helper = Message::AssignNew {
        lead: LeadId::from_bits(1),
        decisions: vec![bench.first_decision(7)],
    };
    bench.hand(&[helper, bench.new_lead(1)]).await;
    assert_eq!(bench.kinds(1).await, ["received", "scored", "assigned"]);
    let back = bench.queues.peek("enrich");
    assert_eq!(back.len(), 1);
    let Message::Submission { submission } = serde_json::from_str(&back[0]).unwrap() else {
        panic!("a submission goes back");
    };
    assert_eq!(submission.id, SubmissionId::from_bits(1));
    assert_eq!(bench.turns().await, 1);
}

/// Seed 15021: a copy without a browser came first, and what the other copy credits was forgotten with its visitor.
#[tokio::test]
async fn what_a_copy_credits_is_credited_also_if_somebody_else_made_the_lead() {
    let bench = bench().await;
    let lead = LeadId::from_bits(1);
    let theirs = bench.first_decision(7);
    bench.table.append(lead, 0, &[theirs]).await.unwrap();
    let event = Behaviour {
        id: EventId::from_bits(5),
        kind: "pricing_page_visited".to_owned(),
        at: noon(),
    };
    let engaged = Decision {
        ruling: Ruling::Engaged(Engaged {
            events: vec![event.clone()],
        }),
        ..bench.first_decision(1)
    };
    let with_visits = Message::AssignNew {
        lead,
        decisions: vec![bench.first_decision(1), engaged],
    };
    bench.hand(&[bench.new_lead(1), with_visits]).await;
    // Each of both messages sends what both need: a repeat changes nothing there.
    assert_eq!(bench.queues.depth("enrich").total(), 2);
    let sent = bench.queues.peek("score");
    assert_eq!(sent.len(), 2);
    let Message::Behaviour { person, events, .. } = serde_json::from_str(&sent[0]).unwrap() else {
        panic!("behaviour is credited by score");
    };
    assert_eq!(person, queue::Person::Lead(lead));
    assert_eq!(events, [event]);
}

#[tokio::test]
async fn a_new_lead_whose_name_became_an_alias_goes_back_and_the_other_lead_keeps_its_owner() {
    let bench = bench().await;
    bench.hand(&[bench.new_lead(2)]).await;
    let alias = Decision {
        ruling: Ruling::MergedInto(MergedInto {
            lead: LeadId::from_bits(2),
        }),
        ..bench.first_decision(1)
    };
    bench
        .table
        .append(LeadId::from_bits(1), 0, &[alias])
        .await
        .unwrap();
    bench.hand(&[bench.new_lead(1)]).await;
    assert_eq!(bench.kinds(1).await, ["merged_into"]);
    assert_eq!(bench.kinds(2).await, ["received", "scored", "assigned"]);
    assert_eq!(bench.queues.peek("enrich").len(), 1);
    assert_eq!(bench.turns().await, 1);
}

#[tokio::test]
async fn a_new_lead_that_comes_after_its_first_check_is_looked_after_nevertheless() {
    for minutes_late in [0, 1, 60] {
        let bench = bench().await;
        // The recycler found no lead at the check and took the entry away.
        let check = first_check(&bench.config, noon());
        let wait = check.duration_since(noon()) + SignedDuration::from_mins(minutes_late)
            - SignedDuration::from_secs(30);
        bench.clock.advance(wait);
        bench.hand(&[bench.new_lead(1)]).await;
        let lead = bench
            .table
            .lead(LeadId::from_bits(1))
            .await
            .unwrap()
            .unwrap()
            .lead;
        let due_at = lead.owner.unwrap().sla.unwrap().due_at;
        assert_eq!(
            bench.due(due_at).await,
            [due_at],
            "{minutes_late} minutes late"
        );
    }
}

#[tokio::test]
async fn without_its_first_decisions_a_lead_that_is_not_there_is_given_back() {
    let bench = bench().await;
    let mut event = SqsEvent::default();
    let mut record = SqsMessage::default();
    record.message_id = Some("m".to_owned());
    let message = Message::AssignNew {
        lead: LeadId::from_bits(1),
        decisions: Vec::new(),
    };
    record.body = Some(serde_json::to_string(&message).unwrap());
    event.records.push(record);
    let response = bench.assign.handle(event).await.unwrap();
    assert_eq!(response.batch_item_failures.len(), 1);
    assert_eq!(bench.kinds(1).await, [""; 0]);
}

#[tokio::test]
async fn whoever_nobody_can_take_does_not_grow_with_each_look_and_is_scored_as_the_assignment_is_decided()
 {
    let bench = bench().await;
    let put_in_force = async |text: &str| {
        let config = check::read(text).unwrap().config;
        let now = bench.assign.clock.now();
        let version = bench.table.push_configuration(&config, text, now).await;
        // Until nobody holds the one before.
        bench.clock.advance(SignedDuration::from_secs(31));
        (config, version.unwrap().version)
    };
    let nobody = bench
        .config
        .reps
        .keys()
        .fold(DEFAULT.to_owned(), |text, rep| {
            let head = format!("[reps.{rep}]\n");
            text.replace(&head, &format!("{head}active = false\n"))
        });
    put_in_force(&nobody).await;
    bench.hand(&[bench.new_lead(1)]).await;
    let waiting = ["received", "scored", "unassigned"];
    assert_eq!(bench.kinds(1).await, waiting);
    let again = Message::Assign {
        lead: LeadId::from_bits(1),
        seq: 3,
        rescore: true,
    };
    for _ in 0..3 {
        bench.clock.advance(SignedDuration::from_mins(15));
        bench.hand(std::slice::from_ref(&again)).await;
        assert_eq!(bench.kinds(1).await, waiting);
    }

    // The score was asked for under one configuration, and another is in force when somebody is there.
    let rule = "[[scoring.fit]]\nname = \"Somebody\"\npoints = 7\nwhen = { field = \"email\", present = true }\n";
    let (config, version) = put_in_force(&format!("{DEFAULT}\n{rule}")).await;
    bench.hand(&[again]).await;
    let history = bench.table.lead(LeadId::from_bits(1)).await.unwrap();
    let decisions = history.unwrap().decisions;
    let kinds: Vec<_> = decisions
        .iter()
        .map(|decision| decision.ruling.kind())
        .collect();
    assert_eq!(kinds[3..], ["scored", "assigned"]);
    let Ruling::Scored(scored) = &decisions[3].ruling else {
        panic!("it was scored");
    };
    let before = Lead::after(LeadId::from_bits(1), &decisions[..3]).unwrap();
    assert_eq!(decisions[3].config, version);
    assert_eq!(*scored, scoring::rate(&config, &before, decisions[3].at));
    assert!(scored.points.iter().any(|points| points.rule == "Somebody"));
}
