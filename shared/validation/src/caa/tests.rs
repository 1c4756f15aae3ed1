//! What record sets decide, with the cases of the CAA test suite of SSLMate, of Boulder, and of the
//! zone of Open MPIC.

mod parameters;

use hickory_resolver::proto::rr::{RData, rdata::CAA};

use acme::{CaaPermission, ChallengeType};

use super::*;
use crate::fault::Fault;

/// A set of records, each with its flags, tag and value.
fn set(records: &[(u8, &str, &str)]) -> RecordSet {
    let record = |&(flags, tag, value): &(u8, &str, &str)| {
        let mut caa = CAA::new_issue(flags & 128 != 0, None, Vec::new());
        caa.reserved_flags = flags & 127;
        caa.tag = tag.to_owned();
        caa.value = value.as_bytes().to_vec();
        CaaRecord::of(RData::CAA(caa)).unwrap()
    };
    RecordSet::new(records.iter().map(record).collect()).unwrap()
}

fn terms(is_wildcard: bool) -> CaaTerms {
    CaaTerms {
        identities: vec!["ca.example".to_owned(), "other-name.example".to_owned()],
        account_urls: vec!["https://ca.example/acct/1".to_owned(), "https://old.example/acct/1".to_owned()],
        is_wildcard,
    }
}

fn decide(is_wildcard: bool, records: &[(u8, &str, &str)]) -> Result<CaaPermission, Box<CaaRefusal>> {
    let challenge = ChallengeType::Dns01;
    set(records).permission("www.a.test", "a.test", challenge, &terms(is_wildcard))
}

#[test]
fn records_that_name_this_ca_or_restrict_nothing_permit() {
    for (is_wildcard, records, record) in [
        (false, &[(0, "issue", "ca.example")][..], Some("issue \"ca.example\"")),
        (false, &[(128, "issue", "ca.example"), (128, "issuemail", ";")], Some("issue \"ca.example\"")),
        (false, &[(0, "IsSuE", "CA.Example")], Some("issue \"CA.Example\"")),
        (false, &[(0, "issue", "ca.example; foo=bar")], Some("issue \"ca.example; foo=bar\"")),
        (
            false,
            &[(0, "issue", "a.example"), (0, "issue", "1 2 3"), (0, "issue", "ca.example")],
            Some("issue \"ca.example\""),
        ),
        (true, &[(0, "issue", "ca.example")], Some("issue \"ca.example\"")),
        (true, &[(0, "issue", ";"), (0, "issuewild", "ca.example")], Some("issuewild \"ca.example\"")),
        (false, &[(0, "issuewild", ";")], None),
        (false, &[(0, "iodef", "mailto:a@a.test")], None),
        (false, &[(129, "issuemail", ";"), (128, "issuevmc", "a.example"), (128, "iodef", "x")], None),
        (false, &[(0x7e, "unknown", "x")], None),
    ] {
        let permission = decide(is_wildcard, records).unwrap();
        assert_eq!(permission.record.as_deref(), record, "{records:?}");
        assert_eq!(permission.identity.as_deref(), record.map(|_| "ca.example"), "{records:?}");
        assert_eq!(permission.domain.as_deref(), Some("a.test"));
    }
}

