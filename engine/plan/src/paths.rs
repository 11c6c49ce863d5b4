//! Where a file shall be: the layout's fields filled in, each part as the destination can hold it.

use camroll_model::{Asset, AssetKind, Library, NameRules, Resource, Role, SourceKey, Value, attribute};
use camroll_spec::{Field, Layout, Segment};
use jiff::tz::TimeZone;
use sha2::{Digest as _, Sha256};

use crate::names::{hold, split};
use crate::scope::local;

/// Eight characters that stay the same for an asset and differ between assets: of the SHA-256 of connector, account, library and id.
pub fn id8(source: &SourceKey, asset: &Asset) -> String {
    let mut hash = Sha256::new();
    for part in [
        source.connector.as_str(),
        &source.account,
        &source.library,
        asset.id.as_str(),
    ] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hex::encode(&hash.finalize()[..4])
}

/// The extension of a media type.
fn extension_of(media_type: &str) -> &'static str {
    match media_type {
        "image/jpeg" => "jpg",
        "image/heic" => "heic",
        "image/heif" => "heif",
        "image/png" => "png",
        "image/gif" => "gif",
        "image/tiff" => "tiff",
        "image/webp" => "webp",
        "image/avif" => "avif",
        "image/x-adobe-dng" => "dng",
        "image/x-canon-cr2" => "cr2",
        "image/x-canon-cr3" => "cr3",
        "image/x-canon-crw" => "crw",
        "image/x-sony-arw" => "arw",
        "image/x-nikon-nef" => "nef",
        "image/x-nikon-nrw" => "nrw",
        "image/x-fuji-raf" => "raf",
        "image/x-panasonic-rw2" => "rw2",
        "image/x-olympus-orf" => "orf",
        "image/x-pentax-pef" => "pef",
        "image/x-raw" => "raw",
        "video/quicktime" => "mov",
        "video/mp4" => "mp4",
        "video/x-m4v" => "m4v",
        "video/x-msvideo" => "avi",
        "video/mpeg" => "mpg",
        "application/x-apple-aae" => "aae",
        "application/pdf" => "pdf",
        _ => "bin",
    }
}

fn agrees(extension: &str, media_type: &str) -> bool {
    let lower = extension.to_ascii_lowercase();
    let known = extension_of(media_type);
    lower == known
        || known == "bin"
        || matches!(
            (lower.as_str(), known),
            ("jpeg" | "jpe", "jpg") | ("tif", "tiff") | ("hif", "heif" | "heic") | ("qt", "mov") | ("mpeg", "mpg")
        )
}

/// A file's extension: the name's where it agrees with the type, else the type's own, in the name's case.
pub(crate) fn extension(asset: &Asset, resource: &Resource) -> String {
    let name = resource.name.as_deref().or(asset.name.as_deref()).unwrap_or_default();
    let (_, of_name) = split(name);
    if !of_name.is_empty()
        && matches!(resource.role, Role::Original | Role::Alternate | Role::Other)
        && agrees(of_name, &resource.media_type)
    {
        return of_name.to_owned();
    }
    let own = if resource.role == Role::Adjustment {
        "aae"
    } else {
        extension_of(&resource.media_type)
    };
    let upper = !of_name.is_empty() && of_name.chars().all(|c| !c.is_ascii_lowercase());
    if upper {
        own.to_ascii_uppercase()
    } else {
        own.to_owned()
    }
}

/// The stem that all files of an asset share.
pub(crate) fn stem(asset: &Asset, id8: &str) -> String {
    match asset.name.as_deref().map(split) {
        Some((stem, _)) if !stem.trim().is_empty() => stem.to_owned(),
        _ => id8.to_owned(),
    }
}

/// What a path is made of.
pub(crate) struct Parts<'a> {
    pub asset: &'a Asset,
    pub library: &'a Library,
    pub id8: &'a str,
    pub stem: &'a str,
    /// Between stem and extension: "-1a2b3c4d", "-edited".
    pub suffix: &'a str,
    pub extension: &'a str,
    pub zone: &'a TimeZone,
}

/// The path of a file by a layout.
pub(crate) fn path(layout: &Layout, parts: &Parts<'_>, rules: &NameRules) -> String {
    let mut names = vec![String::new()];
    let mut has_stem = false;
    for segment in &layout.parts {
        let text = match segment {
            Segment::Separator => {
                names.push(String::new());
                continue;
            }
            Segment::Text(text) => text.clone(),
            Segment::Field(field) => {
                has_stem |= matches!(field, Field::Name | Field::Stem);
                value(field, parts)
            }
        };
        if let Some(name) = names.last_mut() {
            name.push_str(&text.replace('/', "_"));
        }
    }
    if !has_stem && let Some(last) = names.last_mut() {
        let (stem, extension) = split(last);
        *last = if extension.is_empty() {
            format!("{stem}{}", parts.suffix)
        } else {
            format!("{stem}{}.{extension}", parts.suffix)
        };
    }
    let held: Vec<String> = names
        .iter()
        .enumerate()
        .map(|(index, name)| {
            let held = hold(name, rules);
            if index == 0 && held.to_lowercase() == ".camroll" {
                format!("_{held}")
            } else {
                held
            }
        })
        .collect();
    held.join("/")
}

fn value(field: &Field, parts: &Parts<'_>) -> String {
    let asset = parts.asset;
    let date = |instant: Option<camroll_model::Instant>, format: &camroll_spec::Strftime| {
        instant
            .and_then(|instant| local(instant, asset.taken_offset, parts.zone))
            .and_then(|time| format.format(&time).ok())
            .unwrap_or_else(|| "undated".to_owned())
    };
    match field {
        Field::Taken(format) => date(asset.taken, format),
        Field::Added(format) => date(asset.added, format),
        Field::Name => format!("{}{}.{}", parts.stem, parts.suffix, parts.extension),
        Field::Stem => format!("{}{}", parts.stem, parts.suffix),
        Field::Ext => parts.extension.to_owned(),
        Field::Kind => match asset.kind {
            AssetKind::Photo => "photo",
            AssetKind::Video => "video",
            AssetKind::Other => "other",
        }
        .to_owned(),
        Field::Library => parts.library.name.clone(),
        Field::Favorite => if asset.favorite { "favorite" } else { "other" }.to_owned(),
        Field::Camera => match attribute(&asset.attributes, "camera") {
            Some(Value::Text(camera)) if !camera.is_empty() => camera.clone(),
            _ => "unknown".to_owned(),
        },
        Field::Id => asset.id.to_string(),
        Field::Id8 => parts.id8.to_owned(),
    }
}
