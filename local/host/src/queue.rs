//! The work queue: tasks of this process. What a stop interrupts, the next start resumes from the
//! store, so nothing has to be kept here.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use acme::AccountId;
use async_trait::async_trait;
use authority::{CrlQueue, CrlTask, IssuanceQueue, IssuanceTask, QueueError, ValidationQueue, ValidationTask};
use ra::Authority;
use tokio::{
    sync::{Notify, Semaphore, mpsc, oneshot},
    task::JoinSet,
    time,
};
use validate::{Pace, Settings};

/// The end that takes tasks.
#[derive(Clone)]
pub(crate) struct InProcessQueue {
    validations: mpsc::UnboundedSender<ValidationTask>,
    issuances: mpsc::UnboundedSender<IssuanceTask>,
    crls: mpsc::UnboundedSender<(CrlTask, oneshot::Sender<()>)>,
}

/// The end that works.
pub(crate) struct Workers {
    validations: mpsc::UnboundedReceiver<ValidationTask>,
    issuances: mpsc::UnboundedReceiver<IssuanceTask>,
    crls: mpsc::UnboundedReceiver<(CrlTask, oneshot::Sender<()>)>,
}

/// A queue and its workers.
pub(crate) fn queue() -> (InProcessQueue, Workers) {
    let (validations, validations_out) = mpsc::unbounded_channel();
    let (issuances, issuances_out) = mpsc::unbounded_channel();
    let (crls, crls_out) = mpsc::unbounded_channel();
    let queue = InProcessQueue { validations, issuances, crls };
    (queue, Workers { validations: validations_out, issuances: issuances_out, crls: crls_out })
}

#[async_trait]
impl ValidationQueue for InProcessQueue {
    async fn validate(&self, task: ValidationTask) -> Result<(), QueueError> {
        self.validations.send(task).map_err(stopped)
    }

    /// The workers know which tasks they are at.
    async fn hurry(&self, task: ValidationTask) -> Result<(), QueueError> {
        self.validate(task).await
    }
}

#[async_trait]
impl IssuanceQueue for InProcessQueue {
    async fn issue(&self, task: IssuanceTask) -> Result<(), QueueError> {
        self.issuances.send(task).map_err(stopped)
    }
}

#[async_trait]
impl CrlQueue for InProcessQueue {
    /// Waits for the CRL: in one process a revocation can be visible at once, so it is.
    async fn publish_crl(&self, task: CrlTask) -> Result<(), QueueError> {
        let (done, published) = oneshot::channel();
        self.crls.send((task, done)).map_err(stopped)?;
        // The revocation stands, whatever became of the CRL.
        published.await.map(drop).map_err(stopped)
    }
}

impl Workers {
    /// Makes CRLs, and nothing else: validations and issuances wait for a host.
    pub(crate) async fn publish(self, authority: Arc<Authority>) {
        let Self { validations: _validations, issuances: _issuances, crls } = self;
        publish_all(&authority, crls).await;
    }

    /// Works until the process stops. Dropping the future stops all work at once.
    pub(crate) async fn run(self, authority: Arc<Authority>, settings: Settings, delay: Duration) {
        let Self { validations, issuances, crls } = self;
        tokio::join!(
            validate_all(&authority, validations, settings, delay),
            issue_all(&authority, issuances),
            publish_all(&authority, crls),
        );
    }
}

