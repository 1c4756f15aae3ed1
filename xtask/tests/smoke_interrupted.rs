//! Ctrl-C during the smoke test. A signal reaches the whole process, so this test has one of its
//! own.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "what does not go well fails the test")]

#[path = "smoke/account.rs"]
mod account;

use account::Account;

#[test]
fn an_interrupted_test_cleans_up_and_says_so() {
    // The script is a child of this process, and would run for longer than any test may.
    let account = Account::new("cloudformation) kill -INT $PPID; exec sleep 600 ;;");
    let failure = account.smoke(&["--yes"], "").unwrap_err();
    assert!(failure.to_string().starts_with("the smoke test failed: package, status, "), "{failure}");
    let report = account.report().unwrap();
    assert!(report.contains("**failed**: it was interrupted |"), "{report}");
    assert!(report.contains("| not run: it was interrupted |"), "{report}");
    assert!(report.contains("good: 1 things are gone, 0 are to be, 0 are left"), "{report}");
    assert_eq!(account.calls().last(), Some(&format!("s3 rb --force {} --output json", account.bucket())));
}
