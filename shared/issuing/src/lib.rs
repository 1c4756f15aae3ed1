//! Issuing: creates and signs certificates and CRLs.
//!
//! Each part is constructed from the stores and seams that it uses and from no others, so its
//! constructor shows what it can do: [`Issuers`] read, [`Issuance`] signs certificates, [`Crls`]
//! signs CRLs and publishes them, [`CrlRequests`] only requests them, [`Lives`] measures what is
//! left of their lives, [`Sealing`] signs what was written, [`Ceremony`] signs with the root. A
//! process constructs each part once and shares it, because each part has its own cache.

mod ceremony;
mod clearance;
mod crl;
mod crl_request;
mod error;
mod host_certificate;
mod issuance;
mod issuer;
mod issuer_file;
mod life;
mod sealing;
mod status_url;
mod validity;

pub use ceremony::{BACKDATE, Ceremony, Hierarchy, IssuerPlan};
pub use clearance::Clearance;
pub use crl::Crls;
pub use crl_request::CrlRequests;
pub use error::Error;
pub use host_certificate::{HostCertificate, HostCertificates};
pub use issuance::{Intended, Intention, Issuance, Resumption};
pub use issuer::{Issuers, LoadedIssuer};
pub use issuer_file::IssuerFiles;
pub use life::{LeastLife, Lives};
pub use sealing::Sealing;
pub use status_url::StatusUrl;
pub use validity::{RequestedValidity, Validities, ValidityPeriod, ValidityRefusal};
