//! Calls about assets and stacks.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::{Answered, Call};
use crate::error::Refusal;
use crate::library::{Asset, Visibility};
use crate::shapes::{self, Exif};
use crate::upload::{link, metadata};

/// What the server says of what isn't there and of what isn't the user's.
fn no_access(permission: &str) -> Refusal {
    Refusal::Bad(format!("Not found or no {permission} access"))
}

pub(crate) fn answered(route: &str, call: &mut Call<'_>) -> Answered {
    match route {
        "POST /assets/bulk-upload-check" => check(call),
        "GET /assets/statistics" => {
            let own = call.library.assets();
            let videos = own.iter().filter(|asset| asset.kind.name() == "VIDEO").count();
            let images = own.len() - videos;
            Ok((200, json!({"images": images, "videos": videos, "total": own.len()})))
        }
        "GET /assets/{id}" => {
            let asset = own(call, "asset.read")?.clone();
            Ok((200, shapes::asset(&asset, call.library, call.release, Exif::Told)))
        }
        "PUT /assets/{id}" => update(call),
        "DELETE /assets" => remove(call),
        "POST /trash/restore/assets" => restore(call),
        "GET /assets/{id}/metadata" => {
            let asset = own(call, "asset.read")?;
            Ok((
                200,
                asset.metadata.iter().map(|(key, value)| kept(key, value)).collect(),
            ))
        }
        "GET /assets/{id}/metadata/{key}" => {
            let key = call.places.get(1).cloned().unwrap_or_default();
            let asset = own(call, "asset.read")?;
            match asset.metadata.get(&key) {
                Some(value) => Ok((200, kept(&key, value))),
                None => Err(Refusal::Bad(format!("Metadata with key \"{key}\" not found"))),
            }
        }
        "PUT /assets/{id}/metadata" => {
            let mut document = call.document()?;
            let items = metadata(&Value::Array(document.list("items")?))?;
            call.seen(&document);
            let id = own(call, "asset.update")?.id;
            let asset = call.library.assets.get_mut(&id).ok_or(Refusal::NoRoute)?;
            asset.metadata.extend(items.clone());
            Ok((200, items.iter().map(|(key, value)| kept(key, value)).collect()))
        }
        "POST /search/metadata" => search(call),
        "POST /stacks" => {
            let mut document = call.document()?;
            let ids = document.required_ids("assetIds")?;
            call.seen(&document);
            if ids.len() < 2 {
                return Err(Refusal::invalid("assetIds", "must contain at least 2 elements"));
            }
            all_own(call, &ids, "asset.update")?;
            let made = call.library.stack(&ids).and_then(|id| call.library.stacks.get(&id));
            let stack = made.ok_or(Refusal::NoRoute)?;
            Ok((201, shapes::stack(stack, call.library, call.release)))
        }
        "GET /stacks" => {
            let stacks = call.library.stacks.values();
            Ok((
                200,
                stacks
                    .map(|stack| shapes::stack(stack, call.library, call.release))
                    .collect(),
            ))
        }
        "GET /stacks/{id}" => match call.library.stacks.get(&call.id()?) {
            Some(stack) => Ok((200, shapes::stack(stack, call.library, call.release))),
            None => Err(no_access("stack.read")),
        },
        _ => Err(Refusal::NoRoute),
    }
}

fn kept(key: &str, value: &Value) -> Value {
    json!({"key": key, "value": value, "updatedAt": "2023-11-14T22:13:20.000Z"})
}

/// The user's asset that the path names.
pub(crate) fn own<'a>(call: &'a Call<'_>, permission: &str) -> Result<&'a Asset, Refusal> {
    let id = call.id()?;
    let asset = call.library.assets.get(&id);
    asset
        .filter(|asset| asset.owner == call.library.user && asset.visibility != Visibility::Locked)
        .ok_or_else(|| no_access(permission))
}

fn all_own(call: &Call<'_>, ids: &[Uuid], permission: &str) -> Result<(), Refusal> {
    let is_own = |id: &Uuid| {
        call.library
            .assets
            .get(id)
            .is_some_and(|asset| asset.owner == call.library.user)
    };
    match ids.iter().all(is_own) {
        true => Ok(()),
        false => Err(no_access(permission)),
    }
}

/// SHA-1 as clients write it: 28 letters of base64, else hex.
pub(crate) fn checksum_of(text: &str) -> Vec<u8> {
    match text.len() {
        28 => STANDARD.decode(text).unwrap_or_default(),
        _ => hex::decode(text).unwrap_or_default(),
    }
}

fn check(call: &mut Call<'_>) -> Answered {
    let mut document = call.document()?;
    let items = document.list("assets")?;
    call.seen(&document);
    let mut results = Vec::new();
    for item in items {
        let text = |name: &str| {
            let value = item[name].as_str().filter(|text| !text.is_empty());
            value.ok_or_else(|| Refusal::invalid(&format!("assets.{name}"), "should not be empty"))
        };
        let (id, checksum) = (text("id")?, checksum_of(text("checksum")?));
        results.push(match call.library.by_checksum(&checksum) {
            None => json!({"id": id, "action": "accept"}),
            Some(there) => json!({
                "id": id, "action": "reject", "reason": "duplicate", "assetId": there.id, "isTrashed": there.trashed,
            }),
        });
    }
    Ok((200, json!({"results": results})))
}

