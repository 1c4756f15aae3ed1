//! The work queues as tasks of this process. The next start resumes interrupted work from the
//! store, so nothing has to be persisted here.

use std::{
    collections::{HashMap, HashSet},
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use authority::{CrlQueue, CrlTask, IssuanceQueue, IssuanceTask, QueueError, ValidationQueue, ValidationTask};
use issuing::Crls;
use ra::Parts;
use tokio::{
    sync::{Notify, mpsc, oneshot},
    task::JoinSet,
    time,
};
use validate::{Pace, ValidationSettings};

use crate::validation_queue;

/// The sending end of the queues.
#[derive(Clone)]
pub(crate) struct InProcessQueue {
    validations: validation_queue::ValidationQueue,
    issuances: mpsc::UnboundedSender<IssuanceTask>,
    crls: mpsc::UnboundedSender<(CrlTask, oneshot::Sender<()>)>,
}

/// The receiving end of the queues, which processes the tasks.
pub(crate) struct Workers {
    validations: validation_queue::ValidationQueue,
    issuances: mpsc::UnboundedReceiver<IssuanceTask>,
    crls: mpsc::UnboundedReceiver<(CrlTask, oneshot::Sender<()>)>,
}

/// Both ends of the queues.
pub(crate) fn queue() -> (InProcessQueue, Workers) {
    let validations = validation_queue::ValidationQueue::new();
    let (issuances, issuances_out) = mpsc::unbounded_channel();
    let (crls, crls_out) = mpsc::unbounded_channel();
    let queue = InProcessQueue { validations: validations.clone(), issuances, crls };
    (queue, Workers { validations, issuances: issuances_out, crls: crls_out })
}

#[async_trait]
impl ValidationQueue for InProcessQueue {
    async fn validate(&self, task: ValidationTask) -> Result<(), QueueError> {
        self.validations.add(task);
        Ok(())
    }

    /// A client whose target answers at once has the result in the answer to its request.
    async fn has_ended(&self, task: &ValidationTask) -> bool {
        self.validations.wait(task, PATIENCE_WITH_VALIDATION).await
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

    /// Nothing: requests are not interrupted by their clients, and the start of the next process
    /// finds what this one leaves behind.
    async fn issue_later(&self, _: IssuanceTask) -> Result<(), QueueError> {
        Ok(())
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
        publish_all(tasks, publisher(crls)).await;
    }

    /// Processes tasks until the process stops. Dropping the future stops all work at once.
    pub(crate) async fn run(self, parts: Arc<Parts>, settings: ValidationSettings, delay: Duration) {
        let Self { validations, issuances, crls } = self;
        tokio::join!(
            validations.work(validator(parts.clone(), settings, delay)),
            issue_all(issuances, issuer(parts.clone())),
            publish_all(crls, publisher(parts.crls.clone())),
        );
    }
}

fn validator(
    parts: Arc<Parts>,
    settings: ValidationSettings,
    delay: Duration,
) -> impl Fn(ValidationTask, Arc<Notify>) -> Job<()> {
    move |task, hurry| {
        let (parts, settings) = (parts.clone(), settings.clone());
        Box::pin(async move {
            time::sleep(delay).await;
            if let Err(error) = validate::work(&parts.validations, &settings, task, &Nudged(hurry)).await {
                // The lease expires, and the next request for the challenge queues the task again.
                tracing::error!(error = &error as &dyn std::error::Error, ?task, "a validation was interrupted");
            }
        })
    }
}

fn issuer(
    parts: Arc<Parts>,
) -> impl Fn(IssuanceTask) -> Job<Result<(), issuing::Error>> + Clone + Send + Sync + 'static {
    move |task| {
        let parts = parts.clone();
        Box::pin(async move { issue::work(&parts.resumption, task).await })
    }
}

fn publisher(crls: Arc<Crls>) -> impl Fn(CrlTask) -> Job<Result<(), issuing::Error>> {
    move |task| {
        let crls = crls.clone();
        Box::pin(async move { publish_crl::work(&crls, &task).await })
    }
}

async fn issue_all<E: std::error::Error + Send + 'static>(
    mut tasks: mpsc::UnboundedReceiver<IssuanceTask>,
    issue: impl Fn(IssuanceTask) -> Job<Result<(), E>> + Clone + Send + Sync + 'static,
) {
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
        let issue = issue.clone();
        workers.spawn(async move {
            patiently(&ISSUANCE_PAUSES, &format!("{task:?}"), "an issuance", || issue(task)).await;
            task
        });
    }
}

