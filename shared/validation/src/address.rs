//! The rule for outbound connections: which addresses may be contacted.
//!
//! Others choose the names that are validated and the redirects that are followed. Without this
//! rule, they could make the validator connect to the network behind it. The rule is a table
//! (`registry`): the first block that contains the address decides.
//!
//! **Invariant:** an address that the table marks as never is never contacted, whatever a profile
//! allows, and no form of an IPv4 address inside an IPv6 address bypasses the rule for IPv4.

mod registry;

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;

use self::registry::{Block, Contact};

/// The rule, with the networks that a profile allows.
#[derive(Clone, Copy, Debug, Default)]
pub struct AddressRules<'a> {
    allowed: &'a [IpNet],
}

impl<'a> AddressRules<'a> {
    /// Permits public addresses, and of the special-purpose addresses those in the `allowed`
    /// networks.
    ///
    /// Loopback addresses must be allowed by a network of their own: a larger network that contains
    /// them, such as `0.0.0.0/0`, does not allow them.
    pub fn new(allowed: &'a [IpNet]) -> Self {
        Self { allowed }
    }

    /// Checks whether `address` may be contacted.
    pub fn check(&self, address: IpAddr) -> Result<(), ForbiddenAddress> {
        if let Some(embedded) = well_known_nat64(address) {
            // RFC 6052 §3.1: this prefix must not be used with an address that is not global.
            return AddressRules::default().check(IpAddr::V4(embedded)).map_err(|inner| ForbiddenAddress {
                address,
                ground: Ground::BehindNat64,
                ..inner
            });
        }
        match registry::block_of(address) {
            Some(block) if !self.allows(address, block) => {
                let ground = if block.contact == Contact::Never { Ground::Never } else { Ground::NotAllowed };
                Err(ForbiddenAddress { address, block, ground })
            }
            _ => Ok(()),
        }
    }

    fn allows(&self, address: IpAddr, block: &Block) -> bool {
        let mut holding = self.allowed.iter().filter(|network| network.contains(&address));
        match block.contact {
            Contact::Never => false,
            Contact::ByName => holding.any(|network| block.network.contains(network)),
            Contact::IfAllowed => holding.next().is_some(),
        }
    }
}

/// An address that may not be contacted, and the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{address} {} {} ({}), which {}", .ground.relation(), .block.network, .block.purpose, .ground.refusal())]
pub struct ForbiddenAddress {
    address: IpAddr,
    block: &'static Block,
    ground: Ground,
}

impl ForbiddenAddress {
    /// Whether a profile can allow it.
    pub fn could_be_allowed(&self) -> bool {
        self.ground == Ground::NotAllowed
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ground {
    BehindNat64,
    Never,
    NotAllowed,
}

impl Ground {
    fn relation(self) -> &'static str {
        match self {
            Self::BehindNat64 => "contains an address of",
            Self::Never | Self::NotAllowed => "belongs to",
        }
    }

    fn refusal(self) -> &'static str {
        match self {
            Self::BehindNat64 => "is never contacted through NAT64",
            Self::Never => "is never contacted",
            Self::NotAllowed => "the profile does not allow",
        }
    }
}

