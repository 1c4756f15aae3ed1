//! The work queues as tasks of this process. The next start resumes interrupted work from the
//! store, so nothing has to be persisted here.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use acme::AccountId;
use async_trait::async_trait;
use authority::{CrlQueue, CrlTask, IssuanceQueue, IssuanceTask, QueueError, ValidationQueue, ValidationTask};
use issuing::Crls;
use ra::Parts;
use tokio::{
    sync::{Notify, Semaphore, mpsc, oneshot},
    task::JoinSet,
    time,
};
use validate::{Pace, ValidationSettings};

/// The sending end of the queues.
#[derive(Clone)]
pub(crate) struct InProcessQueue {
    validations: mpsc::UnboundedSender<ValidationTask>,
    issuances: mpsc::UnboundedSender<IssuanceTask>,
    crls: mpsc::UnboundedSender<(CrlTask, oneshot::Sender<()>)>,
}

/// The receiving end of the queues, which processes the tasks.
pub(crate) struct Workers {
    validations: mpsc::UnboundedReceiver<ValidationTask>,
    issuances: mpsc::UnboundedReceiver<IssuanceTask>,
    crls: mpsc::UnboundedReceiver<(CrlTask, oneshot::Sender<()>)>,
}

/// Both ends of the queues.
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

    /// The workers know which tasks are in progress.
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
    /// Waits for the CRL, so that a revocation is visible at once, which is possible in one
    /// process.
    async fn publish_crl(&self, task: CrlTask) -> Result<(), QueueError> {
        let (done, published) = oneshot::channel();
        self.crls.send((task, done)).map_err(stopped)?;
        // The revocation is stored, whether or not the CRL could be generated.
        published.await.map(drop).map_err(stopped)
    }
}

impl Workers {
    /// Only generates CRLs: validations and issuances wait for a host.
    pub(crate) async fn publish(self, crls: Arc<Crls>) {
        let Self { validations: _validations, issuances: _issuances, crls: tasks } = self;
        publish_all(&crls, tasks).await;
    }

    /// Processes tasks until the process stops. Dropping the future stops all work at once.
    pub(crate) async fn run(self, parts: Arc<Parts>, settings: ValidationSettings, delay: Duration) {
        let Self { validations, issuances, crls } = self;
        tokio::join!(
            validate_all(&parts, validations, settings, delay),
            issue_all(&parts, issuances),
            publish_all(&parts.crls, crls),
        );
    }
}

async fn validate_all(
    parts: &Arc<Parts>,
    mut tasks: mpsc::UnboundedReceiver<ValidationTask>,
    settings: ValidationSettings,
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
        let (parts, settings) = (parts.clone(), settings.clone());
        // The validations of an account with very many identifiers wait for each other.
        places.retain(|_, places| Arc::strong_count(places) > 1);
        let place = places.entry(task.account).or_insert_with(|| Arc::new(Semaphore::new(MAX_OF_AN_ACCOUNT))).clone();
        let running = running.clone();
        workers.spawn(async move {
            let _place = place.acquire().await;
            time::sleep(delay).await;
            let result = validate::work(&parts.validations, &settings, task, &Nudged(nudge)).await;
            lock(&running).remove(&task);
            if let Err(error) = result {
                // The lease expires, and the next request for the challenge queues the task again.
                tracing::error!(error = &error as &dyn std::error::Error, ?task, "a validation was interrupted");
            }
        });
    }
}

async fn issue_all(parts: &Arc<Parts>, mut tasks: mpsc::UnboundedReceiver<IssuanceTask>) {
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
        // Every poll of an unfinished order queues the task.
        if !running.insert(task) {
            continue;
        }
        let parts = parts.clone();
        workers.spawn(async move {
            for pause in ISSUANCE_PAUSES {
                time::sleep(Duration::from_secs(pause)).await;
                match issue::work(&parts.resumption, task).await {
                    Ok(()) => break,
                    Err(error) => {
                        tracing::error!(error = &error as &dyn std::error::Error, ?task, "an issuance is postponed");
                    }
                }
            }
            task
        });
    }
}

/// Revocations that arrive during the generation of a CRL share the next one.
async fn publish_all(by: &Crls, mut tasks: mpsc::UnboundedReceiver<(CrlTask, oneshot::Sender<()>)>) {
    while let Some(first) = tasks.recv().await {
        let mut waiting: HashMap<CrlTask, Vec<oneshot::Sender<()>>> = HashMap::new();
        let mut next = Some(first);
        while let Some((task, done)) = next {
            waiting.entry(task).or_default().push(done);
            next = tasks.try_recv().ok();
        }
        for (task, all_done) in waiting {
            publish_patiently(by, &task).await;
            for done in all_done {
                // A caller that no longer waits does not need the answer.
                let _ = done.send(());
            }
        }
    }
}

/// Generates the CRL, with several tries if necessary, because the revocations are stored and
/// relying parties need them.
async fn publish_patiently(crls: &Crls, task: &CrlTask) {
    for pause in CRL_PAUSES {
        time::sleep(Duration::from_secs(pause)).await;
        match publish_crl::work(crls, task).await {
            Ok(()) => return,
            Err(error) => tracing::error!(error = &error as &dyn std::error::Error, ?task, "a CRL is postponed"),
        }
    }
}

/// The pause between attempts, which ends early when the client asks again.
struct Nudged(Arc<Notify>);

#[async_trait]
impl Pace for Nudged {
    async fn pause(&self, duration: Duration) {
        // Both a time-out and a notification end the pause.
        drop(time::timeout(duration, self.0.notified()).await);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn stopped(error: impl std::error::Error + Send + Sync + 'static) -> QueueError {
    QueueError(error.to_string().into())
}

/// The maximum number of concurrent validations of one account.
const MAX_OF_AN_ACCOUNT: usize = 32;

/// Seconds before each try to finish an issuance; afterwards a read of the order queues it again.
const ISSUANCE_PAUSES: [u64; 5] = [0, 1, 5, 15, 60];

/// Seconds before each try to generate a CRL; afterwards the next one is due at half of its
/// lifetime.
const CRL_PAUSES: [u64; 4] = [0, 1, 5, 15];
