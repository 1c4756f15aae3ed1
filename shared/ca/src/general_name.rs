//! Identifiers as the GeneralNames of a subject alternative name (RFC 5280 §4.2.1.6, RFC 8738 §6).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use acme::{Identifier, IdentifierError, IdentifierObject};
use der::asn1::{Ia5String, OctetString};
use x509_cert::ext::pkix::name::GeneralName;

/// Why a name in a CSR or a certificate is not an identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// A dNSName or a common name that is not a host name.
    #[error("{0}")]
    Dns(#[from] IdentifierError),
    /// An iPAddress with neither four nor sixteen octets.
    #[error("an iPAddress must have four or sixteen octets")]
    IpLength,
    /// A name of another type than dNSName and iPAddress.
    #[error("names of the type {0} are not supported, only dNSName and iPAddress are")]
    Type(&'static str),
}

/// The GeneralName of an identifier.
pub(crate) fn encode(identifier: &Identifier) -> der::Result<GeneralName> {
    Ok(match identifier {
        Identifier::Dns(_) | Identifier::Wildcard(_) => GeneralName::DnsName(Ia5String::new(&identifier.to_string())?),
        Identifier::Ip(IpAddr::V4(address)) => GeneralName::IpAddress(OctetString::new(address.octets())?),
        Identifier::Ip(IpAddr::V6(address)) => GeneralName::IpAddress(OctetString::new(address.octets())?),
    })
}

/// The identifier in a GeneralName, in canonical form.
pub(crate) fn identifier(name: &GeneralName) -> Result<Identifier, NameError> {
    match name {
        GeneralName::DnsName(name) => dns(name.as_str()),
        GeneralName::IpAddress(octets) => {
            let octets = octets.as_bytes();
            if let Ok(octets) = <[u8; 4]>::try_from(octets) {
                Ok(Identifier::Ip(Ipv4Addr::from(octets).into()))
            } else if let Ok(octets) = <[u8; 16]>::try_from(octets) {
                Ok(Identifier::Ip(Ipv6Addr::from(octets).into()))
            } else {
                Err(NameError::IpLength)
            }
        }
        GeneralName::OtherName(_) => Err(NameError::Type("otherName")),
        GeneralName::Rfc822Name(_) => Err(NameError::Type("rfc822Name")),
        GeneralName::DirectoryName(_) => Err(NameError::Type("directoryName")),
        GeneralName::EdiPartyName(_) => Err(NameError::Type("ediPartyName")),
        GeneralName::UniformResourceIdentifier(_) => Err(NameError::Type("uniformResourceIdentifier")),
        GeneralName::RegisteredId(_) => Err(NameError::Type("registeredID")),
    }
}

/// The identifier in a common name, which may be a host name or an address.
pub(crate) fn of_common_name(text: &str) -> Result<Identifier, NameError> {
    match text.parse() {
        Ok(address) => Ok(Identifier::Ip(address)),
        Err(_) => dns(text),
    }
}

fn dns(text: &str) -> Result<Identifier, NameError> {
    let object = IdentifierObject { r#type: "dns".to_owned(), value: text.to_owned() };
    Ok(Identifier::try_from(object)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_identifier_reads_back() {
        for text in ["example.com", "*.example.com", "192.0.2.1", "2001:db8::1"] {
            let identifier = of_common_name(text).unwrap();
            assert_eq!(super::identifier(&encode(&identifier).unwrap()), Ok(identifier));
        }
    }

    #[test]
    fn addresses_of_another_length_are_refused() {
        for length in [0, 1, 3, 5, 8, 15, 17, 32] {
            let name = GeneralName::IpAddress(OctetString::new(vec![1; length]).unwrap());
            assert_eq!(identifier(&name), Err(NameError::IpLength));
        }
    }

    #[test]
    fn an_address_spelled_as_a_dns_name_is_refused() {
        let name = GeneralName::DnsName(Ia5String::new("192.0.2.1").unwrap());
        assert_eq!(identifier(&name), Err(NameError::Dns(IdentifierError::NumericTopLevel)));
    }
}
