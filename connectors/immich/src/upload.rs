//! Brings a file, or finds it there.

use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::Engine as _;
use camroll_connector::bodies::Body;
use camroll_connector::errors::{error, unexpected};
use camroll_connector::http::Answer;
use camroll_connector::types::{Asset as Source, Error, ErrorClass, Instant, Role, Value};
use camroll_connector::{clock, log, random};
use serde_json::json;

use crate::answers::{document, Asset, CheckResult, Checked, Uploaded, Visibility};
use crate::entries::sha1;
use crate::failures::{failure, unsupported_type};
use crate::form::{form, is_staged_by, Described, DEVICE, METADATA_KEY};
use crate::ids::Id;
use crate::media_types::is_film;
use crate::wire::Session;

/// A file that goes up.
pub struct Going<'a> {
    /// The asset that it belongs to, as the source has it.
    pub source: &'a Source,
    /// Which of its files.
    pub role: Role,
    /// The name to show.
    pub name: &'a str,
    /// IANA media type.
    pub media_type: &'a str,
    /// When it was taken, or last changed.
    pub modified: Option<Instant>,
    /// The engine's key of this staging.
    pub key: &'a str,
    /// Its moving half, which is there.
    pub live_video: Option<Id>,
    /// Its bytes.
    pub body: &'a Body,
    /// How many.
    pub size: u64,
}

/// Whose doing it is that a file is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// This staging's, now or when its answer was lost.
    Brought,
    /// It was there before.
    Found,
}

impl Session {
    /// Brings a file whose bytes the user doesn't have there yet.
    pub fn bring(&self, going: &Going<'_>) -> Result<(Asset, Origin), Error> {
        let digest = going.body.digest("sha1", None)?.ok_or_else(|| {
            unexpected(
                "immich/no-digest",
                "The SHA-1 of the file isn't known, though it was asked for.",
            )
        })?;
        if let Some(there) = self.check(going, &digest)? {
            let (asset, origin) = self.found(&there, &digest, going.key)?;
            if origin == Origin::Brought {
                // What was brought before passes where it passes now: the source's checks, and the engine's intent.
                going.body.seek(going.size)?;
                going.body.read(1)?;
            }
            return Ok((asset, origin));
        }
        let uploaded = self.upload(going, &digest)?;
        match uploaded.status.as_str() {
            "created" => Ok((self.arrived(&uploaded.id, &digest, going.size)?, Origin::Brought)),
            // Somebody else was faster.
            "duplicate" => self.found(&uploaded.id, &digest, going.key),
            _ => Err(unexpected(
                "immich/bad-answer",
                "The server says of an upload what isn't understood.",
            )),
        }
    }

    /// The asset that has these bytes, in the bin or not.
    fn check(&self, going: &Going<'_>, digest: &[u8]) -> Result<Option<Id>, Error> {
        let asked = json!({"assets": [{"id": going.key, "checksum": hex(digest)}]});
        let answer: Checked = self.send("POST", "/assets/bulk-upload-check", &asked, "asking what is there")?;
        let [CheckResult {
            action,
            reason,
            asset_id,
        }] = answer.results.as_slice()
        else {
            return Err(unexpected(
                "immich/bad-answer",
                "The server was asked about one file and answered about another number.",
            ));
        };
        match (action.as_str(), reason.as_deref(), asset_id) {
            ("accept", ..) => Ok(None),
            ("reject", Some("unsupported-format"), _) => Err(unsupported_type(going.name)),
            ("reject", _, Some(there)) => Ok(Some(there.clone())),
            _ => Err(unexpected(
                "immich/bad-answer",
                "The server's word about a file isn't understood.",
            )),
        }
    }

    /// Sends the form.
    fn upload(&self, going: &Going<'_>, digest: &[u8]) -> Result<Uploaded, Error> {
        let time = going.modified.or(going.source.taken).or(going.source.added);
        let modified = time.unwrap_or_else(clock::now);
        let described = Described {
            name: going.name,
            media_type: going.media_type,
            created: going.source.taken.unwrap_or(modified),
            modified,
            favorite: going.source.favorite && !is_moving_half(going.role),
            visibility: visibility(going),
            live_video: going.live_video.as_ref(),
            duration: duration(going),
            sidecar: sidecar(going),
            asset: &going.source.id,
            role: role_name(going.role),
            key: going.key,
        };
        let boundary = format!("camroll-{}", URL_SAFE_NO_PAD.encode(random::bytes(18)));
        let form = form(&described, self.version()?, &boundary).ok_or_else(|| {
            error(
                ErrorClass::Unsupported,
                "immich/no-such-time",
                "The file's time is out of the calendar that Immich has.",
            )
        })?;
        let request = self
            .content("POST", "/assets")
            .header("Content-Type", form.content_type)
            .header("x-immich-checksum", hex(digest))
            .bytes(form.head)
            .range(going.body, 0, Some(going.size))
            .bytes(form.tail);
        let answer = Answer::read(request.send()?)?;
        match answer.status {
            200 | 201 => document(&answer, "upload"),
            _ => Err(failure(&answer, "upload")),
        }
    }

    /// Looks at what was stored now. What isn't what was sent goes into the bin.
    fn arrived(&self, id: &Id, digest: &[u8], size: u64) -> Result<Asset, Error> {
        let asset = self
            .asset(id)?
            .ok_or_else(|| unexpected("immich/vanished", "The server took the file, and it isn't there."))?;
        let told = asset.exif_info.as_ref().and_then(|exif| exif.file_size_in_byte);
        if sha1(&asset).as_deref() == Some(digest) && told.is_none_or(|told| told == size) {
            return Ok(asset);
        }
        let taken_away = self.bin(id);
        Err(error(
            ErrorClass::Corrupt,
            "immich/wrong-checksum",
            match taken_away {
                Ok(()) => "The server kept other bytes than were sent. They were put into its bin.".to_owned(),
                Err(_) => format!(
                    "The server kept other bytes than were sent, as {}; the key may not put them into the bin.",
                    id.as_str()
                ),
            },
        ))
    }

