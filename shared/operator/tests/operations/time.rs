//! Ends and beginnings: of whole paths, and by clocks that are stepped.

use acme::OrderState;
use authority::{Clock, Failure};
use issuing::HostCertificate;
use jiff::{SignedDuration, Timestamp};
use operator::{IssuerKey, NewIssuer};
use ra::{Error, Refusal};
use store::{CrlStore, Der, IssuerRole, IssuerStore};
use tempfile::TempDir;

use crate::{
    ca::{Keys, account_key, csr, request},
    operated::{Ca, ceremonies},
};

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

async fn ca() -> (TempDir, Ca) {
    let folder = TempDir::new().unwrap();
    let ca = Ca::open(&folder.path().join("store.redb"), &std::sync::Arc::new(Keys::default())).await;
    (folder, ca)
}

/// A root of a corporation that ends then.
fn root_until(end: Timestamp) -> Der {
    let mut root = rcgen::CertificateParams::new([]).unwrap();
    root.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    root.key_usages = vec![rcgen::KeyUsagePurpose::KeyCertSign, rcgen::KeyUsagePurpose::CrlSign];
    let (year, month, day) = rcgen_date(end);
    root.not_after = rcgen::date_time_ymd(year, month, day);
    Der(root.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap().der().to_vec())
}

fn rcgen_date(time: Timestamp) -> (i32, u8, u8) {
    let text = time.to_string();
    let mut parts = text.split(['-', 'T']).map(|part| part.parse::<u16>().unwrap_or_default());
    let mut next = || parts.next().unwrap();
    (next().into(), u8::try_from(next()).unwrap(), u8::try_from(next()).unwrap())
}

#[tokio::test]
async fn threat_37_no_leaf_and_no_crl_outlasts_a_root_that_ends_in_ten_days() {
    let (_folder, ca) = ca().await;
    let before = ca.store.issuer(&"issuing".parse().unwrap()).await.unwrap().unwrap();
    let root = root_until(ca.clock.now() + SignedDuration::from_hours(24 * 5));
    let end = ca::Certificate::from_der(&root.0).unwrap().not_after();
    let mut after = before.clone();
    after.chain = vec![root];
    ca.store.update_issuer(&before, &after).await.unwrap();
    ca.clock.jump(60);

    let (account, order) = ca.ready_order().await;
    ca.parts.finalization.finalize(&ca.serving, &account, order, &csr()).await.unwrap();
    assert_eq!(ca.record(&account, order).await.value.not_after, end);
    let late = Some(end + SignedDuration::from_secs(1));
    let refused =
        ca.parts.new_orders.create(&ca.serving, &account, acme::NewOrder { not_after: late, ..request() }).await;
    assert!(matches!(refused, Err(Error::Refused(Refusal::Validity(_)))), "{refused:?}");
    ca.parts.crls.make_all().await.unwrap();
    assert_eq!(ca.store.crl(&"issuing".parse().unwrap(), 0).await.unwrap().unwrap().next_update, end);
    let status = ca.operator.status_reports.report().await.unwrap();
    let issuing = status.issuers.iter().find(|issuer| issuer.id.as_str() == "issuing").unwrap();
    assert_eq!(issuing.not_after, Some(end), "what doctor looks at");
}

