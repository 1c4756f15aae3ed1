//! A certificate through the whole protocol.
