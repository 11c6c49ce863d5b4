//! Assets out of records: a `CPLAsset` and its `CPLMaster`.

use base64::Engine as _;
use camroll_connector::types::{Asset, AssetKind, AssetResource, Digest, Instant, Role, Value as Attribute};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::fields::{date, encoded_text, field, flag, integer, kind, master_of, name, text};
use crate::plists::{place, texts};

/// The keys that a listing asks for; fewer make answers shorter.
pub const KEYS: &[&str] = &[
    "masterRef",
    "assetDate",
    "addedDate",
    "timeZoneOffset",
    "isFavorite",
    "isHidden",
    "isDeleted",
    "isExpunged",
    "trashReason",
    "assetSubtype",
    "assetSubtypeV2",
    "assetHDRType",
    "adjustmentType",
    "adjustmentRenderType",
    "burstId",
    "duration",
    "captionEnc",
    "extendedDescEnc",
    "keywordsEnc",
    "locationEnc",
    "filenameEnc",
    "itemType",
    "albumNameEnc",
    "albumType",
    "parentId",
    "itemId",
    "containerId",
    "recordName",
    "recordType",
    "recordChangeTag",
    "resOriginalWidth",
    "resOriginalHeight",
    "resOriginalRes",
    "resOriginalFileType",
    "resOriginalAltRes",
    "resOriginalAltFileType",
    "resOriginalVidComplRes",
    "resOriginalVidComplFileType",
    "resJPEGFullRes",
    "resJPEGFullFileType",
    "resVidFullRes",
    "resVidFullFileType",
    "resSidecarRes",
    "resSidecarFileType",
];

/// Where a resource's fields are: what the engine gives back with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pointer {
    /// The record.
    pub r: String,
    /// The field, without "Res".
    pub f: String,
}

/// Whether the record says that the asset is in the bin, or gone for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    Here,
    Trashed,
    /// It left this library without having been deleted: into the shared library, or out of it.
    Moved,
    Expunged,
}

/// What an asset's record says of its presence.
pub fn presence(asset: &Value) -> Presence {
    if flag(asset, "isExpunged") {
        Presence::Expunged
    } else if flag(asset, "isDeleted") {
        // 1 is a person's deletion. Moves into the shared library come with 0 or without it; a deletion that doesn't say so is taken for a move, which removes nothing anywhere.
        if flag(asset, "trashReason") {
            Presence::Trashed
        } else {
            Presence::Moved
        }
    } else {
        Presence::Here
    }
}

/// An asset out of its two records; none where the asset's has no name.
pub fn asset(record: &Value, master: &Value) -> Option<Asset> {
    let id = name(record)?;
    let adjusted = text(record, "adjustmentType").is_some();
    let uti = text(master, "itemType")
        .or_else(|| text(master, "resOriginalFileType"))
        .unwrap_or_default();
    let kind = kind_of(uti, text(master, "resOriginalFileType").unwrap_or_default());
    let mut resources = Vec::new();
    let mut push = |record: &Value, prefix: &str, role: Role, paired: Option<&str>| {
        if let Some(resource) = resource(record, prefix, role, paired) {
            resources.push(resource);
        }
    };
    push(master, "resOriginal", Role::Original, None);
    push(master, "resOriginalVidCompl", Role::PairedVideo, Some("mov"));
    push(master, "resOriginalAlt", Role::Alternate, None);
    // Renders on the asset are the person's; on the master they are Apple's own smaller copies.
    if adjusted || field(record, "resJPEGFullRes").is_some() || field(record, "resVidFullRes").is_some() {
        match kind {
            AssetKind::Video => push(record, "resVidFull", Role::Edited, None),
            _ => {
                push(record, "resJPEGFull", Role::Edited, None);
                push(record, "resVidFull", Role::EditedPairedVideo, Some("mov"));
            }
        }
    }
    for holder in [record, master] {
        if !resources_have(&resources, Role::Adjustment) {
            if let Some(resource) = resource(holder, "resSidecar", Role::Adjustment, None) {
                resources.push(resource);
            }
        }
    }
    let traits = traits(record, master, &resources, uti);
    Some(Asset {
        id: id.into(),
        keys: name(master).into_iter().map(Into::into).collect(),
        version: format!("{}+{}", tag(record), tag(master)),
        kind,
        traits,
        name: encoded_text(master, "filenameEnc").and_then(|name| clean(&name)),
        taken: date(record, "assetDate").map(instant),
        taken_offset: integer(record, "timeZoneOffset")
            .and_then(|seconds| i32::try_from(seconds).ok())
            .filter(|seconds| seconds.abs() <= 18 * 3600),
        added: date(record, "addedDate")
            .or_else(|| record.get("created")?.get("timestamp")?.as_i64())
            .map(instant),
        favorite: flag(record, "isFavorite"),
        hidden: flag(record, "isHidden"),
        resources,
        attributes: attributes(record, master),
    })
}

