//! One simulated run: the real handlers over the real SDK clients, a network that fails by the seed, paused time, one
//! thread. Plays what a deployed Leadline has around it: the pollers of the queues, the schedule, senders that try again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use aws_sdk_sqs::Client as SqsClient;
use aws_sdk_sqs::types::{Message, QueueAttributeName};
use aws_smithy_types::timeout::TimeoutConfig;
use cli::dev::handlers::{Handlers, Wiring};
use jiff::{SignedDuration, Timestamp};
use outbound::{Client, Policy};
use platform::{Clock, Secrets};
use queue::{Queue, Queues};
use serde_json::json;
use table::Table;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use crate::broken::Broken;
use crate::clients::{self, TABLE};
use crate::configuration::variant;
use crate::contracts::{Heard, Pinged};
use crate::dice::Dice;
use crate::engines::{Engines, Place};
use crate::fault::{Coverage, Happened};
use crate::outside::{Inbox, Outside};
use crate::story::{POISON, Step, Story, Weather, What};
use crate::wire::{INVOCATION, Invocation, Network, http_client};

/// The token of the API.
pub(crate) const TOKEN: &str = "token-of-the-simulated-world";

/// What personal data is hashed with.
pub(crate) const PEPPER: &str = "pepper-of-the-simulated-world";

/// As in the template.
const MAX_RECEIVES: u32 = 5;

/// Rounds of looking for due work after which a run that still has some is taken for one that never ends. While nobody is
/// there, which lasts for up to three hours, every lead is looked at six times an hour, at moments of its own.
const MOST_ROUNDS: usize = 1_000;

/// Longest time without a fault after which something may be on its way: behaviour of somebody unknown waits for an hour,
/// and an unreadable message for five timeouts of its queue, twice redriven.
const LONGEST_WAIT: Duration = Duration::from_secs(3 * 3_600);

/// What a run ended with.
pub(crate) struct Run {
    /// What does not hold, each with its invariant's name.
    pub(crate) violations: Vec<String>,
    /// The faults that happened, in order.
    pub(crate) happened: Vec<Happened>,
    pub(crate) coverage: Coverage,
    /// Sums up everything that happened: equal for equal seeds.
    pub(crate) trace: u64,
}

