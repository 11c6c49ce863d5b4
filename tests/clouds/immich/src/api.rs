//! Which request is which call, and who may make it.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::error::Refusal;
use crate::expect::Document;
use crate::library::Library;
use crate::release::Release;
use crate::{albums, assets, media, shapes};

/// A route as the vendor's API writes it, and what stands in its places.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Route {
    /// "GET /assets/{id}".
    pub name: &'static str,
    /// What stands for `{id}` and the like.
    pub places: Vec<String>,
}

const ROUTES: &[&str] = &[
    "GET /server/version",
    "GET /server/ping",
    "GET /server/media-types",
    "GET /server/features",
    "GET /server/config",
    "GET /server/about",
    "GET /server/storage",
    "GET /users/me",
    "GET /api-keys/me",
    "POST /assets",
    "DELETE /assets",
    "POST /assets/bulk-upload-check",
    "GET /assets/statistics",
    "GET /assets/{id}",
    "PUT /assets/{id}",
    "GET /assets/{id}/original",
    "GET /assets/{id}/metadata",
    "PUT /assets/{id}/metadata",
    "GET /assets/{id}/metadata/{key}",
    "POST /trash/restore/assets",
    "POST /search/metadata",
    "GET /stacks",
    "POST /stacks",
    "GET /stacks/{id}",
    "GET /albums",
    "POST /albums",
    "GET /albums/{id}",
    "PATCH /albums/{id}",
    "DELETE /albums/{id}",
    "PUT /albums/{id}/assets",
    "DELETE /albums/{id}/assets",
];

/// Finds a request's route. Some came with a generation.
pub(crate) fn route(method: &str, path: &str, release: Release) -> Option<Route> {
    let parts: Vec<&str> = path.split('/').collect();
    ROUTES.iter().find_map(|name| {
        let came_later = name.contains("/metadata") && name.contains("/assets/") || *name == "GET /api-keys/me";
        if came_later && !release.is_2() {
            return None;
        }
        let (wanted, pattern) = name.split_once(' ')?;
        let pattern: Vec<&str> = pattern.split('/').collect();
        if wanted != method || pattern.len() != parts.len() {
            return None;
        }
        let mut places = Vec::new();
        for (pattern, part) in pattern.iter().zip(&parts) {
            if pattern.starts_with('{') {
                places.push((*part).to_owned());
            } else if pattern != part {
                return None;
            }
        }
        Some(Route { name, places })
    })
}

/// What a call is about, and what it may be answered with.
pub(crate) struct Call<'a> {
    pub library: &'a mut Library,
    pub release: Release,
    pub places: &'a [String],
    pub query: &'a [(String, String)],
    pub body: &'a [u8],
    /// Fields that weren't known.
    pub unknown: Vec<String>,
    /// What the key may do.
    pub permissions: &'a [String],
}

/// Status and document.
pub(crate) type Answered = Result<(u16, Value), Refusal>;

impl Call<'_> {
    /// The request's document.
    pub(crate) fn document(&self) -> Result<Document, Refusal> {
        Document::of(self.body)
    }

    /// Notes what wasn't known of it.
    pub(crate) fn seen(&mut self, document: &Document) {
        self.unknown = document.unknown();
    }

    /// The id that stands in the path.
    pub(crate) fn id(&self) -> Result<Uuid, Refusal> {
        let text = self.places.first().map(String::as_str).unwrap_or_default();
        Uuid::parse_str(text).map_err(|_| Refusal::invalid("id", "must be a UUID"))
    }
}

/// Carries out what isn't an upload or a download.
pub(crate) fn answered(route: &str, call: &mut Call<'_>) -> Answered {
    let [major, minor, patch] = call.release.numbers();
    match route {
        "GET /server/version" => Ok((200, json!({"major": major, "minor": minor, "patch": patch}))),
        "GET /server/ping" => Ok((200, json!({"res": "pong"}))),
        "GET /server/media-types" => Ok((
            200,
            json!({"image": media::IMAGES, "video": media::VIDEOS, "sidecar": media::SIDECARS}),
        )),
        "GET /server/about" => Ok((
            200,
            json!({"version": format!("v{major}.{minor}.{patch}"), "versionUrl": "", "licensed": false}),
        )),
        "GET /server/storage" => Ok((
            200,
            json!({
                "diskSize": "1 TiB", "diskUse": "0 B", "diskAvailable": "1 TiB", "diskSizeRaw": 1u64 << 40, "diskUseRaw": 0,
                "diskAvailableRaw": 1u64 << 40, "diskUsagePercentage": 0.0,
            }),
        )),
        "GET /users/me" => Ok((200, shapes::user(call.library, call.release))),
        "GET /api-keys/me" => Ok((
            200,
            json!({
                "id": call.library.partner, "name": "camroll", "permissions": call.permissions,
                "createdAt": "2023-11-14T22:13:20.000Z", "updatedAt": "2023-11-14T22:13:20.000Z",
            }),
        )),
        _ if route.contains("/albums") => albums::answered(route, call),
        _ => assets::answered(route, call),
    }
}
