//! The drill of docs/operations/backup.md: a table that was restored from a backup takes the place
//! of the lost one, and the CA goes on.

use ca::Crl;
use tests::{Environment, client::Issued};
use x509_cert::{crl::CertificateList, der::Decode};

use crate::HOST;

#[tokio::test]
async fn a_table_restored_from_a_backup_keeps_its_revocations_and_raises_the_crl_number() {
    let environment = HOST.start().await;
    let (client, certificates) = {
        let ca = environment.directory("default");
        let client = ca.client().await;
        let certificates = [client.obtain(&["before.test"]).await, client.obtain(&["after.test"]).await];
        (client, certificates)
    };
    let [before, after] = &certificates;
    client.revoke(before, 1).await.expect(200);
    environment.settled().await;
    let backup = environment.aws().items();

    // Lost with the table, because it happened after the backup.
    client.revoke(after, 1).await.expect(200);
    environment.settled().await;
    let last = crl(&environment);
    assert_eq!(revoked(&last, &certificates), [true, true]);

    let environment = environment.restored(backup).await;
    client.revoke(before, 1).await.refused(400, "alreadyRevoked");
    client.read(&after.certificate).await.expect(200);
    let next = client.obtain(&["next.test"]).await;
    client.revoke(&next, 4).await.expect(200);
    environment.settled().await;
    let restored = crl(&environment);
    assert!(restored.number() > last.number(), "relying parties keep the CRL with the highest number");
    assert_eq!(revoked(&restored, &certificates), [true, false]);
    assert_eq!(revoked(&restored, &[next]), [true]);

    // The last CRL of the lost table listed this one.
    client.revoke(after, 1).await.expect(200);
    environment.settled().await;
    assert_eq!(revoked(&crl(&environment), &certificates), [true, true]);
}

/// The CRL that relying parties download.
fn crl(environment: &Environment) -> Crl {
    let object = environment.aws().cloud().object("status", "crl/issuing/0.crl").expect("a CRL");
    Crl::from_der(&object.body).unwrap()
}

/// Whether the CRL lists each of the certificates.
fn revoked<const N: usize>(crl: &Crl, certificates: &[Issued; N]) -> [bool; N] {
    let list = CertificateList::from_der(crl.der()).unwrap();
    let listed = list.tbs_cert_list.revoked_certificates.unwrap_or_default();
    std::array::from_fn(|place| {
        let leaf = certificates[place].leaf();
        listed.iter().any(|entry| entry.serial_number == *leaf.tbs_certificate().serial_number())
    })
}
