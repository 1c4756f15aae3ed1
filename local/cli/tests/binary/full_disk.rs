//! A full disk, as clients see it: the data folder is a small file system of its own, which only
//! root can mount.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

use instant_acme::RevocationRequest;
use rustls_pki_types::{CertificateDer, pem::PemObject};
use serde_json::json;
use tempfile::TempDir;

use crate::{
    acme::{self, Client},
    http::{self, Reply},
    process::Server,
    restore::crl,
};

/// A data folder with 24 MiB of room. It is unmounted and removed on drop.
struct Disk(PathBuf);

impl Disk {
    /// `None` where mounting is not allowed.
    fn mounted(folder: &Path) -> Option<Self> {
        let data = folder.join("data");
        fs::create_dir(&data).unwrap();
        let mut mount = Command::new("mount");
        let mounted = mount.args(["-t", "tmpfs", "-o", "size=24m,mode=700", "tmpfs"]).arg(&data).status();
        if mounted.is_ok_and(|status| status.success()) {
            return Some(Self(data));
        }
        eprintln!("NOT TESTED: a small file system cannot be mounted without being root");
        None
    }

    /// Leaves no room.
    fn fill(&self) {
        let mut filler = OpenOptions::new().append(true).create(true).open(self.0.join("filler")).unwrap();
        for size in [64 << 10, 4 << 10, 1] {
            while filler.write_all(&vec![1; size]).is_ok() {}
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
        let _ = self.0.parent().map(fs::remove_dir_all);
    }
}

#[tokio::test]
async fn on_a_full_disk_orders_are_put_off_while_revocations_crls_and_starts_go_on() {
    let folder = TempDir::with_prefix("serverless-acme-binary-").unwrap();
    let Some(disk) = Disk::mounted(folder.path()) else { return };
    let arguments = ["--always-valid"];
    let server = Server::start_in(folder, &arguments).await;
    let client = Client::register(&server).await;
    let (_, chain) = client.obtain("www.test", None).await;
    let (number, revoked) = crl(&server).await;

    disk.fill();
    let mut orders = 0;
    let refused = loop {
        orders += 1;
        let reply = order(&server, &client, orders).await;
        if reply.status != 201 {
            break reply;
        }
        assert!(orders < 200, "the disk is not full");
    };
    assert_put_off(&refused);
    assert_put_off(&acme::new_account(&server, &acme::nonce(&server).await).await);

    let leaf = CertificateDer::from_pem_slice(chain.as_bytes()).unwrap();
    client.account.revoke(&RevocationRequest { certificate: &leaf, reason: None }).await.unwrap();
    while crl(&server).await.0 == number {
        tokio::task::yield_now().await;
    }
    assert_eq!(crl(&server).await.1, revoked + 1);

    let server = server.restarted("KILL", &arguments).await;
    assert_eq!(crl(&server).await.1, revoked + 1);
    assert_eq!(http::get(&server, server.directory()).await.status, 200);
    let client = Client::returning(&server, client.pkcs8).await;
    assert_put_off(&order(&server, &client, 0).await);
}

/// An order for a hundred names of its own, which takes a quarter of a MiB.
async fn order(server: &Server, client: &Client, number: usize) -> Reply {
    let url = http::get(server, server.directory()).await.json()["newOrder"].as_str().unwrap().to_owned();
    let names: Vec<_> = (0..100).map(|name| json!({"type": "dns", "value": format!("{name}.{number}.test")})).collect();
    let payload = json!({"identifiers": names}).to_string();
    client.post(server, &url, &acme::nonce(server).await, &payload).await
}

#[track_caller]
fn assert_put_off(reply: &Reply) {
    assert_eq!(reply.status, 503, "{}", reply.json());
    assert_eq!(reply.json()["type"], "urn:ietf:params:acme:error:serverInternal");
    assert!(reply.header("retry-after").is_some());
}
