//! Fuzzes the reader of what a resolver answers. A message without the digest must not validate
//! anything, and no address leads into the network of the CA.
#![no_main]

use std::{net::IpAddr, sync::LazyLock};

use acme::{ChallengeToken, ChallengeType, Identifier, KeyAuthorization};
use validation::{Probe, Rules};

static PROBE: LazyLock<Probe> = LazyLock::new(probe);

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let Some((is_valid, candidates)) = validation::fuzzing::dns_answer(octets, &PROBE) else { return };
    if is_valid {
        // The strings of one record may cut the digest anywhere.
        let mut rest = octets.iter();
        let shown = PROBE.key_authorization.dns_value().bytes().all(|wanted| rest.any(|octet| *octet == wanted));
        assert!(shown, "the digest is not there");
    }
    assert!(candidates.len() <= 2, "at most one of each family");
    assert!(candidates.into_iter().all(is_outside), "an address of this network is contacted");
});

/// Says it in other words than the code does.
fn is_outside(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            let is_shared = a == 100 && b & 0xc0 == 64;
            !(v4.is_loopback() || v4.is_private() || v4.is_link_local() || v4.is_multicast())
                && !(v4.is_broadcast() || a == 0 || is_shared)
        }
        IpAddr::V6(v6) => {
            !(v6.is_loopback() || v6.is_unspecified() || v6.is_multicast())
                && !(v6.is_unique_local() || v6.is_unicast_link_local())
                && v6.to_ipv4_mapped().is_none()
        }
    }
}

/// What is looked for.
fn probe() -> Probe {
    let token = ChallengeToken::from_random([7; 32]);
    let thumbprint = "paWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaU".parse().expect("a thumbprint");
    Probe {
        challenge: ChallengeType::Dns01,
        identifier: Identifier::Dns("a.test".parse().expect("a name")),
        key_authorization: KeyAuthorization::new(&token, &thumbprint),
        token,
        rules: Rules::default(),
        caa: None,
    }
}