/// What senders know.
#[derive(Default)]
pub(crate) struct Ledger {
    /// Submissions that were answered 202, by id.
    pub(crate) accepted: BTreeSet<String>,
    /// Reports of behaviour that were answered 202: person, number and kind of the event.
    pub(crate) reported: Vec<(usize, u32, String)>,
    /// What visitors did, answered 202: visitor, number and kind of the event.
    pub(crate) visited: BTreeSet<(usize, u32, &'static str)>,
    /// What vendors were told, in the order in which they heard it.
    pub(crate) heard: Vec<Heard>,
    /// What a vendor quotes for a number, as it asked before.
    pub(crate) pings: BTreeMap<u32, Pinged>,
    /// Everything that was answered to a vendor that asked: the price, by the ping.
    pub(crate) asked: BTreeMap<String, String>,
    /// What was sent back, answered 200: submission and reason.
    pub(crate) returned: Vec<(String, String)>,
    /// Anything that must not happen and was noticed on the way.
    pub(crate) violations: Vec<String>,
}

/// The world of a run.
pub(crate) struct World {
    pub(crate) story: Story,
    pub(crate) broken: Option<Broken>,
    pub(crate) started: Instant,
    pub(crate) network: Arc<Network>,
    pub(crate) inbox: Inbox,
    pub(crate) ledger: Mutex<Ledger>,
    /// The table and the queues past all faults.
    pub(crate) table: Table,
    pub(crate) client: aws_sdk_dynamodb::Client,
    pub(crate) engines: Engines,
    sqs: SqsClient,
    wired: (Table, Queues),
    environments: Mutex<BTreeMap<(&'static str, usize), Arc<Handlers>>>,
    running: Mutex<Vec<Weak<Invocation>>>,
    tape: Mutex<Vec<(Queue, String)>>,
    /// Pollers rest while this is false: nothing is in the queues, and time is about to leap.
    awake: watch::Sender<bool>,
    /// Held by every second delivery that is under way: it may send news again after the queues were found empty.
    repeats: Arc<()>,
}

/// Runs a story to its end, on this thread.
pub(crate) fn run(story: &Story, broken: Option<Broken>, place: Place) -> anyhow::Result<Run> {
    // The SDK spreads its retries by this.
    fastrand::seed(story.seed);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()?;
    runtime.block_on(live(story.clone(), broken, place))
}

async fn live(story: Story, broken: Option<Broken>, place: Place) -> anyhow::Result<Run> {
    let world = Arc::new(World::new(story, broken, place).await?);
    let (stop, stopped) = watch::channel(false);
    let mut tasks = JoinSet::new();
    for queue in Queue::ALL {
        for index in 0..world.story.weather.environments {
            tasks.spawn(Arc::clone(&world).poll(queue, index, stopped.clone()));
        }
    }
    tasks.spawn(Arc::clone(&world).keep_schedule(stopped.clone()));
    let mut senders = JoinSet::new();
    for (index, step) in world.story.steps.iter().cloned().enumerate() {
        senders.spawn(Arc::clone(&world).play(index, step));
    }
    let mut panicked = false;
    while let Some(ended) = senders.join_next().await {
        panicked |= ended.is_err();
    }
    tokio::time::sleep_until(world.started + Duration::from_millis(world.story.weather.calm_after))
        .await;
    // Calls that were on their way when it became calm arrive within this.
    sleep(Duration::from_secs(150)).await;
    world.drain().await;
    let _ = stop.send(true);
    world.awake.send_replace(true);
    while let Some(ended) = tasks.join_next().await {
        panicked |= ended.is_err();
    }
    let mut violations = crate::checks::all(&world).await;
    if panicked {
        violations.push("a panic got out of a handler".to_owned());
    }
    let (happened, coverage, trace) = world.network.close();
    Ok(Run {
        violations,
        happened,
        coverage,
        trace,
    })
}

impl World {
    async fn new(story: Story, broken: Option<Broken>, place: Place) -> anyhow::Result<Self> {
        let started = Instant::now();
        let engines = Engines::open(place)?;
        let calm_at = started + Duration::from_millis(story.weather.calm_after);
        let network = Network::new(story.seed, story.faults.clone(), calm_at, broken);
        // The world's own calls take their time.
        let patient = TimeoutConfig::disabled();
        let to_table = clients::dynamodb(engines.to_table())?.timeout_config(patient.clone());
        let client = aws_sdk_dynamodb::Client::from_conf(to_table.build());
        let table = Table::new(client.clone(), TABLE);
        table.create_if_missing().await?;
        let to_queues = clients::sqs(engines.to_queues())?.timeout_config(patient);
        let sqs = SqsClient::from_conf(to_queues.build());
        let mut urls = Vec::new();
        for queue in Queue::ALL {
            urls.push((
                queue,
                create_queue(&sqs, queue, story.weather.visibility).await?,
            ));
        }
        let over = |engine| http_client(engine, Arc::clone(&network));
        let hostile_table = clients::dynamodb(over(engines.to_table()))?.build();
        let hostile_queues = clients::sqs(over(engines.to_queues()))?.build();
        let wired = (
            Table::new(aws_sdk_dynamodb::Client::from_conf(hostile_table), TABLE),
            Queues::new(SqsClient::from_conf(hostile_queues), urls),
        );
        let first = variant(0, &story.weather);
        table
            .push_configuration(&first.config, &first.text, story.weather.start())
            .await?;
        Ok(Self {
            story,
            broken,
            started,
            network,
            inbox: Inbox::default(),
            ledger: Mutex::default(),
            table,
            client,
            engines,
            sqs,
            wired,
            environments: Mutex::default(),
            running: Mutex::default(),
            tape: Mutex::default(),
            awake: watch::Sender::new(true),
            repeats: Arc::default(),
        })
    }

    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time of the world itself.
    pub(crate) fn now(&self) -> Timestamp {
        moment(&self.story.weather, self.started, 0)
    }

