//! What the server's answers hold, as far as it is used. What isn't there is empty; what isn't understood fails as a whole.

use camroll_connector::errors::unexpected;
use camroll_connector::http::Answer;
use camroll_connector::types::Error;
use serde::de::DeserializeOwned;
use serde::Deserialize;

use crate::ids::Id;

/// An answer's document; an error where it has another shape.
pub fn document<T: DeserializeOwned>(answer: &Answer, what: &str) -> Result<T, Error> {
    serde_json::from_slice(&answer.body).map_err(|error| {
        // serde's message may quote the answer: only where it broke is told.
        unexpected(
            "immich/bad-answer",
            format!(
                "The server's answer isn't understood ({what}: line {}, column {}).",
                error.line(),
                error.column()
            ),
        )
    })
}

/// A user, of `/users/me`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// Never changes.
    pub id: Id,
    /// For people.
    #[serde(default)]
    pub name: String,
    /// For people.
    #[serde(default)]
    pub email: String,
    /// Bytes that may be used; none: no limit.
    #[serde(default)]
    pub quota_size_in_bytes: Option<u64>,
    /// Bytes that are used.
    #[serde(default)]
    pub quota_usage_in_bytes: Option<u64>,
}

/// The server's disk, of `/server/storage`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Storage {
    /// Bytes free.
    pub disk_available_raw: u64,
    /// Bytes in all.
    pub disk_size_raw: u64,
}

/// What a key may do, of `/api-keys/me`.
#[derive(Clone, Debug, Deserialize)]
pub struct ApiKey {
    /// Names as `asset.read`, or `all`.
    pub permissions: Vec<String>,
}

/// Extensions that the server takes, of `/server/media-types`.
#[derive(Clone, Debug, Deserialize)]
pub struct MediaTypes {
    /// ".heic".
    pub image: Vec<String>,
    /// ".mov".
    pub video: Vec<String>,
}

/// Who sees an asset where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// Among all others.
    Timeline,
    /// In the archive only.
    Archive,
    /// Nowhere: the moving half of a Live Photo.
    Hidden,
    /// Behind a PIN.
    Locked,
    /// One that this connector doesn't know.
    #[serde(other)]
    Other,
}

impl Visibility {
    /// As requests write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Timeline | Self::Other => "timeline",
            Self::Archive => "archive",
            Self::Hidden => "hidden",
            Self::Locked => "locked",
        }
    }
}

/// An asset: one file, to Immich.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Asset {
    /// Its id.
    pub id: Id,
    /// Whose it is: a search also finds what partners share.
    pub owner_id: Id,
    /// SHA-1, base64; of an external library's file, of its path.
    pub checksum: String,
    /// For people.
    #[serde(default)]
    pub original_file_name: String,
    /// In the bin.
    #[serde(default)]
    pub is_trashed: bool,
    /// The person marked it.
    #[serde(default)]
    pub is_favorite: bool,
    /// Where it is shown.
    pub visibility: Visibility,
    /// When it was taken, as the server understands it.
    #[serde(default)]
    pub file_created_at: Option<String>,
    /// When the file was last changed, as it was told at its upload.
    #[serde(default)]
    pub file_modified_at: Option<String>,
    /// Its moving half.
    #[serde(default)]
    pub live_photo_video_id: Option<Id>,
    /// Set where the file lies in an external library, and is not the server's.
    #[serde(default)]
    pub library_id: Option<String>,
    /// Before 3: who uploaded it.
    #[serde(default)]
    pub device_id: Option<String>,
    /// Before 3: its id there.
    #[serde(default)]
    pub device_asset_id: Option<String>,
    /// What it is stacked with.
    #[serde(default)]
    pub stack: Option<Stack>,
    /// What is known of the picture.
    #[serde(default)]
    pub exif_info: Option<Exif>,
}

/// A stack, as an asset tells it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stack {
    /// Its id.
    pub id: Id,
    /// The one on top.
    pub primary_asset_id: Id,
}

/// What is known of a picture.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Exif {
    /// Bytes of the file.
    #[serde(default)]
    pub file_size_in_byte: Option<u64>,
    /// The caption.
    #[serde(default)]
    pub description: Option<String>,
    /// When it was taken.
    #[serde(default)]
    pub date_time_original: Option<String>,
    /// Degrees north.
    #[serde(default)]
    pub latitude: Option<f64>,
    /// Degrees east.
    #[serde(default)]
    pub longitude: Option<f64>,
}

