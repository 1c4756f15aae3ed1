//! The part of this crate that the fuzz targets use beyond what is public. It is built under
//! `cfg(fuzzing)` only.

/// When a text that has the form of a nonce says that it was made, in seconds since 1970.
pub fn nonce(text: &str) -> Option<i64> {
    crate::nonce::stated_time(text)
}