#[tokio::test]
async fn threat_38_steps_of_the_clock_in_both_directions_are_lived_down() {
    // Whether the issuers, made now with a day to spare and for a year, are valid then.
    let steps = [
        (-2 * HOUR, true),
        (-23 * HOUR, true),
        (-10 * DAY, false),
        (-400 * DAY, false),
        (2 * HOUR, true),
        (10 * DAY, true),
        (40 * DAY, true),
        (400 * DAY, false),
    ];
    for (step, valid) in steps {
        let (_folder, ca) = ca().await;
        let account = ca.account().await;
        let issue = async || ca.parts.new_orders.create(&ca.serving, &account, request()).await;
        ca.clock.jump(step);
        ca.parts.crls.make_due(IssuerRole::Issuing).await.ok();
        let answer = issue().await;
        match (&answer, valid) {
            (Ok(_), true) | (Err(Error::Failed(Failure::IssuerNotValid { .. })), false) => {}
            _ => panic!("{step}: {answer:?}"),
        }
        if valid {
            crl_is_good(&ca, step).await;
        }

        // The clock is corrected.
        ca.clock.jump(-step);
        ca.parts.crls.make_due(IssuerRole::Issuing).await.unwrap();
        crl_is_good(&ca, step).await;
        issue().await.unwrap();
        let (account, order) = ca.ready_order().await;
        ca.parts.finalization.finalize(&ca.serving, &account, order, &csr()).await.unwrap();
        let order_now = ca.parts.orders.order(&account, order).await.unwrap().order;
        assert!(matches!(order_now.state, OrderState::Valid(_)), "{step}: {:?}", order_now.state);
        let record = ca.record(&account, order).await.value;
        let now = ca.clock.now();
        assert!(record.not_before <= now && now < record.not_after, "{step}");
    }
}

async fn crl_is_good(ca: &Ca, step: i64) {
    let crl = ca.store.crl(&"issuing".parse().unwrap(), 0).await.unwrap().unwrap();
    let now = ca.clock.now();
    assert!(
        crl.this_update <= now && now < crl.next_update,
        "{step}: {now}, {} to {}",
        crl.this_update,
        crl.next_update
    );
}

/// The length of its validity, of which both ends are part.
fn both_ends(certificate: &ca::Certificate) -> SignedDuration {
    certificate.not_after().duration_since(certificate.not_before()) + SignedDuration::from_secs(1)
}

#[tokio::test]
async fn the_certificate_of_the_host_follows_an_issuer_that_is_good() {
    let (_folder, ca) = ca().await;
    let new = NewIssuer {
        id: "second".parse().unwrap(),
        subject: ca::AuthorityName::new("Second", None).unwrap(),
        key: IssuerKey::Held(ca::KeyHandle::new("second")),
        lifetime: SignedDuration::from_hours(24 * 100),
        crl_shards: 1,
        crl_backdate: store::CrlBackdate::default(),
        constraints: None,
    };
    ca.operator.issuer_changes.add("alice", new).await.unwrap();
    let (names, key) = (["localhost"], account_key());
    let identifiers = names.map(|name| {
        acme::Identifier::try_from(acme::IdentifierObject { r#type: "dns".to_owned(), value: name.to_owned() }).unwrap()
    });
    let month = 30 * 24 * 3600;
    let mut profile = store::RaProfile::new("host".parse().unwrap(), "second".parse().unwrap());
    profile.certificate_validity = store::Validity { default: month, maximum: month };
    let issue = async || {
        let request = HostCertificate { identifiers: &identifiers, public_key: &key, profile: &profile };
        let chain = ca.parts.host_certificates.issue(request).await.unwrap();
        let [leaf, issuer, ..] = chain.certificates() else { panic!("leaf and issuer") };
        (issuer.subject(), both_ends(leaf).as_hours() / 24)
    };
    let request = HostCertificate { identifiers: &identifiers, public_key: &key, profile: &profile };
    let of_second = ca.parts.host_certificates.issue(request).await.unwrap();
    assert_eq!(issue().await, ("CN=Second".to_owned(), 7));
    // It ends before a certificate of the usual length would.
    ca.clock.jump(90 * DAY);
    assert_eq!(issue().await, ("CN=issuing".to_owned(), 7));
    ca.clock.jump(20 * DAY);
    assert_eq!(issue().await, ("CN=issuing".to_owned(), 7));
    let id = of_second.certificates()[0].certificate_id();
    assert!(!ca.parts.host_certificates.is_refused(id).await.unwrap());
    let second = "second".parse().unwrap();
    let reason = acme::IssuerRevocationReason::Superseded;
    ceremonies(&ca.operator).issuer_revocations.revoke("alice", &second, reason, None).await.unwrap();
    assert!(ca.parts.host_certificates.is_refused(id).await.unwrap(), "it is renewed at once");
}
