//! Seeded schedules of two operations on the engines that CAs run on: `explore [SCHEDULES [SEED]]`.
//!
//! Each schedule begins with a copy of the same CA, and depends on its seed alone. Prints how much
//! was explored, or the seed of the schedule that broke a rule.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Instant,
};

use aws::dynamodb::DynamoDbStore;
use aws_sdk_dynamodb::Client;
use cloud::Cloud;
use explorer::{
    operation::Operation,
    schedule::{Schedule, run_in},
    world::World,
};
use serde_json::{Map, Value};
use store::{
    Retention,
    embedded::{EmbeddedStore, EngineOptions},
};
use tempfile::TempDir;

fn main() -> ExitCode {
    let mut numbers = std::env::args().skip(1).map(|argument| argument.parse::<u64>().expect("a number"));
    let (schedules, first) = (numbers.next().unwrap_or(10_000), numbers.next().unwrap_or(1));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let explored = runtime.block_on(async {
        let embedded = Embedded::new().await;
        explore("embedded", first..first + schedules, || embedded.world()).await?;
        let dynamodb = DynamoDb::new().await;
        explore("DynamoDB", first..first + schedules, || dynamodb.world()).await
    });
    match explored {
        Ok(()) => ExitCode::SUCCESS,
        Err(broken) => {
            eprintln!("{broken}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the schedules of the seeds, each in a world of its own, which is kept as long as it runs.
async fn explore<K, F: Future<Output = (World, K)>>(
    engine: &str,
    seeds: std::ops::Range<u64>,
    world: impl Fn() -> F,
) -> Result<(), String> {
    let began = Instant::now();
    let (mut crashes, mut turns, mut pairs) = (0, 0, BTreeSet::<[Operation; 2]>::new());
    let mut by_switches = BTreeMap::<usize, usize>::new();
    for seed in seeds.clone() {
        let (pair, schedule) = Schedule::seeded(seed);
        let (world, _kept) = world().await;
        let run = run_in(&world, pair, &schedule).await.map_err(|broken| format!("{engine}, seed {seed}: {broken}"))?;
        crashes += usize::from(run.crashed);
        turns += run.turns;
        pairs.insert(pair);
        *by_switches.entry(run.switched).or_default() += 1;
    }
    println!(
        "{engine}: {} schedules, {crashes} with a crash, of {} pairs, {turns} turns; by preemptions: {by_switches:?}; {} s",
        seeds.count(),
        pairs.len(),
        began.elapsed().as_secs()
    );
    Ok(())
}

/// A CA in a file that is closed.
struct Embedded {
    world: World,
    folder: TempDir,
}

impl Embedded {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Arc::new(open(&template(folder.path())));
        let world = World::on(store.clone()).await;
        store.close().await.expect("the file is closed");
        Self { world, folder }
    }

    async fn world(&self) -> (World, TempDir) {
        let folder = tempfile::tempdir_in(self.folder.path()).expect("a folder");
        let path = folder.path().join("copy.redb");
        std::fs::copy(template(self.folder.path()), &path).expect("a copy");
        (self.world.copied_to(Arc::new(open(&path))), folder)
    }
}

fn template(folder: &Path) -> PathBuf {
    folder.join("template.redb")
}

fn open(path: &Path) -> EmbeddedStore {
    EmbeddedStore::open(path, EngineOptions { cache_size: 1 << 20, ..EngineOptions::default() }).expect("a store")
}

/// A CA in the items of a table.
struct DynamoDb {
    world: World,
    items: Vec<Map<String, Value>>,
}

impl DynamoDb {
    async fn new() -> Self {
        let (store, cloud) = empty();
        let world = World::on(store).await;
        Self { world, items: cloud.items(TABLE) }
    }

    async fn world(&self) -> (World, Cloud) {
        let (store, cloud) = empty();
        cloud.fill_table(TABLE, self.items.clone());
        (self.world.copied_to(store), cloud)
    }
}

fn empty() -> (Arc<DynamoDbStore>, Cloud) {
    let cloud = Cloud::start();
    cloud.create_table(TABLE);
    let client = Client::new(&cloud.sdk_config("explorer"));
    (Arc::new(DynamoDbStore::new(client, TABLE, Retention::default())), cloud)
}

const TABLE: &str = "acme";
