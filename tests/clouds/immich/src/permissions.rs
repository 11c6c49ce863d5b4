//! Which permission a call needs. From `x-immich-permission` of the vendor's API; 1.134 has older words for members of albums.

use crate::release::Release;

/// The permission of a route; none where anybody signed in may.
pub(crate) fn of(route: &str, release: Release) -> Option<&'static str> {
    Some(match route {
        "GET /users/me" => "user.read",
        "GET /server/about" => "server.about",
        "GET /server/storage" => "server.storage",
        "POST /assets" | "POST /assets/bulk-upload-check" => "asset.upload",
        "GET /assets/{id}"
        | "GET /assets/{id}/metadata"
        | "GET /assets/{id}/metadata/{key}"
        | "POST /search/metadata" => "asset.read",
        "GET /assets/statistics" if release.is_2() => "asset.statistics",
        "GET /assets/statistics" => "asset.read",
        "PUT /assets/{id}" | "PUT /assets/{id}/metadata" => "asset.update",
        "DELETE /assets" | "POST /trash/restore/assets" => "asset.delete",
        "GET /assets/{id}/original" => "asset.download",
        "POST /stacks" => "stack.create",
        "GET /stacks" | "GET /stacks/{id}" => "stack.read",
        "GET /albums" | "GET /albums/{id}" => "album.read",
        "POST /albums" => "album.create",
        "PATCH /albums/{id}" => "album.update",
        "DELETE /albums/{id}" => "album.delete",
        "PUT /albums/{id}/assets" if release.is_2() => "albumAsset.create",
        "PUT /albums/{id}/assets" => "album.addAsset",
        "DELETE /albums/{id}/assets" if release.is_2() => "albumAsset.delete",
        "DELETE /albums/{id}/assets" => "album.removeAsset",
        _ => return None,
    })
}

/// Whether anybody may ask, without a key.
pub(crate) fn is_open(route: &str) -> bool {
    matches!(
        route,
        "GET /server/version"
            | "GET /server/ping"
            | "GET /server/media-types"
            | "GET /server/features"
            | "GET /server/config"
    )
}
