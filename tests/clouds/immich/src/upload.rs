//! Uploads: a form, read as it comes. The server looks at the fields when the file begins.

use bytes::{Bytes, BytesMut};
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use crate::error::Refusal;
use crate::library::{Library, Visibility};
use crate::media::{Kind, is_sidecar};
use crate::record::SentFile;
use crate::release::Release;

/// The largest file that is taken here, bytes.
const LARGEST: usize = 512 << 20;
const FIELDS: [&str; 12] = [
    "deviceAssetId",
    "deviceId",
    "fileCreatedAt",
    "fileModifiedAt",
    "filename",
    "isFavorite",
    "visibility",
    "livePhotoVideoId",
    "duration",
    "metadata",
    "assetData",
    "sidecarData",
];

/// A form as it came.
#[derive(Default)]
pub(crate) struct Form {
    pub fields: Vec<(String, String)>,
    pub files: Vec<SentFile>,
    file: Option<(String, Bytes)>,
    sidecar: Option<Bytes>,
}

impl Form {
    fn field(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// What a server of that version would overlook.
    pub(crate) fn unknown(&self, release: Release) -> Vec<String> {
        let known = |name: &str| match name {
            "deviceAssetId" | "deviceId" => !release.is_3(),
            "filename" | "metadata" => release.is_2(),
            _ => FIELDS.contains(&name),
        };
        let names = self.fields.iter().map(|(name, _)| name).filter(|name| !known(name));
        names.cloned().collect()
    }
}

/// Reads a form.
///
/// # Errors
/// A refusal of the form, or that it broke off.
pub(crate) async fn read(
    mut form: multer::Multipart<'_>,
    release: Release,
) -> Result<Result<Form, Refusal>, multer::Error> {
    let mut read = Form::default();
    while let Some(mut part) = form.next_field().await? {
        let field = part.name().unwrap_or_default().to_owned();
        let Some(sent) = part.file_name().map(str::to_owned) else {
            let value = part.text().await?;
            read.fields.push((field, value));
            continue;
        };
        let name = match release.is_2() {
            true => read.field("filename").unwrap_or(&sent).to_owned(),
            false => sent.clone(),
        };
        let fits = match field.as_str() {
            "assetData" => Kind::of(&name).is_some(),
            "sidecarData" => is_sidecar(&sent),
            _ => return Ok(Err(Refusal::Bad("Unexpected field".to_owned()))),
        };
        if !fits {
            return Ok(Err(Refusal::Bad(format!("Unsupported file type {name}"))));
        }
        let media_type = part.content_type().map(ToString::to_string).unwrap_or_default();
        let mut bytes = BytesMut::new();
        while let Some(chunk) = part.chunk().await? {
            if bytes.len() + chunk.len() > LARGEST {
                return Ok(Err(Refusal::Bad("too large for a simulator".to_owned())));
            }
            bytes.extend_from_slice(&chunk);
        }
        read.files.push(SentFile {
            field: field.clone(),
            name: sent,
            media_type,
            size: bytes.len() as u64,
        });
        match field.as_str() {
            "sidecarData" => read.sidecar = Some(bytes.freeze()),
            _ => read.file = Some((name, bytes.freeze())),
        }
    }
    Ok(Ok(read))
}

/// What an upload comes to.
pub(crate) enum Uploaded {
    Created(Uuid),
    Duplicate(Uuid),
}

/// What is kept of the bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    AsSent,
    OtherBytes,
}

/// Takes an upload into the library.
pub(crate) fn take(library: &mut Library, form: Form, release: Release, keep: Keep) -> Result<Uploaded, Refusal> {
    let fields = Fields::of(&form, release)?;
    let Some((name, mut bytes)) = form.file.clone() else {
        return Err(Refusal::Bad("Field(s) assetData should not be empty".to_owned()));
    };
    let kind = Kind::of(&name).ok_or_else(|| Refusal::Bad(format!("Unsupported file type {name}")))?;
    if let Some(quota) = library.quota
        && library.used() + bytes.len() as u64 > quota
    {
        return Err(Refusal::Bad("Quota has been exceeded!".to_owned()));
    }
    if let Some(video) = fields.live_video {
        link(library, video)?;
    }
    if keep == Keep::OtherBytes {
        let mut other = bytes.to_vec();
        match other.first_mut() {
            Some(first) => *first ^= 1,
            None => other.push(0),
        }
        bytes = other.into();
    }
    let user = library.user;
    let mut asset = library.asset_of(user, kind, &name, bytes);
    if let Some(there) = library.by_checksum(&asset.checksum) {
        return Ok(Uploaded::Duplicate(there.id));
    }
    asset.created = fields.created;
    asset.modified = fields.modified;
    asset.favorite = fields.favorite;
    asset.visibility = fields.visibility;
    asset.live_video = fields.live_video;
    asset.duration = fields.duration;
    asset.device = fields.device;
    asset.metadata = fields.metadata.into_iter().collect();
    asset.sidecar = form.sidecar;
    let id = asset.id;
    library.assets.insert(id, asset);
    Ok(Uploaded::Created(id))
}

