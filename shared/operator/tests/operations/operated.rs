//! A CA for one test, with its operator.

use std::{
    ops::{Deref, DerefMut},
    path::Path,
    sync::Arc,
};

use operator::{Ceremonies, CeremonyPlace, ExternalAccountSecrets, InitialProfiles, Parts, Seams};
use ra::Settings;

use crate::ca::{self, Keys};

/// A CA from one start to the next crash, and its operator.
#[derive(Clone)]
pub(crate) struct Ca {
    pub(crate) operator: Arc<Parts>,
    ca: ca::Ca,
}

impl Ca {
    pub(crate) async fn open(file: &Path, keys: &Arc<Keys>) -> Self {
        let ca = ca::Ca::open(file, keys).await;
        let seams = Seams::over(ca.store.clone(), keys.clone(), ca.queue.clone(), Arc::new(()), ca.clock.clone());
        let settings = Settings { certificates_per_slice: 2, ..Settings::default() };
        Self { operator: Arc::new(Parts::beside(&ca.parts, seams, &settings)), ca }
    }

    pub(crate) fn initial_profiles(&self) -> InitialProfiles {
        InitialProfiles::new(self.operator.profiles.clone(), self.store.clone(), self.store.clone())
    }

    pub(crate) fn secrets(&self) -> ExternalAccountSecrets {
        ExternalAccountSecrets::new(self.store.clone(), self.clock.clone())
    }
}

/// The verbs that have the root sign.
pub(crate) fn ceremonies(parts: &Parts) -> &Ceremonies {
    match &parts.ceremonies {
        CeremonyPlace::Here(ceremonies) => ceremonies,
        CeremonyPlace::Function(name) => panic!("{name} performs the ceremonies"),
    }
}

impl Deref for Ca {
    type Target = ca::Ca;

    fn deref(&self) -> &ca::Ca {
        &self.ca
    }
}

impl DerefMut for Ca {
    fn deref_mut(&mut self) -> &mut ca::Ca {
        &mut self.ca
    }
}
