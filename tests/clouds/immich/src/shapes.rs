//! Answers, in the shapes of each generation.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::library::{Album, Asset, Library, Stack};
use crate::release::Release;

/// The user's address for people.
pub(crate) const EMAIL: &str = "alice@example.org";

pub(crate) fn time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

pub(crate) fn asset(asset: &Asset, library: &Library, release: Release, exif: Exif) -> Value {
    let touched = jiff::SignedDuration::from_secs(i64::try_from(asset.updated).unwrap_or(0));
    let mut shape = json!({
        "id": asset.id,
        "createdAt": time(asset.uploaded),
        "ownerId": asset.owner,
        "libraryId": asset.external,
        "type": asset.kind.name(),
        "originalPath": format!("/data/upload/{}", asset.id),
        "originalFileName": asset.name,
        "originalMimeType": asset.media_type(),
        "thumbhash": null,
        "fileCreatedAt": time(asset.created),
        "fileModifiedAt": time(asset.modified),
        "localDateTime": time(asset.created),
        "updatedAt": time(asset.uploaded + touched),
        "isFavorite": asset.favorite,
        "isArchived": asset.visibility.name() == "archive",
        "isTrashed": asset.trashed,
        "visibility": asset.visibility.name(),
        "isOffline": false,
        "hasMetadata": true,
        "livePhotoVideoId": asset.live_video,
        "people": [],
        "checksum": STANDARD.encode(asset.checksum),
        "duplicateId": null,
        "stack": stack_of(asset, library),
    });
    if release.is_3() {
        shape["duration"] = match &asset.duration {
            Some(text) => json!(text.parse::<u64>().unwrap_or(0)),
            None => Value::Null,
        };
    } else {
        let (device, id) = asset.device.clone().unwrap_or_default();
        shape["deviceId"] = json!(device);
        shape["deviceAssetId"] = json!(id);
        shape["duration"] = json!(asset.duration.as_deref().unwrap_or("0:00:00.00000"));
    }
    if release.is_2() {
        shape["isEdited"] = json!(false);
        shape["width"] = Value::Null;
        shape["height"] = Value::Null;
    }
    if exif == Exif::Told {
        shape["exifInfo"] = json!({
            "fileSizeInByte": asset.bytes.len(),
            "description": asset.description,
            "dateTimeOriginal": time(asset.created),
            "latitude": asset.place.map(|(latitude, _)| latitude),
            "longitude": asset.place.map(|(_, longitude)| longitude),
        });
    }
    shape
}

/// Whether what is known of the picture is told with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exif {
    Told,
    LeftOut,
}

fn stack_of(asset: &Asset, library: &Library) -> Value {
    let Some(stack) = asset.stack.and_then(|id| library.stacks.get(&id)) else {
        return Value::Null;
    };
    let members = library.assets.values().filter(|asset| asset.stack == Some(stack.id));
    json!({"id": stack.id, "primaryAssetId": stack.primary, "assetCount": members.count()})
}

pub(crate) fn stack(stack: &Stack, library: &Library, release: Release) -> Value {
    let members = library.assets.values().filter(|asset| asset.stack == Some(stack.id));
    let assets: Vec<Value> = members
        .map(|member| asset(member, library, release, Exif::Told))
        .collect();
    json!({"id": stack.id, "primaryAssetId": stack.primary, "assets": assets})
}

pub(crate) fn album(album: &Album, library: &Library, release: Release) -> Value {
    let owner = user_in_short(library, album.owner);
    let is_there = |id: &&Uuid| library.assets.get(id).is_some_and(|asset| !asset.trashed);
    let mut shape = json!({
        "id": album.id,
        "albumName": album.name,
        "description": album.description,
        "albumThumbnailAssetId": album.members.first(),
        "createdAt": time(album.made),
        "updatedAt": time(album.made),
        "shared": album.owner != library.user,
        "hasSharedLink": false,
        "isActivityEnabled": true,
        "order": "desc",
        "assetCount": album.members.iter().filter(is_there).count(),
    });
    let with_owner = json!([{"user": owner, "role": "owner"}]);
    let with_guest = json!([{"user": user_in_short(library, library.user), "role": "viewer"}]);
    if release.is_3() {
        shape["albumUsers"] = with_owner;
        if album.owner != library.user {
            let guest = with_guest[0].clone();
            shape["albumUsers"]
                .as_array_mut()
                .into_iter()
                .for_each(|users| users.push(guest.clone()));
        }
    } else {
        shape["ownerId"] = json!(album.owner);
        shape["owner"] = owner;
        shape["albumUsers"] = if album.owner == library.user {
            json!([])
        } else {
            with_guest
        };
        shape["assets"] = json!([]);
    }
    shape
}

/// The members, as reads of an album tell them before 3.
pub(crate) fn members(album: &Album, library: &Library, release: Release) -> Value {
    let there = album.members.iter().filter_map(|id| library.assets.get(id));
    there
        .filter(|asset| !asset.trashed)
        .map(|member| asset(member, library, release, Exif::LeftOut))
        .collect()
}

fn user_in_short(library: &Library, id: Uuid) -> Value {
    let (name, email) = match id == library.user {
        true => ("Alice", EMAIL),
        false => ("Bob", "bob@example.org"),
    };
    json!({
        "id": id, "name": name, "email": email, "profileImagePath": "", "avatarColor": "primary",
        "profileChangedAt": "2023-11-14T22:13:20.000Z",
    })
}

pub(crate) fn user(library: &Library, release: Release) -> Value {
    let mut shape = user_in_short(library, library.user);
    let more = json!({
        "storageLabel": null, "shouldChangePassword": false, "isAdmin": true, "createdAt": "2023-11-14T22:13:20.000Z", "deletedAt": null,
        "updatedAt": "2023-11-14T22:13:20.000Z", "oauthId": "", "quotaSizeInBytes": library.quota, "quotaUsageInBytes": library.used(),
        "status": "active", "license": null,
    });
    if let (Some(shape), Value::Object(more)) = (shape.as_object_mut(), more) {
        shape.extend(more);
    }
    if release.is_3() {
        shape["clusterGroupId"] = json!(library.user);
    }
    shape
}
