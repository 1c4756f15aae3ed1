//! Roles of operators at a host on this machine: a socket for each group.

use std::{fs, os::unix::fs::MetadataExt, path::Path, process::Output};

use serde_json::Value;
use tempfile::TempDir;

use super::{json, text};
use crate::process::{self, Server, finish, program, refusal};

/// A command of an operator who has the role of this socket.
async fn at(socket: &Path, arguments: &[&str]) -> Output {
    finish(program().args(["admin", "--socket"]).arg(socket).args(arguments)).await
}

/// A folder, and the number of a group that this user may give files to: for root any, for others
/// their own.
fn sockets() -> (TempDir, u32) {
    let folder = TempDir::with_prefix("serverless-acme-roles-").unwrap();
    let owner = folder.path().metadata().unwrap();
    let gid = if owner.uid() == 0 { 4711 } else { owner.gid() };
    (folder, gid)
}

#[tokio::test]
async fn a_role_at_a_host_is_a_socket_for_one_group_and_its_acts_are_recorded_with_who_and_as_what() {
    let (folder, gid) = sockets();
    let folder = folder.path().join("made/by/the/host");
    let groups = format!("view={gid},enrol={gid}");
    let server = Server::start(&["--admin-sockets", folder.to_str().unwrap(), "--admin-groups", &groups]).await;
    let [view, enrol] = ["view", "enrol"].map(|role| folder.join(format!("{role}.sock")));
    for socket in [&view, &enrol] {
        let file = socket.metadata().unwrap();
        assert_eq!((file.mode() & 0o777, file.gid()), (0o660, gid), "nothing is open to others");
    }
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 2, "nothing else is left there");

    let shown = at(&view, &["status"]).await;
    assert!(shown.status.success(), "{}", String::from_utf8_lossy(&shown.stderr));
    let refused = refusal(at(&view, &["eab", "mint"]).await);
    assert!(refused.contains("view") && refused.contains("enrol"), "{refused}");
    assert_eq!(json(&server.data(), &["eab", "list"]).await, serde_json::json!([]));

    let minted = at(&enrol, &["eab", "mint", "--json"]).await;
    let minted: Value = serde_json::from_slice(&minted.stdout).unwrap();
    assert!(minted["key"].is_string(), "{minted}");
    let refused = refusal(at(&enrol, &["keys", "block", "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"]).await);
    assert!(refused.contains("revoke"), "{refused}");

    // The owner of the data folder may do everything, and is recorded without a role.
    text(&server.data(), &["keys", "block", "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"]).await;
    let audit = json(&server.data(), &["audit", "list"]).await;
    let actor = |index: usize| audit[index]["actor"].as_str().unwrap();
    assert!(!actor(0).contains("role"), "{audit}");
    assert!(actor(1).contains("uid ") && actor(1).ends_with(", in the role enrol (proven)"), "{audit}");

    server.signal("TERM").await;
    server.ended().await;
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0, "a host that ends takes its sockets away");
    let refused = refusal(at(&view, &["status"]).await);
    assert!(refused.contains("no host answers at") && refused.contains("--admin-groups"), "{refused}");
}

#[tokio::test]
async fn a_role_that_cannot_be_given_stops_the_start_and_takes_no_socket_from_another_host() {
    let (folder, gid) = sockets();
    let own = folder.path().to_str().unwrap();
    let given = format!("view={gid}");
    let server = Server::start(&["--admin-sockets", own, "--admin-groups", &given]).await;
    let twice = format!("revoke={gid},revoke={gid}");
    for (groups, expected) in [
        (given.as_str(), "another host answers there"),
        (&twice, "another group has the role"),
        ("enrol=no-such-group", "there is no group `no-such-group`"),
    ] {
        let data = TempDir::new().unwrap();
        let mut command = process::command(&data.path().join("data"));
        let refused = refusal(finish(command.args(["--admin-sockets", own, "--admin-groups", groups])).await);
        assert!(refused.contains(expected), "{groups}: {refused}");
    }
    assert!(at(&folder.path().join("view.sock"), &["status"]).await.status.success());

    // What a host that was killed left behind is in no one's way.
    server.signal("KILL").await;
    let (_, folder_of_data) = server.ended().await;
    let server = Server::start_in(folder_of_data, &["--admin-sockets", own, "--admin-groups", &given]).await;
    assert!(at(&folder.path().join("view.sock"), &["status"]).await.status.success());
    drop(server);
}