async fn validate_all(
    authority: &Arc<Authority>,
    mut tasks: mpsc::UnboundedReceiver<ValidationTask>,
    settings: Settings,
    delay: Duration,
) {
    let running: Arc<Mutex<HashMap<ValidationTask, Arc<Notify>>>> = Arc::default();
    let mut places: HashMap<AccountId, Arc<Semaphore>> = HashMap::new();
    let mut workers = JoinSet::new();
    while let Some(task) = tasks.recv().await {
        while workers.try_join_next().is_some() {}
        let nudge = Arc::new(Notify::new());
        if let Some(at_it) = lock(&running).get(&task) {
            at_it.notify_waiters();
            continue;
        }
        lock(&running).insert(task, nudge.clone());
        let (authority, settings) = (authority.clone(), settings.clone());
        // An account with very many names takes turns with itself.
        places.retain(|_, places| Arc::strong_count(places) > 1);
        let place = places.entry(task.account).or_insert_with(|| Arc::new(Semaphore::new(MAX_OF_AN_ACCOUNT))).clone();
        let running = running.clone();
        workers.spawn(async move {
            let _place = place.acquire().await;
            time::sleep(delay).await;
            let result = validate::work(&authority, &settings, task, &Nudged(nudge)).await;
            lock(&running).remove(&task);
            if let Err(error) = result {
                // The lease runs out, and then the next request about it hands the task over again.
                tracing::error!(error = &error as &dyn std::error::Error, ?task, "a validation was interrupted");
            }
        });
    }
}

async fn issue_all(authority: &Arc<Authority>, mut tasks: mpsc::UnboundedReceiver<IssuanceTask>) {
    let mut running = HashSet::new();
    let mut workers = JoinSet::new();
    loop {
        let task = tokio::select! {
            task = tasks.recv() => task,
            Some(Ok(finished)) = workers.join_next() => {
                running.remove(&finished);
                continue;
            }
        };
        let Some(task) = task else { return };
        // Every poll of an order that takes long asks for it.
        if !running.insert(task) {
            continue;
        }
        let authority = authority.clone();
        workers.spawn(async move {
            for pause in ISSUANCE_PAUSES {
                time::sleep(Duration::from_secs(pause)).await;
                match issue::work(&authority, task).await {
                    Ok(()) => break,
                    Err(error) => {
                        tracing::error!(error = &error as &dyn std::error::Error, ?task, "an issuance is put off");
                    }
                }
            }
            task
        });
    }
}

/// Revocations that arrive while a CRL is being made share the next one.
async fn publish_all(authority: &Arc<Authority>, mut tasks: mpsc::UnboundedReceiver<(CrlTask, oneshot::Sender<()>)>) {
    while let Some(first) = tasks.recv().await {
        let mut waiting: HashMap<CrlTask, Vec<oneshot::Sender<()>>> = HashMap::new();
        let mut next = Some(first);
        while let Some((task, done)) = next {
            waiting.entry(task).or_default().push(done);
            next = tasks.try_recv().ok();
        }
        for (task, all_done) in waiting {
            publish_patiently(authority, &task).await;
            for done in all_done {
                // Whoever no longer waits does not need the answer.
                let _ = done.send(());
            }
        }
    }
}

/// Makes the CRL, in several tries if need be: the revocations stand, and relying parties wait.
async fn publish_patiently(authority: &Authority, task: &CrlTask) {
    for pause in CRL_PAUSES {
        time::sleep(Duration::from_secs(pause)).await;
        match publish_crl::work(authority, task).await {
            Ok(()) => return,
            Err(error) => tracing::error!(error = &error as &dyn std::error::Error, ?task, "a CRL is put off"),
        }
    }
}

/// The pause between attempts, cut short when the client asks.
struct Nudged(Arc<Notify>);

#[async_trait]
impl Pace for Nudged {
    async fn pause(&self, duration: Duration) {
        // A timeout and a nudge both end the pause.
        drop(time::timeout(duration, self.0.notified()).await);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn stopped(error: impl std::error::Error + Send + Sync + 'static) -> QueueError {
    QueueError(error.to_string().into())
}

/// How many validations of one account are under way at the same time.
const MAX_OF_AN_ACCOUNT: usize = 32;

/// Seconds before each try to finish an issuance; afterwards a read of the order asks again.
const ISSUANCE_PAUSES: [u64; 5] = [0, 1, 5, 15, 60];

/// Seconds before each try to make a CRL; afterwards the next one is due at half its life.
const CRL_PAUSES: [u64; 4] = [0, 1, 5, 15];
