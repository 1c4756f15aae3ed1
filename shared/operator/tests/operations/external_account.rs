//! External account binding (RFC 8555 §7.3.4): each field is checked, and a key binds one account.

use std::sync::Arc;

use acme::NewAccount;
use aws_lc_rs::hmac;
use jiff::SignedDuration;
use jose::{PublicKey, base64url};
use operator::{ExternalAccountKeyTerms, MintedExternalAccountKey};
use ra::{AccountCreation, BindingRefusal, Directory, Error, Refusal};
use serde_json::json;
use store::AcmeProfile;
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::{
    ca::{Keys, NEW_ACCOUNT, account_key},
    operated::Ca,
};

/// A binding whose parts a test can choose.
struct Binding {
    header: serde_json::Value,
    payload: String,
    mac_key: Vec<u8>,
    algorithm: hmac::Algorithm,
}

impl Binding {
    /// A valid binding.
    fn of(minted: &MintedExternalAccountKey, account_key: &PublicKey) -> Self {
        Self {
            header: json!({ "alg": "HS256", "kid": minted.id.to_string(), "url": NEW_ACCOUNT }),
            payload: serde_json::to_string(account_key).unwrap(),
            mac_key: minted.mac_key.to_vec(),
            algorithm: hmac::HMAC_SHA256,
        }
    }

    fn request(&self) -> NewAccount {
        let protected = base64url::encode(self.header.to_string().as_bytes());
        let payload = base64url::encode(self.payload.as_bytes());
        let key = hmac::Key::new(self.algorithm, &self.mac_key);
        let mac = hmac::sign(&key, format!("{protected}.{payload}").as_bytes());
        let jws = json!({ "protected": protected, "payload": payload, "signature": base64url::encode(mac.as_ref()) });
        let jws = serde_json::value::to_raw_value(&jws).unwrap();
        NewAccount { external_account_binding: Some(jws), ..NewAccount::default() }
    }
}

/// The name of a fault, and the change that causes it in a valid binding.
type Fault<'a> = (&'static str, &'a dyn Fn(&mut Binding));

/// A CA whose directory requires a binding.
async fn ca() -> (TempDir, Ca) {
    let folder = TempDir::new().unwrap();
    let mut ca = Ca::open(&folder.path().join("store.redb"), &Arc::new(Keys::default())).await;
    let acme = AcmeProfile { external_account_required: true, ..ca.serving.acme.clone() };
    ca.serving = Arc::new(Directory { acme, ..Directory::clone(&ca.serving) });
    ca.secrets().ensure().await.unwrap();
    (folder, ca)
}

async fn mint(ca: &Ca) -> MintedExternalAccountKey {
    ca.operator
        .external_account_keys
        .mint("tests", ExternalAccountKeyTerms::new(SignedDuration::from_hours(24)))
        .await
        .unwrap()
}

async fn create(ca: &Ca, key: &PublicKey, request: &NewAccount) -> Result<AccountCreation, Error> {
    ca.parts.registrations.create(&ca.serving, key.clone(), request, NEW_ACCOUNT).await
}

#[tokio::test]
async fn p7_an_account_needs_a_binding_where_the_profile_demands_one() {
    let (_folder, ca) = ca().await;
    let key = account_key();
    let without = create(&ca, &key, &NewAccount::default()).await;
    assert!(matches!(without, Err(Error::Refused(Refusal::ExternalAccountRequired))), "{without:?}");
    let binding = Binding::of(&mint(&ca).await, &key).request();
    let made = create(&ca, &key, &binding).await.unwrap();
    assert!(matches!(made, AccountCreation::Created(_)));
    for request in [NewAccount::default(), binding] {
        let again = create(&ca, &key, &request).await.unwrap();
        assert!(
            matches!(again, AccountCreation::Existing(_)),
            "a known key is answered before the binding is looked at"
        );
    }
}

#[tokio::test]
async fn p7_every_mac_algorithm_of_the_rfc_is_taken() {
    let (_folder, ca) = ca().await;
    for (name, algorithm) in [("HS256", hmac::HMAC_SHA256), ("HS384", hmac::HMAC_SHA384), ("HS512", hmac::HMAC_SHA512)]
    {
        let key = account_key();
        let mut binding = Binding::of(&mint(&ca).await, &key);
        binding.header["alg"] = name.into();
        binding.algorithm = algorithm;
        let made = create(&ca, &key, &binding.request()).await;
        assert!(matches!(made, Ok(AccountCreation::Created(_))), "{name}: {made:?}");
    }
}

