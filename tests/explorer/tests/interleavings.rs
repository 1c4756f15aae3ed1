//! Every pair of operations, in every order of their calls with up to two preemptions, and with a
//! crash after each call of every order with up to one.

use explorer::{
    operation::Operation,
    schedule::{Depth, Explored, explore},
    world::World,
};

const DEPTH: Depth = Depth { preemptions: 2, preemptions_with_crash: Some(1) };

/// One test for each operation: with itself, and with those after it.
macro_rules! pairs {
    ($($test:ident: $operation:ident),+ $(,)?) => {
        $(#[test]
        fn $test() {
            with_the_rest(Operation::$operation);
        })+

        #[test]
        fn every_operation_is_explored() {
            assert_eq!(&[$(Operation::$operation),+], Operation::ALL);
        }
    };
}

pairs! {
    finalize_keeps_the_rules_beside_any_operation: Finalize,
    finalize_with_another_request_keeps_the_rules: FinalizeOtherwise,
    resuming_an_issuance_keeps_the_rules: Resume,
    deactivating_an_authorization_keeps_the_rules: DeactivateAuthorization,
    deactivating_an_account_keeps_the_rules: DeactivateAccount,
    changing_a_contact_keeps_the_rules: ChangeContact,
    disabling_an_account_keeps_the_rules: DisableAccount,
    changing_a_key_keeps_the_rules: ChangeKey,
    registering_a_key_keeps_the_rules: RegisterOtherKey,
    binding_an_account_keeps_the_rules: Bind,
    binding_another_account_keeps_the_rules: BindOtherwise,
    revoking_an_external_account_key_keeps_the_rules: RevokeExternalKey,
    a_successful_validation_keeps_the_rules: Validated,
    a_failed_validation_keeps_the_rules: ValidationFailed,
    starting_a_validation_keeps_the_rules: Initiate,
    revoking_by_account_keeps_the_rules: RevokeByAccount,
    revoking_by_key_keeps_the_rules: RevokeByKey,
    revoking_by_an_operator_keeps_the_rules: RevokeByOperator,
    blocking_a_key_keeps_the_rules: BlockRequestKey,
    replacing_a_certificate_keeps_the_rules: Replace,
    redeeming_a_nonce_keeps_the_rules: Redeem,
    making_a_crl_keeps_the_rules: MakeCrl,
    rotating_nonce_secrets_keeps_the_rules: RotateNonceSecrets,
}

fn with_the_rest(operation: Operation) {
    let world = World::new();
    let mut explored = Explored::default();
    let mut broken = Vec::new();
    for other in Operation::ALL.iter().skip_while(|other| **other != operation) {
        match explore(&world, [operation, *other], DEPTH) {
            Ok(pair) => explored += pair,
            Err(violation) => broken.push(violation.to_string()),
        }
    }
    println!("{operation:?}: {} schedules, {} with a crash", explored.schedules, explored.crashes);
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}
