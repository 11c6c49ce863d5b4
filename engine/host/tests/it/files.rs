//! The one folder: nothing outside is reachable, and nothing that is there is taken over.

use serde_json::json;

use crate::support::{attack, hostile, plain_host};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_outside_the_folder_is_reachable() {
    let around = tempfile::tempdir().expect("a folder");
    let folder = around.path().join("inside");
    std::fs::create_dir(&folder).expect("a folder");
    std::fs::write(around.path().join("secret"), "outside").expect("a file");
    std::os::unix::fs::symlink(around.path(), folder.join("link")).expect("a link");
    std::os::unix::fs::symlink(around.path().join("secret"), folder.join("file-link")).expect("a link");
    for act in ["stat", "open", "publish", "remove"] {
        for target in [
            "../secret",
            "/etc/passwd",
            "link/secret",
            "a/../../secret",
            ".CAMROLL/id",
            "",
        ] {
            let connection = hostile(
                &plain_host(),
                json!({"attack": act, "target": target, "path": folder}),
                None,
            );
            let told = attack(&connection).await;
            assert!(told.is_err(), "{act} {target}: {told:?}");
        }
    }
    // A link itself is seen as what it is, and never opened.
    let connection = hostile(
        &plain_host(),
        json!({"attack": "open", "target": "file-link", "path": folder}),
        None,
    );
    assert!(attack(&connection).await.is_err());
    assert_eq!(
        std::fs::read_to_string(around.path().join("secret")).expect("it is there"),
        "outside"
    );
    assert_eq!(std::fs::read_dir(around.path()).expect("a folder").count(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_is_taken_stays_whose_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("taken"), "mine").expect("a file");
    let connection = hostile(
        &plain_host(),
        json!({"attack": "publish", "target": "taken", "path": folder.path()}),
        None,
    );
    assert_eq!(attack(&connection).await.expect_err("it is taken").code, "files/exists");
    assert_eq!(
        std::fs::read_to_string(folder.path().join("taken")).expect("it is there"),
        "mine"
    );
    let connection = hostile(
        &plain_host(),
        json!({"attack": "draft-name", "target": "../x", "path": folder.path()}),
        None,
    );
    assert_eq!(attack(&connection).await.expect_err("no name").code, "files/bad-draft");
}