    /// An environment of a function: its own memory, its own clock.
    fn environment(&self, function: &'static str, index: usize) -> Arc<Handlers> {
        let mut environments = self
            .environments
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let made = environments.entry((function, index)).or_insert_with(|| {
            let secrets = Secrets::fixed([
                ("pepper", PEPPER),
                ("crm", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
                ("proof", crate::configuration::PROOF),
            ]);
            let mut wiring = Wiring::new(secrets, TOKEN.to_owned());
            let skew = self.story.weather.skew;
            let ahead = Dice(self.story.seed)
                .at(function, u64::MAX - index as u64)
                .i64(-skew..=skew);
            let (weather, started) = (self.story.weather.clone(), self.started);
            wiring.clock = Clock::told_by(move || moment(&weather, started, ahead));
            wiring.outbound = Client::in_process(
                Policy::allowing(Vec::new()),
                Outside {
                    network: Arc::clone(&self.network),
                    inbox: Arc::clone(&self.inbox),
                    table: self.table.clone(),
                    broken: self.broken,
                },
            );
            wiring.configuration_seconds = table::CONFIGURATION_SECONDS;
            Arc::new(Handlers::new(&self.wired.0, &self.wired.1, wiring))
        });
        Arc::clone(made)
    }

    /// Runs `work` as one invocation; `None` when the function ended on the way or took too long.
    pub(crate) async fn invoke<T>(
        &self,
        function: &'static str,
        index: usize,
        limit: u64,
        work: impl AsyncFnOnce(&Handlers) -> T,
    ) -> Option<T> {
        let handlers = self.environment(function, index);
        let invocation = Arc::new(Invocation {
            function,
            end: Notify::new(),
        });
        self.running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Arc::downgrade(&invocation));
        let working = INVOCATION.scope(
            Arc::clone(&invocation),
            timeout(Duration::from_secs(limit), work(&handlers)),
        );
        let ended = tokio::select! {
            biased;
            () = invocation.end.notified() => None,
            done = Box::pin(working) => done.ok(),
        };
        if ended.is_none() {
            self.network.note("functions ended in the middle");
            self.environments
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .remove(&(function, index));
        }
        ended
    }

    /// What an event source mapping does.
    async fn poll(self: Arc<Self>, queue: Queue, index: usize, stopped: watch::Receiver<bool>) {
        let mut awake = self.awake.subscribe();
        let mut rng = Dice(self.story.seed).at(queue.name(), 1_000_000 + index as u64);
        let mut extra = JoinSet::new();
        loop {
            if awake.wait_for(|awake| *awake).await.is_err() || *stopped.borrow() {
                break;
            }
            sleep(Duration::from_millis(rng.u64(0..50))).await;
            if self.engines.queues.depth(queue.name()).visible == 0 {
                // Cheaper than a long poll, of which hours of simulated time would hold thousands.
                sleep(Duration::from_millis(rng.u64(500..2_500))).await;
                continue;
            }
            let received = self
                .sqs
                .receive_message()
                .queue_url(url(queue.name()))
                .max_number_of_messages(rng.i32(1..=10))
                .send()
                .await;
            let messages = received
                .ok()
                .and_then(|received| received.messages)
                .unwrap_or_default();
            if messages.is_empty() {
                continue;
            }
            if rng.u32(0..100) < self.story.weather.duplicates {
                self.network.note("batches delivered twice");
                let (world, again) = (Arc::clone(&self), messages.clone());
                let (other, wait) = (rng.usize(0..4), rng.u64(0..4_000));
                let under_way = Arc::clone(&self.repeats);
                extra.spawn(async move {
                    let _under_way = under_way;
                    sleep(Duration::from_millis(wait)).await;
                    world.hand_over(queue, other, &again).await;
                });
            }
            self.tape
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .extend(
                    messages
                        .iter()
                        .filter_map(|message| Some((queue, message.body.clone()?))),
                );
            // A repeat within the batch now and then.
            let mut batch = messages.clone();
            if rng.u8(0..20) == 0 {
                let mut twin = messages[0].clone();
                twin.message_id = Some(format!("{}-twin", twin.message_id.unwrap_or_default()));
                batch.push(twin);
                self.network.note("messages doubled within a batch");
            }
            if let Some(failed) = self.hand_over(queue, index, &batch).await {
                for message in &messages {
                    let is_failed = message
                        .message_id
                        .as_ref()
                        .is_some_and(|id| failed.contains(id));
                    let is_kept = is_failed && self.broken != Some(Broken::FailuresForgotten);
                    if is_kept
                        || rng.u32(0..100) < self.story.weather.lost_deletes
                            && self.now() < self.calm()
                    {
                        self.network.note(if is_kept {
                            "records given back"
                        } else {
                            "deletions lost"
                        });
                        continue;
                    }
                    let handle = message.receipt_handle.clone();
                    let _gone = self
                        .sqs
                        .delete_message()
                        .queue_url(url(queue.name()))
                        .set_receipt_handle(handle)
                        .send()
                        .await;
                }
            }
        }
        while extra.join_next().await.is_some() {}
    }

