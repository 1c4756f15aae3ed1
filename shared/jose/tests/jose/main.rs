//! The crate from outside: the vectors of the RFCs, every fault of a JWS, the rules for keys, and a
//! comparison of the two cryptographic libraries.

#[cfg(test)]
mod external_account;
#[cfg(test)]
mod jws_faults;
#[cfg(test)]
mod key_rules;
#[cfg(test)]
mod rfc_vectors;
#[cfg(test)]
mod signatures;
#[cfg(test)]
mod signer;
#[cfg(test)]
mod weak_keys;
#[cfg(test)]
mod wycheproof;
