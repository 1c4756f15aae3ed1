//! Lambda: functions, the processes that they run in, and their concurrency.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use aws::Function;
use serde_json::{Value, value::to_raw_value};
use tokio::task::AbortHandle;
use tracing::instrument::WithSubscriber;

/// A deployed function. Each of its processes handles one event at a time: if none is idle, another
/// one is started, and a process that failed is not used again.
pub struct Deployed {
    make: Mutex<Make>,
    idle: Mutex<Vec<Arc<dyn Function>>>,
    busy: Mutex<Vec<AbortHandle>>,
}

impl Deployed {
    pub(super) fn new(make: impl Fn() -> Arc<dyn Function> + Send + Sync + 'static) -> Self {
        Self { make: Mutex::new(Arc::new(make)), idle: Mutex::default(), busy: Mutex::default() }
    }

    /// Replaces the function by another version. Events that are being handled finish with the old
    /// one.
    fn update(&self, other: &Self) {
        *self.make.lock().unwrap() = other.make.lock().unwrap().clone();
        self.cool();
    }

    /// Handles an event.
    ///
    /// # Errors
    /// The error that Lambda reports when a function fails or panics.
    pub async fn invoke(&self, event: Value) -> Result<Value, String> {
        let event = to_raw_value(&event).unwrap();
        let warm = self.idle.lock().unwrap().pop();
        let make = self.make.lock().unwrap().clone();
        let process = warm.unwrap_or_else(|| make());
        let running = process.clone();
        // A task of its own: Lambda finishes what it has started even if the caller has gone, and a
        // panic ends no other process.
        let task = tokio::spawn(async move { running.invoke(&event).await }.with_current_subscriber());
        self.busy.lock().unwrap().push(task.abort_handle());
        let answer = task.await;
        self.busy.lock().unwrap().retain(|task| !task.is_finished());
        let answer = answer.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
        self.idle.lock().unwrap().push(process);
        Ok(serde_json::from_str(answer.get()).unwrap())
    }

    /// Ends all processes immediately, like a crash.
    pub fn kill(&self) {
        self.busy.lock().unwrap().drain(..).for_each(|task| task.abort());
        self.cool();
    }

    /// Ends the idle processes, so that the next event meets a cold start.
    pub fn cool(&self) {
        self.idle.lock().unwrap().clear();
    }
}

/// Starts a process.
type Make = Arc<dyn Fn() -> Arc<dyn Function> + Send + Sync>;

/// All functions, by their names in the template.
#[derive(Clone)]
pub struct Functions(Arc<BTreeMap<String, Deployed>>);

impl Functions {
    pub(super) fn new(functions: impl IntoIterator<Item = (String, Deployed)>) -> Self {
        Self(Arc::new(functions.into_iter().collect()))
    }

    /// The function with that name.
    pub fn named(&self, name: &str) -> &Deployed {
        self.0.get(name).unwrap_or_else(|| panic!("no function {name}"))
    }

    /// The names of the functions.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Replaces functions by other versions with the same names.
    pub(super) fn update(&self, others: &Self) {
        self.0.iter().for_each(|(name, function)| function.update(others.named(name)));
    }

    /// Ends all idle processes.
    pub fn cool(&self) {
        self.0.values().for_each(Deployed::cool);
    }
}
