//! Where a listing goes on, and what of a folder belongs into it.

use camroll_connector::paths::STAGING;
use serde::{Deserialize, Serialize};

use crate::answers::{Attributes, Kind, Named};

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
    pub attributes: Attributes,
}

/// What of a folder is files and folders to look into, in the order of their names. Names that aren't text are counted, and so are those that would lead elsewhere: nobody could ask for them.
pub fn of_folder(folder: &str, entries: Vec<Named>) -> (Vec<Found>, usize) {
    let mut unreadable = 0;
    let mut found: Vec<Found> = entries
        .into_iter()
        .filter(|entry| !matches!(entry.name.as_deref(), Some("." | "..")) && entry.attributes.kind() != Kind::Other)
        .filter_map(|Named { name, attributes }| {
            let Some(name) = name.filter(|name| !name.is_empty() && !name.contains(['/', '\\', '\0'])) else {
                unreadable += 1;
                return None;
            };
            let path = match folder {
                "" => name.clone(),
                _ => format!("{folder}/{name}"),
            };
            Some(Found { name, path, attributes })
        })
        .filter(|found| found.path != STAGING)
        .collect();
    found.sort_by(|one, other| one.name.cmp(&other.name));
    (found, unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answers::entries;
    use crate::requests;

    fn named(name: Option<&str>, flags: u32) -> Named {
        let mut body = vec![9, 0, 72, 0];
        let name_bytes = crate::names::utf16(name.unwrap_or("x"));
        body.extend((64 + name_bytes.len() as u32).to_le_bytes());
        body.extend([0; 56]);
        body.extend(flags.to_le_bytes());
        body.extend((name_bytes.len() as u32).to_le_bytes());
        body.extend(name_bytes);
        let place = requests::Place {
            id: 1,
            more: 0,
            tree: 0,
        };
        let mut message = requests::frame(&[requests::echo()], &place, 0)[4..4 + requests::HEAD].to_vec();
        message.extend(body);
        let answer = crate::answers::chain(&message).unwrap().remove(0);
        let mut read = entries(&answer).unwrap().remove(0);
        read.name = name.map(str::to_owned);
        read
    }

    #[test]
    fn a_folder_is_read_in_order_without_what_is_no_file() {
        let entries = vec![
            named(Some("."), 0x10),
            named(Some(".."), 0x10),
            named(Some("b"), 0x80),
            named(Some("link"), 0x400),
            named(Some("a"), 0x10),
            named(None, 0x80),
            named(Some("..\\c"), 0x80),
        ];
        let (found, unreadable) = of_folder("2024", entries);
        let paths: Vec<_> = found.iter().map(|found| found.path.as_str()).collect();
        assert_eq!(paths, ["2024/a", "2024/b"]);
        assert_eq!(unreadable, 2);
    }

    #[test]
    fn what_has_no_name_yet_is_not_listed() {
        let (found, _) = of_folder(".camroll", vec![named(Some("staging"), 0x10), named(Some("id"), 0x80)]);
        assert_eq!(found.len(), 1);
    }
}