fn resources_have(resources: &[AssetResource], role: Role) -> bool {
    resources.iter().any(|resource| resource.role == role)
}

fn tag(record: &Value) -> &str {
    record
        .get("recordChangeTag")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn instant(milliseconds: i64) -> Instant {
    Instant {
        seconds: milliseconds.div_euclid(1000),
        nanoseconds: (milliseconds.rem_euclid(1000) * 1_000_000) as u32,
    }
}

fn resource(record: &Value, prefix: &str, role: Role, extension: Option<&str>) -> Option<AssetResource> {
    let value = field(record, &format!("{prefix}Res"))?;
    let checksum = value.get("fileChecksum")?.as_str()?;
    let uti = text(record, &format!("{prefix}FileType")).unwrap_or_default();
    let media_type = match (media_type(uti), extension) {
        ("application/octet-stream", Some("mov")) => "video/quicktime",
        (known, _) => known,
    };
    Some(AssetResource {
        id: prefix.into(),
        role,
        version: checksum.into(),
        name: None,
        media_type: media_type.into(),
        size: value.get("size").and_then(Value::as_u64),
        digests: digest(checksum).into_iter().collect(),
        available: value
            .get("downloadURL")
            .and_then(Value::as_str)
            .is_some_and(|url| !url.is_empty()),
        pointer: serde_json::to_vec(&Pointer {
            r: name(record)?.into(),
            f: prefix.into(),
        })
        .ok()?,
        attributes: Vec::new(),
    })
}

/// Apple's checksum as a digest: 0x01 and a salted SHA-1. With another lead byte it can't be checked, which is not corrupt.
pub fn digest(checksum: &str) -> Option<Digest> {
    let value = base64::engine::general_purpose::STANDARD.decode(checksum).ok()?;
    (value.len() == 21 && value.first() == Some(&1)).then(|| Digest {
        algorithm: "apple-photos".into(),
        value,
    })
}

fn traits(record: &Value, master: &Value, resources: &[AssetResource], uti: &str) -> Vec<String> {
    let mut traits = Vec::new();
    let mut add = |name: &str, holds: bool| {
        if holds {
            traits.push(name.to_owned());
        }
    };
    let subtype = integer(record, "assetSubtype").unwrap_or(0);
    let subtype2 = integer(record, "assetSubtypeV2").unwrap_or(0);
    let render = integer(record, "adjustmentRenderType").unwrap_or(0);
    let alternate = text(master, "resOriginalAltFileType").unwrap_or_default();
    add("live", resources_have(resources, Role::PairedVideo));
    add(
        "raw",
        is_raw(uti) || is_raw(alternate) || text(master, "resOriginalFileType").is_some_and(is_raw),
    );
    add("burst", text(record, "burstId").is_some());
    add("screenshot", subtype2 == 3);
    add("panorama", subtype == 1);
    add("portrait", render & 2 != 0);
    add("slo-mo", subtype == 100);
    add("time-lapse", subtype == 101);
    add("animated", uti == "com.compuserve.gif");
    add("hdr", integer(record, "assetHDRType").unwrap_or(0) != 0);
    traits
}

fn attributes(record: &Value, master: &Value) -> Vec<(String, Attribute)> {
    let mut attributes = Vec::new();
    for (key, text) in [
        ("title", encoded_text(record, "captionEnc")),
        ("caption", encoded_text(record, "extendedDescEnc")),
    ] {
        attributes.extend(text.map(|text| (key.to_owned(), Attribute::Text(text))));
    }
    let keywords = texts(record, "keywordsEnc");
    attributes.extend(keywords.map(|keywords| ("keywords".to_owned(), Attribute::Texts(keywords))));
    if let Some(place) = place(record, "locationEnc") {
        let numbers = [
            ("latitude", Some(place.latitude)),
            ("longitude", Some(place.longitude)),
            ("altitude", place.altitude),
        ];
        attributes.extend(
            numbers
                .into_iter()
                .filter_map(|(key, number)| Some((key.to_owned(), Attribute::Real(number?)))),
        );
    }
    attributes.extend(text(record, "burstId").map(|id| ("burst".to_owned(), Attribute::Text(id.into()))));
    for (key, field) in [("width", "resOriginalWidth"), ("height", "resOriginalHeight")] {
        attributes.extend(integer(master, field).map(|number| (key.to_owned(), Attribute::Integer(number))));
    }
    attributes.extend(
        integer(record, "duration")
            .filter(|seconds| *seconds > 0)
            .map(|seconds| ("duration".to_owned(), Attribute::Integer(seconds))),
    );
    attributes
}

/// A name without separators and control characters; none where nothing is left.
fn clean(name: &str) -> Option<String> {
    let name: String = name
        .chars()
        .map(|c| {
            if c == '/' || c == '\\' || c.is_control() {
                '_'
            } else {
                c
            }
        })
        .take(200)
        .collect();
    let trimmed = name.trim();
    (!trimmed.is_empty() && trimmed != "." && trimmed != "..").then(|| trimmed.to_owned())
}

fn is_raw(uti: &str) -> bool {
    uti.contains("raw-image") || uti.contains(".or-raw") || uti == "com.olympus.or-raw-image"
}

fn kind_of(item: &str, original: &str) -> AssetKind {
    for uti in [item, original] {
        let media = media_type(uti);
        if media.starts_with("video/") {
            return AssetKind::Video;
        }
        if media.starts_with("image/") {
            return AssetKind::Photo;
        }
    }
    AssetKind::Other
}

/// The media type of one of Apple's type names.
pub fn media_type(uti: &str) -> &'static str {
    match uti {
        "public.jpeg" => "image/jpeg",
        "public.heic" => "image/heic",
        "public.heif" => "image/heif",
        "public.png" => "image/png",
        "public.tiff" => "image/tiff",
        "com.compuserve.gif" => "image/gif",
        "org.webmproject.webp" => "image/webp",
        "public.avif" => "image/avif",
        "com.apple.quicktime-movie" => "video/quicktime",
        "public.mpeg-4" => "video/mp4",
        "com.apple.m4v-video" => "video/x-m4v",
        "public.avi" => "video/x-msvideo",
        "public.mpeg-2-video" => "video/mpeg",
        "com.adobe.raw-image" => "image/x-adobe-dng",
        "com.canon.cr2-raw-image" => "image/x-canon-cr2",
        "com.canon.cr3-raw-image" => "image/x-canon-cr3",
        "com.canon.crw-raw-image" => "image/x-canon-crw",
        "com.sony.arw-raw-image" => "image/x-sony-arw",
        "com.nikon.raw-image" => "image/x-nikon-nef",
        "com.nikon.nrw-raw-image" => "image/x-nikon-nrw",
        "com.fuji.raw-image" => "image/x-fuji-raf",
        "com.panasonic.rw2-raw-image" => "image/x-panasonic-rw2",
        "com.olympus.raw-image" | "com.olympus.or-raw-image" => "image/x-olympus-orf",
        "com.pentax.raw-image" => "image/x-pentax-pef",
        "public.camera-raw-image" => "image/x-raw",
        "com.apple.photos.apple-adjustment-envelope" => "application/x-apple-aae",
        "com.adobe.pdf" => "application/pdf",
        _ => "application/octet-stream",
    }
}

