//! Calls about albums.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::{Answered, Call};
use crate::error::Refusal;
use crate::library::Album;
use crate::shapes;

pub(crate) fn answered(route: &str, call: &mut Call<'_>) -> Answered {
    match route {
        "GET /albums" => {
            let albums = call.library.albums.values();
            Ok((
                200,
                albums
                    .map(|album| shapes::album(album, call.library, call.release))
                    .collect(),
            ))
        }
        "POST /albums" => {
            let mut document = call.document()?;
            let name = document.required_text("albumName")?;
            let description = document.text("description")?.unwrap_or_default();
            let members = document.ids("assetIds")?.unwrap_or_default();
            call.seen(&document);
            let album = Album {
                id: Uuid::new_v4(),
                name,
                description,
                owner: call.library.user,
                members,
                made: call.library.tick(),
            };
            let shape = shapes::album(&album, call.library, call.release);
            call.library.albums.insert(album.id, album);
            Ok((201, shape))
        }
        "GET /albums/{id}" => {
            let album = one(call, "album.read")?.clone();
            let mut shape = shapes::album(&album, call.library, call.release);
            let without = call
                .query
                .iter()
                .any(|(name, value)| name == "withoutAssets" && value == "true");
            if !call.release.is_3() && !without {
                shape["assets"] = shapes::members(&album, call.library, call.release);
            }
            Ok((200, shape))
        }
        "PATCH /albums/{id}" => {
            let mut document = call.document()?;
            let (name, description) = (document.text("albumName")?, document.text("description")?);
            call.seen(&document);
            let id = owned(call, "album.update")?.id;
            let Some(album) = call.library.albums.get_mut(&id) else {
                return Err(Refusal::NoRoute);
            };
            if let Some(name) = name {
                album.name = name;
            }
            if let Some(description) = description {
                album.description = description;
            }
            let album = album.clone();
            Ok((200, shapes::album(&album, call.library, call.release)))
        }
        "DELETE /albums/{id}" => {
            let id = owned(call, "album.delete")?.id;
            call.library.albums.remove(&id);
            Ok((204, Value::Null))
        }
        "PUT /albums/{id}/assets" => {
            let mut document = call.document()?;
            let ids = document.required_ids("ids")?;
            call.seen(&document);
            let album = owned(call, "albumAsset.create")?.id;
            Ok((200, add(call, album, &ids)))
        }
        "DELETE /albums/{id}/assets" => {
            let mut document = call.document()?;
            let ids = document.required_ids("ids")?;
            call.seen(&document);
            let album = owned(call, "albumAsset.delete")?.id;
            Ok((200, remove(call, album, &ids)))
        }
        _ => Err(Refusal::NoRoute),
    }
}

fn one<'a>(call: &'a Call<'_>, permission: &str) -> Result<&'a Album, Refusal> {
    let id = call.id()?;
    let gone = || Refusal::Bad(format!("Not found or no {permission} access"));
    call.library.albums.get(&id).ok_or_else(gone)
}

fn owned<'a>(call: &'a Call<'_>, permission: &str) -> Result<&'a Album, Refusal> {
    let album = one(call, permission)?;
    match album.owner == call.library.user {
        true => Ok(album),
        false => Err(Refusal::Bad(format!("Not found or no {permission} access"))),
    }
}

fn add(call: &mut Call<'_>, album: Uuid, ids: &[Uuid]) -> Value {
    let mut results = Vec::new();
    for id in ids {
        let user = call.library.user;
        let own = call.library.assets.get(id).is_some_and(|asset| asset.owner == user);
        let Some(album) = call.library.albums.get_mut(&album) else {
            continue;
        };
        results.push(if album.members.contains(id) {
            json!({"id": id, "success": false, "error": "duplicate"})
        } else if !own {
            json!({"id": id, "success": false, "error": "no_permission"})
        } else {
            album.members.push(*id);
            json!({"id": id, "success": true})
        });
    }
    Value::Array(results)
}

fn remove(call: &mut Call<'_>, album: Uuid, ids: &[Uuid]) -> Value {
    let mut results = Vec::new();
    for id in ids {
        let Some(album) = call.library.albums.get_mut(&album) else {
            continue;
        };
        results.push(match album.members.iter().position(|member| member == id) {
            None => json!({"id": id, "success": false, "error": "not_found"}),
            Some(at) => {
                album.members.remove(at);
                json!({"id": id, "success": true})
            }
        });
    }
    Value::Array(results)
}
