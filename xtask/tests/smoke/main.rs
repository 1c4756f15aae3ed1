//! The smoke test around its steps: what it asks, what it cleans up, and what it reports. A script
//! is the command line of AWS; the steps themselves run in `cargo xtask smoke --emulator`.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "what does not go well fails the test")]

mod account;

use account::Account;
use xtask::Error;

#[test]
fn without_credentials_nothing_is_made_and_the_refusal_says_what_to_do() {
    let account = Account::new("sts) echo 'Unable to locate credentials' >&2; exit 255 ;;");
    let refusal = account.smoke(&["--yes"], "").unwrap_err();
    assert!(matches!(refusal, Error::NoCredentials(_)), "{refusal}");
    assert!(refusal.to_string().contains("`aws configure`"), "{refusal}");
    assert_eq!(account.calls(), ["sts get-caller-identity --output json"]);
    assert_eq!(account.report(), None);
}

#[test]
fn nothing_is_made_before_the_operator_has_agreed() {
    for answer in ["", "y\n", "no\n"] {
        let account = Account::new("");
        assert!(matches!(account.smoke(&[], answer), Err(Error::Declined)), "{answer:?}");
        assert_eq!(account.calls(), ["sts get-caller-identity --output json"], "{answer:?}");
    }
    let account = Account::new("");
    assert!(matches!(account.smoke(&[], "yes\n"), Err(Error::Smoked(_))));
    assert!(account.calls().iter().any(|call| call.starts_with("s3 mb ")));
}

#[test]
fn a_step_that_fails_is_reported_with_those_that_need_it_and_only_what_was_made_is_deleted() {
    let account = Account::new("cloudformation) echo 'no rights to 123456789012' >&2; exit 254 ;;");
    let failure = account.smoke(&["--yes"], "").unwrap_err();
    let steps = "package, status, failed create, create, certbot, lego, update, roll-back, delete, adopt";
    assert_eq!(failure.to_string(), format!("the smoke test failed: {steps}"));
    let report = account.report().unwrap();
    assert!(report.contains("**failed**: ") && report.contains("no rights to <account> |"), "{report}");
    assert!(report.contains("| not run: it needs `package` |"), "{report}");
    assert!(report.contains("good: 1 things are gone, 0 are to be, 0 are left"), "{report}");
    assert!(!report.contains("123456789012"), "{report}");
    let bucket = account.bucket();
    assert!(bucket.starts_with("s3://acme-smoke-") && bucket.ends_with("-code-eu-west-1"), "{bucket}");
    let deleted: Vec<_> =
        account.calls().into_iter().filter(|call| call.contains(" rb ") || call.contains("delete")).collect();
    assert_eq!(deleted, [format!("s3 rb --force {bucket} --output json")]);
}

#[test]
fn what_cannot_be_deleted_makes_the_test_fail_and_is_named() {
    let account = Account::new("cloudformation|s3.rb) echo AccessDenied >&2; exit 254 ;;");
    let failure = account.smoke(&["--yes"], "").unwrap_err();
    assert!(failure.to_string().ends_with(", clean-up"), "{failure}");
    let report = account.report().unwrap();
    assert!(report.contains(&format!("- the bucket {}: ", account.bucket().trim_start_matches("s3://"))), "{report}");
}

#[test]
fn what_is_kept_is_named_and_not_deleted() {
    let account = Account::new("cloudformation) exit 254 ;;");
    assert!(account.smoke(&["--yes", "--keep"], "").is_err());
    assert!(account.calls().iter().all(|call| !call.contains(" rb ")));
    let report = account.report().unwrap();
    assert!(report.contains(&format!("- the bucket {}", account.bucket().trim_start_matches("s3://"))), "{report}");
}

#[test]
fn a_prefix_that_no_stack_can_have_and_a_folder_without_a_template_are_refused() {
    let account = Account::new("");
    for prefix in ["Smoke", "1smoke", "fifteen-letters", ""] {
        let refusal = account.smoke(&["--yes", "--prefix", prefix], "").unwrap_err();
        assert!(matches!(refusal, Error::NoPrefix(_)), "{prefix}: {refusal}");
    }
    let refusal = account.smoke(&["--yes", "--dist", "elsewhere"], "").unwrap_err();
    assert!(refusal.to_string().ends_with("has no template.yaml; `cargo xtask dist` fills it"), "{refusal}");
}
