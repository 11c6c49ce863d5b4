//! Albums and who is in them, out of records.

use camroll_connector::types::Album;
use serde_json::Value;

use crate::fields::{encoded_text, integer, name, text};

/// Apple's types of albums.
const ALBUM: i64 = 0;
const FOLDER: i64 = 3;

/// An album or folder out of its record; none for smart albums, which nobody evaluates, and for the roots that every account has.
pub fn album(record: &Value) -> Option<Album> {
    let id = name(record).filter(|id| !is_root(id))?;
    let traits = match integer(record, "albumType").unwrap_or(ALBUM) {
        ALBUM => Vec::new(),
        FOLDER => vec!["folder".to_owned()],
        _ => return None,
    };
    Some(Album {
        id: id.into(),
        name: encoded_text(record, "albumNameEnc")?,
        parent: text(record, "parentId")
            .filter(|parent| !is_root(parent))
            .map(Into::into),
        traits,
        attributes: Vec::new(),
    })
}

fn is_root(id: &str) -> bool {
    matches!(id, "----Root-Folder----" | "----Project-Root-Folder----")
}

/// The album and the asset of a member's record.
pub fn member(record: &Value) -> Option<(String, String)> {
    Some((text(record, "containerId")?.into(), text(record, "itemId")?.into()))
}

/// The album and the asset of a member's record that is gone: only its name is left.
pub fn member_gone(record_name: &str) -> Option<(String, String)> {
    let (asset, album) = record_name.split_once("-IN-")?;
    Some((album.into(), asset.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn record(id: &str, kind: i64, parent: Option<&str>) -> Value {
        json!({"recordName": id, "recordType": "CPLAlbum", "fields": {
            "albumNameEnc": {"value": "VHJpcHM=", "type": "ENCRYPTED_BYTES"}, "albumType": {"value": kind}, "parentId": {"value": parent}}})
    }

    #[test]
    fn albums_and_folders_have_their_names_and_what_holds_them() {
        let trips = album(&record("F", FOLDER, Some("----Root-Folder----"))).unwrap();
        assert_eq!(
            (trips.name.as_str(), trips.parent, trips.traits.as_slice()),
            ("Trips", None, ["folder".to_owned()].as_slice())
        );
        let rome = album(&record("A", ALBUM, Some("F"))).unwrap();
        assert_eq!((rome.parent.as_deref(), rome.traits.len()), (Some("F"), 0));
    }

    #[test]
    fn smart_albums_and_roots_are_none() {
        assert_eq!(album(&record("S", 6, None)), None);
        assert_eq!(album(&record("----Root-Folder----", FOLDER, None)), None);
    }

    #[test]
    fn a_member_that_is_gone_is_known_by_its_name() {
        assert_eq!(member_gone("asset-IN-album"), Some(("album".into(), "asset".into())));
        assert_eq!(member_gone("asset"), None);
    }
}
