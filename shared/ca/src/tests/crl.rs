//! CRLs, as OpenSSL sees them.

use acme::{RevocationReason, Serial};
use jiff::SignedDuration;

use super::{
    Authorities, at,
    leaf::{NOW, issue},
    openssl::Openssl,
    public_key, serial,
};
use crate::{Crl, CrlEntry, CrlError, CrlTbs, Issuer, IssuerKeyType, SignatureError, Signer, certificate, new_serial};

fn entry(serial: Serial, reason: RevocationReason) -> CrlEntry {
    CrlEntry { serial, revoked_at: at("2026-02-10T12:00:00Z"), reason_code: reason.code() }
}

#[test]
fn a_crl_number_is_above_the_last_one_and_not_below_the_time() {
    let now = at("2026-02-12T00:00:00Z");
    let time = u64::try_from(now.as_microsecond()).unwrap();
    for (last, expected) in [
        (None, time),
        (Some(7), time),
        (Some(time - 1), time),
        (Some(time), time + 1),
        (Some(time + 9), time + 10),
        (Some(u64::MAX), u64::MAX),
    ] {
        assert_eq!(Crl::number_after(last, now), expected, "{last:?}");
    }
}

#[test]
fn n14_numbers_do_not_run_ahead_of_the_clock_so_a_restored_store_does_not_repeat_them() {
    let began = at("2026-02-12T00:00:00Z");
    let made = |last, millisecond| Crl::number_after(last, began + SignedDuration::from_millis(millisecond));
    let at_backup = made(None, 0);
    // A thousand revocations within a second, each with a CRL of its own.
    let published = (1..1_000).fold(at_backup, |last, millisecond| made(Some(last), millisecond));
    assert!(made(Some(at_backup), 1_000) > published);
}

fn pem(crl: &Crl) -> String {
    certificate::pem("X509 CRL", crl.der())
}

fn many(count: u32) -> impl Iterator<Item = CrlEntry> {
    (0..count).map(|number| {
        let mut random = [0xaa; 16];
        random[12..].copy_from_slice(&number.to_be_bytes());
        entry(new_serial(random), RevocationReason::Superseded)
    })
}

fn build(issuer: &Issuer, entries: impl IntoIterator<Item = CrlEntry>, distribution: Option<&str>) -> CrlTbs {
    let (this, next) = (at("2026-02-12T00:00:00Z"), at("2026-02-19T00:00:00Z"));
    CrlTbs::build(issuer, 258, this, next, entries, distribution).unwrap()
}

async fn signed(
    authorities: &Authorities,
    entries: impl IntoIterator<Item = CrlEntry>,
    distribution: Option<&str>,
) -> Crl {
    build(&authorities.issuing, entries, distribution)
        .sign(&authorities.issuing, &authorities.signer, &authorities.issuing_key)
        .await
        .unwrap()
        .value
}

const VERIFY: &str = "-x509_strict -CAfile root.pem -untrusted issuing.pem";

#[tokio::test]
async fn openssl_verifies_empty_and_long_crls_of_every_kind_of_issuer() {
    let Some(openssl) = Openssl::find() else { return };
    for kind in [IssuerKeyType::P256, IssuerKeyType::P384, IssuerKeyType::Rsa2048] {
        let authorities = Authorities::new(kind).await;
        openssl.write("issuing.pem", authorities.issuing.certificate().pem());
        for (count, text_of_none) in [(0, true), (10_000, false)] {
            let crl = signed(&authorities, many(count), None).await;
            openssl.write("crl.der", crl.der());
            let text = openssl.expect("crl -inform DER -in crl.der -CAfile issuing.pem -noout -text");
            assert!(text.contains("verify OK"), "{text:.500}");
            assert_eq!(text.contains("No Revoked Certificates."), text_of_none);
            assert_eq!(text.matches("Serial Number:").count(), count as usize);
        }
    }
}

#[tokio::test]
async fn openssl_refuses_what_the_crl_lists_and_nothing_else() {
    let Some(openssl) = Openssl::find() else { return };
    let authorities = Authorities::shared();
    let revoked = issue(authorities, &public_key(), &["revoked.example"], 40).await;
    let good = issue(authorities, &public_key(), &["good.example"], 41).await;
    let entries = [
        entry(revoked.certificate_id().serial().clone(), RevocationReason::KeyCompromise),
        entry(serial(99), RevocationReason::Unspecified),
    ];
    let crl = signed(authorities, entries, None).await;
    let (this, next) = (at("2026-02-12T00:00:00Z"), at("2026-02-19T00:00:00Z"));
    let of_root = CrlTbs::build(&authorities.root, 1, this, next, [], None)
        .unwrap()
        .sign(&authorities.root, &authorities.signer, &authorities.root_key)
        .await
        .unwrap()
        .value;
    openssl
        .write("root.pem", authorities.root.certificate().pem())
        .write("issuing.pem", authorities.issuing.certificate().pem())
        .write("crl.pem", pem(&crl))
        .write("crls.pem", pem(&crl) + &pem(&of_root))
        .write("revoked.pem", revoked.pem())
        .write("good.pem", good.pem());
    for check in ["-crl_check -CRLfile crl.pem", "-crl_check_all -CRLfile crls.pem"] {
        let check = format!("verify {check} {VERIFY} -attime {NOW}");
        openssl.expect(&format!("{check} good.pem"));
        let outcome = openssl.run(&format!("{check} revoked.pem"));
        assert!(!outcome.success && outcome.text.contains("certificate revoked"), "{}", outcome.text);
    }
    let text = openssl.expect("crl -in crl.pem -noout -text");
    for line in [
        "Version 2 (0x1)",
        "Issuer: CN = Issuing E1",
        "Last Update: Feb 12 00:00:00 2026 GMT",
        "Next Update: Feb 19 00:00:00 2026 GMT",
        "X509v3 Authority Key Identifier:",
        "X509v3 CRL Number:",
        "258",
        "Revocation Date: Feb 10 12:00:00 2026 GMT",
        "X509v3 CRL Reason Code:",
        "Key Compromise",
    ] {
        assert!(text.lines().any(|shown| shown.trim() == line), "{line}\n{text}");
    }
    // The entry without a reason has no reason extension.
    assert_eq!(text.matches("CRL Reason Code").count(), 1, "{text}");
}

