//! A CA whose host is not running, opened for an operator. The lock of the folder excludes hosts
//! and other operators in the meantime.

use std::{path::Path, sync::Arc};

use authority::{EventSink, SystemClock};
use issuing::{Crls, StatusUrl};
use operator::{Parts, Seams};
use ra::Settings;
use store::{
    IssuerStore,
    embedded::{EmbeddedStore, EngineOptions},
};
use tokio::task::JoinSet;

use crate::{
    StartError,
    data_folder::{DataFolder, STORE},
    queue,
    software_signer::SoftwareSigner,
    status::StatusFiles,
    webhook::{SPOOL, Spools},
};

/// An open CA. Close it, so that the next start finds a cleanly closed store.
pub struct AtRest {
    operator: Parts,
    store: Arc<EmbeddedStore>,
    unusable_keys: Vec<StartError>,
    workers: JoinSet<()>,
    data: DataFolder,
    /// Whether the store was the one that the last process left.
    is_as_left: bool,
}

impl AtRest {
    /// Opens the CA of a folder; never creates one.
    ///
    /// # Errors
    /// [`StartError::DataInUse`], [`StartError::NoCa`], or the store cannot be opened.
    pub async fn open(path: &Path) -> Result<Self, StartError> {
        if !DataFolder::is_one(path) {
            return Err(StartError::NoCa(path.to_owned()));
        }
        let data = DataFolder::open(path)?;
        if !data.file(STORE).metadata().is_ok_and(|store| store.len() > 0) {
            return Err(StartError::NoCa(path.to_owned()));
        }
        let is_as_left = data.store_is_as_left();
        let store = EmbeddedStore::open(data.file(STORE), EngineOptions::default()).map_err(StartError::Store)?;
        let store = Arc::new(store);
        let signer = Arc::new(SoftwareSigner::new(&data));
        let unusable_keys = signer.read_keys(&store.issuers().await?);
        // Events that are spooled now are delivered when a host with a webhook starts.
        let spool = data.file(SPOOL);
        let events: Arc<dyn EventSink> = match Spools::open_existing(&spool) {
            Ok(Some(spools)) => Arc::new(spools),
            Ok(None) => Arc::new(()),
            Err(source) => return Err(StartError::Data { path: spool, source }),
        };
        let (queue, workers) = queue::queue();
        let clock = Arc::new(SystemClock);
        let seams = Seams::over(store.clone(), signer.clone(), Arc::new(queue), events, clock.clone());
        // Files of the status listener are made from the store when a host starts.
        let files = Arc::new(StatusFiles::default());
        let settings = Settings::default();
        let operator = Parts::new(seams, files.clone(), &settings);
        let status_url = StatusUrl(settings.status_url);
        let crls = Crls::new(operator.issuers.clone(), store.clone(), signer.clone(), files, status_url, clock);
        let mut tasks = JoinSet::new();
        tasks.spawn(workers.publish(Arc::new(crls)));
        Ok(Self { operator, store, unusable_keys, workers: tasks, data, is_as_left })
    }

    /// What its operator can ask.
    pub fn operator(&self) -> &Parts {
        &self.operator
    }

    /// The keys that cannot be used, each with the reason.
    pub fn unusable_keys(&self) -> &[StartError] {
        &self.unusable_keys
    }

    /// Closes the store and releases the folder.
    ///
    /// # Errors
    /// The last writes did not reach the disk.
    pub async fn close(mut self) -> Result<(), StartError> {
        self.workers.shutdown().await;
        self.store.close().await?;
        // A restored store stays one for the next start, which renews the nonces.
        if self.is_as_left {
            self.data.leave_store();
        }
        Ok(())
    }
}
