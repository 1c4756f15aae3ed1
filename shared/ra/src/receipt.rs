//! The receipt of a certificate that is about to be intended.

use acme::{Authorization, Identifier, Order, UnknownMembers};
use authority::Failure;
use jiff::Timestamp;
use store::{Ground, RaProfile, Receipt, rules_version};

use crate::Directory;

/// What the authorizations of the order say now. Finalize has examined all of it.
pub(crate) fn receipt(
    serving: &Directory,
    ra: &RaProfile,
    order: &Order,
    authorizations: &[Authorization],
    now: Timestamp,
) -> Result<Receipt, Failure> {
    let of_order = authorizations.iter().filter(|authorization| order.authorizations.contains(&authorization.id));
    let of_name = |name: &Identifier| of_order.clone().find(|authorization| authorization.identifier == *name);
    Ok(Receipt {
        at: acme::whole_seconds(now),
        acme_profile: serving.acme.name.clone(),
        rules: rules_version(&serving.acme, ra).map_err(Failure::issuing)?,
        grounds: order.identifiers.iter().filter_map(of_name).map(ground).collect(),
        unknown: UnknownMembers::default(),
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
