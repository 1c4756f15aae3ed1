//! Registered domains: a domain that was registered, with all names below it.
//!
//! The public suffix list (<https://publicsuffix.org>) is compiled in, in the version of the crate
//! `psl`, with both of its parts: below `github.io` each customer is counted separately, as below
//! `com`.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv6Addr},
};

use acme::Identifier;

/// The registered domains of the identifiers, each once.
pub(super) fn registered_domains(names: &[Identifier]) -> BTreeSet<String> {
    names.iter().map(registered_domain).collect()
}

/// The registered domain of an identifier. If no suffix is listed, the last label is taken as the
/// suffix, as the algorithm of the list says. A name that has nothing below its suffix stands for
/// itself.
fn registered_domain(name: &Identifier) -> String {
    match name {
        Identifier::Dns(name) | Identifier::Wildcard(name) => {
            psl::domain_str(name.as_str()).unwrap_or(name.as_str()).to_owned()
        }
        Identifier::Ip(address @ IpAddr::V4(_)) => address.to_string(),
        // The holder of one address has at least the /64 network around it (RFC 6177).
        Identifier::Ip(IpAddr::V6(address)) => format!("{}/64", Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
    }
}

#[cfg(test)]
mod tests {
    use acme::IdentifierObject;

    use super::*;

    fn of(r#type: &str, value: &str) -> String {
        let object = IdentifierObject { r#type: r#type.to_owned(), value: value.to_owned() };
        registered_domain(&object.try_into().unwrap())
    }

    #[test]
    fn the_registered_domain_lies_below_the_public_suffix() {
        for (name, domain) in [
            ("example.com", "example.com"),
            ("a.b.example.com", "example.com"),
            ("*.example.com", "example.com"),
            ("www.example.co.uk", "example.co.uk"),
            ("www.one.github.io", "one.github.io"),
            // Exceptions and wildcards in the list.
            ("www.city.kawasaki.jp", "city.kawasaki.jp"),
            ("a.b.c.kawasaki.jp", "b.c.kawasaki.jp"),
            // 公司.cn, as an A-label.
            ("a.b.xn--55qx5d.cn", "b.xn--55qx5d.cn"),
        ] {
            assert_eq!(of("dns", name), domain, "{name}");
        }
    }

    #[test]
    fn of_an_internal_name_the_last_label_is_taken_for_the_suffix() {
        for (name, domain) in [
            ("db.prod.corp", "prod.corp"),
            ("prod.corp", "prod.corp"),
            ("*.prod.corp", "prod.corp"),
            ("a.b.svc.cluster.local", "cluster.local"),
            ("a.test", "a.test"),
        ] {
            assert_eq!(of("dns", name), domain, "{name}");
        }
    }

    #[test]
    fn what_has_nothing_below_a_suffix_stands_for_itself() {
        for name in ["com", "co.uk", "github.io", "localhost"] {
            assert_eq!(of("dns", name), name);
        }
    }

    #[test]
    fn an_address_stands_for_itself_and_one_of_version_6_for_its_network() {
        assert_eq!(of("ip", "192.0.2.1"), "192.0.2.1");
        assert_eq!(of("ip", "2001:db8:1:2:3::4"), "2001:db8:1:2::/64");
    }

    #[test]
    fn several_names_of_one_domain_are_one() {
        let names = ["a.example.com", "b.example.com", "example.org"].map(|name| {
            Identifier::try_from(IdentifierObject { r#type: "dns".to_owned(), value: name.to_owned() }).unwrap()
        });
        assert_eq!(registered_domains(&names).into_iter().collect::<Vec<_>>(), ["example.com", "example.org"]);
    }
}
