//! Where a listing goes on, and what of a folder belongs into it.

use serde::{Deserialize, Serialize};

use crate::packets::{Kind, Named};
use camroll_connector::paths::STAGING;

/// Most of what a page holds.
pub const PAGE: usize = 500;

/// The folders that are open, each with the name that was read last.
#[derive(Serialize, Deserialize)]
pub struct Walk(pub Vec<(String, Option<String>)>);

/// Something of a folder, with its path below the root.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    pub name: String,
    pub path: String,
    pub named: Named,
}

/// What of a folder is files and folders to look into, in the order of their names. Names that aren't UTF-8 are counted: nobody could ask for them.
pub fn of_folder(folder: &str, entries: Vec<Named>) -> (Vec<Found>, usize) {
    let mut unreadable = 0;
    let mut found: Vec<Found> = entries
        .into_iter()
        .filter(|entry| entry.name != b"." && entry.name != b".." && entry.attributes.kind() != Kind::Other)
        .filter_map(|named| {
            let Ok(name) = String::from_utf8(named.name.clone()) else {
                unreadable += 1;
                return None;
            };
            let path = match folder {
                "" => name.clone(),
                _ => format!("{folder}/{name}"),
            };
            Some(Found { name, path, named })
        })
        .filter(|found| found.path != STAGING)
        .collect();
    found.sort_by(|one, other| one.name.cmp(&other.name));
    (found, unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packets::Attributes;

    fn named(name: &[u8], mode: u32) -> Named {
        Named {
            name: name.to_vec(),
            attributes: Attributes {
                mode: Some(mode),
                ..Attributes::default()
            },
        }
    }

    #[test]
    fn a_folder_is_read_in_order_without_what_is_no_file() {
        let entries = vec![
            named(b".", 0o040_755),
            named(b"..", 0o040_755),
            named(b"b", 0o100_644),
            named(b"link", 0o120_777),
            named(b"a", 0o040_755),
            named(b"\xff", 0o100_644),
        ];
        let (found, unreadable) = of_folder("2024", entries);
        let paths: Vec<_> = found.iter().map(|found| found.path.as_str()).collect();
        assert_eq!(paths, ["2024/a", "2024/b"]);
        assert_eq!(unreadable, 1);
    }

    #[test]
    fn what_has_no_name_yet_is_not_listed() {
        let (found, _) = of_folder(".camroll", vec![named(b"staging", 0o040_755), named(b"id", 0o100_644)]);
        assert_eq!(found.len(), 1);
    }
}
