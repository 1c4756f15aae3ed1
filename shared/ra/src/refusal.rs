//! Events about requests that a policy refused.

use std::sync::Arc;

use acme::{AccountId, DirectoryId, EventKind, RefusalFacts, RefusalReason};
use authority::{Clock, Events, RepeatFilter};
use jiff::SignedDuration;

use crate::{IdentifierRefusal, Refusal};

/// Emits events about requests that a policy refused.
pub struct Refusals {
    events: Events,
    clock: Arc<dyn Clock>,
    /// The refusals that were emitted recently, by directory, account and reason.
    emitted: RepeatFilter<(DirectoryId, Option<AccountId>, RefusalReason)>,
}

impl Refusals {
    /// Emits through these events. There is one for each process.
    pub fn new(events: Events, clock: Arc<dyn Clock>) -> Self {
        Self { events, clock, emitted: RepeatFilter::default() }
    }

    /// Emits that a policy refused a request, if that is what the refusal says. `account` is `None`
    /// for a request that no account made.
    pub fn report(&self, directory: &DirectoryId, account: Option<AccountId>, error: &Refusal) {
        let Some((reason, names, detail)) = refusal(error) else { return };
        let (directory, now) = (directory.clone(), self.clock.now());
        if let Some(untold) = self.emitted.admit((directory.clone(), account, reason), now, now + QUIET) {
            self.events.emit(EventKind::RequestRefused(RefusalFacts {
                directory,
                account,
                reason,
                names,
                detail,
                untold,
            }));
        }
    }
}

/// The policy that refused the request: its kind, the identifiers, and the reason. `None` for a
/// request that is merely invalid.
fn refusal(error: &Refusal) -> Option<(RefusalReason, Vec<String>, String)> {
    let reason = match error {
        Refusal::AccountEnded(_) => RefusalReason::AccountEnded,
        Refusal::ExternalAccountRequired | Refusal::ExternalAccountRefused(_) => RefusalReason::ExternalAccount,
        Refusal::KeyBlocked | Refusal::CertificateKey(_) => RefusalReason::Key,
        Refusal::TooManyIdentifiers(_) => RefusalReason::Names,
        Refusal::Identifiers(refused) => {
            let by_policy = refused.iter().filter(|(_, why)| !matches!(why, IdentifierRefusal::Malformed(_)));
            let by_policy = by_policy.take(MAX_NAMES).map(|(name, why)| (name.value.clone(), why));
            let (names, reasons): (Vec<_>, Vec<_>) = by_policy.unzip();
            let detail = reasons.first()?.to_string();
            return Some((RefusalReason::Names, names, detail));
        }
        _ => return None,
    };
    let detail = match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    };
    Some((reason, Vec::new(), detail))
}

/// The time in which a refusal of the same kind is not emitted again.
const QUIET: SignedDuration = SignedDuration::from_mins(1);

/// The maximum number of identifiers in the event about a refusal.
const MAX_NAMES: usize = 100;