/// What a film must be before it becomes the moving half of a Live Photo. It is hidden from then on.
pub(crate) fn link(library: &mut Library, video: Uuid) -> Result<(), Refusal> {
    let user = library.user;
    let Some(asset) = library.assets.get_mut(&video) else {
        return Err(Refusal::Bad("Live photo video not found".to_owned()));
    };
    if asset.kind != Kind::Video {
        return Err(Refusal::Bad("Live photo video must be a video".to_owned()));
    }
    if asset.owner != user {
        return Err(Refusal::Bad("Live photo video does not belong to the user".to_owned()));
    }
    if asset.visibility == Visibility::Timeline {
        asset.visibility = Visibility::Hidden;
    }
    Ok(())
}

/// A form's fields, checked.
struct Fields {
    created: Timestamp,
    modified: Timestamp,
    favorite: bool,
    visibility: Visibility,
    live_video: Option<Uuid>,
    duration: Option<String>,
    device: Option<(String, String)>,
    metadata: Vec<(String, Value)>,
}

impl Fields {
    fn of(form: &Form, release: Release) -> Result<Self, Refusal> {
        let device = match release.is_3() {
            true => None,
            false => {
                let needed = |name: &str| {
                    let value = form.field(name).filter(|value| !value.is_empty());
                    value
                        .map(str::to_owned)
                        .ok_or_else(|| Refusal::invalid(name, "should not be empty"))
                };
                Some((needed("deviceId")?, needed("deviceAssetId")?))
            }
        };
        let favorite = match form.field("isFavorite") {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(Refusal::invalid("isFavorite", "must be a boolean value")),
        };
        let visibility = match form.field("visibility") {
            None => Visibility::Timeline,
            Some(name) => Visibility::of(name)
                .ok_or_else(|| Refusal::invalid("visibility", "must be one of the following values"))?,
        };
        let live_video = match form.field("livePhotoVideoId") {
            None => None,
            Some(id) => Some(Uuid::parse_str(id).map_err(|_| Refusal::invalid("livePhotoVideoId", "must be a UUID"))?),
        };
        let duration = form.field("duration").map(str::to_owned);
        if release.is_3() && duration.as_ref().is_some_and(|text| text.parse::<u64>().is_err()) {
            return Err(Refusal::invalid("duration", "must be a number"));
        }
        Ok(Self {
            created: time(form, "fileCreatedAt", release)?,
            modified: time(form, "fileModifiedAt", release)?,
            favorite,
            visibility,
            live_video,
            duration,
            device,
            metadata: match form.field("metadata").filter(|_| release.is_2()) {
                None => Vec::new(),
                Some(text) => metadata(
                    &serde_json::from_str(text).map_err(|_| Refusal::Bad("metadata must be valid JSON".to_owned()))?,
                )?,
            },
        })
    }
}

/// A list of keys and values.
pub(crate) fn metadata(items: &Value) -> Result<Vec<(String, Value)>, Refusal> {
    let wrong = || Refusal::invalid("metadata", "must be a list of keys and values");
    items
        .as_array()
        .ok_or_else(wrong)?
        .iter()
        .map(|item| {
            let key = item["key"].as_str().filter(|key| !key.is_empty()).ok_or_else(wrong)?;
            let value = item.get("value").filter(|value| value.is_object()).ok_or_else(wrong)?;
            Ok((key.to_owned(), value.clone()))
        })
        .collect()
}

/// From 3 on with a zone; before, anything that is a date.
fn time(form: &Form, name: &str, release: Release) -> Result<Timestamp, Refusal> {
    let wrong = || Refusal::invalid(name, "must be a date");
    let text = form.field(name).ok_or_else(wrong)?;
    match text.parse::<Timestamp>() {
        Ok(time) => Ok(time),
        Err(_) if release.is_3() => Err(wrong()),
        Err(_) => {
            let local: jiff::civil::DateTime = text.parse().map_err(|_| wrong())?;
            let there = local.to_zoned(jiff::tz::TimeZone::UTC).map_err(|_| wrong())?;
            Ok(there.timestamp())
        }
    }
}
