//! How long records are kept, in every engine alike.

use acme::{Account, Authorization, Order, OrderState};
use jiff::{SignedDuration, Timestamp};

use crate::{
    CertificateRecord, CrlRecord, ExpiryWatch, ExternalAccountKey, ExternalAccountSecret, Incident, LimitWindow,
    NonceSecrets, Proof, RevokedCertificate,
};

/// How long records are kept after they are no longer needed.
///
/// Accounts that have ordered, their keys, profiles and issuers are kept for ever. An engine in
/// which all other items expire gives CRLs, secrets and blocked keys an expiry long after their
/// last use. Other engines may keep these for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// How long orders without a certificate, and authorizations, are kept after they expire.
    pub unfinished: SignedDuration,
    /// How long certificates and their orders are kept after the certificate's `notAfter`.
    pub certificates: SignedDuration,
}

impl Default for Retention {
    /// Seven days and one year.
    fn default() -> Self {
        Self { unfinished: SignedDuration::from_hours(7 * 24), certificates: SignedDuration::from_hours(365 * 24) }
    }
}

impl Retention {
    /// Until when an account and its entry in the index of keys are kept; `None` means for ever.
    pub fn of_account(&self, account: &Account) -> Option<Timestamp> {
        account.kept_until()
    }

    /// Until when an order is kept.
    pub fn of_order(&self, order: &Order) -> Timestamp {
        match &order.state {
            OrderState::Open | OrderState::Invalid(_) => later(order.expires_at, self.unfinished),
            OrderState::Processing(issuance) | OrderState::Valid(issuance) => {
                later(issuance.not_after, self.certificates)
            }
        }
    }

    /// Until when an authorization is kept.
    pub fn of_authorization(&self, authorization: &Authorization) -> Timestamp {
        later(authorization.expires_at, self.unfinished)
    }

    /// Until when a certificate is kept.
    pub fn of_certificate(&self, certificate: &CertificateRecord) -> Timestamp {
        later(certificate.not_after, self.certificates)
    }

    /// Until when a proof is kept: as long as its authorization.
    pub fn of_proof(&self, proof: &Proof) -> Timestamp {
        later(proof.expires_at, self.unfinished)
    }

    /// Until when an entry of CRLs is kept. However short the retention of certificates is, the
    /// entry stays on one CRL after the end of its certificate (RFC 5280 §3.3).
    pub fn of_revoked(&self, revoked: &RevokedCertificate) -> Timestamp {
        later(revoked.not_after, self.certificates.max(ONE_CRL))
    }

    /// Until when a CRL is kept. Its number must be known when the next CRL is created, so it
    /// outlasts every pause after which the same issuer could continue.
    pub fn of_crl(&self, crl: &CrlRecord) -> Timestamp {
        later(crl.next_update, TWO_YEARS)
    }

    /// Until when a blocked key is kept that was blocked `at`.
    pub fn of_blocked_key(&self, at: Timestamp) -> Timestamp {
        later(at, TWENTY_YEARS)
    }

    /// Until when an external account key is kept: a key that has bound accounts records to whom
    /// they belong; a key that was never used is of no use after its expiry.
    pub fn of_external_account_key(&self, key: &ExternalAccountKey) -> Timestamp {
        match key.accounts {
            0 => later(key.expires_at, self.unfinished),
            _ => later(key.expires_at, TWENTY_YEARS),
        }
    }

    /// Until when an audit record is kept of what was done `at`.
    pub fn of_audit(&self, at: Timestamp) -> Timestamp {
        later(at, TEN_YEARS)
    }

    /// Until when an incident is kept: a year after its end.
    pub fn of_incident(&self, incident: &Incident) -> Timestamp {
        match incident.ended_at {
            Some(end) => later(end, A_YEAR),
            None => later(incident.declared_at, TWENTY_YEARS),
        }
    }

    /// Until when a counter of a limit is kept: one window longer than it counts.
    pub fn of_limit(&self, window: &LimitWindow) -> Timestamp {
        later(window.ends_at(), window.length)
    }

    /// Until when the secret of external accounts is kept.
    pub fn of_external_account_secret(&self, secret: &ExternalAccountSecret) -> Timestamp {
        later(secret.made_at, TWENTY_YEARS)
    }

    /// Until when the position of the expiry watch is kept. It moves every hour; after a longer
    /// pause the watch starts again.
    pub fn of_expiry_watch(&self, watch: &ExpiryWatch) -> Timestamp {
        later(watch.until, FOUR_HUNDRED_DAYS)
    }

    /// Until when the nonce secrets are kept. They are replaced every day; after a longer pause
    /// of the CA they are of no use.
    pub fn of_nonce_secrets(&self, secrets: &NonceSecrets) -> Timestamp {
        let newest = secrets.live.iter().map(|secret| secret.made_at).max();
        later(newest.unwrap_or(Timestamp::UNIX_EPOCH), FOUR_HUNDRED_DAYS)
    }
}

fn later(end: Timestamp, by: SignedDuration) -> Timestamp {
    end.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// Much longer than the lifetime of one CRL.
const ONE_CRL: SignedDuration = SignedDuration::from_hours(60 * 24);
const FOUR_HUNDRED_DAYS: SignedDuration = SignedDuration::from_hours(400 * 24);
const TWO_YEARS: SignedDuration = SignedDuration::from_hours(2 * 366 * 24);
const A_YEAR: SignedDuration = SignedDuration::from_hours(366 * 24);
const TEN_YEARS: SignedDuration = SignedDuration::from_hours(10 * 366 * 24);
const TWENTY_YEARS: SignedDuration = SignedDuration::from_hours(20 * 366 * 24);

#[cfg(test)]
mod tests {
    use acme::RevocationReason;

    use super::*;

    #[test]
    fn an_entry_is_on_a_crl_after_its_certificate_however_short_certificates_are_kept() {
        let retention = Retention { certificates: SignedDuration::ZERO, ..Retention::default() };
        let end = Timestamp::from_second(1_700_000_000).unwrap();
        let revoked = RevokedCertificate {
            serial: ca::new_serial([1; 16]),
            at: end,
            reason: RevocationReason::Superseded,
            not_after: end,
            raised_at: None,
        };
        let a_week = SignedDuration::from_hours(7 * 24);
        assert!(retention.of_revoked(&revoked).duration_since(end) > a_week * 2);
        assert!(Retention::default().of_revoked(&revoked) > retention.of_revoked(&revoked));
    }

    #[test]
    fn what_would_end_after_all_time_ends_with_it() {
        assert_eq!(Retention::default().of_blocked_key(Timestamp::MAX), Timestamp::MAX);
    }
}
