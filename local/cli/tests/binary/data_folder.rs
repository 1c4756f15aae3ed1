//! The data folder: access rights, locking, and refusal of unsuitable folders.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
};

use tempfile::TempDir;

use crate::{
    http,
    process::{Server, command, finish, refusal},
};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn the_folder_and_its_secrets_are_its_owners_alone() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    // A folder created by `mkdir`.
    fs::create_dir(&data).unwrap();
    fs::set_permissions(&data, Permissions::from_mode(0o755)).unwrap();
    let server = Server::start_in(folder, &[]).await;
    assert_eq!(mode(&server.data()), 0o700);
    for secret in ["root.key", "issuing.key", "store.redb", "lock"] {
        assert_eq!(mode(&server.data().join(secret)), 0o600, "{secret}");
    }
    assert_eq!(mode(&server.data().join("root.pem")), 0o644);
}

#[tokio::test]
async fn a_folder_of_other_things_is_refused_and_left_alone() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("letter.txt"), "dear").unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let message = refusal(finish(&mut command(folder.path())).await);
    assert!(message.contains("neither empty nor the data folder of a CA") && message.contains("--data"), "{message}");
    assert_eq!(mode(folder.path()), 0o755);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_second_instance_on_the_folder_is_refused_and_the_first_serves_on() {
    let server = Server::start(&[]).await;
    let message = refusal(finish(&mut command(&server.data())).await);
    assert!(
        message.contains("is in use by another serverless-acme process") && message.contains("--data"),
        "{message}"
    );
    assert_eq!(http::get(&server, server.directory()).await.status, 200);
}

#[tokio::test]
async fn a_taken_port_is_refused_with_the_flag_that_chooses_another() {
    let server = Server::start(&[]).await;
    for (flag, address) in [("--listen", server.listen()), ("--status-listen", server.status_listen())] {
        let folder = TempDir::new().unwrap();
        let other = if flag == "--listen" { "--status-listen" } else { "--listen" };
        let mut command = crate::process::program();
        command.args(["serve", flag, &address.to_string(), other, "127.0.0.1:0", "--data"]).arg(folder.path());
        let message = refusal(finish(&mut command).await);
        for part in [&format!("cannot listen on {address}"), "in use", &format!("another address with {flag}\n")] {
            assert!(message.contains(part), "{part}\n{message}");
        }
    }
}

#[tokio::test]
async fn keys_that_are_broken_missing_or_of_another_ca_stop_the_start() {
    let data = stopped().await;
    let other = stopped().await;
    let key = data.path().join("data/issuing.key");
    let good = fs::read(&key).unwrap();
    let foreign = fs::read(other.path().join("data/issuing.key")).unwrap();
    let pem = String::from_utf8(good.clone()).unwrap();
    for (content, expected) in [
        (Some(b"nonsense".to_vec()), "has no usable private key: it is not PEM"),
        (Some(pem.replace("PRIVATE KEY", "CERTIFICATE").into_bytes()), "its PEM label is not PRIVATE KEY"),
        (Some(foreign), "is not the key of the CA in this data folder"),
        (None, "but its key (issuing.key) is missing"),
    ] {
        match &content {
            Some(content) => fs::write(&key, content).unwrap(),
            None => fs::remove_file(&key).unwrap(),
        }
        let message = refusal(finish(&mut command(&data.path().join("data"))).await);
        assert!(message.contains("issuing.key") && message.contains(expected), "{message}");
        assert_eq!(fs::read(&key).ok(), content, "no key was made");
    }
    fs::write(&key, good).unwrap();
    Server::start_in(data, &[]).await;
}

#[tokio::test]
async fn a_store_that_is_none_stops_the_start() {
    let data = stopped().await;
    let store = data.path().join("data/store.redb");
    fs::write(&store, vec![7; 4096]).unwrap();
    let message = refusal(finish(&mut command(&data.path().join("data"))).await);
    assert!(message.contains("store.redb: damaged, or not a store"), "{message}");
    assert_eq!(fs::read(&store).unwrap(), vec![7; 4096]);
}

/// The folder of a CA that has run and stopped.
async fn stopped() -> TempDir {
    let server = Server::start(&[]).await;
    server.signal("TERM").await;
    let (status, folder) = server.ended().await;
    assert_eq!(status, Some(0));
    folder
}
