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

/// The album and the asset of a member's record; some changes are told without its fields, and its name says the same.
pub fn member(record: &Value) -> Option<(String, String)> {
    match (text(record, "containerId"), text(record, "itemId")) {
        (Some(album), Some(asset)) => Some((album.into(), asset.into())),
        _ => member_of(name(record)?),
    }
}

/// The album and the asset that the name of a member's record is made of. Of one that is gone only that is left.
pub fn member_of(record_name: &str) -> Option<(String, String)> {
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
        assert!(album(&record("S", 6, None)).is_none());
        assert!(album(&record("----Root-Folder----", FOLDER, None)).is_none());
    }

    #[test]
    fn a_member_is_known_by_its_fields_or_its_name() {
        let named = json!({"recordName": "asset-IN-album"});
        assert_eq!(member(&named), Some(("album".into(), "asset".into())));
        let told = json!({"recordName": "odd", "fields": {"itemId": {"value": "a"}, "containerId": {"value": "b"}}});
        assert_eq!(member(&told), Some(("b".into(), "a".into())));
        assert_eq!(member_of("asset"), None);
    }
}
