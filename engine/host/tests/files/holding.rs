//! What is never replaced, and what is never left.

use std::path::Path;

use camroll_host::{Connection, Disposal};
use camroll_model::{Entry, ErrorClass};

use super::{TAKEN, class, file, key, list, noise, orphan, put, read, stage, stat, token};

/// Whether a server keeps the times that files should have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    Kept,
    #[allow(dead_code, reason = "some connectors' servers all keep them")]
    Lost,
}

/// Into an empty place: looking writes nothing; each of the names holds what was put there, is listed, and is read from any byte; and a file may be empty.
pub async fn what_is_put_there(connection: &Connection, files: &Path, names: &[&str], times: Times) {
    assert_eq!(connection.check().await.expect("it signs in").id, None);
    connection.probe().await.expect("it is looked at");
    assert!(
        std::fs::read_dir(files).unwrap().next().is_none(),
        "looking writes nothing"
    );

    for &name in names {
        let stored = put(connection, file(name, &key(name)), name.as_bytes())
            .await
            .expect(name);
        assert_eq!(stored.entry.size, Some(name.len() as u64));
        assert_eq!(std::fs::read(files.join(name)).expect(name), name.as_bytes());
        assert_eq!(read(connection, name, 0).await, name.as_bytes());
        let found = stat(connection, name).await.expect(name);
        assert_eq!(found, stored.entry);
        let kept = found.modified.expect("a time").seconds == TAKEN;
        assert_eq!(kept, times == Times::Kept, "{name}");
    }
    let mut listed: Vec<_> = list(connection)
        .await
        .into_iter()
        .filter_map(|entry| entry.target.path)
        .collect();
    listed.sort();
    let mut wanted: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    wanted.sort();
    assert_eq!(listed, wanted);
    assert_eq!(stat(connection, "2024/nothing").await, None);
    assert_eq!(read(connection, names[0], 5).await, &names[0].as_bytes()[5..]);

    put(connection, file("empty", &key("empty")), b"")
        .await
        .expect("nothing is a file too");
    assert_eq!(std::fs::read(files.join("empty")).unwrap(), b"");
}

/// A folder that can't be made, for a file has its name, is the trouble of what belongs there, and of nothing else that is committed with it.
pub async fn a_folder_in_the_way(connection: &Connection, files: &Path) {
    put(connection, file("blocked", &key("blocked")), b"a file")
        .await
        .expect("a file");
    let paths = ["a/x.jpg", "blocked/y.jpg", "blocked/deep/z.jpg", "b/z.jpg"];
    let mut tokens = Vec::new();
    for path in paths {
        let staged = stage(connection, file(path, &key(path)), path.as_bytes()).await;
        tokens.push(token(staged.expect(path)));
    }
    let ended = connection.commit(tokens).await.expect("each ends on its own");
    for (path, ended) in paths.into_iter().zip(ended) {
        if path.starts_with("blocked") {
            let (_, code) = class(ended);
            assert!(!files.join(path).exists(), "{path}: {code}");
        } else {
            ended.expect(path);
            assert_eq!(std::fs::read(files.join(path)).expect(path), path.as_bytes());
        }
    }
    assert_eq!(std::fs::read(files.join("blocked")).unwrap(), b"a file");
}

/// A file at a path that is there, with its own path as content, stays unless it is the one that shall be replaced; many that are committed at once end each on its own. `code` is what a conflict is
/// called.
pub async fn one_name_one_file(connection: &Connection, files: &Path, there: &str, code: &str) {
    let refused = put(connection, file(there, &key("second")), b"other").await;
    assert_eq!(class(refused), (ErrorClass::Conflict, code.to_owned()));
    assert_eq!(std::fs::read(files.join(there)).unwrap(), there.as_bytes());

    let old = stat(connection, there).await.expect("it is there");
    let mut replacing = file(there, &key("third"));
    replacing.replaces = Some(old.clone());
    put(connection, replacing, b"replaced")
        .await
        .expect("that version is replaced");
    assert_eq!(std::fs::read(files.join(there)).unwrap(), b"replaced");

    let mut stale = file(there, &key("fourth"));
    stale.replaces = Some(old.clone());
    assert_eq!(class(put(connection, stale, b"late").await).0, ErrorClass::Conflict);
    assert_eq!(std::fs::read(files.join(there)).unwrap(), b"replaced");

    let mut gone = file("gone.jpg", &key("fifth"));
    gone.replaces = Some(old);
    assert_eq!(class(put(connection, gone, b"x").await).0, ErrorClass::Conflict);

    // Several at once: each ends on its own.
    let mut tokens = Vec::new();
    for name in ["batch/1", "batch/2", there, "batch/3"] {
        tokens.push(token(
            stage(connection, file(name, &key(&format!("b {name}"))), name.as_bytes())
                .await
                .unwrap(),
        ));
    }
    let ended = connection.commit(tokens.clone()).await.expect("a batch");
    let fine: Vec<_> = ended.iter().map(Result::is_ok).collect();
    assert_eq!(fine, [true, true, false, true]);
    let again = connection
        .commit(tokens[..1].to_vec())
        .await
        .expect("a batch")
        .remove(0);
    assert_eq!(class(again).0, ErrorClass::Expired, "committed is held no more");
    for name in ["second", "fourth", "fifth", &format!("b {there}")] {
        connection
            .abort(vec![orphan(there, &key(name))])
            .await
            .unwrap()
            .remove(0)
            .unwrap();
    }
}

/// What was committed as "batch/1" and "batch/2" gets other names and goes, and only as the one that is expected. `another` makes an entry one that isn't there.
pub async fn other_names(connection: &Connection, files: &Path, another: fn(&mut Entry)) {
    let old = stat(connection, "batch/1").await.unwrap();
    let moved = connection
        .rename(old.clone(), "elsewhere/1".to_owned())
        .await
        .expect("it moves");
    assert_eq!(moved.target.path.as_deref(), Some("elsewhere/1"));
    assert!(!files.join("batch/1").exists() && files.join("elsewhere/1").exists());
    assert_eq!(
        class(connection.rename(moved.clone(), "batch/2".to_owned()).await).0,
        ErrorClass::Conflict
    );
    assert_eq!(std::fs::read(files.join("batch/2")).unwrap(), b"batch/2");

    let mut other = moved.clone();
    another(&mut other);
    assert_eq!(
        class(connection.remove(other, Disposal::Delete).await).0,
        ErrorClass::Conflict
    );
    connection
        .remove(moved.clone(), Disposal::Delete)
        .await
        .expect("it is removed");
    assert!(!files.join("elsewhere/1").exists());
    assert_eq!(
        class(connection.remove(moved, Disposal::Delete).await).0,
        ErrorClass::NotFound
    );
}

/// What was staged and is aborted is gone, and aborting it again is fine.
pub async fn nothing_is_left(connection: &Connection, files: &Path) {
    let staged = stage(connection, file("aborted.jpg", &key("aborted")), &noise(300_000))
        .await
        .unwrap();
    let mut orphan = orphan("aborted.jpg", &key("aborted"));
    orphan.held = Some(token(staged));
    connection
        .abort(vec![orphan.clone()])
        .await
        .unwrap()
        .remove(0)
        .expect("taken away");
    connection
        .abort(vec![orphan])
        .await
        .unwrap()
        .remove(0)
        .expect("nothing to take away is fine");
    assert!(!files.join("aborted.jpg").exists());
    let left: Vec<_> = std::fs::read_dir(files.join(".camroll/staging"))
        .unwrap()
        .flatten()
        .collect();
    assert!(left.is_empty(), "{left:?}");
}