#[tokio::test]
async fn openssl_takes_a_shard_only_for_the_certificates_that_point_to_it() {
    let Some(openssl) = Openssl::find() else { return };
    let authorities = Authorities::shared();
    let revoked = issue(authorities, &public_key(), &["revoked.example"], 42).await;
    openssl
        .write("root.pem", authorities.root.certificate().pem())
        .write("issuing.pem", authorities.issuing.certificate().pem())
        .write("leaf.pem", revoked.pem());
    let check = format!("verify -crl_check {VERIFY} -attime {NOW} -CRLfile crl.pem leaf.pem");
    for (url, fault) in [
        ("http://status.test/issuing.crl", "certificate revoked"),
        ("http://status.test/other.crl", "ifferent CRL scope"),
    ] {
        let entries = [entry(revoked.certificate_id().serial().clone(), RevocationReason::CessationOfOperation)];
        let crl = signed(authorities, entries, Some(url)).await;
        openssl.write("crl.pem", pem(&crl));
        let outcome = openssl.run(&check);
        assert!(!outcome.success && outcome.text.contains(fault), "{}", outcome.text);
        let text = openssl.expect("crl -in crl.pem -noout -text");
        assert!(text.contains("X509v3 Issuing Distribution Point: critical"), "{text}");
        assert!(text.contains(&format!("URI:{url}")), "{text}");
    }
    let empty = signed(authorities, [], Some("http://status.test/issuing.crl")).await;
    openssl.write("crl.pem", pem(&empty));
    openssl.expect(&check);
}

#[tokio::test]
async fn openssl_reads_every_reason() {
    let Some(openssl) = Openssl::find() else { return };
    for (reason, shown) in [
        (RevocationReason::KeyCompromise, "Key Compromise"),
        (RevocationReason::AffiliationChanged, "Affiliation Changed"),
        (RevocationReason::Superseded, "Superseded"),
        (RevocationReason::CessationOfOperation, "Cessation Of Operation"),
        (RevocationReason::PrivilegeWithdrawn, "Privilege Withdrawn"),
    ] {
        let crl = signed(Authorities::shared(), [entry(serial(1), reason)], None).await;
        openssl.write("crl.der", crl.der());
        let text = openssl.expect("crl -inform DER -in crl.der -noout -text");
        assert!(text.contains(shown), "{shown}\n{text}");
    }
}

#[tokio::test]
async fn a_crl_reads_back() {
    let authorities = Authorities::shared();
    let crl = signed(authorities, many(3), None).await;
    let read = Crl::from_der(crl.der()).unwrap();
    assert_eq!(read, crl);
    assert_eq!(read.number(), 258);
    assert_eq!(read.this_update(), at("2026-02-12T00:00:00Z"));
    assert_eq!(read.next_update(), at("2026-02-19T00:00:00Z"));
    assert_eq!(read.verify(authorities.issuing.public_key()), Ok(()));
    assert_eq!(read.verify(authorities.root.public_key()), Err(SignatureError::Invalid));
}

#[test]
fn equal_sets_of_entries_give_equal_bytes() {
    let issuer = &Authorities::shared().issuing;
    let mut entries: Vec<CrlEntry> = many(50).collect();
    let one = build(issuer, entries.clone(), None);
    entries.reverse();
    entries.extend(many(10));
    assert_eq!(build(issuer, entries, None), one);
}

#[test]
fn a_crl_with_a_next_update_before_this_update_is_refused() {
    let issuer = &Authorities::shared().issuing;
    let now = at("2026-02-12T00:00:00Z");
    let error = CrlTbs::build(issuer, 1, now, now, [], None).unwrap_err();
    assert!(matches!(error, CrlError::Order));
}

#[tokio::test]
async fn a_crl_signed_by_another_issuer_is_refused() {
    let authorities = Authorities::shared();
    let tbs = build(&authorities.issuing, [], None);
    let by_root =
        authorities.signer.sign(&authorities.root_key, authorities.root.algorithm(), tbs.bytes()).await.unwrap();
    let error = tbs.assemble(&by_root, &authorities.issuing).unwrap_err();
    assert!(matches!(error, CrlError::Signature(SignatureError::Invalid)), "{error:?}");
    let error = tbs.assemble(&by_root, &authorities.root).unwrap_err();
    assert!(matches!(error, CrlError::OtherIssuer), "{error:?}");
}

#[test]
fn times_are_utc_time_until_2049_and_generalized_time_after() {
    let issuer = &Authorities::shared().issuing;
    let (this, next) = (at("2049-12-31T00:00:00Z"), at("2050-01-07T00:00:00Z"));
    let tbs = CrlTbs::build(issuer, 1, this, next, [], None).unwrap();
    let has = |needle: &[u8]| tbs.bytes().windows(needle.len()).any(|window| window == needle);
    assert!(has(b"\x17\x0d491231000000Z"));
    assert!(has(b"\x18\x0f20500107000000Z"));
}
