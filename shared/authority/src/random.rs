//! Randomness from the operating system's generator, by way of the cryptography library.

use crate::Failure;

/// Generates `N` random bytes.
///
/// # Errors
/// [`Failure::Randomness`] when the generator fails; nothing may go on without it.
pub fn random<const N: usize>() -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Failure::Randomness)?;
    Ok(bytes)
}
