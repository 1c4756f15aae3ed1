//! The nonce secrets: requests read them, the host creates them.

use std::sync::Arc;

use ra::Error;
use tempfile::TempDir;

use crate::ca::{Ca, Keys};

#[tokio::test]
async fn threat_28_no_request_makes_the_nonce_secrets() {
    let folder = TempDir::new().unwrap();
    let ca = Ca::open(&folder.path().join("store.redb"), &Arc::new(Keys::default())).await;
    let written = ca.store.counts().writes;
    let none = ca.parts.nonces.secrets().await.unwrap_err();
    assert!(matches!(none, Error::Failed(authority::Failure::NoNonceSecrets)) && none.is_transient(), "{none:?}");
    ca.parts.nonce_secret_rotation.ensure().await.unwrap();
    let first = ca.parts.nonces.secrets().await.unwrap();

    ca.clock.jump(24 * 60 * 60 + 1);
    assert_eq!(ca.parts.nonces.secrets().await.unwrap(), first, "however old they are");
    assert_eq!(ca.store.counts().writes, written + 1, "the host wrote once, and no one else");
}

#[tokio::test]
async fn secrets_are_rotated_daily_and_the_last_two_are_live() {
    let folder = TempDir::new().unwrap();
    let ca = Ca::open(&folder.path().join("store.redb"), &Arc::new(Keys::default())).await;
    let mut secrets = Vec::new();
    for _ in 0..3 {
        for _ in 0..2 {
            ca.parts.nonce_secret_rotation.ensure().await.unwrap();
        }
        secrets.push(ca.parts.nonces.secrets().await.unwrap().live);
        ca.clock.jump(24 * 60 * 60);
    }
    let numbers = |live: &[store::NonceSecret]| live.iter().map(|secret| secret.number).collect::<Vec<_>>();
    assert_eq!(secrets.iter().map(|live| numbers(live)).collect::<Vec<_>>(), [vec![0], vec![1, 0], vec![2, 1]]);
    assert_eq!(secrets[2][1], secrets[1][0], "the younger one stays");
}
