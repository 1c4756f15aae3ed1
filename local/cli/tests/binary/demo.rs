//! The demonstration.

use tempfile::TempDir;

use crate::process::{finish, program, refusal};

#[tokio::test]
async fn every_step_succeeds_and_nothing_is_left_behind() {
    let folder = TempDir::new().unwrap();
    let output = finish(program().arg("demo").env("TMPDIR", folder.path())).await;
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    let steps = [
        "CA started",
        "account created",
        "order placed",
        "identifier validated",
        "certificate issued",
        "certificate verified",
        "certificate revoked",
        "found on the CRL",
        "total",
    ];
    let mut rest = text.as_str();
    for step in steps {
        rest = rest.split_once(step).unwrap_or_else(|| panic!("{step} is missing or late: {text}")).1;
    }
    assert_eq!(fs_entries(&folder), 0);
}

#[tokio::test]
async fn without_a_temporary_folder_it_fails_and_says_why() {
    let message = refusal(finish(program().arg("demo").env("TMPDIR", "/nonexistent")).await);
    assert!(message.contains("temporary folder cannot be used"), "{message}");
}

fn fs_entries(folder: &TempDir) -> usize {
    std::fs::read_dir(folder.path()).unwrap().count()
}