/// The records of a page: masters by name, the rest in order, what is gone.
#[derive(Default)]
pub struct Sorted<'a> {
    pub masters: std::collections::BTreeMap<&'a str, &'a Value>,
    pub assets: Vec<&'a Value>,
    pub albums: Vec<&'a Value>,
    /// That an asset is in an album.
    pub members: Vec<&'a Value>,
    /// Names of records that are gone for good.
    pub gone: Vec<&'a str>,
}

/// Sorts a page's records by what they are.
pub fn sort(records: &[Value]) -> Sorted<'_> {
    let mut sorted = Sorted::default();
    for record in records {
        let Some(name) = name(record) else { continue };
        if record.get("deleted").and_then(Value::as_bool) == Some(true) {
            sorted.gone.push(name);
            continue;
        }
        match kind(record) {
            "CPLMaster" => {
                sorted.masters.insert(name, record);
            }
            "CPLAsset" => sorted.assets.push(record),
            "CPLAlbum" => sorted.albums.push(record),
            "CPLContainerRelation" => sorted.members.push(record),
            _ => {}
        }
    }
    sorted
}

/// The masters that a page's assets need and the page doesn't hold.
pub fn missing_masters<'a>(sorted: &Sorted<'a>) -> Vec<&'a str> {
    let mut missing: Vec<&str> = sorted
        .assets
        .iter()
        .filter_map(|asset| master_of(asset))
        .filter(|master| !sorted.masters.contains_key(master))
        .collect();
    missing.sort_unstable();
    missing.dedup();
    missing
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pair() -> (Value, Value) {
        let resource =
            |checksum: &str| json!({"value": {"fileChecksum": checksum, "size": 5, "downloadURL": "https://x/${f}"}});
        let master = json!({"recordName": "M", "recordType": "CPLMaster", "recordChangeTag": "1", "fields": {
            "filenameEnc": {"value": "SU1HXzAwMDEuSEVJQw==", "type": "ENCRYPTED_BYTES"}, "itemType": {"value": "public.heic"},
            "resOriginalFileType": {"value": "public.heic"}, "resOriginalRes": resource("AcW96XzA8CMFcrVWfJyAAy8aWWE6"),
            "resOriginalVidComplFileType": {"value": "com.apple.quicktime-movie"}, "resOriginalVidComplRes": resource("AW2cWT2PxzWixMKuuNMTHJ8CJ3sH")}});
        let asset = json!({"recordName": "A", "recordType": "CPLAsset", "recordChangeTag": "2", "fields": {
            "masterRef": {"value": {"recordName": "M"}}, "assetDate": {"value": 1_400_000_000_123i64}, "isFavorite": {"value": 1},
            "adjustmentType": {"value": "com.apple.photo"}, "resJPEGFullFileType": {"value": "public.jpeg"},
            "resJPEGFullRes": resource("AcW96XzA8CMFcrVWfJyAAy8aWWE6")}});
        (asset, master)
    }

    #[test]
    fn a_live_photo_that_was_edited_is_one_asset_with_three_files() {
        let (record, master) = pair();
        let asset = asset(&record, &master).unwrap();
        let roles: Vec<Role> = asset.resources.iter().map(|resource| resource.role).collect();
        assert_eq!(roles, [Role::Original, Role::PairedVideo, Role::Edited]);
        assert_eq!(asset.name.as_deref(), Some("IMG_0001.HEIC"));
        assert_eq!(asset.taken.unwrap().seconds, 1_400_000_000);
        assert!(asset.favorite && asset.traits.contains(&"live".to_owned()));
        assert_eq!(asset.resources[0].digests[0].value.len(), 21);
    }

    #[test]
    fn names_are_made_harmless() {
        assert_eq!(clean("a/b\\c\nd").as_deref(), Some("a_b_c_d"));
        assert_eq!(clean(".."), None);
        assert_eq!(clean("  "), None);
    }

    #[test]
    fn no_record_makes_the_reader_panic() {
        for broken in [
            json!(null),
            json!([]),
            json!({"fields": 3}),
            json!({"recordName": 5}),
            json!({"recordName": "A", "fields": {"assetDate": {"value": "soon"}, "resOriginalRes": {"value": []}, "filenameEnc": {"value": "%%%", "type": "ENCRYPTED_BYTES"}, "masterRef": 1}}),
        ] {
            let _ = asset(&broken, &broken);
            let _ = presence(&broken);
            let _ = sort(&[broken]);
        }
    }

    #[test]
    fn a_master_on_another_page_is_missed() {
        let (record, master) = pair();
        let records = [record.clone()];
        assert_eq!(missing_masters(&sort(&records)), ["M"]);
        let records = [record, master];
        assert!(missing_masters(&sort(&records)).is_empty());
    }
}