/// What an upload came to.
#[derive(Clone, Debug, Deserialize)]
pub struct Uploaded {
    /// The asset's id, the new one's or that of the one that was there.
    pub id: Id,
    /// "created", "duplicate".
    pub status: String,
}

/// Answer of `/assets/bulk-upload-check`.
#[derive(Clone, Debug, Deserialize)]
pub struct Checked {
    /// One for each that was asked about.
    pub results: Vec<CheckResult>,
}

/// Whether a file would be taken.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckResult {
    /// "accept", "reject".
    pub action: String,
    /// "duplicate", "unsupported-format".
    #[serde(default)]
    pub reason: Option<String>,
    /// The one that is there.
    #[serde(default)]
    pub asset_id: Option<Id>,
}

/// A page of `/search/metadata`.
#[derive(Clone, Debug, Deserialize)]
pub struct Found {
    /// What was found.
    pub assets: FoundAssets,
}

/// The assets of a page.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FoundAssets {
    /// Them.
    pub items: Vec<Asset>,
    /// Where to go on, from 3.2 on.
    #[serde(default)]
    pub next_cursor: Option<String>,
    /// Where to go on: a number, as a text.
    #[serde(default)]
    pub next_page: Option<String>,
}

/// An album.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Album {
    /// Its id.
    pub id: Id,
    /// For people; not unique.
    pub album_name: String,
    /// Before 3: whose it is.
    #[serde(default)]
    pub owner_id: Option<Id>,
    /// Who takes part; from 3 on the owner, too.
    #[serde(default)]
    pub album_users: Vec<AlbumUser>,
    /// When it was made: ISO 8601, which sorts as text.
    #[serde(default)]
    pub created_at: String,
}

/// Somebody who takes part in an album.
#[derive(Clone, Debug, Deserialize)]
pub struct AlbumUser {
    /// "owner", "editor", "viewer".
    #[serde(default)]
    pub role: String,
    /// Who.
    pub user: AlbumUserId,
}

/// Who takes part.
#[derive(Clone, Debug, Deserialize)]
pub struct AlbumUserId {
    /// The user's id.
    pub id: Id,
}

impl Album {
    /// Whether an album is that user's own, and not one that somebody shares.
    pub fn is_of(&self, user: &Id) -> bool {
        self.owner_id.as_ref() == Some(user)
            || self
                .album_users
                .iter()
                .any(|one| one.role == "owner" && one.user.id == *user)
    }
}

/// What became of one id of several.
#[derive(Clone, Debug, Deserialize)]
pub struct Done {
    /// Which.
    pub id: Id,
    /// Whether it was done.
    pub success: bool,
    /// Why not: "duplicate", "no_permission", "not_found", "unknown", "validation".
    #[serde(default)]
    pub error: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(body: &str) -> Answer {
        Answer {
            status: 200,
            headers: Vec::new(),
            body: body.as_bytes().to_vec(),
        }
    }

    #[test]
    fn another_shape_is_no_answer_and_isnt_quoted() {
        for body in [
            "",
            "<html>",
            "[]",
            r#"{"id":"../../x","status":"created"}"#,
            r#"{"id":1}"#,
        ] {
            let refused = document::<Uploaded>(&answer(body), "upload").expect_err(body);
            assert_eq!(refused.code, "immich/bad-answer");
            assert!(!refused.message.contains("../"), "{}", refused.message);
        }
    }

    #[test]
    fn whose_an_album_is_stands_in_two_places() {
        let me = Id::parse("3f2b8c1e-6a4d-4e0f-9b77-0123456789ab").expect("an id");
        let album = |rest: &str| {
            let body = format!(r#"{{"id":"{0}","albumName":"x"{rest}}}"#, me.as_str());
            document::<Album>(&answer(&body), "album").expect("an album").is_of(&me)
        };
        assert!(album(r#","ownerId":"3f2b8c1e-6a4d-4e0f-9b77-0123456789ab""#));
        assert!(album(
            r#","albumUsers":[{"role":"owner","user":{"id":"3f2b8c1e-6a4d-4e0f-9b77-0123456789ab"}}]"#
        ));
        assert!(!album(
            r#","albumUsers":[{"role":"editor","user":{"id":"3f2b8c1e-6a4d-4e0f-9b77-0123456789ab"}}]"#
        ));
        assert!(!album(""));
    }
}
