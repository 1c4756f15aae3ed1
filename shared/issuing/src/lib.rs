//! What makes certificates and CRLs.
//!
//! Each part is constructed from the stores and seams that it uses and from no others, so its constructor says what it can
//! do: [`Issuers`] read, [`Issuance`] signs certificates, [`Crls`] signs CRLs and publishes them, [`CrlRequests`] only asks
//! for them, [`Ceremony`] has the root sign. A process constructs each part once and shares it: their caches are theirs.

mod ceremony;
mod crl;
mod crl_request;
mod error;
mod host_certificate;
mod issuance;
mod issuer;
mod issuer_file;
mod status_url;
mod validity;

pub use ceremony::{BACKDATE, Ceremony, Hierarchy, IssuerPlan};
pub use crl::Crls;
pub use crl_request::CrlRequests;
pub use error::Error;
pub use host_certificate::{HostCertificate, HostCertificates};
pub use issuance::{Intention, Issuance, Resumption};
pub use issuer::{Issuers, LoadedIssuer};
pub use issuer_file::IssuerFiles;
pub use status_url::StatusUrl;
pub use validity::{RequestedValidity, Validities, ValidityPeriod, ValidityRefusal};
