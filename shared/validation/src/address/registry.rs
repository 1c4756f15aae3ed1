//! The special-purpose address blocks as data: the IANA registries "IPv4 Special-Purpose Address
//! Space" and "IPv6 Special-Purpose Address Space" (RFC 6890), the multicast blocks, the rest of
//! IPv6 that is not global unicast, and the addresses of the metadata services of clouds.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use self::Contact::{ByName, IfAllowed, Never};

/// A block of addresses with a special purpose.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// The addresses of the block.
    pub(super) network: IpNet,
    /// The purpose, and the document that defines it.
    pub(super) purpose: &'static str,
    /// When the addresses may be contacted.
    pub(super) contact: Contact,
}

/// When the addresses of a block may be contacted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Contact {
    /// Never, whatever a profile allows.
    Never,
    /// If the profile allows a network inside this block.
    ByName,
    /// If the profile allows a network that contains the address.
    IfAllowed,
}

/// The first block that contains `address`.
pub(super) fn block_of(address: IpAddr) -> Option<&'static Block> {
    let table = match address {
        IpAddr::V4(_) => IPV4,
        IpAddr::V6(_) => IPV6,
    };
    table.iter().find(|block| block.network.contains(&address))
}

const fn v4(address: [u8; 4], length: u8, contact: Contact, purpose: &'static str) -> Block {
    let [a, b, c, d] = address;
    Block { network: IpNet::new_assert(IpAddr::V4(Ipv4Addr::new(a, b, c, d)), length), purpose, contact }
}

const fn v6(address: [u16; 8], length: u8, contact: Contact, purpose: &'static str) -> Block {
    let [a, b, c, d, e, f, g, h] = address;
    Block { network: IpNet::new_assert(IpAddr::V6(Ipv6Addr::new(a, b, c, d, e, f, g, h)), length), purpose, contact }
}

/// Single addresses and inner blocks come before the blocks that contain them.
#[rustfmt::skip]
static IPV4: &[Block] = &[
    v4([0, 0, 0, 0], 8, Never, "this network, RFC 791"),
    v4([100, 100, 100, 200], 32, Never, "cloud metadata"),
    v4([168, 63, 129, 16], 32, Never, "cloud metadata"),
    v4([169, 254, 0, 0], 16, Never, "link-local, RFC 3927"),
    v4([192, 0, 0, 192], 32, Never, "cloud metadata"),
    v4([224, 0, 0, 0], 4, Never, "multicast, RFC 5771"),
    v4([255, 255, 255, 255], 32, Never, "limited broadcast, RFC 919"),
    v4([127, 0, 0, 0], 8, ByName, "loopback, RFC 1122"),
    v4([10, 0, 0, 0], 8, IfAllowed, "private use, RFC 1918"),
    v4([100, 64, 0, 0], 10, IfAllowed, "shared address space, RFC 6598"),
    v4([172, 16, 0, 0], 12, IfAllowed, "private use, RFC 1918"),
    v4([192, 0, 0, 0], 24, IfAllowed, "IETF protocol assignments, RFC 6890"),
    v4([192, 0, 2, 0], 24, IfAllowed, "documentation, RFC 5737"),
    v4([192, 31, 196, 0], 24, IfAllowed, "AS112-v4, RFC 7535"),
    v4([192, 52, 193, 0], 24, IfAllowed, "AMT, RFC 7450"),
    v4([192, 88, 99, 0], 24, IfAllowed, "6to4 relay anycast, RFC 7526"),
    v4([192, 168, 0, 0], 16, IfAllowed, "private use, RFC 1918"),
    v4([192, 175, 48, 0], 24, IfAllowed, "direct delegation AS112, RFC 7534"),
    v4([198, 18, 0, 0], 15, IfAllowed, "benchmarking, RFC 2544"),
    v4([198, 51, 100, 0], 24, IfAllowed, "documentation, RFC 5737"),
    v4([203, 0, 113, 0], 24, IfAllowed, "documentation, RFC 5737"),
    v4([240, 0, 0, 0], 4, IfAllowed, "reserved, RFC 1112"),
];

/// The transition forms that contain an IPv4 address are never contacted: some of them have it in
/// several places, and all of them are obsolete. The form that is in use, 64:ff9b::/96, is checked
/// by its IPv4 address before this table is consulted.
#[rustfmt::skip]
static IPV6: &[Block] = &[
    v6([0, 0, 0, 0, 0, 0, 0, 1], 128, ByName, "loopback, RFC 4291"),
    v6([0, 0, 0, 0, 0, 0, 0, 0], 128, Never, "unspecified, RFC 4291"),
    v6([0, 0, 0, 0, 0, 0, 0, 0], 96, Never, "IPv4-compatible, RFC 4291"),
    v6([0, 0, 0, 0, 0, 0xffff, 0, 0], 96, Never, "IPv4-mapped, RFC 4291"),
    v6([0, 0, 0, 0, 0xffff, 0, 0, 0], 96, Never, "IPv4-translated, RFC 2765"),
    v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48, Never, "local-use NAT64, RFC 8215"),
    v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 32, Never, "Teredo, RFC 4380"),
    v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16, Never, "6to4, RFC 3056"),
    v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10, Never, "link-local, RFC 4291"),
    v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8, Never, "multicast, RFC 4291"),
    v6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0], 32, Never, "cloud metadata"),
    v6([0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42], 128, Never, "cloud metadata"),
    v6([0xfd00, 0xc1, 0, 0, 0, 0, 0xa9fe, 0xa9fe], 128, Never, "cloud metadata"),
    v6([0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254], 128, Never, "cloud metadata"),
    v6([0x100, 0, 0, 0, 0, 0, 0, 0], 64, IfAllowed, "discard-only, RFC 6666"),
    v6([0x100, 0, 0, 1, 0, 0, 0, 0], 64, IfAllowed, "dummy prefix, RFC 9780"),
    v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23, IfAllowed, "IETF protocol assignments, RFC 2928"),
    v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32, IfAllowed, "documentation, RFC 3849"),
    v6([0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0], 48, IfAllowed, "direct delegation AS112, RFC 7534"),
    v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20, IfAllowed, "documentation, RFC 9637"),
    v6([0x5f00, 0, 0, 0, 0, 0, 0, 0], 16, IfAllowed, "segment routing SIDs, RFC 9602"),
    v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7, IfAllowed, "unique-local, RFC 4193"),
    v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10, IfAllowed, "site-local, RFC 3879"),
    v6([0, 0, 0, 0, 0, 0, 0, 0], 3, IfAllowed, "not global unicast, RFC 4291"),
    v6([0x4000, 0, 0, 0, 0, 0, 0, 0], 2, IfAllowed, "not global unicast, RFC 4291"),
    v6([0x8000, 0, 0, 0, 0, 0, 0, 0], 1, IfAllowed, "not global unicast, RFC 4291"),
];