    fn calm(&self) -> Timestamp {
        let calm =
            SignedDuration::from_millis(i64::try_from(self.story.weather.calm_after).unwrap_or(0));
        let start = self.story.weather.start();
        start.saturating_add(calm).unwrap_or(start)
    }

    /// One invocation with a batch: the ids that were given back, or `None` when the function ended on the way.
    async fn hand_over(
        &self,
        queue: Queue,
        index: usize,
        messages: &[Message],
    ) -> Option<Vec<String>> {
        let records = messages.iter().map(|message| {
            (
                message.message_id.clone().unwrap_or_default(),
                message.body.clone().unwrap_or_default(),
            )
        });
        let records: Vec<(String, String)> = records.collect();
        let event = event(&records);
        let limit = if matches!(queue, Queue::Enrich | Queue::Deliver) {
            30
        } else {
            20
        };
        let answer = self
            .invoke(queue.name(), index, limit, async |handlers| {
                handlers.invoke(queue, event).await
            })
            .await?;
        let failed = match answer {
            Ok(response) => ids(response),
            Err(_) => records.iter().map(|(id, _)| id.clone()).collect(),
        };
        if let Some(unknown) = failed
            .iter()
            .find(|id| !records.iter().any(|(known, _)| known == *id))
        {
            self.ledger().violations.push(format!(
                "F4: {} gave back {unknown}, which it was not given",
                queue.name()
            ));
        }
        Some(failed)
    }

    /// What the schedule does.
    async fn keep_schedule(self: Arc<Self>, mut stopped: watch::Receiver<bool>) {
        let mut rng = Dice(self.story.seed).at("schedule", 0);
        while self.now() < self.calm() {
            tokio::select! {
                _ = stopped.wait_for(|stop| *stop) => return,
                () = sleep(Duration::from_secs(rng.u64(20..90))) => {}
            }
            let _looked = self
                .invoke("recycle", 0, 30, async |handlers| {
                    handlers.recycle().await.map_err(|error| error.to_string())
                })
                .await;
        }
    }

    /// Waits until nothing is on its way. False when that never comes: longer than any message may wait.
    async fn settle(&self) -> bool {
        let quiet = async {
            loop {
                self.engines.queues.wait_idle().await;
                if Arc::strong_count(&self.repeats) == 1 && self.engines.queues.idle() {
                    return;
                }
                sleep(Duration::from_secs(1)).await;
            }
        };
        let settled = timeout(LONGEST_WAIT, quiet).await.is_ok();
        if !settled {
            self.ledger()
                .violations
                .push("I11: messages are still on their way hours after the last fault".to_owned());
        }
        settled
    }

    /// Nothing goes wrong any more: everything has to come to its end.
    async fn drain(&self) {
        for round in 0..MOST_ROUNDS {
            if round < 3 {
                self.redrive().await;
            }
            if !self.settle().await {
                return;
            }
            let looked = self
                .invoke("recycle", 0, 3_600, async |handlers| {
                    handlers.recycle().await
                })
                .await;
            if !matches!(looked, Some(Ok(_))) {
                self.ledger().violations.push(
                    "I11: due work cannot be looked for although nothing is broken".to_owned(),
                );
            }
            if !self.settle().await {
                return;
            }
            let Some(next) = crate::checks::next_due(self).await else {
                return;
            };
            // A clock that is behind must have come there too.
            let wait = next.as_second() - self.now().as_second() + 1 + self.story.weather.skew;
            if wait > 0 {
                self.network.note("leaps to due work");
                self.awake.send_replace(false);
                // Pollers that are waiting for messages come to rest first.
                sleep(Duration::from_secs(u64::try_from(wait).unwrap_or(0).max(4))).await;
                self.awake.send_replace(true);
            }
        }
        self.ledger().violations.push(format!(
            "I11: due work is left after {MOST_ROUNDS} rounds without a fault"
        ));
    }

    async fn redrive(&self) {
        for queue in Queue::ALL {
            let arn = format!("arn:aws:sqs:us-east-1:000000000000:{}-dlq", queue.name());
            let _moved = self
                .sqs
                .start_message_move_task()
                .source_arn(arn)
                .send()
                .await;
        }
    }

