//! What the root signs for operators: further issuing CAs, their roll-over, and the CRL that lists
//! a revoked one.
//!
//! The acts are those of the admin function's package. On AWS this function alone performs them,
//! because its role and that of `bootstrap` are the only ones with the right to the root's key. In
//! one process there is no such function.

#[cfg(feature = "lambda")]
pub mod lambda;
