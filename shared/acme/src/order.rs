//! Orders (RFC 8555 §7.1.3): a request for one certificate and its way there.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    AccountId, Authorization, AuthorizationId, AuthorizationStatus, CertificateId, DirectoryId, Identifier,
    IdentifierObject, OrderId, Problem, ProblemType, Subproblem, TransitionError, Urls,
};

/// An order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// Whose it is.
    pub account: AccountId,
    /// The directory of the account.
    pub directory: DirectoryId,
    /// The names, each once, in the order in which the client gave them.
    pub identifiers: Vec<Identifier>,
    /// One authorization for each name, in the same order.
    pub authorizations: Vec<AuthorizationId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it can be finalized.
    pub expires_at: Timestamp,
    /// The begin of validity that the client asks for.
    pub not_before: Option<Timestamp>,
    /// The end of validity that the client asks for.
    pub not_after: Option<Timestamp>,
    /// The name in the profiles extension that the client asks for.
    pub profile: Option<String>,
    /// The certificate that the new one will replace (RFC 9773 §5).
    pub replaces: Option<CertificateId>,
    /// What was decided.
    pub state: OrderState,
}

/// What was decided about an order. `pending`, `ready` and expiry are not decisions: they follow from
/// the authorizations and the clock, so nobody has to write them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OrderState {
    /// Not finalized.
    Open,
    /// Finalized; the certificate is being made.
    Processing(Issuance),
    /// The certificate is there.
    Valid(Issuance),
    /// It will never have a certificate.
    Invalid(Problem),
}

/// The one issuance of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issuance {
    /// The certificate, intended or issued.
    pub certificate: CertificateId,
    /// SHA-256 of the certificate request, to tell the same request again from another.
    #[serde(with = "jose::base64url")]
    pub csr_digest: Vec<u8>,
    /// When it began.
    pub began_at: Timestamp,
    /// The end of validity of the certificate, until which the order is of interest.
    pub not_after: Timestamp,
}

/// What can happen to an order.
#[derive(Clone, Debug)]
pub enum OrderEvent {
    /// It is finalized; its certificate is intended.
    IssuanceBegan(Issuance),
    /// The certificate is signed and stored.
    Issued,
    /// It cannot be completed.
    Failed(Problem),
}

impl Order {
    /// The status at `now`, given all authorizations of the order.
    ///
    /// Ready only when every one of them is there and valid (N3): a missing one counts as not valid.
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

    /// Why the order is invalid at `now`; `None` when it is not.
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
        Some(Problem::of_names(failed, "Some names could not be authorized; see the subproblems."))
    }

    /// The issuance, once it began.
    pub fn issuance(&self) -> Option<&Issuance> {
        match &self.state {
            OrderState::Processing(issuance) | OrderState::Valid(issuance) => Some(issuance),
            OrderState::Open | OrderState::Invalid(_) => None,
        }
    }

    /// The order after `event`.
    ///
    /// # Errors
    /// When the present state does not allow the event. Whether an open order is ready is not known
    /// here; who begins an issuance holds the evidence for it.
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
    /// Names are still to be authorized.
    Pending,
    /// It can be finalized.
    Ready,
    /// The certificate is being made.
    Processing,
    /// The certificate is there.
    Valid,
    /// It will never have a certificate.
    Invalid,
}

/// The order object of RFC 8555 §7.1.3.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderObject {
    /// The status.
    pub status: OrderStatus,
    /// Until when it can be finalized.
    pub expires: Timestamp,
    /// The names.
    pub identifiers: Vec<Identifier>,
    /// As asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// As asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_after: Option<Timestamp>,
    /// Why it is invalid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Problem>,
    /// URLs, one for each name.
    pub authorizations: Vec<String>,
    /// Where the certificate request goes.
    pub finalize: String,
    /// Where the certificate is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// As asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// As asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaces: Option<CertificateId>,
}

/// The orders list of RFC 8555 §7.1.2.1.
#[derive(Clone, Debug, Serialize)]
pub struct OrdersObject {
    /// URLs, newest first.
    pub orders: Vec<String>,
}

/// The payload of a new order (RFC 8555 §7.4, RFC 9773 §5, profiles extension).
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewOrder {
    /// The names.
    pub identifiers: Vec<IdentifierObject>,
    /// Begin of validity.
    pub not_before: Option<Timestamp>,
    /// End of validity.
    pub not_after: Option<Timestamp>,
    /// The certificate to be replaced.
    pub replaces: Option<String>,
    /// A name out of the directory's `meta.profiles`.
    pub profile: Option<String>,
}

/// The payload of a finalize request (RFC 8555 §7.4).
#[derive(Clone, Debug, Deserialize)]
pub struct Finalization {
    /// The certificate request, base64url of its DER.
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