    /// Something that is there: out of the bin with it, if need be.
    fn found(&self, id: &Id, digest: &[u8], key: &str) -> Result<(Asset, Origin), Error> {
        let what = "looking at a file that is there";
        let mut asset = self
            .asset_anywhere(id)?
            .ok_or_else(|| {
                error(
                    ErrorClass::Conflict,
                    "immich/out-of-sight",
                    "Immich has the file and shows it to no key: it lies in the user's locked folder, or was removed this moment.",
                )
            })?;
        // Before anything is done to it: what lies in the bin may be what the server kept wrongly.
        if sha1(&asset).as_deref() != Some(digest) {
            return Err(error(
                ErrorClass::Conflict,
                "immich/conflict",
                "The server says that it has the file, and names one with other bytes.",
            ));
        }
        if asset.is_trashed {
            self.tell(
                "POST",
                "/trash/restore/assets",
                &json!({"ids": [id.as_str()]}),
                "taking it out of the bin",
            )?;
            asset = self.get(&format!("/assets/{}", id.as_str()), what)?;
        }
        if asset.is_trashed {
            return Err(error(
                ErrorClass::Conflict,
                "immich/in-the-bin",
                "The file lies in Immich's bin and doesn't come out of it. Restore it there.",
            ));
        }
        let origin = match self.is_brought_by(&asset, key)? {
            true => Origin::Brought,
            false => Origin::Found,
        };
        Ok((asset, origin))
    }

    /// Whether an asset is there because of the staging of that key, whose answer was lost.
    fn is_brought_by(&self, asset: &Asset, key: &str) -> Result<bool, Error> {
        if asset.device_id.as_deref() == Some(DEVICE) {
            return Ok(asset.device_asset_id.as_deref().is_some_and(|id| is_staged_by(id, key)));
        }
        if !self.version()?.keeps_metadata() {
            return Ok(false);
        }
        let path = format!("/assets/{}/metadata", asset.id.as_str());
        let kept: Vec<serde_json::Value> = self.get(&path, "looking where a file came from")?;
        Ok(kept
            .iter()
            .any(|one| one["key"] == METADATA_KEY && one["value"]["key"] == key))
    }

    /// Into the bin.
    fn bin(&self, id: &Id) -> Result<(), Error> {
        self.remove(id, false)
    }

    /// Into the bin, or away.
    pub fn remove(&self, id: &Id, force: bool) -> Result<(), Error> {
        let ids = json!({"ids": [id.as_str()], "force": force});
        self.tell("DELETE", "/assets", &ids, "removing a file").map(drop)
    }

    /// The caption isn't part of the form.
    pub fn caption(&self, asset: &Asset, caption: &str) -> Result<Asset, Error> {
        let path = format!("/assets/{}", asset.id.as_str());
        self.send("PUT", &path, &json!({"description": caption}), "setting a caption")
    }
}

/// What a key without a permission can't do beside a file that is safe. Said once, and not this file's failure.
pub fn tolerate<T>(done: Result<T, Error>, what: &str) -> Result<Option<T>, Error> {
    match done {
        Ok(done) => Ok(Some(done)),
        Err(error) if error.class == ErrorClass::PermissionDenied => {
            log::write(log::Level::Warn, &format!("{what}: {}", error.message), &[]);
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Whether it is the film of a Live Photo.
pub fn is_moving_half(role: Role) -> bool {
    matches!(role, Role::PairedVideo | Role::EditedPairedVideo)
}

/// A hidden photo goes into the archive: "locked" is behind a PIN that no API key has.
fn visibility(going: &Going<'_>) -> Visibility {
    match (is_moving_half(going.role), going.source.hidden) {
        (true, _) => Visibility::Hidden,
        (false, true) => Visibility::Archive,
        (false, false) => Visibility::Timeline,
    }
}

/// What the engine made of the source's word, where the spec wants sidecars: Immich takes one in the same request as its picture, and reads place and keywords from it.
fn sidecar<'a>(going: &Going<'a>) -> Option<&'a str> {
    if is_moving_half(going.role) {
        return None;
    }
    let mut attributes = going.source.attributes.iter();
    attributes.find_map(|(name, value)| match (name.as_str(), value) {
        ("xmp", Value::Text(text)) => Some(text.as_str()),
        _ => None,
    })
}

/// Seconds, where the source says so of this very file.
fn duration(going: &Going<'_>) -> Option<f64> {
    if !is_film(going.media_type) {
        return None;
    }
    let resource = going
        .source
        .resources
        .iter()
        .find(|resource| resource.role == going.role)?;
    resource
        .attributes
        .iter()
        .find_map(|(name, value)| match (name.as_str(), value) {
            ("duration", Value::Real(seconds)) => Some(*seconds),
            ("duration", Value::Integer(seconds)) => Some(*seconds as f64),
            _ => None,
        })
}

/// As wit/ calls it.
fn role_name(role: Role) -> &'static str {
    match role {
        Role::Original => "original",
        Role::PairedVideo => "paired-video",
        Role::Alternate => "alternate",
        Role::Edited => "edited",
        Role::EditedPairedVideo => "edited-paired-video",
        Role::Adjustment => "adjustment",
        Role::Sidecar => "sidecar",
        Role::Preview => "preview",
        Role::Rendition => "rendition",
        Role::Other => "other",
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