fn update(call: &mut Call<'_>) -> Answered {
    let mut document = call.document()?;
    let favorite = document.flag("isFavorite")?;
    let visibility = document.word("visibility", &Visibility::NAMES)?;
    let description = document.text("description")?;
    let live_video = document.nullable_id("livePhotoVideoId")?;
    let taken = document.text("dateTimeOriginal")?;
    let latitude = document.number("latitude", -90.0, 90.0)?;
    let longitude = document.number("longitude", -180.0, 180.0)?;
    document.number("rating", -1.0, 5.0)?;
    call.seen(&document);
    let taken = match taken.map(|text| text.parse::<Timestamp>()) {
        None => None,
        Some(Ok(time)) => Some(time),
        Some(Err(_)) => return Err(Refusal::invalid("dateTimeOriginal", "must be a date string")),
    };
    if latitude.is_some() != longitude.is_some() {
        return Err(Refusal::invalid("latitude", "and longitude go together"));
    }
    let id = own(call, "asset.update")?.id;
    if let Some(Some(video)) = live_video {
        link(call.library, video)?;
    }
    let Some(asset) = call.library.assets.get_mut(&id) else {
        return Err(Refusal::NoRoute);
    };
    asset.updated += 1;
    if let Some(favorite) = favorite {
        asset.favorite = favorite;
    }
    if let Some(visibility) = visibility.as_deref().and_then(Visibility::of) {
        asset.visibility = visibility;
    }
    if let Some(description) = description {
        asset.description = description;
    }
    if let Some(video) = live_video {
        asset.live_video = video;
    }
    if let Some(taken) = taken {
        asset.created = taken;
    }
    if let Some(place) = latitude.zip(longitude) {
        asset.place = Some(place);
    }
    let asset = asset.clone();
    Ok((200, shapes::asset(&asset, call.library, call.release, Exif::Told)))
}

fn remove(call: &mut Call<'_>) -> Answered {
    let mut document = call.document()?;
    let ids = document.required_ids("ids")?;
    let force = document.flag("force")?.unwrap_or(false);
    call.seen(&document);
    all_own(call, &ids, "asset.delete")?;
    for id in &ids {
        if force {
            call.library.assets.remove(id);
        } else if let Some(asset) = call.library.assets.get_mut(id) {
            asset.trashed = true;
        }
    }
    Ok((204, Value::Null))
}

fn restore(call: &mut Call<'_>) -> Answered {
    let mut document = call.document()?;
    let ids = document.required_ids("ids")?;
    call.seen(&document);
    all_own(call, &ids, "asset.delete")?;
    let mut count = 0;
    for id in &ids {
        if let Some(asset) = call.library.assets.get_mut(id).filter(|asset| asset.trashed) {
            asset.trashed = false;
            count += 1;
        }
    }
    Ok((200, json!({"count": count})))
}

/// All of the user's and the partner's that is in one visibility; a page at a time, by the time they were taken.
fn search(call: &mut Call<'_>) -> Answered {
    let mut document = call.document()?;
    let visibility = document.word("visibility", &Visibility::NAMES)?;
    let visibility = visibility
        .as_deref()
        .and_then(Visibility::of)
        .unwrap_or(Visibility::Timeline);
    let size = document.number("size", 1.0, 1000.0)?.unwrap_or(250.0) as usize;
    let page = document.number("page", 1.0, f64::MAX)?;
    let order = document.word("order", &["asc", "desc"])?;
    let exif = match document.flag("withExif")? {
        Some(true) => Exif::Told,
        _ => Exif::LeftOut,
    };
    let deleted = document.flag("withDeleted")?.unwrap_or(false);
    document.flag("withStacked")?;
    let albums = document.ids("albumIds")?.unwrap_or_default();
    let checksum = document.text("checksum")?;
    let name = document.text("originalFileName")?;
    let cursor = match call.release.is_3() {
        true => document.text("cursor")?,
        false => None,
    };
    call.seen(&document);
    if visibility == Visibility::Locked {
        return Err(Refusal::Unauthenticated("Elevated permission is required"));
    }
    let library = &*call.library;
    let in_albums = |asset: &Asset| {
        albums.is_empty()
            || albums
                .iter()
                .filter_map(|id| library.albums.get(id))
                .any(|album| album.members.contains(&asset.id))
    };
    let mut found: Vec<&Asset> = library
        .assets
        .values()
        .filter(|asset| asset.visibility == visibility && (deleted || !asset.trashed))
        .filter(|asset| in_albums(asset))
        .filter(|asset| {
            checksum
                .as_ref()
                .is_none_or(|text| asset.checksum[..] == checksum_of(text)[..])
        })
        .filter(|asset| name.as_ref().is_none_or(|name| asset.name.contains(name.as_str())))
        .collect();
    found.sort_by_key(|asset| (asset.created, asset.id));
    if order.as_deref() != Some("asc") {
        found.reverse();
    }
    let page = page.map_or(1, |page| page as usize);
    let from = match &cursor {
        Some(cursor) => {
            let after = Uuid::parse_str(cursor).map_err(|_| Refusal::invalid("cursor", "is none"))?;
            found.iter().position(|asset| asset.id == after).map_or(0, |at| at + 1)
        }
        None => (page - 1) * size,
    };
    let some: Vec<&Asset> = found.iter().skip(from).take(size).copied().collect();
    let more = from + some.len() < found.len();
    let items: Vec<Value> = some
        .iter()
        .map(|asset| shapes::asset(asset, library, call.release, exif))
        .collect();
    let next_page = more.then(|| (page + 1).to_string());
    let mut assets =
        json!({"total": items.len(), "count": items.len(), "items": items, "facets": [], "nextPage": next_page});
    if call.release.is_3() {
        assets["nextCursor"] = json!(some.last().filter(|_| more).map(|asset| asset.id));
    }
    Ok((
        200,
        json!({"albums": {"total": 0, "count": 0, "items": [], "facets": []}, "assets": assets}),
    ))
}