/// The IPv4 address in an address of 64:ff9b::/96, the NAT64 prefix used on networks without IPv4.
/// There, DNS64 makes such an address for every name that only has IPv4.
fn well_known_nat64(address: IpAddr) -> Option<Ipv4Addr> {
    match address {
        IpAddr::V6(v6) => match v6.octets() {
            [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, a, b, c, d] => Some(Ipv4Addr::new(a, b, c, d)),
            _ => None,
        },
        IpAddr::V4(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use proptest::prelude::*;

    use super::*;

    const EVERYTHING: [&str; 4] = ["0.0.0.0/0", "::/0", "127.0.0.0/8", "::1/128"];

    fn networks(texts: &[&str]) -> Vec<IpNet> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn is_allowed(address: &str, allowed: &[&str]) -> bool {
        AddressRules::new(&networks(allowed)).check(address.parse().unwrap()).is_ok()
    }

    #[test]
    fn public_addresses_need_no_permission() {
        for address in
            ["1.1.1.1", "8.8.8.8", "93.184.216.34", "172.15.255.255", "172.32.0.0", "2606:4700::1111", "2a00:1450::1"]
        {
            assert!(is_allowed(address, &[]), "{address}");
        }
    }

    #[test]
    fn threat_13_special_purpose_addresses_need_permission() {
        for address in [
            "10.0.0.1",
            "100.64.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.9",
            "192.0.2.1",
            "192.31.196.1",
            "192.52.193.1",
            "192.88.99.1",
            "192.168.1.1",
            "192.175.48.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "240.0.0.1",
            "100::1",
            "100:0:0:1::1",
            "2001:2::1",
            "2001:db8::1",
            "2620:4f:8000::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd12:3456::1",
            "fec0::1",
            "4000::1",
            "a000::1",
            "1234::1",
        ] {
            assert!(!is_allowed(address, &[]), "{address} without permission");
            assert!(is_allowed(address, &EVERYTHING), "{address} with permission");
        }
        assert!(is_allowed("10.1.2.3", &["10.1.0.0/16"]));
        assert!(!is_allowed("10.2.2.3", &["10.1.0.0/16"]));
    }

    #[test]
    fn threat_13_some_addresses_are_never_contacted() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "169.254.169.254",
            "169.254.170.2",
            "100.100.100.200",
            "168.63.129.16",
            "192.0.0.192",
            "224.0.0.1",
            "239.255.255.255",
            "255.255.255.255",
            "::",
            "fe80::1",
            "febf::1",
            "ff02::1",
            "fd00:ec2::254",
            "fd20:ce::254",
            "fd00:c1::a9fe:a9fe",
            "fd00:42::42",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "::127.0.0.1",
            "::ffff:0:127.0.0.1",
            "64:ff9b::127.0.0.1",
            "64:ff9b::169.254.169.254",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2001:0:808:808::1",
        ] {
            assert!(!is_allowed(address, &EVERYTHING), "{address}");
        }
    }

    #[test]
    fn loopback_has_to_be_allowed_by_name() {
        for address in ["127.0.0.1", "127.255.255.254", "::1"] {
            assert!(!is_allowed(address, &[]), "{address}");
            assert!(!is_allowed(address, &["0.0.0.0/0", "::/0"]), "{address}");
            assert!(is_allowed(address, &["127.0.0.0/8", "::1/128"]), "{address}");
        }
        assert!(is_allowed("127.0.0.1", &["127.0.0.1/32"]));
    }

    #[test]
    fn nat64_of_a_public_address_is_public() {
        assert!(is_allowed("64:ff9b::8.8.8.8", &[]));
    }

    #[test]
    fn a_refusal_names_the_block_and_what_could_be_done() {
        let refused = |text: &str| AddressRules::default().check(text.parse().unwrap()).unwrap_err();
        assert_eq!(
            refused("10.0.0.1").to_string(),
            "10.0.0.1 belongs to 10.0.0.0/8 (private use, RFC 1918), which the profile does not allow"
        );
        assert_eq!(
            refused("169.254.169.254").to_string(),
            "169.254.169.254 belongs to 169.254.0.0/16 (link-local, RFC 3927), which is never contacted"
        );
        assert_eq!(
            refused("64:ff9b::10.0.0.1").to_string(),
            "64:ff9b::a00:1 contains an address of 10.0.0.0/8 (private use, RFC 1918), which is never contacted through NAT64"
        );
        let could_be =
            ["10.0.0.1", "169.254.169.254", "64:ff9b::10.0.0.1"].map(|text| refused(text).could_be_allowed());
        assert_eq!(could_be, [true, false, false]);
    }

    /// Every IPv6 form that leads to an IPv4 address in some network.
    fn embedded_forms(v4: Ipv4Addr) -> Vec<Ipv6Addr> {
        let [a, b, c, d] = v4.octets();
        let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        vec![
            Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, high, low),
            Ipv6Addr::new(0, 0, 0, 0, 0, 0, high, low),
            Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, high, low),
            Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, high, low),
            Ipv6Addr::new(0x64, 0xff9b, 1, high, low >> 8, low << 8, 0, 0),
            Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1),
            Ipv6Addr::new(0x2001, 0, high, low, 0, 0, 0, 0),
            Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, !high, !low),
        ]
    }

    proptest! {
        #[test]
        fn threat_13_no_embedded_form_bypasses_the_rule(v4: Ipv4Addr) {
            let everything = networks(&EVERYTHING);
            let rules = AddressRules::new(&everything);
            for form in embedded_forms(v4) {
                // ::1 is the loopback address itself, not an embedded 0.0.0.1.
                prop_assert!(rules.check(form.into()).is_err() || form == Ipv6Addr::LOCALHOST, "{form}");
            }
            let [a, b, c, d] = v4.octets().map(u16::from);
            let nat64 = Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, a << 8 | b, c << 8 | d);
            prop_assert_eq!(
                rules.check(nat64.into()).is_ok(),
                AddressRules::default().check(v4.into()).is_ok(),
                "{}", nat64
            );
        }

        #[test]
        fn permission_only_ever_adds(address: std::net::IpAddr) {
            let everything = networks(&EVERYTHING);
            let with = AddressRules::new(&everything).check(address);
            prop_assert!(AddressRules::default().check(address).is_err() || with.is_ok());
        }
    }
}
