//! Tests over several rooms of this crate, most of them against the `openssl` command line: what we
//! build must be what others read.

mod authorities;
mod below;
mod crl;
mod csr;
mod leaf;
mod openssl;
mod property;

pub(crate) use authorities::{Authorities, SoftwareSigner, at, identifiers, public_key, serial};
