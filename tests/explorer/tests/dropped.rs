//! The judge of the judge: each condition of each write is dropped in turn, and the explorer either
//! sees what comes of it, or the reason why it cannot is written here.

use std::collections::BTreeSet;

use explorer::{
    memory::Condition::{self, *},
    operation::Operation::{self, *},
    schedule::{Depth, explore},
    world::World,
};

const DEPTH: Depth = Depth { preemptions: 1, preemptions_with_crash: None };

/// Two operations that break a rule without the conditions. Two are dropped together where a write
/// changes two records that always change together: each of the two alone still refuses it.
const NOTICED: &[(&[Condition], [Operation; 2])] = &[
    (&[NewAccountKey], [RegisterOtherKey, RegisterOtherKey]),
    (&[AccountVersion], [DeactivateAccount, ChangeContact]),
    (&[ReplacedKeyVersion], [DeactivateAccount, ChangeKey]),
    (&[ReplacementKey], [ChangeKey, RegisterOtherKey]),
    (&[AuthorizationVersion], [Validated, ValidationFailed]),
    (&[CertificateVersion], [RevokeByAccount, RevokeByKey]),
    (&[BegunOrderVersion], [Finalize, FinalizeOtherwise]),
    (&[CrlNumber], [MakeCrl, MakeCrl]),
    (&[ExternalKeyVersion], [Bind, RevokeExternalKey]),
    (&[BoundAccountKey], [RegisterOtherKey, Bind]),
    (&[BindingKeyVersion], [Bind, BindOtherwise]),
    (&[UnusedNonce], [Redeem, Redeem]),
    (&[NonceSecretsVersion], [RotateNonceSecrets, RotateNonceSecrets]),
    (&[CompletedCertificateVersion, CompletedOrderVersion], [Resume, Resume]),
];

/// What remains is a write that is repeated because its answer was lost, which has the same
/// operation id.
const RANDOM_ID: &str = "new ids are random, and no two operations make the same";
/// None of the operations writes it in a way that can conflict; the contract of the store does.
const CONTRACT: &str = "no two operations here write it at once; the contract of the store tries it";

/// Conditions whose loss no pair of operations shows, and why.
const EXPLAINED: &[(Condition, &str)] = &[
    (NewAccountId, RANDOM_ID),
    (NewAuthorizationId, RANDOM_ID),
    (NewOrderId, RANDOM_ID),
    (NewOrderAuthorizationId, RANDOM_ID),
    (IntendedId, RANDOM_ID),
    (BegunCertificateId, RANDOM_ID),
    (NewExternalKeyId, RANDOM_ID),
    (BoundAccountId, RANDOM_ID),
    (NewAuditId, RANDOM_ID),
    (OrderVersion, "only the end of an issuance that fails writes it, and two ends are the same"),
    (BlockedKey, "the clock stands still, so that a second time is the first"),
    (ExternalAccountSecret, CONTRACT),
    (NewIssuerId, CONTRACT),
    (IssuerRecord, CONTRACT),
    (CounterMaximum, CONTRACT),
    (CounterVersion, CONTRACT),
    (GrantVersion, CONTRACT),
    (IncidentVersion, CONTRACT),
    (WatchVersion, CONTRACT),
    (NewSealPlace, CONTRACT),
];

#[test]
fn a_condition_that_is_dropped_is_noticed() {
    let world = World::new();
    for (conditions, pair) in NOTICED {
        explore(&world, *pair, DEPTH).unwrap_or_else(|violation| panic!("with every condition: {violation}"));
        let violation = explore(&world.without(conditions), *pair, DEPTH);
        let violation = violation.expect_err(&format!("nothing is noticed without {conditions:?}"));
        println!("{conditions:?}: {violation}");
    }
}

#[test]
fn every_condition_is_noticed_or_explained() {
    let named = NOTICED
        .iter()
        .flat_map(|(conditions, _)| conditions.iter().copied())
        .chain(EXPLAINED.iter().map(|(condition, _)| *condition));
    let named: Vec<Condition> = named.collect();
    let all: BTreeSet<Condition> = Condition::ALL.iter().copied().collect();
    assert_eq!(named.iter().copied().collect::<BTreeSet<_>>(), all);
    assert_eq!(named.len(), all.len(), "each is named once");
}
