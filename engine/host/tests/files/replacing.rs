//! A file that takes another's place on a server where a rename replaces nothing: what a kill in the midst left is mended.

use std::path::Path;

use camroll_host::Connection;
use camroll_model::{ErrorClass, Orphan};

use crate::files::{class, file, key, orphan, put, stage, stat, token};

const PATH: &str = "2024/a-edited.jpg";

/// One file of each kind of end.
struct Replaced<'a> {
    connection: &'a Connection,
    files: &'a Path,
    key: String,
    held: Vec<u8>,
}

impl<'a> Replaced<'a> {
    /// An old one under the name, and the new one staged.
    async fn staged(connection: &'a Connection, files: &'a Path, of: &str) -> Self {
        let old = match stat(connection, PATH).await {
            Some(there) => there,
            None => {
                put(connection, file(PATH, &key("old")), b"old")
                    .await
                    .expect("put")
                    .entry
            }
        };
        let key = key(of);
        let mut new = file(PATH, &key);
        new.replaces = Some(old);
        let held = token(stage(connection, new, of.as_bytes()).await.expect("staged"));
        Self {
            connection,
            files,
            key,
            held,
        }
    }

    /// What the server did before the kill.
    fn move_old_aside(&self) {
        std::fs::rename(self.files.join(PATH), self.staging(".part.old")).unwrap();
    }

    fn move_new_there(&self) {
        std::fs::rename(self.staging(".part"), self.files.join(PATH)).unwrap();
    }

    fn staging(&self, end: &str) -> std::path::PathBuf {
        self.files.join(format!(".camroll/staging/{}{end}", self.key))
    }

    async fn commit(&self) -> Result<(), camroll_model::ConnectorError> {
        let all = self.connection.commit(vec![self.held.clone()]).await;
        all.expect("it answers").remove(0).map(drop)
    }

    async fn abort(&self) {
        let orphan = Orphan {
            held: Some(self.held.clone()),
            ..orphan(PATH, &self.key)
        };
        let all = self.connection.abort(vec![orphan]).await;
        all.expect("it answers").remove(0).expect("given up");
    }

    /// These bytes have the name, and nothing is left beside.
    fn ends_with(&self, bytes: &str) {
        assert_eq!(std::fs::read(self.files.join(PATH)).unwrap(), bytes.as_bytes());
        let left: Vec<_> = std::fs::read_dir(self.files.join(".camroll/staging"))
            .unwrap()
            .flatten()
            .map(|entry| entry.file_name())
            .collect();
        assert!(left.is_empty(), "left over: {left:?}");
    }
}

pub async fn cut_off_anywhere(connection: &Connection, files: &Path) {
    let staged = Replaced::staged(connection, files, "undisturbed").await;
    staged.commit().await.expect("replaced");
    staged.ends_with("undisturbed");

    let between = Replaced::staged(connection, files, "between the renames").await;
    between.move_old_aside();
    between.commit().await.expect("replaced all the same");
    between.ends_with("between the renames");

    // Only looking tells the engine that this is it.
    let after = Replaced::staged(connection, files, "after the second one").await;
    after.move_old_aside();
    after.move_new_there();
    assert_eq!(class(after.commit().await).0, ErrorClass::Expired);
    after.ends_with("after the second one");

    let given_up = Replaced::staged(connection, files, "given up").await;
    given_up.move_old_aside();
    given_up.abort().await;
    given_up.ends_with("after the second one");

    let drafts_gone = Replaced::staged(connection, files, "without a draft").await;
    drafts_gone.move_old_aside();
    std::fs::remove_file(drafts_gone.staging(".part")).unwrap();
    assert_eq!(class(drafts_gone.commit().await).0, ErrorClass::Expired);
    drafts_gone.ends_with("after the second one");

    // What somebody put there meanwhile is nobody's to replace, and what it hides isn't thrown away.
    let somebodys = Replaced::staged(connection, files, "in nobody's way").await;
    somebodys.move_old_aside();
    std::fs::write(files.join(PATH), b"somebody's own").unwrap();
    assert_eq!(class(somebodys.commit().await).0, ErrorClass::Conflict);
    assert_eq!(std::fs::read(files.join(PATH)).unwrap(), b"somebody's own");
    assert!(somebodys.staging(".part.old").exists());
}
