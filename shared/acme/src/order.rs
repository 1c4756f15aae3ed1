//! Orders (RFC 8555 §7.1.3): a request for one certificate, and its state.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    AccountId, Authorization, AuthorizationId, AuthorizationStatus, CertificateId, DirectoryId, Identifier,
    IdentifierObject, OrderId, Problem, ProblemType, ProfileName, Subproblem, TransitionError, Urls,
};

/// An order, as the CA keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The id, which is also in the URLs of the order and of its certificate.
    pub id: OrderId,
    /// The account that ordered.
    pub account: AccountId,
    /// The directory of the account.
    pub directory: DirectoryId,
    /// The identifiers, without repetition, in the order in which the client gave them.
    pub identifiers: Vec<Identifier>,
    /// One authorization for each identifier, in the same order.
    pub authorizations: Vec<AuthorizationId>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it expires unless it is finalized before.
    pub expires_at: Timestamp,
    /// The start of validity that the client requested.
    pub not_before: Option<Timestamp>,
    /// The end of validity that the client requested.
    pub not_after: Option<Timestamp>,
    /// The profile that the client requested (profiles extension); `None` for the default.
    pub profile: Option<String>,
    /// The certificate that the new one is to replace (RFC 9773 §5).
    pub replaces: Option<CertificateId>,
    /// Whether it renews a certificate, so that limits on rates exempt it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_renewal: bool,
    /// The state, as far as it is stored; [`Order::status`] adds what follows from the
    /// authorizations.
    pub state: OrderState,
}

/// The stored state of an order. `pending`, `ready` and expiry are not stored: they follow from the
/// authorizations and the clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OrderState {
    /// It has not been finalized.
    Open,
    /// It was finalized; the certificate is being issued.
    Processing(Issuance),
    /// The certificate was issued.
    Valid(Issuance),
    /// It will never have a certificate, for the reason in the problem.
    Invalid(Problem),
}

/// The issuance of an order; there is only one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issuance {
    /// The id of the certificate that is being issued or was issued.
    pub certificate: CertificateId,
    /// SHA-256 of the certificate request, which tells a repeated request from a different one.
    #[serde(with = "jose::base64url")]
    pub csr_digest: Vec<u8>,
    /// When the order was finalized.
    pub began_at: Timestamp,
    /// The end of validity of the certificate, which decides how long the order is kept.
    pub not_after: Timestamp,
    /// The RA Profile that decided what stands in the certificate, whose record keeps it once it is
    /// issued; `None` where an earlier version wrote the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ra_profile: Option<ProfileName>,
}

/// The events that change an order.
#[derive(Clone, Debug)]
pub enum OrderEvent {
    /// The client finalized it, and the serial number of its certificate is decided.
    IssuanceBegan(Issuance),
    /// The certificate was signed and stored.
    Issued,
    /// It cannot be completed.
    Failed(Problem),
}

impl Order {
    /// The status at `now`, given all authorizations of the order.
    ///
    /// It is ready only if each of them is present and valid (N3); a missing one counts as not
    /// valid.
    pub fn status(&self, authorizations: &[Authorization], now: Timestamp) -> OrderStatus {
        match &self.state {
            OrderState::Invalid(_) => OrderStatus::Invalid,
            OrderState::Processing(_) => OrderStatus::Processing,
            OrderState::Valid(_) => OrderStatus::Valid,
            OrderState::Open if self.expires_at <= now => OrderStatus::Invalid,
            OrderState::Open => {
                let statuses = self.authorizations.iter().map(|id| {
                    let found = authorizations.iter().find(|authorization| authorization.id == *id);
                    found.map(|authorization| authorization.status(now))
                });
                statuses.fold(OrderStatus::Ready, |order, authorization| match (order, authorization) {
                    (OrderStatus::Invalid, _) => OrderStatus::Invalid,
                    (order, Some(AuthorizationStatus::Valid)) => order,
                    (_, Some(AuthorizationStatus::Pending)) => OrderStatus::Pending,
                    _ => OrderStatus::Invalid,
                })
            }
        }
    }

    /// The problem that made the order invalid; `None` unless it is invalid at `now`.
    pub fn error(&self, authorizations: &[Authorization], now: Timestamp) -> Option<Problem> {
        match &self.state {
            OrderState::Invalid(problem) => return Some(problem.clone()),
            OrderState::Open if self.status(authorizations, now) == OrderStatus::Invalid => {}
            _ => return None,
        }
        let failed: Vec<Subproblem> = self
            .authorizations
            .iter()
            .filter_map(|id| authorizations.iter().find(|authorization| authorization.id == *id))
            .filter_map(|authorization| authorization_failure(authorization, now))
            .collect();
        if failed.is_empty() {
            let detail = "The order expired before it was finalized. Create a new order.";
            return Some(Problem::new(ProblemType::Malformed, detail));
        }
        Some(Problem::of_names(failed, "Some identifiers could not be authorized; see the subproblems."))
    }

