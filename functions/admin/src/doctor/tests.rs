//! Each advice of `doctor`, and when it is given.

use store::{AcmeProfile, RaProfile};

use super::*;

fn now() -> Timestamp {
    "2026-11-28T12:00:00Z".parse().unwrap()
}

fn in_days(count: i64) -> Timestamp {
    now() + days(count)
}

/// An active issuing CA that ends in that number of days.
fn issuer(end: i64) -> IssuerStatus {
    IssuerStatus {
        id: "issuing".parse().unwrap(),
        role: IssuerRole::Issuing,
        state: IssuerState::Active,
        subject: Some("CN=issuing".to_owned()),
        not_before: Some(in_days(-100)),
        not_after: Some(in_days(end)),
        ends_with: None,
        is_external: false,
        revocation: None,
        key: "issuing".to_owned(),
        crls: Vec::new(),
    }
}

/// One ACME Profile with an RA Profile that leads to the issuer.
fn profiles() -> ProfileSet {
    let ra = RaProfile::new("web".parse().unwrap(), "issuing".parse().unwrap());
    ProfileSet { acme_profile: vec![AcmeProfile::new("web".parse().unwrap())], ra_profile: vec![ra] }
}

fn status(issuers: Vec<IssuerStatus>) -> Status {
    Status {
        time: now(),
        issuers,
        acme_profiles: 1,
        ra_profiles: 1,
        nonce_secret_made_at: Some(now()),
        external_accounts: true,
    }
}

/// Fails unless the verdict is that one, and the advice contains that text; `""` for no advice.
fn is(finding: &Finding, verdict: Verdict, advice: &str) {
    assert_eq!(finding.verdict, verdict, "{finding:?}");
    assert!(finding.remedy.contains(advice) && finding.remedy.is_empty() == advice.is_empty(), "{finding:?}");
}

use Verdict::{Bad, Good, Warning};

#[test]
fn what_is_advised_for_an_issuer_that_ends_works() {
    let with = |role, change: fn(&mut IssuerStatus)| {
        move |end| {
            let mut issuer = IssuerStatus { role, ..issuer(end) };
            change(&mut issuer);
            issuer
        }
    };
    let root = with(IssuerRole::Root, |_| {});
    let own = with(IssuerRole::Issuing, |_| {});
    let below_ending_root = with(IssuerRole::Issuing, |issuer| issuer.ends_with = Some("CN=Root".to_owned()));
    let external = with(IssuerRole::Issuing, |issuer| issuer.is_external = true);
    let below_ending_external = with(IssuerRole::Issuing, |issuer| {
        (issuer.is_external, issuer.ends_with) = (true, Some("CN=Policy".to_owned()));
    });
    let cases: [(&dyn Fn(i64) -> IssuerStatus, &str); 5] = [
        (&root, "create a new CA"),
        (&own, "`admin issuers roll-over`"),
        // Another issuer below this root would end with it.
        (&below_ending_root, "create a new CA"),
        // `roll-over` cannot make a certificate that another CA has to sign.
        (&external, "`admin issuers request`"),
        (&below_ending_external, "below a CA that lasts longer than CN=Policy"),
    ];
    for (issuer, advice) in cases {
        is(&end(&issuer(180), &profiles(), now()), Good, "");
        is(&end(&issuer(179), &profiles(), now()), Warning, advice);
        is(&end(&issuer(0), &profiles(), now()), Bad, advice);
    }
    let seen = end(&below_ending_external(10), &profiles(), now()).seen;
    assert!(seen.ends_with("with CN=Policy, the CA above it"), "{seen}");
    for (role, is_good) in [(IssuerRole::Issuing, true), (IssuerRole::Root, false)] {
        let unused = IssuerStatus { role, ..issuer(10) };
        let verdict = end(&unused, &ProfileSet::default(), now()).verdict;
        assert_eq!(verdict == Good, is_good, "certificates do not depend on it");
    }
    is(&end(&IssuerStatus { state: IssuerState::Retired, ..issuer(-1) }, &profiles(), now()), Good, "");
}

#[test]
fn an_issuer_that_has_not_begun_or_has_no_certificate_is_found() {
    let future = IssuerStatus { not_before: Some(in_days(1)), ..issuer(900) };
    is(&end(&future, &profiles(), now()), Bad, "correct the clock");
    let requested = IssuerStatus { not_after: None, not_before: None, state: IssuerState::Requested, ..issuer(0) };
    is(&end(&requested, &profiles(), now()), Warning, "`admin issuers install`");
    assert_eq!(named_for_nothing(&issuer(900), &profiles()), None);
    for state in [IssuerState::Requested, IssuerState::Retired] {
        let off = IssuerStatus { state, ..issuer(900) };
        is(&named_for_nothing(&off, &profiles()).unwrap(), Bad, "`admin issuers roll-over`");
        assert_eq!(named_for_nothing(&off, &ProfileSet::default()), None);
    }
}

#[test]
fn a_crl_is_good_from_its_beginning_until_two_thirds_of_its_life() {
    let crl = |made: i64, next: i64| CrlStatus {
        shard: 0,
        number: Some(1),
        this_update: Some(in_days(made)),
        next_update: Some(in_days(next)),
    };
    for (made, next, verdict, advice) in [
        (-3, 4, Good, ""),
        (-5, 2, Warning, "check the log of CRL publication"),
        (-7, 0, Bad, "check the log of CRL publication"),
        (1, 8, Bad, "correct the clock"),
    ] {
        is(&crl_is_fresh(&issuer(900), &crl(made, next), now()), verdict, advice);
    }
    let none = CrlStatus { number: None, this_update: None, next_update: None, ..crl(0, 0) };
    is(&crl_is_fresh(&issuer(900), &none, now()), Bad, "check the log of CRL publication");
    is(&crl_is_fresh(&issuer(0), &none, now()), Good, "");
}

#[test]
fn secrets_that_are_missing_or_old_are_found() {
    for (made, verdict, advice) in [
        (Some(in_days(-2)), Good, ""),
        (Some(in_days(-3)), Warning, "check that the host is running"),
        (None, Bad, "check that the host is running"),
    ] {
        is(&nonce_secret(&Status { nonce_secret_made_at: made, ..status(Vec::new()) }), verdict, advice);
    }
    for (exists, required, verdict, advice) in
        [(true, true, Good, ""), (false, false, Warning, "start the host"), (false, true, Bad, "start the host")]
    {
        let mut profiles = profiles();
        profiles.acme_profile[0].external_account_required = required;
        let status = Status { external_accounts: exists, ..status(Vec::new()) };
        is(&external_accounts(&status, &profiles), verdict, advice);
    }
}

#[test]
fn a_directory_for_strangers_is_judged_by_who_reaches_it() {
    let open = profiles();
    is(&openness(Openness::Local, &open), Good, "");
    is(&openness(Openness::Opened, &open), Warning, "start without --open");
    is(&openness(Openness::Closed, &open), Bad, "externalAccountRequired = true");
    let mut closed = profiles();
    closed.acme_profile[0].external_account_required = true;
    is(&openness(Openness::Closed, &closed), Good, "");
    is(&test_switch("alwaysValid"), Bad, "restart");
    assert!(test_switch("alwaysValid").seen.contains("no challenge is validated"));
}
