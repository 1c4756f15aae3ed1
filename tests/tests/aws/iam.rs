//! The permissions that the template grants are those that the functions use.

use std::collections::BTreeSet;

use cloud::{Access, Call};
use tests::Aws;

use crate::{HOST, everything, policies::Policies};

#[tokio::test]
async fn every_function_has_the_permissions_that_it_uses_and_no_others() {
    let environment = everything::happens(HOST.configured(|config| config.ca.issuing_days = 120).await).await;
    let aws = environment.aws();
    let used = used(aws);
    let statements = Policies::read(aws).statements();
    let mut faults = Vec::new();
    for (function, access) in &used {
        let mut own = statements.iter().filter(|statement| statement.function == *function);
        if !own.any(|statement| statement.allows(access)) {
            faults.push(format!("{function} may not: {access:?}"));
        }
    }
    for statement in &statements {
        let accesses = used.iter().filter(|(function, _)| *function == statement.function).map(|(_, access)| access);
        faults.extend(statement.unused(accesses).into_iter().map(|what| format!("never used: {what}")));
    }
    println!("{} statements, {} kinds of access by {} functions", statements.len(), used.len(), functions(&used));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Leaves out details that do not matter, so that each kind of access occurs once.
fn used(aws: &Aws) -> BTreeSet<(String, Access)> {
    let calls = aws.cloud().calls().into_iter().filter(|call| call.principal != tests::Aws::TEST);
    let by_sdk = calls.flat_map(|Call { principal, accesses, .. }| {
        accesses.into_iter().map(move |access| (principal.clone(), by_noun(access)))
    });
    by_sdk.chain(aws.deliveries()).collect()
}

/// The leading keys without the ids in them.
fn by_noun(mut access: Access) -> Access {
    for key in access.context.get_mut("dynamodb:LeadingKeys").into_iter().flatten() {
        let is_by_name = key.starts_with("SECRET#");
        if let (Some((noun, _)), false) = (key.split_once('#'), is_by_name) {
            *key = format!("{noun}#…");
        }
    }
    access
}

fn functions(used: &BTreeSet<(String, Access)>) -> usize {
    used.iter().map(|(function, _)| function).collect::<BTreeSet<_>>().len()
}