    /// The issuance, once the order was finalized.
    pub fn issuance(&self) -> Option<&Issuance> {
        match &self.state {
            OrderState::Processing(issuance) | OrderState::Valid(issuance) => Some(issuance),
            OrderState::Open | OrderState::Invalid(_) => None,
        }
    }

    /// The order after `event`.
    ///
    /// # Errors
    /// The present state does not allow the event. Whether an open order is ready is not checked
    /// here: the caller that starts an issuance has the evidence for it.
    pub fn transition(&self, event: OrderEvent) -> Result<Self, TransitionError> {
        let state = match (&self.state, event) {
            (OrderState::Open, OrderEvent::IssuanceBegan(issuance)) => OrderState::Processing(issuance),
            (OrderState::Processing(issuance), OrderEvent::Issued) => OrderState::Valid(issuance.clone()),
            (OrderState::Open | OrderState::Processing(_), OrderEvent::Failed(problem)) => OrderState::Invalid(problem),
            (state, event) => {
                return Err(TransitionError { object: "order", state: state.name(), event: event.name() });
            }
        };
        Ok(Self { state, ..self.clone() })
    }

    /// The order object at `now` (RFC 8555 §7.1.3).
    pub fn object(&self, urls: &Urls, authorizations: &[Authorization], now: Timestamp) -> OrderObject {
        let status = self.status(authorizations, now);
        let at = &self.directory;
        OrderObject {
            status,
            expires: self.expires_at,
            identifiers: self.identifiers.clone(),
            not_before: self.not_before,
            not_after: self.not_after,
            error: self.error(authorizations, now),
            authorizations: self.authorizations.iter().map(|id| urls.authorization(at, *id)).collect(),
            finalize: urls.finalize(at, self.id),
            certificate: (status == OrderStatus::Valid).then(|| urls.certificate(at, self.id)),
            profile: self.profile.clone(),
            replaces: self.replaces.clone(),
        }
    }
}

impl OrderState {
    fn name(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Processing(_) => "processing",
            Self::Valid(_) => "valid",
            Self::Invalid(_) => "invalid",
        }
    }
}

impl OrderEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::IssuanceBegan(_) => "an issuance",
            Self::Issued => "a certificate",
            Self::Failed(_) => "a failure",
        }
    }
}

/// The statuses of an order (RFC 8555 §7.1.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OrderStatus {
    /// Not all authorizations are valid yet.
    Pending,
    /// All authorizations are valid; the order can be finalized.
    Ready,
    /// The certificate is being issued.
    Processing,
    /// The certificate was issued.
    Valid,
    /// It will never have a certificate.
    Invalid,
}

/// The order object of RFC 8555 §7.1.3.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderObject {
    /// The status at the time of the request.
    pub status: OrderStatus,
    /// When the order expires.
    pub expires: Timestamp,
    /// The identifiers that the client ordered.
    pub identifiers: Vec<Identifier>,
    /// The start of validity that the client requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// The end of validity that the client requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_after: Option<Timestamp>,
    /// The problem that made the order invalid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Problem>,
    /// The URLs of the authorizations, one for each identifier.
    pub authorizations: Vec<String>,
    /// The URL to which the client POSTs its certificate request.
    pub finalize: String,
    /// The URL of the certificate; absent unless the order is valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// The profile that the client requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The certificate that the client wants to replace (RFC 9773 §5).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaces: Option<CertificateId>,
}

/// The orders list of RFC 8555 §7.1.2.1.
#[derive(Clone, Debug, Serialize)]
pub struct OrdersObject {
    /// URLs of orders, newest first.
    pub orders: Vec<String>,
}

/// The payload of a new order (RFC 8555 §7.4, RFC 9773 §5, profiles extension).
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewOrder {
    /// The identifiers to certify.
    pub identifiers: Vec<IdentifierObject>,
    /// The requested start of validity.
    pub not_before: Option<Timestamp>,
    /// The requested end of validity.
    pub not_after: Option<Timestamp>,
    /// The id of the certificate to replace (RFC 9773 §5).
    pub replaces: Option<String>,
    /// One of the names in the directory's `meta.profiles`.
    pub profile: Option<String>,
}

/// The payload of a finalize request (RFC 8555 §7.4).
#[derive(Clone, Debug, Deserialize)]
pub struct Finalization {
    /// The certificate request: base64url of its DER.
    pub csr: String,
}

fn authorization_failure(authorization: &Authorization, now: Timestamp) -> Option<Subproblem> {
    let name = authorization.identifier.clone();
    match authorization.status(now) {
        AuthorizationStatus::Pending | AuthorizationStatus::Valid => None,
        AuthorizationStatus::Invalid => {
            let error = authorization.error(now)?;
            Some(Subproblem::new(error.r#type, error.detail, name))
        }
        AuthorizationStatus::Deactivated => {
            Some(Subproblem::new(ProblemType::Unauthorized, "The authorization was deactivated.", name))
        }
        AuthorizationStatus::Expired => {
            Some(Subproblem::new(ProblemType::Unauthorized, "The authorization expired.", name))
        }
    }
}