#[tokio::test]
async fn threat_19_each_wrong_field_of_a_binding_is_refused_and_the_key_stays_good() {
    let (_folder, ca) = ca().await;
    let (key, minted) = (account_key(), mint(&ca).await);
    let other = mint(&ca).await;
    let wrong: [Fault<'_>; 12] = [
        ("no algorithm", &|binding| binding.header["alg"] = "none".into()),
        ("an asymmetric algorithm", &|binding| binding.header["alg"] = "ES256".into()),
        ("another hash than it says", &|binding| binding.header["alg"] = "HS512".into()),
        ("no key identifier", &|binding| drop(binding.header.as_object_mut().unwrap().remove("kid"))),
        ("an unknown key", &|binding| binding.header["kid"] = "0".repeat(26).into()),
        ("a key that is no identifier", &|binding| binding.header["kid"] = "../secret".into()),
        ("someone else's key", &|binding| binding.header["kid"] = other.id.to_string().into()),
        ("another URL", &|binding| binding.header["url"] = format!("{NEW_ACCOUNT}/").into()),
        ("a nonce", &|binding| binding.header["nonce"] = "AAAA".into()),
        ("another MAC key", &|binding| binding.mac_key = vec![7; 32]),
        ("another account key", &|binding| binding.payload = serde_json::to_string(&account_key()).unwrap()),
        ("no account key", &|binding| binding.payload = String::new()),
    ];
    for (what, spoil) in wrong {
        let mut binding = Binding::of(&minted, &key);
        spoil(&mut binding);
        let answer = create(&ca, &key, &binding.request()).await;
        assert!(matches!(answer, Err(Error::Refused(Refusal::ExternalAccountRefused(_)))), "{what}: {answer:?}");
    }
    let made = create(&ca, &key, &Binding::of(&minted, &key).request()).await;
    assert!(matches!(made, Ok(AccountCreation::Created(_))), "{made:?}");
}

#[tokio::test]
async fn threat_19_a_binding_is_checked_also_where_none_is_demanded() {
    let (_folder, mut ca) = ca().await;
    let acme = AcmeProfile { external_account_required: false, ..ca.serving.acme.clone() };
    ca.serving = Arc::new(Directory { acme, ..Directory::clone(&ca.serving) });
    let key = account_key();
    let mut binding = Binding::of(&mint(&ca).await, &key);
    binding.mac_key = vec![7; 32];
    let answer = create(&ca, &key, &binding.request()).await;
    assert!(matches!(answer, Err(Error::Refused(Refusal::ExternalAccountRefused(_)))), "{answer:?}");
}

#[tokio::test]
async fn threat_19_a_key_that_ended_binds_no_account() {
    let (_folder, ca) = ca().await;
    let (key, minted) = (account_key(), mint(&ca).await);
    ca.clock.jump(24 * 60 * 60 + 1);
    let answer = create(&ca, &key, &Binding::of(&minted, &key).request()).await;
    assert!(
        matches!(answer, Err(Error::Refused(Refusal::ExternalAccountRefused(BindingRefusal::UsedUp)))),
        "{answer:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_19_of_ten_thousand_accounts_that_ask_with_one_key_at_the_same_time_one_is_made() {
    let (_folder, ca) = ca().await;
    let minted = Arc::new(mint(&ca).await);
    let asking: JoinSet<_> = (0..10_000)
        .map(|_| {
            let (ca, minted) = (ca.clone(), minted.clone());
            async move {
                let key = account_key();
                create(&ca, &key, &Binding::of(&minted, &key).request()).await
            }
        })
        .collect();
    let answers = asking.join_all().await;
    let refused = |answer: &&Result<_, _>| {
        matches!(answer, Err(Error::Refused(Refusal::ExternalAccountRefused(BindingRefusal::UsedUp))))
    };
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    assert_eq!(answers.iter().filter(refused).count(), 9_999);
}

#[tokio::test]
async fn what_is_stored_of_a_key_does_not_hold_its_mac_key() {
    let (_folder, ca) = ca().await;
    let minted = mint(&ca).await;
    let stored = store::ExternalAccountStore::external_account_key(ca.store.as_ref(), minted.id).await.unwrap();
    let text = serde_json::to_string(&stored).unwrap();
    assert!(!text.contains(&base64url::encode(&minted.mac_key)), "{text}");
}
