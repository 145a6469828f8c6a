//! One simulated run: the real handlers over the real SDK clients, a network that fails by the seed, paused time, one
//! thread. Plays what a deployed Leadline has around it: the pollers of the queues, the schedule, senders that try again.

mod around;
mod end;
mod queues;
mod steps;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use aws_sdk_sqs::Client as SqsClient;
use aws_smithy_types::timeout::TimeoutConfig;
use cli::dev::handlers::{Handlers, Wiring};
use jiff::{SignedDuration, Timestamp};
use outbound::{Client, Policy};
use platform::{Clock, Secrets};
use queue::{Queue, Queues};
use table::Table;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use crate::broken::Broken;
use crate::clients::{self, TABLE};
use crate::configuration::variant;
use crate::dice::Dice;
use crate::engines::{Engines, Place};
use crate::fault::{Coverage, Happened};
use crate::outside::{Inbox, Outside};
use crate::senders::{Erased, Heard, Pinged};
use crate::story::{Story, Weather};
use crate::wire::{INVOCATION, Invocation, Network, http_client};

/// The token of the API.
pub(crate) const TOKEN: &str = "token-of-the-simulated-world";

/// What personal data is hashed with.
pub(crate) const PEPPER: &str = "pepper-of-the-simulated-world";

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
    /// People who were erased, answered 200.
    pub(crate) erased: Vec<Erased>,
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
                queues::create_queue(&sqs, queue, story.weather.visibility).await?,
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

    pub(super) fn calm(&self) -> Timestamp {
        let calm =
            SignedDuration::from_millis(i64::try_from(self.story.weather.calm_after).unwrap_or(0));
        let start = self.story.weather.start();
        start.saturating_add(calm).unwrap_or(start)
    }
}

fn moment(weather: &Weather, started: Instant, ahead: i64) -> Timestamp {
    let since = i64::try_from(started.elapsed().as_millis()).unwrap_or(0);
    let start = weather.start();
    start
        .saturating_add(SignedDuration::from_millis(since + ahead * 1_000))
        .unwrap_or(start)
}
