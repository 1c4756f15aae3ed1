//! Whether CAA records permit a certificate: where they are looked for (RFC 8659 §3).
//!
//! A fault of DNS at or below the records that decide refuses, and permits nothing: not asked is
//! not permitted. What stands above them is not asked for.

use acme::{CaaPermission, ChallengeType, Identifier};

use crate::{CaaTerms, fault::Fault, resolver::Resolver};

/// Looks up the records for the name, from the name itself upwards to its top-level domain, and
/// follows the first that are found. Aliases are followed by the resolver; climbing goes by the
/// labels of the name itself. There are none for an address (RFC 8738 §2).
pub(crate) async fn of(
    identifier: &Identifier,
    challenge: ChallengeType,
    terms: &CaaTerms,
    resolver: &Resolver<'_>,
) -> Result<CaaPermission, Fault> {
    let Identifier::Dns(name) = identifier.base() else { return Ok(CaaPermission::default()) };
    let name = name.to_string();
    let mut domain = Some(name.as_str());
    while let Some(asked) = domain {
        match resolver.caa(asked).await {
            Ok(records) => {
                return records.permission(&name, asked, challenge, terms).map_err(Fault::Caa);
            }
            Err(Fault::UnknownName(_) | Fault::NoRecord(_)) => {}
            Err(fault) => return Err(fault),
        }
        domain = asked.split_once('.').map(|(_, parent)| parent);
    }
    Ok(CaaPermission::default())
}
