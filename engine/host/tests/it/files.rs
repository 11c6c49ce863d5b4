//! The folder: what a connector reaches there, and what happens to it when the disk is full, read-only or gone.

use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use bytes::Bytes;
use camroll_host::{Connection, Disposal, from_bytes};
use camroll_model::{ConnectorError, ErrorClass, StageFile, Staged, Stored, Target};
use serde_json::json;

use crate::support::{attack, connect, connector, file, hostile, mirror, try_connect};

async fn stage(connection: &Connection, file: StageFile, bytes: &'static [u8]) -> Result<Vec<u8>, ConnectorError> {
    match connection.stage(file, from_bytes(Bytes::from_static(bytes))).await? {
        Staged::Held(held) => Ok(held),
        Staged::Stored(_) => panic!("the mirror holds"),
    }
}

async fn put(connection: &Connection, file: StageFile, bytes: &'static [u8]) -> Result<Stored, ConnectorError> {
    let held = stage(connection, file, bytes).await?;
    connection.commit(vec![held]).await?.remove(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_is_published_each_on_its_own() {
    let (connection, folder) = mirror().await;
    std::fs::create_dir_all(folder.path().join("2024")).unwrap();
    std::fs::write(folder.path().join("2024/taken.jpg"), "somebody's").unwrap();
    let mut held = Vec::new();
    for number in 0..40 {
        held.push(
            stage(
                &connection,
                file(&format!("2024/{number}.jpg"), &format!("key-{number}")),
                b"new",
            )
            .await
            .unwrap(),
        );
    }
    held.push(
        stage(&connection, file("2024/taken.jpg", "taken"), b"new")
            .await
            .unwrap(),
    );
    held.push(b"no-such-draft\n2024/x.jpg\n".to_vec());
    let results = connection.commit(held).await.unwrap();
    assert!(results[..40].iter().all(Result::is_ok));
    let taken = results[40].as_ref().unwrap_err();
    assert_eq!(
        (taken.class, taken.code.as_str()),
        (ErrorClass::Conflict, "files/exists")
    );
    assert_eq!(results[41].as_ref().unwrap_err().class, ErrorClass::Expired);
    assert_eq!(
        std::fs::read(folder.path().join("2024/taken.jpg")).unwrap(),
        b"somebody's"
    );
    assert_eq!(std::fs::read(folder.path().join("2024/7.jpg")).unwrap(), b"new");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_draft_outlives_its_process_and_begins_anew_when_made_again() {
    let (connection, folder) = mirror().await;
    let held = stage(&connection, file("a.jpg", "key"), b"first").await.unwrap();
    drop(connection);
    // Another connection, as another process would make it.
    let again = connect(&connector("mirror").await, json!({"path": folder.path()}));
    again.commit(vec![held.clone()]).await.unwrap().remove(0).unwrap();
    assert_eq!(std::fs::read(folder.path().join("a.jpg")).unwrap(), b"first");
    let twice = again.commit(vec![held]).await.unwrap().remove(0).unwrap_err();
    assert_eq!(twice.class, ErrorClass::Expired, "published already");

    stage(&again, file("b.jpg", "other"), b"longer than what follows")
        .await
        .unwrap();
    put(&again, file("b.jpg", "other"), b"short").await.unwrap();
    assert_eq!(std::fs::read(folder.path().join("b.jpg")).unwrap(), b"short");

    stage(&again, file("c.jpg", "given-up"), b"never").await.unwrap();
    let orphan = camroll_model::Orphan {
        path: "c.jpg".to_owned(),
        idempotency_key: "given-up".to_owned(),
        held: None,
        checkpoint: None,
    };
    again.abort(vec![orphan]).await.unwrap().remove(0).unwrap();
    assert_eq!(
        std::fs::read_dir(folder.path().join(".camroll/drafts"))
            .unwrap()
            .count(),
        0
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_expected_version_is_replaced_moved_or_removed() {
    let (connection, folder) = mirror().await;
    let path = folder.path().join("a.jpg");
    let first = put(&connection, file("a.jpg", "1"), b"first").await.unwrap().entry;
    let replacing = StageFile {
        replaces: Some(first.clone()),
        ..file("a.jpg", "2")
    };
    let second = put(&connection, replacing.clone(), b"second").await.unwrap().entry;
    assert_eq!(std::fs::read(&path).unwrap(), b"second");
    let stale = put(
        &connection,
        StageFile {
            idempotency_key: "3".to_owned(),
            ..replacing
        },
        b"third",
    )
    .await
    .unwrap_err();
    assert_eq!(
        (stale.class, stale.code.as_str()),
        (ErrorClass::Conflict, "files/changed")
    );

    std::fs::write(&path, "edited by hand").unwrap();
    let error = connection.remove(second.clone(), Disposal::Remove).await.unwrap_err();
    assert_eq!(error.code, "files/changed");
    assert_eq!(
        connection
            .rename(second, "b.jpg".to_owned(), None)
            .await
            .unwrap_err()
            .code,
        "files/changed"
    );

    let now = connection.stat(Target::at("a.jpg")).await.unwrap().unwrap();
    std::fs::write(folder.path().join("taken.jpg"), "somebody's").unwrap();
    assert_eq!(
        connection
            .rename(now.clone(), "taken.jpg".to_owned(), None)
            .await
            .unwrap_err()
            .code,
        "files/exists"
    );
    let moved = connection.rename(now, "new/b.jpg".to_owned(), None).await.unwrap();
    assert_eq!(
        std::fs::read(folder.path().join("new/b.jpg")).unwrap(),
        b"edited by hand"
    );
    connection.remove(moved, Disposal::Remove).await.unwrap();
    assert!(connection.stat(Target::at("new/b.jpg")).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_outside_and_nothing_of_the_engines_is_reached() {
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("secret"), "secret").unwrap();
    let folder = tempfile::tempdir().unwrap();
    symlink(outside.path(), folder.path().join("link")).unwrap();
    symlink(outside.path().join("secret"), folder.path().join("file-link")).unwrap();
    std::fs::create_dir(folder.path().join(".camroll")).unwrap();
    std::fs::write(folder.path().join(".camroll/id"), "id").unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        folder.path().join("pipe"),
        rustix::fs::FileType::Fifo,
        0o600.into(),
        0,
    )
    .unwrap();
    for (act, target, code) in [
        ("open", "../x", "files/bad-path"),
        ("open", "/etc/passwd", "files/bad-path"),
        ("open", "link/secret", "files/link"),
        ("open", "file-link", "files/not-a-file"),
        ("open", "pipe", "files/not-a-file"),
        ("open", ".camroll/id", "files/own-folder"),
        ("open", ".CAMROLL/id", "files/own-folder"),
        ("stat", ".camroll", "files/own-folder"),
        ("stat", "link/secret", "files/link"),
        ("publish", "link/new", "files/link"),
        ("publish", "../new", "files/bad-path"),
        ("publish", ".camroll/id2", "files/no-draft"),
        ("publish", ".camroll/drafts/x", "files/own-folder"),
        ("publish", "pipe", "files/exists"),
        ("publish", "file-link", "files/exists"),
        ("remove", "file-link", "files/not-a-file"),
        ("draft-name", "../evil", "files/bad-draft-name"),
        ("draft-name", "a/b", "files/bad-draft-name"),
    ] {
        let connection = hostile(json!({"attack": act, "target": target, "path": folder.path()})).await;
        let got = attack(&connection).await;
        assert_eq!(
            got.as_ref().map_err(|error| error.code.as_str()),
            Err(code),
            "{act} {target}"
        );
    }
    assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 1);
    let none = hostile(json!({"attack": "stat", "target": "a"})).await;
    assert_eq!(attack(&none).await.unwrap_err().code, "host/no-folder-granted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_engines_files_are_reached_by_calls_that_name_them() {
    let (connection, folder) = mirror().await;
    let own = |path: &str| StageFile {
        asset: None,
        role: None,
        ..file(path, "own")
    };
    put(&connection, own(".camroll/id"), b"an id").await.unwrap();
    let entry = connection.stat(Target::at(".camroll/id")).await.unwrap().unwrap();
    assert_eq!(entry.size, Some(5));
    // An asset can't come to lie there, whatever its layout says; nor can the engine's own files come anywhere else.
    let error = put(&connection, file(".camroll/id", "key"), b"evil").await.unwrap_err();
    assert_eq!(error.code, "files/no-draft");
    put(&connection, own("elsewhere"), b"x").await.unwrap();
    let listed = connection.list(String::new(), None).await.unwrap().entries;
    assert_eq!(
        listed
            .iter()
            .filter_map(|entry| entry.target.path.clone())
            .collect::<Vec<_>>(),
        ["elsewhere"]
    );
    let own_listed = connection.list(".camroll".to_owned(), None).await.unwrap().entries;
    assert!(
        own_listed
            .iter()
            .any(|entry| entry.target.path.as_deref() == Some(".camroll/id"))
    );
    assert_eq!(
        std::fs::metadata(folder.path().join(".camroll/drafts"))
            .unwrap()
            .permissions()
            .mode()
            & 0o777,
        0o700
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn folders_are_read_in_pages_by_name() {
    let (connection, folder) = mirror().await;
    for name in ["b", "a", "d", "c", "e", "\u{e4}", "f"] {
        std::fs::write(folder.path().join(name), "x").unwrap();
    }
    use std::os::unix::ffi::OsStrExt;
    std::fs::write(folder.path().join(std::ffi::OsStr::from_bytes(b"not-\xff-utf8")), "yes").unwrap();
    let (mut all, mut next) = (Vec::new(), None);
    loop {
        let page = connection.list(String::new(), next).await.unwrap();
        all.extend(page.entries.into_iter().filter_map(|entry| entry.target.path));
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    assert_eq!(all, ["a", "b", "c", "d", "e", "f", "not-\u{F700}ff-utf8", "\u{e4}"]);
    let mut kept = camroll_host::memory(10);
    connection.read(Target::at(all[6].clone()), 0, &mut kept).await.unwrap();
    assert_eq!(kept.into_bytes(), "yes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_that_is_missing_or_vanished_is_said() {
    let connector = connector("mirror").await;
    let missing = try_connect(&connector, json!({"path": "/nonexistent/photos"}))
        .err()
        .unwrap();
    assert_eq!(
        (missing.class, missing.code.as_str()),
        (ErrorClass::InvalidSetting, "files/no-folder")
    );

    let above = tempfile::tempdir().unwrap();
    let path = above.path().join("photos");
    std::fs::create_dir(&path).unwrap();
    let connection = connect(&connector, json!({"path": path}));
    let held = stage(&connection, file("a", "key"), b"x").await.unwrap();
    std::fs::rename(&path, above.path().join("moved")).unwrap();
    let gone = connection
        .commit(vec![held.clone()])
        .await
        .unwrap()
        .remove(0)
        .unwrap_err();
    assert_eq!(gone.code, "files/vanished");
    std::fs::create_dir(&path).unwrap();
    let other = connection.commit(vec![held]).await.unwrap().remove(0).unwrap_err();
    assert_eq!(other.code, "files/vanished");
    assert_eq!(
        std::fs::read_dir(&path).unwrap().count(),
        0,
        "nothing was written into the other folder"
    );
}

/// Mounts a tmpfs of 1 MB where this process may; else the test says so and checks nothing.
fn small_disk() -> Option<tempfile::TempDir> {
    let folder = tempfile::tempdir().unwrap();
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"])
        .arg(folder.path())
        .status()
        .is_ok_and(|status| status.success());
    if !mounted {
        eprintln!("not allowed to mount: a full and a read-only disk were not tested");
    }
    mounted.then_some(folder)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_and_a_read_only_disk_are_told_apart() {
    let Some(disk) = small_disk() else { return };
    let unmount = || std::process::Command::new("umount").arg("-l").arg(disk.path()).status();
    let connection = connect(&connector("mirror").await, json!({"path": disk.path()}));
    let (mut intake, outlet) = camroll_host::pipe(crate::support::pipe_of(None, Vec::new()));
    let fetching = async {
        let fetched = connection.fetch(b"own 9000000".to_vec(), &mut intake).await;
        assert!(fetched.is_err());
    };
    let ((), staged) = tokio::join!(fetching, connection.stage(file("big", "key"), outlet));
    let full = staged.unwrap_err();
    let remounted = std::process::Command::new("mount")
        .args(["-o", "remount,ro"])
        .arg(disk.path())
        .status()
        .is_ok_and(|status| status.success());
    let read_only = stage(&connection, file("a", "other"), b"x").await;
    drop(connection);
    unmount().unwrap();
    assert_eq!((full.class, full.code.as_str()), (ErrorClass::Quota, "files/full"));
    assert!(remounted);
    let read_only = read_only.unwrap_err();
    assert_eq!(
        (read_only.class, read_only.code.as_str()),
        (ErrorClass::PermissionDenied, "files/read-only")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_published_file_has_the_mode_of_any_new_file() {
    let (connection, folder) = mirror().await;
    put(&connection, file("a", "key"), b"x").await.unwrap();
    std::fs::write(folder.path().join("plain"), "x").unwrap();
    let mode = |name: &str| std::fs::metadata(folder.path().join(name)).unwrap().mode();
    assert_eq!(mode("a"), mode("plain"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_volume_tells_its_rules() {
    let (connection, _folder) = mirror().await;
    let identity = connection.probe().await.unwrap();
    let names = identity.features.names.unwrap();
    assert_ne!(names.case_sensitive, cfg!(target_os = "macos"));
    assert!(names.forbidden.contains('/'));
    assert_eq!(names.name_limit, 255);
    assert!(identity.free.unwrap() > 0 && identity.free <= identity.total);
}
