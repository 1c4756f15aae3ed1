//! Tests of several modules of this crate together, most of them against the `openssl` command
//! line: others must be able to read what this CA builds.

mod authorities;
mod below;
mod crl;
mod csr;
mod leaf;
mod openssl;
mod property;
mod statement;
mod wycheproof;

pub(crate) use authorities::{Authorities, SoftwareSigner, at, identifiers, public_key, serial};
