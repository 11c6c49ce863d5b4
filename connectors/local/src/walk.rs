//! All files below a folder, in pages, whatever the depth: what it remembers is one name a level.

use serde::{Deserialize, Serialize};

/// Levels of folders that are gone into; below that, nothing is told. With names of 255 bytes the mark stays within 64 KiB.
const DEEPEST: usize = 64;
/// The engine's own folder, which it looks into by name.
const OWN: &str = ".camroll";

/// What an entry of a folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// What is never opened: links, devices, pipes.
    Other,
}

/// An entry of a folder as the host tells it.
pub struct Found<T> {
    /// What it is.
    pub kind: Kind,
    /// Its whole path.
    pub path: String,
    /// What else is known of it.
    pub info: T,
}

/// A folder that is open.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Level {
    /// Its name in the level above; of the first, its whole path.
    name: String,
    /// The entry that was read last.
    after: Option<String>,
}

/// Where a listing goes on: the open folders, outermost first.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walk(Vec<Level>);

impl Walk {
    /// From the beginning of a folder; "" is all.
    pub fn below(prefix: &str) -> Self {
        Self(vec![Level {
            name: prefix.trim_matches('/').to_owned(),
            after: None,
        }])
    }

    /// Nothing is left.
    pub fn is_over(&self) -> bool {
        self.0.is_empty()
    }

    fn folder(&self) -> String {
        let names: Vec<&str> = self
            .0
            .iter()
            .map(|level| level.name.as_str())
            .filter(|name| !name.is_empty())
            .collect();
        names.join("/")
    }

    /// Up to `most` files. `read` gives a folder's entries in the order of their names, after a name; an empty answer is its end.
    pub fn page<T, E>(
        &mut self,
        most: usize,
        mut read: impl FnMut(&str, Option<&str>) -> Result<Vec<Found<T>>, E>,
    ) -> Result<Vec<T>, E> {
        let mut files = Vec::new();
        while files.len() < most {
            let folder = self.folder();
            let depth = self.0.len();
            let Some(level) = self.0.last_mut() else { break };
            let entries = read(&folder, level.after.as_deref())?;
            if entries.is_empty() {
                self.0.pop();
                continue;
            }
            for found in entries {
                let name = found.path.rsplit('/').next().unwrap_or_default().to_owned();
                level.after = Some(name.clone());
                match found.kind {
                    Kind::File => files.push(found.info),
                    Kind::Folder if depth < DEEPEST && !(folder.is_empty() && name == OWN) => {
                        self.0.push(Level { name, after: None });
                        break;
                    }
                    Kind::Folder | Kind::Other => {}
                }
                if files.len() >= most {
                    break;
                }
            }
        }
        Ok(files)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// A tree of paths, read as a folder's entries, two at a time.
    fn read(paths: &BTreeSet<String>, folder: &str, after: Option<&str>) -> Vec<Found<String>> {
        let prefix = if folder.is_empty() {
            String::new()
        } else {
            format!("{folder}/")
        };
        let mut names = BTreeSet::new();
        for path in paths {
            if let Some(rest) = path.strip_prefix(&prefix) {
                let (name, deeper) = rest.split_once('/').map_or((rest, false), |(name, _)| (name, true));
                names.insert((name.to_owned(), deeper));
            }
        }
        names
            .into_iter()
            .filter(|(name, _)| after.is_none_or(|after| name.as_str() > after))
            .take(2)
            .map(|(name, deeper)| {
                let path = format!("{prefix}{name}");
                Found {
                    kind: if deeper { Kind::Folder } else { Kind::File },
                    path: path.clone(),
                    info: path,
                }
            })
            .collect()
    }

    fn all(paths: &BTreeSet<String>, prefix: &str, page: usize) -> Vec<String> {
        let mut walk = Walk::below(prefix);
        let mut told = Vec::new();
        while !walk.is_over() {
            let files = walk
                .page(page, |folder, after| Ok::<_, ()>(read(paths, folder, after)))
                .unwrap_or_default();
            assert!(files.len() <= page);
            told.extend(files);
            // What the engine keeps between the pages is enough to go on.
            let kept = serde_json::to_vec(&walk).unwrap_or_default();
            walk = serde_json::from_slice(&kept).unwrap_or(Walk(Vec::new()));
        }
        told
    }

    #[test]
    fn the_engines_own_folder_is_not_told() {
        let paths: BTreeSet<String> = ["a.jpg", ".camroll/id", "b/.camroll/c.jpg"].map(str::to_owned).into();
        assert_eq!(all(&paths, "", 10), ["a.jpg", "b/.camroll/c.jpg"]);
        assert_eq!(all(&paths, ".camroll", 10), [".camroll/id"]);
    }

    proptest! {
        #[test]
        fn every_file_is_told_once(
            paths in prop::collection::btree_set("[ab]{1,2}(/[ab]{1,2}){0,3}/[0-9]{1,2}", 0..40),
            page in 1usize..7,
        ) {
            let mut told = all(&paths, "", page);
            let count = told.len();
            told.sort();
            told.dedup();
            prop_assert_eq!(count, told.len());
            prop_assert_eq!(told, paths.into_iter().collect::<Vec<_>>());
        }
    }
}