/// Revocations that arrive during the generation of a CRL share the next one.
async fn publish_all<E: std::error::Error + Send + 'static>(
    mut tasks: mpsc::UnboundedReceiver<(CrlTask, oneshot::Sender<()>)>,
    publish: impl Fn(CrlTask) -> Job<Result<(), E>>,
) {
    while let Some(first) = tasks.recv().await {
        let mut waiting: HashMap<CrlTask, Vec<oneshot::Sender<()>>> = HashMap::new();
        let mut next = Some(first);
        while let Some((task, done)) = next {
            waiting.entry(task).or_default().push(done);
            next = tasks.try_recv().ok();
        }
        for (task, all_done) in waiting {
            // The revocations are stored, and relying parties need them.
            patiently(&CRL_PAUSES, &format!("{task:?}"), "a CRL", || publish(task.clone())).await;
            for done in all_done {
                // A caller that no longer waits does not need the answer.
                let _ = done.send(());
            }
        }
    }
}

/// Does a job, with one try after each pause until one succeeds. A try that panics has failed like
/// any other, and ends nothing else.
async fn patiently<E: std::error::Error + Send + 'static>(
    pauses: &[u64],
    task: &str,
    what: &str,
    job: impl Fn() -> Job<Result<(), E>>,
) {
    for pause in pauses {
        time::sleep(Duration::from_secs(*pause)).await;
        // A task of its own keeps its panic to itself, and ends when the set is dropped.
        let mut alone = JoinSet::new();
        alone.spawn(job());
        match alone.join_next().await {
            Some(Ok(Ok(()))) => return,
            Some(Ok(Err(error))) => {
                tracing::error!(error = &error as &dyn std::error::Error, task, "{what} is postponed");
            }
            Some(Err(_)) | None => tracing::error!(task, "{what} is postponed: it panicked"),
        }
    }
}

/// One try of a job.
type Job<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The pause between attempts, which ends early when the client asks again.
struct Nudged(Arc<Notify>);

#[async_trait]
impl Pace for Nudged {
    async fn pause(&self, duration: Duration) {
        // Both a time-out and a notification end the pause.
        drop(time::timeout(duration, self.0.notified()).await);
    }
}

fn stopped(error: impl std::error::Error + Send + Sync + 'static) -> QueueError {
    QueueError(error.to_string().into())
}

/// Less than clients wait before they ask for the first time.
const PATIENCE_WITH_VALIDATION: Duration = Duration::from_millis(500);

/// Seconds before each try to finish an issuance; afterwards a read of the order queues it again.
const ISSUANCE_PAUSES: [u64; 5] = [0, 1, 5, 15, 60];

/// Seconds before each try to generate a CRL; afterwards the next one is due at half of its
/// lifetime.
const CRL_PAUSES: [u64; 4] = [0, 1, 5, 15];

#[cfg(test)]
mod tests {
    use std::{
        convert::Infallible,
        sync::atomic::{AtomicUsize, Ordering},
    };

    use super::*;

    /// A job whose first try panics.
    fn panics_once<T>() -> impl Fn(T) -> Job<Result<(), Infallible>> + Clone + Send + Sync + 'static {
        let tries = Arc::new(AtomicUsize::new(0));
        move |_| {
            let tries = tries.clone();
            Box::pin(async move {
                assert!(tries.fetch_add(1, Ordering::SeqCst) > 0, "planted");
                Ok(())
            })
        }
    }

    #[tokio::test]
    async fn an_issuance_that_panics_is_tried_again_and_can_be_queued_again() {
        let (queue, tasks) = mpsc::unbounded_channel();
        let (begun, mut came) = mpsc::unbounded_channel();
        let job = panics_once();
        let mut worker = JoinSet::new();
        worker.spawn(issue_all(tasks, move |task| {
            begun.send(()).unwrap();
            job(task)
        }));
        let task = IssuanceTask { account: ID.parse().unwrap(), order: ID.parse().unwrap() };
        queue.send(task).unwrap();
        for _ in 0..2 {
            time::timeout(PATIENCE, came.recv()).await.expect("it is tried again").unwrap();
        }
        // The end of the second try is seen some time after its beginning.
        let again = async {
            while came.try_recv().is_err() {
                queue.send(task).unwrap();
                time::sleep(Duration::from_millis(1)).await;
            }
        };
        time::timeout(PATIENCE, again).await.expect("it runs no more");
    }

    #[tokio::test]
    async fn a_crl_whose_generation_panics_is_tried_again_and_the_others_are_made() {
        let (queue, tasks) = mpsc::unbounded_channel();
        let (begun, mut came) = mpsc::unbounded_channel();
        let job = panics_once();
        let mut worker = JoinSet::new();
        worker.spawn(publish_all(tasks, move |task: CrlTask| {
            begun.send(task.shard).unwrap();
            job(task)
        }));
        for shard in 0..2 {
            let (done, published) = oneshot::channel();
            queue.send((CrlTask { issuer: "issuing".parse().unwrap(), shard }, done)).unwrap();
            time::timeout(PATIENCE, published).await.expect("it is made").unwrap();
        }
        let tries: Vec<u16> = std::iter::from_fn(|| came.try_recv().ok()).collect();
        assert_eq!(tries, [0, 0, 1], "the first one is made by its second try");
    }

    const ID: &str = "00000000000000000000000000";
    const PATIENCE: Duration = Duration::from_secs(10);
}
