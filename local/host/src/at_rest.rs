//! A CA whose host does not run, opened for an operator. The folder's lock keeps hosts and other operators out
//! meanwhile.

use std::{path::Path, sync::Arc};

use authority::{EventSink, SystemClock};
use ra::{Authority, Seams, Settings};
use store::{
    IssuerStore,
    embedded::{EmbeddedStore, Options as StoreOptions},
};
use tokio::task::JoinSet;

use crate::{
    StartError,
    data_folder::{DataFolder, STORE},
    queue,
    software_signer::SoftwareSigner,
    status::StatusFiles,
    webhook::{SPOOL, Spool},
};

/// The CA. Close it, so that the next start finds a store that was closed.
pub struct AtRest {
    authority: Arc<Authority>,
    store: Arc<EmbeddedStore>,
    unusable_keys: Vec<StartError>,
    workers: JoinSet<()>,
    _data: DataFolder,
}

impl AtRest {
    /// Opens the CA of a folder; makes none.
    ///
    /// # Errors
    /// [`StartError::DataInUse`], [`StartError::NoCa`], and when the store cannot be opened.
    pub async fn open(path: &Path) -> Result<Self, StartError> {
        if !DataFolder::is_one(path) {
            return Err(StartError::NoCa(path.to_owned()));
        }
        let data = DataFolder::open(path)?;
        if !data.file(STORE).exists() {
            return Err(StartError::NoCa(path.to_owned()));
        }
        let store = EmbeddedStore::open(data.file(STORE), StoreOptions::default()).map_err(StartError::Store)?;
        let store = Arc::new(store);
        let signer = SoftwareSigner::new(&data);
        let unusable_keys = signer.read_keys(&store.issuers().await?);
        // A host that has a webhook delivers, when it starts, what happens now.
        let spool = data.file(SPOOL);
        let events: Arc<dyn EventSink> = match Spool::open_existing(&spool) {
            Ok(Some(spool)) => Arc::new(spool),
            Ok(None) => Arc::new(()),
            Err(source) => return Err(StartError::Data { path: spool, source }),
        };
        let (queue, workers) = queue::queue();
        let seams = Seams {
            store: store.clone(),
            signer: Arc::new(signer),
            validation_queue: Arc::new(queue.clone()),
            issuance_queue: Arc::new(queue.clone()),
            crl_queue: Arc::new(queue),
            // Files of the status listener are made from the store when a host starts.
            publisher: Arc::new(StatusFiles::default()),
            events,
            clock: Arc::new(SystemClock),
        };
        let authority = Arc::new(Authority::new(seams, Settings::default()));
        let mut tasks = JoinSet::new();
        tasks.spawn(workers.publish(authority.clone()));
        Ok(Self { authority, store, unusable_keys, workers: tasks, _data: data })
    }

    /// Its authority.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Why some of its keys cannot be used.
    pub fn unusable_keys(&self) -> &[StartError] {
        &self.unusable_keys
    }

    /// Closes it.
    ///
    /// # Errors
    /// When the last writes did not reach the disk.
    pub async fn close(mut self) -> Result<(), StartError> {
        self.workers.shutdown().await;
        Ok(self.store.close().await?)
    }
}
