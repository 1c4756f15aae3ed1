//! The contract that every engine keeps, as tests that the test file of the engine runs.
//!
//! An engine calls [`contract_tests!`](crate::contract_tests), which creates one `#[tokio::test]`
//! for each topic and passes an empty store to each.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "these functions are tests")]

pub mod account;
pub mod audit;
pub mod authorization;
pub mod certificate;
pub mod crl;
pub mod everything;
pub mod external_account;
pub mod fixture;
pub mod grant;
pub mod incident;
pub mod issuance;
pub mod issuer;
pub mod limit;
pub mod lookup;
pub mod lost_answer;
pub mod nonce;
pub mod order;
pub mod profile;
pub mod race;
pub mod seal;
pub mod watch;

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::{Store, StoreError};

/// Creates a test for each topic of the contract. The argument is an expression that is evaluated
/// for each test and may `await`. It yields a pair: an empty store as `Arc<dyn Store>`, and a value
/// that has to live as long as the store.
#[macro_export]
macro_rules! contract_tests {
    ($open:expr) => {
        $crate::contract_tests! { $open =>
            account: an_account_is_found_by_id_and_by_key,
            account: a_key_has_one_account_in_each_directory,
            account: an_account_changes_only_from_its_present_version,
            account: a_replaced_key_leads_to_the_account_and_the_old_one_is_free,
            account: the_thumbprints_of_former_keys_are_kept,
            account: the_key_of_another_account_is_not_taken,
            account: the_key_of_an_account_that_was_not_used_is_free_afterwards,
            account: an_account_that_is_used_is_kept_with_its_key,
            audit: audit_records_are_listed_newest_first_in_pages,
            authorization: a_new_authorization_reads_back,
            authorization: several_authorizations_come_in_the_order_asked_for,
            authorization: a_new_authorization_is_the_proof_of_its_name,
            authorization: the_new_authorizations_of_an_order_are_proofs,
            authorization: the_newest_authorization_is_the_proof,
            authorization: an_authorization_of_another_account_is_unknown,
            certificate: a_certificate_is_intended_then_issued_then_revoked,
            certificate: a_receipt_is_stored_with_the_intention_and_stays,
            certificate: several_certificates_come_in_the_order_asked_for,
            certificate: the_id_of_a_certificate_is_taken_once,
            certificate: revoked_certificates_are_listed_by_issuer_shard_and_serial,
            certificate: a_blocked_key_stays_blocked,
            crl: the_numbers_of_crls_only_rise,
            external_account: an_external_account_key_reads_back,
            external_account: an_account_is_made_together_with_its_binding,
            external_account: a_binding_that_met_another_change_makes_no_account,
            external_account: a_binding_for_a_known_account_leaves_the_key_unbound,
            external_account: of_many_accounts_with_one_binding_one_is_made,
            external_account: a_key_for_several_accounts_counts_each_of_them,
            external_account: an_external_account_key_changes_only_from_its_present_version,
            external_account: external_account_keys_are_listed_in_pages,
            external_account: the_secret_of_external_accounts_is_never_replaced,
            seal: the_place_of_a_seal_is_taken_once,
            seal: the_receipts_of_a_period_are_found_whenever_their_certificates_end,
            grant: a_grant_changes_only_from_its_present_version,
            grant: grants_are_found_by_their_principal,
            incident: an_incident_changes_only_from_its_present_version,
            issuance: an_issuance_begins_and_ends_with_its_order,
            issuance: of_many_issuances_of_an_order_one_begins,
            issuance: an_issuance_does_not_end_over_another_change_of_its_certificate,
            issuance: an_issuance_written_twice_is_written_once,
            issuer: an_issuer_is_made_once,
            issuer: an_issuer_changes_only_from_what_is_stored,
            limit: what_happens_is_counted_up_to_the_maximum,
            limit: several_are_counted_together_or_not_at_all,
            limit: a_count_that_is_repeated_counts_once,
            limit: what_was_counted_is_taken_back_once,
            limit: what_something_was_counted_after_stays_counted,
            limit: of_one_hundred_counts_at_once_as_many_are_within_as_may_be,
            lookup: certificates_are_found_by_each_of_their_names,
            lookup: certificates_are_found_by_their_key,
            lookup: certificates_are_found_by_their_end,
            lookup: certificates_are_found_by_their_account,
            lookup: accounts_are_found_by_contact_in_every_directory,
            lookup: accounts_are_found_by_key_in_every_directory,
            lookup: accounts_are_found_by_a_former_key_in_every_directory,
            lookup: accounts_without_a_binding_are_listed_by_their_directory,
            lookup: blocked_keys_are_listed_in_pages,
            nonce: a_nonce_is_redeemed_once,
            nonce: the_nonce_secrets_change_only_from_their_present_version,
            order: an_order_of_one_hundred_names_is_there_with_its_authorizations,
            order: an_order_whose_id_is_taken_changes_nothing,
            order: an_order_changes_only_from_its_present_version,
            order: orders_are_listed_newest_first_in_pages,
            order: an_order_of_another_account_is_unknown,
            profile: applied_profiles_are_what_there_is,
            profile: what_was_taken_from_the_configuration_is_remembered,
            profile: hundreds_of_profiles_are_applied_and_listed_in_pages,
            lost_answer: an_account_made_twice_is_made_once,
            lost_answer: a_key_replaced_twice_is_replaced_once,
            lost_answer: an_order_made_and_changed_twice_is_so_once,
            lost_answer: an_authorization_changed_twice_is_changed_once,
            lost_answer: a_certificate_written_twice_is_written_once,
            lost_answer: a_crl_and_secrets_put_twice_are_put_once,
            lost_answer: an_operation_does_not_come_back_over_a_later_one,
            race: one_hundred_redemptions_of_a_nonce_have_one_winner,
            race: one_hundred_accounts_with_one_key_are_one_account,
            race: of_many_changes_to_an_order_one_wins,
            race: of_many_changes_to_an_authorization_one_wins,
            race: of_many_certificates_with_one_id_one_is_intended,
            race: two_accounts_cannot_take_the_same_new_key,
            race: a_conflict_does_not_touch_the_writes_beside_it,
            race: of_many_first_secrets_one_is_kept,
            watch: the_watch_changes_only_from_its_present_version,
        }
    };
    ($open:expr => $($topic:ident: $name:ident),+ $(,)?) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            let (store, _guard) = $open;
            $crate::contract::$topic::$name(store).await;
        }
    )+};
}

/// Runs the futures concurrently and returns their outputs in the order in which they finished.
async fn together<T: Send + 'static>(
    futures: impl IntoIterator<Item = impl Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    futures.into_iter().collect::<JoinSet<T>>().join_all().await
}

/// Asserts that the write met a conflicting one.
#[track_caller]
fn assert_conflict<T: std::fmt::Debug>(result: Result<T, StoreError>, why: &str) {
    assert!(matches!(result, Err(StoreError::Conflict)), "must be a conflict: {why}; is {result:?}");
}

/// Asserts that exactly one result is a success and all others are conflicts.
#[track_caller]
fn assert_one_winner<T: std::fmt::Debug>(results: &[Result<T, StoreError>], what: &str) {
    let won = results.iter().filter(|result| result.is_ok()).count();
    assert_eq!(won, 1, "{what}: exactly one of {} may win", results.len());
    let strange: Vec<_> =
        results.iter().filter(|result| !matches!(result, Ok(_) | Err(StoreError::Conflict))).collect();
    assert!(strange.is_empty(), "{what}: the losers must see a conflict, not {strange:?}");
}

/// The store under test.
type Tried = Arc<dyn Store>;

/// The panic message for a failure where the contract allows none.
const WORKS: &str = "the store must do this";
