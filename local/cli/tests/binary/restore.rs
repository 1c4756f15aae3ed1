//! The drill of docs/operations/backup.md: a data folder is copied, lost, and restored.

use std::path::{Path, PathBuf};

use instant_acme::RevocationRequest;
use rustls_pki_types::{CertificateDer, pem::PemObject};
use tempfile::TempDir;
use tokio::process::Command;

use crate::{
    acme::{self, Client},
    admin::json,
    http::get_status,
    process::{Server, finish, program},
};

async fn copy(from: &Path, to: &Path) {
    let copied = finish(Command::new("cp").arg("-a").args([from, to])).await;
    assert!(copied.status.success(), "{}", String::from_utf8_lossy(&copied.stderr));
}

/// The number of the published CRL, and how many certificates are on it.
pub(crate) async fn crl(server: &Server) -> (u128, usize) {
    let path = server.folder.path().join("published.crl");
    std::fs::write(&path, get_status(server, "/crl/issuing/0.crl").await.body).unwrap();
    let mut command = Command::new("openssl");
    command.args(["crl", "-inform", "DER", "-noout", "-crlnumber", "-text", "-in"]).arg(path);
    let text = String::from_utf8(finish(&mut command).await.stdout).unwrap();
    let number = text.lines().find_map(|line| line.strip_prefix("crlNumber=0x")).expect("a number");
    (u128::from_str_radix(number, 16).unwrap(), text.matches("Serial Number: ").count())
}

/// Starts on the data folder in `folder`, where clients know the CA.
async fn start_again(folder: TempDir, listen: &str, status: &str) -> Server {
    let mut command = program();
    command.args(["serve", "--always-valid", "--log", "json", "--listen", listen, "--status-listen", status, "--data"]);
    let data = folder.path().join("data");
    Server::spawn(folder, command.arg(data)).await
}

async fn revoke_one(client: &Client, server: &Server, name: &str) {
    let (_, chain) = client.obtain(name, None).await;
    let leaf = CertificateDer::from_pem_slice(chain.as_bytes()).unwrap();
    let (before, _) = crl(server).await;
    client.account.revoke(&RevocationRequest { certificate: &leaf, reason: None }).await.unwrap();
    while crl(server).await.0 == before {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn n14_n15_a_restored_folder_goes_on_with_its_ca_and_repeats_neither_crl_numbers_nor_nonces() {
    for is_stopped in [true, false] {
        let mut server = Server::start(&["--always-valid"]).await;
        let client = Client::register(&server).await;
        revoke_one(&client, &server, "before.test").await;
        let root = server.banner["root"].clone();
        let backup: PathBuf = server.folder.path().join("backup");
        let nonce = acme::nonce(&server).await;
        if is_stopped {
            server.signal("TERM").await;
            let (listen, status) = (server.listen().to_string(), server.status_listen().to_string());
            let folder = server.ended().await.1;
            copy(&folder.path().join("data"), &backup).await;
            server = start_again(folder, &listen, &status).await;
        } else {
            copy(&server.data(), &backup).await;
        }
        assert_eq!(acme::new_account(&server, &nonce).await.status, 201, "it is used after the backup");
        for number in 0..10 {
            revoke_one(&client, &server, &format!("after-{number}.test")).await;
        }
        let published = crl(&server).await;
        assert_eq!(published.1, 11);

        let (listen, status) = (server.listen().to_string(), server.status_listen().to_string());
        server.signal("KILL").await;
        let folder = server.ended().await.1;
        let data = folder.path().join("data");
        std::fs::rename(&data, folder.path().join("lost")).unwrap();
        copy(&backup, &data).await;
        let server = start_again(folder, &listen, &status).await;

        assert_eq!(server.banner["root"], root, "it is the same CA");
        let refused = acme::new_account(&server, &nonce).await;
        assert_eq!(refused.json()["type"], "urn:ietf:params:acme:error:badNonce", "stopped: {is_stopped}");
        let client = Client::returning(&server, client.pkcs8).await;
        revoke_one(&client, &server, "again.test").await;
        let restored = crl(&server).await;
        assert!(restored.0 > published.0, "stopped: {is_stopped}: {restored:?} follows {published:?}");
        assert_eq!(restored.1, 2, "what the backup knew, and the new one");
        assert!(json(&server.data(), &["status"]).await["issuers"].is_array());
    }
}
