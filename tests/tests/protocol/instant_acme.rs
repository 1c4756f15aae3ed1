//! The client library of another project: what it relies on must hold.

use instant_acme::{
    Account, AccountCredentials, CertificateIdentifier, ChallengeType, Identifier, NewAccount, NewOrder, Order,
    OrderStatus, RetryPolicy, RevocationReason, RevocationRequest,
};
use rustls_pki_types::{CertificateDer, pem::PemObject};
use tests::{
    Directory,
    client::{Key, certificate_id, csr},
};

use crate::HOST;

use super::certificates;

#[tokio::test]
async fn instant_acme_obtains_renews_rolls_its_key_over_and_revokes() {
    HOST.on_both_families(async |ca| {
        let (mut account, _) = register(&ca).await;
        account.update_contacts(&["mailto:admin@example.org"]).await.unwrap();
        let name = [Identifier::Dns("instant-acme.test".to_owned())];
        let order = account.new_order(&NewOrder::new(&name)).await.unwrap();
        let first = obtain(&ca, order).await;
        certificates::verify(&ca, &first).unwrap();

        let credentials = account.update_key().await.unwrap();
        let builder = Account::builder_with_root(ca.https_root()).unwrap();
        let account = builder.from_credentials(credentials).await.unwrap();
        let id = certificate_id(&first);
        let (issuer, serial) = id.split_once('.').unwrap();
        let replaced = CertificateIdentifier { authority_key_identifier: issuer.into(), serial: serial.into() };
        let renewal = account.new_order(&NewOrder::new(&name).replaces(replaced)).await.unwrap();
        let second = obtain(&ca, renewal).await;
        certificates::verify(&ca, &second).unwrap();
        assert_ne!(second, first);

        let certificate = CertificateDer::from_pem_slice(first.as_bytes()).unwrap();
        let request = RevocationRequest { certificate: &certificate, reason: Some(RevocationReason::Superseded) };
        account.revoke(&request).await.unwrap();
        assert!(account.revoke(&request).await.unwrap_err().to_string().contains("alreadyRevoked"));
        account.deactivate().await.unwrap();
    })
    .await;
}

async fn register(ca: &Directory<'_>) -> (Account, AccountCredentials) {
    let new = NewAccount { contact: &[], terms_of_service_agreed: true, only_return_existing: false };
    let builder = Account::builder_with_root(ca.https_root()).unwrap();
    builder.create(&new, ca.url(), None).await.unwrap()
}

/// Obtains the chain of the order.
async fn obtain(ca: &Directory<'_>, mut order: Order) -> String {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization.unwrap();
        if let Some(mut challenge) = authorization.challenge(ChallengeType::Http01) {
            ca.challenges.set_http(&challenge.token.clone(), challenge.key_authorization().as_str());
            challenge.set_ready().await.unwrap();
        }
    }
    let patience = RetryPolicy::default();
    assert_eq!(order.poll_ready(&patience).await.unwrap(), OrderStatus::Ready);
    order.finalize_csr(&csr(&["instant-acme.test"], &Key::p256())).await.unwrap();
    order.poll_certificate(&patience).await.unwrap()
}
