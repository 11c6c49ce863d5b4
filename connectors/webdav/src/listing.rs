//! Which of a folder's answer is the folder itself, and where a listing goes on.

use camroll_connector::paths::parent;
use serde::{Deserialize, Serialize};

use crate::address::{below, decoded, name};
use crate::multistatus::Item;
use crate::properties::Properties;

/// Where camroll's own files are.
const OWN: &str = ".camroll";

/// Where uploads lie before they have a name: not part of what is stored.
pub const STAGING: &str = ".camroll/staging";

/// Where a listing goes on: folders to read, each with the name that was told last. The last is read first.
#[derive(Serialize, Deserialize)]
pub struct Walk(pub Vec<(String, Option<String>)>);

/// Most folders that wait in a mark, which has to stay small.
const WAITING: usize = 400;

/// What a folder holds, in the order of the names. `url` is what was asked: the answer tells of it as well, sometimes under another address.
pub fn children(url: &str, items: Vec<Item>) -> Vec<(String, Properties)> {
    let asked = decoded(url);
    let paths: Vec<String> = items.iter().map(|item| decoded(&item.href)).collect();
    let itself = match paths.iter().position(|path| *path == asked) {
        Some(position) => Some(position),
        // Behind a proxy that rewrites paths the folder is the one that holds all the others.
        None => (0..paths.len()).find(|&candidate| {
            let inside = format!("{}/", paths[candidate]);
            items[candidate].properties.folder
                && paths
                    .iter()
                    .enumerate()
                    .all(|(other, path)| other == candidate || path.starts_with(&inside))
        }),
    };
    let mut children: Vec<(String, Properties)> = items
        .into_iter()
        .zip(paths)
        .enumerate()
        .filter(|(position, (item, path))| {
            Some(*position) != itself && item.failure().is_none_or(|status| status == 404) && !name(path).is_empty()
        })
        .map(|(_, (item, path))| (name(&path).to_owned(), item.properties))
        .collect();
    children.sort_by(|one, other| one.0.cmp(&other.0));
    children.dedup_by(|one, other| one.0 == other.0);
    children
}

/// The status of a member of which nothing is told, though it may well be there: what it leaves out would count as gone. One that may not be seen by this user is nobody's that camroll put there, but
/// for camroll's own folder.
pub fn gap(folder: &str, items: &[Item]) -> Option<u16> {
    let is_own = folder == OWN || parent(folder) == Some(OWN);
    items.iter().filter_map(Item::failure).find(|status| match status {
        423 | 429 | 500.. => true,
        404 => false,
        _ => is_own,
    })
}

/// What a page takes of a folder.
pub struct Taken {
    /// Files, with their paths.
    pub files: Vec<(String, Properties)>,
    /// Folders to read later.
    pub folders: Vec<String>,
    /// Where in this folder to go on; none when it is done.
    pub after: Option<String>,
}

/// Takes at most `room` files behind a name, and no more folders than a mark holds.
pub fn take(
    folder: &str,
    children: &[(String, Properties)],
    after: Option<&str>,
    room: usize,
    waiting: usize,
) -> Taken {
    let mut taken = Taken {
        files: Vec::new(),
        folders: Vec::new(),
        after: None,
    };
    let begin = after.map_or(0, |after| children.partition_point(|(name, _)| name.as_str() <= after));
    for (position, (name, properties)) in children.iter().enumerate().skip(begin) {
        let path = below(folder, name);
        if path == STAGING {
            continue;
        }
        if taken.files.len() >= room || waiting + taken.folders.len() >= WAITING {
            taken.after = position.checked_sub(1).map(|last| children[last].0.clone());
            break;
        }
        if properties.folder {
            taken.folders.push(path);
        } else {
            taken.files.push((path, properties.clone()));
        }
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(href: &str, folder: bool) -> Item {
        Item {
            href: href.into(),
            properties: Properties {
                folder,
                ..Properties::default()
            },
            ..Item::default()
        }
    }

    fn names(children: &[(String, Properties)]) -> Vec<&str> {
        children.iter().map(|(name, _)| name.as_str()).collect()
    }

    #[test]
    fn the_folder_itself_isnt_its_child() {
        let told = || {
            vec![
                item("/dav/p/b.jpg", false),
                item("/dav/p/", true),
                item("/dav/p/a%20c/", true),
            ]
        };
        assert_eq!(names(&children("https://x.org/dav/p/", told())), ["a c", "b.jpg"]);
        // Under another address than the one that was asked.
        assert_eq!(names(&children("https://x.org/outside/p/", told())), ["a c", "b.jpg"]);
        assert!(children("https://x.org/other/", vec![item("/p/", true)]).is_empty());
    }

    #[test]
    fn what_isnt_told_of_may_be_there_all_the_same() {
        let told = |status| {
            vec![Item {
                status: Some(status),
                ..item("/p/a.jpg", false)
            }]
        };
        for (status, folder, is_a_gap) in [
            (503, "2014", true),
            (423, "2014", true),
            (403, "2014", false),
            (403, ".camroll/manifest", true),
            (403, ".camroll", true),
            (404, ".camroll/manifest", false),
        ] {
            assert_eq!(gap(folder, &told(status)).is_some(), is_a_gap, "{status} in {folder}");
        }
    }

    #[test]
    fn pages_lose_nothing_and_repeat_nothing() {
        let folder: Vec<(String, Properties)> = (0..10)
            .map(|number| {
                let folder = number % 3 == 0;
                (
                    format!("n{number}"),
                    Properties {
                        folder,
                        ..Properties::default()
                    },
                )
            })
            .collect();
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let taken = take("f", &folder, after.as_deref(), 2, 0);
            seen.extend(taken.files.into_iter().map(|(path, _)| path));
            seen.extend(taken.folders);
            after = taken.after;
            if after.is_none() {
                break;
            }
        }
        seen.sort();
        assert_eq!(seen, (0..10).map(|number| format!("f/n{number}")).collect::<Vec<_>>());
    }

    #[test]
    fn uploads_on_the_way_arent_told() {
        let own = [
            ("id".to_owned(), Properties::default()),
            (
                "staging".to_owned(),
                Properties {
                    folder: true,
                    ..Properties::default()
                },
            ),
        ];
        let taken = take(".camroll", &own, None, 10, 0);
        assert_eq!((taken.files.len(), taken.folders.len()), (1, 0));
    }
}