#[test]
fn every_other_set_forbids() {
    for (is_wildcard, records, said) in [
        (false, &[(0, "issue", ";")][..], "issue \";\""),
        (false, &[(0, "issue", "")], "issue \"\""),
        (false, &[(0, "issue", "caatestsuite.com")], "issue \"caatestsuite.com\""),
        (false, &[(0, "ISSUE", "caatestsuite.com")], "issue \"caatestsuite.com\""),
        (false, &[(0, "issue", "sub.ca.example")], "sub.ca.example"),
        (false, &[(0, "issue", "ca.example.")], "ca.example."),
        (false, &[(0, "issue", "ca.example; a_b=c")], "a_b=c"),
        (false, &[(0, "issue", "1 2 3")], "1 2 3"),
        (false, &[(0, "issue", "ca.example"), (128, "caatestsuitedummy", "x")], "caatestsuitedummy \"x\""),
        (false, &[(130, "unknown", "x")], "unknown \"x\""),
        (false, &[(1, "unknown", "x")], "unknown \"x\""),
        (false, &[(0, "issue", "<script>alert(1)</script>\u{1b}")], "issue \"<script>alert(1)</script>\\x1b\""),
        (true, &[(0, "issue", "a.example")], "issue \"a.example\""),
        (true, &[(0, "issue", "ca.example"), (0, "issuewild", ";")], "issuewild \";\""),
        (
            false,
            &[(0, "issue", "1"), (0, "issue", "2"), (0, "issue", "3"), (0, "issue", "4")],
            "issue \"1\", issue \"2\", issue \"3\" and 1 more",
        ),
    ] {
        let failure = Fault::Caa(decide(is_wildcard, records).unwrap_err()).at(None);
        assert_eq!(failure.problem.r#type, acme::ProblemType::Caa);
        assert!(failure.problem.detail.contains(said), "{records:?}: {}", failure.problem.detail);
        assert!(!failure.guarded.detail.contains(said), "{records:?}: {}", failure.guarded.detail);
        assert!(!failure.may_heal, "{records:?}");
    }
}

#[test]
fn a_refusal_says_which_record_would_permit_and_who_receives_reports() {
    let records = [(0, "issue", ";"), (0, "issuewild", ";"), (0, "iodef", "mailto:caa@a.test")];
    let detail = |is_wildcard| decide(is_wildcard, &records).unwrap_err().to_string();
    assert_eq!(
        detail(true),
        "The CAA records of a.test do not permit a certificate for *.www.a.test: they do not name this CA for this \
         account and this challenge type: issuewild \";\". If this CA should issue, add the record \
         `a.test. CAA 0 issuewild \"ca.example\"`. The domain's owner receives reports at mailto:caa@a.test."
    );
    assert!(detail(false).contains("`a.test. CAA 0 issue \"ca.example\"`"));
}

#[test]
fn parameters_of_rfc_8657_are_held_against_the_account_and_the_challenge() {
    for (value, permits) in [
        ("ca.example; accounturi=https://ca.example/acct/1", true),
        ("ca.example; accounturi=https://old.example/acct/1", true),
        ("ca.example; AccountURI=https://ca.example/acct/1", true),
        ("ca.example; accounturi=https://ca.example/acct/2", false),
        ("ca.example; accounturi=https://ca.example/acct/1/", false),
        ("ca.example; accounturi=", false),
        ("ca.example; accounturi=https://ca.example/acct/1; accounturi=https://ca.example/acct/1", false),
        ("ca.example; validationmethods=dns-01", true),
        ("ca.example; validationmethods=http-01,dns-01,ca-new-method", true),
        ("ca.example; validationmethods=http-01", false),
        ("ca.example; validationmethods=", false),
        ("ca.example; validationmethods=dns-01,", false),
        ("ca.example; validationmethods=dns-01,a_b", false),
        ("ca.example; validationmethods=DNS-01", false),
        ("ca.example; validationmethods=dns-01; validationmethods=dns-01", false),
        ("ca.example; validationmethods=dns-01; accounturi=https://ca.example/acct/1", true),
        ("ca.example; validationmethods=dns-01; accounturi=https://ca.example/acct/2", false),
    ] {
        assert_eq!(decide(false, &[(0, "issue", value)]).is_ok(), permits, "{value}");
    }
    let one_of_two = [
        (0, "issue", "ca.example; accounturi=https://ca.example/acct/2"),
        (0, "issue", "ca.example; accounturi=https://ca.example/acct/1"),
    ];
    assert!(decide(false, &one_of_two).is_ok());
}