    /// Does one thing from outside.
    async fn play(self: Arc<Self>, index: usize, step: Step) {
        sleep(Duration::from_millis(step.at)).await;
        match step.what {
            What::Submit(submit) => self.submit(index, submit).await,
            What::Batch(rows) => self.batch(index, &rows).await,
            What::Announce(people) => self.announce(index, &people).await,
            What::Visit { visitor, kind, id } => self.visit(index, visitor, kind, id).await,
            What::Report { person, kind, id } => self.report(index, person, kind, id).await,
            What::Feedback {
                person,
                kind,
                reason,
            } => self.give_feedback(index, person, kind, reason).await,
            What::Offer(offered) => self.offer(index, &offered).await,
            What::OfferFile(rows) => self.offer_file(index, &rows).await,
            What::Return {
                vendor,
                number,
                reason,
            } => self.send_back(index, vendor, number, reason).await,
            What::Configure(number) => {
                let variant = variant(number, &self.story.weather);
                let _pushed = self
                    .table
                    .push_configuration(&variant.config, &variant.text, self.now())
                    .await;
                self.network.note("configurations put in force");
            }
            What::Poison { queue, body } => {
                self.network.note("poison");
                let _sent = self
                    .sqs
                    .send_message()
                    .queue_url(url(queue.name()))
                    .message_body(POISON[body])
                    .send()
                    .await;
            }
            What::Replay { queue, from, count } => {
                let tape: Vec<String> = self
                    .tape
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .iter()
                    .filter(|(known, _)| *known == queue)
                    .map(|(_, body)| body.clone())
                    .collect();
                let again: Vec<(String, String)> = tape
                    .into_iter()
                    .skip(from)
                    .take(count)
                    .enumerate()
                    .map(|(number, body)| (format!("replay-{index}-{number}"), body))
                    .collect();
                if !again.is_empty() {
                    self.network.note("old messages played again");
                    let _ended = self
                        .invoke(queue.name(), 7, 30, async |handlers| {
                            handlers.invoke(queue, event(&again)).await.is_ok()
                        })
                        .await;
                }
            }
            What::Redrive => {
                self.network.note("dead-letter queues redriven");
                self.redrive().await;
            }
            What::Restart => {
                self.network.note("restarts of everything");
                let running = std::mem::take(
                    &mut *self.running.lock().unwrap_or_else(PoisonError::into_inner),
                );
                running
                    .iter()
                    .filter_map(Weak::upgrade)
                    .for_each(|invocation| invocation.end.notify_one());
                self.environments
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .clear();
            }
        }
    }
}

fn moment(weather: &Weather, started: Instant, ahead: i64) -> Timestamp {
    let since = i64::try_from(started.elapsed().as_millis()).unwrap_or(0);
    let start = weather.start();
    start
        .saturating_add(SignedDuration::from_millis(since + ahead * 1_000))
        .unwrap_or(start)
}

fn ids(response: SqsBatchResponse) -> Vec<String> {
    response
        .batch_item_failures
        .into_iter()
        .map(|failure| failure.item_identifier)
        .collect()
}

fn event(records: &[(String, String)]) -> SqsEvent {
    let mut event = SqsEvent::default();
    for (id, body) in records {
        let mut record = SqsMessage::default();
        record.message_id = Some(id.clone());
        record.body = Some(body.clone());
        event.records.push(record);
    }
    event
}

fn url(name: &str) -> String {
    format!("http://sqs.local/000000000000/{name}")
}

async fn create_queue(sqs: &SqsClient, queue: Queue, visibility: u32) -> anyhow::Result<String> {
    let dead_letters = format!("{}-dlq", queue.name());
    sqs.create_queue().queue_name(&dead_letters).send().await?;
    let policy = json!({ "deadLetterTargetArn": format!("arn:aws:sqs:us-east-1:000000000000:{dead_letters}"), "maxReceiveCount": MAX_RECEIVES.to_string() });
    let created = sqs
        .create_queue()
        .queue_name(queue.name())
        .attributes(
            QueueAttributeName::VisibilityTimeout,
            visibility.to_string(),
        )
        .attributes(QueueAttributeName::RedrivePolicy, policy.to_string())
        .send()
        .await?;
    Ok(created.queue_url.unwrap_or_default())
}
