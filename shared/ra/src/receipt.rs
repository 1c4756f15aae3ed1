//! The basis of a certificate that is about to be intended, for its receipt.

use acme::{Authorization, Identifier, Order, UnknownMembers};
use authority::Failure;
use jiff::Timestamp;
use store::{Basis, Ground, RaProfile, rules_version};

use crate::Directory;

/// What the authorizations of the order say now. Finalize has examined all of it.
pub(crate) fn basis(
    serving: &Directory,
    ra: &RaProfile,
    order: &Order,
    authorizations: &[Authorization],
    now: Timestamp,
) -> Result<Basis, Failure> {
    let of_order = authorizations.iter().filter(|authorization| order.authorizations.contains(&authorization.id));
    let of_name = |name: &Identifier| of_order.clone().find(|authorization| authorization.identifier == *name);
    Ok(Basis {
        at: acme::whole_seconds(now),
        acme_profile: serving.acme.name.clone(),
        rules: rules_version(&serving.acme, ra).map_err(Failure::issuing)?,
        grounds: order.identifiers.iter().filter_map(of_name).map(ground).collect(),
    })
}

fn ground(authorization: &Authorization) -> Ground {
    Ground {
        identifier: authorization.identifier.clone(),
        authorization: authorization.id,
        evidence: authorization.evidence.clone(),
        pre_approval: authorization.pre_approval.clone(),
        unknown: UnknownMembers::default(),
    }
}
