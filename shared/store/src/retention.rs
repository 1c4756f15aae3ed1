//! How long what is remembered (in every engine the same).

use acme::{Authorization, Order, OrderState};
use jiff::{SignedDuration, Timestamp};

use crate::CertificateRecord;

/// For how long records are kept after they have served.
///
/// Accounts, their keys, profiles, issuers, secrets and blocked keys are kept for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Orders without a certificate, and authorizations, after their end.
    pub unfinished: SignedDuration,
    /// Certificates and their orders, after the certificate's notAfter.
    pub certificates: SignedDuration,
}

impl Default for Retention {
    /// Seven days and one year.
    fn default() -> Self {
        Self { unfinished: SignedDuration::from_hours(7 * 24), certificates: SignedDuration::from_hours(365 * 24) }
    }
}

impl Retention {
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
}

fn later(end: Timestamp, by: SignedDuration) -> Timestamp {
    end.checked_add(by).unwrap_or(Timestamp::MAX)
}
