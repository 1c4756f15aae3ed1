//! Whether the host can do its work: write, sign, and show relying parties good CRLs.

use std::{sync::Arc, time::Duration};

use authority::OnceAMinute;
use operator::IssuerStatus;
use store::{IssuerRole, IssuerState, embedded::EmbeddedStore};
use tokio::{
    sync::Mutex,
    time::{self, Instant},
};

/// Answers from memory for some seconds, because anyone may ask and each look costs a write and
/// signatures.
pub(crate) struct Readiness {
    store: Arc<EmbeddedStore>,
    operator: Arc<operator::Parts>,
    last: Mutex<Option<(Instant, Vec<String>)>>,
    unwritten: OnceAMinute,
    unread: OnceAMinute,
    unsigned: OnceAMinute,
}

impl Readiness {
    pub(crate) fn new(store: Arc<EmbeddedStore>, operator: Arc<operator::Parts>) -> Self {
        let (unwritten, unread, unsigned) = (OnceAMinute::new(), OnceAMinute::new(), OnceAMinute::new());
        Self { store, operator, last: Mutex::default(), unwritten, unread, unsigned }
    }

    /// What does not work; nothing when all does. Causes are in the log and not in the texts, which
    /// anyone may read.
    pub(crate) async fn check(&self) -> Vec<String> {
        let mut last = self.last.lock().await;
        if let Some((at, faults)) = last.as_ref()
            && at.elapsed() < REMEMBERED
        {
            return faults.clone();
        }
        let faults = match time::timeout(PATIENCE, self.look()).await {
            Ok(faults) => faults,
            Err(_) => vec!["the checks did not end in time".to_owned()],
        };
        *last = Some((Instant::now(), faults.clone()));
        faults
    }

    async fn look(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if let Err(error) = self.store.check_writing().await {
            if let Some(times) = self.unwritten.happened() {
                tracing::error!(error = &error as &dyn std::error::Error, times, "not ready: the store cannot write");
            }
            faults.push("the store cannot write".to_owned());
        }
        let status = match self.operator.status_reports.report().await {
            Ok(status) => status,
            Err(error) => {
                if let Some(times) = self.unread.happened() {
                    let error = &error as &dyn std::error::Error;
                    tracing::error!(error, times, "not ready: the issuers cannot be read");
                }
                faults.push("the issuers cannot be read".to_owned());
                return faults;
            }
        };
        let mut usable = 0;
        for issuer in &status.issuers {
            if issuer.role == IssuerRole::Issuing && issuer.state == IssuerState::Active {
                match self.operator.ceremony.check_signing(&issuer.id).await {
                    Ok(()) => usable += 1,
                    Err(error) => {
                        if let Some(times) = self.unsigned.happened() {
                            let error = &error as &dyn std::error::Error;
                            tracing::warn!(issuer = %issuer.id, error, times, "issuers cannot sign");
                        }
                    }
                }
            }
            faults.extend(crls_are_good(issuer, status.time));
        }
        if usable == 0 {
            faults.push("no issuer can sign".to_owned());
        }
        faults
    }
}

/// Relying parties refuse everything of an issuer whose CRL has ended or has not begun.
fn crls_are_good(issuer: &IssuerStatus, now: jiff::Timestamp) -> Vec<String> {
    if issuer.not_after.is_none_or(|end| end <= now) {
        return Vec::new();
    }
    let good = |from: Option<jiff::Timestamp>, to: Option<jiff::Timestamp>| {
        from.is_some_and(|from| from <= now) && to.is_some_and(|to| now < to)
    };
    let bad = issuer.crls.iter().filter(|crl| !good(crl.this_update, crl.next_update));
    bad.map(|crl| format!("CRL {} of issuer {} is not valid now", crl.shard, issuer.id)).collect()
}

const REMEMBERED: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests;
