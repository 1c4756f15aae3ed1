//! The weak keys with which other programs are tested, and keys beside them that are not weak.

use base64::{Engine, prelude::BASE64_STANDARD};
use jose::{KeyError, PublicKey, WeakKey};

/// A key of the file.
fn key(wanted: &str) -> Result<PublicKey, KeyError> {
    let lines = include_str!("weak_keys.txt").lines().filter_map(|line| line.split_once(' '));
    let (_, text) = lines.into_iter().find(|(name, _)| *name == wanted).unwrap();
    PublicKey::from_spki_der(&BASE64_STANDARD.decode(text).unwrap())
}

#[test]
fn threat_23_the_weak_keys_of_other_programs_are_refused_for_what_is_weak_in_them() {
    for (name, weakness) in [
        ("rsa-e1", WeakKey::Exponent),
        ("rsa-large-e", WeakKey::Exponent),
        ("rsa-small-d", WeakKey::Exponent),
        ("rsa-fermat-pkcs8", WeakKey::ClosePrimes),
        ("rsa-roca", WeakKey::Roca),
        ("pubkey03", WeakKey::Roca),
        ("cert04", WeakKey::Roca),
        ("cert05", WeakKey::Roca),
        ("rsa-smallfactors-corrupt", WeakKey::SmallFactor),
    ] {
        assert_eq!(key(name).unwrap_err(), KeyError::Weak(weakness), "{name}");
    }
}

/// Nothing can be seen in the first one, which a list has to name. The second one has the factor
/// 31337, and factors are looked for up to 751 (NIST SP 800-89 §5.3.3).
#[test]
fn keys_beside_them_are_accepted() {
    for name in ["rsa-debianweak", "rsa-smallfactors-valid", "rsa-ok", "pubkey01"] {
        assert_eq!(key(name).err(), None, "{name}");
    }
}

/// As badkeys computes it: SHA-256 of the number, without leading zeros.
#[test]
fn the_hash_of_a_key_is_that_of_its_number() {
    let hash = |key: &PublicKey| key.bkhash120().iter().map(|octet| format!("{octet:02x}")).collect::<String>();
    assert_eq!(hash(&key("rsa-debianweak").unwrap()), "31c152529eb033a010f8c272fd8d42");
}
