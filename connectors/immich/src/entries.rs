//! An asset of the server's as the engine's entry: an id, no path; the SHA-1 that the server tells; the name for people.

use base64::engine::general_purpose::STANDARD;
use base64::Engine as _;
use camroll_connector::types::{Digest, Entry, Target, Value};

use crate::answers::Asset;
use crate::dates;

/// The SHA-1 of an asset's bytes, where the server knows it: what lies in an external library has that of its path.
pub fn sha1(asset: &Asset) -> Option<Vec<u8>> {
    if asset.library_id.as_deref().is_some_and(|library| !library.is_empty()) {
        return None;
    }
    STANDARD
        .decode(&asset.checksum)
        .ok()
        .filter(|digest| digest.len() == 20)
}

/// What is there. Its version is its checksum, since jobs of the server touch an asset again and again while its bytes stay.
pub fn entry(asset: &Asset) -> Entry {
    let mut attributes = vec![("name".to_owned(), Value::Text(asset.original_file_name.clone()))];
    if let Some(video) = &asset.live_photo_video_id {
        attributes.push(("live-video".to_owned(), Value::Text(video.as_str().to_owned())));
    }
    Entry {
        target: Target {
            path: None,
            id: Some(asset.id.as_str().to_owned()),
        },
        folder: false,
        size: asset.exif_info.as_ref().and_then(|exif| exif.file_size_in_byte),
        modified: asset.file_modified_at.as_deref().and_then(dates::read),
        version: Some(asset.checksum.clone()),
        digests: sha1(asset)
            .map(|value| Digest {
                algorithm: "sha1".into(),
                value,
            })
            .into_iter()
            .collect(),
        attributes,
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// An asset with these members besides the ones that every asset has.
    pub fn asset(rest: &str) -> Asset {
        let rest = if rest.contains("\"visibility\"") {
            rest.to_owned()
        } else {
            format!(
                "{}{}\"visibility\":\"timeline\"",
                rest,
                if rest.is_empty() { "" } else { "," }
            )
        };
        let rest = rest.as_str();
        let id = "3f2b8c1e-6a4d-4e0f-9b77-0123456789ab";
        let own = format!(r#""id":"{id}","ownerId":"{id}","checksum":"2jmj7l5rSw0yVb/vlWAYkK/YBwk=""#);
        let text = match rest {
            "" => format!("{{{own}}}"),
            rest => format!("{{{own},{rest}}}"),
        };
        serde_json::from_str(&text).expect("an asset")
    }

    #[test]
    fn an_asset_is_an_entry_without_a_path() {
        let told = entry(&asset(
            r#""originalFileName":"IMG_1.HEIC","fileModifiedAt":"2020-09-13T12:26:40.000Z","exifInfo":{"fileSizeInByte":7}"#,
        ));
        assert_eq!((told.target.path.as_deref(), told.size), (None, Some(7)));
        assert_eq!(told.modified.map(|time| time.seconds), Some(1_600_000_000));
        assert_eq!(told.digests.len(), 1);
        assert_eq!(told.digests[0].value[..2], [0xda, 0x39]);
        assert_eq!(told.version.as_deref(), Some("2jmj7l5rSw0yVb/vlWAYkK/YBwk="));
    }

    #[test]
    fn the_checksum_of_an_external_file_is_that_of_its_path() {
        assert!(entry(&asset(r#""libraryId":"x""#)).digests.is_empty());
        assert_eq!(entry(&asset(r#""libraryId":null"#)).digests.len(), 1);
    }
}
