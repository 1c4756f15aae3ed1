//! A full disk, which is a small file system of its own. It can only be mounted by root.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "these are tests")]

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

use jiff::Timestamp;
use store::{
    AccountStore, CertificateStore, CrlStore, NonceStore, StoreError,
    contract::fixture::{account, at, certificate, crl, issued, issuer_id, key, nonce, operation, revoked},
    embedded::{EmbeddedStore, EngineOptions},
};
use tempfile::TempDir;

/// A file system of 24 MiB; it is unmounted on drop.
struct Disk(TempDir);

impl Disk {
    /// `None` where mounting is not allowed.
    fn mounted() -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let mut mount = Command::new("mount");
        let mounted = mount.args(["-t", "tmpfs", "-o", "size=24m", "tmpfs"]).arg(folder.path()).status();
        if mounted.is_ok_and(|status| status.success()) {
            return Some(Self(folder));
        }
        eprintln!("NOT TESTED: a small file system cannot be mounted without being root");
        None
    }

    fn store(&self) -> PathBuf {
        self.0.path().join("store.redb")
    }

    fn filler(&self) -> PathBuf {
        self.0.path().join("filler")
    }

    /// Leaves no room.
    fn fill(&self) {
        let mut filler = fs::OpenOptions::new().append(true).create(true).open(self.filler()).unwrap();
        for size in [64 << 10, 4 << 10, 1] {
            while filler.write_all(&vec![1; size]).is_ok() {}
        }
    }

    fn open(&self) -> EmbeddedStore {
        EmbeddedStore::open(self.store(), EngineOptions::default()).unwrap()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.0.path()).status();
    }
}

fn reserve(store: &Path) -> PathBuf {
    store.with_extension("redb.reserve")
}

/// Registers accounts until one is refused.
async fn register(store: &EmbeddedStore) -> StoreError {
    for _ in 0..20_000 {
        if let Err(error) = store.create_account_if_absent(&account()).await {
            return error;
        }
    }
    panic!("the disk is not full");
}

#[tokio::test]
async fn on_a_full_disk_certificates_are_revoked_and_crls_are_made_and_nothing_else_is_written() {
    let Some(disk) = Disk::mounted() else { return };
    let store = disk.open();
    let certificate = issued(&certificate());
    store.intend_certificate(&certificate).await.unwrap();
    disk.fill();
    let refused = register(&store).await;
    assert!(matches!(refused, StoreError::Unavailable(_)), "{refused:?}");
    assert!(store.is_disk_full());
    assert!(matches!(store.create_account_if_absent(&account()).await, Err(StoreError::Unavailable(_))));

    let gone = revoked(&certificate);
    store.update_certificate(&certificate, &gone).await.unwrap();
    store.put_crl(&crl(&issuer_id(), 1)).await.unwrap();
    store.block_key(&key(7).thumbprint(), at(0)).await.unwrap();

    fs::remove_file(disk.filler()).unwrap();
    store.purge(Timestamp::UNIX_EPOCH, 1).await.unwrap();
    assert!(!store.is_disk_full() && reserve(&disk.store()).exists(), "there is room again");
    store.create_account_if_absent(&account()).await.unwrap();
    assert_eq!(store.certificate(&gone.id).await.unwrap(), Some(gone));
}

#[tokio::test]
async fn a_store_on_a_full_disk_opens_and_revokes() {
    let Some(disk) = Disk::mounted() else { return };
    let certificate = issued(&certificate());
    let store = disk.open();
    store.intend_certificate(&certificate).await.unwrap();
    store.redeem_nonce(&nonce(), at(300), operation()).await.unwrap();
    store.close().await.unwrap();
    drop(store);
    disk.fill();
    for _ in 0..3 {
        let store = disk.open();
        assert!(store.certificate(&certificate.id).await.unwrap().is_some());
    }
    let store = disk.open();
    register(&store).await;
    store.update_certificate(&certificate, &revoked(&certificate)).await.unwrap();
    store.close().await.unwrap();
    drop(store);
    let store = disk.open();
    assert!(store.certificate(&certificate.id).await.unwrap().unwrap().revocation.is_some());
}

#[tokio::test]
async fn a_start_on_a_full_disk_takes_what_only_the_log_has() {
    let Some(disk) = Disk::mounted() else { return };
    let store = disk.open();
    let accounts: Vec<_> = (0..500).map(|_| account()).collect();
    for account in &accounts {
        store.create_account_if_absent(account).await.unwrap();
    }
    // What a crash leaves.
    let files = [disk.store(), disk.store().with_extension("redb.log")];
    let left = files.each_ref().map(|file| fs::read(file).unwrap());
    drop(store);
    for (file, octets) in files.iter().zip(left) {
        fs::write(file, octets).unwrap();
    }
    disk.fill();
    let store = disk.open();
    assert!(store.was_unclean() && store.is_disk_full());
    for account in &accounts {
        assert_eq!(store.account(account.id).await.unwrap().as_ref(), Some(account));
    }
}

#[tokio::test]
async fn nonces_that_a_full_disk_could_not_keep_are_invalid_after_the_next_start() {
    let Some(disk) = Disk::mounted() else { return };
    let store = disk.open();
    disk.fill();
    register(&store).await;
    store.redeem_nonce(&nonce(), at(300), operation()).await.unwrap();
    store.close().await.unwrap();
    drop(store);
    assert!(disk.open().was_unclean(), "the secrets of all nonces are new");
}
