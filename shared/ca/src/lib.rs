//! What a CA signs: this crate parses certificate signing requests, and builds and lints
//! certificates and CRLs, has them signed through the [`Signer`] trait, assembles and verifies them
//! (RFC 2986, RFC 5280, RFC 9773).
//!
//! The steps to a leaf: [`Csr`] gives the public key and nothing else → [`Leaf::tbs`] builds the
//! [`TbsCertificate`] from the order, the profile and the evidence → [`TbsCertificate::lint`] gives
//! the [`LintedTbs`], whose bytes are stored before anything is signed → [`LintedTbs::sign`] has
//! exactly these bytes signed, and gives the [`Certificate`] only if the signature verifies.
//!
//! Invariants: no clock, no randomness, no network; times and serial numbers are arguments. This
//! crate never has a private key. No certificate can be signed that was not linted; what else the
//! key of a CA signs, a [`Statement`], cannot be taken for one.

mod assemble;
mod authority_request;
mod certificate;
mod chain;
mod crl;
mod csr;
mod distinguished_name;
mod evidence;
mod extension;
mod general_name;
mod hierarchy;
mod issuer;
mod key;
mod leaf;
mod lint;
mod name_constraints;
mod path;
mod profile;
mod raw;
mod serial;
mod signature;
mod signer;
mod statement;
mod tbs;
mod time;

pub use assemble::{AssembleError, IssueError};
pub use authority_request::{AuthorityRequest, AuthorityRequestError};
pub use certificate::{Certificate, CertificateError};
pub use chain::{Chain, ChainError};
pub use crl::{Crl, CrlEntry, CrlError, CrlTbs};
pub use csr::{Csr, CsrError};
pub use distinguished_name::{AuthorityName, AuthorityNameError};
pub use evidence::{AuthorizationEvidence, CaaEvidence, Evidence};
pub use general_name::NameError;
pub use hierarchy::{IssuingAuthority, Root};
pub use issuer::{Issuer, IssuerError};
pub use key::{CertificateKeyType, IssuerKeyType, UnknownKeyType};
pub use leaf::{BuildError, Leaf};
pub use lint::{LintError, LintFinding};
pub use name_constraints::{NameConstraints, NameConstraintsError, Subtree};
pub use path::{PathError, path};
pub use profile::{ExtendedKeyUsage, LeafExtensions, LeafProfile, Pointers, Policy, PolicyError, SubjectRule};
pub use serial::new_serial;
pub use signature::{Issued, Signature, SignatureAlgorithm, SignatureError};
pub use signer::{KeyHandle, SignError, Signer};
pub use statement::{Statement, StatementError};
pub use tbs::{LintedTbs, TbsCertificate};
pub use time::TimeError;

#[cfg(test)]
mod tests;
